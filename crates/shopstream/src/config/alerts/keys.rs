//! The settings of a rule by name: which a kind of rule has, in which unit a person writes each, and where it goes. Whether
//! a rule then makes sense is `analytics::alert`'s to say.

use analytics::alert::{Against, Condition, Direction, Distance, Measured, Rate, Rule, Split};
use analytics::catalogue::Reading;
use event::SCALE;
use event::time::{HOUR, MINUTE, SECOND};
use serde_json::Value;
use std::sync::Arc;

/// Kinds of rules.
pub const KINDS: [&str; 12] = [
    "high_value",
    "unusual_quantity",
    "unlike",
    "rate",
    "low_stock",
    "out_of_stock",
    "short_cover",
    "price_mistake",
    "bot_storm",
    "funnel_break",
    "lag",
    "quarantine_share",
];

/// The kind of a rule.
pub fn kind_of(condition: &Condition) -> &'static str {
    match condition {
        Condition::HighValue(_) => "high_value",
        Condition::UnusualQuantity(_) => "unusual_quantity",
        Condition::Unlike(_) => "unlike",
        Condition::Rate(_) => "rate",
        Condition::LowStock(_) => "low_stock",
        Condition::OutOfStock(_) => "out_of_stock",
        Condition::ShortCover(_) => "short_cover",
        Condition::PriceMistake(_) => "price_mistake",
        Condition::BotStorm(_) => "bot_storm",
        Condition::FunnelBreak(_) => "funnel_break",
        Condition::Lag(_) => "lag",
        Condition::QuarantineShare(_) => "quarantine_share",
    }
}

/// What every rule can be told beside what its kind can.
const OF_EVERY_RULE: [&str; 2] = ["window_minutes", "forgotten_after_hours"];

/// The settings of a rule; the metric comes first, for its unit is that of others.
pub fn keys_of(condition: &Condition) -> impl Iterator<Item = &'static str> {
    let own: &[&str] = match condition {
        Condition::HighValue(_) | Condition::UnusualQuantity(_) => &["above"],
        Condition::Unlike(_) => &[
            "measured",
            "against",
            "distance",
            "z_above",
            "scatter_min_percent",
            "observations_min",
            "days",
        ],
        Condition::Rate(_) => &[
            "metric",
            "split",
            "direction",
            "z_above",
            "step_minutes",
            "weeks",
            "seasons_min",
            "least",
        ],
        Condition::LowStock(_) => &["below"],
        Condition::OutOfStock(_) => &["demand_min"],
        Condition::ShortCover(_) => &["lead_hours"],
        Condition::PriceMistake(_) => &["times", "prices"],
        Condition::BotStorm(_) => &["events_a_minute_above"],
        Condition::FunnelBreak(_) => &["funnel", "z_above", "entered_min", "observations_min"],
        Condition::Lag(_) => &["above_s"],
        Condition::QuarantineShare(_) => &["above", "events_min"],
    };
    own.iter().copied().chain(OF_EVERY_RULE)
}

/// What one of the numbers of a rule stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Scale(i64);

impl Scale {
    const WHOLE: Scale = Scale(1);
    const THOUSANDTHS: Scale = Scale(1_000);
    /// Money and pieces, and shares of one.
    const DECIMAL: Scale = Scale(SCALE);

    /// A number of a rule as a person writes it.
    fn shown(self, number: i128) -> String {
        let decimal = number.saturating_mul(SCALE.into()) / i128::from(self.0);
        event::format_decimal(decimal, 0)
    }

    fn read(self, text: &str) -> Option<i64> {
        let read = event::parse_decimal(text.as_bytes()).ok()?;
        let number = i128::from(read.value) * i128::from(self.0);
        let is_whole = !read.rounded && number % i128::from(SCALE) == 0;
        let number = i64::try_from(number / i128::from(SCALE)).ok()?;
        (is_whole && number >= 0).then_some(number)
    }
}

/// Where a setting goes.
enum Place<'r> {
    Small(&'r mut u32, Scale),
    Large(&'r mut u64, Scale),
    Number(&'r mut i64, Scale),
    /// A time that may be none, which is written as 0.
    Span(&'r mut Option<i64>, Scale),
    Name(&'r mut Arc<str>),
    Split(&'r mut Option<Split>),
    Measured(&'r mut Measured),
    Against(&'r mut Against),
    Distance(&'r mut Distance),
    Direction(&'r mut Direction),
}

const MEASURED: [(&str, Measured); 2] = [
    ("order_value", Measured::OrderValue),
    ("pieces", Measured::Pieces),
];
const AGAINST: [(&str, Against); 4] = [
    ("customer", Against::Customer),
    ("product", Against::Product),
    ("category", Against::Category),
    ("store", Against::Store),
];
const DISTANCE: [(&str, Distance); 2] = [
    ("ratio", Distance::Ratio),
    ("difference", Distance::Difference),
];
const DIRECTION: [(&str, Direction); 3] = [
    ("above", Direction::Above),
    ("below", Direction::Below),
    ("either", Direction::Either),
];

fn place<'r>(rule: &'r mut Rule, key: &str) -> Option<Place<'r>> {
    use Place::{Large, Name, Number, Small, Span};
    let (whole, decimal, thousandths) = (Scale::WHOLE, Scale::DECIMAL, Scale::THOUSANDTHS);
    Some(match (&mut rule.condition, key) {
        (_, "window_minutes") => Number(&mut rule.window_micros, Scale(MINUTE)),
        (_, "forgotten_after_hours") => Span(&mut rule.forgotten_after_micros, Scale(HOUR)),
        (Condition::HighValue(it), "above") => Number(&mut it.above.0, decimal),
        (Condition::UnusualQuantity(it), "above") => Number(&mut it.above.0, decimal),
        (Condition::LowStock(it), "below") => Number(&mut it.below.0, decimal),
        (Condition::OutOfStock(it), "demand_min") => Large(&mut it.demand_min, whole),
        (Condition::ShortCover(it), "lead_hours") => Small(&mut it.lead_hours, whole),
        (Condition::PriceMistake(it), "times") => Small(&mut it.times, whole),
        (Condition::PriceMistake(it), "prices") => Small(&mut it.prices, whole),
        (Condition::BotStorm(it), "events_a_minute_above") => {
            Small(&mut it.events_a_minute_above, whole)
        }
        (Condition::FunnelBreak(it), "funnel") => Name(&mut it.funnel),
        (Condition::FunnelBreak(it), "z_above") => Number(&mut it.z_above, thousandths),
        (Condition::FunnelBreak(it), "entered_min") => Large(&mut it.entered_min, whole),
        (Condition::FunnelBreak(it), "observations_min") => Small(&mut it.observations_min, whole),
        (Condition::Lag(it), "above_s") => Number(&mut it.above_micros, Scale(SECOND)),
        (Condition::QuarantineShare(it), "above") => Small(&mut it.above, decimal),
        (Condition::QuarantineShare(it), "events_min") => Large(&mut it.events_min, whole),
        (Condition::Unlike(it), "measured") => Place::Measured(&mut it.measured),
        (Condition::Unlike(it), "against") => Place::Against(&mut it.against),
        (Condition::Unlike(it), "distance") => Place::Distance(&mut it.distance),
        (Condition::Unlike(it), "z_above") => Number(&mut it.z_above, thousandths),
        (Condition::Unlike(it), "scatter_min_percent") => Small(&mut it.scatter_min_percent, whole),
        (Condition::Unlike(it), "observations_min") => Small(&mut it.observations_min, whole),
        (Condition::Unlike(it), "days") => Small(&mut it.days, whole),
        (Condition::Rate(it), "metric") => Name(&mut it.metric),
        (Condition::Rate(it), "split") => Place::Split(&mut it.split),
        (Condition::Rate(it), "direction") => Place::Direction(&mut it.direction),
        (Condition::Rate(it), "z_above") => Number(&mut it.z_above, thousandths),
        (Condition::Rate(it), "step_minutes") => Small(&mut it.step_minutes, whole),
        (Condition::Rate(it), "weeks") => Small(&mut it.weeks, whole),
        (Condition::Rate(it), "seasons_min") => Small(&mut it.seasons_min, whole),
        (Condition::Rate(it), "least") => {
            let scale = scale_of(it);
            Number(&mut it.least, scale)
        }
        _ => return None,
    })
}

/// What one of a metric's integers stands for.
fn scale_of(rate: &Rate) -> Scale {
    use analytics::tally::Scale as Counted;
    match rate.metric().map(|metric| metric.reading) {
        Ok(Reading::Sum(field)) if field.scale() != Counted::Count => Scale::DECIMAL,
        _ => Scale::WHOLE,
    }
}

/// Why a setting does not take a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The kind of rule has no such setting.
    #[error("a rule of kind {kind} has no setting `{key}`")]
    Unknown {
        /// The kind of the rule.
        kind: &'static str,
        /// As written.
        key: String,
        /// The settings it has.
        known: Vec<&'static str>,
    },
    /// The value is none of this setting.
    #[error("{key}: `{value}` is {why}")]
    Value {
        /// The setting.
        key: String,
        /// As written.
        value: String,
        /// What it is instead.
        why: &'static str,
        /// Values that it takes, where those can be listed.
        known: Vec<&'static str>,
    },
}

/// Sets a setting to what a person wrote.
pub fn set(rule: &mut Rule, key: &str, text: &str) -> Result<(), KeyError> {
    let (kind, known) = (kind_of(&rule.condition), keys_of(&rule.condition).collect());
    let unknown = || KeyError::Unknown {
        kind,
        key: key.to_owned(),
        known,
    };
    let written = place(rule, key).ok_or_else(unknown)?.write(text);
    written.map_err(|Refused { why, known }| KeyError::Value {
        key: key.to_owned(),
        value: text.to_owned(),
        why,
        known,
    })
}

/// A setting as it stands; nothing of one that the rule does not have.
pub fn get(rule: &Rule, key: &str) -> Option<Value> {
    Some(place(&mut rule.clone(), key)?.read())
}

/// A number as a person would write it for this setting.
pub fn shown(rule: &Rule, key: &str, number: i128) -> String {
    let scale = match place(&mut rule.clone(), key) {
        Some(Place::Small(_, scale) | Place::Large(_, scale)) => scale,
        Some(Place::Number(_, scale) | Place::Span(_, scale)) => scale,
        _ => Scale::WHOLE,
    };
    scale.shown(number)
}

/// Why a value is none.
struct Refused {
    why: &'static str,
    known: Vec<&'static str>,
}

impl From<&'static str> for Refused {
    fn from(why: &'static str) -> Refused {
        let known = Vec::new();
        Refused { why, known }
    }
}

impl Place<'_> {
    fn write(self, text: &str) -> Result<(), Refused> {
        let number = |scale: Scale| scale.read(text).ok_or("no number that this can be");
        let too_large = |_| Refused::from("too large");
        match self {
            Place::Small(to, scale) => *to = number(scale)?.try_into().map_err(too_large)?,
            Place::Large(to, scale) => *to = number(scale)?.unsigned_abs(),
            Place::Number(to, scale) => *to = number(scale)?,
            Place::Span(to, scale) => *to = Some(number(scale)?).filter(|span| *span > 0),
            Place::Name(to) => *to = text.into(),
            Place::Split(to) => *to = split(text)?,
            Place::Measured(to) => *to = chosen(&MEASURED, text)?,
            Place::Against(to) => *to = chosen(&AGAINST, text)?,
            Place::Distance(to) => *to = chosen(&DISTANCE, text)?,
            Place::Direction(to) => *to = chosen(&DIRECTION, text)?,
        }
        Ok(())
    }

    fn read(self) -> Value {
        let number = |number: i64, scale: Scale| {
            let shown = scale.shown(number.into());
            // Digits and a dot are JSON too.
            serde_json::from_str(&shown).unwrap_or(Value::String(shown))
        };
        match self {
            Place::Small(it, scale) => number(i64::from(*it), scale),
            Place::Large(it, scale) => number(i64::try_from(*it).unwrap_or(i64::MAX), scale),
            Place::Number(it, scale) => number(*it, scale),
            Place::Span(it, scale) => number(it.unwrap_or(0), scale),
            Place::Name(it) => Value::from(&**it),
            Place::Split(it) => {
                let text = it
                    .as_ref()
                    .map(|it| format!("{}={}", it.dimension, it.value));
                Value::from(text.unwrap_or_default())
            }
            Place::Measured(it) => word(&MEASURED, *it),
            Place::Against(it) => word(&AGAINST, *it),
            Place::Distance(it) => word(&DISTANCE, *it),
            Place::Direction(it) => word(&DIRECTION, *it),
        }
    }
}

/// `country=DE`; nothing is the whole store.
fn split(text: &str) -> Result<Option<Split>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    let parts = text.split_once('=');
    let parts = parts.filter(|(dimension, value)| !dimension.is_empty() && !value.is_empty());
    let (dimension, value) = parts.ok_or("no `dimension=value`, such as `country=DE`")?;
    Ok(Some(Split {
        dimension: dimension.into(),
        value: value.into(),
    }))
}

fn chosen<T: Copy>(words: &[(&'static str, T)], text: &str) -> Result<T, Refused> {
    let found = words.iter().find(|(word, _)| *word == text);
    let refused = || Refused {
        why: "not among its values",
        known: words.iter().map(|(word, _)| *word).collect(),
    };
    found.map(|(_, value)| *value).ok_or_else(refused)
}

fn word<T: PartialEq>(words: &[(&'static str, T)], value: T) -> Value {
    let found = words.iter().find(|(_, known)| *known == value);
    Value::from(found.map_or("", |(word, _)| *word))
}
