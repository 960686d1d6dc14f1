//! The way of the events under watch: how much of what came in was set aside, by store and hour of receipt, and how long
//! answers lay behind events. Both follow from the log alone; what a reader's own delay is, operations tell.

use super::{Known, Watch, bring};
use crate::audit::Receipt;
use crate::rest::RestError;
use crate::rest::alerts::keys;
use analytics::alert::{
    Condition, Figure, Finding, LagSight, Level, Rule, Scope, SetAside, ShareOf, StoreDesk,
    Subject, SubjectKind, Verdicts, judge_lag, judge_quarantine,
};
use analytics::cell::NameId;
use checkpoint::{DecodeError, Decoder, Encoder};
use event::time::HOUR;
use event::{EventTime, Reason};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Hours of receipt that are judged again when they change; alerts of older ones stay as they were told.
const HOURS_KEPT: i64 = 48;
/// Stores whose hours are kept, 100 bytes each; those beyond it are not judged.
const STORES_MAX: usize = 10_000;
/// Stretches of lag that are kept of a store and rule.
const LAGS_MAX: usize = 64;

/// What is known of all stores.
#[derive(Debug, Default)]
pub struct Pipeline {
    hours: BTreeMap<NameId, Hours>,
    lags: BTreeMap<(NameId, Arc<str>), Vec<LagSight>>,
}

/// A store's newest hours of receipt.
#[derive(Debug, Default)]
struct Hours {
    kept: BTreeMap<EventTime, Receipt>,
    /// By rule, what began before them and had not ended.
    begun: BTreeMap<Arc<str>, SetAside>,
}

impl Watch {
    /// Takes in what stores received and set aside.
    pub(super) fn observe_receipts(
        &mut self,
        receipts: &[(NameId, EventTime, Receipt)],
        known: Known<'_>,
        out: &mut Verdicts,
    ) -> Result<(), RestError> {
        let mut touched = BTreeSet::new();
        for (store, hour, moved) in receipts {
            if self.pipeline.has_room_for(*store) {
                let hours = self.pipeline.hours.entry(*store).or_default();
                hours.add(*hour, moved);
                touched.insert(*store);
            }
        }
        for store in touched {
            let Some(desk) = self.desk(store, known).cloned() else {
                continue;
            };
            let subject = Subject::of(store, SubjectKind::Store, &desk.name);
            let is_meant = |rule: &&Rule| matches!(rule.condition, Condition::QuarantineShare(_));
            for rule in desk.rules.iter().filter(is_meant) {
                if let Some(hours) = self.pipeline.hours.get(&store) {
                    let found = hours.judge((&desk, rule), &subject);
                    self.tell(rule, &subject, found, out)?;
                }
            }
            if let Some(hours) = self.pipeline.hours.get_mut(&store) {
                hours.let_go(&desk, &subject);
            }
        }
        Ok(())
    }

    /// Takes in minutes in which stores lay behind their events.
    pub(super) fn observe_lags(
        &mut self,
        lags: &[(NameId, LagSight)],
        known: Known<'_>,
        out: &mut Verdicts,
    ) -> Result<(), RestError> {
        for (store, sight) in lags {
            let Some(desk) = self.desk(*store, known).cloned() else {
                continue;
            };
            let subject = Subject::of(*store, SubjectKind::Store, &desk.name);
            for rule in desk.rules.iter() {
                let Condition::Lag(lag) = &rule.condition else {
                    continue;
                };
                let key = (*store, Arc::clone(&rule.name));
                let sights = self.pipeline.lags.entry(key).or_default();
                add_lag(sights, *sight, |sight| lag.level(sight.lag_micros));
                let from = sights.first().map_or(sight.from, |first| first.from);
                let found = judge_lag(&desk, rule, &subject, sights);
                self.tell(rule, &subject, (from, found), out)?;
            }
        }
        Ok(())
    }

    /// What a rule finds of a subject from a time on replaces what it found before.
    pub(super) fn tell(
        &mut self,
        rule: &Rule,
        subject: &Subject,
        found: (EventTime, Vec<Finding>),
        out: &mut Verdicts,
    ) -> Result<(), RestError> {
        let scope = Scope {
            rule: Arc::clone(&rule.name),
            subject: subject.clone(),
        };
        let spans = &mut self.spans;
        bring(&mut spans.kept, scope.clone(), &self.at_rest, keys::span)?;
        spans.tell(&scope, found, out);
        Ok(())
    }
}

impl Hours {
    fn add(&mut self, hour: EventTime, moved: &Receipt) {
        let newest = self
            .kept
            .last_key_value()
            .map_or(hour, |(newest, _)| *newest);
        if hour < first_kept(newest) {
            return;
        }
        let known = self.kept.entry(hour).or_default();
        known.received = known.received.saturating_add(moved.received);
        known.set_aside = known.set_aside.saturating_add(moved.set_aside);
        for (reason, events) in &moved.reasons {
            *known.reasons.entry(*reason).or_default() += events;
        }
    }

    /// What a rule finds in all that is known, and from when on that is.
    fn judge(
        &self,
        (desk, rule): (&StoreDesk, &Rule),
        subject: &Subject,
    ) -> (EventTime, Vec<Finding>) {
        let begun = self.begun.get(&rule.name).cloned();
        let bad = self.kept.iter().filter(|(_, hour)| hour.set_aside > 0);
        let bad = bad.map(|(from, hour)| set_aside(*from, hour));
        let first = self.kept.first_key_value();
        let first = first.map_or(EventTime(i64::MIN), |(first, _)| *first);
        let from = begun.as_ref().map_or(first, |begun| begun.share.from);
        let stretches: Vec<SetAside> = begun.into_iter().chain(bad).collect();
        (from, judge_quarantine(desk, rule, subject, &stretches))
    }

    /// Lets go of old hours. Of what goes on beyond them its beginning and its worst stay known.
    fn let_go(&mut self, desk: &StoreDesk, subject: &Subject) {
        let newest = self.kept.last_key_value().map(|(newest, _)| *newest);
        let from = first_kept(newest.unwrap_or_default());
        if self
            .kept
            .first_key_value()
            .is_none_or(|(first, _)| *first >= from)
        {
            return;
        }
        let begun = desk.rules.iter().filter_map(|rule| {
            let (_, found) = self.judge((desk, rule), subject);
            let goes_on = |found: &&Finding| found.at < from && found.until >= Some(from);
            let begun = found.iter().find(goes_on)?;
            Some((Arc::clone(&rule.name), begun_by(begun, from)))
        });
        self.begun = begun.collect();
        self.kept = self.kept.split_off(&from);
    }
}

impl Pipeline {
    fn has_room_for(&self, store: NameId) -> bool {
        self.hours.len() < STORES_MAX || self.hours.contains_key(&store)
    }

    /// All of it, for a checkpoint.
    pub fn write(&self, out: &mut Encoder<'_>) {
        out.u64(self.hours.len() as u64);
        for (store, hours) in &self.hours {
            out.u64(u64::from(store.0));
            out.u64(hours.kept.len() as u64);
            for (hour, receipt) in &hours.kept {
                out.i64(hour.0);
                write_receipt(receipt, out);
            }
            out.u64(hours.begun.len() as u64);
            for (rule, begun) in &hours.begun {
                out.text(rule);
                write_set_aside(begun, out);
            }
        }
        out.u64(self.lags.len() as u64);
        for ((store, rule), sights) in &self.lags {
            out.u64(u64::from(store.0));
            out.text(rule);
            out.u64(sights.len() as u64);
            for sight in sights {
                out.i64(sight.from.0);
                write_time(sight.until, out);
                out.i64(sight.lag_micros);
            }
        }
    }

    /// What was written.
    pub fn read(read: &mut Decoder<'_>) -> Result<Pipeline, DecodeError> {
        let mut pipeline = Pipeline::default();
        for _ in 0..read.count()? {
            let store = NameId(read.u32()?);
            let mut hours = Hours::default();
            for _ in 0..read.count()? {
                let hour = EventTime(read.i64()?);
                hours.kept.insert(hour, read_receipt(read)?);
            }
            for _ in 0..read.count()? {
                let rule = Arc::from(read.text()?);
                hours.begun.insert(rule, read_set_aside(read)?);
            }
            pipeline.hours.insert(store, hours);
        }
        for _ in 0..read.count()? {
            let key = (NameId(read.u32()?), Arc::from(read.text()?));
            let sights = (0..read.count()?).map(|_| {
                Ok(LagSight {
                    from: EventTime(read.i64()?),
                    until: read_time(read)?,
                    lag_micros: read.i64()?,
                })
            });
            let sights = sights.collect::<Result<_, DecodeError>>()?;
            pipeline.lags.insert(key, sights);
        }
        Ok(pipeline)
    }
}

fn first_kept(newest: EventTime) -> EventTime {
    EventTime(newest.0.saturating_sub((HOURS_KEPT - 1) * HOUR))
}

fn count(events: i64) -> u64 {
    u64::try_from(events).unwrap_or(0)
}

fn set_aside(from: EventTime, hour: &Receipt) -> SetAside {
    let reasons = hour.reasons.iter().filter(|(_, events)| **events > 0);
    // Of equal ones the first by name.
    let most = reasons.max_by(|(one, ones), (other, others)| {
        let by_name = || other.code().cmp(one.code());
        ones.cmp(others).then_with(by_name)
    });
    SetAside {
        share: ShareOf {
            from,
            until: Some(EventTime(from.0.saturating_add(HOUR))),
            part: count(hour.set_aside),
            whole: count(hour.received),
        },
        reason: most.map(|(reason, events)| (Arc::from(reason.code()), count(*events))),
    }
}

/// The stretch until an instant of what began before it, as bad as its worst hour.
fn begun_by(finding: &Finding, until: EventTime) -> SetAside {
    let number = |figure| count(finding.evidence.number(figure).unwrap_or(0));
    let reason = finding.with.as_ref();
    SetAside {
        share: ShareOf {
            from: finding.at,
            until: Some(until),
            part: number(Figure::Part),
            whole: number(Figure::Whole),
        },
        reason: reason.map(|with| (Arc::clone(&with.key), number(Figure::TopReason))),
    }
}

/// Puts a stretch behind those before. What goes on as it was is one stretch; of too many the oldest two become one where
/// they hang together, for together they are one alert, and else the oldest goes.
fn add_lag(sights: &mut Vec<LagSight>, sight: LagSight, level: impl Fn(&LagSight) -> Level) {
    if level(&sight) == Level::Calm {
        return;
    }
    match sights.last_mut() {
        Some(last) if last.until == Some(sight.from) && level(last) == level(&sight) => {
            last.until = sight.until;
            last.lag_micros = last.lag_micros.max(sight.lag_micros);
        }
        _ => sights.push(sight),
    }
    if sights.len() > LAGS_MAX {
        let first = sights.remove(0);
        if let Some(next) = sights.first_mut()
            && level(&first) == Level::Breach
            && first.until == Some(next.from)
        {
            next.from = first.from;
            next.lag_micros = next.lag_micros.max(first.lag_micros);
        }
    }
}

fn write_receipt(receipt: &Receipt, out: &mut Encoder<'_>) {
    out.i64(receipt.received);
    out.i64(receipt.set_aside);
    out.u64(receipt.reasons.len() as u64);
    for (reason, events) in &receipt.reasons {
        out.text(reason.code());
        out.i64(*events);
    }
}

fn read_receipt(read: &mut Decoder<'_>) -> Result<Receipt, DecodeError> {
    let mut receipt = Receipt {
        received: read.i64()?,
        set_aside: read.i64()?,
        ..Receipt::default()
    };
    for _ in 0..read.count()? {
        let reason = Reason::parse(read.text()?).ok_or(DecodeError::Unknown)?;
        receipt.reasons.insert(reason, read.i64()?);
    }
    Ok(receipt)
}

fn write_set_aside(set_aside: &SetAside, out: &mut Encoder<'_>) {
    let ShareOf {
        from,
        until,
        part,
        whole,
    } = set_aside.share;
    out.i64(from.0);
    write_time(until, out);
    out.u64(part);
    out.u64(whole);
    out.bool(set_aside.reason.is_some());
    if let Some((reason, events)) = &set_aside.reason {
        out.text(reason);
        out.u64(*events);
    }
}

fn read_set_aside(read: &mut Decoder<'_>) -> Result<SetAside, DecodeError> {
    let share = ShareOf {
        from: EventTime(read.i64()?),
        until: read_time(read)?,
        part: read.u64()?,
        whole: read.u64()?,
    };
    let reason = read
        .bool()?
        .then(|| Ok((Arc::from(read.text()?), read.u64()?)));
    let reason = reason.transpose()?;
    Ok(SetAside { share, reason })
}

fn write_time(time: Option<EventTime>, out: &mut Encoder<'_>) {
    out.bool(time.is_some());
    out.i64(time.unwrap_or_default().0);
}

fn read_time(read: &mut Decoder<'_>) -> Result<Option<EventTime>, DecodeError> {
    let is_there = read.bool()?;
    let time = EventTime(read.i64()?);
    Ok(is_there.then_some(time))
}

#[cfg(test)]
#[path = "pipeline_tests.rs"]
mod tests;
