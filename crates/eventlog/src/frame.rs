//! Frames before they are written and after they are read: whole requests as one compressed, checksummed piece.
//! Compression happens here, on the caller's thread, so that the one writer thread only writes and syncs.

use bytes::Bytes;
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::CParameter;

use crate::error::LogError;
use crate::format::{FRAME_HEADER_BYTES, FrameHeader, padded};

/// The largest payload of one frame. A door stays far below it; it bounds what a reader must hold in memory.
pub const FRAME_BYTES_MAX: usize = 256 << 20;

/// Fast and good enough: measured on event batches, level 1 is a third slower for a tenth less.
const COMPRESSION_LEVEL: i32 = -5;

/// Shorter repeats than seven bytes (`cust_1`) cost more to write and to read than they save: a tenth of the instructions of
/// both for a fortieth of the bytes.
const SHORTEST_REPEAT_BYTES: u32 = 7;

/// What became of the items of the requests in a frame. The log only carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tallies {
    /// Items that arrived.
    pub received: u32,
    /// Items that became rows.
    pub accepted: u32,
    /// Items that were set aside with a reason.
    pub quarantined: u32,
}

/// Keeps the compressor and its memory between frames; one for each thread that encodes.
pub struct FrameEncoder {
    compressor: Option<Compressor<'static>>,
    scratch: Vec<u8>,
}

impl FrameEncoder {
    /// An encoder at the log's compression level.
    pub fn new() -> Self {
        // Without memory for a compressor frames are stored as they are.
        let mut compressor = Compressor::new(COMPRESSION_LEVEL).ok();
        if let Some(compressor) = &mut compressor {
            let shortest = CParameter::MinMatch(SHORTEST_REPEAT_BYTES);
            // A library that knows no such wish compresses a little better and slower.
            let _ = compressor.set_parameter(shortest);
        }
        Self {
            compressor,
            scratch: Vec::new(),
        }
    }

    #[cfg(test)]
    pub(crate) fn that_only_stores() -> Self {
        Self {
            compressor: None,
            scratch: Vec::new(),
        }
    }

    /// The payload in fewer bytes, if it comes to fewer.
    fn shrink(&mut self, payload: &[u8]) -> Option<&[u8]> {
        let compressor = self.compressor.as_mut()?;
        self.scratch.clear();
        self.scratch
            .reserve(zstd::zstd_safe::compress_bound(payload.len()));
        compressor
            .compress_to_buffer(payload, &mut self.scratch)
            .ok()?;
        (self.scratch.len() < payload.len()).then_some(self.scratch.as_slice())
    }
}

impl Default for FrameEncoder {
    fn default() -> Self {
        Self::new()
    }
}

/// A frame ready to be written, all but its place in the log.
pub struct EncodedFrame {
    /// Room for the header, the stored bytes, padding.
    bytes: Vec<u8>,
    header: FrameHeader,
}

impl EncodedFrame {
    /// Compresses and checksums a payload that takes `rows` offsets; no rows if everything in it was set aside.
    pub fn encode(
        rows: u32,
        tallies: Tallies,
        payload: &[u8],
        encoder: &mut FrameEncoder,
    ) -> Result<Self, LogError> {
        if payload.len() > FRAME_BYTES_MAX {
            let (bytes, bytes_max) = (payload.len(), FRAME_BYTES_MAX);
            return Err(LogError::FrameTooLarge { bytes, bytes_max });
        }
        let shrunk = encoder.shrink(payload);
        let stored = shrunk.unwrap_or(payload);
        let header = FrameHeader {
            stored_bytes: u32::try_from(stored.len()).expect("frames are limited to 256 MiB"),
            body_crc: crc32c::crc32c(stored),
            first_offset: 0,
            number: 0,
            durable_bytes: 0,
            rows,
            tallies,
            raw_bytes: u32::try_from(payload.len()).expect("frames are limited to 256 MiB"),
            compressed: shrunk.is_some(),
        };
        let end = FRAME_HEADER_BYTES + stored.len();
        let mut bytes = Vec::with_capacity(padded(end));
        bytes.resize(FRAME_HEADER_BYTES, 0);
        bytes.extend_from_slice(stored);
        bytes.resize(padded(end), 0);
        Ok(Self { bytes, header })
    }

    /// Bytes it takes in memory and on disk.
    pub fn stored_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Offsets it takes.
    pub fn rows(&self) -> u32 {
        self.header.rows
    }

    /// Gives the frame its place and so completes its bytes.
    pub(crate) fn place(&mut self, at: LogPosition, durable_bytes: u64, salt: u32) {
        self.header.first_offset = at.offset;
        self.header.number = at.frame;
        self.header.durable_bytes = durable_bytes;
        self.header.write(salt, &mut self.bytes);
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn first_offset(&self) -> u64 {
        self.header.first_offset
    }
}

/// A point between two frames: what a reader remembers to go on from there. The offset alone does not tell frames
/// without rows apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LogPosition {
    /// Offset of the next row.
    pub offset: u64,
    /// Number of the next frame since the log began.
    pub frame: u64,
}

/// A durable frame as read back, checked and decompressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Offset of its first row; where it has none, of the next row in the log.
    pub first_offset: u64,
    /// Offsets it takes.
    pub rows: u32,
    /// Its number since the log began; no gaps.
    pub number: u64,
    /// What became of the items in it.
    pub tallies: Tallies,
    /// What was encoded.
    pub payload: Bytes,
    /// First offset of its segment, which is the segment's name; for messages.
    pub segment: u64,
    /// Where it begins in its segment's file; for messages.
    pub position: u64,
}

impl Frame {
    /// One past its last row.
    pub fn end_offset(&self) -> u64 {
        self.first_offset + u64::from(self.rows)
    }

    /// Where to go on after this frame.
    pub fn end(&self) -> LogPosition {
        LogPosition {
            offset: self.end_offset(),
            frame: self.number + 1,
        }
    }
}

/// Unpacks bodies; keeps the decompressor between frames.
#[derive(Default)]
pub(crate) struct FrameDecoder {
    decompressor: Option<Decompressor<'static>>,
}

impl FrameDecoder {
    /// Nothing if the body, whose checksum is good, does not unpack to the promised size.
    pub(crate) fn payload(&mut self, header: &FrameHeader, body: &[u8]) -> Option<Bytes> {
        if !header.compressed {
            return Some(Bytes::copy_from_slice(body));
        }
        if self.decompressor.is_none() {
            self.decompressor = Decompressor::new().ok();
        }
        let raw_bytes = header.raw_bytes as usize;
        let raw = self
            .decompressor
            .as_mut()?
            .decompress(body, raw_bytes)
            .ok()?;
        (raw.len() == raw_bytes).then(|| Bytes::from(raw))
    }
}
