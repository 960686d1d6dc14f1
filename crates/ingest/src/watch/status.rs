//! What the watched folders say of themselves, for whoever asks whether all is well.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Files named one by one; of more only the number.
const NAMED_MAX: usize = 3;

/// The state of every watched folder; clones show the same.
#[derive(Debug, Clone, Default)]
pub struct WatchStatus(Arc<Mutex<BTreeMap<String, String>>>);

impl WatchStatus {
    /// One sentence for all folders: `ok`, or what is in the way and where.
    #[must_use]
    pub fn sentence(&self) -> String {
        let folders = self.0.lock();
        let troubled = folders.iter().filter(|(_, says)| *says != "ok");
        let sentences: Vec<String> = troubled
            .map(|(folder, says)| format!("{folder}: {says}"))
            .collect();
        if sentences.is_empty() {
            "ok".to_owned()
        } else {
            sentences.join("; ")
        }
    }

    /// Says it anew; whether it is another sentence than before.
    pub(super) fn say(&self, folder: &str, sentence: String) -> bool {
        let before = self.0.lock().insert(folder.to_owned(), sentence.clone());
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
