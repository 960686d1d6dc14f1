//! Looking at what lies behind the last good frame of a segment: zeros, the remains of a torn write, or damage.
//! It finds evidence; `recover.rs` judges.

use std::io::{self, IoSlice};
use std::ops::Range;

use crate::disk::{DiskFile, read_up_to, write_all_at};
use crate::format::{FRAME_HEADER_BYTES, FrameHeader};

const CHUNK_BYTES: usize = 1 << 20;

/// Frame headers found behind a bad place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Evidence {
    pub frames: u64,
    /// The most that any of them says was durable before it was written.
    pub durable_bytes: u64,
}

/// One past the last byte in this stretch that is not zero, if there is one.
pub(crate) fn written_end(file: &dyn DiskFile, from: u64, to: u64) -> io::Result<Option<u64>> {
    let zeros = vec![0; CHUNK_BYTES];
    let mut end = None;
    chunks(file, from, to, 0, |position, bytes| {
        // Compared whole first: a segment is mostly zeros here, and this is memcmp.
        if bytes != &zeros[..bytes.len()] {
            let last = bytes.iter().rposition(|byte| *byte != 0);
            end = last.map(|last| position + last as u64 + 1).or(end);
        }
    })?;
    Ok(end)
}

/// Searches every place where a frame could begin.
pub(crate) fn search(file: &dyn DiskFile, salt: u32, from: u64, to: u64) -> io::Result<Evidence> {
    let mut evidence = Evidence::default();
    // Chunks overlap by a header less one place, so that none hides on a border.
    let overlap = FRAME_HEADER_BYTES - 8;
    chunks(file, from.next_multiple_of(8), to, overlap, |_, bytes| {
        for start in (0..bytes.len().saturating_sub(overlap)).step_by(8) {
            if let Some(header) = FrameHeader::parse(salt, &bytes[start..]) {
                evidence.frames += 1;
                evidence.durable_bytes = evidence.durable_bytes.max(header.durable_bytes);
            }
        }
    })?;
    Ok(evidence)
}

/// Writes what is there once more. After a failed sync the system may believe that pages are on the disk which are
/// not; only written again will the next sync carry them there.
pub(crate) fn rewrite(file: &dyn DiskFile, from: u64, to: u64) -> io::Result<()> {
    copy(file, file, from..to)?;
    file.sync_data()
}

/// Writes what is there to the same place of another file.
pub(crate) fn copy(from: &dyn DiskFile, to: &dyn DiskFile, range: Range<u64>) -> io::Result<()> {
    let mut written = Ok(());
    chunks(from, range.start, range.end, 0, |position, bytes| {
        if written.is_ok() {
            written = write_all_at(to, &mut [IoSlice::new(bytes)], position);
        }
    })?;
    written
}

/// Shows a stretch of the file piece by piece; each piece but the first begins `overlap` bytes before the end of the
/// one before.
fn chunks(
    file: &dyn DiskFile,
    from: u64,
    to: u64,
    overlap: usize,
    mut show: impl FnMut(u64, &[u8]),
) -> io::Result<()> {
    let mut bytes =
        vec![0; CHUNK_BYTES.min(usize::try_from(to - from.min(to)).unwrap_or(CHUNK_BYTES))];
    let mut position = from;
    while position < to {
        let wanted = usize::try_from(to - position)
            .unwrap_or(CHUNK_BYTES)
            .min(bytes.len());
        let read = read_up_to(file, &mut bytes[..wanted], position)?;
        show(position, &bytes[..read]);
        if read < wanted || position + read as u64 >= to {
            break;
        }
        position += (read - overlap) as u64;
    }
    Ok(())
}
