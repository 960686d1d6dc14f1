//! The referee: the figures of each day, counted from plain events by the definitions of the metrics and by nothing else.
//! It is slow and short on purpose, and shares no code with what it checks.

use crate::client::Client;
use crate::plain::{PlainEvent, PlainLine, What};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

const DAY_MICROS: i64 = 86_400_000_000;

/// The figures of one day in UTC, by the names of their metrics. Money is in cents.
pub type Figures = BTreeMap<&'static str, i64>;

/// The figures that are compared.
const METRICS: [&str; 8] = [
    "events",
    "item_views",
    "cart_adds",
    "orders",
    "units",
    "revenue",
    "refunds",
    "refund_amount",
];

/// When, then which: the order that decides between events which compete.
fn rank(event: &PlainEvent) -> (i64, u128) {
    (event.time_micros, event.id)
}

/// Counts events, each given once.
#[must_use]
pub fn recount(events: &[&PlainEvent]) -> BTreeMap<i64, Figures> {
    let mut days: BTreeMap<i64, Figures> = BTreeMap::new();
    let mut add = |event: &PlainEvent, metric, value: i64| {
        let day = days.entry(event.time_micros.div_euclid(DAY_MICROS));
        *day.or_default().entry(metric).or_default() += value;
    };
    let mut events = events.to_vec();
    events.sort_by_key(|event| rank(event));
    // In this order the first of a number is the one that counts.
    let (mut orders, mut refunds) = (BTreeMap::new(), BTreeMap::new());
    let mut updates: HashMap<u64, Vec<&[PlainLine]>> = HashMap::new();
    let mut cancelled = Vec::new();
    for event in events {
        add(event, "events", 1);
        match &event.what {
            What::View(_) => add(event, "item_views", 1),
            What::CartAdd(_) => add(event, "cart_adds", 1),
            What::Order {
                order,
                lines,
                discount_cents,
            } => {
                orders
                    .entry(*order)
                    .or_insert((event, lines, *discount_cents));
            }
            What::Update { order, lines } => updates.entry(*order).or_default().push(lines),
            What::Cancel { order } => cancelled.push(*order),
            What::Refund { refund, lines, .. } => {
                refunds.entry(*refund).or_insert((event, lines));
            }
        }
    }
    for order in cancelled {
        orders.remove(&order);
    }
    for (order, (event, lines, discount_cents)) in orders {
        // A later update replaces the line of its number, or adds it.
        let all = std::iter::once(&lines[..]).chain(updates.remove(&order).unwrap_or_default());
        let standing: BTreeMap<i64, &PlainLine> =
            (all.flatten()).map(|line| (line.number, line)).collect();
        let sold: Vec<_> = standing.values().filter(|line| line.cents > 0).collect();
        if sold.is_empty() {
            continue; // gifts only
        }
        let value: i64 = sold.iter().map(|line| line.cents * line.pieces).sum();
        add(event, "orders", 1);
        add(event, "units", sold.iter().map(|line| line.pieces).sum());
        add(event, "revenue", value - discount_cents);
    }
    for (event, lines) in refunds.into_values() {
        add(event, "refunds", 1);
        let amount = lines.iter().map(|line| line.cents * line.pieces).sum();
        add(event, "refund_amount", amount);
    }
    days
}

/// Asks the server for the same figures and compares them day by day.
pub fn check_days(client: &Client, expected: &BTreeMap<i64, Figures>) -> Result<()> {
    for metric in METRICS {
        let of = |figures: &Figures| figures.get(metric).copied().unwrap_or(0);
        let expected = expected.iter().map(|(day, figures)| (*day, of(figures)));
        let expected: BTreeMap<i64, i64> = expected.filter(|(_, value)| *value != 0).collect();
        let found = ask_days(client, metric)?;
        ensure!(
            found == expected,
            "{metric} by day: the server says {found:?}, the clients sent {expected:?}"
        );
    }
    Ok(())
}

fn ask_days(client: &Client, metric: &str) -> Result<BTreeMap<i64, i64>> {
    let rows = client.query(&json!({"metrics": [metric], "granularity": "1d"}))?;
    let day = |row: &Value| {
        let start: jiff::Timestamp = row["window_start"].as_str()?.parse().ok()?;
        Some((
            start.as_microsecond().div_euclid(DAY_MICROS),
            whole(&row[metric])?,
        ))
    };
    let days = rows
        .iter()
        .map(|row| day(row).with_context(|| format!("read {row}")));
    let days: BTreeMap<i64, i64> = days.collect::<Result<_>>()?;
    Ok(days.into_iter().filter(|(_, value)| *value != 0).collect())
}

/// A count as it is, money in cents.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Null => Some(0),
        Value::String(text) => match text.split_once('.') {
            Some((whole, cents)) if cents.len() == 2 => format!("{whole}{cents}").parse().ok(),
            Some(_) => None,
            None => text.parse().ok(),
        },
        number => number.as_i64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: PlainLine = PlainLine {
        number: 1,
        product: 7,
        cents: 250,
        pieces: 2,
    };

    fn event(id: u128, time_micros: i64, what: What) -> PlainEvent {
        PlainEvent {
            id,
            time_micros,
            customer: 1,
            what,
        }
    }

    fn order(discount_cents: i64) -> What {
        What::Order {
            order: 5,
            lines: vec![ONE],
            discount_cents,
        }
    }

    fn update(line: PlainLine) -> What {
        What::Update {
            order: 5,
            lines: vec![line],
        }
    }

    fn check(events: &[PlainEvent], expected: &[(&str, i64)]) {
        let days = recount(&events.iter().collect::<Vec<_>>());
        let found: Vec<_> = days
            .values()
            .flatten()
            .filter(|(name, _)| **name != "events")
            .collect();
        assert_eq!(
            found
                .iter()
                .map(|(name, value)| (**name, **value))
                .collect::<Vec<_>>(),
            expected
        );
    }

    #[test]
    fn the_first_order_of_a_number_counts_and_the_smaller_id_at_one_time() {
        let early = event(9, 10, order(100));
        let later = event(1, 20, order(0));
        check(
            &[later.clone(), early.clone()],
            &[("orders", 1), ("revenue", 400), ("units", 2)],
        );
        let same_time = event(8, 10, order(50));
        check(
            &[later, early, same_time],
            &[("orders", 1), ("revenue", 450), ("units", 2)],
        );
    }

    #[test]
    fn updates_replace_and_add_lines_whenever_they_happened() {
        let more = update(PlainLine { pieces: 3, ..ONE });
        let other = update(PlainLine {
            number: 2,
            cents: 100,
            ..ONE
        });
        let events = [
            event(1, 5, more),
            event(2, 10, order(0)),
            event(3, 30, other),
        ];
        check(&events, &[("orders", 1), ("revenue", 950), ("units", 5)]);
    }

    #[test]
    fn cancelled_orders_and_gifts_are_none_and_a_refund_counts_on_its_own_day() {
        let cancel = What::Cancel { order: 5 };
        check(&[event(1, 5, cancel), event(2, 10, order(0))], &[]);
        let gift = update(PlainLine { cents: 0, ..ONE });
        check(&[event(1, 5, gift), event(2, 10, order(0))], &[]);
        let back = |id, time| {
            event(
                id,
                time,
                What::Refund {
                    refund: 3,
                    order: 5,
                    lines: vec![ONE],
                },
            )
        };
        let days = recount(&[&back(2, DAY_MICROS), &back(1, 2 * DAY_MICROS)]);
        assert_eq!(days[&1][&"refund_amount"], 500);
        assert_eq!(days[&2].get(&"refunds"), None);
    }
}
