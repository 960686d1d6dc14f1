//! The binary from outside: every test runs it as a user would and ends on the audit law.
#![allow(clippy::disallowed_methods, missing_docs)] // tests wait for real processes, so they may look at real clocks

mod alerts;
mod audit;
mod backtest;
mod behaviour;
mod broken_funnel;
mod cart_reasons;
mod checkpoints;
mod clickstream;
mod crash;
mod crash_loop;
mod day;
mod derived;
mod disk_full;
mod doors;
mod faults;
mod fence;
mod golden;
mod importing;
mod impossible;
mod lake;
mod mistakes;
mod orders;
mod planted;
mod power_cut;
mod scores;
mod shop;
mod simulate;
mod sql;
mod stock;
mod strange_input;
mod time;
mod watched;

use serde_json::Value;
use testkit::Program;

/// The binary on a data directory of its own.
fn program(dir: &tempfile::TempDir) -> Program {
    Program::new(env!("CARGO_BIN_EXE_shopstream"), dir.path().join("data"))
}

fn dir() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// One figure of a row as text, so that counts and money compare alike.
fn figure(row: &Value, name: &str) -> String {
    match &row[name] {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// A number that makes a test larger than every day, or the everyday one.
fn number(variable: &str, everyday: u64) -> u64 {
    let asked = std::env::var(variable).ok();
    asked.map_or(everyday, |text| text.parse().expect("a number"))
}
