//! What it means: metric declarations and folds; orders, payments, promotions, searches, sessions, persons, carts, funnels, stock, prices and alerts; windows,
//! sketches.
//! Pure: no clock, no disk, no Arrow; time and events come in as values.

pub mod activity;
pub mod alert;
pub mod bot;
mod by_store;
pub mod cart;
pub mod catalogue;
pub mod cell;
pub mod customer;
pub mod funnel;
pub mod kept;
pub mod ladder;
pub mod names;
pub mod order;
pub mod payment;
pub mod person;
pub mod price;
pub mod product;
pub mod promotion;
pub mod quality;
pub mod ratio;
pub mod search;
pub mod session;
mod sketch;
pub mod stock;
pub mod tally;
pub mod window;

pub use sketch::{Coupon, Distinct, Quantiles, SketchError, bucket, coupon};
