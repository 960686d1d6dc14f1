//! The plain recount of prices: all changes in a list, sorted; every day of a side looked up one after the other.
//! It knows nothing of ladders and of how days are kept.

use super::said::Move;
use event::time::DAY;
use event::{EventTime, Money};
use std::collections::BTreeMap;

/// Instant, old price, new price, then days, views and units before and after.
pub(super) type Effect = (i64, Option<Money>, Money, [(i64, i64, i128); 2]);

pub(super) fn recount(moves: &[Move], today: EventTime, side_days: i64) -> Vec<Effect> {
    let turns = turns(moves);
    let is_told = moves.iter().any(|one| matches!(one, Move::Change(_)));
    let day_of = |time: i64| time.div_euclid(DAY);
    let changed_within = |day: i64| {
        let mut changed = turns.iter();
        changed.any(|(at, _, _)| day_of(*at) == day && is_told && at.rem_euclid(DAY) != 0)
    };
    let traffic_days = moves.iter().filter_map(|one| match one {
        Move::Traffic(traffic) => Some(day_of(traffic.day.0)),
        Move::Change(_) => None,
    });
    let first_turn = turns.first().map(|(at, _, _)| day_of(*at));
    let first_day = traffic_days.chain(first_turn).min().unwrap_or(0);
    let sum = |day: i64| {
        let mut sum = (0, 0);
        for one in moves {
            if let Move::Traffic(traffic) = one
                && day_of(traffic.day.0) == day
            {
                sum = (sum.0 + traffic.sums.views, sum.1 + traffic.sums.units);
            }
        }
        sum
    };
    let mut effects = Vec::new();
    for (at, old, new) in &turns {
        let mut sides = [(0, 0, 0); 2];
        // Backwards until a day on which another price was valid.
        for day in (day_of(*at) - side_days..day_of(*at)).rev() {
            let is_other = |time: i64| time < *at && time > day * DAY;
            if day >= day_of(today.0) {
                continue;
            }
            if day < first_day || turns.iter().any(|turn| is_other(turn.0)) {
                break;
            }
            let (views, units) = sum(day);
            sides[0] = (sides[0].0 + 1, sides[0].1 + views, sides[0].2 + units);
        }
        let first = (at + DAY - 1).div_euclid(DAY);
        for day in first..first + side_days {
            let is_other = |time: i64| time > *at && time < (day + 1) * DAY;
            if day >= day_of(today.0)
                || turns.iter().any(|turn| is_other(turn.0))
                || changed_within(day)
            {
                break;
            }
            let (views, units) = sum(day);
            sides[1] = (sides[1].0 + 1, sides[1].1 + views, sides[1].2 + units);
        }
        effects.push((*at, *old, *new, sides));
    }
    effects
}

fn turns(moves: &[Move]) -> Vec<(i64, Option<Money>, Money)> {
    let mut told: Vec<_> = (moves.iter())
        .filter_map(|one| match one {
            Move::Change(change) => Some((change.rank.expect("it has one"), *change)),
            Move::Traffic(_) => None,
        })
        .collect();
    told.sort_by_key(|(rank, _)| *rank);
    let timeline: Vec<(i64, Option<Money>, Money)> = if told.is_empty() {
        let days = prices_of_days(moves);
        (days.windows(2))
            .map(|pair| (pair[1].0, Some(pair[0].1), pair[1].1))
            .collect()
    } else {
        // The last of each instant, under the old price of the first.
        let mut instants: BTreeMap<i64, (Option<Money>, Money)> = BTreeMap::new();
        for (rank, change) in told {
            let of_instant = instants
                .entry(rank.time.0)
                .or_insert((change.old, change.new));
            of_instant.1 = change.new;
        }
        instants
            .into_iter()
            .map(|(at, (old, new))| (at, old, new))
            .collect()
    };
    let valid_before = |at: usize| at.checked_sub(1).map(|before| timeline[before].2);
    let turns = (0..timeline.len()).map(|at| {
        let (time, said, new) = timeline[at];
        (time, valid_before(at).or(said), new)
    });
    turns.filter(|(_, old, new)| *old != Some(*new)).collect()
}

fn prices_of_days(moves: &[Move]) -> Vec<(i64, Money)> {
    let mut days: BTreeMap<i64, BTreeMap<Money, (i128, i64)>> = BTreeMap::new();
    for one in moves {
        if let Move::Traffic(traffic) = one
            && let Some(price) = traffic.price.filter(|price| price.0 > 0)
        {
            let day = days.entry(traffic.day.0).or_default();
            let weight = day.entry(price).or_default();
            weight.0 += traffic.sums.units;
            weight.1 += traffic.sums.views + traffic.sums.cart_adds;
        }
    }
    let best = |prices: BTreeMap<Money, (i128, i64)>| {
        let heaviest = *prices.values().max().expect("a day has a price");
        let mut prices = prices.into_iter().filter(|(_, weight)| *weight == heaviest);
        prices.next().expect("one is the heaviest").0
    };
    days.into_iter()
        .map(|(day, prices)| (day, best(prices)))
        .collect()
}
