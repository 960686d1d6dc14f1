//! Sliding windows equal the sum over the minutes in each of them, counted one by one: which windows there are is read
//! off the clock minute by minute here, and nothing is merged.

use super::merging::{Key, Numbers, ZONES, answered, fact, numbers_of, orders};
use super::shop::{Fact, Shop, at};
use super::*;
use event::time::{DAY, MINUTE};
use jiff::{Timestamp, ToSpan, Zoned};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Three days around the clock changes of Berlin and Lord Howe Island, forward and back.
const STARTS: [&str; 4] = [
    "2026-03-28T00:00:00",
    "2026-04-03T12:00:00",
    "2026-10-24T00:00:00",
    "2026-10-02T12:00:00",
];
/// Every and over, with the minutes and hours each is.
const LENGTHS: [(&str, &str); 9] = [
    ("1m", "1m"),
    ("5m", "10m"),
    ("15m", "1h"),
    ("30m", "1d"),
    ("1h", "24h"),
    ("1h", "2d"),
    ("6h", "12h"),
    ("2h", "5h"),
    ("1d", "2d"),
];

pub(super) fn sliding(every: &str, over: &str) -> Granularity {
    let length = |text| Length::parse(text).expect("a length");
    Granularity::Sliding(Sliding {
        every: length(every),
        over: length(over),
    })
}

fn zoned(zone: &TimeZone, time: i64) -> Zoned {
    let timestamp = Timestamp::from_microsecond(time).expect("a time");
    timestamp.to_zoned(zone.clone())
}

/// What of the clock does not change within a step.
fn step_of(every: &str, zoned: &Zoned) -> (jiff::civil::Date, i32, i32, i32) {
    let (number, unit) = every.split_at(every.len() - 1);
    let number: i32 = number.parse().expect("a number");
    let (hour, minute) = (i32::from(zoned.hour()), i32::from(zoned.minute()));
    let offset = zoned.offset().seconds();
    match unit {
        "m" => (zoned.date(), hour, minute / number, offset),
        "h" if number == 1 => (zoned.date(), hour, 0, offset),
        "h" => (zoned.date(), hour / number, 0, 0),
        _ => (zoned.date(), 0, 0, 0),
    }
}

fn before(over: &str, end: &Zoned) -> i64 {
    let (number, unit) = over.split_at(over.len() - 1);
    let number: i64 = number.parse().expect("a number");
    let span = match unit {
        "m" => number.minutes(),
        "h" => number.hours(),
        _ => number.days(),
    };
    let start = end.checked_sub(span).expect("a time");
    start.timestamp().as_microsecond()
}

/// Windows whose end lies in the range, as (start, end).
fn windows(zone: &TimeZone, every: &str, over: &str, range: (i64, i64)) -> Vec<(i64, i64)> {
    let is_end = |time: &i64| {
        let is_new =
            step_of(every, &zoned(zone, *time)) != step_of(every, &zoned(zone, time - MINUTE));
        is_new && range.0 < *time
    };
    let mut ends: Vec<i64> = Vec::new();
    let mut time = range.0;
    // The range is widened to whole steps: to the last at or before its start, to the first at or after its end.
    while step_of(every, &zoned(zone, time)) == step_of(every, &zoned(zone, time - MINUTE)) {
        time -= MINUTE;
    }
    while ends.last().is_none_or(|end| *end < range.1) {
        time += MINUTE;
        ends.extend(Some(time).filter(is_end));
    }
    ends.into_iter()
        .map(|end| (before(over, &zoned(zone, end)), end))
        .collect()
}

fn directly(facts: &[Fact], windows: &[(i64, i64)]) -> BTreeMap<(i64, Key), Numbers> {
    let mut rows = BTreeMap::new();
    for (start, end) in windows {
        let inside: Vec<Fact> = facts
            .iter()
            .filter(|fact| *start <= fact.time.0 && fact.time.0 < *end)
            .cloned()
            .collect();
        let numbers = numbers_of(&inside, |_| *start);
        rows.extend(
            numbers
                .into_iter()
                .map(|(key, numbers)| ((*end, key), numbers)),
        );
    }
    rows
}

fn answered_by_end(answer: &Answer) -> BTreeMap<(i64, Key), Numbers> {
    let rows = answer.rows.iter().map(|row| {
        let end = row.window_end.expect("sliding windows have an end").0;
        let (key, numbers) = answered(std::slice::from_ref(row))
            .pop_first()
            .expect("one row");
        ((end, key), numbers)
    });
    rows.collect()
}

/// All rows of a question, page by page.
fn every_row(shop: &Shop, query: &Query) -> Answer {
    let mut answer = shop
        .live
        .query(query, EventTime(0))
        .expect("the question is good");
    while let Some(offset) = answer.next_offset {
        let query = Query {
            offset,
            ..query.clone()
        };
        let next = shop
            .live
            .query(&query, EventTime(0))
            .expect("the question is good");
        answer.rows.extend(next.rows);
        answer.next_offset = next.next_offset;
    }
    answer
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_sliding_window_is_the_sum_over_its_minutes(
        orders in orders(),
        zone in 0..ZONES.len(),
        start in 0..STARTS.len(),
        ends in (0..3 * DAY / MINUTE, 1..DAY / MINUTE),
        lengths in 0..LENGTHS.len(),
    ) {
        let start = at(STARTS[start]);
        let zone = TimeZone::get(ZONES[zone]).expect("a zone of the database");
        let (every, over) = LENGTHS[lengths];
        let mut shop = Shop::new(zone.clone());
        let facts: Vec<Fact> = orders.iter().map(|order| fact(order, start)).collect();
        facts.iter().for_each(|fact| shop.add_fact(fact.clone()));
        shop.publish();
        let range = (start.0 + ends.0 * MINUTE, start.0 + (ends.0 + ends.1) * MINUTE);
        let query = Query {
            metrics: ["orders", "revenue", "customers", "order_value_p50"].map(str::to_owned).to_vec(),
            dimensions: vec!["category".to_owned()],
            range: Some(Range::Between(EventTime(range.0), EventTime(range.1))),
            granularity: Some(sliding(every, over)),
            ..Query::default()
        };
        let answer = every_row(&shop, &query);
        let expected = directly(&facts, &windows(&zone, every, over, range));
        prop_assert_eq!(answered_by_end(&answer), expected, "{} {} {:?} {:?}", every, over, zone, range);
    }
}

#[test]
fn windows_of_a_day_are_whole_in_the_night_an_hour_comes_twice() {
    let zone = TimeZone::get("Europe/Berlin").expect("a zone");
    let mut shop = Shop::new(zone.clone());
    for time in [
        "2026-10-24T00:10:00",
        "2026-10-24T00:40:00",
        "2026-10-25T01:10:00",
    ] {
        shop.activity(time, "Books", "events=1", "ann");
    }
    shop.publish();
    // A day before the second two o'clock lies half an hour before a day before the first half past two.
    let query = ends_in(
        "2026-10-24T23:30:00",
        "2026-10-25T02:00:00",
        "30m",
        "1d",
        ask("events visitors"),
    );
    check(
        &shop,
        &query,
        &[
            "10-24T00:00 events=2 visitors=1",
            "10-24T00:30 events=1 visitors=1",
            "10-24T00:00 events=2 visitors=1",
            "10-24T00:30 events=2 visitors=1",
            "10-24T01:00 events=1 visitors=1",
        ],
    );
}

fn ends_in(from: &str, to: &str, every: &str, over: &str, query: Query) -> Query {
    Query {
        range: Some(Range::Between(at(from), at(to))),
        granularity: Some(sliding(every, over)),
        ..query
    }
}

#[test]
fn a_range_asks_for_the_windows_that_end_in_it_and_each_is_whole() {
    let query = ends_in(
        "2026-03-01T08:30:00",
        "2026-03-01T09:00:00",
        "10m",
        "1h",
        ask("orders"),
    );
    check(
        &small_shop(),
        &query,
        &[
            "03-01T07:40 orders=3",
            "03-01T07:50 orders=3",
            "03-01T08:00 orders=3",
        ],
    );
}

#[test]
fn without_a_range_there_is_every_window_that_holds_an_event() {
    let query = Query {
        granularity: Some(sliding("1d", "2d")),
        ..ask("events")
    };
    check(
        &small_shop(),
        &query,
        &[
            "02-28T00:00 events=5",
            "03-01T00:00 events=10",
            "03-02T00:00 events=5",
        ],
    );
}

#[test]
fn windows_side_by_side_may_have_any_length() {
    let query = ends_in(
        "2026-03-01T08:00:00",
        "2026-03-01T08:10:00",
        "5m",
        "5m",
        ask("orders visitors"),
    );
    check(
        &small_shop(),
        &query,
        &[
            "03-01T08:00 orders=1 visitors=2",
            "03-01T08:05 orders=2 visitors=0",
        ],
    );
}

#[test]
fn sliding_windows_are_compared_with_those_before() {
    let query = Query {
        compare: Some(Compare::PreviousPeriod),
        ..ends_in(
            "2026-03-02T00:00:00",
            "2026-03-03T00:00:00",
            "12h",
            "1d",
            ask("events"),
        )
    };
    check(
        &small_shop(),
        &query,
        &[
            "03-01T12:00 events=5 events_before=5",
            "03-02T00:00 events=5 events_before=5",
        ],
    );
}

#[test]
fn each_window_may_show_its_first_rows_only() {
    let query = Query {
        limit_each: Some(1),
        ..order_by(by("orders", "category"), "orders", true)
    };
    let query = ends_in(
        "2026-03-01T12:00:00",
        "2026-03-02T12:00:00",
        "12h",
        "1d",
        query,
    );
    check(
        &small_shop(),
        &query,
        &["03-01T00:00 Books orders=3", "03-01T12:00 ? orders=3"],
    );
    let newest_first = Query {
        order: ["window_end", "orders"]
            .map(|by| OrderBy {
                by: by.to_owned(),
                is_descending: true,
            })
            .to_vec(),
        ..query
    };
    check(
        &small_shop(),
        &newest_first,
        &["03-01T12:00 ? orders=3", "03-01T00:00 Books orders=3"],
    );
}

#[test]
fn of_equals_the_first_by_name_is_shown_unless_the_order_says_otherwise() {
    let mut shop = Shop::new(TimeZone::UTC);
    for category in ["Cups", "Books", "Toys"] {
        shop.activity("2026-03-01T08:00:10", category, "events=2", "");
    }
    shop.publish();
    let first = |order: &[(&str, bool)]| {
        let order = order.iter().map(|(by, is_descending)| OrderBy {
            by: (*by).to_owned(),
            is_descending: *is_descending,
        });
        Query {
            order: order.collect(),
            granularity: Some(Grain::Day.into()),
            limit_each: Some(1),
            ..by("events", "category")
        }
    };
    check(
        &shop,
        &first(&[("events", true)]),
        &["03-01T00:00 Books events=2"],
    );
    check(
        &shop,
        &first(&[("events", true), ("category", true)]),
        &["03-01T00:00 Toys events=2"],
    );
}

#[test]
fn amounts_of_two_currencies_are_not_ranked_against_each_other() {
    let query = Query {
        limit_each: Some(1),
        granularity: Some(Grain::Day.into()),
        ..order_by(by("revenue", "category"), "revenue", true)
    };
    check(
        &small_shop(),
        &query,
        &[
            "03-01T00:00 Toys EUR revenue=100.00",
            "03-02T00:00 ? EUR revenue=0.03",
            "03-02T00:00 Toys USD revenue=7.00",
        ],
    );
}

#[test]
fn seconds_slide_as_well() {
    let mut shop = Shop::new(TimeZone::UTC);
    for second in 0..4 {
        shop.second(
            &format!("2026-03-02T11:59:{:02}", second * 2),
            "order",
            1 << second,
        );
    }
    shop.publish();
    let query = ends_in(
        "2026-03-02T11:59:02",
        "2026-03-02T11:59:08",
        "2s",
        "4s",
        by("events", "type"),
    );
    check(
        &shop,
        &query,
        &[
            "03-02T11:59 order events=3",
            "03-02T11:59:02 order events=6",
            "03-02T11:59:04 order events=12",
        ],
    );
}

#[test]
fn what_cannot_slide_is_refused_with_a_reason() {
    let shop = small_shop();
    let slide = |every: &str, over: &str, query: Query| Query {
        granularity: Some(sliding(every, over)),
        ..query
    };
    check(
        &shop,
        &slide("5m", "1h", by("revenue", "product")),
        &["revenue is not kept in windows that add up to 1h every 5m"],
    );
    check(
        &shop,
        &slide("7m", "14m", ask("orders")),
        &["windows every 7m do not divide an hour evenly"],
    );
    check(
        &shop,
        &slide("1h", "5m", ask("orders")),
        &["windows over 5m every 1h leave gaps"],
    );
    check(
        &shop,
        &ends_in(
            "2026-01-01T00:00:00",
            "2026-06-01T00:00:00",
            "1m",
            "1h",
            ask("orders"),
        ),
        &["the range holds more than 100000 windows"],
    );
    check(
        &shop,
        &slide("1m", "30d", ask("visitors")),
        &["a window over 30d every 1m has 43200 steps, too many for distinct counts and quantiles"],
    );
    check(
        &shop,
        &Query {
            limit_each: Some(1),
            ..ask("orders")
        },
        &["limit_each is given without a granularity"],
    );
    check(
        &shop,
        &Query {
            limit_each: Some(0),
            ..slide("1m", "1h", ask("orders"))
        },
        &["limit_each is 0"],
    );
}

#[test]
fn sliding_windows_at_the_ends_of_time_are_answered() {
    let shop = small_shop();
    for (from, to) in [
        (i64::MIN, i64::MIN + 1),
        (0, i64::MAX),
        (i64::MAX - 1, i64::MAX),
    ] {
        for (every, over) in [("1m", "1h"), ("1d", "73000d"), ("6h", "1d")] {
            let query = Query {
                range: Some(Range::Between(EventTime(from), EventTime(to))),
                granularity: Some(sliding(every, over)),
                compare: Some(Compare::SameTimeLastWeek),
                ..ask("events")
            };
            let answered = shop.live.query(&query, EventTime(0));
            assert!(
                matches!(answered, Ok(_) | Err(QueryError::Invalid { .. })),
                "{answered:?}"
            );
        }
    }
}
