//! How many customers have which value: exact counts that add up in any order and from which anything can be taken back.
//! Amounts are exact as long as there are not too many different ones; above that they lose digits, never customers.

use super::{Day, Values};
use std::collections::BTreeMap;

/// Different amounts that are counted each by itself; at about 20 bytes each this is 20 MB a store.
pub const MONEY_VALUES_MAX: usize = 1 << 20;

/// Significant bits of an amount that are kept: all of them at first.
const ALL_BITS: u32 = 64;
/// And after each time that there were too many different ones: within one part in 65,536 first, in 1,024 at worst. Then
/// there are 1,024 for each doubling: 2 × (2,048 + 53 × 1,024), not more than 113,000.
const COARSER_BITS: [u32; 4] = [17, 15, 13, 11];

/// Customers by value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Distribution {
    /// Differences on their way can be negative, values that nobody has any more are gone.
    counts: BTreeMap<i64, i64>,
}

impl Distribution {
    /// Adds so many customers of a value, or takes them back.
    pub fn add(&mut self, value: i64, customers: i64) {
        let count = self.counts.entry(value).or_insert(0);
        *count += customers;
        if *count == 0 {
            self.counts.remove(&value);
        }
    }

    /// Values that somebody has, from the least, with how many customers.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (i64, i64)> {
        self.counts.iter().map(|(value, count)| (*value, *count))
    }

    /// Different values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}

/// Customers with an order by day of the last one, by number of orders and by amount; of one store, or a difference of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    last_days: Distribution,
    frequencies: Distribution,
    money: Distribution,
    /// Significant bits of amounts.
    money_bits: u32,
    money_values_max: usize,
}

impl Default for Counts {
    fn default() -> Self {
        Counts::with_money_values(MONEY_VALUES_MAX)
    }
}

impl Counts {
    /// Nobody, with another limit than [`MONEY_VALUES_MAX`].
    #[must_use]
    pub fn with_money_values(money_values_max: usize) -> Counts {
        Counts {
            last_days: Distribution::default(),
            frequencies: Distribution::default(),
            money: Distribution::default(),
            money_bits: ALL_BITS,
            money_values_max,
        }
    }

    /// As it was kept elsewhere.
    #[must_use]
    pub fn from_parts(distributions: [Distribution; 3], money_bits: u32) -> Counts {
        let [last_days, frequencies, money] = distributions;
        Counts {
            last_days,
            frequencies,
            money,
            money_bits,
            money_values_max: MONEY_VALUES_MAX,
        }
    }

    /// A customer has these values now in place of those.
    pub fn change(&mut self, before: Option<&Values>, after: Option<&Values>) {
        if before == after {
            return;
        }
        for (values, customers) in [(before, -1), (after, 1)] {
            let Some(values) = values else { continue };
            self.last_days.add(values.last.0, customers);
            let frequency = i64::try_from(values.frequency).unwrap_or(i64::MAX);
            self.frequencies.add(frequency, customers);
            self.money
                .add(kept(values.monetary, self.money_bits), customers);
        }
        self.coarsen_if_too_many();
    }

    /// Adds other counts, or differences of them.
    pub fn merge(&mut self, other: &Counts) {
        self.coarsen_to(other.money_bits);
        for (known, more) in [
            (&mut self.last_days, &other.last_days),
            (&mut self.frequencies, &other.frequencies),
        ] {
            more.iter()
                .for_each(|(value, count)| known.add(value, count));
        }
        for (amount, count) in other.money.iter() {
            self.money.add(kept(amount, self.money_bits), count);
        }
        self.coarsen_if_too_many();
    }

    fn coarsen_if_too_many(&mut self) {
        while self.money.len() > self.money_values_max {
            let coarser = COARSER_BITS
                .into_iter()
                .find(|bits| *bits < self.money_bits);
            let Some(bits) = coarser else { return };
            self.coarsen_to(bits);
        }
    }

    fn coarsen_to(&mut self, bits: u32) {
        if bits >= self.money_bits {
            return;
        }
        self.money_bits = bits;
        let mut coarser = Distribution::default();
        for (amount, count) in self.money.iter() {
            coarser.add(kept(amount, bits), count);
        }
        self.money = coarser;
    }

    /// Customers with an order.
    #[must_use]
    pub fn customers(&self) -> i64 {
        self.frequencies.iter().map(|(_, count)| count).sum()
    }

    /// By day of the last order.
    #[must_use]
    pub fn last_days(&self) -> &Distribution {
        &self.last_days
    }

    /// By number of orders.
    #[must_use]
    pub fn frequencies(&self) -> &Distribution {
        &self.frequencies
    }

    /// By amount.
    #[must_use]
    pub fn money(&self) -> &Distribution {
        &self.money
    }

    /// Significant bits of amounts; 64 is all of them.
    #[must_use]
    pub fn money_bits(&self) -> u32 {
        self.money_bits
    }

    /// By whole days since the last order as of a day, from the least; an order that lies ahead was today.
    #[must_use]
    pub fn recencies(&self, today: Day) -> Distribution {
        let mut recencies = Distribution::default();
        for (day, count) in self.last_days.iter() {
            recencies.add(today.since(Day(day)), count);
        }
        recencies
    }
}

/// The amount without its lower bits, toward zero: the order of amounts stays, and doing it again, coarser, is as good as at
/// once.
fn kept(amount: i64, bits: u32) -> i64 {
    let size = amount.unsigned_abs();
    let dropped = (u64::BITS - size.leading_zeros()).saturating_sub(bits);
    let size = i128::from(size >> dropped << dropped);
    let signed = if amount < 0 { -size } else { size };
    // i64::MIN alone has a size beyond i64, and keeps it: its sign is given back.
    i64::try_from(signed).unwrap_or(i64::MIN)
}
