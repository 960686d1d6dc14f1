//! `simulate`: plays a believable shop to a server, a file, a folder of files or standard output, with the truth beside it.
//! What the shop is stands in a plan; here the plan meets the command line, the clock and the disk.

mod bursts;
mod output;
mod truth;
mod wish;

use crate::cli::{Simulate, Target};
use crate::client::Client;
use crate::command::up::tokio_runtime;
use crate::exit::{Exit, Problem};
use anyhow::Context;
use bursts::Bursts;
use output::Output;
use runtime::{Clock, Runtime};
use simulator::{Delivery, Time, TruthKept};
use std::path::Path;
use std::time::Duration;
use truth::TruthFiles;
use wish::Wish;

/// How often due events are sent.
const STEP: Duration = Duration::from_millis(50);
/// Most bytes of events sent at once; a shop that fell behind catches up in several steps.
const BODY_BYTES_MAX: usize = 2 << 20;
/// Bytes gathered before they are handed to a file.
const CHUNK_BYTES: usize = 256 << 10;

/// Plays until a limit is reached or a signal comes.
pub fn run(options: &Simulate, data_dir: &Path) -> anyhow::Result<Exit> {
    if options.print_profile {
        print!("{}", simulator::profile_text(&options.profile)?);
        return Ok(Exit::Done);
    }
    let clock = Clock::machine();
    let wish = Wish::of(options, clock.now())?;
    let delivery = Delivery::new(wish.settings, wish.terms).map_err(wish::refused)?;
    let mut play = Play {
        delivery,
        bursts: wish.bursts,
        start: wish.start,
    };
    let mut truth = TruthFiles::create(options.truth.as_deref())?;
    match wish.target {
        Target::Http => {
            let live = play_live(&mut play, &mut truth, options, clock, data_dir);
            tokio_runtime()?.block_on(live)?;
        }
        _ => {
            let began = clock.monotonic();
            let mut output = Output::create(wish.target, options, wish.terms.format)?;
            write_all(&mut play, &mut truth, &mut output)?;
            report(&play.delivery, &output, clock.monotonic() - began);
        }
    }
    truth.finish(&mut play.delivery)?;
    Ok(Exit::Done)
}

/// How much of the truth these files need.
fn truth_kept(truth: Option<&Path>) -> TruthKept {
    match truth {
        None => TruthKept::Nothing,
        Some(path) if truth::is_one_file(path) => TruthKept::Sums,
        Some(_) => TruthKept::Tables,
    }
}

/// A delivery and when it pauses.
struct Play {
    delivery: Delivery,
    bursts: Option<Bursts>,
    start: Time,
}

impl Play {
    /// When the next event comes; none when all is over.
    fn next_time(&mut self) -> Option<Time> {
        if self.delivery.is_over() {
            return None;
        }
        let next = self.delivery.next_time();
        let Some(bursts) = &self.bursts else {
            return Some(next);
        };
        let since = Duration::from_micros(next.0.abs_diff(self.start.0));
        let busy = bursts.busy_from(since)?;
        if busy > since {
            let time = self.start.plus(busy.as_micros() as i64);
            self.delivery.skip_to(time);
        }
        (!self.delivery.is_over()).then(|| self.delivery.next_time())
    }
}

/// Writes as fast as it goes; a reader that has seen enough ends it without a complaint.
fn write_all(play: &mut Play, truth: &mut TruthFiles, output: &mut Output) -> anyhow::Result<()> {
    let mut lines = Vec::with_capacity(CHUNK_BYTES + 8_192);
    while play.next_time().is_some() {
        play.delivery.next(&mut lines);
        if lines.len() >= CHUNK_BYTES {
            if !output.write(&lines)? {
                return Ok(());
            }
            lines.clear();
            truth.take_rows(&mut play.delivery)?;
        }
    }
    play.delivery.finish(&mut lines);
    output.write(&lines)?;
    output.finish()
}

/// Says on a terminal, or to whoever measures, what was made; standard output stays the events' own.
fn report(delivery: &Delivery, output: &Output, took: Duration) {
    let bytes = output.bytes();
    let seconds = took.as_secs_f64();
    if let Some(place) = output.place() {
        let lines = delivery.lines();
        eprintln!(
            "{lines} lines, {bytes} bytes {place} in {seconds:.2} s: {:.0} a second",
            lines as f64 / seconds.max(1e-9)
        );
    }
}

async fn play_live(
    play: &mut Play,
    truth: &mut TruthFiles,
    options: &Simulate,
    clock: Clock,
    data_dir: &Path,
) -> anyhow::Result<()> {
    let runtime = Runtime::new(clock.clone());
    runtime.obey_signals().context("listen for signals")?;
    let stop = runtime.stop_token();
    let client = Client::to(&options.url, options.key.clone(), data_dir)?;
    let mut lines = Vec::new();
    while !stop.is_cancelled()
        && let Some(next) = play.next_time()
    {
        if next.0 > clock.now().0 {
            tokio::time::sleep(STEP).await;
            continue;
        }
        while lines.len() < BODY_BYTES_MAX
            && play.next_time().is_some_and(|next| next.0 <= clock.now().0)
        {
            play.delivery.next(&mut lines);
        }
        send(&client, &mut lines).await?;
        truth.take_rows(&mut play.delivery)?;
    }
    play.delivery.finish(&mut lines);
    send(&client, &mut lines).await?;
    eprintln!("{} events sent to {}", play.delivery.lines(), options.url);
    Ok(())
}

async fn send(client: &Client, lines: &mut Vec<u8>) -> anyhow::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    client.send_events(std::mem::take(lines)).await
}

/// A wrong word on the command line.
fn cannot_read(option: &str, text: &str, mend: &str) -> Problem {
    Problem::usage(format!("{option} {text} cannot be read"), mend)
}
