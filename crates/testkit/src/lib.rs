//! What only tests need: a running shopstream to talk to and to kill, a referee, and the folder of real data.
//! It starts the binary as a user would and speaks to it over HTTP; it shares no code with what it tests.
#![allow(clippy::disallowed_methods)] // tests wait for real processes, so they look at real clocks and start threads

mod client;
mod crash_loop;
mod fixtures;
mod keys;
pub mod law;
mod plain;
mod process;
mod producer;
mod recount;
mod server;

pub use client::{Answer, Client};
pub use crash_loop::{CrashLoop, Death, Survived, check_lists};
pub use fixtures::fixture;
pub use plain::{Happenings, PlainEvent, PlainLine, What};
pub use process::{resident_bytes, resident_bytes_max, signal, steady_port};
pub use producer::{Habits, Sent, Shared, now_micros, produce, produce_events};
pub use recount::{Figures, check_days, recount};
pub use server::{Program, Ran, Server};
