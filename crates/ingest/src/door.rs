//! The door: requests are decoded on a few threads, whole requests gathered into frames, frames appended to the log.
//! A reply is sent when the log says the frame is durable, and not before.

use crate::decode::{self, IntoFrame};
use crate::enrich::{Enricher, Enrichment};
use crate::quality::{Breach, QualityConfig};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use event::dialect::json::Habits;
use event::frame::{FrameBody, FrameBuilder, SourceInfo};
use event::rule::Rules;
use event::time::EventTime;
use event::{EventId, Rejection};
use eventlog::{Appended, EncodedFrame, FrameEncoder, LogError, LogWriter, Remedy, Tallies};
use jiff::tz::TimeZone;
use runtime::{Clock, Runtime};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long requests wait for company while the disk is busy anyway.
const LINGER: Duration = Duration::from_millis(2);
/// Requests waiting for a decoder.
const REQUESTS_WAITING_MAX: usize = 4_096;
/// Bytes of requests waiting for a decoder or the disk: beyond it the door says "later".
const WAITING_BYTES_MAX: usize = 64 << 20;

/// What events of a store mean where they do not say.
#[derive(Debug, Clone)]
pub struct StoreDefaults {
    /// Zone of times without one.
    pub zone: TimeZone,
    /// Currency of amounts without one.
    pub currency: event::Currency,
}

/// The defaults of a store, by name.
pub type StoreLookup = Arc<dyn Fn(&str) -> StoreDefaults + Send + Sync>;

/// How the door works.
#[derive(Clone)]
pub struct DoorSettings {
    /// Threads that decode.
    pub decoders: usize,
    /// What events of each store mean.
    pub stores: StoreLookup,
    /// What is added to events.
    pub enrichment: Enrichment,
    /// The shop's own checks.
    pub rules: Rules,
    /// What may be set aside of one request.
    pub quality: QualityConfig,
}

/// One request: a body of events from one source.
#[derive(Debug)]
pub struct Request {
    /// Where it comes from.
    pub source: SourceInfo,
    /// One object, an array of objects, or one object a line; decompressed.
    pub body: Vec<u8>,
    /// Gives events without id an identity that a retry repeats.
    pub idempotency_key: Option<String>,
}

/// What became of one event of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// In the log under this identity.
    Accepted(EventId),
    /// Set aside, with the reason.
    Quarantined(Rejection),
}

/// How a retry of the request would be recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dedupe {
    /// Every event brought its id.
    EventId,
    /// By the request's idempotency key.
    IdempotencyKey,
    /// Not at all: ids were minted here.
    None,
}

/// The answer to a request whose frame is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// One outcome an event, in the order of the body.
    pub outcomes: Vec<Outcome>,
    /// How a retry would be recognised.
    pub dedupe: Dedupe,
}

/// Why a request was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// More waits than memory should hold.
    #[error("too many requests are waiting")]
    Overloaded,
    /// The log cannot take it now; trying again with the same ids is safe.
    #[error("the log cannot take events now: {0}")]
    Unavailable(String),
    /// The log has failed; the process is about to end.
    #[error("the log has failed: {0}")]
    Failed(String),
    /// Too much of it would be set aside; nothing of it was kept.
    #[error("{0}")]
    Breach(String),
    /// The process is stopping.
    #[error("the server is stopping")]
    Stopping,
}

impl From<LogError> for Refused {
    fn from(error: LogError) -> Refused {
        match error.remedy() {
            Remedy::Retry => Refused::Unavailable(error.to_string()),
            _ => Refused::Failed(error.to_string()),
        }
    }
}

type Reply = oneshot::Sender<Result<Receipt, Refused>>;

struct Job {
    request: Request,
    received: EventTime,
    reply: Reply,
}

/// Takes requests; clones lead to the same decoders.
#[derive(Clone)]
pub struct Door {
    jobs: Sender<Job>,
    waiting_bytes: Arc<AtomicUsize>,
    clock: Clock,
}

impl Door {
    /// Starts the threads that decode in front of the log.
    pub fn open(
        log: &LogWriter,
        settings: &DoorSettings,
        runtime: &Runtime,
    ) -> std::io::Result<Door> {
        let (jobs, work) = bounded(REQUESTS_WAITING_MAX);
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        for index in 0..settings.decoders.max(1) {
            let decoder = Decoder {
                work: work.clone(),
                log: log.clone(),
                settings: settings.clone(),
                enricher: settings.enrichment.enricher(),
                waiting_bytes: Arc::clone(&waiting_bytes),
                on_the_way: Arc::new(AtomicUsize::new(0)),
                clock: runtime.clock().clone(),
                frame: Gathered {
                    builder: FrameBuilder::new().with_rules(&settings.rules),
                    ..Gathered::default()
                },
                maker: FrameMaker::default(),
                habits: Habits::default(),
            };
            runtime.spawn_thread(format!("door-{index}"), move || decoder.run())?;
        }
        Ok(Door {
            jobs,
            waiting_bytes,
            clock: runtime.clock().clone(),
        })
    }

    /// What waits here.
    #[must_use]
    pub fn queue(&self) -> DoorQueue {
        DoorQueue(Arc::clone(&self.waiting_bytes))
    }

    /// Hands a request in and waits until it is durable.
    pub async fn submit(&self, request: Request) -> Result<Receipt, Refused> {
        let bytes = request.body.len();
        if self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed) > WAITING_BYTES_MAX {
            self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(Refused::Overloaded);
        }
        let (reply, answer) = oneshot::channel();
        let job = Job {
            request,
            received: EventTime(self.clock.now().0),
            reply,
        };
        if let Err(refused) = self.jobs.try_send(job) {
            self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(match refused {
                TrySendError::Full(_) => Refused::Overloaded,
                TrySendError::Disconnected(_) => Refused::Stopping,
            });
        }
        answer.await.unwrap_or(Err(Refused::Stopping))
    }
}

/// What waits at the door, for whoever wants to know when nothing does; it holds the door open for nobody.
#[derive(Debug, Clone)]
pub struct DoorQueue(Arc<AtomicUsize>);

impl DoorQueue {
    /// Whether everything that came in is in the log.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }
}

/// Requests decoded into the frame that is being gathered.
#[derive(Default)]
struct Gathered {
    builder: FrameBuilder,
    replies: Vec<(Reply, Receipt)>,
    refused: Vec<(Reply, Breach)>,
    bytes: usize,
}

struct Decoder {
    work: Receiver<Job>,
    log: LogWriter,
    settings: DoorSettings,
    enricher: Enricher,
    waiting_bytes: Arc<AtomicUsize>,
    /// Frames of this decoder that the log has not answered yet.
    on_the_way: Arc<AtomicUsize>,
    clock: Clock,
    frame: Gathered,
    maker: FrameMaker,
    habits: Habits,
}

impl Decoder {
    fn run(mut self) {
        while let Ok(job) = self.work.recv() {
            let deadline = self.clock.monotonic() + LINGER;
            self.decode(job);
            self.gather_until(deadline);
            self.append();
        }
    }

    /// Takes what is queued; waits for more only while an earlier frame keeps the disk busy.
    fn gather_until(&mut self, deadline: Duration) {
        while !self.frame.builder.is_full() {
            let is_disk_idle = self.on_the_way.load(Ordering::Acquire) == 0;
            let wait = if is_disk_idle {
                Duration::ZERO
            } else {
                deadline.saturating_sub(self.clock.monotonic())
            };
            match self.work.recv_timeout(wait) {
                Ok(job) => self.decode(job),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn decode(&mut self, job: Job) {
        let Job {
            request,
            received,
            reply,
        } = job;
        let defaults = (self.settings.stores)(&request.source.store);
        self.frame.bytes += request.body.len();
        if self.settings.quality.stops()
            && let Some(breach) = self.breach(&request, received, &defaults)
        {
            self.frame.refused.push((reply, breach));
            return;
        }
        let frame = IntoFrame {
            habits: &mut self.habits,
            enricher: &mut self.enricher,
            builder: &mut self.frame.builder,
        };
        let receipt = decode::request(&request, received, &defaults, frame);
        self.frame.replies.push((reply, receipt));
    }

    /// A request is taken whole or not at all, and a frame cannot be taken apart again: where a breach would refuse it,
    /// it is decoded once more to see.
    fn breach(
        &mut self,
        request: &Request,
        received: EventTime,
        defaults: &StoreDefaults,
    ) -> Option<Breach> {
        let mut scratch = FrameBuilder::new().with_rules(&self.settings.rules);
        let frame = IntoFrame {
            habits: &mut self.habits,
            enricher: &mut self.enricher,
            builder: &mut scratch,
        };
        decode::request(request, received, defaults, frame);
        let quality = &self.settings.quality;
        quality.judge(scratch.received() as u64, scratch.rejected() as u64)
    }

    fn append(&mut self) {
        let frame = std::mem::take(&mut self.frame);
        let mut builder = frame.builder;
        let body = builder.finish();
        self.frame.builder = builder;
        let (replies, bytes) = (frame.replies, frame.bytes);
        let waiting_bytes = Arc::clone(&self.waiting_bytes);
        for (reply, breach) in frame.refused {
            let _ = reply.send(Err(Refused::Breach(breach.to_string())));
        }
        if replies.is_empty() {
            waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return;
        }
        let encoded = match self.maker.make(&body) {
            Ok(encoded) => encoded,
            Err(error) => {
                waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
                return answer(replies, &Err(Refused::Failed(error.to_string())));
            }
        };
        let on_the_way = Arc::clone(&self.on_the_way);
        on_the_way.fetch_add(1, Ordering::AcqRel);
        self.log.append_with(encoded, move |result| {
            on_the_way.fetch_sub(1, Ordering::AcqRel);
            waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            answer(replies, &result.map_err(Refused::from));
        });
    }
}

fn answer(replies: Vec<(Reply, Receipt)>, result: &Result<Appended, Refused>) {
    for (reply, receipt) in replies {
        // A client that went away does not hear what became of its events; they count all the same.
        let _ = reply.send(result.as_ref().map(|_| receipt).map_err(Clone::clone));
    }
}

/// Why a frame could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// Its columns cannot be written.
    #[error(transparent)]
    Wire(#[from] event::batch::WireError),
    /// It is larger than the log takes.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Makes frames the log takes; keeps the memory it works in, one for each thread that makes frames.
#[derive(Default)]
pub struct FrameMaker {
    encoder: FrameEncoder,
    bytes: Vec<u8>,
}

impl FrameMaker {
    /// A frame body as the log takes it.
    pub fn make(&mut self, body: &FrameBody) -> Result<EncodedFrame, EncodeError> {
        self.bytes.clear();
        body.encode(&mut self.bytes)?;
        let count = |of: fn(&event::frame::SourceTally) -> u64| -> u32 {
            u32::try_from(body.sources.iter().map(of).sum::<u64>()).unwrap_or(u32::MAX)
        };
        let tallies = Tallies {
            received: count(|tally| tally.received),
            // Released events were received before: a frame that accepts more than it received holds releases.
            accepted: count(|tally| tally.accepted)
                .saturating_add(u32::try_from(body.notes.releases.len()).unwrap_or(u32::MAX)),
            quarantined: count(|tally| tally.quarantined),
        };
        let rows = u32::try_from(body.events.len()).expect("frames close long before 2^32 rows");
        Ok(EncodedFrame::encode(
            rows,
            tallies,
            &self.bytes,
            &mut self.encoder,
        )?)
    }
}
