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

/// What a segment is called by. No process ever makes or replaces a file that carries the epoch of another one, so
/// whatever a process does that was taken over, it does not do to files of its successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SegmentId {
    pub first_offset: u64,
    /// Of the process that made the file; 0 from before there were epochs.
    pub epoch: u64,
}

impl SegmentId {
    fn name(self, suffix: &str) -> String {
        match self.epoch {
            0 => format!("{:020}{suffix}", self.first_offset),
            epoch => format!("{:020}-{epoch:06}{suffix}", self.first_offset),
        }
    }

    fn of(name: &str) -> Option<SegmentId> {
        let stem = name.strip_suffix(SUFFIX)?;
        let (first_offset, epoch) = stem.split_once('-').unwrap_or((stem, "0"));
        let id = SegmentId {
            first_offset: first_offset.parse().ok()?,
            epoch: epoch.parse().ok()?,
        };
        (id.name(SUFFIX) == name).then_some(id)
    }
}

/// Where a segment lives.
pub(crate) fn path(dir: &Path, id: SegmentId) -> PathBuf {
    dir.join(id.name(SUFFIX))
}

/// Where it lives before it is part of the log.
pub(crate) fn unfinished_path(dir: &Path, id: SegmentId) -> PathBuf {
    dir.join(id.name(UNFINISHED_SUFFIX))
}

/// Removes a file that is no longer part of the log. What cannot be removed now goes at the next start.
pub(crate) fn remove(disk: &SharedDisk, dir: &Path, id: SegmentId) {
    let path = path(dir, id);
    if let Err(error) = disk.remove(&path) {
        tracing::debug!(%error, path = %path.display(), "a superseded segment stays for now");
    }
}

/// All segments, in order.
pub(crate) fn list(disk: &SharedDisk, dir: &Path) -> Result<Vec<SegmentId>, LogError> {
    let names = disk.names(dir).map_err(LogError::io("list", dir))?;
    let mut ids: Vec<_> = names
        .iter()
        .filter_map(|name| SegmentId::of(name))
        .collect();
    ids.sort_unstable();
    Ok(ids)
}

/// Takes out of a sorted list what is no part of the log: a process of a later epoch went on at that place or before,
/// and what it went on with holds everything that was ever acknowledged.
pub(crate) fn take_superseded(ids: &mut Vec<SegmentId>) -> Vec<SegmentId> {
    let mut superseded = Vec::new();
    let mut epoch_max = 0;
    for at in 0..ids.len() {
        let next = ids.get(at + 1);
        let is_copied = next.is_some_and(|next| next.first_offset == ids[at].first_offset);
        if ids[at].epoch < epoch_max || is_copied {
            superseded.push(ids[at]);
        }
        epoch_max = epoch_max.max(ids[at].epoch);
    }
    ids.retain(|id| !superseded.contains(id));
    superseded
}

/// Removes what a crash left of segments that were never used, up to this epoch: what is younger is being made.
pub(crate) fn remove_unfinished(disk: &SharedDisk, dir: &Path, epoch: u64) -> Result<(), LogError> {
    let names = disk.names(dir).map_err(LogError::io("list", dir))?;
    let is_left = |name: &&String| {
        let finished = name.strip_suffix(UNFINISHED_SUFFIX);
        let id = finished.map(|stem| SegmentId::of(&format!("{stem}{SUFFIX}")));
        id.is_some_and(|id| id.is_none_or(|id| id.epoch <= epoch))
    };
    for name in names.iter().filter(is_left) {
        let path = dir.join(name);
        disk.remove(&path).map_err(LogError::io("remove", &path))?;
    }
    Ok(())
}

/// The segment that is written to.
#[derive(Debug)]
pub(crate) struct Segment {
    pub id: SegmentId,
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
        start: Start,
        bytes: u64,
    ) -> Result<Self, LogError> {
        let id = start.id();
        let path = unfinished_path(dir, id);
        let header = SegmentHeader::new(start.at.offset, start.at.frame);
        let file = disk.create(&path).map_err(LogError::io("create", &path))?;
        match fill(&file, &header, bytes) {
            Ok(()) => Ok(Self {
                id,
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
        let path = path(dir, self.id);
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

/// Where a segment begins, and who makes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub at: LogPosition,
    pub epoch: u64,
}

impl Start {
    pub(crate) fn id(self) -> SegmentId {
        SegmentId {
            first_offset: self.at.offset,
            epoch: self.epoch,
        }
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
    fn a_segment_is_named_by_its_first_offset_and_epoch_and_nothing_else_is_taken_for_one() {
        for (epoch, name) in [
            (0, "00000000000000000042.log"),
            (7, "00000000000000000042-000007.log"),
            (1_234_567, "00000000000000000042-1234567.log"),
        ] {
            let id = SegmentId {
                first_offset: 42,
                epoch,
            };
            assert_eq!(path(Path::new("d"), id), Path::new("d").join(name));
            assert_eq!(SegmentId::of(name), Some(id));
        }
        for name in [
            "lock",
            "42.log",
            "0000000000000000004x.log",
            "00000000000000000042.log.new",
            "00000000000000000042-7.log",
            "00000000000000000042-000000.log",
            "99999999999999999999.log",
        ] {
            assert_eq!(SegmentId::of(name), None, "{name}");
        }
    }

    fn check_superseded(ids: &[(u64, u64)], expected: &[(u64, u64)]) {
        let id = |(first_offset, epoch): &(u64, u64)| SegmentId {
            first_offset: *first_offset,
            epoch: *epoch,
        };
        let mut ids: Vec<_> = ids.iter().map(id).collect();
        let count = ids.len();
        let superseded = take_superseded(&mut ids);
        assert_eq!(superseded, expected.iter().map(id).collect::<Vec<_>>());
        assert_eq!(ids.len() + superseded.len(), count);
    }

    #[test]
    fn segments_that_a_later_process_went_on_from_or_before_are_no_part_of_the_log() {
        check_superseded(&[], &[]);
        check_superseded(&[(0, 0), (5, 0), (9, 1), (12, 3)], &[]);
        // A copy of the newest segment, before the old file was removed.
        check_superseded(&[(0, 1), (5, 1), (5, 2), (9, 2)], &[(5, 1)]);
        // Made by a process that came back after another had gone on.
        check_superseded(
            &[(0, 1), (5, 2), (7, 1), (9, 2), (11, 1)],
            &[(7, 1), (11, 1)],
        );
    }
}
