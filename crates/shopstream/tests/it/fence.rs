//! A server that is paused, loses its lock and comes back: a younger one works on the directory, and the older neither
//! appends nor acknowledges any more.

use crate::{dir, program};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use testkit::{Program, Server};

/// `STOP` or `CONT`, as a machine that sleeps, a debugger or a virtual machine's host does it.
fn signal(server: &Server, name: &str) {
    let pid = server.pid().to_string();
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &pid])
        .status();
    assert!(sent.expect("kill runs").success(), "{pid} takes no {name}");
}

/// As a network disk does when it thinks that the client is gone.
fn lose_lock(program: &Program) {
    std::fs::remove_file(program.data_dir().join("log/lock")).expect("the lock file is there");
}

fn event(id: &str) -> Vec<u8> {
    let event = json!({
        "event_id": id, "type": "page_view", "ts": "2026-01-01T00:00:00Z", "customer_id": "ann",
    });
    event.to_string().into_bytes()
}

/// Whether the server has acknowledged it, else what it said.
fn offer(server: &Server, id: &str) -> Result<(), String> {
    let headers = [
        ("X-API-Key", server.key()),
        ("Content-Type", "application/json"),
    ];
    match server.send("POST", "/api/v1/events", &headers, event(id)) {
        Ok((200..300, _)) => Ok(()),
        Ok((status, text)) => Err(format!("{status} {text}")),
        Err(error) => Err(format!("{error:#}")),
    }
}

fn counted(server: &Server) -> Value {
    server.settled_audit().expect("the law holds")["counted"].take()
}

fn is_theirs(server_file: &Path, server: &Server) -> bool {
    let bytes = std::fs::read(server_file).expect("server.json is there");
    let file: Value = serde_json::from_slice(&bytes).expect("JSON");
    file["pid"] == server.pid()
}

#[test]
fn a_server_that_was_taken_over_refuses_events_and_ends_with_70() {
    let dir = dir();
    let program = program(&dir);
    let older = program.up().expect("starts");
    offer(&older, "one").expect("is taken");
    signal(&older, "STOP");
    lose_lock(&program);
    let younger = program.up().expect("starts beside the paused one");
    offer(&younger, "two").expect("is taken");
    signal(&older, "CONT");
    let refused = offer(&older, "three").expect_err("the older takes nothing more");
    assert!(
        refused.starts_with("503") && refused.contains("another server has the directory"),
        "{refused}"
    );
    assert_eq!(older.wait().expect("ends by itself"), Some(70));
    assert!(is_theirs(&program.data_dir().join("server.json"), &younger));
    offer(&younger, "three").expect("the retry is taken");
    assert_eq!(counted(&younger), 3);
    younger.stop().expect("stops");
    assert_eq!(counted(&program.up().expect("starts again")), 3);
}

#[test]
fn a_server_paused_under_load_has_acknowledged_what_its_successor_counts() {
    let dir = dir();
    let program = program(&dir);
    let older = program.up().expect("starts");
    let (mut all, younger) = std::thread::scope(|scope| {
        let sending = scope.spawn(|| {
            let ids = (0..).map(|index| format!("older-{index}"));
            let mut answered: Vec<String> = Vec::new();
            for id in ids {
                if offer(&older, &id).is_err() {
                    return (answered, id);
                }
                answered.push(id);
            }
            unreachable!("it sends until it is refused");
        });
        std::thread::sleep(Duration::from_millis(300));
        signal(&older, "STOP");
        lose_lock(&program);
        let younger = program.up().expect("starts beside the paused one");
        for index in 0..20 {
            offer(&younger, &format!("younger-{index}")).expect("is taken");
        }
        signal(&older, "CONT");
        let (answered, refused) = sending.join().expect("no panic");
        // Refused means unknown: the client sends it again, to the server that is there.
        offer(&younger, &refused).expect("the retry is taken");
        (answered.len() + 1 + 20, younger)
    });
    assert!(all > 21, "the older was under load");
    assert_eq!(older.wait().expect("ends by itself"), Some(70));
    assert_eq!(counted(&younger), all);
    offer(&younger, "after").expect("is taken");
    all += 1;
    younger.kill().expect("is killed");
    assert_eq!(counted(&program.up().expect("starts again")), all);
}
