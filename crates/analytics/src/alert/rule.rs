//! Rules: what is worth an alert, as plain values with the defaults of the shop's trade; and whether one makes sense.
//! How a person writes them is the binary's business; what they find is the evaluators'.

use super::Severity;
use crate::catalogue::{self, Dimension, Metric, Reading};
use event::time::{DAY, HOUR, MINUTE};
use event::{Money, Quantity, nearest};
use std::sync::Arc;

/// A rule with a name of the shop's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The shop's name for it, unique within a store; part of the id of its alerts.
    pub name: Arc<str>,
    /// How much its alerts matter.
    pub severity: Severity,
    /// What it looks for.
    pub condition: Condition,
    /// A condition that comes and goes within so long is one alert.
    pub window_micros: i64,
    /// An alert that nobody closed is closed by itself so long after it fired; nothing waits for ever.
    pub forgotten_after_micros: Option<i64>,
}

/// What a rule looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the structs say it
pub enum Condition {
    HighValue(HighValue),
    UnusualQuantity(UnusualQuantity),
    Unlike(Unlike),
    Rate(Rate),
    LowStock(LowStock),
    OutOfStock(OutOfStock),
    ShortCover(ShortCover),
    PriceMistake(PriceMistake),
    BotStorm(BotStorm),
    FunnelBreak(FunnelBreak),
    Lag(Lag),
    QuarantineShare(QuarantineShare),
}

/// An order worth more than this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HighValue {
    /// In the store's currency.
    pub above: Money,
}

/// More of one product in an order than this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnusualQuantity {
    /// Pieces.
    pub above: Quantity,
}

/// What is measured against history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measured {
    /// What an order came to; against a category, what its lines of that category came to.
    OrderValue,
    /// Pieces of one product in an order.
    Pieces,
}

/// Whose history it is measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Against {
    /// The customer's earlier orders.
    Customer,
    /// The product's earlier orders.
    Product,
    /// The category's whole store-days before.
    Category,
    /// The store's whole store-days before.
    Store,
}

/// How far apart two values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Distance {
    /// By their difference: for what scatters to both sides alike.
    Difference,
    /// By how many times one is the other: for money and pieces, which have a long upper tail.
    Ratio,
}

/// A value far above its history, by robust z-score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unlike {
    /// Which value.
    pub measured: Measured,
    /// Whose history.
    pub against: Against,
    /// How far is measured how.
    pub distance: Distance,
    /// In thousandths of a z-score.
    pub z_above: i64,
    /// With fewer earlier values nothing is found.
    pub observations_min: u32,
    /// Days of history, where it is kept by days.
    pub days: u32,
}

/// In which direction something is conspicuous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // the names say it
pub enum Direction {
    Above,
    Below,
    Either,
}

/// One value of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Split {
    /// The dimension's name.
    pub dimension: Arc<str>,
    /// The value.
    pub value: Arc<str>,
}

/// A metric against the same weekday and time of the weeks before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// The metric's name in the catalogue.
    pub metric: Arc<str>,
    /// Of one value of a dimension only.
    pub split: Option<Split>,
    /// More than usual, fewer, or both.
    pub direction: Direction,
    /// In thousandths of a z-score.
    pub z_above: i64,
    /// Minutes that are looked at together.
    pub step_minutes: u32,
    /// How many weeks back.
    pub weeks: u32,
    /// With fewer weeks the days before are asked; with fewer days than this nothing is found.
    pub seasons_min: u32,
    /// A step with less, and usually less, is not judged: in the metric's own integers.
    pub least: i64,
}

/// Fewer pieces left than this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LowStock {
    /// Pieces.
    pub below: Quantity,
}

/// Nothing left, and somebody wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfStock {
    /// Views and cart adds since; 0 tells it at once.
    pub demand_min: u64,
}

/// The stock does not last until a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortCover {
    /// How long a delivery takes.
    pub lead_hours: u32,
}

/// A price far from what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceMistake {
    /// So many times the median of the prices before, or that part of it.
    pub times: u32,
    /// Earlier prices that are looked at.
    pub prices: u32,
}

/// One visitor or customer asks faster than a person can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BotStorm {
    /// Events within a minute.
    pub events_a_minute_above: u32,
}

/// A step of a funnel that converts otherwise than it used to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunnelBreak {
    /// The funnel's name.
    pub funnel: Arc<str>,
    /// In thousandths of a z-score, downwards.
    pub z_above: i64,
    /// With fewer who reached the step before it is not judged.
    pub entered_min: u64,
    /// With fewer stretches of history it is not judged.
    pub observations_min: u32,
}

/// The answers lag behind the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// By more than this.
    pub above_micros: i64,
}

/// Much of what comes in is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuarantineShare {
    /// In ten-thousandths: 100 is one per cent.
    pub above: u32,
    /// Fewer events than this are not judged.
    pub events_min: u64,
}

/// Why a rule makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Nothing to call it by.
    #[error("a rule has no name")]
    NoName,
    /// Its alerts would share their ids.
    #[error("two rules are named \"{0}\"")]
    SameName(Arc<str>),
    /// Nobody is ever above, or everybody.
    #[error("{what} must be from {min} to {max}, not {value}")]
    OutOfRange {
        /// Which setting.
        what: &'static str,
        /// As given.
        value: i128,
        /// The least that makes sense.
        min: i128,
        /// The most that makes sense.
        max: i128,
    },
    /// No such metric.
    #[error("there is no metric \"{name}\"{}", did_you_mean(.candidates))]
    UnknownMetric {
        /// As given.
        name: Arc<str>,
        /// Names that are near.
        candidates: Vec<String>,
    },
    /// A ratio or a distinct count of minutes does not add up.
    #[error("\"{0}\" is no sum and has no rate a minute; take what it is made of")]
    NoSum(Arc<str>),
    /// No such dimension.
    #[error("there is no dimension \"{name}\"{}", did_you_mean(.candidates))]
    UnknownDimension {
        /// As given.
        name: Arc<str>,
        /// Names that are near.
        candidates: Vec<String>,
    },
    /// The metric is not kept by this dimension, a minute or a quarter.
    #[error("\"{metric}\" cannot be split by \"{dimension}\"; it can by {}", known.join(", "))]
    NotSplitBy {
        /// The metric.
        metric: Arc<str>,
        /// The dimension.
        dimension: Arc<str>,
        /// Those it can be split by.
        known: Vec<&'static str>,
    },
    /// The history of the one is not kept for the other.
    #[error("{measured:?} is not kept against {against:?}")]
    NoHistory {
        /// Which value.
        measured: Measured,
        /// Whose history.
        against: Against,
    },
    /// A step must divide an hour, for windows and days to begin with one.
    #[error("a step of {0} minutes does not divide an hour")]
    UnevenStep(u32),
}

fn did_you_mean(candidates: &[String]) -> String {
    match candidates {
        [] => "; `meta/metrics` names them all".to_owned(),
        near => format!("; did you mean {}?", near.join(" or ")),
    }
}

/// The names and senses of all rules of a store.
pub fn check_rules(rules: &[Rule]) -> Result<(), RuleError> {
    for (at, rule) in rules.iter().enumerate() {
        rule.check()?;
        if rules[..at].iter().any(|other| other.name == rule.name) {
            return Err(RuleError::SameName(Arc::clone(&rule.name)));
        }
    }
    Ok(())
}

/// No shop waits longer than a year for anything.
const YEAR: i64 = 366 * DAY;
const Z_MAX: i64 = 1_000_000;

impl Rule {
    /// A rule under the usual window of an hour; an order is forgotten after a day.
    #[must_use]
    pub fn new(name: &str, severity: Severity, condition: Condition) -> Rule {
        let forgotten_after_micros = match condition {
            // Orders have no end.
            Condition::HighValue(_) | Condition::UnusualQuantity(_) | Condition::Unlike(_) => {
                Some(DAY)
            }
            // Older minutes are not judged again, so nobody would see the end.
            Condition::Rate(_) => Some(super::rate::JUDGED_MICROS),
            _ => None,
        };
        Rule {
            name: name.into(),
            severity,
            condition,
            window_micros: HOUR,
            forgotten_after_micros,
        }
    }

    /// Whether it makes sense.
    pub fn check(&self) -> Result<(), RuleError> {
        if self.name.trim().is_empty() {
            return Err(RuleError::NoName);
        }
        within("window", self.window_micros, MINUTE, YEAR)?;
        if let Some(after) = self.forgotten_after_micros {
            within("forgotten_after", after, MINUTE, YEAR)?;
        }
        match &self.condition {
            Condition::HighValue(rule) => within("above", rule.above.0, 1, i64::MAX),
            Condition::UnusualQuantity(rule) => within("above", rule.above.0, 1, i64::MAX),
            Condition::Unlike(rule) => rule.check(),
            Condition::Rate(rule) => rule.check(),
            Condition::LowStock(rule) => within("below", rule.below.0, 1, i64::MAX),
            Condition::OutOfStock(_) => Ok(()),
            Condition::ShortCover(rule) => within("lead_hours", rule.lead_hours, 1, 24 * 366),
            Condition::PriceMistake(rule) => {
                within("times", rule.times, 2, 1_000_000)?;
                within("prices", rule.prices, 1, 1_000)
            }
            Condition::BotStorm(rule) => {
                let above = rule.events_a_minute_above;
                within("events_a_minute_above", above, 1, i64::from(u32::MAX))
            }
            Condition::FunnelBreak(rule) => {
                within("z_above", rule.z_above, 1, Z_MAX)?;
                within("observations_min", rule.observations_min, 2, 1_000)
            }
            Condition::Lag(rule) => within("above", rule.above_micros, 1, YEAR),
            Condition::QuarantineShare(rule) => within("above", rule.above, 1, 10_000),
        }
    }
}

fn within(what: &'static str, value: impl Into<i64>, min: i64, max: i64) -> Result<(), RuleError> {
    let value = value.into();
    if (min..=max).contains(&value) {
        return Ok(());
    }
    let [value, min, max] = [value, min, max].map(i128::from);
    Err(RuleError::OutOfRange {
        what,
        value,
        min,
        max,
    })
}

impl Unlike {
    fn check(&self) -> Result<(), RuleError> {
        within("z_above", self.z_above, 1, Z_MAX)?;
        let days_max = super::DAYS_MAX as i64 - 1;
        let points_max = super::BASELINE_POINTS_MAX as i64;
        match (self.measured, self.against) {
            (Measured::OrderValue, Against::Customer) | (Measured::Pieces, Against::Product) => {
                within("observations_min", self.observations_min, 2, points_max)
            }
            (Measured::OrderValue, Against::Category | Against::Store) => {
                let max = i64::from(u32::MAX);
                within("observations_min", self.observations_min, 2, max)?;
                within("days", self.days, 1, days_max)
            }
            (measured, against) => Err(RuleError::NoHistory { measured, against }),
        }
    }
}

impl Rate {
    fn check(&self) -> Result<(), RuleError> {
        let metric = self.metric()?;
        if let Some(split) = &self.split {
            let dimension = dimension(&split.dimension)?;
            if dimension.of_cells().is_none() || !metric.dimensions().any(|one| one == dimension) {
                let cells = metric.dimensions().filter(|one| one.of_cells().is_some());
                return Err(RuleError::NotSplitBy {
                    metric: Arc::clone(&self.metric),
                    dimension: Arc::clone(&split.dimension),
                    known: cells.map(Dimension::name).collect(),
                });
            }
        }
        within("z_above", self.z_above, 1, Z_MAX)?;
        within("weeks", self.weeks, 2, super::rate::WEEKS_MAX)?;
        within(
            "seasons_min",
            self.seasons_min,
            2,
            i64::from(self.weeks).min(7),
        )?;
        within("least", self.least, 1, i64::MAX)?;
        let divides = self.step_minutes != 0 && 60 % self.step_minutes == 0;
        divides
            .then_some(())
            .ok_or(RuleError::UnevenStep(self.step_minutes))
    }

    /// The metric, if it is one that adds up.
    pub fn metric(&self) -> Result<Metric, RuleError> {
        let Some(metric) = catalogue::metric(&self.metric) else {
            return Err(RuleError::UnknownMetric {
                name: Arc::clone(&self.metric),
                candidates: nearest(&self.metric, catalogue::metrics().map(|known| known.name)),
            });
        };
        match metric.reading {
            Reading::Sum(_) => Ok(metric),
            _ => Err(RuleError::NoSum(Arc::clone(&self.metric))),
        }
    }

    /// What it is about, as a subject: `events` or `events type=payment_error`.
    #[must_use]
    pub fn subject_key(&self) -> Arc<str> {
        match &self.split {
            None => Arc::clone(&self.metric),
            Some(split) => format!("{} {}={}", self.metric, split.dimension, split.value).into(),
        }
    }
}

fn dimension(name: &Arc<str>) -> Result<Dimension, RuleError> {
    Dimension::parse(name).ok_or_else(|| RuleError::UnknownDimension {
        name: Arc::clone(name),
        candidates: nearest(name, Dimension::ALL.iter().map(|known| known.name())),
    })
}

const UNITS: i64 = event::SCALE;

impl Default for Unlike {
    fn default() -> Self {
        Unlike {
            measured: Measured::OrderValue,
            against: Against::Customer,
            distance: Distance::Ratio,
            z_above: 4_000,
            observations_min: 8,
            days: 28,
        }
    }
}

impl Rate {
    /// A metric of the whole store under the usual settings.
    #[must_use]
    pub fn of(metric: &str, direction: Direction) -> Rate {
        Rate {
            metric: metric.into(),
            split: None,
            direction,
            z_above: 4_000,
            step_minutes: 5,
            weeks: 8,
            seasons_min: 3,
            least: 10,
        }
    }

    /// Events of one type.
    #[must_use]
    pub fn of_type(kind: &str, direction: Direction) -> Rate {
        let split = Split {
            dimension: Dimension::Type.name().into(),
            value: kind.into(),
        };
        Rate {
            split: Some(split),
            ..Rate::of("events", direction)
        }
    }
}

/// The rules of a shop that said nothing else.
#[must_use]
pub fn usual_rules() -> Vec<Rule> {
    use Severity::{Critical, Info, Warning};
    let unlike = |against, observations_min, measured| {
        Condition::Unlike(Unlike {
            measured,
            against,
            observations_min,
            ..Unlike::default()
        })
    };
    let value = Measured::OrderValue;
    let revenue = Rate {
        least: 100 * UNITS,
        ..Rate::of("revenue", Direction::Either)
    };
    let rule = Rule::new;
    vec![
        rule(
            "high_value_order",
            Info,
            Condition::HighValue(HighValue {
                above: Money(1_000 * UNITS),
            }),
        ),
        rule(
            "unusual_quantity",
            Warning,
            Condition::UnusualQuantity(UnusualQuantity {
                above: Quantity(50 * UNITS),
            }),
        ),
        rule(
            "order_unlike_customer",
            Info,
            unlike(Against::Customer, 8, value),
        ),
        rule(
            "order_unlike_category",
            Info,
            unlike(Against::Category, 50, value),
        ),
        rule(
            "quantity_unlike_product",
            Info,
            unlike(Against::Product, 20, Measured::Pieces),
        ),
        rule("revenue_rate", Critical, Condition::Rate(revenue)),
        rule(
            "order_rate",
            Critical,
            Condition::Rate(Rate::of("orders", Direction::Either)),
        ),
        rule(
            "payment_errors",
            Critical,
            Condition::Rate(Rate::of_type("payment_error", Direction::Above)),
        ),
        rule(
            "sign_ups",
            Warning,
            Condition::Rate(Rate::of_type("sign_up", Direction::Either)),
        ),
        rule(
            "low_stock",
            Info,
            Condition::LowStock(LowStock {
                below: Quantity(10 * UNITS),
            }),
        ),
        rule(
            "stock_out",
            Warning,
            Condition::OutOfStock(OutOfStock { demand_min: 0 }),
        ),
        rule(
            "short_cover",
            Info,
            Condition::ShortCover(ShortCover { lead_hours: 7 * 24 }),
        ),
        rule(
            "price_mistake",
            Critical,
            Condition::PriceMistake(PriceMistake {
                times: 5,
                prices: 9,
            }),
        ),
        rule(
            "bot_storm",
            Warning,
            Condition::BotStorm(BotStorm {
                events_a_minute_above: 60,
            }),
        ),
        rule(
            "lag",
            Critical,
            Condition::Lag(Lag {
                above_micros: 5 * MINUTE,
            }),
        ),
        rule(
            "quarantine_share",
            Critical,
            Condition::QuarantineShare(QuarantineShare {
                above: 100,
                events_min: 100,
            }),
        ),
    ]
}
