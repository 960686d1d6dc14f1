//! From whatever a crash left behind to a log that can be written again.
//! It cuts only what was never acknowledged; damage to durable bytes is an error that names the place.

use std::path::Path;

use crate::config::LogConfig;
use crate::disk::SharedDisk;
use crate::error::{LogError, Remedy};
use crate::fence::Fence;
use crate::format::{FRAME_HEADER_BYTES, SEGMENT_HEADER_BYTES};
use crate::frame::LogPosition;
use crate::mark::Mark;
use crate::scan::{self, Cursor};
use crate::segment::{self, Segment, SegmentId, Start};
use crate::tail;
use crate::takeover::Found;

/// What recovery found and did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogRecovered {
    /// Segments of the log.
    pub segments: usize,
    /// Good frames in the newest segment, the only one that is read at start.
    pub frames: u64,
    /// Rows in those frames.
    pub rows: u64,
    /// First offset of the newest segment, which is its name.
    pub segment: u64,
    /// Where in the newest segment its good frames end.
    pub position: u64,
    /// Bytes of a torn write that were cut off there.
    pub cut_bytes: u64,
    /// Frames in them whose header could still be read. None of them was acknowledged.
    pub cut_frames: u64,
}

/// The state in which writing goes on.
pub(crate) struct Recovery {
    pub segments: Vec<SegmentId>,
    pub active: Segment,
    pub position: u64,
    pub next: LogPosition,
    pub report: LogRecovered,
    pub fence: Fence,
}

/// Everything but the lock, which the caller holds.
pub(crate) fn recover(disk: &SharedDisk, config: &LogConfig) -> Result<Recovery, LogError> {
    let dir = &config.dir;
    let mark = Mark::load(disk, dir);
    // First of all: what is read from here on holds everything that the process before has acknowledged or ever will.
    let (fence, epoch_before) = raise_epoch(disk, dir, mark)?;
    segment::remove_unfinished(disk, dir, fence.epoch())?;
    let mut segments = segment::list(disk, dir)?;
    for superseded in segment::take_superseded(&mut segments) {
        segment::remove(disk, dir, superseded);
    }
    let removed = remove_stillborn(disk, dir, &mut segments)?;
    let newest = segments.last().copied();
    let first_offset = newest.map(|id| id.first_offset);
    if let Some(mark) = mark.filter(|mark| first_offset < Some(mark.segment.first_offset)) {
        // Never start empty, or at an older place, silently.
        let (path, problem) = (segment::path(dir, mark.segment), "the segment is missing");
        return Err(LogError::Corrupt {
            path,
            position: 0,
            problem,
        });
    }
    let Some(newest) = newest else {
        return begin(disk, config, fence);
    };
    let last_owner = LastOwner {
        mark: mark.filter(|mark| mark.segment.first_offset == newest.first_offset),
        epoch: epoch_before,
        sealed: removed,
    };
    let (found, report) = restore(Cursor::open(disk, dir, newest)?, newest, &last_owner)?;
    let next = found.cursor.next;
    let mut active = if last_owner.closed_at(report.position) && !found.has_remains {
        found.keep()
    } else {
        found.take_over(disk, dir, &fence)?
    };
    if active.allocated_bytes < config.segment_bytes {
        reserve(&mut active, config.segment_bytes)?;
    }
    segments.pop();
    segments.push(active.id);
    let report = LogRecovered {
        segments: segments.len(),
        segment: newest.first_offset,
        ..report
    };
    Ok(Recovery {
        segments,
        active,
        position: report.position,
        next,
        report,
        fence,
    })
}

/// Raises the epoch above the largest that the log speaks of, should the file of the epoch be lost, or should another
/// process have raised it at the same moment.
fn raise_epoch(
    disk: &SharedDisk,
    dir: &Path,
    mark: Option<Mark>,
) -> Result<(Fence, Option<u64>), LogError> {
    let mut known = mark.and_then(|mark| mark.epoch).unwrap_or(0);
    loop {
        let (fence, before) = Fence::raise(disk, dir, known)?;
        let segments = segment::list(disk, dir)?;
        let named = segments.iter().map(|id| id.epoch).max().unwrap_or(0);
        if named < fence.epoch() {
            return Ok((fence, before));
        }
        known = named;
    }
}

/// The very first segment of a log.
fn begin(disk: &SharedDisk, config: &LogConfig, fence: Fence) -> Result<Recovery, LogError> {
    let next = LogPosition::default();
    let start = Start {
        at: next,
        epoch: fence.epoch(),
    };
    let prepared = Segment::prepare(disk, &config.dir, start, config.segment_bytes)?;
    let active = prepared.install(disk, &config.dir)?;
    let position = SEGMENT_HEADER_BYTES;
    let report = LogRecovered {
        segments: 1,
        position,
        ..LogRecovered::default()
    };
    Ok(Recovery {
        segments: vec![active.id],
        active,
        position,
        next,
        report,
        fence,
    })
}

/// A crash while a segment was made may leave its file without content. Nothing was ever in it.
fn remove_stillborn(
    disk: &SharedDisk,
    dir: &Path,
    segments: &mut Vec<SegmentId>,
) -> Result<bool, LogError> {
    let Some(newest) = segments.last().copied() else {
        return Ok(false);
    };
    let path = segment::path(dir, newest);
    let file = disk.open(&path).map_err(LogError::io("open", &path))?;
    let bytes = file.len().map_err(LogError::io("measure", &path))?;
    let written = tail::written_end(&*file, 0, bytes).map_err(LogError::io("read", &path))?;
    if written.is_some() {
        return Ok(false);
    }
    if segments.len() == 1 && newest.first_offset > 0 {
        // Its name says that rows came before, but they are nowhere: nothing to go on from.
        let problem = "the only segment is empty, and the ones before it are missing";
        return Err(LogError::Corrupt {
            path,
            position: 0,
            problem,
        });
    }
    disk.remove(&path).map_err(LogError::io("remove", &path))?;
    disk.sync_dir(dir).map_err(LogError::io("sync", dir))?;
    tracing::warn!(
        segment = newest.first_offset,
        "removed a segment that was never used"
    );
    segments.pop();
    Ok(true)
}

/// What is known about the newest segment before it is read.
struct LastOwner {
    /// The durable mark, if it lies in this segment.
    mark: Option<Mark>,
    /// Of the process that had the log before us.
    epoch: Option<u64>,
    /// A successor existed, so the segment was full and synced: nothing in it can be torn.
    sealed: bool,
}

impl LastOwner {
    /// Durable up to here by the mark of an orderly close.
    fn marked_bytes(&self) -> u64 {
        self.mark.map_or(0, |mark| mark.position)
    }

    /// Whether the process before us closed the log right here. A mark of an earlier one says nothing of it.
    fn closed_at(&self, position: u64) -> bool {
        (self.mark).is_some_and(|mark| mark.position == position && mark.epoch == self.epoch)
    }
}

/// Walks to the last good frame and makes sure of it.
fn restore(
    mut cursor: Cursor,
    id: SegmentId,
    last_owner: &LastOwner,
) -> Result<(Found, LogRecovered), LogError> {
    let file_bytes = cursor.file_bytes()?;
    let walk = walk(&mut cursor, file_bytes)?;
    let marked_bytes = last_owner.marked_bytes();
    let mut report = LogRecovered {
        frames: cursor.next.frame - cursor.header.first_frame,
        rows: cursor.next.offset - cursor.header.first_offset,
        position: cursor.position,
        ..LogRecovered::default()
    };
    if cursor.position < marked_bytes {
        return Err(cursor.damage(walk.problem.unwrap_or("durable frames are missing")));
    }
    let remains = remains(&cursor, file_bytes)?;
    if let Some(end) = remains {
        let evidence = evidence(&cursor, end)?;
        let problem = walk.problem.unwrap_or("durable frames are missing");
        if last_owner.sealed || evidence.durable_bytes > cursor.position {
            return Err(cursor.damage(problem));
        }
        report.cut_bytes = end - cursor.position;
        report.cut_frames = evidence.frames;
        tracing::warn!(
            path = %cursor.path.display(), position = cursor.position, problem,
            cut_bytes = report.cut_bytes, cut_frames = report.cut_frames, "cut a torn write off the log",
        );
    }
    let found = Found {
        id,
        cursor,
        file_bytes,
        proven_bytes: marked_bytes.max(walk.proven_bytes),
        has_remains: remains.is_some(),
    };
    Ok((found, report))
}

struct Walk {
    /// What stopped it, if it was not the end.
    problem: Option<&'static str>,
    /// The newest frame knows that this much was durable before it.
    proven_bytes: u64,
}

fn walk(cursor: &mut Cursor, file_bytes: u64) -> Result<Walk, LogError> {
    let mut proven_bytes = SEGMENT_HEADER_BYTES;
    let problem = loop {
        let header = match cursor.look(file_bytes)? {
            scan::Found::Frame(header) => header,
            scan::Found::Limit | scan::Found::Zeros => break None,
            scan::Found::Bad(problem) => break Some(problem),
        };
        if cursor.body(&header, file_bytes)?.is_none() {
            break Some("the frame body fails its checksum");
        }
        proven_bytes = proven_bytes.max(header.durable_bytes);
        cursor.pass(&header);
    };
    Ok(Walk {
        problem,
        proven_bytes,
    })
}

fn remains(cursor: &Cursor, file_bytes: u64) -> Result<Option<u64>, LogError> {
    let written = tail::written_end(&**cursor.file(), cursor.position, file_bytes);
    written.map_err(LogError::io("read", &cursor.path))
}

fn evidence(cursor: &Cursor, end: u64) -> Result<tail::Evidence, LogError> {
    // A header counts even if the end of its body is zeros, so the search may pass `end` by a header.
    let to = end + FRAME_HEADER_BYTES as u64;
    let found = tail::search(&**cursor.file(), cursor.header.salt, cursor.position, to);
    found.map_err(LogError::io("read", &cursor.path))
}

/// A disk that is full now may have room when the first frame comes; until then the log can be read.
fn reserve(active: &mut Segment, bytes: u64) -> Result<(), LogError> {
    match active.extend(bytes) {
        Err(error) if error.remedy() == Remedy::Retry => {
            tracing::warn!(path = %active.path.display(), "no room to reserve for the log yet");
            Ok(())
        }
        answer => answer,
    }
}
