//! A product's level as rules of alerts look at it: stretch by stretch, with how long it lasts at the pace of then.

use super::row::Demand;
use super::state::ProductStock;
use super::{Course, Rules, Standing};
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
        let wanted = Wanted::of(self, &course);
        let ends = course.levels.iter().skip(1).map(|(time, _)| Some(*time));
        let stretches = course.levels.iter().zip(ends.chain([None]));
        let known = stretches.filter(|((from, _), _)| *from >= known_from);
        let sight = |((from, level), until): (&(EventTime, i128), Option<EventTime>)| {
            let is_out = course.standing_at(*from) == Standing::Out;
            let (sold, micros) = pace.before(*from, rules);
            StockSight {
                from: *from,
                until,
                level: saturated(*level),
                cover_hours: cover_hours(*level, (sold, micros)),
                demand: match is_out {
                    true => self.demand_within(*from, until),
                    false => 0,
                },
                sold_a_day: (sold > 0)
                    .then(|| saturated(sold.saturating_mul(i128::from(DAY)) / micros)),
                lost: is_out.then(|| wanted.lost((*from, until), rules)).flatten(),
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

    /// What was sold in the days looked back on from an instant, and how long these are: a day at least.
    fn before(&mut self, at: EventTime, rules: &Rules) -> (i128, i128) {
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
        (self.sum, micros)
    }
}

/// Hours until nothing is left at the mean pace of the days looked back on; nothing where nothing was sold.
fn cover_hours(level: i128, (sold, micros): (i128, i128)) -> Option<u32> {
    if sold <= 0 {
        return None;
    }
    let lasts = level.max(0).saturating_mul(micros) / sold;
    Some(u32::try_from(lasts / i128::from(HOUR)).unwrap_or(u32::MAX))
}

/// What visitors wanted and got, summed up over time, so that any stretch is the difference of two sums.
struct Wanted(Vec<(EventTime, Demand)>);

impl Wanted {
    fn of(stock: &ProductStock, course: &Course) -> Wanted {
        if course.levels.iter().all(|(_, level)| *level > 0) {
            return Wanted(Vec::new());
        }
        let mut all: Vec<(EventTime, Demand)> = Vec::new();
        let is_out = |time: EventTime| course.standing_before(time) == Standing::Out;
        all.extend(stock.goods.iter().map(|(time, goods)| {
            let mut demand = Demand::default();
            match is_out(time) {
                true => demand.sold_out = goods.sold,
                false => demand.sold_in = goods.sold,
            }
            (time, demand)
        }));
        all.extend(stock.interest.iter().map(|(time, interest)| {
            let (views, adds) = (u64::from(interest.views), u64::from(interest.cart_adds));
            let mut demand = Demand::default();
            match is_out(time) {
                true => (demand.views_out, demand.cart_adds_out) = (views, adds),
                false => (demand.views_in, demand.cart_adds_in) = (views, adds),
            }
            (time, demand)
        }));
        all.sort_by_key(|(time, _)| *time);
        let mut sum = Demand::default();
        for (_, demand) in &mut all {
            sum = sum.with(demand);
            *demand = sum;
        }
        Wanted(all)
    }

    /// Everything until an instant, this one included.
    fn until(&self, time: EventTime) -> Demand {
        let at = self.0.partition_point(|(known, _)| *known <= time);
        let last = at.checked_sub(1).and_then(|at| self.0.get(at));
        last.map_or_else(Demand::default, |(_, sum)| *sum)
    }

    /// Pieces not sold in a stretch without stock: the interest in it, by what interest came to while in stock in the days
    /// looked back on before. What happens in the instant in which the last piece goes still found it there.
    fn lost(
        &self,
        (from, until): (EventTime, Option<EventTime>),
        rules: &Rules,
    ) -> Option<Quantity> {
        let floor = EventTime(from.0.saturating_sub(rules.look_back_micros));
        let (before, at_first) = (self.until(floor), self.until(from));
        let at_last = self.until(until.unwrap_or(EventTime(i64::MAX)));
        let demand = Demand {
            views_in: at_first.views_in - before.views_in,
            cart_adds_in: at_first.cart_adds_in - before.cart_adds_in,
            sold_in: at_first.sold_in.saturating_sub(before.sold_in),
            views_out: at_last.views_out - at_first.views_out,
            cart_adds_out: at_last.cart_adds_out - at_first.cart_adds_out,
            sold_out: 0,
        };
        let lost = demand.lost()?;
        Some(saturated(lost.numerator / lost.denominator))
    }
}
