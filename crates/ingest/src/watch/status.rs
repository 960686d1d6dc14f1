//! What the watched folders say of themselves, for whoever asks whether all is well.

use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Files named one by one; of more only the number.
const NAMED_MAX: usize = 3;

/// The state of every watched folder; clones show the same.
#[derive(Debug, Clone, Default)]
pub struct WatchStatus(Arc<Mutex<Folders>>);

#[derive(Debug, Default)]
struct Folders {
    sentences: BTreeMap<String, String>,
    /// Those that hold something that is not in the log yet.
    unread: BTreeSet<String>,
}

impl WatchStatus {
    /// One sentence for all folders: `ok`, or what is in the way and where.
    #[must_use]
    pub fn sentence(&self) -> String {
        let folders = self.0.lock();
        let troubled = folders.sentences.iter().filter(|(_, says)| *says != "ok");
        let sentences: Vec<String> = troubled
            .map(|(folder, says)| format!("{folder}: {says}"))
            .collect();
        if sentences.is_empty() {
            "ok".to_owned()
        } else {
            sentences.join("; ")
        }
    }

    /// Whether everything that can be read in the folders is in the log.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.0.lock().unread.is_empty()
    }

    /// Says whether a folder holds something that is not in the log.
    pub(super) fn set_unread(&self, folder: &str, is_unread: bool) {
        let unread = &mut self.0.lock().unread;
        if !is_unread {
            unread.remove(folder);
        } else if !unread.contains(folder) {
            unread.insert(folder.to_owned());
        }
    }

    /// Says it anew; whether it is another sentence than before.
    pub(super) fn say(&self, folder: &str, sentence: String) -> bool {
        let mut folders = self.0.lock();
        let before = folders
            .sentences
            .insert(folder.to_owned(), sentence.clone());
        before.is_none_or(|before| before != sentence)
    }
}

/// `2 files cannot be read: a.csv (why), b.csv (why)`.
pub(super) fn files(what: &str, troubled: &[(String, String)]) -> Option<String> {
    if troubled.is_empty() {
        return None;
    }
    let count = troubled.len();
    let noun = if count == 1 { "file" } else { "files" };
    let named = troubled.iter().take(NAMED_MAX);
    let mut named: Vec<String> = named.map(|(name, why)| format!("{name} ({why})")).collect();
    if count > NAMED_MAX {
        named.push(format!("and {} more", count - NAMED_MAX));
    }
    Some(format!("{count} {noun} {what}: {}", named.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_troubled_folders_are_told() {
        let status = WatchStatus::default();
        assert_eq!(status.sentence(), "ok");
        assert!(status.say("a", "ok".to_owned()));
        assert!(!status.say("a", "ok".to_owned()));
        assert!(status.say("b", "gone".to_owned()));
        assert_eq!(status.sentence(), "b: gone");
    }

    #[test]
    fn one_folder_with_something_unread_is_enough() {
        let status = WatchStatus::default();
        assert!(status.is_at_end());
        status.set_unread("a", true);
        status.set_unread("b", true);
        status.set_unread("a", false);
        assert!(!status.is_at_end());
        status.set_unread("b", false);
        assert!(status.is_at_end());
    }

    #[test]
    fn many_files_are_counted_and_some_are_named() {
        let file = |number: u32| (format!("{number}.csv"), "why".to_owned());
        let all: Vec<_> = (1..=5).map(file).collect();
        assert_eq!(
            files("wait", &all).expect("some"),
            "5 files wait: 1.csv (why), 2.csv (why), 3.csv (why), and 2 more"
        );
        assert_eq!(
            files("wait", &all[..1]).expect("one"),
            "1 file wait: 1.csv (why)"
        );
        assert_eq!(files("wait", &[]), None);
    }
}
