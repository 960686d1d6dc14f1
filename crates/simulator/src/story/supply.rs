//! The warehouse: how many pieces of a product are left, what is delivered, and which prices change.
//! Only products that were sold are remembered; a piece that comes back goes to the outlet, not to the shelf.

use crate::catalogue::{Catalogue, Line};
use crate::event::Detail;
use crate::money::{Currency, Money};
use crate::random::{Random, derive};
use crate::time::{DAY_MICROS, HOUR_MICROS, Time};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// A warehouse's rules.
#[derive(Debug, Clone, PartialEq)]
pub struct SupplyRules {
    /// Pieces of a product on the first day: half of it to all of it.
    pub opening_units_max: u32,
    /// More is ordered when this many or fewer are left.
    pub reorder_units: u32,
    /// A delivery brings so many.
    pub delivery_units: u32,
    /// A delivery takes so many hours, half of it to all of it.
    pub delivery_hours_max: f64,
    /// A level is reported when so many pieces went since the last report, and whenever it gets low or runs out.
    pub report_units: u32,
    /// List prices that change in a day.
    pub price_changes_per_day: f64,
}

impl Default for SupplyRules {
    fn default() -> SupplyRules {
        SupplyRules {
            opening_units_max: 240,
            reorder_units: 30,
            delivery_units: 150,
            delivery_hours_max: 48.0,
            report_units: 10,
            price_changes_per_day: 48.0,
        }
    }
}

/// Fewer pieces count as low.
pub(crate) const LOW_UNITS: i64 = 10;
/// What a changed price is of the price before, in percent.
const PRICE_STEPS: [i64; 6] = [70, 80, 90, 110, 120, 130];

/// A product's stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stock {
    /// On the first day.
    pub opening: i64,
    /// Delivered since.
    pub received: i64,
    /// Sold since; lost by a planted stock-out counts here too, under `lost`.
    pub sold: i64,
    /// Taken away by a planted stock-out.
    pub lost: i64,
    /// The level last reported, if any was.
    pub reported: Option<i64>,
    is_ordered: bool,
}

impl Stock {
    /// Pieces left; below 0 where more was sold than there was.
    #[must_use]
    pub fn level(&self) -> i64 {
        self.opening + self.received - self.sold - self.lost
    }
}

/// Something the shop tells about a product, no visitor about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SupplyNews {
    pub(crate) time: Time,
    pub(crate) product: u32,
    pub(crate) detail: Detail,
}

#[derive(Debug, Clone, Copy)]
enum Happening {
    Delivery(u32),
    /// A planted price mistake is mended.
    PriceMended(u32, Money),
}

/// A new list price.
#[derive(Debug, Clone, Copy)]
struct PriceChange {
    product: u32,
    price: Money,
    time: Time,
}

/// The warehouse.
#[derive(Debug)]
pub(crate) struct Supply {
    rules: SupplyRules,
    seed: u64,
    random: Random,
    stocks: HashMap<u32, Stock>,
    due: BTreeMap<(Time, u64), Happening>,
    planned: u64,
    next_price_change: Time,
    news: VecDeque<SupplyNews>,
}

const OPENING: u64 = 41;
const SUPPLY: u64 = 42;

impl Supply {
    pub(crate) fn new(rules: SupplyRules, run: u64, start: Time) -> Supply {
        let mut supply = Supply {
            rules,
            seed: run,
            random: Random::seeded(derive(run, SUPPLY, 0)),
            stocks: HashMap::new(),
            due: BTreeMap::new(),
            planned: 0,
            next_price_change: start,
            news: VecDeque::new(),
        };
        supply.plan_price_change(start);
        supply
    }

    /// When something will happen here by itself.
    pub(crate) fn next_due(&self) -> Option<Time> {
        let delivery = self.due.first_key_value().map(|(key, _)| key.0);
        let change = (self.rules.price_changes_per_day > 0.0).then_some(self.next_price_change);
        delivery.into_iter().chain(change).min()
    }

    /// Lets everything happen that is due.
    pub(crate) fn happen(&mut self, time: Time, catalogue: &mut Catalogue) {
        while let Some(front) = self.due.first_entry().filter(|front| front.key().0 <= time) {
            match front.remove() {
                Happening::Delivery(product) => self.deliver(product, time),
                Happening::PriceMended(product, price) => {
                    let mended = PriceChange {
                        product,
                        price,
                        time,
                    };
                    self.set_price(mended, catalogue);
                }
            }
        }
        if self.rules.price_changes_per_day > 0.0 && self.next_price_change <= time {
            self.plan_price_change(time);
            let category = catalogue.wanted_category(self.random.bits());
            let product = catalogue.draw(category, &mut self.random);
            let step = PRICE_STEPS[self.random.below(PRICE_STEPS.len() as u64) as usize];
            let delivered = catalogue.as_delivered(product).price;
            let change = PriceChange {
                product,
                price: delivered.share(step * 100, Currency::Usd),
                time,
            };
            self.set_price(change, catalogue);
        }
    }

    /// The next thing to tell.
    pub(crate) fn take_news(&mut self) -> Option<SupplyNews> {
        self.news.pop_front()
    }

    /// When the next thing to tell happened.
    pub(crate) fn news_time(&self) -> Option<Time> {
        self.news.front().map(|news| news.time)
    }

    /// Whether there is nothing left to sell.
    pub(crate) fn is_sold_out(&self, product: u32) -> bool {
        self.stocks
            .get(&product)
            .is_some_and(|stock| stock.level() <= 0)
    }

    /// Takes the lines of an order from the shelf.
    pub(crate) fn sell(&mut self, lines: &[Line], time: Time) {
        for line in lines {
            let product = line.product.number;
            let before = self.stock(product).level();
            let stock = self.stock(product);
            stock.sold += i64::from(line.quantity);
            self.after_loss(product, before, time);
        }
    }

    /// Empties the shelf of a product: a planted stock-out. Says how many pieces were there.
    pub(crate) fn empty(&mut self, product: u32, time: Time) -> i64 {
        let stock = self.stock(product);
        let before = stock.level();
        stock.lost += before.max(0);
        self.after_loss(product, before, time);
        before
    }

    /// Writes the wrong price on a product for a while. Says which.
    pub(crate) fn mistake_price(
        &mut self,
        product: u32,
        (from, until): (Time, Time),
        catalogue: &mut Catalogue,
    ) -> Money {
        let right = catalogue.product(product).list_price;
        // The decimal point slipped by two places; nothing is given away.
        let wrong = Money(right.0 / 100)
            .rounded(Currency::Usd)
            .max(Money::cents(1));
        let slipped = PriceChange {
            product,
            price: wrong,
            time: from,
        };
        self.set_price(slipped, catalogue);
        self.plan(until, Happening::PriceMended(product, right));
        wrong
    }

    /// Every stock that was touched, by product.
    pub(crate) fn stocks(&self) -> BTreeMap<u32, Stock> {
        self.stocks
            .iter()
            .map(|(product, stock)| (*product, *stock))
            .collect()
    }

    fn after_loss(&mut self, product: u32, before: i64, time: Time) {
        let stock = *self.stock(product);
        let level = stock.level();
        let crossed = |mark: i64| before >= mark && level < mark;
        let unreported = stock.reported.map_or(i64::MAX, |reported| reported - level);
        if unreported >= i64::from(self.rules.report_units) || crossed(LOW_UNITS) || crossed(1) {
            self.report(product, time);
        }
        if !stock.is_ordered && level <= i64::from(self.rules.reorder_units) {
            self.stock(product).is_ordered = true;
            let hours = self.rules.delivery_hours_max * (0.5 + 0.5 * self.random.unit());
            self.plan(
                time.plus((hours * HOUR_MICROS as f64) as i64),
                Happening::Delivery(product),
            );
        }
    }

    fn deliver(&mut self, product: u32, time: Time) {
        let units = i64::from(self.rules.delivery_units);
        let stock = self.stock(product);
        // A delivery always fills the shelf again, however long the queue was.
        let owed = (-stock.level()).max(0);
        stock.received += units + owed;
        stock.is_ordered = false;
        self.report(product, time);
    }

    fn report(&mut self, product: u32, time: Time) {
        let stock = self.stock(product);
        let level = stock.level();
        let delta = stock.reported.map(|reported| level - reported);
        stock.reported = Some(level);
        self.news.push_back(SupplyNews {
            time,
            product,
            detail: Detail::Stock {
                level,
                delta,
                warehouse: WAREHOUSES[product as usize % WAREHOUSES.len()],
            },
        });
    }

    fn set_price(&mut self, change: PriceChange, catalogue: &mut Catalogue) {
        let PriceChange {
            product,
            price,
            time,
        } = change;
        let old = catalogue.product(product).list_price;
        if old == price {
            return;
        }
        catalogue.set_list_price(product, price);
        self.news.push_back(SupplyNews {
            time,
            product,
            detail: Detail::Price { old, new: price },
        });
    }

    fn stock(&mut self, product: u32) -> &mut Stock {
        let most = u64::from(self.rules.opening_units_max.max(2));
        let seed = self.seed;
        self.stocks.entry(product).or_insert_with(|| {
            let drawn = derive(seed, OPENING, u64::from(product)) % (most / 2 + 1);
            Stock {
                opening: (most - drawn) as i64,
                received: 0,
                sold: 0,
                lost: 0,
                reported: None,
                is_ordered: false,
            }
        })
    }

    fn plan(&mut self, time: Time, happening: Happening) {
        self.planned += 1;
        self.due.insert((time, self.planned), happening);
    }

    fn plan_price_change(&mut self, from: Time) {
        let mean = DAY_MICROS as f64 / self.rules.price_changes_per_day.max(1e-3);
        let micros = (mean * (0.5 + self.random.unit())) as i64;
        self.next_price_change = from.plus(micros.max(1));
    }
}

const WAREHOUSES: [&str; 3] = ["north", "central", "south"];
