//! A watched folder: looks at it, reads what is to be read a piece at a time, hears from the log, settles what is done.
//! It never waits and has no thread of its own: whoever drives it calls `turn` and waits in between.

use super::arrivals::{Arrivals, Moment, Stage};
use super::config::FolderSettings;
use super::delivery::{Answer, Delivery, Load};
use super::guard::Manner;
use super::known::Known;
use super::lock::{Asked, FolderLock};
use super::names::Names;
use super::reading::{self, Opened, Order, Reading, Trouble, Turn};
use super::scan::{self, FileKey, Listing, Version};
use super::shelf;
use super::state::{Outcome, Settled, StateFile};
use super::status::{self, WatchStatus};
use crate::file::FileOptions;
use crate::metrics;
use event::EventTime;
use event::frame::FrameBody;
use eventlog::{LogError, LogReader, LogWriter, Remedy};
use runtime::Clock;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tracing::{error, info, warn};

/// Followed files that are kept open while they are quiet; further ones are opened again when they grow.
const FOLLOWED_OPEN_MAX: usize = 64;
/// A file that could not be moved is moved again after this time.
const MOVE_RETRY: Duration = Duration::from_secs(10);

/// What a folder is watched with.
#[derive(Debug, Clone)]
pub struct FolderConfig {
    /// What the user says.
    pub settings: FolderSettings,
    /// How its files are read; the name is each file's own.
    pub options: FileOptions,
    /// Where short cuts are written down.
    pub state_dir: PathBuf,
}

/// What a folder wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// Another turn at once.
    Busy,
    /// A turn after an answer of the log, or at this time at the latest.
    Until(Duration),
    /// No turn: the log has ended.
    Ended,
}

/// Whether the folder is ours.
enum Hold {
    No,
    Locked {
        _lock: FolderLock,
    },
    /// It cannot be locked; identities keep its rows single all the same.
    Unlocked,
}

/// A folder under watch.
pub(super) struct Folder {
    name: String,
    settings: FolderSettings,
    options: FileOptions,
    names: Names,
    clock: Clock,
    status: WatchStatus,
    hold: Hold,
    arrivals: Arrivals,
    open: Vec<Reading>,
    readings: u64,
    known: Known,
    settled: Settled,
    state: StateFile,
    delivery: Delivery,
    look_at: Duration,
    open_at: Duration,
    move_at: Duration,
    move_trouble: Option<(String, String)>,
    is_ended: bool,
}

impl Folder {
    /// A folder that was not looked at yet. What was written down of it is read now, so that it is compared with the log
    /// as it is before anything else is appended.
    pub(super) fn new(
        config: FolderConfig,
        log: LogWriter,
        log_end: u64,
        clock: Clock,
        status: WatchStatus,
    ) -> Folder {
        let FolderConfig {
            settings,
            options,
            state_dir,
        } = config;
        let state = StateFile::new(
            state_dir.join(super::state::file_name(&settings.path)),
            manner_of_reading(&options),
        );
        let (known, settled) = state.load(log_end);
        let manner = if settings.follow {
            Manner::Follow
        } else {
            Manner::Whole
        };
        Folder {
            name: settings.called(),
            names: Names::of(&settings),
            arrivals: Arrivals::new(settings.stable_for(), manner),
            delivery: Delivery::new(log),
            look_at: clock.monotonic(),
            open_at: clock.monotonic(),
            move_at: clock.monotonic(),
            settings,
            options,
            clock,
            status,
            hold: Hold::No,
            open: Vec::new(),
            readings: 0,
            known,
            settled,
            state,
            move_trouble: None,
            is_ended: false,
        }
    }

    /// Where in the log `catch_up` begins.
    pub(super) fn log_offset(&self) -> u64 {
        self.known.offset
    }

    /// Learns what the log has of the files, from where it was written down.
    pub(super) fn catch_up(&mut self, reader: LogReader, end: u64) {
        if let Err(error) = self.known.catch_up(reader, end) {
            warn!(folder = self.name, %error, next = "rows in the log are known by their ids",
                "the log cannot be asked for places in files");
        }
        self.state.touch();
    }

    /// Where the log's answers come.
    pub(super) fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    #[cfg(test)]
    pub(super) fn open_files(&self) -> usize {
        self.open.len()
    }

    /// Does what is to be done now.
    pub(super) fn turn(&mut self) -> Pace {
        while let Some(answer) = self.delivery.hear() {
            self.answered(answer);
        }
        if self.is_ended {
            return Pace::Ended;
        }
        let now = self.clock.monotonic();
        if now >= self.look_at {
            self.look_at = now + self.settings.poll_interval();
            self.look(now);
        }
        let is_busy = self.read_all(now);
        self.settle_done(now);
        let is_busy = self.open_ripe(now) || is_busy;
        let (known, settled) = (&self.known, &self.settled);
        self.state.save_now_and_then(known, settled, &self.clock);
        if is_busy {
            Pace::Busy
        } else {
            Pace::Until(self.look_at)
        }
    }

    /// Hears the answers that are still to come, then writes down how far it is.
    pub(super) fn end(&mut self) {
        while let Some(answer) = self.delivery.wait() {
            self.answered(answer);
        }
        let now = self.clock.monotonic();
        self.settle_done(now);
        self.state.save(&self.known, &self.settled, &self.clock);
    }

    fn look(&mut self, now: Duration) {
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

    /// Opens what is to be taken, as far as there is room; whether anything was opened.
    fn open_ripe(&mut self, now: Duration) -> bool {
        if !self.has_slot() || now < self.open_at {
            return false;
        }
        let opened_before = self.readings;
        let mut is_any_left = false;
        for key in self.arrivals.ripe(now) {
            if !self.has_slot() {
                is_any_left = true;
                break;
            }
            self.make_room();
            self.open_file(key, now);
        }
        // A folder of many files is not gone through for each of them: the next one is opened when a slot is free.
        if !is_any_left {
            self.open_at = self.look_at;
        }
        self.readings > opened_before
    }

    fn has_slot(&self) -> bool {
        let busy = self
            .open
            .iter()
            .filter(|reading| !reading.is_quiet())
            .count();
        busy < self.settings.files_at_once
    }

    /// Of too many quiet files the one that is quiet for the longest is closed; it is opened again when it grows.
    fn make_room(&mut self) {
        let quiet = self.open.iter().enumerate();
        let quiet = quiet.filter_map(|(index, reading)| Some((reading.quiet_since?, index)));
        let quiet: Vec<_> = quiet.collect();
        if quiet.len() >= FOLLOWED_OPEN_MAX
            && let Some((_, index)) = quiet.into_iter().min()
        {
            let reading = self.open.swap_remove(index);
            if let Some(version) = reading.guard.at_end() {
                self.arrivals
                    .settle(reading.key(), version, self.clock.monotonic());
            }
        }
    }

    fn open_file(&mut self, key: FileKey, now: Duration) {
        let Some(tracked) = self.arrivals.get(key) else {
            return;
        };
        let order = Order {
            path: tracked.listed.path.clone(),
            options: FileOptions {
                name: tracked.listed.name.clone(),
                ..self.options.clone()
            },
            manner: self.arrivals.manner_of(key),
        };
        let name = order.options.name.clone();
        match reading::open(order, self.readings + 1, &self.known) {
            Ok(Opened::Reading(reading)) => self.begin(key, *reading),
            Ok(Opened::TooShort(version)) => self.arrivals.settle(key, version, now),
            Ok(Opened::WholeOnly(why)) => {
                info!(
                    folder = self.name,
                    file = name,
                    why,
                    "taken as a whole and not followed"
                );
                self.arrivals.read_whole(key, now);
            }
            Err(trouble) => self.troubled(key, &name, 0, trouble, now),
        }
    }

    /// Begins to read a file. A twin of one that is being read waits: what the log has of that one it need not be told again.
    fn begin(&mut self, key: FileKey, reading: Reading) {
        let source = reading.source();
        let is_twin = |other: &Reading| {
            other.source() == source && !(other.is_quiet() && other.on_the_way == 0)
        };
        // Another file may have taken the name since the look.
        if reading.key() != key || self.open.iter().any(is_twin) {
            return;
        }
        self.readings += 1;
        self.arrivals.start(key);
        info!(
            folder = self.name,
            file = reading.name(),
            dialect = reading.dialect(),
            evidence = reading.evidence(),
            "reading a file"
        );
        self.open.push(reading);
    }

    /// One piece of every open file; whether there was anything to do.
    fn read_all(&mut self, now: Duration) -> bool {
        let received = EventTime(self.clock.now().0);
        let mut is_busy = false;
        let mut index = 0;
        // Nobody is always the first to take the room there is.
        if !self.open.is_empty() {
            self.open.rotate_left(1);
        }
        while index < self.open.len() {
            if !self.delivery.has_room() {
                return false;
            }
            let reading = &mut self.open[index];
            if reading.is_done || !reading.is_awake {
                index += 1;
                continue;
            }
            match reading.turn(received) {
                Ok(Turn::Passed) => is_busy = true,
                Ok(Turn::Frame(body)) => {
                    is_busy = true;
                    reading.has_grown();
                    if let Err(why) = self.deliver(index, &body) {
                        self.give_up(index, &why, now);
                        continue;
                    }
                }
                Ok(Turn::Waits) => {
                    if let Some(version) = reading.rest(now) {
                        self.settled.insert(reading.key(), (version, Outcome::Read));
                        self.state.touch();
                    }
                }
                Ok(Turn::Done) => is_busy = true,
                Err(trouble) => {
                    let reading = self.open.swap_remove(index);
                    let (key, row) = (reading.key(), reading.row());
                    let name = reading.name().to_owned();
                    self.troubled(key, &name, row, trouble, now);
                    continue;
                }
            }
            index += 1;
        }
        is_busy
    }

    fn deliver(&mut self, index: usize, body: &FrameBody) -> Result<(), String> {
        let reading = &mut self.open[index];
        let span = body.sources.iter().find_map(|tally| tally.span);
        let load = Load {
            reading: reading.number,
            rows: span.map(|span| (reading.source(), span)),
            log_rows: body.events.len() as u64,
        };
        let sent = self.delivery.send(load, body);
        sent.map_err(|error| format!("a frame of it cannot be made: {error}"))?;
        self.open[index].on_the_way += 1;
        Ok(())
    }

    fn answered(&mut self, (load, result): Answer) {
        let index = self.open.iter().position(|it| it.number == load.reading);
        if let Some(index) = index {
            self.open[index].on_the_way -= 1;
        }
        match result {
            Ok(appended) => {
                // Answers come in the order of the log: what was sent before is in it too.
                self.known.offset = appended.first_offset + load.log_rows;
                if let Some((source, span)) = load.rows {
                    metrics::file_rows(&self.name, span.until.rows - span.from.rows);
                    self.known.observe(source, span);
                }
                self.state.touch();
            }
            Err(error) => self.refused(index, &error),
        }
    }

    fn refused(&mut self, index: Option<usize>, error: &LogError) {
        let now = self.clock.monotonic();
        match (error.remedy(), index) {
            (Remedy::Stop, _) => {
                if !matches!(error, LogError::Closed) {
                    error!(folder = self.name, %error, "the log has ended; no file is read any more");
                }
                self.is_ended = true;
            }
            (Remedy::Retry, Some(index)) => {
                let reading = self.open.swap_remove(index);
                let (key, row) = (reading.key(), reading.row());
                let trouble = Trouble::Later(format!("the log cannot take its rows now: {error}"));
                self.troubled(key, &reading.name().to_owned(), row, trouble, now);
            }
            (Remedy::DeadLetter, Some(index)) => self.give_up(index, &error.to_string(), now),
            // The file was given up with an earlier frame.
            (Remedy::Retry | Remedy::DeadLetter, None) => {}
        }
    }

    /// Files that are read to their end and in the log are done with.
    fn settle_done(&mut self, now: Duration) {
        let mut index = 0;
        while index < self.open.len() {
            let reading = &self.open[index];
            if reading.is_done && reading.on_the_way == 0 {
                let reading = self.open.swap_remove(index);
                self.finish(&reading, now);
            } else {
                index += 1;
            }
        }
    }

    fn finish(&mut self, reading: &Reading, now: Duration) {
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

    fn note(&mut self, key: FileKey, version: Version, outcome: Outcome, now: Duration) {
        self.settled.insert(key, (version, outcome));
        self.arrivals.settle(key, version, now);
        self.state.touch();
    }

    fn troubled(&mut self, key: FileKey, name: &str, row: u64, trouble: Trouble, now: Duration) {
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

    fn give_up(&mut self, index: usize, why: &str, now: Duration) {
        let reading = self.open.swap_remove(index);
        let (key, row) = (reading.key(), reading.row());
        self.fail(key, &reading.name().to_owned(), row, why, now);
    }

    /// The file will not be read as it is. Said once for each reason, however often the file grows.
    fn fail(&mut self, key: FileKey, name: &str, row: u64, why: &str, now: Duration) {
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
    fn shelve_all(&mut self, now: Duration) {
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
    fn shelve(&mut self, key: FileKey, now: Duration) {
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

/// What decides how rows are read. Files are read again where it is not what it was.
fn manner_of_reading(options: &FileOptions) -> String {
    let unnamed = FileOptions {
        name: String::new(),
        ..options.clone()
    };
    format!("{unnamed:?}")
}
