//! Prices: what each product cost when, what happened before and after a change, and how demand follows the price.
//! A pure state machine of one shard's products; days are handed in by their beginning, so it knows no time zones.

mod days;
mod effect;
mod elasticity;
mod movement;
mod slope;
mod state;

pub use days::{DayKey, Days, Sums};
pub use effect::{PriceEffectRow, Side};
pub use elasticity::{Elasticity, Method};
pub use movement::{Change, Traffic};
pub use state::{PriceRow, ProductPrices, Source, Turn};

use crate::by_store::ByStore;
use crate::cell::NameId;
use crate::kept::Kept;
use crate::ladder::Rungs;
use crate::stock::{Span, StockKey};
use event::time::DAY;
use event::{EventTime, Money};
use std::ops::RangeInclusive;

/// Days on each side of a change that are compared.
pub const SIDE_DAYS: i64 = 7;
/// Days of sums that are kept of one product; the oldest are let go. A year and five weeks.
pub const DAYS_MAX: usize = 400;
/// Prices of one product on one day that are told apart; of more, those with the smallest hashes, and the rest are one.
pub const DAY_PRICES_MAX: usize = 16;
/// Changes of one product that are told, the newest; what was told of older ones stays as it is.
pub const EFFECTS_MAX: usize = 32;

/// How a store looks at its prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Days on each side of a change.
    pub side_days: i64,
    /// [`DAYS_MAX`] but in tests.
    pub days_max: usize,
    /// [`DAY_PRICES_MAX`] but in tests.
    pub day_prices_max: usize,
    /// Limits of the list of changes; the usual ones but in tests.
    pub rungs: Rungs,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            side_days: SIDE_DAYS,
            days_max: DAYS_MAX,
            day_prices_max: DAY_PRICES_MAX,
            rungs: Rungs::default(),
        }
    }
}

/// What prices are kept under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PriceKey {
    /// The store.
    pub store: NameId,
    /// The product, within its store.
    pub product: NameId,
    /// The currency of its prices.
    pub currency: NameId,
}

impl PriceKey {
    /// The key of the product's stock, which has no currency.
    #[must_use]
    pub fn stock(&self) -> StockKey {
        StockKey {
            store: self.store,
            product: self.product,
        }
    }
}

/// What settling asks of others.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// When a store's present day began: it is not over, so it is compared with nothing.
    pub today: &'a dyn Fn(NameId) -> EventTime,
    /// When a product was out of stock; asked only where two prices or more were seen.
    pub out_of_stock: &'a dyn Fn(StockKey) -> Vec<Span>,
}

/// What [`Prices::settle`] tells.
#[derive(Debug, Default)]
pub struct Settled {
    /// Products of which something changed.
    pub prices: Vec<PriceRow>,
    /// Their newest changes of price.
    pub effects: Vec<PriceEffectRow>,
    /// Changes that were told and turned out to be none.
    pub gone: Vec<(PriceKey, EventTime)>,
}

/// One shard's products. Not all are in memory: whoever holds the rest brings a state back with [`Prices::bring`] before
/// the product is asked for, and takes those that changed with [`Prices::fresh`].
#[derive(Debug, Default)]
pub struct Prices {
    rules: ByStore<Rules>,
    kept: Kept<PriceKey, Product>,
    /// Products that changed since they were settled, in the order in which they did.
    touched: Vec<PriceKey>,
}

#[derive(Debug, Clone, Default)]
struct Product {
    state: ProductPrices,
    /// What was told when it was last settled, where anything happened since.
    before: Option<Box<Before>>,
    /// Its price when it was last settled, where it never had another.
    only_price: Option<Money>,
}

/// What a product looked like to others, and which of its days were touched since.
#[derive(Debug, Clone)]
struct Before {
    turns: Vec<Turn>,
    row: PriceRow,
    may_have_elasticity: bool,
    days: RangeInclusive<EventTime>,
}

const EVER: RangeInclusive<EventTime> = EventTime(i64::MIN)..=EventTime(i64::MAX);

impl Prices {
    /// No product yet, under these rules.
    #[must_use]
    pub fn new(usual: Rules) -> Prices {
        Prices {
            rules: ByStore::new(usual),
            ..Prices::default()
        }
    }

    /// A store that looks at its prices by rules of its own.
    pub fn set_rules(&mut self, store: NameId, rules: Rules) {
        self.rules.set(store, rules);
    }

    /// Folds a change of price that the shop told, once. Needs the product's state.
    pub fn observe_change(&mut self, key: PriceKey, change: &Change) {
        let rules = self.rules.of(key.store);
        self.change(key, EVER).observe_change(change, &rules);
    }

    /// Folds what happened at a price; what is taken back comes with the opposite sign.
    pub fn observe_traffic(&mut self, key: PriceKey, traffic: &Traffic) {
        let rules = self.rules.of(key.store);
        if let Some(product) = self.kept.fresh_mut(&key)
            && product.only_price.is_some()
            && product.only_price == traffic.price
            && traffic.is_added()
        {
            return product.state.observe_traffic(traffic, &rules);
        }
        let days = traffic.day..=traffic.day;
        let state = self.change(key, days);
        let first_day = state.days.starts().next();
        state.observe_traffic(traffic, &rules);
        if state.days.starts().next() != first_day {
            // A product that was known earlier has more days before its changes.
            self.change(key, EVER);
        }
    }

    /// Has all rows of a product in memory told anew: a day is over, so that there is one more to compare.
    pub fn touch(&mut self, key: PriceKey) {
        if self.holds(&key) {
            self.change(key, EVER);
        }
    }

    /// Tells the rows that changed since the last time.
    pub fn settle(&mut self, surroundings: Surroundings<'_>, out: &mut Settled) {
        for key in std::mem::take(&mut self.touched) {
            let rules = self.rules.of(key.store);
            let Some(product) = self.kept.fresh_mut(&key) else {
                continue;
            };
            product.only_price = product.state.only_price();
            let (state, Some(before)) = (&product.state, product.before.take()) else {
                continue;
            };
            let today = (surroundings.today)(key.store);
            let turns = state.turns();
            before.tell_effects((key, state), (&turns, today), &rules, out);
            let out_of_stock = || (surroundings.out_of_stock)(key.stock());
            let elasticity = state.elasticity(today, out_of_stock);
            let row = state.row(key, &turns);
            if row != before.row || elasticity.is_some() || before.may_have_elasticity {
                out.prices.push(PriceRow { elasticity, ..row });
            }
        }
    }

    /// What is known of a product in memory.
    #[must_use]
    pub fn state(&self, key: &PriceKey) -> Option<&ProductPrices> {
        self.kept.find(key).map(|product| &product.state)
    }

    /// Whether what is known of this product is in memory.
    #[must_use]
    pub fn holds(&self, key: &PriceKey) -> bool {
        self.kept.holds(key)
    }

    /// Brings back what was kept elsewhere.
    pub fn bring(&mut self, key: PriceKey, state: ProductPrices) {
        let product = Product {
            only_price: state.only_price(),
            before: None,
            state,
        };
        self.kept.bring(key, product);
    }

    /// What changed since the last checkpoint was begun, in no particular order. To be asked for when all is settled.
    pub fn fresh(&self) -> impl Iterator<Item = (&PriceKey, &ProductPrices)> {
        self.kept
            .fresh()
            .map(|(key, product)| (key, &product.state))
    }

    /// What is fresh was taken by a checkpoint, when all was settled; it stays in memory until [`Prices::forget_resting`].
    pub fn rest(&mut self) {
        self.kept.rest();
    }

    /// The checkpoint stands: what it took can be brought back.
    pub fn forget_resting(&mut self) {
        self.kept.forget_resting();
    }

    /// Products in memory.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether none is in memory.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The state to change; how it stood is noted the first time.
    fn change(&mut self, key: PriceKey, days: RangeInclusive<EventTime>) -> &mut ProductPrices {
        let product = self.kept.state(&key);
        product.only_price = None;
        match &mut product.before {
            Some(before) => before.widen(&days),
            untouched => {
                let turns = product.state.turns();
                let row = product.state.row(key, &turns);
                *untouched = Some(Box::new(Before {
                    turns,
                    row,
                    may_have_elasticity: product.state.has_sold_at_two_prices(),
                    days,
                }));
                self.touched.push(key);
            }
        }
        &mut product.state
    }
}

impl Before {
    fn widen(&mut self, days: &RangeInclusive<EventTime>) {
        let start = *self.days.start().min(days.start());
        self.days = start..=*self.days.end().max(days.end());
    }

    /// Tells the turns of which a side was touched; all, where there are others than before.
    fn tell_effects(
        &self,
        (key, state): (PriceKey, &ProductPrices),
        (turns, today): (&[Turn], EventTime),
        rules: &Rules,
        out: &mut Settled,
    ) {
        let is_gone = |at: &EventTime| turns.binary_search_by_key(at, |turn| turn.at).is_err();
        let gone = self.turns.iter().map(|turn| turn.at).filter(is_gone);
        out.gone.extend(gone.map(|at| (key, at)));
        let is_other = self.turns != turns;
        let reach = (rules.side_days.saturating_add(2)).saturating_mul(DAY);
        let is_touched = |turn: &Turn| {
            turn.day.0.saturating_add(reach) >= self.days.start().0
                && turn.day.0.saturating_sub(reach) <= self.days.end().0
        };
        for at in turns.len().saturating_sub(EFFECTS_MAX)..turns.len() {
            if is_other || is_touched(&turns[at]) {
                (out.effects).push(state.effect(key, (turns, at), today, rules));
            }
        }
    }
}

#[cfg(test)]
mod tests;
