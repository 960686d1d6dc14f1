//! Randomness with a seed whose numbers never change: SplitMix64 to derive, xoshiro256++ to draw.
//! Both are published algorithms, written out here because the bytes of a seed must outlive library versions.
//! Nothing here calls `ln` or `sin`: these differ between platforms in the last bit.

/// The odd number next to 2^64 divided by the golden ratio; SplitMix64's step.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// SplitMix64's finaliser: a bijection on 64 bits, so that different numbers stay different.
#[inline]
pub(crate) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// What a seed says about the `number`th thing of a kind.
#[inline]
pub(crate) fn derive(seed: u64, kind: u64, number: u64) -> u64 {
    mix(seed ^ mix(number.wrapping_mul(GOLDEN) ^ mix(kind.wrapping_add(GOLDEN))))
}

/// A stream of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: [u64; 4],
}

impl Random {
    /// The stream of this seed.
    pub(crate) fn seeded(seed: u64) -> Random {
        let word = |index: u64| mix(seed.wrapping_add(GOLDEN.wrapping_mul(index)));
        Random {
            state: [word(1), word(2), word(3), word(4)],
        }
    }

    /// 64 random bits.
    #[inline]
    pub(crate) fn bits(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let bits = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        bits
    }

    /// From 0 inclusive to 1 exclusive.
    #[inline]
    pub(crate) fn unit(&mut self) -> f64 {
        unit(self.bits())
    }

    /// True in this share of cases.
    #[inline]
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// From 0 to `count` exclusive; `count` must not be 0.
    #[inline]
    pub(crate) fn below(&mut self, count: u64) -> u64 {
        below(self.bits(), count)
    }

    /// From 0 to `count` exclusive, the small ones far more often: density falls with rank^(-2/3).
    /// A power of a uniform number gives Zipf's shape without a table, whatever the count.
    #[inline]
    pub(crate) fn popular(&mut self, count: u64) -> u64 {
        let unit = self.unit();
        below_of(unit * unit * unit, count)
    }
}

/// 53 bits as a number from 0 to 1 exclusive.
#[inline]
pub(crate) fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

/// 64 bits as a number from 0 to `count` exclusive.
#[inline]
pub(crate) fn below(bits: u64, count: u64) -> u64 {
    ((u128::from(bits) * u128::from(count)) >> 64) as u64
}

fn below_of(unit: f64, count: u64) -> u64 {
    ((unit * count as f64) as u64).min(count - 1)
}

/// Choices with weights, drawn by one look into a table of 1,024 slots; a choice with weight keeps at least one slot.
#[derive(Debug, Clone)]
pub(crate) struct Weighted {
    slots: Vec<u8>,
}

const SLOTS: usize = 1_024;

impl Weighted {
    /// At most 256 choices, numbered from 0.
    pub(crate) fn new(weights: impl IntoIterator<Item = f64>) -> Weighted {
        let weights: Vec<f64> = weights.into_iter().collect();
        let total: f64 = weights.iter().sum();
        let mut slots = Vec::with_capacity(SLOTS + weights.len());
        let mut sum = 0.0;
        for (choice, weight) in (0_u8..=255).zip(weights) {
            sum += weight;
            let end = (sum / total * SLOTS as f64) as usize;
            let end = if weight > 0.0 {
                end.max(slots.len() + 1)
            } else {
                slots.len()
            };
            slots.resize(end, choice);
        }
        Weighted { slots }
    }

    /// The choice these bits select.
    #[inline]
    pub(crate) fn choose(&self, bits: u64) -> u8 {
        self.slots[below(bits, self.slots.len() as u64) as usize]
    }
}

/// Choices by whole percents: one look into a table of a hundred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Percents([u8; 100]);

impl Percents {
    /// Choices numbered from 0; the last one fills up what is missing to a hundred.
    pub(crate) fn new(percents: impl IntoIterator<Item = u32>) -> Percents {
        let mut slots = [0; 100];
        let mut end = 0;
        let mut last = 0;
        for (choice, percent) in (0_u8..=255).zip(percents) {
            let start = end;
            end = (end + percent as usize).min(slots.len());
            slots[start..end].fill(choice);
            last = if percent > 0 { choice } else { last };
        }
        slots[end..].fill(last);
        Percents(slots)
    }

    /// Whole percents nearest to these weights, by largest remainder; at least one weight is above 0.
    pub(crate) fn of_weights(weights: &[f64]) -> Percents {
        let total: f64 = weights.iter().sum();
        let exact: Vec<f64> = weights
            .iter()
            .map(|weight| weight / total * 100.0)
            .collect();
        let mut percents: Vec<u32> = exact.iter().map(|percent| *percent as u32).collect();
        let mut order: Vec<usize> = (0..weights.len()).collect();
        let rest = |choice: &usize| exact[*choice] - exact[*choice].floor();
        order.sort_by(|left, right| rest(right).total_cmp(&rest(left)));
        let missing = 100_u32.saturating_sub(percents.iter().sum()) as usize;
        order
            .into_iter()
            .take(missing)
            .for_each(|choice| percents[choice] += 1);
        Percents::new(percents)
    }

    /// The choice these bits select.
    #[inline]
    pub(crate) fn choose(&self, bits: u64) -> u8 {
        self.0[(bits % 100) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_algorithms_give_their_published_numbers() {
        let split: Vec<u64> = (1..3)
            .map(|index| mix(GOLDEN.wrapping_mul(index).wrapping_add(1_234_567)))
            .collect();
        assert_eq!(
            split,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]
        );
        let mut random = Random {
            state: [1, 2, 3, 4],
        };
        let drawn: Vec<u64> = (0..4).map(|_| random.bits()).collect();
        assert_eq!(
            drawn,
            [
                41_943_041,
                58_720_359,
                3_588_806_011_781_223,
                3_591_011_842_654_386
            ]
        );
    }

    #[test]
    fn shares_come_out_as_asked() {
        let mut random = Random::seeded(2);
        let hits = (0..100_000).filter(|_| random.chance(0.3)).count();
        assert!((29_000..31_000).contains(&hits), "{hits}");
    }

    #[test]
    fn weights_come_out_as_asked_and_none_is_forgotten() {
        let weighted = Weighted::new([0.5, 0.0, 0.499_999, 0.000_001]);
        let mut random = Random::seeded(3);
        let mut counts = [0_u32; 4];
        for _ in 0..100_000 {
            counts[usize::from(weighted.choose(random.bits()))] += 1;
        }
        assert!((48_000..52_000).contains(&counts[0]), "{counts:?}");
        assert_eq!(counts[1], 0);
        assert!(counts[3] > 0, "{counts:?}");
    }

    #[test]
    fn percents_follow_their_weights_and_are_complete() {
        let percents = Percents::of_weights(&[1.0, 0.0, 2.0]);
        let counts = [0, 1, 2].map(|choice| {
            (0..100)
                .filter(|bits| percents.choose(*bits) == choice)
                .count()
        });
        assert_eq!(counts, [33, 0, 67]);
    }

    #[test]
    fn the_popular_tenth_draws_about_half() {
        let mut random = Random::seeded(4);
        let hits = (0..100_000).filter(|_| random.popular(1_000) < 100).count();
        assert!(
            (45_000..48_000).contains(&hits),
            "a tenth to the power of a third is 0.464, was {hits}"
        );
    }
}
