//! Claims about elasticity; figures are those of the literature, or computed by hand beside the test.

use super::super::*;
use super::said::{KEY, Move, Story, sold};
use event::time::DAY;
use event::{Money, SCALE};

fn of(story: &Story) -> Option<Elasticity> {
    let mut prices = story.fold(&Rules::default());
    super::settle(&mut prices, EventTime(900 * DAY))
        .prices
        .remove(0)
        .elasticity
}

/// Value and interval to three digits.
fn check(text: &str, expected: &str) {
    assert_eq!(said(of(&Story::read(text))), expected, "{text}");
}

fn said(elasticity: Option<Elasticity>) -> String {
    let Some(found) = elasticity else {
        return "-".to_owned();
    };
    let interval = found
        .interval
        .map(|(low, high)| format!(" [{low:.3}, {high:.3}]"));
    format!(
        "{} {:.3}{} of {}",
        found.method.name(),
        found.value,
        interval.unwrap_or_default(),
        found.observations
    )
}

#[test]
fn one_price_tells_nothing() {
    check("1d sold 2 at 10 | 2d sold 3 at 10", "-");
    check("1d sold 2 at 10 | 2d seen 3 at 12", "-");
}

#[test]
fn two_prices_are_compared_by_midpoints() {
    // OpenStax, Principles of Microeconomics, 5.1: from (70, 2800) to (60, 3000) the elasticity is 0.45 in size.
    check(
        "1d sold 2800 at 70 | 2d sold 3000 at 60",
        "midpoint -0.448 of 2",
    );
    check(
        "1d sold 3000 at 60 | 2d sold 2800 at 70",
        "midpoint -0.448 of 2",
    );
}

#[test]
fn days_without_a_sale_count_at_two_prices() {
    // 4 on two days are 2 a day, then 1 a day: (1 − 2) ÷ 1.5 over (30 − 10) ÷ 20.
    check(
        "1d sold 4 at 10 | 2d seen 9 at 10 | 3d sold 1 at 30",
        "midpoint -0.667 of 3",
    );
}

#[test]
fn three_prices_and_more_are_a_regression() {
    // In units of ln 2: x = 0 1 2, y = 3 2 0. Slope −3/2; SSE 1/6, Sxx 2, one degree of freedom: error √(1/12) = 0.28868;
    // t(0.975, 1) = 12.7062 by any table: ± 3.668.
    check(
        "1d sold 8 at 1 | 2d sold 4 at 2 | 3d sold 1 at 4",
        "regression -1.500 [-5.168, 2.168] of 3",
    );
}

#[test]
fn the_regression_is_that_of_the_first_quartet_of_anscombe() {
    // Anscombe, The American Statistician 27 (1973): slope 0.500, its error 0.118, 11 observations. The points are taken as
    // logarithms; t(0.975, 9) = 2.262, so 0.500 ± 0.267.
    const POINTS: [(f64, f64); 11] = [
        (10.0, 8.04),
        (8.0, 6.95),
        (13.0, 7.58),
        (9.0, 8.81),
        (11.0, 8.33),
        (14.0, 9.96),
        (6.0, 7.24),
        (4.0, 4.26),
        (12.0, 10.84),
        (7.0, 4.82),
        (5.0, 5.68),
    ];
    let ten_thousandths = |logarithm: f64| (logarithm.exp() * SCALE as f64).round();
    let moves = POINTS.iter().zip(1..).map(|((x, y), day)| {
        let price = Some(Money(ten_thousandths(*x) as i64));
        let units = ten_thousandths(*y) as i128;
        Move::Traffic(Traffic {
            day: EventTime(day * DAY),
            price,
            sums: Sums {
                units,
                ..sold(1, price)
            },
        })
    });
    let found = of(&Story(moves.collect()));
    assert_eq!(said(found), "regression 0.500 [0.233, 0.767] of 11");
}

#[test]
fn days_of_a_change_and_the_present_day_are_left_out() {
    check(
        "1d sold 4 at 10 | 2d sold 1 at 30 | 900d sold 9 at 20",
        "midpoint -1.200 of 2",
    );
    check(
        "1d sold 4 at 10 | 2d sold 1 at 30 | 5.5d 30>20 | 5d sold 9 at 20",
        "midpoint -1.200 of 2",
    );
}

#[test]
fn promotions_and_empty_shelves_are_told() {
    let flags = |text: &str| {
        let found = of(&Story::read(text)).expect("two prices");
        (found.promoted, found.out_of_stock, found.is_confounded())
    };
    assert_eq!(flags("1d sold 4 at 10 | 2d sold 1 at 30"), (0, 0, false));
    assert_eq!(flags("1d promoted 4 at 10 | 2d sold 1 at 30"), (1, 0, true));
    // The third day was out of stock for a while.
    assert_eq!(flags("3d sold 4 at 10 | 2d sold 1 at 30"), (0, 1, true));
}

#[test]
fn days_that_sold_nothing_are_counted_where_they_are_left_out() {
    let text = "1d sold 8 at 1 | 2d sold 4 at 2 | 4d sold 1 at 4 | 5d seen 7 at 4";
    let found = of(&Story::read(text)).expect("three prices");
    assert_eq!((found.observations, found.unsold), (3, 1));
}

#[test]
fn the_order_of_arrival_does_not_show_in_a_digit() {
    let text = "1d sold 7 at 1.1 | 2d sold 4 at 2.3 | 4d sold 2 at 4.7 | 5d sold 3 at 3.3";
    let story = Story::read(text);
    let reversed = Story(story.0.iter().rev().copied().collect());
    assert_eq!(of(&story), of(&reversed));
    assert_eq!(KEY.stock().product, KEY.product);
}
