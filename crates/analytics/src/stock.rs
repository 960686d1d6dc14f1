//! Stock: how much of each product is left, when it was low or out, how fast it sells and what was not sold for want of it.
//! A pure state machine of one shard's products; it neither decides on alerts nor reads a clock, time is handed in.

mod course;
mod lane;
mod movement;
mod row;
mod sights;
mod state;

pub use course::{Course, OutSpan, Span, Standing};
pub use lane::{Lane, Moved, Report, Warehouse};
pub use movement::{Feed, Goods, Interest, Said};
pub use row::{Basis, Demand, InventoryRow, Settled, WarehouseRow};
pub use state::ProductStock;

use crate::alert::StockSight;
use crate::by_store::ByStore;
use crate::cell::NameId;
use crate::kept::Kept;
use crate::ladder::Rungs;
use event::time::DAY;
use event::{EventTime, Quantity, SCALE};

/// Warehouses of one product; of more, those with the smallest hashes count, so that which ones does not hang on who came
/// first. The movements of the others are counted as set aside.
pub const WAREHOUSES_MAX: usize = 256;
/// Fewer pieces are low, unless the shop says otherwise.
pub const LOW_UNITS: i64 = 10;
/// Times at which a product was out that its row tells, the newest; most products never are.
pub const OUTS_TOLD: usize = 16;
/// How far back velocity, cover and lost demand look.
pub const LOOK_BACK: i64 = 28 * DAY;

/// Whether what is sold after a report makes the level fall before the next report says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SalesCount {
    /// Where the feed of the product consists of reports. One that also sends changes by themselves tells of sales in
    /// them, and they would count twice.
    #[default]
    BetweenReports,
    /// Always: the feed's changes are deliveries and corrections only.
    Always,
    /// Never: the level is what the feed says.
    Never,
}

/// How a store looks at its stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// A level below this and above 0 is low.
    pub low_below: Quantity,
    /// Whether sales since a report count.
    pub sales: SalesCount,
    /// How far back velocity, cover and lost demand look; [`LOOK_BACK`] but in tests.
    pub look_back_micros: i64,
    /// [`WAREHOUSES_MAX`] but in tests.
    pub warehouses_max: usize,
    /// Limits of everything kept over time; the usual ones but in tests.
    pub rungs: Rungs,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            low_below: Quantity(LOW_UNITS * SCALE),
            sales: SalesCount::default(),
            look_back_micros: LOOK_BACK,
            warehouses_max: WAREHOUSES_MAX,
            rungs: Rungs::default(),
        }
    }
}

/// What a product is kept under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StockKey {
    /// The store.
    pub store: NameId,
    /// The product, within its store.
    pub product: NameId,
}

/// One shard's products. Not all are in memory: whoever holds the rest brings a state back with [`Stocks::bring`] before
/// the product is asked for, and takes those that changed with [`Stocks::fresh`].
///
/// The folds do no more than note what happened. [`Stocks::settle`], called when a round's folds are done or less often,
/// says what follows: how often it is called changes how often a row is told, never the last one.
#[derive(Debug, Default)]
pub struct Stocks {
    rules: ByStore<Rules>,
    kept: Kept<StockKey, Product>,
    /// Products whose rows may have changed since they were settled, in the order in which they did.
    touched: Vec<StockKey>,
}

#[derive(Debug, Clone, Default)]
struct Product {
    state: ProductStock,
    is_touched: bool,
    /// Whether the course of its level may be another.
    is_moved: bool,
    /// Warehouses that told something since the product was settled.
    touched: Vec<Warehouse>,
}

impl Stocks {
    /// No product yet, under these rules.
    #[must_use]
    pub fn new(usual: Rules) -> Stocks {
        Stocks {
            rules: ByStore::new(usual),
            ..Stocks::default()
        }
    }

    /// A store that looks at its stock by rules of its own.
    pub fn set_rules(&mut self, store: NameId, rules: Rules) {
        self.rules.set(store, rules);
    }

    /// Folds what a shop says of its stock, once for each event and product. Needs the product's state.
    pub fn observe(&mut self, key: StockKey, feed: &Feed) {
        let rules = self.rules.of(key.store);
        let product = self.change(key, |_| true);
        product.is_moved = true;
        let left_out = product.state.observe(feed, &rules);
        for warehouse in [Some(feed.warehouse), left_out].into_iter().flatten() {
            if !product.touched.contains(&warehouse) {
                product.touched.push(warehouse);
            }
        }
    }

    /// Folds goods that were sold, came back or were written off; what is taken back comes with the opposite sign.
    pub fn observe_goods(&mut self, key: StockKey, time: EventTime, goods: Goods) {
        let rules = self.rules.of(key.store);
        let product = self.change(key, |_| true);
        product.is_moved = true;
        product.state.goods.add(time, goods, &rules.rungs);
    }

    /// Folds that somebody looked at the product or put it into a cart. A row is told anew for it only where the shop has
    /// said something of the product's stock: without that there is no lost demand.
    pub fn observe_interest(&mut self, key: StockKey, time: EventTime, interest: Interest) {
        let rules = self.rules.of(key.store);
        let product = self.change(key, |state| !state.lanes.is_empty());
        (product.state).add_interest(time, interest, &rules.rungs);
    }

    /// Has the row of a product in memory told anew though nothing happened: the days it looks back on have moved.
    pub fn touch(&mut self, key: StockKey) {
        if self.holds(&key) {
            self.change(key, |_| true);
        }
    }

    /// Tells the rows of all products that were touched since the last time.
    pub fn settle(&mut self, as_of: EventTime, out: &mut Settled) {
        self.settle_some(as_of, usize::MAX, out);
    }

    /// The same for so many products at most; the others wait.
    pub fn settle_some(&mut self, as_of: EventTime, max: usize, out: &mut Settled) {
        let count = self.touched.len().min(max);
        for key in self.touched.drain(..count) {
            let rules = self.rules.of(key.store);
            if let Some(product) = self.kept.fresh_mut(&key) {
                product.settle((key, as_of), &rules, out);
            }
        }
    }

    /// What is known of a product in memory.
    #[must_use]
    pub fn state(&self, key: &StockKey) -> Option<&ProductStock> {
        self.kept.find(key).map(|product| &product.state)
    }

    /// The row of a product in memory, as of an instant.
    #[must_use]
    pub fn row(&self, key: &StockKey, as_of: EventTime) -> Option<InventoryRow> {
        let state = self.state(key)?;
        Some(state.row(*key, as_of, &self.rules.of(key.store)))
    }

    /// The level of a product in memory as rules of alerts look at it.
    #[must_use]
    pub fn sights(&self, key: &StockKey) -> Vec<StockSight> {
        let rules = self.rules.of(key.store);
        (self.state(key)).map_or_else(Vec::new, |state| state.sights(&rules))
    }

    /// How the level of a product in memory went.
    #[must_use]
    pub fn course(&self, key: &StockKey) -> Option<Course> {
        Some(self.state(key)?.course(&self.rules.of(key.store)))
    }

    /// Whether what is known of this product is in memory.
    #[must_use]
    pub fn holds(&self, key: &StockKey) -> bool {
        self.kept.holds(key)
    }

    /// Brings back what was kept elsewhere.
    pub fn bring(&mut self, key: StockKey, state: ProductStock) {
        let product = Product {
            state,
            ..Product::default()
        };
        self.kept.bring(key, product);
    }

    /// What changed since [`Stocks::rest`] was last called, in no particular order. To be asked for when all is settled.
    pub fn fresh(&self) -> impl Iterator<Item = (&StockKey, &ProductStock)> {
        self.kept
            .fresh()
            .map(|(key, product)| (key, &product.state))
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

    /// The product to change, and whether that may change a row.
    fn change(
        &mut self,
        key: StockKey,
        is_told: impl FnOnce(&ProductStock) -> bool,
    ) -> &mut Product {
        let product = self.kept.state(&key);
        if !product.is_touched && is_told(&product.state) {
            product.is_touched = true;
            self.touched.push(key);
        }
        product
    }
}

impl Product {
    fn settle(&mut self, (key, as_of): (StockKey, EventTime), rules: &Rules, out: &mut Settled) {
        self.is_touched = false;
        let has_lanes = !self.state.lanes.is_empty();
        if std::mem::take(&mut self.is_moved) && has_lanes {
            out.moved.push(key);
        }
        let row = self.state.row(key, as_of, rules);
        match row.basis {
            Basis::Nothing => out.gone.push(key),
            _ => out.inventory.push(row),
        }
        for warehouse in std::mem::take(&mut self.touched) {
            let mut lanes = self.state.lanes.iter();
            match lanes.find(|lane| lane.warehouse == warehouse) {
                Some(lane) => out.warehouses.push(lane.row(key)),
                None => out.gone_warehouses.push((key, warehouse.name)),
            }
        }
    }
}

#[cfg(test)]
mod tests;
