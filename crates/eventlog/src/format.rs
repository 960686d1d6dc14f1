//! The bytes of a segment: one header of 64 bytes, then frames of a 64-byte header and a body, each padded to 8 bytes.
//! Everything is little endian. Nothing here touches a disk.
//!
//! A zero where a frame would begin is the end: segments are allocated in advance and read as zeros.

use std::hash::{BuildHasher, RandomState};

use crate::frame::{FRAME_BYTES_MAX, Tallies};

pub(crate) const SEGMENT_HEADER_BYTES: u64 = 64;
pub(crate) const FRAME_HEADER_BYTES: usize = 64;

const SEGMENT_MAGIC: [u8; 8] = *b"SHOPLOG\n";
const FORMAT_VERSION: u32 = 1;
const FRAME_MAGIC: [u8; 4] = *b"FRM\x01";
const FLAG_COMPRESSED: u32 = 1;

/// The first bytes of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub first_offset: u64,
    /// Number of the first frame, counted since the log began.
    pub first_frame: u64,
    /// Starts the checksum of every frame header here, so that a payload that contains frames of a log (and a crash
    /// in the middle of it) can never be taken for frames of this one.
    pub salt: u32,
}

impl SegmentHeader {
    pub(crate) fn new(first_offset: u64, first_frame: u64) -> Self {
        let salt = RandomState::new().hash_one(first_offset) as u32;
        Self {
            first_offset,
            first_frame,
            salt,
        }
    }

    pub(crate) fn to_bytes(self) -> [u8; SEGMENT_HEADER_BYTES as usize] {
        let mut bytes = [0; SEGMENT_HEADER_BYTES as usize];
        bytes[..8].copy_from_slice(&SEGMENT_MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first_offset.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first_frame.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.salt.to_le_bytes());
        let crc = segment_crc(&bytes);
        bytes[12..16].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        if bytes.len() < SEGMENT_HEADER_BYTES as usize || bytes[..8] != SEGMENT_MAGIC {
            return Err("this is not a log segment");
        }
        if u32_at(bytes, 12) != segment_crc(bytes) {
            return Err("the segment header fails its checksum");
        }
        if u32_at(bytes, 8) != FORMAT_VERSION {
            return Err("the segment has a format this version cannot read");
        }
        let (first_offset, first_frame) = (u64_at(bytes, 16), u64_at(bytes, 24));
        Ok(Self {
            first_offset,
            first_frame,
            salt: u32_at(bytes, 32),
        })
    }
}

fn segment_crc(bytes: &[u8]) -> u32 {
    let before = crc32c::crc32c(&bytes[..12]);
    crc32c::crc32c_append(before, &bytes[16..SEGMENT_HEADER_BYTES as usize])
}

/// The first bytes of a frame. Its checksum covers the body by way of the body's own checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub stored_bytes: u32,
    pub body_crc: u32,
    pub first_offset: u64,
    /// Number of this frame since the log began: with the offset it makes an old frame in a new place recognisable.
    pub number: u64,
    /// How much of the segment was durable when this frame was written. It proves later that damage below is damage,
    /// and not a torn write.
    pub durable_bytes: u64,
    pub rows: u32,
    pub tallies: Tallies,
    pub raw_bytes: u32,
    pub compressed: bool,
}

impl FrameHeader {
    /// Bytes the frame takes in the file.
    pub(crate) fn frame_bytes(&self) -> u64 {
        padded(FRAME_HEADER_BYTES + self.stored_bytes as usize) as u64
    }

    pub(crate) fn end_offset(&self) -> u64 {
        self.first_offset + u64::from(self.rows)
    }

    pub(crate) fn write(&self, salt: u32, bytes: &mut [u8]) {
        let numbers = [
            self.rows,
            self.tallies.received,
            self.tallies.accepted,
            self.tallies.quarantined,
            self.raw_bytes,
            if self.compressed { FLAG_COMPRESSED } else { 0 },
        ];
        bytes[..4].copy_from_slice(&FRAME_MAGIC);
        bytes[8..12].copy_from_slice(&self.stored_bytes.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.body_crc.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first_offset.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.number.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.durable_bytes.to_le_bytes());
        for (place, number) in bytes[40..FRAME_HEADER_BYTES]
            .chunks_exact_mut(4)
            .zip(numbers)
        {
            place.copy_from_slice(&number.to_le_bytes());
        }
        let crc = frame_crc(salt, bytes);
        bytes[4..8].copy_from_slice(&crc.to_le_bytes());
    }

    /// Nothing if these bytes are no frame header of a segment with this salt.
    pub(crate) fn parse(salt: u32, bytes: &[u8]) -> Option<Self> {
        let begins_well = bytes.len() >= FRAME_HEADER_BYTES && bytes[..4] == FRAME_MAGIC;
        if !begins_well || u32_at(bytes, 4) != frame_crc(salt, bytes) {
            return None;
        }
        let header = Self {
            stored_bytes: u32_at(bytes, 8),
            body_crc: u32_at(bytes, 12),
            first_offset: u64_at(bytes, 16),
            number: u64_at(bytes, 24),
            durable_bytes: u64_at(bytes, 32),
            rows: u32_at(bytes, 40),
            tallies: Tallies {
                received: u32_at(bytes, 44),
                accepted: u32_at(bytes, 48),
                quarantined: u32_at(bytes, 52),
            },
            raw_bytes: u32_at(bytes, 56),
            compressed: u32_at(bytes, 60) & FLAG_COMPRESSED != 0,
        };
        (header.stored_bytes.max(header.raw_bytes) as usize <= FRAME_BYTES_MAX).then_some(header)
    }
}

fn frame_crc(salt: u32, bytes: &[u8]) -> u32 {
    let salted = crc32c::crc32c_append(salt, &bytes[..4]);
    crc32c::crc32c_append(salted, &bytes[8..FRAME_HEADER_BYTES])
}

/// Frames begin at multiples of 8, so that a search after damage has few places to look at.
pub(crate) fn padded(bytes: usize) -> usize {
    bytes.next_multiple_of(8)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(
        bytes[at..at + 4]
            .try_into()
            .expect("four bytes were cut out"),
    )
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(
        bytes[at..at + 8]
            .try_into()
            .expect("eight bytes were cut out"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame_header() -> FrameHeader {
        FrameHeader {
            stored_bytes: 100,
            body_crc: 0xDEAD_BEEF,
            first_offset: 1 << 40,
            number: 77,
            durable_bytes: 4_096,
            rows: 3,
            tallies: Tallies {
                received: 6,
                accepted: 3,
                quarantined: 2,
            },
            raw_bytes: 250,
            compressed: true,
        }
    }

    #[test]
    fn headers_read_back_as_written() {
        let segment = SegmentHeader::new(5, 2);
        assert_eq!(SegmentHeader::parse(&segment.to_bytes()), Ok(segment));
        let (frame, mut bytes) = (frame_header(), [0; FRAME_HEADER_BYTES]);
        frame.write(9, &mut bytes);
        assert_eq!(FrameHeader::parse(9, &bytes), Some(frame));
        assert_eq!(frame.frame_bytes(), 168);
    }

    #[test]
    fn any_flipped_bit_makes_a_header_unreadable() {
        let segment = SegmentHeader::new(5, 2).to_bytes();
        let mut frame = [0; FRAME_HEADER_BYTES];
        frame_header().write(9, &mut frame);
        for bit in 0..64 * 8 {
            let flip = |mut bytes: [u8; 64]| {
                bytes[bit / 8] ^= 1 << (bit % 8);
                bytes
            };
            assert!(
                SegmentHeader::parse(&flip(segment)).is_err(),
                "segment bit {bit}"
            );
            assert_eq!(FrameHeader::parse(9, &flip(frame)), None, "frame bit {bit}");
        }
    }

    #[test]
    fn a_frame_header_of_another_segment_is_not_one_of_this() {
        let mut bytes = [0; FRAME_HEADER_BYTES];
        frame_header().write(9, &mut bytes);
        assert_eq!(FrameHeader::parse(10, &bytes), None);
    }
}
