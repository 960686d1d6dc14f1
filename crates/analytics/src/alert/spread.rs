//! Spread: where the middle of a history lies and how far its values scatter, both untouched by a few wild ones; and how
//! far a new value is from that. Exact integers, so the answer depends on the set of values alone.
//!
//! The robust z-score is 0.6745 · (x − median) ÷ MAD, the "modified z-score" of B. Iglewicz and D. Hoaglin, *How to
//! Detect and Handle Outliers*, ASQC, 1993: for normal values the median absolute deviation is 0.6745 standard
//! deviations. Where more than half of the values are equal the MAD is 0; then the mean absolute deviation takes its
//! place, (x − median) ÷ (1.253314 · mean), as SPSS does.

use super::Distance;
use crate::Quantiles;
use crate::sketch::{bucket, middle};

/// What is needed of a history. Values are kept twice and deviations four times as large, so that halves stay whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    count: u64,
    median_twice: i128,
    deviation_times_4: i128,
    deviations_sum_twice: i128,
}

/// The largest score worth telling: a million.
const SCORE_MAX: i128 = 1_000_000_000;

impl Distance {
    /// The place of a value on the scale on which distances are measured. For ratios that is its bucket: 64 of them to a
    /// doubling, evenly spaced within one, which is a logarithm to within a twelfth of a doubling.
    #[must_use]
    pub fn place(self, value: i64) -> i64 {
        match self {
            Distance::Difference => value,
            Distance::Ratio => i64::from(bucket(value)),
        }
    }

    /// The value at a place.
    #[must_use]
    pub fn value(self, place: i64) -> i64 {
        match self {
            Distance::Difference => place,
            Distance::Ratio => middle(i32::try_from(place).unwrap_or(i32::MAX)),
        }
    }
}

impl Spread {
    /// Of some values; nothing of none.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = i64>, distance: Distance) -> Option<Spread> {
        let places = values.into_iter().map(|value| (distance.place(value), 1));
        Spread::of_places(places.collect())
    }

    /// Of a summary, whose buckets stand for the values in them: exact by ratio, within 1 % by difference.
    #[must_use]
    pub fn of_quantiles(quantiles: &Quantiles, distance: Distance) -> Option<Spread> {
        let place = |index: i32| match distance {
            Distance::Difference => middle(index),
            Distance::Ratio => i64::from(index),
        };
        // A count below 0 is one that is taken back before it was added; it will come.
        let buckets = quantiles.buckets().filter(|(_, count)| *count > 0);
        Spread::of_places(
            buckets
                .map(|(index, count)| (place(index), count.unsigned_abs()))
                .collect(),
        )
    }

    fn of_places(mut places: Vec<(i64, u64)>) -> Option<Spread> {
        places.sort_unstable();
        let count = places.iter().map(|(_, count)| count).sum();
        let median_twice = middle_twice(
            places.iter().map(|(at, count)| (i128::from(*at), *count)),
            count,
        )?;
        let deviation =
            |(at, count): &(i64, u64)| ((2 * i128::from(*at) - median_twice).abs(), *count);
        let mut deviations: Vec<(i128, u64)> = places.iter().map(deviation).collect();
        deviations.sort_unstable();
        Some(Spread {
            count,
            median_twice,
            deviation_times_4: middle_twice(deviations.iter().copied(), count)?,
            deviations_sum_twice: deviations
                .iter()
                .map(|(deviation, count)| deviation.saturating_mul(i128::from(*count)))
                .fold(0, i128::saturating_add),
        })
    }

    /// How many values there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Twice the median, exactly.
    #[must_use]
    pub fn median_twice(&self) -> i128 {
        self.median_twice
    }

    /// The median, a half rounded down.
    #[must_use]
    pub fn median(&self) -> i64 {
        narrow(self.median_twice.div_euclid(2))
    }

    /// The median absolute deviation, rounded down.
    #[must_use]
    pub fn deviation(&self) -> i64 {
        narrow(self.deviation_times_4 / 4)
    }

    /// The robust z-score of a place in thousandths, rounded towards 0; nothing where all values were equal.
    #[must_use]
    pub fn score(&self, place: i64) -> Option<i64> {
        let off_twice = 2 * i128::from(place) - self.median_twice;
        let score = if self.deviation_times_4 > 0 {
            // 0.6745 · off ÷ MAD = 0.6745 · (off_twice ÷ 2) ÷ (deviation_times_4 ÷ 4)
            off_twice * 2 * 6_745 * 1_000 / (self.deviation_times_4 * 10_000)
        } else if self.deviations_sum_twice > 0 {
            let count = i128::from(self.count);
            off_twice
                .saturating_mul(count)
                .saturating_mul(1_000_000_000)
                / self.deviations_sum_twice.saturating_mul(1_253_314)
        } else {
            return None;
        };
        Some(narrow(score.clamp(-SCORE_MAX, SCORE_MAX)))
    }

    /// The robust z-score, but as if values scattered by no less than a share of the median, in per cent: whoever always
    /// pays 9.99 is not far from home at 10.49, though the plain score would be without bound.
    #[must_use]
    pub fn score_from(&self, place: i64, distance: Distance, percent: u32) -> i64 {
        let off_twice = 2 * i128::from(place) - self.median_twice;
        let percent = i128::from(percent);
        let least_times_100 = match distance {
            Distance::Difference => self.median_twice.abs() / 2 * percent,
            // Buckets are evenly spaced within a doubling.
            Distance::Ratio => 64 * percent,
        };
        let score = off_twice.saturating_mul(100_000) / (2 * least_times_100.max(100));
        let floored = narrow(score.clamp(-SCORE_MAX, SCORE_MAX));
        match self.score(place) {
            Some(score) if score.abs() < floored.abs() => score,
            _ => floored,
        }
    }
}

/// Twice the median of values in their order.
fn middle_twice(values: impl Iterator<Item = (i128, u64)>, count: u64) -> Option<i128> {
    let (low, high) = (count.checked_sub(1)? / 2, count / 2);
    let (mut seen, mut lower) = (0, None);
    for (value, weight) in values {
        seen += weight;
        if lower.is_none() && seen > low {
            lower = Some(value);
        }
        if seen > high {
            return Some(lower? + value);
        }
    }
    None
}

fn narrow(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}
