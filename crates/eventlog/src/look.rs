//! A look at a log that may belong to another process: whole frames as they stand now, read without a lock.
//! Nothing is repaired and nothing can be written; what comes in later is not seen.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::disk::{Disk, DiskFile, MachineDisk, SharedDisk, SharedFile, Space, Stamp};
use crate::error::LogError;
use crate::format::SEGMENT_HEADER_BYTES;
use crate::frame::LogPosition;
use crate::reader::LogReader;
use crate::scan::{Cursor, Found};
use crate::segment::{self, SegmentId};
use crate::shared::{Published, Shared};
use crate::tail;

/// What is seen of a log by looking at it.
pub struct LogLook {
    /// Reads from the first frame that is kept to the last one there was, and ends.
    pub reader: LogReader,
    /// Where reading begins.
    pub first: LogPosition,
    /// Where it ends.
    pub end: LogPosition,
}

/// Looks at the log in a folder, whoever has it open; nothing where there is none. Reads the newest segment once to find
/// its last whole frame, and may so see a frame that is written and not yet durable.
pub fn look(dir: &Path) -> Result<Option<LogLook>, LogError> {
    if !dir.is_dir() {
        return Ok(None);
    }
    let disk: SharedDisk = Arc::new(LookingDisk(MachineDisk));
    let mut segments = segment::list(&disk, dir)?;
    drop(segment::take_superseded(&mut segments));
    let Some(newest) = newest(&disk, dir, &mut segments)? else {
        return Ok(None);
    };
    let (position, end) = (newest.position, newest.next);
    let first = match segments.first() {
        Some(first) => Cursor::open(&disk, dir, *first)?.next,
        None => end,
    };
    let published = Published {
        segments,
        position,
        end,
        ended: Some(LogError::Closed),
    };
    let shared = Arc::new(Shared::new(published, 0));
    let reader = LogReader::new(shared, disk, dir.to_owned(), first);
    Ok(Some(LogLook { reader, first, end }))
}

/// Behind the last whole frame of the newest segment that anything was written to.
fn newest(
    disk: &SharedDisk,
    dir: &Path,
    segments: &mut Vec<SegmentId>,
) -> Result<Option<Cursor>, LogError> {
    while let Some(newest) = segments.last() {
        if is_written(disk, dir, *newest)? {
            let mut cursor = Cursor::open(disk, dir, *newest)?;
            pass_whole_frames(&mut cursor)?;
            return Ok(Some(cursor));
        }
        segments.pop();
    }
    Ok(None)
}

/// A crash while a segment was made may have left its file without content.
fn is_written(disk: &SharedDisk, dir: &Path, id: SegmentId) -> Result<bool, LogError> {
    let path = segment::path(dir, id);
    let file = disk.open(&path).map_err(LogError::io("open", &path))?;
    let written = tail::written_end(&*file, 0, SEGMENT_HEADER_BYTES);
    Ok(written.map_err(LogError::io("read", &path))?.is_some())
}

/// What follows is unused, being written or torn; which of these is the owner's to say.
fn pass_whole_frames(cursor: &mut Cursor) -> Result<(), LogError> {
    let file_bytes = cursor.file_bytes()?;
    while let Found::Frame(header) = cursor.look(file_bytes)? {
        if cursor.body(&header, file_bytes)?.is_none() {
            break;
        }
        cursor.pass(&header);
    }
    Ok(())
}

/// The machine's file system, of which nothing can be changed.
#[derive(Debug)]
struct LookingDisk(MachineDisk);

fn refused<T>() -> io::Result<T> {
    Err(io::ErrorKind::ReadOnlyFilesystem.into())
}

impl Disk for LookingDisk {
    fn create_dir(&self, _: &Path) -> io::Result<()> {
        refused()
    }

    fn names(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.0.names(dir)
    }

    fn create(&self, _: &Path) -> io::Result<SharedFile> {
        refused()
    }

    fn open(&self, path: &Path) -> io::Result<SharedFile> {
        Ok(Arc::new(LookingFile(self.0.open_to_read(path)?)))
    }

    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        refused()
    }

    fn remove(&self, _: &Path) -> io::Result<()> {
        refused()
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        refused()
    }

    fn stamp(&self, path: &Path) -> io::Result<Stamp> {
        self.0.stamp(path)
    }

    fn space(&self, dir: &Path) -> io::Result<Space> {
        self.0.space(dir)
    }
}

#[derive(Debug)]
struct LookingFile(SharedFile);

impl DiskFile for LookingFile {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        self.0.read_at(buffer, position)
    }

    fn write_at(&self, _: &[io::IoSlice<'_>], _: u64) -> io::Result<usize> {
        refused()
    }

    fn allocate(&self, _: u64) -> io::Result<()> {
        refused()
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        refused()
    }

    fn sync_data(&self) -> io::Result<()> {
        refused()
    }

    fn sync_all(&self) -> io::Result<()> {
        refused()
    }
}
