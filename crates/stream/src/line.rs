//! The line itself: shards on worker threads, fed in rounds. A round folds a few frames, exchanges movements until none
//! remain, and only then can results be taken; so results never show half an event.

use crate::audit::Audit;
use crate::names::{Names, Product, Products};
use crate::round::{FrameSide, FrameSource, NamedBatch, Round};
use crate::shard::Movement;
use crate::worker::{Answer, Spawn, Task, Worker, WorkerEnded, sort_by_worker};
use crate::{Stores, StreamConfig};
use analytics::cell::{CUBES, CellKey, Delta, NameId};
use analytics::order::OrderRow;
use changelog::{Change, Progress};
use event::EventTime;
use event::frame::FrameBody;
use std::sync::Arc;

/// Rows of a round while the line is behind: enough that each of 64 shards finds a few hundred, few enough to stay in cache.
const ROUND_ROWS: usize = 16_384;

/// Why the line stopped.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// A worker panicked.
    #[error(transparent)]
    Worker(#[from] WorkerEnded),
    /// A worker answered something else than it was asked: a defect of ours.
    #[error("a shard worker answered out of turn")]
    OutOfTurn,
    /// No thread could be started.
    #[error("keep the ids that were seen on disk")]
    Seen(#[source] std::io::Error),
    /// The operating system refused a thread or a folder.
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
    /// New names, in the order of their ids.
    pub names: Vec<Arc<str>>,
    /// New or renamed products.
    pub products: Vec<(NameId, Product)>,
    /// Changed rows of the audit.
    pub audit: Vec<Change>,
    /// How far it reaches.
    pub progress: Progress,
    /// Generation and offset as one number.
    pub version: i64,
}

/// Shards, names and tallies; fed by whoever reads the log.
pub struct Line {
    workers: Vec<Worker>,
    names: Names,
    products: Products,
    audit: Audit,
    stores: Stores,
    round: Round,
    progress: Progress,
    is_changed: bool,
}

impl Line {
    /// Starts the workers.
    pub fn start(config: &StreamConfig, spawn: &Spawn<'_>) -> Result<Line, LineError> {
        let count = config.workers.max(1);
        let workers = (0..count)
            .map(|index| Worker::start(index, count, config.seen_dir.as_deref(), spawn))
            .collect::<Result<_, _>>()?;
        Ok(Line {
            workers,
            names: Names::default(),
            products: Products::default(),
            audit: Audit::default(),
            stores: config.stores.clone(),
            round: Round::new(),
            progress: Progress::default(),
            is_changed: false,
        })
    }

    /// Adds a frame to the round that is being made ready.
    pub fn push(&mut self, number: u64, first_offset: u64, body: FrameBody) {
        let mut batch = NamedBatch::resolve(
            body.events,
            first_offset,
            &mut self.names,
            &mut self.products,
            &self.stores,
        );
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
        self.round.sides.push(FrameSide {
            number,
            sources,
            rejected: body.rejected,
            notes: body.notes,
            first_offset,
        });
        self.round.push(batch);
    }

    /// Whether a frame waits to be folded.
    #[must_use]
    pub fn has_round(&self) -> bool {
        !self.round.is_empty()
    }

    /// Whether the round should be folded before more is added.
    #[must_use]
    pub fn is_round_full(&self) -> bool {
        self.round.rows() >= ROUND_ROWS
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
        (round.frames()).for_each(|(side, events)| self.audit.observe(side, events));
        let mut outgoing = vec![Vec::new(); self.workers.len()];
        for worker in &self.workers {
            let (movements, verdicts) = match worker.answer()? {
                Answer::Folded(movements, verdicts) => (movements, verdicts),
                Answer::Failed(error) => return Err(LineError::Seen(error)),
                _ => return Err(LineError::OutOfTurn),
            };
            self.audit.judge(&verdicts, &round.sides);
            sort_by_worker(movements, &self.products, &mut outgoing);
        }
        self.deliver(outgoing)?;
        self.progress.offset = round.end_offset;
        self.is_changed = true;
        Ok(())
    }

    /// Delivers movements; what products' shards hear makes them tell nobody else, so one exchange empties the round.
    fn deliver(&self, outgoing: Vec<Vec<Movement>>) -> Result<(), LineError> {
        let asked: Vec<&Worker> = (self.workers.iter().zip(outgoing))
            .filter(|(_, movements)| !movements.is_empty())
            .map(|(worker, movements)| worker.ask(Task::Receive(movements)).map(|()| worker))
            .collect::<Result<_, _>>()?;
        asked
            .into_iter()
            .try_for_each(|worker| match worker.answer()? {
                Answer::Received => Ok(()),
                _ => Err(LineError::OutOfTurn),
            })
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

    /// Whether anything changed since the last harvest.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// Takes what changed, between rounds.
    pub fn harvest(&mut self) -> Result<Harvest, LineError> {
        self.workers
            .iter()
            .try_for_each(|worker| worker.ask(Task::HandOver))?;
        let version = i64::try_from(self.progress.offset).unwrap_or(i64::MAX);
        let mut harvest = Harvest {
            version,
            progress: self.progress,
            ..Harvest::default()
        };
        for worker in &self.workers {
            let Answer::HandedOver(deltas, rows) = worker.answer()? else {
                return Err(LineError::OutOfTurn);
            };
            harvest.deltas.push(deltas);
            harvest.order_rows.extend(rows);
        }
        harvest.names = self.names.take_fresh();
        harvest.products = self.products.take_fresh();
        harvest.audit = self.audit.take_changes(version);
        self.is_changed = false;
        Ok(harvest)
    }
}
