//! Follows the log and publishes: one thread feeds the line, one merges results, so that folding never waits for publishing.

use crate::StreamConfig;
use crate::line::{Harvest, Line, LineError};
use crate::results::Results;
use changelog::Changelog;
use crossbeam_channel::{Receiver, Sender, bounded};
use event::batch::WireError;
use event::frame::FrameBody;
use eventlog::{Frame, LogError, LogReader};
use runtime::Runtime;
use std::time::Duration;
use tokio::sync::watch;

/// Why the stream stopped.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The log cannot be read.
    #[error("read the log")]
    Log(#[from] LogError),
    /// A frame's checksum is right and its content is not ours: another version wrote it, or a defect.
    #[error("frame {number} at offset {offset} cannot be read")]
    Frame {
        /// The frame's number.
        number: u64,
        /// Its first offset.
        offset: u64,
        /// Why.
        #[source]
        cause: WireError,
    },
    /// The line stopped.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The thread that merges results ended.
    #[error("the merger ended")]
    MergerEnded,
    /// No thread could be started.
    #[error("start a thread of the stream")]
    Thread(#[from] std::io::Error),
}

/// How long an idle line waits before it looks around again; a new frame wakes it at once.
const IDLE_WAIT: Duration = Duration::from_millis(200);

/// How far results are published, and a way to wait for it.
#[derive(Debug, Clone)]
pub struct StreamHandle {
    published: watch::Receiver<u64>,
}

impl StreamHandle {
    /// One past the last frame whose events are in the published results.
    #[must_use]
    pub fn published_frame(&self) -> u64 {
        *self.published.borrow()
    }

    /// Waits until the results hold every frame below this number; false if the stream ended before.
    pub async fn wait_published(&self, frame: u64) -> bool {
        self.published
            .clone()
            .wait_for(|published| *published >= frame)
            .await
            .is_ok()
    }
}

/// Starts the line behind this reader.
pub fn start(
    config: StreamConfig,
    reader: LogReader,
    changelog: Changelog,
    runtime: &Runtime,
) -> Result<StreamHandle, StreamError> {
    let (harvests, to_merge) = bounded(1);
    let (published, watch) = watch::channel(reader.position().frame);
    let spawn = |name: String, work: Box<dyn FnOnce() + Send>| runtime.spawn_thread(name, work);
    let line = Line::start(&config, &spawn)?;
    let results = Results::new(config.stores.clone());
    runtime.spawn_thread("merge", move || {
        merge(results, &to_merge, &changelog, &published)
    })?;
    let frame = reader.position().frame;
    let feeder = Feeder {
        config,
        reader,
        line,
        harvests,
        frame,
        folded: frame,
        clock: runtime.clock().clone(),
        stop: runtime.stop_token(),
        published_at: None,
    };
    runtime.spawn_thread("stream", move || feeder.run())?;
    Ok(StreamHandle { published: watch })
}

/// A harvest and the frame it reaches to.
struct Reached {
    harvest: Harvest,
    frame: u64,
}

fn merge(
    mut results: Results,
    harvests: &Receiver<Reached>,
    changelog: &Changelog,
    published: &watch::Sender<u64>,
) {
    for Reached { harvest, frame } in harvests {
        let batch = results.apply(harvest);
        metrics::histogram!("shopstream_published_rows").record(batch.changes.len() as f64);
        changelog.publish(&batch, || results.snapshot());
        published.send_replace(frame);
    }
}

struct Feeder {
    config: StreamConfig,
    reader: LogReader,
    line: Line,
    harvests: Sender<Reached>,
    /// One past the last frame handed to the line.
    frame: u64,
    /// One past the last frame folded.
    folded: u64,
    clock: runtime::Clock,
    /// What is in the log and not folded when the process stops is folded after the next start.
    stop: runtime::CancellationToken,
    published_at: Option<Duration>,
}

impl Feeder {
    fn run(mut self) -> Result<(), StreamError> {
        loop {
            let wait = if self.line.is_changed() {
                self.until_due()
            } else {
                IDLE_WAIT
            };
            if !self.line.has_round()
                && let Some(frame) = self.reader.next_timeout(wait)?
            {
                push(&mut self.line, frame, &mut self.frame)?;
            }
            fill(&mut self.line, &mut self.reader, &mut self.frame)?;
            if self.line.has_round() {
                self.fold()?;
            }
            let is_ending =
                !self.line.has_round() && (self.reader.is_at_end() || self.stop.is_cancelled());
            if self.line.is_changed() && (self.until_due().is_zero() || is_ending) {
                self.publish()?;
            }
            if is_ending {
                return Ok(());
            }
        }
    }

    /// Folds a round while the next one is made ready.
    fn fold(&mut self) -> Result<(), StreamError> {
        let reached = self.frame;
        let mut ahead = Ok(());
        let (reader, frame) = (&mut self.reader, &mut self.frame);
        self.line.fold(|line| ahead = fill(line, reader, frame))?;
        ahead?;
        self.folded = reached;
        Ok(())
    }

    /// Time until the next publication is due; zero where nothing waits for one.
    fn until_due(&self) -> Duration {
        let interval = if self.line.has_round() {
            self.config.publish_interval_behind
        } else {
            self.config.publish_interval
        };
        match self.published_at {
            Some(at) => (at + interval).saturating_sub(self.clock.monotonic()),
            None => Duration::ZERO,
        }
    }

    fn publish(&mut self) -> Result<(), StreamError> {
        let harvest = self.line.harvest()?;
        self.published_at = Some(self.clock.monotonic());
        self.harvests
            .send(Reached {
                harvest,
                frame: self.folded,
            })
            .map_err(|_| StreamError::MergerEnded)
    }
}

fn fill(line: &mut Line, reader: &mut LogReader, reached: &mut u64) -> Result<(), StreamError> {
    while !line.is_round_full()
        && let Some(frame) = reader.try_next()?
    {
        push(line, frame, reached)?;
    }
    Ok(())
}

fn push(line: &mut Line, frame: Frame, reached: &mut u64) -> Result<(), StreamError> {
    let (number, offset) = (frame.number, frame.first_offset);
    let body = FrameBody::decode(frame.payload.into()).map_err(|cause| StreamError::Frame {
        number,
        offset,
        cause,
    })?;
    line.push(number, offset, body);
    *reached = number + 1;
    Ok(())
}
