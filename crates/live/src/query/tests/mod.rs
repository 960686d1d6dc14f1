//! Claims about answers, on rows made by hand; what merging must give is computed a second time in `merging`.

mod calendar;
mod merging;
mod rows;
mod shop;
mod sliding;
mod times;

use super::*;
use jiff::tz::TimeZone;
use shop::{Shop, at};

/// A query of metrics, separated by spaces.
fn ask(metrics: &str) -> Query {
    let metrics = metrics.split(' ').map(str::to_owned).collect();
    Query {
        metrics,
        ..Query::default()
    }
}

fn by(metrics: &str, dimension: &str) -> Query {
    Query {
        dimensions: vec![dimension.to_owned()],
        ..ask(metrics)
    }
}

fn order_by(query: Query, name: &str, is_descending: bool) -> Query {
    Query {
        order: vec![OrderBy {
            by: name.to_owned(),
            is_descending,
        }],
        ..query
    }
}

/// Asks at noon of the second day and compares the rows, one a line.
fn check(shop: &Shop, query: &Query, expected: &[&str]) {
    let answer = shop
        .live
        .query(query, at("2026-03-02T12:00:00"))
        .map_err(|error| error.to_string());
    assert_eq!(
        answer
            .map(|answer| shop::shown(&answer))
            .unwrap_or_else(|error| vec![error]),
        expected,
        "{query:?}"
    );
}

fn checked(shop: &Shop, query: &Query) -> Answer {
    shop.live
        .query(query, at("2026-03-02T12:00:00"))
        .expect("the question is good")
}

/// Two days of a small shop.
fn small_shop() -> Shop {
    let mut shop = Shop::new(TimeZone::UTC);
    shop.sale(
        "2026-03-01T08:00:10",
        "Books",
        "EUR",
        "orders=1 revenue=10.00 units=2",
    );
    shop.sale(
        "2026-03-01T08:07:00",
        "Books",
        "EUR",
        "orders=2 revenue=5.00 units=3",
    );
    shop.sale(
        "2026-03-01T23:59:59",
        "Toys",
        "EUR",
        "orders=1 revenue=100.00 units=1",
    );
    shop.sale(
        "2026-03-02T08:00:00",
        "Toys",
        "USD",
        "orders=1 revenue=7.00 units=0.5",
    );
    shop.sale(
        "2026-03-02T11:58:00",
        "",
        "EUR",
        "orders=3 revenue=0.03 units=1",
    );
    shop.activity(
        "2026-03-01T08:00:10",
        "Books",
        "events=5 item_views=2",
        "ann bob",
    );
    shop.activity(
        "2026-03-02T11:58:00",
        "Books",
        "events=1 item_views=1",
        "ann",
    );
    shop.activity(
        "2026-03-02T11:59:00",
        "Games",
        "events=4 item_views=4",
        "cid dan",
    );
    shop.publish();
    shop
}

#[test]
fn one_row_sums_everything() {
    check(
        &small_shop(),
        &ask("orders units events"),
        &["orders=8 units=7.5 events=10"],
    );
}

#[test]
fn money_is_told_apart_by_currency() {
    check(
        &small_shop(),
        &ask("revenue orders"),
        &["EUR revenue=115.03 orders=7", "USD revenue=7.00 orders=1"],
    );
}

#[test]
fn one_currency_may_be_asked_for() {
    let query = Query {
        currency: Some("usd".to_owned()),
        ..ask("revenue orders")
    };
    check(&small_shop(), &query, &["USD revenue=7.00 orders=1"]);
    let query = Query {
        currency: Some("EUR".to_owned()),
        ..ask("orders")
    };
    check(&small_shop(), &query, &["orders=7"]);
    let query = Query {
        currency: Some("EURO".to_owned()),
        ..ask("orders")
    };
    check(&small_shop(), &query, &["\"EURO\" is no currency"]);
}

#[test]
fn numbers_without_currency_stand_on_every_currencys_row() {
    check(
        &small_shop(),
        &ask("revenue visitors"),
        &[
            "EUR revenue=115.03 visitors=4",
            "USD revenue=7.00 visitors=4",
        ],
    );
}

#[test]
fn what_was_viewed_and_never_sold_has_a_row_in_the_stores_currency() {
    check(
        &small_shop(),
        &by("revenue item_views", "category"),
        &[
            "Books EUR revenue=15.00 item_views=3",
            "Games EUR revenue=0.00 item_views=4",
            "Toys EUR revenue=100.00 item_views=0",
            "Toys USD revenue=7.00 item_views=0",
            "? EUR revenue=0.03 item_views=0",
        ],
    );
}

#[test]
fn a_value_that_is_not_stated_comes_last_and_can_be_asked_for() {
    check(
        &small_shop(),
        &by("orders", "category"),
        &["Books orders=3", "Toys orders=2", "? orders=3"],
    );
    let filtered = |values: &[Option<&str>]| {
        let values = values
            .iter()
            .map(|value| value.map(str::to_owned))
            .collect();
        Query {
            filters: vec![("category".to_owned(), values)],
            ..by("orders", "category")
        }
    };
    check(&small_shop(), &filtered(&[None]), &["? orders=3"]);
    check(
        &small_shop(),
        &filtered(&[Some("Toys"), Some("Unheard")]),
        &["Toys orders=2"],
    );
    check(&small_shop(), &filtered(&[]), &[]);
}

#[test]
fn ratios_are_divided_once_at_the_end() {
    // 115.03 / 7, not the mean of the days' ratios.
    let query = Query {
        currency: Some("EUR".to_owned()),
        ..ask("aov")
    };
    check(&small_shop(), &query, &["EUR aov=16.4329"]);
}

#[test]
fn a_ratio_without_orders_has_no_value() {
    let mut shop = Shop::new(TimeZone::UTC);
    shop.sale(
        "2026-03-01T08:00:10",
        "Books",
        "EUR",
        "refunds=1 refund_amount=5.00",
    );
    shop.publish();
    check(
        &shop,
        &ask("aov refund_amount order_value_p50"),
        &["EUR aov=- refund_amount=5.00 order_value_p50=-"],
    );
}

#[test]
fn a_row_where_nothing_is_counted_is_no_row() {
    let mut shop = small_shop();
    shop.sale(
        "2026-03-01T09:00:00",
        "Moved",
        "EUR",
        "orders=1 revenue=3.00",
    );
    shop.sale(
        "2026-03-01T09:00:00",
        "Moved",
        "EUR",
        "orders=-1 revenue=-3.00",
    );
    shop.publish();
    check(
        &shop,
        &by("orders", "category"),
        &["Books orders=3", "Toys orders=2", "? orders=3"],
    );
}

#[test]
fn the_stores_of_a_server_do_not_see_each_other() {
    let shop = small_shop();
    check(
        &shop,
        &Query {
            store: "other".to_owned(),
            ..ask("orders")
        },
        &[],
    );
}
