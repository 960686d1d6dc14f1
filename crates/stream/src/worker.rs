//! A thread that owns shards: it folds rounds, receives movements and hands over what changed.

use crate::home::{SHARDS, ShardId};
use crate::names::Products;
use crate::round::Round;
use crate::seen::Seen;
use crate::shard::{Movement, Output, Shard, Verdicts};
use analytics::cell::{CellKey, Delta};
use analytics::order::OrderRow;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Newest ids a shard keeps in memory: an entry takes 28 to 57 bytes, so 64 shards stay within 64 MiB.
const IDS_IN_MEMORY_MAX: usize = 18_000;

/// What a worker is asked to do.
pub enum Task {
    /// Fold the events of its shards.
    Fold(Arc<Round>),
    /// Fold movements to products of its shards.
    Receive(Vec<Movement>),
    /// Hand over what changed.
    HandOver,
}

/// What it answers.
pub enum Answer {
    /// Movements to send on and what became of the events.
    Folded(Vec<Movement>, Box<Verdicts>),
    /// The index of what was seen could not be read or written; the worker ends.
    Failed(io::Error),
    /// Movements are folded.
    Received,
    /// Cells and orders that changed.
    HandedOver(Vec<(CellKey, Delta)>, Vec<OrderRow>),
}

/// A worker as its owner sees it.
pub struct Worker {
    tasks: Sender<Task>,
    answers: Receiver<Answer>,
}

/// A worker thread ended; its panic is reported by the runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a shard worker ended")]
pub struct WorkerEnded;

impl Worker {
    /// Starts the worker that owns every shard whose number leaves `index` over `workers`.
    pub fn start(
        index: usize,
        workers: usize,
        seen_dir: Option<&Path>,
        spawn: &Spawn<'_>,
    ) -> io::Result<Worker> {
        let (tasks, work) = bounded(1);
        let (answer, answers) = bounded(1);
        let shard = |number: usize| {
            let dir = seen_dir.map(|dir| dir.join(format!("{number:02}")));
            let seen = Seen::new(dir.as_deref(), IDS_IN_MEMORY_MAX)?;
            Ok(Shard::new(ShardId(number as u8), seen))
        };
        let shards = (0..SHARDS)
            .filter(|shard| shard % workers == index)
            .map(shard)
            .collect::<io::Result<Vec<Shard>>>()?;
        spawn(
            format!("shards-{index}"),
            Box::new(move || serve(shards, &work, &answer)),
        )?;
        Ok(Worker { tasks, answers })
    }

    /// Gives it a task; it holds one at a time.
    pub fn ask(&self, task: Task) -> Result<(), WorkerEnded> {
        self.tasks.send(task).map_err(|_| WorkerEnded)
    }

    /// Waits for the answer to the last task.
    pub fn answer(&self) -> Result<Answer, WorkerEnded> {
        self.answers.recv().map_err(|_| WorkerEnded)
    }
}

/// Starts a named thread.
pub type Spawn<'a> = dyn Fn(String, Box<dyn FnOnce() + Send>) -> std::io::Result<()> + 'a;

fn serve(mut shards: Vec<Shard>, work: &Receiver<Task>, answers: &Sender<Answer>) {
    let mut out = Output::default();
    for task in work {
        let answer = match task {
            Task::Fold(round) => {
                let folded = shards
                    .iter_mut()
                    .try_for_each(|shard| shard.fold(&round, &mut out));
                // The round's memory goes back before the answer, not after the next task.
                drop(round);
                match folded {
                    Ok(()) => Answer::Folded(
                        std::mem::take(&mut out.movements),
                        Box::new(std::mem::take(&mut out.verdicts)),
                    ),
                    Err(error) => Answer::Failed(error),
                }
            }
            Task::Receive(mut movements) => {
                Shard::receive(&mut movements, &mut out);
                Answer::Received
            }
            Task::HandOver => {
                Answer::HandedOver(out.deltas.take(), std::mem::take(&mut out.order_rows))
            }
        };
        if answers.send(answer).is_err() {
            return;
        }
    }
}

/// Sorts movements into the workers that own their products.
pub fn sort_by_worker(
    movements: Vec<Movement>,
    products: &Products,
    outgoing: &mut [Vec<Movement>],
) {
    let workers = outgoing.len();
    for movement in movements {
        outgoing[usize::from(products.home(movement.change.product).0) % workers].push(movement);
    }
}
