//! Kill -9 in mid-import: what was acknowledged is there, a second run completes it, and the figures are the generator's.

use crate::{dir, program};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use testkit::Program;

const EVENTS: u64 = 60_000;

/// Writes a simulated file and its truth.
fn simulate(program: &Program, dir: &tempfile::TempDir) -> (String, Value) {
    let path = |name: &str| {
        dir.path()
            .join(name)
            .to_str()
            .expect("a plain path")
            .to_owned()
    };
    let (file, truth) = (path("events.ndjson"), path("truth.json"));
    let ran = program
        .run([
            "simulate",
            "--to",
            "file",
            "--out",
            &file,
            "--truth",
            &truth,
            "--count",
            &EVENTS.to_string(),
            "--seed",
            "11",
            "--rate",
            "500",
        ])
        .expect("runs");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let truth = std::fs::read(truth).expect("the truth");
    (file, serde_json::from_slice(&truth).expect("JSON"))
}

#[test]
fn an_import_killed_half_way_and_run_again_counts_everything_once() {
    let dir = dir();
    let program = program(&dir);
    let (file, truth) = simulate(&program, &dir);
    for pause_ms in [60, 200, 400] {
        let mut import = program
            .command(["ingest", &file])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        std::thread::sleep(Duration::from_millis(pause_ms));
        import.kill().expect("is killed or has ended");
        import.wait().expect("has ended");
    }
    let ran = program.run(["ingest", &file]).expect("runs");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    check(&program, &truth);
}

#[test]
fn a_server_killed_while_a_file_comes_in_loses_and_doubles_nothing() {
    let dir = dir();
    let program = program(&dir);
    let (file, truth) = simulate(&program, &dir);
    let server = program.up().expect("starts");
    let mut import = program
        .command(["ingest", &file])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    std::thread::sleep(Duration::from_millis(150));
    server.kill().expect("is killed");
    assert!(
        !import.wait().expect("ends").success(),
        "the client hears that the server is gone"
    );
    let again = program.up().expect("starts again");
    let ran = program.run(["ingest", &file]).expect("runs");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    drop(again);
    check(&program, &truth);
}

fn check(program: &Program, truth: &Value) {
    let server = program.up().expect("starts");
    let audit = server.settled_audit().expect("the law holds");
    assert_eq!(audit["counted"], EVENTS);
    let rows = server
        .query(&json!({"metrics": ["orders", "revenue"]}))
        .expect("answers");
    assert_eq!(rows.len(), 1, "the simulated shop has one currency");
    assert_eq!(rows[0]["orders"], truth["orders"], "{truth}");
    let revenue = truth["revenue"]["USD"]
        .as_str()
        .expect("an amount")
        .strip_suffix("00")
        .expect("the truth has four digits, the shop two");
    assert_eq!(rows[0]["revenue"], revenue, "{truth}");
}
