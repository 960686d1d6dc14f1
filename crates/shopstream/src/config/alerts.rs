//! Alert rules as a shop writes them down: what it changes of the usual rules, and what it adds. Which settings a kind of
//! rule has is told in `keys`; what a rule finds, by `analytics::alert`.

mod keys;

pub use keys::{KINDS, KeyError, keys_of, kind_of, set};

use super::funnels::FunnelSettings;
use crate::exit::Problem;
use analytics::alert::{
    Condition, Direction, Rate, Rule, RuleError, Severity, check_rules, usual_rules,
};
use event::nearest;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Rules of a store: each looks at whatever it is about, as it happens.
const RULES_MAX: usize = 64;
/// Bytes of a rule's name, which is part of every alert's row.
const NAME_BYTES_MAX: usize = 64;

/// A rule, by its name: a usual one that is changed or switched off, or one of the shop's own. A change counts all alerts
/// again from the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AlertSettings {
    /// What its alerts are found by.
    pub name: String,
    /// What it looks for; a usual rule has its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// How much its alerts matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// Whether it is asked at all.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The settings of its kind.
    #[serde(flatten)]
    pub settings: BTreeMap<String, Value>,
}

fn yes() -> bool {
    true
}

/// A rule and whether it is asked.
struct Written {
    rule: Rule,
    enabled: bool,
}

/// Whether the rules of a store can be meant.
pub fn check(
    alerts: &[AlertSettings],
    funnels: &[FunnelSettings],
    store: &str,
) -> Result<(), Problem> {
    let of_store = |problem: Problem| Problem {
        what: format!("stores.{store}.alerts: {}", problem.what),
        ..problem
    };
    let written = written(alerts).map_err(of_store)?;
    for rule in &written {
        let is_own = alerts.iter().any(|own| own.name == *rule.rule.name);
        if is_own && let Condition::FunnelBreak(funnel) = &rule.rule.condition {
            let known = funnels.iter().map(|known| known.name.as_str());
            let known: Vec<&str> = known.collect();
            if !known.contains(&&*funnel.funnel) {
                let what = format!("the store has no funnel `{}`", funnel.funnel);
                let problem = Problem::usage(what, mend(&funnel.funnel, &known));
                return Err(of_store(in_rule(&rule.rule.name, problem)));
            }
        }
    }
    let asked = written.iter().filter(|rule| rule.enabled).count();
    if asked > RULES_MAX {
        return Err(of_store(Problem::usage(
            format!("{asked} rules are more than {RULES_MAX}"),
            "switch some off with `enabled = false`",
        )));
    }
    Ok(())
}

/// The rules that are asked.
pub fn rules(alerts: &[AlertSettings]) -> Vec<Rule> {
    let asked = checked(alerts).into_iter().filter(|rule| rule.enabled);
    asked.map(|rule| rule.rule).collect()
}

/// The same with those that are switched off.
pub fn all(alerts: &[AlertSettings]) -> Vec<Rule> {
    let all = checked(alerts).into_iter();
    all.map(|rule| rule.rule).collect()
}

fn checked(alerts: &[AlertSettings]) -> Vec<Written> {
    written(alerts).unwrap_or_else(|problem| {
        unreachable!("checked when the configuration was read: {}", problem.what)
    })
}

/// Every rule with every setting, for whoever wants to see what holds. Read again it says the same.
pub fn shown(alerts: &[AlertSettings]) -> Vec<AlertSettings> {
    let show = |Written { rule, enabled }: &Written| AlertSettings {
        name: rule.name.to_string(),
        kind: Some(kind_of(&rule.condition).to_owned()),
        severity: Some(rule.severity.name().to_owned()),
        enabled: *enabled,
        settings: keys_of(&rule.condition)
            .filter_map(|key| Some((key.to_owned(), keys::get(rule, key)?)))
            .collect(),
    };
    let written = written(alerts).unwrap_or_default();
    written.iter().map(show).collect()
}

/// The usual rules with what was written over them, then those that were added.
fn written(alerts: &[AlertSettings]) -> Result<Vec<Written>, Problem> {
    let usual = usual_rules();
    let mut all: Vec<Written> = usual
        .iter()
        .map(|rule| Written {
            rule: rule.clone(),
            enabled: true,
        })
        .collect();
    let mut names = BTreeSet::new();
    for settings in alerts {
        let of_rule = |problem| in_rule(&settings.name, problem);
        if !names.insert(&settings.name) {
            let what = "it is written down twice";
            return Err(of_rule(Problem::usage(what, "put both into one table")));
        }
        let at = usual.iter().position(|rule| *rule.name == *settings.name);
        let known = at.map(|at| &usual[at]);
        let rule = settings.rule(known, &usual).map_err(of_rule)?;
        let written = Written {
            rule,
            enabled: settings.enabled,
        };
        match at {
            Some(at) => all[at] = written,
            None => all.push(written),
        }
    }
    Ok(all)
}

fn in_rule(name: &str, problem: Problem) -> Problem {
    Problem {
        what: format!("rule `{name}`: {}", problem.what),
        ..problem
    }
}

impl AlertSettings {
    fn rule(&self, known: Option<&Rule>, usual: &[Rule]) -> Result<Rule, Problem> {
        let mut rule = match known {
            Some(known) => self.changed(known)?,
            None => self.added(usual)?,
        };
        if let Some(severity) = &self.severity {
            rule.severity = severity_of(severity)?;
        }
        // The metric before what is counted in it.
        let keys: Vec<&str> = keys_of(&rule.condition).collect();
        let place = |key: &str| keys.iter().position(|known| *known == key);
        let mut given: Vec<_> = self.settings.iter().collect();
        given.sort_by_key(|(key, _)| place(key));
        for (key, value) in given {
            let text = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            keys::set(&mut rule, key, &text).map_err(explain_written)?;
        }
        check_rule(&rule)?;
        Ok(rule)
    }

    /// A usual rule keeps its kind: alerts of another kind under its name would be mistaken for its own.
    fn changed(&self, known: &Rule) -> Result<Rule, Problem> {
        let kind = kind_of(&known.condition);
        match &self.kind {
            Some(other) if other != kind => Err(Problem::usage(
                format!("it is a usual rule of kind {kind}, and no {other}"),
                "leave `kind` out, or give the rule a name of its own",
            )),
            _ => Ok(known.clone()),
        }
    }

    /// A rule of the shop's own begins with the settings of the usual rule that is nearest to it.
    fn added(&self, usual: &[Rule]) -> Result<Rule, Problem> {
        check_name(&self.name)?;
        let Some(kind) = self.kind.as_deref() else {
            let names: Vec<&str> = usual.iter().map(|rule| &*rule.name).collect();
            let what = "no usual rule has this name, and one of your own needs a `kind`";
            let near = nearest(&self.name, names.into_iter());
            let mend = match near.as_slice() {
                [] => format!("kinds: {}", KINDS.join(", ")),
                near => format!("did you mean `{}`?", near.join("` or `")),
            };
            return Err(Problem::usage(what, mend));
        };
        if !KINDS.contains(&kind) {
            let what = format!("there is no kind `{kind}`");
            return Err(Problem::usage(what, mend(kind, &KINDS)));
        }
        for needed in ["metric", "funnel"] {
            let is_its = matches!(
                (kind, needed),
                ("rate", "metric") | ("funnel_break", "funnel")
            );
            if is_its && !self.settings.contains_key(needed) {
                let what = format!("a rule of kind {kind} needs a `{needed}`");
                return Err(Problem::usage(what, WHERE_TOLD));
            }
        }
        Ok(Rule {
            name: self.name.as_str().into(),
            ..self.begun(kind, usual)
        })
    }

    /// Where a rule of this kind begins: with a usual one, or where none is like it, with settings of its own.
    fn begun(&self, kind: &str, usual: &[Rule]) -> Rule {
        let text = |key: &str| self.settings.get(key).and_then(Value::as_str).unwrap_or("");
        match kind {
            "rate" => {
                let rate = Rate::of(text("metric"), Direction::Either);
                let mut rule = Rule::new("", Severity::Warning, Condition::Rate(rate));
                // Ten of whatever the metric is counted in.
                keys::set(&mut rule, "least", "10").expect("rates have it");
                rule
            }
            _ => {
                let against = match text("against") {
                    // Both are kept by days.
                    "store" => "category",
                    other => other,
                };
                let of_kind = || usual.iter().filter(|rule| kind_of(&rule.condition) == kind);
                let is_like = |rule: &&Rule| {
                    let own = keys::get(rule, "against");
                    own.is_some_and(|own| own == against)
                };
                let like = of_kind().find(is_like).or_else(|| of_kind().next());
                like.expect("the usual rules have every other kind").clone()
            }
        }
    }
}

/// Where a person reads on.
const WHERE_TOLD: &str = "docs/alerts.md tells the settings of each kind";

fn check_name(name: &str) -> Result<(), Problem> {
    let is_sound = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    if !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.chars().all(is_sound) {
        return Ok(());
    }
    let what = format!("a name is 1 to {NAME_BYTES_MAX} letters, digits, `_`, `-` and `.`");
    Err(Problem::usage(what, "such as `big_baskets`"))
}

fn severity_of(name: &str) -> Result<Severity, Problem> {
    let mut all = Severity::ALL.into_iter();
    let found = all.find(|severity| severity.name() == name);
    found.ok_or_else(|| {
        let known = Severity::ALL.map(Severity::name);
        Problem::usage(format!("there is no severity `{name}`"), mend(name, &known))
    })
}

/// The nearest names, or all of them.
pub fn mend(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()).as_slice() {
        [] => format!("known: {}", known.join(", ")),
        near => format!("did you mean `{}`?", near.join("` or `")),
    }
}

/// The same of a table in a file, which has more than the settings of a kind.
fn explain_written(mut error: KeyError) -> Problem {
    if let KeyError::Unknown { known, .. } = &mut error {
        known.extend(["name", "kind", "severity", "enabled"]);
    }
    explain_key(&error)
}

/// A setting that a rule does not take.
pub fn explain_key(error: &KeyError) -> Problem {
    let mend = match error {
        KeyError::Unknown { key, known, .. } => mend(key, known),
        KeyError::Value { known, .. } if known.is_empty() => WHERE_TOLD.to_owned(),
        KeyError::Value { value, known, .. } => mend(value, known),
    };
    Problem::usage(error.to_string(), mend)
}

/// Whether a rule makes sense; limits are told as they are written.
pub fn check_rule(rule: &Rule) -> Result<(), Problem> {
    let checked = check_rules(std::slice::from_ref(rule));
    checked.map_err(|error| Problem::usage(explain_rule(rule, &error), WHERE_TOLD))
}

fn explain_rule(rule: &Rule, error: &RuleError) -> String {
    let RuleError::OutOfRange {
        what,
        value,
        min,
        max,
    } = error
    else {
        return error.to_string();
    };
    // What is checked has no unit in its name, what is written has.
    let is_it = |key: &&str| *key == *what || key.starts_with(&format!("{what}_"));
    let key = keys_of(&rule.condition).find(is_it).unwrap_or(what);
    let shown = |number: &i128| keys::shown(rule, key, *number);
    let (value, min) = (shown(value), shown(min));
    if value == min {
        return format!("{key} must be more than {value}");
    }
    match i64::try_from(*max) {
        Ok(i64::MAX) => format!("{key} must be {min} or more, not {value}"),
        _ => format!("{key} must be from {min} to {}, not {value}", shown(max)),
    }
}

#[cfg(test)]
mod tests;
