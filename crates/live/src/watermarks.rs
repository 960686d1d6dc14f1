//! How far each store's live sources have told their story, as rows say it. What is late or closed by it is not said here.

use crate::tables::{LiveTables, RowReader};
use changelog::{Change, Value};
use event::EventTime;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How far a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreWatermark {
    /// The store.
    pub store: Arc<str>,
    /// Up to here its live sources have told everything; nothing before a live source or a tick was heard.
    pub watermark: Option<EventTime>,
    /// Sources that it waits for.
    pub live_sources: u64,
    /// Sources that told nothing new for a minute: it waits for them no more.
    pub idle_sources: u64,
}

/// Watermarks by store, and the newest tick.
#[derive(Debug, Default)]
pub(crate) struct Watermarks {
    stores: BTreeMap<Arc<str>, StoreWatermark>,
    tick: Option<EventTime>,
}

impl Watermarks {
    /// Takes in a store's row; false where it does not have its form.
    pub(crate) fn apply(&mut self, change: &Change) -> bool {
        self.apply_store(change).is_some()
    }

    fn apply_store(&mut self, change: &Change) -> Option<()> {
        let store = RowReader(&change.key).text()?;
        let [watermark, counts @ ..] = change.values.as_deref()? else {
            return None;
        };
        let watermark = match watermark {
            Value::Time(time) => Some(EventTime(*time)),
            Value::Null => None,
            _ => return None,
        };
        let mut counts = RowReader(counts);
        let row = StoreWatermark {
            store: Arc::clone(store),
            watermark,
            live_sources: counts.count()?,
            idle_sources: counts.count()?,
        };
        self.stores.insert(Arc::clone(store), row);
        Some(())
    }

    /// Takes in the newest tick.
    pub(crate) fn apply_tick(&mut self, change: &Change) -> bool {
        let tick = RowReader(change.values.as_deref().unwrap_or_default()).time();
        self.tick = tick.map(EventTime).or(self.tick);
        tick.is_some()
    }
}

impl LiveTables {
    /// How far a store's live sources have told their story.
    #[must_use]
    pub fn watermark(&self, store: &str) -> Option<EventTime> {
        let watermarks = self.shared.watermarks.read();
        watermarks.stores.get(store)?.watermark
    }

    /// All stores, by name, or one.
    #[must_use]
    pub fn watermarks(&self, store: Option<&str>) -> Vec<StoreWatermark> {
        let watermarks = self.shared.watermarks.read();
        let is_asked = |row: &&StoreWatermark| store.is_none_or(|store| *row.store == *store);
        let rows = watermarks.stores.values().filter(is_asked);
        rows.cloned().collect()
    }

    /// The newest tick in the log, as far as it was read.
    #[must_use]
    pub fn newest_tick(&self) -> Option<EventTime> {
        self.shared.watermarks.read().tick
    }
}
