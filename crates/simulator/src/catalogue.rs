//! The goods: every product is derived from its number, so a quarter of a million of them need no memory.
//! A product's category, name, brand and price are stable; stock and price changes are not simulated here.

use crate::assortment::{BRANDS, CATEGORIES, COLOURS, Category, MAKES};
use crate::money::Money;
use crate::random::{Random, Weighted, below, derive, unit};
use crate::write::number;

/// Something on sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Product {
    /// Number within the shop; the id in events is made of it.
    pub number: u32,
    /// Price in dollars; what a visitor pays is in their currency.
    pub price: Money,
    category: u8,
    brand: u8,
    /// Number within the category.
    shelf: u32,
}

/// One line of a cart or an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// What.
    pub product: Product,
    /// How many; returns count down from zero when they are written.
    pub quantity: u32,
}

impl Product {
    /// Where it stands.
    #[must_use]
    pub fn category(&self) -> &'static Category {
        &CATEGORIES[usize::from(self.category)]
    }

    /// Position of its category in the assortment.
    #[must_use]
    pub fn category_index(&self) -> usize {
        usize::from(self.category)
    }

    /// Who made it.
    #[must_use]
    pub fn brand(&self) -> &'static str {
        BRANDS[usize::from(self.brand)]
    }

    /// The kind of goods, without its make and colour.
    #[must_use]
    pub fn goods(&self) -> &'static str {
        self.category().goods[self.shelf as usize % 5]
    }

    /// `Nordic Desk Lamp Slate`, with a number behind it when make and colour are used up. Each name is one product's.
    pub(crate) fn write_name(&self, out: &mut Vec<u8>) {
        let rest = self.shelf as usize / 5;
        let series = rest / (MAKES.len() * COLOURS.len());
        // The colour moves with the make, so that neighbours on the shelf differ in more than one word.
        let colour = (rest / MAKES.len() + rest) % COLOURS.len();
        for (index, word) in [MAKES[rest % MAKES.len()], self.goods(), COLOURS[colour]]
            .into_iter()
            .enumerate()
        {
            if index > 0 {
                out.push(b' ');
            }
            out.extend_from_slice(word.as_bytes());
        }
        if series > 0 {
            out.push(b' ');
            number(series as u64 + 1, out);
        }
    }

    /// `prod_4711`.
    pub(crate) fn write_id(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"prod_");
        number(u64::from(self.number), out);
    }
}

/// Every product of a shop.
#[derive(Debug, Clone)]
pub(crate) struct Catalogue {
    seed: u64,
    products: u32,
    categories: u32,
    demand: Weighted,
}

const PRODUCT: u64 = 1;
/// Prices end like prices, most of them in 99; in cents.
const ENDINGS: [i64; 4] = [0, 50, 95, 99];

impl Catalogue {
    /// There are at least as many products as categories, and a category at most.
    pub(crate) fn new(seed: u64, products: u32, categories: u32) -> Catalogue {
        // Zipf's law, flattened at its head: the first of 20 categories draws 14 %, the last 2 %.
        let demand = Weighted::new((0..categories).map(|rank| 1.0 / f64::from(rank + 3)));
        Catalogue {
            seed,
            products,
            categories,
            demand,
        }
    }

    /// The product of this number.
    #[inline]
    pub(crate) fn product(&self, number: u32) -> Product {
        let category = number % self.categories;
        let bits = derive(self.seed, PRODUCT, u64::from(number));
        let shelf = &CATEGORIES[category as usize];
        let span = f64::from(shelf.dollars_max - shelf.dollars_min);
        // The fourth power has the mean 1/5: most goods of a category are cheap, which keeps a mean order near 200 dollars.
        let height = unit(bits) * unit(bits);
        let dollars = i64::from(shelf.dollars_min) + (span * height * height) as i64;
        let ending = ENDINGS[(bits % 8).min(3) as usize];
        Product {
            number,
            price: Money::cents(dollars * 100 + ending),
            category: category as u8,
            brand: ((bits >> 3) % BRANDS.len() as u64) as u8,
            shelf: number / self.categories,
        }
    }

    /// A category as the whole public wants it.
    #[inline]
    pub(crate) fn wanted_category(&self, bits: u64) -> u8 {
        self.demand.choose(bits)
    }

    /// A product of a category: few are popular, all are bought now and then.
    #[inline]
    pub(crate) fn draw(&self, category: u8, random: &mut Random) -> u32 {
        let category = u32::from(category);
        let count = u64::from((self.products - category).div_ceil(self.categories));
        let rank = random.popular(count);
        // Ranks are shifted by a fixed step per category: the best sellers are not all number 0.
        let shelf =
            (rank + below(derive(self.seed, PRODUCT + 1, u64::from(category)), count)) % count;
        category + self.categories * shelf as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn name(product: Product) -> String {
        let mut out = Vec::new();
        product.write_name(&mut out);
        String::from_utf8(out).expect("words are UTF-8")
    }

    #[test]
    fn a_quarter_of_a_million_products_have_names_of_their_own() {
        let catalogue = Catalogue::new(1, 250_000, 100);
        let names: HashSet<String> = (0..250_000)
            .map(|number| name(catalogue.product(number)))
            .collect();
        assert_eq!(names.len(), 250_000);
    }

    #[test]
    fn prices_lie_in_the_range_of_their_category() {
        let catalogue = Catalogue::new(2, 5_000, 20);
        for product in (0..5_000).map(|number| catalogue.product(number)) {
            let category = product.category();
            let (low, high) = (
                i64::from(category.dollars_min) * 10_000,
                (i64::from(category.dollars_max) + 1) * 10_000,
            );
            assert!(
                (low..high).contains(&product.price.0),
                "{} costs {}",
                name(product),
                product.price
            );
        }
    }

    #[test]
    fn drawn_products_exist_and_stand_in_the_asked_category() {
        let catalogue = Catalogue::new(3, 21, 20);
        let mut random = Random::seeded(3);
        for category in (0..20).cycle().take(1_000) {
            let number = catalogue.draw(category, &mut random);
            assert!(
                number < 21 && number % 20 == u32::from(category),
                "{number} of {category}"
            );
        }
    }
}
