//! Claims about customers over HTTP: who bought most comes first, one is found by its id, and nobody sees another store's.

use super::counter::{at, text};
use super::*;
use crate::{NewKey, Scope};
use changelog::{Change, Value as Cellar};
use event::time::DAY;
use serde_json::{Value, json};

/// A customer who ordered so often, and brought in 25 each time, the last time two days before noon.
fn customer(store: &str, id: &str, orders: i64) -> Change {
    let noon = at("2026-03-02T12:00:00Z").0;
    let money = |units: i64| Cellar::Decimal(i128::from(units) * 10_000);
    let time = |days: i64| Cellar::Time(noon - days * DAY);
    let values = vec![
        time(9),
        time(0),
        Cellar::Int(orders),
        time(9),
        time(2),
        Cellar::Null,
        money(3 * orders),
        text("EUR"),
        money(25 * orders),
        money(20 * orders),
        money(5),
        money(25),
        Cellar::Int(orders),
        Cellar::Int(8),
        Cellar::Int(1),
        Cellar::Int(0),
        text("Tea"),
        text("tea"),
        Cellar::Null,
        Cellar::Int(9),
        Cellar::Int(7),
        Cellar::Int(2),
        text("open"),
        time(0),
        money(2),
        money(12),
        text("EUR"),
    ];
    Change {
        table: "customers",
        key: Box::from([text(store), text(id)]),
        values: Some(values.into()),
        version: 1,
    }
}

fn shop() -> Counter {
    let counter = Counter::new();
    counter.publish(vec![
        customer("main", "ann", 1),
        customer("main", "bob", 3),
        customer("north", "cyd", 9),
    ]);
    counter
}

async fn listed(counter: &Counter, path: &str) -> String {
    let reply = counter.ask(Ask::get(path)).await;
    let Some(rows) = reply.json()["data"].as_array().cloned() else {
        return reply.summary();
    };
    let ids = rows
        .iter()
        .map(|row| row["id"].as_str().unwrap_or("?").to_owned());
    ids.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn who_brought_in_most_comes_first_page_by_page() {
    let counter = shop();
    assert_eq!(listed(&counter, "/api/v1/customers").await, "bob ann");
    assert_eq!(
        listed(&counter, "/api/v1/customers?sort=orders&limit=1&cursor=1").await,
        "ann"
    );
    assert_eq!(
        listed(&counter, "/api/v1/customers?store=north&sort=last_seen").await,
        "cyd"
    );
    let reply = counter
        .ask(Ask::get("/api/v1/customers?sort=order"))
        .await
        .text;
    assert!(reply.contains("orders"), "{reply}");
}

#[tokio::test]
async fn a_customer_is_found_by_its_id_and_who_never_bought_is_not() {
    let counter = shop();
    let reply = counter.ask(Ask::get("/api/v1/customers/bob")).await.json();
    let found = &reply["data"];
    assert_eq!(
        (
            &found["revenue"],
            &found["net"],
            &found["average_order"],
            &found["units"]
        ),
        (
            &"75.00".into(),
            &"60.00".into(),
            &"25.00".into(),
            &"9".into()
        )
    );
    assert_eq!(found["cart"]["value"], "12.00");
    assert_eq!(found["favourites"]["category"], "Tea");
    let missing = counter
        .ask(Ask::get("/api/v1/customers/dan"))
        .await
        .summary();
    assert!(missing.starts_with("404"), "{missing}");
}

#[tokio::test]
async fn a_key_for_one_store_sees_no_customer_of_another() {
    let counter = shop();
    let key = NewKey {
        name: "north".to_owned(),
        scope: Scope::Read,
        store: Some("north".to_owned()),
    };
    let secret = counter.keys.create(&key).expect("a key");
    let ask = async |path: &str| {
        let reply = counter.ask(Ask::get(path).with("x-api-key", &secret)).await;
        (
            reply.summary()[..3].to_owned(),
            reply.text.contains("75.00"),
        )
    };
    assert_eq!(ask("/api/v1/customers").await, ("200".to_owned(), false));
    assert_eq!(
        ask("/api/v1/customers/cyd").await,
        ("200".to_owned(), false)
    );
    assert_eq!(
        ask("/api/v1/customers/bob").await,
        ("404".to_owned(), false)
    );
    let other = "/api/v1/customers/bob?store=main";
    assert_eq!(ask(other).await, ("403".to_owned(), false));
}

/// Everybody with more than one order is above each point of orders and money, and half a day ago is lately.
fn cuts(store: &str) -> Change {
    let days = at("2026-03-02T00:00:00Z").0 / DAY;
    let mut values = vec![Cellar::Int(2), text("smaller"), text("EUR")];
    let points = [4_000, 10_000, 16_000, 30_000];
    let points = points.into_iter().chain([10_000; 4]);
    values.extend(points.chain([250_000; 4]).map(Cellar::Decimal));
    Change {
        table: "rfm_cuts",
        key: Box::from([text(store), Cellar::Int(days)]),
        values: Some(values.into()),
        version: 1,
    }
}

#[tokio::test]
async fn a_customer_has_scores_and_a_segment_or_a_reason_why_not() {
    let counter = shop();
    let rfm = async |path: &str| counter.ask(Ask::get(path)).await.json()["data"]["rfm"].clone();
    let before = rfm("/api/v1/customers/bob").await;
    assert_eq!(
        (&before["scores"], &before["segment"]),
        (&Value::Null, &Value::Null)
    );
    let reason = before["reason"].as_str().unwrap_or_default();
    assert!(reason.starts_with("no cut points yet"), "{reason}");
    counter.publish(vec![cuts("main"), customer("main", "dan", 0)]);
    let expected = json!({
        "recency_days": 2, "frequency": 3, "monetary": "60.00",
        "scores": { "r": 2, "f": 5, "m": 5 }, "segment": "Can't Lose Them", "reason": null,
    });
    assert_eq!(rfm("/api/v1/customers/bob").await, expected);
    let ann = rfm("/api/v1/customers/ann").await;
    assert_eq!(ann["scores"], json!({ "r": 2, "f": 1, "m": 1 }));
}

#[tokio::test]
async fn segments_are_counted_listed_and_guessed() {
    let counter = shop();
    counter.publish(vec![cuts("main")]);
    let reply = counter
        .ask(Ask::get("/api/v1/customers/segments"))
        .await
        .json();
    let rows = reply["data"].as_array().cloned().unwrap_or_default();
    let told = rows.iter().filter(|row| row["customers"] != 0);
    let told: Vec<_> = told
        .map(|row| {
            json!([
                row["segment"],
                row["customers"],
                row["share"],
                row["mean_orders"],
                row["revenue"]
            ])
        })
        .collect();
    let expected = [
        json!(["Can't Lose Them", 1, 0.5, 3.0, "75.00"]),
        json!(["Hibernating", 1, 0.5, 1.0, "25.00"]),
    ];
    assert_eq!(told, expected);
    assert_eq!(reply["meta"]["partial"], false);
    assert_eq!(reply["meta"]["cuts"]["day"], "2026-03-02");
    assert_eq!(reply["meta"]["cuts"]["monetary"][0], "25.00");
    assert_eq!(reply["meta"]["cuts"]["recency_days"][0], 0.4);
    let listed_of = |segment: &str| format!("/api/v1/customers?segment={segment}");
    assert_eq!(listed(&counter, &listed_of("hibernating")).await, "ann");
    assert_eq!(listed(&counter, &listed_of("Champions")).await, "");
    let unknown = counter.ask(Ask::get(&listed_of("hibernate"))).await.text;
    assert!(
        unknown.contains("did you mean \\\"Hibernating"),
        "{unknown}"
    );
}
