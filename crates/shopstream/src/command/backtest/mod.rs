//! `backtest`: replays history under alert rules, in this process and without writing anything, and says how many alerts
//! that makes, how many of them are right and how much of what is known they find.

mod history;
mod report;
mod trial;
mod truth;

use crate::cli::Backtest as Options;
use crate::config::Config;
use crate::exit::{Exit, Problem};
use analytics::alert::{Backtest, Finding, Fired, Score};
use event::EventTime;
use event::time::HOUR;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use stream::Replayed;
use trial::Trial;

/// Replays, compares, prints.
pub fn run(config: &Config, options: &Options) -> anyhow::Result<Exit> {
    let asked = Asked::read(options)?;
    let mut trial = Trial::of(config, options)?;
    let known = truth::read(options)?;
    let replayed = history::replay(&mut trial, config, options)?;
    let outcome = outcome(&asked, &trial, (known, replayed));
    report::print(&outcome, &trial, options)?;
    report::remarks(&outcome, options)
        .iter()
        .for_each(|remark| eprintln!("{remark}"));
    Ok(Exit::Done)
}

/// What is asked beside the rules.
struct Asked {
    tolerance_micros: i64,
    counted: Range<EventTime>,
    store: Option<String>,
}

impl Asked {
    fn read(options: &Options) -> Result<Asked, Problem> {
        let time = |name: &str, text: &Option<String>, otherwise: i64| match text {
            None => Ok(EventTime(otherwise)),
            Some(text) => EventTime::parse(text, &TimeZone::UTC).map_err(|_| {
                let mend = "write it as 2026-03-02 or 2026-03-02T12:00:00Z";
                Problem::usage(format!("{name} {text} is no time"), mend)
            }),
        };
        let counted =
            time("--from", &options.from, i64::MIN)?..time("--to", &options.to, i64::MAX)?;
        if counted.is_empty() {
            let what = "--from is not before --to: nothing would be counted";
            return Err(Problem::usage(what, "leave one of them out"));
        }
        Ok(Asked {
            tolerance_micros: tolerance(&options.tolerance)?,
            counted,
            store: options.store.clone(),
        })
    }
}

fn tolerance(text: &str) -> Result<i64, Problem> {
    if ["0", "0s", "0m", "0h", "0d"].contains(&text) {
        return Ok(0);
    }
    let length = live::query::Length::parse(text).ok_or_else(|| {
        let what = format!("--tolerance {text} is no length of time");
        Problem::usage(what, "write it as 90s, 5m or 1h; 0s for none")
    })?;
    Ok(length.micros())
}

/// How one rule did.
struct OfRule {
    name: Arc<str>,
    score: Score,
    /// Found and not told: too many of their hour.
    more: u64,
    /// Whether the truth says anything of it.
    is_known: bool,
    /// Its first alerts by time, with their stores.
    first: Vec<(Arc<str>, Finding)>,
}

/// What came of it.
struct Outcome {
    rules: Vec<OfRule>,
    /// Rules that the truth speaks of and nobody asked.
    not_asked: BTreeSet<Arc<str>>,
    names: Vec<Arc<str>>,
    events: u64,
    event_times: Option<(EventTime, EventTime)>,
    /// Alerts and rows of truth that were not compared.
    beyond: u64,
}

fn outcome(asked: &Asked, trial: &Trial, (known, replayed): (truth::Known, Replayed)) -> Outcome {
    let is_asked = |store: &str| asked.store.as_deref().is_none_or(|asked| asked == store);
    let mut backtest = Backtest::new(asked.tolerance_micros);
    backtest.count(replayed.event_times, asked.counted.clone());
    let mut found: BTreeMap<Arc<str>, Vec<(Arc<str>, Finding)>> = BTreeMap::new();
    for (store, finding) in replayed.alerts {
        if !is_asked(&store) {
            continue;
        }
        backtest.fire(Fired::from(&finding));
        if asked.counted.contains(&finding.at) {
            let of_rule = found.entry(Arc::clone(&finding.rule)).or_default();
            of_rule.push((store, finding));
        }
    }
    let truths: BTreeSet<Arc<str>> = known.rows.iter().map(|row| Arc::clone(&row.rule)).collect();
    known.rows.into_iter().for_each(|row| backtest.know(row));
    let mut more: BTreeMap<&str, u64> = BTreeMap::new();
    let is_counted = |hour: EventTime| {
        hour.0.saturating_add(HOUR) > asked.counted.start.0 && hour < asked.counted.end
    };
    for (store, one) in &replayed.more {
        if is_asked(store) && is_counted(one.key.hour) {
            *more.entry(&one.key.rule).or_default() += one.count;
        }
    }
    let beyond = replayed.beyond + known.beyond + backtest.beyond();
    let mut scores = backtest.scores();
    let of_rule = |name: &Arc<str>| {
        let mut first = found.remove(name).unwrap_or_default();
        first.sort_by_key(|(_, finding)| (finding.at, finding.id));
        first.truncate(report::LISTED_MAX);
        OfRule {
            score: scores.remove(name).unwrap_or_default(),
            more: more.get(&**name).copied().unwrap_or(0),
            is_known: truths.contains(name),
            name: Arc::clone(name),
            first,
        }
    };
    Outcome {
        rules: trial.names.iter().map(of_rule).collect(),
        not_asked: (truths.iter().filter(|name| !trial.names.contains(name)))
            .cloned()
            .collect(),
        names: replayed.names,
        events: replayed.events,
        event_times: replayed.event_times,
        beyond,
    }
}

#[cfg(test)]
mod tests;
