//! `simulate` as a user runs it: files of so many events, a plan of one's own, the truth beside them, and clear refusals.

use crate::{dir, program};
use std::path::Path;
use std::process::Command;

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

#[test]
fn a_count_and_a_batch_size_make_that_many_whole_files() {
    let dir = dir();
    let folder = dir.path().join("incoming");
    let words = [
        "simulate",
        "--count",
        "500",
        "--batch-size",
        "100",
        "--dialect",
        "seed-003",
    ];
    let place = ["--out-dir", text(&folder)];
    let ran = program(&dir)
        .run([&words[..], &place].concat())
        .expect("runs");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let mut names: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        let lines = std::fs::read_to_string(&path)
            .expect("a file")
            .lines()
            .count();
        assert_eq!(lines, 101, "a header and a hundred rows");
        names.push(
            path.file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned(),
        );
    }
    names.sort();
    assert_eq!(names.len(), 5, "{names:?}");
    assert_eq!(names[0], "events-000001.csv");
}

#[test]
fn the_printed_plan_can_be_changed_and_played_and_its_truth_holds() {
    let dir = dir();
    let program = program(&dir);
    let printed = program.run(["simulate", "--print-profile"]).expect("runs");
    let plan = dir.path().join("mine.toml");
    let changed = printed.out.replace("products = 250_000", "products = 900");
    assert_ne!(changed, printed.out);
    std::fs::write(&plan, changed).expect("the plan");
    let (events, truth) = (dir.path().join("events.ndjson"), dir.path().join("truth"));
    let ran = program
        .run([
            "simulate",
            "--plan",
            text(&plan),
            "--count",
            "5000",
            "--rate",
            "2",
            "--start",
            "2025-03-03",
            "--late",
            "2%",
            "--repeats",
            "1%",
            "--broken",
            "0.5%",
            "--out",
            text(&events),
            "--truth",
            text(&truth),
        ])
        .expect("runs");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let sums = std::fs::read_to_string(truth.join("truth.json")).expect("the sums");
    assert!(sums.contains("\"products\": 900"), "{sums}");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/recount-simulation.py");
    match Command::new("python3")
        .arg(script)
        .args([&truth, &events])
        .output()
    {
        Ok(recount) => {
            let told = String::from_utf8_lossy(&recount.stderr).into_owned();
            assert!(recount.status.success(), "{told}");
        }
        Err(_) => eprintln!("SKIPPED: there is no python3"),
    }
}

#[test]
fn what_arrives_is_what_the_truth_says_arrived() {
    let dir = dir();
    let program = program(&dir);
    let (events, truth) = (
        dir.path().join("events.ndjson"),
        dir.path().join("truth.json"),
    );
    let ran = program
        .run([
            "simulate",
            "--count",
            "20000",
            "--rate",
            "20",
            "--late",
            "2%",
            "--repeats",
            "1%",
            "--broken",
            "0.5%",
            "--out",
            text(&events),
            "--truth",
            text(&truth),
        ])
        .expect("runs");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let ran = program.run(["ingest", text(&events)]).expect("runs");
    assert!(matches!(ran.code, Some(0 | 3)), "{}", ran.err);
    let truth: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&truth).expect("the truth")).expect("JSON");
    let server = program.up().expect("starts");
    let audit = server.settled_audit().expect("the law holds");
    assert_eq!(audit["counted"], truth["events"], "{audit}");
    let found = ["received", "duplicate", "quarantined"].map(|name| audit[name].clone());
    let told = ["lines", "repeats", "broken"].map(|name| truth["delivered"][name].clone());
    assert_eq!(found, told, "{audit}");
}

#[test]
fn what_cannot_be_simulated_is_refused_in_one_sentence() {
    let dir = dir();
    let program = program(&dir);
    let plan = dir.path().join("bad.toml");
    std::fs::write(&plan, "[shop]\nprodukte = 5\n").expect("the plan");
    let cases: [(&[&str], &str); 5] = [
        (
            &["--plan", text(&plan), "--to", "null"],
            "unknown field `produkte`",
        ),
        (
            &["--dialect", "rees46", "--repeats", "1%", "--to", "null"],
            "carry no id",
        ),
        (&["--dialect", "rees46"], "no form of request"),
        (&["--late", "90%", "--to", "null"], "--late 90%"),
        (&["--to", "file"], "--to file needs a file"),
    ];
    for (words, told) in cases {
        let ran = program.run([&["simulate"], words].concat()).expect("runs");
        assert_eq!(ran.code, Some(2), "{words:?}: {}", ran.err);
        assert!(ran.err.contains(told), "{words:?}: {}", ran.err);
    }
}
