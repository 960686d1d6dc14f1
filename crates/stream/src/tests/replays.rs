//! Replays: over any events, with an import undone anywhere, they find the alerts that a follower of the live line sees.

use super::harness::{Delivery, Run, log, stores};
use super::shop::plans;
use crate::{CheckpointSettings, Replay, StreamConfig};
use changelog::Value;
use event::EventTime;
use event::frame::{FrameBody, FrameBuilder};
use event::import::{ImportKey, ImportNote, ImportState};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::Duration;

const IMPORT: ImportKey = ImportKey(77);

/// `store rule id` of every alert.
type Found = BTreeSet<String>;

/// With state that leaves memory after so many events.
fn replayed(bodies: &[FrameBody], workers: usize, events_max: u64) -> Found {
    let dir = tempfile::tempdir().expect("a folder");
    let config = StreamConfig {
        workers,
        stores: stores(),
        checkpoint: Some(CheckpointSettings {
            dir: dir.path().join("scratch"),
            interval: Duration::ZERO,
            events_max,
            cells_max: 0,
        }),
        ..StreamConfig::default()
    };
    let mut replay = Replay::start(&config).expect("starts");
    loop {
        for body in bodies {
            replay.push(body.clone()).expect("folds");
        }
        replay.settle().expect("settles");
        if !replay.must_start_again() {
            break;
        }
        replay.start_again().expect("starts again");
    }
    let alerts = replay.finish().alerts.into_iter();
    alerts
        .map(|(store, finding)| format!("{store} {} {}", finding.rule, finding.id))
        .collect()
}

fn live(run: Run) -> Found {
    let text = |value: &Value| match value {
        Value::Text(text) => text.to_string(),
        other => panic!("{other:?} is no text"),
    };
    let alerts = run.view.iter().filter(|((table, _), _)| table == "alerts");
    alerts
        .map(|((_, key), row)| format!("{} {} {}", text(&key[0]), text(&row[0]), text(&key[1])))
        .collect()
}

fn undo() -> FrameBody {
    let mut builder = FrameBuilder::new();
    builder.undo(IMPORT);
    builder.finish()
}

fn imported(mut body: FrameBody) -> FrameBody {
    let note = |source| ImportNote {
        source,
        key: IMPORT,
        began: EventTime(5),
        state: ImportState::Running,
        rows: 0,
        hash: 0,
        known: 0,
        is_live: false,
        settings: None,
    };
    body.notes.imports = (0..body.sources.len() as u32).map(note).collect();
    body
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_replay_finds_the_alerts_of_the_live_line(
        plan in plans(),
        frame_rows in 1..12_usize,
        workers in 1..3_usize,
        undone in any::<prop::sample::Index>(),
        events_max in 1..60_u64,
    ) {
        let delivery = Delivery { frame_rows, ..Delivery::PLAIN };
        let told = plan.told();
        let frames = log(&told, delivery);
        let mut run = Run::start(delivery);
        run.read(&frames);
        let expected = live(run);
        let bodies: Vec<FrameBody> = frames.iter().map(|frame| frame.body.clone()).collect();
        prop_assert_eq!(&replayed(&bodies, workers, events_max), &expected);

        // The same twice, of which one is undone.
        let at = undone.index(bodies.len() + 1);
        let mut again: Vec<FrameBody> = bodies.iter().cloned().map(imported).collect();
        again.push(undo());
        again.splice(at..at, bodies);
        prop_assert_eq!(&replayed(&again, workers, events_max), &expected);
    }
}
