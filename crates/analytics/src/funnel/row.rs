//! What a unit made of a funnel: rows, cut out of its marks when they are asked for and never stored.
//! To which numbers a row adds is `count`.

use super::walk::{self, Chain, Sight, Way};
use super::{Funnel, FunnelAt, Funnels, Mark, Mode, Unit, any_order};
use crate::cell::NameId;
use crate::session::{self, GivenId, Session};
use crate::window::{Calendar, Grain};
use event::{EventTime, Money};
use smallvec::SmallVec;

/// All that one person did, and how its store looks at it.
#[derive(Debug, Clone, Copy)]
pub struct Story<'a> {
    /// Its own marks and those that visitors gave, thinned, in the canonical order.
    pub marks: &'a [Mark],
    /// Its sessions.
    pub sessions: &'a [Session],
    /// By which they were cut.
    pub rules: &'a session::Rules,
    /// The store's days.
    pub calendar: &'a Calendar,
    /// What happened before this was let go, so rows that begin before it stay as they were told; 0 where nothing was.
    pub floor: EventTime,
}

/// For what a row stands. With the funnel and the person it is the row's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// All that a person ever did.
    Ever,
    /// Ways of a person that began on the day that begins here.
    Day(EventTime),
    /// A session.
    Session {
        /// Its start.
        start: EventTime,
        /// Its given id, where a store uses those.
        given: Option<GivenId>,
    },
}

/// How far a unit got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// On which way.
    pub funnel: FunnelAt,
    /// In which time.
    pub period: Period,
    /// To which window it belongs: a person's first entry of the period, a session's start.
    pub entered: EventTime,
    /// Every step that was reached, the first one at least: of the way that got furthest, the last one of several.
    pub steps: SmallVec<[Reached; 2]>,
}

/// A step that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// When it and all steps before it were done.
    pub done: EventTime,
    /// What its event is worth.
    pub value: Money,
    /// In this currency.
    pub currency: NameId,
}

impl Row {
    /// By which a row is found among those of its person; also the order in which they are cut.
    #[must_use]
    pub fn key(&self) -> (FunnelAt, Period) {
        (self.funnel, self.period)
    }

    /// Until when this way can lead further; rows change by events alone, so this is only to be shown.
    #[must_use]
    pub fn open_until(&self, funnel: &Funnel) -> EventTime {
        let start = self.steps.first().map_or(self.entered, |first| first.done);
        EventTime(start.0.saturating_add(funnel.window_micros))
    }
}

const ALL_TIME: walk::Period = EventTime(i64::MIN)..=EventTime(i64::MAX);

impl Funnels {
    /// All rows of a person, in the order of their keys.
    #[must_use]
    pub fn cut(&self, story: &Story<'_>) -> Vec<Row> {
        let mut rows = Vec::new();
        for (at, funnel) in self
            .iter()
            .filter(|(_, funnel)| has_entry(story.marks, funnel))
        {
            match funnel.unit {
                Unit::Visitor => self.cut_days((at, funnel), story, &mut rows),
                Unit::Session => self.cut_sessions((at, funnel), story, &mut rows),
            }
        }
        rows
    }

    fn cut_days(&self, (at, funnel): (FunnelAt, &Funnel), story: &Story<'_>, rows: &mut Vec<Row>) {
        let seen = self.seen((at, funnel), story.marks.iter());
        let is_whole = story.floor == EventTime(0);
        let first = seen.sights.iter().find(|sight| sight.is_step(0));
        let Some(first) = first.map(|sight| sight.time) else {
            return;
        };
        if is_whole {
            rows.extend(seen.row(Period::Ever, first, &ALL_TIME));
        }
        let mut day_end = EventTime(i64::MIN);
        for entry in seen.sights.iter().filter(|sight| sight.is_step(0)) {
            if entry.time < day_end {
                continue;
            }
            let start = story.calendar.window_start(Grain::Day, entry.time);
            day_end = story.calendar.next_window(Grain::Day, start);
            if is_whole || start >= story.floor {
                let period = start..=EventTime(day_end.0 - 1);
                rows.extend(seen.row(Period::Day(start), entry.time, &period));
            }
        }
    }

    fn cut_sessions(
        &self,
        (at, funnel): (FunnelAt, &Funnel),
        story: &Story<'_>,
        rows: &mut Vec<Row>,
    ) {
        for session in story.sessions {
            let (start, last) = (session.start(), session.last());
            let from = story.marks.partition_point(|mark| mark.rank.time < start);
            let to = story.marks.partition_point(|mark| mark.rank.time <= last);
            let marks = story.marks.get(from..to).unwrap_or_default();
            if !has_entry(marks, funnel) {
                continue; // most sessions
            }
            let given = story.rules.lane(&session.0);
            let marks = marks
                .iter()
                .filter(|mark| mark.given.filter(|_| story.rules.uses_given_ids) == given);
            let seen = self.seen((at, funnel), marks);
            rows.extend(seen.row(Period::Session { start, given }, start, &ALL_TIME));
        }
    }

    fn seen<'a>(
        &self,
        (at, funnel): (FunnelAt, &'a Funnel),
        marks: impl Iterator<Item = &'a Mark>,
    ) -> Seen<'a> {
        let minds_others = funnel.mode == Mode::Strict;
        let marks = marks.filter(|mark| minds_others || funnel.steps_of(mark.steps) != 0);
        let marks: Vec<&Mark> = marks.collect();
        let sight = |mark: &&Mark| Sight {
            time: mark.rank.time,
            steps: funnel.steps_of(mark.steps),
            slot: self.slot(mark),
            has_gap: mark.foreign >> at.0 & 1 == 1,
        };
        Seen {
            at,
            funnel,
            sights: marks.iter().map(sight).collect(),
            marks,
        }
    }
}

fn has_entry(marks: &[Mark], funnel: &Funnel) -> bool {
    let mut marks = marks.iter();
    marks.any(|mark| funnel.steps_of(mark.steps) & 1 == 1)
}

/// What one funnel sees of a unit.
struct Seen<'a> {
    at: FunnelAt,
    funnel: &'a Funnel,
    marks: Vec<&'a Mark>,
    sights: Vec<Sight>,
}

impl Seen<'_> {
    fn row(&self, period: Period, entered: EventTime, entries: &walk::Period) -> Option<Row> {
        let chain = self.furthest(entries)?;
        let mut done = EventTime(i64::MIN);
        let steps = chain.marks().iter().map(|at| {
            let mark = self.marks[*at as usize];
            done = done.max(mark.rank.time);
            Reached {
                done,
                value: mark.value,
                currency: mark.currency,
            }
        });
        Some(Row {
            funnel: self.at,
            period,
            entered,
            steps: steps.collect(),
        })
    }

    fn furthest(&self, entries: &walk::Period) -> Option<Chain> {
        let (steps, window_micros) = (self.funnel.steps.len(), self.funnel.window_micros);
        let way = |is_strict| Way {
            steps,
            window_micros,
            is_strict,
        };
        match self.funnel.mode {
            Mode::Ordered => way(false).furthest(&self.sights, entries),
            Mode::Strict => way(true).furthest(&self.sights, entries),
            Mode::AnyOrder => any_order::furthest(&self.sights, (steps, window_micros), entries),
        }
    }
}
