//! The lines of the law: what each source brought for each store, in all and by the hour of receipt. They are added up
//! here as a question groups them; what they hold was counted by the line.

use crate::tables::RowReader;
use changelog::{Change, Value};
use event::EventTime;
use event::time::HOUR;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What came in and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Rows of files; 0 where a source has none.
    pub rows_read: u64,
    /// Events that came in.
    pub received: u64,
    /// Accepted and no duplicate.
    pub accepted: u64,
    /// Came before.
    pub duplicate: u64,
    /// Set aside.
    pub quarantined: u64,
    /// Folded into every number they belong to.
    pub counted: u64,
    /// Waiting for their day to be folded again.
    pub late: u64,
    /// Accepted by an import that was undone since: they count nowhere.
    pub retracted: u64,
    /// In the log and not yet judged.
    pub in_flight: u64,
}

impl Tally {
    /// Whether both sums add up.
    #[must_use]
    pub fn law_holds(&self) -> bool {
        let nothing_lost_at_the_door =
            self.received == self.accepted + self.duplicate + self.quarantined;
        let nothing_lost_behind_it =
            self.accepted == self.counted + self.late + self.retracted + self.in_flight;
        nothing_lost_at_the_door && nothing_lost_behind_it
    }

    /// What lies in the log unread: received, accepted, and in flight.
    pub(super) fn unread(events: u64) -> Tally {
        Tally {
            received: events,
            accepted: events,
            in_flight: events,
            ..Tally::default()
        }
    }

    pub(super) fn absorb(&mut self, other: &Tally) {
        self.rows_read += other.rows_read;
        self.received += other.received;
        self.accepted += other.accepted;
        self.duplicate += other.duplicate;
        self.quarantined += other.quarantined;
        self.counted += other.counted;
        self.late += other.late;
        self.retracted += other.retracted;
        self.in_flight += other.in_flight;
    }

    fn read(row: &mut RowReader<'_>) -> Option<Tally> {
        let rows_read = row.count()?;
        Some(Tally {
            rows_read,
            ..Tally::read_events(row)?
        })
    }

    /// The counts of events, as they stand behind that of rows.
    pub(super) fn read_events(row: &mut RowReader<'_>) -> Option<Tally> {
        Some(Tally {
            rows_read: 0,
            received: row.count()?,
            accepted: row.count()?,
            duplicate: row.count()?,
            quarantined: row.count()?,
            counted: row.count()?,
            late: row.count()?,
            retracted: row.count()?,
            in_flight: 0,
        })
    }
}

/// What one source brought for one store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceView {
    /// Its identity; empty for sources that are no longer told one by one.
    pub source: Arc<str>,
    /// Its name for people.
    pub name: Arc<str>,
    /// The store.
    pub store: Arc<str>,
    /// What came in.
    pub tally: Tally,
}

/// By what lines are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinePart {
    /// The source.
    Source,
    /// The store.
    Store,
    /// The hour of receipt, in UTC.
    Hour,
}

/// Which lines are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineQuestion {
    /// How they are grouped; all in one without any.
    pub by: Vec<LinePart>,
    /// Hours that begin at this moment or later.
    pub from: Option<EventTime>,
    /// Hours that begin before this moment.
    pub to: Option<EventTime>,
    /// Of this store only.
    pub store: Option<String>,
    /// Of this source only: its identity, or its name for people.
    pub source: Option<String>,
}

/// The hours a line speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineTime {
    /// All that were asked for.
    All,
    /// Those too old to be told one by one.
    Before,
    /// The one that begins here.
    Hour(EventTime),
    /// What lies in the log and was not read yet: nobody has looked whose it is.
    Unread,
}

/// One line of the law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// The source, where lines are told by source: identity and name.
    pub source: Option<(Arc<str>, Arc<str>)>,
    /// The store, where lines are told by store.
    pub store: Option<Arc<str>>,
    /// The hours it speaks of.
    pub time: LineTime,
    /// What came in.
    pub tally: Tally,
}

type LineKey = (Arc<str>, Arc<str>);

/// All lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    sources: BTreeMap<LineKey, SourceView>,
    hours: BTreeMap<LineKey, BTreeMap<LineTime, Tally>>,
}

impl Lines {
    /// Takes in what a source brought in all.
    pub(super) fn apply_source(&mut self, change: &Change) -> Option<()> {
        let mut key = RowReader(&change.key);
        let (source, store) = (key.text()?.clone(), key.text()?.clone());
        let place = (Arc::clone(&source), Arc::clone(&store));
        let Some(values) = &change.values else {
            self.sources.remove(&place);
            return Some(());
        };
        let mut row = RowReader(values);
        let view = SourceView {
            source,
            name: row.text()?.clone(),
            store,
            tally: Tally::read(&mut row)?,
        };
        self.sources.insert(place, view);
        Some(())
    }

    /// Takes in what a source brought in an hour, or before all hours that are told.
    pub(super) fn apply_hour(&mut self, change: &Change) -> Option<()> {
        let mut key = RowReader(&change.key);
        let place = (key.text()?.clone(), key.text()?.clone());
        let time = match change.key.get(2)? {
            Value::Time(time) => LineTime::Hour(EventTime(*time)),
            Value::Null => LineTime::Before,
            _ => return None,
        };
        let Some(values) = &change.values else {
            if let Some(hours) = self.hours.get_mut(&place) {
                hours.remove(&time);
                if hours.is_empty() {
                    self.hours.remove(&place);
                }
            }
            return Some(());
        };
        let tally = Tally::read(&mut RowReader(values))?;
        self.hours.entry(place).or_default().insert(time, tally);
        Some(())
    }

    /// Every source, by identity and store.
    pub(super) fn sources(&self) -> impl Iterator<Item = &SourceView> {
        self.sources.values()
    }

    /// The name of a source for people.
    pub(super) fn name(&self, source: &Arc<str>, store: &Arc<str>) -> Arc<str> {
        let known = self.sources.get(&(Arc::clone(source), Arc::clone(store)));
        Arc::clone(known.map_or(source, |known| &known.name))
    }

    /// Lines as they are asked for, in the order of source, store and hour; `unread` events lie in the log.
    pub(super) fn lines(&self, question: &LineQuestion, unread: u64) -> Vec<AuditLine> {
        let mut lines: BTreeMap<(Option<LineKey>, LineTime), AuditLine> = BTreeMap::new();
        for (place, hours) in &self.hours {
            let (source, store) = place;
            let name = self.name(source, store);
            if !question.asks_for(source, &name, store) {
                continue;
            }
            for (time, tally) in hours.iter().filter(|(time, _)| question.reaches(**time)) {
                let line = AuditLine {
                    source: question
                        .tells(LinePart::Source)
                        .then(|| (Arc::clone(source), Arc::clone(&name))),
                    store: question.tells(LinePart::Store).then(|| Arc::clone(store)),
                    time: if question.tells(LinePart::Hour) {
                        *time
                    } else {
                        LineTime::All
                    },
                    tally: Tally::default(),
                };
                let key = (line.place(), line.time);
                lines.entry(key).or_insert(line).tally.absorb(tally);
            }
        }
        let mut lines: Vec<AuditLine> = lines.into_values().collect();
        let is_of_all =
            question.store.is_none() && question.source.is_none() && question.to.is_none();
        if unread > 0 && is_of_all {
            lines.push(AuditLine {
                source: None,
                store: None,
                time: LineTime::Unread,
                tally: Tally::unread(unread),
            });
        }
        lines
    }
}

impl AuditLine {
    fn place(&self) -> Option<LineKey> {
        let source = self.source.as_ref().map(|(source, _)| Arc::clone(source));
        let store = self.store.clone();
        (source.is_some() || store.is_some())
            .then(|| (source.unwrap_or_default(), store.unwrap_or_default()))
    }
}

impl LineQuestion {
    fn tells(&self, part: LinePart) -> bool {
        self.by.contains(&part)
    }

    fn asks_for(&self, source: &str, name: &str, store: &str) -> bool {
        let is_of_source = |asked: &str| asked == source || asked == name;
        self.source.as_deref().is_none_or(is_of_source)
            && self.store.as_deref().is_none_or(|asked| asked == store)
    }

    /// An hour is asked for if any of it lies in the range; what is too old for its hour, only without a beginning.
    fn reaches(&self, time: LineTime) -> bool {
        let LineTime::Hour(hour) = time else {
            return self.from.is_none();
        };
        self.from.is_none_or(|from| hour.0 + HOUR > from.0) && self.to.is_none_or(|to| hour < to)
    }
}
