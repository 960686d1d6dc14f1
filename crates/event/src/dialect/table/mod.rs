//! CSV files: order lists (one row a line item) and event lists (one row an event), under a mapping that is guessed or given.

mod events;
#[cfg(test)]
mod export_tests;
mod guess;
mod mapping;
mod named;
mod names;
mod orders;
mod reader;
mod row;
mod split;
#[cfg(test)]
mod tests;

pub use guess::{Confidence, Guess, MappingError};
pub use mapping::{Column, FEE_CODES, FeeCodes, Mapping, TableDialect, TypeWords, Wishes};
pub use orders::TooManyOrders;
pub use reader::{Table, table_glimpse};
