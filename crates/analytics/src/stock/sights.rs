//! A product's level as rules of alerts look at it: stretch by stretch, with how long it lasts at the pace of then.

use super::state::ProductStock;
use super::{Rules, Standing};
use crate::alert::StockSight;
use event::time::{DAY, HOUR};
use event::{EventTime, Quantity};

impl ProductStock {
    /// The stretches in which the level is known, in their order; none of a product of which the shop says nothing.
    #[must_use]
    pub fn sights(&self, rules: &Rules) -> Vec<StockSight> {
        let course = self.course(rules);
        let Some(known_from) = course.judged_from else {
            return Vec::new();
        };
        let mut pace = Pace::new(self);
        let ends = course.levels.iter().skip(1).map(|(time, _)| Some(*time));
        let stretches = course.levels.iter().zip(ends.chain([None]));
        let known = stretches.filter(|((from, _), _)| *from >= known_from);
        let sight = |((from, level), until): (&(EventTime, i128), Option<EventTime>)| {
            let is_out = course.standing_at(*from) == Standing::Out;
            StockSight {
                from: *from,
                until,
                level: saturated(*level),
                cover_hours: pace.cover_hours(*from, *level, rules),
                demand: if is_out {
                    self.demand_within(*from, until)
                } else {
                    0
                },
                lost: None,
                event: None,
            }
        };
        known.map(sight).collect()
    }

    /// Views and cart adds from an instant to another.
    fn demand_within(&self, from: EventTime, until: Option<EventTime>) -> u64 {
        let until = until.unwrap_or(EventTime(i64::MAX));
        let interest = self.interest.iter();
        let within = interest.filter(|(time, _)| *time >= from && *time < until);
        let sums = within.map(|(_, one)| u64::from(one.views) + u64::from(one.cart_adds));
        sums.sum()
    }
}

fn saturated(level: i128) -> Quantity {
    let edge = if level < 0 { i64::MIN } else { i64::MAX };
    Quantity(i64::try_from(level).unwrap_or(edge))
}

/// How fast it sold before each instant, asked for in their order.
struct Pace {
    /// What was sold when, in the order of time.
    sold: Vec<(EventTime, i128)>,
    first: Option<EventTime>,
    /// The window's entries, and their sum.
    from: usize,
    to: usize,
    sum: i128,
}

impl Pace {
    fn new(stock: &ProductStock) -> Pace {
        let sold = stock.goods.iter();
        Pace {
            sold: sold.map(|(time, goods)| (time, goods.sold)).collect(),
            first: stock.first_time(),
            from: 0,
            to: 0,
            sum: 0,
        }
    }

    /// Hours until nothing is left at the mean pace of the days looked back on; nothing where nothing was sold.
    fn cover_hours(&mut self, at: EventTime, level: i128, rules: &Rules) -> Option<u32> {
        while let Some((_, sold)) = self.sold.get(self.to).filter(|(time, _)| *time <= at) {
            self.sum += sold;
            self.to += 1;
        }
        let floor = at.0.saturating_sub(rules.look_back_micros);
        while let Some((_, sold)) = self.sold.get(self.from).filter(|(time, _)| time.0 <= floor) {
            self.sum -= sold;
            self.from += 1;
        }
        let looked_from = self.first.map_or(at.0, |first| first.0.max(floor));
        let micros = i128::from(at.0.saturating_sub(looked_from).max(DAY));
        if self.sum <= 0 {
            return None;
        }
        let lasts = level.max(0).saturating_mul(micros) / self.sum;
        Some(u32::try_from(lasts / i128::from(HOUR)).unwrap_or(u32::MAX))
    }
}
