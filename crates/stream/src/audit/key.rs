//! Under which line of the audit an event stands: its source, its store and the minute it came in.
//! Shards count their verdicts by it; what the lines come to is `ledger` and `quality`.

use analytics::cell::NameId;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Minutes in an hour.
pub(super) const MINUTES: i32 = 60;

/// By whom, for whom and when an event came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuditKey {
    /// Its source, or one run of an import of it.
    pub source: NameId,
    /// Its store.
    pub store: NameId,
    /// The minute of its receipt, counted from 1970.
    pub minute: i32,
}

/// Events by key. Neighbours mostly have the same key, so adding one more of it costs a comparison.
#[derive(Debug, Default)]
pub struct KeyCounts {
    last: Option<(AuditKey, u64)>,
    others: HashMap<AuditKey, u64, FixedState>,
}

impl KeyCounts {
    /// Counts one event.
    #[inline]
    pub fn add(&mut self, key: AuditKey) {
        match &mut self.last {
            Some((last, count)) if *last == key => *count += 1,
            _ => self.turn_to(key),
        }
    }

    fn turn_to(&mut self, key: AuditKey) {
        if let Some((last, count)) = self.last.replace((key, 1)) {
            *self.others.entry(last).or_insert(0) += count;
        }
    }

    /// Every key with its events; a key may be told twice.
    pub fn iter(&self) -> impl Iterator<Item = (AuditKey, u64)> {
        let others = self.others.iter().map(|(key, count)| (*key, *count));
        others.chain(self.last)
    }

    /// All events.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.iter().map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_counted_by_key_whatever_their_order() {
        let key = |source| AuditKey {
            source: NameId(source),
            store: NameId(9),
            minute: 1,
        };
        let mut counts = KeyCounts::default();
        let sources = [1, 1, 2, 1, 3, 3, 2];
        sources
            .into_iter()
            .for_each(|source| counts.add(key(source)));
        let of = |source| {
            let told = counts.iter().filter(|(told, _)| *told == key(source));
            told.map(|(_, count)| count).sum::<u64>()
        };
        assert_eq!((of(1), of(2), of(3), counts.total()), (3, 2, 2, 7));
    }
}
