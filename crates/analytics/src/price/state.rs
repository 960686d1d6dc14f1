//! All that is known of one product's prices: what the shop told and what was seen, and the turns of the price in them.
//! What a turn did to demand is `effect`, how demand follows the price is `elasticity`.

use super::days::{DayKey, Days, Sums};
use super::elasticity::Elasticity;
use super::movement::{Change, Traffic};
use super::{PriceKey, Rules};
use crate::ladder::Ladder;
use crate::session::Rank;
use event::{EventTime, Money};

/// How prices are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Source {
    /// The shop told that they changed.
    Told,
    /// Read off orders, carts and views, a price a day: the one at which most was sold, then seen.
    Observed,
}

impl Source {
    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Source::Told => "told",
            Source::Observed => "observed",
        }
    }
}

/// A price became another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// When; of an observed one the beginning of the day.
    pub at: EventTime,
    /// When the day began in the store's zone.
    pub day: EventTime,
    /// The price before, where it is known.
    pub old: Option<Money>,
    /// The price from then on.
    pub new: Money,
}

impl Turn {
    /// Whether the first day of the new price is a whole one.
    pub(super) fn is_at_midnight(&self) -> bool {
        self.at <= self.day
    }
}

/// A product's price as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceRow {
    /// Store, product, currency.
    pub key: PriceKey,
    /// The price, where any is known.
    pub price: Option<Money>,
    /// Since when, where a change is known.
    pub since: Option<EventTime>,
    /// How it is known.
    pub source: Source,
    /// Changes that are known.
    pub changes: u32,
    /// How demand follows the price, where two prices or more were seen to sell.
    pub elasticity: Option<Elasticity>,
    /// Prices below 0, which are no prices.
    pub set_aside: i64,
}

impl PriceRow {
    /// Whether there is nothing to tell.
    pub(super) fn is_nothing(&self) -> bool {
        self.price.is_none() && self.changes == 0 && self.set_aside == 0
    }
}

/// One product, at rest and in memory. Equal sets of movements give equal states, in whatever order they came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProductPrices {
    /// What the shop told.
    pub changes: Ladder<Rank, Change>,
    /// What happened at which price.
    pub days: Days,
    /// Prices below 0, less those that were taken back.
    pub set_aside: i64,
}

impl ProductPrices {
    pub(super) fn observe_change(&mut self, change: &Change, rules: &Rules) {
        match change.rank {
            Some(rank) if change.new >= Money(0) => self.changes.add(rank, *change, &rules.rungs),
            _ => self.set_aside = self.set_aside.saturating_add(1),
        }
    }

    pub(super) fn observe_traffic(&mut self, traffic: &Traffic, rules: &Rules) {
        let price = traffic.price.filter(|price| *price >= Money(0));
        if price != traffic.price {
            let by = if traffic.is_added() { 1 } else { -1 };
            self.set_aside = self.set_aside.saturating_add(by);
        }
        let day = traffic.day;
        self.days.add(DayKey { day, price }, traffic.sums, rules);
    }

    /// The price of a product that was never seen at another, as most are not: more of the same changes no row.
    pub(super) fn only_price(&self) -> Option<Money> {
        let first = self.days.iter().next().and_then(|(key, _)| key.price)?;
        let is_only = self.days.iter().all(|(key, _)| key.price == Some(first));
        (is_only && self.changes.is_empty() && first.0 > 0).then_some(first)
    }

    /// When the newest day of which anything is known began; before all days where nothing is.
    #[must_use]
    pub fn last_day(&self) -> EventTime {
        let seen = self.days.sums.back().map(|(key, _)| key.day);
        let told = self.changes.newest().next().map(|(_, change)| change.day);
        seen.max(told).unwrap_or(EventTime(i64::MIN))
    }

    /// How prices are known.
    #[must_use]
    pub fn source(&self) -> Source {
        match self.changes.is_empty() {
            true => Source::Observed,
            false => Source::Told,
        }
    }

    /// When the price changed, in order; of one instant only the end counts.
    #[must_use]
    pub fn turns(&self) -> Vec<Turn> {
        match self.source() {
            Source::Told => self.turns_told(),
            Source::Observed => self.turns_observed(),
        }
    }

    fn turns_told(&self) -> Vec<Turn> {
        let mut turns: Vec<Turn> = Vec::new();
        for (key, change) in self.changes.iter() {
            let at = change.rank.unwrap_or(key).time;
            match turns.last_mut().filter(|last| last.at == at) {
                Some(last) => last.new = change.new,
                None => turns.push(Turn {
                    at,
                    day: change.day,
                    old: change.old,
                    new: change.new,
                }),
            }
        }
        let mut known = None;
        turns.retain_mut(|turn| {
            turn.old = known.or(turn.old);
            known = Some(turn.new);
            // What is told again is no change.
            turn.old != known
        });
        turns
    }

    fn turns_observed(&self) -> Vec<Turn> {
        let mut turns = Vec::new();
        let mut known: Option<Money> = None;
        for (day, price) in self.prevailing() {
            if known.is_some_and(|known| known != price) {
                turns.push(Turn {
                    at: day,
                    day,
                    old: known,
                    new: price,
                });
            }
            known = Some(price);
        }
        turns
    }

    /// The price of each day on which any was seen.
    fn prevailing(&self) -> impl Iterator<Item = (EventTime, Money)> {
        let mut priced = self.days.iter().filter_map(|(key, sums)| {
            let price = key.price.filter(|price| price.0 > 0)?;
            Some((key.day, price, sums))
        });
        let mut next = priced.next();
        std::iter::from_fn(move || {
            let (day, mut best, mut weight) =
                next.map(|(day, price, sums)| (day, price, weight(sums)))?;
            loop {
                next = priced.next();
                match next.filter(|(other, _, _)| *other == day) {
                    // The lower price where both weigh the same.
                    Some((_, price, sums)) if self::weight(sums) > weight => {
                        (best, weight) = (price, self::weight(sums));
                    }
                    Some(_) => {}
                    None => return Some((day, best)),
                }
            }
        })
    }

    /// The newest price, where any is known.
    #[must_use]
    pub fn price(&self) -> Option<Money> {
        self.price_after(&self.turns())
    }

    fn price_after(&self, turns: &[Turn]) -> Option<Money> {
        let told = || self.changes.newest().next().map(|(_, change)| change.new);
        let price = turns.last().map(|turn| turn.new).or_else(told);
        price.or_else(|| self.prevailing().last().map(|(_, price)| price))
    }

    /// The row without its elasticity.
    pub(super) fn row(&self, key: PriceKey, turns: &[Turn]) -> PriceRow {
        PriceRow {
            key,
            price: self.price_after(turns),
            since: turns.last().map(|turn| turn.at),
            source: self.source(),
            changes: u32::try_from(turns.len()).unwrap_or(u32::MAX),
            elasticity: None,
            set_aside: self.set_aside,
        }
    }
}

fn weight(sums: &Sums) -> (i128, i64) {
    (sums.units, sums.views.saturating_add(sums.cart_adds))
}
