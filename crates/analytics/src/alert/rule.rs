//! Rules: what is worth an alert, as plain values with the defaults of the shop's trade. How a person writes them is the
//! binary's business; what they find is the evaluators'.

mod check;
mod unit;
mod usual;

pub use check::{RuleError, check_rules};
pub use usual::usual_rules;

use super::{Severity, SubjectKind};
use crate::catalogue::Dimension;
use event::time::{DAY, HOUR};
use event::{Money, Quantity};
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

impl Condition {
    /// Whether it is judged from the timeline of such a subject.
    #[must_use]
    pub fn looks_at(&self, kind: SubjectKind) -> bool {
        match self {
            Condition::LowStock(_)
            | Condition::OutOfStock(_)
            | Condition::ShortCover(_)
            | Condition::PriceMistake(_) => kind == SubjectKind::Product,
            Condition::BotStorm(_) => {
                matches!(kind, SubjectKind::Customer | SubjectKind::Visitor)
            }
            _ => false,
        }
    }

    /// The condition, if it is one of a value against history.
    #[must_use]
    pub fn unlike(&self) -> Option<&Unlike> {
        match self {
            Condition::Unlike(unlike) => Some(unlike),
            _ => None,
        }
    }

    /// The condition, if it is one of a rate.
    #[must_use]
    pub fn rate(&self) -> Option<&Rate> {
        match self {
            Condition::Rate(rate) => Some(rate),
            _ => None,
        }
    }
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
    /// Values are taken to scatter by so much of their median at least, however alike they are.
    pub scatter_min_percent: u32,
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
            Condition::FunnelBreak(_) => Some(super::breaks::JUDGED_MICROS),
            Condition::PriceMistake(_) => Some(super::state::PRICE_STANDS_MICROS),
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
}

impl Default for Unlike {
    fn default() -> Self {
        Unlike {
            measured: Measured::OrderValue,
            against: Against::Customer,
            distance: Distance::Ratio,
            z_above: 4_000,
            scatter_min_percent: 10,
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

    /// What it is about, as a subject: `events` or `events type=payment_error`.
    #[must_use]
    pub fn subject_key(&self) -> Arc<str> {
        match &self.split {
            None => Arc::clone(&self.metric),
            Some(split) => format!("{} {}={}", self.metric, split.dimension, split.value).into(),
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
