//! Names of the tables and values in a checkpoint. What stands in them is written by their owners.

/// Names by number.
pub const NAMES: &str = "names";
/// Products by number.
pub const PRODUCTS: &str = "products";
/// Identities of events.
pub const IDS: &str = "ids";
/// Orders and refunds.
pub const ORDERS: &str = "orders";
/// Persons.
pub const PEOPLE: &str = "people";
/// Stock and prices of products.
pub const INVENTORY: &str = "inventory";
/// Alerts and histories.
pub const ALERTS: &str = "alerts";
/// Cells.
pub const CELLS: &str = "cells";
/// Rows of what was told of products.
pub const ROWS: &str = "rows";
/// How far the line has folded.
pub const PROGRESS: &str = "progress";
/// Watermarks and the sources behind them.
pub const WATERMARKS: &str = "watermarks";
/// When time alone will change whose rows.
pub const DEADLINES: &str = "deadlines";
/// Days of the stores.
pub const DAYS: &str = "days";
/// Tallies.
pub const AUDIT: &str = "audit";
/// What the merger remembers beside its cells.
pub const RESULTS: &str = "results";
/// The next frame of the log.
pub const POSITION: &str = "position";
/// The code and the settings that the state depends on.
pub const MADE_BY: &str = "made_by";
