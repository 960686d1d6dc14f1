//! Time in a running server: ticks lift its watermark where no event comes, and a death takes nothing of it back.

use crate::{dir, program};
use serde_json::{Value, json};
use testkit::{Server, now_micros};

fn micros(time: &Value) -> i64 {
    let time: Option<jiff::Timestamp> = time.as_str().and_then(|text| text.parse().ok());
    time.map_or(i64::MIN, jiff::Timestamp::as_microsecond)
}

/// The store's watermark, once it is so far.
fn watermark_from(server: &Server, micros_min: i64) -> i64 {
    let what = format!("the watermark is not at {micros_min}");
    let audit = server.audit_once(&what, |audit| {
        micros(&audit["watermarks"][0]["watermark"]) >= micros_min
    });
    micros(&audit.expect("it comes")["watermarks"][0]["watermark"])
}

/// The value of a series on the page for Prometheus.
fn gauge(server: &Server, series: &str) -> f64 {
    let (status, page) = server
        .send("GET", "/metrics", &[], Vec::new())
        .expect("answers");
    assert_eq!(status, 200);
    let line = page.lines().find(|line| line.starts_with(series));
    let value = line.and_then(|line| line.rsplit(' ').next()?.parse().ok());
    value.unwrap_or_else(|| panic!("no {series}"))
}

#[test]
fn an_hour_without_events_is_told_by_ticks_and_a_death_takes_nothing_back() {
    const HOUR: i64 = 3_600_000_000;
    let dir = dir();
    let program = program(&dir);
    let server = program.start(["up"]).expect("starts");
    let last = jiff::Timestamp::from_microsecond(now_micros() - HOUR).expect("a time");
    let event = json!({ "type": "page_view", "event_id": "last", "ts": last.to_string() });
    let answer = server.offer(event.to_string().into_bytes());
    assert_eq!(answer.expect("answers").status, 202);
    server.audit_of(1).expect("it is counted");

    let told = watermark_from(&server, last.as_microsecond());
    assert!(told <= now_micros() - 30_000_000, "half a minute is waited");
    assert!(told > now_micros() - HOUR / 6, "and no hour: {told}");
    let lag_seconds = gauge(&server, "shopstream_watermark_lag_seconds{store=\"main\"}");
    assert!((30.0..600.0).contains(&lag_seconds), "{lag_seconds}");
    let question = json!({ "metrics": ["events"], "range": {
        "from": (last - jiff::SignedDuration::from_mins(30)).to_string(),
        "to": (last + jiff::SignedDuration::from_mins(30)).to_string() } });
    let answer = server.post("/api/v1/query", question.to_string());
    let answer = answer.expect("answers");
    assert_eq!(answer["meta"]["partial"], false, "{answer}");
    assert!(micros(&answer["meta"]["watermark"]) >= told, "{answer}");

    server.kill().expect("is killed");
    let server = program.start(["up"]).expect("starts");
    let again = watermark_from(&server, told);
    assert!(again >= told);
    assert_eq!(server.settled_audit().expect("the law holds")["counted"], 1);
}
