//! State and rows are functions of the set of changes and of traffic: any order, any rest in between, and the plain recount
//! agrees. A table that follows what is settled is the one that is settled at once.

use super::super::*;
use super::recount::recount;
use super::said::{KEY, Move, Story, day, rank, settle_as_of, sold};
use crate::ladder::Rungs;
use event::Money;
use event::time::DAY;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn moves(count: usize) -> impl Strategy<Value = Vec<Move>> {
    let when = (0..25_i64, prop::sample::select(vec![0, 0, 3, 12]));
    let one = (when, 0..6_u8, 1..5_i64, 1..4_i64);
    let has_changes = any::<bool>();
    (prop::collection::vec(one, 1..count), has_changes).prop_map(|(all, has_changes)| {
        let numbered = all.into_iter().zip(1..);
        let one = |(((days, hours), kind, price, count), number)| {
            let time = (days * 24 + hours) * event::time::HOUR;
            let price = Some(Money(price * 10_000));
            if kind == 0 && has_changes {
                return Move::Change(Change {
                    rank: Some(rank(time, number)),
                    day: day(time),
                    old: price.filter(|price| price.0 > 10_000),
                    new: Money(count * 10_000),
                });
            }
            let sums = match kind {
                1 | 2 => sold(count, price),
                _ => Sums {
                    views: count,
                    ..Sums::default()
                },
            };
            Move::Traffic(Traffic {
                day: day(time),
                price: price.filter(|_| kind != 5),
                sums,
            })
        };
        numbered.map(one).collect()
    })
}

fn shuffled(count: usize) -> impl Strategy<Value = (Vec<Move>, Vec<Move>)> {
    moves(count).prop_flat_map(|moves| (Just(moves.clone()), Just(moves).prop_shuffle()))
}

/// What a follower of settled rows has in the end.
#[derive(Debug, Default, PartialEq)]
struct Table {
    price: Option<PriceRow>,
    effects: BTreeMap<EventTime, PriceEffectRow>,
}

impl Table {
    fn follow(&mut self, told: Settled) {
        for (_, at) in told.gone_effects {
            self.effects.remove(&at);
        }
        self.effects
            .extend(told.effects.iter().map(|effect| (effect.at, *effect)));
        self.price = told.prices.last().cloned().or(self.price.take());
    }
}

/// Folds, and settles, rests and loses memory in between.
fn lived(moves: &[Move], breaks: &[usize], today: Option<EventTime>) -> (Prices, Table) {
    let (mut prices, mut table) = (Prices::default(), Table::default());
    for (at, one) in moves.iter().enumerate() {
        Story(vec![*one]).tell(&mut prices);
        if !breaks.contains(&at) {
            continue;
        }
        table.follow(settle_as_of(&mut prices, today));
        if let Some(state) = prices.state(&KEY).cloned() {
            prices.rest();
            prices.bring(KEY.stock(), [(KEY.currency, state)]);
        }
    }
    table.follow(settle_as_of(&mut prices, today));
    (prices, table)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_says_what_a_plain_recount_says(
        (told, shuffled) in shuffled(50),
        breaks in prop::collection::vec(0..50_usize, 0..6),
        today in prop::option::of(5..40_i64),
    ) {
        let today = today.map(|today| EventTime(today * DAY));
        let (prices, table) = lived(&shuffled, &breaks, today);
        let (in_order, at_once) = lived(&told, &[], today);
        prop_assert_eq!(prices.state(&KEY), in_order.state(&KEY));
        prop_assert_eq!(&table, &at_once);
        let side = |side: &Side| (side.days, side.sums.views, side.sums.units);
        let effects = table.effects.values();
        let effects: Vec<_> = effects
            .map(|one| (one.at.0, one.old, one.new, [side(&one.before), side(&one.after)]))
            .collect();
        let last_day = told.iter().map(Move::day).max();
        let today = today.or(last_day).expect("something happened");
        prop_assert_eq!(effects, recount(&told, today, SIDE_DAYS));
    }

    #[test]
    fn beyond_every_limit_the_order_does_not_show(
        (told, shuffled) in shuffled(120),
        fine_max in 1..6_usize,
        days_max in 1..10_usize,
        day_prices_max in 1..4_usize,
    ) {
        let rungs = Rungs { fine_max, slots_max: 2 };
        let rules = Rules { rungs, days_max, day_prices_max, ..Rules::default() };
        let (one, other) = (Story(told).fold(&rules), Story(shuffled).fold(&rules));
        prop_assert_eq!(one.state(&KEY), other.state(&KEY));
    }
}
