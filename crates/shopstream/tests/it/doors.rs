//! The HTTP door of the real binary: items good and bad side by side, repeats, keys, a steady load.

use crate::{dir, program};
use serde_json::{Value, json};
use testkit::Server;

fn send(server: &Server, body: &[u8]) -> Value {
    server
        .post("/api/v1/events", body.to_vec())
        .expect("is taken")["data"]
        .take()
}

#[test]
fn broken_events_are_set_aside_and_their_neighbours_kept() {
    let dir = dir();
    let server = program(&dir).up().expect("starts");
    let body = br#"{"event_id":"a","type":"page_view","ts":"2026-01-01T00:00:00Z","customer_id":"ann"}
{"event_id":"b","type":"page_view","ts":"0000-00-00"}
not json at all
{"event_id":"c","type":"item_view","ts":"9999-01-01T00:00:00Z"}
{"event_id":"d","type":"order","ts":"2026-01-01T00:00:01Z","order_id":"o1","currency":"EUR","items":[{"product_id":"tea","unit_price":"2.50","quantity":2}]}
{"event_id":"e","type":"order","ts":"2026-01-01T00:00:01Z","items":[{"product_id":"tea","unit_price":"NaN"}]}"#;
    let receipt = send(&server, body);
    assert_eq!(
        (
            &receipt["received"],
            &receipt["accepted"],
            &receipt["quarantined"]
        ),
        (&json!(6), &json!(2), &json!(4)),
        "{receipt}"
    );
    let audit = server.settled_audit().expect("the law holds");
    assert_eq!(
        (&audit["counted"], &audit["quarantined"]),
        (&json!(2), &json!(4))
    );
    let revenue = server
        .query(&json!({"metrics": ["revenue"]}))
        .expect("answers");
    assert_eq!(revenue, [json!({"currency": "EUR", "revenue": "5.00"})]);
    let quarantine = server.get("/api/v1/quarantine?limit=10").expect("answers");
    assert_eq!(
        quarantine["data"].as_array().map(Vec::len),
        Some(4),
        "{quarantine}"
    );
}

#[test]
fn a_repeated_request_counts_once() {
    let dir = dir();
    let server = program(&dir).up().expect("starts");
    let body = br#"[{"event_id":"6f9619ff-8b86-d011-b42d-00cf4fc964ff","type":"login","ts":"2026-01-01T00:00:00Z","customer_id":"ann"}]"#;
    (0..3).for_each(|_| drop(send(&server, body)));
    let audit = server.settled_audit().expect("the law holds");
    assert_eq!(
        (&audit["received"], &audit["accepted"], &audit["duplicate"]),
        (&json!(3), &json!(1), &json!(2))
    );
}

#[test]
fn an_id_used_again_for_another_event_is_set_aside_and_can_be_looked_at() {
    let dir = dir();
    let server = program(&dir).up().expect("starts");
    let order = |price: &str| {
        format!(
            r#"{{"event_id":"a","type":"order","ts":"2026-01-01T00:00:00Z","order_id":"o1","items":[{{"product_id":"tea","unit_price":"{price}","quantity":1}}]}}"#
        )
    };
    for price in ["2.50", "9.00", "2.50"] {
        send(&server, order(price).as_bytes());
    }
    let audit = server.settled_audit().expect("the law holds");
    let told = ["received", "counted", "duplicate", "quarantined"].map(|name| audit[name].clone());
    assert_eq!(told, [json!(3), json!(1), json!(1), json!(1)]);
    let revenue = server
        .query(&json!({"metrics": ["revenue"]}))
        .expect("answers");
    assert_eq!(revenue[0]["revenue"], "2.50", "the first stays");
    let list = server.get("/api/v1/quarantine").expect("answers");
    let conflict = &list["data"][0];
    assert_eq!(conflict["reason"], "id_conflict", "{list}");
    let id = conflict["id"].as_str().expect("an id");
    let shown = server
        .get(&format!("/api/v1/quarantine/{id}"))
        .expect("answers");
    assert_eq!(
        shown["data"]["remedy"],
        "Give the second event an id of its own."
    );
}

#[test]
fn a_reply_says_what_it_promises() {
    let event =
        br#"{"event_id":"a","type":"login","ts":"2026-01-01T00:00:00Z","customer_id":"ann"}"#;
    for durability in ["durable", "buffered"] {
        let dir = dir();
        let setting = format!("log.durability={durability}");
        let server = program(&dir)
            .start(["up", "--set", &setting])
            .expect("starts");
        assert_eq!(send(&server, event)["durability"], durability);
        server.settled_audit().expect("the law holds");
    }
}

#[test]
fn an_idempotency_key_makes_a_retry_of_nameless_events_count_once() {
    let dir = dir();
    let server = program(&dir).up().expect("starts");
    let body = br#"[{"type":"search","ts":"2026-01-01T00:00:00Z","query":"tea"},{"type":"search","ts":"2026-01-01T00:00:00Z","query":"tea"}]"#;
    let headers = [("X-API-Key", server.key()), ("Idempotency-Key", "k1")];
    for _ in 0..2 {
        let (status, _) = server
            .send("POST", "/api/v1/events", &headers, body.to_vec())
            .expect("is taken");
        assert_eq!(status, 202);
    }
    let audit = server.settled_audit().expect("the law holds");
    assert_eq!(
        (&audit["received"], &audit["accepted"], &audit["duplicate"]),
        (&json!(4), &json!(2), &json!(2))
    );
}

#[test]
fn without_a_key_nothing_is_told_and_nothing_taken() {
    let dir = dir();
    let server = program(&dir).up().expect("starts");
    for (method, path) in [
        ("GET", "/api/v1/audit"),
        ("POST", "/api/v1/query"),
        ("POST", "/api/v1/events"),
        ("GET", "/api/v1/stream"),
    ] {
        assert_eq!(
            server
                .send(method, path, &[], Vec::new())
                .expect("answers")
                .0,
            401,
            "{method} {path}"
        );
        assert_eq!(
            server
                .send(method, path, &[("X-API-Key", "ss_admin_wrong")], Vec::new())
                .expect("answers")
                .0,
            401,
            "{method} {path}"
        );
    }
    assert_eq!(
        server
            .send("GET", "/health/live", &[], Vec::new())
            .expect("answers")
            .0,
        200
    );
    assert_eq!(
        server.settled_audit().expect("the law holds")["received"],
        0
    );
}

#[test]
fn two_thousand_events_a_second_over_http_lose_nothing() {
    let dir = dir();
    let ran = program(&dir)
        .run([
            "bench",
            "latency",
            "--rate",
            "2000",
            "--seconds",
            "5",
            "--format",
            "json",
        ])
        .expect("runs");
    assert_eq!(ran.code, Some(0), "{} {}", ran.out, ran.err);
    let figures: Value = serde_json::from_str(&ran.out).expect("figures");
    assert_eq!(figures["answers_right"], true, "{figures}");
    assert_eq!(figures["events_sent"], figures["events_counted"]);
}
