//! Claims about stock, told as text: movements in, the row out.

mod bad_input;
mod properties;
mod recount;
mod said;

use super::*;
use event::time::{DAY, HOUR, MINUTE};
use said::{Story, check, check_under, row};

#[test]
fn the_last_report_wins_and_later_changes_add_to_it() {
    check("1h =50 | 2h =40", "40 reports in_stock");
    check("1h =50 | 2h =40 | 3h -15", "25 reports in_stock");
    check("3h -15 | 2h =40 | 1h =50", "25 reports in_stock");
    check("3h -15 | 4h =40 | 1h =50", "40 reports in_stock");
}

#[test]
fn at_one_instant_the_place_in_the_source_decides() {
    check("1h =50 | 1h =20 | 1h -3", "17 reports in_stock");
    check("1h -3 | 1h =20", "20 reports in_stock");
}

#[test]
fn warehouses_add_up() {
    check(
        "1h north=50 | 2h south=7 | 3h north=20 | 4h south-2",
        "25 reports in_stock",
    );
}

#[test]
fn sales_since_the_newest_report_are_missing() {
    check(
        "1h sold 5 | 2h =50 | 3h sold 4 | 4h sold 1",
        "45 reports in_stock",
    );
    check(
        "1h north=50 | 2h sold 4 | 3h south=20 | 4h sold 1",
        "69 reports in_stock",
    );
    check("1h =50 | 2h lost 4", "46 reports in_stock");
}

#[test]
fn what_was_sold_in_the_instant_of_a_report_is_in_it() {
    check("2h =50 | 2h sold 4", "50 reports in_stock");
}

#[test]
fn a_feed_that_tells_changes_tells_of_sales_itself() {
    check("1h =50 | 2h -4 | 2h sold 4", "46 reports in_stock");
    let always = Rules {
        sales: SalesCount::Always,
        ..Rules::default()
    };
    check_under(
        &always,
        "1h =50 | 2h +10 | 3h sold 4",
        "56 reports in_stock",
    );
    let never = Rules {
        sales: SalesCount::Never,
        ..Rules::default()
    };
    check_under(&never, "1h =50 | 3h sold 4", "50 reports in_stock");
}

#[test]
fn what_comes_back_is_for_the_shop_to_report() {
    check("1h =50 | 2h sold 4 | 3h back 4", "46 reports in_stock");
}

#[test]
fn without_a_feed_the_level_is_a_balance_that_nobody_judges() {
    check("1h sold 5 | 2h back 1 | 3h lost 2", "-6 goods unknown");
    check("1h seen 3", "0 nothing unknown");
    check("1h +0 | 2h sold 3", "-3 goods unknown");
}

#[test]
fn a_sale_that_is_taken_back_was_none() {
    check("1h sold 5 | 2h sold 2 | 1h sold -5", "-2 goods unknown");
    check("1h sold 5 | 1h sold -5", "0 nothing unknown");
}

#[test]
fn changes_alone_are_judged_where_they_begin_with_goods_coming_in() {
    check("1h +20 | 2h -15", "5 changes low since 2h");
    check("1h -15 | 2h +20", "5 changes unknown");
    check("2h -20 | 1h +20", "0 changes out since 2h");
}

#[test]
fn a_first_report_makes_known_what_was_a_guess_though_the_level_stays() {
    check("1h north-6 | 2h south=0", "-6 reports out since 2h");
}

#[test]
fn less_than_nothing_is_kept_and_told() {
    check("1h =-5", "-5 reports out since 1h");
    check("1h =3 | 2h sold 7", "-4 reports out since 2h");
}

#[test]
fn low_is_below_ten_and_ten_is_not() {
    check("1h =10", "10 reports in_stock");
    check("1h =9.5", "9.5 reports low since 1h");
    let rules = Rules {
        low_below: Quantity(3 * SCALE),
        ..Rules::default()
    };
    check_under(&rules, "1h =3", "3 reports in_stock");
}

#[test]
fn a_standing_lasts_since_it_began_and_not_since_it_was_last_told() {
    check("1h =5 | 2h =4 | 3h =3", "3 reports low since 1h");
    check("1h =0 | 2h =4 | 3h =0 | 4h =-1", "-1 reports out since 3h");
}

#[test]
fn spans_are_cut_where_the_standing_changes() {
    let stocks = Story::read("1h =50 | 2h sold 45 | 3h sold 5 | 5h =70").fold(&Rules::default());
    let course = stocks.course(&said::KEY).expect("it is known");
    let spans = course.spans(EventTime(0), EventTime(6 * HOUR));
    let spans: Vec<_> = (spans.iter())
        .map(|span| (span.standing, span.micros() / HOUR))
        .collect();
    assert_eq!(
        spans,
        [
            (Standing::Unknown, 1),
            (Standing::InStock, 1),
            (Standing::Low, 1),
            (Standing::Out, 2),
            (Standing::InStock, 1)
        ]
    );
}

#[test]
fn velocity_is_by_days_in_stock() {
    // Heard of at 0, 8 days: out from day 4 to day 6, so 6 days in stock; 12 sold.
    let row = row("0d =100 | 1d sold 12 | 4d =0 | 6d =30", 8 * DAY);
    assert_eq!(row.out_micros, 2 * DAY);
    assert_eq!(row.velocity().value(), Some(2.0 * SCALE as f64));
    // 30 are left at 2 a day.
    assert_eq!(
        row.days_of_cover().and_then(|cover| cover.value()),
        Some(15.0)
    );
    assert_eq!(row.times_out, 1);
    assert_eq!(
        row.stock_out_rate().and_then(|rate| rate.value()),
        Some(0.25)
    );
}

#[test]
fn what_is_older_than_four_weeks_does_not_count() {
    let row = row("0d =100 | 1d sold 12 | 30d sold 14", 36 * DAY);
    assert_eq!(row.looked_from, EventTime(8 * DAY));
    assert_eq!(row.demand.sold_in, 14 * i128::from(SCALE));
    assert_eq!(row.velocity().value(), Some(0.5 * SCALE as f64));
}

#[test]
fn the_first_minute_is_no_day() {
    let row = row("0d =100 | 0d seen 1 | 0.001d sold 3", DAY / 1_000);
    assert_eq!(row.velocity().value(), Some(3.0 * SCALE as f64));
}

#[test]
fn cover_is_nothing_left_or_unknown() {
    let cover = |text| {
        row(text, 2 * DAY)
            .days_of_cover()
            .and_then(|cover| cover.value())
    };
    assert_eq!(cover("0d =5 | 1d sold 5"), Some(0.0));
    assert_eq!(cover("0d =5"), None);
    assert_eq!(cover("0d sold 5"), None);
    assert_eq!(cover("0d =-5"), Some(0.0));
}

#[test]
fn lost_demand_is_interest_while_out_at_the_rate_of_the_days_in_stock() {
    // In stock: 10 views, 4 pieces. Out: 5 views, so 2 pieces.
    let looked = row(
        "0d =4 | 1h seen 10 | 2h sold 4 | 3h seen 5 | 4h cart 9",
        DAY,
    );
    let lost = looked.demand.lost().expect("there was interest");
    assert_eq!(
        (lost.numerator, lost.denominator),
        (5 * 4 * i128::from(SCALE), 10)
    );
    // A shop without views: 8 carts for 4 pieces, then 2 carts.
    let carts = row("0d =4 | 1h cart 8 | 2h sold 4 | 3h cart 2", DAY);
    let lost = carts.demand.lost().and_then(|lost| lost.value());
    assert_eq!(lost, Some(SCALE as f64));
}

#[test]
fn nobody_knows_what_interest_is_worth_that_never_met_stock() {
    let demand = row("0d =0 | 1h seen 10", DAY).demand;
    assert_eq!((demand.views_out, demand.lost()), (10, None));
}

#[test]
fn the_sale_that_empties_the_shelf_was_made_in_stock() {
    let demand = row("0d =4 | 2h sold 4 | 3h sold 1", DAY).demand;
    let scale = i128::from(SCALE);
    assert_eq!((demand.sold_in, demand.sold_out), (4 * scale, scale));
}

#[test]
fn a_row_is_told_when_something_happened_and_not_again() {
    let mut stocks = Story::read("1h =50 | 2h north=5").fold(&Rules::default());
    let mut told = Settled::default();
    stocks.settle(EventTime(DAY), &mut told);
    assert_eq!((told.inventory.len(), told.warehouses.len()), (1, 2));
    let mut told = Settled::default();
    stocks.settle(EventTime(DAY), &mut told);
    assert_eq!((told.inventory.len(), told.warehouses.len()), (0, 0));
    stocks.observe_goods(said::KEY, EventTime(3 * HOUR), said::sold(1));
    stocks.settle(EventTime(DAY), &mut told);
    assert_eq!((told.inventory.len(), told.warehouses.len()), (1, 0));
    stocks.touch(said::KEY);
    stocks.settle(EventTime(DAY), &mut told);
    assert_eq!(told.inventory.len(), 2);
}

#[test]
fn looking_at_a_product_tells_nothing_where_nothing_is_known_of_its_stock() {
    let mut told = Settled::default();
    let mut stocks = Story::read("1h seen 1").fold(&Rules::default());
    stocks.settle(EventTime(DAY), &mut told);
    assert_eq!(told.inventory.len(), 0);
    let mut stocks = Story::read("1h seen 1 | 2h =0 | 3h seen 1").fold(&Rules::default());
    stocks.settle(EventTime(DAY), &mut told);
    assert_eq!(told.inventory[0].demand.views_out, 1);
}

#[test]
fn what_rests_is_brought_back_as_it_was() {
    let story = Story::read("1h =50 | 2h seen 1 | 3h sold 2");
    let mut stocks = story.fold(&Rules::default());
    let state = stocks.state(&said::KEY).expect("it is known").clone();
    stocks.observe_goods(said::KEY, EventTime(4 * HOUR), said::sold(1));
    let mut other = Stocks::default();
    other.bring(said::KEY, state);
    other.observe_goods(said::KEY, EventTime(4 * HOUR), said::sold(1));
    assert_eq!(other.state(&said::KEY), stocks.state(&said::KEY));
    other.rest();
    assert!(other.is_empty() && !other.holds(&said::KEY));
}

#[test]
fn interest_is_kept_by_the_minute() {
    let stocks = Story::read("1h seen 1 | 1h seen 1 | 2h seen 1").fold(&Rules::default());
    let state = stocks.state(&said::KEY).expect("it is known");
    let times: Vec<_> = state
        .interest
        .iter()
        .map(|(time, one)| (time.0 / MINUTE, one.views))
        .collect();
    assert_eq!(times, [(60, 2), (120, 1)]);
}

#[test]
fn a_product_takes_little_room() {
    assert_eq!(size_of::<ProductStock>(), 112);
}

/// Hours from when until when it was out.
fn check_outs(text: &str, expected: &str) {
    let hour = |time: EventTime| time.0 / HOUR;
    let outs = row(text, DAY).outs.into_iter().map(|out| {
        let until = out
            .until
            .map_or(String::new(), |until| hour(until).to_string());
        format!("{}-{until}", hour(out.from))
    });
    assert_eq!(outs.collect::<Vec<_>>().join(" "), expected, "{text}");
}

#[test]
fn a_row_tells_when_the_product_was_out_and_the_last_time_may_go_on() {
    check_outs("1h =5 | 2h =3", "");
    check_outs("1h =5 | 2h =0 | 3h =0 | 4h =7 | 6h sold 7", "2-4 6-");
    // A report that comes late may part what was one stretch.
    check_outs("1h =0 | 9h =4 | 5h =2 | 6h =0", "1-5 6-9");
    // Sales alone tell of no empty shelf.
    check_outs("1h sold 5 | 2h sold 5", "");
}

#[test]
fn of_many_times_out_the_newest_are_told() {
    let text: Vec<String> = (0..40)
        .map(|hour| format!("{hour}h ={}", hour % 2))
        .collect();
    let outs = row(&text.join(" | "), 2 * DAY).outs;
    assert_eq!(outs.len(), OUTS_TOLD);
    assert_eq!(outs[0].from, EventTime(8 * HOUR));
}
