//! Event times in microseconds UTC, and the ways dialects write them.
//! Nothing here knows what time it is now.

use crate::write::{number, two_digits};

/// Microseconds since 1970-01-01 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(pub i64);

/// Microseconds in a second.
pub const SECOND_MICROS: i64 = 1_000_000;
/// Microseconds in a minute.
pub const MINUTE_MICROS: i64 = 60 * SECOND_MICROS;
/// Microseconds in an hour.
pub const HOUR_MICROS: i64 = 60 * MINUTE_MICROS;
/// Microseconds in a day.
pub const DAY_MICROS: i64 = 24 * HOUR_MICROS;

impl Time {
    /// Days since 1970-01-01 in UTC.
    #[must_use]
    pub fn day(self) -> i64 {
        self.0.div_euclid(DAY_MICROS)
    }

    /// Minutes since 1970-01-01 00:00 in UTC.
    #[must_use]
    pub fn minute(self) -> i64 {
        self.0.div_euclid(MINUTE_MICROS)
    }

    /// Later by so many microseconds.
    #[must_use]
    pub fn plus(self, micros: i64) -> Time {
        Time(self.0.saturating_add(micros))
    }

    /// `2025-03-04T10:00:00.123456`, as Python's `isoformat` writes it: no zone.
    pub(crate) fn write_naive(self, out: &mut Vec<u8>) {
        write_date(self.day(), out);
        out.push(b'T');
        let second = self.0.div_euclid(SECOND_MICROS).rem_euclid(86_400) as u64;
        two_digits(second / 3_600, out);
        out.push(b':');
        two_digits(second / 60 % 60, out);
        out.push(b':');
        two_digits(second % 60, out);
        out.push(b'.');
        let micros = self.0.rem_euclid(SECOND_MICROS) as u64;
        two_digits(micros / 10_000, out);
        two_digits(micros / 100 % 100, out);
        two_digits(micros % 100, out);
    }

    /// `2025-03-04 10:00:00`, without zone and fraction.
    pub(crate) fn write_seconds(self, out: &mut Vec<u8>) {
        let start = out.len();
        self.write_naive(out);
        out.truncate(out.len() - ".123456".len());
        out[start + "2025-03-04".len()] = b' ';
    }

    /// `2025-03-04 10:00:00.123`, without zone.
    pub(crate) fn write_millis(self, out: &mut Vec<u8>) {
        let start = out.len();
        self.write_naive(out);
        out.truncate(out.len() - "456".len());
        out[start + "2025-03-04".len()] = b' ';
    }

    /// `04/Mar/2025:10:00:00 +0000`, as web servers log it.
    pub(crate) fn write_log(self, out: &mut Vec<u8>) {
        const MONTHS: [&[u8; 3]; 12] = [
            b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
            b"Dec",
        ];
        let mut iso = Vec::with_capacity(26);
        self.write_naive(&mut iso);
        let month = usize::from(iso[5] - b'0') * 10 + usize::from(iso[6] - b'0');
        out.extend_from_slice(&iso[8..10]);
        out.push(b'/');
        out.extend_from_slice(MONTHS[month - 1]);
        out.push(b'/');
        out.extend_from_slice(&iso[..4]);
        out.push(b':');
        out.extend_from_slice(&iso[11..19]);
        out.extend_from_slice(b" +0000");
    }

    /// `2025-03-04T10:00:00.123456Z`.
    pub(crate) fn write_utc(self, out: &mut Vec<u8>) {
        self.write_naive(out);
        out.push(b'Z');
    }

    /// `2025-03-04`.
    pub(crate) fn date_text(day: i64) -> String {
        let mut out = Vec::with_capacity(10);
        write_date(day, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// `2025-03-04T10:00:00.123456Z`.
    pub(crate) fn utc_text(self) -> String {
        let mut out = Vec::with_capacity(27);
        self.write_utc(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// The civil date of a day number; formula by Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
fn write_date(day: i64, out: &mut Vec<u8>) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let day_of_era = day.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    number(year.unsigned_abs(), out);
    out.push(b'-');
    two_digits(month.unsigned_abs(), out);
    out.push(b'-');
    two_digits(
        (day_of_year - (153 * shifted_month + 2) / 5 + 1).unsigned_abs(),
        out,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_written_time_is_read_back_by_another_library() {
        for day in (3_650..40_000).step_by(7) {
            let time = Time(day * DAY_MICROS + day % 86_400 * SECOND_MICROS * 2 % DAY_MICROS + day);
            let read: jiff::Timestamp = time.utc_text().parse().expect("RFC 3339");
            assert_eq!(read.as_microsecond(), time.0);
        }
    }
}
