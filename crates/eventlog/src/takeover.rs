//! Going on where another process stopped: in its file if it closed the log, else in a copy of its newest segment.
//! The process before may still be there, paused between two steps; what it writes later goes to a file that is no
//! longer part of the log.

use std::path::Path;

use crate::disk::SharedDisk;
use crate::error::LogError;
use crate::fence::Fence;
use crate::scan::Cursor;
use crate::segment::{self, Segment, SegmentId};
use crate::tail;

/// A segment that was read to the end of its good frames.
pub(crate) struct Found {
    pub id: SegmentId,
    /// Stands behind the last good frame.
    pub cursor: Cursor,
    pub file_bytes: u64,
    /// Durable without doubt; what follows may be in the cache of the system only.
    pub proven_bytes: u64,
    /// Whether something stands behind the good frames.
    pub has_remains: bool,
}

impl Found {
    /// The file as it is, left by a process that will not write to it again.
    pub(crate) fn keep(self) -> Segment {
        Segment {
            id: self.id,
            path: self.cursor.path.clone(),
            header: self.cursor.header,
            allocated_bytes: self.file_bytes,
            file: self.cursor.into_file(),
        }
    }

    /// The good frames, durable, in a file that nobody else has open.
    pub(crate) fn take_over(
        self,
        disk: &SharedDisk,
        dir: &Path,
        fence: &Fence,
    ) -> Result<Segment, LogError> {
        let id = SegmentId {
            epoch: fence.epoch(),
            ..self.id
        };
        match self.copy(disk, dir, id) {
            Ok(copy) => {
                fence.check()?;
                let segment = copy.install(disk, dir)?;
                segment::remove(disk, dir, self.id);
                Ok(segment)
            }
            Err(error) if error.is_disk_full() => {
                tracing::warn!(path = %self.cursor.path.display(), "no room to copy the newest segment; going on in it");
                self.settle(disk, dir, id)
            }
            Err(error) => Err(error),
        }
    }

    /// Not part of the log before it is installed.
    fn copy(&self, disk: &SharedDisk, dir: &Path, id: SegmentId) -> Result<Segment, LogError> {
        let (path, end) = (segment::unfinished_path(dir, id), self.cursor.position);
        let file = disk.create(&path).map_err(LogError::io("create", &path))?;
        let copied = tail::copy(&**self.cursor.file(), &*file, 0..end);
        match copied.and_then(|()| file.sync_all()) {
            Ok(()) => Ok(Segment {
                id,
                file,
                path,
                header: self.cursor.header,
                allocated_bytes: end,
            }),
            Err(error) => {
                // What cannot be removed now is removed at the next start.
                let _ = disk.remove(&path);
                Err(LogError::io("copy a segment to", &path)(error))
            }
        }
    }

    /// Where there is no room for a copy: the same file under a new name, the good frames durable and everything
    /// behind them zero.
    fn settle(self, disk: &SharedDisk, dir: &Path, id: SegmentId) -> Result<Segment, LogError> {
        let (old, end, cut) = (
            self.cursor.path.clone(),
            self.cursor.position,
            self.has_remains,
        );
        let path = segment::path(dir, id);
        disk.rename(&old, &path)
            .map_err(LogError::io("rename", &old))?;
        disk.sync_dir(dir).map_err(LogError::io("sync", dir))?;
        let (proven, file_bytes, header) = (self.proven_bytes, self.file_bytes, self.cursor.header);
        let file = self.cursor.into_file();
        if cut {
            file.set_len(end).map_err(LogError::io("truncate", &path))?;
            file.sync_all().map_err(LogError::io("sync", &path))?;
        }
        if end > proven {
            tail::rewrite(&*file, proven, end).map_err(LogError::io("rewrite", &path))?;
        }
        let allocated_bytes = if cut { end } else { file_bytes };
        Ok(Segment {
            id,
            file,
            path,
            header,
            allocated_bytes,
        })
    }
}
