//! Price elasticity: by how many percent demand changes when the price rises by one percent, with what speaks against it.
//! Floats live here only: a read-out that is made of whole numbers, in a fixed order, and stored nowhere.

use super::effect::day_number;
use super::state::ProductPrices;
use crate::stock::Span;
use event::time::DAY;
use event::{EventTime, Money, SCALE};
use statrs::distribution::{ContinuousCDF, StudentsT};

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

/// (ΔQ ÷ mean Q) ÷ (ΔP ÷ mean P): the same whichever of the two came first (Allen's arc elasticity, 1933).
fn midpoint((low, at_low): (Money, f64), (high, at_high): (Money, f64)) -> Option<f64> {
    let share = |from: f64, to: f64| (to - from) / ((to + from) / 2.0);
    let value = share(at_low, at_high) / share(low.0 as f64, high.0 as f64);
    value.is_finite().then_some(value)
}

fn midpoint_of(used: &[Observation], low: Money, high: Money) -> Option<Slope> {
    let value = midpoint(
        (low, units_a_day(used, low)),
        (high, units_a_day(used, high)),
    )?;
    let interval = None;
    Some(Slope { value, interval })
}

/// What was found, and where it lies with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Slope {
    pub(super) value: f64,
    pub(super) interval: Option<(f64, f64)>,
}

impl Slope {
    /// A slope ± t(0.975, n − 2) times its error.
    fn with_error(value: f64, error: f64, count: usize) -> Option<Slope> {
        let half = t_quantile(count as f64 - 2.0).map(|quantile| quantile * error);
        let interval = half.map(|half| (value - half, value + half));
        let interval = interval.filter(|(low, _)| low.is_finite());
        value.is_finite().then_some(Slope { value, interval })
    }
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

/// The slope of ln units by least squares; its error is √(SSE ÷ (n − 2) ÷ Sxx).
pub(super) fn regression(points: &[(f64, f64)]) -> Option<Slope> {
    let count = points.len() as f64;
    let mean = |term: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(term).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(&|(x, _)| *x), mean(&|(_, units)| units.ln()));
    let sum = |term: &dyn Fn(f64, f64) -> f64| -> f64 {
        let centred = points
            .iter()
            .map(|(x, units)| (x - mean_x, units.ln() - mean_y));
        centred.map(|(x, y)| term(x, y)).sum()
    };
    let spread = sum(&|x, _| x * x);
    let slope = sum(&|x, y| x * y) / spread;
    let unexplained = sum(&|x, y| (y - slope * x).powi(2));
    let error = (unexplained / (count - 2.0) / spread).sqrt();
    Slope::with_error(slope, error, points.len())
}

/// Newton's steps at most; the likelihood is concave, and about six are needed.
const STEPS_MAX: usize = 50;
/// No step changes the slope by more: far from the top Newton's are too long.
const STEP_MAX: f64 = 1.0;
/// A step that changes the slope by less is the last.
const STEP_MIN: f64 = 1e-12;

/// The slope of ln E(units) by Poisson quasi-likelihood. Its error is that of the model times the root of the dispersion,
/// Σ (units − expected)² ÷ expected ÷ (n − 2), for pieces are not bought one by one.
pub(super) fn poisson(points: &[(f64, f64)]) -> Option<Slope> {
    let mut slope = 0.0;
    let mut fit = PoissonFit::of(points, slope);
    for _ in 0..STEPS_MAX {
        let step = fit.pull / fit.spread;
        slope += step.clamp(-STEP_MAX, STEP_MAX);
        fit = PoissonFit::of(points, slope);
        if step.abs() < STEP_MIN {
            break;
        }
    }
    let dispersion = fit.unexplained / (points.len() as f64 - 2.0);
    Slope::with_error(slope, (dispersion / fit.spread).sqrt(), points.len())
}

/// How a slope fits.
struct PoissonFit {
    /// Derivative of the likelihood.
    pull: f64,
    /// Its curvature: the spread of prices, weighted by expected units.
    spread: f64,
    /// Σ (units − expected)² ÷ expected.
    unexplained: f64,
}

impl PoissonFit {
    /// The height of the curve follows from the slope: expected units add up to those that were sold.
    fn of(points: &[(f64, f64)], slope: f64) -> PoissonFit {
        let centre = points.iter().map(|(x, _)| x).sum::<f64>() / points.len() as f64;
        let mut expected: Vec<f64> = (points.iter())
            .map(|(x, _)| (slope * (x - centre)).exp())
            .collect();
        let all: f64 = points.iter().map(|(_, units)| units).sum();
        let height = all / expected.iter().sum::<f64>();
        expected.iter_mut().for_each(|units| *units *= height);
        let sum = |term: &dyn Fn(f64, f64, f64) -> f64| -> f64 {
            let fitted = points.iter().zip(&expected);
            fitted
                .map(|((x, units), expected)| term(*x, *units, *expected))
                .sum()
        };
        let mean = sum(&|x, _, expected| x * expected) / all;
        PoissonFit {
            pull: sum(&|x, units, _| (x - mean) * units),
            spread: sum(&|x, _, expected| (x - mean).powi(2) * expected),
            unexplained: sum(&|_, units, expected| (units - expected).powi(2) / expected),
        }
    }
}

/// The quantile of Student's t that leaves 2.5 % above it.
fn t_quantile(freedom: f64) -> Option<f64> {
    let distribution = StudentsT::new(0.0, 1.0, freedom).ok()?;
    Some(distribution.inverse_cdf(0.975))
}
