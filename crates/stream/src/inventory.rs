//! Stock and prices of one shard's products, over those at rest: movements in, rows out. Rows are as of the newest movement of
//! their product, so that they follow from the events alone and not from when they were told.

use crate::rest::{self, AtRest, RestError};
use analytics::alert::{Levels, PricePoint};
use analytics::cell::{Deltas, NameId};
use analytics::price::{self, PriceKey, Prices, ProductPrices, Surroundings, Traffic};
use analytics::product::{ProductMovement, Sold, WrittenOff};
use analytics::stock::{self, Basis, Feed, Goods, Span, Standing, StockKey, Stocks};
use analytics::window::{Calendar, Grain};
use checkpoint::{Folder, Run};
use event::{EventTime, EventType};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use crate::round::RoutedEvent;

/// Products of one worker whose rows are told at once while the line is behind; the others wait. In tests so few that
/// something always waits.
pub const TOLD_MAX: usize = if cfg!(test) { 1 } else { 4_096 };

/// What shards know of stock and prices from the beginning.
#[derive(Debug, Clone)]
pub struct InventorySetting {
    /// The usual currency of stores.
    pub currency: NameId,
    /// What stores have of their own.
    pub stores: Arc<[StoreInventory]>,
}

impl InventorySetting {
    fn currency_of(&self, store: NameId) -> NameId {
        let mut own = self.stores.iter().filter(|own| own.store == store);
        own.next().map_or(self.currency, |own| own.currency)
    }
}

/// How one store looks at its products.
#[derive(Debug, Clone)]
pub struct StoreInventory {
    /// Which store.
    pub store: NameId,
    /// In which money is meant.
    pub currency: NameId,
    /// How it looks at its stock.
    pub stock: stock::Rules,
    /// How it looks at its prices.
    pub prices: price::Rules,
    /// Where its days begin.
    pub calendar: Calendar,
}

/// One shard's products.
#[derive(Debug)]
pub struct Inventory {
    stocks: Stocks,
    prices: Prices,
    days: Days,
    /// Products whose shop tells of prices, and of which a price or what was sold at one changed since they were settled.
    /// Their rows need not have: a price that is told again is the same price.
    repriced: BTreeSet<PriceKey>,
    setting: InventorySetting,
    /// Products that were judged by a price that may yet turn out to be another.
    unsettled: BTreeSet<StockKey>,
}

/// What the products of a worker's shards tell.
#[derive(Debug, Default)]
pub struct InventoryOutput {
    /// Of stock.
    pub stock: stock::Settled,
    /// Of prices.
    pub prices: price::Settled,
    /// Levels of products that changed, for the rules of alerts; none where nothing was ever low.
    pub levels: Vec<(StockKey, Levels)>,
    /// Prices of products that changed, for the same.
    pub points: Vec<(PriceKey, Vec<PricePoint>)>,
}

impl Inventory {
    /// No product yet.
    pub fn new(setting: &InventorySetting) -> Inventory {
        let mut stocks = Stocks::new(stock::Rules::default());
        let mut prices = Prices::new(price::Rules::default());
        for store in setting.stores.iter() {
            stocks.set_rules(store.store, store.stock);
            prices.set_rules(store.store, store.prices);
        }
        Inventory {
            stocks,
            prices,
            days: Days::new(setting),
            repriced: BTreeSet::new(),
            setting: setting.clone(),
            unsettled: BTreeSet::new(),
        }
    }

    /// What the shop itself says of its products in an event; what visitors and orders tell comes from where they fold.
    pub fn tell(&mut self, routed: &RoutedEvent<'_>, out: &mut Vec<ProductMovement>) {
        match routed.event.kind() {
            EventType::StockUpdate => tell_stock(routed, out),
            EventType::PriceChange => self.tell_price(routed, out),
            _ => {}
        }
    }

    fn tell_price(&mut self, routed: &RoutedEvent<'_>, out: &mut Vec<ProductMovement>) {
        let (event, names) = (routed.event, &routed.names);
        let day = self.days.start_of(names.store, event.time());
        let Some(change) = price::Change::of(event, day) else {
            return;
        };
        let price = |product| {
            let key = PriceKey {
                store: names.store,
                product,
                currency: names.currency,
            };
            ProductMovement::Priced(Box::new((key, change)))
        };
        out.extend(products(routed).map(price));
    }

    /// Folds what is told to one of this shard's products.
    pub fn receive(
        &mut self,
        told: &ProductMovement,
        at_rest: &AtRest,
        deltas: &mut Deltas,
    ) -> Result<(), RestError> {
        told.count(deltas);
        let key = told.key();
        self.bring(key, at_rest)?;
        match told {
            ProductMovement::Seen(seen) => {
                let day = self.days.start_of(seen.store, seen.time);
                (self.stocks).observe_interest(key, seen.time, seen.interest());
                let price = PriceKey {
                    store: seen.store,
                    product: seen.product,
                    currency: seen.currency,
                };
                (self.prices).observe_traffic(price, &seen.traffic(day));
            }
            ProductMovement::Sold(sold) => self.receive_sold(key, sold),
            ProductMovement::WrittenOff(lost) => {
                (self.stocks).observe_goods(key, lost.time, lost.goods());
            }
            ProductMovement::Stocked(stocked) => self.stocks.observe(key, &stocked.1),
            ProductMovement::Priced(priced) => {
                self.prices.observe_change(priced.0, &priced.1);
                self.repriced.insert(priced.0);
            }
        }
        Ok(())
    }

    fn receive_sold(&mut self, key: StockKey, sold: &Sold) {
        if sold.goods != Goods::default() {
            (self.stocks).observe_goods(key, sold.time, sold.goods);
        }
        let day = self.days.start_of(sold.store, sold.time);
        for traffic in &sold.at_prices {
            let traffic = Traffic { day, ..*traffic };
            (self.prices).observe_traffic(sold.price_key(), &traffic);
        }
        let is_told = |state: &price::ProductPrices| !state.changes.is_empty();
        if self.prices.state(&sold.price_key()).is_some_and(is_told) {
            self.repriced.insert(sold.price_key());
        }
    }

    /// Makes sure that what is known of a product is in memory. Both halves are there, or none.
    fn bring(&mut self, key: StockKey, at_rest: &AtRest) -> Result<(), RestError> {
        if self.stocks.holds(&key) {
            return Ok(());
        }
        let resting = match at_rest.inventory.is_empty() {
            true => None,
            false => at_rest.inventory.get(&rest::inventory::key(key))?,
        };
        let resting = resting.map(|bytes| rest::inventory::read(&bytes));
        let (stock, prices) = resting.transpose()?.unwrap_or_default();
        self.stocks.bring(key, stock);
        self.prices.bring(key, prices);
        Ok(())
    }

    /// Tells the rows of products that changed since the last time, of so many products at most.
    pub fn settle(&mut self, max: usize, out: &mut InventoryOutput) {
        // As of their own newest movement.
        let as_of = EventTime(i64::MIN);
        let told = out.stock.inventory.len();
        self.stocks.settle_some(as_of, max, &mut out.stock);
        for key in out.stock.moved.drain(..) {
            self.prices.touch_elasticity(key);
        }
        let stocks = &self.stocks;
        let surroundings = Surroundings {
            today: &|state| state.last_day(),
            out_of_stock: &|key| out_of_stock(stocks, key),
        };
        let priced = (out.prices.prices.len(), out.prices.gone.len());
        (self.prices).settle_some(surroundings, max, &mut out.prices);
        self.tell_levels((told, priced), out);
        for key in std::mem::take(&mut self.repriced) {
            if let Some(state) = self.prices.state(&key) {
                out.points.push((key, state.points()));
            }
        }
    }

    fn is_of_store(&self, key: &PriceKey) -> bool {
        key.currency == self.setting.currency_of(key.store)
    }

    /// Levels of products whose row or price was told just now, from these places of the output on.
    fn tell_levels(
        &mut self,
        (told, (priced, gone)): (usize, (usize, usize)),
        out: &mut InventoryOutput,
    ) {
        let priced = out.prices.prices[priced..].iter().map(|row| row.key);
        let priced = priced.chain(out.prices.gone[gone..].iter().copied());
        let priced = priced.filter(|key| self.is_of_store(key));
        let mut again: BTreeSet<StockKey> = priced.map(|key| key.stock()).collect();
        again.append(&mut self.unsettled);
        for row in &out.stock.inventory[told..] {
            again.remove(&row.key);
            out.levels.extend(self.levels(row));
        }
        for key in again {
            let has_feed = |state: &stock::ProductStock| !state.lanes.is_empty();
            if self.stocks.state(&key).is_some_and(has_feed)
                && let Some(row) = self.stocks.row(&key, EventTime(i64::MIN))
            {
                out.levels.extend(self.levels(&row));
            }
        }
    }

    /// The levels of a product of which the shop tells its stock, with its price.
    fn levels(&mut self, row: &stock::InventoryRow) -> Option<(StockKey, Levels)> {
        if !matches!(row.basis, Basis::Reports | Basis::Changes) {
            return None;
        }
        let key = row.key;
        if !may_alert(row) {
            return Some((key, Levels::default()));
        }
        let price = PriceKey {
            store: key.store,
            product: key.product,
            currency: self.setting.currency_of(key.store),
        };
        if self.prices.is_waiting(&price) {
            self.unsettled.insert(key);
        }
        let prices = self.prices.state(&price);
        let levels = Levels {
            sights: self.stocks.sights(&key),
            price: prices.and_then(ProductPrices::price),
        };
        Some((key, levels))
    }

    /// What is fresh was written.
    pub fn rest(&mut self) {
        self.stocks.rest();
        self.prices.rest();
    }

    /// Forgets every product.
    pub fn forget(&mut self) {
        self.stocks.forget();
        self.prices.forget();
        self.repriced.clear();
        self.unsettled.clear();
    }
}

/// Hours of cover from which on no rule looks: two lead times and more.
const COVERED_HOURS: i128 = 30 * 24;

/// Whether the product was low or out lately, or will be soon: of others rules of alerts find nothing.
fn may_alert(row: &stock::InventoryRow) -> bool {
    let is_short = row.days_of_cover().is_some_and(|cover| {
        cover.numerator.saturating_mul(24) < cover.denominator.saturating_mul(COVERED_HOURS)
    });
    row.is_low() || row.is_out() || row.low_micros > 0 || row.out_micros > 0 || is_short
}

fn tell_stock(routed: &RoutedEvent<'_>, out: &mut Vec<ProductMovement>) {
    let (event, store) = (routed.event, routed.names.store);
    let named = Feed::warehouse_named(event).map(|text| (text, routed.warehouse));
    let warehouse = stock::Warehouse::of(event.store(), named);
    if let Some(feed) = Feed::of(event, warehouse) {
        let stocked =
            |product| ProductMovement::Stocked(Box::new((StockKey { store, product }, feed)));
        out.extend(products(routed).map(stocked));
    }
    for (item, names) in event.items().zip(routed.items) {
        let lost = Goods::of_item(event, item).filter(|_| names.product != NameId(0));
        out.extend(lost.map(|_| {
            ProductMovement::WrittenOff(WrittenOff {
                store,
                product: names.product,
                time: event.time(),
                pieces: item.quantity().0.saturating_abs(),
            })
        }));
    }
}

/// The products an event names, each once.
fn products(routed: &RoutedEvent<'_>) -> impl Iterator<Item = NameId> {
    let items = routed.items.iter().enumerate();
    items.filter_map(|(at, names)| {
        let is_first = || (routed.items[..at].iter()).all(|known| known.product != names.product);
        (names.product != NameId(0) && is_first()).then_some(names.product)
    })
}

fn out_of_stock(stocks: &Stocks, key: StockKey) -> Vec<Span> {
    let spans = stocks.course(&key).map(|course| {
        let mut spans = course.spans(EventTime(i64::MIN), EventTime(i64::MAX));
        spans.retain(|span| span.standing == Standing::Out);
        spans
    });
    spans.unwrap_or_default()
}

/// Writes what changed with products of several shards; nothing where nothing did.
pub fn write<'a>(
    inventories: impl Iterator<Item = &'a Inventory>,
    folder: &Folder,
) -> Result<Option<Run>, RestError> {
    let products = inventories.flat_map(|inventory| {
        let stocks = inventory.stocks.fresh();
        stocks.map(move |(key, stock)| (rest::inventory::key(*key), (*key, stock, inventory)))
    });
    rest::write_run(
        products.collect(),
        folder,
        |(key, stock, inventory), bytes| {
            rest::inventory::write(stock, inventory.prices.states(*key), bytes);
        },
    )
}

/// When the days of stores begin. Most movements are of the day that was asked for last.
#[derive(Debug)]
struct Days(Vec<(NameId, Calendar, Range<i64>)>);

impl Days {
    fn new(setting: &InventorySetting) -> Days {
        let stores = setting.stores.iter();
        Days(
            stores
                .map(|store| (store.store, store.calendar.clone(), 0..0))
                .collect(),
        )
    }

    /// A store without a calendar of its own has its days in UTC.
    fn start_of(&mut self, store: NameId, time: EventTime) -> EventTime {
        let Some((_, calendar, day)) = self.0.iter_mut().find(|known| known.0 == store) else {
            let day = time.0.rem_euclid(event::time::DAY);
            return EventTime(time.0.saturating_sub(day));
        };
        if !day.contains(&time.0) {
            let start = calendar.window_start(Grain::Day, time);
            *day = start.0..calendar.next_window(Grain::Day, start).0;
        }
        EventTime(day.start)
    }
}
