//! Workload W: a file of JSON events through decoding, checks, the durable log, duplicates and every live table.

use super::machine;
use super::rounded;
use crate::cli::BenchW;
use crate::command::up::tokio_runtime;
use crate::config::Config;
use crate::imports::{ImportRequest, ImportRun, KnownRepeats, Listener, run_import};
use crate::wiring;
use anyhow::Context;
use api::{ImportProgress, ImportSummary};
use runtime::{Clock, Runtime};
use serde_json::{Map, Value};
use simulator::WTruth;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

/// Makes the file, runs it through a fresh directory, compares with the truth.
pub fn run(config: &Config, options: &BenchW) -> anyhow::Result<Map<String, Value>> {
    let work_dir = options
        .work_dir
        .clone()
        .unwrap_or_else(std::env::temp_dir)
        .join(format!("shopstream-bench-{}", std::process::id()));
    std::fs::create_dir_all(&work_dir).with_context(|| format!("create {}", work_dir.display()))?;
    let figures = measure(config, options, &work_dir);
    std::fs::remove_dir_all(&work_dir).with_context(|| format!("delete {}", work_dir.display()))?;
    figures
}

fn measure(
    config: &Config,
    options: &BenchW,
    work_dir: &Path,
) -> anyhow::Result<Map<String, Value>> {
    let path = work_dir.join("w.ndjson");
    eprintln!("writing {} events to {}", options.events, path.display());
    let mut file =
        BufWriter::with_capacity(1 << 20, File::create(&path).context("create the workload")?);
    let truth = simulator::workload_w(options.seed, options.events, &mut file)
        .context("write the workload")?;
    file.flush().context("write the workload")?;
    let mut config = config.clone();
    config.data_dir = work_dir.join("data");
    eprintln!("running");
    tokio_runtime()?.block_on(load(&config, options, &path, &truth))
}

struct Quiet;

impl Listener for Quiet {
    fn guess(&mut self, _: &[String]) {}
    fn show(&mut self, _: &ImportProgress) {}
}

async fn load(
    config: &Config,
    options: &BenchW,
    path: &Path,
    truth: &WTruth,
) -> anyhow::Result<Map<String, Value>> {
    let runtime = Runtime::new(Clock::machine());
    let clock = runtime.clock().clone();
    let (began, cpu_before) = (clock.monotonic(), machine::cpu_seconds());
    let core = wiring::start(config, &runtime).await?;
    let file = workload().file_options(config, &core.enrichment)?;
    let repeats = KnownRepeats::before(&core.live, 0);
    let read = Box::new(File::open(path).context("open the workload")?);
    let (log, live) = (Arc::clone(&core.log), core.live.clone());
    let (import_clock, import_config) = (clock.clone(), config.clone());
    let counted = tokio::task::spawn_blocking(move || {
        let run = ImportRun {
            into: Some((&log, &live)),
            clock: &import_clock,
            rows_max: None,
            config: &import_config,
        };
        run_import(read, file, &run, &mut Quiet)
    });
    let mut report = counted.await.context("read the workload")??;
    let read_seconds = (clock.monotonic() - began).as_secs_f64();
    core.stream
        .wait_published(core.log.end_position().frame)
        .await;
    core.stream.wait_archived(core.log.end()).await;
    let seconds = (clock.monotonic() - began).as_secs_f64();
    let cpu = machine::cpu_seconds() - cpu_before;
    repeats.settle(&mut report);
    let stored = machine::log_bytes(&config.data_dir.join("log"));
    let figures = figures(
        options,
        &report,
        truth,
        &[
            ("seconds", seconds),
            ("seconds_until_durable", read_seconds),
            (
                "events_per_second",
                (options.events as f64 / seconds).round(),
            ),
            ("cpu_seconds_per_million", cpu / options.events as f64 * 1e6),
            ("log_bytes_per_event", stored as f64 / options.events as f64),
            ("memory_peak_mb", machine::memory_peak_mb()),
        ],
    );
    core.close(&runtime).await?;
    Ok(figures)
}

fn workload() -> ImportRequest {
    ImportRequest {
        name: "w".into(),
        store: "main".into(),
        dialect: "json".into(),
        ..ImportRequest::default()
    }
}

fn figures(
    options: &BenchW,
    report: &ImportSummary,
    truth: &WTruth,
    measured: &[(&str, f64)],
) -> Map<String, Value> {
    let mut figures = Map::new();
    figures.insert("workload".into(), "w".into());
    figures.insert("events".into(), options.events.into());
    figures.extend(
        measured
            .iter()
            .map(|(name, value)| ((*name).to_owned(), rounded(*value))),
    );
    figures.insert("cores".into(), machine::cores().into());
    let counts = [
        ("accepted", report.counts.accepted),
        ("duplicate", report.counts.duplicate),
        ("quarantined", report.counts.quarantined),
    ];
    figures.extend(
        counts
            .iter()
            .map(|(name, count)| ((*name).to_owned(), (*count).into())),
    );
    let wrong = differences(report, truth);
    figures.insert("answers_right".into(), wrong.is_empty().into());
    if !wrong.is_empty() {
        figures.insert("differences".into(), wrong.into());
    }
    figures
}

/// Answers that are not what the generator's own count says.
fn differences(report: &ImportSummary, truth: &WTruth) -> Vec<String> {
    let expected = [
        ("accepted", report.counts.accepted, truth.unique_valid),
        ("duplicate", report.counts.duplicate, truth.duplicates),
        ("quarantined", report.counts.quarantined, truth.invalid),
    ];
    let wrong = expected
        .into_iter()
        .filter(|(_, found, expected)| found != expected);
    wrong
        .map(|(name, found, expected)| format!("{name}: {found}, expected {expected}"))
        .collect()
}
