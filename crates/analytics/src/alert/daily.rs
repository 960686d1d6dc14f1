//! Whole store-days as a history: the orders of a category, or of the store, each measured by the days before its own.
//! A day's history is a summary, so it merges in any order; of the orders only the largest of a day are kept, for no
//! other can be far above its history.

use super::{
    Against, Condition, Desk, Finding, Known, Measured, Occasion, Point, Rule, Spread, StoreDesk,
    Subject, SubjectKind, Unlike, Untold, Verdicts, tell,
};
use crate::cell::NameId;
use crate::kept::Kept;
use crate::person::Reach;
use crate::window::{Calendar, Grain};
use crate::{Quantiles, bucket};
use event::EventTime;
use event::time::{DAY, HOUR};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Days that are kept of one category; the newest stay. With 28 of them as history an order may be 36 days late.
pub const DAYS_MAX: usize = 64;
/// Orders of one day that are kept, and so can be told; those beyond are counted. 48 of 100 bytes, 64 days and a hundred
/// categories are 30 MB.
pub const CANDIDATES_MAX: usize = 48;
/// Histories of days that are remembered: one a category, rule and day; beyond it they are made again.
const HISTORIES_MAX: usize = 4_096;

/// What days are kept under: a category or the store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DailyKey {
    /// Category or store.
    pub subject: Subject,
    /// Of the values.
    pub currency: NameId,
}

/// A large order of a day.
pub type Candidate = Point;

/// One store-day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DaySums {
    /// Values of all its orders.
    pub values: Quantiles,
    /// The largest, largest first; of equal ones the earliest in the canonical order.
    pub largest: Vec<Candidate>,
}

/// The days that are known of one category.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DailyState {
    /// By where they begin.
    pub days: BTreeMap<EventTime, DaySums>,
    /// Days before this were let go.
    pub floor: Option<EventTime>,
    /// What was told of their orders.
    pub told: Vec<Known>,
}

/// One shard's histories by days.
#[derive(Debug, Default)]
pub struct Daily {
    /// What is in memory; brought back and taken by whoever keeps the rest.
    pub kept: Kept<DailyKey, DailyState>,
    /// Which changed since they were settled, and from which day on.
    touched: Vec<(DailyKey, EventTime)>,
    histories: HashMap<(DailyKey, Span), Option<Spread>, FixedState>,
    /// No history is of days before a later one than this: today's orders change none.
    newest_history: EventTime,
}

/// The days before one day, as a rule looks at them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Span {
    before: EventTime,
    days: u32,
    by_ratio: bool,
}

/// An order as it was and as it is; nothing where it had no part or has none any more.
#[derive(Debug, Clone, Copy, Default)]
pub struct Replaced<'a> {
    /// Before.
    pub was: Option<&'a Point>,
    /// Now.
    pub is: Option<&'a Point>,
}

impl Daily {
    /// Replaces an order by what it is now. Needs the state of the key; what was replaced must have been told before.
    pub fn replace(&mut self, key: &DailyKey, calendar: &Calendar, order: Replaced<'_>) -> Reach {
        if order.was == order.is {
            return Reach::Folded;
        }
        let state = self.kept.state(key);
        let mut reach = Reach::Folded;
        for (point, weight) in [(order.was, -1), (order.is, 1)] {
            let Some(point) = point else { continue };
            let day = calendar.window_start(Grain::Day, point.rank.time);
            if state.floor.is_some_and(|floor| day < floor) {
                reach = Reach::BeyondReach;
                continue;
            }
            state.days.entry(day).or_default().add(point, weight);
            self.touched.push((key.clone(), day));
            if day < self.newest_history {
                self.histories
                    .retain(|(other, span), _| other != key || span.before <= day);
            }
        }
        state.let_go();
        reach
    }

    /// Measures again what changed.
    pub fn settle(&mut self, desk: &Desk, out: &mut Verdicts) {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        // The earliest change of each.
        touched.dedup_by(|next, kept| next.0 == kept.0);
        if self.histories.len() > HISTORIES_MAX {
            self.histories.clear();
        }
        for (key, from) in touched {
            let Some(desk) = desk.of(key.subject.store) else {
                continue;
            };
            let state = self.kept.state(&key);
            let mut judge = Judge {
                key: &key,
                desk,
                histories: &mut self.histories,
            };
            let mut findings = Vec::new();
            let from = from.max(state.judged_from(judge.days_max()));
            if let Some((newest, _)) = state.days.last_key_value() {
                self.newest_history = self.newest_history.max(*newest);
            }
            for (day, sums) in state.days.range(from..) {
                judge.day(state, (*day, sums), &mut findings, &mut out.untold);
            }
            tell(&mut state.told, from, findings, &mut out.told);
            let oldest = state.floor.unwrap_or(EventTime(i64::MIN));
            state.told.retain(|known| known.at >= oldest);
        }
    }
}

impl DaySums {
    fn add(&mut self, point: &Point, weight: i64) {
        self.values.add(bucket(point.value), weight);
        if weight < 0 {
            self.largest.retain(|known| known != point);
            return;
        }
        let at = self
            .largest
            .partition_point(|known| order(known) < order(point));
        self.largest.insert(at, point.clone());
        self.largest.truncate(CANDIDATES_MAX);
    }
}

/// Largest first.
fn order(point: &Point) -> impl Ord + '_ {
    (Reverse(point.value), point.rank, &point.order)
}

impl DailyState {
    fn let_go(&mut self) {
        while self.days.len() > DAYS_MAX {
            self.days.pop_first();
            self.floor = self.days.keys().next().copied();
        }
    }

    /// Once days were let go, a day needs its whole history before it.
    fn judged_from(&self, days_max: u32) -> EventTime {
        self.floor.map_or(EventTime(i64::MIN), |floor| {
            EventTime(floor.0.saturating_add(i64::from(days_max) * DAY))
        })
    }

    fn history(&self, span: Span, unlike: &Unlike) -> Option<Spread> {
        // Days of a clock change begin an hour off; the day before the first begins 22 hours before that.
        let first = EventTime(span.before.0 - i64::from(span.days) * DAY - 2 * HOUR);
        let mut values = Quantiles::default();
        for (_, sums) in self.days.range(first..span.before) {
            values.merge(&sums.values);
        }
        Spread::of_quantiles(&values, unlike.distance)
    }
}

struct Judge<'a> {
    key: &'a DailyKey,
    desk: &'a StoreDesk,
    histories: &'a mut HashMap<(DailyKey, Span), Option<Spread>, FixedState>,
}

impl<'a> Judge<'a> {
    fn rules(&self) -> impl Iterator<Item = (&'a Rule, &'a Unlike)> + use<'a> {
        let against = match self.key.subject.kind {
            SubjectKind::Category => Against::Category,
            _ => Against::Store,
        };
        let mine = (Measured::OrderValue, against);
        (self.desk.rules_of(Condition::unlike))
            .filter(move |(_, unlike)| (unlike.measured, unlike.against) == mine)
    }

    fn days_max(&self) -> u32 {
        let days = self.rules().map(|(_, unlike)| unlike.days);
        days.max().unwrap_or(0)
    }

    fn day(
        &mut self,
        state: &DailyState,
        (day, sums): (EventTime, &DaySums),
        findings: &mut Vec<Finding>,
        untold: &mut Vec<Untold>,
    ) {
        for (rule, unlike) in self.rules() {
            let span = Span {
                before: day,
                days: unlike.days,
                by_ratio: unlike.distance == super::Distance::Ratio,
            };
            let known = self.histories.entry((self.key.clone(), span));
            let Some(spread) = *known.or_insert_with(|| state.history(span, unlike)) else {
                continue;
            };
            let found =
                (sums.largest.iter()).filter_map(|one| self.find(one, rule, unlike, &spread));
            let before = findings.len();
            findings.extend(found);
            let told = (findings.len() - before) as u64;
            if sums.largest.len() >= CANDIDATES_MAX {
                untold.push(Untold {
                    rule: Arc::clone(&rule.name),
                    subject: self.key.subject.clone(),
                    at: day,
                    count: sums.count_unlike(unlike, &spread).saturating_sub(told),
                });
            }
        }
    }

    fn find(
        &self,
        candidate: &Candidate,
        rule: &Rule,
        unlike: &Unlike,
        spread: &Spread,
    ) -> Option<Finding> {
        let evidence = unlike.evidence(candidate.value, spread)?;
        let order = Subject {
            store: self.desk.store,
            kind: SubjectKind::Order,
            key: Arc::clone(&candidate.order),
        };
        Some(Finding {
            evidence: evidence.with_event(candidate.rank.id),
            at_risk: candidate.worth,
            ..Finding::new(self.desk, rule, order, Occasion::Once)
                .against(self.desk, self.key.subject.clone())
                .at(rule, candidate.rank.time)
        })
    }
}

impl DaySums {
    /// Orders of the day far above a history; by difference to within a bucket.
    fn count_unlike(&self, unlike: &Unlike, spread: &Spread) -> u64 {
        let is_unlike = |index: i32| {
            let value = crate::sketch::middle(index);
            unlike.evidence(value, spread).is_some()
        };
        let buckets = self.values.buckets().filter(|(index, _)| is_unlike(*index));
        buckets.map(|(_, count)| count.max(0).unsigned_abs()).sum()
    }
}
