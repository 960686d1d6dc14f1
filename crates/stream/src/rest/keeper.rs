//! The keeper of checkpoints: on a thread of its own it puts new runs on the tables, merges old ones, and makes the whole
//! a checkpoint. A checkpoint that cannot be made loses nothing: the next one takes all of it.

use super::{AtRest, RestError};
use crate::line::{LineRuns, parts};
use crate::results::ResultRuns;
use checkpoint::{Checkpoint, Checkpoints, Encoder, Folder, StateError, Table};
use crossbeam_channel::Receiver;
use eventlog::LogPosition;
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where the newest state at rest is found.
#[derive(Debug, Default)]
pub struct Shelf(RwLock<Shown>);

#[derive(Debug, Default)]
struct Shown {
    at_rest: Arc<AtRest>,
    done: u64,
}

impl Shelf {
    /// A shelf that shows what was found at the start.
    #[must_use]
    pub fn new(at_rest: Arc<AtRest>) -> Shelf {
        Shelf(RwLock::new(Shown { at_rest, done: 0 }))
    }

    /// What lies at rest now.
    #[must_use]
    pub fn at_rest(&self) -> Arc<AtRest> {
        Arc::clone(&self.0.read().at_rest)
    }

    /// Whether the keeper is done with the checkpoint of this number, made or failed.
    #[must_use]
    pub fn is_done(&self, number: u64) -> bool {
        self.0.read().done >= number
    }
}

/// What the keeper is asked for, numbered from 1 by this process.
pub struct Order {
    /// Its number.
    pub number: u64,
    /// What is wanted.
    pub what: Wanted,
}

/// What the keeper is asked for.
pub enum Wanted {
    /// Take these in, and make a checkpoint of all.
    Checkpoint(Box<Parts>),
    /// Take these in: the log is being folded again and nobody has seen the end of it yet.
    Further(Box<Parts>),
    /// Begin with empty tables: the log is folded again.
    StartAgain,
}

/// All that a checkpoint is made of.
pub struct Parts {
    /// Of shards, names and tallies.
    pub line: LineRuns,
    /// Of the merger; nothing if its part failed.
    pub results: Option<ResultRuns>,
    /// The next frame of the log.
    pub position: LogPosition,
}

/// Makes checkpoints.
pub struct Keeper {
    checkpoints: Checkpoints,
    folder: Folder,
    tables: BTreeMap<&'static str, Table>,
    made_by: Vec<u8>,
    shelf: Arc<Shelf>,
}

impl Keeper {
    /// Goes on from these tables.
    #[must_use]
    pub fn new(
        checkpoints: Checkpoints,
        newest: &Checkpoint,
        made_by: Vec<u8>,
        shelf: Arc<Shelf>,
    ) -> Keeper {
        let names = [
            parts::IDS,
            parts::ORDERS,
            parts::PEOPLE,
            parts::INVENTORY,
            parts::NAMES,
            parts::PRODUCTS,
            parts::CELLS,
            parts::ROWS,
            parts::ALERTS,
        ];
        let table = |name| newest.tables.get(name).cloned().unwrap_or_default();
        Keeper {
            folder: checkpoints.folder(),
            checkpoints,
            tables: names.into_iter().map(|name| (name, table(name))).collect(),
            made_by,
            shelf,
        }
    }

    /// Serves until nobody can order any more.
    pub fn run(mut self, orders: &Receiver<Order>) {
        orders.iter().for_each(|order| self.serve(order));
    }

    /// Does what is asked for, or says why it could not.
    pub fn serve(&mut self, order: Order) {
        let number = order.number;
        let done = match order.what {
            Wanted::Checkpoint(parts) => self.keep(number, *parts).map(|made| {
                metrics::counter!("shopstream_checkpoints_total").increment(1);
                metrics::gauge!("shopstream_checkpoint_number").set(made as f64);
            }),
            Wanted::Further(parts) => self.take_in_and_show(number, &parts),
            Wanted::StartAgain => {
                self.tables
                    .values_mut()
                    .for_each(|table| *table = Table::default());
                self.show(number, 0);
                Ok(())
            }
        };
        if let Err(error) = done {
            metrics::counter!("shopstream_checkpoints_failed_total").increment(1);
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(%error, cause, "no checkpoint was made; the next one takes what it would have held");
        }
        self.shelf.0.write().done = number;
    }

    fn take_in_and_show(&mut self, number: u64, parts: &Parts) -> Result<(), RestError> {
        let version = self.take_in(parts);
        self.show(number, version);
        self.merge()?;
        self.show(number, version);
        Ok(())
    }

    fn keep(&mut self, number: u64, order: Parts) -> Result<u64, RestError> {
        self.take_in_and_show(number, &order)?;
        if let Some(failure) = order.line.failure {
            return Err(failure);
        }
        let Some(results) = order.results else {
            return Err(RestError::Missing);
        };
        let mut values: BTreeMap<String, Vec<u8>> = (order.line.values.into_iter())
            .map(|(name, bytes)| (name.to_owned(), bytes))
            .collect();
        values.insert(parts::RESULTS.to_owned(), results.value);
        values.insert(parts::POSITION.to_owned(), write_position(order.position));
        values.insert(parts::MADE_BY.to_owned(), self.made_by.clone());
        let tables = self.tables.iter();
        let tables = tables.map(|(name, table)| ((*name).to_owned(), table.clone()));
        let checkpoint = Checkpoint {
            values,
            tables: tables.collect(),
        };
        Ok(self.checkpoints.commit(&checkpoint)?)
    }

    /// Puts every new run on its table, whether a checkpoint comes of it or not: its owner has let go of what is in it.
    fn take_in(&mut self, order: &Parts) -> i64 {
        let line = &order.line;
        let results = order.results.iter();
        let runs = (line.ids.iter().map(|run| (parts::IDS, run)))
            .chain(line.orders.iter().map(|run| (parts::ORDERS, run)))
            .chain(line.people.iter().map(|run| (parts::PEOPLE, run)))
            .chain(line.inventory.iter().map(|run| (parts::INVENTORY, run)))
            .chain(line.names.iter().map(|run| (parts::NAMES, run)))
            .chain(line.products.iter().map(|run| (parts::PRODUCTS, run)))
            .chain(
                results
                    .clone()
                    .flat_map(|results| &results.cells)
                    .map(|run| (parts::CELLS, run)),
            )
            .chain(
                results
                    .clone()
                    .flat_map(|results| &results.rows)
                    .map(|run| (parts::ROWS, run)),
            )
            .chain(
                results
                    .flat_map(|results| &results.alerts)
                    .map(|run| (parts::ALERTS, run)),
            );
        for (name, run) in runs {
            self.tables.entry(name).or_default().push(run.clone());
        }
        match &order.results {
            Some(results) => results.version,
            None => self.shelf.at_rest().version,
        }
    }

    fn merge(&mut self) -> Result<(), StateError> {
        for table in self.tables.values_mut() {
            while table.merge(&self.folder)? {}
        }
        Ok(())
    }

    fn show(&self, number: u64, version: i64) {
        let at_rest = AtRest {
            number,
            version,
            ids: self.tables[parts::IDS].clone(),
            orders: self.tables[parts::ORDERS].clone(),
            people: self.tables[parts::PEOPLE].clone(),
            inventory: self.tables[parts::INVENTORY].clone(),
            cells: self.tables[parts::CELLS].clone(),
            rows: self.tables[parts::ROWS].clone(),
            alerts: self.tables[parts::ALERTS].clone(),
        };
        self.shelf.0.write().at_rest = Arc::new(at_rest);
    }
}

fn write_position(position: LogPosition) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut out = Encoder(&mut bytes);
    out.u64(position.offset);
    out.u64(position.frame);
    bytes
}
