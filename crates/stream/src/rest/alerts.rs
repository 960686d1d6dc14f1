//! Alerts at rest, and the histories that things are measured by: trails of customers and products, days of categories,
//! what was told, and the book. One table holds them all; a key begins with what it is of.

use super::RestError;
use super::sessions::{read_rank, write_rank};
use analytics::Quantiles;
use analytics::alert::{
    Act, ActKind, AlertId, AtRisk, BreakKey, BreakState, DailyKey, DailyState, DaySums, Drawer,
    DrawerKey, Entry, Evidence, Figure, Finding, Handling, Known, Occasion, Point, RateKey, Scope,
    SeriesState, Severity, SpanState, Subject, SubjectKind, Trail, TrailKey,
};
use analytics::cell::NameId;
use checkpoint::{DecodeError, Decoder, Encoder};
use event::{EventId, EventTime, Money};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Keys of a trail, of days, of a span and of a drawer.
pub mod keys {
    use super::{DailyKey, DrawerKey, Encoder, NameId, Scope, Subject, TrailKey};

    fn of(tag: u8, write: impl FnOnce(&mut Encoder<'_>)) -> Vec<u8> {
        let mut bytes = vec![tag];
        write(&mut Encoder(&mut bytes));
        bytes
    }

    fn subject_in(subject: &Subject, currency: NameId, out: &mut Encoder<'_>) {
        super::write_subject(subject, out);
        super::write_name(currency, out);
    }

    /// Of a trail.
    pub fn trail(key: &TrailKey) -> Vec<u8> {
        of(0, |out| subject_in(&key.subject, key.currency, out))
    }

    /// Of a category's days.
    pub fn days(key: &DailyKey) -> Vec<u8> {
        of(1, |out| subject_in(&key.subject, key.currency, out))
    }

    /// Of what was told of a rule and a subject.
    pub fn span(key: &Scope) -> Vec<u8> {
        of(2, |out| {
            super::write_subject(&key.subject, out);
            out.text(&key.rule);
        })
    }

    /// Of a rule's hour.
    pub fn drawer(key: &DrawerKey) -> Vec<u8> {
        of(3, |out| {
            super::write_name(key.store, out);
            out.text(&key.rule);
            out.i64(key.hour.0);
        })
    }
}

/// Something of the table that is written and read back.
pub trait Rests: Sized {
    /// What it is, for an error.
    const WHAT: &str;

    /// Appends it.
    fn write(&self, out: &mut Encoder<'_>);

    /// Reads what was appended.
    fn read(read: &mut Decoder<'_>) -> Result<Self, DecodeError>;
}

/// Writes a state for the table.
pub fn write<S: Rests>(state: &S, bytes: &mut Vec<u8>) {
    state.write(&mut Encoder(bytes));
}

/// Reads a state of the table.
pub fn read<S: Rests>(bytes: &[u8]) -> Result<S, RestError> {
    S::read(&mut Decoder::new(bytes)).map_err(RestError::of(S::WHAT))
}

impl<T: Rests> Rests for Vec<T> {
    const WHAT: &str = T::WHAT;

    fn write(&self, out: &mut Encoder<'_>) {
        out.u64(self.len() as u64);
        self.iter().for_each(|one| one.write(out));
    }

    fn read(read: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        (0..read.count()?).map(|_| T::read(read)).collect()
    }
}

impl<T: Rests> Rests for Option<T> {
    const WHAT: &str = T::WHAT;

    fn write(&self, out: &mut Encoder<'_>) {
        out.bool(self.is_some());
        self.iter().for_each(|one| one.write(out));
    }

    fn read(read: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        read.bool()?.then(|| T::read(read)).transpose()
    }
}

impl Rests for EventTime {
    const WHAT: &str = "a time";

    fn write(&self, out: &mut Encoder<'_>) {
        out.i64(self.0);
    }

    fn read(read: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(EventTime(read.i64()?))
    }
}

impl Rests for Trail {
    const WHAT: &str = "a trail";

    fn write(&self, out: &mut Encoder<'_>) {
        self.points.write(out);
        self.floor.write(out);
        self.told.write(out);
    }

    fn read(read: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Trail {
            points: Vec::read(read)?,
            floor: Option::read(read)?,
            told: Vec::read(read)?,
        })
    }
}

impl Rests for DailyState {
    const WHAT: &str = "days of a category";

    fn write(&self, out: &mut Encoder<'_>) {
        out.u64(self.days.len() as u64);
        for (day, sums) in &self.days {
            out.i64(day.0);
            out.bytes(&sums.values.to_bytes());
            sums.largest.write(out);
        }
        self.floor.write(out);
        self.told.write(out);
    }

    fn read(read: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut state = DailyState::default();
        for _ in 0..read.count()? {
            let day = EventTime(read.i64()?);
            let values = Quantiles::from_bytes(read.bytes()?);
            let values = values.map_err(|_| DecodeError::Unknown)?;
            let largest = Vec::read(read)?;
            state.days.insert(day, DaySums { values, largest });
        }
        state.floor = Option::read(read)?;
        state.told = Vec::read(read)?;
        Ok(state)
    }
}

impl Rests for SpanState {
    const WHAT: &str = "what was told of a subject";

    fn write(&self, out: &mut Encoder<'_>) {
        self.told.write(out);
    }

    fn read(read: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let told = Vec::read(read)?;
        Ok(SpanState { told })
    }
}

/// Writes what is known of a rate.
pub fn write_rate(key: &RateKey, state: &SeriesState, out: &mut Encoder<'_>) {
    write_name(key.store, out);
    out.text(&key.rule);
    write_name(key.currency, out);
    out.u64(state.steps.len() as u64);
    let mut before = 0;
    for (step, sum) in &state.steps {
        out.i64(step - before);
        out.i128(*sum);
        before = *step;
    }
    out.bool(state.first.is_some());
    out.i64(state.first.unwrap_or_default());
    state.told.write(out);
}

/// Reads so many of [`write_rate`] as there are, behind their number.
pub fn read_rates(read: &mut Decoder<'_>) -> Result<Vec<(RateKey, SeriesState)>, DecodeError> {
    (0..read.count()?).map(|_| read_rate(read)).collect()
}

fn read_rate(read: &mut Decoder<'_>) -> Result<(RateKey, SeriesState), DecodeError> {
    let key = RateKey {
        store: NameId(read.u32()?),
        rule: read.text()?.into(),
        currency: NameId(read.u32()?),
    };
    let mut step = 0_i64;
    let steps = (0..read.count()?).map(|_| {
        step = step.wrapping_add(read.i64()?);
        Ok((step, read.i128()?))
    });
    let steps = steps.collect::<Result<_, DecodeError>>()?;
    let (is_known, first) = (read.bool()?, read.i64()?);
    let first = is_known.then_some(first);
    Ok((key, SeriesState::new(steps, first, Vec::read(read)?)))
}

/// Writes what is known of a funnel.
pub fn write_break(key: &BreakKey, state: &BreakState, out: &mut Encoder<'_>) {
    write_name(key.store, out);
    out.text(&key.rule);
    out.u64(state.hours.len() as u64);
    for (hour, units) in &state.hours {
        out.i64(*hour);
        out.u64(units.len() as u64);
        units.iter().for_each(|units| out.i64(*units));
    }
    out.u64(state.told.len() as u64);
    for (step, told) in &state.told {
        out.u8(*step);
        told.write(out);
    }
}

/// Reads so many of [`write_break`] as there are, behind their number.
pub fn read_breaks(read: &mut Decoder<'_>) -> Result<Vec<(BreakKey, BreakState)>, DecodeError> {
    (0..read.count()?).map(|_| read_break(read)).collect()
}

fn read_break(read: &mut Decoder<'_>) -> Result<(BreakKey, BreakState), DecodeError> {
    let key = BreakKey {
        store: NameId(read.u32()?),
        rule: read.text()?.into(),
    };
    let mut hours = BTreeMap::new();
    for _ in 0..read.count()? {
        let hour = read.i64()?;
        let units = (0..read.count()?).map(|_| read.i64());
        hours.insert(hour, units.collect::<Result<_, DecodeError>>()?);
    }
    let mut told = BTreeMap::new();
    for _ in 0..read.count()? {
        told.insert(read.u8()?, Vec::read(read)?);
    }
    Ok((key, BreakState::new(hours, told)))
}

impl Rests for Drawer {
    const WHAT: &str = "a drawer of alerts";

    fn write(&self, out: &mut Encoder<'_>) {
        self.entries.write(out);
        out.u64(self.beyond);
        out.u64(self.untold.len() as u64);
        for (subject, count) in &self.untold {
            write_subject(subject, out);
            out.u64(*count);
        }
        out.u64(self.waiting.len() as u64);
        for (id, handling) in &self.waiting {
            out.u128(id.0);
            handling.write(out);
        }
    }

    fn read(read: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let (entries, beyond) = (Vec::read(read)?, read.u64()?);
        let untold = (0..read.count()?).map(|_| Ok((read_subject(read)?, read.u64()?)));
        let untold = untold.collect::<Result<_, DecodeError>>()?;
        let waiting =
            (0..read.count()?).map(|_| Ok((AlertId(read.u128()?), Handling::read(read)?)));
        Ok(Drawer {
            entries,
            beyond,
            untold,
            waiting: waiting.collect::<Result<_, DecodeError>>()?,
        })
    }
}

impl Rests for Entry {
    const WHAT: &str = "an alert";

    fn write(&self, out: &mut Encoder<'_>) {
        self.finding.write(out);
        self.handling.write(out);
        out.bool(self.is_retracted);
    }

    fn read(read: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Entry {
            finding: Finding::read(read)?,
            handling: Handling::read(read)?,
            is_retracted: read.bool()?,
        })
    }
}

impl Rests for Handling {
    const WHAT: &str = "what people did about an alert";

    fn write(&self, out: &mut Encoder<'_>) {
        self.acknowledged.write(out);
        self.resolved.write(out);
    }

    fn read(read: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Handling {
            acknowledged: Option::read(read)?,
            resolved: Option::read(read)?,
        })
    }
}

impl Rests for Act {
    const WHAT: &str = "what a person did about an alert";

    fn write(&self, out: &mut Encoder<'_>) {
        out.i64(self.at.0);
        out.text(&self.by);
        out.bool(self.kind == ActKind::Resolve);
    }

    fn read(read: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Act {
            at: EventTime(read.i64()?),
            by: read.text()?.into(),
            kind: match read.bool()? {
                true => ActKind::Resolve,
                false => ActKind::Acknowledge,
            },
        })
    }
}

impl Rests for Finding {
    const WHAT: &str = "a finding";

    fn write(&self, out: &mut Encoder<'_>) {
        out.u128(self.id.0);
        out.text(&self.rule);
        out.u8(self.severity as u8);
        write_subject(&self.subject, out);
        out.bool(self.with.is_some());
        self.with.iter().for_each(|with| write_subject(with, out));
        match self.occasion {
            Occasion::Once => out.u8(0),
            Occasion::Event(id) => {
                out.u8(1);
                out.u128(id.0);
            }
            Occasion::Window(start) => {
                out.u8(2);
                out.i64(start.0);
            }
        }
        out.i64(self.at.0);
        self.until.write(out);
        self.forgotten_at.write(out);
        write_evidence(&self.evidence, out);
        self.at_risk.write(out);
    }

    fn read(read: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Finding {
            id: AlertId(read.u128()?),
            rule: read.text()?.into(),
            severity: numbered(&Severity::ALL, read)?,
            subject: read_subject(read)?,
            with: read.bool()?.then(|| read_subject(read)).transpose()?,
            occasion: match read.u8()? {
                0 => Occasion::Once,
                1 => Occasion::Event(EventId(read.u128()?)),
                2 => Occasion::Window(EventTime(read.i64()?)),
                _ => return Err(DecodeError::Unknown),
            },
            at: EventTime(read.i64()?),
            until: Option::read(read)?,
            forgotten_at: Option::read(read)?,
            evidence: read_evidence(read)?,
            at_risk: Option::read(read)?,
        })
    }
}

impl Rests for Known {
    const WHAT: &str = "what is known of an alert";

    fn write(&self, out: &mut Encoder<'_>) {
        out.u128(self.id.0);
        write_name(self.store, out);
        out.text(&self.rule);
        out.i64(self.at.0);
    }

    fn read(read: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Known {
            id: AlertId(read.u128()?),
            store: NameId(read.u32()?),
            rule: read.text()?.into(),
            at: EventTime(read.i64()?),
        })
    }
}

impl Rests for Point {
    const WHAT: &str = "an order of a trail";

    fn write(&self, out: &mut Encoder<'_>) {
        write_rank(&self.rank, &mut 0, out);
        out.text(&self.order);
        out.i64(self.value);
        self.worth.write(out);
    }

    fn read(read: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Point {
            rank: read_rank(&mut 0, read)?,
            order: read.text()?.into(),
            value: read.i64()?,
            worth: Option::read(read)?,
        })
    }
}

impl Rests for AtRisk {
    const WHAT: &str = "money at risk";

    fn write(&self, out: &mut Encoder<'_>) {
        out.i64(self.amount.0);
        write_name(self.currency, out);
    }

    fn read(read: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(AtRisk {
            amount: Money(read.i64()?),
            currency: NameId(read.u32()?),
        })
    }
}

fn write_evidence(evidence: &Evidence, out: &mut Encoder<'_>) {
    out.u64(evidence.numbers.len() as u64);
    for (figure, number) in &evidence.numbers {
        out.u8(*figure as u8);
        out.i64(*number);
    }
    out.u64(evidence.events.len() as u64);
    evidence.events.iter().for_each(|event| out.u128(event.0));
}

fn read_evidence(read: &mut Decoder<'_>) -> Result<Evidence, DecodeError> {
    let numbers = (0..read.count()?).map(|_| Ok((numbered(Figure::ALL, read)?, read.i64()?)));
    let numbers = numbers.collect::<Result<_, DecodeError>>()?;
    let events = (0..read.count()?).map(|_| Ok(EventId(read.u128()?)));
    let events = events.collect::<Result<_, DecodeError>>()?;
    Ok(Evidence { numbers, events })
}

fn numbered<T: Copy>(all: &[T], read: &mut Decoder<'_>) -> Result<T, DecodeError> {
    let one = all.get(usize::from(read.u8()?));
    one.copied().ok_or(DecodeError::Unknown)
}

fn write_name(name: NameId, out: &mut Encoder<'_>) {
    out.u64(u64::from(name.0));
}

fn write_subject(subject: &Subject, out: &mut Encoder<'_>) {
    write_name(subject.store, out);
    out.u8(subject.kind as u8);
    out.text(&subject.key);
}

fn read_subject(read: &mut Decoder<'_>) -> Result<Subject, DecodeError> {
    let store = NameId(read.u32()?);
    let number = read.u8()?;
    let kind = SubjectKind::ALL
        .into_iter()
        .find(|kind| *kind as u8 == number);
    Ok(Subject {
        store,
        kind: kind.ok_or(DecodeError::Unknown)?,
        key: Arc::from(read.text()?),
    })
}
