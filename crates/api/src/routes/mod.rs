//! One file a resource; each handler reads its request, asks one part of the process, and writes the answer.

pub(crate) mod alerts;
pub(crate) mod audit;
pub(crate) mod carts;
pub(crate) mod catalogue;
pub(crate) mod customers;
pub(crate) mod errors;
pub(crate) mod events;
pub(crate) mod fallback;
pub(crate) mod funnels;
pub(crate) mod health;
pub(crate) mod imports;
pub(crate) mod inventory;
pub(crate) mod quality;
pub(crate) mod quarantine;
pub(crate) mod queries;
pub(crate) mod segments;
pub(crate) mod sessions;
pub(crate) mod sql;
pub(crate) mod stream;
