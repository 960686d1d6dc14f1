//! The law that nothing disappears silently: received = accepted + duplicate + quarantined, and
//! accepted = counted + late + retracted + in flight; by source, store and hour of receipt, by import, and in all. Beside it, what
//! the same frames say of the quality of the data.

mod imports;
mod key;
mod ledger;
mod quality;
mod receipts;
mod rejections;
mod rows;

pub use key::{AuditKey, KeyCounts};
pub use receipts::Receipt;
pub use rejections::REJECTIONS;

use crate::round::{FrameSide, FrameSource};
use crate::shard::{Conflict, Verdicts};
use changelog::Change;
use checkpoint::{DecodeError, Decoder, Encoder};
use event::batch::{Arrivals, minute_of};
use event::frame::Rejected;
use event::import::{ImportKey, QuarantineId};
use event::schema::{Label, Number};
use event::{EventBatch, EventTime, FIELDS, Field, Reason, Rejection};
use hashbrown::HashMap;
use imports::Imports;
use ledger::{Ledger, LineKey};
use quality::Quality;
use rejections::Rejections;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Sources that are read when somebody says so: they send nothing by themselves, so they cannot fall silent.
const FILES: &str = "file:";
/// The encoding that [`Audit::encode`] writes.
const FORM: u64 = 1;

/// Tallies since the log began.
#[derive(Debug, Default)]
pub struct Audit {
    ledger: Ledger,
    imports: Imports,
    rejections: Rejections,
    quality: Quality,
}

/// What a frame brought of one source in one minute.
#[derive(Debug, Clone, Copy, Default)]
struct Brought {
    events: u64,
    rejected: u64,
    released: u64,
}

impl Audit {
    /// Takes in a frame: what it says of its sources, what it rejected, and when its events came in.
    pub fn observe(&mut self, frame: &FrameSide, events: &EventBatch) {
        let arrivals = events.arrivals();
        let lines: Vec<LineKey> = frame.sources.iter().map(line_of).collect();
        let owners = owners(&arrivals, events, &lines);
        let mut brought: Vec<BTreeMap<i32, Brought>> = vec![BTreeMap::new(); lines.len()];
        for (group, owner) in arrivals.groups().iter().zip(&owners) {
            if let Some(owner) = owner {
                brought[*owner].entry(group.minute).or_default().events += group.events;
            }
        }
        for rejected in &frame.rejected {
            if let Some(brought) = brought.get_mut(rejected.source as usize) {
                let minute = minute_of(rejected.received);
                brought.entry(minute).or_default().rejected += 1;
            }
        }
        let released_at = release_minutes(frame, events);
        for (release, minute) in frame.notes.releases.iter().zip(&released_at) {
            if let Some(brought) = brought.get_mut(release.source as usize) {
                brought.entry(*minute).or_default().released += 1;
            }
        }
        for (at, source) in frame.sources.iter().enumerate() {
            self.observe_source(frame, (at, source), &lines[at], &brought[at]);
        }
        self.observe_releases(frame, &lines, &released_at);
        self.observe_rejections(frame, &lines);
        self.observe_fields(&arrivals, &owners, &lines);
    }

    /// The door's tally of a source, hour by hour. Nearly every frame has one; in one with more, what the door counted
    /// beyond what its columns hold stays with the first, where it breaks the law for everybody to see.
    fn observe_source(
        &mut self,
        frame: &FrameSide,
        (at, source): (usize, &FrameSource),
        line: &LineKey,
        brought: &BTreeMap<i32, Brought>,
    ) {
        let tally = &source.tally;
        let note = (frame.notes.imports.iter()).find(|note| note.source as usize == at);
        let ids = (source.id, source.store);
        (self.ledger).open(ids, line, &tally.info.name, note.map(|note| note.key));
        let fresh = |brought: &Brought| brought.events.saturating_sub(brought.released);
        let others = || brought.iter().skip(1);
        let accepted: u64 = others().map(|(_, brought)| fresh(brought)).sum();
        let rejected: u64 = others().map(|(_, brought)| brought.rejected).sum();
        let main = brought.keys().next().copied().unwrap_or_else(|| {
            let began = note.map(|note| minute_of(note.began));
            let newest = self.ledger.newest_hour(line);
            newest.map_or(began.unwrap_or(0), |hour| hour.saturating_mul(key::MINUTES))
        });
        self.ledger.change(line, main, |sum| {
            sum.rows += tally.rows;
            sum.received += tally.received.saturating_sub(accepted + rejected);
            sum.accepted += tally.accepted.saturating_sub(accepted);
            sum.quarantined += tally.quarantined.saturating_sub(rejected);
        });
        for (minute, brought) in others() {
            self.ledger.change(line, *minute, |sum| {
                sum.received += fresh(brought) + brought.rejected;
                sum.accepted += fresh(brought);
                sum.quarantined += brought.rejected;
            });
        }
        if let Some(note) = note {
            self.imports.observe(note, tally, frame.first_offset);
        }
    }

    /// What was received when it was set aside moves to the accepted, in the hour it came in first. A release that
    /// stands in the log twice is, the second time, an event received again, which its shard then finds to be a repeat.
    fn observe_releases(&mut self, frame: &FrameSide, lines: &[LineKey], released_at: &[i32]) {
        for (release, minute) in frame.notes.releases.iter().zip(released_at) {
            let Some(line) = lines.get(release.source as usize) else {
                continue;
            };
            let is_first = self.rejections.release(release);
            self.ledger.change(line, *minute, |sum| {
                sum.accepted += 1;
                if is_first {
                    sum.quarantined = sum.quarantined.saturating_sub(1);
                } else {
                    sum.received += 1;
                }
            });
            if is_first {
                self.imports.release(release.import);
                let hour = (&line.store, minute.div_euclid(key::MINUTES));
                (self.ledger.receipts).add_reason(hour, release.reason, -1);
            }
        }
    }

    fn observe_rejections(&mut self, frame: &FrameSide, lines: &[LineKey]) {
        for (index, rejected) in (0..).zip(&frame.rejected) {
            let id = QuarantineId {
                frame: frame.number,
                index,
            };
            let Some(line) = lines.get(rejected.source as usize) else {
                continue;
            };
            self.rejections.add(id, line, rejected);
            let field = Field::of_rejection(&rejected.rejection);
            let minute = minute_of(rejected.received);
            let hour = (&line.store, minute.div_euclid(key::MINUTES));
            (self.ledger.receipts).add_reason(hour, rejected.rejection.reason, 1);
            self.quality.change(line, minute, |counts| {
                counts.offered += 1;
                counts.refused += 1;
                counts.add_step(field, rejected.rejection.reason, 1);
            });
        }
    }

    /// Nulls come from the columns, a batch at a time: a column that a batch does not have is null in all of its rows.
    fn observe_fields(
        &mut self,
        arrivals: &Arrivals<'_>,
        owners: &[Option<usize>],
        lines: &[LineKey],
    ) {
        let groups = arrivals.groups();
        let mut filled = vec![0_u128; groups.len()];
        let mut fields = Vec::with_capacity(64);
        let mut values = Vec::with_capacity(64 * groups.len());
        arrivals.fill(|field, counts| {
            for (filled, count) in filled.iter_mut().zip(counts) {
                *filled |= u128::from(*count > 0) << field.number();
            }
            fields.push(field);
            values.extend_from_slice(counts);
        });
        for (at, group) in groups.iter().enumerate() {
            let Some(line) = owners[at].and_then(|owner| lines.get(owner)) else {
                continue;
            };
            let mut expected = self.quality.learn_fields(line, filled[at]);
            if !line.source.starts_with(FILES) {
                self.quality.learn_rhythm(line, group.first, group.last);
            }
            self.quality.change(line, group.minute, |sum| {
                sum.offered += group.events;
                sum.lines += group.items;
                let rows = |field: Field| match field.is_of_items() {
                    true => group.items,
                    false => group.events,
                };
                for (field, counts) in fields.iter().zip(values.chunks(groups.len())) {
                    if expected >> field.number() & 1 == 1 {
                        expected &= !(1 << field.number());
                        sum.add_nulls(*field, rows(*field) - counts[at]);
                    }
                }
                for field in (0..FIELDS)
                    .filter(|at| expected >> at & 1 == 1)
                    .filter_map(Field::at)
                {
                    sum.add_nulls(field, rows(field));
                }
            });
        }
    }

    /// Takes in what became of a round's events: folded, put off, dropped as repeats, set aside as conflicts.
    pub fn judge(&mut self, verdicts: &Verdicts, frames: &[FrameSide]) {
        for (key, events) in verdicts.counted.iter() {
            let line = self.ledger.line_of(key);
            (self.ledger).change(&line, key.minute, |sum| sum.counted += events);
        }
        for (key, events) in verdicts.late.iter() {
            let line = self.ledger.line_of(key);
            self.ledger
                .change(&line, key.minute, |sum| sum.late += events);
        }
        for (key, events) in verdicts.retracted.iter() {
            let line = self.ledger.line_of(key);
            self.ledger
                .change(&line, key.minute, |sum| sum.retracted += events);
        }
        for (key, events) in verdicts.duplicates.iter() {
            self.count_repeats(key, events);
        }
        for conflict in &verdicts.conflicts {
            self.set_aside(conflict, frames);
        }
    }

    /// An import is undone.
    pub fn undo(&mut self, import: ImportKey) {
        self.imports.undo(import);
    }

    /// Late events whose day was folded again: they wait no longer.
    pub fn settle_late(&mut self, folded: &KeyCounts) {
        for (key, events) in folded.iter() {
            let line = self.ledger.line_of(key);
            self.ledger.change(&line, key.minute, |sum| {
                sum.late = sum.late.saturating_sub(events);
                sum.counted += events;
            });
        }
    }

    fn count_repeats(&mut self, key: AuditKey, events: u64) {
        let line = self.ledger.line_of(key);
        self.ledger.change(&line, key.minute, |sum| {
            sum.duplicate += events;
            sum.accepted = sum.accepted.saturating_sub(events);
        });
        let import = self.ledger.import_of(key);
        self.imports.count_repeats(import, events);
        if !line.is_of_older_sources() {
            (self.quality).change(&line, key.minute, |sum| sum.duplicates += events);
        }
    }

    /// Moves an accepted event whose id was used before to quarantine; it is numbered behind what its frame rejected.
    fn set_aside(&mut self, conflict: &Conflict, frames: &[FrameSide]) {
        let line = self.ledger.line_of(conflict.key);
        self.ledger.change(&line, conflict.key.minute, |sum| {
            sum.accepted = sum.accepted.saturating_sub(1);
            sum.quarantined += 1;
        });
        let hour = (&line.store, conflict.key.minute.div_euclid(key::MINUTES));
        (self.ledger.receipts).add_reason(hour, Reason::IdConflict, 1);
        let import = self.ledger.import_of(conflict.key);
        self.imports.count_conflict(import);
        if !line.is_of_older_sources() {
            self.quality.change(&line, conflict.key.minute, |sum| {
                sum.add_step(Field::ID, Reason::IdConflict, 1);
            });
        }
        let frame = &frames[conflict.at.batch as usize];
        let index = frame.rejected.len() + conflict.at.row as usize;
        let rejected = Rejected {
            source: 0,
            position: conflict.position,
            received: conflict.received,
            rejection: Rejection::new(
                Reason::IdConflict,
                "the id was used before with another content; the first stays",
            ),
            bytes: conflict.shown.clone().into_bytes(),
        };
        let id = QuarantineId {
            frame: frame.number,
            index: u32::try_from(index).unwrap_or(u32::MAX),
        };
        self.rejections.add(id, &line, &rejected);
    }

    /// Rows that changed since this was last asked. Between rounds only: what is too much is folded first.
    pub fn take_changes(&mut self, version: i64) -> Vec<Change> {
        let mut changes = Vec::new();
        for line in self.ledger.trim(&mut changes) {
            self.quality.forget(&line, &mut changes);
        }
        self.quality.trim(&mut changes);
        self.rejections.take_changes(&mut changes);
        changes.extend(self.ledger.take_changes());
        changes.extend(self.imports.take_changes());
        self.quality.take_changes(&mut changes);
        changes
            .iter_mut()
            .for_each(|change| change.version = version);
        changes
    }

    /// What stores received and set aside, by hour of receipt, since this was last asked.
    pub fn take_receipts(
        &mut self,
    ) -> impl Iterator<Item = (Arc<str>, EventTime, Receipt)> + use<> {
        self.ledger.receipts.take()
    }

    /// All of it as bytes, for a checkpoint, taken between rounds. Ids of names are those given out until then.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut out = Encoder(out);
        out.u64(FORM);
        self.ledger.encode(&mut out);
        self.imports.encode(&mut out);
        self.rejections.encode(&mut out);
        self.quality.encode(&mut out);
    }

    /// The audit that was encoded. Its first rows are all there are, so that whoever joins then misses none.
    pub fn decode(bytes: &[u8]) -> Result<Audit, DecodeError> {
        let mut read = Decoder::new(bytes);
        if read.u64()? != FORM {
            return Err(DecodeError::Unknown);
        }
        let audit = Audit {
            ledger: Ledger::decode(&mut read)?,
            imports: Imports::decode(&mut read)?,
            rejections: Rejections::decode(&mut read)?,
            quality: Quality::decode(&mut read)?,
        };
        if read.is_empty() {
            Ok(audit)
        } else {
            Err(DecodeError::Unknown)
        }
    }
}

fn line_of(source: &FrameSource) -> LineKey {
    LineKey {
        source: Arc::from(source.tally.info.source.as_str()),
        store: Arc::from(source.tally.info.store.as_str()),
    }
}

/// Which of the frame's sources brought each group.
fn owners(arrivals: &Arrivals<'_>, events: &EventBatch, lines: &[LineKey]) -> Vec<Option<usize>> {
    let (sources, stores) = (
        events.label_values(Label::Source),
        events.label_values(Label::Store),
    );
    let owner: HashMap<(&str, &str), usize> = (lines.iter().enumerate().rev())
        .map(|(at, line)| ((&*line.source, &*line.store), at))
        .collect();
    let groups = arrivals.groups().iter();
    groups
        .map(|group| {
            let source = sources.get(usize::from(group.source))?;
            let store = stores.get(usize::from(group.store))?;
            owner.get(&(*source, *store)).copied()
        })
        .collect()
}

/// When each release's event came in first. A frame holds releases and their events in one order, or none.
fn release_minutes(frame: &FrameSide, events: &EventBatch) -> Vec<i32> {
    let minute = |at: usize| {
        let received = (at < events.len()).then(|| events.event(at).number(Number::TimeReceived));
        minute_of(event::EventTime(received.flatten().unwrap_or_default()))
    };
    (0..frame.notes.releases.len()).map(minute).collect()
}

#[cfg(test)]
mod recount_tests;
#[cfg(test)]
mod tests;
