//! The line itself: shards on worker threads, fed in rounds. A round folds a few frames, exchanges movements until none
//! remain, and only then can results be taken; so results never show half an event.

pub mod parts;
mod progress;

use crate::acts::Acts;
use crate::audit::Audit;
use crate::days::{Begun, Days};
use crate::home::ShardId;
use crate::inventory::{InventoryOutput, TOLD_MAX};
use crate::names::{Names, Product, Products};
use crate::rest::{self, AtRest, RestError};
use crate::round::{FrameSide, FrameSource, Known, NamedBatch, Round};
use crate::setting::shard_setting;
use crate::shard::Outgoing;
use crate::watermarks::Watermarks;
use crate::worker::{Answer, Incoming, Spawn, Task, Worker, WorkerEnded};
use crate::{Stores, StreamConfig};
use analytics::alert::{Burst, Handled};
use analytics::cell::{CUBES, CellKey, Delta, NameId};
use analytics::customer::Profile;
use analytics::customer::rfm::Counts;
use analytics::funnel::FunnelError;
use analytics::order::{OrderNews, OrderRow};
use analytics::person::{AsOf, CartRow, PersonKey, SessionRow};
use analytics::window::Calendar;
use changelog::{Change, Progress};
use checkpoint::{Checkpoint, Decoder, Folder, Run};
use event::EventTime;
use event::frame::FrameBody;
use event::import::ImportKey;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rows of a round while the line is behind: enough that each of 64 shards finds a few hundred, few enough to stay in cache.
const ROUND_ROWS: usize = 16_384;

/// Bits of a version that tell the offset; those above tell the generation.
const OFFSET_BITS: u32 = 43;

/// Why the line stopped.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// A worker panicked.
    #[error(transparent)]
    Worker(#[from] WorkerEnded),
    /// A worker answered something else than it was asked: a defect of ours.
    #[error("a shard worker answered out of turn")]
    OutOfTurn,
    /// State at rest cannot be read.
    #[error("look up what lies at rest")]
    Rest(#[from] RestError),
    /// What a store declares cannot be counted; whoever read the settings should have said so.
    #[error(transparent)]
    Funnel(#[from] FunnelError),
    /// The operating system refused a thread.
    #[error("start a shard worker")]
    Thread(#[from] std::io::Error),
}

/// What changed since the last harvest.
#[derive(Debug, Default)]
pub struct Harvest {
    /// Changed cells of every worker.
    pub deltas: Vec<Vec<(CellKey, Delta)>>,
    /// Changed orders.
    pub order_rows: Vec<OrderRow>,
    /// The same, whole, as they were and as they are.
    pub order_news: Vec<OrderNews>,
    /// Changed sessions.
    pub session_rows: Vec<SessionRow>,
    /// Changed carts.
    pub cart_rows: Vec<CartRow>,
    /// Changed customers as they are now; nothing of one that is none any more.
    pub customers: Vec<(PersonKey, Option<Box<Profile>>)>,
    /// How many more customers of a store have which value.
    pub scored: Vec<(NameId, Counts)>,
    /// Stores whose day begins with all that.
    pub begun: Vec<Begun>,
    /// Persons who are very busy, or no longer are.
    pub bursts: Vec<(PersonKey, Vec<Burst>)>,
    /// Changed products, of every worker.
    pub inventory: Vec<InventoryOutput>,
    /// New names, in the order of their ids.
    pub names: Vec<Arc<str>>,
    /// New or renamed products.
    pub products: Vec<(NameId, Product)>,
    /// Changed rows of the audit, and watermarks.
    pub audit: Vec<Change>,
    /// What people did about alerts.
    pub acts: Vec<Handled>,
    /// How far it reaches.
    pub progress: Progress,
    /// Up to when the stores' stories are told.
    pub as_of: Arc<AsOf>,
    /// Generation and offset as one number.
    pub version: i64,
}

/// What the line gives to a checkpoint: all that changed since the one before.
#[derive(Debug, Default)]
pub struct LineRuns {
    /// Identities of events, a run a worker.
    pub ids: Vec<Run>,
    /// Orders and refunds, a run a worker.
    pub orders: Vec<Run>,
    /// Persons, a run a worker.
    pub people: Vec<Run>,
    /// Stock and prices of products, a run a worker.
    pub inventory: Vec<Run>,
    /// New names.
    pub names: Option<Run>,
    /// New and changed products.
    pub products: Option<Run>,
    /// Progress, audit and watermarks, whole.
    pub values: Vec<(&'static str, Vec<u8>)>,
    /// Why something is missing; what is there must be kept all the same, but makes no checkpoint.
    pub failure: Option<RestError>,
}

/// Shards, names and tallies; fed by whoever reads the log.
pub struct Line {
    workers: Vec<Worker>,
    names: Names,
    products: Products,
    audit: Audit,
    watermarks: Watermarks,
    days: Days,
    /// Whose day began with the last frame folded, not yet handed over.
    begun: Vec<Begun>,
    /// Up to when rows that time changes were last told.
    as_of: Arc<AsOf>,
    stores: Stores,
    round: Round,
    progress: Progress,
    is_changed: bool,
    /// What is not yet told to products and persons, by worker.
    untold: Vec<Incoming>,
    /// How often the log was folded again.
    generation: u64,
    /// Imports whose events count nowhere, and those that a folded frame undoes.
    undone: BTreeSet<ImportKey>,
    to_undo: BTreeSet<ImportKey>,
    /// What people did about alerts, not yet handed over.
    acts: Acts,
}

impl Line {
    /// Starts the workers.
    pub fn start(config: &StreamConfig, spawn: &Spawn<'_>) -> Result<Line, LineError> {
        let count = config.workers.max(1);
        let mut names = Names::default();
        let setting = shard_setting(&config.stores, &mut names)?;
        let workers = (0..count)
            .map(|index| Worker::start((index, count), &setting, spawn))
            .collect::<Result<_, _>>()?;
        Ok(Line {
            workers,
            names,
            products: Products::default(),
            audit: Audit::default(),
            watermarks: Watermarks::default(),
            days: Days::default(),
            begun: Vec::new(),
            as_of: Arc::default(),
            stores: config.stores.clone(),
            round: Round::new(),
            progress: Progress::default(),
            is_changed: false,
            untold: (0..count).map(|_| Incoming::default()).collect(),
            generation: 0,
            undone: BTreeSet::new(),
            to_undo: BTreeSet::new(),
            acts: Acts::default(),
        })
    }

    /// Takes on the state of a checkpoint; the line must not have folded anything yet.
    pub fn restore(
        &mut self,
        checkpoint: &Checkpoint,
        at_rest: &Arc<AtRest>,
    ) -> Result<(), LineError> {
        let table = |name| checkpoint.tables.get(name).cloned().unwrap_or_default();
        self.names = rest::names::read_names(&table(parts::NAMES))?;
        self.products = rest::names::read_products(&table(parts::PRODUCTS))?;
        self.products.rest();
        if let Some(bytes) = checkpoint.values.get(parts::AUDIT) {
            self.audit = Audit::decode(bytes).map_err(RestError::of("the audit"))?;
        }
        if let Some(bytes) = checkpoint.values.get(parts::WATERMARKS) {
            self.watermarks = Watermarks::decode(bytes).map_err(RestError::of("the watermarks"))?;
        }
        if let Some(bytes) = checkpoint.values.get(parts::DAYS) {
            let days = Days::decode(bytes, &self.watermarks);
            self.days = days.map_err(RestError::of("the days of stores"))?;
        }
        if let Some(bytes) = checkpoint.values.get(parts::PROGRESS) {
            let decoded = self.decode_progress(&mut Decoder::new(bytes));
            decoded.map_err(RestError::of("the progress"))?;
        }
        if let Some(bytes) = checkpoint.values.get(parts::DEADLINES) {
            let (as_of, deadlines) = rest::deadlines::read(bytes)?;
            self.set_deadlines(as_of, deadlines)?;
        }
        self.is_changed = true;
        self.set_at_rest(at_rest)
    }

    /// Tells every worker when rows of whom will change.
    fn set_deadlines(
        &mut self,
        as_of: AsOf,
        deadlines: Vec<(EventTime, PersonKey)>,
    ) -> Result<(), LineError> {
        self.as_of = Arc::new(as_of);
        let mut by_worker: Vec<Vec<_>> = self.workers.iter().map(|_| Vec::new()).collect();
        for (time, person) in deadlines {
            let home = ShardId::of_person(self.names.text(person.store), &person.id);
            by_worker[usize::from(home.0) % self.workers.len()].push((home, time, person));
        }
        for (worker, deadlines) in self.workers.iter().zip(by_worker) {
            worker.ask(Task::SetDeadlines(Arc::clone(&self.as_of), deadlines))?;
        }
        self.workers.iter().try_for_each(done)
    }

    /// Writes all that changed since the last checkpoint, between rounds and after a harvest. What could be written is
    /// handed over even if something could not: its owners have let go of it.
    pub fn rest(&mut self, folder: &Folder) -> Result<LineRuns, LineError> {
        let mut runs = LineRuns::default();
        let mut deadlines = Vec::new();
        (self.workers.iter()).try_for_each(|worker| worker.ask(Task::Rest(folder.clone())))?;
        for worker in &self.workers {
            match worker.answer()? {
                Answer::Rested(Ok(shards)) => {
                    runs.ids.extend(shards.ids);
                    runs.orders.extend(shards.orders);
                    runs.people.extend(shards.people);
                    deadlines.extend(shards.deadlines);
                    runs.inventory.extend(shards.inventory);
                }
                Answer::Rested(Err(error)) => runs.failure = Some(error),
                _ => return Err(LineError::OutOfTurn),
            }
        }
        match rest::names::write_names(&self.names.not_at_rest(), folder) {
            Ok(run) => {
                self.names.rest();
                runs.names = run;
            }
            Err(error) => runs.failure = Some(error),
        }
        match rest::names::write_products(&self.products.not_at_rest(&self.names), folder) {
            Ok(run) => {
                self.products.rest();
                runs.products = run;
            }
            Err(error) => runs.failure = Some(error),
        }
        let mut audit = Vec::new();
        self.audit.encode(&mut audit);
        runs.values.push((parts::AUDIT, audit));
        let mut watermarks = Vec::new();
        self.watermarks.encode(&mut watermarks);
        runs.values.push((parts::WATERMARKS, watermarks));
        runs.values.push((parts::DAYS, self.days.encode()));
        runs.values.push((parts::PROGRESS, self.encode_progress()));
        let deadlines = rest::deadlines::write(&self.as_of, &deadlines);
        runs.values.push((parts::DEADLINES, deadlines));
        Ok(runs)
    }

    /// A checkpoint stands: from now on the shards look there for what it took.
    pub fn set_at_rest(&self, at_rest: &Arc<AtRest>) -> Result<(), LineError> {
        let task = || Task::SetAtRest(Arc::clone(at_rest));
        (self.workers.iter()).try_for_each(|worker| worker.ask(task()))?;
        self.workers.iter().try_for_each(done)
    }

    /// Adds a frame to the round that is being made ready.
    pub fn push(&mut self, number: u64, first_offset: u64, body: FrameBody) {
        let retracted = self.retracted_sources(&body);
        let known = Known {
            names: &mut self.names,
            products: &mut self.products,
            stores: &self.stores,
        };
        let mut batch = NamedBatch::resolve(body.events, first_offset, &retracted, known);
        let mut sources: Vec<FrameSource> = body
            .sources
            .into_iter()
            .map(|tally| FrameSource {
                id: self.names.id(&tally.info.source),
                store: self.names.id(&tally.info.store),
                tally,
            })
            .collect();
        for note in &body.notes.imports {
            let Some(source) = sources.get_mut(note.source as usize) else {
                continue;
            };
            // A shard then says which run of an import its repeats came by.
            let name = &source.tally.info.source;
            source.id = self.names.id(&format!("{name}\0{:016x}", note.key.0));
            batch.rename_source(name, source.id);
        }
        let side = FrameSide {
            number,
            sources,
            rejected: body.rejected,
            notes: body.notes,
            first_offset,
        };
        let calendar = |store| Calendar::new(self.stores.get(&self.names.name(store)).zone);
        let frame = (&side, &batch.events);
        self.round.begun = self.days.look(frame, &self.undone, calendar);
        self.round.sides.push(side);
        self.round.push(batch);
    }

    /// Sources whose events in this frame an undone import brought, or a release of what it had set aside.
    fn retracted_sources(&self, body: &FrameBody) -> Vec<String> {
        if self.undone.is_empty() {
            return Vec::new();
        }
        let notes = &body.notes;
        let imports = notes.imports.iter().map(|note| (note.source, note.key));
        let released = notes.releases.iter();
        let released = released.filter_map(|release| Some((release.source, release.import?)));
        imports
            .chain(released)
            .filter(|(_, import)| self.undone.contains(import))
            .filter_map(|(source, _)| body.sources.get(source as usize))
            .map(|tally| tally.info.source.clone())
            .collect()
    }

    /// Whether a folded frame undoes an import that still counts.
    #[must_use]
    pub fn must_start_again(&self) -> bool {
        !self.to_undo.is_empty()
    }

    /// Forgets everything but names: the log is to be folded again from its beginning, without what was undone.
    pub fn start_again(&mut self) -> Result<(), LineError> {
        (self.workers.iter()).try_for_each(|worker| worker.ask(Task::StartAgain))?;
        self.workers.iter().try_for_each(done)?;
        self.undone.append(&mut self.to_undo);
        self.names.forget_rest();
        self.products.forget_names();
        self.audit = Audit::default();
        self.watermarks = Watermarks::default();
        self.days = Days::default();
        self.begun = Vec::new();
        self.as_of = Arc::default();
        self.round = Round::new();
        self.acts = Acts::default();
        self.progress = Progress::default();
        self.generation += 1;
        self.untold = self.workers.iter().map(|_| Incoming::default()).collect();
        Ok(())
    }

    /// Whether a frame waits to be folded.
    #[must_use]
    pub fn has_round(&self) -> bool {
        !self.round.is_empty()
    }

    /// Whether the round must be folded before more is added.
    #[must_use]
    pub fn is_round_full(&self) -> bool {
        self.round.rows() >= ROUND_ROWS || !self.round.begun.is_empty()
    }

    /// Whether what changed must be taken before more is folded, since a store's day began.
    #[must_use]
    pub fn is_harvest_due(&self) -> bool {
        !self.begun.is_empty()
    }

    /// Hands the round to the shards; `meanwhile` runs while they fold and may make the next one ready.
    pub fn fold(&mut self, meanwhile: impl FnOnce(&mut Line)) -> Result<(), LineError> {
        let mut round = std::mem::replace(&mut self.round, Round::new());
        self.extend_event_times(&round);
        round.pulse_from = self.pulse_from();
        let round = Arc::new(round);
        for worker in &self.workers {
            worker.ask(Task::Fold(Arc::clone(&round)))?;
        }
        meanwhile(self);
        for (side, events) in round.frames() {
            self.audit.observe(side, events);
            self.watermarks.observe(side, events, &self.undone);
            self.acts.observe(&side.notes.acts, &mut self.names);
            for undone in &side.notes.undone {
                self.audit.undo(*undone);
                if !self.undone.contains(undone) {
                    self.to_undo.insert(*undone);
                }
            }
        }
        for at in 0..self.workers.len() {
            let (outgoing, verdicts) = match self.workers[at].answer()? {
                Answer::Folded(outgoing, verdicts) => (outgoing, verdicts),
                Answer::Failed(error) => return Err(LineError::Rest(error)),
                _ => return Err(LineError::OutOfTurn),
            };
            self.audit.judge(&verdicts, &round.sides);
            self.address(outgoing);
        }
        self.days.fold(&round.begun);
        self.begun.extend_from_slice(&round.begun);
        self.progress.offset = round.end_offset;
        self.deliver()?;
        self.is_changed = true;
        Ok(())
    }

    /// Sorts movements into the workers that own their products and persons.
    fn address(&mut self, outgoing: Outgoing) {
        let workers = self.workers.len();
        let worker = |home: ShardId| usize::from(home.0) % workers;
        for movement in outgoing.products {
            let home = self.products.home(movement.told.product());
            self.untold[worker(home)].products.push((home, movement));
        }
        for movement in outgoing.mail {
            let Some(person) = movement.told.person() else {
                continue;
            };
            let home = ShardId::of_person(self.names.text(person.store), person.id);
            self.untold[worker(home)].mail.push((home, movement));
        }
    }

    /// Tells products and persons what waits for them. Products tell nobody else; what persons tell on waits for the
    /// next delivery.
    fn deliver(&mut self) -> Result<(), LineError> {
        let mut asked = Vec::with_capacity(self.workers.len());
        for (worker, untold) in self.workers.iter().zip(&mut self.untold) {
            let mut incoming = std::mem::take(untold);
            if !incoming.is_empty() {
                incoming.offset = self.progress.offset;
                worker.ask(Task::Receive(incoming))?;
                asked.push(worker);
            }
        }
        let told = asked.into_iter().map(told).collect::<Result<Vec<_>, _>>()?;
        told.into_iter().for_each(|told| self.address(told));
        Ok(())
    }

    /// Exchanges what persons tell one another until nobody has anything left to say.
    fn settle(&mut self) -> Result<(), LineError> {
        self.as_of = Arc::new(self.watermarks.as_of());
        for pass in 0.. {
            let offset = self.progress.offset;
            let task = || Task::Settle(Arc::clone(&self.as_of), offset, pass);
            (self.workers.iter()).try_for_each(|worker| worker.ask(task()))?;
            let told = self
                .workers
                .iter()
                .map(told)
                .collect::<Result<Vec<_>, _>>()?;
            told.into_iter().for_each(|told| self.address(told));
            if self.untold.iter().all(Incoming::is_empty) {
                break;
            }
            self.deliver()?;
        }
        Ok(())
    }

    fn extend_event_times(&mut self, round: &Round) {
        if let Some((oldest, newest)) = round.event_times() {
            let (from, to) = self.progress.event_times.unwrap_or((oldest.0, newest.0));
            self.progress.event_times = Some((from.min(oldest.0), to.max(newest.0)));
        }
    }

    fn pulse_from(&self) -> EventTime {
        let kept = CUBES
            .iter()
            .filter_map(|cube| cube.kept_micros)
            .max()
            .unwrap_or(0);
        EventTime(
            self.progress
                .event_times
                .map_or(i64::MIN, |(_, newest)| newest - kept),
        )
    }

    /// Rises with every offset, and above all offsets with every time that the log is folded again.
    fn version(&self) -> i64 {
        let version = self.generation << OFFSET_BITS | self.progress.offset;
        i64::try_from(version).unwrap_or(i64::MAX)
    }

    /// Whether anything changed since the last harvest.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// Takes what changed, between rounds.
    pub fn harvest(&mut self) -> Result<Harvest, LineError> {
        self.harvest_with(usize::MAX)
    }

    /// The same while more is to be folded: rows of products may wait for a later harvest.
    pub fn harvest_behind(&mut self) -> Result<Harvest, LineError> {
        self.harvest_with(TOLD_MAX)
    }

    fn harvest_with(&mut self, products_max: usize) -> Result<Harvest, LineError> {
        self.settle()?;
        self.workers
            .iter()
            .try_for_each(|worker| worker.ask(Task::HandOver(products_max)))?;
        let version = self.version();
        let mut harvest = Harvest {
            version,
            progress: self.progress,
            as_of: Arc::clone(&self.as_of),
            begun: std::mem::take(&mut self.begun),
            ..Harvest::default()
        };
        for worker in &self.workers {
            let Answer::HandedOver(changed) = worker.answer()? else {
                return Err(LineError::OutOfTurn);
            };
            harvest.deltas.push(changed.deltas);
            harvest.order_rows.extend(changed.orders);
            harvest.order_news.extend(changed.news);
            harvest.session_rows.extend(changed.sessions);
            harvest.cart_rows.extend(changed.carts);
            harvest.customers.extend(changed.customers);
            harvest.scored.extend(changed.scored);
            harvest.bursts.extend(changed.bursts);
            harvest.inventory.push(changed.inventory);
        }
        harvest.acts = self.acts.take();
        harvest.names = self.names.take_fresh();
        harvest.products = self.products.take_fresh();
        harvest.audit = self.audit.take_changes(version);
        let watermarks = self.watermarks.take_changes(&self.names, version);
        harvest.audit.extend(watermarks);
        self.is_changed = false;
        Ok(harvest)
    }
}

fn done(worker: &Worker) -> Result<(), LineError> {
    match worker.answer()? {
        Answer::Done => Ok(()),
        _ => Err(LineError::OutOfTurn),
    }
}

fn told(worker: &Worker) -> Result<Outgoing, LineError> {
    match worker.answer()? {
        Answer::Told(outgoing) => Ok(outgoing),
        Answer::Failed(error) => Err(LineError::Rest(error)),
        _ => Err(LineError::OutOfTurn),
    }
}
