//! Claims about the audit and data quality over HTTP: lines as they are asked for, findings in words, and no look into
//! another store.

use super::counter::{at, text};
use super::*;
use crate::{NewKey, Scope};
use changelog::{Change, Value as Cellar};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

fn change(table: &'static str, key: Vec<Cellar>, values: Vec<Cellar>) -> Change {
    Change {
        table,
        key: key.into(),
        values: Some(values.into()),
        version: 1,
    }
}

fn counts(counts: &[i64]) -> Vec<Cellar> {
    counts.iter().map(|count| Cellar::Int(*count)).collect()
}

/// The counts of a line, of which nothing was retracted.
fn tally(of: &[i64]) -> Vec<Cellar> {
    counts(&[of, &[0]].concat())
}

/// A source in one hour, as if it had none other: `rows received accepted duplicate quarantined counted late`.
fn publish_hour(counter: &Counter, (source, store): (&str, &str), hour: &str, of: [i64; 7]) {
    let key = vec![text(source), text(store)];
    let named = [vec![text("till")], tally(&of)].concat();
    let hour = Cellar::Time(at(hour).0);
    counter.publish(vec![
        change("sources", key.clone(), named),
        change("audit_hours", [key, vec![hour]].concat(), tally(&of)),
    ]);
}

async fn asked(counter: &Counter, path: &str) -> Value {
    counter.ask(Ask::get(path)).await.json()
}

#[tokio::test]
async fn lines_come_by_source_store_and_hour_and_page_by_page() {
    let counter = Counter::new();
    publish_hour(
        &counter,
        ("http:a", "main"),
        "2026-03-02T10:00:00Z",
        [0, 5, 3, 1, 1, 3, 0],
    );
    publish_hour(
        &counter,
        ("http:b", "main"),
        "2026-03-02T11:00:00Z",
        [0, 2, 2, 0, 0, 1, 0],
    );
    counter.publish(vec![change(
        "totals",
        Vec::new(),
        tally(&[7, 5, 1, 1, 4, 0]),
    )]);
    counter.log_end.store(2, Ordering::Relaxed);
    let path = "/api/v1/audit?by=source,store,hour";
    let all = asked(&counter, path).await;
    let lines = all["data"]["lines"].as_array().expect("lines");
    let expected = json!({
        "source": "http:a", "name": "till", "store": "main", "part": "hour", "hour": "2026-03-02T10:00:00Z", "rows_read": 0,
        "received": 5, "accepted": 3, "duplicate": 1, "quarantined": 1, "counted": 3, "late": 0, "retracted": 0, "in_flight": 0, "law_holds": true,
    });
    assert_eq!(lines[0], expected);
    assert_eq!(lines[1]["law_holds"], false);
    let unread = json!({
        "part": "in_flight", "rows_read": 0, "received": 2, "accepted": 2, "duplicate": 0, "quarantined": 0, "counted": 0, "late": 0, "retracted": 0,
        "in_flight": 2, "law_holds": true,
    });
    assert_eq!((&lines[2], lines.len()), (&unread, 3));
    assert_eq!(
        (&all["data"]["law_holds"], &all["data"]["lines_broken"]),
        (&json!(false), &json!(1))
    );
    let first = asked(&counter, &format!("{path}&limit=2")).await;
    assert_eq!(first["page"]["next"], "2");
    let second = asked(&counter, &format!("{path}&limit=2&cursor=2")).await;
    assert_eq!(
        (&second["data"]["lines"], &second["page"]["next"]),
        (&json!([unread]), &Value::Null)
    );
    let hour = asked(
        &counter,
        "/api/v1/audit?from=2026-03-02T11:00:00Z&to=2026-03-02T12:00:00Z",
    )
    .await;
    assert_eq!(hour["data"]["lines"][0]["received"], 2);
}

#[tokio::test]
async fn a_key_of_one_store_sees_no_other() {
    let counter = Counter::new();
    publish_hour(
        &counter,
        ("http:a", "main"),
        "2026-03-02T10:00:00Z",
        [0, 5, 5, 0, 0, 5, 0],
    );
    publish_hour(
        &counter,
        ("http:a", "berlin"),
        "2026-03-02T10:00:00Z",
        [0, 2, 2, 0, 0, 2, 0],
    );
    counter.publish(vec![change(
        "totals",
        Vec::new(),
        tally(&[7, 7, 0, 0, 7, 0]),
    )]);
    let of_store = NewKey {
        name: "of berlin".to_owned(),
        scope: Scope::Read,
        store: Some("berlin".to_owned()),
    };
    let key = counter.keys.create(&of_store).expect("a key");
    let ask = async |path: &str| counter.ask(Ask::get(path).with("x-api-key", &key)).await;
    let seen = ask("/api/v1/audit?by=source").await.json();
    assert_eq!(
        (
            &seen["data"]["received"],
            &seen["data"]["lines"][0]["received"]
        ),
        (&json!(2), &json!(2))
    );
    assert_eq!(seen["data"]["sources"].as_array().map(Vec::len), Some(1));
    for path in ["/api/v1/audit?store=main", "/api/v1/quality?store=main"] {
        assert_eq!(ask(path).await.summary(), "403 store-forbidden", "{path}");
    }
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_with_a_hint() {
    let counter = Counter::new();
    for query in [
        "by=minute",
        "from=soon",
        "limit=0",
        "limit=1001",
        "cursor=x",
        "nosuch=1",
    ] {
        counter
            .check(
                Ask::get(&format!("/api/v1/audit?{query}")),
                "422 invalid-query",
            )
            .await;
    }
    for query in ["by=field", "to=soon", "field=nosuch", "limit=x"] {
        counter
            .check(
                Ask::get(&format!("/api/v1/quality?{query}")),
                "422 invalid-query",
            )
            .await;
    }
}

/// A minute of a source before noon: `offered refused duplicates lines` and its fields.
fn publish_minute(counter: &Counter, start: &str, of: [i64; 4], fields: &str) {
    let key = vec![
        text("http:a"),
        text("main"),
        text("1m"),
        Cellar::Time(at(start).0),
    ];
    counter.publish(vec![change(
        "quality",
        key,
        [counts(&of), vec![text(fields)]].concat(),
    )]);
}

#[tokio::test]
async fn quality_tells_fields_with_their_shares_and_steps() {
    let counter = Counter::new();
    let fields = "event_id=0 country=30 items.quantity=-+quantity_invalid:20";
    publish_minute(&counter, "2026-03-02T11:58:00Z", [200, 20, 6, 50], fields);
    publish_minute(
        &counter,
        "2026-03-02T11:59:00Z",
        [40, 0, 0, 0],
        "event_id=0 country=0",
    );
    let told = asked(&counter, "/api/v1/quality").await;
    let row = |field: &str| {
        let rows = told["data"]["rows"].as_array().expect("rows").iter();
        let mut of_field = rows.filter(|row| row["field"] == field);
        of_field.next().cloned().expect("a row")
    };
    let id = json!({
        "source": "http:a", "name": "http:a", "store": "main", "field": "event_id", "rows": 240, "nulls": 0, "null_share": 0.0,
        "invalid": 0, "invalid_share": 0.0, "duplicates": 6, "steps": {},
    });
    assert_eq!(row("event_id"), id);
    let country = row("country");
    assert_eq!(
        (&country["nulls"], &country["null_share"]),
        (&json!(30), &json!(0.136_364))
    );
    let quantity = row("items.quantity");
    assert_eq!(
        (
            &quantity["rows"],
            &quantity["nulls"],
            &quantity["invalid"],
            &quantity["steps"]
        ),
        (
            &json!(50),
            &Value::Null,
            &json!(20),
            &json!({ "quantity_invalid": 20 })
        )
    );
    let by_minute = asked(
        &counter,
        "/api/v1/quality?by=minute&field=country&from=2026-03-02T11:59:00Z",
    )
    .await;
    let expected = json!([{
        "field": "country", "start": "2026-03-02T11:59:00Z", "grain": "1m", "rows": 40, "nulls": 0, "null_share": 0.0, "invalid": 0,
        "invalid_share": 0.0, "duplicates": 0, "steps": {},
    }]);
    assert_eq!(by_minute["data"]["rows"], expected);
    let found = &told["data"]["findings"];
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(
        found[0]["sentence"],
        "8.3 % of 240 events were set aside because of items.quantity, most by quantity_invalid"
    );
    assert_eq!(
        (&found[0]["kind"], &found[0]["since"]),
        (&json!("invalid_share"), &json!("2026-03-02T11:58:00Z"))
    );
}

#[tokio::test]
async fn a_source_that_fell_silent_is_found_once_the_server_has_been_up_for_so_long() {
    let counter = Counter::new();
    let last = Cellar::Time(at("2026-03-02T11:50:00Z").0);
    let rhythm = vec![last, Cellar::Int(60), Cellar::Int(2_000)];
    counter.publish(vec![change(
        "rhythms",
        vec![text("http:a"), text("main")],
        rhythm,
    )]);
    let found = async || asked(&counter, "/api/v1/quality").await["data"]["findings"].clone();
    assert_eq!(found().await, json!([]), "the server has only just come up");
    counter.time.advance(std::time::Duration::from_secs(299));
    assert_eq!(found().await, json!([]));
    counter.time.advance(std::time::Duration::from_secs(2));
    let found = found().await;
    assert_eq!(found[0]["kind"], "source_silent");
    assert_eq!(
        found[0]["sentence"],
        "no event for 15 min; it usually pauses for 2 s"
    );
}

#[tokio::test]
async fn watermarks_stand_beside_the_law_by_store() {
    let counter = Counter::new();
    let row = |store: &str, watermark: Cellar, of: [i64; 2]| {
        let values = [vec![watermark], counts(&of)].concat();
        change("watermarks", vec![text(store)], values)
    };
    let told = Cellar::Time(at("2026-03-02T11:59:30Z").0);
    counter.publish(vec![
        row("main", told, [2, 1]),
        row("north", Cellar::Null, [0, 0]),
    ]);
    let main = json!({ "store": "main", "watermark": "2026-03-02T11:59:30Z", "live_sources": 2, "idle_sources": 1 });
    let north =
        json!({ "store": "north", "watermark": null, "live_sources": 0, "idle_sources": 0 });
    let of = async |path: &str| asked(&counter, path).await["data"]["watermarks"].clone();
    assert_eq!(of("/api/v1/audit").await, json!([main, north]));
    assert_eq!(of("/api/v1/audit?store=north").await, json!([north]));
    assert_eq!(of("/api/v1/audit?store=nowhere").await, json!([]));
}
