//! The body of a log frame: accepted events as columns, rejected bytes with their reasons, and tallies by source.
//! `eventlog` stores these bytes without knowing what they mean.

mod wire;

pub use wire::source_tallies;
pub(crate) use wire::{Reader, Writer};

use crate::act::ActNote;
use crate::batch::{EventBatch, EventBatchBuilder, Stamp};
use crate::check::{CheckContext, check};
use crate::event::Event;
use crate::import::{FrameNotes, ImportKey, ImportNote, QuarantineId, Release};
use crate::rejection::{Reason, Rejection};
use crate::rule::Rules;
use crate::schema::Number;
use crate::{EventId, EventTime};

/// Rejected bytes are kept up to this length: enough to mend and replay an event of ordinary size.
pub const REJECTED_BYTES_MAX: usize = 64 * 1_024;

/// Where events come from: an identity that stays the same when they come again, and a name for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceInfo {
    /// Identity, such as `http:key_ab12` or `file:` and the hash of the first row.
    pub source: String,
    /// File name, topic or key name.
    pub name: String,
    /// The store the events belong to.
    pub store: String,
}

/// A place in a file, proven by what stands before it: the rows so far and the running hash over them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SourceMark {
    /// Rows from the beginning of the file.
    pub rows: u64,
    /// The running hash up to and with the last of them.
    pub hash: u128,
}

/// A run of rows of a file; whoever has everything up to its beginning has, with it, everything up to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowSpan {
    /// The place before its first row.
    pub from: SourceMark,
    /// The place behind its last row.
    pub until: SourceMark,
}

/// What one source brought in one frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceTally {
    /// Who.
    pub info: SourceInfo,
    /// File rows read; 0 where a source has no rows.
    pub rows: u64,
    /// Events received.
    pub received: u64,
    /// Events that passed the checks.
    pub accepted: u64,
    /// Events set aside.
    pub quarantined: u64,
    /// Which rows of the file these are; nothing where a source has no rows.
    pub span: Option<RowSpan>,
}

/// One event set aside, with what came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Index into the frame's sources.
    pub source: u32,
    /// Row or index within the source.
    pub position: i64,
    /// When it came in.
    pub received: EventTime,
    /// Reason and detail.
    pub rejection: Rejection,
    /// The bytes, cut to [`REJECTED_BYTES_MAX`].
    pub bytes: Vec<u8>,
}

/// A frame's content.
#[derive(Debug, Clone)]
pub struct FrameBody {
    /// The accepted events, in order of arrival.
    pub events: EventBatch,
    /// The rejected ones.
    pub rejected: Vec<Rejected>,
    /// Tallies of every source in the frame.
    pub sources: Vec<SourceTally>,
    /// What it says of imports and of the quarantine.
    pub notes: FrameNotes,
}

/// Index of a source within the frame being built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceIndex(u32);

impl SourceIndex {
    /// Its place among the frame's sources.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

/// A rejection that is being mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptRejection {
    /// Where it lies.
    pub id: QuarantineId,
    /// Why it was set aside.
    pub reason: Reason,
    /// When it came in.
    pub received: EventTime,
    /// The import it came by.
    pub import: Option<ImportKey>,
}

/// Gathers whole requests into one frame.
#[derive(Debug, Default)]
pub struct FrameBuilder {
    events: EventBatchBuilder,
    rejected: Vec<Rejected>,
    sources: Vec<SourceTally>,
    notes: FrameNotes,
    rejected_bytes: usize,
    rules: Rules,
}

impl FrameBuilder {
    /// An empty frame.
    #[must_use]
    pub fn new() -> FrameBuilder {
        FrameBuilder::default()
    }

    /// The shop's own checks, from now on; they stay when the frame is finished.
    #[must_use]
    pub fn with_rules(self, rules: &Rules) -> FrameBuilder {
        FrameBuilder {
            rules: rules.clone(),
            ..self
        }
    }

    /// The index of a source in this frame; asked once a request.
    pub fn open_source(&mut self, info: &SourceInfo) -> SourceIndex {
        let known = self.sources.iter().rposition(|tally| tally.info == *info);
        let index = known.unwrap_or_else(|| {
            self.sources.push(SourceTally {
                info: info.clone(),
                rows: 0,
                received: 0,
                accepted: 0,
                quarantined: 0,
                span: None,
            });
            self.sources.len() - 1
        });
        SourceIndex(u32::try_from(index).expect("a frame holds far fewer than 2^32 sources"))
    }

    /// Counts rows of a file, whatever becomes of them.
    pub fn count_rows(&mut self, source: SourceIndex, rows: u64) {
        self.sources[source.0 as usize].rows += rows;
    }

    /// Says which rows of a file are in this frame.
    pub fn span(&mut self, source: SourceIndex, span: RowSpan) {
        let tally = &mut self.sources[source.0 as usize];
        let from = tally.span.map_or(span.from, |before| before.from);
        tally.span = Some(RowSpan { from, ..span }).filter(|span| span.from != span.until);
    }

    /// Checks an event and takes it in, or sets it aside with the bytes it came as.
    pub fn offer(
        &mut self,
        source: SourceIndex,
        event: &Event<'_>,
        raw: &[u8],
        context: CheckContext,
    ) -> Result<EventId, Reason> {
        let position = event.number(Number::SourcePosition).unwrap_or(0);
        match self.judge(event, context) {
            Ok(id) => {
                let tally = &mut self.sources[source.0 as usize];
                tally.received += 1;
                tally.accepted += 1;
                self.append(source, event, context.received);
                Ok(id)
            }
            Err(rejection) => {
                let reason = rejection.reason;
                self.reject(source, position, context.received, rejection, raw);
                self.identify_rejected(event.id);
                Err(reason)
            }
        }
    }

    /// Checks an event that was set aside once and takes it in; it counts as received when it came first.
    /// What does not pass changes nothing: it stays where it is.
    pub fn release(
        &mut self,
        source: SourceIndex,
        event: &Event<'_>,
        kept: &KeptRejection,
        context: CheckContext,
    ) -> Result<EventId, Rejection> {
        let id = self.judge(event, context)?;
        self.append(source, event, kept.received);
        self.notes.releases.push(Release {
            id: kept.id,
            source: source.0,
            reason: kept.reason,
            import: kept.import,
        });
        Ok(id)
    }

    fn judge(&self, event: &Event<'_>, context: CheckContext) -> Result<EventId, Rejection> {
        check(event, context)?;
        self.rules.check(event)?;
        event
            .id
            .ok_or_else(|| Rejection::new(Reason::IdInvalid, "the event has no identity"))
    }

    fn append(&mut self, source: SourceIndex, event: &Event<'_>, received: EventTime) {
        let info = &self.sources[source.0 as usize].info;
        let stamp = Stamp {
            store: &info.store,
            source: &info.source,
            received,
        };
        self.events.append(event, stamp);
    }

    /// Gives what was set aside last the identity it has as an event: mended, it is still the same.
    pub fn identify_rejected(&mut self, id: Option<EventId>) {
        if id.is_none() {
            return;
        }
        self.notes.rejected_ids.resize(self.rejected.len(), None);
        if let Some(last) = self.notes.rejected_ids.last_mut() {
            *last = id;
        }
    }

    /// Notes that the frame is part of an import.
    pub fn note_import(&mut self, note: ImportNote) {
        self.notes.imports.push(note);
    }

    /// Sets aside what could not even be read as an event.
    pub fn reject(
        &mut self,
        source: SourceIndex,
        position: i64,
        received: EventTime,
        rejection: Rejection,
        raw: &[u8],
    ) {
        let tally = &mut self.sources[source.0 as usize];
        tally.received += 1;
        tally.quarantined += 1;
        let bytes = raw[..raw.len().min(REJECTED_BYTES_MAX)].to_vec();
        self.rejected_bytes += bytes.len();
        self.rejected.push(Rejected {
            source: source.0,
            position,
            received,
            rejection,
            bytes,
        });
    }

    /// The last rejection, for a reply that explains it.
    #[must_use]
    pub fn last_rejection(&self) -> Option<&Rejection> {
        self.rejected.last().map(|rejected| &rejected.rejection)
    }

    /// Events accepted so far.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.events.rows()
    }

    /// Accepted and rejected so far.
    #[must_use]
    pub fn received(&self) -> usize {
        self.events.rows() + self.rejected.len()
    }

    /// Whether anything was received.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.received() == 0 && self.sources.iter().all(|tally| tally.rows == 0)
    }

    /// Whether the frame should be closed before more is added.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.events.is_full() || self.rejected_bytes > (1 << 20)
    }

    /// Forgets what was gathered.
    pub fn clear(&mut self) {
        drop(self.finish());
    }

    /// Events set aside so far.
    #[must_use]
    pub fn rejected(&self) -> usize {
        self.rejected.len()
    }

    /// Says that an import is undone.
    pub fn undo(&mut self, import: ImportKey) {
        self.notes.undone.push(import);
    }

    /// Says what a person did about an alert.
    pub fn act(&mut self, act: ActNote) {
        self.notes.acts.push(act);
    }

    /// The frame, leaving an empty builder behind.
    pub fn finish(&mut self) -> FrameBody {
        self.rejected_bytes = 0;
        FrameBody {
            events: self.events.finish(),
            rejected: std::mem::take(&mut self.rejected),
            sources: std::mem::take(&mut self.sources),
            notes: std::mem::take(&mut self.notes),
        }
    }
}

impl FrameBody {
    /// Events received in the frame.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.sources.iter().map(|tally| tally.received).sum()
    }

    /// Identity of what was set aside at this index, where it is known.
    #[must_use]
    pub fn rejected_id(&self, index: usize) -> Option<EventId> {
        self.notes.rejected_ids.get(index).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(name: &str) -> SourceInfo {
        SourceInfo {
            source: format!("file:{name}"),
            name: name.to_owned(),
            store: "main".to_owned(),
        }
    }

    fn check(spans: &[Option<RowSpan>]) {
        let mut builder = FrameBuilder::new();
        for (number, span) in spans.iter().enumerate() {
            let source = builder.open_source(&info(&number.to_string()));
            builder.count_rows(source, 1);
            if let Some(span) = span {
                builder.span(source, *span);
            }
        }
        let mut bytes = Vec::new();
        builder.finish().encode(&mut bytes).expect("encodes");
        let of = |sources: &[SourceTally]| sources.iter().map(|it| it.span).collect::<Vec<_>>();
        assert_eq!(of(&source_tallies(&bytes).expect("the tallies")), spans);
        assert_eq!(
            of(&FrameBody::decode(bytes).expect("the frame").sources),
            spans
        );
    }

    #[test]
    fn a_files_rows_come_back_with_their_frame_and_sources_without_rows_have_none() {
        let mark = |rows, hash| SourceMark { rows, hash };
        let span = Some(RowSpan {
            from: mark(3, 9),
            until: mark(7, u128::MAX - 1),
        });
        check(&[span, None, span]);
        check(&[None]);
        check(&[]);
    }

    #[test]
    fn two_readings_of_one_file_in_a_frame_are_one_span() {
        let mark = |rows| SourceMark { rows, hash: 1 };
        let mut builder = FrameBuilder::new();
        let source = builder.open_source(&info("a"));
        for (from, until) in [(mark(0), mark(4)), (mark(4), mark(9))] {
            builder.span(source, RowSpan { from, until });
        }
        let span = builder.finish().sources[0].span;
        assert_eq!(
            span,
            Some(RowSpan {
                from: mark(0),
                until: mark(9)
            })
        );
    }
}
