//! The bytes of a frame: tallies, rejections and notes in front of the events' columns.
//! What the numbers mean is the frame's business; a frame that was cut short is an error, never a panic.

use super::{FrameBody, Rejected, RowSpan, SourceInfo, SourceMark, SourceTally};
use crate::EventTime;
use crate::batch::{EventBatch, WireError};
use crate::import::FrameNotes;
use crate::rejection::{Reason, Rejection};
use arrow_buffer::Buffer;

/// Says that notes follow the rejections; frames without any look as they always did.
const HAS_NOTES: u64 = 1 << 63;

impl FrameBody {
    /// The bytes of the frame: tallies, rejections, notes if there are any, then the events' columns.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        let mut writer = Writer(out);
        let has_spans = self.sources.iter().any(|tally| tally.span.is_some());
        let mut flag = if has_spans { WITH_SPANS } else { 0 };
        if !self.notes.is_empty() {
            flag |= HAS_NOTES;
        }
        writer.number(self.sources.len() as u64 | flag);
        for tally in &self.sources {
            writer.text(&tally.info.source);
            writer.text(&tally.info.name);
            writer.text(&tally.info.store);
            [
                tally.rows,
                tally.received,
                tally.accepted,
                tally.quarantined,
            ]
            .into_iter()
            .for_each(|count| writer.number(count));
            if has_spans {
                let span = tally.span.unwrap_or_default();
                writer.mark(span.from);
                writer.mark(span.until);
            }
        }
        writer.number(self.rejected.len() as u64);
        for rejected in &self.rejected {
            writer.number(u64::from(rejected.source));
            writer.number(rejected.position as u64);
            writer.number(rejected.received.0 as u64);
            writer.text(rejected.rejection.reason.code());
            writer.text(&rejected.rejection.detail);
            writer.bytes(&rejected.bytes);
        }
        if !self.notes.is_empty() {
            self.notes.write(&mut writer);
        }
        self.events.encode(out)
    }

    /// Reads what [`FrameBody::encode`] wrote.
    pub fn decode(bytes: Vec<u8>) -> Result<FrameBody, WireError> {
        let body = Buffer::from_vec(bytes);
        let mut reader = Reader(&body);
        let (sources, has_notes) = reader.tallies()?;
        let rejected = (0..reader.number()?)
            .map(|_| reader.rejected())
            .collect::<Result<Vec<_>, _>>()?;
        let notes = if has_notes {
            FrameNotes::read(&mut reader)?
        } else {
            FrameNotes::default()
        };
        let at = body.len() - reader.0.len();
        let events = EventBatch::decode(&body, at)?;
        Ok(FrameBody {
            events,
            rejected,
            sources,
            notes,
        })
    }
}

/// The tallies of a frame alone, for whoever looks for a source and not for events.
pub fn source_tallies(bytes: &[u8]) -> Result<Vec<SourceTally>, WireError> {
    Reader(bytes).tallies().map(|(tallies, _)| tallies)
}

/// Set in the number of sources where each of them is followed by its span: frames without files are spared the bytes.
const WITH_SPANS: u64 = 1 << 62;

/// Numbers are little endian, texts carry their length: a frame's side table is small and rarely read.
pub(crate) struct Writer<'a>(&'a mut Vec<u8>);

impl Writer<'_> {
    pub(crate) fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn mark(&mut self, mark: SourceMark) {
        self.number(mark.rows);
        self.0.extend_from_slice(&mark.hash.to_le_bytes());
    }
}

pub(crate) struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    pub(crate) fn number(&mut self) -> Result<u64, WireError> {
        let (number, rest) = self
            .0
            .split_first_chunk::<8>()
            .ok_or(WireError::Truncated)?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*number))
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, WireError> {
        let length = usize::try_from(self.number()?).map_err(|_| WireError::Truncated)?;
        let (bytes, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(WireError::Truncated)?;
        self.0 = rest;
        Ok(bytes.to_vec())
    }

    pub(crate) fn text(&mut self) -> Result<String, WireError> {
        String::from_utf8(self.bytes()?).map_err(|_| WireError::Truncated)
    }

    fn tallies(&mut self) -> Result<(Vec<SourceTally>, bool), WireError> {
        let count = self.number()?;
        let has_spans = count & WITH_SPANS != 0;
        let mut tallies = Vec::new();
        for _ in 0..count & !(WITH_SPANS | HAS_NOTES) {
            let mut tally = self.tally()?;
            if has_spans {
                let (from, until) = (self.mark()?, self.mark()?);
                // An empty span stands for none, beside the files of a frame.
                tally.span = Some(RowSpan { from, until }).filter(|span| span.from != span.until);
            }
            tallies.push(tally);
        }
        Ok((tallies, count & HAS_NOTES != 0))
    }

    fn mark(&mut self) -> Result<SourceMark, WireError> {
        let rows = self.number()?;
        let (hash, rest) = self
            .0
            .split_first_chunk::<16>()
            .ok_or(WireError::Truncated)?;
        self.0 = rest;
        Ok(SourceMark {
            rows,
            hash: u128::from_le_bytes(*hash),
        })
    }

    /// A number that counts or points within the frame.
    pub(crate) fn index(&mut self) -> Result<u32, WireError> {
        u32::try_from(self.number()?).map_err(|_| WireError::Truncated)
    }

    pub(crate) fn reason(&mut self) -> Result<Reason, WireError> {
        let code = self.text()?;
        let known = Reason::ALL.iter().find(|reason| reason.code() == code);
        known.copied().ok_or(WireError::UnknownReason(code))
    }

    fn tally(&mut self) -> Result<SourceTally, WireError> {
        let info = SourceInfo {
            source: self.text()?,
            name: self.text()?,
            store: self.text()?,
        };
        Ok(SourceTally {
            info,
            rows: self.number()?,
            received: self.number()?,
            accepted: self.number()?,
            quarantined: self.number()?,
            span: None,
        })
    }

    fn rejected(&mut self) -> Result<Rejected, WireError> {
        let source = self.index()?;
        let position = self.number()? as i64;
        let received = EventTime(self.number()? as i64);
        let rejection = Rejection {
            reason: self.reason()?,
            detail: self.text()?,
        };
        Ok(Rejected {
            source,
            position,
            received,
            rejection,
            bytes: self.bytes()?,
        })
    }
}
