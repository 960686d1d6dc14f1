//! Rows of stock and prices: what shards settled, with names in place of ids. The newest rows are kept as bytes until a
//! checkpoint takes them, and are read back from there for whoever joins late; what they say is decided in `analytics`.

use super::{Results, product_id};
use crate::inventory::InventoryOutput;
use crate::publish::{self, alerts, inventory as rows};
use crate::rest::rows::{read_values, write_values};
use crate::rest::{AtRest, RestError};
use analytics::alert::Changed;
use analytics::cell::NameId;
use analytics::price::PriceKey;
use analytics::stock::StockKey;
use changelog::{Change, Value};
use checkpoint::{DecodeError, Decoder, Encoder, Folder, Run, RunWriter, Scan, Table};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::iter::Peekable;

/// The tables, in the order of their numbers at rest.
pub const TABLES: [&str; 8] = [
    "inventory",
    "stock",
    "prices",
    "price_changes",
    "alerts",
    "alerts_more",
    "customers",
    "rfm_cuts",
];

/// Rows by their keys as bytes; nothing where a row is gone.
type Fresh = BTreeMap<Box<[u8]>, Option<Box<[u8]>>>;

/// Rows that are fresh, over those at rest.
#[derive(Debug, Default)]
pub struct InventoryRows {
    fresh: Fresh,
    at_rest: Table,
    /// What was written last, which tables at rest that are older than it do not have.
    written: i64,
}

impl Results {
    /// Rows of products that changed.
    pub(super) fn tell_inventory(&mut self, told: &[InventoryOutput]) -> Vec<Change> {
        let mut changes = Vec::new();
        for told in told {
            self.tell_stock(told, &mut changes);
            self.tell_prices(told, &mut changes);
        }
        for change in &changes {
            self.inventory.remember(change);
        }
        changes
    }

    /// Rows of alerts that changed.
    pub(super) fn tell_alerts(&mut self, told: &Changed) -> Vec<Change> {
        let mut changes = Vec::new();
        for alert in &told.alerts {
            let key = alerts::alert_key(alert, &self.names);
            changes.push(self.row(TABLES[4], key, alerts::alert(alert, &self.names)));
        }
        for more in &told.more {
            let key = alerts::more_key(more, &self.names);
            changes.push(self.row(TABLES[5], key, alerts::more(more)));
        }
        for change in &changes {
            self.inventory.remember(change);
        }
        changes
    }

    fn tell_stock(&self, told: &InventoryOutput, changes: &mut Vec<Change>) {
        let stock = &told.stock;
        let product = |key: &StockKey| self.inventory_key(key.store, key.product);
        for row in &stock.inventory {
            changes.push(self.row(TABLES[0], product(&row.key), Some(rows::inventory(row))));
        }
        for key in &stock.gone {
            changes.push(self.row(TABLES[0], product(key), None));
        }
        for row in &stock.warehouses {
            let mut key = product(&row.key);
            key.push(publish::name(&self.names, row.warehouse));
            changes.push(self.row(TABLES[1], key, Some(rows::warehouse(row))));
        }
        for (key, warehouse) in &stock.gone_warehouses {
            let mut key = product(key);
            key.push(publish::name(&self.names, *warehouse));
            changes.push(self.row(TABLES[1], key, None));
        }
    }

    fn tell_prices(&self, told: &InventoryOutput, changes: &mut Vec<Change>) {
        let prices = &told.prices;
        let product = |key: &PriceKey| {
            let mut columns = self.inventory_key(key.store, key.product);
            columns.push(publish::name(&self.names, key.currency));
            columns
        };
        for row in &prices.prices {
            changes.push(self.row(TABLES[2], product(&row.key), Some(rows::price(row))));
        }
        for key in &prices.gone {
            changes.push(self.row(TABLES[2], product(key), None));
        }
        // What is gone at one instant may be told anew at the same.
        for (key, at) in &prices.gone_effects {
            let mut key = product(key);
            key.push(Value::Time(at.0));
            changes.push(self.row(TABLES[3], key, None));
        }
        for row in &prices.effects {
            let mut key = product(&row.key);
            key.push(Value::Time(row.at.0));
            changes.push(self.row(TABLES[3], key, Some(rows::price_change(row))));
        }
    }

    fn inventory_key(&self, store: NameId, product: NameId) -> Vec<Value> {
        let store = publish::name(&self.names, store);
        vec![store, product_id(&self.products, product)]
    }

    pub(super) fn row(
        &self,
        table: &'static str,
        key: Vec<Value>,
        values: Option<Box<[Value]>>,
    ) -> Change {
        Change {
            table,
            key: key.into(),
            values,
            version: self.version,
        }
    }
}

impl InventoryRows {
    pub(super) fn remember(&mut self, change: &Change) {
        let table = TABLES.iter().position(|table| *table == change.table);
        let mut key = Vec::new();
        let mut out = Encoder(&mut key);
        out.u64(table.unwrap_or_default() as u64);
        write_values(&change.key, &mut out);
        let row = change.values.as_ref().map(|values| {
            let mut bytes = Vec::new();
            let mut out = Encoder(&mut bytes);
            out.i64(change.version);
            write_values(values, &mut out);
            bytes.into()
        });
        self.fresh.insert(key.into(), row);
    }

    /// Writes what is fresh; it is let go of with [`InventoryRows::rest`].
    pub fn write(&self, folder: &Folder) -> Result<Option<Run>, RestError> {
        if self.fresh.is_empty() {
            return Ok(None);
        }
        let mut writer = RunWriter::create(folder, self.fresh.len() as u64)?;
        for (key, row) in &self.fresh {
            writer.push(key, row.as_deref())?;
        }
        Ok(Some(writer.finish()?))
    }

    /// What was fresh was written, as of a version of the results.
    pub fn rest(&mut self, run: Option<&Run>, version: i64) {
        self.fresh.clear();
        self.written = version;
        (run.into_iter()).for_each(|run| self.at_rest.push(run.clone()));
    }

    /// Looks there from now on, if all that was written is there.
    pub fn set_at_rest(&mut self, at_rest: &AtRest) {
        if at_rest.version >= self.written {
            self.at_rest = at_rest.rows.clone();
        }
    }

    /// Every row as it stands.
    pub fn all(&self, mut take: impl FnMut(Change)) -> Result<(), RestError> {
        let mut rows = Sorted::new(self)?;
        while let Some((key, row)) = rows.next()? {
            take(change(&key, &row)?);
        }
        Ok(())
    }

    /// The same, so many at once.
    pub fn chunks(
        &self,
        size: usize,
        mut take: impl FnMut(Vec<Change>) -> Result<(), RestError>,
    ) -> Result<(), RestError> {
        let mut rows = Sorted::new(self)?;
        let mut chunk = Vec::new();
        while let Some((key, row)) = rows.next()? {
            chunk.push(change(&key, &row)?);
            if chunk.len() == size {
                take(std::mem::take(&mut chunk))?;
            }
        }
        if chunk.is_empty() {
            Ok(())
        } else {
            take(chunk)
        }
    }

    /// The changes that make a reader of the rows of before a reader of these.
    pub fn differing_from(
        &self,
        before: &InventoryRows,
        version: i64,
    ) -> Result<Vec<Change>, RestError> {
        let mut changes = Vec::new();
        let (mut old, mut new) = (Sorted::new(before)?, Sorted::new(self)?);
        let (mut was, mut is) = (old.next()?, new.next()?);
        loop {
            let order = match (&was, &is) {
                (None, None) => return Ok(changes),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((was, _)), Some((is, _))) => was.cmp(is),
            };
            let mut old_row = None;
            if order.is_le() {
                old_row = std::mem::replace(&mut was, old.next()?);
            }
            let mut new_row = None;
            if order.is_ge() {
                new_row = std::mem::replace(&mut is, new.next()?);
            }
            let differing = match (old_row, new_row) {
                (Some((_, was)), Some((_, is))) if content(&was)? == content(&is)? => continue,
                (_, Some((key, row))) => change(&key, &row)?,
                (Some((key, row)), None) => Change {
                    values: None,
                    ..change(&key, &row)?
                },
                (None, None) => continue,
            };
            changes.push(Change {
                version,
                ..differing
            });
        }
    }
}

/// A key and what is kept under it.
type Row = (Vec<u8>, Vec<u8>);

/// Rows in the order of their keys, those in memory and those at rest together.
struct Sorted<'a> {
    here: Peekable<<&'a Fresh as IntoIterator>::IntoIter>,
    at_rest: Scan,
    resting: Option<Row>,
}

impl Sorted<'_> {
    fn new(rows: &InventoryRows) -> Result<Sorted<'_>, RestError> {
        let mut sorted = Sorted {
            here: rows.fresh.iter().peekable(),
            at_rest: rows.at_rest.scan(&[], None),
            resting: None,
        };
        sorted.step_at_rest()?;
        Ok(sorted)
    }

    fn step_at_rest(&mut self) -> Result<Option<Row>, RestError> {
        let next = self.at_rest.next()?;
        let next = next.map(|(key, row)| (key.to_vec(), row.to_vec()));
        Ok(std::mem::replace(&mut self.resting, next))
    }

    fn next(&mut self) -> Result<Option<Row>, RestError> {
        loop {
            let resting = self.resting.as_ref().map(|(key, _)| key.as_slice());
            let Some((key, row)) = (self.here)
                .next_if(|(key, _)| resting.is_none_or(|resting| key.as_ref() <= resting))
            else {
                return self.step_at_rest();
            };
            if resting == Some(key.as_ref()) {
                self.step_at_rest()?;
            }
            if let Some(row) = row {
                return Ok(Some((key.to_vec(), row.to_vec())));
            }
        }
    }
}

/// A row's bytes behind its version.
fn content(bytes: &[u8]) -> Result<&[u8], RestError> {
    let mut read = Decoder::new(bytes);
    read.i64().map_err(RestError::of("a row"))?;
    Ok(read.rest())
}

fn change(key: &[u8], row: &[u8]) -> Result<Change, RestError> {
    let (mut key, mut row) = (Decoder::new(key), Decoder::new(row));
    let mut decode = || {
        let table = usize::try_from(key.u64()?).ok();
        let table = table.and_then(|at| TABLES.get(at));
        Ok(Change {
            table: table.ok_or(DecodeError::Unknown)?,
            key: read_values(&mut key)?,
            version: row.i64()?,
            values: Some(read_values(&mut row)?),
        })
    };
    decode().map_err(RestError::of("a row"))
}
