//! The stream of changes: snapshots, deltas, heartbeats, resets, and its ends.

use super::*;
use crate::ApiConfig;
use axum::body::BodyDataStream;
use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

const INTERVAL: Duration = Duration::from_millis(250);

/// A browser that reads the stream.
struct Browser(BodyDataStream);

impl Browser {
    async fn open(counter: &Counter) -> Browser {
        let key = counter.keys.admin_key().to_owned();
        let response = counter
            .send(
                Ask::get("/api/v1/stream?store=main")
                    .with("x-api-key", &key)
                    .request(),
            )
            .await;
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut browser = Browser(response.into_body().into_data_stream());
        assert_eq!(browser.next_text().await, "retry: 1000\n\n");
        browser
    }

    async fn next_text(&mut self) -> String {
        let bytes = self
            .0
            .next()
            .await
            .expect("the stream goes on")
            .expect("bytes");
        String::from_utf8(bytes.to_vec()).expect("text")
    }

    /// Name and body of the next message.
    async fn next(&mut self) -> (String, Value) {
        let text = self.next_text().await;
        let line = |prefix: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(prefix))
                .unwrap_or_default()
                .to_owned()
        };
        assert!(
            text.ends_with("\n\n") && line("id: ").parse::<u64>().is_ok(),
            "{text}"
        );
        (
            line("event: "),
            serde_json::from_str(&line("data: ")).expect("a message is JSON"),
        )
    }
}

/// Runs the hub and moves the clock until it has told what there is.
async fn pass(counter: &Counter, span: Duration) {
    let hub = Arc::clone(&counter.app.hub);
    let mut run = Box::pin(hub.run(counter.stop.clone()));
    for step in [Duration::ZERO, span, INTERVAL, INTERVAL] {
        counter.time.advance(step);
        assert!(
            (&mut run).now_or_never().is_none(),
            "the hub runs until it is stopped"
        );
    }
}

#[tokio::test]
async fn a_reader_gets_a_snapshot_first() {
    let counter = Counter::new();
    counter.publish_second("2026-03-02T11:40:00Z", "order", 1);
    counter.publish_second("2026-03-02T11:59:58Z", "page_view", 12);
    counter.publish_second("2026-03-02T11:59:58Z", "order", 1);
    counter.publish_order("o1", "2026-03-02T11:59:00Z", Some(1_290_000));
    let (name, body) = Browser::open(&counter).await.next().await;
    let expected = json!({
        "as_of": "2026-03-02T12:00:00Z", "watermark": null, "newest_event": "2026-03-02T11:59:58Z",
        "pulse": [{ "t": "2026-03-02T11:59:58Z", "counts": { "order": 1, "page_view": 12 } }],
        "orders": [{
            "order_id": "o1", "time": "2026-03-02T11:59:00Z", "revenue": "129.00", "currency": "EUR", "units": "2", "items": 2,
            "country": "Germany", "city": null, "first_item": "Lamp",
        }],
    });
    assert_eq!((name.as_str(), body), ("snapshot", expected));
}

#[tokio::test]
async fn a_delta_holds_what_changed_in_absolute_numbers() {
    let counter = Counter::new();
    counter.publish_second("2026-03-02T11:59:57Z", "order", 1);
    let mut browser = Browser::open(&counter).await;
    browser.next().await;
    let hub = Arc::clone(&counter.app.hub);
    let mut run = Box::pin(hub.run(counter.stop.clone()));
    assert!((&mut run).now_or_never().is_none());
    counter.publish_second("2026-03-02T11:59:58Z", "order", 2);
    counter.publish_second("2026-03-02T11:59:58Z", "order", 3);
    counter.publish_order("o1", "2026-03-02T11:59:58Z", Some(50_000));
    assert!((&mut run).now_or_never().is_none());
    let (name, body) = browser.next().await;
    assert_eq!(
        (name.as_str(), &body["pulse"]),
        (
            "delta",
            &json!([{ "t": "2026-03-02T11:59:58Z", "counts": { "order": 3 } }])
        )
    );
    assert_eq!(
        (&body["orders"][0]["revenue"], &body["orders_gone"]),
        (&json!("5.00"), &json!(null))
    );

    // Within the interval nothing more is told; after it, all at once.
    counter.publish_order("o2", "2026-03-02T11:59:59Z", Some(60_000));
    counter.publish_order("o1", "2026-03-02T11:59:58Z", None);
    assert!((&mut run).now_or_never().is_none());
    assert!(browser.next().now_or_never().is_none());
    counter.time.advance(INTERVAL);
    assert!((&mut run).now_or_never().is_none());
    let (_, body) = browser.next().await;
    assert_eq!(
        (&body["orders"][0]["order_id"], &body["orders_gone"]),
        (&json!("o2"), &json!(["o1"]))
    );
}

#[tokio::test]
async fn a_quiet_stream_says_that_it_lives() {
    let counter = Counter::new();
    let mut browser = Browser::open(&counter).await;
    browser.next().await;
    pass(&counter, Duration::from_secs(10)).await;
    assert_eq!(
        browser.next().await,
        (
            "heartbeat".to_owned(),
            json!({ "as_of": "2026-03-02T12:00:10Z" })
        )
    );
}

#[tokio::test]
async fn a_reader_that_is_too_slow_starts_over() {
    let counter = Counter::new();
    let mut slow = Browser::open(&counter).await;
    slow.next().await;
    let hub = Arc::clone(&counter.app.hub);
    let mut run = Box::pin(hub.run(counter.stop.clone()));
    assert!((&mut run).now_or_never().is_none());
    for number in 0..100 {
        counter.publish_order(&format!("o{number}"), "2026-03-02T11:59:58Z", Some(10_000));
        assert!((&mut run).now_or_never().is_none());
        counter.time.advance(INTERVAL);
        // One poll of a task may only do so much; the test is one task.
        tokio::task::yield_now().await;
    }
    let (first, second) = (slow.next().await, slow.next().await);
    assert_eq!((first.0.as_str(), second.0.as_str()), ("reset", "snapshot"));
    assert_eq!(second.1["orders"].as_array().map(Vec::len), Some(50));
    assert!(
        slow.next().now_or_never().is_none(),
        "what the snapshot holds is not told again"
    );
}

#[tokio::test]
async fn readers_share_what_is_written() {
    let counter = Counter::new();
    let mut browsers = [Browser::open(&counter).await, Browser::open(&counter).await];
    let hub = Arc::clone(&counter.app.hub);
    let mut run = Box::pin(hub.run(counter.stop.clone()));
    assert!((&mut run).now_or_never().is_none());
    counter.publish_second("2026-03-02T11:59:58Z", "order", 2);
    assert!((&mut run).now_or_never().is_none());
    let mut addresses = Vec::new();
    for browser in &mut browsers {
        let snapshot = browser.0.next().await.expect("a snapshot").expect("bytes");
        let delta = browser.0.next().await.expect("a delta").expect("bytes");
        addresses.push((snapshot.as_ptr(), delta.as_ptr()));
    }
    assert_eq!(addresses[0], addresses[1]);
}

#[tokio::test]
async fn a_store_hears_nothing_of_another() {
    let counter = Counter::new();
    counter.publish_second("2026-03-02T11:59:58Z", "order", 2);
    let key = counter.keys.admin_key().to_owned();
    let response = counter
        .send(
            Ask::get("/api/v1/stream?store=berlin")
                .with("x-api-key", &key)
                .request(),
        )
        .await;
    let mut browser = Browser(response.into_body().into_data_stream());
    browser.next_text().await;
    let (_, body) = browser.next().await;
    assert_eq!((&body["pulse"], &body["orders"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn readers_are_bounded_and_a_place_is_given_back() {
    let config = ApiConfig {
        stream_readers_max: 1,
        ..ApiConfig::default()
    };
    let counter = Counter::with(config, IpAddr::V4(Ipv4Addr::LOCALHOST));
    let first = Browser::open(&counter).await;
    counter.check(Ask::get("/api/v1/stream"), "503 busy").await;
    drop(first);
    Browser::open(&counter).await;
}

#[tokio::test]
async fn streams_end_when_the_server_stops() {
    let counter = Counter::new();
    let mut browser = Browser::open(&counter).await;
    browser.next().await;
    counter.stop.cancel();
    assert!(browser.0.next().await.is_none());
    Arc::clone(&counter.app.hub).run(counter.stop.clone()).await;
}
