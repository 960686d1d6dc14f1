//! Price elasticity: by how many percent demand changes when the price rises by one percent, with what speaks against it.
//! Floats live here only: a read-out that is made of whole numbers, in a fixed order, and stored nowhere.

use super::effect::day_number;
use super::slope::{Slope, midpoint, poisson, regression};
use super::state::ProductPrices;
use crate::stock::Span;
use event::time::DAY;
use event::{EventTime, Money, SCALE};

/// How the elasticity was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Method {
    /// Two prices: change of units a day over their mean, divided by change of price over its mean.
    Midpoint,
    /// Three prices and more, and something sold every day: the slope of ln units on ln price, by least squares over days
    /// and prices.
    Regression,
    /// Three prices and more, and days on which nothing was sold: they have no logarithm, and without them demand looks
    /// less steep than it is. The slope of the logarithm of expected units, by Poisson quasi-likelihood (Santos Silva and
    /// Tenreyro, The Review of Economics and Statistics 88(4), 2006).
    Poisson,
}

impl Method {
    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Method::Midpoint => "midpoint",
            Method::Regression => "regression",
            Method::Poisson => "poisson",
        }
    }
}

/// How demand follows the price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elasticity {
    /// How it was found.
    pub method: Method,
    /// Percent of demand for a percent of price; mostly below 0.
    pub value: f64,
    /// Where it lies with 95 % confidence, if the days differed by chance only. The midpoint formula has none.
    pub interval: Option<(f64, f64)>,
    /// Days and prices that it is made of.
    pub observations: u32,
    /// Of these, at how many nothing was sold.
    pub unsold: u32,
    /// Different prices.
    pub prices: u32,
    /// Observations with a price below the list price.
    pub promoted: u32,
    /// Observations on days on which the product was out of stock for a while.
    pub out_of_stock: u32,
}

impl Elasticity {
    /// Whether something else than the price may have moved demand: a promotion, or a shelf that was empty.
    #[must_use]
    pub fn is_confounded(&self) -> bool {
        self.promoted > 0 || self.out_of_stock > 0
    }
}

/// One price on one day.
#[derive(Debug, Clone, Copy)]
struct Observation {
    day: EventTime,
    price: Money,
    units: i128,
    is_promoted: bool,
}

impl ProductPrices {
    /// The elasticity, where two prices or more were seen to sell. Only whole days count: neither the present one nor those
    /// in which the shop changed the price.
    #[must_use]
    pub fn elasticity(
        &self,
        today: EventTime,
        out_of_stock: impl FnOnce() -> Vec<Span>,
    ) -> Option<Elasticity> {
        if !self.has_sold_at_two_prices() {
            return None;
        }
        let shown = self.observations(today);
        let sold = shown.iter().filter(|one| one.units > 0);
        let mut prices: Vec<Money> = sold.map(|one| one.price).collect();
        prices.sort_unstable();
        prices.dedup();
        let (&low, &high) = (prices.first()?, prices.last()?);
        let used: Vec<Observation> = (shown.into_iter())
            .filter(|one| prices.len() > 2 || one.price == low || one.price == high)
            .collect();
        let unsold = used.iter().filter(|one| one.units <= 0).count();
        let (method, slope) = match (prices.len(), unsold) {
            (..2, _) => return None,
            (2, _) => (Method::Midpoint, midpoint_of(&used, low, high)?),
            (_, 0) => (Method::Regression, regression(&points(&used))?),
            _ => (Method::Poisson, poisson(&points(&used))?),
        };
        let spans = out_of_stock();
        let is_out = |one: &&Observation| spans.iter().any(|span| touches(span, one.day));
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Some(Elasticity {
            method,
            value: slope.value,
            interval: slope.interval,
            observations: count(used.len()),
            unsold: count(unsold),
            prices: count(prices.len()),
            promoted: count(used.iter().filter(|one| one.is_promoted).count()),
            out_of_stock: count(used.iter().filter(is_out).count()),
        })
    }

    /// Most products have one price; they are done here.
    pub(super) fn has_sold_at_two_prices(&self) -> bool {
        let sold = self.days.iter().filter(|(_, sums)| sums.units > 0);
        let mut prices = sold.filter_map(|(key, _)| key.price);
        let first = prices.next();
        prices.any(|price| Some(price) != first)
    }

    fn observations(&self, today: EventTime) -> Vec<Observation> {
        let mixed: Vec<EventTime> = (self.turns().iter())
            .filter(|turn| !turn.is_at_midnight())
            .map(|turn| turn.day)
            .collect();
        let days = self.days.iter();
        let whole = days.filter(|(key, _)| {
            day_number(key.day, today) > 0 && mixed.binary_search(&key.day).is_err()
        });
        let observation = |(key, sums): (super::DayKey, &super::Sums)| {
            Some(Observation {
                day: key.day,
                price: key.price.filter(|price| price.0 > 0)?,
                units: sums.units,
                is_promoted: sums.promoted > 0,
            })
        };
        whole.filter_map(observation).collect()
    }
}

fn touches(span: &Span, day: EventTime) -> bool {
    span.from.0 < day.0.saturating_add(DAY) && span.until > day
}

/// Days on which the price was shown and nothing was sold count, too.
fn units_a_day(days: &[Observation], price: Money) -> f64 {
    let days = days.iter().filter(|one| one.price == price);
    let (count, units) = days.fold((0_u32, 0_i128), |(count, units), one| {
        (count + 1, units.saturating_add(one.units.max(0)))
    });
    units as f64 / f64::from(count.max(1))
}

fn midpoint_of(used: &[Observation], low: Money, high: Money) -> Option<Slope> {
    let value = midpoint(
        (low, units_a_day(used, low)),
        (high, units_a_day(used, high)),
    )?;
    let interval = None;
    Some(Slope { value, interval })
}

/// Logarithms of prices, and units.
fn points(observations: &[Observation]) -> Vec<(f64, f64)> {
    let scale = SCALE as f64;
    let point = |one: &Observation| {
        let units = one.units.max(0) as f64;
        ((one.price.0 as f64 / scale).ln(), units / scale)
    };
    observations.iter().map(point).collect()
}
