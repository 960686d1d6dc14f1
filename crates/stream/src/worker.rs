//! A thread that owns shards: it folds rounds, receives movements, hands over what changed and writes it for a checkpoint.

use crate::home::{SHARDS, ShardId};
use crate::inventory::{self, InventoryOutput};
use crate::persons::Mail;
use crate::rest::{self, AtRest, RestError};
use crate::round::Round;
use crate::seen;
use crate::shard::{Movement, Outgoing, Output, Shard, ShardSetting, Verdicts};
use analytics::alert::Burst;
use analytics::cell::{CellKey, Delta, NameId};
use analytics::customer::Profile;
use analytics::customer::rfm::Counts;
use analytics::order::{OrderNews, OrderRow};
use analytics::person::{AsOf, CartRow, Deadlines, PersonKey, SessionRow};
use analytics::product::ProductMovement;
use checkpoint::{Folder, Run};
use crossbeam_channel::{Receiver, Sender, bounded};
use event::EventTime;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// What a worker is asked to do.
pub enum Task {
    /// Fold the events of its shards.
    Fold(Arc<Round>),
    /// Fold what is told to products and persons of its shards.
    Receive(Incoming),
    /// Say what changed with persons, as of these instants, this offset, and for the so many-th time.
    Settle(Arc<AsOf>, u64, u32),
    /// Hand over what changed, with the rows of so many products at most.
    HandOver(usize),
    /// Write what no checkpoint has yet into this folder.
    Rest(Folder),
    /// Go on from these deadlines; homes are those of the persons.
    SetDeadlines(Arc<AsOf>, Vec<(ShardId, EventTime, PersonKey)>),
    /// Look here from now on for what is not in memory.
    SetAtRest(Arc<AtRest>),
    /// Forget everything: the log is folded again.
    StartAgain,
}

/// What it answers.
pub enum Answer {
    /// Movements to send on and what became of the events.
    Folded(Outgoing, Box<Verdicts>),
    /// What lies at rest could not be read; the worker ends.
    Failed(RestError),
    /// Movements are folded, or persons settled; that made others.
    Told(Outgoing),
    /// What changed.
    HandedOver(Box<HandedOver>),
    /// Runs of what changed, or why they could not be written: nothing is lost then, the next checkpoint takes it.
    Rested(Result<ShardRuns, RestError>),
    /// It is done.
    Done,
}

/// What is told to one worker's shards.
#[derive(Debug, Default)]
pub struct Incoming {
    /// To products, with their homes.
    pub products: Vec<(ShardId, Movement<ProductMovement>)>,
    /// To persons, with their homes.
    pub mail: Vec<(ShardId, Movement<Mail>)>,
    /// One past the last offset folded.
    pub offset: u64,
}

impl Incoming {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.products.is_empty() && self.mail.is_empty()
    }
}

/// What changed in one worker's shards.
#[derive(Debug, Default)]
pub struct HandedOver {
    /// Cells.
    pub deltas: Vec<(CellKey, Delta)>,
    /// Orders.
    pub orders: Vec<OrderRow>,
    /// The same, whole.
    pub news: Vec<OrderNews>,
    /// Sessions.
    pub sessions: Vec<SessionRow>,
    /// Carts, checkouts, and orders without a cart.
    pub carts: Vec<CartRow>,
    /// Customers.
    pub customers: BTreeMap<PersonKey, Option<Box<Profile>>>,
    /// How many more customers of a store have which value.
    pub scored: BTreeMap<NameId, Counts>,
    /// Persons who are very busy, or no longer are.
    pub bursts: Vec<(PersonKey, Vec<Burst>)>,
    /// Stock and prices.
    pub inventory: InventoryOutput,
}

/// What one worker's shards give to a checkpoint.
#[derive(Debug, Default)]
pub struct ShardRuns {
    /// Identities of events.
    pub ids: Option<Run>,
    /// Orders and refunds.
    pub orders: Option<Run>,
    /// Persons.
    pub people: Option<Run>,
    /// When time alone will change whose rows.
    pub deadlines: Vec<(EventTime, PersonKey)>,
    /// Stock and prices of products.
    pub inventory: Option<Run>,
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
        (index, workers): (usize, usize),
        setting: &ShardSetting,
        spawn: &Spawn<'_>,
    ) -> io::Result<Worker> {
        let (tasks, work) = bounded(1);
        let (answer, answers) = bounded(1);
        let shards: Vec<Shard> = (0..SHARDS)
            .filter(|shard| shard % workers == index)
            .map(|number| Shard::new(ShardId(number as u8), setting))
            .collect();
        spawn(
            format!("shards-{index}"),
            Box::new(move || serve(shards, workers, &work, &answer)),
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

fn serve(mut shards: Vec<Shard>, workers: usize, work: &Receiver<Task>, answers: &Sender<Answer>) {
    let mut out = Output::default();
    let mut at_rest = AtRest::default();
    for task in work {
        let answer = match task {
            Task::Fold(round) => {
                let folded = shards
                    .iter_mut()
                    .try_for_each(|shard| shard.fold(&round, &at_rest, &mut out));
                // The round's memory goes back before the answer, not after the next task.
                drop(round);
                match folded {
                    Ok(()) => Answer::Folded(
                        std::mem::take(&mut out.outgoing),
                        Box::new(std::mem::take(&mut out.verdicts)),
                    ),
                    Err(error) => Answer::Failed(error),
                }
            }
            Task::Receive(incoming) => {
                match receive((&mut shards, workers), incoming, &at_rest, &mut out) {
                    Ok(()) => Answer::Told(std::mem::take(&mut out.outgoing)),
                    Err(error) => Answer::Failed(error),
                }
            }
            Task::Settle(as_of, offset, pass) => {
                let now = (&*as_of, offset, pass);
                let settled =
                    (shards.iter_mut()).try_for_each(|shard| shard.settle(now, &at_rest, &mut out));
                match settled {
                    Ok(()) => Answer::Told(std::mem::take(&mut out.outgoing)),
                    Err(error) => Answer::Failed(error),
                }
            }
            Task::SetDeadlines(as_of, deadlines) => {
                set_deadlines((&mut shards, workers), &as_of, deadlines);
                Answer::Done
            }
            Task::HandOver(products_max) => {
                Answer::HandedOver(Box::new(hand_over(&mut shards, products_max, &mut out)))
            }
            Task::Rest(folder) => Answer::Rested(rest(&mut shards, &mut at_rest, &folder)),
            Task::SetAtRest(newest) => {
                at_rest = AtRest::clone(&newest);
                Answer::Done
            }
            Task::StartAgain => {
                shards.iter_mut().for_each(Shard::start_again);
                (out, at_rest) = Default::default();
                Answer::Done
            }
        };
        if answers.send(answer).is_err() {
            return;
        }
    }
}

/// Everything that changed, with the rows of so many products at most.
fn hand_over(shards: &mut [Shard], products_max: usize, out: &mut Output) -> HandedOver {
    let each = products_max.div_ceil(shards.len().max(1));
    for shard in shards {
        shard.inventory.settle(each, &mut out.inventory);
    }
    HandedOver {
        deltas: out.deltas.take(),
        orders: std::mem::take(&mut out.order_rows),
        news: std::mem::take(&mut out.order_news),
        sessions: out.persons.sessions.take(),
        carts: out.persons.carts.take(),
        customers: std::mem::take(&mut out.persons.customers),
        scored: std::mem::take(&mut out.persons.scored),
        bursts: std::mem::take(&mut out.persons.bursts),
        inventory: std::mem::take(&mut out.inventory),
    }
}

fn receive(
    (shards, workers): (&mut [Shard], usize),
    mut incoming: Incoming,
    at_rest: &AtRest,
    out: &mut Output,
) -> Result<(), RestError> {
    // The worker's own shards are every so many-th.
    let own = |home: ShardId| usize::from(home.0) / workers;
    (incoming.products).sort_by_key(|(_, movement)| movement.order());
    for (home, movement) in &incoming.products {
        shards[own(*home)].receive_product(&movement.told, at_rest, out)?;
    }
    let mut mail = incoming.mail;
    mail.sort_by_key(|(_, movement)| movement.order());
    for ((home, movement), nth) in mail.into_iter().zip(0..) {
        let shard = &mut shards[own(home)];
        let at = (incoming.offset, nth);
        shard.receive_mail(movement.told, at, at_rest, out)?;
    }
    Ok(())
}

fn set_deadlines(
    (shards, workers): (&mut [Shard], usize),
    as_of: &AsOf,
    deadlines: Vec<(ShardId, EventTime, PersonKey)>,
) {
    let mut by_shard: Vec<Vec<_>> = shards.iter().map(|_| Vec::new()).collect();
    for (home, time, person) in deadlines {
        by_shard[usize::from(home.0) / workers].push((time, person));
    }
    for (shard, deadlines) in shards.iter_mut().zip(by_shard) {
        let deadlines = Deadlines::new(as_of.clone(), deadlines);
        shard.persons.people_mut().set_deadlines(deadlines);
    }
}

/// Writes what changed since it was last written; the shards let go of it only when all of it is. They look for it in
/// these very runs until a checkpoint has them.
fn rest(
    shards: &mut [Shard],
    at_rest: &mut AtRest,
    folder: &Folder,
) -> Result<ShardRuns, RestError> {
    let ids = seen::write(shards.iter().map(|shard| &shard.seen), folder)?;
    let orders = shards.iter().flat_map(|shard| shard.orders.fresh());
    let orders = orders.map(|(key, state)| (rest::orders::key(key), state));
    let orders = rest::write_run(orders.collect(), folder, |state, bytes| {
        rest::orders::write(state, bytes)
    })?;
    let people = (shards.iter()).flat_map(|shard| shard.persons.people().fresh());
    let people = people.map(|(key, state)| (rest::people::key(key.borrowed()), state));
    let people = rest::write_run(people.collect(), folder, |state, bytes| {
        rest::people::write(state, bytes)
    })?;
    let inventory = inventory::write(shards.iter().map(|shard| &shard.inventory), folder)?;
    shards.iter_mut().for_each(Shard::rest);
    let tables = [
        (&ids, &mut at_rest.ids),
        (&orders, &mut at_rest.orders),
        (&people, &mut at_rest.people),
        (&inventory, &mut at_rest.inventory),
    ];
    for (run, table) in tables {
        run.iter().for_each(|run| table.push(run.clone()));
    }
    let deadlines = (shards.iter()).flat_map(|shard| shard.persons.people().deadlines().iter());
    let deadlines = deadlines.map(|(time, person)| (time, person.clone()));
    Ok(ShardRuns {
        ids,
        orders,
        people,
        deadlines: deadlines.collect(),
        inventory,
    })
}
