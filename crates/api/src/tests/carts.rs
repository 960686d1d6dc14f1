//! Carts and funnels as they stand on the wire.

use super::counter::{at, text};
use super::*;
use analytics::cell::cubes;
use changelog::{Change, Value as Cellar};
use serde_json::{Value, json};

/// What a test says of a cart: person, minute of the noon hour before, state, value, what was seen.
type Told<'a> = (&'a str, &'a str, &'a str, Option<i128>, &'a str);

fn cart((person, time, state, value, seen): Told<'_>) -> Change {
    let created = Cellar::Time(at(time).0);
    let currency = || value.map_or(Cellar::Null, |_| text("USD"));
    let cart = [
        text(state),
        created.clone(),
        Cellar::Null,
        Cellar::Int(2),
        Cellar::Int(1),
        Cellar::Int(0),
        Cellar::Decimal(20_000),
        value.map_or(Cellar::Null, Cellar::Decimal),
        currency(),
        text("Germany"),
        text("mobile"),
        text(seen),
        Cellar::Null,
        Cellar::Int(1),
    ];
    let price = value.map_or(Cellar::Null, |value| Cellar::Decimal(value / 2));
    let line = [
        text("p1"),
        Cellar::Decimal(20_000),
        price,
        currency(),
        created.clone(),
    ];
    Change {
        table: "carts",
        key: Box::new([
            text("main"),
            text("visitor"),
            text(person),
            created,
            text("e1"),
        ]),
        values: Some(cart.into_iter().chain(line).collect()),
        version: 1,
    }
}

/// A counter with three carts, and a name for what lies in them.
fn filled() -> Counter {
    let counter = Counter::new();
    let carts = [
        ("ann", "2026-03-02T11:40:00Z", "open", Some(250_000), ""),
        (
            "bob",
            "2026-03-02T10:00:00Z",
            "abandoned",
            Some(1_000_000),
            "checkout,payment_error,shipping_shown",
        ),
        ("cid", "2026-03-02T10:30:00Z", "abandoned", None, ""),
    ];
    counter.publish(carts.into_iter().map(cart).collect());
    counter.publish(vec![Change {
        table: "products",
        key: Box::new([text("main"), text("p1")]),
        values: Some(Box::new([text("Lamp")])),
        version: 1,
    }]);
    counter
}

async fn people(path: &str) -> Vec<String> {
    let reply = filled().ask(Ask::get(path)).await.json();
    let carts = reply["data"].as_array().cloned().unwrap_or_default();
    let person = |cart: &Value| cart["person"]["id"].as_str().map(str::to_owned);
    carts.iter().filter_map(person).collect()
}

async fn check_refused(path: &str, hint: &str) {
    let reply = filled().ask(Ask::get(path)).await;
    assert_eq!(reply.summary(), "422 invalid-query", "{path}");
    assert_eq!(reply.json()["hint"], hint, "{path}");
}

#[tokio::test]
async fn a_cart_is_told_with_its_person_its_lines_and_why_it_may_have_died() {
    let reply = filled()
        .ask(Ask::get("/api/v1/carts?state=abandoned&limit=1&cursor=1"))
        .await;
    let expected = json!([{
        "person": { "kind": "visitor", "id": "bob" }, "state": "abandoned",
        "created": "2026-03-02T10:00:00Z", "changed": "2026-03-02T10:00:00Z", "ended": null,
        "value": "100.00", "currency": "USD", "pieces": "2", "adds": 2, "removes": 1, "returns": 0,
        "reached_checkout": true, "reasons": ["payment_error", "shipping_shown"],
        "country": "Germany", "device": "mobile", "order_id": null, "line_count": 1,
        "lines": [{
            "product_id": "p1", "product_name": "Lamp", "quantity": "2", "price": "50.00", "currency": "USD",
            "added": "2026-03-02T10:00:00Z",
        }],
    }]);
    assert_eq!((reply.status, &reply.json()["data"]), (200, &expected));
    assert_eq!(reply.json()["page"]["next"], Value::Null);
}

#[tokio::test]
async fn what_is_said_of_a_list_of_carts_counts_all_of_them_whatever_the_page() {
    let reply = filled().ask(Ask::get("/api/v1/carts?limit=1")).await.json();
    let expected = json!({
        "as_of": "2026-03-02T12:00:00Z", "watermark": null, "timezone": "UTC",
        "total_rows": 3, "cut": false, "kept_max": 1000, "since": "2026-03-02T10:00:00Z",
        "summary": {
            "states": [
                { "state": "open", "carts": 1, "values": [{ "currency": "USD", "value": "25.00" }] },
                { "state": "abandoned", "carts": 2, "values": [{ "currency": "USD", "value": "100.00" }] },
            ],
            "reasons": [
                { "reason": "none", "carts": 1, "values": [] },
                { "reason": "payment_error", "carts": 1, "values": [{ "currency": "USD", "value": "100.00" }] },
                { "reason": "shipping_shown", "carts": 1, "values": [{ "currency": "USD", "value": "100.00" }] },
            ],
        },
    });
    assert_eq!(
        (&reply["meta"], &reply["page"]["next"]),
        (&expected, &json!("1"))
    );
}

#[tokio::test]
async fn carts_come_by_age_or_by_worth_and_by_what_became_of_them() {
    assert_eq!(people("/api/v1/carts").await, ["ann", "cid", "bob"]);
    assert_eq!(
        people("/api/v1/carts?sort=value").await,
        ["bob", "ann", "cid"]
    );
    assert_eq!(people("/api/v1/carts?state=open").await, ["ann"]);
    assert_eq!(people("/api/v1/carts?state=open,emptied").await, ["ann"]);
    assert!(people("/api/v1/carts?state=recovered").await.is_empty());
    assert!(people("/api/v1/carts?store=other").await.is_empty());
}

#[tokio::test]
async fn what_is_misspelt_is_refused_with_what_may_have_been_meant() {
    check_refused(
        "/api/v1/carts?state=abandonned",
        "did you mean \"abandoned\"?",
    )
    .await;
    check_refused(
        "/api/v1/carts?state=xyz",
        "use open, abandoned, emptied, ordered, recovered",
    )
    .await;
    check_refused("/api/v1/carts?sort=values", "did you mean \"value\"?").await;
    check_refused("/api/v1/carts?limit=0", "use 1 to 1000").await;
    check_refused("/api/v1/funnel?name=purchse", "did you mean \"purchase\"?").await;
    check_refused("/api/v1/funnel?name=xyz", "this store has purchase").await;
    check_refused(
        "/api/v1/funnel?anchor=newest",
        "use {\"from\": …, \"to\": …}, {\"last\": \"15m\"} with \"anchor\": \"newest\" if you like, or {\"today\": true}",
    )
    .await;
    check_refused("/api/v1/funnel?last=soon", "write it as 30s, 15m, 1h or 7d").await;
}

#[tokio::test]
async fn carts_and_funnels_want_a_key_that_may_read() {
    let counter = Counter::new();
    let key = counter.key(crate::keys::Scope::Ingest);
    for path in ["/api/v1/carts", "/api/v1/funnel"] {
        let bare = counter.ask_bare(Ask::get(path)).await;
        assert_eq!(bare.summary(), "401 key-missing");
        let ask = Ask::get(path).with("x-api-key", &key);
        counter.check(ask, "403 scope-missing").await;
    }
}

/// A counter with people who went the usual way.
fn walked() -> Counter {
    let counter = Counter::new();
    let time = "2026-03-02T11:50:00Z";
    let steps = [
        ("purchase:1", "funnel_units=40 funnel_units_ever=30"),
        (
            "purchase:2",
            "funnel_units=10 funnel_units_ever=8 funnel_time=600",
        ),
        (
            "purchase:4",
            "funnel_units=3 funnel_units_ever=3 funnel_time=90",
        ),
    ];
    counter.publish_fact(cubes::ACTIVITY, time, ("", ""), "events=99");
    for (step, numbers) in steps {
        counter.publish_fact(cubes::FUNNELS, time, (step, ""), numbers);
    }
    for (step, currency, value) in [
        ("purchase:2", "USD", "12.50"),
        ("purchase:4", "EUR", "7"),
        ("purchase:4", "USD", "100"),
    ] {
        let number = format!("funnel_value={value}");
        counter.publish_fact(cubes::FUNNEL_VALUES, time, (step, currency), &number);
    }
    counter
}

#[tokio::test]
async fn a_funnel_is_told_step_by_step_with_shares_times_and_money() {
    let reply = walked()
        .ask(Ask::get("/api/v1/funnel?name=purchase&last=1h"))
        .await
        .json();
    let step = |at: u32, kind: &str, units: (u32, u32), shares: [Value; 3], values: Value| {
        json!({
            "step": at, "key": format!("purchase:{at}"), "type": kind, "where": {},
            "units": units.0, "units_ever": units.1, "to_first": shares[0], "to_previous": shares[1],
            "seconds_from_previous": shares[2], "values": values,
        })
    };
    let usd = |value: &str| json!({ "currency": "USD", "value": value });
    let expected = json!([
        step(
            1,
            "item_view",
            (40, 30),
            [json!("1"), json!("1"), Value::Null],
            json!([])
        ),
        step(
            2,
            "cart_add",
            (10, 8),
            [json!("0.25"), json!("0.25"), json!("60")],
            json!([usd("12.50")])
        ),
        step(
            3,
            "checkout_start",
            (0, 0),
            [json!("0"), json!("0"), Value::Null],
            json!([])
        ),
        step(
            4,
            "order",
            (3, 3),
            [json!("0.075"), Value::Null, json!("30")],
            json!([{ "currency": "EUR", "value": "7.00" }, usd("100.00")]),
        ),
    ]);
    let funnel = &reply["data"][0];
    assert_eq!(funnel["steps"], expected);
    assert_eq!(
        [
            &funnel["name"],
            &funnel["unit"],
            &funnel["mode"],
            &funnel["window_s"]
        ],
        [
            &json!("purchase"),
            &json!("visitor"),
            &json!("ordered"),
            &json!(86_400)
        ]
    );
    let meta = &reply["meta"];
    assert_eq!(
        [
            &meta["range"]["from"],
            &meta["partial"],
            &meta["grain"],
            &meta["total_rows"]
        ],
        [
            &json!("2026-03-02T11:00:00Z"),
            &json!(true),
            &json!("15m"),
            &json!(1)
        ]
    );
    assert_eq!(meta["columns"][0]["label"], "Reached the step");
}

#[tokio::test]
async fn a_funnel_that_nobody_entered_has_its_steps_all_the_same() {
    let reply = walked()
        .ask(Ask::get(
            "/api/v1/funnel?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z",
        ))
        .await
        .json();
    let steps = reply["data"][0]["steps"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let numbers: Vec<_> = steps
        .iter()
        .map(|step| (&step["units"], &step["to_first"]))
        .collect();
    assert_eq!(numbers, [(&json!(0), &Value::Null); 4]);
}
