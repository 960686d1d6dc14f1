//! The crash loop: clients post events while the server is killed at random moments and started again, over and over.
//! At the end everything that was acknowledged must be counted exactly once, by the audit and by the clients' own lists.

use crate::client::Client;
use crate::law;
use crate::plain::PlainEvent;
use crate::process::steady_port;
use crate::producer::{Habits, Sent, Shared, produce};
use crate::recount::{check_days, recount};
use crate::server::{Program, Server};
use anyhow::{Context, Result, ensure};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::thread::{Scope, ScopedJoinHandle, scope};
use std::time::{Duration, Instant};

/// How a server dies: it gets a running one and leaves a directory that another can be started on.
pub type Death = dyn Fn(Server) -> Result<()>;

/// A loop to be run.
pub struct CrashLoop {
    /// `Server::kill`, or worse.
    pub death: Box<Death>,
    /// The binary and an empty data directory.
    pub program: Program,
    /// What the server is started with.
    pub arguments: Vec<String>,
    /// Decides the moments and the events; a failure names it.
    pub seed: u64,
    /// How often the server dies.
    pub kills: u32,
    /// The longest time between two deaths; most are shorter.
    pub life_max: Duration,
    /// After so many of a hundred deaths it is waited until the server is ready, and looked whether anything is lost. While
    /// it recovers clients go on sending, so that a long loop which always waits grows its own log faster and faster.
    pub looked_after_percent: u32,
}

/// What a loop went through.
#[derive(Debug, Clone, Copy, Default)]
pub struct Survived {
    /// Deaths, those before the server was ready included.
    pub kills: u64,
    /// Distinct events that were acknowledged and counted.
    pub events: u64,
    /// Requests that got no reply.
    pub unknown_requests: u64,
    /// Requests that were refused for now.
    pub refused_requests: u64,
    /// Repeats that the server dropped.
    pub duplicates: u64,
}

/// Clients at work.
const CLIENTS: u64 = 4;
/// Events a second of all of them.
const RATE: f64 = 2_000.0;
const LATE_MICROS_MAX: i64 = 2 * 3_600 * 1_000_000;
/// Clients that send 30 batches a second hear something within this time, if the server is up to anything.
const REPLY_WAIT_MAX: Duration = Duration::from_millis(300);
/// A progress line after so many deaths.
const TELL_EVERY: u32 = 10;

impl CrashLoop {
    /// Runs it; an error names the seed, and the directory is as the server left it.
    pub fn run(&self) -> Result<Survived> {
        let what = || {
            format!(
                "seed {}, data in {}",
                self.seed,
                self.program.data_dir().display()
            )
        };
        self.run_seeded().with_context(what)
    }

    fn run_seeded(&self) -> Result<Survived> {
        let port = steady_port()?;
        let program = self.program.clone().on_port(port);
        let server = program.start(&self.arguments)?;
        let (api, key) = (server.api().to_owned(), server.key().to_owned());
        let shared = Shared::default();
        let (killed, sent) = scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|number| start_client(scope, (&api, &key), self.habits(number), &shared))
                .collect();
            let killed = Killer::new(self, &program, &shared).run(server);
            shared.is_over.store(true, Ordering::SeqCst);
            shared.is_abandoned.store(killed.is_err(), Ordering::SeqCst);
            let sent: Result<Vec<Sent>> = clients.into_iter().map(list_of).collect();
            (killed, sent)
        });
        let Killed {
            server,
            kills,
            loss,
        } = killed?;
        let sent = sent?;
        server.wait_until_ready()?;
        let lists = check_lists(&server, &sent);
        if let Some(loss) = loss {
            anyhow::bail!("{loss}; and the lists at the end: {lists:?}");
        }
        lists?;
        let survived = survived(kills, &sent, &server.settled_audit()?)?;
        // And once more, with nobody writing: what was counted is what is remembered.
        server.kill()?;
        let again = program.start(&self.arguments)?;
        check_lists(&again, &sent)?;
        Ok(survived)
    }

    fn habits(&self, client: u64) -> Habits {
        // About four events speak of each order.
        let orders = 2_000 + 300 * u64::from(self.kills);
        Habits {
            seed: self.seed.wrapping_mul(1_000).wrapping_add(client),
            rate: RATE / CLIENTS as f64,
            orders,
            late_micros_max: LATE_MICROS_MAX,
        }
    }
}

fn start_client<'s>(
    scope: &'s Scope<'s, '_>,
    (api, key): (&str, &str),
    habits: Habits,
    shared: &'s Shared,
) -> ScopedJoinHandle<'s, Result<Sent>> {
    let client = Client::new(api, key);
    scope.spawn(move || produce(&client?, habits, shared))
}

fn list_of(client: ScopedJoinHandle<'_, Result<Sent>>) -> Result<Sent> {
    let ended = client.join();
    ended.map_err(|_| anyhow::anyhow!("a client panicked"))?
}

/// The audit and the figures of every day are those of the clients' lists.
pub fn check_lists(server: &Client, sent: &[Sent]) -> Result<()> {
    let audit = server.settled_audit()?;
    let of = |name| law::figure(&audit, name);
    let events: Vec<&PlainEvent> = sent.iter().flat_map(|sent| &sent.events).collect();
    let total = |of: fn(&Sent) -> u64| -> u64 { sent.iter().map(of).sum() };
    ensure!(
        of("counted")? == events.len() as u64 && of("quarantined")? == 0,
        "{} events were acknowledged: {audit}",
        events.len()
    );
    let received = total(|sent| sent.lines_acknowledged)..=total(|sent| sent.lines_tried);
    ensure!(
        received.contains(&of("received")?),
        "between {received:?} lines were received: {audit}"
    );
    check_days(server, &recount(&events))
}

fn survived(kills: u64, sent: &[Sent], audit: &Value) -> Result<Survived> {
    let total = |of: fn(&Sent) -> u64| -> u64 { sent.iter().map(of).sum() };
    Ok(Survived {
        kills,
        events: law::figure(audit, "counted")?,
        unknown_requests: total(|sent| sent.unknown_requests),
        refused_requests: total(|sent| sent.refused_requests),
        duplicates: law::figure(audit, "duplicate")?,
    })
}

/// The server that lives in the end, how many died, and what was found missing after a death.
struct Killed {
    server: Server,
    kills: u64,
    loss: Option<String>,
}

/// Who kills the server.
struct Killer<'a> {
    plan: &'a CrashLoop,
    program: &'a Program,
    shared: &'a Shared,
    random: SmallRng,
    kills: u64,
    began: Instant,
}

impl<'a> Killer<'a> {
    fn new(plan: &'a CrashLoop, program: &'a Program, shared: &'a Shared) -> Killer<'a> {
        Killer {
            plan,
            program,
            shared,
            random: SmallRng::seed_from_u64(plan.seed),
            kills: 0,
            began: Instant::now(),
        }
    }

    /// Kills and restarts, until something is missing.
    fn run(mut self, mut server: Server) -> Result<Killed> {
        let mut loss = None;
        for death in 1..=self.plan.kills {
            let life = self.life();
            std::thread::sleep(life);
            if self.random.random_ratio(1, 2) {
                self.wait_for_a_reply();
            }
            let acknowledged = self.shared.acknowledged.load(Ordering::SeqCst);
            (self.plan.death)(server)?;
            self.kills += 1;
            server = self.revive().with_context(|| format!("death {death}"))?;
            if self
                .random
                .random_ratio(self.plan.looked_after_percent, 100)
            {
                loss = self.loss(&server, acknowledged)?;
            }
            if let Some(loss) = &mut loss {
                // The lists will tell whether it is really lost: clients go on until what they do not know is known.
                *loss = format!("after death {death}, {} ms old: {loss}", life.as_millis());
                break;
            }
            if death % TELL_EVERY == 0 {
                self.tell(death);
            }
        }
        Ok(Killed {
            server,
            kills: self.kills,
            loss,
        })
    }

    /// Until a client hears of a batch: whoever replies before it is safe is caught in the act.
    fn wait_for_a_reply(&self) {
        let acknowledged = || self.shared.acknowledged.load(Ordering::SeqCst);
        let (before, began) = (acknowledged(), Instant::now());
        while acknowledged() == before && began.elapsed() < REPLY_WAIT_MAX {
            std::hint::spin_loop();
        }
    }

    /// Short lives are more frequent than long ones.
    fn life(&mut self) -> Duration {
        let share: f64 = self.random.random();
        self.plan.life_max.mul_f64(share * share)
    }

    /// Starts the server again; now and then it dies while it starts.
    fn revive(&mut self) -> Result<Server> {
        while self.random.random_ratio(1, 10) {
            let mut child = self.program.launch(&self.plan.arguments, Stdio::null())?;
            std::thread::sleep(Duration::from_millis(self.random.random_range(0..200)));
            child.kill().context("kill a server that starts")?;
            child.wait().context("wait for its end")?;
            self.kills += 1;
        }
        self.program.start(&self.plan.arguments)
    }

    /// Everything that had been acknowledged before the death is counted once the server is ready.
    fn loss(&self, server: &Server, acknowledged: u64) -> Result<Option<String>> {
        server.wait_until_ready()?;
        let audit = server.audit()?;
        let is_lost = law::figure(&audit, "counted")? < acknowledged;
        Ok(is_lost.then(|| format!("{acknowledged} events had been acknowledged: {audit}")))
    }

    fn tell(&self, death: u32) {
        eprintln!(
            "crash loop: {death} of {} deaths, {} events acknowledged, {} s, seed {}",
            self.plan.kills,
            self.shared.acknowledged.load(Ordering::SeqCst),
            self.began.elapsed().as_secs(),
            self.plan.seed
        );
    }
}
