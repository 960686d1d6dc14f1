//! Prices: what each product cost when, what happened before and after a change, and how demand follows the price.
//! A pure state machine of one shard's products; days are handed in by their beginning, so it knows no time zones.

mod days;
mod effect;
mod elasticity;
mod movement;
mod points;
mod slope;
mod state;

pub use days::{DayKey, Days, Sums};
pub use effect::{PriceEffectRow, Side};
pub use elasticity::{Elasticity, Method};
pub(crate) use movement::is_promoted;
pub use movement::{Change, Traffic};
pub use state::{PriceRow, ProductPrices, Source, Turn};

use crate::by_store::ByStore;
use crate::cell::NameId;
use crate::kept::Kept;
use crate::ladder::Rungs;
use crate::stock::{Span, StockKey};
use event::time::DAY;
use event::{EventTime, Money};
use smallvec::SmallVec;
use std::ops::RangeInclusive;

/// Days on each side of a change that are compared.
pub const SIDE_DAYS: i64 = 7;
/// Days of sums that are kept of one product; the oldest are let go. A year and five weeks.
pub const DAYS_MAX: usize = 400;
/// Prices of one product on one day that are told apart; of more, those with the smallest hashes, and the rest are one.
pub const DAY_PRICES_MAX: usize = 16;
/// Changes of one product that are told, the newest.
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
    /// When the present day of a product began: it is not over, so it is compared with nothing.
    pub today: &'a dyn Fn(&ProductPrices) -> EventTime,
    /// When a product was out of stock; asked only where two prices or more were seen.
    pub out_of_stock: &'a dyn Fn(StockKey) -> Vec<Span>,
}

/// What [`Prices::settle`] tells.
#[derive(Debug, Default)]
pub struct Settled {
    /// Products of which something changed.
    pub prices: Vec<PriceRow>,
    /// Products of whose prices nothing is left to tell.
    pub gone: Vec<PriceKey>,
    /// Their newest changes of price.
    pub effects: Vec<PriceEffectRow>,
    /// Changes that were told and turned out to be none, or are no longer among the newest.
    pub gone_effects: Vec<(PriceKey, EventTime)>,
}

/// One shard's products. Not all are in memory: whoever holds the rest brings a product back with [`Prices::bring`] before
/// it is asked for, in all its currencies, and takes those that changed with [`Prices::fresh`].
#[derive(Debug, Default)]
pub struct Prices {
    rules: ByStore<Rules>,
    kept: Kept<StockKey, Currencies>,
    /// Products that changed since they were settled, in the order in which they did.
    touched: Vec<PriceKey>,
}

/// A product by the currencies of its prices, of which most have one.
type Currencies = SmallVec<[(NameId, Product); 1]>;

#[derive(Debug, Clone, Default)]
struct Product {
    state: ProductPrices,
    /// What was told when it was last settled, where anything happened since.
    before: Option<Box<Before>>,
    /// Its price when it was last settled, where it never had another.
    only_price: Option<Money>,
    /// What its elasticity was when it was last settled: most of what happens today changes nothing about it.
    found: Option<Box<Found>>,
}

/// An elasticity, and what it was found from beside the product's past.
#[derive(Debug, Clone)]
struct Found {
    today: EventTime,
    out_of_stock: Vec<Span>,
    elasticity: Option<Elasticity>,
}

/// What a product looked like to others, and which of its days were touched since.
#[derive(Debug, Clone)]
struct Before {
    turns: Vec<Turn>,
    row: PriceRow,
    last_day: EventTime,
    may_have_elasticity: bool,
    days: RangeInclusive<EventTime>,
    /// Whether the product may have been out of stock at other times.
    is_stock_moved: bool,
}

const EVER: RangeInclusive<EventTime> = EventTime(i64::MIN)..=EventTime(i64::MAX);
/// Before every day there is, after every other.
const NEVER: RangeInclusive<EventTime> = EventTime(i64::MAX)..=EventTime(i64::MIN);

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
        if let Some(product) = self.known(key)
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
        if self.known(key).is_some() {
            self.change(key, EVER);
        }
    }

    /// Has the elasticities of a product in memory told anew, where there are any: it was out of stock at other times than
    /// was known before.
    pub fn touch_elasticity(&mut self, key: StockKey) {
        let elastic: SmallVec<[NameId; 1]> = (self.states(key))
            .filter(|(_, state)| state.has_sold_at_two_prices())
            .map(|(currency, _)| currency)
            .collect();
        for currency in elastic {
            let (store, product) = (key.store, key.product);
            let key = PriceKey {
                store,
                product,
                currency,
            };
            self.change(key, NEVER);
            if let Some(before) = self.known(key).and_then(|product| product.before.as_mut()) {
                before.is_stock_moved = true;
            }
        }
    }

    /// Tells the rows that changed since the last time.
    pub fn settle(&mut self, surroundings: Surroundings<'_>, out: &mut Settled) {
        self.settle_some(surroundings, usize::MAX, out);
    }

    /// The same for so many products at most; the others wait.
    pub fn settle_some(&mut self, surroundings: Surroundings<'_>, max: usize, out: &mut Settled) {
        let count = self.touched.len().min(max);
        let waiting = self.touched.split_off(count);
        for key in std::mem::replace(&mut self.touched, waiting) {
            let rules = self.rules.of(key.store);
            if let Some(product) = self.known(key) {
                product.settle(key, surroundings, (&rules, out));
            }
        }
    }

    /// What is known of a product's prices in one currency, in memory.
    #[must_use]
    pub fn state(&self, key: &PriceKey) -> Option<&ProductPrices> {
        let currencies = self.kept.find(&key.stock())?.iter();
        let mut same = currencies.filter(|(currency, _)| *currency == key.currency);
        same.next().map(|(_, product)| &product.state)
    }

    /// Whether something of a product in memory waits to be settled.
    #[must_use]
    pub fn is_waiting(&self, key: &PriceKey) -> bool {
        let mut currencies = self.kept.find(&key.stock()).into_iter().flatten();
        currencies.any(|(currency, product)| *currency == key.currency && product.before.is_some())
    }

    /// What is known of a product in memory, by currency.
    pub fn states(&self, key: StockKey) -> impl Iterator<Item = (NameId, &ProductPrices)> {
        let currencies = self.kept.find(&key).into_iter().flatten();
        currencies.map(|(currency, product)| (*currency, &product.state))
    }

    /// Whether what is known of this product is in memory.
    #[must_use]
    pub fn holds(&self, key: &StockKey) -> bool {
        self.kept.holds(key)
    }

    /// Brings back what was kept elsewhere, by currency.
    pub fn bring(
        &mut self,
        key: StockKey,
        states: impl IntoIterator<Item = (NameId, ProductPrices)>,
    ) {
        let product = |(currency, state): (NameId, ProductPrices)| {
            let product = Product {
                only_price: state.only_price(),
                before: None,
                found: None,
                state,
            };
            (currency, product)
        };
        let products = states.into_iter().map(product).collect();
        self.kept.bring(key, products);
    }

    /// What changed since [`Prices::rest`] was last called, in no particular order. To be asked for when all is settled.
    pub fn fresh(&self) -> impl Iterator<Item = &StockKey> {
        self.kept.fresh().map(|(key, _)| key)
    }

    /// What is fresh was written, when all was settled; it can be brought back from now on.
    pub fn rest(&mut self) {
        self.kept.rest();
    }

    /// Forgets every product; the rules stay.
    pub fn forget(&mut self) {
        self.kept.rest();
        self.touched.clear();
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

    fn known(&mut self, key: PriceKey) -> Option<&mut Product> {
        let mut currencies = self.kept.fresh_mut(&key.stock())?.iter_mut();
        currencies.find_map(|(currency, product)| (*currency == key.currency).then_some(product))
    }

    /// The state to change; how it stood is noted the first time.
    fn change(&mut self, key: PriceKey, days: RangeInclusive<EventTime>) -> &mut ProductPrices {
        let currencies = self.kept.state(&key.stock());
        let at = currencies
            .iter()
            .position(|(known, _)| *known == key.currency);
        let at = at.unwrap_or_else(|| {
            currencies.push((key.currency, Product::default()));
            currencies.len() - 1
        });
        let product = &mut currencies[at].1;
        product.only_price = None;
        match &mut product.before {
            Some(before) => before.widen(&days),
            untouched => {
                *untouched = Some(Box::new(Before::of(key, &product.state, days)));
                self.touched.push(key);
            }
        }
        &mut product.state
    }
}

impl Product {
    fn settle(
        &mut self,
        key: PriceKey,
        surroundings: Surroundings<'_>,
        (rules, out): (&Rules, &mut Settled),
    ) {
        self.only_price = self.state.only_price();
        let (state, Some(mut before)) = (&self.state, self.before.take()) else {
            return;
        };
        let last_day = state.last_day();
        if last_day != before.last_day {
            // Sides that ended with the last day go on.
            before.widen(&(before.last_day.min(last_day)..=before.last_day.max(last_day)));
        }
        let today = (surroundings.today)(state);
        let turns = state.turns();
        before.tell_effects((key, state), (&turns, today), rules, out);
        let is_past_same = *before.days.start() >= today && before.turns == turns;
        let known = (self.found.as_deref())
            .filter(|found| is_past_same && found.today == today)
            .filter(|found| {
                let out = || (surroundings.out_of_stock)(key.stock());
                !before.is_stock_moved || found.out_of_stock == before_today(out(), today)
            });
        let row = state.row(key, &turns);
        let (elasticity, is_found_anew) = match known {
            Some(found) => (found.elasticity, false),
            None => {
                let found = Found::of(state, today, || (surroundings.out_of_stock)(key.stock()));
                let elasticity = found.elasticity;
                self.found = Some(Box::new(found));
                (elasticity, true)
            }
        };
        let may_be_other = elasticity.is_some() || before.may_have_elasticity;
        if row.is_nothing() {
            let was_told = !before.row.is_nothing();
            out.gone.extend(was_told.then_some(key));
        } else if row != before.row || is_found_anew && may_be_other {
            out.prices.push(PriceRow { elasticity, ..row });
        }
    }
}

impl Found {
    fn of(
        state: &ProductPrices,
        today: EventTime,
        out_of_stock: impl FnOnce() -> Vec<Span>,
    ) -> Found {
        let mut spans = Vec::new();
        let elasticity = state.elasticity(today, || {
            spans = before_today(out_of_stock(), today);
            spans.clone()
        });
        Found {
            today,
            out_of_stock: spans,
            elasticity,
        }
    }
}

/// Only days that are over are compared.
fn before_today(mut spans: Vec<Span>, today: EventTime) -> Vec<Span> {
    spans.retain(|span| span.from < today);
    (spans.iter_mut()).for_each(|span| span.until = span.until.min(today));
    spans
}

impl Before {
    fn of(key: PriceKey, state: &ProductPrices, days: RangeInclusive<EventTime>) -> Before {
        let turns = state.turns();
        Before {
            row: state.row(key, &turns),
            turns,
            last_day: state.last_day(),
            may_have_elasticity: state.has_sold_at_two_prices(),
            days,
            is_stock_moved: false,
        }
    }

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
        let now = &turns[turns.len().saturating_sub(EFFECTS_MAX)..];
        let told = &self.turns[self.turns.len().saturating_sub(EFFECTS_MAX)..];
        let is_gone = |at: &EventTime| now.binary_search_by_key(at, |turn| turn.at).is_err();
        let gone = told.iter().map(|turn| turn.at).filter(is_gone);
        out.gone_effects.extend(gone.map(|at| (key, at)));
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
