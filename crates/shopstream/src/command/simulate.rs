//! `simulate`: plays a believable shop to a server, a file or standard output.

use crate::cli::{Simulate, SimulatedDialect, Target};
use crate::client::Client;
use crate::command::player::Player;
use crate::command::up::tokio_runtime;
use crate::exit::{Exit, Problem};
use anyhow::Context;
use runtime::{Clock, Runtime, UnixMicros};
use simulator::{Format, Rate, Settings, Shop, Time};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

/// How often due events are sent.
const STEP: Duration = Duration::from_millis(50);
/// Events written to a file where no number is given.
const FILE_EVENTS: u64 = 100_000;

/// A shop that is busy for a while, then quiet for a while, several times.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bursts {
    rate: f64,
    busy: Duration,
    quiet: Duration,
    times: u32,
}

/// Plays until the count is reached or a signal comes.
pub fn run(options: &Simulate, data_dir: &Path) -> anyhow::Result<Exit> {
    let bursts = options.burst.as_deref().map(parse_bursts).transpose()?;
    let clock = Clock::machine();
    let rate = Rate::per_second(bursts.map_or(options.rate, |bursts| bursts.rate));
    let mut settings = Settings::new(options.seed, start(options, rate, clock.now()));
    settings.rate = rate;
    let shop = Shop::new(settings).context("open the simulated shop")?;
    let format = match options.dialect {
        SimulatedDialect::Canonical => Format::Canonical,
        SimulatedDialect::Generator => Format::Seed,
    };
    let mut player = Player::new(shop, format);
    match options.to {
        Target::Http => {
            tokio_runtime()?.block_on(play_live(&mut player, options, bursts, clock, data_dir))?
        }
        Target::File => {
            let path = options.out.as_deref().ok_or_else(|| {
                Problem::usage("--to file needs a file", "name it with --out FILE")
            })?;
            let file = File::create(path).with_context(|| format!("create {}", path.display()))?;
            write_all(
                &mut player,
                BufWriter::new(file),
                options.count.unwrap_or(FILE_EVENTS),
            )?;
        }
        Target::Stdout => write_all(
            &mut player,
            std::io::stdout().lock(),
            options.count.unwrap_or(u64::MAX),
        )?,
    }
    if let Some(path) = &options.truth {
        let mut truth = Vec::new();
        player
            .truth()
            .write_json(&mut truth)
            .context("write the truth")?;
        std::fs::write(path, truth).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(Exit::Done)
}

/// A live shop starts now; a file ends now, since events of the future would be refused.
fn start(options: &Simulate, rate: Rate, now: UnixMicros) -> Time {
    let count = match options.to {
        Target::Http => 0,
        Target::File | Target::Stdout => options.count.unwrap_or(FILE_EVENTS),
    };
    let seconds = count as f64 / rate.events_per_second();
    Time(
        now.minus(Duration::try_from_secs_f64(seconds).unwrap_or_default())
            .0,
    )
}

/// Writes as fast as it goes; a reader that has seen enough ends it without a complaint.
fn write_all(player: &mut Player, mut out: impl Write, count: u64) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    while player.played() < count {
        lines.clear();
        for _ in 0..(count - player.played()).min(1_000) {
            player.next_line(&mut lines);
        }
        match out.write_all(&lines) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
            written => written.context("write events")?,
        }
    }
    out.flush().context("write events")
}

async fn play_live(
    player: &mut Player,
    options: &Simulate,
    bursts: Option<Bursts>,
    clock: Clock,
    data_dir: &Path,
) -> anyhow::Result<()> {
    let runtime = Runtime::new(clock.clone());
    runtime.obey_signals().context("listen for signals")?;
    let client = Client::to(&options.url, options.key.clone(), data_dir)?;
    let count = options.count.unwrap_or(u64::MAX);
    let began = clock.monotonic();
    let mut lines = Vec::new();
    while player.played() < count && !runtime.stop_token().is_cancelled() {
        if let Some(bursts) = bursts {
            match bursts.at(clock.monotonic() - began) {
                Phase::Busy => {}
                Phase::Quiet => player.skip_to(clock.now()),
                Phase::Over => break,
            }
        }
        if player.due(clock.now(), count - player.played(), &mut lines) == 0 {
            tokio::time::sleep(STEP).await;
            continue;
        }
        client.send_events(std::mem::take(&mut lines)).await?;
    }
    eprintln!("{} events sent to {}", player.played(), options.url);
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Busy,
    Quiet,
    Over,
}

impl Bursts {
    fn at(&self, since_start: Duration) -> Phase {
        let period = self.busy + self.quiet;
        if since_start >= period * self.times {
            return Phase::Over;
        }
        let within =
            Duration::from_nanos((since_start.as_nanos() % period.as_nanos().max(1)) as u64);
        if within < self.busy {
            Phase::Busy
        } else {
            Phase::Quiet
        }
    }
}

/// `2000:10s:10s:10`.
fn parse_bursts(text: &str) -> Result<Bursts, Problem> {
    let mend = || {
        Problem::usage(
            format!("--burst {text} cannot be read"),
            "write it as RATE:FOR:PAUSE:TIMES, such as 2000:10s:10s:10",
        )
    };
    let parts: Vec<&str> = text.split(':').collect();
    let [rate, busy, quiet, times] = parts.as_slice() else {
        return Err(mend());
    };
    let seconds = |text: &str| {
        text.strip_suffix('s')
            .and_then(|number| number.parse().ok())
            .map(Duration::from_secs_f64)
            .ok_or_else(mend)
    };
    Ok(Bursts {
        rate: rate.parse().map_err(|_| mend())?,
        busy: seconds(busy)?,
        quiet: seconds(quiet)?,
        times: times.parse().map_err(|_| mend())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_are_busy_then_quiet_and_end() {
        let bursts = parse_bursts("2000:10s:5s:2").expect("well written");
        let at = |second: u64| bursts.at(Duration::from_secs(second));
        assert_eq!(
            [at(0), at(9), at(10), at(15), at(29), at(30)],
            [
                Phase::Busy,
                Phase::Busy,
                Phase::Quiet,
                Phase::Busy,
                Phase::Quiet,
                Phase::Over
            ]
        );
        assert!(parse_bursts("2000:10:5s:2").is_err());
        assert!(parse_bursts("2000").is_err());
    }
}
