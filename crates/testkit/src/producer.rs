//! A client that keeps its own list: what it sent, what was acknowledged, and what it does not know.
//! What it does not know it sends again, with the same ids, until it does; it believes nothing but a reply.

use crate::client::{Answer, Client};
use crate::plain::{Happenings, PlainEvent};
use anyhow::{Context, Result, ensure};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A server that does not answer for so long will not come back.
const DOWN_MAX: Duration = Duration::from_secs(300);
/// Pause before a server that is away is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(15);
/// A client that fell behind by more does not catch up: the server was away.
const BEHIND_MAX: Duration = Duration::from_millis(500);
/// Of a hundred events so many are sent again although they were acknowledged.
const REPEATS_PERCENT: usize = 3;
const BATCH_MAX: usize = 120;

/// How a client behaves.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    /// Same seed, same events but for their times.
    pub seed: u64,
    /// Events a second.
    pub rate: f64,
    /// Orders are numbered below this.
    pub orders: u64,
    /// Events are up to so late.
    pub late_micros_max: i64,
}

/// What clients and the one who kills the server know of each other.
#[derive(Debug, Default)]
pub struct Shared {
    /// Set once: send nothing new, find out what became of the rest, and end.
    pub is_over: AtomicBool,
    /// Set once: nobody will answer any more.
    pub is_abandoned: AtomicBool,
    /// Distinct events that all clients together know to be taken.
    pub acknowledged: AtomicU64,
}

/// A client's list.
#[derive(Debug, Default)]
pub struct Sent {
    /// Events that were acknowledged, each once.
    pub events: Vec<PlainEvent>,
    /// Lines in requests that were acknowledged, repeats included.
    pub lines_acknowledged: u64,
    /// Lines in all requests, whatever became of them.
    pub lines_tried: u64,
    /// Requests without a reply.
    pub unknown_requests: u64,
    /// Requests that were refused for now.
    pub refused_requests: u64,
}

impl Habits {
    /// For a test of its own: a few thousand orders, events up to two hours late, as fast as it goes.
    #[must_use]
    pub fn of_seed(seed: u64) -> Habits {
        Habits {
            seed,
            rate: f64::INFINITY,
            orders: 2_000,
            late_micros_max: 2 * 3_600 * 1_000_000,
        }
    }
}

/// Sends so many events as fast as they are taken; all of them are acknowledged then.
pub fn produce_events(client: &Client, habits: Habits, events: usize) -> Result<Sent> {
    let shared = Shared::default();
    let mut producer = Producer::new(client, habits, &shared);
    while producer.sent.events.len() < events {
        producer.batch()?;
    }
    Ok(producer.sent)
}

/// Sends until it is told to end; every event it made is acknowledged then.
pub fn produce(client: &Client, habits: Habits, shared: &Shared) -> Result<Sent> {
    let mut producer = Producer::new(client, habits, shared);
    let mut due = Instant::now();
    while !shared.is_over.load(Ordering::Relaxed) {
        let lines = producer.batch()?;
        let pause = Duration::from_secs_f64(lines as f64 / habits.rate);
        due = (due + pause).max(Instant::now().checked_sub(BEHIND_MAX).unwrap_or(due));
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    Ok(producer.sent)
}

struct Producer<'a> {
    client: &'a Client,
    shared: &'a Shared,
    happenings: Happenings,
    random: SmallRng,
    sent: Sent,
}

impl<'a> Producer<'a> {
    fn new(client: &'a Client, habits: Habits, shared: &'a Shared) -> Producer<'a> {
        Producer {
            client,
            shared,
            happenings: Happenings::new(habits.seed, habits.orders, habits.late_micros_max),
            random: SmallRng::seed_from_u64(habits.seed ^ 1),
            sent: Sent::default(),
        }
    }

    /// Makes a batch and sends it until it is acknowledged; its lines.
    fn batch(&mut self) -> Result<usize> {
        let size = self.random.random_range(1..=BATCH_MAX);
        let fresh: Vec<PlainEvent> = (0..size)
            .map(|_| self.happenings.next(now_micros()))
            .collect();
        let repeated: Vec<&PlainEvent> = self.repeats(size);
        let lines = fresh.len() + repeated.len();
        let body: String = (fresh.iter().chain(repeated))
            .map(|event| format!("{}\n", event.json()))
            .collect();
        self.send(body, lines)?;
        (self.shared.acknowledged).fetch_add(fresh.len() as u64, Ordering::SeqCst);
        self.sent.events.extend(fresh);
        Ok(lines)
    }

    fn repeats(&mut self, size: usize) -> Vec<&PlainEvent> {
        let known = self.sent.events.len();
        let is_repeated =
            |_: &usize| known > 0 && self.random.random_range(0..100) < REPEATS_PERCENT;
        let count = (0..size).filter(is_repeated).count();
        let places: Vec<usize> = (0..count)
            .map(|_| self.random.random_range(0..known))
            .collect();
        places.into_iter().map(|at| &self.sent.events[at]).collect()
    }

    fn send(&mut self, body: String, lines: usize) -> Result<()> {
        let began = Instant::now();
        loop {
            self.sent.lines_tried += lines as u64;
            match self.client.offer(body.clone().into_bytes()) {
                Ok(answer) if answer.status == 202 => {
                    self.sent.lines_acknowledged += lines as u64;
                    return check_receipt(&answer, lines);
                }
                Ok(answer) if matches!(answer.status, 429 | 503) => {
                    ensure!(answer.retry_after_s.is_some(), "no Retry-After: {answer:?}");
                    self.sent.refused_requests += 1;
                }
                Ok(answer) => anyhow::bail!("a batch was refused: {answer:?}"),
                Err(_) => self.sent.unknown_requests += 1,
            }
            let is_abandoned = self.shared.is_abandoned.load(Ordering::Relaxed);
            ensure!(
                began.elapsed() < DOWN_MAX && !is_abandoned,
                "nobody answers any more"
            );
            std::thread::sleep(TRY_AGAIN);
        }
    }
}

/// Every line was taken: these clients send nothing that deserves a refusal.
fn check_receipt(answer: &Answer, lines: usize) -> Result<()> {
    let receipt: Value = serde_json::from_str(&answer.text).context("read a receipt")?;
    let of = |name: &str| receipt["data"][name].as_u64();
    let taken = of("accepted")
        .zip(of("duplicate"))
        .map(|(new, known)| new + known);
    ensure!(
        taken == Some(lines as u64),
        "{lines} lines were sent: {receipt}"
    );
    Ok(())
}

/// The time of day, which events carry.
pub fn now_micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_micros() as i64)
}
