//! Changes of prices, the newest of all stores, with what came before and after them, and how elastic demand is.
//! Which changes there are is decided by the line.

use crate::tables::RowReader;
use changelog::{Change, Value};
use event::EventTime;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Changes that are held for lists.
const CHANGES_MAX: usize = 10_000;
/// Elasticities that are held: of products with two prices and more.
const ELASTICITIES_MAX: usize = 100_000;

/// What happened in the days on one side of a change. Quantities and money are in ten-thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceSide {
    /// Whole days.
    pub days: i64,
    /// Views.
    pub views: i64,
    /// Adds to carts.
    pub cart_adds: i64,
    /// Orders.
    pub orders: i64,
    /// Views, adds and orders below the list price.
    pub promoted: i64,
    /// Pieces.
    pub units: i128,
    /// Revenue.
    pub revenue: i128,
}

/// A change of price and what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceChange {
    /// The store.
    pub store: Arc<str>,
    /// The product.
    pub product: Arc<str>,
    /// The currency.
    pub currency: Arc<str>,
    /// When.
    pub at: EventTime,
    /// The price before.
    pub old: Option<i128>,
    /// The price from then on.
    pub new: i128,
    /// How it is known: `told` or `observed`.
    pub source: Arc<str>,
    /// The days before.
    pub before: PriceSide,
    /// The days after.
    pub after: PriceSide,
}

/// How elastic demand is; values are in ten-thousandths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElasticityView {
    /// Percent of demand for a percent of price.
    pub value: i128,
    /// Where it lies with 95 % confidence.
    pub interval: Option<(i128, i128)>,
    /// `midpoint`, `regression`, `poisson`.
    pub method: Arc<str>,
    /// Days and prices it is made of.
    pub observations: i64,
    /// Whether promotions or empty shelves speak against it.
    pub is_confounded: bool,
}

/// Which changes are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceChangeQuestion {
    /// Of this store only.
    pub store: Option<String>,
    /// Of this product only.
    pub product: Option<String>,
    /// Not before this.
    pub from: Option<EventTime>,
    /// Before this.
    pub to: Option<EventTime>,
}

/// Store, product, currency.
type PriceOf = [Arc<str>; 3];

/// Changes by time.
#[derive(Debug, Default)]
pub(super) struct PriceChanges {
    changes: BTreeMap<(EventTime, PriceOf), Arc<PriceChange>>,
    elasticities: HashMap<PriceOf, ElasticityView>,
}

impl PriceChanges {
    pub(super) fn apply(&mut self, change: &Change) -> Option<()> {
        let mut key = RowReader(&change.key);
        let of = read_key(&mut key)?;
        let at = EventTime(key.time()?);
        let Some(values) = &change.values else {
            self.changes.remove(&(at, of));
            return Some(());
        };
        let mut row = RowReader(values);
        let [store, product, currency] = of.clone();
        let change = PriceChange {
            store,
            product,
            currency,
            at,
            old: row.decimal_or_null()?,
            new: row.decimal()?,
            source: row.text()?.clone(),
            before: read_side(&mut row)?,
            after: read_side(&mut row)?,
        };
        self.changes.insert((at, of), Arc::new(change));
        if self.changes.len() > CHANGES_MAX {
            self.changes.pop_first();
        }
        Some(())
    }

    pub(super) fn apply_price(&mut self, change: &Change) -> Option<()> {
        let of = read_key(&mut RowReader(&change.key))?;
        let found = match &change.values {
            Some(values) => read_elasticity(values)?,
            None => None,
        };
        match found {
            None => drop(self.elasticities.remove(&of)),
            Some(found) => {
                if self.elasticities.len() < ELASTICITIES_MAX || self.elasticities.contains_key(&of)
                {
                    self.elasticities.insert(of, found);
                }
            }
        }
        Some(())
    }

    pub(super) fn list(&self, question: &PriceChangeQuestion) -> Vec<Arc<PriceChange>> {
        let newest = self.changes.values().rev();
        let asked = newest.filter(|change| question.holds(change));
        asked.cloned().collect()
    }

    pub(super) fn elasticity(&self, of: &PriceChange) -> Option<ElasticityView> {
        let key = [&of.store, &of.product, &of.currency].map(Arc::clone);
        self.elasticities.get(&key).cloned()
    }
}

impl PriceChangeQuestion {
    fn holds(&self, change: &PriceChange) -> bool {
        (self.store.as_deref()).is_none_or(|store| *change.store == *store)
            && (self.product.as_deref()).is_none_or(|product| *change.product == *product)
            && self.from.is_none_or(|from| change.at >= from)
            && self.to.is_none_or(|to| change.at < to)
    }
}

fn read_key(key: &mut RowReader<'_>) -> Option<PriceOf> {
    Some([key.text()?, key.text()?, key.text()?].map(Arc::clone))
}

fn read_side(row: &mut RowReader<'_>) -> Option<PriceSide> {
    Some(PriceSide {
        days: row.int()?,
        views: row.int()?,
        cart_adds: row.int()?,
        orders: row.int()?,
        promoted: row.int()?,
        units: row.decimal()?,
        revenue: row.decimal()?,
    })
}

/// Behind price, since when, source, changes and what was set aside.
fn read_elasticity(values: &[Value]) -> Option<Option<ElasticityView>> {
    let mut row = RowReader(values.get(5..)?);
    let Some(value) = row.decimal_or_null()? else {
        return Some(None);
    };
    let interval = row.decimal_or_null()?.zip(row.decimal_or_null()?);
    let method = row.text()?.clone();
    let observations = row.int()?;
    // Unsold, prices, promoted, out of stock.
    for _ in 0..4 {
        row.int()?;
    }
    let is_confounded = row.int()? != 0;
    Some(Some(ElasticityView {
        value,
        interval,
        method,
        observations,
        is_confounded,
    }))
}
