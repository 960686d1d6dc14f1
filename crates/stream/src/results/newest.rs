//! Rows of a list of which only the newest are shown: recent orders, recent sessions. Whoever joins late sees them too.

use changelog::{Change, Value};
use event::EventTime;
use std::collections::BTreeMap;

/// Rows remembered for readers who join late; at most twice as many before old ones go.
pub const REMEMBERED_ROWS_MAX: usize = 1_000;

/// The newest rows of one table.
#[derive(Debug, Default)]
pub struct Newest(BTreeMap<Box<[Value]>, (EventTime, Change)>);

impl Newest {
    /// Of a flood only the newest rows are told, and those that were told before. Returns what is told.
    pub fn remember<R>(
        &mut self,
        rows: &[R],
        time: impl Fn(&R) -> EventTime,
        change: impl Fn(&R) -> Change,
    ) -> Vec<Change> {
        let mut times: Vec<EventTime> = rows.iter().map(&time).collect();
        times.sort_unstable();
        let told_from = times
            .get(times.len().saturating_sub(REMEMBERED_ROWS_MAX))
            .copied()
            .unwrap_or_default();
        let mut changes = Vec::new();
        for row in rows {
            let (time, change) = (time(row), change(row));
            if time >= told_from || self.0.contains_key(&change.key) {
                self.insert(time, change.clone());
                changes.push(change);
            }
        }
        self.forget_old();
        changes
    }

    /// Takes in a row of before.
    pub fn insert(&mut self, time: EventTime, change: Change) {
        self.0.insert(change.key.clone(), (time, change));
    }

    fn forget_old(&mut self) {
        if self.0.len() <= 2 * REMEMBERED_ROWS_MAX {
            return;
        }
        let mut times: Vec<EventTime> = self.0.values().map(|(time, _)| *time).collect();
        times.sort_unstable();
        let kept_from = times[times.len() - REMEMBERED_ROWS_MAX];
        self.0.retain(|_, (time, _)| *time >= kept_from);
    }

    /// Every row that is remembered.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &Change> {
        self.0.values().map(|(_, change)| change)
    }
}
