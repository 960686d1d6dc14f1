//! Data quality: what a stretch of time brought in, field by field, and what is conspicuous about it.
//! Counts, rhythms and thresholds are plain values; nothing here reads a column, a clock or a setting.

mod findings;
mod rhythm;

pub use findings::{Finding, FindingKind, Share, Stretch, Thresholds, Watch, judge, silence};
pub use rhythm::{Habit, Rhythm, RhythmParts};

use event::{Field, Reason};
use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

/// What was offered in a stretch of time, and what its fields lacked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QualityCounts {
    /// Events that came in, whatever became of them.
    pub offered: u64,
    /// Of these, set aside at the door: they have no columns.
    pub refused: u64,
    /// Of these, repeats.
    pub duplicates: u64,
    /// Line items of those that were not refused.
    pub lines: u64,
    /// In schema order. Two short lists, not a map: thousands of stretches are kept, each with some thirty fields.
    nulls: Vec<(Field, u64)>,
    steps: Vec<StepCount>,
}

/// Events that a step set aside because of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepCount {
    /// Because of what.
    pub field: Field,
    /// The step.
    pub step: Reason,
    /// How many.
    pub events: u64,
}

/// What one field came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldCounts<'a> {
    /// Which.
    pub field: Field,
    /// Events, or lines, that lack it; nothing is known where the source never filled it.
    pub nulls: Option<u64>,
    /// Events set aside because of it, by the step that did so.
    pub steps: &'a [StepCount],
}

impl FieldCounts<'_> {
    /// Events set aside because of this field.
    #[must_use]
    pub fn invalid(&self) -> u64 {
        self.steps.iter().map(|step| step.events).sum()
    }

    /// The step that set most of them aside.
    #[must_use]
    pub fn main_step(&self) -> Option<Reason> {
        let by_events = |step: &&StepCount| (step.events, Reverse(step.step));
        self.steps
            .iter()
            .max_by_key(by_events)
            .map(|step| step.step)
    }
}

impl QualityCounts {
    /// Events, or for a field of line items lines, that could have filled it.
    #[must_use]
    pub fn rows(&self, field: Field) -> u64 {
        if field.is_of_items() {
            self.lines
        } else {
            self.offered.saturating_sub(self.refused)
        }
    }

    /// What is known of each field, in schema order.
    pub fn fields(&self) -> impl Iterator<Item = FieldCounts<'_>> {
        let (mut nulls, mut steps) = (self.nulls.as_slice(), self.steps.as_slice());
        std::iter::from_fn(move || {
            let next = [
                nulls.first().map(|(field, _)| *field),
                steps.first().map(|step| step.field),
            ];
            let field = next.into_iter().flatten().min()?;
            let of_field = steps.partition_point(|step| step.field == field);
            let (own, rest) = steps.split_at(of_field);
            steps = rest;
            let known = nulls
                .first()
                .filter(|(of, _)| *of == field)
                .map(|(_, nulls)| *nulls);
            nulls = &nulls[usize::from(known.is_some())..];
            Some(FieldCounts {
                field,
                nulls: known,
                steps: own,
            })
        })
    }

    /// What is known of one field.
    #[must_use]
    pub fn field(&self, field: Field) -> FieldCounts<'_> {
        let known = self.nulls.binary_search_by_key(&field, |(of, _)| *of);
        let from = self.steps.partition_point(|step| step.field < field);
        let until = self.steps.partition_point(|step| step.field <= field);
        FieldCounts {
            field,
            nulls: known.ok().map(|at| self.nulls[at].1),
            steps: &self.steps[from..until],
        }
    }

    /// Counts events or lines that lack a field.
    pub fn add_nulls(&mut self, field: Field, nulls: u64) {
        match self.nulls.binary_search_by_key(&field, |(of, _)| *of) {
            Ok(at) => self.nulls[at].1 += nulls,
            Err(at) => self.nulls.insert(at, (field, nulls)),
        }
    }

    /// Counts events that a step set aside because of a field.
    pub fn add_step(&mut self, field: Field, step: Reason, events: u64) {
        let place = |known: &StepCount| (known.field, known.step).cmp(&(field, step));
        match self.steps.binary_search_by(place) {
            Ok(at) => self.steps[at].events += events,
            Err(at) => self.steps.insert(
                at,
                StepCount {
                    field,
                    step,
                    events,
                },
            ),
        }
    }

    /// Adds another stretch.
    pub fn absorb(&mut self, other: &QualityCounts) {
        self.offered += other.offered;
        self.refused += other.refused;
        self.duplicates += other.duplicates;
        self.lines += other.lines;
        for (field, nulls) in &other.nulls {
            self.add_nulls(*field, *nulls);
        }
        for step in &other.steps {
            self.add_step(step.field, step.step, step.events);
        }
    }

    /// What the fields came to as one text, the form in which results and checkpoints carry it.
    #[must_use]
    pub fn fields_text(&self) -> FieldsText<'_> {
        FieldsText(self)
    }

    /// Adds what [`QualityCounts::fields_text`] wrote.
    pub fn read_fields(&mut self, text: &str) -> Result<(), FieldsTextError> {
        for part in text.split(' ').filter(|part| !part.is_empty()) {
            let (field, rest) = part.split_once('=').ok_or(FieldsTextError)?;
            let field = Field::parse(field).ok_or(FieldsTextError)?;
            let mut parts = rest.split('+');
            match parts.next() {
                None | Some("-") => {}
                Some(nulls) => self.add_nulls(field, number(nulls)?),
            }
            for step in parts {
                let (code, events) = step.split_once(':').ok_or(FieldsTextError)?;
                let step = Reason::parse(code).ok_or(FieldsTextError)?;
                self.add_step(field, step, number(events)?);
            }
        }
        Ok(())
    }
}

/// The text is none of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the fields' counts cannot be read")]
pub struct FieldsTextError;

fn number(text: &str) -> Result<u64, FieldsTextError> {
    u64::from_str(text).map_err(|_| FieldsTextError)
}

/// `customer_id=12 items.unit_price=0+price_invalid:3 event=-+malformed_json:1`: nulls, and what was set aside by step.
#[derive(Debug)]
pub struct FieldsText<'a>(&'a QualityCounts);

impl fmt::Display for FieldsText<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, counts) in self.0.fields().enumerate() {
            if at > 0 {
                out.write_str(" ")?;
            }
            out.write_str(counts.field.name())?;
            match counts.nulls {
                Some(nulls) => write!(out, "={nulls}")?,
                None => out.write_str("=-")?,
            }
            for step in counts.steps {
                write!(out, "+{}:{}", step.step.code(), step.events)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
