//! How senders write numbers: decimals with a point or a comma, degrees. What a number means is the field's.

use super::field::Style;
use crate::rejection::{Reason, Rejection};
use crate::schema::Coordinate;
use crate::{DecimalError, parse_decimal};

/// A decimal, and whether reading it took a guess or rounding.
pub(super) fn read_decimal(
    name: &str,
    reason: Reason,
    text: &str,
    style: Style<'_>,
) -> Result<(i64, bool), Rejection> {
    let trimmed = text.trim_ascii();
    match parse_decimal(trimmed.as_bytes()) {
        Ok(decimal) => return Ok((decimal.value, decimal.rounded)),
        Err(DecimalError::TooLarge) => {
            return Err(Rejection::of_field(Reason::AmountTooLarge, name, text));
        }
        Err(DecimalError::NotANumber) => {}
    }
    let plain = with_decimal_point(trimmed, style.decimal_comma)
        .ok_or_else(|| Rejection::of_field(reason, name, text))?;
    match parse_decimal(plain.as_bytes()) {
        Ok(decimal) => Ok((decimal.value, decimal.rounded || !style.decimal_comma)),
        Err(DecimalError::TooLarge) => Err(Rejection::of_field(Reason::AmountTooLarge, name, text)),
        Err(DecimalError::NotANumber) => Err(Rejection::of_field(reason, name, text)),
    }
}

/// `12,50` as `12.50`, `1.234,56` as `1234.56`, `1,234.56` likewise; nothing where the comma could be either (`1,234`).
fn with_decimal_point(text: &str, decimal_comma: bool) -> Option<String> {
    let (before, after) = text.rsplit_once(',')?;
    match (
        before.contains(','),
        before.contains('.'),
        after.contains('.'),
    ) {
        (false, false, false) if decimal_comma || matches!(after.len(), 1..=2) => {
            Some(format!("{before}.{after}"))
        }
        (false, true, false) if are_thousands(before, '.') => {
            Some(format!("{}.{after}", before.replace('.', "")))
        }
        (_, false, true) => {
            let (whole, fraction) = text.split_once('.')?;
            are_thousands(whole, ',').then(|| format!("{}.{fraction}", whole.replace(',', "")))
        }
        _ => None,
    }
}

/// Groups of three digits behind one of at most three.
fn are_thousands(whole: &str, separator: char) -> bool {
    let mut groups = whole.trim_start_matches('-').split(separator);
    let first = groups.next().unwrap_or_default();
    matches!(first.len(), 1..=3) && groups.all(|group| group.len() == 3)
}

/// Degrees of a place.
pub(super) fn read_degrees(column: Coordinate, text: &str) -> Result<f64, Rejection> {
    if let Some(degrees) = plain_degrees(text.as_bytes()) {
        return Ok(degrees);
    }
    text.trim()
        .parse()
        .map_err(|_| Rejection::of_field(Reason::CoordinateInvalid, column.name(), text))
}

/// Powers of ten that are exact as floats.
const POWERS: [f64; 15] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
];

/// `-104.9903` and its like, as the standard library reads it at a quarter of the cost: 15 digits and a power of ten are
/// exact as floats, so that only their quotient is rounded.
fn plain_degrees(text: &[u8]) -> Option<f64> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.len() > POWERS.len() + 1 {
        return None;
    }
    let mut value = 0_u64;
    let mut point = None;
    for (at, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => value = value * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() && at > 0 => point = Some(at),
            _ => return None,
        }
    }
    let fraction = digits.len() - point? - 1;
    let scale = POWERS.get(fraction).filter(|_| fraction > 0)?;
    let degrees = value as f64 / scale;
    Some(if is_negative { -degrees } else { degrees })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn check_decimal(text: &str, decimal_comma: bool, expected: &str) {
        let style = Style {
            zone: &TimeZone::UTC,
            decimal_comma,
        };
        let shown = match read_decimal("price", Reason::PriceInvalid, text, style) {
            Ok((value, guessed)) => format!("{value}{}", if guessed { "?" } else { "" }),
            Err(rejection) => rejection.reason.code().to_owned(),
        };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn a_decimal_comma_is_read_where_it_can_be_nothing_else() {
        check_decimal("12,50", false, "125000?");
        check_decimal("12,50", true, "125000");
        check_decimal("1,234", false, "price_invalid");
        check_decimal("1,234", true, "12340");
        check_decimal("1.234,56", false, "12345600?");
        check_decimal("1,234.56", false, "12345600?");
        check_decimal("-1,234,567.5", false, "-12345675000?");
        check_decimal("1,2,3", false, "price_invalid");
        check_decimal("NaN", false, "price_invalid");
        check_decimal(" 1e3 ", false, "10000000");
        check_decimal("1e30", false, "amount_too_large");
        check_decimal("$12.50", false, "price_invalid");
        check_decimal("", false, "price_invalid");
    }

    #[test]
    fn degrees_are_what_the_standard_library_reads() {
        let mut number = 1_u64;
        for at in 0..20_000_u64 {
            number = number
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(at | 1);
            let whole = number >> 40 & 0xFF;
            let digits = (number >> 20) % 10_u64.pow(1 + (at % 13) as u32);
            let sign = if at % 2 == 0 { "-" } else { "" };
            let text = format!("{sign}{whole}.{digits}");
            let expected: f64 = text.parse().expect("a number");
            let read = plain_degrees(text.as_bytes()).map_or(expected, |read| read);
            assert_eq!(read.to_bits(), expected.to_bits(), "{text}");
        }
        assert_eq!(plain_degrees(b"-104.9903"), Some(-104.9903));
        for other in [
            "1",
            "1.",
            ".5",
            "1e3",
            "1.5e3",
            " 1.5",
            "1..5",
            "-",
            "--1.5",
            "1.2345678901234567",
        ] {
            assert_eq!(plain_degrees(other.as_bytes()), None, "{other}");
        }
    }
}
