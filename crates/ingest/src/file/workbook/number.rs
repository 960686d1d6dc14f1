//! Numbers of cells as text: decimals as a person sees them, days as dates.

use super::styles::Shown;

/// Digits a spreadsheet keeps; what a file holds beyond them is noise of its binary numbers.
const DIGITS: usize = 15;
const MILLIS_A_DAY: f64 = 86_400_000.0;
/// Days from 1899-12-30, where counting from 1900 in effect begins, to 1970.
const DAYS_TO_1970: i64 = 25_569;
/// Days from 1900's beginning to that of 1904.
const DAYS_TO_1904: i64 = 1_462;
/// The last day of the format, 9999-12-31.
const DAY_LAST: f64 = 2_958_466.0;

/// The text of a cell's number; what is no number stays as it is.
pub(super) fn text_of(value: &str, shown: Shown, counts_from_1904: bool) -> String {
    let value = value.trim();
    match (shown, value.parse::<f64>()) {
        (_, Err(_)) => value.to_owned(),
        (Shown::Number, Ok(number)) => decimal(value, number),
        (Shown::Clock, Ok(days)) if (0.0..1.0).contains(&days) => clock(millis(days)),
        (_, Ok(days)) if (0.0..DAY_LAST).contains(&days) => date(days, counts_from_1904),
        (_, Ok(number)) => decimal(value, number),
    }
}

/// Whole numbers keep all their digits, even those that a spreadsheet could not; others the fifteen that are not noise.
fn decimal(value: &str, number: f64) -> String {
    let digits = value.strip_prefix('-').unwrap_or(value);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return value.to_owned();
    }
    if !number.is_finite() {
        return value.to_owned();
    }
    let rounded = format!("{number:.*e}", DIGITS - 1);
    match rounded.parse::<f64>() {
        Ok(rounded) => rounded.to_string(),
        Err(_) => value.to_owned(),
    }
}

fn millis(days: f64) -> i64 {
    (days * MILLIS_A_DAY).round() as i64
}

fn date(days: f64, counts_from_1904: bool) -> String {
    let millis = millis(days);
    let (day, millis) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let day = match (counts_from_1904, day) {
        (true, day) => day + DAYS_TO_1904,
        // Counted from 1900 there is a 29th of February 1900, which never was.
        (false, 0..60) => day + 1,
        (false, day) => day,
    };
    let (year, month, day) = civil(day - DAYS_TO_1970);
    if millis == 0 {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:04}-{month:02}-{day:02} {}", clock(millis))
    }
}

fn clock(millis: i64) -> String {
    let (seconds, millis) = (millis / 1_000, millis % 1_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if millis == 0 {
        format!("{hour:02}:{minute:02}:{second:02}")
    } else {
        format!("{hour:02}:{minute:02}:{second:02}.{millis:03}")
    }
}

/// Year, month and day of a day since 1970.
fn civil(days: i64) -> (i16, i8, i8) {
    let date = jiff::civil::date(1970, 1, 1)
        .checked_add(jiff::Span::new().days(days))
        .expect("days of the format end with the year 9999");
    (date.year(), date.month(), date.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_a_person_sees() {
        for (value, expected) in [
            ("12.5", "12.5"),
            ("17850", "17850"),
            ("17850.0", "17850"),
            ("2.5499999999999998", "2.55"),
            ("0.30000000000000004", "0.3"),
            ("2103807459595387724", "2103807459595387724"),
            ("2.10380745959538E+18", "2103807459595380000"),
            ("1E-3", "0.001"),
            ("-4.95", "-4.95"),
            ("-0", "-0"),
            ("1e400", "1e400"),
            ("NaN", "NaN"),
            ("twelve", "twelve"),
        ] {
            assert_eq!(text_of(value, Shown::Number, false), expected, "{value}");
        }
    }

    /// Expected values are those a spreadsheet shows for these numbers of days.
    #[test]
    fn days_are_dates() {
        for (value, expected) in [
            ("40513.351388888892", "2010-12-01 08:26:00"),
            ("40513", "2010-12-01"),
            ("45306.4375", "2024-01-15 10:30:00"),
            ("43831.000011574", "2020-01-01 00:00:01"),
            ("43831.0000057870", "2020-01-01 00:00:00.500"),
            ("60", "1900-02-28"),
            ("61", "1900-03-01"),
            ("1", "1900-01-01"),
            ("2958465.999", "9999-12-31 23:58:33.600"),
            ("-1", "-1"),
            ("99999999", "99999999"),
        ] {
            assert_eq!(text_of(value, Shown::Day, false), expected, "{value}");
        }
        assert_eq!(text_of("39051", Shown::Day, true), "2010-12-01");
        assert_eq!(
            text_of("0.351388888888889", Shown::Clock, false),
            "08:26:00"
        );
        assert_eq!(
            text_of("40513.5", Shown::Clock, false),
            "2010-12-01 12:00:00"
        );
    }
}
