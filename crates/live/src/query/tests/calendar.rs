//! Splitting by hour and by day of the week: what was counted in windows, grouped by the store's clock.

use super::*;

#[test]
fn every_hour_and_day_with_something_is_a_row_in_the_order_of_the_clock() {
    check(
        &small_shop(),
        &by("orders", "hour"),
        &["08 orders=4", "11 orders=3", "23 orders=1"],
    );
    // 2026-03-01 is a Sunday.
    check(
        &small_shop(),
        &by("orders events", "day_of_week"),
        &["1 orders=4 events=5", "7 orders=4 events=5"],
    );
}

#[test]
fn visitors_of_an_hour_are_counted_once_however_many_days_they_came() {
    let mut shop = Shop::new(TimeZone::UTC);
    shop.activity("2026-03-01T08:00:00", "", "events=1", "ann bob");
    shop.activity("2026-03-02T08:30:00", "", "events=1", "ann");
    shop.activity("2026-03-02T09:30:00", "", "events=1", "ann");
    shop.publish();
    check(
        &shop,
        &by("visitors events", "hour"),
        &["08 visitors=2 events=2", "09 visitors=1 events=1"],
    );
}

#[test]
fn money_stays_apart_by_currency() {
    check(
        &small_shop(),
        &by("revenue aov", "day_of_week"),
        &[
            "1 EUR revenue=0.03 aov=0.01",
            "1 USD revenue=7.00 aov=7.00",
            "7 EUR revenue=115.00 aov=28.75",
        ],
    );
}

#[test]
fn a_range_and_windows_go_with_it() {
    let range = Range::Between(at("2026-03-01T08:05:00"), at("2026-03-02T08:01:00"));
    let query = Query {
        range: Some(range),
        granularity: Some(Grain::Day.into()),
        ..by("orders", "hour")
    };
    check(
        &small_shop(),
        &query,
        &[
            "03-01T00:00 08 orders=2",
            "03-01T00:00 23 orders=1",
            "03-02T00:00 08 orders=1",
        ],
    );
}

#[test]
fn hours_and_days_are_filtered_by_number() {
    let filtered = |dimension: &str, values: &[&str]| Query {
        filters: vec![(
            dimension.to_owned(),
            values
                .iter()
                .map(|value| Some((*value).to_owned()))
                .collect(),
        )],
        ..by("orders", dimension)
    };
    let shop = small_shop();
    check(
        &shop,
        &filtered("hour", &["8", "23"]),
        &["08 orders=4", "23 orders=1"],
    );
    check(&shop, &filtered("hour", &["08"]), &["08 orders=4"]);
    check(&shop, &filtered("hour", &["12"]), &[]);
    check(&shop, &filtered("day_of_week", &["7"]), &["7 orders=4"]);
    let refused = "there is no hour or day";
    check(
        &shop,
        &filtered("hour", &["24"]),
        &[&format!("{refused} \"24\"")],
    );
    check(
        &shop,
        &filtered("day_of_week", &["0"]),
        &[&format!("{refused} \"0\"")],
    );
    check(
        &shop,
        &filtered("day_of_week", &["Sun"]),
        &[&format!("{refused} \"Sun\"")],
    );
}

#[test]
fn the_clock_is_the_stores_and_its_repeated_hour_is_one() {
    let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
    let mut shop = Shop::new(berlin);
    // Clocks go back from 03:00 to 02:00 at 01:00 UTC: 00:30 and 01:30 UTC are both half past two, on a Sunday.
    shop.activity("2025-10-26T00:30:00", "", "events=1", "");
    shop.activity("2025-10-26T01:30:00", "", "events=2", "");
    // Half past eleven on Sunday night, and midnight on Monday.
    shop.activity("2025-10-26T22:30:00", "", "events=4", "");
    shop.activity("2025-10-26T23:00:00", "", "events=8", "");
    shop.publish();
    check(
        &shop,
        &by("events", "hour"),
        &["00 events=8", "02 events=3", "23 events=4"],
    );
    check(
        &shop,
        &by("events", "day_of_week"),
        &["1 events=8", "7 events=7"],
    );
}

#[test]
fn a_period_before_is_laid_on_the_same_hours() {
    let query = Query {
        range: Some(Range::Between(
            at("2026-03-02T00:00:00"),
            at("2026-03-03T00:00:00"),
        )),
        compare: Some(Compare::PreviousPeriod),
        ..by("orders", "hour")
    };
    check(
        &small_shop(),
        &query,
        &[
            "08 orders=1 orders_before=3",
            "11 orders=3 orders_before=0",
            "23 orders=0 orders_before=1",
        ],
    );
}
