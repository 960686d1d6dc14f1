//! Readers of a line over a real log: one that keeps all it is told, and one that keeps only the rows it cannot ask for at
//! rest. What the latter was told must, together with what lies at rest, be what the former sees.

use super::harness::{Delivery, Tables, counted, differences, log, stores, tables, upsert};
use super::shop::{STORES, plans};
use crate::publish::cell_values;
use crate::rest::cells::RestingCell;
use crate::{CheckpointSettings, StreamConfig, start};
use analytics::cell::{CUBES, Cube};
use changelog::{AtRest, Change, ChangeBatch, Changelog, Outlet, RestingRow, TablePart, Value};
use event::frame::FrameBody;
use eventlog::{EncodedFrame, EventLog, FrameEncoder, LogConfig, Tallies};
use parking_lot::Mutex;
use proptest::prelude::*;
use runtime::{Clock, Runtime};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Keeps what it is told.
#[derive(Clone, Default)]
struct Follower(Arc<Mutex<Tables>>);

impl Outlet for Follower {
    fn apply(&mut self, batch: &ChangeBatch) {
        let mut tables = self.0.lock();
        (batch.changes.iter().cloned()).for_each(|change| upsert(&mut tables, change));
    }
}

/// Writes frames to the log in this folder, lets a line fold them, and returns what a reader sees who joined at the start,
/// and one who asks for what lies at rest.
pub(super) fn follow(dir: &Path, workers: usize, frames: &[FrameBody]) -> (Tables, Asking) {
    let (follower, asking) = (Follower::default(), Asking::default());
    let executor = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("an executor");
    executor.block_on(async {
        let runtime = Runtime::new(Clock::machine());
        let log = EventLog::open(LogConfig {
            segment_bytes: 1 << 20,
            ..LogConfig::new(dir.join("log"))
        });
        let log = log.expect("a log");
        let config = StreamConfig {
            workers,
            stores: stores(),
            publish_interval: Duration::ZERO,
            checkpoint: Some(CheckpointSettings {
                dir: dir.join("checkpoints"),
                interval: Duration::ZERO,
                events_max: 1,
                cells_max: 50,
            }),
            ..StreamConfig::default()
        };
        let changelog = Changelog::default();
        changelog.attach(Box::new(follower.clone()));
        changelog.attach(Box::new(asking.clone()));
        let stream = start(config, (&log, None), changelog, &runtime).expect("starts");
        append(&log, frames).await;
        assert!(
            stream.wait_published(log.end_position().frame).await,
            "the line lives"
        );
        runtime.stop(Duration::from_secs(20)).await.expect("stops");
        log.close();
    });
    drop(executor);
    let tables = follower.0.lock();
    (tables.clone(), asking)
}

/// Writes frames to the log.
pub(super) async fn append(log: &EventLog, frames: &[FrameBody]) {
    let mut encoder = FrameEncoder::default();
    for body in frames {
        let mut bytes = Vec::new();
        body.encode(&mut bytes).expect("encodes");
        let tallies = Tallies {
            received: body.events.len() as u32,
            accepted: body.events.len() as u32,
            quarantined: 0,
        };
        let frame = EncodedFrame::encode(tallies.accepted, tallies, &bytes, &mut encoder);
        let appended = log.writer().append(frame.expect("small")).await;
        appended.expect("appends");
    }
}

/// Asks for what lies at rest; clones share what it knows.
#[derive(Clone, Default)]
pub(super) struct Asking(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    at_rest: Option<Arc<dyn AtRest>>,
    /// By table and key, removed ones among them.
    told: BTreeMap<(&'static str, Vec<Value>), Change>,
}

impl Outlet for Asking {
    fn apply(&mut self, batch: &ChangeBatch) {
        let mut known = self.0.lock();
        for change in &batch.changes {
            let key = (change.table, change.key.to_vec());
            known.told.insert(key, change.clone());
        }
    }

    fn rest(&mut self, at_rest: &Arc<dyn AtRest>) {
        let mut known = self.0.lock();
        let version = at_rest.version();
        (known.told).retain(|(table, _), told| told.version > version || resting(table).is_none());
        known.at_rest = Some(Arc::clone(at_rest));
    }

    fn asks_at_rest(&self) -> bool {
        true
    }
}

impl Asking {
    /// All rows: those at rest, and over them what was told since.
    pub(super) fn tables(&self) -> Tables {
        let known = self.0.lock();
        let mut tables = Tables::new();
        if let Some(at_rest) = &known.at_rest {
            let rows = CUBES.iter().filter(|cube| resting(cube.table).is_some());
            rows.for_each(|cube| read(&**at_rest, cube, &mut tables));
        }
        let told = known.told.values().cloned();
        told.for_each(|change| upsert(&mut tables, change));
        tables
    }

    /// How many rows it was told of tables that lie at rest.
    fn told_of_resting(&self) -> usize {
        let known = self.0.lock();
        let told = known.told.keys();
        told.filter(|(table, _)| resting(table).is_some()).count()
    }
}

/// The cube of a table, if its rows are asked for at rest.
fn resting(table: &str) -> Option<&'static Cube> {
    let mut cubes = CUBES.iter();
    cubes.find(|cube| cube.table == table && cube.kept_micros.is_none())
}

fn read(at_rest: &dyn AtRest, cube: &'static Cube, tables: &mut Tables) {
    let stores = STORES.map(|(store, ..)| store);
    for (store, grain) in
        (stores.iter()).flat_map(|store| cube.grains.iter().map(move |grain| (store, grain)))
    {
        let part = TablePart {
            table: cube.table,
            store,
            grain: grain.name(),
        };
        let mut take = |row: RestingRow<'_>| {
            upsert(tables, change(cube, &part, row));
        };
        let read = at_rest.rows(&part, i64::MIN..i64::MAX, None, &mut take);
        read.expect("a readable checkpoint");
    }
}

fn change(cube: &'static Cube, part: &TablePart<'_>, row: RestingRow<'_>) -> Change {
    let text = |text: &str| Value::Text(Arc::from(text));
    let mut key = vec![text(part.store), text(part.grain), Value::Time(row.window)];
    if cube.dimension.is_some() {
        key.push(Value::text(row.value));
    }
    if cube.has_currency {
        key.push(Value::text(row.currency));
    }
    let resting = RestingCell {
        version: 0,
        sums: row.sums.to_vec(),
        sketches: row.sketches.to_vec(),
    };
    Change {
        table: cube.table,
        key: key.into(),
        values: cell_values(cube, &resting.cell(cube).expect("a sound sketch")),
        version: 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_start_tells_no_row_at_rest_to_who_asks_there_and_none_is_missing(
        plan in plans(),
        frame_rows in 1..12_usize,
        ends_at in any::<prop::sample::Index>(),
    ) {
        let delivery = Delivery { frame_rows, ..Delivery::PLAIN };
        let told = plan.told();
        let bodies: Vec<FrameBody> = log(&told, delivery).into_iter().map(|frame| frame.body).collect();
        let of_cells = |tables: Tables| -> Tables {
            let cells = |table: &str| resting(table).is_some();
            counted(tables).into_iter().filter(|((table, _), _)| cells(table)).collect()
        };
        let expected = of_cells(tables(&told, Delivery::PLAIN));
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (first, rest) = bodies.split_at(ends_at.index(bodies.len() + 1));
        follow(dir.path(), 1, first);
        let (_, asking) = follow(dir.path(), 1, rest);
        prop_assert_eq!(differences(&of_cells(asking.tables()), &expected), "");
        let (everything, asking) = follow(dir.path(), 1, &[]);
        prop_assert_eq!(asking.told_of_resting(), 0);
        prop_assert_eq!(differences(&of_cells(asking.tables()), &expected), "");
        prop_assert_eq!(differences(&of_cells(everything), &expected), "");
    }
}
