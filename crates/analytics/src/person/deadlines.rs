//! When time alone will change a row of a person that nobody tells anything of: an open cart becomes abandoned.
//! The table says whom to look at when; what changes then follows from the person's state.

use super::PersonKey;
use crate::cell::NameId;
use event::EventTime;
use std::collections::{BTreeMap, BTreeSet};

/// How far the stores' stories have been told.
pub type AsOf = BTreeMap<NameId, EventTime>;

/// One shard's deadlines, of persons in memory and of those at rest. Beyond its deadline a person stays in the table until
/// it is settled again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deadlines {
    /// By store and time.
    all: BTreeSet<(NameId, EventTime, PersonKey)>,
    /// Up to when rows have been told.
    as_of: AsOf,
}

impl Deadlines {
    /// The table of a checkpoint: how far rows had been told, and what was still to come.
    #[must_use]
    pub fn new(as_of: AsOf, all: impl IntoIterator<Item = (EventTime, PersonKey)>) -> Deadlines {
        let all = all.into_iter();
        Deadlines {
            all: (all.map(|(time, person)| (person.store, time, person))).collect(),
            as_of,
        }
    }

    /// When whose row will change.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (EventTime, &PersonKey)> {
        self.all.iter().map(|(_, time, person)| (*time, person))
    }

    /// How far rows have been told.
    #[must_use]
    pub fn as_of(&self) -> &AsOf {
        &self.as_of
    }

    /// The same of one store; before everything where nothing is known.
    pub(super) fn as_of_store(&self, store: NameId) -> EventTime {
        let known = self.as_of.get(&store).copied();
        known.unwrap_or(EventTime(i64::MIN))
    }

    /// Takes out whose rows are otherwise as of these instants.
    pub(super) fn take_due(&mut self, as_of: &AsOf) -> Vec<PersonKey> {
        let mut due = Vec::new();
        for (store, until) in as_of {
            let from = |time| (*store, time, PersonKey::least());
            let beyond = EventTime(until.0.saturating_add(1));
            let past = from(EventTime(i64::MIN))..from(beyond);
            due.extend(self.all.extract_if(past, |_| true).map(|(_, _, who)| who));
        }
        due
    }

    /// Time passes; it never goes back.
    pub(super) fn pass(&mut self, as_of: &AsOf) {
        for (store, time) in as_of {
            let known = self.as_of.entry(*store).or_insert(*time);
            *known = (*known).max(*time);
        }
    }

    /// A person's deadline is another one now.
    pub(super) fn change(
        &mut self,
        person: &PersonKey,
        before: Option<EventTime>,
        after: Option<EventTime>,
    ) {
        if before == after {
            return;
        }
        if let Some(before) = before {
            self.all.remove(&(person.store, before, person.clone()));
        }
        if let Some(after) = after {
            self.all.insert((person.store, after, person.clone()));
        }
    }
}
