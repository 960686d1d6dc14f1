//! Stock and prices against the simulator's truth, through the whole line: levels, standings, pieces sold and changes of
//! prices of three shops, in order, and again shuffled, repeated and killed in the middle.

use crate::shop::{check_in_any_order, deliver, lines, rows};
use crate::{dir, figure, number, program};
use serde_json::Value;
use simulator::{Kind, Settings, Story, SupplyRules, Table};
use std::collections::BTreeMap;
use testkit::Client;

const DAYS: i64 = 12;

/// Of a product's changes of price the newest are told.
const CHANGES_TOLD: usize = 32;

/// What the simulator knows of a product.
struct Known {
    level: i64,
    sold: i64,
    is_reported: bool,
}

/// Twelve days of a small shop that sells every product often: its lines and its truth.
struct Played {
    lines: Vec<Vec<u8>>,
    products: BTreeMap<String, Known>,
    /// By product: old and new price.
    price_changes: BTreeMap<String, Vec<String>>,
}

fn play(seed: u64, events: u64) -> Played {
    let (bytes, mut delivery) = deliver((seed, events), DAYS, |usual| Settings {
        products: 150,
        customers: 5_000,
        story: Story {
            supply: Some(SupplyRules::default()),
            ..Story::default()
        },
        ..usual
    });
    let told = delivery.truth().events_of(Kind::PriceChange);
    let table = delivery
        .ledger_mut()
        .expect("tables are kept")
        .take(Table::Stock);
    let table = String::from_utf8(table).expect("text");
    let price_changes = price_changes(&bytes);
    let count = price_changes.values().map(Vec::len).sum::<usize>() as u64;
    assert!(count <= told && told - count < 20, "{count} of {told}");
    Played {
        lines: lines(&bytes).map(<[u8]>::to_vec).collect(),
        products: table.lines().skip(1).map(read_stock).collect(),
        price_changes,
    }
}

/// Prices that became others, by the simulator's lines, which come in order. A price of a few cents may be told again.
fn price_changes(lines: &[u8]) -> BTreeMap<String, Vec<String>> {
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    let mut changes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let lines = std::str::from_utf8(lines).expect("text").lines();
    for line in lines.filter(|line| line.contains("\"price_change\"")) {
        let event: Value = serde_json::from_str(line).expect("an object");
        let (old, new) = (&event["old_price"], &event["new_price"]);
        let product = figure(&event["items"][0], "product_id");
        let before = known.insert(product.clone(), new.clone());
        let before = before.unwrap_or(old.clone());
        if before != *new {
            changes.entry(product).or_default().push(said(&before, new));
        }
    }
    changes
}

fn said(old: &Value, new: &Value) -> String {
    let price = |price: &Value| {
        let text = price
            .as_str()
            .map_or_else(|| price.to_string(), str::to_owned);
        let price: f64 = text.parse().expect("a price");
        format!("{price:.2}")
    };
    format!("{} > {}", price(old), price(new))
}

/// `prod_7,opening,received,sold,lost,level,reported`
fn read_stock(line: &str) -> (String, Known) {
    let columns: Vec<&str> = line.split(',').collect();
    let number = |at: usize| columns[at].parse().expect("a number");
    let known = Known {
        level: number(5),
        sold: number(3),
        is_reported: !columns[6].is_empty(),
    };
    (columns[0].to_owned(), known)
}

fn check(client: &Client, played: &Played) {
    let found = rows(client, "/api/v1/inventory?sort=product&");
    let found: BTreeMap<&str, &Value> = (found.iter())
        .map(|row| (row["product"].as_str().expect("an id"), row))
        .collect();
    let mut reported = 0;
    for (product, known) in &played.products {
        let Some(row) = found.get(product.as_str()) else {
            assert_eq!(known.sold, 0, "{product} was sold and has no row");
            continue;
        };
        assert_eq!(figure(row, "units_sold"), known.sold.to_string(), "{row}");
        if known.is_reported {
            reported += 1;
            let standing = match known.level {
                ..=0 => "out",
                1..10 => "low",
                _ => "in_stock",
            };
            assert_eq!(figure(row, "level"), known.level.to_string(), "{row}");
            assert_eq!(figure(row, "standing"), standing, "{row}");
        }
    }
    assert!(reported > 100, "only {reported} products have reports");
    let changes = rows(client, "/api/v1/prices/changes?");
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // The newest come first.
    for row in changes.iter().rev().filter(|row| row["source"] == "told") {
        let change = said(&row["old_price"], &row["new_price"]);
        told.entry(figure(row, "product")).or_default().push(change);
    }
    for (product, changes) in &played.price_changes {
        let newest = &changes[changes.len().saturating_sub(CHANGES_TOLD)..];
        assert_eq!(
            told.get(product).map(Vec::as_slice),
            Some(newest),
            "{product}"
        );
    }
    assert_eq!(told.len(), played.price_changes.len());
}

#[test]
fn levels_sales_and_prices_are_the_simulators_in_any_order() {
    let events = number("SHOPSTREAM_STOCK_EVENTS", 20_000);
    for seed in 1..=3 {
        let mut played = play(seed, events);
        let mut lines = std::mem::take(&mut played.lines);
        check_in_any_order(&mut lines, seed, |client| check(client, &played));
    }
}

/// Sends lines as they are; the row of one product afterwards.
fn row_after(lines: &[String], product: &str) -> (Value, Value) {
    let dir = dir();
    let server = program(&dir).up().expect("starts");
    let body = lines.join("\n").into_bytes();
    assert_eq!(server.offer(body).expect("answers").status, 202);
    let audit = server.audit_of(lines.len() as u64).expect("the law holds");
    let rows = rows(&server, &format!("/api/v1/inventory?product={product}&"));
    let row = rows.into_iter().next().unwrap_or_default();
    (row, audit["quarantined_by_reason"].clone())
}

fn line(kind: &str, minute: u32, rest: &str) -> String {
    format!(
        r#"{{"event_id":"{kind}{minute}","event_type":"{kind}","timestamp":"2026-03-02T12:{minute:02}:00Z",{rest}}}"#
    )
}

#[test]
fn stock_below_nothing_prices_below_nothing_and_a_billion_pieces_are_survived_and_told() {
    let item = |rest: &str| format!(r#""items":[{{"product_id":"tea"{rest}}}]"#);
    let order = item(r#","unit_price":0.01,"quantity":1000000000"#);
    let lines = [
        line(
            "stock_update",
            1,
            &format!(r#""stock_level":-5,{}"#, item("")),
        ),
        line(
            "price_change",
            2,
            &format!(r#""new_price":-1,{}"#, item("")),
        ),
        line("order", 3, &format!(r#""order_id":"o1",{order}"#)),
        line("order", 4, &format!(r#""order_id":"o2",{order}"#)),
        // A product that nobody names, and a level that is none.
        line("stock_update", 5, r#""stock_level":7"#),
        line(
            "stock_update",
            6,
            &format!(r#""stock_level":"many",{}"#, item("")),
        ),
        line(
            "stock_update",
            7,
            &format!(r#""stock_delta":0,{}"#, item("")),
        ),
    ];
    let (row, reasons) = row_after(&lines, "tea");
    let figures = [
        "level",
        "standing",
        "basis",
        "units_sold",
        "sold_out",
        "days_of_cover",
    ];
    let shown = figures.map(|name| figure(&row, name)).join(" ");
    assert_eq!(
        shown, "-2000000005 out reports 2000000000 2000000000 0",
        "{row}"
    );
    assert_eq!(
        reasons,
        serde_json::json!({ "price_negative": 1, "quantity_invalid": 1 })
    );
}
