//! Events over HTTP: receipts, refusals, and bodies of every bad kind.

use super::*;
use crate::door::Refused;
use axum::body::{Body, Bytes};
use futures_util::stream;
use serde_json::json;
use std::io::{self, Write};
use std::time::Duration;

fn events(body: impl Into<Body>) -> Ask {
    Ask::post("/api/v1/events", body)
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// Bodies that the door was given, in order.
fn given(counter: &Counter) -> Vec<String> {
    counter
        .door
        .requests
        .lock()
        .iter()
        .map(|request| String::from_utf8_lossy(&request.body).into_owned())
        .collect()
}

#[tokio::test]
async fn a_receipt_says_what_became_of_each_item() {
    let counter = Counter::new();
    let reply = counter.ask(events("[{},{},{}]")).await;
    let expected = json!({ "data": {
        "received": 3, "accepted": 1, "duplicate": 1, "quarantined": 1, "durability": "durable", "dedupe": "event_id",
        "results": [
            { "index": 0, "status": "accepted", "event_id": "e1" },
            { "index": 1, "status": "duplicate", "event_id": "e0" },
            { "index": 2, "status": "quarantined", "reason": "price_invalid", "detail": "price = \"x\"" },
        ],
    }});
    assert_eq!((reply.status, reply.json()), (202, expected));
}

#[tokio::test]
async fn the_door_learns_whose_events_they_are() {
    let counter = Counter::new();
    counter
        .check(events("{}").with("idempotency-key", "batch-7"), "202")
        .await;
    counter.check(events("{}"), "202").await;
    let requests = counter.door.requests.lock();
    let source = &requests[0].source;
    assert!(
        source.source.starts_with("http:key_") && source.source.len() == 17,
        "{}",
        source.source
    );
    assert_eq!(
        (source.name.as_str(), source.store.as_str()),
        ("admin", "main")
    );
    assert_eq!(
        (
            requests[0].idempotency_key.as_deref(),
            requests[1].idempotency_key.as_deref()
        ),
        (Some("batch-7"), None)
    );
}

#[tokio::test]
async fn an_idempotency_key_is_a_short_text() {
    let counter = Counter::new();
    counter
        .check(
            events("{}").with("idempotency-key", " "),
            "422 invalid-query",
        )
        .await;
    counter
        .check(
            events("{}").with("idempotency-key", &"x".repeat(256)),
            "422 invalid-query",
        )
        .await;
    assert!(given(&counter).is_empty());
}

#[tokio::test]
async fn packed_bodies_are_unpacked() {
    let counter = Counter::new();
    let lines = "{\"type\":\"order\"}\n".repeat(100);
    counter
        .check(
            events(gzip(lines.as_bytes())).with("content-encoding", "gzip"),
            "202",
        )
        .await;
    let packed = zstd::encode_all(lines.as_bytes(), 3).expect("memory takes it");
    counter
        .check(events(packed).with("content-encoding", "zstd"), "202")
        .await;
    counter
        .check(
            events(lines.clone()).with("content-encoding", "identity"),
            "202",
        )
        .await;
    assert_eq!(given(&counter), [lines.clone(), lines.clone(), lines]);
}

#[tokio::test]
async fn what_cannot_be_unpacked_is_refused() {
    let counter = Counter::new();
    counter
        .check(
            events("{}").with("content-encoding", "br"),
            "415 encoding-unknown",
        )
        .await;
    counter
        .check(
            events("{}").with("content-encoding", "gzip, gzip"),
            "415 encoding-unknown",
        )
        .await;
    counter
        .check(
            events("{}").with("content-encoding", "gzip"),
            "400 encoding-broken",
        )
        .await;
    counter
        .check(
            events("{}").with("content-encoding", "zstd"),
            "400 encoding-broken",
        )
        .await;
    let bomb = vec![b' '; 64 << 20];
    counter
        .check(
            events(gzip(&bomb)).with("content-encoding", "gzip"),
            "413 body-too-large",
        )
        .await;
    let bomb = zstd::encode_all(&bomb[..], 3).expect("memory takes it");
    counter
        .check(
            events(bomb).with("content-encoding", "zstd"),
            "413 body-too-large",
        )
        .await;
    assert!(given(&counter).is_empty());
}

#[tokio::test]
async fn a_body_is_as_large_as_the_limit_and_no_larger() {
    let counter = Counter::new();
    let limit = counter.app.config.body_bytes_max;
    counter.check(events(vec![b'1'; limit]), "202").await;
    counter
        .check(events(vec![b'1'; limit + 1]), "413 body-too-large")
        .await;
    let pieces = (0..=limit / 65_536).map(|_| Ok::<_, io::Error>(Bytes::from(vec![b'1'; 65_536])));
    counter
        .check(
            events(Body::from_stream(stream::iter(pieces))),
            "413 body-too-large",
        )
        .await;
    assert_eq!(given(&counter).len(), 1);
}

#[tokio::test]
async fn an_empty_body_is_no_event() {
    let counter = Counter::new();
    counter.check(events(""), "400 body-missing").await;
    counter.check(events(" \r\n"), "400 body-missing").await;
    counter
        .check(
            events(gzip(b"")).with("content-encoding", "gzip"),
            "400 body-missing",
        )
        .await;
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_taken_in() {
    let counter = Counter::new();
    let pieces = [
        Ok(Bytes::from_static(b"{}\n{")),
        Err(io::Error::other("the connection broke")),
    ];
    counter
        .check(
            events(Body::from_stream(stream::iter(pieces))),
            "400 body-incomplete",
        )
        .await;
    assert!(given(&counter).is_empty());
}

#[tokio::test]
async fn a_body_that_pauses_too_long_is_not_waited_for() {
    let counter = Counter::new();
    let body = Body::from_stream(stream::pending::<Result<Bytes, io::Error>>());
    let asked = counter.ask(events(body));
    tokio::pin!(asked);
    tokio::select! {
        biased;
        _ = &mut asked => panic!("nobody has waited yet"),
        () = std::future::ready(()) => {}
    }
    counter.time.advance(Duration::from_secs(10));
    assert_eq!(asked.await.summary(), "408 body-too-slow");
}

#[tokio::test]
async fn what_the_door_refuses_says_when_to_come_again() {
    let counter = Counter::new();
    let cases = [
        (
            Refused::Overloaded { retry_after_s: 7 },
            "429 overloaded",
            "7",
        ),
        (
            Refused::Overloaded { retry_after_s: 0 },
            "429 overloaded",
            "1",
        ),
        (Refused::Stopping, "503 stopping", "5"),
        (
            Refused::LogFailed("write /data/log/7.seg: disk full".to_owned()),
            "503 log-failed",
            "30",
        ),
        (Refused::TooLarge, "413 body-too-large", ""),
    ];
    for (refused, expected, retry_after) in cases {
        *counter.door.refuses.lock() = Some(refused);
        let reply = counter.ask(events("{}")).await;
        assert_eq!(
            (reply.summary().as_str(), reply.header("retry-after")),
            (expected, retry_after)
        );
        assert!(
            !reply.text.contains("/data/log"),
            "paths of the machine stay in its log"
        );
    }
}

#[tokio::test]
async fn a_panic_is_an_answer_and_the_next_request_works() {
    let counter = Counter::new();
    counter
        .door
        .panics
        .store(true, std::sync::atomic::Ordering::Relaxed);
    counter.check(events("{}"), "500 internal").await;
    counter
        .door
        .panics
        .store(false, std::sync::atomic::Ordering::Relaxed);
    counter.check(events("{}"), "202").await;
}
