//! The merger: adds what the shards harvested to the results, window by window, and says which rows changed.
//! Results are absolute; a row is published whole, with its version.

use crate::Stores;
use crate::audit::REJECTIONS;
use crate::line::Harvest;
use crate::names::Product;
use crate::publish;
use analytics::catalogue::Dimension;
use analytics::cell::{CUBES, Cell, CellKey, CellMap, Cube, CubeId, Delta, NameId};
use analytics::order::OrderRow;
use analytics::window::{Calendar, Grain};
use changelog::{Change, ChangeBatch, Progress, Value};
use event::EventTime;
use hashbrown::hash_map::Entry;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug)]
struct Kept {
    cell: Cell,
    is_changed: bool,
}

/// All results, by grain.
#[derive(Debug)]
pub struct Results {
    cells: [CellMap<Kept>; Grain::ALL.len()],
    grain_names: [Arc<str>; Grain::ALL.len()],
    /// Windows of cubes that are kept for a while only, oldest first.
    passing: BTreeMap<EventTime, Vec<CellKey>>,
    calendars: BTreeMap<NameId, Calendar>,
    names: Vec<Arc<str>>,
    products: Vec<Option<Product>>,
    orders: BTreeMap<Box<[Value]>, (EventTime, Change)>,
    audit: BTreeMap<(&'static str, Box<[Value]>), Change>,
    rejections: BTreeMap<Box<[Value]>, Change>,
    stores: Stores,
    version: i64,
    progress: Progress,
}

/// Rejections and orders remembered for readers who join late.
const REMEMBERED_ROWS_MAX: usize = 1_000;

/// The next coarser window a cube is published for.
fn next_grain(cube: &Cube, grain: Grain) -> Option<Grain> {
    cube.grains.iter().copied().find(|coarser| *coarser > grain)
}

impl Results {
    /// No results yet.
    #[must_use]
    pub fn new(stores: Stores) -> Results {
        Results {
            cells: std::array::from_fn(|_| CellMap::default()),
            grain_names: Grain::ALL.map(|grain| Arc::from(grain.name())),
            passing: BTreeMap::new(),
            calendars: BTreeMap::new(),
            names: Vec::new(),
            products: Vec::new(),
            orders: BTreeMap::new(),
            audit: BTreeMap::new(),
            rejections: BTreeMap::new(),
            stores,
            version: 0,
            progress: Progress::default(),
        }
    }

    /// Adds a harvest and returns every row that changed.
    pub fn apply(&mut self, harvest: Harvest) -> ChangeBatch {
        self.version = harvest.version;
        self.progress = harvest.progress;
        self.names.extend(harvest.names);
        let mut changes = self.learn_products(harvest.products);
        self.add(harvest.deltas.into_iter().flatten().collect(), &mut changes);
        changes.extend(self.let_pass());
        changes.extend(self.remember_orders(&harvest.order_rows));
        changes.extend(self.remember_audit(harvest.audit));
        ChangeBatch {
            changes,
            progress: self.progress,
        }
    }

    fn learn_products(&mut self, products: Vec<(NameId, Product)>) -> Vec<Change> {
        let mut changes = Vec::new();
        for (id, product) in products {
            let at = id.0 as usize;
            if self.products.len() <= at {
                self.products.resize(at + 1, None);
            }
            changes.extend(self.product_row(&product));
            self.products[at] = Some(product);
        }
        changes
    }

    fn product_row(&self, product: &Product) -> Option<Change> {
        let name = product.name.as_ref()?;
        let key = Box::from([
            publish::name(&self.names, product.store),
            Value::Text(Arc::clone(&product.id)),
        ]);
        Some(Change {
            table: "products",
            key,
            values: Some(Box::from([Value::Text(Arc::clone(name))])),
            version: self.version,
        })
    }

    /// Adds deltas of base windows, rolls them up window by window, so that a day takes in each harvest once.
    fn add(&mut self, deltas: Vec<(CellKey, Delta)>, changes: &mut Vec<Change>) {
        let mut rolled: CellMap<Delta> = CellMap::default();
        let mut base: Vec<Vec<(CellKey, Delta)>> = Grain::ALL.iter().map(|_| Vec::new()).collect();
        deltas
            .into_iter()
            .for_each(|(key, delta)| base[key.cube.cube().base as usize].push((key, delta)));
        for (grain, base) in Grain::ALL.into_iter().zip(base) {
            let finer = std::mem::take(&mut rolled);
            let mut changed = Vec::with_capacity(base.len() + finer.len());
            for (key, mut delta) in base.into_iter().chain(finer) {
                if self.apply_delta(grain, key, &mut delta) {
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
    }

    /// Whether the cell was unchanged before.
    fn apply_delta(&mut self, grain: Grain, key: CellKey, delta: &mut Delta) -> bool {
        let cube = key.cube.cube();
        let passing = &mut self.passing;
        let kept = self.cells[grain as usize].entry(key).or_insert_with(|| {
            if cube.kept_micros.is_some() {
                passing.entry(key.window).or_default().push(key);
            }
            Kept {
                cell: Cell::of(cube),
                is_changed: false,
            }
        });
        kept.cell.apply(delta);
        !std::mem::replace(&mut kept.is_changed, true)
    }

    fn window(&mut self, store: NameId, grain: Grain, time: EventTime) -> EventTime {
        let calendar = self.calendars.entry(store).or_insert_with(|| {
            let name = self.names.get(store.0 as usize).map_or("main", |name| name);
            Calendar::new(self.stores.get(name).zone)
        });
        calendar.window_start(grain, time)
    }

    fn publish(&mut self, grain: Grain, key: &CellKey) -> Option<Change> {
        self.cells[grain as usize].get_mut(key)?.is_changed = false;
        let kept = self.cells[grain as usize].get(key)?;
        Some(self.cell_row(grain, key, &kept.cell))
    }

    fn cell_row(&self, grain: Grain, key: &CellKey, cell: &Cell) -> Change {
        let cube = key.cube.cube();
        let value = match cube.dimension {
            Some(Dimension::Product) => self.product_id(key.value),
            _ => publish::name(&self.names, key.value),
        };
        let row_key = publish::cell_key(
            cube,
            &self.names,
            key,
            &self.grain_names[grain as usize],
            value,
        );
        Change {
            table: cube.table,
            key: row_key,
            values: publish::cell_values(cube, cell),
            version: self.version,
        }
    }

    fn product_id(&self, id: NameId) -> Value {
        Value::text(
            self.products
                .get(id.0 as usize)
                .and_then(Option::as_ref)
                .map(|product| &product.id),
        )
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
            self.cells[cube.base as usize].remove(&key);
            self.cell_row(cube.base, &key, &Cell::of(cube))
        };
        gone.into_iter().map(&mut remove).collect()
    }

    /// Of a flood only the newest orders are told, and those that were told before.
    fn remember_orders(&mut self, rows: &[OrderRow]) -> Vec<Change> {
        let mut times: Vec<EventTime> = rows.iter().map(|row| row.time).collect();
        times.sort_unstable();
        let told_from = times
            .get(times.len().saturating_sub(REMEMBERED_ROWS_MAX))
            .copied()
            .unwrap_or_default();
        let mut changes = Vec::new();
        for row in rows {
            let change = publish::order(
                row,
                &self.names,
                self.product_id(row.first_product),
                self.version,
            );
            if row.time >= told_from || self.orders.contains_key(&change.key) {
                self.orders
                    .insert(change.key.clone(), (row.time, change.clone()));
                changes.push(change);
            }
        }
        self.forget_old_orders();
        changes
    }

    fn forget_old_orders(&mut self) {
        if self.orders.len() <= 2 * REMEMBERED_ROWS_MAX {
            return;
        }
        let mut times: Vec<EventTime> = self.orders.values().map(|(time, _)| *time).collect();
        times.sort_unstable();
        let kept_from = times[times.len() - REMEMBERED_ROWS_MAX];
        self.orders.retain(|_, (time, _)| *time >= kept_from);
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
    #[must_use]
    pub fn snapshot(&self) -> ChangeBatch {
        let cells = Grain::ALL.into_iter().flat_map(|grain| {
            self.cells[grain as usize]
                .iter()
                .map(move |(key, kept)| self.cell_row(grain, key, &kept.cell))
        });
        let products = self
            .products
            .iter()
            .flatten()
            .filter_map(|product| self.product_row(product));
        let remembered = self
            .orders
            .values()
            .map(|(_, change)| change)
            .chain(self.audit.values())
            .chain(self.rejections.values())
            .cloned();
        ChangeBatch {
            changes: cells.chain(products).chain(remembered).collect(),
            progress: self.progress,
        }
    }

    /// Number of cells kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.iter().map(CellMap::len).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Cells kept, by table; for a look at memory.
    #[must_use]
    pub fn cells_by_table(&self) -> BTreeMap<&'static str, usize> {
        let mut counts: BTreeMap<&'static str, usize> =
            CUBES.iter().map(|cube| (cube.table, 0)).collect();
        for key in self.cells.iter().flat_map(CellMap::keys) {
            *counts.entry(CubeId::cube(key.cube).table).or_insert(0) += 1;
        }
        counts
    }
}
