//! One file being read: first what the log has of it is passed over, as far as it is proven, then the rest comes frame by frame.
//! When to read a file and what becomes of it is the folder's decision.

use super::guard::{self, Finding, Guard, Manner};
use super::known::{Known, SourceKey};
use super::scan::{FileKey, Version};
use crate::file::{FileError, FileOptions, FileReader, Growing};
use event::EventTime;
use event::frame::{FrameBody, FrameBuilder, SourceMark};
use event::import::{ImportKey, ImportNote, ImportState};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Events a frame.
const FRAME_ROWS: usize = 4_096;
/// Rows passed over in one turn, so that a long file does not hold up the others.
const SKIPPED_ROWS: u64 = 65_536;

/// Why a file cannot be read now, sorted by what the folder does next.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It is not there any more.
    Gone,
    /// The disk or the rights are in the way: try again.
    Later(String),
    /// It became another file while it was read: try again once it stands still.
    Changed(Finding),
    /// It will never be read as it is.
    Unreadable(FileError),
}

impl Trouble {
    fn of(error: FileError, guard: &Guard) -> Trouble {
        if let Some(finding) = guard.finding() {
            return Trouble::Changed(finding);
        }
        match &error.cause {
            // What a damaged archive says; anything else is the disk.
            Some(cause) if !is_damage(cause) => Trouble::Later(format!("{}: {cause}", error.what)),
            _ => Trouble::Unreadable(error),
        }
    }

    fn of_open(error: &io::Error) -> Trouble {
        match error.kind() {
            io::ErrorKind::NotFound => Trouble::Gone,
            _ => Trouble::Later(error.to_string()),
        }
    }
}

fn is_damage(cause: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    matches!(
        cause.kind(),
        InvalidData | InvalidInput | Other | UnexpectedEof
    )
}

/// What came of opening a file.
pub(super) enum Opened {
    /// It can be read.
    Reading(Box<Reading>),
    /// It grows and has no whole row yet.
    TooShort(Version),
    /// It cannot be followed; it has to be read whole.
    WholeOnly(&'static str),
}

/// What one turn came to.
pub(super) enum Turn {
    /// Rows that the log has were passed over.
    Passed,
    /// Rows for the log.
    Frame(Box<FrameBody>),
    /// Everything there is is read; a followed file may go on.
    Waits,
    /// The file is read to its end.
    Done,
}

/// What it is to be read as.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub path: PathBuf,
    pub options: FileOptions,
    pub manner: Manner,
}

/// How far it is.
enum Phase {
    /// Going through what the log may have: the places to prove, and the last one that was.
    Proving {
        places: Vec<SourceMark>,
        proven: u64,
    },
    /// Going to the proven row.
    Skipping(u64),
    Reading,
}

/// How far the end of a quiet file is taken for whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// Not yet.
    Fresh,
    /// With the next turn.
    Settling,
    /// It is.
    Settled,
}

/// Counts of a reading.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub rows: u64,
    pub accepted: u64,
    pub quarantined: u64,
    /// Rows the log had before.
    pub known: u64,
}

/// A file being read.
pub(super) struct Reading {
    /// Which reading of the folder it is.
    pub number: u64,
    pub order: Order,
    pub guard: Guard,
    pub counts: Counts,
    /// Frames the log has not answered for.
    pub on_the_way: usize,
    /// Nothing more comes of it.
    pub is_done: bool,
    /// There may be something to read.
    pub is_awake: bool,
    /// Since when a followed file has not grown.
    pub quiet_since: Option<Duration>,
    /// What a quiet file holds is handed over, an order at its end too.
    rest: Rest,
    reader: FileReader,
    builder: FrameBuilder,
    /// The import this reading is in the log, once it has brought something.
    run: Option<(ImportKey, EventTime)>,
    phase: Phase,
}

/// Opens a file to be read from where the log has it.
pub(super) fn open(order: Order, number: u64, known: &Known) -> Result<Opened, Trouble> {
    let (reader, guard) = match open_reader(&order)? {
        Ok(opened) => opened,
        Err(other) => return Ok(other),
    };
    let places = known.places(&SourceKey::of(reader.source()));
    let reading = Reading {
        number,
        builder: reader.frame_builder(),
        run: None,
        order,
        guard,
        counts: Counts::default(),
        on_the_way: 0,
        is_done: false,
        is_awake: true,
        quiet_since: None,
        rest: Rest::Fresh,
        reader,
        phase: Phase::Proving { places, proven: 0 },
    };
    Ok(Opened::Reading(Box::new(reading)))
}

fn open_reader(order: &Order) -> Result<Result<(FileReader, Guard), Opened>, Trouble> {
    let (file, guard) =
        guard::open(&order.path, order.manner).map_err(|error| Trouble::of_open(&error))?;
    let (file, options) = (Box::new(file), order.options.clone());
    let troubled = |error| Trouble::of(error, &guard);
    if order.manner == Manner::Whole {
        let reader = FileReader::open(file, options).map_err(troubled)?;
        return Ok(Ok((reader, guard)));
    }
    match FileReader::open_growing(file, options).map_err(troubled)? {
        Growing::Opened(reader) => Ok(Ok((*reader, guard))),
        Growing::TooShort => Ok(Err(Opened::TooShort(guard.opened))),
        Growing::WholeOnly(why) => Ok(Err(Opened::WholeOnly(why))),
    }
}

impl Reading {
    /// Reads a piece: passes rows over, or makes a frame.
    pub(super) fn turn(&mut self, received: EventTime) -> Result<Turn, Trouble> {
        match &self.phase {
            Phase::Proving { .. } => self.prove(received),
            Phase::Skipping(row) => {
                let row = *row;
                self.skip(row, received)
            }
            Phase::Reading => self.read(received),
        }
        .map_err(|error| match error {
            Failure::Trouble(trouble) => trouble,
            Failure::File(error) => Trouble::of(error, &self.guard),
        })
    }

    /// Goes to the next place the log may have and compares what stands before it.
    fn prove(&mut self, received: EventTime) -> Result<Turn, Failure> {
        let at = self.reader.mark();
        let Phase::Proving { places, proven } = &mut self.phase else {
            return Ok(Turn::Waits);
        };
        while places.first().is_some_and(|place| place.rows <= at.rows) {
            if places.remove(0) == at {
                *proven = at.rows;
            }
        }
        let (next, proven) = (places.first().map(|place| place.rows), *proven);
        if let Some(next) = next {
            let row = next.min(at.rows + SKIPPED_ROWS);
            if self.reader.skip_to(row, received)? {
                return Ok(Turn::Passed);
            }
        }
        // What was passed over beyond the proven row has to be read after all.
        if self.reader.mark().rows > proven {
            self.reopen()?;
        }
        self.counts.known = proven;
        self.phase = Phase::Skipping(proven);
        Ok(Turn::Passed)
    }

    fn skip(&mut self, row: u64, received: EventTime) -> Result<Turn, Failure> {
        let at = self.reader.mark().rows;
        if at < row && !self.reader.skip_to(row.min(at + SKIPPED_ROWS), received)? {
            // It was proven a moment ago: the file is not what it was.
            return Err(Failure::Trouble(Trouble::Changed(Finding::Rewritten)));
        }
        if self.reader.mark().rows == row {
            self.phase = Phase::Reading;
        }
        Ok(Turn::Passed)
    }

    fn reopen(&mut self) -> Result<(), Failure> {
        match open_reader(&self.order).map_err(Failure::Trouble)? {
            Ok((reader, guard)) if guard.key == self.guard.key => {
                (self.reader, self.guard) = (reader, guard);
                Ok(())
            }
            _ => Err(Failure::Trouble(Trouble::Changed(Finding::Rewritten))),
        }
    }

    fn read(&mut self, received: EventTime) -> Result<Turn, Failure> {
        let progress = self
            .reader
            .next_frame(&mut self.builder, FRAME_ROWS, received)?;
        self.note(received, progress.done);
        let body = self.builder.finish();
        for tally in &body.sources {
            self.counts.rows += tally.rows;
            self.counts.accepted += tally.accepted;
            self.counts.quarantined += tally.quarantined;
        }
        if body.sources.iter().any(|tally| tally.span.is_some()) {
            self.is_done = progress.done;
            return Ok(Turn::Frame(Box::new(body)));
        }
        if progress.done {
            self.is_done = true;
            return Ok(Turn::Done);
        }
        Ok(Turn::Waits)
    }

    /// Says of what import the frame is a part, so that it is listed and its rejections can be read again.
    fn note(&mut self, received: EventTime, is_done: bool) {
        if self.builder.is_empty() {
            return;
        }
        let source = self.builder.open_source(self.reader.source());
        let is_first = self.run.is_none();
        let (key, began) = *self
            .run
            .get_or_insert_with(|| (ImportKey::of(self.reader.source(), received), received));
        let has_settings = is_first || self.builder.rejected() > 0;
        let mark = self.reader.mark();
        self.builder.note_import(ImportNote {
            source: source.number(),
            key,
            began,
            state: if is_done {
                ImportState::Complete
            } else {
                ImportState::Running
            },
            rows: mark.rows,
            hash: mark.hash,
            known: 0,
            settings: has_settings.then(|| self.reader.settings().clone()),
            is_live: true,
        });
    }

    /// The file as a source in its store.
    pub(super) fn source(&self) -> SourceKey {
        SourceKey::of(self.reader.source())
    }

    /// What the file was taken for, and why.
    pub(super) fn evidence(&self) -> String {
        self.reader.guess().evidence.join("; ")
    }

    /// What it was taken for.
    pub(super) fn dialect(&self) -> &'static str {
        self.reader.guess().dialect
    }

    /// Rows from the beginning of the file.
    pub(super) fn row(&self) -> u64 {
        self.reader.mark().rows
    }

    /// Which file it is.
    pub(super) fn key(&self) -> FileKey {
        self.guard.key
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        &self.order.options.name
    }

    /// It has a new name, or the old one.
    pub(super) fn rename(&mut self, path: &Path, name: &str) {
        if self.order.path != path {
            self.order.path = path.to_owned();
            self.order.options.name = name.to_owned();
        }
    }

    /// Whether a followed file is at its end for now.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet_since.is_some()
    }

    /// Whether rows of it are still to go to the log, as far as one knows.
    pub(super) fn is_handing_over(&self) -> bool {
        !self.is_quiet() || self.on_the_way > 0
    }

    /// Rows came.
    pub(super) fn has_grown(&mut self) {
        self.quiet_since = None;
        self.be(Rest::Fresh);
    }

    /// Everything there is is read. The version whose every row was handed over, if that is new.
    pub(super) fn rest(&mut self, now: Duration) -> Option<Version> {
        self.is_awake = false;
        self.quiet_since.get_or_insert(now);
        if self.rest != Rest::Settling {
            return None;
        }
        self.be(Rest::Settled);
        let is_whole = self.reader.bytes_waiting() == 0;
        self.guard.at_end().filter(|_| is_whole)
    }

    /// Looks whether there is something to be read, given the file's version, or none where it is gone from the folder.
    pub(super) fn wake(&mut self, version: Option<Version>, stable_for: Duration, now: Duration) {
        let Some(quiet_since) = self.quiet_since else {
            return;
        };
        let is_long_quiet = now.saturating_sub(quiet_since) >= stable_for;
        match version {
            Some(version) if Some(version) != self.guard.at_end() => {
                self.quiet_since = None;
                self.be(Rest::Fresh);
                self.is_awake = true;
            }
            Some(_) if is_long_quiet && self.rest == Rest::Fresh => {
                self.be(Rest::Settling);
                self.is_awake = true;
            }
            Some(_) => {}
            None => {
                // Renamed or removed by who rotates it: the writer may hold it a little longer, then its last line counts.
                if is_long_quiet {
                    self.reader.stop_growing();
                }
                self.is_awake = true;
            }
        }
    }

    fn be(&mut self, rest: Rest) {
        self.rest = rest;
        self.reader.settle(rest == Rest::Settling);
    }
}

enum Failure {
    Trouble(Trouble),
    File(FileError),
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Failure {
        Failure::File(error)
    }
}
