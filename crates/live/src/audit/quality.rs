//! Data quality as tables: every source's minutes and hours of receipt, added up as a question groups them, and what is
//! conspicuous about the newest of them.

use super::lines::Lines;
use crate::tables::RowReader;
use analytics::quality::{
    Finding, Habit, QualityCounts, Share, Stretch, Thresholds, Watch, judge, silence,
};
use changelog::Change;
use event::time::{HOUR, MINUTE};
use event::{EventTime, Field, Reason};
use std::collections::BTreeMap;
use std::sync::Arc;

/// By what rows are told apart, beside the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QualityPart {
    /// The source.
    Source,
    /// The store.
    Store,
    /// The minute of receipt; the hour, where minutes are no longer kept.
    Minute,
    /// The hour of receipt, in UTC.
    Hour,
}

/// Which rows are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QualityQuestion {
    /// How they are grouped.
    pub by: Vec<QualityPart>,
    /// Stretches that begin at this moment or later.
    pub from: Option<EventTime>,
    /// Stretches that begin before this moment.
    pub to: Option<EventTime>,
    /// Of this store only.
    pub store: Option<String>,
    /// Of this source only: its identity, or its name for people.
    pub source: Option<String>,
    /// Of this field only.
    pub field: Option<Field>,
}

/// A source, as rows and findings name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct QualitySource {
    /// Its identity.
    pub source: Arc<str>,
    /// Its name for people.
    pub name: Arc<str>,
}

/// What a field came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QualityRow {
    /// The source, where rows are told by source.
    pub source: Option<QualitySource>,
    /// The store, where rows are told by store.
    pub store: Option<Arc<str>>,
    /// The field.
    pub field: Field,
    /// Where the stretch begins, where rows are told by time.
    pub start: Option<EventTime>,
    /// How long it is.
    pub grain: Option<&'static str>,
    /// Events that came in; lines, for a field of line items.
    pub rows: u64,
    /// Of those that were not refused, how many lack the field; nothing where the source never fills it.
    pub nulls: Option<Share>,
    /// Events set aside because of the field.
    pub invalid: Share,
    /// Repeats; they stand at `event_id`, by which they are found.
    pub duplicates: Share,
    /// Which step set how many aside.
    pub steps: BTreeMap<Reason, u64>,
}

/// Something conspicuous, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFinding {
    /// The source.
    pub source: QualitySource,
    /// The store it sends for.
    pub store: Arc<str>,
    /// What was found.
    pub finding: Finding,
}

type Place = (Arc<str>, Arc<str>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Width {
    Minute,
    Hour,
}

#[derive(Debug, Default)]
struct LineQuality {
    habit: Habit,
    stretches: BTreeMap<(EventTime, Width), QualityCounts>,
}

/// All sources.
#[derive(Debug, Default)]
pub(crate) struct Quality(BTreeMap<Place, LineQuality>);

/// What keeps two rows apart.
type RowKey = (Option<QualitySource>, Option<Arc<str>>, Field, Option<At>);
/// Where a stretch begins and how long it is.
type At = (EventTime, Width);

impl Quality {
    /// Takes in a minute or an hour of a source.
    pub(super) fn apply_stretch(&mut self, change: &Change) -> Option<()> {
        let mut key = RowReader(&change.key);
        let place = (key.text()?.clone(), key.text()?.clone());
        let width = match &**key.text()? {
            "1m" => Width::Minute,
            "1h" => Width::Hour,
            _ => return None,
        };
        let stretch = (EventTime(key.time()?), width);
        let Some(values) = &change.values else {
            if let Some(line) = self.0.get_mut(&place) {
                line.stretches.remove(&stretch);
            }
            return Some(());
        };
        let mut row = RowReader(values);
        let mut counts = QualityCounts::default();
        counts.offered = row.count()?;
        counts.refused = row.count()?;
        counts.duplicates = row.count()?;
        counts.lines = row.count()?;
        counts.read_fields(row.text()?).ok()?;
        self.0
            .entry(place)
            .or_default()
            .stretches
            .insert(stretch, counts);
        Some(())
    }

    /// Takes in when a source sent last and how often it does; without values the source is gone.
    pub(super) fn apply_rhythm(&mut self, change: &Change) -> Option<()> {
        let mut key = RowReader(&change.key);
        let place = (key.text()?.clone(), key.text()?.clone());
        let Some(values) = &change.values else {
            self.0.remove(&place);
            return Some(());
        };
        let mut row = RowReader(values);
        let habit = Habit {
            last: EventTime(row.time()?),
            active_minutes: u32::try_from(row.count()?).ok()?,
            usual_pause_ms: u32::try_from(row.count()?).ok()?,
        };
        self.0.entry(place).or_default().habit = habit;
        Some(())
    }

    /// Rows as they are asked for, in the order of source, store, field and time.
    pub(super) fn rows(&self, question: &QualityQuestion, lines: &Lines) -> Vec<QualityRow> {
        let mut rows: BTreeMap<RowKey, QualityRow> = BTreeMap::new();
        for ((source, store), line) in &self.0 {
            let source = QualitySource {
                source: Arc::clone(source),
                name: lines.name(source, store),
            };
            if !question.asks_for(&source, store) {
                continue;
            }
            let (sums, fields) = line.sums(question);
            for (stretch, counts) in &sums {
                for field in &fields {
                    let key = (
                        (question.tells(QualityPart::Source)).then(|| source.clone()),
                        (question.tells(QualityPart::Store)).then(|| Arc::clone(store)),
                        *field,
                        *stretch,
                    );
                    let row = rows.entry(key.clone());
                    let row = row.or_insert_with(|| QualityRow::of(key));
                    row.absorb(*field, counts);
                }
            }
        }
        rows.into_values().collect()
    }

    /// What is conspicuous about the sources that are asked for; the gravest first.
    pub(super) fn findings(
        &self,
        question: &QualityQuestion,
        lines: &Lines,
        (limits, watch): (&Thresholds, Watch),
    ) -> Vec<SourceFinding> {
        let mut found = Vec::new();
        for ((source, store), line) in &self.0 {
            let source = QualitySource {
                source: Arc::clone(source),
                name: lines.name(source, store),
            };
            if !question.asks_for(&source, store) {
                continue;
            }
            let stretches: Vec<Stretch<'_>> = (line.stretches.iter())
                .map(|((start, _), counts)| Stretch {
                    start: *start,
                    counts,
                })
                .collect();
            let judged = judge(&stretches, limits, watch.now);
            let findings = silence(&line.habit, limits, watch)
                .into_iter()
                .chain(judged);
            let is_asked =
                |finding: &Finding| question.field.is_none() || finding.field == question.field;
            found.extend(findings.filter(is_asked).map(|finding| SourceFinding {
                source: source.clone(),
                store: Arc::clone(store),
                finding,
            }));
        }
        found.sort_by(|left, right| {
            let kinds = left.finding.kind.cmp(&right.finding.kind);
            kinds.then_with(|| left.source.cmp(&right.source))
        });
        found
    }
}

impl LineQuality {
    /// The stretches that are asked for, added up as the question tells time apart, and the fields that any of them
    /// knows. A field that was first filled later was null in everything before.
    fn sums(
        &self,
        question: &QualityQuestion,
    ) -> (BTreeMap<Option<At>, QualityCounts>, Vec<Field>) {
        let asked: Vec<_> = (self.stretches.iter())
            .filter(|((start, width), _)| question.reaches(*start, *width))
            .collect();
        let is_asked = |field: &Field| question.field.is_none_or(|asked| asked == *field);
        let known: BTreeMap<Field, bool> = (asked.iter())
            .flat_map(|(_, counts)| counts.fields())
            .filter(|counts| is_asked(&counts.field))
            .fold(BTreeMap::new(), |mut known, counts| {
                *known.entry(counts.field).or_default() |= counts.nulls.is_some();
                known
            });
        let mut sums: BTreeMap<_, QualityCounts> = BTreeMap::new();
        for ((start, width), counts) in asked {
            let sum = sums.entry(question.stretch(*start, *width)).or_default();
            sum.absorb(counts);
            let is_filled = known.iter().filter(|(_, is_filled)| **is_filled);
            for field in is_filled.map(|(field, _)| *field) {
                if counts.field(field).nulls.is_none() {
                    sum.add_nulls(field, counts.rows(field));
                }
            }
        }
        (sums, known.into_keys().collect())
    }
}

impl QualityQuestion {
    fn tells(&self, part: QualityPart) -> bool {
        self.by.contains(&part)
    }

    fn asks_for(&self, source: &QualitySource, store: &str) -> bool {
        let is_of_source = |asked: &str| *source.source == *asked || *source.name == *asked;
        self.source.as_deref().is_none_or(is_of_source)
            && self.store.as_deref().is_none_or(|asked| asked == store)
    }

    /// A stretch is asked for if any of it lies in the range.
    fn reaches(&self, start: EventTime, width: Width) -> bool {
        let length = match width {
            Width::Minute => MINUTE,
            Width::Hour => HOUR,
        };
        self.from.is_none_or(|from| start.0 + length > from.0)
            && self.to.is_none_or(|to| start < to)
    }

    fn stretch(&self, start: EventTime, width: Width) -> Option<(EventTime, Width)> {
        if self.tells(QualityPart::Minute) {
            Some((start, width))
        } else if self.tells(QualityPart::Hour) {
            Some((EventTime(start.0.div_euclid(HOUR) * HOUR), Width::Hour))
        } else {
            None
        }
    }
}

impl QualityRow {
    fn of((source, store, field, stretch): RowKey) -> QualityRow {
        QualityRow {
            source,
            store,
            field,
            start: stretch.map(|(start, _)| start),
            grain: stretch.map(|(_, width)| match width {
                Width::Minute => "1m",
                Width::Hour => "1h",
            }),
            rows: 0,
            nulls: None,
            invalid: Share::default(),
            duplicates: Share::default(),
            steps: BTreeMap::new(),
        }
    }

    fn absorb(&mut self, field: Field, counts: &QualityCounts) {
        let of_field = counts.field(field);
        let rows = if field.is_of_items() {
            counts.lines
        } else {
            counts.offered
        };
        self.rows += rows;
        if let Some(nulls) = of_field.nulls {
            let sum = self.nulls.get_or_insert_default();
            sum.part += nulls;
            sum.whole += counts.rows(field);
        }
        self.invalid.part += of_field.invalid();
        self.invalid.whole += counts.offered;
        if field == Field::ID {
            self.duplicates.part += counts.duplicates;
            self.duplicates.whole += counts.offered;
        }
        for step in of_field.steps {
            *self.steps.entry(step.step).or_insert(0) += step.events;
        }
    }
}

#[cfg(test)]
#[path = "quality_tests.rs"]
mod tests;
