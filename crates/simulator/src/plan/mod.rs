//! A plan: everything about a simulated shop that people may want to change, as TOML. A file changes the default plan or a
//! named profile; what it says becomes [`crate::Settings`] and [`crate::Mishaps`] in `shape`.

mod shape;

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::{Table, Value};

/// The default plan with its comments: what `--print-profile` shows.
pub const DEFAULT_PLAN: &str = include_str!("default.toml");

/// Profiles by name: what each changes in the default plan.
pub const PROFILES: [(&str, &str); 4] = [
    ("default", DEFAULT_PLAN),
    ("globalmart-day", include_str!("globalmart-day.toml")),
    ("rees46-month", include_str!("rees46-month.toml")),
    ("known-answers", include_str!("known-answers.toml")),
];

/// A plan, complete.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    shop: ShopPlan,
    pace: Pace,
    behaviour: BehaviourPlan,
    type_weights: BTreeMap<String, f64>,
    demographics: DemographicsPlan,
    price_ranges: BTreeMap<String, [u32; 2]>,
    elasticity: BTreeMap<String, f64>,
    categories: Option<Vec<CategoryPlan>>,
    supply: SupplyPlan,
    bots: BotsPlan,
    anomalies_per_day: BTreeMap<String, f64>,
    campaigns: Vec<CampaignPlan>,
    buyers: BuyersPlan,
    #[serde(default)]
    baskets: Vec<BasketPlan>,
    demand: DemandPlan,
    /// How lines fare.
    pub mishaps: MishapsPlan,
    /// When it is over.
    pub run: RunPlan,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShopPlan {
    products: u32,
    categories: u32,
    customers: u32,
    currency: String,
    store: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pace {
    events_per_second: f64,
    rhythm: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct BehaviourPlan {
    regulars: f64,
    bounce: f64,
    remembered: f64,
    second_device: f64,
    leave: f64,
    item_click: f64,
    cart_add: f64,
    cart_view: f64,
    cart_remove: f64,
    cart_leave: f64,
    checkout: f64,
    checkout_leave: f64,
    payment_error: f64,
    payment_retry: f64,
    guest: f64,
    coupon: f64,
    refund: f64,
    own_taste: f64,
    think_seconds: f64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct DemographicsPlan {
    members: f64,
    countries: BTreeMap<String, f64>,
    devices: BTreeMap<String, f64>,
    payment_methods: BTreeMap<String, f64>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryPlan {
    name: String,
    price: [u32; 2],
    goods: Vec<String>,
    weight: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct SupplyPlan {
    enabled: bool,
    opening_units: u32,
    reorder_units: u32,
    delivery_units: u32,
    delivery_hours: f64,
    report_units: u32,
    price_changes_per_day: f64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct BotsPlan {
    user_agent: f64,
    behaviour: f64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct CampaignPlan {
    name: String,
    source: String,
    medium: String,
    begins_hours: f64,
    lasts_hours: f64,
    price_cut_percent: f64,
    lift: f64,
    #[serde(default)]
    categories: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct BuyersPlan {
    enabled: bool,
    customers: u32,
    joining_days: f64,
    unit_days: f64,
    r: f64,
    alpha: f64,
    a: f64,
    b: f64,
    leaves_after_first: bool,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct BasketPlan {
    support: f64,
    confidence: f64,
    otherwise: f64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct DemandPlan {
    units_per_day: Vec<f64>,
}

/// Lines that do not arrive in time, once and whole.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MishapsPlan {
    /// Share of late lines.
    pub late: f64,
    /// The longest that a line is late.
    pub late_seconds: f64,
    /// Share of repeated lines.
    pub repeats: f64,
    /// Share of broken lines.
    pub broken: f64,
}

/// When a run is over, and what it is written in.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunPlan {
    /// The dialect's name.
    pub dialect: String,
    /// Lines; 0 is no limit.
    pub lines: u64,
    /// Orders; 0 is no limit.
    pub orders: u64,
    /// Hours of the shop's time; 0 is no limit.
    pub hours: f64,
    /// The time of the first event; empty leaves it to whoever runs the shop.
    pub start: String,
}

/// Why a plan is none.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// It is no TOML, or a key is unknown, missing or of another kind.
    #[error("{0}")]
    Unreadable(String),
    /// There is no such profile.
    #[error("no profile {name}: there are {known}")]
    NoProfile {
        /// What was asked.
        name: String,
        /// What there is.
        known: String,
    },
    /// A value that cannot be.
    #[error("{key} = {value}: {rule}")]
    Value {
        /// The key.
        key: String,
        /// What it is.
        value: String,
        /// What it may be.
        rule: String,
    },
}

/// Shares that are one thing together: naming some replaces all.
const REPLACED_WHOLE: [&str; 3] = ["countries", "devices", "payment_methods"];

impl Plan {
    /// The plan of a profile, with a file's changes to it.
    pub fn read(profile: &str, changes: Option<&str>) -> Result<Plan, PlanError> {
        let text = profile_text(profile)?;
        let mut merged = parse(DEFAULT_PLAN)?;
        merge(&mut merged, parse(text)?);
        if let Some(changes) = changes {
            merge(&mut merged, parse(changes)?);
        }
        Value::Table(merged)
            .try_into()
            .map_err(|error: toml::de::Error| PlanError::Unreadable(one_line(&error.to_string())))
    }
}

/// The text of a profile, with its comments.
pub fn profile_text(profile: &str) -> Result<&'static str, PlanError> {
    let found = PROFILES.iter().find(|(name, _)| *name == profile);
    found
        .map(|(_, text)| *text)
        .ok_or_else(|| PlanError::NoProfile {
            name: profile.to_owned(),
            known: PROFILES.map(|(name, _)| name).join(", "),
        })
}

fn parse(text: &str) -> Result<Table, PlanError> {
    text.parse::<Table>()
        .map_err(|error| PlanError::Unreadable(one_line(&error.to_string())))
}

/// Errors of TOML draw pictures; a sentence is enough.
fn one_line(error: &str) -> String {
    let lines = error
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.contains('|'));
    lines.collect::<Vec<_>>().join(": ")
}

/// Takes the changes over, table by table; lists and shares are replaced.
fn merge(plan: &mut Table, changes: Table) {
    for (key, change) in changes {
        match (plan.get_mut(&key), change) {
            (Some(Value::Table(old)), Value::Table(new))
                if !REPLACED_WHOLE.contains(&key.as_str()) =>
            {
                merge(old, new);
            }
            (_, change) => {
                plan.insert(key, change);
            }
        }
    }
}

#[cfg(test)]
mod tests;
