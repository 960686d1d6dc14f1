//! Pairs of products bought together at known rates: the shop suggests them before checkout, and people follow.
//! Their products come up nowhere else, so that support and lift are what was planted.

use crate::random::Random;

/// A pair to plant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Basket {
    /// Share of orders with the first product.
    pub support: f64,
    /// Share of these that have the second product too.
    pub confidence: f64,
    /// Share of the other orders that have the second product.
    pub otherwise: f64,
}

impl Basket {
    pub(crate) fn shares(&self) -> [f64; 3] {
        [self.support, self.confidence, self.otherwise]
    }
}

/// A planted pair, with what must be found in the orders.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlantedPair {
    /// The products.
    pub products: [u32; 2],
    /// The rates.
    pub basket: Basket,
}

impl PlantedPair {
    /// Share of orders with both.
    #[must_use]
    pub fn support_of_both(&self) -> f64 {
        self.basket.support * self.basket.confidence
    }

    /// Confidence against the second product's own support.
    #[must_use]
    pub fn lift(&self) -> f64 {
        let Basket {
            support,
            confidence,
            otherwise,
        } = self.basket;
        confidence / (support * confidence + (1.0 - support) * otherwise)
    }
}

/// More pairs would not fit beside what visitors pick themselves.
pub(crate) const BASKETS_MAX: usize = 3;

/// All planted pairs.
#[derive(Debug, Clone)]
pub(crate) struct Suggestions {
    pub(crate) pairs: Vec<PlantedPair>,
}

impl Suggestions {
    /// Two products for each pair.
    pub(crate) fn new(baskets: Vec<Basket>, products: &[u32]) -> Suggestions {
        let pairs = baskets.into_iter().zip(products.as_chunks::<2>().0);
        Suggestions {
            pairs: pairs
                .map(|(basket, products)| PlantedPair {
                    products: *products,
                    basket,
                })
                .collect(),
        }
    }

    /// Which planted products go into a cart: one bit each, first and second of each pair in turn.
    pub(crate) fn draw(&self, random: &mut Random) -> u16 {
        let mut bits = 0;
        for (index, pair) in self.pairs.iter().enumerate() {
            let has_first = random.chance(pair.basket.support);
            let second = if has_first {
                pair.basket.confidence
            } else {
                pair.basket.otherwise
            };
            let has_second = random.chance(second);
            bits |= (u16::from(has_first) | u16::from(has_second) << 1) << (2 * index);
        }
        bits
    }

    /// The product of the lowest bit, and the bits without it.
    pub(crate) fn take(&self, bits: u16) -> Option<(u32, u16)> {
        let bit = bits.trailing_zeros() as usize;
        let pair = self.pairs.get(bit / 2)?;
        Some((pair.products[bit % 2], bits & (bits - 1)))
    }
}
