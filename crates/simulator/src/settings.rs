//! What can be asked of a shop. Plain data with defaults; `Shop::new` says what it refuses.

use crate::assortment::{CATEGORIES, Shelves};
use crate::behaviour::Behaviour;
use crate::demographics::Demographics;
use crate::money::Currency;
use crate::population::CUSTOMERS_MAX;
use crate::rhythm::Rhythm;
use crate::session::Pricing;
use crate::story::Story;
use crate::time::{DAY_MICROS, Time};
use crate::type_weights::TypeWeights;

/// Events a second.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Rate(f64);

impl Rate {
    /// The slowest: one event in 1,000 s.
    pub const MIN: Rate = Rate(0.001);
    /// The fastest: ten events a microsecond is finer than event times are.
    pub const MAX: Rate = Rate(10_000_000.0);

    /// So many events a second, kept between `MIN` and `MAX`; what is no number counts as `MIN`.
    #[must_use]
    pub fn per_second(events: f64) -> Rate {
        if events.is_nan() {
            return Rate::MIN;
        }
        Rate(events.clamp(Rate::MIN.0, Rate::MAX.0))
    }

    /// Events a second.
    #[must_use]
    pub fn events_per_second(self) -> f64 {
        self.0
    }
}

/// A shop to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Same seed and start, same events.
    pub seed: u64,
    /// Time of the first event. Ids of events and orders depend on it, so that a shop opened again later repeats none.
    pub start: Time,
    /// Mean rate of events. The default of 500 is about 300 views, 100 cart events and 100 events of checkout.
    pub rate: Rate,
    /// Whether the rate follows day and week.
    pub rhythm: Rhythm,
    /// Different products.
    pub products: u32,
    /// Categories they stand in: so many of the shelves.
    pub categories: u32,
    /// The shelves, the most wanted first.
    pub shelves: Shelves,
    /// People who may come.
    pub customers: u32,
    /// The store named in events; none lets the receiver decide.
    pub store: Option<String>,
    /// What visitors pay with.
    pub pricing: Pricing,
    /// How visitors behave.
    pub behaviour: Behaviour,
    /// How much more or less often than that kinds of events are chosen.
    pub type_weights: TypeWeights,
    /// Who the public are.
    pub demographics: Demographics,
    /// What happens beside everyday visits.
    pub story: Story,
}

impl Settings {
    /// The default shop: 5,000 products in 20 categories, 100,000 people, one currency.
    #[must_use]
    pub fn new(seed: u64, start: Time) -> Settings {
        Settings {
            seed,
            start,
            rate: Rate::per_second(500.0),
            rhythm: Rhythm::Steady,
            products: 5_000,
            categories: 20,
            shelves: &CATEGORIES,
            customers: 100_000,
            store: None,
            pricing: Pricing::OneCurrency(Currency::Usd),
            behaviour: Behaviour::default(),
            type_weights: TypeWeights::default(),
            demographics: Demographics::default(),
            story: Story::default(),
        }
    }
}

/// A setting no shop can be made of; the remedy is another value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A number outside of its range.
    #[error("{name} = {value}: allowed are {min} to {max}")]
    OutOfRange {
        /// The setting.
        name: &'static str,
        /// What was asked.
        value: i64,
        /// The least that is allowed.
        min: i64,
        /// The most that is allowed.
        max: i64,
    },
    /// A story that cannot be told.
    #[error("{fault}")]
    Story {
        /// Why.
        fault: &'static str,
    },
}

/// Most products: names stay unique far beyond, numbers stay readable.
pub const PRODUCTS_MAX: u32 = 1_000_000;
/// Starts before 1980 are refused by most receivers.
const START_MIN: i64 = 3_652 * DAY_MICROS;
/// 2200: nanoseconds since 1970 still fit 64 bits.
const START_MAX: i64 = 84_006 * DAY_MICROS;

impl Settings {
    /// Checks every range.
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let ranges = [
            (
                "categories",
                i64::from(self.categories),
                1,
                self.shelves.len() as i64,
            ),
            (
                "products",
                i64::from(self.products),
                i64::from(self.categories).max(8 * self.story.planted_products() as i64),
                i64::from(PRODUCTS_MAX),
            ),
            (
                "customers",
                i64::from(self.customers),
                1,
                i64::from(CUSTOMERS_MAX - self.story.numbers()),
            ),
            ("start", self.start.0, START_MIN, START_MAX),
        ];
        match ranges
            .into_iter()
            .find(|(_, value, min, max)| !(min..=max).contains(&value))
        {
            Some((name, value, min, max)) => Err(SettingsError::OutOfRange {
                name,
                value,
                min,
                max,
            }),
            None => self
                .story
                .fault()
                .map_or(Ok(()), |fault| Err(SettingsError::Story { fault })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_always_one_that_can_be_kept() {
        let rates = [f64::NAN, -1.0, 0.0, 500.0, f64::INFINITY]
            .map(|events| Rate::per_second(events).events_per_second());
        assert_eq!(rates, [0.001, 0.001, 0.001, 500.0, 10_000_000.0]);
    }

    #[test]
    fn a_refused_setting_is_named_with_its_range() {
        let settings = Settings {
            products: 7,
            ..Settings::new(1, Time(START_MIN))
        };
        let error = settings
            .check()
            .expect_err("fewer products than categories");
        assert_eq!(error.to_string(), "products = 7: allowed are 20 to 1000000");
    }
}
