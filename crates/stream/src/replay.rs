//! A replay: frames of a log or a file go through the same line as in a live shop, and of all that comes of it only the
//! alerts are kept. Nothing is published, and what does not fit into memory lies in a folder that nobody goes on from;
//! which rules are tried, and on what, is the caller's business.

use crate::line::{Harvest, Line, LineError};
use crate::names::Product;
use crate::rest::{AtRest, RestError};
use crate::watch::{Known, Watch};
use crate::{CheckpointSettings, Stores, StreamConfig};
use analytics::alert::{AlertId, DrawerKey, Finding, More, TRUTH_ROWS_MAX};
use analytics::cell::NameId;
use checkpoint::{Folder, Table};
use event::EventTime;
use event::frame::FrameBody;
use event::time::HOUR;
use runtime::NamedThread;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A live shop judges every few moments, and rules of rates judge two weeks back from the newest minute: of a quiet shop a
/// round may hold more, so a replay judges at least so often of the shop's own time.
const JUDGED_EVERY_MICROS: i64 = 6 * HOUR;

/// Why a replay stopped.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The line stopped.
    #[error(transparent)]
    Line(#[from] LineError),
    /// What does not fit into memory could not be written or read again.
    #[error("put down what does not fit into memory")]
    Rest(#[from] RestError),
}

/// What a replay found.
#[derive(Debug, Default)]
pub struct Replayed {
    /// Every alert as it was told last, with the name of its store; in no order that means anything.
    pub alerts: Vec<(Arc<str>, Finding)>,
    /// How many more were found of a rule and hour than are told, with the name of the store.
    pub more: Vec<(Arc<str>, More)>,
    /// Names by number, for currencies.
    pub names: Vec<Arc<str>>,
    /// Alerts for which there was no room.
    pub beyond: u64,
    /// Events that were folded.
    pub events: u64,
    /// The oldest and the newest of them.
    pub event_times: Option<(EventTime, EventTime)>,
}

/// A line that is fed by hand.
pub struct Replay {
    line: Line,
    watch: Watch,
    stores: Stores,
    names: Vec<Arc<str>>,
    products: Vec<Option<Product>>,
    alerts: BTreeMap<AlertId, Finding>,
    more: BTreeMap<DrawerKey, u64>,
    beyond: u64,
    /// Stores that were spoken of.
    met: BTreeSet<String>,
    /// The newest event, and that at the last harvest.
    newest: Option<EventTime>,
    judged: Option<EventTime>,
    /// Number and first offset of the next frame.
    next: (u64, u64),
    event_times: Option<(EventTime, EventTime)>,
    scratch: Option<Scratch>,
}

/// Where state lies that has left memory.
struct Scratch {
    folder: Folder,
    at_rest: AtRest,
    /// State leaves memory after so many events.
    events_max: u64,
    /// Behind the last event whose state did.
    rested: u64,
    /// Of the newest harvest.
    version: i64,
}

impl Scratch {
    fn open(settings: &CheckpointSettings) -> Result<Scratch, RestError> {
        Ok(Scratch {
            folder: Folder::scratch(&settings.dir)?,
            at_rest: AtRest::default(),
            events_max: settings.events_max,
            rested: 0,
            version: 0,
        })
    }
}

impl Replay {
    /// Starts the shards' threads; they end with it. The folder for checkpoints, if there is one, takes state that has to
    /// leave memory, and is emptied of what is in it; without one all stays in memory.
    pub fn start(config: &StreamConfig) -> Result<Replay, ReplayError> {
        let spawn =
            |name: String, work: Box<dyn FnOnce() + Send>| NamedThread::spawn(name, work).map(drop);
        let scratch = config.checkpoint.as_ref().map(Scratch::open);
        Ok(Replay {
            scratch: scratch.transpose()?,
            line: Line::start(config, &spawn)?,
            watch: Watch::new(config.stores.clone()),
            stores: config.stores.clone(),
            // Id 0 is "not stated".
            names: vec![Arc::from("")],
            products: Vec::new(),
            alerts: BTreeMap::new(),
            more: BTreeMap::new(),
            beyond: 0,
            met: BTreeSet::new(),
            newest: None,
            judged: None,
            next: (0, 0),
            event_times: None,
        })
    }

    /// Takes in the next frame.
    pub fn push(&mut self, body: FrameBody) -> Result<(), ReplayError> {
        for source in &body.sources {
            if !self.met.contains(&source.info.store) {
                self.met.insert(source.info.store.clone());
            }
        }
        self.newest = self.newest.max(body.events.newest());
        let (number, first_offset) = self.next;
        self.next = (number + 1, first_offset + body.events.len() as u64);
        self.line.push(number, first_offset, body);
        if self.line.is_round_full() || self.is_due() {
            self.line.fold(|_| ())?;
            if self.must_rest() {
                let harvest = self.line.harvest()?;
                self.observe(harvest)?;
                self.rest()?;
            } else {
                let harvest = self.line.harvest_behind()?;
                self.observe(harvest)?;
            }
        }
        Ok(())
    }

    fn must_rest(&self) -> bool {
        let scratch = self.scratch.as_ref();
        scratch.is_some_and(|scratch| self.next.1 - scratch.rested >= scratch.events_max)
    }

    /// Puts down what changed, and looks there for it from now on.
    fn rest(&mut self) -> Result<(), ReplayError> {
        let Some(scratch) = &mut self.scratch else {
            return Ok(());
        };
        let line = self.line.rest(&scratch.folder)?;
        if let Some(failure) = line.failure {
            return Err(failure.into());
        }
        let alerts = self.watch.write(&scratch.folder)?;
        self.watch.rest(alerts.as_ref(), scratch.version);
        let at_rest = &mut scratch.at_rest;
        for (table, runs) in [
            (&mut at_rest.ids, line.ids),
            (&mut at_rest.orders, line.orders),
            (&mut at_rest.people, line.people),
            (&mut at_rest.inventory, line.inventory),
            (&mut at_rest.alerts, alerts.into_iter().collect()),
        ] {
            runs.into_iter().for_each(|run| Table::push(table, run));
            while table.merge(&scratch.folder).map_err(RestError::from)? {}
        }
        at_rest.number += 1;
        at_rest.version = scratch.version;
        scratch.rested = self.next.1;
        let at_rest = Arc::new(at_rest.clone());
        self.watch.set_at_rest(&at_rest);
        Ok(self.line.set_at_rest(&at_rest)?)
    }

    fn is_due(&self) -> bool {
        let far = |judged: EventTime, newest: EventTime| newest.0 - judged.0 >= JUDGED_EVERY_MICROS;
        match (self.judged, self.newest) {
            (Some(judged), Some(newest)) => far(judged, newest),
            (None, newest) => newest.is_some(),
            (Some(_), None) => false,
        }
    }

    /// Folds what waits. The history may go on afterwards, or begin again.
    pub fn settle(&mut self) -> Result<(), ReplayError> {
        if self.line.has_round() {
            self.line.fold(|_| ())?;
        }
        let harvest = self.line.harvest()?;
        self.observe(harvest)
    }

    /// Whether something that was pushed undoes an import that was counted: all must then be pushed once more, after
    /// [`Replay::start_again`].
    #[must_use]
    pub fn must_start_again(&self) -> bool {
        self.line.must_start_again()
    }

    /// Forgets everything but names and which imports are undone.
    pub fn start_again(&mut self) -> Result<(), ReplayError> {
        self.line.start_again()?;
        if let Some(scratch) = &mut self.scratch {
            scratch.at_rest = AtRest::default();
            scratch.rested = 0;
        }
        self.watch = Watch::new(self.stores.clone());
        let known = Known {
            names: &self.names,
            products: &self.products,
        };
        self.watch.learn(known, 1);
        self.alerts.clear();
        self.more.clear();
        (self.newest, self.judged, self.event_times) = (None, None, None);
        (self.beyond, self.next) = (0, (0, 0));
        Ok(())
    }

    /// Stores that were spoken of so far.
    #[must_use]
    pub fn met(&self) -> &BTreeSet<String> {
        &self.met
    }

    /// What was found; all that was pushed must be settled.
    #[must_use]
    pub fn finish(self) -> Replayed {
        let store = |id: NameId| self.names.get(id.0 as usize).cloned().unwrap_or_default();
        let alerts = self.alerts.into_values();
        let more = self.more.into_iter();
        let more = more.map(|(key, count)| (store(key.store), More { key, count }));
        Replayed {
            alerts: alerts
                .map(|finding| (store(finding.subject.store), finding))
                .collect(),
            more: more.collect(),
            beyond: self.beyond,
            events: self.next.1,
            event_times: self.event_times,
            names: self.names,
        }
    }

    fn observe(&mut self, mut harvest: Harvest) -> Result<(), ReplayError> {
        self.judged = self.newest;
        if let Some(scratch) = &mut self.scratch {
            scratch.version = harvest.version;
        }
        self.event_times = harvest
            .progress
            .event_times
            .map(|(oldest, newest)| (EventTime(oldest), EventTime(newest)));
        let fresh = self.names.len();
        self.names.extend(std::mem::take(&mut harvest.names));
        for (id, product) in std::mem::take(&mut harvest.products) {
            let at = id.0 as usize;
            if self.products.len() <= at {
                self.products.resize(at + 1, None);
            }
            self.products[at] = Some(product);
        }
        let known = Known {
            names: &self.names,
            products: &self.products,
        };
        let changed = self.watch.observe(&harvest, (known, fresh))?;
        for alert in changed.alerts {
            if alert.gone.is_some() {
                self.alerts.remove(&alert.id());
            } else if self.alerts.len() < TRUTH_ROWS_MAX || self.alerts.contains_key(&alert.id()) {
                self.alerts.insert(alert.id(), alert.finding);
            } else {
                self.beyond += 1;
            }
        }
        for more in changed.more {
            match more.count {
                0 => self.more.remove(&more.key),
                count => self.more.insert(more.key, count),
            };
        }
        Ok(())
    }
}
