//! What only tests need: a running shopstream to talk to, and the folder of real data.
//! It starts the binary as a user would and speaks to it over HTTP; it shares no code with what it tests.

mod fixtures;
mod server;

pub use fixtures::fixture;
pub use server::{Program, Ran, Server};
