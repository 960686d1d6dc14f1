//! The durable mark a log leaves when it is closed in order: everything below it was synced.
//! It only sharpens the judgement on damage; a missing or stale mark is a weaker proof, never a wrong one, because
//! durable bytes are never cut.

use std::io::IoSlice;
use std::path::Path;

use crate::disk::{SharedDisk, read_up_to, write_all_at};

const NAME: &str = "durable";
const UNFINISHED_NAME: &str = "durable.new";

/// A place in the file of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub segment: u64,
    pub position: u64,
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
        let place = format!("{} {}", self.segment, self.position);
        format!("{place} {:08x}\n", crc32c::crc32c(place.as_bytes()))
    }

    fn parse(text: &str) -> Option<Self> {
        let (place, crc) = text.trim_end().rsplit_once(' ')?;
        let (segment, position) = place.split_once(' ')?;
        let mark = Self {
            segment: segment.parse().ok()?,
            position: position.parse().ok()?,
        };
        (crc == format!("{:08x}", crc32c::crc32c(place.as_bytes()))).then_some(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_reads_back_and_a_changed_one_counts_for_nothing() {
        let mark = Mark {
            segment: 512,
            position: 4_096,
        };
        let text = mark.to_text();
        assert_eq!(Mark::parse(&text), Some(mark));
        assert_eq!(Mark::parse(&text.replace("4096", "4097")), None);
        assert_eq!(Mark::parse(&text[..text.len() - 4]), None);
        assert_eq!(Mark::parse(""), None);
    }
}
