//! Backtest: what a rule fired against what was planted: how many of its alerts are true, how much of the truth it found,
//! and how many alerts a day that makes. It matches, it does not fire; rows come in any order.

use super::{Finding, Occasion};
use event::EventTime;
use event::time::DAY;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// Rows of truth, and as many alerts, that are compared; those beyond are counted and not compared.
pub const TRUTH_ROWS_MAX: usize = 1_000_000;
/// Missed and false ones that are listed.
const LISTED_MAX: usize = 100;

/// Something that is known to have happened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Truth {
    /// The rule that should find it.
    pub rule: Arc<str>,
    /// The key of what it is about; nothing where only the time is known.
    pub subject: Option<Arc<str>>,
    /// When it was or began.
    pub from: EventTime,
    /// When it ended.
    pub until: EventTime,
}

/// An alert that fired.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fired {
    /// The rule.
    pub rule: Arc<str>,
    /// The key of what it is about.
    pub subject: Arc<str>,
    /// When it began.
    pub at: EventTime,
    /// When it ended; nothing where it did not.
    pub until: Option<EventTime>,
}

impl From<&Finding> for Fired {
    /// What is of one instant ends where it begins.
    fn from(finding: &Finding) -> Fired {
        let until = match finding.occasion {
            Occasion::Once | Occasion::Event(_) => Some(finding.at),
            Occasion::Window(_) => finding.until,
        };
        Fired {
            rule: Arc::clone(&finding.rule),
            subject: Arc::clone(&finding.subject.key),
            at: finding.at,
            until,
        }
    }
}

/// Gathers both sides.
#[derive(Debug)]
pub struct Backtest {
    tolerance_micros: i64,
    /// What began in this stretch is counted; what lies outside may still be the other side of it.
    counted: Range<EventTime>,
    /// From the first to the last of the history, where it is known.
    history: Option<(EventTime, EventTime)>,
    fired: Vec<Fired>,
    truth: Vec<Truth>,
    /// Not compared: there was no room.
    beyond: u64,
}

/// How well one rule did. Ratios are kept as numerator and denominator.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Score {
    /// Alerts.
    pub fired: u64,
    /// Alerts of something that was so.
    pub right: u64,
    /// What was so.
    pub truths: u64,
    /// What was so and found.
    pub found: u64,
    /// Microseconds of the history, as far as it is counted; where it was not said, from the first to the last of either.
    pub span_micros: i64,
    /// What was missed, the first hundred by time.
    pub missed: Vec<Truth>,
    /// What was not so, the first hundred by time.
    pub wrong: Vec<Fired>,
}

impl Score {
    /// The share of alerts that are right; nothing without alerts.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        (self.fired > 0).then(|| self.right as f64 / self.fired as f64)
    }

    /// The share of what was so that was found; nothing where nothing was.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        (self.truths > 0).then(|| self.found as f64 / self.truths as f64)
    }

    /// Alerts a day of the history; of less than a day as if it were one.
    #[must_use]
    pub fn alerts_a_day(&self) -> f64 {
        self.fired as f64 * DAY as f64 / self.span_micros.max(DAY) as f64
    }
}

impl Backtest {
    /// An alert may be so much earlier or later than the truth.
    #[must_use]
    pub fn new(tolerance_micros: i64) -> Backtest {
        Backtest {
            tolerance_micros: tolerance_micros.max(0),
            counted: EventTime(i64::MIN)..EventTime(i64::MAX),
            history: None,
            fired: Vec::new(),
            truth: Vec::new(),
            beyond: 0,
        }
    }

    /// Of a history from its first to its last event, what began in this stretch is counted.
    pub fn count(&mut self, history: Option<(EventTime, EventTime)>, counted: Range<EventTime>) {
        (self.history, self.counted) = (history, counted);
    }

    /// Takes in an alert.
    pub fn fire(&mut self, fired: Fired) {
        if self.fired.len() < TRUTH_ROWS_MAX {
            self.fired.push(fired);
        } else {
            self.beyond += 1;
        }
    }

    /// Takes in what is known.
    pub fn know(&mut self, truth: Truth) {
        if self.truth.len() < TRUTH_ROWS_MAX {
            self.truth.push(truth);
        } else {
            self.beyond += 1;
        }
    }

    /// Rows that were not compared.
    #[must_use]
    pub fn beyond(&self) -> u64 {
        self.beyond
    }

    /// How well each rule did.
    #[must_use]
    pub fn scores(mut self) -> BTreeMap<Arc<str>, Score> {
        self.fired.sort_unstable();
        self.truth.sort_unstable();
        let rules = self.fired.iter().map(|fired| &fired.rule);
        let rules: BTreeSet<Arc<str>> = rules
            .chain(self.truth.iter().map(|truth| &truth.rule))
            .cloned()
            .collect();
        let span = self.span_micros();
        rules
            .into_iter()
            .map(|rule| (Arc::clone(&rule), self.score(&rule, span)))
            .collect()
    }

    fn span_micros(&self) -> i64 {
        if let Some((first, last)) = self.history {
            let (from, until) = (first.max(self.counted.start), last.min(self.counted.end));
            return until.0.saturating_sub(from.0).max(0);
        }
        let fired = self.fired.iter().map(|fired| fired.at);
        let times = fired.chain(
            self.truth
                .iter()
                .flat_map(|truth| [truth.from, truth.until]),
        );
        let (first, last) = times.fold((i64::MAX, i64::MIN), |(first, last), time| {
            (first.min(time.0), last.max(time.0))
        });
        last.saturating_sub(first).max(0)
    }

    fn score(&self, rule: &Arc<str>, span_micros: i64) -> Score {
        let fired = of_rule(&self.fired, |fired| &fired.rule, rule);
        let truth = of_rule(&self.truth, |truth| &truth.rule, rule);
        let mut score = Score {
            span_micros,
            ..Score::default()
        };
        let mut is_right = vec![false; fired.len()];
        let fired_by_subject = by_subject(fired, |fired| Some(&fired.subject));
        let everything: Vec<usize> = (0..fired.len()).collect();
        for known in truth {
            let candidates = match &known.subject {
                Some(subject) => fired_by_subject.get(subject).map_or(&[][..], Vec::as_slice),
                None => &everything,
            };
            let mut is_found = false;
            for at in candidates {
                if self.overlaps(&fired[*at], known) {
                    (is_right[*at], is_found) = (true, true);
                }
            }
            if !self.counted.contains(&known.from) {
                continue;
            }
            score.truths += 1;
            score.found += u64::from(is_found);
            if !is_found {
                score.missed.push(known.clone());
            }
        }
        let fired = fired.iter().zip(is_right);
        for (fired, is_right) in fired.filter(|(fired, _)| self.counted.contains(&fired.at)) {
            score.fired += 1;
            score.right += u64::from(is_right);
            if !is_right {
                score.wrong.push(fired.clone());
            }
        }
        score.missed.sort_by_key(|truth| truth.from);
        score.wrong.sort_by_key(|fired| fired.at);
        score.missed.truncate(LISTED_MAX);
        score.wrong.truncate(LISTED_MAX);
        score
    }

    fn overlaps(&self, fired: &Fired, truth: &Truth) -> bool {
        let ends = fired.until.unwrap_or(EventTime(i64::MAX));
        let early = truth.from.0.saturating_sub(self.tolerance_micros);
        let late = truth.until.0.saturating_add(self.tolerance_micros);
        fired.at.0 <= late && ends.0 >= early
    }
}

/// The rows of one rule among rows that are sorted by it.
fn of_rule<'a, R>(rows: &'a [R], of: impl Fn(&R) -> &Arc<str>, rule: &Arc<str>) -> &'a [R] {
    let from = rows.partition_point(|row| of(row) < rule);
    let until = rows.partition_point(|row| of(row) <= rule);
    &rows[from..until]
}

fn by_subject<R>(
    rows: &[R],
    of: impl Fn(&R) -> Option<&Arc<str>>,
) -> BTreeMap<Arc<str>, Vec<usize>> {
    let mut groups: BTreeMap<Arc<str>, Vec<usize>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        if let Some(subject) = of(row) {
            groups.entry(Arc::clone(subject)).or_default().push(at);
        }
    }
    groups
}
