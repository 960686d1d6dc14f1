//! Reading behind the writer: frames in order, across segments, never one that is not durable.
//! A reader has its own file handle and buffer and holds no lock while it reads.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::disk::SharedDisk;
use crate::error::LogError;
use crate::format::FrameHeader;
use crate::frame::{Frame, FrameDecoder, LogPosition, Tallies};
use crate::scan::{Cursor, Found};
use crate::segment::SegmentId;
use crate::shared::{Shared, View};

/// Follows the log from a given place on. After an error the reader stands where it stood.
pub struct LogReader {
    shared: Arc<Shared>,
    disk: SharedDisk,
    dir: PathBuf,
    /// Frames that end at or before this are passed over.
    from: LogPosition,
    place: Option<Place>,
    decoder: FrameDecoder,
}

struct Place {
    segment: SegmentId,
    cursor: Cursor,
    /// End of the segment, once it is full.
    full_bytes: Option<u64>,
}

enum Next {
    Frame(Frame),
    /// Nothing durable beyond this yet.
    CaughtUp(LogPosition),
    Closed,
}

/// What one step came to.
enum Step {
    Frame(Frame),
    PassedOver,
    CaughtUp,
}

impl LogReader {
    pub(crate) fn new(
        shared: Arc<Shared>,
        disk: SharedDisk,
        dir: PathBuf,
        from: LogPosition,
    ) -> Self {
        Self {
            shared,
            disk,
            dir,
            from,
            place: None,
            decoder: FrameDecoder::default(),
        }
    }

    /// Another reader of the same log, from another place on.
    #[must_use]
    pub fn again(&self, from: LogPosition) -> LogReader {
        let (shared, disk) = (Arc::clone(&self.shared), Arc::clone(&self.disk));
        LogReader::new(shared, disk, self.dir.clone(), from)
    }

    /// The next frame, as soon as it is durable. Nothing once the log is closed and all of it was read; a failed log
    /// is an error once all that was durable was read.
    pub fn next_blocking(&mut self) -> Result<Option<Frame>, LogError> {
        loop {
            match self.next_or_end()? {
                Next::Frame(frame) => return Ok(Some(frame)),
                Next::Closed => return Ok(None),
                Next::CaughtUp(end) => self.shared.wait_beyond(end, None),
            }
        }
    }

    /// The next frame if it is durable within `timeout`. Nothing also when the log was closed; see `is_at_end`.
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Option<Frame>, LogError> {
        match self.next_or_end()? {
            Next::Frame(frame) => return Ok(Some(frame)),
            Next::Closed => return Ok(None),
            Next::CaughtUp(end) => self.shared.wait_beyond(end, Some(timeout)),
        }
        match self.next_or_end()? {
            Next::Frame(frame) => Ok(Some(frame)),
            Next::Closed | Next::CaughtUp(_) => Ok(None),
        }
    }

    /// The next frame if it is durable already.
    pub fn try_next(&mut self) -> Result<Option<Frame>, LogError> {
        self.try_next_where(|_| true)
    }

    /// The next durable frame whose tallies are wanted; of the others only the head is read.
    pub fn try_next_where(
        &mut self,
        is_wanted: impl Fn(&Tallies) -> bool,
    ) -> Result<Option<Frame>, LogError> {
        loop {
            match self.step(&is_wanted)? {
                Step::Frame(frame) => return Ok(Some(frame)),
                Step::PassedOver => {}
                Step::CaughtUp => return Ok(None),
            }
        }
    }

    /// Whether the log was closed and this reader has seen all of it.
    pub fn is_at_end(&self) -> bool {
        let view = self.shared.view();
        view.ended.is_some() && self.position().frame >= view.end.frame
    }

    /// Where the next frame begins; before the first read, where reading was asked to begin.
    pub fn position(&self) -> LogPosition {
        self.place
            .as_ref()
            .map_or(self.from, |place| place.cursor.next.max(self.from))
    }

    fn next_or_end(&mut self) -> Result<Next, LogError> {
        // Taken first: what the log ended with is news only after everything durable before it was read.
        let seen = self.shared.view();
        if let Some(frame) = self.try_next()? {
            return Ok(Next::Frame(frame));
        }
        match seen.ended {
            Some(LogError::Closed) => Ok(Next::Closed),
            Some(failure) => Err(failure),
            None => Ok(Next::CaughtUp(seen.end)),
        }
    }

    fn step(&mut self, is_wanted: &impl Fn(&Tallies) -> bool) -> Result<Step, LogError> {
        let view = self.shared.view();
        let mut place = match self.place.take() {
            Some(place) => place,
            None => self.find_start(&view)?,
        };
        let step = self.step_at(&mut place, &view, is_wanted);
        self.place = Some(place);
        step
    }

    fn step_at(
        &mut self,
        place: &mut Place,
        view: &View,
        is_wanted: &impl Fn(&Tallies) -> bool,
    ) -> Result<Step, LogError> {
        let limit = place.limit(view)?;
        match place.cursor.look(limit)? {
            Found::Frame(header) if self.wants(&header) && is_wanted(&header.tallies) => {
                let frame = self.read(place, &header, limit)?;
                place.cursor.pass(&header);
                Ok(Step::Frame(frame))
            }
            Found::Frame(header) => {
                place.cursor.pass(&header);
                Ok(Step::PassedOver)
            }
            Found::Limit => match self.shared.segment_after(place.segment) {
                // Created after `view` was taken, perhaps; then `view` says this one is active.
                Some(next) if place.full_bytes.is_some() => {
                    *place = self.follow(place, next)?;
                    Ok(Step::PassedOver)
                }
                _ => Ok(Step::CaughtUp),
            },
            Found::Zeros => Err(place.cursor.damage("durable frames are missing")),
            Found::Bad(problem) => Err(place.cursor.damage(problem)),
        }
    }

    /// Frames without rows at the asked offset belong to what comes after it.
    fn wants(&self, header: &FrameHeader) -> bool {
        let beyond = match header.rows {
            0 => header.first_offset >= self.from.offset,
            _ => header.end_offset() > self.from.offset,
        };
        beyond && header.number >= self.from.frame
    }

    fn read(
        &mut self,
        place: &mut Place,
        header: &FrameHeader,
        limit: u64,
    ) -> Result<Frame, LogError> {
        let Some(body) = place.cursor.body(header, limit)? else {
            return Err(place.cursor.damage("the frame body fails its checksum"));
        };
        let Some(payload) = self.decoder.payload(header, body) else {
            return Err(place.cursor.damage("the frame body does not decompress"));
        };
        Ok(Frame {
            first_offset: header.first_offset,
            rows: header.rows,
            number: header.number,
            tallies: header.tallies,
            payload,
            segment: place.segment.first_offset,
            position: place.cursor.position,
        })
    }

    /// The segment that holds the asked offset, or the one before where frames without rows may end it.
    fn find_start(&self, view: &View) -> Result<Place, LogError> {
        let (offset, end) = (self.from.offset, view.end.offset);
        let unknown = || {
            let first = self.shared.first_offset();
            LogError::OffsetUnknown { offset, first, end }
        };
        let known = offset <= end && self.from.frame <= view.end.frame;
        let segment = self.shared.segment_of(offset).filter(|_| known);
        let segment = segment.ok_or_else(unknown)?;
        let before = self
            .shared
            .segment_before(segment)
            .filter(|_| segment.first_offset == offset);
        self.open(before.unwrap_or(segment))
    }

    fn open(&self, segment: SegmentId) -> Result<Place, LogError> {
        let cursor = Cursor::open(&self.disk, &self.dir, segment)?;
        Ok(Place {
            segment,
            cursor,
            full_bytes: None,
        })
    }

    /// The next segment must go on exactly where this one ends.
    fn follow(&self, place: &Place, next: SegmentId) -> Result<Place, LogError> {
        let following = self.open(next)?;
        if following.cursor.next != place.cursor.next {
            return Err(place
                .cursor
                .damage("frames between this segment and the next are missing"));
        }
        Ok(following)
    }
}

impl Place {
    /// How far this segment may be read. A segment that is no longer written to ends where its file ends.
    fn limit(&mut self, view: &View) -> Result<u64, LogError> {
        if view.active == self.segment {
            return Ok(view.position);
        }
        if self.full_bytes.is_none() {
            self.full_bytes = Some(self.cursor.file_bytes()?);
        }
        Ok(self.full_bytes.unwrap_or_default())
    }
}
