//! Whether a rule makes sense, before it is asked: its limits, its metric, its history. What is wrong is said in a sentence,
//! with the nearest name where one is not known.

use super::{Against, Condition, Measured, Rate, Rule, Unlike};
use crate::alert::{BASELINE_POINTS_MAX, DAYS_MAX, rate::WEEKS_MAX};
use crate::catalogue::{self, Dimension, Metric, Reading};
use event::nearest;
use event::time::{DAY, MINUTE};
use std::sync::Arc;

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
        within("scatter_min_percent", self.scatter_min_percent, 1, 1_000)?;
        let days_max = DAYS_MAX as i64 - 1;
        let points_max = BASELINE_POINTS_MAX as i64;
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
        within("weeks", self.weeks, 2, WEEKS_MAX)?;
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
}

fn dimension(name: &Arc<str>) -> Result<Dimension, RuleError> {
    Dimension::parse(name).ok_or_else(|| RuleError::UnknownDimension {
        name: Arc::clone(name),
        candidates: nearest(name, Dimension::ALL.iter().map(|known| known.name())),
    })
}
