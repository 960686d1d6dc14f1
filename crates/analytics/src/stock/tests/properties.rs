//! State and rows are functions of the set of movements: any order, any rest in between, and the plain recount agrees.
//! 256 cases each; `PROPTEST_CASES=10000` makes them as many as the long proof wants.

use super::super::*;
use super::recount::{Count, recount};
use super::said::{KEY, Move, rank, tell, warehouse};
use crate::ladder::Rungs;
use event::time::{HOUR, MINUTE};
use proptest::prelude::*;

/// Times on a grid, so that equal instants are common.
fn moves(count: usize) -> impl Strategy<Value = Vec<Move>> {
    let kind = prop::sample::select(vec![0, 0, 1, 1, 2, 3, 4, 5, 6]);
    let one = (0..40_i64, kind, -3..25_i64, 0..3_usize);
    prop::collection::vec(one, 1..count).prop_map(|all| {
        let told =
            |((hour, kind, pieces, place), number)| told(hour, (kind, pieces, place), number);
        all.into_iter().zip(1..).map(told).collect()
    })
}

fn told(hour: i64, (kind, pieces, place): (u8, i64, usize), number: i64) -> Move {
    let at = DAY + 20 * hour * HOUR + number % 2 * MINUTE;
    let scaled = pieces * SCALE;
    let feed = |said| {
        Move::Feed(Feed {
            rank: rank(at, number),
            warehouse: warehouse(["", "north", "south"][place]),
            said,
        })
    };
    let goods = |goods| Move::Goods(EventTime(at), goods);
    let pieces = i128::from(scaled.max(1));
    match kind {
        0 => feed(Said::Level(Quantity(scaled))),
        1 => goods(Goods {
            sold: pieces,
            ..Goods::default()
        }),
        2 => feed(Said::Change(Quantity(scaled - 5 * SCALE + 1))),
        3 => goods(Goods {
            returned: pieces,
            ..Goods::default()
        }),
        4 => goods(Goods {
            written_off: pieces,
            ..Goods::default()
        }),
        _ => Move::Interest(
            EventTime(at),
            Interest {
                views: u32::from(kind == 5),
                cart_adds: u32::from(kind == 6),
            },
        ),
    }
}

/// Half of the stories are of a shop that never sends changes: only there sales count between reports.
fn stories(count: usize) -> impl Strategy<Value = Vec<Move>> {
    (moves(count), any::<bool>()).prop_map(|(moves, has_changes)| {
        let is_told = |one: &Move| {
            has_changes || !matches!(one, Move::Feed(feed) if matches!(feed.said, Said::Change(_)))
        };
        let told: Vec<Move> = moves.iter().copied().filter(is_told).collect();
        if told.is_empty() { moves } else { told }
    })
}

fn shuffled(count: usize) -> impl Strategy<Value = (Vec<Move>, Vec<Move>)> {
    stories(count).prop_flat_map(|moves| (Just(moves.clone()), Just(moves).prop_shuffle()))
}

fn rules() -> impl Strategy<Value = Rules> {
    let sales = vec![
        SalesCount::BetweenReports,
        SalesCount::Always,
        SalesCount::Never,
    ];
    let look_back = prop::sample::select(vec![LOOK_BACK, 3 * DAY]);
    (prop::sample::select(sales), look_back).prop_map(|(sales, look_back_micros)| Rules {
        sales,
        look_back_micros,
        ..Rules::default()
    })
}

/// Folds with rests, losses of memory and settlings in between.
fn lived(moves: &[Move], rules: &Rules, breaks: &[usize]) -> Stocks {
    let mut stocks = Stocks::new(*rules);
    for (at, one) in moves.iter().enumerate() {
        tell(&mut stocks, one);
        if !breaks.contains(&at) {
            continue;
        }
        stocks.settle(EventTime(0), &mut Settled::default());
        if let Some(state) = stocks.state(&KEY).cloned() {
            stocks.rest();
            stocks.bring(KEY, state);
        }
    }
    stocks
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_says_what_a_plain_recount_says(
        (told, shuffled) in shuffled(40),
        rules in rules(),
        later in 0..30 * DAY,
        breaks in prop::collection::vec(0..40_usize, 0..4),
    ) {
        let as_of = EventTime(20 * DAY + later);
        let stocks = lived(&shuffled, &rules, &breaks);
        let row = stocks.row(&KEY, as_of).expect("something happened");
        prop_assert_eq!(Count::of_row(&row), recount(&told, &rules, as_of.0));
        let in_order = lived(&told, &rules, &[]);
        prop_assert_eq!(stocks.state(&KEY), in_order.state(&KEY));
        prop_assert_eq!(Some(row), in_order.row(&KEY, as_of));
    }

    #[test]
    fn a_product_looked_at_coarsely_is_the_same_in_any_order(
        (told, shuffled) in shuffled(80),
        fine_max in 1..8_usize,
        slots_max in 1..5_usize,
        warehouses_max in 1..4_usize,
    ) {
        let rules = Rules { rungs: Rungs { fine_max, slots_max }, warehouses_max, ..Rules::default() };
        let (one, other) = (lived(&told, &rules, &[]), lived(&shuffled, &rules, &[]));
        prop_assert_eq!(one.state(&KEY), other.state(&KEY));
        prop_assert_eq!(one.row(&KEY, EventTime(0)), other.row(&KEY, EventTime(0)));
    }

    #[test]
    fn sales_that_are_taken_back_leave_no_trace(
        (told, shuffled) in shuffled(30),
        hours in prop::collection::vec(0..40_i64, 0..10),
    ) {
        let rules = Rules::default();
        let mut stocks = Stocks::new(rules);
        let sales: Vec<_> = hours.iter().map(|hour| told_at(*hour)).collect();
        sales.iter().for_each(|(time, goods)| stocks.observe_goods(KEY, *time, *goods));
        shuffled.iter().for_each(|one| tell(&mut stocks, one));
        sales.iter().for_each(|(time, goods)| stocks.observe_goods(KEY, *time, goods.taken_back()));
        let plain = lived(&told, &rules, &[]);
        prop_assert_eq!(stocks.state(&KEY), plain.state(&KEY));
    }
}

fn told_at(hour: i64) -> (EventTime, Goods) {
    (EventTime(DAY + hour * HOUR), super::said::sold(3))
}
