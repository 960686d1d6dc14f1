//! What moves every second: the pulse (events a second by type) and the newest orders, as a snapshot and as what changed.
//! Changes are read from the tables when asked for, so a slow reader costs no queue: it only gets more of them at once.

use crate::orders::Order;
use crate::tables::LiveTables;
use analytics::cell::cubes;
use analytics::window::Grain;
use event::EventTime;
use event::time::{MINUTE, SECOND};
use std::sync::Arc;
use tokio::sync::watch;

/// What the timeline shows.
const PULSE_SHOWN: i64 = 15 * MINUTE;
/// Orders of a snapshot.
const ORDERS_SHOWN: usize = 50;

/// Events of one second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PulseSecond {
    /// Where the second begins.
    pub start: EventTime,
    /// Events by type, by name.
    pub counts: Vec<(Arc<str>, i64)>,
}

/// The pulse and the orders as they stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamSnapshot {
    /// The batch it holds; what follows is asked for by it.
    pub version: u64,
    /// Time of the newest event.
    pub newest: Option<EventTime>,
    /// How far the store's live sources have told their story.
    pub watermark: Option<EventTime>,
    /// Seconds with events in the last 15 minutes, oldest first.
    pub pulse: Vec<PulseSecond>,
    /// At most 50, newest first.
    pub orders: Vec<Arc<Order>>,
}

/// What changed after a version, as absolute values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamChanges {
    /// Changed seconds and orders; `orders` without those in `gone`.
    Delta {
        /// Changed rows, in the form of a snapshot.
        changed: StreamSnapshot,
        /// Keys of orders that are none any more.
        gone: Vec<Arc<str>>,
    },
    /// Too much happened since: only a snapshot tells the truth.
    Reset,
}

/// Waits for changes of the tables; it holds no rows.
#[derive(Debug, Clone)]
pub struct Subscription {
    versions: watch::Receiver<u64>,
}

impl Subscription {
    /// Waits until something was taken in that this subscription has not been told of; the newest version.
    pub async fn changed(&mut self) -> u64 {
        if self.versions.changed().await.is_err() {
            // The tables are gone: nothing will ever change.
            std::future::pending::<()>().await;
        }
        *self.versions.borrow_and_update()
    }

    /// The newest version.
    #[must_use]
    pub fn version(&self) -> u64 {
        *self.versions.borrow()
    }
}

impl LiveTables {
    /// Follows what is taken in; starts at now.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        Subscription {
            versions: self.shared.version.subscribe(),
        }
    }

    /// The newest version: how many batches were taken in.
    #[must_use]
    pub fn version(&self) -> u64 {
        *self.shared.version.borrow()
    }

    /// Pulse and newest orders of a store.
    #[must_use]
    pub fn stream_snapshot(&self, store: &str) -> StreamSnapshot {
        let frame = self.stream_frame(store);
        let pulse = self.pulse_since(store, 0, frame.newest);
        let orders = self.shared.orders.read().newest(store, ORDERS_SHOWN);
        StreamSnapshot {
            pulse,
            orders: self.with_product_names(store, orders),
            ..frame
        }
    }

    /// Orders name products by id, since names may follow later; here the id gives way to the name known now.
    fn with_product_names(&self, store: &str, orders: Vec<Arc<Order>>) -> Vec<Arc<Order>> {
        let (texts, products) = (self.shared.texts.read(), self.shared.products.read());
        let name = |product: &str| {
            products
                .get(&(texts.find(store)?, texts.find(product)?))
                .cloned()
        };
        let named = |order: Arc<Order>| match order.first_item.as_deref().and_then(name) {
            Some(name) => Arc::new(Order {
                first_item: Some(name),
                ..Order::clone(&order)
            }),
            None => order,
        };
        orders.into_iter().map(named).collect()
    }

    /// What changed in a store's pulse and newest orders after a version.
    #[must_use]
    pub fn stream_changes(&self, store: &str, version: u64) -> StreamChanges {
        // The version is read first: what is taken in meanwhile is told now and, being absolute, again next time.
        let frame = self.stream_frame(store);
        let orders = self
            .shared
            .orders
            .read()
            .changed_since(store, version, ORDERS_SHOWN);
        if orders.is_incomplete {
            return StreamChanges::Reset;
        }
        let pulse = self.pulse_since(store, version, frame.newest);
        let changed = StreamSnapshot {
            pulse,
            orders: self.with_product_names(store, orders.orders),
            ..frame
        };
        StreamChanges::Delta {
            changed,
            gone: orders.gone,
        }
    }

    fn stream_frame(&self, store: &str) -> StreamSnapshot {
        let version = self.version();
        let progress = self.progress();
        StreamSnapshot {
            version,
            newest: progress.event_times.map(|(_, newest)| EventTime(newest)),
            watermark: self.watermark(store),
            ..StreamSnapshot::default()
        }
    }

    fn pulse_since(
        &self,
        store: &str,
        version: u64,
        newest: Option<EventTime>,
    ) -> Vec<PulseSecond> {
        let texts = self.shared.texts.read();
        let (Some(newest), Some(store)) = (newest, texts.find(store)) else {
            return Vec::new();
        };
        let table = self.shared.cube(cubes::PULSE_BY_TYPE).read();
        let Some(slice) = table.slice(store, Grain::Second) else {
            return Vec::new();
        };
        // One more second than is shown begins within the 15 minutes.
        let from = newest.0 - newest.0.rem_euclid(SECOND) - PULSE_SHOWN + SECOND;
        let windows = slice.windows(from..i64::MAX);
        let changed = windows.filter(|(_, window)| window.changed > version);
        let second = |(start, window): (i64, &crate::cells::Window)| {
            let count = |(key, row): (crate::cells::RowKey, _)| {
                let count = i64::try_from(slice.sum(row, 0)).unwrap_or(i64::MAX);
                Some((Arc::clone(texts.text(key.value)?), count))
            };
            let mut counts: Vec<(Arc<str>, i64)> = window.rows().filter_map(count).collect();
            counts.sort_unstable();
            PulseSecond {
                start: EventTime(start),
                counts,
            }
        };
        changed.map(second).collect()
    }
}
