//! What is written down of a folder, so that a restart need not read its files again. A short cut only: it may be lost,
//! and what it says is believed only as far as the log goes.

use super::known::{Known, SourceKey};
use super::scan::{FileKey, Version};
use event::frame::SourceMark;
use runtime::Clock;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The form of the file; another one is not read.
const FORM: u32 = 1;
/// Written down this often at most.
const SAVE_INTERVAL: Duration = Duration::from_secs(1);
/// Saving takes at most one part in so many of the time.
const SAVE_SHARE: u32 = 20;

/// What became of a file, as it was at one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Outcome {
    /// Every row of it is in the log.
    Read,
    /// It cannot be read, for the reason given.
    Failed(String),
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedFile {
    key: FileKey,
    version: Version,
    outcome: Outcome,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedPlace {
    #[serde(flatten)]
    key: SourceKey,
    rows: u64,
    /// As text: JSON has no whole numbers of this size.
    hash: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    form: u32,
    /// How files were read; with other settings they are to be read again.
    manner: String,
    log_offset: u64,
    places: Vec<SavedPlace>,
    files: Vec<SavedFile>,
}

/// What became of the folder's files, by file and version.
pub(super) type Settled = BTreeMap<FileKey, (Version, Outcome)>;

/// The file it is written to.
#[derive(Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    manner: String,
    is_dirty: bool,
    save_at: Duration,
}

impl StateFile {
    /// `manner` says how the folder's files are read.
    pub(super) fn new(path: PathBuf, manner: String) -> StateFile {
        StateFile {
            path,
            manner,
            is_dirty: false,
            save_at: Duration::ZERO,
        }
    }

    /// What was written down, as far as it holds for a log that ends here. With files read in another manner than before,
    /// what the log has of them until now no longer stands in their way.
    pub(super) fn load(&self, log_end: u64) -> (Known, Settled) {
        let bytes = std::fs::read(&self.path).unwrap_or_default();
        let saved = serde_json::from_slice::<Saved>(&bytes).ok();
        let saved = saved.filter(|saved| saved.form == FORM && saved.log_offset <= log_end);
        let Some(saved) = saved else {
            return (Known::default(), Settled::default());
        };
        let mut known = Known::default();
        if saved.manner != self.manner {
            known.offset = log_end;
            return (known, Settled::default());
        }
        known.offset = saved.log_offset;
        for place in saved.places {
            if let Ok(hash) = u128::from_str_radix(&place.hash, 16) {
                let rows = place.rows;
                known.restore(place.key, SourceMark { rows, hash });
            }
        }
        let files = saved.files.into_iter();
        let settled = files.map(|file| (file.key, (file.version, file.outcome)));
        (known, settled.collect())
    }

    /// Something is to be written down.
    pub(super) fn touch(&mut self) {
        self.is_dirty = true;
    }

    /// Writes down what changed, if it is time.
    pub(super) fn save_now_and_then(&mut self, known: &Known, settled: &Settled, clock: &Clock) {
        if self.is_dirty && clock.monotonic() >= self.save_at {
            self.save(known, settled, clock);
        }
    }

    /// Writes down what changed. What fails is told and tried again: it costs a restart time, and nothing else.
    pub(super) fn save(&mut self, known: &Known, settled: &Settled, clock: &Clock) {
        if !self.is_dirty {
            return;
        }
        let began = clock.monotonic();
        match self.write(known, settled) {
            Ok(()) => self.is_dirty = false,
            Err(error) => {
                tracing::debug!(%error, path = %self.path.display(), "watched folder not written down");
            }
        }
        let took = clock.monotonic() - began;
        self.save_at = began + SAVE_INTERVAL.max(took * SAVE_SHARE);
    }

    fn write(&self, known: &Known, settled: &Settled) -> io::Result<()> {
        let places = known.entries().map(|(key, place)| SavedPlace {
            key: key.clone(),
            rows: place.rows,
            hash: format!("{:x}", place.hash),
        });
        let files = settled.iter().map(|(key, (version, outcome))| SavedFile {
            key: *key,
            version: *version,
            outcome: outcome.clone(),
        });
        let saved = Saved {
            form: FORM,
            manner: self.manner.clone(),
            log_offset: known.offset,
            places: places.collect(),
            files: files.collect(),
        };
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let unfinished = self.path.with_extension("new");
        std::fs::write(&unfinished, serde_json::to_vec(&saved)?)?;
        std::fs::rename(&unfinished, &self.path)
    }
}

/// The name of a folder's file: its path, so that another folder of the same name finds nothing.
pub(super) fn file_name(folder: &Path) -> String {
    let path = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let hash = event::hash_128(path.as_os_str().as_encoded_bytes());
    format!("{hash:032x}.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::frame::RowSpan;

    fn key() -> SourceKey {
        SourceKey {
            store: "main".to_owned(),
            source: "file:1".to_owned(),
        }
    }

    /// Written down as `manner` with a log of ten rows, found again by `reader` with a log of `log_end`.
    fn check(reader: &str, log_end: u64, places: usize, settled: usize, offset: u64) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("deep/state.json");
        let mut file = StateFile::new(path.clone(), "orders".to_owned());
        let mut known = Known::default();
        let until = SourceMark {
            rows: 3,
            hash: u128::MAX,
        };
        let from = SourceMark::default();
        known.observe(key(), RowSpan { from, until });
        known.offset = 10;
        let read = (FileKey::default(), (Version::default(), Outcome::Read));
        file.touch();
        file.save(&known, &Settled::from([read]), &Clock::machine());
        let (known, found) = StateFile::new(path, reader.to_owned()).load(log_end);
        assert_eq!(known.places(&key()).len(), places);
        assert!(known.places(&key()).iter().all(|place| *place == until));
        assert_eq!((found.len(), known.offset), (settled, offset));
    }

    #[test]
    fn what_was_written_down_is_found_again() {
        check("orders", 10, 1, 1, 10);
        check("orders", 12, 1, 1, 10);
    }

    #[test]
    fn a_log_that_is_shorter_than_it_was_is_not_the_same_log() {
        check("orders", 9, 0, 0, 0);
    }

    #[test]
    fn files_read_in_another_manner_are_read_again() {
        check("events", 12, 0, 0, 12);
    }

    #[test]
    fn a_damaged_or_missing_file_says_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("state.json");
        for bytes in [None, Some("{\"form\":1"), Some("[]"), Some("")] {
            if let Some(bytes) = bytes {
                std::fs::write(&path, bytes).expect("a file");
            }
            let (known, settled) = StateFile::new(path.clone(), "orders".to_owned()).load(7);
            assert_eq!((known.offset, settled.len()), (0, 0));
        }
    }
}
