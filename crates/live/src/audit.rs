//! The law that nothing disappears silently, as tables: totals, lines, imports, reasons, what was set aside, and the
//! quality of the data. Nothing is counted here; the line counts, these rows only show it.

mod imports;
mod lines;
mod quality;
mod quarantine;

pub use imports::ImportView;
pub use lines::{AuditLine, LinePart, LineQuestion, LineTime, SourceView, Tally};
pub use quality::{QualityPart, QualityQuestion, QualityRow, QualitySource, SourceFinding};
pub use quarantine::{QuarantineCursor, QuarantineFilter, QuarantinePage, QuarantinedRow};

use crate::tables::RowReader;
use analytics::quality::{Thresholds, Watch};
use changelog::Change;
use imports::Imports;
use lines::Lines;
use quality::Quality;
use quarantine::Quarantine;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The audit as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditView {
    /// What came in and what became of it, of all that was asked for.
    pub tally: Tally,
    /// Whether both sums add up, in all and for every source, and the sources add up to all.
    pub law_holds: bool,
    /// Set aside, by reason; empty where one store is asked for.
    pub quarantined_by_reason: Vec<(Arc<str>, u64)>,
    /// By source and store.
    pub sources: Vec<SourceView>,
}

/// The tables behind the view.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    totals: Tally,
    /// The totals hold the log up to here; told under the same lock, so that nothing counts twice or not at all.
    offset: u64,
    lines: Lines,
    reasons: BTreeMap<Arc<str>, u64>,
    quarantine: Quarantine,
    imports: Imports,
    quality: Quality,
}

impl Audit {
    /// Takes in a change of one of its tables; false where the row does not have its form.
    pub(crate) fn apply(&mut self, change: &Change) -> bool {
        match change.table {
            "totals" => self.apply_totals(change),
            "sources" => self.lines.apply_source(change),
            "audit_hours" => self.lines.apply_hour(change),
            "quarantine_reasons" => self.apply_reason(change),
            "quarantine" => self.quarantine.apply(change),
            "imports" => self.imports.apply(change),
            "quality" => self.quality.apply_stretch(change),
            "rhythms" => self.quality.apply_rhythm(change),
            _ => None,
        }
        .is_some()
    }

    fn apply_totals(&mut self, change: &Change) -> Option<()> {
        let mut row = RowReader(change.values.as_deref().unwrap_or_default());
        self.totals = Tally::read_events(&mut row)?;
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

    /// The totals reach to this offset.
    pub(crate) fn reach(&mut self, offset: u64) {
        self.offset = offset;
    }

    fn unread(&self, log_end: u64) -> u64 {
        log_end.saturating_sub(self.offset)
    }

    /// The view, given the log's end. What lies between the totals and there is accepted and not yet judged,
    /// so it counts as received, accepted and in flight. Of one store only what was read is known.
    pub(crate) fn view(&self, log_end: u64, store: Option<&str>) -> AuditView {
        let is_asked = |source: &&SourceView| store.is_none_or(|store| *source.store == *store);
        let sources: Vec<SourceView> = self.lines.sources().filter(is_asked).cloned().collect();
        let mut tally = Tally::default();
        sources
            .iter()
            .for_each(|source| tally.absorb(&source.tally));
        let mut law_holds = sources.iter().all(|source| source.tally.law_holds());
        if store.is_none() {
            let totals = Tally {
                rows_read: tally.rows_read,
                ..self.totals
            };
            law_holds &= totals == tally;
            tally = totals;
            tally.absorb(&Tally::unread(self.unread(log_end)));
        }
        let reasons = self.reasons.iter().filter(|_| store.is_none());
        AuditView {
            law_holds: law_holds && tally.law_holds(),
            tally,
            quarantined_by_reason: reasons
                .map(|(reason, count)| (Arc::clone(reason), *count))
                .collect(),
            sources,
        }
    }

    /// Lines of the law, given the log's end.
    pub(crate) fn lines(&self, question: &LineQuestion, log_end: u64) -> Vec<AuditLine> {
        self.lines.lines(question, self.unread(log_end))
    }

    /// Rows of data quality.
    pub(crate) fn quality(&self, question: &QualityQuestion) -> Vec<QualityRow> {
        self.quality.rows(question, &self.lines)
    }

    /// What is conspicuous about the data.
    pub(crate) fn findings(
        &self,
        question: &QualityQuestion,
        limits: &Thresholds,
        watch: Watch,
    ) -> Vec<SourceFinding> {
        (self.quality).findings(question, &self.lines, (limits, watch))
    }

    /// Imports, newest first.
    pub(crate) fn imports(&self) -> Vec<ImportView> {
        self.imports.newest_first()
    }

    /// Stores that any source brought events for.
    pub(crate) fn stores(&self) -> impl Iterator<Item = &Arc<str>> {
        self.lines.sources().map(|source| &source.store)
    }

    /// Rejections older than `before`, newest first.
    pub(crate) fn quarantine(
        &self,
        limit: usize,
        before: Option<QuarantineCursor>,
        filter: &QuarantineFilter,
    ) -> QuarantinePage {
        self.quarantine.page(limit, before, filter, &self.lines)
    }
}

#[cfg(test)]
mod tests;
