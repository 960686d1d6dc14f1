//! Merging is exact: whatever the range, zone and granularity, an answer equals the sum over single minutes.

use super::shop::{Fact, Shop, at, bucket_of, coupon_of};
use crate::query::{Answer, Figure, Query, Range};
use analytics::cell::{Cell, Sketches, cubes};
use analytics::tally::Field;
use analytics::window::Grain;
use event::EventTime;
use event::time::{DAY, MINUTE};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Zones with whole hours, a clock change within the three days, quarters of an hour, and half an hour of change.
const ZONES: [&str; 4] = [
    "UTC",
    "Europe/Berlin",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
];
/// Three days around the clock changes of Berlin (29 March) and, a week later, of Lord Howe Island.
const STARTS: [&str; 2] = ["2026-03-28T00:00:00", "2026-04-03T12:00:00"];

#[derive(Debug, Clone)]
struct Order {
    minute: i64,
    category: usize,
    currency: usize,
    revenue: i64,
    customer: u32,
}

fn orders() -> impl Strategy<Value = Vec<Order>> {
    let order = (
        0..3 * DAY / MINUTE,
        0..3_usize,
        0..2_usize,
        1..2_000_000_i64,
        0..12_u32,
    );
    let order = order.prop_map(|(minute, category, currency, revenue, customer)| Order {
        minute,
        category,
        currency,
        revenue,
        customer,
    });
    prop::collection::vec(order, 0..60)
}

fn fact(order: &Order, start: EventTime) -> Fact {
    let cube = cubes::SALES_BY_CATEGORY;
    let mut cell = Cell::of(cube.cube());
    let column = |field| {
        cube.cube()
            .fields
            .iter()
            .position(|known| *known == field)
            .expect("a field of sales")
    };
    cell.sums[column(Field::Orders)] = 1;
    cell.sums[column(Field::Revenue)] = i128::from(order.revenue);
    sketches(&mut cell).distincts[0].insert(&mut [coupon_of(order.customer)]);
    sketches(&mut cell)
        .order_values
        .as_mut()
        .expect("sales keep them")
        .add(bucket_of(order.revenue), 1);
    Fact {
        cube,
        time: EventTime(start.0 + order.minute * MINUTE + 17),
        value: [None, Some("Books"), Some("Toys")][order.category].map(str::to_owned),
        currency: Some(["EUR", "USD"][order.currency].to_owned()),
        cell,
    }
}

type Numbers = (i128, i128, u64, Option<i64>);
type Key = (i64, Option<String>, Option<String>);

/// The same, the slow way: every fact of the range added to its group.
fn directly(
    shop: &Shop,
    facts: &[Fact],
    range: (EventTime, EventTime),
    granularity: Option<Grain>,
) -> BTreeMap<Key, Numbers> {
    let mut cells: BTreeMap<Key, Cell> = BTreeMap::new();
    for fact in facts
        .iter()
        .filter(|fact| range.0 <= fact.time && fact.time < range.1)
    {
        let window =
            granularity.map_or(0, |grain| shop.calendar().window_start(grain, fact.time).0);
        let key = (window, fact.value.clone(), fact.currency.clone());
        cells
            .entry(key)
            .or_insert_with(|| Cell::of(fact.cube.cube()))
            .merge(&fact.cell);
    }
    let numbers = |cell: &Cell| {
        let fields = cubes::SALES_BY_CATEGORY.cube().fields;
        let sum = |field| {
            fields
                .iter()
                .position(|known| *known == field)
                .map_or(0, |at| cell.sums[at])
        };
        let median = known(cell)
            .order_values
            .as_ref()
            .and_then(|values| values.quantile(500));
        (
            sum(Field::Orders),
            sum(Field::Revenue),
            known(cell).distincts[0].estimate(),
            median,
        )
    };
    cells
        .iter()
        .map(|(key, cell)| (key.clone(), numbers(cell)))
        .collect()
}

fn answered(answer: &Answer) -> BTreeMap<Key, Numbers> {
    let number = |figure: Figure| figure.number().unwrap_or(0);
    let row = |row: &crate::query::AnswerRow| {
        let key = (
            row.window.map_or(0, |window| window.0),
            row.value.as_deref().map(str::to_owned),
            row.currency.as_deref().map(str::to_owned),
        );
        let [orders, revenue, customers, median] = row.figures[..] else {
            panic!("four metrics are asked for")
        };
        let median = median
            .number()
            .and_then(|median| i64::try_from(median).ok());
        (
            key,
            (
                number(orders),
                number(revenue),
                u64::try_from(number(customers)).expect("a count"),
                median,
            ),
        )
    };
    answer.rows.iter().map(row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_is_the_sum_over_its_minutes(
        orders in orders(),
        zone in 0..ZONES.len(),
        start in 0..STARTS.len(),
        ends in (0..3 * DAY / MINUTE, 0..3 * DAY / MINUTE),
        granularity in prop::sample::select(vec![None, Some(Grain::Minute), Some(Grain::Quarter), Some(Grain::Hour), Some(Grain::Day)]),
    ) {
        let start = at(STARTS[start]);
        let mut shop = Shop::new(TimeZone::get(ZONES[zone]).expect("a zone of the database"));
        let facts: Vec<Fact> = orders.iter().map(|order| fact(order, start)).collect();
        facts.iter().for_each(|fact| shop.add_fact(fact.clone()));
        shop.publish();
        let minute = |number: i64| EventTime(start.0 + number * MINUTE);
        let range = (minute(ends.0.min(ends.1)), minute(ends.0.max(ends.1) + 1));
        let query = Query {
            metrics: ["orders", "revenue", "customers", "order_value_p50"].map(str::to_owned).to_vec(),
            dimensions: vec!["category".to_owned()],
            range: Some(Range::Between(range.0, range.1)),
            granularity,
            ..Query::default()
        };
        let answer = shop.live.query(&query, EventTime(0)).expect("the question is good");
        prop_assert_eq!(answered(&answer), directly(&shop, &facts, range, granularity));
    }
}

fn sketches(cell: &mut Cell) -> &mut Sketches {
    cell.sketches.as_deref_mut().expect("sales have sketches")
}

fn known(cell: &Cell) -> &Sketches {
    cell.sketches.as_deref().expect("sales have sketches")
}
