//! Data quality as it grows: per source and store, minutes of receipt for two days, hours for a month, and the rhythm
//! of whoever sends by itself. What is conspicuous about it is judged where it is read, against a clock.

use super::key::MINUTES;
use super::ledger::{self, HOURS_KEPT, LineKey, line_key};
use super::rows::{self, count};
use analytics::quality::{QualityCounts, Rhythm, RhythmParts};
use changelog::{Change, Value};
use checkpoint::{DecodeError, Decoder, Encoder};
use event::time::MINUTE;
use event::{EventTime, FIELDS, Field};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Minutes kept one by one.
const MINUTES_KEPT: i32 = 48 * MINUTES;
/// Minutes of all sources together: seven sources that never pause fill it. Beyond it the oldest minutes of all become
/// hours, sooner than after two days. One takes about 600 bytes, so this is 12 MB, and as much in the live tables.
const MINUTES_MAX: usize = 20_000;
/// Hours of all sources together; beyond it the oldest of all are forgotten, sooner than after 31 days.
const HOURS_MAX: usize = 20_000;

/// One stretch of a source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    line: LineKey,
    is_hour: bool,
    /// The minute, or the hour, counted from 1970.
    at: i32,
}

#[derive(Debug, Default)]
struct LineQuality {
    /// Fields that any event of it ever had, a bit each.
    seen: u128,
    rhythm: Rhythm,
    minutes: BTreeMap<i32, QualityCounts>,
    hours: BTreeMap<i32, QualityCounts>,
}

/// All sources.
#[derive(Debug, Default)]
pub struct Quality {
    lines: BTreeMap<LineKey, LineQuality>,
    newest_minute: i32,
    /// Minutes before this stand in their hours.
    minutes_from: i32,
    /// Hours before this are forgotten.
    hours_from: i32,
    minutes: usize,
    hours: usize,
    changed: BTreeSet<Place>,
    changed_rhythms: BTreeSet<LineKey>,
}

impl Quality {
    /// Changes what stands at a minute of a line. What is older than everything that is kept is left out.
    pub fn change(&mut self, line: &LineKey, minute: i32, change: impl FnOnce(&mut QualityCounts)) {
        self.newest_minute = self.newest_minute.max(minute);
        let is_hour = minute < self.minutes_from;
        let at = if is_hour {
            minute.div_euclid(MINUTES)
        } else {
            minute
        };
        if is_hour && at < self.hours_from {
            return;
        }
        if !self.lines.contains_key(line) {
            self.lines.insert(line.clone(), LineQuality::default());
        }
        let known = self.lines.get_mut(line).expect("just looked after");
        let (stretches, number) = if is_hour {
            (&mut known.hours, &mut self.hours)
        } else {
            (&mut known.minutes, &mut self.minutes)
        };
        let kept = stretches.len();
        change(stretches.entry(at).or_default());
        *number += stretches.len() - kept;
        let line = line.clone();
        self.changed.insert(Place { line, is_hour, at });
    }

    /// Adds fields to those a line is known to fill, and says which those are.
    pub fn learn_fields(&mut self, line: &LineKey, filled: u128) -> u128 {
        let known = self.lines.entry(line.clone()).or_default();
        known.seen |= filled;
        known.seen
    }

    /// A source that sends by itself did so from `first` to `last`.
    pub fn learn_rhythm(&mut self, line: &LineKey, first: EventTime, last: EventTime) {
        let known = self.lines.entry(line.clone()).or_default();
        known.rhythm.observe(first, last);
        self.changed_rhythms.insert(line.clone());
    }

    /// Forgets a line.
    pub fn forget(&mut self, line: &LineKey, gone: &mut Vec<Change>) {
        let Some(known) = self.lines.remove(line) else {
            return;
        };
        self.minutes -= known.minutes.len();
        self.hours -= known.hours.len();
        let minutes = known.minutes.keys().map(|at| (false, *at));
        let hours = known.hours.keys().map(|at| (true, *at));
        for (is_hour, at) in minutes.chain(hours) {
            let line = line.clone();
            self.let_go(Place { line, is_hour, at }, gone);
        }
        self.changed_rhythms.remove(line);
        gone.push(rows::gone("rhythms", line_key(line)));
    }

    fn let_go(&mut self, place: Place, gone: &mut Vec<Change>) {
        self.changed.remove(&place);
        gone.push(rows::gone("quality", place_key(&place)));
    }

    /// Makes hours of old minutes and forgets old hours.
    pub fn trim(&mut self, gone: &mut Vec<Change>) {
        let from = self.newest_minute.saturating_sub(MINUTES_KEPT - 1);
        self.fold_minutes(from, gone);
        while self.minutes > MINUTES_MAX {
            let oldest = self
                .lines
                .values()
                .filter_map(|line| line.minutes.keys().next());
            let Some(oldest) = oldest
                .min()
                .copied()
                .filter(|oldest| *oldest < self.newest_minute)
            else {
                break;
            };
            self.fold_minutes(oldest + 1, gone);
        }
        let newest_hour = self.newest_minute.div_euclid(MINUTES);
        self.forget_hours(newest_hour.saturating_sub(HOURS_KEPT - 1), gone);
        while self.hours > HOURS_MAX {
            let oldest = self
                .lines
                .values()
                .filter_map(|line| line.hours.keys().next());
            let Some(oldest) = oldest.min().copied() else {
                break;
            };
            self.forget_hours(oldest + 1, gone);
        }
    }

    fn fold_minutes(&mut self, from: i32, gone: &mut Vec<Change>) {
        if from <= self.minutes_from {
            return;
        }
        self.minutes_from = from;
        let mut folded = Vec::new();
        for (key, line) in &mut self.lines {
            if line
                .minutes
                .keys()
                .next()
                .is_none_or(|oldest| *oldest >= from)
            {
                continue;
            }
            let kept = line.minutes.split_off(&from);
            for (minute, counts) in std::mem::replace(&mut line.minutes, kept) {
                self.minutes -= 1;
                let known = line.hours.len();
                let hour = minute.div_euclid(MINUTES);
                line.hours.entry(hour).or_default().absorb(&counts);
                self.hours += line.hours.len() - known;
                folded.push((key.clone(), minute, hour));
            }
        }
        for (line, minute, hour) in folded {
            let place = |is_hour, at| Place {
                line: line.clone(),
                is_hour,
                at,
            };
            self.let_go(place(false, minute), gone);
            self.changed.insert(place(true, hour));
        }
    }

    fn forget_hours(&mut self, from: i32, gone: &mut Vec<Change>) {
        if from <= self.hours_from {
            return;
        }
        self.hours_from = from;
        let mut forgotten = Vec::new();
        for (key, line) in &mut self.lines {
            let kept = line.hours.split_off(&from);
            let old = std::mem::replace(&mut line.hours, kept);
            self.hours -= old.len();
            forgotten.extend(old.into_keys().map(|hour| (key.clone(), hour)));
        }
        for (line, at) in forgotten {
            self.let_go(
                Place {
                    line,
                    is_hour: true,
                    at,
                },
                gone,
            );
        }
    }

    /// Rows that changed since this was last asked.
    pub fn take_changes(&mut self, changes: &mut Vec<Change>) {
        for place in std::mem::take(&mut self.changed) {
            let line = self.lines.get(&place.line);
            let stretches = line.map(|line| {
                if place.is_hour {
                    &line.hours
                } else {
                    &line.minutes
                }
            });
            let counts = stretches.and_then(|stretches| stretches.get(&place.at));
            changes.extend(counts.map(|counts| quality_row(&place, counts)));
        }
        for key in std::mem::take(&mut self.changed_rhythms) {
            let line = self.lines.get(&key);
            changes.extend(line.map(|line| rhythm_row(&key, &line.rhythm)));
        }
    }

    /// Everything, for a checkpoint.
    pub fn encode(&self, out: &mut Encoder<'_>) {
        out.i64(i64::from(self.newest_minute));
        out.i64(i64::from(self.minutes_from));
        out.i64(i64::from(self.hours_from));
        out.u64(self.lines.len() as u64);
        for (key, line) in &self.lines {
            ledger::encode_line_key(key, out);
            let seen = (0..FIELDS).filter(|at| line.seen >> at & 1 == 1);
            let names: Vec<&str> = seen.filter_map(Field::at).map(Field::name).collect();
            out.text(&names.join(" "));
            encode_rhythm(&line.rhythm, out);
            for stretches in [&line.minutes, &line.hours] {
                out.u64(stretches.len() as u64);
                for (at, counts) in stretches {
                    out.i64(i64::from(*at));
                    let numbers = [
                        counts.offered,
                        counts.refused,
                        counts.duplicates,
                        counts.lines,
                    ];
                    numbers.into_iter().for_each(|number| out.u64(number));
                    out.text(&counts.fields_text().to_string());
                }
            }
        }
    }

    /// What was encoded, with every row told as changed.
    pub fn decode(read: &mut Decoder<'_>) -> Result<Quality, DecodeError> {
        let mut quality = Quality {
            newest_minute: read.i32()?,
            minutes_from: read.i32()?,
            hours_from: read.i32()?,
            ..Quality::default()
        };
        for _ in 0..read.count()? {
            let key = ledger::decode_line_key(read)?;
            let mut line = LineQuality::default();
            for name in read.text()?.split_terminator(' ') {
                line.seen |= 1 << Field::parse(name).ok_or(DecodeError::Unknown)?.number();
            }
            line.rhythm = decode_rhythm(read)?;
            line.minutes = decode_stretches(read)?;
            line.hours = decode_stretches(read)?;
            quality.minutes += line.minutes.len();
            quality.hours += line.hours.len();
            let minutes = line.minutes.keys().map(|at| (false, *at));
            let hours = line.hours.keys().map(|at| (true, *at));
            quality
                .changed
                .extend(minutes.chain(hours).map(|(is_hour, at)| Place {
                    line: key.clone(),
                    is_hour,
                    at,
                }));
            if line.rhythm.habit().active_minutes > 0 {
                quality.changed_rhythms.insert(key.clone());
            }
            quality.lines.insert(key, line);
        }
        Ok(quality)
    }
}

fn decode_stretches(read: &mut Decoder<'_>) -> Result<BTreeMap<i32, QualityCounts>, DecodeError> {
    let mut stretches = BTreeMap::new();
    for _ in 0..read.count()? {
        let at = read.i32()?;
        let mut counts = QualityCounts::default();
        counts.offered = read.u64()?;
        counts.refused = read.u64()?;
        counts.duplicates = read.u64()?;
        counts.lines = read.u64()?;
        counts
            .read_fields(read.text()?)
            .map_err(|_| DecodeError::Unknown)?;
        stretches.insert(at, counts);
    }
    Ok(stretches)
}

fn encode_rhythm(rhythm: &Rhythm, out: &mut Encoder<'_>) {
    let parts = rhythm.to_parts();
    out.i64(parts.first.0);
    out.i64(parts.last.0);
    out.u64(u64::from(parts.active_minutes));
    out.u64(parts.pauses.len() as u64);
    for pause in parts.pauses {
        out.u64(u64::from(pause));
    }
}

fn decode_rhythm(read: &mut Decoder<'_>) -> Result<Rhythm, DecodeError> {
    let mut parts = RhythmParts {
        first: EventTime(read.i64()?),
        last: EventTime(read.i64()?),
        active_minutes: read.u32()?,
        pauses: Vec::new(),
    };
    for _ in 0..read.count()? {
        parts.pauses.push(read.u32()?);
    }
    Ok(Rhythm::from_parts(parts))
}

fn place_key(place: &Place) -> Box<[Value]> {
    let (grain, width) = if place.is_hour {
        ("1h", i64::from(MINUTES) * MINUTE)
    } else {
        ("1m", MINUTE)
    };
    Box::from([
        Value::Text(Arc::clone(&place.line.source)),
        Value::Text(Arc::clone(&place.line.store)),
        Value::Text(Arc::from(grain)),
        Value::Time(i64::from(place.at) * width),
    ])
}

fn quality_row(place: &Place, counts: &QualityCounts) -> Change {
    let numbers = [
        counts.offered,
        counts.refused,
        counts.duplicates,
        counts.lines,
    ];
    let fields = Value::Text(Arc::from(counts.fields_text().to_string()));
    let values = numbers.into_iter().map(count).chain([fields]);
    rows::row("quality", place_key(place), values.collect())
}

fn rhythm_row(line: &LineKey, rhythm: &Rhythm) -> Change {
    let habit = rhythm.habit();
    let values = vec![
        Value::Time(habit.last.0),
        count(u64::from(habit.active_minutes)),
        count(u64::from(habit.usual_pause_ms)),
    ];
    rows::row("rhythms", line_key(line), values)
}

#[cfg(test)]
#[path = "quality_tests.rs"]
mod tests;
