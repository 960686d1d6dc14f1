//! A visitor's cart: a handful of product numbers, small enough to keep for every visitor in the shop.

use crate::catalogue::{Catalogue, Line};
use crate::random::Random;

/// Most different products in one cart; a full cart takes more of what it holds.
const LINES_MAX: usize = 6;
/// Room for what the shop suggests at the end, beside what the visitor picked.
const CAPACITY: usize = LINES_MAX + 6;

/// Products and how many of each.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cart {
    lines: [(u32, u8); CAPACITY],
    count: u8,
}

impl Cart {
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Which product is added when somebody wants this one: another one where there is no room.
    pub(crate) fn wanted(&self, product: u32) -> u32 {
        let index = self.place_of(product);
        if index == usize::from(self.count) {
            product
        } else {
            self.lines[index].0
        }
    }

    fn place_of(&self, product: u32) -> usize {
        let count = usize::from(self.count);
        let held = &mut self.lines[..count].iter();
        let found = held.position(|line| line.0 == product);
        found.unwrap_or(count.min(LINES_MAX - 1))
    }

    /// Puts a product in and says which line was added: another one where there is no room.
    pub(crate) fn add(&mut self, product: u32, quantity: u8) -> (u32, u8) {
        let index = self.place_of(product);
        if index == usize::from(self.count) {
            self.lines[index] = (product, 0);
            self.count += 1;
        }
        let line = &mut self.lines[index];
        line.1 = line.1.saturating_add(quantity);
        (line.0, quantity)
    }

    /// Puts a suggested product in; it has room of its own.
    pub(crate) fn add_suggested(&mut self, product: u32) -> (u32, u8) {
        let index = usize::from(self.count);
        if index < CAPACITY {
            self.lines[index] = (product, 1);
            self.count += 1;
        }
        (product, 1)
    }

    /// Wants this many of the line at an index.
    pub(crate) fn set_quantity(&mut self, index: usize, quantity: u8) {
        self.lines[index].1 = quantity;
    }

    /// Takes a line out, if there is one.
    pub(crate) fn remove_any(&mut self, random: &mut Random) -> Option<(u32, u8)> {
        let count = usize::from(self.count);
        if count == 0 {
            return None;
        }
        let index = random.below(count as u64) as usize;
        let removed = self.lines[index];
        self.lines.copy_within(index + 1..count, index);
        self.count -= 1;
        Some(removed)
    }

    /// Its lines as products.
    pub(crate) fn lines<'c>(&'c self, catalogue: &'c Catalogue) -> impl Iterator<Item = Line> + 'c {
        self.lines[..usize::from(self.count)]
            .iter()
            .map(|line| as_line(*line, catalogue))
    }
}

/// A line of a cart with its product.
pub(crate) fn as_line((product, quantity): (u32, u8), catalogue: &Catalogue) -> Line {
    Line {
        product: catalogue.product(product),
        quantity: u32::from(quantity),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assortment::CATEGORIES;

    fn held(cart: &Cart) -> Vec<(u32, u32)> {
        cart.lines(&Catalogue::new(1, 100, &CATEGORIES[..10]))
            .map(|line| (line.product.number, line.quantity))
            .collect()
    }

    #[test]
    fn the_same_product_shares_a_line() {
        let mut cart = Cart::default();
        for (product, quantity) in [(7, 1), (8, 2), (7, 3)] {
            cart.add(product, quantity);
        }
        assert_eq!(held(&cart), [(7, 4), (8, 2)]);
    }

    #[test]
    fn a_full_cart_takes_more_of_its_last_product() {
        let mut cart = Cart::default();
        (0..6).for_each(|product| _ = cart.add(product, 1));
        assert_eq!(cart.add(99, 2), (5, 2));
        assert_eq!(held(&cart).last(), Some(&(5, 3)));
    }

    #[test]
    fn what_is_taken_out_is_gone() {
        let mut cart = Cart::default();
        cart.add(7, 1);
        let mut random = Random::seeded(1);
        assert_eq!(cart.remove_any(&mut random), Some((7, 1)));
        assert_eq!(cart.remove_any(&mut random), None);
        assert!(cart.is_empty());
    }
}
