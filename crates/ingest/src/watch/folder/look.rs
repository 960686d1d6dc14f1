//! Looking at the folder: is it ours, what is in it, what is to be taken, and what is to be said of it.

use super::{Folder, Hold};
use crate::metrics;
use crate::watch::arrivals::{Moment, Stage};
use crate::watch::lock::{Asked, FolderLock};
use crate::watch::scan::{self, FileKey, Listing};
use crate::watch::status;
use std::collections::{HashSet, VecDeque};
use std::time::Duration;
use tracing::{info, warn};

impl Folder {
    pub(super) fn look(&mut self, now: Duration) {
        let sentence = match self.listing() {
            Ok(listing) => self.see(listing, now),
            Err(sentence) => sentence,
        };
        if self.status.say(&self.name, sentence.clone()) {
            if sentence == "ok" {
                info!(folder = self.name, path = %self.settings.path.display(), "folder is watched");
            } else {
                warn!(folder = self.name, path = %self.settings.path.display(), what = sentence,
                    next = "it is tried again", "folder needs a look");
            }
        }
    }

    /// The folder's files, if it is ours and can be read; else the sentence that says why not.
    fn listing(&mut self) -> Result<Listing, String> {
        let path = &self.settings.path;
        if matches!(self.hold, Hold::No) {
            match FolderLock::ask(path) {
                Asked::Held(lock) => self.hold = Hold::Locked { _lock: lock },
                Asked::Taken(by) => return Err(format!("waiting, {by} watches this folder")),
                Asked::Impossible(cause) if path.is_dir() => {
                    warn!(folder = self.name, path = %path.display(), %cause,
                        next = "it is watched all the same; keep other processes away from it",
                        "folder cannot be locked");
                    self.hold = Hold::Unlocked;
                }
                Asked::Impossible(_) => {}
            }
        }
        scan::list(path, &self.names).map_err(|cause| {
            // A folder that went away may come back as another one, to be locked anew.
            self.hold = Hold::No;
            format!("cannot read the folder: {cause}")
        })
    }

    /// Takes in a look; what is to be said of it.
    fn see(&mut self, listing: Listing, now: Duration) -> String {
        let unreadable = (listing.unreadable.iter())
            .map(|(name, cause)| (name.clone(), cause.to_string()))
            .collect::<Vec<_>>();
        let cut = (listing.is_cut).then(|| format!("only {} files are looked at", scan::FILES_MAX));
        let moment = Moment {
            now,
            wall_ns: self.clock.now().0.saturating_mul(1_000),
        };
        for key in self.arrivals.look(listing, &self.settled, moment) {
            if self.settled.remove(&key).is_some() {
                self.state.touch();
            }
        }
        self.wake(now);
        self.line_up(now);
        self.shelve_all(now);
        let waiting = self
            .arrivals
            .all()
            .filter_map(|(_, file)| match &file.stage {
                Stage::Waiting { why, .. } => Some((file.listed.name.clone(), why.clone())),
                _ => None,
            });
        let troubled: Vec<_> = unreadable.into_iter().chain(waiting).collect();
        let unmoved: Vec<_> = self.move_trouble.clone().into_iter().collect();
        metrics::bytes_behind(&self.name, self.bytes_behind());
        let sentences = [
            status::files("cannot be read", &troubled),
            status::files("cannot be moved", &unmoved),
            cut,
        ];
        let sentences: Vec<String> = sentences.into_iter().flatten().collect();
        if sentences.is_empty() {
            "ok".to_owned()
        } else {
            sentences.join("; ")
        }
    }

    /// Files to take until the next look; of twins whose file is gone the first.
    fn line_up(&mut self, now: Duration) {
        let deferred: HashSet<FileKey> = self.twins.values().flatten().copied().collect();
        self.queue = VecDeque::from(self.arrivals.ripe(now));
        self.queue.retain(|key| !deferred.contains(key));
        let mut twins = std::mem::take(&mut self.twins);
        for (source, twins) in &mut twins {
            if !self.is_read(source) {
                self.queue.extend(twins.pop_front());
            }
        }
        twins.retain(|_, twins| !twins.is_empty());
        self.twins = twins;
    }

    fn bytes_behind(&self) -> u64 {
        let read = |key: FileKey| {
            let reading = self.open.iter().find(|reading| reading.key() == key);
            reading.map_or(0, |reading| reading.guard.bytes_read())
        };
        let behind = self.arrivals.all().map(|(key, file)| match file.stage {
            Stage::Settled => 0,
            _ => file.listed.version.bytes.saturating_sub(read(key)),
        });
        behind.sum()
    }

    /// Followed files that have grown, been quiet for a while or gone away have something to be read.
    fn wake(&mut self, now: Duration) {
        for reading in &mut self.open {
            let tracked = self.arrivals.get(reading.key());
            if let Some(tracked) = tracked {
                reading.rename(&tracked.listed.path, &tracked.listed.name);
            }
            let version = tracked.map(|tracked| tracked.listed.version);
            reading.wake(version, self.settings.stable_for(), now);
        }
    }
}
