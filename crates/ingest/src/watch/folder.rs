//! A watched folder: looks at it, reads what is to be read a piece at a time, hears from the log, settles what is done.
//! It never waits and has no thread of its own: whoever drives it calls `turn` and waits in between.

mod look;
mod settle;

use super::arrivals::{Arrivals, Stage};
use super::config::FolderSettings;
use super::delivery::{Answer, Delivery, Load};
use super::guard::Manner;
use super::known::{Known, SourceKey};
use super::lock::FolderLock;
use super::names::Names;
use super::reading::{self, Opened, Order, Reading, Trouble, Turn};
use super::scan::FileKey;
use super::state::{Outcome, Settled, StateFile};
use super::status::WatchStatus;
use crate::file::FileOptions;
use crate::metrics;
use event::EventTime;
use event::frame::FrameBody;
use eventlog::{LogError, LogReader, LogWriter, Remedy};
use runtime::Clock;
use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::time::Duration;
use tracing::{error, info, warn};

/// Followed files that are kept open while they are quiet; further ones are opened again when they grow.
const FOLLOWED_OPEN_MAX: usize = 64;
/// Looking at a folder takes at most one part in so many of the time, however many files it has.
const LOOK_SHARE: u32 = 20;
/// A file that could not be moved is moved again after this time.
const MOVE_RETRY: Duration = Duration::from_secs(10);
/// A file that is written to for longer before it can be taken is like a source that is silent: time does not wait for it.
const ARRIVING_MAX: Duration = Duration::from_secs(60);

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
    /// Files to take, in this order, since the last look.
    queue: VecDeque<FileKey>,
    /// Files that begin as one does that is being read: they wait for it.
    twins: HashMap<SourceKey, VecDeque<FileKey>>,
    look_at: Duration,
    move_at: Duration,
    move_trouble: Option<(String, String)>,
    /// Since when files arrive and none is read.
    arriving_since: Option<Duration>,
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
            queue: VecDeque::new(),
            twins: HashMap::new(),
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
            arriving_since: None,
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
            self.look(now);
            let took = self.clock.monotonic().saturating_sub(now);
            self.look_at = now + self.settings.poll_interval().max(took * LOOK_SHARE);
        }
        let is_busy = self.read_all(now);
        self.settle_done(now);
        let is_busy = self.open_ripe(now) || is_busy;
        let (known, settled) = (&self.known, &self.settled);
        self.state.save_now_and_then(known, settled, &self.clock);
        let is_unread = is_busy || self.has_unread(now);
        self.status.set_unread(&self.name, is_unread);
        if is_busy {
            Pace::Busy
        } else {
            Pace::Until(self.look_at)
        }
    }

    /// Whether something of the folder is on its way to the log. What cannot be read holds up nobody.
    fn has_unread(&mut self, now: Duration) -> bool {
        let is_read = |reading: &Reading| !reading.is_done && !reading.is_quiet();
        let is_reading =
            !self.queue.is_empty() || !self.delivery.is_idle() || self.open.iter().any(is_read);
        if is_reading || !self.arrivals.has_arriving() {
            self.arriving_since = None;
            return is_reading;
        }
        now.saturating_sub(*self.arriving_since.get_or_insert(now)) < ARRIVING_MAX
    }

    /// Hears the answers that are still to come, then writes down how far it is.
    pub(super) fn end(&mut self) {
        self.status.set_unread(&self.name, false);
        while let Some(answer) = self.delivery.wait() {
            self.answered(answer);
        }
        let now = self.clock.monotonic();
        self.settle_done(now);
        self.state.save(&self.known, &self.settled, &self.clock);
    }

    /// Opens what is to be taken, as far as there is room; whether anything was opened.
    fn open_ripe(&mut self, now: Duration) -> bool {
        let opened_before = self.readings;
        while self.has_slot()
            && let Some(key) = self.queue.pop_front()
        {
            self.make_room();
            self.open_file(key, now);
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
            let reading = self.close(index);
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
        if matches!(tracked.stage, Stage::Reading | Stage::Settled) {
            return;
        }
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
        // Another file may have taken the name since the look.
        if reading.key() != key {
            return;
        }
        let source = reading.source();
        if self.is_read(&source) {
            self.twins.entry(source).or_default().push_back(key);
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

    /// Whether rows of this source are on their way from a file to the log.
    fn is_read(&self, source: &SourceKey) -> bool {
        let mut open = self.open.iter();
        open.any(|other| other.is_handing_over() && other.source() == *source)
    }

    /// Takes a file out of those that are open; the first of its twins may come now.
    fn close(&mut self, index: usize) -> Reading {
        let reading = self.open.swap_remove(index);
        let source = reading.source();
        if let Some(twin) = self.twins.get_mut(&source).and_then(VecDeque::pop_front) {
            self.queue.push_front(twin);
        }
        self.twins.retain(|_, twins| !twins.is_empty());
        reading
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
                    let reading = self.close(index);
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
            (Remedy::Stop, index) => {
                if !matches!(error, LogError::Closed) {
                    error!(folder = self.name, %error, "the log has ended; no file is read any more");
                }
                // A file with rows that are not in the log is not done with.
                index.map(|index| self.close(index));
                self.is_ended = true;
            }
            (Remedy::Retry, Some(index)) => {
                let reading = self.close(index);
                let (key, row) = (reading.key(), reading.row());
                let trouble = Trouble::Later(format!("the log cannot take its rows now: {error}"));
                self.troubled(key, reading.name(), row, trouble, now);
            }
            (Remedy::DeadLetter, Some(index)) => self.give_up(index, &error.to_string(), now),
            // The file was given up with an earlier frame.
            (Remedy::Retry | Remedy::DeadLetter, None) => {}
        }
    }
}

/// What decides how rows are read. Files are read again where it is not what it was.
fn manner_of_reading(options: &FileOptions) -> String {
    let unnamed = FileOptions {
        name: String::new(),
        ..options.clone()
    };
    format!("{unnamed:?}")
}
