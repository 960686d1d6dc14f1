//! The quarantine as the log keeps it: one rejection looked at, and rejections read again under today's mapping and
//! checks. What passes then is released: it becomes an event of its source that counts once (decision 15).

mod released;

use crate::door::{EncodeError, FrameMaker, StoreLookup};
use crate::enrich::Enrichment;
use crate::file::{FileDialect, FileError, FileOptions, FileReader};
use event::check::CheckContext;
use event::frame::{FrameBody, FrameBuilder, REJECTED_BYTES_MAX, SourceInfo};
use event::import::{ImportKey, ImportSettings, QuarantineId};
use event::rule::Rules;
use event::schema::Text;
use event::{EventId, EventTime, EventType, Rejection};
use eventlog::{EventLog, Frame, LogError, LogPosition, LogReader, Tallies};
use released::{Released, account};
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
    /// What is added to events.
    pub enrichment: &'a Enrichment,
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
            if !plan.selection.holds(kept) {
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
        options.enrichment = self.plan.enrichment.clone();
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

fn dialect_of(label: &str) -> FileDialect {
    FileDialect::of_label(label).unwrap_or_default()
}

/// Orders that files have brought: a line released later adds to them instead of competing with them.
fn accounts(log: &EventLog) -> Result<HashSet<u128>, QuarantineError> {
    let mut accounts = HashSet::new();
    let mut frames = Kept::of(log);
    while let Some((_, body)) = frames.next(|tallies| tallies.accepted > 0)? {
        for event in body.events.events() {
            let id = event.text(Text::OrderId);
            let id = id.filter(|_| event.kind() == EventType::Order);
            accounts.extend(id.map(|id| account(event.store(), id)));
        }
    }
    Ok(accounts)
}

#[cfg(test)]
mod tests;
