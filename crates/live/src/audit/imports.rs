//! Runs of imports as rows; nothing is counted here.

use crate::tables::RowReader;
use changelog::Change;
use event::EventTime;
use std::collections::BTreeMap;
use std::sync::Arc;

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
    /// `complete`, `limited`, `stopped`, `failed`, `undone`; `running` also where the process died.
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
    /// What it is known by in the log.
    pub key: Arc<str>,
}

/// All runs, by their number.
#[derive(Debug, Default)]
pub(crate) struct Imports(BTreeMap<u64, ImportView>);

impl Imports {
    /// Takes in a row.
    pub(super) fn apply(&mut self, change: &Change) -> Option<()> {
        let number = RowReader(&change.key).count()?;
        let Some(values) = &change.values else {
            self.0.remove(&number);
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
            key: row.text()?.clone(),
        };
        self.0.insert(number, view);
        Some(())
    }

    /// Newest first.
    pub(super) fn newest_first(&self) -> Vec<ImportView> {
        self.0.values().rev().cloned().collect()
    }
}
