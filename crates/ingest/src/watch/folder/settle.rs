//! What becomes of a file: taken, failed or to be tried again, where it goes, and what is said of it.

use super::{Folder, MOVE_RETRY};
use crate::metrics;
use crate::watch::arrivals::Stage;
use crate::watch::reading::{Reading, Trouble};
use crate::watch::scan::{FileKey, Version};
use crate::watch::shelf;
use crate::watch::state::Outcome;
use std::path::Path;
use std::time::Duration;
use tracing::{info, warn};

impl Folder {
    /// Files that are read to their end and in the log are done with.
    pub(super) fn settle_done(&mut self, now: Duration) {
        let mut index = 0;
        while index < self.open.len() {
            let reading = &self.open[index];
            if reading.is_done && reading.on_the_way == 0 {
                let reading = self.close(index);
                self.finish(&reading, now);
            } else {
                index += 1;
            }
        }
    }

    pub(super) fn finish(&mut self, reading: &Reading, now: Duration) {
        let (key, counts) = (reading.key(), reading.counts);
        metrics::file_taken(&self.name);
        info!(
            folder = self.name,
            file = reading.name(),
            rows = counts.rows,
            accepted = counts.accepted,
            quarantined = counts.quarantined,
            known_rows = counts.known,
            "file taken"
        );
        let version = reading.guard.at_end().unwrap_or(reading.guard.opened);
        match std::fs::metadata(&reading.order.path) {
            Ok(metadata) if FileKey::of(&metadata) == key => {
                self.note(key, version, Outcome::Read, now);
                self.shelve(key, now);
            }
            _ => info!(
                folder = self.name,
                file = reading.name(),
                row = reading.row(),
                next = "nothing is missing; a file of that name is read as a new one",
                "file went away or was replaced after it was opened"
            ),
        }
    }

    pub(super) fn note(&mut self, key: FileKey, version: Version, outcome: Outcome, now: Duration) {
        self.settled.insert(key, (version, outcome));
        self.arrivals.settle(key, version, now);
        self.state.touch();
    }

    pub(super) fn troubled(
        &mut self,
        key: FileKey,
        name: &str,
        row: u64,
        trouble: Trouble,
        now: Duration,
    ) {
        match trouble {
            Trouble::Gone => info!(
                folder = self.name,
                file = name,
                row,
                next = "nothing to do",
                "file went away before it was read"
            ),
            Trouble::Later(why) => {
                warn!(
                    folder = self.name,
                    file = name,
                    row,
                    why,
                    next = "what was read stays; it is tried again",
                    "file cannot be read now"
                );
                self.arrivals.wait(key, why, now);
            }
            Trouble::Changed(finding) => {
                metrics::file_changed(&self.name);
                warn!(folder = self.name, file = name, row, why = %finding,
                    next = "what was read stays; the rest is read once the file stands still",
                    "file changed while it was read");
                self.arrivals.arrive(key, now);
            }
            Trouble::Unreadable(error) => {
                let text = format!("{}\n{}\n", error.what, error.hint);
                self.fail(key, name, row, &text, now);
            }
        }
    }

    pub(super) fn give_up(&mut self, index: usize, why: &str, now: Duration) {
        let reading = self.close(index);
        let (key, row) = (reading.key(), reading.row());
        self.fail(key, reading.name(), row, why, now);
    }

    /// The file will not be read as it is. Said once for each reason, however often the file grows.
    pub(super) fn fail(&mut self, key: FileKey, name: &str, row: u64, why: &str, now: Duration) {
        let version = self.arrivals.get(key).map(|file| file.listed.version);
        let why = why.trim_end();
        let reason =
            format!("{name}: {why}\nRows read before: {row}. They stay, and count once.\n");
        let outcome = Outcome::Failed(reason);
        let is_news = (self.settled.get(&key)).is_none_or(|(_, before)| *before != outcome);
        if is_news {
            metrics::file_failed(&self.name);
            warn!(
                folder = self.name,
                file = name,
                row,
                why = why.replace('\n', "; "),
                next = "mend the file; it is taken again when it has changed",
                "file cannot be read"
            );
        }
        if let Some(version) = version {
            self.note(key, version, outcome, now);
            self.shelve(key, now);
        }
    }

    /// Files that are done with and still here, because a move failed or the process ended before it.
    pub(super) fn shelve_all(&mut self, now: Duration) {
        let has_shelves =
            self.settings.processed_dir.is_some() || self.settings.failed_dir.is_some();
        if !has_shelves || now < self.move_at {
            return;
        }
        self.move_trouble = None;
        let settled = self
            .arrivals
            .all()
            .filter(|(_, file)| file.stage == Stage::Settled);
        let settled: Vec<FileKey> = settled.map(|(key, _)| key).collect();
        for key in settled {
            self.shelve(key, now);
            if self.move_trouble.is_some() {
                return;
            }
        }
    }

    /// Moves a settled file to where it goes, if it goes anywhere.
    pub(super) fn shelve(&mut self, key: FileKey, now: Duration) {
        let (Some((version, outcome)), Some(file)) =
            (self.settled.get(&key), self.arrivals.get(key))
        else {
            return;
        };
        let (dir, reason) = match outcome {
            Outcome::Read => (self.settings.processed_dir(), None),
            Outcome::Failed(reason) => (self.settings.failed_dir(), Some(reason.clone())),
        };
        let Some(dir) = dir else { return };
        let (path, name) = (file.listed.path.clone(), file.listed.name.clone());
        if !is_still(&path, key, *version) {
            return;
        }
        let moved = shelf::put(&path, &dir).and_then(|place| match reason {
            Some(reason) => shelf::put_reason(&place, &reason),
            None => Ok(()),
        });
        if let Err(cause) = moved {
            warn!(folder = self.name, file = name, to = %dir.display(), %cause,
                next = "it is tried again; its rows are in", "file cannot be moved");
            self.move_trouble = Some((name, cause.to_string()));
            self.move_at = now + MOVE_RETRY;
        }
    }
}

/// Whether the file at this path is the one that was read, as it was read.
fn is_still(path: &Path, key: FileKey, version: Version) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|metadata| FileKey::of(&metadata) == key && Version::of(&metadata) == version)
}
