//! Imports: a file read to its end, frame by frame, with a few frames on their way to the disk at a time.
//! What a file's rows mean is the reader's business; where its bytes come from, the caller's.

use crate::door::{EncodeError, FrameMaker};
use crate::file::{FileError, FileOptions, FileReader};
use crossbeam_channel::{Receiver, Sender, bounded};
use event::EventTime;
use event::frame::{FrameBody, FrameBuilder};
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    /// What the file was taken for, and why.
    fn guess(&mut self, evidence: &[String]);
    /// A frame was read, before it goes to the log.
    fn frame(&mut self, body: &FrameBody);
    /// Counts so far; false stops the import.
    fn progress(&mut self, counts: &ImportCounts) -> bool;
}

/// Reads a file to its end; without a log it only checks. Returns when every frame is durable.
/// Reading is one thread's work, making and appending frames another's: a file is then as fast as the slower of the two.
pub fn import(
    read: Box<dyn Read + Send>,
    options: FileOptions,
    log: Option<&LogWriter>,
    clock: &Clock,
    listener: &mut dyn ImportListener,
) -> Result<ImportCounts, ImportError> {
    let mut reader = FileReader::open(read, options)?;
    listener.guess(&reader.guess().evidence);
    let mut builder = FrameBuilder::new();
    let mut counts = ImportCounts {
        dialect: reader.guess().dialect.to_owned(),
        source: reader.source().source.clone(),
        ..ImportCounts::default()
    };
    let appender = log.cloned().map(Appender::start).transpose()?;
    loop {
        let progress = reader.next_frame(&mut builder, FRAME_ROWS, EventTime(clock.now().0))?;
        let body = builder.finish();
        counts.observe(&body, progress.bytes_read);
        listener.frame(&body);
        let goes_on = appender.as_ref().is_none_or(|appender| appender.take(body));
        if !listener.progress(&counts) || progress.done || !goes_on {
            break;
        }
    }
    if let Some(appender) = appender {
        appender.finish()?;
    }
    Ok(counts)
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
    fn observe(&mut self, body: &FrameBody, bytes: u64) {
        self.bytes = bytes;
        for tally in &body.sources {
            self.rows += tally.rows;
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
