//! Fixed decimals: money and quantities as `i64` of ten-thousandths, read from decimal text, never through a float.
//! Sums and products are `i128`; currencies are only named here, converted nowhere.

use std::fmt;

/// Ten-thousandths in one unit: four fraction digits hold every currency of ISO 4217 and real price lists (0.001).
pub const SCALE: i64 = 10_000;

/// Amounts of 10^14 and more are no shop's: they are refused rather than summed.
pub const AMOUNT_LIMIT: i64 = 100_000_000_000_000 * SCALE - 1;

/// Digits of an exponent beyond which a number is absurd and not worth shifting.
const EXPONENT_MAX: i32 = 40;

/// An amount of money in ten-thousandths of the currency's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(pub i64);

/// A quantity or stock level in ten-thousandths of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(pub i64);

/// A decimal read from text, and whether digits beyond the fourth were rounded away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    /// Ten-thousandths.
    pub value: i64,
    /// More than four fraction digits were given; half is rounded away from zero.
    pub rounded: bool,
}

/// Why a text is no decimal we keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Not of the form `-12.50` or `1.2e3`.
    #[error("not a decimal number")]
    NotANumber,
    /// 10^14 or more.
    #[error("10^14 or more")]
    TooLarge,
}

impl Money {
    /// Price times quantity, rounded half away from zero to ten-thousandths.
    #[must_use]
    pub fn times(self, quantity: Quantity) -> i128 {
        divide_rounded(
            i128::from(self.0) * i128::from(quantity.0),
            i128::from(SCALE),
        )
    }
}

/// Integer division that rounds half away from zero.
#[must_use]
pub fn divide_rounded(numerator: i128, denominator: i128) -> i128 {
    let half = denominator / 2;
    if numerator >= 0 {
        (numerator + half) / denominator
    } else {
        (numerator - half) / denominator
    }
}

/// Reads `-12.50`, `1e3` or `.5`; four fraction digits are kept.
pub fn parse_decimal(text: &[u8]) -> Result<Decimal, DecimalError> {
    if let Some(value) = parse_price(text) {
        return Ok(Decimal {
            value,
            rounded: false,
        });
    }
    let (negative, rest) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let (mantissa, exponent) = split_exponent(rest)?;
    let (whole, fraction) = match mantissa.iter().position(|byte| *byte == b'.') {
        Some(dot) => (&mantissa[..dot], &mantissa[dot + 1..]),
        None => (mantissa, &[][..]),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(DecimalError::NotANumber);
    }
    let decimal = scale(whole, fraction, exponent)?;
    Ok(Decimal {
        value: if negative {
            -decimal.value
        } else {
            decimal.value
        },
        ..decimal
    })
}

/// A number as price lists have it: up to nine digits, then perhaps a point and one to four more. Others go the longer way.
fn parse_price(text: &[u8]) -> Option<i64> {
    let mut value = 0;
    let mut digits = 0;
    let mut point = None;
    for byte in text {
        match byte {
            b'0'..=b'9' => {
                value = value * 10 + i64::from(byte - b'0');
                digits += 1;
            }
            b'.' if point.is_none() && digits > 0 => point = Some(digits),
            _ => return None,
        }
        if digits > 9 {
            return None;
        }
    }
    let fraction = match point {
        Some(whole) => digits - whole,
        None => 0,
    };
    let scale = *[SCALE, 1_000, 100, 10, 1].get(fraction)?;
    let is_whole = digits > 0 && (point.is_none() || fraction > 0);
    is_whole.then_some(value * scale)
}

fn split_exponent(text: &[u8]) -> Result<(&[u8], i32), DecimalError> {
    let Some(at) = text.iter().position(|byte| matches!(byte, b'e' | b'E')) else {
        return Ok((text, 0));
    };
    let digits = std::str::from_utf8(&text[at + 1..]).map_err(|_| DecimalError::NotANumber)?;
    let exponent: i32 = digits.parse().map_err(|_| DecimalError::NotANumber)?;
    Ok((&text[..at], exponent.clamp(-EXPONENT_MAX, EXPONENT_MAX)))
}

/// The digits before position `whole.len() + exponent + 4` are the value; the next one rounds.
fn scale(whole: &[u8], fraction: &[u8], exponent: i32) -> Result<Decimal, DecimalError> {
    let kept = whole.len() as i64 + i64::from(exponent) + 4;
    let mut value: i64 = 0;
    let mut rounded = false;
    let mut round_up = false;
    for (at, digit) in (0_i64..).zip(whole.iter().chain(fraction)) {
        if !digit.is_ascii_digit() {
            return Err(DecimalError::NotANumber);
        }
        let digit = i64::from(digit - b'0');
        if at < kept {
            value = push_digit(value, digit)?;
        } else {
            round_up |= at == kept && digit >= 5;
            rounded |= digit != 0;
        }
    }
    let digits = (whole.len() + fraction.len()) as i64;
    for _ in digits..kept {
        value = push_digit(value, 0)?;
        if value == 0 {
            break;
        }
    }
    let value = value + i64::from(round_up);
    if value > AMOUNT_LIMIT {
        Err(DecimalError::TooLarge)
    } else {
        Ok(Decimal { value, rounded })
    }
}

fn push_digit(value: i64, digit: i64) -> Result<i64, DecimalError> {
    let value = value * 10 + digit;
    // The limit has 18 digits, so one more digit still fits an i64.
    if value > AMOUNT_LIMIT {
        Err(DecimalError::TooLarge)
    } else {
        Ok(value)
    }
}

/// Ten-thousandths as decimal text with at least `digits_min` fraction digits, more where they are not zero.
#[must_use]
pub fn format_decimal(value: i128, digits_min: usize) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let value = value.unsigned_abs();
    let scale = SCALE as u128;
    let fraction = format!("{:04}", value % scale);
    let significant = fraction.trim_end_matches('0').len().max(digits_min.min(4));
    let whole = value / scale;
    if significant == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{}", &fraction[..significant])
    }
}

impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&format_decimal(i128::from(self.0), 2))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&format_decimal(i128::from(self.0), 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let shown = match parse_decimal(text.as_bytes()) {
            Ok(Decimal { value, rounded }) => format!("{value}{}", if rounded { "~" } else { "" }),
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn decimal_text_becomes_ten_thousandths() {
        check("12.50", "125000");
        check("-0.001", "-10");
        check("1e3", "10000000");
        check("1.5E-2", "150");
        check(".5", "5000");
        check("7.", "70000");
        check("-0", "0");
        check("0e30", "0");
        check("000000000000000000000001", "10000");
    }

    #[test]
    fn digits_beyond_the_fourth_round_half_away_from_zero() {
        check("0.00005", "1~");
        check("0.00004", "0~");
        check("-0.00005", "-1~");
        check("1.00000", "10000");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        check("NaN", "not a decimal number");
        check("", "not a decimal number");
        check(".", "not a decimal number");
        check("12,50", "not a decimal number");
        check("1e", "not a decimal number");
        check("--1", "not a decimal number");
        check("100000000000000", "10^14 or more");
        check("99999999999999.9999", "999999999999999999");
        check("1e30", "10^14 or more");
        check("1e999999999", "10^14 or more");
    }

    #[test]
    fn amounts_are_written_with_the_digits_they_need() {
        assert_eq!(Money(125_000).to_string(), "12.50");
        assert_eq!(Money(-10).to_string(), "-0.001");
        assert_eq!(Quantity(20_000).to_string(), "2");
        assert_eq!(Quantity(25_000).to_string(), "2.5");
        assert_eq!(format_decimal(8_237_461_400, 2), "823746.14");
    }

    #[test]
    fn price_times_quantity_is_exact() {
        assert_eq!(Money(25_500).times(Quantity(60_000)), 153_000);
        assert_eq!(Money(3_333).times(Quantity(5_000)), 1_667);
        assert_eq!(Money(-3_333).times(Quantity(5_000)), -1_667);
    }
}
