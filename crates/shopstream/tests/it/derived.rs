//! Derived fields through the real binary: from a request to the numbers they split.

use crate::{dir, program};
use serde_json::{Value, json};
use testkit::Server;

/// 2026-03-01 is a Sunday, and Berlin is one hour ahead of UTC.
const EVENTS: &str = r#"
{"event_id":"a","type":"item_view","ts":"2026-03-01T22:59:59Z","user_agent":"Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1"}
{"event_id":"b","type":"item_view","ts":"2026-03-01T23:00:00Z","user_agent":"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
{"event_id":"c","type":"item_view","ts":"2026-03-02T23:30:00Z","device_type":"Mobile"}
{"event_id":"d","type":"item_view","ts":"2026-03-02T10:00:00Z"}
"#;

fn check(server: &Server, dimension: &str, expected: &[(Value, u64)]) {
    let question = json!({"metrics": ["events"], "dimensions": [dimension]});
    let rows = server.query(&question).expect("answers");
    let expected: Vec<Value> = expected
        .iter()
        .map(|(value, events)| json!({dimension: value, "events": events}))
        .collect();
    assert_eq!(rows, expected, "{dimension}");
}

#[test]
fn requests_are_split_by_device_hour_and_day_of_the_week() {
    let dir = dir();
    let zone = "stores.main.timezone=Europe/Berlin";
    let server = program(&dir).start(["up", "--set", zone]).expect("starts");
    server.post("/api/v1/events", EVENTS).expect("is taken");
    server.settled_audit().expect("the law holds");
    check(
        &server,
        "device",
        &[(json!("bot"), 1), (json!("mobile"), 2), (Value::Null, 1)],
    );
    check(
        &server,
        "hour",
        &[(json!("00"), 2), (json!("11"), 1), (json!("23"), 1)],
    );
    check(
        &server,
        "day_of_week",
        &[(json!("1"), 2), (json!("2"), 1), (json!("7"), 1)],
    );
}
