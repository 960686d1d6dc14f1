//! What writer thread, appenders and readers know in common: how far the log is durable, and whether it goes on.
//! Nothing in here does I/O.

use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::sync::watch;

use crate::error::LogError;
use crate::frame::LogPosition;
use crate::queue::Queue;
use crate::segment::SegmentId;

/// How far readers may read.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    /// All segments, in order; the last is written to.
    pub segments: Vec<SegmentId>,
    /// End of the durable bytes in the last segment.
    pub position: u64,
    pub end: LogPosition,
    /// Why nothing more will come.
    pub ended: Option<LogError>,
}

/// What a reader needs of `Published` for one step.
#[derive(Debug)]
pub(crate) struct View {
    pub active: SegmentId,
    pub position: u64,
    pub end: LogPosition,
    pub ended: Option<LogError>,
}

pub(crate) struct Shared {
    pub queue: Queue,
    published: Mutex<Published>,
    news: Condvar,
    failure: watch::Sender<Option<LogError>>,
    /// Why nothing is taken for now.
    shortage: Mutex<Option<LogError>>,
}

impl Shared {
    pub(crate) fn new(published: Published, queue_bytes_max: usize) -> Self {
        let (failure, _) = watch::channel(None);
        let (published, news) = (Mutex::new(published), Condvar::new());
        Self {
            queue: Queue::new(queue_bytes_max),
            published,
            news,
            failure,
            shortage: Mutex::new(None),
        }
    }

    pub(crate) fn set_shortage(&self, shortage: Option<LogError>) {
        *self.shortage.lock() = shortage;
    }

    pub(crate) fn shortage(&self) -> Option<LogError> {
        self.shortage.lock().clone()
    }

    /// Tells readers of durable frames.
    pub(crate) fn publish(&self, position: u64, end: LogPosition) {
        let mut published = self.published.lock();
        (published.position, published.end) = (position, end);
        self.news.notify_all();
    }

    /// Tells readers of a new, still empty last segment.
    pub(crate) fn publish_segment(&self, segment: SegmentId, position: u64) -> usize {
        let mut published = self.published.lock();
        published.segments.push(segment);
        published.position = position;
        published.segments.len()
    }

    /// Nothing more will come: later appends are refused and readers end after what is durable. The first reason stays.
    pub(crate) fn end(&self, reason: LogError) {
        self.queue.close(reason.clone());
        let mut published = self.published.lock();
        if published.ended.is_none() {
            published.ended = Some(reason.clone());
            if matches!(reason, LogError::Poisoned { .. } | LogError::Fenced(_)) {
                self.failure.send_replace(Some(reason));
            }
        }
        self.news.notify_all();
    }

    pub(crate) fn end_reason(&self) -> LogError {
        self.published
            .lock()
            .ended
            .clone()
            .unwrap_or(LogError::Closed)
    }

    pub(crate) fn failure(&self) -> watch::Receiver<Option<LogError>> {
        self.failure.subscribe()
    }

    pub(crate) fn view(&self) -> View {
        let published = self.published.lock();
        View {
            active: *published
                .segments
                .last()
                .expect("a log has at least one segment"),
            position: published.position,
            end: published.end,
            ended: published.ended.clone(),
        }
    }

    pub(crate) fn first_offset(&self) -> u64 {
        let published = self.published.lock();
        let first = published.segments.first();
        first.expect("a log has at least one segment").first_offset
    }

    /// The segment that holds this offset.
    pub(crate) fn segment_of(&self, offset: u64) -> Option<SegmentId> {
        let published = self.published.lock();
        let after = (published.segments).partition_point(|it| it.first_offset <= offset);
        published.segments.get(after.checked_sub(1)?).copied()
    }

    pub(crate) fn segment_before(&self, segment: SegmentId) -> Option<SegmentId> {
        let published = self.published.lock();
        let at = published.segments.partition_point(|first| *first < segment);
        published.segments.get(at.checked_sub(1)?).copied()
    }

    pub(crate) fn segment_after(&self, segment: SegmentId) -> Option<SegmentId> {
        let published = self.published.lock();
        let at = published
            .segments
            .partition_point(|first| *first <= segment);
        published.segments.get(at).copied()
    }

    /// Waits until there is more than `seen`, or nothing more to come, or `timeout` has passed.
    pub(crate) fn wait_beyond(&self, seen: LogPosition, timeout: Option<Duration>) {
        let nothing_new = |it: &mut Published| it.end.frame <= seen.frame && it.ended.is_none();
        let mut published = self.published.lock();
        match timeout {
            None => self.news.wait_while(&mut published, nothing_new),
            Some(timeout) => {
                self.news
                    .wait_while_for(&mut published, nothing_new, timeout);
            }
        }
    }
}
