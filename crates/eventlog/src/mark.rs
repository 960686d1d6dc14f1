//! The durable mark a log leaves when it is closed in order: everything below it was synced, and whoever wrote will
//! write no more. A missing or stale mark is a weaker proof, never a wrong one, because durable bytes are never cut.

use std::io::IoSlice;
use std::path::Path;

use crate::disk::{SharedDisk, read_up_to, write_all_at};
use crate::segment::SegmentId;

const NAME: &str = "durable";
const UNFINISHED_NAME: &str = "durable.new";

/// A place in the file of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub segment: SegmentId,
    pub position: u64,
    /// Of the process that closed the log; none if that did not know epochs yet.
    pub epoch: Option<u64>,
}

impl Mark {
    pub(crate) fn save(self, disk: &SharedDisk, dir: &Path) -> std::io::Result<()> {
        let unfinished = dir.join(UNFINISHED_NAME);
        let file = disk.create(&unfinished)?;
        write_all_at(&*file, &mut [IoSlice::new(self.to_text().as_bytes())], 0)?;
        file.sync_all()?;
        disk.rename(&unfinished, &dir.join(NAME))
    }

    pub(crate) fn load(disk: &SharedDisk, dir: &Path) -> Option<Self> {
        let file = disk.open(&dir.join(NAME)).ok()?;
        let mut bytes = [0; 128];
        let read = read_up_to(&*file, &mut bytes, 0).ok()?;
        Self::parse(std::str::from_utf8(&bytes[..read]).ok()?)
    }

    fn to_text(self) -> String {
        let mut said = format!("{} {}", self.segment.first_offset, self.position);
        if let Some(epoch) = self.epoch {
            said = format!("{said} {epoch} {}", self.segment.epoch);
        }
        format!("{said} {:08x}\n", crc32c::crc32c(said.as_bytes()))
    }

    fn parse(text: &str) -> Option<Self> {
        let (said, crc) = text.trim_end().rsplit_once(' ')?;
        if crc != format!("{:08x}", crc32c::crc32c(said.as_bytes())) {
            return None;
        }
        let numbers: Result<Vec<u64>, _> = said.split(' ').map(str::parse).collect();
        let (first_offset, position, epoch, segment_epoch) = match numbers.ok()?[..] {
            [offset, position] => (offset, position, None, 0),
            [offset, position, epoch, of_segment] => (offset, position, Some(epoch), of_segment),
            _ => return None,
        };
        let segment = SegmentId {
            first_offset,
            epoch: segment_epoch,
        };
        Some(Self {
            segment,
            position,
            epoch,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_reads_back_and_a_changed_one_counts_for_nothing() {
        for (epoch, segment_epoch) in [(None, 0), (Some(3), 2)] {
            let segment = SegmentId {
                first_offset: 512,
                epoch: segment_epoch,
            };
            let mark = Mark {
                segment,
                position: 4_096,
                epoch,
            };
            let text = mark.to_text();
            assert_eq!(Mark::parse(&text), Some(mark));
            assert_eq!(Mark::parse(&text.replace("4096", "4097")), None);
            assert_eq!(Mark::parse(&text[..text.len() - 4]), None);
        }
        assert_eq!(Mark::parse(""), None);
    }
}
