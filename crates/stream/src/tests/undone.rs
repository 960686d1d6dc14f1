//! Undone imports: over a real log, with checkpoints and restarts, the tables are those of a log in which the import
//! never was. Which import it is, and where in the log it is undone, is left to chance.

use super::harness::{Delivery, Frame, Tables, counted, differences, log, stores, tables, upsert};
use super::shop::plans;
use crate::{CheckpointSettings, StreamConfig, start};
use changelog::{ChangeBatch, Changelog, Outlet};
use event::EventTime;
use event::frame::{FrameBody, FrameBuilder};
use event::import::{ImportKey, ImportNote, ImportState};
use eventlog::{EncodedFrame, EventLog, FrameEncoder, LogConfig, Tallies};
use parking_lot::Mutex;
use proptest::prelude::*;
use runtime::{Clock, Runtime};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const IMPORT: ImportKey = ImportKey(77);

/// Keeps what it is told.
#[derive(Clone, Default)]
struct Follower(Arc<Mutex<Tables>>);

impl Outlet for Follower {
    fn apply(&mut self, batch: &ChangeBatch) {
        let mut tables = self.0.lock();
        (batch.changes.iter().cloned()).for_each(|change| upsert(&mut tables, change));
    }
}

/// Writes frames to the log in this folder, lets a line fold them, and returns what a reader sees who joined at the start.
fn follow(dir: &Path, workers: usize, frames: &[FrameBody]) -> Tables {
    let follower = Follower::default();
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
        let stream = start(config, &log, changelog, &runtime).expect("starts");
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
        assert!(
            stream.wait_published(log.end_position().frame).await,
            "the line lives"
        );
        runtime.stop(Duration::from_secs(20)).await.expect("stops");
        log.close();
    });
    drop(executor);
    let tables = follower.0.lock();
    tables.clone()
}

/// Makes these frames part of the import.
fn imported(frame: &Frame) -> FrameBody {
    let mut body = frame.body.clone();
    body.notes.imports = (0..body.sources.len() as u32)
        .map(|source| ImportNote {
            source,
            key: IMPORT,
            began: EventTime(5),
            state: ImportState::Running,
            rows: 0,
            hash: 0,
            known: 0,
            is_live: false,
            settings: None,
        })
        .collect();
    body
}

fn undo() -> FrameBody {
    let mut builder = FrameBuilder::new();
    builder.undo(IMPORT);
    builder.finish()
}

/// Of tables that tell what came in, an undone import is part; all others must not know it.
fn of_shop(tables: Tables) -> Tables {
    let mut tables = counted(tables);
    let arrivals = [
        "sources",
        "totals",
        "audit_hours",
        "quality",
        "rhythms",
        "imports",
        "watermarks",
    ];
    tables.retain(|(table, _), _| !arrivals.contains(&table.as_str()));
    tables
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_undone_import_leaves_what_there_would_be_without_it(
        plan in plans(),
        frame_rows in 1..12_usize,
        (workers, is_imported) in (1..3_usize, prop::collection::vec(any::<bool>(), 40)),
        (undone_at, ends_at) in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
    ) {
        let delivery = Delivery { frame_rows, ..Delivery::PLAIN };
        let told = plan.told();
        let frames = log(&told, delivery);
        let imported_at = |number: usize| is_imported[number % is_imported.len()];
        let undone_at = undone_at.index(frames.len() + 1);
        let mut bodies: Vec<FrameBody> = Vec::new();
        let mut kept = Vec::new();
        for (number, (frame, told)) in frames.iter().zip(told.chunks(frame_rows)).enumerate() {
            if number == undone_at {
                bodies.push(undo());
            }
            if imported_at(number) {
                bodies.push(imported(frame));
            } else {
                bodies.push(frame.body.clone());
                kept.extend_from_slice(told);
            }
        }
        if undone_at == frames.len() {
            bodies.push(undo());
        }
        let expected = match kept.as_slice() {
            [] => Tables::new(),
            kept => of_shop(tables(kept, Delivery::PLAIN)),
        };
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (first, rest) = bodies.split_at(ends_at.index(bodies.len() + 1));
        follow(dir.path(), workers, first);
        let found = of_shop(follow(dir.path(), workers, rest));
        prop_assert_eq!(differences(&found, &expected), "");
    }
}
