//! A shop's own checks as people write them: expressions of CEL over canonical fields, compiled once into `event`'s rules.
//! CEL's parser reads them; values are exact decimals and never CEL's floats, so its interpreter has no part here.

mod compile;
#[cfg(test)]
mod tests;

use event::rule::{Rule, Rules};
use serde::{Deserialize, Serialize};

/// Longest expression; nobody reads a longer one.
pub const EXPRESSION_BYTES_MAX: usize = 2_000;
/// Most checks: every event runs through all of them.
pub const CHECKS_MAX: usize = 200;

/// One check of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckConfig {
    /// Its name, told with what it sets aside.
    pub name: String,
    /// Which events it judges; all where nothing is said: `type == 'order'`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What sets an event aside: `total > 100000`.
    pub reject_if: String,
}

/// A check that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "check \"{check}\", {part}, character {column}: {what}\n    {written}\n    {:>1$}",
    "^",
    column
)]
pub struct CheckError {
    /// The check's name.
    pub check: String,
    /// `when` or `reject_if`.
    pub part: &'static str,
    /// The expression.
    pub written: String,
    /// The character, from 1.
    pub column: usize,
    /// What is wrong there.
    pub what: String,
    /// How to mend it.
    pub hint: String,
}

/// Compiles the checks of a configuration; the first that is wrong is told.
pub fn compile_checks(checks: &[CheckConfig]) -> Result<Rules, CheckError> {
    let rules = checks.iter().enumerate().map(|(at, check)| {
        let names_before = || checks[..at].iter().map(|other| &other.name);
        let of_check = |what: &str, hint: &str| CheckError {
            check: check.name.clone(),
            part: "name",
            written: check.name.clone(),
            column: 1,
            what: what.to_owned(),
            hint: hint.to_owned(),
        };
        if check.name.trim().is_empty() {
            return Err(of_check("it has no name", "give it one: name = \"…\""));
        }
        if names_before().any(|name| *name == check.name) {
            let hint = "give each check a name of its own";
            return Err(of_check("another check has the same name", hint));
        }
        if at >= CHECKS_MAX {
            let hint = "put several conditions into one check with ||";
            return Err(of_check("there are more than 200 checks", hint));
        }
        compile_check(check)
    });
    rules.collect::<Result<Vec<_>, _>>().map(Rules::new)
}

fn compile_check(check: &CheckConfig) -> Result<Rule, CheckError> {
    let explain = |part: &'static str, written: &str, mistake: compile::Mistake| CheckError {
        check: check.name.clone(),
        part,
        written: written.to_owned(),
        column: mistake.column,
        what: mistake.what,
        hint: mistake.hint,
    };
    let compiled = |part: &'static str, written: &str| {
        compile::condition(written).map_err(|mistake| explain(part, written, mistake))
    };
    Ok(Rule {
        name: check.name.clone(),
        when: (check.when.as_deref())
            .map(|when| compiled("when", when))
            .transpose()?,
        reject_if: compiled("reject_if", &check.reject_if)?,
        written: check.reject_if.clone(),
    })
}
