//! The binary from outside: every test runs it as a user would and ends on the audit law.
#![allow(clippy::disallowed_methods, missing_docs)] // tests wait for real processes, so they may look at real clocks

mod audit;
mod clickstream;
mod crash;
mod derived;
mod doors;
mod importing;
mod mistakes;
mod orders;
mod simulate;
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
