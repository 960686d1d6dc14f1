//! Alerts as they were told last, newest first, and how many more there were of a rule in its hour. What was found is
//! decided by the line; what time alone does to an alert is added here, as of the newest that is known of its store.

use crate::tables::{LiveTables, RowReader};
use analytics::alert::{Act, ActKind, AlertState, Figure, Handling, Severity, SubjectKind};
use changelog::{Change, Value};
use event::EventTime;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Alerts that are held, about 600 bytes each: at 1,500 a day, the last month.
pub const ALERTS_MAX: usize = 50_000;
/// Hours of rules of which more was found than is told.
const MORE_MAX: usize = 10_000;
/// What is let go of at once, so that it need not be sought for each alert.
const LET_GO_SHARE: usize = 8;

/// What an alert is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertSubject {
    /// What kind of thing.
    pub kind: SubjectKind,
    /// Its id as sent, or its name.
    pub key: Arc<str>,
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The store.
    pub store: Arc<str>,
    /// What it is known by: 32 hexadecimal digits.
    pub id: Arc<str>,
    /// The rule's name.
    pub rule: Arc<str>,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    pub subject: AlertSubject,
    /// What else it is about: whose history it was measured by, or which product of the order.
    pub with: Option<AlertSubject>,
    /// When it happened or began.
    pub at: EventTime,
    /// When the condition was over.
    pub until: Option<EventTime>,
    /// From when on nobody needs to look any more.
    pub forgotten_at: Option<EventTime>,
    /// Retracted or only counted, where it is no alert any more.
    pub gone: Option<AlertState>,
    /// What people did about it.
    pub handling: Handling,
    /// What may be lost, or was, in ten-thousandths, and its currency.
    pub at_risk: Option<(i128, Arc<str>)>,
    /// The numbers that show it, in the order in which to show them.
    pub numbers: Vec<(Figure, i64)>,
    /// Ids of events that show it, with spaces in between.
    pub events: Arc<str>,
}

impl Alert {
    /// Where it stands at an instant.
    #[must_use]
    pub fn state(&self, as_of: EventTime) -> AlertState {
        let ends = [self.until, self.forgotten_at];
        (self.gone).unwrap_or_else(|| self.handling.state_by(ends, as_of))
    }

    fn newest_first(&self) -> (Reverse<EventTime>, Arc<str>, Arc<str>) {
        (Reverse(self.at), Arc::clone(&self.store), self.id.clone())
    }

    fn read(change: &Change) -> Option<Alert> {
        let mut key = RowReader(&change.key);
        let mut row = RowReader(change.values.as_deref()?);
        let (store, id) = (key.text()?.clone(), key.text()?.clone());
        let rule = row.text()?.clone();
        let severity = named(Severity::ALL, Severity::name, row.text()?)?;
        let subject = subject(row.text()?, row.text()?)?;
        let with = match (row.text_or_null()?, row.text_or_null()?) {
            (Some(kind), Some(key)) => Some(self::subject(kind, key)?),
            _ => None,
        };
        let at = EventTime(row.time()?);
        let (until, forgotten_at) = (row.time_or_null()?, row.time_or_null()?);
        let gone = match row.text_or_null()? {
            Some(name) => Some(named(AlertState::ALL, AlertState::name, name)?),
            None => None,
        };
        let handling = Handling {
            acknowledged: act(ActKind::Acknowledge, &mut row)?,
            resolved: act(ActKind::Resolve, &mut row)?,
        };
        let at_risk = (row.decimal_or_null()?).zip(row.text_or_null()?.cloned());
        Some(Alert {
            numbers: numbers(row.text()?)?,
            events: row.text()?.clone(),
            store,
            id,
            rule,
            severity,
            subject,
            with,
            at,
            until,
            forgotten_at,
            gone,
            handling,
            at_risk,
        })
    }
}

fn subject(kind: &str, key: &Arc<str>) -> Option<AlertSubject> {
    Some(AlertSubject {
        kind: named(SubjectKind::ALL, SubjectKind::name, kind)?,
        key: Arc::clone(key),
    })
}

fn act(kind: ActKind, row: &mut RowReader<'_>) -> Option<Option<Act>> {
    let (at, by) = (row.time_or_null()?, row.text_or_null()?);
    let act = at.zip(by).map(|(at, by)| Act {
        at,
        by: Arc::clone(by),
        kind,
    });
    Some(act)
}

/// `order_value=12000000 limit=10000000`.
fn numbers(text: &str) -> Option<Vec<(Figure, i64)>> {
    let number = |pair: &str| {
        let (name, number) = pair.split_once('=')?;
        let figure = named(Figure::ALL.iter().copied(), Figure::name, name)?;
        Some((figure, number.parse().ok()?))
    };
    text.split_whitespace().map(number).collect()
}

fn named<T: Copy>(
    all: impl IntoIterator<Item = T>,
    name_of: impl Fn(T) -> &'static str,
    name: &str,
) -> Option<T> {
    all.into_iter().find(|one| name_of(*one) == name)
}

/// Findings of a rule and hour that were only counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoreAlerts {
    /// The store.
    pub store: Arc<str>,
    /// The rule's name.
    pub rule: Arc<str>,
    /// Where the hour begins.
    pub hour: EventTime,
    /// How many.
    pub count: i64,
}

/// Which alerts are asked for; an empty list leaves none out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlertQuestion {
    /// Of this store only.
    pub store: Option<String>,
    /// That stand so only.
    pub states: Vec<AlertState>,
    /// That matter so much only.
    pub severities: Vec<Severity>,
    /// Of this rule only.
    pub rule: Option<String>,
    /// That happened or began then or later.
    pub since: Option<EventTime>,
}

impl AlertQuestion {
    fn holds(&self, alert: &Alert) -> bool {
        self.is_of(&alert.store, &alert.rule)
            && (self.severities.is_empty() || self.severities.contains(&alert.severity))
            && self.since.is_none_or(|since| alert.at >= since)
    }

    fn is_of(&self, store: &str, rule: &str) -> bool {
        self.store.as_deref().is_none_or(|own| own == store)
            && self.rule.as_deref().is_none_or(|own| own == rule)
    }
}

/// Alerts that were asked for.
#[derive(Debug, Clone, Default)]
pub struct AlertList {
    /// Newest first, each with its state.
    pub alerts: Vec<(Arc<Alert>, AlertState)>,
    /// How many more there were of these rules, newest hour first.
    pub more: Vec<MoreAlerts>,
    /// Whether older ones are not held any more.
    pub is_partial: bool,
}

type MoreKey = (EventTime, Arc<str>, Arc<str>);

/// Rows of alerts.
#[derive(Debug, Default)]
pub(crate) struct Alerts {
    by_id: HashMap<(Arc<str>, Arc<str>), Arc<Alert>>,
    more: BTreeMap<MoreKey, i64>,
    is_partial: bool,
}

impl Alerts {
    /// Takes in a row; false where it does not have the form of its table.
    pub(crate) fn apply(&mut self, change: &Change) -> bool {
        match change.table {
            "alerts" => self.apply_alert(change).is_some(),
            "alerts_more" => self.apply_more(change).is_some(),
            _ => false,
        }
    }

    fn apply_alert(&mut self, change: &Change) -> Option<()> {
        if change.values.is_some() {
            let alert = Alert::read(change)?;
            let key = (Arc::clone(&alert.store), Arc::clone(&alert.id));
            self.by_id.insert(key, Arc::new(alert));
            if self.by_id.len() > ALERTS_MAX {
                self.let_go(ALERTS_MAX - ALERTS_MAX / LET_GO_SHARE);
            }
        } else if let [Value::Text(store), Value::Text(id)] = &*change.key {
            self.by_id.remove(&(Arc::clone(store), Arc::clone(id)));
        } else {
            return None;
        }
        Some(())
    }

    fn apply_more(&mut self, change: &Change) -> Option<()> {
        let mut key = RowReader(&change.key);
        let (store, rule) = (key.text()?.clone(), key.text()?.clone());
        let key = (EventTime(key.time()?), store, rule);
        match change.values.as_deref() {
            Some(values) => self.more.insert(key, RowReader(values).int()?),
            None => self.more.remove(&key),
        };
        while self.more.len() > MORE_MAX {
            self.more.pop_first();
            self.is_partial = true;
        }
        Some(())
    }

    fn let_go(&mut self, kept_max: usize) {
        let mut times: Vec<EventTime> = self.by_id.values().map(|alert| alert.at).collect();
        let at = times.len().saturating_sub(kept_max);
        let oldest = *times.select_nth_unstable(at).1;
        // Of many of one moment some go too: the bound holds whatever comes.
        let mut room = kept_max;
        self.by_id.retain(|_, alert| {
            let stays = alert.at >= oldest && room > 0;
            room -= usize::from(stays);
            stays
        });
        self.is_partial = true;
    }

    fn list(&self, question: &AlertQuestion) -> Vec<Arc<Alert>> {
        let alerts = self.by_id.values().filter(|alert| question.holds(alert));
        let mut alerts: Vec<_> = alerts.cloned().collect();
        alerts.sort_by_cached_key(|alert| alert.newest_first());
        alerts
    }

    fn list_more(&self, question: &AlertQuestion) -> Vec<MoreAlerts> {
        let more = self.more.iter().rev().filter(|((hour, store, rule), _)| {
            let hour_ends = EventTime(hour.0.saturating_add(event::time::HOUR));
            question.is_of(store, rule) && question.since.is_none_or(|since| hour_ends > since)
        });
        let more = more.map(|((hour, store, rule), count)| MoreAlerts {
            store: Arc::clone(store),
            rule: Arc::clone(rule),
            hour: *hour,
            count: *count,
        });
        more.collect()
    }
}

impl LiveTables {
    /// Alerts and how they stand.
    #[must_use]
    pub fn alerts(&self, question: &AlertQuestion) -> AlertList {
        let alerts = self.shared.alerts.read();
        let (found, more) = (alerts.list(question), alerts.list_more(question));
        let is_partial = alerts.is_partial;
        drop(alerts);
        let mut now: HashMap<Arc<str>, EventTime> = HashMap::new();
        let mut state = |alert: &Alert| {
            let store = Arc::clone(&alert.store);
            let now = now.entry(store);
            let now = now.or_insert_with_key(|store| self.store_now(store));
            alert.state(*now)
        };
        let found = found.into_iter().map(|alert| {
            let state = state(&alert);
            (alert, state)
        });
        let wanted = |state| question.states.is_empty() || question.states.contains(&state);
        AlertList {
            alerts: found.filter(|(_, state)| wanted(*state)).collect(),
            more,
            is_partial,
        }
    }

    /// The alerts of this id, in whichever stores.
    #[must_use]
    pub fn alerts_of(&self, id: &str) -> Vec<(Arc<Alert>, AlertState)> {
        let alerts = self.shared.alerts.read();
        let found = alerts.by_id.values().filter(|alert| *alert.id == *id);
        let found: Vec<Arc<Alert>> = found.cloned().collect();
        drop(alerts);
        let state = |alert: Arc<Alert>| {
            let state = alert.state(self.store_now(&alert.store));
            (alert, state)
        };
        found.into_iter().map(state).collect()
    }

    /// Names of rules: those that are set and those that found something.
    #[must_use]
    pub fn alert_rules(&self) -> Vec<Arc<str>> {
        let stores = self.stores();
        let stores = stores.named.values().chain([&stores.default]);
        let set = stores.flat_map(|store| store.rules.iter());
        let mut names: Vec<Arc<str>> = set.map(|rule| Arc::clone(&rule.name)).collect();
        let alerts = self.shared.alerts.read();
        names.extend(alerts.by_id.values().map(|alert| Arc::clone(&alert.rule)));
        names.sort_unstable();
        names.dedup();
        names
    }
}

#[cfg(test)]
#[path = "alerts_tests.rs"]
mod tests;
