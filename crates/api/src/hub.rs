//! The stream of changes for browsers: one delta a store is written once and shared by all readers.
//! A reader that falls behind by more messages than are kept gets a reset and a new snapshot, never a growing queue.

use crate::metrics;
use crate::problem::{BUSY, Problem};
use crate::wire;
use bytes::Bytes;
use event::EventTime;
use futures_util::Stream;
use futures_util::stream::unfold;
use live::{LiveTables, StreamChanges, StreamSnapshot};
use parking_lot::Mutex;
use runtime::{CancellationToken, Clock};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};

/// Messages kept for readers that lag: 16 s of deltas at four a second.
const MESSAGES_KEPT: usize = 64;
/// Browsers come back after this long.
const RETRY: &str = "retry: 1000\n\n";

/// One message, written once.
#[derive(Debug, Clone)]
enum Message {
    /// Changes up to a version.
    Delta(u64, Bytes),
    /// Everybody must start over.
    Reset,
    /// Nothing changed, but the server lives.
    Heartbeat(Bytes),
}

/// A snapshot, when it was written and which version it holds.
#[derive(Debug, Clone)]
struct Written {
    at: Duration,
    version: u64,
    bytes: Bytes,
}

/// Readers of a store.
#[derive(Debug)]
struct Channel {
    sender: broadcast::Sender<Message>,
    /// Readers have been told of everything up to here.
    version: u64,
    /// The last snapshot: many readers come at once when a server starts.
    snapshot: Option<Written>,
}

/// Tells readers what changed.
pub(crate) struct Hub {
    live: LiveTables,
    clock: Clock,
    interval: Duration,
    heartbeat: Duration,
    channels: Mutex<HashMap<String, Channel>>,
    places: Arc<Semaphore>,
}

impl Hub {
    pub(crate) fn new(
        live: LiveTables,
        clock: Clock,
        interval: Duration,
        heartbeat: Duration,
        readers_max: usize,
    ) -> Arc<Hub> {
        let places = Arc::new(Semaphore::new(readers_max));
        Arc::new(Hub {
            live,
            clock,
            interval,
            heartbeat,
            channels: Mutex::default(),
            places,
        })
    }

    /// Tells readers of changes until the server stops.
    pub(crate) async fn run(&self, stop: CancellationToken) {
        let mut changes = self.live.subscribe();
        let mut spoken = self.clock.monotonic();
        while !stop.is_cancelled() {
            let quiet = self.clock.monotonic().saturating_sub(spoken);
            tokio::select! {
                () = stop.cancelled() => return,
                _ = changes.changed() => self.tell_changes(),
                () = self.clock.sleep(self.heartbeat.saturating_sub(quiet)) => self.tell_heartbeat(),
            }
            spoken = self.clock.monotonic();
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.clock.sleep(self.interval) => {}
            }
        }
    }

    fn tell_changes(&self) {
        self.channels
            .lock()
            .retain(|_, channel| channel.sender.receiver_count() > 0);
        let told: Vec<(String, u64)> = self
            .channels
            .lock()
            .iter()
            .map(|(store, channel)| (store.clone(), channel.version))
            .collect();
        for (store, version) in told {
            let (version, message) = match self.live.stream_changes(&store, version) {
                StreamChanges::Delta { changed, gone } => {
                    let body = self.delta(&changed, &gone);
                    (
                        changed.version,
                        Message::Delta(changed.version, event("delta", changed.version, &body)),
                    )
                }
                StreamChanges::Reset => (self.live.version(), Message::Reset),
            };
            self.send(&store, version, message);
        }
    }

    fn tell_heartbeat(&self) {
        let body = json!({ "as_of": self.clock.now().to_string() });
        let message = Message::Heartbeat(event("heartbeat", self.live.version(), &body));
        for channel in self.channels.lock().values() {
            // Without readers there is nobody to tell.
            let _ = channel.sender.send(message.clone());
        }
    }

    fn send(&self, store: &str, version: u64, message: Message) {
        if let Some(channel) = self.channels.lock().get_mut(store) {
            channel.version = version;
            // Without readers there is nobody to tell; the channel goes with the next change.
            let _ = channel.sender.send(message);
        }
    }

    /// A reader's stream of bytes: a snapshot, then what changes.
    pub(crate) fn read(
        self: &Arc<Self>,
        store: &str,
    ) -> Result<impl Stream<Item = Result<Bytes, Infallible>> + use<>, Problem> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| {
            Problem::new(BUSY, "as many readers as allowed follow the stream").retry_after(5)
        })?;
        let receiver = self.subscribe(store);
        let mut reader = Reader {
            hub: Arc::clone(self),
            store: store.to_owned(),
            receiver,
            shown: 0,
            ready: VecDeque::from([Bytes::from_static(RETRY.as_bytes())]),
            _seat: Seat::take(place),
        };
        reader.start_over();
        Ok(unfold(reader, |mut reader| async move {
            let bytes = reader.next().await?;
            Some((Ok(bytes), reader))
        }))
    }

    fn subscribe(&self, store: &str) -> broadcast::Receiver<Message> {
        let mut channels = self.channels.lock();
        let channel = channels.entry(store.to_owned()).or_insert_with(|| Channel {
            sender: broadcast::Sender::new(MESSAGES_KEPT),
            // The snapshot comes after this, so it holds at least this version.
            version: self.live.version(),
            snapshot: None,
        });
        channel.sender.subscribe()
    }

    /// The store as it stands, and the version that holds. Written again where it is no longer of this moment.
    fn snapshot(&self, store: &str) -> (u64, Bytes) {
        let (version, now) = (self.live.version(), self.clock.monotonic());
        let kept = self
            .channels
            .lock()
            .get(store)
            .and_then(|channel| channel.snapshot.clone());
        let is_fresh =
            |kept: &Written| kept.version == version && now.saturating_sub(kept.at) < self.interval;
        if let Some(kept) = kept.filter(is_fresh) {
            return (kept.version, kept.bytes);
        }
        let snapshot = self.live.stream_snapshot(store);
        let bytes = event("snapshot", snapshot.version, &self.body(&snapshot));
        let written = Written {
            at: now,
            version: snapshot.version,
            bytes: bytes.clone(),
        };
        if let Some(channel) = self.channels.lock().get_mut(store) {
            channel.snapshot = Some(written);
        }
        (snapshot.version, bytes)
    }

    fn body(&self, rows: &StreamSnapshot) -> Value {
        json!({
            "as_of": self.clock.now().to_string(),
            "watermark": wire::time(rows.watermark),
            "newest_event": wire::time(rows.newest.map(|time| EventTime(time.0))),
            "pulse": rows.pulse.iter().map(wire::second).collect::<Vec<_>>(),
            "orders": rows.orders.iter().map(|order| wire::order(order)).collect::<Vec<_>>(),
        })
    }

    fn delta(&self, changed: &StreamSnapshot, gone: &[Arc<str>]) -> Value {
        let mut body = self.body(changed);
        if !gone.is_empty() {
            // Orders that were cancelled; a reader that does not know the field shows them a little longer.
            body["orders_gone"] = gone.iter().map(|key| Value::from(&**key)).collect();
        }
        body
    }
}

fn event(name: &str, id: u64, body: &Value) -> Bytes {
    // JSON text has no line breaks of its own, so one data line holds it.
    Bytes::from(format!("event: {name}\nid: {id}\ndata: {body}\n\n"))
}

/// A place among the readers, counted while it is held.
struct Seat(
    #[expect(
        dead_code,
        reason = "held, not read: the place is free when it is dropped"
    )]
    OwnedSemaphorePermit,
);

impl Seat {
    fn take(place: OwnedSemaphorePermit) -> Seat {
        metrics::reader_came();
        Seat(place)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        metrics::reader_left();
    }
}

struct Reader {
    hub: Arc<Hub>,
    store: String,
    receiver: broadcast::Receiver<Message>,
    /// The reader has seen everything up to this version.
    shown: u64,
    ready: VecDeque<Bytes>,
    _seat: Seat,
}

impl Reader {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Some(bytes);
            }
            match self.receiver.recv().await {
                Ok(Message::Delta(version, bytes)) if version > self.shown => {
                    self.shown = version;
                    return Some(bytes);
                }
                // The snapshot held it already.
                Ok(Message::Delta(..)) => {}
                Ok(Message::Heartbeat(bytes)) => return Some(bytes),
                Ok(Message::Reset) | Err(RecvError::Lagged(_)) => self.reset(),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn reset(&mut self) {
        metrics::reader_was_reset();
        self.receiver = self.receiver.resubscribe();
        let body = json!({ "as_of": self.hub.clock.now().to_string() });
        self.ready
            .push_back(event("reset", self.hub.live.version(), &body));
        self.start_over();
    }

    fn start_over(&mut self) {
        let (version, bytes) = self.hub.snapshot(&self.store);
        self.shown = version;
        self.ready.push_back(bytes);
    }
}
