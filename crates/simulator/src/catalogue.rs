//! The goods: every product is derived from its number, so a quarter of a million of them need no memory.
//! A product's category, name and brand are stable; which prices have changed is told from outside, stock is `supply`.

use crate::assortment::{BRANDS, COLOURS, Category, MAKES, Shelves};
use crate::money::{Currency, Money};
use crate::random::{Random, Weighted, below, derive, unit};
use crate::variates::power;
use crate::write::number;
use std::collections::HashMap;

/// Something on sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Product {
    /// Number within the shop; the id in events is made of it.
    pub number: u32,
    /// Price in dollars; what a visitor pays is in their currency.
    pub price: Money,
    /// Price in dollars without a campaign.
    pub list_price: Money,
    category: u8,
    brand: u8,
    /// Number within the category.
    shelf: u32,
    stands_in: &'static Category,
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
        self.stands_in
    }

    /// `ELE-00042`, as stock keepers write it.
    pub(crate) fn write_sku(&self, out: &mut Vec<u8>) {
        let letters = self.category().name.bytes().filter(u8::is_ascii_alphabetic);
        out.extend(letters.take(3).map(|letter| letter.to_ascii_uppercase()));
        out.push(b'-');
        let digits = self.number.to_string();
        out.extend(std::iter::repeat_n(
            b'0',
            5_usize.saturating_sub(digits.len()),
        ));
        out.extend_from_slice(digits.as_bytes());
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
        let goods = self.stands_in.goods;
        goods[self.shelf as usize % goods.len()]
    }

    /// `Nordic Desk Lamp Slate`, with a number behind it when make and colour are used up. Each name is one product's.
    pub(crate) fn write_name(&self, out: &mut Vec<u8>) {
        let rest = self.shelf as usize / self.stands_in.goods.len();
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
    shelves: Shelves,
    demand: Weighted,
    prices: Prices,
    /// Products that nobody comes upon by chance: their sales are planted.
    reserved: Vec<u32>,
}

/// Prices that differ from those the goods came with.
#[derive(Debug, Clone, Default)]
struct Prices {
    changed: HashMap<u32, Money>,
    /// Basis points that campaigns take off, by category; empty while there is no campaign.
    cuts: Vec<i64>,
}

const PRODUCT: u64 = 1;
/// Prices end like prices, most of them in 99; in cents.
const ENDINGS: [i64; 4] = [0, 50, 95, 99];

impl Catalogue {
    /// There are at least as many products as categories, and a category at least.
    pub(crate) fn new(seed: u64, products: u32, shelves: Shelves) -> Catalogue {
        // Zipf's law, flattened at its head: the first of 20 categories draws 14 %, the last 2 %.
        let weight = |(rank, category): (u32, &Category)| {
            let stated = category.weight.map(|weight| f64::from(weight) / 1_000.0);
            stated.unwrap_or(1.0 / f64::from(rank + 3))
        };
        let demand = Weighted::new((0..).zip(shelves).map(weight));
        Catalogue {
            seed,
            products,
            shelves,
            demand,
            prices: Prices::default(),
            reserved: Vec::new(),
        }
    }

    /// The product of this number, at today's price.
    #[inline]
    pub(crate) fn product(&self, number: u32) -> Product {
        let product = self.as_delivered(number);
        if self.prices.changed.is_empty() && self.prices.cuts.is_empty() {
            return product;
        }
        self.at_todays_price(product)
    }

    fn at_todays_price(&self, product: Product) -> Product {
        let changed = self.prices.changed.get(&product.number);
        let list_price = changed.copied().unwrap_or(product.list_price);
        let cut = self.prices.cuts.get(product.category_index());
        let price = match cut {
            Some(cut) if *cut > 0 => list_price - list_price.share(*cut, Currency::Usd),
            _ => list_price,
        };
        Product {
            price,
            list_price,
            ..product
        }
    }

    /// The product at the price it came with.
    #[inline]
    pub(crate) fn as_delivered(&self, number: u32) -> Product {
        let category = number % self.shelves.len() as u32;
        let bits = derive(self.seed, PRODUCT, u64::from(number));
        let shelf = &self.shelves[category as usize];
        let span = f64::from(shelf.dollars_max - shelf.dollars_min);
        // The fourth power has the mean 1/5: most goods of a category are cheap, which keeps a mean order near 200 dollars.
        let height = unit(bits) * unit(bits);
        let dollars = i64::from(shelf.dollars_min) + (span * height * height) as i64;
        let ending = ENDINGS[(bits % 8).min(3) as usize];
        let price = Money::cents(dollars * 100 + ending);
        Product {
            number,
            price,
            list_price: price,
            category: category as u8,
            brand: ((bits >> 3) % BRANDS.len() as u64) as u8,
            shelf: number / self.shelves.len() as u32,
            stands_in: shelf,
        }
    }

    /// The list price from now on, in dollars.
    pub(crate) fn set_list_price(&mut self, number: u32, price: Money) {
        if price == self.as_delivered(number).price {
            self.prices.changed.remove(&number);
        } else {
            self.prices.changed.insert(number, price);
        }
    }

    /// What campaigns take off from now on, in basis points by category; empty ends them.
    pub(crate) fn set_cuts(&mut self, cuts: Vec<i64>) {
        self.prices.cuts = cuts;
    }

    /// Keeps these products for planted sales.
    pub(crate) fn reserve(&mut self, numbers: Vec<u32>) {
        self.reserved = numbers;
    }

    /// How much more a product is wanted at today's price than at the one it came with.
    #[inline]
    pub(crate) fn eagerness(&self, number: u32) -> f64 {
        if self.prices.changed.is_empty() && self.prices.cuts.is_empty() {
            return 1.0;
        }
        let (then, now) = (self.as_delivered(number), self.product(number));
        let elasticity = now.category().elasticity_hundredths;
        if elasticity == 0 || then.price == now.price || now.price == Money::ZERO {
            return 1.0;
        }
        power(
            now.price.0 as f64 / then.price.0 as f64,
            f64::from(elasticity) / 100.0,
        )
    }

    /// The shelves.
    pub(crate) fn shelves(&self) -> Shelves {
        self.shelves
    }

    /// How many products there are.
    pub(crate) fn products(&self) -> u32 {
        self.products
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
        let categories = self.shelves.len() as u32;
        let count = u64::from((self.products - category).div_ceil(categories));
        let rank = random.popular(count);
        // Ranks are shifted by a fixed step per category: the best sellers are not all number 0.
        let shelf =
            (rank + below(derive(self.seed, PRODUCT + 1, u64::from(category)), count)) % count;
        let number = category + categories * shelf as u32;
        if self.reserved.contains(&number) {
            // Its neighbour on the shelf; planted products are kept apart from each other, so one step is enough.
            return category + categories * ((shelf + 1) % count) as u32;
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assortment::CATEGORIES;
    use std::collections::HashSet;

    fn name(product: Product) -> String {
        let mut out = Vec::new();
        product.write_name(&mut out);
        String::from_utf8(out).expect("words are UTF-8")
    }

    #[test]
    fn a_quarter_of_a_million_products_have_names_of_their_own() {
        let catalogue = Catalogue::new(1, 250_000, &CATEGORIES);
        let names: HashSet<String> = (0..250_000)
            .map(|number| name(catalogue.product(number)))
            .collect();
        assert_eq!(names.len(), 250_000);
    }

    #[test]
    fn prices_lie_in_the_range_of_their_category() {
        let catalogue = Catalogue::new(2, 5_000, &CATEGORIES[..20]);
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
    fn a_cut_and_a_change_meet_in_the_price_and_demand_follows() {
        let mut shelves = CATEGORIES[..2].to_vec();
        shelves[0].elasticity_hundredths = -200;
        let mut catalogue = Catalogue::new(4, 10, shelves.leak());
        let before = catalogue.product(0);
        catalogue.set_list_price(0, Money(before.price.0 / 100 * 50));
        let halved = catalogue.product(0);
        assert_eq!(
            (halved.price, halved.list_price),
            (halved.list_price, Money(before.price.0 / 2))
        );
        assert!(
            (catalogue.eagerness(0) - 4.0).abs() < 0.01,
            "half the price, to the power of -2"
        );
        catalogue.set_cuts(vec![1_000, 0]);
        let cut = catalogue.product(0);
        assert_eq!(cut.list_price, halved.list_price);
        assert_eq!(
            cut.price,
            cut.list_price - cut.list_price.share(1_000, Currency::Usd)
        );
        assert_eq!(catalogue.product(1).price, catalogue.product(1).list_price);
    }

    #[test]
    fn drawn_products_exist_and_stand_in_the_asked_category() {
        let catalogue = Catalogue::new(3, 21, &CATEGORIES[..20]);
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
