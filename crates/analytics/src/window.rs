//! Tumbling windows in a store's own time: where a minute, a quarter, an hour and a day begin.
//! Days of a daylight-saving change have 23 or 25 hours.

use event::EventTime;
use event::time::{DAY, HOUR, MINUTE, SECOND};
use jiff::tz::TimeZone;

/// Length of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Grain {
    /// One second; only for what happens now.
    Second,
    /// One minute.
    Minute,
    /// Fifteen minutes.
    Quarter,
    /// One hour of the store's clock.
    Hour,
    /// One day of the store's calendar.
    Day,
}

impl Grain {
    /// Every grain, finest first.
    pub const ALL: [Grain; 5] = [
        Grain::Second,
        Grain::Minute,
        Grain::Quarter,
        Grain::Hour,
        Grain::Day,
    ];

    /// `1s`, `1m`, `15m`, `1h`, `1d`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Grain::Second => "1s",
            Grain::Minute => "1m",
            Grain::Quarter => "15m",
            Grain::Hour => "1h",
            Grain::Day => "1d",
        }
    }

    /// The grain of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Grain> {
        Grain::ALL.into_iter().find(|grain| grain.name() == name)
    }

    /// Usual length in microseconds; a day may have an hour more or less.
    #[must_use]
    pub fn micros(self) -> i64 {
        match self {
            Grain::Second => SECOND,
            Grain::Minute => MINUTE,
            Grain::Quarter => 15 * MINUTE,
            Grain::Hour => HOUR,
            Grain::Day => DAY,
        }
    }
}

/// What leaves memory when windows grow too many: those that ended so long before the newest event, oldest first.
const AGES: [i64; 7] = [
    7 * DAY,
    DAY,
    6 * HOUR,
    2 * HOUR,
    HOUR,
    30 * MINUTE,
    15 * MINUTE,
];

/// How many there are of each age, and so what must go for few enough to stay.
#[derive(Debug, Clone)]
pub struct Ages {
    newest: i64,
    all: usize,
    by_age: [usize; AGES.len()],
}

impl Ages {
    /// None yet; ages are counted back from the newest event.
    #[must_use]
    pub fn before(newest: i64) -> Ages {
        Ages {
            newest,
            all: 0,
            by_age: [0; AGES.len()],
        }
    }

    /// Counts what must stay, however old it is.
    pub fn count_staying(&mut self, count: usize) {
        self.all += count;
    }

    /// Counts what may go, of the window of this length that begins at `start`.
    pub fn count(&mut self, grain: Grain, start: i64, count: usize) {
        self.all += count;
        let age = self
            .newest
            .saturating_sub(start.saturating_add(grain.micros()));
        if let Some(class) = AGES.iter().position(|limit| age >= *limit) {
            self.by_age[class] += count;
        }
    }

    /// Windows that ended by this moment go, so that about so many stay; nothing where there are few enough.
    #[must_use]
    pub fn go_if_ended_by(&self, kept_max: usize) -> Option<i64> {
        let (mut left, mut ended_by) = (self.all, None);
        for (age, count) in AGES.into_iter().zip(self.by_age) {
            if left <= kept_max {
                break;
            }
            (left, ended_by) = (left - count, Some(self.newest - age));
        }
        ended_by
    }
}

/// Knows where windows begin in one time zone.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
}

impl Calendar {
    /// The windows of this zone.
    #[must_use]
    pub fn new(zone: TimeZone) -> Calendar {
        Calendar { zone }
    }

    /// The zone.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Where the window that holds this time begins.
    /// Windows up to a quarter need no zone: offsets have been multiples of 15 minutes since 1980.
    #[must_use]
    pub fn window_start(&self, grain: Grain, time: EventTime) -> EventTime {
        let floored = EventTime(time.0 - time.0.rem_euclid(grain.micros()));
        match grain {
            Grain::Second | Grain::Minute | Grain::Quarter => floored,
            _ if self.zone == TimeZone::UTC => floored,
            Grain::Hour => self.hour_start(time),
            Grain::Day => self.day_start(time),
        }
    }

    /// Where a clock is set by half an hour (Lord Howe Island), an hour begins at the change itself.
    fn hour_start(&self, time: EventTime) -> EventTime {
        let offset = self.offset_micros(time);
        let start = EventTime(time.0 - (time.0 + offset).rem_euclid(HOUR));
        if self.offset_micros(start) == offset {
            return start;
        }
        let Ok(timestamp) = jiff::Timestamp::from_microsecond(time.0 + 1) else {
            return start;
        };
        let change = self.zone.preceding(timestamp).next();
        change.map_or(start, |change| {
            EventTime(change.timestamp().as_microsecond().max(start.0))
        })
    }

    fn day_start(&self, time: EventTime) -> EventTime {
        let Ok(timestamp) = jiff::Timestamp::from_microsecond(time.0) else {
            return time;
        };
        let start = timestamp.to_zoned(self.zone.clone()).start_of_day();
        start.map_or(time, |start| EventTime(start.timestamp().as_microsecond()))
    }

    /// Where the window after the one that begins at `start` begins.
    #[must_use]
    pub fn next_window(&self, grain: Grain, start: EventTime) -> EventTime {
        match grain {
            // 26 hours lie in the next day whether this one has 23, 24 or 25.
            Grain::Day => self.window_start(grain, EventTime(start.0 + 26 * HOUR)),
            // The hour before or after a change of half an hour has less than 60 minutes.
            Grain::Hour => self.window_start(grain, EventTime(start.0 + HOUR)),
            _ => EventTime(start.0 + grain.micros()),
        }
    }

    /// The same time of the store's clock so many days before; across a clock change that is an hour more or less away.
    #[must_use]
    pub fn days_before(&self, time: EventTime, days: i64) -> EventTime {
        let before = EventTime(time.0.saturating_sub(days.saturating_mul(DAY)));
        if self.zone == TimeZone::UTC {
            return before;
        }
        let change = self.offset_micros(time) - self.offset_micros(before);
        EventTime(before.0.saturating_add(change))
    }

    fn offset_micros(&self, time: EventTime) -> i64 {
        let timestamp = jiff::Timestamp::from_microsecond(time.0).unwrap_or_default();
        i64::from(self.zone.to_offset(timestamp).seconds()) * SECOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(zone: &str, grain: Grain, time: &str, expected: &str) {
        let calendar = Calendar::new(TimeZone::get(zone).expect("a zone of the database"));
        let time = EventTime::parse(time, &TimeZone::UTC).expect("a time");
        assert_eq!(
            calendar.window_start(grain, time).to_string(),
            expected,
            "{zone} {time}"
        );
    }

    #[test]
    fn windows_begin_where_the_stores_clock_says() {
        check(
            "UTC",
            Grain::Day,
            "2010-12-01T23:59:59Z",
            "2010-12-01T00:00:00Z",
        );
        check(
            "Europe/Berlin",
            Grain::Day,
            "2010-12-01T23:30:00Z",
            "2010-12-01T23:00:00Z",
        );
        check(
            "Asia/Kathmandu",
            Grain::Hour,
            "2024-01-01T00:20:00Z",
            "2024-01-01T00:15:00Z",
        );
        check(
            "Asia/Kathmandu",
            Grain::Quarter,
            "2024-01-01T00:20:00Z",
            "2024-01-01T00:15:00Z",
        );
        check(
            "America/New_York",
            Grain::Minute,
            "2024-01-01T00:20:30Z",
            "2024-01-01T00:20:00Z",
        );
    }

    #[test]
    fn days_of_a_clock_change_have_23_and_25_hours() {
        let calendar = Calendar::new(TimeZone::get("Europe/Berlin").expect("a zone"));
        let hours = |day: &str| {
            let start = EventTime::parse(day, calendar.zone()).expect("a day");
            (calendar.next_window(Grain::Day, start).0 - start.0) / HOUR
        };
        assert_eq!(
            (
                hours("2024-03-31"),
                hours("2024-10-27"),
                hours("2024-06-01")
            ),
            (23, 25, 24)
        );
    }

    #[test]
    fn days_before_keep_the_time_of_the_clock() {
        let calendar = Calendar::new(TimeZone::get("Europe/Berlin").expect("a zone"));
        let time = |text| EventTime::parse(text, calendar.zone()).expect("a time");
        let before = |text, days| calendar.days_before(time(text), days);
        assert_eq!(before("2024-04-03 18:00", 7), time("2024-03-27 18:00"));
        assert_eq!(before("2024-10-30 18:00", 7), time("2024-10-23 18:00"));
        assert_eq!(before("2024-06-30 18:00", 1), time("2024-06-29 18:00"));
    }

    #[test]
    fn hours_around_a_change_of_half_an_hour_do_not_overlap() {
        let calendar = Calendar::new(TimeZone::get("Australia/Lord_Howe").expect("a zone"));
        for day in ["2024-04-06T12:00:00Z", "2024-10-05T12:00:00Z"] {
            let from = EventTime::parse(day, &TimeZone::UTC).expect("a time");
            let mut start = calendar.window_start(Grain::Hour, from);
            for minute in 0..600 {
                let time = EventTime(from.0 + minute * MINUTE);
                let next = calendar.next_window(Grain::Hour, start);
                start = if time >= next { next } else { start };
                assert_eq!(calendar.window_start(Grain::Hour, time), start, "{time}");
            }
        }
    }

    #[test]
    fn the_repeated_hour_is_two_windows() {
        check(
            "Europe/Berlin",
            Grain::Hour,
            "2024-10-27T00:30:00Z",
            "2024-10-27T00:00:00Z",
        );
        check(
            "Europe/Berlin",
            Grain::Hour,
            "2024-10-27T01:30:00Z",
            "2024-10-27T01:00:00Z",
        );
    }
}
