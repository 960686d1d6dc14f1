//! The law that nothing disappears silently: received = accepted + duplicate + quarantined, by source and in all.

use crate::round::FrameSide;
use crate::shard::{Conflict, Verdicts};
use analytics::cell::NameId;
use changelog::{Change, Value};
use event::frame::{Rejected, SourceTally};
use event::{Reason, Rejection};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Rejected bytes shown in results; all of them stay in the log.
const SHOWN_BYTES_MAX: usize = 1_024;
/// The table of rejections.
pub const REJECTIONS: &str = "quarantine";
/// Rejections published at once; older ones of a flood stay in the log only.
const SHOWN_REJECTIONS_MAX: usize = 1_000;

#[derive(Debug, Clone, Default)]
struct SourceRow {
    name: Arc<str>,
    store: Arc<str>,
    rows: u64,
    received: u64,
    accepted: u64,
    duplicate: u64,
    quarantined: u64,
}

/// Tallies since the log began.
#[derive(Debug, Default)]
pub struct Audit {
    sources: BTreeMap<Arc<str>, SourceRow>,
    by_id: BTreeMap<NameId, Arc<str>>,
    reasons: BTreeMap<&'static str, u64>,
    counted: u64,
    changed_sources: BTreeSet<Arc<str>>,
    changed_reasons: BTreeSet<&'static str>,
    rejections: Vec<Change>,
}

impl Audit {
    /// Takes in what a frame says beside its events.
    pub fn observe(&mut self, frame: &FrameSide) {
        for (id, tally) in &frame.sources {
            self.observe_source(tally, *id);
        }
        for (index, rejected) in frame.rejected.iter().enumerate() {
            self.count_reason(rejected.rejection.reason);
            let source = frame
                .sources
                .get(rejected.source as usize)
                .map_or("", |(_, tally)| &tally.info.source);
            self.show(frame.number, index, source, rejected);
        }
    }

    fn observe_source(&mut self, tally: &SourceTally, id: NameId) {
        let key: Arc<str> = Arc::from(tally.info.source.as_str());
        let row = self.sources.entry(Arc::clone(&key)).or_default();
        row.name = Arc::from(tally.info.name.as_str());
        row.store = Arc::from(tally.info.store.as_str());
        row.rows += tally.rows;
        row.received += tally.received;
        row.accepted += tally.accepted;
        row.quarantined += tally.quarantined;
        self.by_id.insert(id, Arc::clone(&key));
        self.changed_sources.insert(key);
    }

    /// Takes in what became of a round's events: folded, dropped as repeats, set aside as conflicts.
    pub fn judge(&mut self, verdicts: Verdicts, frames: &[FrameSide]) {
        self.counted += verdicts.counted;
        for (source, repeats) in &verdicts.duplicates {
            if let Some(row) = self.source_row(*source) {
                row.duplicate += repeats;
                row.accepted -= repeats;
            }
        }
        for conflict in &verdicts.conflicts {
            self.set_aside(conflict, frames);
        }
    }

    fn source_row(&mut self, source: NameId) -> Option<&mut SourceRow> {
        let key = self.by_id.get(&source)?;
        self.changed_sources.insert(Arc::clone(key));
        self.sources.get_mut(key)
    }

    /// Moves an accepted event whose id was used before to quarantine; it is numbered behind what its frame rejected.
    fn set_aside(&mut self, conflict: &Conflict, frames: &[FrameSide]) {
        let Some(row) = self.source_row(conflict.source) else {
            return;
        };
        row.accepted -= 1;
        row.quarantined += 1;
        self.count_reason(Reason::IdConflict);
        let frame = &frames[conflict.at.batch as usize];
        let rejected = Rejected {
            source: 0,
            position: conflict.position,
            received: conflict.received,
            rejection: Rejection::new(
                Reason::IdConflict,
                "the id was used before with another content; the first stays",
            ),
            bytes: conflict.shown.clone().into_bytes(),
        };
        let index = frame.rejected.len() + conflict.at.row as usize;
        let source = (self.by_id.get(&conflict.source)).map_or_else(|| Arc::from(""), Arc::clone);
        self.show(frame.number, index, &source, &rejected);
    }

    fn count_reason(&mut self, reason: Reason) {
        *self.reasons.entry(reason.code()).or_insert(0) += 1;
        self.changed_reasons.insert(reason.code());
    }

    fn show(&mut self, frame: u64, index: usize, source: &str, rejected: &Rejected) {
        if self.rejections.len() >= 2 * SHOWN_REJECTIONS_MAX {
            self.rejections.drain(..SHOWN_REJECTIONS_MAX);
        }
        self.rejections
            .push(rejection_row(frame, index, source, rejected));
    }

    /// Rows that changed since this was last asked.
    pub fn take_changes(&mut self, version: i64) -> Vec<Change> {
        let mut changes = std::mem::take(&mut self.rejections);
        let sources = std::mem::take(&mut self.changed_sources);
        changes.extend(
            sources
                .into_iter()
                .filter_map(|key| Some(source_row(&key, self.sources.get(&key)?))),
        );
        let reasons = std::mem::take(&mut self.changed_reasons);
        changes.extend(
            reasons
                .into_iter()
                .map(|reason| reason_row(reason, self.reasons[reason])),
        );
        changes.push(self.totals_row());
        changes
            .iter_mut()
            .for_each(|change| change.version = version);
        changes
    }

    fn totals_row(&self) -> Change {
        let sum = |of: fn(&SourceRow) -> u64| -> u64 { self.sources.values().map(of).sum() };
        let totals = [
            sum(|row| row.received),
            sum(|row| row.accepted),
            sum(|row| row.duplicate),
            sum(|row| row.quarantined),
            self.counted,
            0,
        ];
        row(
            "totals",
            Vec::new(),
            totals.into_iter().map(count).collect(),
        )
    }
}

fn row(table: &'static str, key: Vec<Value>, values: Vec<Value>) -> Change {
    Change {
        table,
        key: key.into(),
        values: Some(values.into()),
        version: 0,
    }
}

fn count(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn source_row(key: &Arc<str>, source: &SourceRow) -> Change {
    let counts = [
        source.rows,
        source.received,
        source.accepted,
        source.duplicate,
        source.quarantined,
    ];
    let names = [
        Value::Text(Arc::clone(&source.name)),
        Value::Text(Arc::clone(&source.store)),
    ];
    row(
        "sources",
        vec![Value::Text(Arc::clone(key))],
        names
            .into_iter()
            .chain(counts.into_iter().map(count))
            .collect(),
    )
}

fn reason_row(reason: &'static str, number: u64) -> Change {
    row(
        "quarantine_reasons",
        vec![Value::Text(Arc::from(reason))],
        vec![count(number)],
    )
}

fn rejection_row(frame_number: u64, index: usize, source: &str, rejected: &Rejected) -> Change {
    let shown = &rejected.bytes[..rejected.bytes.len().min(SHOWN_BYTES_MAX)];
    let values = vec![
        Value::Text(Arc::from(source)),
        Value::Int(rejected.position),
        Value::Text(Arc::from(rejected.rejection.reason.code())),
        Value::Text(Arc::from(rejected.rejection.detail.as_str())),
        Value::Text(Arc::from(String::from_utf8_lossy(shown).as_ref())),
        Value::Time(rejected.received.0),
    ];
    row(
        REJECTIONS,
        vec![count(frame_number), count(index as u64)],
        values,
    )
}
