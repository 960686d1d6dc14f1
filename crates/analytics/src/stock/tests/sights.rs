//! What rules of alerts see of a level, stretch by stretch: how fast it sold before, and what was not sold for want of it.

use super::super::*;
use super::said::{KEY, Story};
use event::format_decimal;
use event::time::HOUR;

/// `2h 0 paced 4 lost 2`: from when, level, pieces a day before, pieces lost.
fn check(text: &str, expected: &str) {
    let stocks = Story::read(text).fold(&Rules::default());
    let said = |sight: StockSight| {
        let pieces = |pieces: Quantity| format_decimal(i128::from(pieces.0), 0);
        let mut said = format!("{}h {}", sight.from.0 / HOUR, pieces(sight.level));
        if let Some(paced) = sight.sold_a_day {
            said.push_str(&format!(" paced {}", pieces(paced)));
        }
        if let Some(lost) = sight.lost {
            said.push_str(&format!(" lost {}", pieces(lost)));
        }
        said
    };
    let sights = stocks.sights(&KEY).into_iter().map(said);
    assert_eq!(sights.collect::<Vec<_>>().join(" | "), expected, "{text}");
}

#[test]
fn a_stretch_without_stock_loses_what_its_visitors_would_have_bought() {
    // In stock 10 views bought 4 pieces; 5 views while out would have bought 2.
    check(
        "0h =4 | 1h seen 10 | 2h sold 4 | 3h seen 5 | 4h =20 | 5h seen 7",
        "0h 4 | 2h 0 paced 4 lost 2 | 4h 20 paced 4",
    );
    // In a shop that tells of no views, by carts: 8 of them bought 4 pieces.
    check(
        "0h =4 | 1h cart 8 | 2h sold 4 | 3h cart 2 | 4h =20",
        "0h 4 | 2h 0 paced 4 lost 1 | 4h 20 paced 4",
    );
}

#[test]
fn each_stretch_loses_its_own() {
    check(
        "0h =4 | 1h seen 10 | 2h sold 4 | 2.5h seen 5 | 3h sold 1 | 3.5h seen 10 | 5h =9",
        "0h 4 | 2h 0 paced 4 lost 2 | 3h -1 paced 5 lost 4 | 5h 9 paced 5",
    );
}

#[test]
fn what_was_never_seen_in_stock_has_no_worth_that_is_known() {
    check("0h =0 | 1h seen 10", "0h 0");
    check("0h =4 | 2h sold 4 | 3h seen 5", "0h 4 | 2h 0 paced 4");
}

#[test]
fn nothing_is_lost_where_nobody_comes() {
    check(
        "0h =4 | 1h seen 10 | 2h sold 4",
        "0h 4 | 2h 0 paced 4 lost 0",
    );
}

#[test]
fn the_pace_is_that_of_the_days_before() {
    // 12 pieces in two days are 6 a day; 28 days later none is sold any more.
    check(
        "0d =40 | 1d sold 6 | 2d sold 6 | 31d =20",
        "0h 40 | 24h 34 paced 6 | 48h 28 paced 6 | 744h 20",
    );
}
