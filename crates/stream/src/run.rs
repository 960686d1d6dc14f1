//! Follows the log and publishes: one thread feeds the line, one merges results, so that folding never waits for publishing,
//! and one makes checkpoints, so that neither waits for the disk. What was judged goes on to the archive.

mod merger;

use crate::archive::{
    self, Archive, ArchiveProgress, CommitRules, Ledger, Sender as ToArchive, SharedLedger,
    Verdicts,
};
use crate::line::{Harvest, Line, LineError, LineRuns, parts};
use crate::rest::RestError;
use crate::rest::keeper::{Keeper, Order, Shelf};
use crate::restore::{LogNow, Restored, restore};
use crate::results::Results;
use crate::{CheckpointSettings, StreamConfig};
use changelog::Changelog;
use checkpoint::Folder;
use crossbeam_channel::{Receiver, Sender, bounded};
use event::batch::WireError;
use event::frame::FrameBody;
use eventlog::{EventLog, Frame, LogError, LogPosition, LogReader};
use merger::{Merger, Merging};
use runtime::Runtime;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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
    /// State at rest cannot be read.
    #[error("read the checkpoint")]
    Rest(#[from] RestError),
    /// No thread could be started.
    #[error("start a thread of the stream")]
    Thread(#[from] std::io::Error),
    /// The archive is of another log, or the log lost what the archive has.
    #[error("the archive holds {held} events, and the log only {log}: they are not of one another")]
    ArchiveAhead {
        /// What the archive holds.
        held: u64,
        /// Where the log ends.
        log: u64,
    },
}

/// Frames without events, ticks most of all, make a checkpoint due only after so many intervals: they are read again in
/// a moment, and the disk of a quiet shop has other things to do.
const QUIET_INTERVALS: u32 = 10;

/// How long an idle line waits before it looks around again; a new frame wakes it at once.
const IDLE_WAIT: Duration = Duration::from_millis(200);

/// How far results are published, and a way to wait for it.
#[derive(Debug, Clone)]
pub struct StreamHandle {
    published: watch::Receiver<u64>,
    archive: Option<archive::Watched>,
}

impl StreamHandle {
    /// One past the last frame whose events are in the published results.
    #[must_use]
    pub fn published_frame(&self) -> u64 {
        *self.published.borrow()
    }

    /// How the archive stands, where there is one.
    #[must_use]
    pub fn archive(&self) -> Option<ArchiveProgress> {
        self.archive.as_ref().map(archive::Watched::progress)
    }

    /// What is judged now and may not be in the archive; nothing where there is none.
    #[must_use]
    pub fn verdicts(&self) -> Option<Verdicts> {
        self.archive.as_ref().map(archive::Watched::verdicts)
    }

    /// Waits until every event below this offset is safe in the archive; false where there is none or it has ended.
    pub async fn wait_archived(&self, offset: u64) -> bool {
        match &self.archive {
            Some(archive) => archive.wait(offset).await,
            None => false,
        }
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

/// An archive, and when what it was given is made safe.
pub type Archiving = (Box<dyn Archive>, CommitRules);

/// Starts the line behind this log, from its newest checkpoint on, and gives the archive what was judged.
pub fn start(
    config: StreamConfig,
    (log, archive): (&EventLog, Option<Archiving>),
    changelog: Changelog,
    runtime: &Runtime,
) -> Result<StreamHandle, StreamError> {
    let spawn = |name: String, work: Box<dyn FnOnce() + Send>| runtime.spawn_thread(name, work);
    let mut line = Line::start(&config, &spawn)?;
    let mut results = Results::new(config.stores.clone());
    let held = archive.as_ref().map(|(archive, _)| archive.held());
    let log_now = LogNow::of(log, held);
    log_now.check()?;
    let Begun {
        position,
        ledger,
        resting,
        merging,
    } = begin(&config, log_now, (&mut line, &mut results), runtime)?;
    let (harvests, to_merge) = bounded(1);
    let (published, watch) = watch::channel(0);
    let restored = line.harvest()?;
    let at_start = if line.must_start_again() {
        0
    } else {
        position.frame
    };
    let merger = Merger {
        results,
        before: None,
        at_rest_from: 0,
        changelog,
        published,
        rest: merging,
    };
    runtime.spawn_thread("merge", move || merger.run(restored, at_start, &to_merge))?;
    let archive =
        archive.map(|archive| archives(archive, ledger, log.reader_at(position), runtime));
    let (to_archive, archive) = archive.transpose()?.unzip();
    let feeder = Feeder {
        config,
        archive: to_archive,
        reader: log.reader_at(position),
        first_offset: log.first_offset(),
        line,
        harvests,
        reached: position,
        folded: position,
        clock: runtime.clock().clone(),
        stop: runtime.stop_token(),
        published_at: None,
        rest: resting,
        again_to: None,
    };
    runtime.spawn_thread("stream", move || feeder.run())?;
    Ok(StreamHandle {
        published: watch,
        archive,
    })
}

/// Where the line goes on, and who makes its checkpoints.
struct Begun {
    position: LogPosition,
    ledger: Ledger,
    resting: Option<Resting>,
    merging: Option<Merging>,
}

/// Brings line and results to the newest checkpoint, and starts the thread that makes further ones.
fn begin(
    config: &StreamConfig,
    log: LogNow,
    (line, results): (&mut Line, &mut Results),
    runtime: &Runtime,
) -> Result<Begun, StreamError> {
    let nothing = Begun {
        position: log.begins,
        ledger: Ledger::begin(0, log.begins, log.ends),
        resting: None,
        merging: None,
    };
    let Some(settings) = config.checkpoint.clone() else {
        return Ok(nothing);
    };
    let Some(mut restored) = restore(&settings, log, &config.stores, line, results)? else {
        return Ok(nothing);
    };
    let position = log.begins.max(restored.position);
    let ledger = restored.verdicts.take().unwrap_or(nothing.ledger);
    let ((resting, merging), keeper_orders, keeper) = rests(settings, restored);
    runtime.spawn_thread("checkpoint", move || keeper.run(&keeper_orders))?;
    Ok(Begun {
        position,
        ledger,
        resting: Some(resting),
        merging: Some(merging),
    })
}

/// Starts the thread that gives the archive what is judged.
fn archives(
    archive: Archiving,
    ledger: Ledger,
    reader: LogReader,
    runtime: &Runtime,
) -> Result<(ToArchive, archive::Watched), std::io::Error> {
    let ledger = SharedLedger::new(ledger.into());
    let time = (runtime.clock().clone(), runtime.stop_token());
    let (sender, archivist, watched) = archive::channel(archive, ledger, reader, time);
    runtime.spawn_thread("archive", move || archivist.run())?;
    Ok((sender, watched))
}

/// The feeder's and the merger's share of making checkpoints, and the keeper with its orders.
fn rests(
    settings: CheckpointSettings,
    restored: Restored,
) -> ((Resting, Merging), Receiver<Order>, Keeper) {
    let (orders, keeper_orders) = bounded(1);
    let unsaved_cells = Arc::new(AtomicUsize::new(0));
    let merging = Merging {
        folder: restored.folder.clone(),
        shelf: Arc::clone(&restored.shelf),
        orders,
        cells_max: settings.cells_max,
        unsaved_cells: Arc::clone(&unsaved_cells),
    };
    let resting = Resting {
        settings,
        folder: restored.folder,
        shelf: restored.shelf,
        unsaved_cells,
        number: 0,
        shown: 0,
        offset: restored.position.offset,
        frame: restored.position.frame,
        at: None,
    };
    ((resting, merging), keeper_orders, restored.keeper)
}

/// A harvest, how far it reaches, the line's part of a checkpoint that is made there, and where a fold of the whole log
/// stands, if there is one.
struct Reached {
    harvest: Harvest,
    position: LogPosition,
    checkpoint: Option<(u64, LineRuns)>,
    again: Again,
}

/// Where folding the log again stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    /// It is not folded again.
    No,
    /// This harvest is the last before; the number is the keeper's order to begin with nothing.
    Begins(Option<u64>),
    /// Readers do not see this harvest.
    GoesOn,
    /// With this harvest all is folded that was folded before.
    Ends,
}

/// The feeder's share of making checkpoints: when one is due, and what was taken last.
struct Resting {
    settings: CheckpointSettings,
    folder: Folder,
    shelf: Arc<Shelf>,
    unsaved_cells: Arc<AtomicUsize>,
    /// Of the last checkpoint ordered, and of the last whose state the line was shown.
    number: u64,
    shown: u64,
    /// Up to where it reached.
    offset: u64,
    frame: u64,
    /// When it was ordered.
    at: Option<Duration>,
}

impl Resting {
    /// Whether a checkpoint should be made of all up to here.
    fn is_due(&self, folded: LogPosition, now: Duration, is_ending: bool) -> bool {
        if folded.frame == self.frame || !self.shelf.is_done(self.number) && !is_ending {
            return false;
        }
        let has_events = folded.offset > self.offset;
        let intervals = if has_events { 1 } else { QUIET_INTERVALS };
        let interval = self.settings.interval.saturating_mul(intervals);
        let is_old = self.at.is_none_or(|at| now >= at + interval);
        let has_many = folded.offset - self.offset >= self.settings.events_max;
        let has_many_cells = self.unsaved_cells.load(Ordering::Relaxed) >= self.settings.cells_max;
        is_ending || is_old || has_many || has_many_cells
    }
}

struct Feeder {
    config: StreamConfig,
    archive: Option<ToArchive>,
    reader: LogReader,
    /// Of the oldest row that the log keeps.
    first_offset: u64,
    line: Line,
    harvests: Sender<Reached>,
    /// Behind the last frame handed to the line.
    reached: LogPosition,
    /// Behind the last frame folded.
    folded: LogPosition,
    clock: runtime::Clock,
    /// What is in the log and not folded when the process stops is folded after the next start.
    stop: runtime::CancellationToken,
    published_at: Option<Duration>,
    rest: Option<Resting>,
    /// The log is being folded again, up to here.
    again_to: Option<LogPosition>,
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
                push(&mut self.line, frame, &mut self.reached)?;
            }
            fill(&mut self.line, &mut self.reader, &mut self.reached)?;
            self.look_at_rest()?;
            if self.line.has_round() {
                self.fold()?;
            }
            let is_ending =
                !self.line.has_round() && (self.reader.is_at_end() || self.stop.is_cancelled());
            if self.line.must_start_again() && !is_ending {
                self.start_again()?;
            } else if self.again_to.is_some_and(|to| self.folded >= to) {
                self.end_again()?;
            } else if self.is_checkpoint_due(is_ending) {
                self.checkpoint()?;
            } else if self.line.is_changed() && (self.is_publication_due() || is_ending) {
                self.publish()?;
            }
            if is_ending {
                return Ok(());
            }
        }
    }

    /// Folds a round while the next one is made ready.
    fn fold(&mut self) -> Result<(), StreamError> {
        let reached = self.reached;
        let mut ahead = Ok(());
        let (reader, beyond) = (&mut self.reader, &mut self.reached);
        let (round, aside) = (self.line).fold(|line| ahead = fill(line, reader, beyond))?;
        ahead?;
        self.folded = reached;
        if let Some(archive) = &self.archive {
            archive.send(round.judged_frames(), aside);
        }
        Ok(())
    }

    /// Takes on what the last checkpoint made, once it stands.
    fn look_at_rest(&mut self) -> Result<(), StreamError> {
        let Some(rest) = &mut self.rest else {
            return Ok(());
        };
        if rest.shown < rest.number && rest.shelf.is_done(rest.number) {
            rest.shown = rest.number;
            self.line.set_at_rest(&rest.shelf.at_rest())?;
        }
        Ok(())
    }

    fn is_checkpoint_due(&self, is_ending: bool) -> bool {
        let now = self.clock.monotonic();
        let rest = self.rest.as_ref();
        // What is half folded again is of no use to the next start.
        let is_ending = is_ending && self.again_to.is_none();
        rest.is_some_and(|rest| rest.is_due(self.folded, now, is_ending))
    }

    /// Folds the log again from its beginning. Readers see what they saw until all of it is folded.
    fn start_again(&mut self) -> Result<(), StreamError> {
        tracing::info!(
            frames = self.folded.frame,
            "an import is undone: the log is folded again"
        );
        let harvest = self.line.harvest()?;
        let order = self.rest.as_mut().map(|rest| {
            rest.number += 1;
            (rest.offset, rest.frame) = (0, 0);
            rest.number
        });
        self.hand_over(harvest, None, Again::Begins(order))?;
        self.line.start_again()?;
        let beginning = LogPosition {
            offset: self.first_offset,
            frame: 0,
        };
        self.again_to = Some(self.again_to.map_or(self.folded, |to| to.max(self.folded)));
        self.reader = self.reader.again(beginning);
        (self.reached, self.folded) = (beginning, beginning);
        if let (Some(archive), Some(whole_at)) = (&self.archive, self.again_to) {
            let generation = self.line.undone_mark();
            *archive.ledger().lock() = Ledger::begin(generation, beginning, whole_at);
        }
        Ok(())
    }

    fn end_again(&mut self) -> Result<(), StreamError> {
        self.again_to = None;
        if let Some(rest) = &mut self.rest {
            // The next checkpoint, the first of what was folded again, is due at once.
            rest.at = None;
        }
        let harvest = self.line.harvest()?;
        tracing::info!("the log was folded again");
        self.hand_over(harvest, None, Again::Ends)
    }

    /// Publishes and makes a checkpoint of all that is published then.
    fn checkpoint(&mut self) -> Result<(), StreamError> {
        // What the last one took is let go of now: whoever looks for it must find it at rest.
        self.look_at_rest()?;
        let harvest = self.line.harvest()?;
        let Some(rest) = &mut self.rest else {
            return Ok(());
        };
        rest.number += 1;
        (rest.offset, rest.frame) = (self.folded.offset, self.folded.frame);
        rest.at = Some(self.clock.monotonic());
        let mut line = self.line.rest(&rest.folder)?;
        if let Some(archive) = &self.archive {
            let verdicts = archive.ledger().lock().encode();
            line.values.push((parts::VERDICTS, verdicts));
        }
        let checkpoint = Some((rest.number, line));
        self.hand_over(harvest, checkpoint, self.now())
    }

    fn now(&self) -> Again {
        match self.again_to {
            Some(_) => Again::GoesOn,
            None => Again::No,
        }
    }

    fn is_publication_due(&self) -> bool {
        self.line.is_harvest_due() || self.until_due().is_zero()
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
        let harvest = match self.line.has_round() {
            true => self.line.harvest_behind()?,
            false => self.line.harvest()?,
        };
        self.hand_over(harvest, None, self.now())
    }

    fn hand_over(
        &mut self,
        harvest: Harvest,
        checkpoint: Option<(u64, LineRuns)>,
        again: Again,
    ) -> Result<(), StreamError> {
        self.published_at = Some(self.clock.monotonic());
        self.harvests
            .send(Reached {
                harvest,
                position: self.folded,
                checkpoint,
                again,
            })
            .map_err(|_| StreamError::MergerEnded)
    }
}

fn fill(
    line: &mut Line,
    reader: &mut LogReader,
    reached: &mut LogPosition,
) -> Result<(), StreamError> {
    while !line.is_round_full()
        && let Some(frame) = reader.try_next()?
    {
        push(line, frame, reached)?;
    }
    Ok(())
}

fn push(line: &mut Line, frame: Frame, reached: &mut LogPosition) -> Result<(), StreamError> {
    let (number, offset) = (frame.number, frame.first_offset);
    let end = frame.end();
    let body = FrameBody::decode(frame.payload.into()).map_err(|cause| StreamError::Frame {
        number,
        offset,
        cause,
    })?;
    line.push(number, offset, body);
    *reached = end;
    Ok(())
}
