//! A thread that owns shards: it folds rounds, receives movements, hands over what changed and writes it for a checkpoint.

use crate::home::{SHARDS, ShardId};
use crate::names::Products;
use crate::rest::{self, RestError};
use crate::round::Round;
use crate::seen;
use crate::shard::{Movement, Output, Shard, Verdicts};
use analytics::cell::{CellKey, Delta};
use analytics::order::{OrderKey, OrderRow, OrderState};
use checkpoint::{Folder, Run, RunWriter};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io;
use std::sync::Arc;

/// What a worker is asked to do.
pub enum Task {
    /// Fold the events of its shards.
    Fold(Arc<Round>),
    /// Fold movements to products of its shards.
    Receive(Vec<Movement>),
    /// Hand over what changed.
    HandOver,
    /// Write what no checkpoint has yet into this folder.
    Rest(Folder),
    /// That checkpoint stands.
    ForgetResting,
    /// Forget everything: the log is folded again.
    StartAgain,
}

/// What it answers.
pub enum Answer {
    /// Movements to send on and what became of the events.
    Folded(Vec<Movement>, Box<Verdicts>),
    /// What lies at rest could not be read; the worker ends.
    Failed(RestError),
    /// Movements are folded.
    Received,
    /// Cells and orders that changed.
    HandedOver(Vec<(CellKey, Delta)>, Vec<OrderRow>),
    /// Runs of what changed, or why they could not be written: nothing is lost then, the next checkpoint takes it.
    Rested(Result<ShardRuns, RestError>),
    /// What rested is forgotten.
    Forgotten,
}

/// What one worker's shards give to a checkpoint.
#[derive(Debug, Default)]
pub struct ShardRuns {
    /// Identities of events.
    pub ids: Option<Run>,
    /// Orders and refunds.
    pub orders: Option<Run>,
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
    pub fn start(index: usize, workers: usize, spawn: &Spawn<'_>) -> io::Result<Worker> {
        let (tasks, work) = bounded(1);
        let (answer, answers) = bounded(1);
        let shards: Vec<Shard> = (0..SHARDS)
            .filter(|shard| shard % workers == index)
            .map(|number| Shard::new(ShardId(number as u8)))
            .collect();
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
            Task::Rest(folder) => Answer::Rested(rest(&mut shards, &folder)),
            Task::ForgetResting => {
                shards.iter_mut().for_each(Shard::forget_resting);
                Answer::Forgotten
            }
            Task::StartAgain => {
                shards.iter_mut().for_each(Shard::start_again);
                out = Output::default();
                Answer::Forgotten
            }
        };
        if answers.send(answer).is_err() {
            return;
        }
    }
}

/// Writes what changed since the last checkpoint; the shards let go of it only when all of it is written.
fn rest(shards: &mut [Shard], folder: &Folder) -> Result<ShardRuns, RestError> {
    let ids = seen::write(shards.iter().map(|shard| &shard.seen), folder)?;
    let orders = shards.iter().flat_map(|shard| shard.orders.fresh());
    let orders = write_orders(orders.collect(), folder)?;
    shards.iter_mut().for_each(Shard::rest);
    Ok(ShardRuns { ids, orders })
}

fn write_orders(
    orders: Vec<(&OrderKey, &OrderState)>,
    folder: &Folder,
) -> Result<Option<Run>, RestError> {
    if orders.is_empty() {
        return Ok(None);
    }
    let mut orders: Vec<(Vec<u8>, &OrderState)> = (orders.into_iter())
        .map(|(key, state)| (rest::orders::key(key), state))
        .collect();
    orders.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    let mut writer = RunWriter::create(folder, orders.len() as u64)?;
    let mut bytes = Vec::new();
    for (key, state) in orders {
        bytes.clear();
        rest::orders::write(state, &mut bytes);
        writer.push(&key, Some(&bytes))?;
    }
    Ok(Some(writer.finish()?))
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
