//! Amounts as whole ten-thousandths, the currencies the shop knows, and their decimal text.
//! Written apart from the amounts of the server: a truth that shared its code would share its mistakes.

use std::fmt;
use std::ops::{Add, AddAssign, Mul, Neg, Sub};

/// Ten-thousandths of a currency unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(pub i64);

/// Ten-thousandths in a cent.
const CENT: i64 = 100;
/// Ten-thousandths in a unit.
const UNIT: i64 = 10_000;

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);

    /// Whole cents.
    #[must_use]
    pub const fn cents(cents: i64) -> Money {
        Money(cents * CENT)
    }

    /// This share of the amount in hundredths of a percent, rounded half up to the currency's digits.
    #[must_use]
    pub fn share(self, basis_points: i64, currency: Currency) -> Money {
        Money((self.0 * basis_points).div_euclid(10_000)).rounded(currency)
    }

    /// Rounded half up to the currency's digits.
    pub(crate) fn rounded(self, currency: Currency) -> Money {
        let step = currency.step();
        Money((self.0 + step / 2).div_euclid(step) * step)
    }

    /// As JSON wants it: `12.50`, `-3.00`; without fraction where the amount is whole yen.
    pub(crate) fn write(self, currency: Currency, out: &mut Vec<u8>) {
        if self.0 < 0 {
            out.push(b'-');
        }
        let cents = self.0.unsigned_abs() / CENT as u64;
        crate::write::number(cents / 100, out);
        if currency != Currency::Jpy {
            out.push(b'.');
            crate::write::two_digits(cents % 100, out);
        }
    }
}

/// All four digits: totals are compared as text.
impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        write!(
            out,
            "{sign}{}.{:04}",
            magnitude / UNIT as u64,
            magnitude % UNIT as u64
        )
    }
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money(self.0 + other.0)
    }
}

impl Sub for Money {
    type Output = Money;
    fn sub(self, other: Money) -> Money {
        Money(self.0 - other.0)
    }
}

impl Neg for Money {
    type Output = Money;
    fn neg(self) -> Money {
        Money(-self.0)
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Money) {
        self.0 += other.0;
    }
}

/// A price times a quantity.
impl Mul<u32> for Money {
    type Output = Money;
    fn mul(self, quantity: u32) -> Money {
        Money(self.0 * i64::from(quantity))
    }
}

/// The currencies the shop can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Currency {
    /// US dollar, in which prices are made.
    #[default]
    Usd,
    /// Euro.
    Eur,
    /// Pound sterling.
    Gbp,
    /// Yen, which has no fraction.
    Jpy,
}

impl Currency {
    /// Every currency.
    pub const ALL: [Currency; 4] = [Currency::Usd, Currency::Eur, Currency::Gbp, Currency::Jpy];

    /// The code of ISO 4217.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Currency::Usd => "USD",
            Currency::Eur => "EUR",
            Currency::Gbp => "GBP",
            Currency::Jpy => "JPY",
        }
    }

    /// Thousandths of it for a dollar; fixed, so that a product's price is stable.
    fn per_thousand_dollars(self) -> i64 {
        match self {
            Currency::Usd => 1_000,
            Currency::Eur => 920,
            Currency::Gbp => 790,
            Currency::Jpy => 150_000,
        }
    }

    fn step(self) -> i64 {
        if self == Currency::Jpy { UNIT } else { CENT }
    }

    /// A price in dollars, in this currency.
    pub(crate) fn price(self, dollars: Money) -> Money {
        Money(dollars.0 * self.per_thousand_dollars() / 1_000).rounded(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(money: Money, currency: Currency) -> String {
        let mut out = Vec::new();
        money.write(currency, &mut out);
        String::from_utf8(out).expect("digits are ASCII")
    }

    #[test]
    fn amounts_are_written_with_the_digits_of_their_currency() {
        assert_eq!(written(Money::cents(1_205), Currency::Eur), "12.05");
        assert_eq!(written(-Money::cents(5), Currency::Usd), "-0.05");
        assert_eq!(
            written(Currency::Jpy.price(Money::cents(999)), Currency::Jpy),
            "1499"
        );
    }

    #[test]
    fn shares_are_rounded_to_what_can_be_paid() {
        assert_eq!(
            Money::cents(999).share(1_000, Currency::Usd),
            Money::cents(100)
        );
        assert_eq!(
            Money(14_990_000).share(1_000, Currency::Jpy),
            Money(1_500_000)
        );
    }
}
