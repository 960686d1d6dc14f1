//! Claims about customers over HTTP: who bought most comes first, one is found by its id, and nobody sees another store's.

use super::counter::{at, text};
use super::*;
use crate::{NewKey, Scope};
use changelog::{Change, Value as Cellar};
use event::time::DAY;

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
