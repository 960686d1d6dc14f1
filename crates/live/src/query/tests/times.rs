//! Ranges, windows and what they are compared with.

use super::*;

#[test]
fn windows_are_the_granularitys_and_empty_ones_are_left_out() {
    let query = Query {
        granularity: Some(Grain::Day.into()),
        ..ask("orders")
    };
    check(
        &small_shop(),
        &query,
        &["03-01T00:00 orders=4", "03-02T00:00 orders=4"],
    );
    let query = Query {
        granularity: Some(Grain::Quarter.into()),
        ..ask("orders")
    };
    check(
        &small_shop(),
        &query,
        &[
            "03-01T08:00 orders=3",
            "03-01T23:45 orders=1",
            "03-02T08:00 orders=1",
            "03-02T11:45 orders=3",
        ],
    );
}

#[test]
fn a_window_at_the_edge_counts_only_its_part_of_the_range() {
    let range = Range::Between(at("2026-03-01T08:05:00"), at("2026-03-02T08:01:00"));
    let query = Query {
        granularity: Some(Grain::Hour.into()),
        range: Some(range),
        ..ask("orders")
    };
    check(
        &small_shop(),
        &query,
        &[
            "03-01T08:00 orders=2",
            "03-01T23:00 orders=1",
            "03-02T08:00 orders=1",
        ],
    );
}

#[test]
fn ranges_are_widened_to_whole_windows_and_say_so() {
    let range = Range::Between(at("2026-03-01T08:07:59"), at("2026-03-01T08:08:01"));
    let answer = checked(
        &small_shop(),
        &Query {
            range: Some(range),
            ..ask("orders")
        },
    );
    assert_eq!(
        answer.range,
        Some((at("2026-03-01T08:07:00"), at("2026-03-01T08:09:00")))
    );
    assert_eq!(
        (answer.grain, shop::shown(&answer)),
        (Grain::Minute, vec!["orders=2".to_owned()])
    );
    let products = checked(
        &small_shop(),
        &Query {
            range: Some(range),
            ..by("units", "product")
        },
    );
    assert_eq!(
        products.range,
        Some((at("2026-03-01T08:00:00"), at("2026-03-01T08:15:00")))
    );
    assert_eq!(products.grain, Grain::Quarter);
}

#[test]
fn the_last_minutes_count_from_now_or_from_the_newest_event() {
    let shop = small_shop();
    let last = |range| Query {
        range: Some(range),
        ..ask("events")
    };
    check(
        &shop,
        &last(Range::LastUntilNow(event::time::MINUTE)),
        &["events=4"],
    );
    check(
        &shop,
        &last(Range::LastUntilNewest(event::time::MINUTE)),
        &["events=5"],
    );
    check(&shop, &last(Range::Today), &["events=5"]);
    check(
        &Shop::new(TimeZone::UTC),
        &last(Range::LastUntilNewest(event::time::MINUTE)),
        &[],
    );
}

#[test]
fn today_begins_with_the_stores_day() {
    let mut shop = Shop::new(TimeZone::get("America/New_York").expect("a zone"));
    shop.activity("2026-03-02T04:59:00", "Books", "events=1", "ann");
    shop.activity("2026-03-02T05:00:00", "Books", "events=2", "ann");
    shop.publish();
    check(
        &shop,
        &Query {
            range: Some(Range::Today),
            ..ask("events")
        },
        &["events=2"],
    );
}

#[test]
fn a_range_says_whether_it_may_still_grow() {
    let shop = small_shop();
    let partial = |range| {
        checked(
            &shop,
            &Query {
                range: Some(range),
                ..ask("events")
            },
        )
        .is_partial
    };
    assert!(partial(Range::Today));
    assert!(!partial(Range::Between(
        at("2026-03-01T00:00:00"),
        at("2026-03-02T00:00:00")
    )));
}

#[test]
fn a_window_is_told_once_its_stores_watermark_passes_its_end() {
    let shop = small_shop();
    let hour = Range::Between(at("2026-03-02T23:00:00"), at("2026-03-03T00:00:00"));
    let asked = Query {
        range: Some(hour),
        ..ask("events")
    };
    let partial_at = |watermark: &str| {
        shop.tell_watermark("main", at(watermark));
        checked(&shop, &asked).is_partial
    };
    assert!(checked(&shop, &asked).is_partial);
    assert!(partial_at("2026-03-02T23:59:59"));
    assert!(!partial_at("2026-03-03T00:00:00"));
    shop.tell_watermark("north", at("2026-03-04T00:00:00"));
    assert!(
        partial_at("2026-03-02T23:30:00"),
        "another store's is no help"
    );
}

#[test]
fn an_answer_tells_the_oldest_and_newest_event() {
    let answer = checked(&small_shop(), &ask("events"));
    assert_eq!(
        (answer.oldest, answer.newest),
        (
            Some(at("2026-03-01T08:00:10")),
            Some(at("2026-03-02T11:59:00"))
        )
    );
    assert_eq!(
        answer.range,
        Some((at("2026-03-01T08:00:00"), at("2026-03-02T12:00:00")))
    );
    let nothing = checked(&Shop::new(TimeZone::UTC), &ask("events"));
    assert_eq!(
        (nothing.oldest, nothing.range, nothing.rows),
        (None, None, Vec::new())
    );
}

#[test]
fn the_period_before_stands_beside_each_number() {
    let range = Range::Between(at("2026-03-02T00:00:00"), at("2026-03-03T00:00:00"));
    let query = Query {
        range: Some(range),
        compare: Some(Compare::PreviousPeriod),
        ..by("orders", "category")
    };
    check(
        &small_shop(),
        &query,
        &[
            "Books orders=0 orders_before=3",
            "Toys orders=1 orders_before=1",
            "? orders=3 orders_before=0",
        ],
    );
}

#[test]
fn windows_lie_on_those_they_are_compared_with() {
    let mut shop = Shop::new(TimeZone::UTC);
    shop.activity("2026-03-01T11:20:00", "Books", "events=7", "ann");
    shop.activity("2026-03-02T11:20:00", "Books", "events=1", "ann");
    shop.activity("2026-02-23T11:20:00", "Books", "events=9", "ann");
    shop.publish();
    let range = Range::Between(at("2026-03-02T00:00:00"), at("2026-03-02T12:00:00"));
    let query = |compare| Query {
        range: Some(range),
        granularity: Some(Grain::Hour.into()),
        compare: Some(compare),
        ..ask("events")
    };
    check(
        &shop,
        &query(Compare::SameTimeLastWeek),
        &["03-02T11:00 events=1 events_before=9"],
    );
    let day = Range::Between(at("2026-03-02T00:00:00"), at("2026-03-03T00:00:00"));
    check(
        &shop,
        &Query {
            range: Some(day),
            ..query(Compare::PreviousPeriod)
        },
        &["03-02T11:00 events=1 events_before=7"],
    );
}

#[test]
fn a_short_day_is_compared_hour_by_hour() {
    let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
    let mut shop = Shop::new(berlin);
    shop.activity("2026-03-28T10:30:00", "Books", "events=7", "ann");
    shop.activity("2026-03-29T09:30:00", "Books", "events=1", "ann");
    shop.publish();
    // Half past eleven by the shop's clock on both days, an hour apart in UTC.
    let range = Range::Between(at("2026-03-28T23:00:00"), at("2026-03-29T22:00:00"));
    let query = Query {
        range: Some(range),
        granularity: Some(Grain::Hour.into()),
        compare: Some(Compare::PreviousPeriod),
        ..ask("events")
    };
    check(&shop, &query, &["03-29T09:00 events=1 events_before=7"]);
}

#[test]
fn seconds_are_answered_from_the_pulse() {
    let mut shop = Shop::new(TimeZone::UTC);
    shop.second("2026-03-02T11:59:58", "order", 2);
    shop.second("2026-03-02T11:59:59", "page_view", 3);
    shop.publish();
    let query = Query {
        granularity: Some(Grain::Second.into()),
        ..by("events", "type")
    };
    check(
        &shop,
        &query,
        &[
            "03-02T11:59:58 order events=2",
            "03-02T11:59:59 page_view events=3",
        ],
    );
}

#[test]
fn times_at_the_ends_of_time_are_answered() {
    let shop = small_shop();
    for (from, to) in [
        (i64::MIN, i64::MAX),
        (i64::MIN, 0),
        (at("2026-01-01T00:00:00").0, i64::MAX),
    ] {
        for compare in [
            None,
            Some(Compare::PreviousPeriod),
            Some(Compare::SameTimeLastWeek),
        ] {
            let range = Range::Between(EventTime(from), EventTime(to));
            let answered = shop.live.query(
                &Query {
                    range: Some(range),
                    compare,
                    ..ask("events")
                },
                EventTime(0),
            );
            assert!(matches!(answered, Ok(_) | Err(QueryError::Invalid { .. })));
        }
    }
}
