//! What the log has of each file, as places proven by the hash of all that stands before them.
//! It is read from the log itself, so that it survives whatever the log survives; nothing else is believed.

use event::frame::{RowSpan, SourceInfo, SourceMark, source_tallies};
use eventlog::{LogError, LogReader};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Files whose places are remembered; of older ones every row is looked up by its identity again.
const SOURCES_MAX: usize = 100_000;
/// Files with an equal beginning that are told apart.
const PLACES_MAX: usize = 4;

/// A file, whatever its name, in its store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct SourceKey {
    pub store: String,
    pub source: String,
}

impl SourceKey {
    pub(super) fn of(info: &SourceInfo) -> SourceKey {
        SourceKey {
            store: info.store.clone(),
            source: info.source.clone(),
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Places {
    places: Vec<SourceMark>,
    /// When it was last heard of, in the order of hearing.
    heard: u64,
}

/// The places of all files.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    files: HashMap<SourceKey, Places>,
    heard: u64,
    /// Every frame below this offset of the log is in here.
    pub offset: u64,
}

impl Known {
    /// Takes in the frames of the log from where it stands up to `end`.
    pub(super) fn catch_up(&mut self, mut reader: LogReader, end: u64) -> Result<(), LogError> {
        while let Some(frame) = reader.try_next()? {
            // A frame that does not read is the stream's to complain of; here it proves nothing.
            for tally in source_tallies(&frame.payload).unwrap_or_default() {
                if let Some(span) = tally.span {
                    self.observe(SourceKey::of(&tally.info), span);
                }
            }
            // Frames without rows may stand at the very end; what comes after it is not waited for.
            if frame.first_offset > end {
                break;
            }
        }
        self.offset = end;
        Ok(())
    }

    /// The log has these rows. They count only where it also has everything before them: a frame between may have failed.
    pub(super) fn observe(&mut self, key: SourceKey, span: RowSpan) {
        self.heard += 1;
        let heard = self.heard;
        let known = self.files.entry(key).or_default();
        let before = known.places.iter().position(|place| *place == span.from);
        if let Some(before) = before {
            known.places.remove(before);
        } else if span.from.rows > 0 {
            return;
        }
        known.heard = heard;
        known.places.retain(|place| *place != span.until);
        known.places.push(span.until);
        if known.places.len() > PLACES_MAX {
            known.places.remove(0);
        }
        if self.files.len() > SOURCES_MAX {
            self.forget_the_older_half();
        }
    }

    /// The places known of a file, from its beginning on.
    pub(super) fn places(&self, key: &SourceKey) -> Vec<SourceMark> {
        let mut places = self
            .files
            .get(key)
            .map_or_else(Vec::new, |known| known.places.clone());
        places.sort_by_key(|place| place.rows);
        places
    }

    /// Everything, to be written down.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&SourceKey, SourceMark)> {
        let files = self.files.iter();
        files.flat_map(|(key, known)| known.places.iter().map(move |place| (key, *place)))
    }

    /// A place as it was written down.
    pub(super) fn restore(&mut self, key: SourceKey, place: SourceMark) {
        let known = self.files.entry(key).or_default();
        if known.places.len() < PLACES_MAX {
            known.places.push(place);
        }
    }

    fn forget_the_older_half(&mut self) {
        let mut heard: Vec<u64> = self.files.values().map(|known| known.heard).collect();
        let middle = heard.len() / 2;
        let (_, median, _) = heard.select_nth_unstable(middle);
        let median = *median;
        self.files.retain(|_, known| known.heard >= median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A place by the number of rows, and a letter for what stands before it: `3a`.
    fn place(text: &str) -> SourceMark {
        let (rows, hash) = text.split_at(text.len() - 1);
        let rows = rows.parse().expect("a number");
        let hash = u128::from(hash.as_bytes()[0]);
        SourceMark { rows, hash }
    }

    /// Spans as `from-until`; then the places that are known.
    fn check(spans: &str, expected: &str) {
        let mut known = Known::default();
        let key = SourceKey {
            store: "main".to_owned(),
            source: "file:1".to_owned(),
        };
        for span in spans.split_whitespace() {
            let (from, until) = span.split_once('-').expect("two places");
            let (from, until) = (place(from), place(until));
            known.observe(key.clone(), RowSpan { from, until });
        }
        let shown = |place: SourceMark| format!("{}{}", place.rows, place.hash as u8 as char);
        let places: Vec<String> = known.places(&key).into_iter().map(shown).collect();
        assert_eq!(places.join(" "), expected, "{spans}");
    }

    #[test]
    fn frames_that_join_are_one_place() {
        check("0x-3a 3a-7a 7a-9a", "9a");
    }

    #[test]
    fn behind_a_missing_frame_nothing_is_known() {
        check("0x-3a 7a-9a", "3a");
        check("3a-7a", "");
        // The missing frame comes later, with another reading of the file.
        check("0x-3a 7a-9a 3a-7a 7a-9a", "9a");
    }

    #[test]
    fn files_with_an_equal_beginning_are_told_apart() {
        check("0x-3a 0x-5b 3a-4a", "4a 5b");
        check("0x-3a 0x-5b 3b-6b", "3a 5b");
        check("0x-1a 0x-2b 0x-3c 0x-4d 0x-5e", "2b 3c 4d 5e");
    }

    #[test]
    fn reading_a_file_again_changes_nothing() {
        check("0x-3a 3a-7a 0x-3a 3a-7a", "7a");
    }

    #[test]
    fn the_files_heard_of_last_are_kept() {
        let mut known = Known::default();
        for number in 0..=SOURCES_MAX {
            let key = SourceKey {
                store: "main".to_owned(),
                source: number.to_string(),
            };
            let (from, until) = (place("0x"), place("1a"));
            known.observe(key, RowSpan { from, until });
        }
        let of = |number: usize| SourceKey {
            store: "main".to_owned(),
            source: number.to_string(),
        };
        assert!(known.places(&of(0)).is_empty());
        assert_eq!(known.places(&of(SOURCES_MAX)).len(), 1);
        assert!(known.files.len() <= SOURCES_MAX);
    }
}
