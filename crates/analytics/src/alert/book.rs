//! The book: every alert that was told, what people did about it, and how many more there were of a rule in its hour.
//! One shard's part of it; it takes verdicts, judges nothing, and says which rows changed.

use super::{Act, AlertId, AlertState, Finding, Handling, Known, Subject, Told, Untold, Verdicts};
use crate::cell::NameId;
use crate::kept::Kept;
use event::EventTime;
use event::time::HOUR;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Alerts of one rule in one hour; the earliest stay, those beyond are counted. A rule that finds more is a
/// list and no alarm, and 64 shards show 4,096 of it.
pub const DRAWER_ALERTS_MAX: usize = 64;

/// Where alerts are kept together: a rule's hour.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DrawerKey {
    /// The store.
    pub store: NameId,
    /// The rule's name.
    pub rule: Arc<str>,
    /// Where the hour begins.
    pub hour: EventTime,
}

impl DrawerKey {
    /// Where an alert of this rule and time is kept.
    #[must_use]
    pub fn of(store: NameId, rule: &Arc<str>, at: EventTime) -> DrawerKey {
        DrawerKey {
            store,
            rule: Arc::clone(rule),
            hour: super::episode::window_of(at, HOUR),
        }
    }

    fn of_known(known: &Known) -> DrawerKey {
        DrawerKey::of(known.store, &known.rule, known.at)
    }

    fn of_finding(finding: &Finding) -> DrawerKey {
        DrawerKey::of(finding.subject.store, &finding.rule, finding.at)
    }
}

/// One alert in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As it was found last.
    pub finding: Finding,
    /// What people did about it.
    pub handling: Handling,
    /// Whether it was taken back since; kept only where people did something about it.
    pub is_retracted: bool,
}

/// The alerts of one rule and hour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drawer {
    /// In the order of time, then id.
    pub entries: Vec<Entry>,
    /// Findings for which there was no room.
    pub beyond: u64,
    /// What evaluators only counted, by subject.
    pub untold: BTreeMap<Subject, u64>,
    /// What people did about alerts that are not here now: they may be told again, and then it counts.
    pub waiting: BTreeMap<AlertId, Handling>,
}

/// What a person did about an alert, and where that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled {
    /// Its drawer.
    pub key: DrawerKey,
    /// The alert.
    pub id: AlertId,
    /// What was done.
    pub act: Act,
}

/// An alert as it is published: a whole row, to be put in the place of the one with its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// What was found, with the id.
    pub finding: Finding,
    /// What people did about it.
    pub handling: Handling,
    /// Retracted or only counted, where it is no alert any more.
    pub gone: Option<AlertState>,
}

impl Alert {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> AlertId {
        self.finding.id
    }

    /// Where it stands at an instant: time alone may resolve it, without a new row.
    #[must_use]
    pub fn state(&self, as_of: EventTime) -> AlertState {
        (self.gone).unwrap_or_else(|| self.handling.state(&self.finding, as_of))
    }
}

/// How many more of a rule there were than were told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct More {
    /// The rule and hour.
    pub key: DrawerKey,
    /// How many in this shard; replaces what was said before.
    pub count: u64,
}

/// Rows that changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changed {
    /// By id.
    pub alerts: Vec<Alert>,
    /// By rule and hour.
    pub more: Vec<More>,
}

/// One shard's alerts.
#[derive(Debug, Default)]
pub struct AlertBook {
    /// What is in memory; brought back and taken by whoever keeps the rest.
    pub kept: Kept<DrawerKey, Drawer>,
    /// The newest row of each alert that changed since it was settled.
    changed: BTreeMap<AlertId, Alert>,
    /// Drawers whose number beyond changed.
    recounted: BTreeSet<DrawerKey>,
}

impl Verdicts {
    /// The drawers that these verdicts ask for.
    pub fn drawers(&self) -> impl Iterator<Item = DrawerKey> {
        let told = self.told.iter().flat_map(|told| {
            let was = told.was.as_ref().map(DrawerKey::of_known);
            was.into_iter()
                .chain(told.now.as_ref().map(DrawerKey::of_finding))
        });
        let untold = self.untold.iter();
        told.chain(untold.map(|one| DrawerKey::of(one.subject.store, &one.rule, one.at)))
    }
}

impl AlertBook {
    /// Takes in verdicts. Needs the states of [`Verdicts::drawers`].
    pub fn observe(&mut self, verdicts: Verdicts) {
        for Told { was, now } in verdicts.told {
            match (was, now) {
                (was, Some(finding)) => self.tell(was.as_ref(), finding),
                (Some(was), None) => self.take_back(&was),
                (None, None) => {}
            }
        }
        verdicts.untold.into_iter().for_each(|one| self.count(one));
    }

    fn tell(&mut self, was: Option<&Known>, finding: Finding) {
        let key = DrawerKey::of_finding(&finding);
        let old = was.map(DrawerKey::of_known);
        let moved = old
            .filter(|old| *old != key)
            .map(|old| self.take_out(&old, finding.id));
        let drawer = self.kept.state(&key);
        if let Some(at) = drawer.find(finding.id) {
            return self.replace(&key, at, finding);
        }
        if was.is_some() && moved.is_none() {
            // It was counted; should there be room by now, it is told.
            drawer.beyond = drawer.beyond.saturating_sub(1);
            self.recounted.insert(key.clone());
        }
        self.insert(&key, finding, moved.flatten());
    }

    fn replace(&mut self, key: &DrawerKey, at: usize, finding: Finding) {
        let drawer = self.kept.state(key);
        let entry = &mut drawer.entries[at];
        if entry.finding == finding && !entry.is_retracted {
            return;
        }
        (entry.finding, entry.is_retracted) = (finding, false);
        let alert = entry.alert(None);
        self.changed.insert(alert.id(), alert);
        // Its time may have moved within the hour.
        drawer.entries.sort_by_key(Entry::order);
    }

    /// Puts in a finding with what people did about it, where it was told before.
    fn insert(&mut self, key: &DrawerKey, finding: Finding, told: Option<Handling>) {
        let was_told = told.is_some();
        let drawer = self.kept.state(key);
        let mut handling = told.unwrap_or_default();
        handling.merge(drawer.waiting.remove(&finding.id).unwrap_or_default());
        let entry = Entry {
            finding,
            handling,
            is_retracted: false,
        };
        let alert = entry.alert(None);
        let at = drawer
            .entries
            .partition_point(|known| known.order() < entry.order());
        drawer.entries.insert(at, entry);
        let Some(displaced) = drawer.make_room() else {
            self.changed.insert(alert.id(), alert);
            return;
        };
        self.recounted.insert(key.clone());
        if !displaced.handling.is_empty() {
            let handling = displaced.handling.clone();
            drawer.wait(displaced.finding.id, |waiting| waiting.merge(handling));
        }
        let is_itself = displaced.finding.id == alert.id();
        if !is_itself {
            self.changed.insert(alert.id(), alert);
        }
        // One that was never told needs no row to say that it is not.
        if was_told || !is_itself {
            let gone = displaced.alert(Some(AlertState::Counted));
            self.changed.insert(gone.id(), gone);
        }
    }

    /// Out of a drawer, with what people did about it where it was told.
    fn take_out(&mut self, key: &DrawerKey, id: AlertId) -> Option<Handling> {
        let drawer = self.kept.state(key);
        if let Some(at) = drawer.find(id) {
            return Some(drawer.entries.remove(at).handling);
        }
        drawer.beyond = drawer.beyond.saturating_sub(1);
        self.recounted.insert(key.clone());
        None
    }

    fn take_back(&mut self, was: &Known) {
        let key = DrawerKey::of_known(was);
        let drawer = self.kept.state(&key);
        let Some(at) = drawer.find(was.id) else {
            drawer.beyond = drawer.beyond.saturating_sub(1);
            self.recounted.insert(key);
            return;
        };
        let entry = &mut drawer.entries[at];
        if entry.is_retracted {
            return;
        }
        entry.is_retracted = true;
        let alert = entry.alert(None);
        if entry.handling.is_empty() {
            drawer.entries.remove(at);
        }
        self.changed.insert(alert.id(), alert);
    }

    fn count(&mut self, untold: Untold) {
        let key = DrawerKey::of(untold.subject.store, &untold.rule, untold.at);
        let drawer = self.kept.state(&key);
        let before = drawer.untold.get(&untold.subject).copied().unwrap_or(0);
        if before == untold.count {
            return;
        }
        if untold.count == 0 {
            drawer.untold.remove(&untold.subject);
        } else {
            drawer.untold.insert(untold.subject, untold.count);
        }
        self.recounted.insert(key);
    }

    /// Takes in what a person did about an alert; says whether there is such an alert now. Where there is none, it waits
    /// for one. Needs the alert's drawer.
    pub fn handle(&mut self, handled: Handled) -> bool {
        let Handled { key, id, act } = handled;
        let drawer = self.kept.state(&key);
        let Some(at) = drawer.find(id) else {
            drawer.wait(id, |handling| {
                handling.observe(act);
            });
            return false;
        };
        let entry = &mut drawer.entries[at];
        if entry.handling.observe(act) {
            let alert = entry.alert(None);
            self.changed.insert(alert.id(), alert);
        }
        true
    }

    /// Where an alert is kept.
    #[must_use]
    pub fn drawer_of(finding: &Finding) -> DrawerKey {
        DrawerKey::of_finding(finding)
    }

    /// Says which rows changed since the last time. How often it is called changes how often a row is published, never
    /// the last one.
    pub fn settle(&mut self, out: &mut Changed) {
        out.alerts
            .extend(std::mem::take(&mut self.changed).into_values());
        for key in std::mem::take(&mut self.recounted) {
            let count = self.kept.find(&key).map_or(0, Drawer::more);
            out.more.push(More { key, count });
        }
    }
}

impl Drawer {
    fn find(&self, id: AlertId) -> Option<usize> {
        self.entries.iter().position(|entry| entry.finding.id == id)
    }

    /// How many of the rule and hour were found and are not told.
    #[must_use]
    pub fn more(&self) -> u64 {
        let untold = self.untold.values();
        untold.fold(self.beyond, |sum, count| sum.saturating_add(*count))
    }

    /// Keeps what people did about an alert that is not here; of more than there may be alerts the others are forgotten.
    fn wait(&mut self, id: AlertId, add: impl FnOnce(&mut Handling)) {
        if self.waiting.len() < DRAWER_ALERTS_MAX || self.waiting.contains_key(&id) {
            add(self.waiting.entry(id).or_default());
        }
    }

    /// The one that has to leave: one that was taken back, else the last.
    fn make_room(&mut self) -> Option<Entry> {
        if self.entries.len() <= DRAWER_ALERTS_MAX {
            return None;
        }
        if let Some(at) = self.entries.iter().position(|entry| entry.is_retracted) {
            let entry = self.entries.remove(at);
            self.wait(entry.finding.id, |waiting| waiting.merge(entry.handling));
            return None;
        }
        self.beyond += 1;
        self.entries.pop()
    }
}

impl Entry {
    fn order(&self) -> (EventTime, AlertId) {
        (self.finding.at, self.finding.id)
    }

    fn alert(&self, gone: Option<AlertState>) -> Alert {
        Alert {
            finding: self.finding.clone(),
            handling: self.handling.clone(),
            gone: gone.or(self.is_retracted.then_some(AlertState::Retracted)),
        }
    }
}
