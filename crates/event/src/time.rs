//! Event times: microseconds since 1970 in UTC, read from the many ways shops write them.
//! Nothing here knows what time it is now.

use jiff::tz::TimeZone;
use std::fmt;

/// Microseconds since 1970-01-01 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EventTime(pub i64);

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds in an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds in a day of 24 hours.
pub const DAY: i64 = 24 * HOUR;
/// How much later than others an event of a live source may come before its window counts as told: clocks that differ,
/// clients that gather events, retries. It moves no number; it only says when one is no longer expected to move.
pub const DISORDER: i64 = 30 * SECOND;

/// No shop has events before 1980: a zero or a two-digit year is a mistake, not history.
pub const EARLIEST: EventTime = EventTime(315_532_800 * SECOND);

/// Why a text is no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time")]
pub struct TimeError;

impl EventTime {
    /// Reads ISO 8601 (with or without zone), `12/1/2010 8:26`, `01.12.2010 08:26`, or an epoch number in s, ms, µs or ns.
    /// A time without zone is taken in `zone`; in the gap of a daylight-saving change it moves forward, in the fold it is the first.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<EventTime, TimeError> {
        let is_trimmed = text.as_bytes().last().is_some_and(u8::is_ascii_graphic);
        if is_trimmed && let Some((civil, rest)) = parse_usual(text.as_bytes()) {
            return civil.with_offset(rest, zone);
        }
        let text = text.trim();
        let bytes = text.as_bytes();
        if bytes.len() >= 10 && bytes[4] == b'-' && bytes[7] == b'-' {
            return parse_iso(bytes, zone);
        }
        if !bytes.is_empty()
            && bytes
                .iter()
                .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'))
            && !is_dotted_date(text)
        {
            return parse_epoch(text);
        }
        parse_written(text, zone)
    }

    /// An epoch number: its size says whether it counts seconds, milliseconds, microseconds or nanoseconds.
    pub fn from_epoch(number: i64) -> Result<EventTime, TimeError> {
        // Until the year 5138 seconds have up to 11 digits; 12 to 14 digits are ms, 15 to 17 µs, more are ns.
        let micros = match number.unsigned_abs() {
            0..100_000_000_000 => number * SECOND,
            100_000_000_000..100_000_000_000_000 => number * 1_000,
            100_000_000_000_000..100_000_000_000_000_000 => number,
            _ => number / 1_000,
        };
        Ok(EventTime(micros))
    }
}

/// RFC 3339 in UTC with as many fraction digits as needed.
impl fmt::Display for EventTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(timestamp) => write!(out, "{timestamp}"),
            Err(_) => write!(out, "{} µs", self.0),
        }
    }
}

struct Civil {
    year: i64,
    month: i64,
    day: i64,
    micros_of_day: i64,
}

impl Civil {
    fn micros(&self) -> Result<i64, TimeError> {
        let days_in_month = match self.month {
            2 if self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return Err(TimeError),
        };
        if !(1..=days_in_month).contains(&self.day) {
            return Err(TimeError);
        }
        Ok(days_from_civil(self.year, self.month, self.day) * DAY + self.micros_of_day)
    }

    /// The time under what is written behind it: nothing, a letter or name for UTC, an offset.
    fn with_offset(&self, written: &[u8], zone: &TimeZone) -> Result<EventTime, TimeError> {
        match written {
            [] => self.in_zone(zone),
            [b'Z' | b'z'] | b"UTC" | b"utc" | b"GMT" => Ok(EventTime(self.micros()?)),
            [sign @ (b'+' | b'-'), offset @ ..] => {
                let offset = parse_offset(offset)?;
                Ok(EventTime(
                    self.micros()? - if *sign == b'+' { offset } else { -offset },
                ))
            }
            _ => Err(TimeError),
        }
    }

    fn in_zone(&self, zone: &TimeZone) -> Result<EventTime, TimeError> {
        let micros = self.micros()?;
        if *zone == TimeZone::UTC {
            return Ok(EventTime(micros));
        }
        let civil = jiff::Timestamp::from_microsecond(micros)
            .map_err(|_| TimeError)?
            .to_zoned(TimeZone::UTC)
            .datetime();
        let zoned = zone
            .to_ambiguous_zoned(civil)
            .compatible()
            .map_err(|_| TimeError)?;
        Ok(EventTime(zoned.timestamp().as_microsecond()))
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar; formula by Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn digits(bytes: &[u8]) -> Result<i64, TimeError> {
    if bytes.is_empty() {
        return Err(TimeError);
    }
    bytes.iter().try_fold(0_i64, |value, byte| {
        if byte.is_ascii_digit() {
            Ok(value * 10 + i64::from(byte - b'0'))
        } else {
            Err(TimeError)
        }
    })
}

fn parse_iso(bytes: &[u8], zone: &TimeZone) -> Result<EventTime, TimeError> {
    let (clock, rest) = match bytes.get(10) {
        None => (0, &[][..]),
        Some(b'T' | b't' | b' ') => parse_clock(&bytes[11..])?,
        Some(_) => return Err(TimeError),
    };
    let civil = Civil {
        year: digits(&bytes[..4])?,
        month: digits(&bytes[5..7])?,
        day: digits(&bytes[8..10])?,
        micros_of_day: clock,
    };
    civil.with_offset(rest.trim_ascii(), zone)
}

/// `2010-12-01T08:26:00` with up to six fraction digits, as nearly every program writes it, and what follows;
/// nothing for any other form, which the longer way judges.
fn parse_usual(bytes: &[u8]) -> Option<(Civil, &[u8])> {
    let (written, rest) = bytes.split_first_chunk::<19>()?;
    let is_usual = written[4] == b'-'
        && written[7] == b'-'
        && matches!(written[10], b'T' | b' ')
        && written[13] == b':'
        && written[16] == b':';
    let mut seen = 0;
    let mut two = |at: usize| {
        let (tens, ones) = (
            written[at].wrapping_sub(b'0'),
            written[at + 1].wrapping_sub(b'0'),
        );
        seen = seen.max(tens).max(ones);
        i64::from(tens) * 10 + i64::from(ones)
    };
    let (century, year, month, day) = (two(0), two(2), two(5), two(8));
    let (hour, minute, second) = (two(11), two(14), two(17));
    if !is_usual || seen > 9 || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (fraction, rest) = rest.split_at(digits);
            if !(1..=6).contains(&digits) {
                return None;
            }
            (fraction_micros(fraction).ok()?, rest)
        }
        _ => (0, rest),
    };
    let is_ended = matches!(rest, [] | [b'Z' | b'z' | b'U' | b'+' | b'-', ..]);
    let civil = Civil {
        year: century * 100 + year,
        month,
        day,
        micros_of_day: hour * HOUR + minute * MINUTE + second * SECOND + fraction,
    };
    is_ended.then_some((civil, rest))
}

/// `08:26`, `08:26:00` or `08:26:00.123456789`; second 60 is the first of the next minute.
fn parse_clock(bytes: &[u8]) -> Result<(i64, &[u8]), TimeError> {
    let end = bytes
        .iter()
        .position(|byte| !(byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b',')))
        .unwrap_or(bytes.len());
    let (clock, rest) = bytes.split_at(end);
    let mut parts = clock.split(|byte| *byte == b':');
    let hour = digits(parts.next().ok_or(TimeError)?)?;
    let minute = digits(parts.next().ok_or(TimeError)?)?;
    let seconds = parts.next().unwrap_or(b"0");
    if parts.next().is_some() || hour > 23 || minute > 59 {
        return Err(TimeError);
    }
    let (second, fraction) = match seconds.iter().position(|byte| matches!(byte, b'.' | b',')) {
        Some(dot) => (
            digits(&seconds[..dot])?,
            fraction_micros(&seconds[dot + 1..])?,
        ),
        None => (digits(seconds)?, 0),
    };
    if second > 60 {
        return Err(TimeError);
    }
    Ok((
        hour * HOUR + minute * MINUTE + second * SECOND + fraction,
        rest,
    ))
}

fn fraction_micros(bytes: &[u8]) -> Result<i64, TimeError> {
    let kept = &bytes[..bytes.len().min(6)];
    digits(&bytes[bytes.len().min(6)..])
        .or_else(|error| if bytes.len() <= 6 { Ok(0) } else { Err(error) })?;
    let missing = u32::try_from(6 - kept.len()).expect("at most six digits are kept");
    Ok(digits(kept)? * 10_i64.pow(missing))
}

fn parse_offset(bytes: &[u8]) -> Result<i64, TimeError> {
    let (hours, minutes) = match bytes {
        [hours @ .., b':', tens, ones] => (digits(hours)?, digits(&[*tens, *ones])?),
        [_, _] | [_] => (digits(bytes)?, 0),
        [hours @ .., tens, ones] => (digits(hours)?, digits(&[*tens, *ones])?),
        [] => return Err(TimeError),
    };
    if hours > 23 || minutes > 59 {
        Err(TimeError)
    } else {
        Ok(hours * HOUR + minutes * MINUTE)
    }
}

fn parse_epoch(text: &str) -> Result<EventTime, TimeError> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let number: i64 = whole.parse().map_err(|_| TimeError)?;
    let time = EventTime::from_epoch(number)?;
    if fraction.is_empty() || number.unsigned_abs() >= 100_000_000_000 {
        return Ok(time);
    }
    let micros = fraction_micros(fraction.as_bytes())?;
    Ok(EventTime(
        time.0 + if number < 0 { -micros } else { micros },
    ))
}

fn is_dotted_date(text: &str) -> bool {
    let mut parts = text.splitn(3, ['.', '-']);
    let lengths = (
        parts.next().map_or(0, str::len),
        parts.next().map_or(0, str::len),
        parts.next().map_or(0, str::len),
    );
    matches!(lengths, (1..=2, 1..=2, 4..))
}

/// Day and month as people write them: `12/1/2010 8:26` (month first), `1.12.2010 08:26` and `1-12-2010` (day first).
fn parse_written(text: &str, zone: &TimeZone) -> Result<EventTime, TimeError> {
    let (date, clock) = text.split_once([' ', 'T', ',']).unwrap_or((text, ""));
    let separator = date
        .chars()
        .find(|character| !character.is_ascii_digit())
        .ok_or(TimeError)?;
    let numbers: Vec<i64> = date
        .split(separator)
        .map(|part| digits(part.as_bytes()))
        .collect::<Result<_, _>>()?;
    let (year, month, day) = match (separator, numbers.as_slice()) {
        ('/', [year, month, day]) if *year > 999 => (*year, *month, *day),
        ('/', [first, second, year]) if *first > 12 => (*year, *second, *first),
        ('/', [month, day, year]) => (*year, *month, *day),
        ('.' | '-', [day, month, year]) => (*year, *month, *day),
        _ => return Err(TimeError),
    };
    let micros_of_day = match clock.trim() {
        "" => 0,
        clock => parse_written_clock(clock)?,
    };
    let year = if year < 100 { 2000 + year } else { year };
    Civil {
        year,
        month,
        day,
        micros_of_day,
    }
    .in_zone(zone)
}

fn parse_written_clock(clock: &str) -> Result<i64, TimeError> {
    let (micros, rest) = parse_clock(clock.as_bytes())?;
    let hour = micros / HOUR;
    match rest.trim_ascii().to_ascii_uppercase().as_slice() {
        b"" => Ok(micros),
        b"AM" if (1..=12).contains(&hour) => Ok(micros - if hour == 12 { 12 * HOUR } else { 0 }),
        b"PM" if (1..=12).contains(&hour) => Ok(micros + if hour == 12 { 0 } else { 12 * HOUR }),
        _ => Err(TimeError),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_in(zone: &str, text: &str, expected: &str) {
        let zone = TimeZone::get(zone).expect("a zone of the database");
        let shown = EventTime::parse(text, &zone)
            .map_or_else(|error| error.to_string(), |time| time.to_string());
        assert_eq!(shown, expected, "{text}");
    }

    fn check(text: &str, expected: &str) {
        check_in("UTC", text, expected);
    }

    #[test]
    fn iso_times_are_read_with_and_without_zone() {
        check("2010-12-01 08:26:00", "2010-12-01T08:26:00Z");
        check("2010-12-01T08:26:00.123456", "2010-12-01T08:26:00.123456Z");
        check(
            "2010-12-01T08:26:00.1234567899Z",
            "2010-12-01T08:26:00.123456Z",
        );
        check("2010-12-01T08:26:00+01:00", "2010-12-01T07:26:00Z");
        check("2010-12-01T08:26:00-0530", "2010-12-01T13:56:00Z");
        check("2019-10-01 00:00:00 UTC", "2019-10-01T00:00:00Z");
        check("2010-12-01", "2010-12-01T00:00:00Z");
        check("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z");
        check("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z");
    }

    #[test]
    fn epoch_numbers_say_their_unit_by_their_size() {
        check("1291191960", "2010-12-01T08:26:00Z");
        check("1291191960.5", "2010-12-01T08:26:00.5Z");
        check("1291191960123", "2010-12-01T08:26:00.123Z");
        check("1291191960123456", "2010-12-01T08:26:00.123456Z");
        check("1291191960123456789", "2010-12-01T08:26:00.123456Z");
    }

    #[test]
    fn written_dates_are_read() {
        check("12/1/2010 8:26", "2010-12-01T08:26:00Z");
        check("12/1/10 8:26 PM", "2010-12-01T20:26:00Z");
        check("31/12/2010 12:00 AM", "2010-12-31T00:00:00Z");
        check("01.12.2010 08:26", "2010-12-01T08:26:00Z");
        check("2010/12/01 08:26", "2010-12-01T08:26:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "yesterday",
            "2023-02-29",
            "2010-13-01",
            "2010-12-01T25:00:00",
            "2010-12-01x",
            "--",
            "1/2",
            "2010-12-01 08:26 Mars",
        ] {
            check(text, "not a time");
        }
    }

    #[test]
    fn naive_times_follow_the_zone_over_daylight_saving() {
        check_in(
            "Europe/Berlin",
            "2024-07-01 12:00:00",
            "2024-07-01T10:00:00Z",
        );
        check_in(
            "Europe/Berlin",
            "2024-03-31 02:30:00",
            "2024-03-31T01:30:00Z",
        );
        check_in(
            "Europe/Berlin",
            "2024-10-27 02:30:00",
            "2024-10-27T00:30:00Z",
        );
    }
}
