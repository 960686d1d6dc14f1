//! What rows add to the cubes, and that taking them back leaves nothing.

use super::super::*;
use super::said::{items, time};
use crate::cell::{CUBES, CubeId, Deltas, NameId, cubes};
use crate::tally::Field;
use std::collections::BTreeMap;

const STORE: NameId = NameId(7);
const CUBES_OF_CARTS: [CubeId; 6] = [
    cubes::CARTS,
    cubes::CARTS_BY_COUNTRY,
    cubes::CARTS_BY_DEVICE,
    cubes::CART_VALUES,
    cubes::CART_VALUES_BY_COUNTRY,
    cubes::CART_VALUES_BY_DEVICE,
];

fn tell(before: &[Row], after: &[Row], deltas: &mut Deltas) {
    let mut rows: BTreeMap<RowKey, [Option<&Row>; 2]> = BTreeMap::new();
    for (at, rows_told) in [before, after].into_iter().enumerate() {
        for row in rows_told {
            rows.entry(row.key()).or_default()[at] = Some(row);
        }
    }
    for [before, after] in rows.into_values() {
        count(STORE, before, after, deltas);
    }
}

/// `carts 10:00 created 1, open 1`: what is not 0, by cube, window, value and currency.
fn said(deltas: &mut Deltas, cube: CubeId) -> String {
    let mut cells: Vec<_> = deltas.take();
    cells.retain(|(key, delta)| key.cube == cube && delta.sums.iter().any(|sum| *sum != 0));
    cells.sort_by_key(|(key, _)| (key.window, key.value.0, key.currency.0));
    let cells = cells.iter().map(|(key, delta)| {
        assert_eq!(key.store, STORE);
        let fields = CUBES[usize::from(cube.0)].fields.iter().zip(&delta.sums);
        let fields = fields.filter(|(_, sum)| **sum != 0);
        let fields: Vec<String> = fields
            .map(|(field, sum)| format!("{}={sum}", field.name()))
            .collect();
        let fields = fields.join(" ");
        format!("{}/{} {fields}", super::clock(key.window), key.value.0)
    });
    cells.collect::<Vec<_>>().join(" | ")
}

fn check(events: &str, cube: CubeId, expected: &str) {
    let rules = Rules::default();
    let rows = rules.cut(&items(events), time("11:15"));
    let mut deltas = Deltas::default();
    tell(&[], &rows, &mut deltas);
    assert_eq!(said(&mut deltas, cube), expected, "{events}");
}

#[test]
fn a_cart_counts_when_it_was_created_by_the_country_and_device_of_that_event() {
    let events = "10:00=put:tea@5 10:30=put:milk@2 12:00=order:o1";
    check(
        events,
        cubes::CARTS,
        "10:00/0 carts_created=1 carts_recovered=1",
    );
    check(
        events,
        cubes::CARTS_BY_COUNTRY,
        "10:00/1 carts_created=1 carts_recovered=1",
    );
    check(
        events,
        cubes::CARTS_BY_DEVICE,
        "10:00/101 carts_created=1 carts_recovered=1",
    );
}

#[test]
fn every_cart_is_in_one_state() {
    check(
        "11:00=put:tea",
        cubes::CARTS,
        "11:00/0 carts_created=1 carts_open=1",
    );
    check(
        "10:00=put:tea",
        cubes::CARTS,
        "10:00/0 carts_created=1 carts_abandoned=1",
    );
    check(
        "10:00=put:tea 10:10=take:tea",
        cubes::CARTS,
        "10:00/0 carts_created=1 carts_emptied=1",
    );
    check(
        "10:00=put:tea 10:10=order:o1",
        cubes::CARTS,
        "10:00/0 carts_created=1 carts_ordered=1",
    );
}

#[test]
fn only_abandoned_and_open_carts_are_worth_something_by_currency() {
    let events = "10:00=put:tea*2@5 10:01=put:milk@2eur";
    check(
        events,
        cubes::CART_VALUES,
        "10:00/0 abandoned_value=20000 | 10:00/0 abandoned_value=100000",
    );
    check(
        events,
        cubes::CART_VALUES_BY_COUNTRY,
        "10:00/1 abandoned_value=20000 | 10:00/1 abandoned_value=100000",
    );
    check(
        events,
        cubes::CART_VALUES_BY_DEVICE,
        "10:00/101 abandoned_value=20000 | 10:00/101 abandoned_value=100000",
    );
    check(
        "11:00=put:tea@5",
        cubes::CART_VALUES,
        "11:00/0 open_carts_value=50000",
    );
    check("10:00=put:tea@5 10:01=order:o1", cubes::CART_VALUES, "");
    check("10:00=put:tea@5 10:01=take:tea", cubes::CART_VALUES, "");
}

#[test]
fn checkouts_and_orders_without_a_cart_count_by_their_own_time() {
    check(
        "10:00=put:tea 10:10=checkout",
        cubes::CARTS,
        "10:00/0 carts_created=1 carts_abandoned=1 | 10:10/0 checkouts_started=1 checkouts_abandoned=1",
    );
    check(
        "11:10=checkout 11:12=order:o1",
        cubes::CARTS_BY_COUNTRY,
        "11:10/1 checkouts_started=1 | 11:12/2 orders_without_cart=1",
    );
}

#[test]
fn what_changed_replaces_what_was_told() {
    let rules = Rules::default();
    let stages = [
        "",
        "10:00=put:tea@5",
        "10:00=put:tea@5 10:10=checkout",
        "10:00=put:tea@5 10:10=checkout 10:20=order:o1",
        "10:00=put:tea@5 09:50=put:milk@1 10:10=checkout",
        "",
    ];
    let rows = stages.map(|events| match events {
        "" => Vec::new(),
        events => rules.cut(&items(events), time("11:15")),
    });
    let mut deltas = Deltas::default();
    for stages in rows.windows(2) {
        tell(&stages[0], &stages[1], &mut deltas);
    }
    let cells = deltas.take();
    assert!(cells.iter().any(|(key, _)| key.cube == cubes::CART_VALUES));
    let is_nothing = |sums: &[i128]| sums.iter().all(|sum| *sum == 0);
    assert!(cells.iter().all(|(_, delta)| is_nothing(&delta.sums)));
}

#[test]
fn a_row_that_is_told_again_touches_no_cell() {
    let rows = Rules::default().cut(&items("10:00=put:tea@5"), time("11:15"));
    let mut deltas = Deltas::default();
    tell(&rows, &rows, &mut deltas);
    assert!(deltas.is_empty());
}

#[test]
fn the_cubes_of_carts_hold_all_that_is_declared_of_carts() {
    let fields: Vec<Field> = CUBES_OF_CARTS
        .iter()
        .flat_map(|cube| cube.cube().fields)
        .copied()
        .collect();
    let is_money = |field: &&Field| field.scale() == crate::tally::Scale::Money;
    assert_eq!(fields.iter().filter(is_money).count(), 3 * 2);
    assert_eq!(fields.len(), 3 * 9 + 3 * 2);
}
