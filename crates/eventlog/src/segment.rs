//! Segment files: their names, how one comes to life and how it is closed.
//! A file that has its final name is whole: it was filled under another name and synced before.

use std::io::IoSlice;
use std::path::{Path, PathBuf};

use crate::disk::{SharedDisk, SharedFile, write_all_at};
use crate::error::LogError;
use crate::format::{SEGMENT_HEADER_BYTES, SegmentHeader};
use crate::frame::LogPosition;

const SUFFIX: &str = ".log";
const UNFINISHED_SUFFIX: &str = ".log.new";

/// Where the segment that begins with this offset lives.
pub(crate) fn path(dir: &Path, first_offset: u64) -> PathBuf {
    dir.join(format!("{first_offset:020}{SUFFIX}"))
}

/// First offsets of all segments, in order.
pub(crate) fn list(disk: &SharedDisk, dir: &Path) -> Result<Vec<u64>, LogError> {
    let names = disk.names(dir).map_err(LogError::io("list", dir))?;
    let mut offsets: Vec<u64> = names.iter().filter_map(|name| first_offset(name)).collect();
    offsets.sort_unstable();
    Ok(offsets)
}

fn first_offset(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(SUFFIX)?;
    let ours = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    ours.then(|| digits.parse().ok()).flatten()
}

/// Removes what a crash left of segments that were never used.
pub(crate) fn remove_unfinished(disk: &SharedDisk, dir: &Path) -> Result<(), LogError> {
    let names = disk.names(dir).map_err(LogError::io("list", dir))?;
    for name in names
        .iter()
        .filter(|name| name.ends_with(UNFINISHED_SUFFIX))
    {
        let path = dir.join(name);
        disk.remove(&path).map_err(LogError::io("remove", &path))?;
    }
    Ok(())
}

/// The segment that is written to.
#[derive(Debug)]
pub(crate) struct Segment {
    pub file: SharedFile,
    pub path: PathBuf,
    pub header: SegmentHeader,
    /// Bytes that are reserved; writing below is safe from a full disk.
    pub allocated_bytes: u64,
}

impl Segment {
    /// A durable, empty segment under a name nobody looks at. If this fails nothing has happened.
    pub(crate) fn prepare(
        disk: &SharedDisk,
        dir: &Path,
        start: LogPosition,
        bytes: u64,
    ) -> Result<Self, LogError> {
        let path = dir.join(format!("{:020}{UNFINISHED_SUFFIX}", start.offset));
        let header = SegmentHeader::new(start.offset, start.frame);
        let file = disk.create(&path).map_err(LogError::io("create", &path))?;
        match fill(&file, &header, bytes) {
            Ok(()) => Ok(Self {
                file,
                path,
                header,
                allocated_bytes: bytes,
            }),
            Err(error) => {
                // What cannot be removed now is removed at the next start.
                let _ = disk.remove(&path);
                Err(LogError::io("allocate", &path)(error))
            }
        }
    }

    /// Gives the segment its name: from now on it is part of the log.
    pub(crate) fn install(mut self, disk: &SharedDisk, dir: &Path) -> Result<Self, LogError> {
        let path = path(dir, self.header.first_offset);
        disk.rename(&self.path, &path)
            .map_err(LogError::io("rename", &self.path))?;
        disk.sync_dir(dir).map_err(LogError::io("sync", dir))?;
        self.path = path;
        Ok(self)
    }

    /// Gives back what was reserved and not used, and makes length and content durable. A segment that has a
    /// successor is filled with frames to its last byte.
    pub(crate) fn seal(&mut self, end: u64) -> Result<(), LogError> {
        self.file
            .set_len(end)
            .map_err(LogError::io("truncate", &self.path))?;
        self.allocated_bytes = end;
        self.file
            .sync_all()
            .map_err(LogError::io("sync", &self.path))
    }

    /// Reserves more; if that fails what was reserved before stays.
    pub(crate) fn extend(&mut self, bytes: u64) -> Result<(), LogError> {
        let reserved = self.file.allocate(bytes);
        if reserved.is_err() {
            // A failed reservation may keep a part of what it took.
            self.file
                .set_len(self.allocated_bytes)
                .map_err(LogError::io("truncate", &self.path))?;
        }
        reserved.map_err(LogError::io("allocate", &self.path))?;
        self.allocated_bytes = bytes;
        Ok(())
    }
}

fn fill(file: &SharedFile, header: &SegmentHeader, bytes: u64) -> std::io::Result<()> {
    file.allocate(bytes.max(SEGMENT_HEADER_BYTES))?;
    write_all_at(&**file, &mut [IoSlice::new(&header.to_bytes())], 0)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_named_by_its_first_offset_and_nothing_else_is_taken_for_one() {
        let path = path(Path::new("d"), 42);
        assert_eq!(path, Path::new("d/00000000000000000042.log"));
        assert_eq!(first_offset("00000000000000000042.log"), Some(42));
        for name in [
            "lock",
            "42.log",
            "0000000000000000004x.log",
            "00000000000000000042.log.new",
        ] {
            assert_eq!(first_offset(name), None, "{name}");
        }
        assert_eq!(first_offset("99999999999999999999.log"), None);
    }
}
