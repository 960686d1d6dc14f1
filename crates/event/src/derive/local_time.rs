//! Hour and day of the week by a store's clock. They are not stored: they follow from the event's time and the store's
//! zone, so a store that mends its zone mends them too.

use crate::EventTime;
use crate::time::{DAY, HOUR, SECOND};
use jiff::tz::TimeZone;

/// 1970-01-01 was a Thursday, three days after a Monday.
const FIRST_DAY_AFTER_MONDAY: i64 = 3;

/// The hour of the store's clock, 0 to 23. The hour that a clock change repeats is one and the same; the one it skips never comes.
#[must_use]
pub fn hour(time: EventTime, zone: &TimeZone) -> u8 {
    (local_micros(time, zone).rem_euclid(DAY) / HOUR) as u8
}

/// The day of the week by the store's calendar, 1 = Monday … 7 = Sunday (ISO 8601; Spark's `dayofweek` has Sunday = 1).
#[must_use]
pub fn day_of_week(time: EventTime, zone: &TimeZone) -> u8 {
    let days = local_micros(time, zone).div_euclid(DAY);
    ((days + FIRST_DAY_AFTER_MONDAY).rem_euclid(7) + 1) as u8
}

/// The date of the store's calendar as days since 1970-01-01.
#[must_use]
pub fn day_number(time: EventTime, zone: &TimeZone) -> i64 {
    local_micros(time, zone).div_euclid(DAY)
}

/// What the store's clock shows, written as if it were UTC.
fn local_micros(time: EventTime, zone: &TimeZone) -> i64 {
    if *zone == TimeZone::UTC {
        return time.0;
    }
    // A time that no calendar knows has no offset either.
    let offset = jiff::Timestamp::from_microsecond(time.0).map_or(0, |timestamp| {
        i64::from(zone.to_offset(timestamp).seconds())
    });
    time.0.saturating_add(offset * SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values are read off a wall calendar and the published dates of clock changes.
    fn check(zone: &str, time: &str, expected: (u8, u8)) {
        let zone = TimeZone::get(zone).expect("a zone of the database");
        let time = EventTime::parse(time, &TimeZone::UTC).expect("a time");
        assert_eq!(
            (hour(time, &zone), day_of_week(time, &zone)),
            expected,
            "{time}"
        );
    }

    #[test]
    fn days_count_from_monday_and_hours_from_midnight() {
        check("UTC", "1970-01-01T00:00:00Z", (0, 4));
        check("UTC", "2026-03-02T00:00:00Z", (0, 1));
        check("UTC", "2026-03-08T23:59:59.999999Z", (23, 7));
        check("UTC", "1969-12-31T23:59:59Z", (23, 3));
        check("UTC", "2000-02-29T12:00:00Z", (12, 2));
    }

    #[test]
    fn they_are_the_stores_not_greenwichs() {
        check("Europe/Berlin", "2026-03-01T23:30:00Z", (0, 1));
        check("America/New_York", "2026-03-02T04:59:00Z", (23, 7));
        check("Asia/Kathmandu", "2026-03-01T18:14:59Z", (23, 7));
        check("Asia/Kathmandu", "2026-03-01T18:15:00Z", (0, 1));
        check("Pacific/Kiritimati", "2026-03-01T10:00:00Z", (0, 1));
    }

    #[test]
    fn a_clock_set_forward_skips_an_hour_and_set_back_repeats_one() {
        // Berlin: 2024-03-31 02:00 → 03:00 and 2024-10-27 03:00 → 02:00, both at 01:00 UTC, both Sundays.
        check("Europe/Berlin", "2024-03-31T00:59:59Z", (1, 7));
        check("Europe/Berlin", "2024-03-31T01:00:00Z", (3, 7));
        check("Europe/Berlin", "2024-10-27T00:30:00Z", (2, 7));
        check("Europe/Berlin", "2024-10-27T01:30:00Z", (2, 7));
        check("Europe/Berlin", "2024-10-27T02:00:00Z", (3, 7));
        // The last hour of the long day is still Sunday.
        check("Europe/Berlin", "2024-10-27T22:59:59Z", (23, 7));
        check("Europe/Berlin", "2024-10-27T23:00:00Z", (0, 1));
    }

    #[test]
    fn a_clock_set_by_half_an_hour_is_followed() {
        // Lord Howe Island: 2026-04-05 02:00 → 01:30, at 2026-04-04 15:00 UTC.
        check("Australia/Lord_Howe", "2026-04-04T14:59:59Z", (1, 7));
        check("Australia/Lord_Howe", "2026-04-04T15:00:00Z", (1, 7));
        check("Australia/Lord_Howe", "2026-04-04T15:30:00Z", (2, 7));
    }

    #[test]
    fn a_midnight_that_does_not_exist_begins_the_day_at_one() {
        // Beirut: 2024-03-31 00:00 → 01:00, at 2024-03-30 22:00 UTC.
        check("Asia/Beirut", "2024-03-30T21:59:59Z", (23, 6));
        check("Asia/Beirut", "2024-03-30T22:00:00Z", (1, 7));
    }
}
