//! Lines that end and are taken over: every next one goes on from the newest checkpoint that stands, wherever the one
//! before had come to. What the tables must say is not known here.

use super::harness::{Delivery, Frame, Run, log, stores, upsert};
use crate::CheckpointSettings;
use crate::rest::keeper::{Order, Parts, Wanted};
use crate::restore::{LogNow, Restored, restore};
use eventlog::LogPosition;
use std::path::Path;
use std::time::Duration;

/// How state is put to rest in a test.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resting {
    /// A checkpoint is ordered after every so many rounds.
    pub(super) every_rounds: usize,
    /// It stands so many rounds later.
    pub(super) delay_rounds: usize,
    /// Cells that stay in memory, at least those whose windows are young.
    pub(super) cells_max: usize,
}

/// Reads frames with checkpoints and ends after each of these numbers of rounds; every next line goes on from the newest
/// checkpoint that stands. The last line's view is what a late reader of it sees.
pub(super) fn resume(
    delivery: Delivery,
    resting: Resting,
    frames: &[Frame],
    lives_rounds: &[usize],
) -> Run {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for rounds in lives_rounds {
        Life::begin(delivery, resting, dir.path(), frames).live(frames, *rounds);
    }
    let mut last = Life::begin(delivery, resting, dir.path(), frames);
    last.live(frames, usize::MAX);
    last.run.view.clear();
    let rows = last.run.results.snapshot().expect("a readable checkpoint");
    (rows.changes.into_iter()).for_each(|change| upsert(&mut last.run.view, change));
    last.run
}

/// A line from its restart to its end.
struct Life {
    run: Run,
    resting: Resting,
    restored: Restored,
    number: u64,
}

impl Life {
    fn begin(delivery: Delivery, resting: Resting, dir: &Path, frames: &[Frame]) -> Life {
        let mut run = Run::start(delivery);
        let settings = CheckpointSettings {
            dir: dir.to_owned(),
            interval: Duration::ZERO,
            events_max: 0,
            cells_max: resting.cells_max,
        };
        let log_end = LogPosition {
            offset: rows_of(frames) as u64,
            frame: frames.len() as u64,
        };
        let (line, results) = (&mut run.line, &mut run.results);
        let log_now = LogNow {
            epoch: 1,
            begins: LogPosition::default(),
            ends: log_end,
            held: None,
        };
        let restored = restore(&settings, log_now, &stores(), line, results);
        let restored = restored
            .expect("a readable folder")
            .expect("room on the disk");
        let harvest = run.line.harvest().expect("harvests");
        run.results
            .restored(harvest, |_, _| Ok(()))
            .expect("a readable checkpoint");
        Life {
            run,
            resting,
            restored,
            number: 0,
        }
    }

    fn live(&mut self, frames: &[Frame], rounds: usize) {
        let from = usize::try_from(self.restored.position.frame).expect("few frames");
        let chunks = frames[from..].chunks(self.run.frames_a_round);
        let mut ordered: Option<(usize, Order)> = None;
        for (number, round) in chunks.take(rounds).enumerate() {
            self.run.read(round);
            if let Some((due, order)) = ordered.take() {
                if number < due {
                    ordered = Some((due, order));
                } else {
                    self.keep(order);
                }
            }
            if ordered.is_none() && number % self.resting.every_rounds == 0 {
                let order = self.order(round.last().expect("a round has frames"));
                ordered = Some((number + self.resting.delay_rounds, order));
            }
        }
    }

    fn order(&mut self, last: &Frame) -> Order {
        self.number += 1;
        let folder = &self.restored.folder;
        let parts = Parts {
            line: self.run.line.rest(folder).expect("workers live"),
            results: Some(
                self.run
                    .results
                    .rest(folder, self.resting.cells_max)
                    .expect("a writable folder"),
            ),
            position: LogPosition {
                offset: last.first_offset + last.body.events.len() as u64,
                frame: last.number + 1,
            },
        };
        Order {
            number: self.number,
            what: Wanted::Checkpoint(Box::new(parts)),
        }
    }

    fn keep(&mut self, order: Order) {
        self.restored.keeper.serve(order);
        let at_rest = self.restored.shelf.at_rest();
        self.run.line.set_at_rest(&at_rest).expect("workers live");
        self.run.results.set_at_rest(at_rest);
    }
}

fn rows_of(frames: &[Frame]) -> usize {
    frames.iter().map(|frame| frame.body.events.len()).sum()
}

#[test]
fn windows_that_ended_leave_memory_until_a_third_of_its_limit_is_left() {
    let views: Vec<_> = (0..30)
        .map(|hour| {
            let mut event = event::Event::new(event::EventType::PageView);
            event.id = Some(event::EventId(hour));
            event.time = Some(event::EventTime(
                super::START + hour as i64 * event::time::HOUR,
            ));
            ("main", event)
        })
        .collect();
    let delivery = Delivery {
        frame_rows: 1,
        ..Delivery::PLAIN
    };
    let resting = Resting {
        every_rounds: 1,
        delay_rounds: 0,
        cells_max: 150,
    };
    let run = resume(delivery, resting, &log(&views, delivery), &[]);
    assert!(run.results.len() <= 50, "{} cells stay", run.results.len());
    let everything = resume(
        delivery,
        Resting {
            cells_max: usize::MAX,
            ..resting
        },
        &log(&views, delivery),
        &[],
    );
    assert!(everything.results.len() > 150);
}
