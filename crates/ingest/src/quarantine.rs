//! The quarantine as the log keeps it: one rejection looked at, and rejections read again under today's mapping and
//! checks. What passes then is released: it becomes an event of its source that counts once (decision 15).

use crate::door::{EncodeError, FrameMaker, StoreLookup};
use crate::file::{FileDialect, FileError, FileOptions, FileReader};
use event::check::CheckContext;
use event::dialect::Intake;
use event::frame::{FrameBody, FrameBuilder, KeptRejection, REJECTED_BYTES_MAX, SourceInfo};
use event::import::{ImportKey, ImportSettings, QuarantineId};
use event::rule::Rules;
use event::schema::{ItemNumber, Number, Text};
use event::{Event, EventId, EventTime, EventType, Rejection, hash_128};
use eventlog::{EventLog, Frame, LogError, LogPosition, LogReader, Tallies};
use runtime::Clock;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Cursor;
use std::sync::Arc;

/// Released events of one frame.
const FRAME_EVENTS: usize = 4_096;

/// A rejection as the log keeps it.
#[derive(Debug, Clone)]
pub struct KeptEvent {
    /// Where it lies.
    pub id: QuarantineId,
    /// Where it came from.
    pub source: SourceInfo,
    /// Row of the file, or index in the request.
    pub position: i64,
    /// When it came in.
    pub received: EventTime,
    /// Why it was set aside.
    pub rejection: Rejection,
    /// What came in, cut to [`REJECTED_BYTES_MAX`].
    pub bytes: Vec<u8>,
    /// Its identity, where that is known before it is mended.
    pub event_id: Option<EventId>,
    /// The import it came by.
    pub import: Option<ImportKey>,
    /// How that file was read.
    pub settings: Option<Arc<ImportSettings>>,
    /// It has become an event since.
    pub is_released: bool,
}

impl KeptEvent {
    /// Whether the bytes may have been cut: then they cannot be read again.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.bytes.len() >= REJECTED_BYTES_MAX
    }
}

/// Which rejections are read again; without any wish, all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// These only, where any are named.
    pub ids: Vec<QuarantineId>,
    /// Of this reason only.
    pub reason: Option<String>,
    /// Of this source only: its identity or its name.
    pub source: Option<String>,
}

impl Selection {
    fn holds(&self, kept: &KeptEvent) -> bool {
        let is_of = |source: &str| kept.source.source == source || kept.source.name == source;
        (self.ids.is_empty() || self.ids.contains(&kept.id))
            && (self.reason.as_deref()).is_none_or(|code| code == kept.rejection.reason.code())
            && self.source.as_deref().is_none_or(is_of)
    }
}

/// A mapping as a user gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GivenMapping {
    /// What the file is read as.
    pub dialect: FileDialect,
    /// Column and field.
    pub columns: Vec<(String, String)>,
    /// Word and type.
    pub types: Vec<(String, String)>,
}

/// How rejections are read again.
pub struct ReplayPlan<'a> {
    /// Which.
    pub selection: &'a Selection,
    /// Under this mapping, instead of the one each was read by.
    pub mapping: Option<GivenMapping>,
    /// A saved mapping as it is today, by name.
    pub saved: &'a dyn Fn(&str) -> Option<GivenMapping>,
    /// What events of a store mean where they do not say.
    pub stores: &'a StoreLookup,
    /// The shop's own checks.
    pub rules: &'a Rules,
    /// The clock of today.
    pub clock: &'a Clock,
}

/// What a replay came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplayCounts {
    /// Rejections read again.
    pub examined: u64,
    /// Of these, events now.
    pub released: u64,
    /// Of these, refused still, by reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// Of these, not kept whole: they were larger than is kept.
    pub cut: u64,
    /// Of these, of a file whose header is not known.
    pub headless: u64,
    /// Named ones that were released before.
    pub released_before: u64,
    /// Named ones that are nowhere in the log.
    pub unknown: Vec<QuarantineId>,
}

/// Why the quarantine cannot be read, or a replay not be written. What was released before stays released.
#[derive(Debug, thiserror::Error)]
pub enum QuarantineError {
    /// The log cannot be read or does not take a frame.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A frame of the log is not ours.
    #[error(transparent)]
    Wire(#[from] event::batch::WireError),
    /// A frame could not be made.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The mapping does not fit the file.
    #[error(transparent)]
    Mapping(#[from] FileError),
}

/// The rejection at this place.
pub fn find(log: &EventLog, id: QuarantineId) -> Result<Option<KeptEvent>, QuarantineError> {
    let released = released(log)?;
    let mut frames = Kept::of(log);
    while let Some((number, body)) = frames.next(has_rejections)? {
        if number == id.frame {
            let mut events = kept_events(number, body);
            let found = usize::try_from(id.index)
                .ok()
                .filter(|at| *at < events.len());
            return Ok(found.map(|at| {
                let mut kept = events.swap_remove(at);
                kept.is_released = released.contains(&id);
                kept
            }));
        }
    }
    Ok(None)
}

/// Reads rejections again and appends what passes. Returns when all of it is durable. One replay at a time: two at once
/// could release the same event twice, of which the second would count as a repeat.
pub fn replay(log: &EventLog, plan: &ReplayPlan<'_>) -> Result<ReplayCounts, QuarantineError> {
    let released = released(log)?;
    let mut run = Replay {
        plan,
        counts: ReplayCounts::default(),
        builder: FrameBuilder::new().with_rules(plan.rules),
        maker: FrameMaker::default(),
        accounts: None,
        log,
    };
    let mut seen = BTreeSet::new();
    let mut frames = Kept::of(log);
    while let Some((number, body)) = frames.next(has_rejections)? {
        let events = kept_events(number, body);
        for kept in &events {
            if !plan.selection.holds(&kept) {
                continue;
            }
            seen.insert(kept.id);
            if released.contains(&kept.id) {
                run.counts.released_before += u64::from(!plan.selection.ids.is_empty());
            } else {
                run.examine(kept, &neighbours(kept, &events))?;
            }
        }
    }
    run.append()?;
    let unknown = plan.selection.ids.iter().filter(|id| !seen.contains(id));
    run.counts.unknown = unknown.copied().collect();
    Ok(run.counts)
}

/// Rows that were set aside by themselves although they stand among those of this order: they are not read with it.
fn neighbours(kept: &KeptEvent, events: &[KeptEvent]) -> HashSet<i64> {
    if !kept.bytes.contains(&b'\n') {
        return HashSet::new();
    }
    let is_neighbour =
        |other: &&KeptEvent| other.id != kept.id && other.source.source == kept.source.source;
    let rows = events.iter().filter(is_neighbour);
    rows.map(|other| other.position).collect()
}

fn has_rejections(tallies: &Tallies) -> bool {
    tallies.quarantined > 0
}

/// Ids that are events now.
fn released(log: &EventLog) -> Result<HashSet<QuarantineId>, QuarantineError> {
    let mut released = HashSet::new();
    let mut frames = Kept::of(log);
    let holds_releases =
        |tallies: &Tallies| tallies.accepted + tallies.quarantined > tallies.received;
    while let Some((_, body)) = frames.next(holds_releases)? {
        released.extend(body.notes.releases.iter().map(|release| release.id));
    }
    Ok(released)
}

/// Frames of the log as it stands now; what is appended meanwhile is not looked at.
struct Kept {
    reader: LogReader,
    end: LogPosition,
}

impl Kept {
    fn of(log: &EventLog) -> Kept {
        Kept {
            reader: log.reader(log.first_offset()),
            end: log.end_position(),
        }
    }

    fn next(
        &mut self,
        is_wanted: fn(&Tallies) -> bool,
    ) -> Result<Option<(u64, FrameBody)>, QuarantineError> {
        let Some(Frame {
            number, payload, ..
        }) = self.reader.try_next_where(is_wanted)?
        else {
            return Ok(None);
        };
        if number >= self.end.frame {
            return Ok(None);
        }
        Ok(Some((number, FrameBody::decode(payload.into())?)))
    }
}

fn kept_events(frame: u64, body: FrameBody) -> Vec<KeptEvent> {
    let notes: Vec<_> = (body.notes.imports.iter())
        .map(|note| (note.source, note.key, note.settings.clone().map(Arc::new)))
        .collect();
    let ids = body.notes.rejected_ids;
    let sources = body.sources;
    let kept = |(index, rejected): (u32, event::frame::Rejected)| {
        let source = sources.get(rejected.source as usize)?;
        let note = notes.iter().find(|(of, ..)| *of == rejected.source);
        Some(KeptEvent {
            id: QuarantineId { frame, index },
            source: source.info.clone(),
            position: rejected.position,
            received: rejected.received,
            rejection: rejected.rejection,
            bytes: rejected.bytes,
            event_id: ids.get(index as usize).copied().flatten(),
            import: note.map(|(_, key, _)| *key),
            settings: note.and_then(|(_, _, settings)| settings.clone()),
            is_released: false,
        })
    };
    (0..).zip(body.rejected).filter_map(kept).collect()
}

/// A replay under way.
struct Replay<'a> {
    plan: &'a ReplayPlan<'a>,
    counts: ReplayCounts,
    builder: FrameBuilder,
    maker: FrameMaker,
    /// Orders and refunds in the log, once an order file is read again.
    accounts: Option<HashSet<u128>>,
    log: &'a EventLog,
}

impl Replay<'_> {
    fn examine(
        &mut self,
        kept: &KeptEvent,
        neighbours: &HashSet<i64>,
    ) -> Result<(), QuarantineError> {
        self.counts.examined += 1;
        if kept.is_cut() {
            self.counts.cut += 1;
            return Ok(());
        }
        let is_file = kept.source.source.starts_with("file:");
        if is_file && kept.settings.is_none() {
            self.counts.headless += 1;
            return Ok(());
        }
        let Some(mut reader) = self.open(kept)? else {
            self.count_refused(kept.rejection.reason.code());
            return Ok(());
        };
        let is_order_file = reader.guess().dialect == "order_csv";
        if is_order_file && self.accounts.is_none() {
            self.accounts = Some(accounts(self.log)?);
        }
        let received = EventTime(self.plan.clock.now().0);
        let mut intake = Released {
            builder: &mut self.builder,
            accounts: self.accounts.as_mut().filter(|_| is_order_file),
            kept,
            neighbours,
            context: CheckContext { received },
            released: 0,
            refused: Vec::new(),
        };
        reader.read_all(received, &mut intake)?;
        let (released, refused) = (intake.released, intake.refused);
        if released > 0 {
            self.counts.released += 1;
        } else {
            let refused = refused.first().map(|(rejection, _)| rejection.reason);
            self.count_refused(refused.unwrap_or(kept.rejection.reason).code());
        }
        if self.builder.is_full() || self.builder.rows() >= FRAME_EVENTS {
            self.append()?;
        }
        Ok(())
    }

    fn count_refused(&mut self, reason: &'static str) {
        *self.counts.refused.entry(reason).or_insert(0) += 1;
    }

    /// The kept bytes as a file of their own, behind the header of the file they stood in.
    /// Nothing where they cannot be told for anything.
    fn open(&self, kept: &KeptEvent) -> Result<Option<FileReader>, QuarantineError> {
        let store = (self.plan.stores)(&kept.source.store);
        let mut options = FileOptions::new(&kept.source.name, &kept.source.store);
        (options.zone, options.currency) = (store.zone, store.currency);
        let mut bytes = Vec::new();
        match &kept.settings {
            Some(settings) => {
                let mapping = self.mapping_of(settings);
                options.dialect = mapping.dialect;
                (options.map, options.map_type) = (mapping.columns, mapping.types);
                bytes.extend_from_slice(&settings.header);
                bytes.push(b'\n');
            }
            None => options.dialect = FileDialect::Json,
        }
        bytes.extend_from_slice(&kept.bytes);
        match FileReader::open(Box::new(Cursor::new(bytes)), options) {
            Ok(reader) => Ok(Some(reader.part_of(kept.source.clone()))),
            Err(error) if self.plan.mapping.is_some() && kept.settings.is_some() => {
                Err(error.into())
            }
            Err(_) => Ok(None),
        }
    }

    /// The mapping asked for, else the saved one the file was read by as it is today, else exactly how it was read.
    fn mapping_of(&self, settings: &ImportSettings) -> GivenMapping {
        if settings.header.is_empty() {
            return GivenMapping {
                dialect: dialect_of(&settings.dialect),
                ..GivenMapping::default()
            };
        }
        if let Some(mapping) = &self.plan.mapping {
            return mapping.clone();
        }
        let saved = settings.mapping.as_deref().and_then(self.plan.saved);
        saved.unwrap_or_else(|| GivenMapping {
            dialect: dialect_of(&settings.dialect),
            columns: settings.columns.clone(),
            types: settings.types.clone(),
        })
    }

    fn append(&mut self) -> Result<(), QuarantineError> {
        if self.builder.is_empty() {
            return Ok(());
        }
        let body = self.builder.finish();
        let frame = self.maker.make(&body)?;
        self.log.writer().append_blocking(frame)?;
        Ok(())
    }
}

fn dialect_of(name: &str) -> FileDialect {
    match name {
        "order_csv" => FileDialect::Orders,
        "event_csv" => FileDialect::Events,
        "json" => FileDialect::Json,
        _ => FileDialect::Auto,
    }
}

/// Orders and refunds that files have brought: a line released later adds to them instead of competing with them.
fn accounts(log: &EventLog) -> Result<HashSet<u128>, QuarantineError> {
    let mut accounts = HashSet::new();
    let mut frames = Kept::of(log);
    while let Some((_, body)) = frames.next(|tallies| tallies.accepted > 0)? {
        for event in body.events.events() {
            let of = |id: Option<&str>| id.map(|id| account(event.store(), event.kind(), id));
            accounts.extend(match event.kind() {
                EventType::Order => of(event.text(Text::OrderId)),
                EventType::Refund => of(event.text(Text::RefundId)),
                _ => None,
            });
        }
    }
    Ok(accounts)
}

fn account(store: &str, kind: EventType, id: &str) -> u128 {
    hash_128(format!("{store}\0{}\0{id}", kind.name()).as_bytes())
}

/// Takes what a kept rejection has become.
struct Released<'r> {
    builder: &'r mut FrameBuilder,
    accounts: Option<&'r mut HashSet<u128>>,
    kept: &'r KeptEvent,
    neighbours: &'r HashSet<i64>,
    context: CheckContext,
    released: u32,
    /// Refused again before anything was released.
    refused: Vec<(Rejection, Vec<u8>)>,
}

impl Intake for Released<'_> {
    fn take(&mut self, event: &mut Event<'_>, raw: &[u8]) {
        self.settle_places(event);
        if self.accounts.is_some() && event.items.is_empty() {
            return;
        }
        self.settle_id(event, raw);
        self.join_account(event);
        let source = self.builder.open_source(&self.kept.source);
        if self.released > 0 {
            // One rejection that turns out to be several events: the further ones are received now.
            let _ = self.builder.offer(source, event, raw, self.context);
            return;
        }
        let kept = KeptRejection {
            id: self.kept.id,
            reason: self.kept.rejection.reason,
            received: self.kept.received,
            import: self.kept.import,
        };
        match self.builder.release(source, event, &kept, self.context) {
            Ok(_) => {
                self.released += 1;
                for (rejection, raw) in std::mem::take(&mut self.refused) {
                    self.set_aside(rejection, &raw);
                }
            }
            Err(rejection) => self.refused.push((rejection, raw.to_vec())),
        }
    }

    /// What is refused again stays where it lies; beside a released neighbour it is set aside anew.
    fn refuse(&mut self, position: i64, rejection: Rejection, raw: &[u8]) {
        if self
            .neighbours
            .contains(&(self.kept.position + position - 1))
        {
            return;
        }
        if self.released == 0 {
            self.refused.push((rejection, raw.to_vec()));
        } else {
            self.set_aside(rejection, raw);
        }
    }
}

impl Released<'_> {
    fn set_aside(&mut self, rejection: Rejection, raw: &[u8]) {
        let source = self.builder.open_source(&self.kept.source);
        let (position, received) = (self.kept.position, self.kept.received);
        (self.builder).reject(source, position, received, rejection, raw);
    }

    /// Row numbers as in the file, instead of those behind the header that was put before the row.
    fn settle_places(&self, event: &mut Event<'_>) {
        let before = self.kept.position - 1;
        let read_at = event.number(Number::SourcePosition).unwrap_or(1);
        event.set_number(Number::SourcePosition, before + read_at);
        if self.accounts.is_none() {
            return;
        }
        for item in &mut event.items {
            let line = item.number(ItemNumber::Line).unwrap_or(1);
            item.set_number(ItemNumber::Line, before + line);
        }
        (event.items).retain(|item| {
            let line = item.number(ItemNumber::Line);
            line.is_none_or(|line| !self.neighbours.contains(&line))
        });
    }

    /// The sender's own id, else the one the row had in its file: read again with the file it is then a repeat.
    fn settle_id(&self, event: &mut Event<'_>, raw: &[u8]) {
        let is_senders = self.accounts.is_none()
            && (event.text(Text::EventIdText).is_some()
                || event.id.is_some_and(|id| stands_in(raw, id)));
        if is_senders {
            return;
        }
        let first = self.kept.event_id.unwrap_or_else(|| {
            EventId::of_parts(b"quarantine", self.kept.id.to_string().as_bytes())
        });
        event.id = Some(match self.released {
            0 => first,
            further => EventId::of_parts(&first.0.to_le_bytes(), &further.to_le_bytes()),
        });
    }

    /// An order that is known already is not placed again: the lines are added to it. A refund of the same number would
    /// compete with the one that is there, so it gets a number of its own.
    fn join_account(&mut self, event: &mut Event<'_>) {
        let Some(accounts) = self.accounts.as_deref_mut() else {
            return;
        };
        let column = match event.kind {
            EventType::Order => Text::OrderId,
            EventType::Refund => Text::RefundId,
            _ => return,
        };
        let Some(id) = event.text(column) else { return };
        if accounts.insert(account(&self.kept.source.store, event.kind, id)) {
            return;
        }
        if event.kind == EventType::Order {
            event.kind = EventType::OrderUpdate;
        } else {
            let id = format!("{id}#{}", self.kept.position);
            event.set_text(column, id);
        }
    }
}

/// Whether the bytes hold this id as a UUID: then it is the sender's and not derived from where the event stood.
fn stands_in(raw: &[u8], id: EventId) -> bool {
    let raw = String::from_utf8_lossy(raw).to_ascii_lowercase();
    raw.contains(&id.to_string()) || raw.contains(&format!("{:032x}", id.0))
}

#[cfg(test)]
mod tests;
