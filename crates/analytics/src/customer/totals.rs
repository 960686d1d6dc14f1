//! What a customer's orders and refunds add up to: sums, the first and the last, and what was bought most and when.
//! Adding is commutative; which orders are added is decided in `ledger`.

use super::told::{HourOfWeek, OrderId, OrderSummary, OrderTold, PickKind};
use crate::cell::NameId;
use crate::ratio::Ratio;
use event::EventTime;
use std::cmp::Reverse;

/// Amounts in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amounts {
    /// Which.
    pub currency: NameId,
    /// Orders in it.
    pub orders: u64,
    /// Sold value minus discounts, fees included.
    pub revenue: i128,
    /// Without fees, minus what was given back.
    pub net: i128,
    /// What was given back.
    pub refunded: i128,
}

impl Amounts {
    /// Revenue by order.
    #[must_use]
    pub fn order_value(&self) -> Option<Ratio> {
        Ratio::of(self.revenue, self.orders.into())
    }
}

/// When and in which place of which order something was last bought; decides between things bought as often.
type LastBought = (EventTime, OrderId, Reverse<u8>);

/// How much of one product or category was bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Favourite {
    /// Product or category.
    pub kind: PickKind,
    /// Its name.
    pub name: NameId,
    /// Ten-thousandths of a piece.
    pub units: i128,
    /// When last.
    pub last: LastBought,
}

/// The sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// Orders that count.
    pub orders: u64,
    /// When the first of them was.
    pub first: Option<EventTime>,
    /// When the last of them was.
    pub last: Option<EventTime>,
    /// Ten-thousandths of pieces sold.
    pub units: i128,
    /// By currency, in the order of their names' ids.
    pub amounts: Vec<Amounts>,
    /// Orders by hour of the store's week.
    pub hours: Box<[u32; HourOfWeek::COUNT]>,
    /// In no particular order.
    pub favourites: Vec<Favourite>,
}

impl Default for Totals {
    fn default() -> Self {
        Totals {
            orders: 0,
            first: None,
            last: None,
            units: 0,
            amounts: Vec::new(),
            hours: Box::new([0; HourOfWeek::COUNT]),
            favourites: Vec::new(),
        }
    }
}

impl Totals {
    /// Adds what was told of an order or refund; one that was withdrawn adds nothing.
    pub fn add(&mut self, told: &OrderTold) {
        let Some(what) = &told.what else { return };
        self.add_amounts(what);
        if what.is_order {
            self.orders += 1;
            self.first = Some(self.first.map_or(told.time, |first| first.min(told.time)));
            self.last = self.last.max(Some(told.time));
            self.units += i128::from(what.units.0);
            let hour = &mut self.hours[usize::from(what.hour.0) % HourOfWeek::COUNT];
            *hour = hour.saturating_add(1);
        }
        for (pick, place) in what.picks.iter().zip(0..) {
            let last = (told.time, told.order, Reverse(place));
            let units = i128::from(pick.units.0);
            let key = (pick.kind, pick.name);
            let known = (self.favourites.iter_mut()).find(|known| (known.kind, known.name) == key);
            match known {
                Some(known) => {
                    known.units += units;
                    known.last = known.last.max(last);
                }
                None => self.favourites.push(Favourite {
                    kind: pick.kind,
                    name: pick.name,
                    units,
                    last,
                }),
            }
        }
    }

    fn add_amounts(&mut self, what: &OrderSummary) {
        let currency = what.currency;
        let at = self
            .amounts
            .partition_point(|known| known.currency < currency);
        if self
            .amounts
            .get(at)
            .is_none_or(|known| known.currency != currency)
        {
            let none = Amounts {
                currency,
                orders: 0,
                revenue: 0,
                net: 0,
                refunded: 0,
            };
            self.amounts.insert(at, none);
        }
        let amounts = &mut self.amounts[at];
        amounts.orders += u64::from(what.is_order);
        amounts.revenue += i128::from(what.revenue.0);
        amounts.net += i128::from(what.net.0);
        amounts.refunded += i128::from(what.refunded.0);
    }

    /// The product or category of which most pieces were bought; of as many, what was bought last.
    #[must_use]
    pub fn favourite(&self, kind: PickKind) -> Option<NameId> {
        let of_kind = self.favourites.iter().filter(|known| known.kind == kind);
        of_kind
            .max_by_key(|known| (known.units, known.last))
            .map(|known| known.name)
    }

    /// Lets go of all but so many favourites: those of most pieces stay.
    pub(super) fn thin_favourites(&mut self, favourites_max: usize) {
        if self.favourites.len() > favourites_max {
            (self.favourites).sort_unstable_by_key(|known| Reverse((known.units, known.last)));
            self.favourites.truncate(favourites_max);
        }
    }

    /// The hour of the clock in which most orders were; of as many the earliest.
    #[must_use]
    pub fn favourite_hour(&self) -> Option<u8> {
        most(24, |hour| {
            self.hours
                .iter()
                .skip(hour)
                .step_by(24)
                .map(|count| u64::from(*count))
                .sum()
        })
    }

    /// The day of the week with most orders, 1 = Monday; of as many the earliest.
    #[must_use]
    pub fn favourite_day(&self) -> Option<u8> {
        let orders = |day: usize| {
            self.hours[day * 24..][..24]
                .iter()
                .map(|count| u64::from(*count))
                .sum()
        };
        most(7, orders).map(|day| day + 1)
    }

    /// From the first order to the last, by the gaps between them; nothing where there is no gap.
    #[must_use]
    pub fn mean_gap_micros(&self) -> Option<Ratio> {
        let (first, last) = self.first.zip(self.last)?;
        let gaps = i128::from(self.orders) - 1;
        Ratio::of(i128::from(last.0) - i128::from(first.0), gaps)
    }
}

/// The first place with the most, where there is any.
fn most(places: u8, count: impl Fn(usize) -> u64) -> Option<u8> {
    let counts = (0..places).map(|place| (count(place.into()), Reverse(place)));
    let (count, Reverse(place)) = counts.max()?;
    (count > 0).then_some(place)
}
