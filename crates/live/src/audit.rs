//! The law that nothing disappears silently, as tables: totals, sources, reasons, and what was set aside.
//! Nothing is counted here; the line counts, these rows only show it.

use crate::tables::RowReader;
use changelog::{Change, Value};
use event::EventTime;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rejections kept for the page that shows them; all of them stay in the log.
const QUARANTINE_KEPT_MAX: usize = 1_000;

/// The audit as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditView {
    /// Events that came in.
    pub received: u64,
    /// Accepted and no duplicate.
    pub accepted: u64,
    /// Came before.
    pub duplicate: u64,
    /// Set aside with a reason.
    pub quarantined: u64,
    /// Folded into every number they belong to.
    pub counted: u64,
    /// Waiting for their day to be folded again.
    pub late: u64,
    /// In the log and not yet judged.
    pub in_flight: u64,
    /// Whether both sums add up.
    pub law_holds: bool,
    /// Set aside, by reason.
    pub quarantined_by_reason: Vec<(Arc<str>, u64)>,
    /// By source.
    pub sources: Vec<SourceView>,
}

/// What one source brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceView {
    /// Its identity.
    pub source: Arc<str>,
    /// Its name for people.
    pub name: Arc<str>,
    /// Its store.
    pub store: Arc<str>,
    /// Rows of a file; 0 where a source has none.
    pub rows_read: u64,
    /// Events that came in.
    pub received: u64,
    /// Accepted and no duplicate.
    pub accepted: u64,
    /// Came before.
    pub duplicate: u64,
    /// Set aside.
    pub quarantined: u64,
}

/// One run of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportView {
    /// 1 for the first of the log.
    pub number: u64,
    /// The identity of its file.
    pub source: Arc<str>,
    /// The file's name.
    pub name: Arc<str>,
    /// Its store.
    pub store: Arc<str>,
    /// How the file was read.
    pub dialect: Arc<str>,
    /// The saved mapping it was read by; empty without one.
    pub mapping: Arc<str>,
    /// `complete`, `limited`, `stopped`, `failed`; `running` also where the process died.
    pub state: Arc<str>,
    /// When it began.
    pub began: EventTime,
    /// Rows of the file up to where it came.
    pub rows: u64,
    /// Events made of them, those of an earlier run included.
    pub received: u64,
    /// Of these, accepted and no duplicate.
    pub accepted: u64,
    /// Came before.
    pub duplicate: u64,
    /// Set aside and not released since.
    pub quarantined: u64,
    /// Where in the log it begins.
    pub first_offset: u64,
}

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

#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    received: u64,
    accepted: u64,
    duplicate: u64,
    quarantined: u64,
    counted: u64,
    late: u64,
}

/// The tables behind the view.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    totals: Totals,
    /// The totals hold the log up to here; told under the same lock, so that nothing counts twice or not at all.
    offset: u64,
    sources: BTreeMap<Arc<str>, SourceView>,
    reasons: BTreeMap<Arc<str>, u64>,
    quarantine: BTreeMap<QuarantineCursor, QuarantinedRow>,
    imports: BTreeMap<u64, ImportView>,
}

impl Audit {
    /// Takes in a change of one of its tables; false where the row does not have its form.
    pub(crate) fn apply(&mut self, change: &Change) -> bool {
        match change.table {
            "totals" => self.apply_totals(change),
            "sources" => self.apply_source(change),
            "quarantine_reasons" => self.apply_reason(change),
            "quarantine" => self.apply_rejection(change),
            "imports" => self.apply_import(change),
            _ => None,
        }
        .is_some()
    }

    fn apply_totals(&mut self, change: &Change) -> Option<()> {
        let mut row = RowReader(change.values.as_deref().unwrap_or_default());
        self.totals = Totals {
            received: row.count()?,
            accepted: row.count()?,
            duplicate: row.count()?,
            quarantined: row.count()?,
            counted: row.count()?,
            late: row.count()?,
        };
        Some(())
    }

    fn apply_source(&mut self, change: &Change) -> Option<()> {
        let source = RowReader(&change.key).text()?.clone();
        let Some(values) = &change.values else {
            self.sources.remove(&source);
            return Some(());
        };
        let mut row = RowReader(values);
        let view = SourceView {
            source: Arc::clone(&source),
            name: row.text()?.clone(),
            store: row.text()?.clone(),
            rows_read: row.count()?,
            received: row.count()?,
            accepted: row.count()?,
            duplicate: row.count()?,
            quarantined: row.count()?,
        };
        self.sources.insert(source, view);
        Some(())
    }

    fn apply_reason(&mut self, change: &Change) -> Option<()> {
        let reason = RowReader(&change.key).text()?.clone();
        match &change.values {
            Some(values) => self.reasons.insert(reason, RowReader(values).count()?),
            None => self.reasons.remove(&reason),
        };
        Some(())
    }

    fn apply_rejection(&mut self, change: &Change) -> Option<()> {
        let [Value::Int(offset), Value::Int(index)] = *change.key else {
            return None;
        };
        let cursor = QuarantineCursor { offset, index };
        let Some(values) = &change.values else {
            self.quarantine.remove(&cursor);
            return Some(());
        };
        let mut row = RowReader(values);
        let rejected = QuarantinedRow {
            cursor,
            source: row.text()?.clone(),
            name: Arc::from(""),
            position: row.int()?,
            reason: row.text()?.clone(),
            detail: row.text()?.clone(),
            bytes: row.text()?.clone(),
            received: EventTime(row.time()?),
        };
        self.quarantine.insert(cursor, rejected);
        if self.quarantine.len() > QUARANTINE_KEPT_MAX {
            self.quarantine.pop_first();
        }
        Some(())
    }

    fn apply_import(&mut self, change: &Change) -> Option<()> {
        let number = RowReader(&change.key).count()?;
        let Some(values) = &change.values else {
            self.imports.remove(&number);
            return Some(());
        };
        let mut row = RowReader(values);
        let view = ImportView {
            number,
            source: row.text()?.clone(),
            name: row.text()?.clone(),
            store: row.text()?.clone(),
            dialect: row.text()?.clone(),
            mapping: row.text()?.clone(),
            state: row.text()?.clone(),
            began: EventTime(row.time()?),
            rows: row.count()?,
            received: row.count()?,
            accepted: row.count()?,
            duplicate: row.count()?,
            quarantined: row.count()?,
            first_offset: row.count()?,
        };
        self.imports.insert(number, view);
        Some(())
    }

    /// Imports, newest first.
    pub(crate) fn imports(&self) -> Vec<ImportView> {
        self.imports.values().rev().cloned().collect()
    }

    /// The totals reach to this offset.
    pub(crate) fn reach(&mut self, offset: u64) {
        self.offset = offset;
    }

    /// The view, given the log's end. What lies between the totals and there is accepted and not yet judged,
    /// so it counts as received, accepted and in flight.
    pub(crate) fn view(&self, log_end: u64) -> AuditView {
        let totals = self.totals;
        let in_flight = log_end.saturating_sub(self.offset);
        let nothing_lost_at_the_door =
            totals.received == totals.accepted + totals.duplicate + totals.quarantined;
        let nothing_lost_behind_it = totals.accepted == totals.counted + totals.late;
        AuditView {
            received: totals.received + in_flight,
            accepted: totals.accepted + in_flight,
            duplicate: totals.duplicate,
            quarantined: totals.quarantined,
            counted: totals.counted,
            late: totals.late,
            in_flight,
            law_holds: nothing_lost_at_the_door && nothing_lost_behind_it,
            quarantined_by_reason: self
                .reasons
                .iter()
                .map(|(reason, count)| (Arc::clone(reason), *count))
                .collect(),
            sources: self.sources.values().cloned().collect(),
        }
    }

    /// Stores that any source brought events for.
    pub(crate) fn stores(&self) -> impl Iterator<Item = &Arc<str>> {
        self.sources.values().map(|source| &source.store)
    }

    fn is_asked_for(&self, row: &QuarantinedRow, filter: &QuarantineFilter) -> bool {
        let source = self.sources.get(&row.source);
        let is_of_source = |asked: &str| {
            *row.source == *asked || source.is_some_and(|source| *source.name == *asked)
        };
        let is_of_store = |asked: &str| source.is_some_and(|source| *source.store == *asked);
        filter
            .reason
            .as_deref()
            .is_none_or(|asked| *row.reason == *asked)
            && filter.source.as_deref().is_none_or(is_of_source)
            && filter.store.as_deref().is_none_or(is_of_store)
    }

    /// Rejections older than `before`, newest first.
    pub(crate) fn quarantine(
        &self,
        limit: usize,
        before: Option<QuarantineCursor>,
        filter: &QuarantineFilter,
    ) -> QuarantinePage {
        let older: Box<dyn DoubleEndedIterator<Item = &QuarantinedRow>> = match before {
            Some(before) => Box::new(self.quarantine.range(..before).map(|(_, row)| row)),
            None => Box::new(self.quarantine.values()),
        };
        let mut rows: Vec<QuarantinedRow> = (older.rev())
            .filter(|row| self.is_asked_for(row, filter))
            .take(limit + 1)
            .cloned()
            .collect();
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        for row in &mut rows {
            let source = self.sources.get(&row.source);
            row.name = source.map_or_else(
                || Arc::clone(&row.source),
                |source| Arc::clone(&source.name),
            );
        }
        let next = rows.last().map(|row| row.cursor).filter(|_| has_more);
        QuarantinePage { rows, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(table: &'static str, key: Vec<Value>, values: Vec<Value>) -> Change {
        Change {
            table,
            key: key.into(),
            values: Some(values.into()),
            version: 1,
        }
    }

    fn totals(counts: [i64; 6]) -> Change {
        change(
            "totals",
            Vec::new(),
            counts.into_iter().map(Value::Int).collect(),
        )
    }

    fn check_law(counts: [i64; 6], holds: bool) {
        let mut audit = Audit::default();
        assert!(audit.apply(&totals(counts)));
        assert_eq!(audit.view(0).law_holds, holds, "{counts:?}");
    }

    #[test]
    fn the_law_is_both_sums() {
        check_law([10, 7, 1, 2, 7, 0], true);
        check_law([10, 7, 1, 2, 6, 1], true);
        check_law([10, 7, 1, 1, 7, 0], false);
        check_law([10, 7, 1, 2, 6, 0], false);
    }

    #[test]
    fn what_waits_in_the_log_is_accepted_and_in_flight() {
        let mut audit = Audit::default();
        audit.apply(&totals([10, 7, 1, 2, 7, 0]));
        audit.reach(8);
        let view = audit.view(13);
        assert_eq!(
            (
                view.received,
                view.accepted,
                view.counted,
                view.in_flight,
                view.law_holds
            ),
            (15, 12, 7, 5, true)
        );
    }

    fn rejection(offset: i64, index: i64) -> Change {
        let text = |text: &str| Value::Text(Arc::from(text));
        let values = vec![
            text("file:1"),
            Value::Int(7),
            text("price_invalid"),
            text("price = \"x\""),
            text("{}"),
            Value::Time(9),
        ];
        change(
            "quarantine",
            vec![Value::Int(offset), Value::Int(index)],
            values,
        )
    }

    #[test]
    fn pages_of_the_quarantine_go_from_new_to_old_without_gap_or_repeat() {
        let mut audit = Audit::default();
        (0..7).for_each(|at| assert!(audit.apply(&rejection(at / 2, at % 2))));
        let mut seen = Vec::new();
        let mut before = None;
        loop {
            let page = audit.quarantine(3, before, &QuarantineFilter::default());
            seen.extend(
                page.rows
                    .iter()
                    .map(|row| (row.cursor.offset, row.cursor.index)),
            );
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(
            seen,
            [(3, 0), (2, 1), (2, 0), (1, 1), (1, 0), (0, 1), (0, 0)]
        );
    }

    #[test]
    fn a_flood_of_rejections_leaves_the_newest_thousand() {
        let mut audit = Audit::default();
        (0..1_200).for_each(|at| assert!(audit.apply(&rejection(at, 0))));
        let page = audit.quarantine(2_000, None, &QuarantineFilter::default());
        assert_eq!(
            (page.rows.len(), page.rows[999].cursor.offset),
            (QUARANTINE_KEPT_MAX, 200)
        );
    }

    #[test]
    fn a_row_of_another_form_is_refused() {
        let mut audit = Audit::default();
        assert!(!audit.apply(&change("totals", Vec::new(), vec![Value::Int(1)])));
        assert!(!audit.apply(&change("quarantine", vec![Value::Null], Vec::new())));
    }
}
