//! The writer thread: takes all frames that wait, writes them with one call, syncs once, answers everybody.
//! While a sync runs the next group gathers; that is the only linger there is.

use std::io::IoSlice;
use std::sync::Arc;

use runtime::Clock;

use crate::config::{Durability, LogConfig};
use crate::disk::{SharedDisk, write_all_at};
use crate::error::{LogError, Remedy};
use crate::fence::Fence;
use crate::format::SEGMENT_HEADER_BYTES;
use crate::frame::LogPosition;
use crate::mark::Mark;
use crate::metrics;
use crate::queue::Pending;
use crate::recover::Recovery;
use crate::reserve::Reserve;
use crate::segment::{Segment, Start};
use crate::shared::Shared;
use crate::writer::Appended;

/// A point in the active segment and in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tail {
    position: u64,
    next: LogPosition,
}

pub(crate) struct Committer {
    shared: Arc<Shared>,
    disk: SharedDisk,
    config: LogConfig,
    fence: Fence,
    clock: Clock,
    active: Segment,
    /// Everything below is published.
    good: Tail,
    /// Where the next frame of the group goes; equal to `good` between groups.
    planned: Tail,
    /// Everything below in the active segment was synced.
    synced_bytes: u64,
    reserve: Reserve,
    poison: Option<LogError>,
}

impl Committer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        disk: SharedDisk,
        config: LogConfig,
        recovery: Recovery,
    ) -> Self {
        let good = Tail {
            position: recovery.position,
            next: recovery.next,
        };
        let reserve = Reserve::open(&disk, &shared, &config.dir, config.reserve);
        Self {
            reserve,
            shared,
            disk,
            config,
            fence: recovery.fence,
            clock: Clock::machine(),
            active: recovery.active,
            good,
            planned: good,
            // Recovery made durable what it kept.
            synced_bytes: recovery.position,
            poison: None,
        }
    }

    /// Works until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        let _guard = PanicGuard(Arc::clone(&self.shared));
        while let Some(group) = self.shared.queue.take() {
            self.commit(group);
        }
        self.close();
    }

    fn commit(&mut self, group: Vec<Pending>) {
        if let Err(error) = self.check_fence() {
            return refuse(group, &error);
        }
        if self.poison.is_none()
            && let Err(error) = self.reserve.check()
        {
            return refuse(group, &error);
        }
        // Frames that stand in the same segment and are written together.
        let mut run = Vec::with_capacity(group.len());
        for mut pending in group {
            let bytes = pending.frame.stored_bytes() as u64;
            match self.make_room(bytes, &mut run) {
                Ok(()) => {
                    self.place(&mut pending);
                    run.push(pending);
                }
                Err(error) => refuse(vec![pending], &error),
            }
        }
        self.flush(&mut run);
    }

    fn place(&mut self, pending: &mut Pending) {
        let (frame, at) = (&mut pending.frame, self.planned.next);
        frame.place(at, self.synced_bytes, self.active.header.salt);
        self.planned.position += frame.stored_bytes() as u64;
        let offset = at.offset + u64::from(frame.rows());
        self.planned.next = LogPosition {
            offset,
            frame: at.frame + 1,
        };
    }

    /// Sees to it that the next frame has reserved space at `planned`.
    fn make_room(&mut self, bytes: u64, run: &mut Vec<Pending>) -> Result<(), LogError> {
        if let Some(poison) = &self.poison {
            return Err(poison.clone());
        }
        let end = self.planned.position + bytes;
        if end <= self.active.allocated_bytes {
            return Ok(());
        }
        // Two segments cannot share a first offset, so one without rows takes whatever comes.
        let has_rows = self.planned.next.offset > self.active.header.first_offset;
        if end > self.config.segment_bytes && has_rows {
            return self.roll(bytes, run);
        }
        let extended = self.active.extend(end.max(self.config.segment_bytes));
        extended.map_err(|error| self.retry_or_poison(error))
    }

    /// Goes on in a new segment, after everything in this one is safe.
    fn roll(&mut self, bytes: u64, run: &mut Vec<Pending>) -> Result<(), LogError> {
        self.flush(run);
        if let Some(poison) = &self.poison {
            return Err(poison.clone());
        }
        let (disk, dir, at) = (&self.disk, &self.config.dir, self.good.next);
        if at.offset == self.active.header.first_offset {
            // The flush failed and took the segment's only rows back with it.
            return self.make_room(bytes, run);
        }
        let bytes = self.config.segment_bytes.max(SEGMENT_HEADER_BYTES + bytes);
        let epoch = self.fence.epoch();
        let prepared = Segment::prepare(disk, dir, Start { at, epoch }, bytes);
        // Up to here nothing has changed; a full disk is usually met here.
        let prepared = prepared.map_err(|error| self.retry_or_poison(error))?;
        self.active
            .seal(self.good.position)
            .map_err(|error| self.poisoned(error))?;
        self.synced_bytes = self.good.position;
        let installed = prepared.install(&self.disk, &self.config.dir);
        self.active = installed.map_err(|error| self.poisoned(error))?;
        self.good.position = SEGMENT_HEADER_BYTES;
        self.synced_bytes = SEGMENT_HEADER_BYTES;
        self.planned = self.good;
        let segments = self
            .shared
            .publish_segment(self.active.id, SEGMENT_HEADER_BYTES);
        metrics::grew(at.offset, segments);
        tracing::debug!(segment = at.offset, "new log segment");
        Ok(())
    }

    /// Writes a run, makes it durable, publishes and answers it. Or takes all of it back.
    fn flush(&mut self, run: &mut Vec<Pending>) {
        if run.is_empty() {
            return;
        }
        let run = std::mem::take(run);
        let written = self.write(&run).and_then(|()| self.sync());
        // Asked after the sync: whoever takes over from now on reads these frames before going on.
        let written = written.and_then(|()| self.check_fence());
        if let Err(error) = written {
            self.planned = self.good;
            return refuse(run, &error);
        }
        let bytes = self.planned.position - self.good.position;
        let rows = self.planned.next.offset - self.good.next.offset;
        metrics::group_committed(run.len(), rows, bytes);
        self.good = self.planned;
        self.shared.publish(self.good.position, self.good.next);
        for pending in run {
            let first_offset = pending.frame.first_offset();
            pending.answer(Ok(Appended { first_offset }));
        }
    }

    fn write(&mut self, run: &[Pending]) -> Result<(), LogError> {
        let mut parts: Vec<_> = run
            .iter()
            .map(|it| IoSlice::new(it.frame.bytes()))
            .collect();
        let written = write_all_at(&*self.active.file, &mut parts, self.good.position);
        let written = written.map_err(LogError::io("append to", &self.active.path));
        written.map_err(|error| self.take_back(error))
    }

    fn sync(&mut self) -> Result<(), LogError> {
        if self.config.durability == Durability::Buffered {
            return Ok(());
        }
        let started = self.clock.monotonic();
        let synced = self.active.file.sync_data();
        metrics::synced(self.clock.monotonic().saturating_sub(started));
        let synced = synced.map_err(LogError::io("sync", &self.active.path));
        synced.map_err(|error| self.poisoned(error))?;
        self.synced_bytes = self.planned.position;
        Ok(())
    }

    /// Whether the log is still ours. If not, it ends here, and not a byte is touched any more.
    fn check_fence(&mut self) -> Result<(), LogError> {
        if let Some(poison) = &self.poison {
            return Err(poison.clone());
        }
        self.fence.check().map_err(|fenced| {
            tracing::error!(error = %fenced, "the log stopped");
            self.end(fenced.into())
        })
    }

    /// After a failed write: cuts back to the last good frame, or gives up if even that fails.
    fn take_back(&mut self, error: LogError) -> LogError {
        if error.remedy() != Remedy::Retry {
            return self.poisoned(error);
        }
        if let Err(fenced) = self.check_fence() {
            return fenced;
        }
        match self.active.file.set_len(self.good.position) {
            Ok(()) => {
                self.active.allocated_bytes = self.good.position;
                error
            }
            Err(cause) => {
                let error = LogError::io("truncate", &self.active.path)(cause);
                self.poisoned(error)
            }
        }
    }

    fn retry_or_poison(&mut self, error: LogError) -> LogError {
        if error.remedy() == Remedy::Retry {
            error
        } else {
            self.poisoned(error)
        }
    }

    /// No more acknowledgements from this process: what the disk holds beyond `good` is unknown.
    fn poisoned(&mut self, error: LogError) -> LogError {
        if let Err(fenced) = self.check_fence() {
            // Files that vanish under our hands are only what it looks like from here.
            return fenced;
        }
        tracing::error!(error = %chain(&error), "the log stopped; restart to find out what the disk holds");
        // The suspect tail is abandoned. If the disk refuses this too, recovery judges the tail by its checksums.
        let _ = self.active.file.set_len(self.good.position);
        self.end(error.into_poisoned())
    }

    fn end(&mut self, poison: LogError) -> LogError {
        self.shared.end(poison.clone());
        self.poison = Some(poison.clone());
        poison
    }

    /// An orderly end: everything synced, and a mark that says so.
    fn close(mut self) {
        if self.check_fence().is_ok() {
            match self.active.file.sync_all() {
                Ok(()) => self.leave_mark(),
                Err(cause) => {
                    let error = LogError::io("sync", &self.active.path)(cause);
                    self.poisoned(error);
                }
            }
        }
        self.shared.end(LogError::Closed);
    }

    fn leave_mark(&self) {
        let mark = Mark {
            segment: self.active.id,
            position: self.good.position,
            epoch: Some(self.fence.epoch()),
        };
        if let Err(error) = mark.save(&self.disk, &self.config.dir) {
            tracing::warn!(%error, "no durable mark left; damage to the newest frames may pass for a torn write");
        }
    }
}

fn refuse(run: Vec<Pending>, error: &LogError) {
    metrics::refused(run.len());
    for pending in run {
        pending.answer(Err(error.clone()));
    }
}

/// An error with its causes on one line, for the one place that logs it.
fn chain(error: &LogError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// A writer thread that dies must not leave appenders and readers waiting.
struct PanicGuard(Arc<Shared>);

impl Drop for PanicGuard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let cause = std::io::Error::other("the writer thread panicked");
            let error = LogError::io("write", std::path::Path::new("log"))(cause);
            self.0.end(error.into_poisoned());
            // Dropped, they are answered.
            drop(self.0.queue.take());
        }
    }
}
