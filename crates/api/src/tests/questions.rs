//! Questions and their answers as they stand on the wire.

use super::counter::{at, text};
use super::*;
use analytics::catalogue;
use analytics::cell::cubes;
use changelog::{Change, Value as Cellar};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

/// A counter that has sold something.
fn sold() -> Counter {
    let counter = Counter::new();
    let time = "2026-03-02T11:58:30Z";
    counter.publish_fact(cubes::ACTIVITY, time, ("", ""), "events=9 item_views=4");
    counter.publish_fact(
        cubes::SALES,
        time,
        ("", "EUR"),
        "orders=3 revenue=12.50 units=2.5",
    );
    counter.publish_fact(
        cubes::SALES_BY_CATEGORY,
        time,
        ("Books", "EUR"),
        "orders=2 revenue=10.00",
    );
    counter.publish_fact(
        cubes::SALES_BY_CATEGORY,
        time,
        ("", "EUR"),
        "orders=1 revenue=2.50",
    );
    counter
}

async fn ask(counter: &Counter, question: Value) -> Reply {
    counter
        .ask(Ask::post("/api/v1/query", question.to_string()))
        .await
}

async fn check_refused(question: Value, expected: &str, hint: &str) {
    let reply = ask(&sold(), question.clone()).await;
    assert_eq!(
        (
            reply.summary().as_str(),
            reply.json()["hint"].as_str().unwrap_or_default()
        ),
        (expected, hint),
        "{question}"
    );
}

#[tokio::test]
async fn an_answer_has_rows_columns_and_what_is_said_of_them() {
    let reply = ask(
        &sold(),
        json!({
            "metrics": ["revenue", "orders"], "dimensions": ["category"], "granularity": "1h",
            "range": { "from": "2026-03-02T11:58:00Z", "to": "2026-03-02T12:30:00Z" },
            "order": [{ "by": "revenue", "direction": "desc" }], "limit": 1,
        }),
    )
    .await;
    let expected = json!({
        "data": [{ "window_start": "2026-03-02T11:00:00Z", "category": "Books", "currency": "EUR", "revenue": "10.00", "orders": 2 }],
        "meta": {
            "columns": [
                { "name": "window_start", "kind": "time", "unit": null, "label": "From" },
                { "name": "category", "kind": "dimension", "unit": null, "label": "Category" },
                { "name": "currency", "kind": "currency", "unit": null, "label": "Currency" },
                { "name": "revenue", "kind": "money", "unit": "currency", "label": "Revenue" },
                { "name": "orders", "kind": "count", "unit": null, "label": "Orders" },
            ],
            "range": { "from": "2026-03-02T11:58:00Z", "to": "2026-03-02T12:30:00Z" },
            "as_of": "2026-03-02T12:00:00Z", "watermark": null,
            "newest_event": "2026-03-02T11:58:30Z", "oldest_event": "2026-03-02T11:58:30Z",
            "partial": true, "timezone": "UTC", "grain": "1m", "total_rows": 2,
        },
        "page": { "next": "1" },
    });
    assert_eq!((reply.status, reply.json()), (200, expected));
}

#[tokio::test]
async fn a_value_that_is_not_stated_is_null_and_can_be_filtered() {
    let question = json!({ "metrics": ["orders"], "dimensions": ["category"], "filters": { "category": [null] } });
    assert_eq!(
        ask(&sold(), question).await.json()["data"],
        json!([{ "category": null, "orders": 1 }])
    );
}

#[tokio::test]
async fn quantities_and_ratios_are_decimal_text_and_no_value_is_null() {
    let question = json!({ "metrics": ["units", "aov", "order_value_p50", "visitors"] });
    let expected = json!([{ "currency": "EUR", "units": "2.5", "aov": "4.1667", "order_value_p50": null, "visitors": 0 }]);
    assert_eq!(ask(&sold(), question).await.json()["data"], expected);
}

#[tokio::test]
async fn the_range_before_stands_beside_each_number() {
    let question =
        json!({ "metrics": ["orders"], "range": { "last": "1h" }, "compare": "previous_period" });
    assert_eq!(
        ask(&sold(), question).await.json()["data"],
        json!([{ "orders": 3, "orders_before": 0 }])
    );
}

#[tokio::test]
async fn sliding_windows_have_a_start_an_end_and_the_first_rows_of_each() {
    let question = json!({
        "metrics": ["orders"], "dimensions": ["category"], "granularity": { "every": "30m", "over": "1h" },
        "range": { "from": "2026-03-02T11:30:00Z", "to": "2026-03-02T12:30:00Z" },
        "order": [{ "by": "orders", "direction": "desc" }], "limit_each": 1,
    });
    let reply = ask(&sold(), question).await.json();
    let row = |start: &str, end: &str| json!({ "window_start": start, "window_end": end, "category": "Books", "orders": 2 });
    let expected = json!([
        row("2026-03-02T11:00:00Z", "2026-03-02T12:00:00Z"),
        row("2026-03-02T11:30:00Z", "2026-03-02T12:30:00Z"),
    ]);
    assert_eq!(reply["data"], expected);
    assert_eq!(
        (&reply["meta"]["grain"], &reply["meta"]["total_rows"]),
        (&json!("1m"), &json!(2))
    );
}

#[tokio::test]
async fn windows_side_by_side_of_any_length_need_no_over() {
    let question = json!({ "metrics": ["orders"], "granularity": { "every": "5m" } });
    let expected = json!([{ "window_start": "2026-03-02T11:55:00Z", "window_end": "2026-03-02T12:00:00Z", "orders": 3 }]);
    assert_eq!(ask(&sold(), question).await.json()["data"], expected);
}

#[tokio::test]
async fn sliding_windows_that_cannot_be_are_refused_with_a_hint() {
    let sliding = |granularity: Value| json!({ "metrics": ["units"], "dimensions": ["product"], "granularity": granularity });
    check_refused(
        sliding(json!({ "every": "5m", "over": "1h" })),
        "422 not-kept",
        "it is kept in 15m, 1h, 1d: let every and over be whole multiples of one of these",
    )
    .await;
    check_refused(
        sliding(json!({ "every": "2h", "over": "1h" })),
        "422 invalid-query",
        "let over be as long as every, or longer",
    )
    .await;
    for granularity in [
        json!({ "every": "1y" }),
        json!({ "every": "1h", "over": "" }),
    ] {
        check_refused(
            sliding(granularity),
            "422 invalid-query",
            "write it as 30s, 15m, 1h or 7d",
        )
        .await;
    }
    for granularity in [
        json!({ "over": "1h" }),
        json!({ "every": "1h", "by": "1h" }),
        json!(5),
        json!(["1h"]),
    ] {
        let reply = ask(&sold(), sliding(granularity.clone())).await.json();
        let detail = reply["detail"].as_str().unwrap_or_default().to_owned();
        let form = "granularity is \"1h\" or the like, or {\"every\": \"1m\", \"over\": \"1h\"}";
        assert!(detail.starts_with(form), "{granularity}: {reply}");
    }
}

#[tokio::test]
async fn every_form_of_range_is_understood() {
    for range in [
        json!(null),
        json!({ "last": "15m" }),
        json!({ "last": "2m", "anchor": "now" }),
        json!({ "last": "1s", "anchor": "newest" }),
        json!({ "today": true }),
        json!({ "from": "2026-03-02", "to": "2026-03-03T00:00:00+01:00" }),
    ] {
        let data = ask(&sold(), json!({ "metrics": ["orders"], "range": range }))
            .await
            .json()["data"]
            .clone();
        assert_eq!(data, json!([{ "orders": 3 }]), "{range}");
    }
}

#[tokio::test]
async fn misspelt_names_are_recognised() {
    check_refused(
        json!({ "metrics": ["revenu"] }),
        "422 unknown-metric",
        "did you mean \"revenue\"?",
    )
    .await;
    check_refused(
        json!({ "metrics": ["Orders"] }),
        "422 unknown-metric",
        "did you mean \"orders\"?",
    )
    .await;
    check_refused(
        json!({ "metrics": ["zzz"] }),
        "422 unknown-metric",
        "GET /api/v1/meta/metrics lists all metrics",
    )
    .await;
    check_refused(
        json!({ "metrics": ["orders"], "dimensions": ["categories"] }),
        "422 unknown-metric",
        "did you mean \"category\"?",
    )
    .await;
    let order = json!({ "metrics": ["orders"], "order": [{ "by": "order" }] });
    check_refused(order, "422 invalid-query", "did you mean \"orders\"?").await;
}

#[tokio::test]
async fn what_is_not_kept_names_what_is() {
    let question = json!({ "metrics": ["visitors"], "dimensions": ["product"] });
    check_refused(
        question,
        "422 not-kept",
        "it is kept by country, category, device, hour, day_of_week",
    )
    .await;
    let question = json!({ "metrics": ["units"], "dimensions": ["product"], "granularity": "1m" });
    check_refused(question, "422 not-kept", "use one of 15m, 1h, 1d, all").await;
}

#[tokio::test]
async fn questions_of_a_wrong_form_are_refused_with_a_hint() {
    let length = "write it as 30s, 15m, 1h or 7d";
    for last in [
        "",
        "m",
        "15",
        "15 m",
        "-5m",
        "0m",
        "5w",
        "99999999999m",
        "4000000000d",
        "５m",
    ] {
        check_refused(
            json!({ "metrics": ["orders"], "range": { "last": last } }),
            "422 invalid-query",
            length,
        )
        .await;
    }
    let forms = "use {\"from\": …, \"to\": …}, {\"last\": \"15m\"} with \"anchor\": \"newest\" if you like, or {\"today\": true}";
    for range in [
        json!({}),
        json!({ "from": "2026-03-02T00:00:00Z" }),
        json!({ "today": false }),
        json!({ "last": "1h", "today": true }),
    ] {
        check_refused(
            json!({ "metrics": ["orders"], "range": range }),
            "422 invalid-query",
            forms,
        )
        .await;
    }
    let backwards = json!({ "from": "2026-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z" });
    check_refused(
        json!({ "metrics": ["orders"], "range": backwards }),
        "422 invalid-query",
        "swap from and to; to is exclusive",
    )
    .await;
    let question = json!({ "metrics": ["orders"], "granularity": "5m" });
    check_refused(
        question,
        "422 invalid-query",
        "use one of 1s, 1m, 15m, 1h, 1d, all; or any length as {\"every\": \"5m\"}",
    )
    .await;
    check_refused(
        json!({ "metrics": ["orders"], "limit": 5_000 }),
        "422 invalid-query",
        "use 1 to 1000; further rows come by offset",
    )
    .await;
}

#[tokio::test]
async fn bodies_that_are_no_question_are_refused() {
    let counter = sold();
    let question = |body: &str| Ask::post("/api/v1/query", body.to_owned());
    counter.check(question(""), "400 body-missing").await;
    counter.check(question("{"), "400 invalid-json").await;
    counter
        .check(question("{\"metrics\":[\"orders\"]}}"), "400 invalid-json")
        .await;
    counter
        .check(question(&"[".repeat(100_000)), "422 invalid-query")
        .await;
    counter
        .check(question("\u{feff}{}"), "400 invalid-json")
        .await;
    counter.check(question("[]"), "422 invalid-query").await;
    counter.check(question("{}"), "422 invalid-query").await;
    counter
        .check(question("{\"metrics\":[]}"), "422 invalid-query")
        .await;
    counter
        .check(
            question("{\"metrics\":[\"orders\"],\"limit\":-1}"),
            "422 invalid-query",
        )
        .await;
    counter
        .check(
            question("{\"metrics\":[\"orders\"],\"limit\":1e999}"),
            "400 invalid-json",
        )
        .await;
    counter
        .check(
            question("{\"metrics\":[\"orders\"],\"metrix\":1}"),
            "422 invalid-query",
        )
        .await;
    counter
        .check(
            question("{\"metrics\":[\"orders\"],\"compare\":\"last_year\"}"),
            "422 invalid-query",
        )
        .await;
    counter
        .check(
            question(&format!("{{\"metrics\":[\"{}\"]}}", "x".repeat(2 << 20))),
            "413 body-too-large",
        )
        .await;
    let many = vec!["orders"; 25];
    counter
        .check(
            question(&json!({ "metrics": many }).to_string()),
            "422 invalid-query",
        )
        .await;
}

#[tokio::test]
async fn years_beyond_every_calendar_are_answered() {
    for (from, to) in [
        ("0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
        ("-9999-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ] {
        for compare in [
            json!(null),
            json!("previous_period"),
            json!("same_time_last_week"),
        ] {
            let question = json!({ "metrics": ["orders"], "range": { "from": from, "to": to }, "granularity": "1d", "compare": compare });
            let status = ask(&sold(), question.clone()).await.status;
            assert!(status == 200 || status == 422, "{status} {question}");
        }
    }
}

#[tokio::test]
async fn the_catalogue_says_what_can_be_asked() {
    let catalogue = sold().ask(Ask::get("/api/v1/meta/metrics")).await.json();
    let metrics = catalogue["data"].as_array().expect("a list").clone();
    assert_eq!(metrics.len(), catalogue::metrics().count());
    let named = |name: &str| {
        metrics
            .iter()
            .find(|metric| metric["name"] == name)
            .expect("declared")
            .clone()
    };
    let revenue = named("revenue");
    assert_eq!(
        (&revenue["kind"], &revenue["unit"], &revenue["label"]),
        (&json!("money"), &json!("currency"), &json!("Revenue"))
    );
    assert_eq!(revenue["grains"], json!(["1m", "15m", "1h", "1d"]));
    assert_eq!(
        revenue["grains_by_dimension"]["product"],
        json!(["15m", "1h", "1d"])
    );
    assert_eq!(
        named("events")["grains"],
        json!(["1s", "1m", "15m", "1h", "1d"])
    );
    assert_eq!(
        named("events")["dimensions"],
        json!([
            "type",
            "country",
            "category",
            "device",
            "hour",
            "day_of_week"
        ])
    );
}

#[tokio::test]
async fn the_audit_shows_the_law_and_what_is_in_flight() {
    let counter = Counter::new();
    let row = |table, key: Vec<Cellar>, values: Vec<Cellar>| Change {
        table,
        key: key.into(),
        values: Some(values.into()),
        version: 1,
    };
    let counts = |counts: &[i64]| {
        counts
            .iter()
            .map(|count| Cellar::Int(*count))
            .collect::<Vec<_>>()
    };
    let source = [
        vec![text("orders.csv")],
        counts(&[12, 10, 7, 1, 2, 7, 0, 0]),
    ]
    .concat();
    counter.publish(vec![
        row("totals", Vec::new(), counts(&[10, 7, 1, 2, 7, 0, 0])),
        row("sources", vec![text("file:ab"), text("main")], source),
        row(
            "quarantine_reasons",
            vec![text("price_invalid")],
            counts(&[2]),
        ),
    ]);
    counter.log_end.store(4, Ordering::Relaxed);
    let expected = json!({
        "rows_read": 12, "received": 14, "accepted": 11, "duplicate": 1, "quarantined": 2, "counted": 7, "late": 0, "retracted": 0, "in_flight": 4,
        "law_holds": true,
        "quarantined_by_reason": { "price_invalid": 2 },
        "watermarks": [],
        "sources": [{
            "source": "file:ab", "name": "orders.csv", "store": "main", "rows_read": 12,
            "received": 10, "accepted": 7, "duplicate": 1, "quarantined": 2, "counted": 7, "late": 0, "retracted": 0, "in_flight": 0, "law_holds": true,
        }],
    });
    assert_eq!(
        counter.ask(Ask::get("/api/v1/audit")).await.json()["data"],
        expected
    );
}

#[tokio::test]
async fn the_quarantine_comes_page_by_page() {
    let counter = Counter::new();
    let rejected = |offset: i64| {
        let values = vec![
            text("file:ab"),
            text("main"),
            Cellar::Int(7),
            text("price_invalid"),
            text("price = \"x\""),
            text("{}"),
            Cellar::Time(at("2026-03-02").0),
        ];
        Change {
            table: "quarantine",
            key: Box::new([Cellar::Int(offset), Cellar::Int(0)]),
            values: Some(values.into()),
            version: 1,
        }
    };
    counter.publish((0..5).map(rejected).collect());
    let first = counter
        .ask(Ask::get("/api/v1/quarantine?limit=3"))
        .await
        .json();
    let expected = json!({
        "id": "4:0", "offset": 4, "index": 0, "source": "file:ab", "name": "file:ab", "store": "main", "position": 7, "reason": "price_invalid", "detail": "price = \"x\"",
        "bytes": "{}", "received_at": "2026-03-02T00:00:00Z",
    });
    assert_eq!(
        (&first["data"][0], &first["page"]["next"]),
        (&expected, &json!("2.0"))
    );
    let second = counter
        .ask(Ask::get("/api/v1/quarantine?limit=3&cursor=2.0"))
        .await
        .json();
    assert_eq!(
        (
            second["data"].as_array().map(Vec::len),
            &second["page"]["next"]
        ),
        (Some(2), &json!(null))
    );
    for wrong in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "cursor=x",
        "cursor=1",
        "page=2",
    ] {
        counter
            .check(
                Ask::get(&format!("/api/v1/quarantine?{wrong}")),
                "422 invalid-query",
            )
            .await;
    }
}
