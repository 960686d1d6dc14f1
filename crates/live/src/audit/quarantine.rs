//! What was set aside, newest first; the line shows the newest, all of it stays in the log.

use super::lines::Lines;
use crate::tables::RowReader;
use changelog::{Change, Value};
use event::EventTime;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rejections kept for the page that shows them; all of them stay in the log.
pub(super) const QUARANTINE_KEPT_MAX: usize = 1_000;

/// Which rejections are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QuarantineFilter {
    /// Of this reason only.
    pub reason: Option<String>,
    /// Of this source only: its identity, or its name for people.
    pub source: Option<String>,
    /// Of this store only.
    pub store: Option<String>,
}

/// Place of a rejection: its frame and its index within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuarantineCursor {
    /// Which frame of the log.
    pub offset: i64,
    /// Which rejection of the frame.
    pub index: i64,
}

/// One event that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedRow {
    /// Where it lies.
    pub cursor: QuarantineCursor,
    /// Its source.
    pub source: Arc<str>,
    /// The source's name for people.
    pub name: Arc<str>,
    /// Its store.
    pub store: Arc<str>,
    /// Row or index within the source.
    pub position: i64,
    /// The code of the step that refused it.
    pub reason: Arc<str>,
    /// The sentence.
    pub detail: Arc<str>,
    /// The first bytes of what came in, as text.
    pub bytes: Arc<str>,
    /// When it came in.
    pub received: EventTime,
}

/// Some rejections, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QuarantinePage {
    /// The rows.
    pub rows: Vec<QuarantinedRow>,
    /// Where the next page begins, if there is one.
    pub next: Option<QuarantineCursor>,
}

/// The rejections, by place.
#[derive(Debug, Default)]
pub(crate) struct Quarantine(BTreeMap<QuarantineCursor, QuarantinedRow>);

impl Quarantine {
    /// Takes in a row.
    pub(super) fn apply(&mut self, change: &Change) -> Option<()> {
        let [Value::Int(offset), Value::Int(index)] = *change.key else {
            return None;
        };
        let cursor = QuarantineCursor { offset, index };
        let Some(values) = &change.values else {
            self.0.remove(&cursor);
            return Some(());
        };
        let mut row = RowReader(values);
        let rejected = QuarantinedRow {
            cursor,
            source: row.text()?.clone(),
            name: Arc::from(""),
            store: row.text()?.clone(),
            position: row.int()?,
            reason: row.text()?.clone(),
            detail: row.text()?.clone(),
            bytes: row.text()?.clone(),
            received: EventTime(row.time()?),
        };
        self.0.insert(cursor, rejected);
        if self.0.len() > QUARANTINE_KEPT_MAX {
            self.0.pop_first();
        }
        Some(())
    }

    /// Rejections older than `before`, newest first.
    pub(super) fn page(
        &self,
        limit: usize,
        before: Option<QuarantineCursor>,
        filter: &QuarantineFilter,
        lines: &Lines,
    ) -> QuarantinePage {
        let older: Box<dyn DoubleEndedIterator<Item = &QuarantinedRow>> = match before {
            Some(before) => Box::new(self.0.range(..before).map(|(_, row)| row)),
            None => Box::new(self.0.values()),
        };
        let mut rows: Vec<QuarantinedRow> = (older.rev())
            .map(|row| QuarantinedRow {
                name: lines.name(&row.source, &row.store),
                ..row.clone()
            })
            .filter(|row| filter.holds(row))
            .take(limit + 1)
            .collect();
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().map(|row| row.cursor).filter(|_| has_more);
        QuarantinePage { rows, next }
    }
}

impl QuarantineFilter {
    fn holds(&self, row: &QuarantinedRow) -> bool {
        let is_of_source = |asked: &str| *row.source == *asked || *row.name == *asked;
        (self.reason.as_deref()).is_none_or(|asked| *row.reason == *asked)
            && self.source.as_deref().is_none_or(is_of_source)
            && (self.store.as_deref()).is_none_or(|asked| *row.store == *asked)
    }
}
