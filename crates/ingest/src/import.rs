//! Imports: a file read to its end, frame by frame, with a few frames on their way to the disk at a time.
//! What a file's rows mean is the reader's business; where its bytes come from, the caller's.

use crate::door::{EncodeError, FrameMaker};
use crate::file::{FileError, FileOptions, FileReader, FrameBounds, Progress};
use crate::quality::{Breach, QualityConfig};
use crossbeam_channel::{Receiver, Sender, bounded};
use event::EventTime;
use event::frame::{FrameBody, FrameBuilder};
use event::import::{ImportKey, ImportNote, ImportSettings, ImportState};
use eventlog::{LogError, LogWriter};
use runtime::{Clock, NamedThread, Panicked};
use std::collections::BTreeMap;
use std::io::Read;

/// Frames on their way to the disk: enough to keep it busy, few enough to bound memory.
const FRAMES_ON_THE_WAY_MAX: usize = 8;
/// Frames read and not yet made: enough that neither thread waits for the other's hiccups.
const BODIES_WAITING_MAX: usize = 4;
/// Events a frame.
const FRAME_ROWS: usize = 4_096;

/// Counts of an import, also while it runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImportCounts {
    /// The identity its events are counted under.
    pub source: String,
    /// How it was read.
    pub dialect: String,
    /// Rows or objects read.
    pub rows: u64,
    /// Events made of them, rejected ones included.
    pub received: u64,
    /// Events that passed the checks.
    pub accepted: u64,
    /// Events set aside.
    pub quarantined: u64,
    /// The same by reason.
    pub quarantined_by_reason: BTreeMap<&'static str, u64>,
    /// Bytes of the file as read, after decompression.
    pub bytes: u64,
    /// Events an earlier run has brought already: passed over, neither received nor set aside again.
    pub known: u64,
    /// Rows they stood in.
    pub known_rows: u64,
    /// How far it came.
    pub state: ImportState,
    /// Too much was set aside.
    pub breach: Option<Breach>,
}

/// Why an import ended early. What was read before it stays: running it again adds only the rest.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The log did not take a frame.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A frame could not be made.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// No thread could be started.
    #[error("start a thread")]
    Thread(#[source] std::io::Error),
    /// The thread that appends frames has a defect.
    #[error("appending frames")]
    Panicked(#[source] Panicked),
}

/// What an import tells while it runs.
pub trait ImportListener {
    /// It begins, with the file of this identity.
    fn begin(&mut self, _source: &str) {}
    /// What the file was taken for, and why.
    fn guess(&mut self, evidence: &[String]);
    /// A frame was read, before it goes to the log.
    fn frame(&mut self, body: &FrameBody);
    /// Counts so far; false stops the import.
    fn progress(&mut self, counts: &ImportCounts) -> bool;
}

/// A place in a file up to which an earlier run has brought everything into the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Milestone {
    /// Rows up to there.
    pub rows: u64,
    /// Hash of the text up to there.
    pub hash: u128,
    /// What was set aside since the milestone before.
    pub quarantined: u64,
}

/// The milestones earlier runs left of a source that was read the same way, by rows.
pub type Milestones<'a> = dyn Fn(&str, &ImportSettings) -> Vec<Milestone> + 'a;

/// Where an import goes, and when it ends.
pub struct ImportPlan<'a> {
    /// Where frames go; without a log the file is only checked.
    pub log: Option<&'a LogWriter>,
    /// The clock of receipt.
    pub clock: &'a Clock,
    /// It ends after so many rows of the file.
    pub rows_max: Option<u64>,
    /// What may be set aside.
    pub quality: QualityConfig,
    /// What earlier runs brought.
    pub milestones: &'a Milestones<'a>,
}

impl<'a> ImportPlan<'a> {
    /// The whole file into this log, nothing watched, nothing known.
    #[must_use]
    pub fn new(log: Option<&'a LogWriter>, clock: &'a Clock) -> ImportPlan<'a> {
        ImportPlan {
            log,
            clock,
            rows_max: None,
            quality: QualityConfig::default(),
            milestones: &|_, _| Vec::new(),
        }
    }
}

/// Reads a file to its end; without a log it only checks. Returns when every frame is durable.
pub fn import(
    read: Box<dyn Read + Send>,
    options: FileOptions,
    log: Option<&LogWriter>,
    clock: &Clock,
    listener: &mut dyn ImportListener,
) -> Result<ImportCounts, ImportError> {
    import_as(read, options, &ImportPlan::new(log, clock), listener)
}

/// Reads a file as planned. Returns when every frame is durable.
/// Reading is one thread's work, making and appending frames another's: a file is then as fast as the slower of the two.
pub fn import_as(
    read: Box<dyn Read + Send>,
    options: FileOptions,
    plan: &ImportPlan<'_>,
    listener: &mut dyn ImportListener,
) -> Result<ImportCounts, ImportError> {
    let reader = FileReader::open(read, options)?;
    listener.begin(&reader.source().source);
    listener.guess(&reader.guess().evidence);
    let appender = plan.log.cloned().map(Appender::start).transpose()?;
    let mut run = Run::new(reader, plan);
    let read = run.read_all(plan, appender.as_ref(), listener);
    if let Some(appender) = appender {
        appender.finish()?;
    }
    read.map(|()| run.counts)
}

/// An import under way.
struct Run {
    reader: FileReader,
    builder: FrameBuilder,
    counts: ImportCounts,
    key: ImportKey,
    began: EventTime,
    milestones: std::iter::Peekable<std::vec::IntoIter<Milestone>>,
    /// Events passed over that no note has told of.
    known_untold: u64,
    is_first: bool,
}

impl Run {
    fn new(reader: FileReader, plan: &ImportPlan<'_>) -> Run {
        let source = reader.source().source.clone();
        let began = EventTime(plan.clock.now().0);
        let milestones = match plan.log {
            Some(_) => (plan.milestones)(&source, reader.settings()),
            None => Vec::new(),
        };
        Run {
            builder: reader.frame_builder(),
            key: ImportKey::of(reader.source(), began),
            counts: ImportCounts {
                dialect: reader.guess().dialect.to_owned(),
                source,
                ..ImportCounts::default()
            },
            began,
            milestones: milestones.into_iter().peekable(),
            known_untold: 0,
            is_first: true,
            reader,
        }
    }

    fn read_all(
        &mut self,
        plan: &ImportPlan<'_>,
        appender: Option<&Appender>,
        listener: &mut dyn ImportListener,
    ) -> Result<(), ImportError> {
        while self.counts.state == ImportState::Running {
            let milestone = self.next_milestone();
            let read = self.read_frame(plan, milestone);
            let failed = match read {
                Ok(progress) => {
                    self.settle(plan, progress, milestone);
                    None
                }
                Err(error) => {
                    self.counts.state = ImportState::Failed;
                    Some(error)
                }
            };
            let body = self.close_frame(milestone);
            if let Some(body) = body {
                listener.frame(&body);
                if appender.is_some_and(|appender| !appender.take(body)) {
                    return Ok(());
                }
            }
            if let Some(error) = failed {
                return Err(error.into());
            }
            if !listener.progress(&self.counts) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The next place an earlier run told of, where all before it was as that run found it.
    fn next_milestone(&mut self) -> Option<Milestone> {
        let rows = self.reader.rows();
        while self
            .milestones
            .next_if(|known| known.rows <= rows)
            .is_some()
        {}
        self.milestones.peek().copied()
    }

    fn read_frame(
        &mut self,
        plan: &ImportPlan<'_>,
        milestone: Option<Milestone>,
    ) -> Result<Progress, FileError> {
        let rows = self.reader.rows();
        let bounds = [plan.rows_max, milestone.map(|known| known.rows)];
        let rows_max = bounds.into_iter().flatten().min();
        let bounds = FrameBounds {
            events_max: FRAME_ROWS,
            rows_max: rows_max.unwrap_or(u64::MAX).saturating_sub(rows),
        };
        let received = EventTime(plan.clock.now().0);
        (self.reader).next_rows(&mut self.builder, bounds, received)
    }

    /// Whether the import goes on after this frame.
    fn settle(&mut self, plan: &ImportPlan<'_>, progress: Progress, milestone: Option<Milestone>) {
        self.counts.bytes = progress.bytes_read;
        let is_known = milestone.is_some_and(|known| self.is_at(known));
        let (mut received, mut quarantined) = (self.counts.received, self.counts.quarantined);
        if !is_known {
            received += self.builder.received() as u64;
            quarantined += self.builder.rejected() as u64;
        }
        let breach = plan.quality.judge(received, quarantined);
        if progress.done {
            self.counts.state = ImportState::Complete;
        } else if breach.is_some() && plan.quality.stops() {
            self.counts.state = ImportState::Stopped;
        } else if (plan.rows_max).is_some_and(|rows_max| self.reader.rows() >= rows_max) {
            self.counts.state = ImportState::Limited;
        }
        if self.counts.state != ImportState::Running {
            self.counts.breach = breach;
        }
    }

    /// An earlier run read the same up to here, and set as much of it aside: under other checks the rows go in again.
    fn is_at(&self, known: Milestone) -> bool {
        self.is_same_text(known) && known.quarantined == self.builder.rejected() as u64
    }

    fn is_same_text(&self, known: Milestone) -> bool {
        let mark = self.reader.mark();
        (known.rows, known.hash) == (mark.rows, mark.hash)
    }

    /// The frame with its note; nothing where an earlier run brought it and the import goes on.
    fn close_frame(&mut self, milestone: Option<Milestone>) -> Option<FrameBody> {
        if let Some(known) = milestone {
            if self.is_at(known) {
                let events = self.builder.received() as u64;
                self.known_untold += events;
                self.counts.known += events;
                self.counts.known_rows = self.reader.rows();
                self.counts.rows = self.reader.rows();
                self.builder.clear();
                if self.counts.state == ImportState::Running {
                    return None;
                }
            } else if known.rows <= self.reader.rows() && !self.is_same_text(known) {
                // The text differs from here on: what earlier runs read after it says nothing about this one.
                self.milestones = Vec::new().into_iter().peekable();
            }
        }
        let source = self.builder.open_source(self.reader.source());
        let has_settings = self.is_first || self.builder.rejected() > 0;
        self.is_first = false;
        let mark = self.reader.mark();
        self.builder.note_import(ImportNote {
            source: source.number(),
            key: self.key,
            began: self.began,
            state: self.counts.state,
            rows: mark.rows,
            hash: mark.hash,
            known: std::mem::take(&mut self.known_untold),
            settings: has_settings.then(|| self.reader.settings().clone()),
            is_live: false,
        });
        let body = self.builder.finish();
        self.counts.observe(&body);
        self.counts.rows = self.reader.rows();
        Some(body)
    }
}

/// The thread that makes frames of what was read and appends them.
struct Appender {
    bodies: Sender<FrameBody>,
    thread: NamedThread<Result<(), ImportError>>,
}

impl Appender {
    fn start(log: LogWriter) -> Result<Appender, ImportError> {
        let (bodies, read) = bounded(BODIES_WAITING_MAX);
        let thread = NamedThread::spawn("import-append", move || append_all(&read, &log));
        Ok(Appender {
            bodies,
            thread: thread.map_err(ImportError::Thread)?,
        })
    }

    /// Hands a frame on; false once the thread has given up.
    fn take(&self, body: FrameBody) -> bool {
        self.bodies.send(body).is_ok()
    }

    /// Waits until everything is durable.
    fn finish(self) -> Result<(), ImportError> {
        drop(self.bodies);
        self.thread.join().map_err(ImportError::Panicked)?
    }
}

fn append_all(bodies: &Receiver<FrameBody>, log: &LogWriter) -> Result<(), ImportError> {
    let mut maker = FrameMaker::default();
    let (answer, answers) = bounded(FRAMES_ON_THE_WAY_MAX);
    let hear = || {
        answers
            .recv()
            .expect("each frame on its way is answered once")
    };
    let mut on_the_way = 0;
    for body in bodies {
        if on_the_way == FRAMES_ON_THE_WAY_MAX {
            hear()?;
            on_the_way -= 1;
        }
        let answer = answer.clone();
        let frame = maker.make(&body)?;
        log.append_with(frame, move |result: Result<_, LogError>| {
            drop(answer.send(result.map(drop)))
        });
        on_the_way += 1;
    }
    Ok((0..on_the_way).try_for_each(|_| hear())?)
}

impl ImportCounts {
    fn observe(&mut self, body: &FrameBody) {
        for tally in &body.sources {
            self.received += tally.received;
            self.accepted += tally.accepted;
            self.quarantined += tally.quarantined;
        }
        for rejected in &body.rejected {
            *self
                .quarantined_by_reason
                .entry(rejected.rejection.reason.code())
                .or_insert(0) += 1;
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
