//! `ingest`: loads files into the server that owns the data directory, or into the directory itself where none runs.

pub mod bar;
mod look;
mod report;
pub mod request;

use crate::cli::Ingest;
use crate::client::Client;
use crate::command::up::tokio_runtime;
use crate::config::Config;
use crate::exit::{Exit, Problem};
use crate::imports::{ImportRun, KnownRepeats, Listener, run_import};
use crate::wiring;
use anyhow::Context;
use api::{ImportProgress, ImportSummary};
use bar::Bar;
use futures_util::TryStreamExt;
use ingest::Enrichment;
use ingest::file::SteadyFile;
use request::Given;
use runtime::{Clock, Runtime};
use serde::Deserialize;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Reads every file, then prints what they came to.
pub fn run(config: Config, options: &Ingest) -> anyhow::Result<Exit> {
    let given = Given::read(&config, options)?;
    if options.preview {
        return look::run(&config, &given);
    }
    request::save_mapping(&config, &given)?;
    let reports = tokio_runtime()?.block_on(ingest(&config, &given))?;
    let mut exit = Exit::Done;
    for (path, summary) in &reports {
        report::print(path, summary, options)?;
        report::remarks(path, summary)
            .iter()
            .for_each(|remark| eprintln!("{remark}"));
        if report::exit_of(summary) != Exit::Done {
            exit = report::exit_of(summary);
        }
    }
    Ok(exit)
}

async fn ingest(
    config: &Config,
    given: &Given<'_>,
) -> anyhow::Result<Vec<(PathBuf, ImportSummary)>> {
    let options = given.options;
    if options.check {
        let enrichment = config.enrichment()?;
        return options
            .files
            .iter()
            .map(|path| Ok((path.clone(), check(config, &enrichment, path, given)?)))
            .collect();
    }
    let client = match &options.url {
        Some(url) => Some(Client::to(url, options.key.clone(), &config.data_dir)?),
        None => Client::of_data_dir(&config.data_dir).await?,
    };
    match client {
        Some(client) => send(&client, given).await,
        None => load(config, given).await,
    }
}

/// The bytes of a file, or of standard input.
pub fn open(path: &Path) -> anyhow::Result<Box<dyn Read + Send>> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdin()));
    }
    let explain = |error: std::io::Error| {
        Problem::failed(
            format!("cannot read {}: {error}", path.display()),
            "check the name and your right to read it",
        )
    };
    let file = File::open(path).map_err(explain)?;
    if file.metadata().map_err(explain)?.is_dir() {
        return Err(Problem::usage(
            format!("{} is a folder", path.display()),
            "name the files in it",
        )
        .into());
    }
    Ok(Box::new(SteadyFile::new(file).map_err(explain)?))
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(
        || "standard input".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn check(
    config: &Config,
    enrichment: &Enrichment,
    path: &Path,
    given: &Given<'_>,
) -> anyhow::Result<ImportSummary> {
    let file = given.request(path).file_options(config, enrichment)?;
    let mut bar = Bar::start(path);
    let run = ImportRun {
        into: None,
        clock: &Clock::machine(),
        rows_max: given.options.limit,
        config,
    };
    run_import(bar.reading(open(path)?), file, &run, &mut bar).map_err(explain)
}

/// No server runs: open the directory, work until every event is counted, leave it clean.
async fn load(config: &Config, given: &Given<'_>) -> anyhow::Result<Vec<(PathBuf, ImportSummary)>> {
    let runtime = Runtime::new(Clock::machine());
    runtime.obey_signals().context("listen for signals")?;
    let core = wiring::start(config, &runtime).await?;
    let mut reports = Vec::new();
    for path in &given.options.files {
        let request = given.request(path);
        let file = request.file_options(config, &core.enrichment)?;
        core.stream
            .wait_published(core.log.end_position().frame)
            .await;
        let repeats = KnownRepeats::before(&core.live, core.log.end());
        let (log, live) = (Arc::clone(&core.log), core.live.clone());
        let (clock, config) = (runtime.clock().clone(), config.clone());
        let (read_path, mut bar) = (path.clone(), Bar::start(path));
        let counted = tokio::task::spawn_blocking(move || {
            let run = ImportRun {
                into: Some((&log, &live)),
                clock: &clock,
                rows_max: request.rows_max,
                config: &config,
            };
            run_import(bar.reading(open(&read_path)?), file, &run, &mut bar).map_err(explain)
        });
        let mut report = counted.await.context("read the file")??;
        core.stream
            .wait_published(core.log.end_position().frame)
            .await;
        repeats.settle(&mut report);
        reports.push((path.clone(), report));
    }
    core.stream.wait_archived(core.log.end()).await;
    core.close(&runtime).await?;
    Ok(reports)
}

/// A server runs: send the file through its door.
async fn send(client: &Client, given: &Given<'_>) -> anyhow::Result<Vec<(PathBuf, ImportSummary)>> {
    let mut reports = Vec::new();
    for path in &given.options.files {
        let mut bar = Bar::start(path);
        let report = send_file(client, path, given, &mut bar).await?;
        reports.push((path.clone(), report));
    }
    Ok(reports)
}

async fn send_file(
    client: &Client,
    path: &Path,
    given: &Given<'_>,
    bar: &mut Bar,
) -> anyhow::Result<ImportSummary> {
    let request = given.request(path);
    let failure = Arc::new(OnceLock::new());
    let body = read_in_background(bar.reading(open(path)?), Arc::clone(&failure));
    let upload = client
        .request(reqwest::Method::POST, "/api/v1/imports")
        .query(&request.query())
        .body(reqwest::Body::wrap_stream(body));
    // What broke the connection says more than that it broke.
    let report = hear_of(client, upload, bar).await;
    report.map_err(|error| match failure.get() {
        Some(what) => Problem::failed(
            format!("cannot read {}: {what}", path.display()),
            "repeat the import once nothing writes to it: rows that came in already are not counted twice",
        )
        .into(),
        None => error,
    })
}

async fn hear_of(
    client: &Client,
    upload: reqwest::RequestBuilder,
    bar: &mut Bar,
) -> anyhow::Result<ImportSummary> {
    let mut answer = client.send(upload).await?.bytes_stream();
    let mut buffered = Vec::new();
    while let Some(bytes) = answer.try_next().await.context("hear from the server")? {
        buffered.extend_from_slice(&bytes);
        while let Some(end) = buffered.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = buffered.drain(..=end).collect();
            match serde_json::from_slice(&line).context("read the server's answer")? {
                Told::Progress(progress) => bar.show(&progress),
                Told::Done(summary) => return Ok(*summary),
                Told::Problem(problem) => {
                    let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
                    return Err(Problem::failed(text("detail"), text("hint")).into());
                }
            }
        }
    }
    Err(Problem::failed(
        "the server ended the import without a result",
        "look at its log, then run the command again: nothing is counted twice",
    )
    .into())
}

/// Reads on a blocking thread, so that a slow disk or pipe holds up nothing else; says why it stopped, if it failed.
fn read_in_background(
    mut read: Box<dyn Read + Send>,
    failure: Arc<OnceLock<String>>,
) -> impl futures_util::Stream<Item = std::io::Result<bytes::Bytes>> {
    let (chunks, receiver) = tokio::sync::mpsc::channel(4);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut chunk = vec![0; 256 << 10];
            let chunk = match read.read(&mut chunk) {
                Ok(0) => return,
                Ok(length) => {
                    chunk.truncate(length);
                    Ok(bytes::Bytes::from(chunk))
                }
                Err(error) => {
                    failure.get_or_init(|| error.to_string());
                    Err(error)
                }
            };
            if chunks.blocking_send(chunk).is_err() {
                return;
            }
        }
    });
    futures_util::stream::unfold(receiver, |mut receiver| async move {
        Some((receiver.recv().await?, receiver))
    })
}

/// A line of the answer to an import.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    Progress(ImportProgress),
    Done(Box<ImportSummary>),
    Problem(serde_json::Value),
}

/// Why an import ended early.
pub fn explain(error: ingest::ImportError) -> anyhow::Error {
    let mend = match &error {
        ingest::ImportError::File(file) => file.hint.clone(),
        _ => "what was read before it is kept; running the command again counts nothing twice"
            .to_owned(),
    };
    let problem = Problem::failed("the import ended early", mend);
    anyhow::Error::new(error).context(problem)
}
