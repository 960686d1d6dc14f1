//! The files of a folder and where each of them stands: arriving, being read, settled, or waiting to be tried again.
//! It decides when a file is to be taken, from what the looks at the folder saw; it touches no disk and no clock.

use super::guard::Manner;
use super::scan::{FileKey, Listed, Listing, Version};
use super::state::Settled;
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

/// A file last written so long before it is first seen need not be watched for a while before it is taken.
const LONG_STABLE: Duration = Duration::from_secs(60);
/// Tried again after a second, then after twice as long each time, up to this.
const RETRY_MAX: Duration = Duration::from_secs(60);

/// When a look was taken: by the clock that never jumps, and by the wall clock that files carry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub now: Duration,
    pub wall_ns: i64,
}

/// Where a file stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// To be taken from then on, if it does not change before.
    Arriving { ripe_at: Duration },
    /// Being read.
    Reading,
    /// Nothing more to do at this version.
    Settled,
    /// Could not be read; to be tried again.
    Waiting { until: Duration, why: String },
}

/// A file of the folder.
#[derive(Debug, Clone)]
pub(super) struct Tracked {
    pub listed: Listed,
    pub stage: Stage,
    /// A file of a followed folder that can only be read whole.
    pub is_whole_only: bool,
    tries: u32,
}

/// The files of a folder.
#[derive(Debug)]
pub(super) struct Arrivals {
    files: BTreeMap<FileKey, Tracked>,
    unfinished: HashSet<FileKey>,
    stable_for: Duration,
    manner: Manner,
}

impl Arrivals {
    pub(super) fn new(stable_for: Duration, manner: Manner) -> Arrivals {
        Arrivals {
            files: BTreeMap::new(),
            unfinished: HashSet::new(),
            stable_for,
            manner,
        }
    }

    /// Takes in a look; the files that are gone.
    pub(super) fn look(
        &mut self,
        mut listing: Listing,
        settled: &Settled,
        moment: Moment,
    ) -> Vec<FileKey> {
        let gone: Vec<FileKey> = (self.files.keys())
            .filter(|key| !listing.files.contains_key(key))
            .copied()
            .collect();
        for key in &gone {
            self.files.remove(key);
        }
        for (key, listed) in std::mem::take(&mut listing.files) {
            match self.files.get_mut(&key) {
                Some(_) => self.see_again(key, listed, moment.now),
                None => self.see_first(key, listed, settled, moment),
            }
        }
        self.unfinished = listing.unfinished.into_iter().collect();
        gone
    }

    fn see_first(&mut self, key: FileKey, listed: Listed, settled: &Settled, moment: Moment) {
        let is_settled = (settled.get(&key)).is_some_and(|(version, _)| *version == listed.version);
        let age_ns = moment.wall_ns.saturating_sub(listed.version.modified_ns);
        let age = Duration::from_nanos(u64::try_from(age_ns).unwrap_or(0));
        let is_long_stable = age >= LONG_STABLE.max(self.stable_for);
        // Who gives a file its real name has finished it.
        let was_renamed = self.unfinished.contains(&key);
        let stage = if is_settled {
            Stage::Settled
        } else if is_long_stable || was_renamed || self.manner == Manner::Follow {
            let ripe_at = moment.now;
            Stage::Arriving { ripe_at }
        } else {
            let ripe_at = moment.now + self.stable_for;
            Stage::Arriving { ripe_at }
        };
        let tracked = Tracked {
            listed,
            stage,
            is_whole_only: false,
            tries: 0,
        };
        self.files.insert(key, tracked);
    }

    fn see_again(&mut self, key: FileKey, listed: Listed, now: Duration) {
        let Some(file) = self.files.get_mut(&key) else {
            return;
        };
        let has_changed = file.listed.version != listed.version;
        file.listed = listed;
        if has_changed && file.stage != Stage::Reading {
            file.tries = 0;
            self.arrive(key, now);
        }
    }

    /// The file changed: it is to be taken once it stands still, or at once where files are followed.
    pub(super) fn arrive(&mut self, key: FileKey, now: Duration) {
        let (stable_for, manner) = (self.stable_for, self.manner);
        if let Some(file) = self.files.get_mut(&key) {
            let is_followed = manner == Manner::Follow && !file.is_whole_only;
            let wait = if is_followed {
                Duration::ZERO
            } else {
                stable_for
            };
            file.stage = Stage::Arriving {
                ripe_at: now + wait,
            };
        }
    }

    /// Files to take now, those written first before the others. An empty file is one that somebody is about to write.
    pub(super) fn ripe(&self, now: Duration) -> Vec<FileKey> {
        let is_ripe = |file: &Tracked| match &file.stage {
            Stage::Arriving { ripe_at } => *ripe_at <= now && file.listed.version.bytes > 0,
            Stage::Waiting { until, .. } => *until <= now,
            Stage::Reading | Stage::Settled => false,
        };
        let mut ripe: Vec<(&FileKey, &Tracked)> = self
            .files
            .iter()
            .filter(|(_, file)| is_ripe(file))
            .collect();
        ripe.sort_by_key(|(_, file)| (file.listed.version.modified_ns, &file.listed.name));
        ripe.into_iter().map(|(key, _)| *key).collect()
    }

    /// Whether a file with something in it waits to be taken.
    pub(super) fn has_arriving(&self) -> bool {
        let is_arriving = |file: &Tracked| {
            matches!(file.stage, Stage::Arriving { .. }) && file.listed.version.bytes > 0
        };
        self.files.values().any(is_arriving)
    }

    pub(super) fn get(&self, key: FileKey) -> Option<&Tracked> {
        self.files.get(&key)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (FileKey, &Tracked)> {
        self.files.iter().map(|(key, file)| (*key, file))
    }

    /// How a file is to be read.
    pub(super) fn manner_of(&self, key: FileKey) -> Manner {
        let is_whole_only = (self.files.get(&key)).is_some_and(|file| file.is_whole_only);
        if is_whole_only {
            Manner::Whole
        } else {
            self.manner
        }
    }

    pub(super) fn read_whole(&mut self, key: FileKey, now: Duration) {
        if let Some(file) = self.files.get_mut(&key) {
            file.is_whole_only = true;
            self.arrive(key, now);
        }
    }

    pub(super) fn start(&mut self, key: FileKey) {
        if let Some(file) = self.files.get_mut(&key) {
            file.stage = Stage::Reading;
        }
    }

    /// Nothing more to do with the file as it was at `version`; if it has changed since, it arrives anew.
    pub(super) fn settle(&mut self, key: FileKey, version: Version, now: Duration) {
        let Some(file) = self.files.get_mut(&key) else {
            return;
        };
        file.tries = 0;
        file.stage = Stage::Settled;
        if file.listed.version != version {
            self.arrive(key, now);
        }
    }

    /// The file is to be tried again later; later each time.
    pub(super) fn wait(&mut self, key: FileKey, why: String, now: Duration) {
        if let Some(file) = self.files.get_mut(&key) {
            let pause = Duration::from_secs(1 << file.tries.min(6)).min(RETRY_MAX);
            file.tries += 1;
            let until = now + pause;
            file.stage = Stage::Waiting { until, why };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::Outcome;
    use super::*;

    const HOUR_NS: i64 = 3_600_000_000_000;

    fn key(inode: u64) -> FileKey {
        FileKey { device: 1, inode }
    }

    /// A look after `at_ms`: files as `inode:bytes`, unfinished ones with a `~`; written an hour ago with a `!`, else now.
    fn listing(files: &str, at_ms: u64) -> (Listing, Moment) {
        let moment = Moment {
            now: Duration::from_millis(at_ms),
            wall_ns: HOUR_NS,
        };
        let mut listing = Listing::default();
        for file in files.split_whitespace() {
            let name = file.trim_end_matches(['~', '!']);
            let (inode, bytes) = name.split_once(':').expect("inode and bytes");
            let inode = key(inode.parse().expect("a number"));
            if file.ends_with('~') {
                listing.unfinished.push(inode);
                continue;
            }
            let modified_ns = if file.ends_with('!') { 0 } else { HOUR_NS };
            let bytes = bytes.parse().expect("a number");
            let listed = Listed {
                path: name.into(),
                name: name.to_owned(),
                version: Version { bytes, modified_ns },
            };
            listing.files.insert(inode, listed);
        }
        (listing, moment)
    }

    /// Looks, one every second, and the files that are ripe after the last.
    fn check(manner: Manner, looks: &[&str], expected: &[u64]) {
        let mut arrivals = Arrivals::new(Duration::from_secs(2), manner);
        let mut now = Duration::ZERO;
        for (second, files) in (0..).zip(looks) {
            let (listing, moment) = listing(files, second * 1_000);
            arrivals.look(listing, &Settled::new(), moment);
            now = moment.now;
        }
        let ripe: Vec<u64> = arrivals.ripe(now).iter().map(|key| key.inode).collect();
        assert_eq!(ripe, expected, "{looks:?}");
    }

    #[test]
    fn a_file_is_taken_when_it_has_stood_still() {
        check(Manner::Whole, &["1:10"], &[]);
        check(Manner::Whole, &["1:10", "1:10"], &[]);
        check(Manner::Whole, &["1:10", "1:10", "1:10"], &[1]);
        check(Manner::Whole, &["1:10", "1:10", "1:11"], &[]);
        check(Manner::Whole, &["1:10", "1:11", "1:11", "1:11"], &[1]);
    }

    #[test]
    fn a_file_that_got_its_real_name_or_is_old_is_taken_at_once() {
        check(Manner::Whole, &["1:10~", "1:10"], &[1]);
        check(Manner::Whole, &["1:10~", "2:10"], &[]);
        check(Manner::Whole, &["1:10!"], &[1]);
    }

    #[test]
    fn an_empty_file_waits_to_be_written() {
        check(Manner::Whole, &["1:0!"], &[]);
        check(Manner::Follow, &["1:0"], &[]);
    }

    #[test]
    fn older_files_come_first() {
        check(
            Manner::Whole,
            &["1:10 2:10!", "1:10 2:10!", "1:10 2:10!"],
            &[2, 1],
        );
    }

    #[test]
    fn followed_files_are_taken_as_they_are() {
        check(Manner::Follow, &["1:10"], &[1]);
    }

    #[test]
    fn a_settled_file_comes_again_only_when_it_has_changed() {
        let mut arrivals = Arrivals::new(Duration::ZERO, Manner::Whole);
        let second = Duration::from_secs(1);
        let look = |arrivals: &mut Arrivals, files: &str, settled: &Settled| {
            let (listing, moment) = listing(files, 1_000);
            arrivals.look(listing, settled, moment)
        };
        let version = Version {
            bytes: 10,
            modified_ns: HOUR_NS,
        };
        let settled = Settled::from([(key(1), (version, Outcome::Read))]);
        look(&mut arrivals, "1:10", &settled);
        assert!(arrivals.ripe(second).is_empty(), "settled before a restart");
        look(&mut arrivals, "1:12", &settled);
        assert_eq!(arrivals.ripe(second), [key(1)]);
        arrivals.start(key(1));
        arrivals.settle(key(1), version, second);
        assert_eq!(arrivals.ripe(second), [key(1)], "it grew while it was read");
        assert_eq!(look(&mut arrivals, "", &settled), [key(1)]);
        assert!(arrivals.ripe(second).is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_tried_again_less_and_less_often() {
        let mut arrivals = Arrivals::new(Duration::ZERO, Manner::Whole);
        let (listing, moment) = listing("1:10!", 0);
        arrivals.look(listing, &Settled::new(), moment);
        for (pause, then) in [
            (1, 1),
            (2, 3),
            (4, 7),
            (8, 15),
            (16, 31),
            (32, 63),
            (60, 123),
        ] {
            let now = Duration::from_secs(then - pause);
            arrivals.wait(key(1), "no right".to_owned(), now);
            let almost = Duration::from_millis(then * 1_000 - 1);
            assert!(arrivals.ripe(almost).is_empty(), "{pause}");
            assert_eq!(arrivals.ripe(Duration::from_secs(then)), [key(1)]);
        }
    }
}
