//! Claims about elasticity; figures are those of the literature, or computed by hand beside the test.

use super::super::slope::poisson;
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
fn days_that_sold_nothing_have_no_logarithm_and_still_count() {
    // Demand that falls with the square of the price, told in whole days: 16, 4, 1, and 0 where 1/4 was to be expected. The
    // regression would have to leave that day out.
    let text = "1d sold 16 at 1 | 2d sold 4 at 2 | 4d sold 1 at 4 | 5d seen 7 at 8";
    let found = of(&Story::read(text)).expect("four prices");
    assert_eq!(
        (found.method, found.observations, found.unsold),
        (Method::Poisson, 4, 1)
    );
    assert!((-2.3..-2.0).contains(&found.value), "{}", found.value);
}

#[test]
fn poisson_finds_the_slope_of_dobson() {
    // Dobson, An Introduction to Generalized Linear Models, exercise 4.1: AIDS cases in Australia by quarter, log link on
    // the logarithm of the quarter's number: slope 1.327.
    const CASES: [f64; 20] = [
        1.0, 6.0, 16.0, 23.0, 27.0, 39.0, 31.0, 30.0, 43.0, 51.0, 63.0, 70.0, 88.0, 97.0, 91.0,
        104.0, 110.0, 113.0, 149.0, 159.0,
    ];
    let points: Vec<(f64, f64)> = (1_u8..)
        .map(|quarter| f64::from(quarter).ln())
        .zip(CASES)
        .collect();
    let slope = poisson(&points).expect("it has a slope");
    assert_eq!(format!("{:.3}", slope.value), "1.327");
}

#[test]
fn with_two_prices_poisson_is_the_quotient_of_means() {
    // Means 3 and 1.5 at prices 1 and 2: the slope is ln(1.5 ÷ 3) ÷ ln 2 = −1.
    let (one, two) = (0.0, 2_f64.ln());
    let points = [(one, 4.0), (one, 2.0), (two, 0.0), (two, 3.0)];
    let slope = poisson(&points).expect("it has a slope");
    assert!((slope.value + 1.0).abs() < 1e-12, "{}", slope.value);
    // Dispersion (1/3 + 1/3 + 1.5 + 1.5) ÷ 2 = 11/6; weights 6 and 3, so spread 2 × (ln 2)²; t(0.975, 2) = 4.3027.
    let half = 4.302_652_73 * (11.0 / 6.0_f64 / 2.0).sqrt() / two;
    let (low, high) = slope.interval.expect("it has an interval");
    assert!(
        ((high - low) / 2.0 - half).abs() < 1e-6,
        "{low} {high} {half}"
    );
}

#[test]
fn a_price_that_ends_all_sales_is_survived() {
    let text = "1d sold 9 at 1 | 2d sold 1 at 2 | 3d sold 1 at 1.5 | 4d seen 1 at 1 | 5d seen 3 at 9000000";
    let found = of(&Story::read(text)).expect("three prices");
    assert!(
        found.value.is_finite() && found.value < 0.0,
        "{}",
        found.value
    );
}

#[test]
fn the_order_of_arrival_does_not_show_in_a_digit() {
    let text = "1d sold 7 at 1.1 | 2d sold 4 at 2.3 | 4d sold 2 at 4.7 | 5d sold 3 at 3.3";
    let story = Story::read(text);
    let reversed = Story(story.0.iter().rev().copied().collect());
    assert_eq!(of(&story), of(&reversed));
    assert_eq!(KEY.stock().product, KEY.product);
}
