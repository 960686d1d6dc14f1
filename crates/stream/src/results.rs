//! The merger: adds what the shards harvested to the results, window by window, and says which rows changed.
//! Results are absolute; a row is published whole, with its version.

mod cells;
mod customers;
mod difference;
mod inventory;
mod newest;
mod scores;

pub use cells::SliceBounds;

use crate::Stores;
use crate::audit::REJECTIONS;
use crate::line::Harvest;
use crate::names::Product;
use crate::publish;
use crate::rest::cells::{SliceKey, read_key};
use crate::rest::read::CellsAtRest;
use crate::rest::{self, AtRest, RestError};
use crate::watch::{Known, Watch};
use analytics::catalogue::Dimension;
use analytics::cell::{CUBES, CellKey, CellMap, Cube, CubeId, Delta, NameId};
use analytics::order::OrderRow;
use analytics::person::{CartRow, SessionRow};
use analytics::window::{Calendar, Grain};
use cells::Cells;
use changelog::{Change, ChangeBatch, Progress, Value};
use checkpoint::{Decoder, Encoder, Folder, Run};
use event::EventTime;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use inventory::InventoryRows;
use newest::{Lists, REMEMBERED_ROWS_MAX};
use scores::Scored;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All results, by grain.
#[derive(Debug)]
pub struct Results {
    cells: Cells,
    grain_names: [Arc<str>; Grain::ALL.len()],
    /// Windows of cubes that are kept for a while only, oldest first.
    passing: BTreeMap<EventTime, Vec<CellKey>>,
    calendars: BTreeMap<NameId, Calendar>,
    names: Vec<Arc<str>>,
    products: Vec<Option<Product>>,
    lists: Lists,
    inventory: InventoryRows,
    scored: Scored,
    watch: Watch,
    audit: BTreeMap<(&'static str, Box<[Value]>), Change>,
    rejections: BTreeMap<Box<[Value]>, Change>,
    stores: Stores,
    version: i64,
    progress: Progress,
    /// What readers see at rest until these results are there as a whole; only where the log was folded again.
    outlived: Option<Outlived>,
}

/// What lies at rest of the results before the log was folded again.
#[derive(Debug, Clone)]
struct Outlived {
    at_rest: Arc<AtRest>,
    slices: Slices,
    /// The version of the first results of now that readers saw; none have been seen yet at the largest.
    until: i64,
}

/// Of the cells that memory may hold, a third stays at a checkpoint: a steady shop makes one every half minute, with few
/// changes, and would fill memory with windows that ended. The rest is room for what a bulk of events changes until the next.
const STAYING_SHARE: usize = 3;
/// Products told in one batch after a restart: about 3 MB of names, or 15 MB of rows of stock.
const RESTORED_ROWS: usize = 16_384;

/// The next coarser window a cube is published for.
fn next_grain(cube: &Cube, grain: Grain) -> Option<Grain> {
    cube.grains.iter().copied().find(|coarser| *coarser > grain)
}

impl Results {
    /// No results yet.
    #[must_use]
    pub fn new(stores: Stores) -> Results {
        Results {
            cells: Cells::default(),
            grain_names: Grain::ALL.map(|grain| Arc::from(grain.name())),
            passing: BTreeMap::new(),
            calendars: BTreeMap::new(),
            // Id 0 is "not stated".
            names: vec![Arc::from("")],
            products: Vec::new(),
            lists: Lists::default(),
            inventory: InventoryRows::default(),
            scored: Scored::default(),
            watch: Watch::new(stores.clone()),
            audit: BTreeMap::new(),
            rejections: BTreeMap::new(),
            stores,
            version: 0,
            progress: Progress::default(),
            outlived: None,
        }
    }

    /// Adds a harvest and returns every row that changed.
    pub fn apply(&mut self, harvest: Harvest) -> Result<ChangeBatch, RestError> {
        self.version = harvest.version;
        self.progress = harvest.progress;
        let mut harvest = harvest;
        let fresh = self.names.len();
        self.names.extend(std::mem::take(&mut harvest.names));
        let mut changes = self.learn_products(std::mem::take(&mut harvest.products));
        let known = Known {
            names: &self.names,
            products: &self.products,
        };
        let alerts = self.watch.observe(&harvest, (known, fresh))?;
        changes.extend(self.tell_alerts(&alerts));
        self.add(harvest.deltas.into_iter().flatten().collect(), &mut changes)?;
        changes.extend(self.let_pass());
        changes.extend(self.remember_orders(&harvest.order_rows));
        changes.extend(self.remember_sessions(&harvest.session_rows));
        changes.extend(self.remember_carts(&harvest.cart_rows));
        changes.extend(self.tell_customers(&harvest.customers));
        changes.extend(self.tell_scores(&harvest.scored, &harvest.begun));
        changes.extend(self.tell_inventory(&harvest.inventory));
        changes.extend(self.remember_audit(harvest.audit));
        Ok(ChangeBatch {
            changes,
            progress: self.progress,
        })
    }

    fn learn_products(&mut self, products: Vec<(NameId, Product)>) -> Vec<Change> {
        let mut changes = Vec::new();
        for (id, product) in products {
            changes.extend(self.product_row(&product));
            self.place_product(id, product);
        }
        changes
    }

    fn place_product(&mut self, id: NameId, product: Product) {
        let at = id.0 as usize;
        if self.products.len() <= at {
            self.products.resize(at + 1, None);
        }
        self.products[at] = Some(product);
    }

    fn product_row(&self, product: &Product) -> Option<Change> {
        product.name.as_ref()?;
        Some(self.product_row_or_gone(product))
    }

    fn product_row_or_gone(&self, product: &Product) -> Change {
        let name = product.name.as_ref();
        Change {
            table: "products",
            key: Box::from([
                publish::name(&self.names, product.store),
                Value::Text(Arc::clone(&product.id)),
            ]),
            values: name.map(|name| Box::from([Value::Text(Arc::clone(name))])),
            version: self.version,
        }
    }

    /// Adds deltas of base windows, rolls them up window by window, so that a day takes in each harvest once.
    fn add(
        &mut self,
        deltas: Vec<(CellKey, Delta)>,
        changes: &mut Vec<Change>,
    ) -> Result<(), RestError> {
        let mut rolled: CellMap<Delta> = CellMap::default();
        let mut base: Vec<Vec<(CellKey, Delta)>> = Grain::ALL.iter().map(|_| Vec::new()).collect();
        deltas
            .into_iter()
            .for_each(|(key, delta)| base[key.cube.cube().base as usize].push((key, delta)));
        for (grain, base) in Grain::ALL.into_iter().zip(base) {
            let finer = std::mem::take(&mut rolled);
            let mut changed = Vec::with_capacity(base.len() + finer.len());
            for (key, mut delta) in base.into_iter().chain(finer) {
                if self.apply_delta(grain, key, &mut delta)? {
                    changed.push(key);
                }
                if let Some(coarser) = next_grain(key.cube.cube(), grain) {
                    let window = self.window(key.store, coarser, key.window);
                    match rolled.entry(CellKey { window, ..key }) {
                        Entry::Occupied(mut known) => known.get_mut().absorb(delta),
                        Entry::Vacant(place) => drop(place.insert(delta)),
                    }
                }
            }
            changes.extend(changed.iter().filter_map(|key| self.publish(grain, key)));
        }
        Ok(())
    }

    /// Whether the cell was unchanged before.
    fn apply_delta(
        &mut self,
        grain: Grain,
        key: CellKey,
        delta: &mut Delta,
    ) -> Result<bool, RestError> {
        if key.cube.cube().kept_micros.is_some() && !self.cells.holds(grain, &key) {
            self.passing.entry(key.window).or_default().push(key);
        }
        self.cells.add(grain, key, delta)
    }

    fn window(&mut self, store: NameId, grain: Grain, time: EventTime) -> EventTime {
        let calendar = self.calendars.entry(store).or_insert_with(|| {
            let name = self.names.get(store.0 as usize).map_or("main", |name| name);
            Calendar::new(self.stores.get(name).zone)
        });
        calendar.window_start(grain, time)
    }

    fn publish(&mut self, grain: Grain, key: &CellKey) -> Option<Change> {
        let cell = self.cells.publish(grain, key, self.version)?;
        let values = publish::cell_values(key.cube.cube(), cell);
        Some(self.cell_row(grain, key, values))
    }

    fn cell_row(&self, grain: Grain, key: &CellKey, values: Option<Box<[Value]>>) -> Change {
        let cube = key.cube.cube();
        let value = match cube.dimension {
            Some(Dimension::Product) => product_id(&self.products, key.value),
            _ => publish::name(&self.names, key.value),
        };
        let grain = &self.grain_names[grain as usize];
        Change {
            table: cube.table,
            key: publish::cell_key(cube, &self.names, key, grain, value),
            values,
            version: self.version,
        }
    }

    /// Removes windows that a cube no longer keeps.
    fn let_pass(&mut self) -> Vec<Change> {
        let Some((_, newest)) = self.progress.event_times else {
            return Vec::new();
        };
        let mut gone = Vec::new();
        while let Some(first) = self.passing.first_entry() {
            let kept = first
                .get()
                .first()
                .and_then(|key| key.cube.cube().kept_micros)
                .unwrap_or(i64::MAX);
            if first.key().0 >= newest - kept {
                break;
            }
            gone.extend(first.remove());
        }
        let mut remove = |key: CellKey| {
            let cube = key.cube.cube();
            self.cells.remove(cube.base, key);
            self.cell_row(cube.base, &key, None)
        };
        gone.into_iter().map(&mut remove).collect()
    }

    fn remember_orders(&mut self, rows: &[OrderRow]) -> Vec<Change> {
        let (names, products, version) = (&self.names, &self.products, self.version);
        let change = |row: &OrderRow| {
            let product = product_id(products, row.first_product);
            Some(publish::order(row, names, product, version))
        };
        (self.lists.orders).remember(rows, |row| row.time, change)
    }

    fn remember_sessions(&mut self, rows: &[SessionRow]) -> Vec<Change> {
        let (names, version) = (&self.names, self.version);
        let change = |row: &SessionRow| Some(publish::session(row, names, version));
        (self.lists.sessions).remember(rows, |row| row.change.start, change)
    }

    fn remember_carts(&mut self, rows: &[CartRow]) -> Vec<Change> {
        let (names, products, version) = (&self.names, &self.products, self.version);
        let product = |id| product_id(products, id);
        let change = |row: &CartRow| publish::cart(row, names, product, version);
        (self.lists.carts).remember(rows, CartRow::began, change)
    }

    /// Of rejections only the newest are kept: a broken sender makes as many as it likes.
    fn remember_audit(&mut self, changes: Vec<Change>) -> Vec<Change> {
        for change in &changes {
            if change.table == REJECTIONS && change.values.is_some() {
                self.rejections.insert(change.key.clone(), change.clone());
            } else if change.table == REJECTIONS {
                self.rejections.remove(&change.key);
            } else if change.values.is_some() {
                self.audit
                    .insert((change.table, change.key.clone()), change.clone());
            } else {
                self.audit.remove(&(change.table, change.key.clone()));
            }
        }
        while self.rejections.len() > REMEMBERED_ROWS_MAX {
            self.rejections.pop_first();
        }
        changes
    }

    /// Every row as it stands, for a reader who joins late.
    pub fn snapshot(&self) -> Result<ChangeBatch, RestError> {
        let mut changes = Vec::new();
        for (grain, key, kept) in self.cells.in_memory() {
            let values = publish::cell_values(key.cube.cube(), &kept.cell);
            changes.push(self.cell_row(grain, key, values));
        }
        let mut rows = self.cells.at_rest().cells.scan(&[], None);
        while let Some((key, bytes)) = rows.next()? {
            let (grain, key) = read_key(key)?;
            if !self.cells.is_above(grain, &key) {
                let cube = key.cube.cube();
                let cell = rest::cells::RestingCell::read(cube, bytes)?.cell(cube)?;
                changes.push(self.cell_row(grain, &key, publish::cell_values(cube, &cell)));
            }
        }
        changes.extend(self.lists());
        self.inventory.all(|row| changes.push(row))?;
        changes.extend(self.audit.values().cloned());
        Ok(ChangeBatch {
            changes,
            progress: self.progress,
        })
    }

    /// Rows of the small tables.
    fn lists(&self) -> impl Iterator<Item = Change> {
        let products = self.products.iter().flatten();
        let products = products.filter_map(|product| self.product_row(product));
        let lists = self.lists.rows().chain(self.rejections.values());
        products.chain(lists.cloned())
    }

    /// Cells in memory.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Cells that no checkpoint has.
    #[must_use]
    pub fn unsaved(&self) -> usize {
        self.cells.unsaved()
    }

    /// Cells in memory, by table; for a look at memory.
    #[must_use]
    pub fn cells_by_table(&self) -> BTreeMap<&'static str, usize> {
        let mut counts: BTreeMap<&'static str, usize> =
            CUBES.iter().map(|cube| (cube.table, 0)).collect();
        for (_, key, _) in self.cells.in_memory() {
            *counts.entry(CubeId::cube(key.cube).table).or_insert(0) += 1;
        }
        counts
    }
}

fn product_id(products: &[Option<Product>], id: NameId) -> Value {
    let product = products.get(id.0 as usize).and_then(Option::as_ref);
    Value::text(product.map(|product| &product.id))
}

/// What the merger gives to a checkpoint.
#[derive(Debug)]
pub struct ResultRuns {
    /// Cells that changed.
    pub cells: Option<Run>,
    /// Rows of stock and prices that changed.
    pub rows: Option<Run>,
    /// Alerts and histories that changed.
    pub alerts: Option<Run>,
    /// All it remembers beside them.
    pub value: Vec<u8>,
    /// The version of what is in it.
    pub version: i64,
}

impl Results {
    /// Lets go of old cells that are at rest if there are more than a share of so many, then writes those that are not.
    pub fn rest(&mut self, folder: &Folder, cells_max: usize) -> Result<ResultRuns, RestError> {
        if let Some((_, newest)) = self.progress.event_times {
            self.cells.let_go(cells_max / STAYING_SHARE, newest);
        }
        // Cells let go of what is written, so what may fail comes first.
        let rows = self.inventory.write(folder)?;
        let alerts = self.watch.write(folder)?;
        let cells = self.cells.rest(folder)?;
        self.inventory.rest(rows.as_ref(), self.version);
        self.watch.rest(alerts.as_ref(), self.version);
        let mut value = Vec::new();
        let mut out = Encoder(&mut value);
        out.i64(self.version);
        write_slices(self.cells.slices(), &mut out);
        self.lists.write(&mut out);
        self.watch.write_rates(&mut out);
        self.scored.write(&mut out);
        let version = self.version;
        Ok(ResultRuns {
            cells,
            rows,
            alerts,
            value,
            version,
        })
    }

    /// Takes on the state of a checkpoint; names, products and the audit come with the line's first harvest.
    pub fn restore(&mut self, value: &[u8], at_rest: Arc<AtRest>) -> Result<(), RestError> {
        let mut read = Decoder::new(value);
        self.version = read.i64().map_err(RestError::of("the results"))?;
        let slices = read_slices(&mut read)?;
        self.lists = Lists::read(&mut read)?;
        let passing: Vec<SliceKey> = (slices.keys())
            .filter(|slice| slice.cube.cube().kept_micros.is_some())
            .copied()
            .collect();
        self.watch.restore(&mut read, &at_rest)?;
        self.scored = Scored::read(&mut read).map_err(RestError::of("the scores"))?;
        self.inventory.set_at_rest(&at_rest);
        self.cells = Cells::restore(slices, Arc::clone(&at_rest));
        for slice in passing {
            let (cells, windows) = (&mut self.cells, &mut self.passing);
            cells::passing(&at_rest, slice, |key, cell, version| {
                windows.entry(key.window).or_default().push(key);
                cells.load(slice.grain, key, cell, version);
            })?;
        }
        Ok(())
    }

    /// The version of what a checkpoint holds.
    pub fn version_of(value: &[u8]) -> Result<i64, RestError> {
        Decoder::new(value)
            .i64()
            .map_err(RestError::of("the results"))
    }

    /// What readers keep themselves, on top of what lies at rest: batch after batch, since a shop may have a quarter of a
    /// million products.
    pub fn restored(
        &mut self,
        mut harvest: Harvest,
        mut publish: impl FnMut(&Results, &ChangeBatch) -> Result<(), RestError>,
    ) -> Result<(), RestError> {
        let products = std::mem::take(&mut harvest.products);
        let mut batch = self.apply(harvest)?;
        (products.into_iter()).for_each(|(id, product)| self.place_product(id, product));
        let passing = self.cells.in_memory().map(|(grain, key, kept)| {
            let values = publish::cell_values(key.cube.cube(), &kept.cell);
            self.cell_row(grain, key, values)
        });
        let shown: Vec<Change> = passing.chain(self.lists.rows().cloned()).collect();
        batch.changes.extend(shown);
        publish(self, &batch)?;
        for products in self.products.chunks(RESTORED_ROWS) {
            let rows = products.iter().flatten();
            let batch = ChangeBatch {
                changes: rows
                    .filter_map(|product| self.product_row(product))
                    .collect(),
                progress: self.progress,
            };
            publish(self, &batch)?;
        }
        let mut scored = std::mem::take(&mut self.scored);
        let told = self.inventory.chunks(RESTORED_ROWS, |changes| {
            scored.learn(&changes, self);
            let progress = self.progress;
            publish(self, &ChangeBatch { changes, progress })
        });
        self.scored = scored;
        told
    }

    /// A checkpoint stands: what it took need not stay in memory. Returns what readers see at rest from now on.
    pub fn set_at_rest(&mut self, at_rest: Arc<AtRest>) -> CellsAtRest {
        let version = at_rest.version;
        self.outlived.take_if(|outlived| version >= outlived.until);
        self.inventory.set_at_rest(&at_rest);
        self.watch.set_at_rest(&at_rest);
        self.cells.set_at_rest(at_rest);
        self.seen_at_rest()
    }

    /// What lies at rest as readers see it. After the log was folded again they were told only what differs from before:
    /// all else they find where it lay, until the new results lie there as a whole.
    #[must_use]
    pub fn seen_at_rest(&self) -> CellsAtRest {
        let ids =
            |product: &Option<Product>| product.as_ref().map(|product| Arc::clone(&product.id));
        let (at_rest, slices) = match &self.outlived {
            Some(outlived) => (&outlived.at_rest, &outlived.slices),
            None => (self.cells.at_rest(), self.cells.slices()),
        };
        CellsAtRest::new(
            Arc::clone(at_rest),
            self.names.as_slice().into(),
            self.products.iter().map(ids).collect(),
            slices,
        )
    }

    /// What lies at rest.
    #[must_use]
    pub fn at_rest(&self) -> &Arc<AtRest> {
        self.cells.at_rest()
    }
}

type Slices = HashMap<SliceKey, SliceBounds, FixedState>;

fn write_slices(slices: &Slices, out: &mut Encoder<'_>) {
    out.u64(slices.len() as u64);
    for (slice, bounds) in slices {
        out.u64(u64::from(slice.cube.0));
        out.u64(slice.grain as u64);
        out.u64(u64::from(slice.store.0));
        out.i64(bounds.first);
        out.i64(bounds.last);
    }
}

/// All of a slice lies at rest when it is read back.
fn read_slices(read: &mut Decoder<'_>) -> Result<Slices, RestError> {
    let of = RestError::of("the slices");
    let count = read.count().map_err(&of)?;
    let mut slices = Slices::default();
    for _ in 0..count {
        let mut decode = || {
            let numbers = (read.u64()?, read.u64()?, NameId(read.u32()?));
            Ok((numbers, read.i64()?, read.i64()?))
        };
        let ((cube, grain, store), first, last) = decode().map_err(&of)?;
        let cube = CubeId::all().find(|id| u64::from(id.0) == cube);
        let grain = Grain::ALL.into_iter().find(|known| *known as u64 == grain);
        let (Some(cube), Some(grain)) = (cube, grain) else {
            return Err(RestError::unknown("a slice"));
        };
        let at_rest_to = last + 1;
        slices.insert(
            SliceKey { cube, grain, store },
            SliceBounds {
                first,
                last,
                at_rest_to,
            },
        );
    }
    Ok(slices)
}
