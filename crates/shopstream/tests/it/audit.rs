//! The audit of the real binary as a user asks for it: line by line against the list of events the test sent itself,
//! the same from the running server, after a kill, and from the directory alone; and the quality of what was sent.

use crate::{dir, program};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::{Program, Server};

/// What became of an event, by the test's own reckoning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Counted,
    Repeat,
    Conflict,
    Broken,
}

const FATES: [Fate; 4] = [Fate::Counted, Fate::Repeat, Fate::Conflict, Fate::Broken];

/// An event that comes to this end: number 40 is the first of its id, the next three say it again, otherwise, or not at all.
fn event(number: usize, fate: Fate) -> String {
    let id = number / FATES.len();
    let price = match fate {
        Fate::Counted | Fate::Repeat => "2.50",
        Fate::Conflict => "9.99",
        Fate::Broken => "cheap",
    };
    let country = if id.is_multiple_of(3) {
        r#","country":"Malta""#
    } else {
        ""
    };
    format!(
        r#"{{"event_id":"e{id}","type":"order","ts":"2026-01-01T00:00:00Z","order_id":"o{id}"{country},"items":[{{"product_id":"tea","unit_price":"{price}","quantity":1}}]}}"#
    )
}

/// Sends four events of each id to a store and says what became of how many.
fn send(server: &Server, store: &str, ids: usize) -> BTreeMap<Fate, u64> {
    let events: Vec<(Fate, String)> = (0..ids * FATES.len())
        .map(|number| {
            let fate = FATES[number % FATES.len()];
            (fate, event(number, fate))
        })
        .collect();
    for chunk in events.chunks(50) {
        let body: Vec<&str> = chunk.iter().map(|(_, event)| event.as_str()).collect();
        let path = format!("/api/v1/events?store={store}");
        server.post(&path, body.join("\n")).expect("is taken");
    }
    let mut fates = BTreeMap::new();
    for (fate, _) in events {
        *fates.entry(fate).or_insert(0) += 1;
    }
    fates
}

/// `audit …` in JSON, with its exit code.
fn audit(program: &Program, arguments: &[&str]) -> (Option<i32>, Value) {
    let ran = program
        .run(["audit", "--format", "json"].iter().chain(arguments))
        .expect("runs");
    let told = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    (ran.code, told)
}

/// Sums of lines by store: received, accepted, duplicate, quarantined, counted.
fn by_store(lines: &Value) -> BTreeMap<String, [u64; 5]> {
    let mut sums: BTreeMap<String, [u64; 5]> = BTreeMap::new();
    for line in lines.as_array().expect("lines") {
        assert_eq!(line["law_holds"], true, "{line}");
        let store = line["store"].as_str().unwrap_or_default().to_owned();
        let names = [
            "received",
            "accepted",
            "duplicate",
            "quarantined",
            "counted",
        ];
        let counts = names.map(|name| line[name].as_u64().expect("a count"));
        let sum = sums.entry(store).or_default();
        *sum = std::array::from_fn(|at| sum[at] + counts[at]);
    }
    sums
}

fn expected(fates: &BTreeMap<Fate, u64>) -> [u64; 5] {
    let of = |fate| fates[&fate];
    let received = fates.values().sum();
    let set_aside = of(Fate::Conflict) + of(Fate::Broken);
    [
        received,
        of(Fate::Counted),
        of(Fate::Repeat),
        set_aside,
        of(Fate::Counted),
    ]
}

#[test]
fn every_line_adds_up_to_what_was_sent_before_and_after_a_kill_and_without_a_server() {
    let dir = dir();
    let program = program(&dir);
    let server = program.up().expect("starts");
    let sent = BTreeMap::from([
        ("main".to_owned(), expected(&send(&server, "main", 30))),
        ("berlin".to_owned(), expected(&send(&server, "berlin", 12))),
    ]);
    server.settled_audit().expect("the law holds");
    let lines = |program: &Program| {
        let (code, told) = audit(program, &["--by", "source,store,hour"]);
        assert_eq!(
            (code, &told["law_holds"], &told["lines_broken"]),
            (Some(0), &json!(true), &json!(0))
        );
        told["lines"].clone()
    };
    let before = lines(&program);
    assert_eq!(by_store(&before), sent);
    server.kill().expect("is killed");
    assert_eq!(
        lines(&program),
        before,
        "the directory alone tells the same"
    );
    let again = program.up().expect("starts again");
    again.settled_audit().expect("the law holds");
    assert_eq!(lines(&program), before, "and so does the next server");
    let (_, berlin) = audit(&program, &["--by", "hour", "--store", "berlin"]);
    let received: u64 = (berlin["lines"].as_array().expect("lines").iter())
        .map(|line| line["received"].as_u64().expect("a count"))
        .sum();
    assert_eq!(
        (received, &berlin["received"]),
        (sent["berlin"][0], &json!(sent["berlin"][0]))
    );
}

#[test]
fn the_quality_of_what_was_sent_is_told_by_field_and_a_finding_ends_with_3() {
    let dir = dir();
    let program = program(&dir);
    let server = program.up().expect("starts");
    let fates = send(&server, "main", 30);
    server.settled_audit().expect("the law holds");
    let (code, told) = audit(&program, &["--quality"]);
    let row = |field: &str| {
        let rows = told["rows"].as_array().expect("rows");
        let row = rows.iter().find(|row| row["field"] == field);
        row.unwrap_or_else(|| panic!("{field}: {told}"))
    };
    let offered: u64 = fates.values().sum();
    let sound = offered - fates[&Fate::Broken];
    let id = row("event_id");
    assert_eq!((&id["rows"], &id["nulls"]), (&json!(offered), &json!(0)));
    assert_eq!(id["duplicates"], fates[&Fate::Repeat]);
    assert_eq!(
        id["steps"],
        json!({ "id_conflict": fates[&Fate::Conflict] })
    );
    // Of 30 ids every third has a country, and of each id three events were sound.
    assert_eq!(row("country")["nulls"], json!(sound - 10 * 3));
    let price = row("items.unit_price");
    assert_eq!(
        (&price["rows"], &price["invalid"]),
        (&json!(sound), &json!(fates[&Fate::Broken]))
    );
    assert_eq!(
        price["steps"],
        json!({ "price_invalid": fates[&Fate::Broken] })
    );
    let kinds: Vec<&str> = (told["findings"].as_array().expect("findings").iter())
        .map(|found| found["kind"].as_str().expect("a kind"))
        .collect();
    assert_eq!(
        (code, kinds),
        (
            Some(3),
            vec!["invalid_share", "invalid_share", "duplicate_share"]
        )
    );
    let quiet = ["--set", "findings.rows_min=1000"];
    let server = {
        server.stop().expect("stops");
        program.start(["up"].iter().chain(&quiet)).expect("starts")
    };
    server.settled_audit().expect("the law holds");
    assert_eq!(
        audit(&program, &["--quality", "--field", "country"]).0,
        Some(0)
    );
}

#[test]
fn a_question_that_makes_no_sense_is_refused_before_anything_is_asked() {
    let dir = dir();
    let program = program(&dir);
    let check = |arguments: &[&str], expected: (Option<i32>, &str)| {
        let ran = program
            .run(["audit"].iter().chain(arguments))
            .expect("runs");
        assert_eq!(ran.code, expected.0, "{ran:?}");
        assert!(ran.err.contains(expected.1), "{ran:?}");
    };
    check(
        &["--by", "minute"],
        (Some(2), "the audit is kept by the hour"),
    );
    check(&["--by", "colour"], (Some(2), "possible values"));
    check(&["--field", "country"], (Some(2), "--quality"));
    check(
        &["--set", "findings.invalid_share_max=5"],
        (Some(2), "between 0 and 1"),
    );
    check(&[], (Some(1), "there is no data"));
}
