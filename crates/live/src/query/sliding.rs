//! Lengths of time as people write them, and sliding windows: how long one is, and how often one ends.
//! Where windows end follows the store's clock; what lies in them is not known here.

use super::QueryError;
use super::range::{Span, days_later};
use analytics::window::{Calendar, Grain};
use event::EventTime;
use event::time::{DAY, HOUR, MINUTE, SECOND};
use jiff::civil::Time;
use jiff::{Timestamp, ToSpan};
use std::fmt;

/// A length of this many years is a slip of the pen.
const YEARS_MAX: i64 = 200;

/// A length of time: `30s`, `15m`, `1h`, `7d`. A day is a day of the store's calendar, which may have 23 or 25 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    number: u32,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
}

impl Unit {
    fn micros(self) -> i64 {
        match self {
            Unit::Second => SECOND,
            Unit::Minute => MINUTE,
            Unit::Hour => HOUR,
            Unit::Day => DAY,
        }
    }

    fn letter(self) -> char {
        match self {
            Unit::Second => 's',
            Unit::Minute => 'm',
            Unit::Hour => 'h',
            Unit::Day => 'd',
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.number, self.unit.letter())
    }
}

impl Length {
    /// Reads a number and a unit; nothing else is a length, and neither is 0.
    #[must_use]
    pub fn parse(text: &str) -> Option<Length> {
        let unit = match text.as_bytes().last()? {
            b's' => Unit::Second,
            b'm' => Unit::Minute,
            b'h' => Unit::Hour,
            b'd' => Unit::Day,
            _ => return None,
        };
        let number = text[..text.len() - 1].parse().ok()?;
        let micros = i64::from(number).checked_mul(unit.micros())?;
        let is_sound = (1..=YEARS_MAX * 366 * DAY).contains(&micros);
        is_sound.then_some(Length { number, unit }.whole())
    }

    /// Usual length in microseconds.
    #[must_use]
    pub fn micros(self) -> i64 {
        i64::from(self.number) * self.unit.micros()
    }

    fn days(self) -> i32 {
        i32::try_from(self.number).unwrap_or(i32::MAX)
    }

    /// `120m` is `2h`; but 24 hours stay apart from a day, whose length depends on the clock.
    fn whole(self) -> Length {
        let coarser = match self.unit {
            Unit::Second => Unit::Minute,
            Unit::Minute => Unit::Hour,
            Unit::Hour | Unit::Day => return self,
        };
        if !self.number.is_multiple_of(60) {
            return self;
        }
        let number = self.number / 60;
        Length {
            number,
            unit: coarser,
        }
        .whole()
    }
}

/// Windows of one length that begin and end every so often: each event lies in several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sliding {
    /// From the end of one window to the end of the next.
    pub every: Length,
    /// From a window's start to its end.
    pub over: Length,
}

impl Sliding {
    /// Refuses lengths from which no regular windows can be made.
    pub(crate) fn check(&self) -> Result<(), QueryError> {
        let Length { number, unit } = self.every;
        let (whole, name) = match unit {
            Unit::Second => (60, "a minute"),
            Unit::Minute => (60, "an hour"),
            Unit::Hour => (24, "a day"),
            Unit::Day => (number, ""),
        };
        if !whole.is_multiple_of(number) {
            return Err(QueryError::invalid(
                format!("windows every {} do not divide {name} evenly", self.every),
                "use 1, 2, 3, 4, 5, 6, 10, 12, 15, 20 or 30 seconds or minutes, 1, 2, 3, 4, 6, 8 or 12 hours, or days",
            ));
        }
        if self.over.micros() < self.every.micros() {
            return Err(QueryError::invalid(
                format!("windows over {} every {} leave gaps", self.over, self.every),
                "let over be as long as every, or longer",
            ));
        }
        Ok(())
    }

    /// Whether windows kept in this grain can be laid together to these.
    pub(crate) fn is_made_of(&self, grain: Grain) -> bool {
        [self.every, self.over]
            .iter()
            .all(|length| length.micros() % grain.micros() == 0)
    }

    /// How many steps a window is long.
    pub(crate) fn steps(&self) -> i64 {
        self.over.micros() / self.every.micros()
    }

    /// Whole steps.
    pub(crate) fn widened(&self, calendar: &Calendar, span: Span) -> Span {
        let to = self.floor(calendar, span.to);
        Span {
            from: self.floor(calendar, span.from),
            to: if to == span.to {
                to
            } else {
                self.next(calendar, to)
            },
        }
    }

    /// Where the window that ends here begins.
    pub(crate) fn start_of(&self, calendar: &Calendar, end: i64) -> i64 {
        match self.over.unit {
            Unit::Day => days_moved(calendar, end, -self.over.days()),
            _ => end.saturating_sub(self.over.micros()),
        }
    }

    /// Where the window that begins here ends.
    pub(crate) fn end_of(&self, calendar: &Calendar, start: i64) -> i64 {
        match self.over.unit {
            Unit::Day => days_moved(calendar, start, self.over.days()),
            _ => start.saturating_add(self.over.micros()),
        }
    }

    /// The last step at or before a time. Seconds count from the minute, minutes and hours from the store's hour and
    /// midnight, days from a Monday, so that `7d` are the store's weeks.
    pub(crate) fn floor(&self, calendar: &Calendar, time: i64) -> i64 {
        let event_time = EventTime(time);
        let number = i64::from(self.every.number);
        match self.every.unit {
            Unit::Second => time - time.rem_euclid(self.every.micros()),
            Unit::Minute => {
                let hour = calendar.window_start(Grain::Hour, event_time).0;
                time - (time - hour).rem_euclid(self.every.micros())
            }
            Unit::Hour if number == 1 => calendar.window_start(Grain::Hour, event_time).0,
            Unit::Hour => hours_floor(calendar, time, self.every.number).unwrap_or(time),
            Unit::Day => days_floor(calendar, time, number).unwrap_or(time),
        }
    }

    /// The step after a step.
    pub(crate) fn next(&self, calendar: &Calendar, step: i64) -> i64 {
        let from = EventTime(step);
        let next = match self.every.unit {
            Unit::Second => step + self.every.micros(),
            Unit::Minute => {
                let hour = calendar.window_start(Grain::Hour, from);
                let next_hour = calendar.next_window(Grain::Hour, hour).0;
                (step + self.every.micros()).min(next_hour)
            }
            Unit::Hour if self.every.number == 1 => calendar.next_window(Grain::Hour, from).0,
            Unit::Hour => hours_next(calendar, step, self.every.number).unwrap_or(step),
            Unit::Day => days_moved(calendar, step, self.every.days()),
        };
        // At the end of the calendar nothing comes next; steps go on all the same.
        if next > step {
            next
        } else {
            step.saturating_add(self.every.micros())
        }
    }
}

/// The same time of day some days away; where a day begins, that one begins, though its clock skipped midnight.
fn days_moved(calendar: &Calendar, time: i64, days: i32) -> i64 {
    let moved = days_later(calendar, time, days);
    let day_start = |time: i64| calendar.window_start(Grain::Day, EventTime(time)).0;
    if day_start(time) == time {
        day_start(moved)
    } else {
        moved
    }
}

fn hours_floor(calendar: &Calendar, time: i64, hours: u32) -> Option<i64> {
    let zoned = Timestamp::from_microsecond(time)
        .ok()?
        .to_zoned(calendar.zone().clone());
    let hours = i8::try_from(hours).ok()?;
    let start = zoned
        .date()
        .at(zoned.hour() / hours * hours, 0, 0, 0)
        .to_zoned(calendar.zone().clone())
        .ok()?;
    Some(start.timestamp().as_microsecond())
}

fn hours_next(calendar: &Calendar, step: i64, hours: u32) -> Option<i64> {
    let zoned = Timestamp::from_microsecond(step)
        .ok()?
        .to_zoned(calendar.zone().clone());
    let hours = i8::try_from(hours).ok()?;
    // Where the clock skipped the hour a step belongs to, the step began late; the next one does not.
    let hour = zoned.hour() / hours * hours + hours;
    let next = match Time::new(hour, 0, 0, 0) {
        Ok(time) => zoned
            .date()
            .to_datetime(time)
            .to_zoned(calendar.zone().clone())
            .ok()?,
        Err(_) => zoned.tomorrow().ok()?.start_of_day().ok()?,
    };
    Some(next.timestamp().as_microsecond())
}

fn days_floor(calendar: &Calendar, time: i64, days: i64) -> Option<i64> {
    let zoned = Timestamp::from_microsecond(time)
        .ok()?
        .to_zoned(calendar.zone().clone());
    let monday = jiff::civil::date(1970, 1, 5);
    let since = i64::from(zoned.date().since(monday).ok()?.get_days());
    let date = zoned
        .date()
        .checked_sub(since.rem_euclid(days).days())
        .ok()?;
    let start = date.to_zoned(calendar.zone().clone()).ok()?;
    Some(start.start_of_day().ok()?.timestamp().as_microsecond())
}

#[cfg(test)]
#[path = "sliding_tests.rs"]
mod tests;
