//! From whatever a crash left behind to a log that can be written again.
//! It cuts only what was never acknowledged; damage to durable bytes is an error that names the place.

use std::path::Path;

use crate::config::LogConfig;
use crate::disk::SharedDisk;
use crate::error::{LogError, Remedy};
use crate::format::{FRAME_HEADER_BYTES, SEGMENT_HEADER_BYTES};
use crate::frame::LogPosition;
use crate::mark::Mark;
use crate::scan::{Cursor, Found};
use crate::segment::{self, Segment};
use crate::tail;

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
    pub segments: Vec<u64>,
    pub active: Segment,
    pub position: u64,
    pub next: LogPosition,
    pub report: LogRecovered,
}

/// Everything but the lock, which the caller holds.
pub(crate) fn recover(disk: &SharedDisk, config: &LogConfig) -> Result<Recovery, LogError> {
    let dir = &config.dir;
    segment::remove_unfinished(disk, dir)?;
    let mut segments = segment::list(disk, dir)?;
    let mark = Mark::load(disk, dir);
    let removed = remove_stillborn(disk, dir, &mut segments)?;
    if let Some(mark) = mark.filter(|mark| segments.last() < Some(&mark.segment)) {
        // Never start empty, or at an older place, silently.
        let (path, problem) = (segment::path(dir, mark.segment), "the segment is missing");
        return Err(LogError::Corrupt {
            path,
            position: 0,
            problem,
        });
    }
    let Some(newest) = segments.last().copied() else {
        return begin(disk, config);
    };
    let trust = Trust::new(mark, newest, removed);
    let cursor = Cursor::open(disk, dir, newest)?;
    let (active, next, report) = restore(cursor, &trust, config)?;
    let report = LogRecovered {
        segments: segments.len(),
        segment: newest,
        ..report
    };
    Ok(Recovery {
        segments,
        active,
        position: report.position,
        next,
        report,
    })
}

/// The very first segment of a log.
fn begin(disk: &SharedDisk, config: &LogConfig) -> Result<Recovery, LogError> {
    let next = LogPosition::default();
    let prepared = Segment::prepare(disk, &config.dir, next, config.segment_bytes)?;
    let active = prepared.install(disk, &config.dir)?;
    let position = SEGMENT_HEADER_BYTES;
    let report = LogRecovered {
        segments: 1,
        position,
        ..LogRecovered::default()
    };
    Ok(Recovery {
        segments: vec![0],
        active,
        position,
        next,
        report,
    })
}

/// A crash while a segment was made may leave its file without content. Nothing was ever in it.
fn remove_stillborn(
    disk: &SharedDisk,
    dir: &Path,
    segments: &mut Vec<u64>,
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
    if segments.len() == 1 && newest > 0 {
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
    tracing::warn!(segment = newest, "removed a segment that was never used");
    segments.pop();
    Ok(true)
}

/// What is known about the newest segment before it is read.
struct Trust {
    /// A successor existed, so the segment was full and synced: nothing in it can be torn.
    sealed: bool,
    /// Durable up to here by the mark of an orderly close.
    marked_bytes: u64,
}

impl Trust {
    fn new(mark: Option<Mark>, newest: u64, sealed: bool) -> Self {
        let here = mark.filter(|mark| mark.segment == newest);
        Self {
            sealed,
            marked_bytes: here.map_or(0, |mark| mark.position),
        }
    }
}

/// Walks to the last good frame, makes sure of it, and removes what lies behind.
fn restore(
    mut cursor: Cursor,
    trust: &Trust,
    config: &LogConfig,
) -> Result<(Segment, LogPosition, LogRecovered), LogError> {
    let file_bytes = cursor.file_bytes()?;
    let walk = walk(&mut cursor, file_bytes)?;
    let proven_bytes = trust.marked_bytes.max(walk.proven_bytes);
    let mut report = LogRecovered {
        frames: cursor.next.frame - cursor.header.first_frame,
        rows: cursor.next.offset - cursor.header.first_offset,
        position: cursor.position,
        ..LogRecovered::default()
    };
    if cursor.position < trust.marked_bytes {
        return Err(cursor.damage(walk.problem.unwrap_or("durable frames are missing")));
    }
    if let Some(end) = remains(&cursor, file_bytes)? {
        let evidence = evidence(&cursor, end)?;
        let problem = walk.problem.unwrap_or("durable frames are missing");
        if trust.sealed || evidence.durable_bytes > cursor.position {
            return Err(cursor.damage(problem));
        }
        report.cut_bytes = end - cursor.position;
        report.cut_frames = evidence.frames;
        tracing::warn!(
            path = %cursor.path.display(), position = cursor.position, problem,
            cut_bytes = report.cut_bytes, cut_frames = report.cut_frames, "cut a torn write off the log",
        );
    }
    let next = cursor.next;
    let active = settle(
        cursor,
        file_bytes,
        proven_bytes,
        report.cut_bytes > 0,
        config,
    )?;
    Ok((active, next, report))
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
            Found::Frame(header) => header,
            Found::Limit | Found::Zeros => break None,
            Found::Bad(problem) => break Some(problem),
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

/// Makes the good frames durable and everything behind them zero.
fn settle(
    cursor: Cursor,
    file_bytes: u64,
    proven_bytes: u64,
    cut: bool,
    config: &LogConfig,
) -> Result<Segment, LogError> {
    let (path, header, end) = (cursor.path.clone(), cursor.header, cursor.position);
    let file = cursor.into_file();
    if cut {
        file.set_len(end).map_err(LogError::io("truncate", &path))?;
        file.sync_all().map_err(LogError::io("sync", &path))?;
    }
    if end > proven_bytes {
        tail::rewrite(&*file, proven_bytes, end).map_err(LogError::io("rewrite", &path))?;
    }
    let allocated_bytes = if cut { end } else { file_bytes };
    let mut active = Segment {
        file,
        path,
        header,
        allocated_bytes,
    };
    if active.allocated_bytes < config.segment_bytes {
        reserve(&mut active, config.segment_bytes)?;
    }
    Ok(active)
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
