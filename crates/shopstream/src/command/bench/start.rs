//! From process start to the first result: a fresh process, an empty directory, 1,000 events.

use super::{machine, rounded};
use crate::command::player::Player;
use crate::config::Config;
use anyhow::{Context, ensure};
use runtime::Clock;
use serde_json::{Map, Value};
use simulator::{Format, Settings, Shop, Time};
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs measured; the median is quoted.
const RUNS: usize = 11;
/// Events loaded.
const EVENTS: u64 = 1_000;

/// Measures whole processes.
pub fn run(_: &Config) -> anyhow::Result<Map<String, Value>> {
    let work_dir = std::env::temp_dir().join(format!("shopstream-start-{}", std::process::id()));
    std::fs::create_dir_all(&work_dir).context("create a work folder")?;
    let measured = measure(&work_dir);
    std::fs::remove_dir_all(&work_dir).context("delete the work folder")?;
    let mut seconds = measured?;
    seconds.sort_by(f64::total_cmp);
    let mut figures = Map::new();
    figures.insert("workload".into(), "start".into());
    figures.insert("events".into(), EVENTS.into());
    figures.insert("runs".into(), RUNS.into());
    figures.insert(
        "milliseconds_median".into(),
        rounded(seconds[RUNS / 2] * 1e3),
    );
    figures.insert("milliseconds_max".into(), rounded(seconds[RUNS - 1] * 1e3));
    figures.insert("cores".into(), machine::cores().into());
    Ok(figures)
}

fn measure(work_dir: &Path) -> anyhow::Result<Vec<f64>> {
    let clock = Clock::machine();
    let file = work_dir.join("events.ndjson");
    let settings = Settings::new(1, Time(clock.now().0 - 60_000_000));
    let mut player = Player::new(
        Shop::new(settings).context("open the simulated shop")?,
        Format::Canonical,
    );
    let mut lines = Vec::new();
    (0..EVENTS).for_each(|_| player.next_line(&mut lines));
    std::fs::write(&file, lines).context("write the events")?;
    let program = std::env::current_exe().context("find this program")?;
    let one = |run: usize| -> anyhow::Result<f64> {
        let began = clock.monotonic();
        let child = Command::new(&program)
            .args(["ingest", "--format", "json", "--data-dir"])
            .arg(work_dir.join(format!("data-{run}")))
            .arg(&file)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .context("start a process")?;
        let seconds = (clock.monotonic() - began).as_secs_f64();
        ensure!(child.status.success(), "the process failed");
        let report: Value = serde_json::from_slice(&child.stdout).context("read its result")?;
        ensure!(
            report["accepted"] == EVENTS,
            "it counted {} of {EVENTS}",
            report["accepted"]
        );
        Ok(seconds)
    };
    (0..RUNS).map(one).collect()
}
