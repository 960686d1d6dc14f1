//! An archive that fails, lags and is taken down with its line at any moment holds in the end what counts, each event once.
//! What counts is said by a plain look at the ids.

use super::harness::{Delivery, Told, log, stores};
use super::readers::append;
use super::shop::{delivered, plans};
use crate::{
    Archive, ArchiveError, Aside, CheckpointSettings, CommitRules, Held, JudgedFrame, StreamConfig,
    start,
};
use changelog::Changelog;
use event::frame::FrameBody;
use eventlog::{EventLog, LogConfig};
use parking_lot::Mutex;
use proptest::prelude::*;
use proptest::sample::Index;
use runtime::{Clock, Runtime};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What is safe: it outlives the line and whoever gave it.
#[derive(Debug, Clone, Default)]
struct Safe {
    held: Held,
    offsets: Vec<u64>,
}

/// An archive in memory that fails when it is told to.
struct Flaky {
    safe: Arc<Mutex<Safe>>,
    taken: Vec<u64>,
    to: Held,
    /// Which of the next calls fail.
    failures: Arc<Mutex<Vec<bool>>>,
}

impl Flaky {
    fn of(safe: &Arc<Mutex<Safe>>, failures: &Arc<Mutex<Vec<bool>>>) -> Flaky {
        Flaky {
            to: safe.lock().held,
            safe: Arc::clone(safe),
            taken: Vec::new(),
            failures: Arc::clone(failures),
        }
    }

    fn may_fail(&self) -> Result<(), ArchiveError> {
        match self.failures.lock().pop() {
            Some(true) => Err(ArchiveError {
                may_pass: true,
                cause: "the storage is away".into(),
            }),
            _ => Ok(()),
        }
    }
}

impl Archive for Flaky {
    fn held(&self) -> Held {
        self.safe.lock().held
    }

    fn take(&mut self, frame: &JudgedFrame, aside: &Aside) -> Result<(), ArchiveError> {
        self.may_fail()?;
        assert_eq!(
            self.to.position.frame + 1,
            frame.end.frame,
            "frame by frame"
        );
        let offsets = frame.first_offset..frame.end.offset;
        let counts = |offset: &u64| aside.uncounted.binary_search(offset).is_err();
        self.taken.extend(offsets.filter(counts));
        self.to.position = frame.end;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), ArchiveError> {
        self.may_fail()?;
        let mut safe = self.safe.lock();
        safe.offsets.append(&mut self.taken);
        safe.held = self.to;
        Ok(())
    }

    fn let_go(&mut self) {
        self.taken.clear();
        self.to = self.safe.lock().held;
    }

    fn begin_again(&mut self, generation: u64) {
        panic!("nothing was undone, and yet generation {generation} begins");
    }
}

/// Offsets of the first event under each id.
fn counting(told: &[Told]) -> Vec<u64> {
    let mut known = BTreeSet::new();
    let is_first = |(_, (store, event)): &(u64, &Told)| known.insert((*store, event.id));
    let first = (0..).zip(told).filter(is_first);
    first.map(|(offset, _)| offset).collect()
}

/// A life of the line: it goes on from where the last one was, takes in frames, and ends at once or when all is safe.
fn live(dir: &Path, archive: Flaky, frames: &[FrameBody], is_last: bool) {
    let executor = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("an executor");
    executor.block_on(async {
        let runtime = Runtime::new(Clock::machine());
        let config = LogConfig {
            segment_bytes: 1 << 20,
            ..LogConfig::new(dir.join("log"))
        };
        let log = EventLog::open(config).expect("a log");
        let config = StreamConfig {
            workers: 2,
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
        let rules = CommitRules {
            interval: Duration::ZERO,
            events_max: 5,
            retry_after: Duration::from_millis(1),
        };
        let archive: Option<crate::Archiving> = Some((Box::new(archive), rules));
        let stream = start(config, (&log, archive), Changelog::default(), &runtime);
        let stream = stream.expect("starts");
        append(&log, frames).await;
        if is_last {
            assert!(stream.wait_archived(log.end()).await, "the archive lives");
        }
        runtime.stop(Duration::from_secs(20)).await.expect("stops");
        log.close();
    });
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: ProptestConfig::default().cases / 16,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_fails_the_archive_holds_in_the_end_what_counts_each_event_once(
        plan in plans(),
        again in prop::collection::vec(any::<Index>(), 0..12),
        order in any::<u64>(),
        lives in prop::collection::vec(any::<Index>(), 0..3),
        failures in prop::collection::vec(prop::bool::weighted(0.3), 0..12),
    ) {
        let told = delivered(&plan.told(), &again, order);
        let delivery = Delivery { workers: 2, frame_rows: 4, frames_a_round: 1 };
        let frames: Vec<FrameBody> = log(&told, delivery).into_iter().map(|frame| frame.body).collect();
        let dir = tempfile::tempdir().expect("a folder");
        let (safe, failures) = (Arc::default(), Arc::new(Mutex::new(failures)));
        let mut cuts: Vec<usize> = lives.iter().map(|cut| cut.index(frames.len() + 1)).collect();
        cuts.sort_unstable();
        let mut from = 0;
        for to in cuts {
            live(dir.path(), Flaky::of(&safe, &failures), &frames[from..to], false);
            from = to;
        }
        live(dir.path(), Flaky::of(&safe, &failures), &frames[from..], true);
        prop_assert_eq!(&safe.lock().offsets, &counting(&told));
    }
}
