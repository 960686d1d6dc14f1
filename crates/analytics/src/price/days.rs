//! Sums of one product by day and price, bounded in days and in prices of a day. Exact integers that can be taken back.

use super::Rules;
use event::{EventTime, Money};
use std::collections::VecDeque;
use std::ops::AddAssign;

/// What happened on a day at a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Its page was shown.
    pub views: i64,
    /// It went into a cart.
    pub cart_adds: i64,
    /// Orders with it.
    pub orders: i64,
    /// Of all these, how many saw a price below the list price.
    pub promoted: i64,
    /// Sold, in ten-thousandths of a piece.
    pub units: i128,
    /// Its part of the revenue, in ten-thousandths.
    pub revenue: i128,
}

impl Sums {
    pub(super) fn taken_back(self) -> Sums {
        Sums {
            views: -self.views,
            cart_adds: -self.cart_adds,
            orders: -self.orders,
            promoted: -self.promoted,
            units: -self.units,
            revenue: -self.revenue,
        }
    }

    fn is_nothing(&self) -> bool {
        *self == Sums::default()
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Sums) {
        self.views = self.views.saturating_add(other.views);
        self.cart_adds = self.cart_adds.saturating_add(other.cart_adds);
        self.orders = self.orders.saturating_add(other.orders);
        self.promoted = self.promoted.saturating_add(other.promoted);
        self.units = self.units.saturating_add(other.units);
        self.revenue = self.revenue.saturating_add(other.revenue);
    }
}

/// Sums are told apart by day, then price. No price comes first: it was not shown, or is one of too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DayKey {
    /// When the day began.
    pub day: EventTime,
    /// The price of a piece.
    pub price: Option<Money>,
}

/// Days of one product. Which days and prices are kept depends on the set of those that were seen, not on their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Days {
    /// In order.
    pub sums: VecDeque<(DayKey, Sums)>,
    /// All that is older than the days kept.
    pub before: Sums,
}

impl Days {
    pub(super) fn add(&mut self, key: DayKey, sums: Sums, rules: &Rules) {
        if sums.is_nothing() {
            return;
        }
        let count = self.sums.len();
        self.put(key, sums);
        if self.sums.len() > count {
            self.merge_excess_price(key.day, rules.day_prices_max);
            self.let_go_of_excess_day(rules.days_max);
        }
    }

    fn put(&mut self, key: DayKey, sums: Sums) {
        let at = self.place(key);
        match self.sums.get_mut(at).filter(|(known, _)| *known == key) {
            Some((_, known)) => {
                *known += sums;
                if known.is_nothing() {
                    self.sums.remove(at);
                }
            }
            None => self.sums.insert(at, (key, sums)),
        }
    }

    /// Most of what happens, happens today: the search begins at the end.
    fn place(&self, key: DayKey) -> usize {
        match self.sums.back() {
            Some((last, _)) if *last >= key => {
                let today = DayKey {
                    day: last.day,
                    price: None,
                };
                if key < today {
                    return self.sums.partition_point(|(known, _)| *known < key);
                }
                let later = self.sums.iter().rev();
                self.sums.len() - later.take_while(|(known, _)| *known >= key).count()
            }
            _ => self.sums.len(),
        }
    }

    fn merge_excess_price(&mut self, day: EventTime, prices_max: usize) {
        let from = self.place(DayKey { day, price: None });
        let of_day = self.sums.iter().skip(from);
        let prices = of_day
            .map_while(|(key, _)| (key.day == day).then_some(key.price))
            .flatten();
        if prices.clone().count() <= prices_max {
            return;
        }
        if let Some(price) = prices.max_by_key(|price| scattered(*price)) {
            let key = DayKey {
                day,
                price: Some(price),
            };
            if let Some((_, sums)) = self.sums.remove(self.place(key)) {
                self.put(DayKey { day, price: None }, sums);
            }
        }
    }

    fn let_go_of_excess_day(&mut self, days_max: usize) {
        if self.sums.len() <= days_max || self.starts().count() <= days_max {
            return;
        }
        let Some(oldest) = self.sums.front().map(|(key, _)| key.day) else {
            return;
        };
        while let Some((_, sums)) = self.sums.pop_front_if(|(key, _)| key.day == oldest) {
            self.before += sums;
        }
    }

    /// Beginnings of the days on which anything happened, in order.
    pub fn starts(&self) -> impl Iterator<Item = EventTime> {
        let mut last = None;
        let starts = self.sums.iter().map(|(key, _)| key.day);
        starts.filter(move |day| last.replace(*day) != Some(*day))
    }

    /// Everything, by day and price.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (DayKey, &Sums)> {
        self.sums.iter().map(|(key, sums)| (*key, sums))
    }
}

/// A fixed order of prices that has nothing to do with their size: what is kept of too many is a fair sample.
fn scattered(price: Money) -> u64 {
    let mixed = (price.0 as u64 ^ 0x5851_F42D_4C95_7F2D).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ mixed >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}
