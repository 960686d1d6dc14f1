//! A walk over the frames of one segment, through a window that is read ahead.
//! It says what it finds; whether that is the end, a torn write or damage is for the caller to judge.

use std::path::{Path, PathBuf};

use crate::disk::{DiskFile, SharedDisk, SharedFile, read_up_to};
use crate::error::LogError;
use crate::format::{FRAME_HEADER_BYTES, FrameHeader, SEGMENT_HEADER_BYTES, SegmentHeader};
use crate::frame::LogPosition;
use crate::segment::{self, SegmentId};

/// Large enough that a read costs little a frame, small enough for many readers.
const READ_AHEAD_BYTES: u64 = 256 << 10;

/// What stands at the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Frame(FrameHeader),
    /// The limit is reached exactly.
    Limit,
    /// Allocated, never written.
    Zeros,
    Bad(&'static str),
}

/// A place in a segment and what must come next there.
pub(crate) struct Cursor {
    pub path: PathBuf,
    pub header: SegmentHeader,
    pub position: u64,
    pub next: LogPosition,
    file: SharedFile,
    window: Window,
}

impl Cursor {
    /// Opens a segment by name and stands before its first frame.
    pub(crate) fn open(disk: &SharedDisk, dir: &Path, id: SegmentId) -> Result<Self, LogError> {
        let path = segment::path(dir, id);
        let file = disk.open(&path).map_err(LogError::io("open", &path))?;
        let mut bytes = [0; SEGMENT_HEADER_BYTES as usize];
        let read = read_up_to(&*file, &mut bytes, 0).map_err(LogError::io("read", &path))?;
        let header = SegmentHeader::parse(&bytes[..read]);
        let header = header.and_then(|header| match header.first_offset == id.first_offset {
            true => Ok(header),
            false => Err("the segment header contradicts the file name"),
        });
        match header {
            Ok(header) => Ok(Self::at_start(path, file, header)),
            Err(problem) => Err(LogError::Corrupt {
                path,
                position: 0,
                problem,
            }),
        }
    }

    fn at_start(path: PathBuf, file: SharedFile, header: SegmentHeader) -> Self {
        let next = LogPosition {
            offset: header.first_offset,
            frame: header.first_frame,
        };
        let window = Window::default();
        Self {
            path,
            header,
            position: SEGMENT_HEADER_BYTES,
            next,
            file,
            window,
        }
    }

    /// The whole length of the file; of a full segment that is where its frames end.
    pub(crate) fn file_bytes(&self) -> Result<u64, LogError> {
        self.file.len().map_err(LogError::io("measure", &self.path))
    }

    pub(crate) fn into_file(self) -> SharedFile {
        self.file
    }

    pub(crate) fn file(&self) -> &SharedFile {
        &self.file
    }

    /// Looks at the next header without passing it; nothing at or beyond `limit` is read.
    pub(crate) fn look(&mut self, limit: u64) -> Result<Found, LogError> {
        let room = limit.saturating_sub(self.position);
        if room == 0 {
            return Ok(Found::Limit);
        }
        let bytes = room.min(FRAME_HEADER_BYTES as u64) as usize;
        let salt = self.header.salt;
        let bytes = self.window.bytes(&*self.file, self.position, bytes, limit);
        let bytes = bytes.map_err(LogError::io("read", &self.path))?;
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(Found::Zeros);
        }
        Ok(match FrameHeader::parse(salt, bytes) {
            None => Found::Bad("the frame header fails its checksum"),
            Some(header) if header.frame_bytes() > room => Found::Bad("the frame is cut short"),
            Some(header) if !self.follows(&header) => Found::Bad("the frame is out of sequence"),
            Some(header) => Found::Frame(header),
        })
    }

    fn follows(&self, header: &FrameHeader) -> bool {
        header.first_offset == self.next.offset && header.number == self.next.frame
    }

    /// The stored bytes of the frame that `look` found, or nothing if they fail their checksum.
    pub(crate) fn body(
        &mut self,
        header: &FrameHeader,
        limit: u64,
    ) -> Result<Option<&[u8]>, LogError> {
        let frame_bytes = FRAME_HEADER_BYTES + header.stored_bytes as usize;
        let bytes = self
            .window
            .bytes(&*self.file, self.position, frame_bytes, limit);
        let bytes = bytes.map_err(LogError::io("read", &self.path))?;
        let body = bytes.get(FRAME_HEADER_BYTES..).unwrap_or_default();
        Ok((crc32c::crc32c(body) == header.body_crc).then_some(body))
    }

    pub(crate) fn pass(&mut self, header: &FrameHeader) {
        self.position += header.frame_bytes();
        self.next = LogPosition {
            offset: header.end_offset(),
            frame: header.number + 1,
        };
    }

    pub(crate) fn damage(&self, problem: &'static str) -> LogError {
        LogError::Corrupt {
            path: self.path.clone(),
            position: self.position,
            problem,
        }
    }
}

/// A stretch of the file held in memory.
#[derive(Default)]
struct Window {
    bytes: Vec<u8>,
    start: u64,
}

impl Window {
    /// `bytes` bytes from `position` on, fewer only where the file is shorter than `limit` says.
    fn bytes(
        &mut self,
        file: &dyn DiskFile,
        position: u64,
        bytes: usize,
        limit: u64,
    ) -> std::io::Result<&[u8]> {
        let end = position + bytes as u64;
        if position < self.start || end > self.start + self.bytes.len() as u64 {
            let ahead = READ_AHEAD_BYTES.max(bytes as u64).min(limit - position);
            self.start = position;
            self.bytes.resize(ahead as usize, 0);
            let filled = read_up_to(file, &mut self.bytes, position);
            // After an error nothing in the buffer may be taken for bytes of the file.
            self.bytes.truncate(*filled.as_ref().unwrap_or(&0));
            filled?;
        }
        let from = (position - self.start) as usize;
        let to = self.bytes.len().min(from + bytes);
        Ok(&self.bytes[from.min(to)..to])
    }
}
