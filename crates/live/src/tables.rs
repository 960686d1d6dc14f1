//! The live tables and how they are fed: a batch of changes is read, sorted by table, and taken in table by table.
//! Each table has its own lock, so a question about one holds up the feeding of that one only.

use crate::alerts::Alerts;
use crate::audit::{
    Audit, AuditLine, AuditView, ImportView, LineQuestion, QualityQuestion, QualityRow,
    QuarantineCursor, QuarantineFilter, QuarantinePage, SourceFinding,
};
use crate::carts::Carts;
use crate::cells::{CellAddress, CubeTable, RowKey, Stamp};
use crate::customers::Customers;
use crate::inventory::Inventory;
use crate::orders::Orders;
use crate::query::CalendarTexts;
use crate::scores::CutTable;
use crate::stores::Stores;
use crate::texts::{TextId, Texts};
use crate::watermarks::Watermarks;
use analytics::cell::{CUBES, Cube, CubeId};
use analytics::quality::{Thresholds, Watch};
use analytics::window::{Ages, Grain};
use changelog::{AtRest, Change, ChangeBatch, Outlet, Progress, TablePart, Value};
use event::EventTime;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use parking_lot::RwLock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

/// The tables; clones share them.
#[derive(Clone)]
pub struct LiveTables {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) stores: Stores,
    pub(crate) texts: RwLock<Texts>,
    pub(crate) calendar_texts: CalendarTexts,
    cubes: Vec<RwLock<CubeTable>>,
    pub(crate) orders: RwLock<Orders>,
    pub(crate) carts: RwLock<Carts>,
    pub(crate) customers: RwLock<Customers>,
    pub(crate) cuts: RwLock<CutTable>,
    pub(crate) inventory: RwLock<Inventory>,
    pub(crate) alerts: RwLock<Alerts>,
    pub(crate) products: RwLock<Products>,
    audit: RwLock<Audit>,
    pub(crate) watermarks: RwLock<Watermarks>,
    progress: RwLock<Progress>,
    /// Rows that need not be kept here.
    pub(crate) at_rest: RwLock<Option<Arc<dyn AtRest>>>,
    rows_max: usize,
    refused: AtomicU64,
    pub(crate) version: watch::Sender<u64>,
}

/// Names of products by store and id.
pub(crate) type Products = HashMap<(TextId, TextId), Arc<str>, FixedState>;

impl Shared {
    pub(crate) fn cube(&self, id: CubeId) -> &RwLock<CubeTable> {
        &self.cubes[usize::from(id.0)]
    }
}

/// Rows of cells in memory, if there is a place where older ones lie at rest: 60 bytes each, those with sketches more.
const ROWS_MAX: usize = 750_000;

impl LiveTables {
    /// Empty tables.
    #[must_use]
    pub fn new(stores: Stores) -> LiveTables {
        LiveTables::with_rows_max(stores, ROWS_MAX)
    }

    /// Empty tables that let go of old rows at rest beyond so many in memory.
    #[must_use]
    pub fn with_rows_max(stores: Stores, rows_max: usize) -> LiveTables {
        let cubes = CUBES
            .iter()
            .map(|cube| RwLock::new(CubeTable::new(cube)))
            .collect();
        let mut texts = Texts::default();
        let shared = Shared {
            stores,
            calendar_texts: CalendarTexts::new(&mut texts),
            texts: RwLock::new(texts),
            cubes,
            orders: RwLock::default(),
            carts: RwLock::default(),
            customers: RwLock::default(),
            cuts: RwLock::default(),
            inventory: RwLock::default(),
            alerts: RwLock::default(),
            products: RwLock::default(),
            audit: RwLock::default(),
            watermarks: RwLock::default(),
            progress: RwLock::default(),
            at_rest: RwLock::default(),
            rows_max,
            refused: AtomicU64::new(0),
            version: watch::Sender::new(0),
        };
        LiveTables {
            shared: Arc::new(shared),
        }
    }

    /// The half that is fed; attach it to the changelog, and only one of it.
    #[must_use]
    pub fn feed(&self) -> LiveFeed {
        LiveFeed {
            tables: self.clone(),
            staged: vec![Vec::new(); CUBES.len()],
            listed: Vec::new(),
        }
    }

    /// How far the tables reach.
    #[must_use]
    pub fn progress(&self) -> Progress {
        *self.shared.progress.read()
    }

    /// The settings of the stores.
    #[must_use]
    pub fn stores(&self) -> &Stores {
        &self.shared.stores
    }

    /// Names of stores: those with settings and those with events, in order.
    #[must_use]
    pub fn store_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.shared.stores.named.keys().cloned().collect();
        names.extend(
            self.shared
                .audit
                .read()
                .stores()
                .map(|store| store.to_string()),
        );
        let texts = self.shared.texts.read();
        let activity = self.shared.cube(analytics::cell::cubes::ACTIVITY).read();
        names.extend(
            activity
                .stores()
                .filter_map(|store| texts.text(store))
                .map(|store| store.to_string()),
        );
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Rows that did not have the form of their table; more than none is a defect of ours.
    #[must_use]
    pub fn refused_rows(&self) -> u64 {
        self.shared.refused.load(Ordering::Relaxed)
    }

    /// The audit, given the log's end; of one store, where one is named.
    #[must_use]
    pub fn audit(&self, log_end: u64, store: Option<&str>) -> AuditView {
        self.shared.audit.read().view(log_end, store)
    }

    /// Lines of the audit as they are asked for, given the log's end.
    #[must_use]
    pub fn audit_lines(&self, question: &LineQuestion, log_end: u64) -> Vec<AuditLine> {
        self.shared.audit.read().lines(question, log_end)
    }

    /// Data quality: rows as they are asked for.
    #[must_use]
    pub fn quality(&self, question: &QualityQuestion) -> Vec<QualityRow> {
        self.shared.audit.read().quality(question)
    }

    /// Data quality: what is conspicuous about the sources that are asked for.
    #[must_use]
    pub fn findings(
        &self,
        question: &QualityQuestion,
        limits: &Thresholds,
        watch: Watch,
    ) -> Vec<SourceFinding> {
        let audit = self.shared.audit.read();
        audit.findings(question, limits, watch)
    }

    /// Rejections older than `before`, newest first.
    #[must_use]
    pub fn quarantine(
        &self,
        limit: usize,
        before: Option<QuarantineCursor>,
        filter: &QuarantineFilter,
    ) -> QuarantinePage {
        let audit = self.shared.audit.read();
        audit.quarantine(limit, before, filter)
    }

    /// Imports, newest first.
    #[must_use]
    pub fn imports(&self) -> Vec<ImportView> {
        self.shared.audit.read().imports()
    }
}

/// Feeds the tables.
pub struct LiveFeed {
    tables: LiveTables,
    staged: Vec<Vec<(CellAddress, usize)>>,
    listed: Vec<usize>,
}

impl Outlet for LiveFeed {
    fn apply(&mut self, batch: &ChangeBatch) {
        let number = self.tables.version() + 1;
        self.stage(batch);
        self.take_in_cells(batch, number);
        self.take_in_lists(batch, number);
        self.forget_old_seconds(batch.progress);
        let shared = &self.tables.shared;
        *shared.progress.write() = batch.progress;
        shared.version.send_replace(number);
    }

    /// Rows at rest are asked for there from now on; of those in memory, old ones go where they are too many.
    fn rest(&mut self, at_rest: &Arc<dyn AtRest>) {
        let shared = &self.tables.shared;
        let before = shared.at_rest.write().replace(Arc::clone(at_rest));
        if before.is_none() {
            // All others came in by rows of ours.
            let mut texts = shared.texts.write();
            at_rest.texts(&mut |text| {
                texts.intern(text);
            });
        }
        let ended = self.let_go_of_windows_before();
        for (cube, table) in CUBES.iter().zip(&shared.cubes) {
            let mut table = table.write();
            table.settle(at_rest.version());
            if let Some(ended) = ended.filter(|_| cube.kept_micros.is_none()) {
                table.let_go(ended, at_rest.version());
            }
        }
    }

    fn asks_at_rest(&self) -> bool {
        true
    }
}

impl LiveFeed {
    /// Reads keys and sorts changes by table, so that each table is locked once a batch.
    fn stage(&mut self, batch: &ChangeBatch) {
        let mut texts = self.tables.shared.texts.write();
        let mut refused = 0;
        let mut last: Option<(&'static str, Option<usize>)> = None;
        for (at, change) in batch.changes.iter().enumerate() {
            let cube = match last {
                Some((table, cube)) if table == change.table => cube,
                _ => CUBES.iter().position(|cube| cube.table == change.table),
            };
            last = Some((change.table, cube));
            let Some(cube) = cube else {
                self.listed.push(at);
                continue;
            };
            match read_cell(&CUBES[cube], change, &mut texts) {
                Some(address) => self.staged[cube].push((address, at)),
                None => refused += 1,
            }
        }
        self.tables
            .shared
            .refused
            .fetch_add(refused, Ordering::Relaxed);
    }

    /// Until when a window must have ended for its rows to go; nothing if there are few enough.
    fn let_go_of_windows_before(&self) -> Option<i64> {
        let shared = &self.tables.shared;
        let (_, newest) = self.tables.progress().event_times?;
        let mut ages = Ages::before(newest);
        for table in &shared.cubes {
            for (grain, start, count) in table.read().rows_in_memory() {
                ages.count(grain, start, count);
            }
        }
        ages.go_if_ended_by(shared.rows_max)
    }

    fn take_in_cells(&mut self, batch: &ChangeBatch, number: u64) {
        let at_rest = self.tables.shared.at_rest.read().clone();
        let cubes = CUBES.iter().zip(&self.tables.shared.cubes);
        for (staged, (cube, table)) in self.staged.iter_mut().zip(cubes) {
            if staged.is_empty() {
                continue;
            }
            let mut table = table.write();
            for (address, at) in staged.drain(..) {
                let change = &batch.changes[at];
                let stamp = Stamp {
                    version: change.version,
                    batch: number,
                };
                let at_rest_to = || {
                    let at_rest = at_rest.as_ref().filter(|_| cube.kept_micros.is_none());
                    let last = at_rest.and_then(|rows| rows.bounds(&part(cube, change)?));
                    last.map_or(i64::MIN, |(_, last)| last + 1)
                };
                table.apply(address, change.values.as_deref(), stamp, at_rest_to);
            }
        }
    }

    fn take_in_lists(&mut self, batch: &ChangeBatch, number: u64) {
        let shared = &self.tables.shared;
        let mut texts = shared.texts.write();
        let mut orders = shared.orders.write();
        let mut carts = shared.carts.write();
        let mut products = shared.products.write();
        let mut inventory = shared.inventory.write();
        let mut alerts = shared.alerts.write();
        let mut customers = shared.customers.write();
        let mut cuts = shared.cuts.write();
        let mut audit = shared.audit.write();
        let mut watermarks = shared.watermarks.write();
        audit.reach(batch.progress.offset);
        let mut refused = 0;
        for at in self.listed.drain(..) {
            let change = &batch.changes[at];
            let is_taken = match change.table {
                "orders" => orders.apply(change, number),
                "carts" => carts.apply(change),
                // Nobody asks for single sessions here; their numbers are cells.
                "sessions" => true,
                "products" => take_in_product(&mut products, change, &mut texts),
                "inventory" | "stock" | "prices" | "price_changes" => inventory.apply(change),
                "alerts" | "alerts_more" => alerts.apply(change),
                "customers" => customers.apply(change),
                "rfm_cuts" => cuts.apply(change),
                "watermarks" => watermarks.apply(change),
                "ticks" => watermarks.apply_tick(change),
                _ => audit.apply(change),
            };
            refused += u64::from(!is_taken);
        }
        shared.refused.fetch_add(refused, Ordering::Relaxed);
    }

    fn forget_old_seconds(&self, progress: Progress) {
        let Some((_, newest)) = progress.event_times else {
            return;
        };
        for (cube, table) in CUBES.iter().zip(&self.tables.shared.cubes) {
            if let Some(kept) = cube.kept_micros {
                table.write().forget_before(newest.saturating_sub(kept));
            }
        }
    }
}

fn take_in_product(products: &mut Products, change: &Change, texts: &mut Texts) -> bool {
    let [Value::Text(store), Value::Text(product)] = &*change.key else {
        return false;
    };
    let key = (texts.intern(store), texts.intern(product));
    match change.values.as_deref() {
        Some([Value::Text(name), ..]) => {
            products.insert(key, Arc::clone(name));
        }
        Some([Value::Null, ..]) | None => {
            products.remove(&key);
        }
        Some(_) => return false,
    }
    true
}

/// The part of its table that a cell's row belongs to.
fn part<'a>(cube: &Cube, change: &'a Change) -> Option<TablePart<'a>> {
    let mut key = RowReader(&change.key);
    Some(TablePart {
        table: cube.table,
        store: key.text()?,
        grain: key.text()?,
    })
}

/// Reads the key of a cube's row: store, grain, window, value where there is a dimension, code where there is a currency.
fn read_cell(cube: &Cube, change: &Change, texts: &mut Texts) -> Option<CellAddress> {
    let columns = cube.fields.len() + cube.distincts.len() + usize::from(cube.has_order_value);
    if change
        .values
        .as_ref()
        .is_some_and(|values| values.len() != columns)
    {
        return None;
    }
    let mut key = RowReader(&change.key);
    let store = texts.intern(key.text()?);
    let grain = Grain::parse(key.text()?)?;
    let window = key.time()?;
    let mut part = |is_there: bool| -> Option<TextId> {
        if !is_there {
            return Some(TextId::NONE);
        }
        let text = key.text_or_null()?;
        Some(text.map_or(TextId::NONE, |text| texts.intern(text)))
    };
    let value = part(cube.dimension.is_some())?;
    let currency = part(cube.has_currency)?;
    Some(CellAddress {
        store,
        grain,
        window,
        key: RowKey { value, currency },
    })
}

/// Reads a row's values one after the other.
pub(crate) struct RowReader<'a>(pub(crate) &'a [Value]);

impl<'a> RowReader<'a> {
    fn next(&mut self) -> Option<&'a Value> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    pub(crate) fn text(&mut self) -> Option<&'a Arc<str>> {
        self.text_or_null()?
    }

    pub(crate) fn text_or_null(&mut self) -> Option<Option<&'a Arc<str>>> {
        match self.next()? {
            Value::Text(text) => Some(Some(text)),
            Value::Null => Some(None),
            _ => None,
        }
    }

    pub(crate) fn time(&mut self) -> Option<i64> {
        match self.next()? {
            Value::Time(time) => Some(*time),
            _ => None,
        }
    }

    pub(crate) fn time_or_null(&mut self) -> Option<Option<EventTime>> {
        match self.next()? {
            Value::Time(time) => Some(Some(EventTime(*time))),
            Value::Null => Some(None),
            _ => None,
        }
    }

    pub(crate) fn int(&mut self) -> Option<i64> {
        match self.next()? {
            Value::Int(int) => Some(*int),
            _ => None,
        }
    }

    pub(crate) fn int_or_null(&mut self) -> Option<Option<i64>> {
        match self.next()? {
            Value::Int(int) => Some(Some(*int)),
            Value::Null => Some(None),
            _ => None,
        }
    }

    pub(crate) fn count(&mut self) -> Option<u64> {
        self.int().and_then(|int| u64::try_from(int).ok())
    }

    pub(crate) fn decimal(&mut self) -> Option<i128> {
        self.decimal_or_null()?
    }

    pub(crate) fn decimal_or_null(&mut self) -> Option<Option<i128>> {
        match self.next()? {
            Value::Decimal(amount) => Some(Some(*amount)),
            Value::Null => Some(None),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
