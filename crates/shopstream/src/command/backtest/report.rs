//! How a backtest is told: a row a rule as a table, as comma-separated values or as JSON, and of one rule which alerts were
//! missed and false, or which came first.

use super::trial::Trial;
use super::{OfRule, Outcome};
use crate::cli::{Backtest as Options, Format, ReportFormat};
use crate::table;
use analytics::alert::{Condition, Figure, Finding, Fired, Truth, Unit};
use event::{Currency, EventTime, format_decimal};
use serde_json::{Value, json};
use std::sync::Arc;

/// Alerts of a rule that are kept to be listed.
pub const LISTED_MAX: usize = 100;

const HEAD: [&str; 8] = [
    "rule",
    "alerts",
    "not_told",
    "alerts_a_day",
    "precision",
    "recall",
    "known",
    "found",
];

/// Prints it on standard output.
pub fn print(outcome: &Outcome, trial: &Trial, options: &Options) -> anyhow::Result<()> {
    let listed = usize::try_from(options.listed).unwrap_or(LISTED_MAX);
    let report = Report {
        outcome,
        trial,
        listed,
    };
    match options.format {
        ReportFormat::Json => println!("{}", serde_json::to_string_pretty(&report.json())?),
        ReportFormat::Csv => print!("{}", report.csv()),
        ReportFormat::Table | ReportFormat::Auto => {
            let format = match options.format {
                ReportFormat::Table => Format::Table,
                _ => Format::Auto,
            };
            println!("{}", table::render(&HEAD, &report.rows(), format));
            if let (Some(_), [rule]) = (&options.rule, outcome.rules.as_slice()) {
                report.print_listed(rule, format);
            }
        }
    }
    Ok(())
}

/// What is to be said on standard error, below it.
pub fn remarks(outcome: &Outcome, options: &Options) -> Vec<String> {
    let mut remarks = Vec::new();
    let events = table::thousands(outcome.events);
    remarks.push(match outcome.event_times {
        Some((oldest, newest)) => format!("history: {events} events from {oldest} to {newest}"),
        None => "history: no events".to_owned(),
    });
    if let (false, [rule]) = (options.truth.is_empty(), outcome.rules.as_slice())
        && !rule.is_known
    {
        remarks.push(format!("the truth says nothing of {}", rule.name));
    }
    if !outcome.not_asked.is_empty() {
        let names: Vec<&str> = outcome.not_asked.iter().map(|name| &**name).collect();
        let names = names.join(", ");
        remarks.push(format!(
            "the truth speaks of rules that are not set: {names}"
        ));
    }
    if outcome.rules.iter().any(|rule| rule.more > 0) {
        let max = analytics::alert::DRAWER_ALERTS_MAX;
        remarks.push(format!(
            "not_told: of a rule and hour the {max} earliest are alerts, the others are counted"
        ));
    }
    if outcome.beyond > 0 {
        let beyond = table::thousands(outcome.beyond);
        remarks.push(format!(
            "{beyond} alerts and rows of truth were not compared: there was no room"
        ));
    }
    remarks
}

struct Report<'a> {
    outcome: &'a Outcome,
    trial: &'a Trial,
    listed: usize,
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or_else(String::new, |ratio| format!("{ratio:.3}"))
}

impl OfRule {
    fn precision(&self) -> Option<f64> {
        self.score.precision().filter(|_| self.is_known)
    }

    fn recall(&self) -> Option<f64> {
        self.score.recall().filter(|_| self.is_known)
    }

    fn row(&self) -> Vec<String> {
        let score = &self.score;
        let known = |count: u64| match self.is_known {
            true => count.to_string(),
            false => String::new(),
        };
        vec![
            self.name.to_string(),
            score.fired.to_string(),
            self.more.to_string(),
            format!("{:.2}", score.alerts_a_day()),
            ratio(self.precision()),
            ratio(self.recall()),
            known(score.truths),
            known(score.found),
        ]
    }
}

impl Report<'_> {
    fn rows(&self) -> Vec<Vec<String>> {
        self.outcome.rules.iter().map(OfRule::row).collect()
    }

    /// Names of rules and numbers need no quotes.
    fn csv(&self) -> String {
        let head = HEAD.map(str::to_owned).to_vec();
        let rows = [head].into_iter().chain(self.rows());
        rows.map(|row| row.join(",") + "\n").collect()
    }

    fn print_listed(&self, rule: &OfRule, format: Format) {
        if rule.is_known {
            let missed = rule.score.missed.iter().take(self.listed);
            let missed: Vec<_> = missed.map(missed_row).collect();
            let wrong = rule.score.wrong.iter().take(self.listed);
            let wrong: Vec<_> = wrong.map(wrong_row).collect();
            let head = ["subject", "from", "until"];
            let count = rule.score.truths - rule.score.found;
            print_list(&format!("missed: {count}"), (&head, &missed), format);
            let count = rule.score.fired - rule.score.right;
            print_list(&format!("false: {count}"), (&head, &wrong), format);
        } else {
            let first = rule.first.iter().take(self.listed);
            let rows: Vec<_> = first.map(|alert| self.alert_row(alert)).collect();
            let head = ["at", "store", "subject", "evidence"];
            let title = format!("first alerts, of {}", rule.score.fired);
            print_list(&title, (&head, &rows), format);
        }
    }

    fn alert_row(&self, (store, finding): &(Arc<str>, Finding)) -> Vec<String> {
        let evidence = self.evidence(store, finding);
        let evidence: Vec<String> = (evidence.iter())
            .map(|(figure, value, unit)| match unit.as_str() {
                "" => format!("{}={value}", figure.name()),
                unit => format!("{}={value} {unit}", figure.name()),
            })
            .collect();
        vec![
            finding.at.to_string(),
            store.to_string(),
            subject(finding),
            evidence.join("  "),
        ]
    }

    /// Figures with their values and units as the API tells them.
    fn evidence(&self, store: &str, finding: &Finding) -> Vec<(Figure, String, String)> {
        let condition = self.trial.rule(store, &finding.rule);
        let condition = condition.map(|rule| &rule.condition);
        let own = finding.at_risk.as_ref();
        let own = own.and_then(|risk| self.outcome.names.get(risk.currency.0 as usize));
        let currency = own.map_or(self.trial.currency(store), |own| &**own);
        let numbers = finding.evidence.numbers.iter();
        let shown = numbers.map(|(figure, number)| {
            let unit = condition.map_or(figure.unit(), |it: &Condition| it.unit(*figure));
            let (value, unit) = shown(*number, unit, currency);
            (*figure, value, unit)
        });
        shown.collect()
    }

    fn json(&self) -> Value {
        let outcome = self.outcome;
        let (from, until) = outcome.event_times.unzip();
        let rules = outcome.rules.iter().map(|rule| self.rule_json(rule));
        json!({
            "history": {
                "events": outcome.events,
                "from": time(from),
                "until": time(until),
            },
            "not_compared": outcome.beyond,
            "rules": rules.collect::<Vec<_>>(),
        })
    }

    fn rule_json(&self, rule: &OfRule) -> Value {
        let score = &rule.score;
        let missed = score.missed.iter().take(self.listed);
        let missed = missed.map(|truth| {
            json!({
                "subject": truth.subject.as_deref(), "from": time(Some(truth.from)), "until": time(Some(truth.until)),
            })
        });
        let wrong = score.wrong.iter().take(self.listed);
        let wrong = wrong.map(|fired| {
            json!({
                "subject": &*fired.subject, "from": time(Some(fired.at)), "until": time(fired.until),
            })
        });
        let known = |count: u64| rule.is_known.then_some(count);
        let first = rule.first.iter().take(self.listed);
        json!({
            "rule": &*rule.name,
            "alerts": score.fired,
            "not_told": rule.more,
            "alerts_a_day": score.alerts_a_day(),
            "precision": rule.precision(),
            "recall": rule.recall(),
            "known": known(score.truths),
            "found": known(score.found),
            "right": known(score.right),
            "missed": rule.is_known.then(|| missed.collect::<Vec<_>>()),
            "false": rule.is_known.then(|| wrong.collect::<Vec<_>>()),
            "first": first.map(|alert| self.alert_json(alert)).collect::<Vec<_>>(),
        })
    }

    fn alert_json(&self, (store, finding): &(Arc<str>, Finding)) -> Value {
        let evidence = self.evidence(store, finding);
        let evidence = evidence.iter().map(|(figure, value, unit)| {
            let unit = Some(unit).filter(|unit| !unit.is_empty());
            json!({ "name": figure.name(), "value": value, "unit": unit })
        });
        json!({
            "id": finding.id.to_string(),
            "store": &**store,
            "subject": { "kind": finding.subject.kind.name(), "key": &*finding.subject.key },
            "at": time(Some(finding.at)),
            "until": time(finding.until),
            "evidence": evidence.collect::<Vec<_>>(),
        })
    }
}

fn time(time: Option<EventTime>) -> Option<String> {
    time.map(|time| time.to_string())
}

fn subject(finding: &Finding) -> String {
    match &finding.with {
        Some(with) => format!(
            "{} ({} {})",
            finding.subject.key,
            with.kind.name(),
            with.key
        ),
        None => finding.subject.key.to_string(),
    }
}

fn missed_row(truth: &Truth) -> Vec<String> {
    let subject = truth.subject.as_deref().unwrap_or("");
    vec![
        subject.to_owned(),
        truth.from.to_string(),
        truth.until.to_string(),
    ]
}

fn wrong_row(fired: &Fired) -> Vec<String> {
    let until = time(fired.until).unwrap_or_default();
    vec![fired.subject.to_string(), fired.at.to_string(), until]
}

fn print_list(title: &str, (head, rows): (&[&str], &[Vec<String>]), format: Format) {
    println!("\n{title}");
    if !rows.is_empty() {
        println!("{}", table::render(head, rows, format));
    }
}

/// A number of the evidence and its unit.
fn shown(number: i64, unit: Unit, currency: &str) -> (String, String) {
    let wide = i128::from(number);
    match unit {
        Unit::Money => {
            let digits = Currency::parse(currency).map_or(2, Currency::digits);
            (format_decimal(wide, digits), currency.to_owned())
        }
        Unit::Quantity => (format_decimal(wide, 0), "pieces".to_owned()),
        Unit::Thousandths => ((number as f64 / 1_000.0).to_string(), String::new()),
        Unit::Share => (format_decimal(wide, 0), "share".to_owned()),
        Unit::Micros => (
            (number as f64 / 1_000_000.0).to_string(),
            "seconds".to_owned(),
        ),
        Unit::Count | Unit::AsRule => (number.to_string(), String::new()),
    }
}
