//! Funnels as a shop writes them down: steps by name, or with conditions.

use crate::exit::Problem;
use analytics::cell::NameId;
use analytics::funnel::{
    Declaration, Filter, FunnelError, Funnels, Happening, Mode, Step, Unit, WINDOW_MICROS_MAX,
};
use event::Money;
use event::time::SECOND;
use serde::{Deserialize, Serialize};

/// A way on which a shop wants to see people get on. A change counts all of them again from the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunnelSettings {
    /// By which its numbers are found.
    pub name: String,
    /// From entering to the goal: types of events, or tables with a type and conditions.
    pub steps: Vec<StepSettings>,
    /// How long the whole way may take.
    #[serde(default = "day")]
    pub window_s: u32,
    /// In which order steps must come.
    #[serde(default)]
    pub mode: ModeSetting,
    /// Who goes the way.
    #[serde(default)]
    pub unit: UnitSetting,
}

fn day() -> u32 {
    86_400
}

/// A step.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StepSettings {
    /// A type of events, such as `cart_add`, or `custom:NAME` for a name of the shop's own.
    Type(String),
    /// A type with conditions, which must all hold.
    Where(StepWhere),
}

/// A step with conditions.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepWhere {
    /// The type of events.
    #[serde(rename = "type")]
    pub kind: String,
    /// The country, as the sender writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The device type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// First level of a line's category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// A line's product id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The name of a checkout step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_name: Option<String>,
    /// The event is worth this or more, as decimal text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_min: Option<String>,
}

/// In which order steps must come.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModeSetting {
    /// As declared; whatever comes between does not matter.
    #[default]
    Ordered,
    /// As declared, with nothing between.
    Strict,
    /// In any.
    AnyOrder,
}

/// Who goes the way.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitSetting {
    /// A person.
    #[default]
    Visitor,
    /// A session.
    Session,
}

/// The way that is shown where a shop declares none.
pub fn usual() -> Vec<FunnelSettings> {
    let setting = |declared: Declaration| FunnelSettings {
        name: declared.name,
        steps: (declared.steps.iter())
            .map(|step| StepSettings::Type(step.what.name().to_owned()))
            .collect(),
        window_s: u32::try_from(declared.window_micros / SECOND).unwrap_or(u32::MAX),
        mode: ModeSetting::default(),
        unit: UnitSetting::default(),
    };
    (analytics::funnel::usual().into_iter())
        .map(setting)
        .collect()
}

/// Whether the funnels of a store can be counted.
pub fn check(funnels: &[FunnelSettings], store: &str) -> Result<(), Problem> {
    let declared = declared(funnels);
    let ready = declared.and_then(|declared| Ok(Funnels::new(&declared, |_| NameId(0))?));
    ready.map(drop).map_err(|error| {
        Problem::usage(
            format!("stores.{store}.funnels: {error}"),
            "docs/funnels.md tells what a funnel is made of",
        )
    })
}

/// Why a funnel cannot be meant.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// It cannot be counted.
    #[error(transparent)]
    Funnel(#[from] FunnelError),
    /// An amount is no number.
    #[error("value_min: `{0}` is no amount; write it as 49.90")]
    Amount(String),
}

/// The funnels as they are counted.
pub fn declared(funnels: &[FunnelSettings]) -> Result<Vec<Declaration>, SettingError> {
    funnels.iter().map(FunnelSettings::declared).collect()
}

impl FunnelSettings {
    fn declared(&self) -> Result<Declaration, SettingError> {
        let steps = self.steps.iter().map(StepSettings::step);
        Ok(Declaration {
            name: self.name.clone(),
            steps: steps.collect::<Result<_, _>>()?,
            window_micros: (i64::from(self.window_s) * SECOND).min(WINDOW_MICROS_MAX + 1),
            mode: match self.mode {
                ModeSetting::Ordered => Mode::Ordered,
                ModeSetting::Strict => Mode::Strict,
                ModeSetting::AnyOrder => Mode::AnyOrder,
            },
            unit: match self.unit {
                UnitSetting::Visitor => Unit::Visitor,
                UnitSetting::Session => Unit::Session,
            },
        })
    }
}

impl StepSettings {
    fn step(&self) -> Result<Step, SettingError> {
        let only = match self {
            StepSettings::Type(kind) => StepWhere {
                kind: kind.clone(),
                ..StepWhere::default()
            },
            StepSettings::Where(only) => only.clone(),
        };
        let amount = |text: String| {
            let read = event::parse_decimal(text.as_bytes());
            read.map(|read| Money(read.value))
                .map_err(|_| SettingError::Amount(text))
        };
        Ok(Step {
            what: Happening::parse(&only.kind)?,
            only: Filter {
                country: only.country,
                device: only.device,
                category: only.category,
                product: only.product,
                step_name: only.step_name,
                value_min: only.value_min.map(amount).transpose()?,
            },
        })
    }
}
