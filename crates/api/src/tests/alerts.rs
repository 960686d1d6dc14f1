//! Claims about alerts over HTTP: newest first, as they stand now, in their units; who answered; no look into another store.

use super::counter::{NOON, at, text};
use super::*;
use crate::{NewKey, Scope};
use changelog::{Change, Value as Cellar};
use event::time::{DAY, HOUR, MINUTE};
use serde_json::{Value, json};

const FIRST: &str = "0000000000000000000000000000000a";
const SECOND: &str = "0000000000000000000000000000000b";

/// What of an alert differs from test to test.
struct Told {
    store: &'static str,
    id: &'static str,
    rule: &'static str,
    severity: &'static str,
    minutes: i64,
    numbers: &'static str,
    seen_by: Option<&'static str>,
    gone: Option<&'static str>,
}

const USUAL: Told = Told {
    store: "main",
    id: FIRST,
    rule: "high_value_order",
    severity: "info",
    minutes: 0,
    numbers: "order_value=12000000 limit=10000000",
    seen_by: None,
    gone: None,
};

fn change(table: &'static str, key: Vec<Cellar>, values: Vec<Cellar>) -> Change {
    Change {
        table,
        key: key.into(),
        values: Some(values.into()),
        version: 1,
    }
}

/// An order's alert, which is forgotten after a day.
fn alert(told: &Told) -> Change {
    let began = at(NOON).0 + told.minutes * MINUTE;
    let or_null = |word: Option<&str>| word.map_or(Cellar::Null, text);
    let values = vec![
        text(told.rule),
        text(told.severity),
        text("order"),
        text("A1"),
        text("product"),
        text("tea"),
        Cellar::Time(began),
        Cellar::Null,
        Cellar::Time(began + DAY),
        or_null(told.gone),
        told.seen_by.map_or(Cellar::Null, |_| Cellar::Time(began)),
        or_null(told.seen_by),
        Cellar::Null,
        Cellar::Null,
        Cellar::Decimal(12_000_000),
        text("EUR"),
        text(told.numbers),
        text("00000000-0000-0000-0000-000000000001"),
    ];
    change("alerts", vec![text(told.store), text(told.id)], values)
}

fn watermark(time: &str) -> Change {
    let values = vec![Cellar::Time(at(time).0), Cellar::Int(1), Cellar::Int(0)];
    change("watermarks", vec![text("main")], values)
}

fn told() -> Counter {
    let counter = Counter::new();
    let second = Told {
        id: SECOND,
        rule: "stock_out",
        severity: "warning",
        minutes: 30,
        numbers: "level=-20000",
        ..USUAL
    };
    counter.publish(vec![
        watermark("2026-03-02T12:40:00Z"),
        alert(&USUAL),
        alert(&second),
    ]);
    counter
}

/// Rules and states of the page, or its problem.
async fn listed(counter: &Counter, path: &str) -> String {
    let reply = counter.ask(Ask::get(path)).await;
    let Some(rows) = reply.json()["data"].as_array().cloned() else {
        return reply.summary();
    };
    let word = |row: &Value, name: &str| row[name].as_str().unwrap_or("?").to_owned();
    let rows = rows
        .iter()
        .map(|row| format!("{} {}", word(row, "rule"), word(row, "state")));
    rows.collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn alerts_come_newest_first_and_as_they_are_asked_for() {
    let counter = told();
    for (question, expected) in [
        ("", "stock_out firing, high_value_order firing"),
        ("?limit=1&cursor=1", "high_value_order firing"),
        ("?state=acknowledged,resolved", ""),
        ("?severity=warning", "stock_out firing"),
        ("?rule=high_value_order", "high_value_order firing"),
        ("?since=2026-03-02T12:30:00Z", "stock_out firing"),
        ("?store=north", ""),
    ] {
        let path = format!("/api/v1/alerts{question}");
        assert_eq!(listed(&counter, &path).await, expected, "{question}");
    }
}

#[tokio::test]
async fn time_alone_resolves_and_history_retracts() {
    let counter = told();
    let gone = Told {
        id: SECOND,
        rule: "stock_out",
        gone: Some("retracted"),
        seen_by: Some("ann"),
        minutes: 30,
        ..USUAL
    };
    counter.publish(vec![alert(&gone), watermark("2026-03-03T12:00:00Z")]);
    assert_eq!(
        listed(&counter, "/api/v1/alerts").await,
        "stock_out retracted, high_value_order resolved"
    );
    let row = Change {
        values: None,
        ..alert(&gone)
    };
    counter.publish(vec![row]);
    let left = listed(&counter, "/api/v1/alerts?state=resolved").await;
    assert_eq!(left, "high_value_order resolved");
}

#[tokio::test]
async fn evidence_stands_in_its_units() {
    let counter = Counter::new();
    for (rule, numbers, expected) in [
        (
            "high_value_order",
            "order_value=12000000 limit=10000000",
            json!([
                ["order_value", "1200.00", "EUR"],
                ["limit", "1000.00", "EUR"]
            ]),
        ),
        (
            "order_unlike_customer",
            "usual=55000 z=4712 limit=4000 observations=9",
            json!([
                ["usual", "5.50", "EUR"],
                ["z", 4.712, null],
                ["limit", 4.0, null],
                ["observations", 9, null]
            ]),
        ),
        (
            "unusual_quantity",
            "pieces=515000 limit=500000",
            json!([["pieces", "51.5", "pieces"], ["limit", "50", "pieces"]]),
        ),
        (
            "order_rate",
            "value=3 usual=40",
            json!([["value", 3, null], ["usual", 40, null]]),
        ),
        (
            "revenue_rate",
            "value=30000",
            json!([["value", "3.00", "EUR"]]),
        ),
        (
            "lag",
            "lag=301500000 limit=300000000",
            json!([["lag", 301.5, "seconds"], ["limit", 300.0, "seconds"]]),
        ),
        (
            "quarantine_share",
            "part=3 limit=100",
            json!([["part", 3, null], ["limit", "0.01", "share"]]),
        ),
        ("a_rule_of_once", "limit=7", json!([["limit", 7, null]])),
    ] {
        counter.publish(vec![alert(&Told {
            rule,
            numbers,
            ..USUAL
        })]);
        let reply = counter.ask(Ask::get("/api/v1/alerts")).await;
        let row = reply.json()["data"][0].clone();
        let numbers = row["evidence"].as_array().cloned().unwrap_or_default();
        let shown = numbers
            .iter()
            .map(|one| json!([one["name"], one["value"], one["unit"]]));
        assert_eq!(shown.collect::<Value>(), expected, "{rule}");
        assert_eq!(
            row["at_risk"],
            json!({ "amount": "1200.00", "currency": "EUR" })
        );
    }
}

#[tokio::test]
async fn of_a_flood_the_number_is_told() {
    let counter = told();
    let more = |rule: &str, hours: i64, count| {
        let key = vec![
            text("main"),
            text(rule),
            Cellar::Time(at(NOON).0 + hours * HOUR),
        ];
        change("alerts_more", key, vec![Cellar::Int(count)])
    };
    counter.publish(vec![
        more("high_value_order", 0, 7),
        more("stock_out", -1, 2),
    ]);
    let meta = async |path: &str| counter.ask(Ask::get(path)).await.json()["meta"].clone();
    let all = meta("/api/v1/alerts").await;
    assert_eq!(
        (&all["more_count"], &all["total_rows"]),
        (&json!(9), &json!(2))
    );
    let of_rule = meta("/api/v1/alerts?rule=high_value_order").await;
    let hour = json!([{ "store": "main", "rule": "high_value_order", "hour": "2026-03-02T12:00:00Z", "count": 7 }]);
    assert_eq!(of_rule["more"], hour);
    let since = meta("/api/v1/alerts?since=2026-03-02T12:30:00Z").await;
    assert_eq!(since["more_count"], json!(7));
}

#[tokio::test]
async fn a_question_that_cannot_be_meant_is_told_what_could() {
    let counter = Counter::new();
    for (question, hint) in [
        ("state=fireing", "did you mean \"firing\"?"),
        ("severity=x", "use info, warning, critical"),
        ("rule=stockout", "did you mean \"stock_out\"?"),
        ("limit=0", "use 1 to 1000"),
    ] {
        let reply = counter
            .ask(Ask::get(&format!("/api/v1/alerts?{question}")))
            .await;
        assert_eq!(reply.summary(), "422 invalid-query", "{question}");
        assert_eq!(reply.json()["hint"], hint, "{question}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_written_down_once_with_who_gave_it() {
    let counter = told();
    let path = format!("/api/v1/alerts/{FIRST}/acknowledge");
    counter.check(Ask::post(&path, ""), "200").await;
    let note = counter.door.acts.lock().pop().expect("a note");
    assert_eq!(
        (
            note.alert,
            note.rule.as_str(),
            note.alert_at,
            note.by.as_str()
        ),
        (10, "high_value_order", at(NOON), "admin")
    );
    assert!(!note.is_resolved);
    let seen = Told {
        seen_by: Some("ann"),
        ..USUAL
    };
    counter.publish(vec![alert(&seen)]);
    let again = counter.ask(Ask::post(&path, "")).await.json()["data"].clone();
    assert_eq!(
        (&again["state"], &again["acknowledged"]["by"]),
        (&json!("acknowledged"), &json!("ann"))
    );
    assert!(counter.door.acts.lock().is_empty(), "it is known already");
    let resolve = format!("/api/v1/alerts/{FIRST}/resolve");
    counter.check(Ask::post(&resolve, ""), "200").await;
    assert!(counter.door.acts.lock().iter().all(|note| note.is_resolved));
    let unknown = "/api/v1/alerts/ff/resolve";
    counter.check(Ask::post(unknown, ""), "404 not-found").await;
}

#[tokio::test]
async fn a_key_answers_only_with_the_scope_and_sees_its_own_store_only() {
    let counter = told();
    let key = |name: &str, scope, store: &str| {
        let key = NewKey {
            name: name.to_owned(),
            scope,
            store: Some(store.to_owned()),
        };
        counter.keys.create(&key).expect("a key")
    };
    let (reads, north) = (
        key("reads", Scope::Read, "main"),
        key("north", Scope::Admin, "north"),
    );
    let path = format!("/api/v1/alerts/{FIRST}/acknowledge");
    let post = async |key: &str| {
        let ask = Ask::post(&path, "").with("x-api-key", key);
        counter.ask(ask).await.summary()
    };
    assert_eq!(post(&reads).await, "403 scope-missing");
    assert_eq!(post(&north).await, "404 not-found");
    let ask = Ask::get("/api/v1/alerts").with("x-api-key", &north);
    assert_eq!(counter.ask(ask).await.json()["data"], json!([]));
}
