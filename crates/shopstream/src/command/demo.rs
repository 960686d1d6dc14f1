//! `demo`: `up` with a simulated shop behind it and a browser in front of it.

use crate::cli::Demo;
use crate::command::player::Player;
use crate::command::up;
use crate::config::Config;
use crate::exit::{Exit, Problem};
use crate::wiring::Core;
use anyhow::Context;
use event::frame::SourceInfo;
use ingest::{Door, Refused, Request};
use runtime::{Clock, Runtime};
use simulator::{Format, Rate, Settings, Shop, Time};
use std::path::Path;
use std::time::Duration;

/// How often due events are sent.
const STEP: Duration = Duration::from_millis(50);
/// Marks a directory that a demo made and may start afresh.
const MARKER: &str = "demo-shop";

/// Runs until a signal.
pub fn run(mut config: Config, options: &Demo) -> anyhow::Result<Exit> {
    if config.data_dir == Config::default().data_dir {
        config.data_dir = config.data_dir.join("demo");
    }
    start_afresh(&config.data_dir)?;
    let options = options.clone();
    up::serve(
        config,
        if options.no_browser {
            "demo --no-browser"
        } else {
            "demo"
        },
        move |core, runtime| play(core, runtime, &options),
    )
}

/// A demo shop has no past worth keeping: replaying it would only delay the first chart.
fn start_afresh(data_dir: &Path) -> anyhow::Result<()> {
    let marker = data_dir.join(MARKER);
    if marker.exists() {
        // Keys stay, so that a page opened before still knows its key.
        std::fs::remove_dir_all(data_dir.join("log"))
            .or_else(ignore_missing)
            .context("delete the last demo's events")?;
    } else if data_dir.join("log").exists() {
        let what = format!("{} holds a shop that is no demo", data_dir.display());
        return Err(Problem::usage(
            what,
            "name another folder with --data-dir, or run `shopstream up` to see that shop",
        )
        .into());
    }
    std::fs::create_dir_all(data_dir).with_context(|| format!("create {}", data_dir.display()))?;
    std::fs::write(
        &marker,
        "made by `shopstream demo`; its events are deleted at the next start\n",
    )
    .context("mark the demo's folder")
}

fn ignore_missing(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound {
        Ok(())
    } else {
        Err(error)
    }
}

fn play(core: &Core, runtime: &Runtime, options: &Demo) -> anyhow::Result<()> {
    let clock = runtime.clock().clone();
    let history = Duration::from_secs(u64::from(options.history_minutes) * 60);
    let mut settings = Settings::new(options.seed, Time(clock.now().minus(history).0));
    settings.rate = Rate::per_second(options.rate);
    let player = Player::new(
        Shop::new(settings).context("open the simulated shop")?,
        Format::Canonical,
    );
    let (door, stop) = (core.door.clone(), runtime.stop_token());
    runtime.spawn("simulator", async move {
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            ended = feed(player, door, clock) => ended,
        }
    });
    Ok(())
}

async fn feed(mut player: Player, door: Door, clock: Clock) -> Result<(), Refused> {
    let mut lines = Vec::new();
    loop {
        if player.due(clock.now(), u64::MAX, &mut lines) == 0 {
            tokio::time::sleep(STEP).await;
            continue;
        }
        let source = SourceInfo {
            source: "simulator".into(),
            name: "simulated shop".into(),
            store: "main".into(),
        };
        match door
            .submit(Request {
                source,
                body: std::mem::take(&mut lines),
                idempotency_key: None,
            })
            .await
        {
            Ok(_) | Err(Refused::Breach(_)) => {}
            Err(Refused::Stopping) => return Ok(()),
            Err(Refused::Overloaded | Refused::Unavailable(_)) => {
                tokio::time::sleep(Duration::from_secs(1)).await
            }
            Err(failed @ Refused::Failed(_)) => return Err(failed),
        }
    }
}
