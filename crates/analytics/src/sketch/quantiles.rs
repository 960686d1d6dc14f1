//! Quantiles by integer log-linear buckets: 64 buckets for each doubling, so a bucket's middle is within 1/128 (0.8 %)
//! of every value in it, the error bound of DDSketch at 1 %. Counts are integers, so values can be taken back exactly.

use super::SketchError;
use std::collections::BTreeMap;

/// Bits of the value below its leading one that choose the bucket.
const LINEAR_BITS: u32 = 6;
const LINEAR: u64 = 1 << LINEAR_BITS;

/// A mergeable summary of a distribution of integers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quantiles {
    buckets: BTreeMap<i32, i64>,
}

/// The bucket of a value; values up to ±127 have one each.
#[must_use]
pub fn bucket(value: i64) -> i32 {
    let size = value.unsigned_abs();
    let index = if size < 2 * LINEAR {
        size as i32
    } else {
        let shift = 63 - size.leading_zeros() - LINEAR_BITS;
        (shift << LINEAR_BITS) as i32 + (size >> shift) as i32
    };
    if value < 0 { -index } else { index }
}

/// The middle of a bucket.
#[must_use]
pub fn middle(bucket: i32) -> i64 {
    let index = bucket.unsigned_abs();
    let size = if u64::from(index) < 2 * LINEAR {
        i64::from(index)
    } else {
        let shift = (index >> LINEAR_BITS) - 1;
        let low = i64::from(index - (shift << LINEAR_BITS)) << shift;
        low.saturating_add((1_i64 << shift) / 2)
    };
    if bucket < 0 { -size } else { size }
}

impl Quantiles {
    /// Adds `weight` values of a bucket, or takes them back with a negative weight.
    pub fn add(&mut self, bucket: i32, weight: i64) {
        let count = self.buckets.entry(bucket).or_insert(0);
        *count += weight;
        if *count == 0 {
            self.buckets.remove(&bucket);
        }
    }

    /// Takes in all that another summary holds.
    pub fn merge(&mut self, other: &Quantiles) {
        other
            .buckets
            .iter()
            .for_each(|(bucket, count)| self.add(*bucket, *count));
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// How many values there are.
    #[must_use]
    pub fn count(&self) -> i64 {
        self.buckets.values().sum()
    }

    /// The value below or at which `permille` of a thousand lie (nearest rank), or nothing where there are no values.
    #[must_use]
    pub fn quantile(&self, permille: u32) -> Option<i64> {
        let total = i128::from(self.count());
        let rank = (total * i128::from(permille) + 999) / 1_000;
        let mut seen = 0;
        let at_rank = |(_, count): &(&i32, &i64)| {
            seen += i128::from(**count);
            seen >= rank.max(1)
        };
        self.buckets
            .iter()
            .find(at_rank)
            .map(|(bucket, _)| middle(*bucket))
    }

    /// The buckets that hold anything, from the least, with how many values.
    pub fn buckets(&self) -> impl Iterator<Item = (i32, i64)> {
        self.buckets.iter().map(|(bucket, count)| (*bucket, *count))
    }

    /// The canonical bytes: equal distributions give equal bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(12 * self.buckets.len());
        for (bucket, count) in &self.buckets {
            bytes.extend_from_slice(&bucket.to_le_bytes());
            bytes.extend_from_slice(&count.to_le_bytes());
        }
        bytes
    }

    /// Reads [`Quantiles::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Quantiles, SketchError> {
        let (entries, rest) = bytes.as_chunks::<12>();
        if !rest.is_empty() {
            return Err(SketchError);
        }
        let entry = |bytes: &[u8; 12]| {
            let (bucket, count) = bytes.split_first_chunk::<4>()?;
            Some((
                i32::from_le_bytes(*bucket),
                i64::from_le_bytes(count.try_into().ok()?),
            ))
        };
        let buckets = entries
            .iter()
            .map(entry)
            .collect::<Option<_>>()
            .ok_or(SketchError)?;
        Ok(Quantiles { buckets })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = i64>) -> Quantiles {
        let mut sketch = Quantiles::default();
        values
            .into_iter()
            .for_each(|value| sketch.add(bucket(value), 1));
        sketch
    }

    #[test]
    fn a_buckets_middle_is_within_one_percent_of_every_value_in_it() {
        let mut value = 1_i64;
        while value < 1 << 60 {
            for value in [value, -value] {
                let error = (middle(bucket(value)) - value).abs() as f64 / value.abs() as f64;
                assert!(error <= 0.01, "{value}: {error}");
            }
            value += value / 97 + 1;
        }
    }

    #[test]
    fn buckets_follow_the_order_of_values() {
        let values = [
            i64::MIN + 1,
            -5_000,
            -128,
            -127,
            -1,
            0,
            1,
            127,
            128,
            129,
            5_000,
            i64::MAX,
        ];
        assert!(values.is_sorted_by_key(|value| bucket(*value)));
    }

    #[test]
    fn quantiles_are_nearest_ranks() {
        let sketch = of(1..=100);
        assert_eq!(
            (
                sketch.quantile(500),
                sketch.quantile(950),
                sketch.quantile(0),
                sketch.quantile(1_000)
            ),
            (Some(50), Some(95), Some(1), Some(100))
        );
        assert_eq!(Quantiles::default().quantile(500), None);
    }

    #[test]
    fn what_was_added_can_be_taken_back() {
        let mut sketch = of([5, 5_000, 70_000]);
        sketch.add(bucket(5_000), -1);
        assert_eq!(sketch, of([5, 70_000]));
        sketch.merge(&of([1]));
        assert_eq!(
            Quantiles::from_bytes(&sketch.to_bytes()),
            Ok(of([1, 5, 70_000]))
        );
    }
}
