//! Times of a question: the range in whole windows, the one it is compared with, and how windows of several lengths tile it.
//! Which rows lie in a tile is found elsewhere.

use super::plan::Plan;
use super::{Compare, Query, QueryError, Range};
use crate::tables::LiveTables;
use analytics::cell::cubes;
use analytics::window::{Calendar, Grain};
use changelog::TablePart;
use event::EventTime;
use event::time::{DAY, HOUR};
use jiff::ToSpan;

/// Midnight of 1 January of the first and of the last year that calendars reckon with, in UTC.
const YEAR_1: i64 = -719_162 * DAY;
const YEAR_9999: i64 = 2_932_532 * DAY;

/// From, inclusive, to, exclusive, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Span {
    const ALWAYS: Span = Span {
        from: i64::MIN,
        to: i64::MAX,
    };
    const NEVER: Span = Span { from: 0, to: 0 };
}

/// Oldest and newest event of a store, as far as its rows tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownTimes {
    pub(crate) oldest: EventTime,
    pub(crate) newest: EventTime,
}

/// The times of a question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Period {
    pub(crate) asked: Span,
    pub(crate) before: Option<Shift>,
    /// The range in whole windows, for the reader; nothing where there is none.
    pub(crate) shown: Option<(EventTime, EventTime)>,
}

/// The range to compare with, and how its windows come to lie on those of the range asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shift {
    pub(crate) span: Span,
    by: ShiftBy,
}

#[derive(Debug, Clone, Copy)]
enum ShiftBy {
    Micros(i64),
    /// Days of the store's calendar, which may have 23 or 25 hours.
    Days(i32),
}

impl LiveTables {
    /// The server's oldest and newest event, narrowed to the minutes in which this store has events.
    pub(crate) fn known_times(&self, store: &str) -> Option<KnownTimes> {
        let (oldest, newest) = self.progress().event_times?;
        let part = TablePart {
            table: cubes::ACTIVITY.cube().table,
            store,
            grain: Grain::Minute.name(),
        };
        let at_rest = self.shared.at_rest.read().clone();
        let at_rest = at_rest.and_then(|rows| rows.bounds(&part));
        let store = self.shared.texts.read().find(store)?;
        let table = self.shared.cube(cubes::ACTIVITY).read();
        let slice = table.slice(store, Grain::Minute);
        let here = slice.and_then(|slice| slice.bounds());
        let both = here.into_iter().chain(at_rest);
        let (first, last) = both.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))?;
        let end_of_last = last + Grain::Minute.micros() - 1;
        Some(KnownTimes {
            oldest: EventTime(oldest.max(first)),
            newest: EventTime(newest.min(end_of_last)),
        })
    }
}

impl Period {
    pub(crate) fn of(
        query: &Query,
        plan: &Plan,
        known: Option<KnownTimes>,
        now: EventTime,
    ) -> Result<Period, QueryError> {
        let Some(range) = query.range else {
            if query.compare.is_some() {
                return Err(QueryError::invalid(
                    "compare is given without a range",
                    "add a range: nothing lies before everything",
                ));
            }
            let bounds = known.map(|known| Span {
                from: known.oldest.0,
                to: known.newest.0 + 1,
            });
            let shown = bounds.map(|bounds| widened(plan, bounds)).map(shown);
            return Ok(Period {
                asked: always(plan, bounds),
                before: None,
                shown,
            });
        };
        let Some(span) = resolve(range, plan, known, now)? else {
            return Ok(Period {
                asked: Span::NEVER,
                before: None,
                shown: None,
            });
        };
        let asked = widened(plan, span);
        let before = query
            .compare
            .map(|compare| shift(compare, asked, &plan.calendar));
        Ok(Period {
            asked,
            before,
            shown: Some(shown(asked)),
        })
    }

    /// Whether the range reaches beyond the watermark, so that its last window is expected to grow; beyond the newest
    /// event where there is no watermark, as in a shop that was only ever loaded from files.
    pub(crate) fn is_partial(
        &self,
        known: Option<KnownTimes>,
        watermark: Option<EventTime>,
    ) -> bool {
        let told = watermark.or(known.map(|known| known.newest));
        self.shown.is_none_or(|(_, to)| Some(to) > told)
    }
}

/// Everything; sliding windows are counted one by one, so they end where none holds an event any more.
fn always(plan: &Plan, bounds: Option<Span>) -> Span {
    match (plan.sliding, bounds) {
        (None, _) => Span::ALWAYS,
        (Some(_), None) => Span::NEVER,
        (Some(sliding), Some(bounds)) => {
            let to = sliding.end_of(&plan.calendar, bounds.to);
            widened(plan, Span { to, ..bounds })
        }
    }
}

fn shown(span: Span) -> (EventTime, EventTime) {
    (EventTime(span.from), EventTime(span.to))
}

fn resolve(
    range: Range,
    plan: &Plan,
    known: Option<KnownTimes>,
    now: EventTime,
) -> Result<Option<Span>, QueryError> {
    let last = |length: i64, to: i64| {
        let from = to.saturating_sub(length);
        if length > 0 {
            Ok(Some(Span { from, to }))
        } else {
            Err(QueryError::invalid(
                "the range is empty",
                "ask for the last 15m, 1h, 7d or the like",
            ))
        }
    };
    match range {
        Range::Between(from, to) if from >= to => Err(QueryError::invalid(
            format!("the range ends at {to}, before it begins at {from}"),
            "swap from and to; to is exclusive",
        )),
        Range::Between(from, to) => Ok(Some(Span {
            from: from.0,
            to: to.0,
        })),
        Range::LastUntilNow(length) => last(length, now.0),
        Range::LastUntilNewest(length) => match known {
            Some(known) => last(length, known.newest.0 + 1),
            None => Ok(None),
        },
        Range::Today => Ok(Some(Span {
            from: plan.calendar.window_start(Grain::Day, now).0,
            to: now.0 + 1,
        })),
    }
}

/// Whole windows of the grid, or whole steps of sliding ones; years no calendar knows are left out first.
fn widened(plan: &Plan, span: Span) -> Span {
    let grid = plan.grid();
    let span = Span {
        from: span.from.clamp(YEAR_1, YEAR_9999),
        to: span.to.clamp(YEAR_1, YEAR_9999),
    };
    if let Some(sliding) = plan.sliding {
        return sliding.widened(&plan.calendar, span);
    }
    Span {
        from: floor(&plan.calendar, grid, span.from),
        to: ceil(&plan.calendar, grid, span.to),
    }
}

fn floor(calendar: &Calendar, grain: Grain, time: i64) -> i64 {
    calendar.window_start(grain, EventTime(time)).0
}

fn ceil(calendar: &Calendar, grain: Grain, time: i64) -> i64 {
    let start = calendar.window_start(grain, EventTime(time));
    if start.0 == time {
        time
    } else {
        calendar.next_window(grain, start).0
    }
}

fn shift(compare: Compare, asked: Span, calendar: &Calendar) -> Shift {
    let earlier = |days: i32| Span {
        from: days_later(calendar, asked.from, -days),
        to: days_later(calendar, asked.to, -days),
    };
    match (compare, whole_days(asked, calendar)) {
        (Compare::SameTimeLastWeek, _) => Shift {
            span: earlier(7),
            by: ShiftBy::Days(7),
        },
        (Compare::PreviousPeriod, Some(days)) => Shift {
            span: earlier(days),
            by: ShiftBy::Days(days),
        },
        (Compare::PreviousPeriod, None) => {
            let length = asked.to - asked.from;
            Shift {
                span: Span {
                    from: asked.from - length,
                    to: asked.from,
                },
                by: ShiftBy::Micros(length),
            }
        }
    }
}

/// How many days a range has that begins and ends with a day.
fn whole_days(span: Span, calendar: &Calendar) -> Option<i32> {
    let is_whole = [span.from, span.to]
        .into_iter()
        .all(|time| floor(calendar, Grain::Day, time) == time);
    // Days are an hour short or long at most twice a year: rounding takes that out.
    let days = (span.to - span.from + DAY / 2) / DAY;
    i32::try_from(days).ok().filter(|_| is_whole)
}

/// The same time of day some days later in the store's calendar.
pub(super) fn days_later(calendar: &Calendar, time: i64, days: i32) -> i64 {
    let moved = || {
        let zoned = jiff::Timestamp::from_microsecond(time)
            .ok()?
            .to_zoned(calendar.zone().clone());
        Some(
            zoned
                .checked_add(days.days())
                .ok()?
                .timestamp()
                .as_microsecond(),
        )
    };
    moved().unwrap_or_else(|| time.saturating_add(i64::from(days) * DAY))
}

impl Shift {
    /// The window of the range asked for that an earlier window is compared with.
    pub(crate) fn onto(&self, calendar: &Calendar, grain: Grain, window: i64) -> i64 {
        let later = match self.by {
            ShiftBy::Micros(length) => window.saturating_add(length),
            ShiftBy::Days(days) => days_later(calendar, window, days),
        };
        floor(calendar, grain, later)
    }

    /// The time that a time of the range asked for is compared with.
    pub(crate) fn earlier(&self, calendar: &Calendar, time: i64) -> i64 {
        match self.by {
            ShiftBy::Micros(length) => time.saturating_sub(length),
            ShiftBy::Days(days) => days_later(calendar, time, -days),
        }
    }
}

/// Windows of one length, from one after the other to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tile {
    pub(crate) grain: Grain,
    pub(crate) span: Span,
}

/// Tiles a span of whole windows of the finest grain with the coarsest windows that fit; `grains` are finest first.
pub(crate) fn tiles(calendar: &Calendar, grains: &[Grain], span: Span) -> Vec<Tile> {
    let mut tiles = Vec::new();
    add_tiles(calendar, grains, span, &mut tiles);
    tiles
}

fn add_tiles(calendar: &Calendar, grains: &[Grain], span: Span, tiles: &mut Vec<Tile>) {
    let Some((coarsest, finer)) = grains.split_last() else {
        return;
    };
    if span.from >= span.to {
        return;
    }
    if finer.is_empty() || span == Span::ALWAYS {
        tiles.push(Tile {
            grain: *coarsest,
            span,
        });
        return;
    }
    let inner = Span {
        from: ceil(calendar, *coarsest, span.from),
        to: floor(calendar, *coarsest, span.to),
    };
    if inner.from >= inner.to || (*coarsest == Grain::Hour && !hours_are_even(calendar, inner)) {
        return add_tiles(calendar, finer, span, tiles);
    }
    add_tiles(
        calendar,
        finer,
        Span {
            to: inner.from,
            ..span
        },
        tiles,
    );
    tiles.push(Tile {
        grain: *coarsest,
        span: inner,
    });
    add_tiles(
        calendar,
        finer,
        Span {
            from: inner.to,
            ..span
        },
        tiles,
    );
}

/// Whether hours follow each other without overlap: not where a clock moves by half an hour (Lord Howe Island).
fn hours_are_even(calendar: &Calendar, span: Span) -> bool {
    let offset = |time: i64| {
        let timestamp = jiff::Timestamp::from_microsecond(time).unwrap_or_default();
        i64::from(calendar.zone().to_offset(timestamp).seconds())
    };
    let seconds_an_hour = HOUR / event::time::SECOND;
    (offset(span.from) - offset(span.to)).rem_euclid(seconds_an_hour) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn check_tiles(zone: &str, from: &str, to: &str, expected: &str) {
        let calendar = Calendar::new(TimeZone::get(zone).expect("a zone of the database"));
        let time = |text: &str| EventTime::parse(text, &TimeZone::UTC).expect("a time").0;
        let grains = [Grain::Minute, Grain::Quarter, Grain::Hour, Grain::Day];
        let span = Span {
            from: time(from),
            to: time(to),
        };
        let tiles = tiles(&calendar, &grains, span);
        assert!(
            tiles
                .windows(2)
                .all(|pair| pair[0].span.to == pair[1].span.from),
            "no gap, no overlap"
        );
        let shown: Vec<String> = tiles
            .iter()
            .map(|tile| format!("{} {}", tile.grain.name(), EventTime(tile.span.to)))
            .collect();
        assert_eq!(shown.join(", "), expected, "{zone} {from} {to}");
    }

    #[test]
    fn the_middle_is_coarse_and_the_edges_are_fine() {
        check_tiles(
            "UTC",
            "2026-03-01T22:58:00Z",
            "2026-03-04T01:16:00Z",
            "1m 2026-03-01T23:00:00Z, 1h 2026-03-02T00:00:00Z, 1d 2026-03-04T00:00:00Z, \
             1h 2026-03-04T01:00:00Z, 15m 2026-03-04T01:15:00Z, 1m 2026-03-04T01:16:00Z",
        );
    }

    #[test]
    fn a_range_within_a_window_is_tiled_with_finer_ones() {
        check_tiles(
            "UTC",
            "2026-03-01T22:01:00Z",
            "2026-03-01T22:05:00Z",
            "1m 2026-03-01T22:05:00Z",
        );
        check_tiles(
            "UTC",
            "2026-03-01T22:00:00Z",
            "2026-03-01T23:00:00Z",
            "1h 2026-03-01T23:00:00Z",
        );
    }

    #[test]
    fn days_are_the_stores() {
        check_tiles(
            "Europe/Berlin",
            "2026-03-28T23:00:00Z",
            "2026-03-29T22:00:00Z",
            "1d 2026-03-29T22:00:00Z",
        );
        check_tiles(
            "America/New_York",
            "2026-03-01T00:00:00Z",
            "2026-03-02T06:00:00Z",
            "1h 2026-03-01T05:00:00Z, 1d 2026-03-02T05:00:00Z, 1h 2026-03-02T06:00:00Z",
        );
    }

    #[test]
    fn hours_that_overlap_are_not_used() {
        // Lord Howe Island goes back half an hour on 2026-04-04 at 15:00 UTC.
        check_tiles(
            "Australia/Lord_Howe",
            "2026-04-04T14:00:00Z",
            "2026-04-04T17:00:00Z",
            "15m 2026-04-04T17:00:00Z",
        );
    }

    fn check_shift(zone: &str, compare: Compare, from: &str, to: &str, expected: &str) {
        let calendar = Calendar::new(TimeZone::get(zone).expect("a zone of the database"));
        let time = |text: &str| EventTime::parse(text, calendar.zone()).expect("a time").0;
        let shift = shift(
            compare,
            Span {
                from: time(from),
                to: time(to),
            },
            &calendar,
        );
        let shown = format!(
            "{} {}",
            EventTime(shift.span.from),
            EventTime(shift.span.to)
        );
        assert_eq!(shown, expected, "{zone} {from} {to}");
    }

    #[test]
    fn the_period_before_is_as_long_and_ends_where_this_one_begins() {
        check_shift(
            "UTC",
            Compare::PreviousPeriod,
            "2026-03-01T08:00:00",
            "2026-03-01T08:15:00",
            "2026-03-01T07:45:00Z 2026-03-01T08:00:00Z",
        );
    }

    #[test]
    fn the_day_before_a_short_day_is_a_whole_day() {
        check_shift(
            "Europe/Berlin",
            Compare::PreviousPeriod,
            "2026-03-29",
            "2026-03-30",
            "2026-03-27T23:00:00Z 2026-03-28T23:00:00Z",
        );
    }

    #[test]
    fn the_same_time_last_week_is_by_the_stores_clock() {
        check_shift(
            "Europe/Berlin",
            Compare::SameTimeLastWeek,
            "2026-03-30T08:00:00",
            "2026-03-30T09:00:00",
            "2026-03-23T07:00:00Z 2026-03-23T08:00:00Z",
        );
    }
}
