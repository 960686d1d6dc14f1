//! Claims about the counter: a router over live tables fed by hand and a door that remembers what it was given.

mod alerts;
mod audit;
mod bodies;
mod carts;
mod counter;
mod customers;
mod imports;
mod inventory;
mod keys;
mod pages;
mod questions;
mod sessions;
mod socket;
mod sql;
mod streams;

use counter::{Ask, Counter, Reply};
