//! Stock and changes of prices as they were told last, for lists: what is out, what is low, what a change of price did.
//! What a row says is decided by the line; only what passes with time alone is added here.

mod changes;
mod courses;

pub use changes::{ElasticityView, PriceChange, PriceChangeQuestion, PriceSide};

use crate::tables::{LiveTables, RowReader};
use analytics::stock::{LOOK_BACK, Standing};
use changelog::{Change, Value};
use changes::PriceChanges;
use courses::{OutSpan, Outs, PriceCourses};
use event::time::DAY;
use event::{EventTime, SCALE};
use std::collections::HashMap;
use std::sync::Arc;

/// Products whose rows are held, about 300 bytes each. Of more those stay that are wanting, and then the newest.
const PRODUCTS_MAX: usize = 200_000;
/// What is let go of at once, so that it need not be sought for each product.
const LET_GO_SHARE: usize = 8;

/// A product's stock as of its newest movement. Quantities are in ten-thousandths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockItem {
    /// The store.
    pub store: Arc<str>,
    /// The product.
    pub product: Arc<str>,
    /// When anything last moved it.
    pub as_of: EventTime,
    /// Over all warehouses.
    pub level: i128,
    /// By what the level is known: `reports`, `changes`, `goods`.
    pub basis: Arc<str>,
    /// How it stands.
    pub standing: Standing,
    /// Since when.
    pub since: Option<EventTime>,
    /// When a level was last reported.
    pub reported_at: Option<EventTime>,
    /// Sold and written off since then.
    pub gone_since_report: i128,
    /// Warehouses that told something.
    pub warehouses: i64,
    /// What warehouses beyond the limit told.
    pub set_aside: i64,
    /// The days looked back on begin here.
    pub looked_from: EventTime,
    /// How long it was in stock, out and low since then.
    pub micros: StandingMicros,
    /// How often it was out.
    pub times_out: i64,
    /// Views while in stock and while out.
    pub views: [i64; 2],
    /// Adds to carts while in stock and while out.
    pub cart_adds: [i64; 2],
    /// Sold while in stock and while out.
    pub sold: [i128; 2],
    /// What was not sold for want of stock, where that can be estimated.
    pub lost: Option<i128>,
    /// Ever sold, brought back and written off.
    pub goods: [i128; 3],
}

/// How long a product stood how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandingMicros {
    /// In stock, at least a day.
    pub in_stock: i64,
    /// Out.
    pub out: i64,
    /// Low.
    pub low: i64,
}

impl StockItem {
    /// How long nothing has happened to it.
    fn quiet_micros(&self, now: EventTime) -> i64 {
        now.0.saturating_sub(self.as_of.0).max(0)
    }

    /// Pieces a day while in stock, as of now: nothing was sold since it last moved.
    #[must_use]
    pub fn velocity(&self, now: EventTime) -> i128 {
        let quiet = self.quiet_micros(now);
        if quiet >= LOOK_BACK {
            return 0;
        }
        let in_stock = match self.standing {
            Standing::Out => self.micros.in_stock,
            _ => self.micros.in_stock.saturating_add(quiet),
        };
        let sold = self.sold[0].max(0).saturating_mul(DAY.into());
        sold.checked_div(in_stock.into()).unwrap_or(0)
    }

    /// Days until nothing is left, in ten-thousandths: 0 where nothing is, nothing where nothing sells or the level is
    /// unknown.
    #[must_use]
    pub fn days_of_cover(&self, now: EventTime) -> Option<i128> {
        match self.standing {
            Standing::Unknown => None,
            Standing::Out => Some(0),
            Standing::InStock | Standing::Low => {
                let level = self.level.saturating_mul(SCALE.into());
                level.checked_div(self.velocity(now))
            }
        }
    }

    fn is_wanting(&self) -> bool {
        matches!(self.standing, Standing::Out | Standing::Low)
    }

    /// And when it was out.
    fn read(change: &Change) -> Option<(StockItem, Vec<OutSpan>)> {
        let mut key = RowReader(&change.key);
        let mut row = RowReader(change.values.as_deref()?);
        let item = StockItem {
            store: key.text()?.clone(),
            product: key.text()?.clone(),
            as_of: EventTime(row.time()?),
            level: row.decimal()?,
            basis: row.text()?.clone(),
            standing: standing_named(row.text()?)?,
            since: row.time_or_null()?,
            reported_at: row.time_or_null()?,
            gone_since_report: row.decimal()?,
            warehouses: row.int()?,
            set_aside: row.int()?,
            looked_from: EventTime(row.time()?),
            micros: StandingMicros {
                in_stock: row.int()?,
                out: row.int()?,
                low: row.int()?,
            },
            times_out: row.int()?,
            views: [row.int()?, row.int()?],
            cart_adds: [row.int()?, row.int()?],
            sold: [row.decimal()?, row.decimal()?],
            lost: row.decimal_or_null()?,
            goods: {
                row.decimal_or_null()?;
                [row.decimal()?, row.decimal()?, row.decimal()?]
            },
        };
        let outs = row.0.chunks(2).map(OutSpan::read);
        Some((item, outs.collect::<Option<_>>()?))
    }
}

/// The standing of this name.
#[must_use]
pub fn standing_named(name: &str) -> Option<Standing> {
    let mut all = Standing::ALL.into_iter();
    all.find(|standing| standing.name() == name)
}

/// What a list of products is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StockSort {
    /// What was lost most comes first.
    #[default]
    LostDemand,
    /// What is gone soonest comes first.
    DaysOfCover,
    /// The least comes first.
    Level,
    /// What moved last comes first.
    Newest,
    /// By id.
    Product,
}

impl StockSort {
    /// Every order, by its name.
    pub const ALL: [(&str, StockSort); 5] = [
        ("lost_demand", StockSort::LostDemand),
        ("days_of_cover", StockSort::DaysOfCover),
        ("level", StockSort::Level),
        ("newest", StockSort::Newest),
        ("product", StockSort::Product),
    ];
}

/// Which products are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StockQuestion {
    /// Of this store only.
    pub store: Option<String>,
    /// This one only.
    pub product: Option<String>,
    /// Those that stand so only.
    pub standing: Option<Standing>,
    /// In this order.
    pub sort: StockSort,
}

/// Products that were asked for.
#[derive(Debug, Clone, Default)]
pub struct StockList {
    /// In the order that was asked for.
    pub items: Vec<Arc<StockItem>>,
    /// Whether there are more products than are held, so that some that are in stock may be missing.
    pub is_partial: bool,
}

/// Rows of stock and prices.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    items: HashMap<(Arc<str>, Arc<str>), Arc<StockItem>>,
    changes: PriceChanges,
    outs: Outs,
    courses: PriceCourses,
    is_partial: bool,
}

impl Inventory {
    /// Takes in a row; false where it does not have the form of its table.
    pub(crate) fn apply(&mut self, change: &Change) -> bool {
        match change.table {
            "inventory" => self.apply_item(change).is_some(),
            "prices" => self.changes.apply_price(change).is_some(),
            "price_changes" => {
                self.courses.apply(change).is_some() && self.changes.apply(change).is_some()
            }
            // Nobody asks for single warehouses here.
            "stock" => true,
            _ => false,
        }
    }

    fn apply_item(&mut self, change: &Change) -> Option<()> {
        if change.values.is_some() {
            let (item, outs) = StockItem::read(change)?;
            let key = (Arc::clone(&item.store), Arc::clone(&item.product));
            self.outs.set(&key, outs);
            self.items.insert(key, Arc::new(item));
            if self.items.len() > PRODUCTS_MAX {
                self.let_go(PRODUCTS_MAX - PRODUCTS_MAX / LET_GO_SHARE);
            }
        } else if let [Value::Text(store), Value::Text(product)] = &*change.key {
            let key = (Arc::clone(store), Arc::clone(product));
            self.outs.set(&key, Vec::new());
            self.items.remove(&key);
        } else {
            return None;
        }
        Some(())
    }

    /// Whether a product was out of stock at any time between two instants.
    pub(crate) fn was_out(
        &self,
        product: &(Arc<str>, Arc<str>),
        from: EventTime,
        until: EventTime,
    ) -> bool {
        self.outs.any(product, from, until)
    }

    /// What something cost at an instant, where a change of its price is known: store, product and currency.
    pub(crate) fn price_at(&self, of: &[Arc<str>; 3], at: EventTime) -> Option<i128> {
        self.courses.price_at(of, at)
    }

    fn let_go(&mut self, kept_max: usize) {
        let rank = |item: &StockItem| (item.is_wanting(), item.as_of);
        let mut ranks: Vec<_> = self.items.values().map(|item| rank(item)).collect();
        let at = ranks.len().saturating_sub(kept_max);
        let least = *ranks.select_nth_unstable(at).1;
        self.items.retain(|_, item| rank(item) >= least);
        self.is_partial = true;
    }

    fn list(&self, question: &StockQuestion) -> StockList {
        let items = self.items.values().filter(|item| question.holds(item));
        StockList {
            items: items.cloned().collect(),
            is_partial: self.is_partial,
        }
    }
}

impl StockQuestion {
    fn holds(&self, item: &StockItem) -> bool {
        self.store
            .as_deref()
            .is_none_or(|store| *item.store == *store)
            && (self.product.as_deref()).is_none_or(|product| *item.product == *product)
            && self
                .standing
                .is_none_or(|standing| item.standing == standing)
    }

    fn sort(&self, items: &mut [Arc<StockItem>], now: impl Fn(&str) -> EventTime) {
        let lost = |item: &StockItem| std::cmp::Reverse(item.lost.unwrap_or(-1));
        let cover = |item: &StockItem| {
            let cover = item.days_of_cover(now(&item.store));
            cover.unwrap_or(i128::MAX)
        };
        let name = |item: &StockItem| (Arc::clone(&item.store), Arc::clone(&item.product));
        match self.sort {
            StockSort::LostDemand => {
                items.sort_by_cached_key(|item| (lost(item), cover(item), name(item)));
            }
            StockSort::DaysOfCover => items.sort_by_cached_key(|item| (cover(item), name(item))),
            StockSort::Level => items.sort_by_cached_key(|item| (item.level, name(item))),
            StockSort::Newest => {
                items.sort_by_cached_key(|item| (std::cmp::Reverse(item.as_of), name(item)));
            }
            StockSort::Product => items.sort_by_cached_key(|item| name(item)),
        }
    }
}

impl LiveTables {
    /// Products and how they stand.
    #[must_use]
    pub fn stock(&self, question: &StockQuestion) -> StockList {
        let mut list = self.shared.inventory.read().list(question);
        question.sort(&mut list.items, |store| self.store_now(store));
        list
    }

    /// Changes of prices and what they did, newest first.
    #[must_use]
    pub fn price_changes(&self, question: &PriceChangeQuestion) -> Vec<Arc<PriceChange>> {
        self.shared.inventory.read().changes.list(question)
    }

    /// How elastic the demand of a product is in a currency, where that is known.
    #[must_use]
    pub fn elasticity(&self, of: &PriceChange) -> Option<ElasticityView> {
        self.shared.inventory.read().changes.elasticity(of)
    }

    /// A product's name, where it has one.
    #[must_use]
    pub fn product_name(&self, store: &str, product: &str) -> Option<Arc<str>> {
        let texts = self.shared.texts.read();
        let key = (texts.find(store)?, texts.find(product)?);
        self.shared.products.read().get(&key).cloned()
    }

    /// How late it is in a store: its watermark, and before it has one the newest event.
    #[must_use]
    pub fn store_now(&self, store: &str) -> EventTime {
        let newest = || Some(EventTime(self.progress().event_times?.1));
        let now = self.watermark(store).or_else(newest);
        now.unwrap_or(EventTime(i64::MIN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(product: &str, standing: Standing, as_of: i64) -> (Arc<str>, StockItem) {
        let text = |text: &str| -> Arc<str> { Arc::from(text) };
        let item = StockItem {
            store: text("main"),
            product: text(product),
            as_of: EventTime(as_of),
            level: 0,
            basis: text("reports"),
            standing,
            since: None,
            reported_at: None,
            gone_since_report: 0,
            warehouses: 1,
            set_aside: 0,
            looked_from: EventTime(0),
            micros: StandingMicros {
                in_stock: DAY,
                out: 0,
                low: 0,
            },
            times_out: 0,
            views: [0; 2],
            cart_adds: [0; 2],
            sold: [0; 2],
            lost: None,
            goods: [0; 3],
        };
        (text(product), item)
    }

    #[test]
    fn of_too_many_products_those_stay_that_are_wanting_and_then_the_newest() {
        let mut inventory = Inventory::default();
        for (product, item) in [
            item("old", Standing::InStock, 1),
            item("new", Standing::InStock, 9),
            item("out", Standing::Out, 2),
            item("low", Standing::Low, 3),
        ] {
            let key = (Arc::clone(&item.store), product);
            inventory.items.insert(key, Arc::new(item));
        }
        inventory.let_go(3);
        let mut list = inventory.list(&StockQuestion::default());
        list.items
            .sort_by(|one, other| one.product.cmp(&other.product));
        let names: Vec<&str> = list.items.iter().map(|item| &*item.product).collect();
        assert_eq!((names, list.is_partial), (vec!["low", "new", "out"], true));
    }
}
