//! The course of a product's level: swept over everything that moved it, in the canonical order, and cut into spans of
//! being in stock, low and out. It is made when it is asked for and kept nowhere.

use super::movement::Goods;
use super::state::ProductStock;
use super::{Rules, SalesCount};
use crate::ladder::{Key, Value};
use crate::session::Rank;
use event::{EventTime, Quantity};

/// How a product stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Nobody has said how much there is.
    Unknown,
    /// Enough.
    InStock,
    /// Below the shop's limit, and something left.
    Low,
    /// Nothing left, or less.
    Out,
}

impl Standing {
    /// Every standing.
    pub const ALL: [Standing; 4] = [
        Standing::Unknown,
        Standing::InStock,
        Standing::Low,
        Standing::Out,
    ];

    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Standing::Unknown => "unknown",
            Standing::InStock => "in_stock",
            Standing::Low => "low",
            Standing::Out => "out",
        }
    }
}

/// A stretch of time in which the standing was the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// How the product stood.
    pub standing: Standing,
    /// From this instant.
    pub from: EventTime,
    /// Until just before this one.
    pub until: EventTime,
}

/// A stretch of time in which nothing was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutSpan {
    /// From here.
    pub from: EventTime,
    /// Until then, exclusive; nothing while it goes on.
    pub until: Option<EventTime>,
}

impl Span {
    /// How long it lasted.
    #[must_use]
    pub fn micros(&self) -> i64 {
        self.until.0.saturating_sub(self.from.0)
    }
}

/// How a level went, and from when on it is known well enough to be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// The level from each of these instants on; none where the shop said nothing.
    pub levels: Vec<(EventTime, i128)>,
    /// The level before this instant is a guess; nothing where all of it is.
    pub judged_from: Option<EventTime>,
    /// Goods that went since the newest report, where they count.
    pub gone_since_report: i128,
    low_below: Quantity,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Gone(i128),
    Reported(usize, Quantity),
    ChangedIn(usize, i128),
}

impl Course {
    pub(super) fn of(state: &ProductStock, rules: &Rules) -> Course {
        let mut course = Course {
            levels: Vec::new(),
            judged_from: None,
            gone_since_report: 0,
            low_below: rules.low_below,
        };
        if !state.lanes.is_empty() {
            let steps = steps(state, rules);
            course.judged_from = judged_from(&steps);
            course.sweep(&steps, state.lanes.len());
        }
        course
    }

    /// Of an instant at which several things happen only the end counts. What a customer bought in the instant of a report
    /// is in the report: whoever counts a shelf counts what is left.
    fn sweep(&mut self, steps: &[(Rank, Step)], lanes: usize) {
        let mut of_lanes = vec![0_i128; lanes];
        let (mut told, mut gone) = (0_i128, 0_i128);
        let mut has_feed = false;
        for (rank, step) in steps {
            match *step {
                Step::Gone(pieces) => gone = gone.saturating_add(pieces),
                Step::ChangedIn(lane, by) => {
                    of_lanes[lane] = of_lanes[lane].saturating_add(by);
                    told = told.saturating_add(by);
                }
                Step::Reported(lane, level) => {
                    let level = i128::from(level.0);
                    told = told.saturating_sub(of_lanes[lane]).saturating_add(level);
                    of_lanes[lane] = level;
                    gone = 0;
                }
            }
            has_feed |= !matches!(step, Step::Gone(_));
            if has_feed {
                self.put(rank.time, told.saturating_sub(gone));
            }
        }
        self.gone_since_report = gone;
    }

    fn put(&mut self, time: EventTime, level: i128) {
        match self.levels.last_mut() {
            Some((last, known)) if *last == time => *known = level,
            // Where judging begins there is a point, though the level may be as it was.
            Some((_, known)) if *known == level && self.judged_from != Some(time) => {}
            _ => self.levels.push((time, level)),
        }
    }

    /// The level after everything.
    #[must_use]
    pub fn level(&self) -> Option<i128> {
        self.levels.last().map(|(_, level)| *level)
    }

    /// How the product stands after everything.
    #[must_use]
    pub fn standing(&self) -> Standing {
        (self.levels.last()).map_or(Standing::Unknown, |point| self.standing_of(*point))
    }

    /// How it stood when an instant began: what a sale takes away was there for it.
    #[must_use]
    pub fn standing_before(&self, time: EventTime) -> Standing {
        let at = self.levels.partition_point(|(point, _)| *point < time);
        let before = at.checked_sub(1).and_then(|at| self.levels.get(at));
        before.map_or(Standing::Unknown, |point| self.standing_of(*point))
    }

    /// How it stood from a point of its own on.
    pub(super) fn standing_at(&self, time: EventTime) -> Standing {
        let at = self.levels.partition_point(|(point, _)| *point <= time);
        let last = at.checked_sub(1).and_then(|at| self.levels.get(at));
        last.map_or(Standing::Unknown, |point| self.standing_of(*point))
    }

    fn standing_of(&self, (time, level): (EventTime, i128)) -> Standing {
        if self.judged_from.is_none_or(|from| time < from) {
            Standing::Unknown
        } else if level <= 0 {
            Standing::Out
        } else if level < i128::from(self.low_below.0) {
            Standing::Low
        } else {
            Standing::InStock
        }
    }

    /// The stretches between two instants, without gaps; the last one is still going on.
    #[must_use]
    pub fn spans(&self, from: EventTime, until: EventTime) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        let ends = self.levels.iter().skip(1).map(|(time, _)| *time);
        let ends = ends.chain([EventTime(i64::MAX)]);
        let told = (self.levels.iter().zip(ends))
            .map(|(point, end)| (self.standing_of(*point), point.0, end));
        let first = (self.levels.first()).map_or(EventTime(i64::MAX), |(time, _)| *time);
        let untold = (Standing::Unknown, EventTime(i64::MIN), first);
        for (standing, start, end) in [untold].into_iter().chain(told) {
            let (start, end) = (start.max(from), end.min(until));
            match spans.last_mut() {
                _ if start >= end => {}
                Some(last) if last.standing == standing => last.until = end,
                _ => spans.push(Span {
                    standing,
                    from: start,
                    until: end,
                }),
            }
        }
        spans
    }

    /// When it was out, so many of the newest times; the last one may be going on.
    #[must_use]
    pub fn outs(&self, newest_max: usize) -> Vec<OutSpan> {
        let mut outs: Vec<OutSpan> = Vec::new();
        for point in &self.levels {
            let is_out = self.standing_of(*point) == Standing::Out;
            let going_on = outs.last_mut().filter(|last| last.until.is_none());
            match (going_on, is_out) {
                (None, true) => outs.push(OutSpan {
                    from: point.0,
                    until: None,
                }),
                (Some(last), false) => last.until = Some(point.0),
                (None, false) | (Some(_), true) => {}
            }
        }
        outs.drain(..outs.len().saturating_sub(newest_max));
        outs
    }

    /// Since when the product stands as it does; nothing where that is unknown.
    #[must_use]
    pub fn since(&self) -> Option<EventTime> {
        let standing = self.standing();
        let same = (self.levels.iter().rev())
            .take_while(|point| self.standing_of(**point) == standing)
            .last();
        same.filter(|_| standing != Standing::Unknown)
            .map(|(time, _)| *time)
    }
}

/// Everything that moves the level, in the canonical order. Ladders are sorted, so sorting them together is merging.
fn steps(state: &ProductStock, rules: &Rules) -> Vec<(Rank, Step)> {
    let counts_goods = match rules.sales {
        SalesCount::Always => true,
        SalesCount::Never => false,
        SalesCount::BetweenReports => !state.has_changes(),
    };
    let goods = state.goods.iter().filter(|_| counts_goods);
    let goods =
        goods.map(|(time, goods): (_, &Goods)| (Rank::first_of(time), Step::Gone(goods.gone())));
    let mut steps: Vec<(Rank, Step)> = goods.collect();
    for (at, lane) in state.lanes.iter().enumerate() {
        let changes = lane.changes.iter();
        steps.extend(changes.map(|(rank, by)| (rank, Step::ChangedIn(at, by.0))));
        let reports = lane
            .reports
            .iter()
            .filter(|(_, report)| !report.is_nothing());
        // A report in a slot still knows its exact place.
        steps.extend(reports.map(|(rank, report)| {
            (
                report.rank.unwrap_or(rank),
                Step::Reported(at, report.level),
            )
        }));
    }
    steps.sort_by_key(|(rank, _)| *rank);
    steps
}

/// A level is known from the first report on. Changes alone leave open how much there was before; a feed of them that
/// begins with goods coming in is taken at its word that there were none.
fn judged_from(steps: &[(Rank, Step)]) -> Option<EventTime> {
    let reported = steps
        .iter()
        .find(|(_, step)| matches!(step, Step::Reported(..)));
    let begins_with_goods = || {
        let is_change = |(_, step): &&(Rank, Step)| matches!(step, Step::ChangedIn(..));
        let first = steps.iter().find(is_change);
        first.filter(|(_, step)| matches!(step, Step::ChangedIn(_, by) if *by > 0))
    };
    let from = reported.or_else(begins_with_goods);
    from.map(|(rank, _)| rank.time)
}
