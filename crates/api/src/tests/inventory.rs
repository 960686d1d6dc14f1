//! Claims about stock and prices over HTTP: what is wanting first, effects of changes, and no look into another store.

use super::counter::{at, text};
use super::*;
use crate::{NewKey, Scope};
use changelog::{Change, Value as Cellar};
use event::time::{DAY, HOUR};
use serde_json::Value;

fn change(table: &'static str, key: Vec<Cellar>, values: Option<Vec<Cellar>>) -> Change {
    Change {
        table,
        key: key.into(),
        values: values.map(Into::into),
        version: 1,
    }
}

fn pieces(pieces: i64) -> Cellar {
    Cellar::Decimal(i128::from(pieces) * 10_000)
}

/// A product that was looked at for ten days and sold 20 pieces in stock.
fn product(id: &str, level: i64, standing: &str, lost: Option<i64>) -> Change {
    let noon = at("2026-03-02T12:00:00Z").0;
    let times = [Cellar::Time(noon - HOUR), Cellar::Time(noon - HOUR)];
    let head = [
        Cellar::Time(noon),
        pieces(level),
        text("reports"),
        text(standing),
    ];
    let counts = [0, 10 * DAY, 0, 0, 0, 7, 0, 0, 0].map(Cellar::Int);
    let values = head.into_iter().chain(times).chain([pieces(3)]);
    let values = values.chain([Cellar::Int(1), Cellar::Int(0)]);
    let values = values.chain([Cellar::Time(noon - 10 * DAY)]);
    let values = values.chain(counts.into_iter().skip(1));
    let values = values.chain([pieces(20), pieces(0)]);
    let values = values.chain([lost.map_or(Cellar::Null, pieces), Cellar::Null]);
    let values = values.chain([pieces(50), pieces(2), pieces(1)]);
    let key = vec![text("main"), text(id)];
    change("inventory", key, Some(values.collect()))
}

/// A change of price at noon: ten views before, five after.
fn price_change(store: &str, product: &str) -> Change {
    let noon = at("2026-03-02T12:00:00Z").0;
    let side = |days, views, units| {
        let counts = [days, views, 1, 2, 0].map(Cellar::Int);
        counts
            .into_iter()
            .chain([pieces(units), pieces(10 * units)])
    };
    let head = [pieces(10), pieces(12), text("told")];
    let values = head.into_iter().chain(side(7, 10, 14)).chain(side(2, 0, 3));
    let key = vec![text(store), text(product), text("EUR"), Cellar::Time(noon)];
    change("price_changes", key, Some(values.collect()))
}

/// The page's products, or its problem.
async fn listed(counter: &Counter, path: &str) -> String {
    let reply = counter.ask(Ask::get(path)).await;
    let Some(rows) = reply.json()["data"].as_array().cloned() else {
        return reply.summary();
    };
    let names = rows
        .iter()
        .map(|row| row["product"].as_str().unwrap_or("?").to_owned());
    names.collect::<Vec<_>>().join(" ")
}

fn stocked() -> Counter {
    let counter = Counter::new();
    counter.publish(vec![
        product("tea", 40, "in_stock", None),
        product("cup", 0, "out", Some(7)),
        product("pot", -2, "out", Some(9)),
        product("lid", 4, "low", None),
    ]);
    counter
}

#[tokio::test]
async fn what_is_wanting_most_comes_first_page_by_page() {
    let counter = stocked();
    let list = async |path: &str| listed(&counter, path).await;
    assert_eq!(list("/api/v1/inventory").await, "pot cup lid tea");
    assert_eq!(list("/api/v1/inventory?standing=out").await, "pot cup");
    assert_eq!(
        list("/api/v1/inventory?standing=out&limit=1&cursor=1").await,
        "cup"
    );
    assert_eq!(
        list("/api/v1/inventory?sort=level").await,
        "pot cup lid tea"
    );
    assert_eq!(
        list("/api/v1/inventory?sort=product").await,
        "cup lid pot tea"
    );
    assert_eq!(list("/api/v1/inventory?product=tea").await, "tea");
    counter.publish(vec![change(
        "inventory",
        vec![text("main"), text("cup")],
        None,
    )]);
    assert_eq!(list("/api/v1/inventory?standing=out").await, "pot");
}

#[tokio::test]
async fn a_question_that_cannot_be_meant_is_told_what_could() {
    let counter = Counter::new();
    for (path, hint) in [
        (
            "/api/v1/inventory?standing=in-stock",
            "did you mean \"in_stock\"?",
        ),
        ("/api/v1/inventory?sort=levels", "did you mean \"level\"?"),
        (
            "/api/v1/inventory?standing=x",
            "use unknown, in_stock, low, out",
        ),
        ("/api/v1/inventory?limit=0", "use 1 to 1000"),
    ] {
        let reply = counter.ask(Ask::get(path)).await;
        assert_eq!(reply.summary(), "422 invalid-query", "{path}");
        assert_eq!(reply.json()["hint"], hint, "{path}");
    }
}

#[tokio::test]
async fn velocity_and_cover_are_as_of_now() {
    let counter = stocked();
    let shown = async || {
        let reply = counter.ask(Ask::get("/api/v1/inventory?product=tea")).await;
        let row = reply.json()["data"][0].clone();
        ["velocity_per_day", "days_of_cover"].map(|name| row[name].clone())
    };
    assert_eq!(shown().await, ["2", "20"].map(Value::from));
    let watermark = |time: &str| {
        let values = vec![Cellar::Time(at(time).0), Cellar::Int(1), Cellar::Int(0)];
        vec![change("watermarks", vec![text("main")], Some(values))]
    };
    // Ten days without a sale more.
    counter.publish(watermark("2026-03-12T12:00:00Z"));
    assert_eq!(shown().await, ["1", "40"].map(Value::from));
    counter.publish(watermark("2026-04-12T12:00:00Z"));
    assert_eq!(shown().await, [Value::from("0"), Value::Null]);
}

#[tokio::test]
async fn a_change_of_price_tells_what_it_did() {
    let counter = Counter::new();
    let price = [pieces(12), Cellar::Null, text("told")];
    let price = price.into_iter().chain([1, 0].map(Cellar::Int));
    let slope = [-12_345, -15_000, -9_000].map(Cellar::Decimal);
    let price = price.chain(slope).chain([text("regression")]);
    let price = price.chain([9, 0, 3, 0, 0, 0].map(Cellar::Int));
    let key = vec![text("main"), text("tea"), text("EUR")];
    counter.publish(vec![
        price_change("main", "tea"),
        change("prices", key, Some(price.collect())),
    ]);
    let reply = counter
        .ask(Ask::get("/api/v1/prices/changes?product=tea"))
        .await;
    let row = reply.json()["data"][0].clone();
    let shown = |pointer: &str| {
        row.pointer(pointer)
            .cloned()
            .unwrap_or(Value::from("missing"))
    };
    for (pointer, expected) in [
        ("/old_price", Value::from("10.00")),
        ("/new_price", Value::from("12.00")),
        ("/before/conversion", Value::from("0.2")),
        ("/before/units_per_day", Value::from("2")),
        ("/before/revenue_per_day", Value::from("20.00")),
        ("/after/days", Value::from(2)),
        ("/after/conversion", Value::Null),
        ("/elasticity/value", Value::from("-1.23")),
        ("/elasticity/low", Value::from("-1.5")),
        ("/elasticity/confounded", Value::from(false)),
    ] {
        assert_eq!(shown(pointer), expected, "{pointer} of {row}");
    }
    let later = "/api/v1/prices/changes?from=2026-03-03T00:00:00Z";
    assert_eq!(listed(&counter, later).await, "");
}

#[tokio::test]
async fn a_key_of_one_store_sees_no_other() {
    let counter = stocked();
    counter.publish(vec![
        price_change("main", "tea"),
        price_change("north", "oil"),
    ]);
    let key = NewKey {
        name: "north".to_owned(),
        scope: Scope::Read,
        store: Some("north".to_owned()),
    };
    let secret = counter.keys.create(&key).expect("a key");
    let ask = async |path: &str| {
        let reply = counter.ask(Ask::get(path).with("x-api-key", &secret)).await;
        (
            reply.summary(),
            reply.text.contains("oil"),
            reply.text.contains("tea"),
        )
    };
    assert_eq!(
        ask("/api/v1/inventory").await,
        ("200".to_owned(), false, false)
    );
    assert_eq!(
        ask("/api/v1/prices/changes").await,
        ("200".to_owned(), true, false)
    );
    let other = ask("/api/v1/inventory?store=main").await.0;
    assert_eq!(other, "403 store-forbidden");
}
