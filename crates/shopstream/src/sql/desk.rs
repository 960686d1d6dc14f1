//! Takes questions in, each with a snapshot, and sees to it that none takes too long, too much, or anybody with it.

use super::hand::Hand;
use crate::config::Config;
use crate::wiring::Core;
use api::{SqlAsk, SqlBody, SqlDoor, SqlFormat, SqlRefused};
use bytes::Bytes;
use eventlog::EventLog;
use parking_lot::Mutex;
use query::{Ask, Format, Judgement, LakePlace, Limits, Part, Refusal, SqlState};
use runtime::{Clock, Runtime};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use stream::StreamHandle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// A question waits so long until what came in before it is judged.
const SEEN_WITHIN: Duration = Duration::from_secs(2);
/// More events than these go to the lake before they are asked for: the log is read anew for each question.
const TAIL_EVENTS_MAX: u64 = 200_000;
/// So long at most: a lake that does not answer makes a question slow, not impossible.
const ARCHIVED_WITHIN: Duration = Duration::from_secs(10);
/// While the lake is written anew, a question waits for it so often and so long.
const TRIES: u32 = 20;
const TRY_AGAIN: Duration = Duration::from_millis(250);
/// How often memory is looked at: a process takes 100 MB in as long.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// What a process has beside what its question may use.
const MEMORY_BESIDE: u64 = 256 << 20;
/// Processes that wait for the next question.
const IDLE_MAX: usize = 2;
/// Parts of an answer that wait for whoever asked.
const PARTS_WAITING: usize = 4;

/// The desk; it is shared.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    stream: StreamHandle,
    log: Arc<EventLog>,
    runtime: Runtime,
    slots: Arc<Semaphore>,
    idle: Mutex<Vec<Hand>>,
    place: LakePlace,
    log_dir: PathBuf,
    zones: BTreeMap<String, String>,
    settings: crate::config::SqlSettings,
    spill_dir: PathBuf,
}

/// A question under way.
struct Running {
    hand: Hand,
    ends_at: Duration,
    memory_max: u64,
    clock: Clock,
    _slot: OwnedSemaphorePermit,
}

impl Desk {
    /// Of this core.
    pub fn new(config: &Config, core: &Core, runtime: &Runtime) -> anyhow::Result<Desk> {
        let within = std::path::absolute(&config.data_dir)?;
        let stores = config.stores().0.into_iter();
        let zones = stores.filter_map(|(name, store)| {
            let zone = store.zone.iana_name()?.to_owned();
            Some((name, zone))
        });
        Ok(Desk(Arc::new(Inner {
            stream: core.stream.clone(),
            log: Arc::clone(&core.log),
            runtime: runtime.clone(),
            slots: Arc::new(Semaphore::new(config.sql.slots.max(1))),
            idle: Mutex::default(),
            log_dir: within.join("log"),
            spill_dir: within.join("sql"),
            place: LakePlace {
                location: config.lake.location.clone(),
                within,
                storage: config.lake.storage.clone(),
            },
            zones: zones.collect(),
            settings: config.sql.clone(),
        })))
    }

    async fn answer(&self, ask: SqlAsk) -> Result<SqlBody, Refusal> {
        let inner = &self.0;
        let slot = Arc::clone(&inner.slots).try_acquire_owned();
        let slot = slot.map_err(|_| Refusal::too_many(inner.settings.slots))?;
        let clock = inner.runtime.clock().clone();
        let hand = inner.idle.lock().pop();
        let hand = match hand {
            Some(hand) => hand,
            None => Hand::start().map_err(|error| lost(&error.to_string()))?,
        };
        let mut running = Running {
            hand,
            ends_at: clock.monotonic() + Duration::from_secs(inner.settings.timeout_s),
            memory_max: (inner.settings.memory_mib << 20) + MEMORY_BESIDE,
            clock,
            _slot: slot,
        };
        let first = match self.begin(&ask, &mut running).await? {
            Part::Refused(refusal) => {
                self.keep(running.hand);
                return Err(refusal);
            }
            first => first,
        };
        let (parts, body) = mpsc::channel(PARTS_WAITING);
        let desk = self.clone();
        inner.runtime.spawn("sql", async move {
            if desk.send(first, &mut running, &parts).await {
                desk.keep(running.hand);
            }
        });
        Ok(body)
    }

    /// Asks until the snapshot holds, and waits for the answer's beginning; an error is one of the process.
    async fn begin(&self, ask: &SqlAsk, running: &mut Running) -> Result<Part, Refusal> {
        let seen = self.0.log.end_position().frame;
        let clock = running.clock.clone();
        tokio::select! {
            _ = self.0.stream.wait_published(seen) => {}
            () = clock.sleep(SEEN_WITHIN) => {}
        }
        let mut tries = 0;
        loop {
            let question = self.question(ask, &clock).await?;
            let asked = running.hand.ask(&question).await;
            asked.map_err(|error| lost(&error.to_string()))?;
            let part = running.part().await?;
            tries += 1;
            match part {
                Part::Refused(refusal) if refusal.state == SqlState::NotNow && tries < TRIES => {
                    clock.sleep(TRY_AGAIN).await;
                }
                part => return Ok(part),
            }
        }
    }

    async fn question(&self, ask: &SqlAsk, clock: &Clock) -> Result<Ask, Refusal> {
        let inner = &self.0;
        let stream = &inner.stream;
        let verdicts = || {
            stream.verdicts().ok_or_else(|| {
                Refusal::new(
                    SqlState::Unsupported,
                    "the lake is switched off, and SQL is asked of the lake",
                    "leave `lake.enabled=false` out",
                )
            })
        };
        let mut judged = verdicts()?;
        let held = stream.archive().map_or(0, |it| it.held.position.offset);
        if judged.judged.offset.saturating_sub(held) > TAIL_EVENTS_MAX {
            tokio::select! {
                _ = stream.wait_archived(judged.judged.offset) => {}
                () = clock.sleep(ARCHIVED_WITHIN) => {}
            }
            judged = verdicts()?;
        }
        Ok(Ask {
            sql: ask.sql.clone(),
            store: ask.store.clone(),
            format: format(ask.format),
            lake: inner.place.clone(),
            log_dir: inner.log_dir.clone(),
            judgement: Judgement {
                generation: judged.generation,
                from_offset: judged.from,
                to_frame: judged.judged.frame,
                to_offset: judged.judged.offset,
                uncounted: judged.aside.uncounted,
                adding: judged.aside.adding,
            },
            zones: inner.zones.clone(),
            limits: Limits {
                memory_bytes: inner.settings.memory_mib << 20,
                spill_bytes: inner.settings.spill_mib << 20,
                spill_dir: inner.spill_dir.clone(),
                // The desk is to be first: it tells whoever asked.
                seconds_max: inner.settings.timeout_s.saturating_add(2),
                rows_max: inner.settings.rows_max,
            },
        })
    }

    /// Sends the answer; true where its process can be asked again.
    async fn send(
        &self,
        first: Part,
        running: &mut Running,
        parts: &mpsc::Sender<Result<Bytes, SqlRefused>>,
    ) -> bool {
        let mut part = Ok(first);
        loop {
            let bytes = match part {
                Ok(Part::Data(bytes)) => Ok(Bytes::from(bytes)),
                Ok(Part::Head(_)) => Ok(Bytes::new()),
                Ok(Part::End(_)) => return true,
                Ok(Part::Refused(refusal)) => {
                    let _ = parts.send(Err(refused(refusal))).await;
                    return true;
                }
                Err(refusal) => Err(refusal),
            };
            let is_broken = bytes.is_err();
            let sent = tokio::select! {
                sent = parts.send(bytes.map_err(refused)) => sent.is_ok(),
                () = running.clock.sleep(running.left()) => false,
            };
            // Whoever asked has gone, or takes too long: the process ends, and its question with it.
            if is_broken || !sent {
                return false;
            }
            part = tokio::select! {
                part = running.part() => part,
                () = parts.closed() => return false,
            };
        }
    }

    fn keep(&self, hand: Hand) {
        let mut idle = self.0.idle.lock();
        if idle.len() < IDLE_MAX && hand.memory_bytes() < MEMORY_BESIDE {
            idle.push(hand);
        }
    }
}

impl Running {
    fn left(&self) -> Duration {
        self.ends_at.saturating_sub(self.clock.monotonic())
    }

    /// The next part, unless time or memory end before.
    async fn part(&mut self) -> Result<Part, Refusal> {
        let clock = self.clock.clone();
        loop {
            let left = self.left();
            if left.is_zero() {
                return Err(Refusal::new(
                    SqlState::Cancelled,
                    "the statement took too long",
                    "ask for fewer days, stores or columns, or raise `sql.timeout_s`",
                ));
            }
            let memory = self.hand.memory_bytes();
            if memory > self.memory_max {
                return Err(Refusal::new(
                    SqlState::OutOfMemory,
                    format!("the statement took {} MiB of memory", memory >> 20),
                    "ask for fewer or shorter values, or raise `sql.memory_mib`",
                ));
            }
            let wait = clock.sleep(left.min(LOOK_EVERY));
            tokio::select! {
                biased;
                part = self.hand.ready() => {
                    part.map_err(|error| lost(&error.to_string()))?;
                    let part = self.hand.part().await;
                    let part = part.map_err(|error| lost(&error.to_string()))?;
                    return part.ok_or_else(|| lost("it ended"));
                }
                () = wait => {}
            }
        }
    }
}

impl SqlDoor for Desk {
    fn ask(
        &self,
        ask: SqlAsk,
    ) -> Pin<Box<dyn Future<Output = Result<SqlBody, SqlRefused>> + Send + '_>> {
        Box::pin(async move { self.answer(ask).await.map_err(refused) })
    }
}

fn format(format: SqlFormat) -> Format {
    match format {
        SqlFormat::Arrow => Format::Arrow,
        SqlFormat::Json => Format::Json,
        SqlFormat::Ndjson => Format::Ndjson,
        SqlFormat::Csv => Format::Csv,
        SqlFormat::Parquet => Format::Parquet,
        SqlFormat::Rows => Format::Rows,
    }
}

fn refused(refusal: Refusal) -> SqlRefused {
    SqlRefused {
        state: refusal.state.code(),
        message: refusal.message,
        hint: refusal.hint,
    }
}

fn lost(why: &str) -> Refusal {
    Refusal::new(
        SqlState::Lost,
        format!("the process that answered is gone: {why}"),
        "ask again: the next question gets a new one; if it happens again, the statement may be too much for it",
    )
}
