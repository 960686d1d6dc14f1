//! The plain recount: every question is answered by looking through all movements again, instant by instant.
//! It knows nothing of ladders, lanes and sweeps.

use super::super::*;
use super::said::Move;
use crate::session::Rank;
use event::time::MINUTE;
use std::collections::{BTreeMap, BTreeSet};

/// What a row says, computed from the list.
#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct Count {
    pub(super) level: i128,
    pub(super) is_out: bool,
    pub(super) is_low: bool,
    pub(super) out_micros: i64,
    pub(super) low_micros: i64,
    /// Sold, views and carts while not out, then while out.
    pub(super) demand: [[i128; 3]; 2],
}

impl Count {
    pub(super) fn of_row(row: &InventoryRow) -> Count {
        let demand = &row.demand;
        let (views_in, views_out) = (demand.views_in.into(), demand.views_out.into());
        let (carts_in, carts_out) = (demand.cart_adds_in.into(), demand.cart_adds_out.into());
        Count {
            level: row.level.0.into(),
            is_out: row.is_out(),
            is_low: row.is_low(),
            out_micros: row.out_micros,
            low_micros: row.low_micros,
            demand: [
                [demand.sold_in, views_in, carts_in],
                [demand.sold_out, views_out, carts_out],
            ],
        }
    }
}

struct Recount<'a> {
    moves: &'a [Move],
    rules: &'a Rules,
}

impl Recount<'_> {
    fn feeds(&self, until: i64) -> impl Iterator<Item = &Feed> {
        self.moves.iter().filter_map(move |one| match one {
            Move::Feed(feed) if feed.rank.time.0 <= until => Some(feed),
            _ => None,
        })
    }

    fn goods(&self, within: impl Fn(i64) -> bool) -> Goods {
        let mut sum = Goods::default();
        for one in self.moves {
            if let Move::Goods(time, goods) = one
                && within(time.0)
            {
                sum.sold += goods.sold;
                sum.returned += goods.returned;
                sum.written_off += goods.written_off;
            }
        }
        sum
    }

    fn has_changes(&self) -> bool {
        self.feeds(i64::MAX)
            .any(|feed| matches!(feed.said, Said::Change(_)))
    }

    /// The level at the end of an instant, once the shop said something.
    fn level(&self, at: i64) -> Option<i128> {
        let mut warehouses: BTreeMap<u64, (Option<Rank>, i128)> = BTreeMap::new();
        for feed in self.feeds(at) {
            let (last, level) = warehouses.entry(feed.warehouse.hash).or_default();
            if let Said::Level(found) = feed.said
                && last.is_none_or(|last| feed.rank > last)
            {
                (*last, *level) = (Some(feed.rank), found.0.into());
            }
        }
        if warehouses.is_empty() {
            return None;
        }
        for feed in self.feeds(at) {
            if let Said::Change(by) = feed.said
                && let Some((last, level)) = warehouses.get_mut(&feed.warehouse.hash)
                && last.is_none_or(|last| feed.rank > last)
            {
                *level += i128::from(by.0);
            }
        }
        let newest = warehouses.values().filter_map(|(last, _)| *last).max();
        let newest = newest.map_or(i64::MIN, |rank| rank.time.0);
        let gone = self.goods(|time| time > newest && time <= at);
        let counts = match self.rules.sales {
            SalesCount::Always => true,
            SalesCount::Never => false,
            SalesCount::BetweenReports => !self.has_changes(),
        };
        let told: i128 = warehouses.values().map(|(_, level)| level).sum();
        Some(
            told - if counts {
                gone.sold + gone.written_off
            } else {
                0
            },
        )
    }

    fn judged_from(&self) -> Option<i64> {
        let is_report = |feed: &&Feed| matches!(feed.said, Said::Level(_));
        let reports = self.feeds(i64::MAX).filter(is_report);
        let report = reports.map(|feed| feed.rank).min();
        let changes = self.feeds(i64::MAX).filter_map(|feed| match feed.said {
            Said::Change(by) => Some((feed.rank, by.0)),
            _ => None,
        });
        let first = changes.min().filter(|(_, by)| *by > 0);
        let from = report.or(first.map(|(rank, _)| rank));
        from.map(|rank| rank.time.0)
    }

    fn standing(&self, at: i64) -> Standing {
        match self.level(at) {
            Some(_) if self.judged_from().is_none_or(|from| at < from) => Standing::Unknown,
            None => Standing::Unknown,
            Some(level) if level <= 0 => Standing::Out,
            Some(level) if level < self.rules.low_below.0.into() => Standing::Low,
            Some(_) => Standing::InStock,
        }
    }
}

fn time(one: &Move) -> i64 {
    match one {
        Move::Feed(feed) => feed.rank.time.0,
        Move::Goods(time, _) => time.0,
        Move::Interest(time, _) => time.0.div_euclid(MINUTE) * MINUTE,
    }
}

pub(super) fn recount(moves: &[Move], rules: &Rules, as_of: i64) -> Count {
    // Without a word of the shop nobody asks what visitors wanted.
    let has_feed = moves.iter().any(|one| matches!(one, Move::Feed(_)));
    let telling = |one: &&Move| has_feed || !matches!(one, Move::Interest(..));
    let moves: Vec<Move> = moves.iter().filter(telling).copied().collect();
    let moves = moves.as_slice();
    if moves.is_empty() {
        return Count::default();
    }
    let recount = Recount { moves, rules };
    let instants: BTreeSet<i64> = moves.iter().map(time).collect();
    let as_of = as_of.max(*instants.last().expect("something happened"));
    let floor = as_of - rules.look_back_micros;
    let from = floor.max(*instants.first().expect("something happened"));
    let goods = recount.goods(|_| true);
    let balance = goods.returned - goods.sold - goods.written_off;
    let mut count = Count {
        level: recount.level(as_of).unwrap_or(balance),
        is_out: recount.standing(as_of) == Standing::Out,
        is_low: recount.standing(as_of) == Standing::Low,
        ..Count::default()
    };
    let inner = instants
        .iter()
        .copied()
        .filter(|at| (from..as_of).contains(at));
    let mut bounds: Vec<i64> = [from].into_iter().chain(inner).chain([as_of]).collect();
    bounds.dedup();
    for span in bounds.windows(2) {
        match recount.standing(span[0]) {
            Standing::Out => count.out_micros += span[1] - span[0],
            Standing::Low => count.low_micros += span[1] - span[0],
            _ => {}
        }
    }
    for one in moves.iter().filter(|one| time(one) > floor) {
        let added = match one {
            Move::Feed(_) => continue,
            Move::Goods(_, goods) => [goods.sold, 0, 0],
            Move::Interest(_, interest) => [0, interest.views.into(), interest.cart_adds.into()],
        };
        let is_out = recount.standing(time(one) - 1) == Standing::Out;
        let sums = &mut count.demand[usize::from(is_out)];
        sums.iter_mut()
            .zip(added)
            .for_each(|(sum, added)| *sum += added);
    }
    count
}
