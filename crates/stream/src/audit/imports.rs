//! Runs of imports as the audit tells them: numbered from 1 in the order of the log, added up over their frames.

use super::rows::{self, count};
use changelog::{Change, Value};
use checkpoint::{DecodeError, Decoder, Encoder};
use event::EventTime;
use event::frame::SourceTally;
use event::import::{ImportKey, ImportNote, ImportState};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One run of an import.
#[derive(Debug, Clone, Default)]
pub struct ImportRow {
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

/// All runs.
#[derive(Debug, Default)]
pub struct Imports {
    runs: BTreeMap<ImportKey, ImportRow>,
    changed: BTreeSet<ImportKey>,
}

impl Imports {
    /// Takes in a frame's part of an import.
    pub fn observe(&mut self, note: &ImportNote, tally: &SourceTally, first_offset: u64) {
        let number = self.runs.len() as u64 + 1;
        let row = self.runs.entry(note.key).or_insert_with(|| ImportRow {
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
        self.changed.insert(note.key);
    }

    fn change(&mut self, import: Option<ImportKey>, change: impl Fn(&mut ImportRow)) {
        let known = import.and_then(|key| Some((key, self.runs.get_mut(&key)?)));
        if let Some((key, row)) = known {
            change(row);
            self.changed.insert(key);
        }
    }

    /// A run was undone.
    pub fn undo(&mut self, import: ImportKey) {
        self.change(Some(import), |row| row.state = ImportState::Undone);
    }

    /// What was set aside became an event.
    pub fn release(&mut self, import: Option<ImportKey>) {
        self.change(import, |row| {
            row.accepted += 1;
            row.quarantined = row.quarantined.saturating_sub(1);
        });
    }

    /// Accepted events were repeats.
    pub fn count_repeats(&mut self, import: Option<ImportKey>, repeats: u64) {
        self.change(import, |row| {
            row.duplicate += repeats;
            row.accepted = row.accepted.saturating_sub(repeats);
        });
    }

    /// An accepted event was set aside.
    pub fn count_conflict(&mut self, import: Option<ImportKey>) {
        self.change(import, |row| {
            row.quarantined += 1;
            row.accepted = row.accepted.saturating_sub(1);
        });
    }

    /// Rows that changed since this was last asked.
    pub fn take_changes(&mut self) -> impl Iterator<Item = Change> {
        let changed = std::mem::take(&mut self.changed).into_iter();
        changed.filter_map(|key| Some(import_row(key, self.runs.get(&key)?)))
    }

    /// Everything, for a checkpoint.
    pub fn encode(&self, out: &mut Encoder<'_>) {
        out.u64(self.runs.len() as u64);
        for (key, row) in &self.runs {
            out.u64(key.0);
            out.u64(row.number);
            let texts = [
                &row.source,
                &row.name,
                &row.store,
                &row.dialect,
                &row.mapping,
            ];
            texts.into_iter().for_each(|text| out.text(text));
            out.i64(row.began.0);
            out.text(row.state.name());
            let counts = [
                row.first_offset,
                row.rows,
                row.received,
                row.accepted,
                row.duplicate,
                row.quarantined,
            ];
            counts.into_iter().for_each(|count| out.u64(count));
        }
    }

    /// What was encoded, with every row told as changed.
    pub fn decode(read: &mut Decoder<'_>) -> Result<Imports, DecodeError> {
        let mut imports = Imports::default();
        for _ in 0..read.count()? {
            let key = ImportKey(read.u64()?);
            let row = ImportRow {
                number: read.u64()?,
                source: Arc::from(read.text()?),
                name: Arc::from(read.text()?),
                store: Arc::from(read.text()?),
                dialect: Arc::from(read.text()?),
                mapping: Arc::from(read.text()?),
                began: EventTime(read.i64()?),
                state: ImportState::parse(read.text()?).ok_or(DecodeError::Unknown)?,
                first_offset: read.u64()?,
                rows: read.u64()?,
                received: read.u64()?,
                accepted: read.u64()?,
                duplicate: read.u64()?,
                quarantined: read.u64()?,
            };
            imports.runs.insert(key, row);
            imports.changed.insert(key);
        }
        Ok(imports)
    }
}

fn import_row(key: ImportKey, import: &ImportRow) -> Change {
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
    let key = Value::Text(Arc::from(format!("{:016x}", key.0)));
    let counts = counts.into_iter().map(count);
    let values = names.into_iter().chain(counts).chain([key]);
    rows::row(
        "imports",
        Box::from([count(import.number)]),
        values.collect(),
    )
}
