//! How far the live sources of each store have told their story: from event times, receipts and ticks, in the order of
//! the log. No clock is asked, so a log that is read again says the same; what follows from a watermark is not said here.

mod lag;
mod rest;
#[cfg(test)]
mod tests;

use crate::names::Names;
use crate::round::{FrameSide, FrameSource};
use analytics::alert::LagSight;
use analytics::cell::NameId;
use analytics::person::AsOf;
use changelog::{Change, Value};
use event::import::ImportKey;
use event::schema::Label;
use event::time::{DAY, DISORDER, SECOND};
use event::{EventBatch, EventTime};
use lag::Lags;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A source that told nothing new for so long holds nobody up any more.
pub const IDLE_AFTER: i64 = 60 * SECOND;
/// A source that told nothing new for so long is forgotten.
pub const RETIRED_AFTER: i64 = DAY;
/// Sources that are remembered: about 200 bytes each. Beyond it those that are silent the longest go. And stores; those
/// beyond it have no watermark.
const SOURCES_MAX: usize = 10_000;

/// A source of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct SourceKey {
    store: NameId,
    source: NameId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SourceTime {
    watermark: EventTime,
    /// The record that raised it last. One whose clock jumped back sends on and tells nothing new.
    raised_at: EventTime,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct StoreTime {
    watermark: Option<EventTime>,
    /// The newest event that a live source told.
    newest: Option<EventTime>,
    /// The newest event that an import brought.
    history: Option<EventTime>,
    /// Sources that are not idle, the one that is furthest behind first.
    live: BTreeSet<(EventTime, NameId)>,
    idle: usize,
}

/// Watermarks of all stores.
#[derive(Debug, Clone, Default)]
pub struct Watermarks {
    stores: BTreeMap<NameId, StoreTime>,
    sources: HashMap<SourceKey, SourceTime>,
    /// Sources by when they were raised: those that are not idle, and those that are.
    live: BTreeSet<(EventTime, SourceKey)>,
    idle: BTreeSet<(EventTime, SourceKey)>,
    /// Time as records tell it: the latest receipt or tick.
    now: Option<EventTime>,
    tick: Option<EventTime>,
    changed: BTreeSet<NameId>,
    is_tick_told: bool,
    lags: Lags,
}

/// What a source brought in a frame.
#[derive(Debug, Clone, Copy)]
struct Brought {
    newest: EventTime,
    received: EventTime,
}

impl Watermarks {
    /// Takes in a frame. Imports and releases from the quarantine are history that a person brought: they tell which
    /// stores there are and how new their history is. Neither does what was set aside, such as the events of a clock that
    /// is a year ahead. What `undone` imports brought never was.
    pub fn observe(
        &mut self,
        frame: &FrameSide,
        events: &EventBatch,
        undone: &BTreeSet<ImportKey>,
    ) {
        for source in &frame.sources {
            self.meet(source.store);
        }
        let mut touched = BTreeSet::new();
        let import = |at: u32| {
            let mut imports = frame.notes.imports.iter();
            imports.find(|note| !note.is_live && note.source == at)
        };
        for (key, brought) in brought(frame, events, |at| import(at).is_none()) {
            self.hear(key, brought);
            touched.insert(key.store);
        }
        let counts = |at| import(at).is_some_and(|note| !undone.contains(&note.key));
        for (key, brought) in brought(frame, events, counts) {
            if let Some(store) = self.stores.get_mut(&key.store) {
                store.history = store.history.max(Some(brought.newest));
            }
        }
        if let Some(tick) = frame.notes.tick {
            self.pass(EventTime(tick.0.saturating_add(DISORDER)));
        }
        self.let_idle(&mut touched);
        self.retire(&mut touched);
        for store in &touched {
            self.settle(*store);
        }
        if let Some(tick) = frame.notes.tick {
            self.lift(tick);
        }
        touched.extend(self.lags.stores());
        touched.into_iter().for_each(|store| self.measure(store));
    }

    /// How far a store lies behind its newest event now.
    fn measure(&mut self, store: NameId) {
        let Some((now, known)) = self.now.zip(self.stores.get(&store)) else {
            return;
        };
        if let Some((newest, watermark)) = known.newest.zip(known.watermark) {
            let lag_micros = newest.0.saturating_sub(watermark.0);
            self.lags.observe(store, now, lag_micros);
        }
    }

    /// Minutes in which answers lay behind the events, since this was last asked.
    pub fn take_lags(&mut self) -> Vec<(NameId, LagSight)> {
        self.lags.take()
    }

    /// A store that was not known begins where time is.
    fn meet(&mut self, store: NameId) {
        if self.stores.len() < SOURCES_MAX && !self.stores.contains_key(&store) {
            let known = StoreTime {
                watermark: self.tick,
                ..StoreTime::default()
            };
            self.stores.insert(store, known);
            self.changed.insert(store);
        }
    }

    /// Records pass; a machine whose clock was set back writes none before those it wrote.
    fn pass(&mut self, record: EventTime) {
        self.now = self.now.max(Some(record));
    }

    /// A source brought events.
    fn hear(&mut self, key: SourceKey, brought: Brought) {
        self.pass(brought.received);
        // A clock up to five minutes ahead is let in at the door, but nobody has told what is still to come.
        let told = brought.newest.min(brought.received);
        if let Some(store) = self.stores.get_mut(&key.store) {
            store.newest = store.newest.max(Some(told));
        }
        let watermark = EventTime(told.0.saturating_sub(DISORDER));
        let raised_at = self.now.unwrap_or(brought.received);
        let before = self.sources.get(&key).copied();
        if before.is_some_and(|before| watermark <= before.watermark) {
            return;
        }
        let Some(store) = self.stores.get_mut(&key.store) else {
            return;
        };
        if let Some(before) = before {
            store.live.remove(&(before.watermark, key.source));
            self.live.remove(&(before.raised_at, key));
            if self.idle.remove(&(before.raised_at, key)) {
                store.idle -= 1;
            }
        }
        store.live.insert((watermark, key.source));
        self.live.insert((raised_at, key));
        let after = SourceTime {
            watermark,
            raised_at,
        };
        self.sources.insert(key, after);
        self.changed.insert(key.store);
    }

    /// Whether something of this time is so long past.
    fn is_past(&self, time: EventTime, span: i64) -> bool {
        self.now
            .is_some_and(|now| now.0.saturating_sub(time.0) > span)
    }

    fn let_idle(&mut self, touched: &mut BTreeSet<NameId>) {
        while let Some((raised_at, key)) = self.live.first().copied()
            && self.is_past(raised_at, IDLE_AFTER)
        {
            self.live.pop_first();
            self.idle.insert((raised_at, key));
            self.part(key, touched, |store| store.idle += 1);
        }
    }

    fn retire(&mut self, touched: &mut BTreeSet<NameId>) {
        while let Some((raised_at, key)) = self.idle.first().copied()
            && (self.sources.len() > SOURCES_MAX || self.is_past(raised_at, RETIRED_AFTER))
        {
            self.idle.pop_first();
            self.part(key, touched, |store| store.idle -= 1);
            self.sources.remove(&key);
        }
        while self.sources.len() > SOURCES_MAX
            && let Some((_, key)) = self.live.pop_first()
        {
            self.part(key, touched, |_| ());
            self.sources.remove(&key);
        }
    }

    /// A source no longer counts among those of its store that are not idle.
    fn part(
        &mut self,
        key: SourceKey,
        touched: &mut BTreeSet<NameId>,
        change: impl FnOnce(&mut StoreTime),
    ) {
        let (Some(store), Some(source)) = (self.stores.get_mut(&key.store), self.sources.get(&key))
        else {
            return;
        };
        store.live.remove(&(source.watermark, key.source));
        change(store);
        touched.insert(key.store);
        self.changed.insert(key.store);
    }

    /// A store's watermark follows the last of its sources, and never falls.
    fn settle(&mut self, store: NameId) {
        let Some(known) = self.stores.get_mut(&store) else {
            return;
        };
        let least = known.live.first().map(|(watermark, _)| *watermark);
        if least > known.watermark {
            known.watermark = least;
            self.changed.insert(store);
        }
    }

    /// Everybody has told everything up to here.
    fn lift(&mut self, tick: EventTime) {
        if Some(tick) <= self.tick {
            return;
        }
        self.tick = Some(tick);
        self.is_tick_told = false;
        for (store, known) in &mut self.stores {
            if known.watermark < Some(tick) {
                known.watermark = Some(tick);
                self.changed.insert(*store);
            }
        }
    }

    /// Up to when each store's story is told: its watermark, or the newest event of its imports where that is later.
    pub fn as_of(&self) -> AsOf {
        let known = self.stores.iter();
        let known = known.map(|(store, known)| Some((*store, known.watermark.max(known.history)?)));
        known.flatten().collect()
    }

    /// A store's watermark, and up to when its story is told.
    pub fn of(&self, store: NameId) -> Option<(Option<EventTime>, EventTime)> {
        let known = self.stores.get(&store)?;
        Some((known.watermark, known.watermark.max(known.history)?))
    }

    /// Time as records tell it; nothing before a live source or a tick was heard.
    pub fn now(&self) -> Option<EventTime> {
        self.now
    }

    /// Stores whose row changed since this was last asked; their rows are then not told any more.
    pub fn take_changed(&mut self) -> BTreeSet<NameId> {
        std::mem::take(&mut self.changed)
    }

    /// Rows that changed since this was last asked.
    pub fn take_changes(&mut self, names: &Names, version: i64) -> Vec<Change> {
        let row = |table, key, values| Change {
            table,
            key,
            values: Some(values),
            version,
        };
        let time = |time: Option<EventTime>| time.map_or(Value::Null, |time| Value::Time(time.0));
        let count = |count: usize| Value::Int(i64::try_from(count).unwrap_or(i64::MAX));
        let mut changes = Vec::new();
        for store in std::mem::take(&mut self.changed) {
            let Some(known) = self.stores.get(&store) else {
                continue;
            };
            let (live, idle) = (count(known.live.len()), count(known.idle));
            let key: Box<[Value]> = Box::from([Value::Text(names.name(store))]);
            let values = Box::from([time(known.watermark), live, idle]);
            changes.push(row("watermarks", key, values));
        }
        if self.tick.is_some() && !std::mem::replace(&mut self.is_tick_told, true) {
            changes.push(row("ticks", Box::from([]), Box::from([time(self.tick)])));
        }
        changes
    }
}

/// What each source that is meant brought. Most frames have one source, whose columns are asked as a whole.
fn brought(
    frame: &FrameSide,
    events: &EventBatch,
    is_meant: impl Fn(u32) -> bool,
) -> Vec<(SourceKey, Brought)> {
    if events.is_empty() || !frame.notes.releases.is_empty() {
        return Vec::new();
    }
    let meant = || {
        let sources = (0..).zip(&frame.sources);
        let sources = sources.filter(|(at, _)| is_meant(*at));
        sources.map(|(_, source)| source)
    };
    if meant().next().is_none() {
        return Vec::new();
    }
    let key = |source: &FrameSource| SourceKey {
        store: source.store,
        source: source.id,
    };
    if let [source] = frame.sources.as_slice() {
        let times = events.newest().zip(events.received());
        let brought = times.map(|(newest, (_, received))| Brought { newest, received });
        return brought
            .map(|brought| (key(source), brought))
            .into_iter()
            .collect();
    }
    let (sources, stores) = (
        events.label_values(Label::Source),
        events.label_values(Label::Store),
    );
    let mut all: BTreeMap<SourceKey, Brought> = BTreeMap::new();
    for group in events.arrivals().groups() {
        let source = sources.get(usize::from(group.source));
        let store = stores.get(usize::from(group.store));
        let owner = meant().find(|owner| {
            let info = &owner.tally.info;
            Some(&info.source.as_str()) == source && Some(&info.store.as_str()) == store
        });
        let Some(owner) = owner else { continue };
        let brought = all.entry(key(owner)).or_insert(Brought {
            newest: group.newest,
            received: group.last,
        });
        brought.newest = brought.newest.max(group.newest);
        brought.received = brought.received.max(group.last);
    }
    all.into_iter().collect()
}
