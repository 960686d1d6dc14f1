//! The law that nothing disappears silently: received = accepted + duplicate + quarantined, by source and in all.

mod rest;

use crate::round::FrameSide;
use crate::shard::{Conflict, Verdicts};
use analytics::cell::NameId;
use changelog::{Change, Value};
use event::EventTime;
use event::frame::{Rejected, SourceTally};
use event::import::{ImportKey, ImportNote, ImportState, QuarantineId, Release};
use event::{Reason, Rejection};
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet, HashSet};
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

/// One run of an import, numbered from 1 in the order of the log.
#[derive(Debug, Clone, Default)]
struct ImportRow {
    number: u64,
    source: Arc<str>,
    name: Arc<str>,
    store: Arc<str>,
    began: EventTime,
    first_offset: u64,
    dialect: Arc<str>,
    mapping: Arc<str>,
    state: ImportState,
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
    by_id: HashMap<NameId, (Arc<str>, Option<ImportKey>)>,
    imports: HashMap<ImportKey, ImportRow>,
    changed_imports: BTreeSet<ImportKey>,
    /// Rejections that became events; a second release of one is a repeat like any other.
    released: HashSet<QuarantineId>,
    reasons: BTreeMap<&'static str, u64>,
    counted: u64,
    changed_sources: BTreeSet<Arc<str>>,
    changed_reasons: BTreeSet<&'static str>,
    rejections: Vec<Change>,
    /// Kept apart: of a flood of rejections the oldest are dropped, of releases none.
    released_rows: Vec<Change>,
}

impl Audit {
    /// Takes in what a frame says beside its events.
    pub fn observe(&mut self, frame: &FrameSide) {
        for (at, (id, tally)) in frame.sources.iter().enumerate() {
            let note = (frame.notes.imports.iter()).find(|note| note.source as usize == at);
            self.observe_source(tally, *id, note.map(|note| note.key));
            if let Some(note) = note {
                self.observe_import(note, tally, frame.first_offset);
            }
        }
        for release in &frame.notes.releases {
            let source = frame.sources.get(release.source as usize);
            self.observe_release(release, source.map(|(_, tally)| tally));
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

    fn observe_import(&mut self, note: &ImportNote, tally: &SourceTally, first_offset: u64) {
        let number = self.imports.len() as u64 + 1;
        let row = self.imports.entry(note.key).or_insert_with(|| ImportRow {
            number,
            source: Arc::from(tally.info.source.as_str()),
            name: Arc::from(tally.info.name.as_str()),
            store: Arc::from(tally.info.store.as_str()),
            began: note.began,
            first_offset,
            ..ImportRow::default()
        });
        if let Some(settings) = &note.settings {
            row.dialect = Arc::from(settings.dialect.as_str());
            row.mapping = Arc::from(settings.mapping.as_deref().unwrap_or_default());
        }
        row.state = note.state;
        row.rows = note.rows;
        row.received += tally.received + note.known;
        row.accepted += tally.accepted;
        row.duplicate += note.known;
        row.quarantined += tally.quarantined;
        self.changed_imports.insert(note.key);
    }

    /// What was received when it was set aside moves to the accepted. A release that stands in the log twice is, the
    /// second time, an event received again, which its shard then finds to be a repeat.
    fn observe_release(&mut self, release: &Release, source: Option<&SourceTally>) {
        let Some(source) = source else { return };
        let key: Arc<str> = Arc::from(source.info.source.as_str());
        let Some(row) = self.sources.get_mut(&key) else {
            return;
        };
        row.accepted += 1;
        self.changed_sources.insert(key);
        if !self.released.insert(release.id) {
            row.received += 1;
            return;
        }
        row.quarantined = row.quarantined.saturating_sub(1);
        let reason = release.reason.code();
        if let Some(count) = self.reasons.get_mut(reason) {
            *count = count.saturating_sub(1);
            self.changed_reasons.insert(reason);
        }
        if let Some(import) = release.import
            && let Some(row) = self.imports.get_mut(&import)
        {
            row.accepted += 1;
            row.quarantined = row.quarantined.saturating_sub(1);
            self.changed_imports.insert(import);
        }
        self.released_rows.push(Change {
            table: REJECTIONS,
            key: rejection_key(release.id.frame, release.id.index as usize),
            values: None,
            version: 0,
        });
    }

    fn observe_source(&mut self, tally: &SourceTally, id: NameId, import: Option<ImportKey>) {
        let key: Arc<str> = Arc::from(tally.info.source.as_str());
        let row = self.sources.entry(Arc::clone(&key)).or_default();
        row.name = Arc::from(tally.info.name.as_str());
        row.store = Arc::from(tally.info.store.as_str());
        row.rows += tally.rows;
        row.received += tally.received;
        row.accepted += tally.accepted;
        row.quarantined += tally.quarantined;
        self.by_id.insert(id, (Arc::clone(&key), import));
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
            if let Some(row) = self.import_row(*source) {
                row.duplicate += repeats;
                row.accepted = row.accepted.saturating_sub(*repeats);
            }
        }
        for conflict in &verdicts.conflicts {
            self.set_aside(conflict, frames);
        }
    }

    fn source_row(&mut self, source: NameId) -> Option<&mut SourceRow> {
        let (key, _) = self.by_id.get(&source)?;
        self.changed_sources.insert(Arc::clone(key));
        self.sources.get_mut(key)
    }

    /// The import that a source's events came by last, if any.
    fn import_row(&mut self, source: NameId) -> Option<&mut ImportRow> {
        let import = self.by_id.get(&source)?.1?;
        self.changed_imports.insert(import);
        self.imports.get_mut(&import)
    }

    /// Moves an accepted event whose id was used before to quarantine; it is numbered behind what its frame rejected.
    fn set_aside(&mut self, conflict: &Conflict, frames: &[FrameSide]) {
        let Some(row) = self.source_row(conflict.source) else {
            return;
        };
        row.accepted -= 1;
        row.quarantined += 1;
        if let Some(row) = self.import_row(conflict.source) {
            row.accepted = row.accepted.saturating_sub(1);
            row.quarantined += 1;
        }
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
        let (source, _) = self.by_id[&conflict.source].clone();
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
        changes.append(&mut self.released_rows);
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
        let imports = std::mem::take(&mut self.changed_imports);
        changes.extend(
            imports
                .into_iter()
                .filter_map(|key| Some(import_row(self.imports.get(&key)?))),
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

fn import_row(import: &ImportRow) -> Change {
    let text = |text: &Arc<str>| Value::Text(Arc::clone(text));
    let counts = [
        import.rows,
        import.received,
        import.accepted,
        import.duplicate,
        import.quarantined,
        import.first_offset,
    ];
    let names = [
        text(&import.source),
        text(&import.name),
        text(&import.store),
        text(&import.dialect),
        text(&import.mapping),
        Value::Text(Arc::from(import.state.name())),
        Value::Time(import.began.0),
    ];
    row(
        "imports",
        vec![count(import.number)],
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
    Change {
        table: REJECTIONS,
        key: rejection_key(frame_number, index),
        values: Some(values.into()),
        version: 0,
    }
}

fn rejection_key(frame_number: u64, index: usize) -> Box<[Value]> {
    Box::from([count(frame_number), count(index as u64)])
}

#[cfg(test)]
mod tests;
