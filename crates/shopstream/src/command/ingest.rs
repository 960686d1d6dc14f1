//! `ingest`: loads files into the server that owns the data directory, or into the directory itself where none runs.

use crate::cli::{Dialect, Format, Ingest};
use crate::client::Client;
use crate::command::up::tokio_runtime;
use crate::config::Config;
use crate::exit::{Exit, Problem};
use crate::imports::{ImportRequest, KnownRepeats, Listener, run_import};
use crate::table;
use crate::wiring;
use anyhow::Context;
use api::{ImportProgress, ImportSummary};
use futures_util::TryStreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use ingest::Enrichment;
use ingest::file::SteadyFile;
use runtime::{Clock, Runtime};
use serde::Deserialize;
use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Reads every file, then prints what they came to.
pub fn run(config: Config, options: &Ingest) -> anyhow::Result<Exit> {
    let reports = tokio_runtime()?.block_on(ingest(&config, options))?;
    for (path, report) in &reports {
        print(path, report, options)?;
    }
    Ok(Exit::Done)
}

async fn ingest(
    config: &Config,
    options: &Ingest,
) -> anyhow::Result<Vec<(PathBuf, ImportSummary)>> {
    if options.check {
        let enrichment = config.enrichment()?;
        return options
            .files
            .iter()
            .map(|path| Ok((path.clone(), check(config, &enrichment, path, options)?)))
            .collect();
    }
    let client = match &options.url {
        Some(url) => Some(Client::to(url, options.key.clone(), &config.data_dir)?),
        None => Client::of_data_dir(&config.data_dir).await?,
    };
    match client {
        Some(client) => send(&client, options).await,
        None => load(config, options).await,
    }
}

fn open(path: &Path) -> anyhow::Result<Box<dyn Read + Send>> {
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
    options: &Ingest,
) -> anyhow::Result<ImportSummary> {
    let file = request(path, options)?.file_options(config, enrichment)?;
    let mut bar = Bar::start(path);
    run_import(
        bar.reading(open(path)?),
        file,
        None,
        &Clock::machine(),
        &mut bar,
    )
    .map_err(explain)
}

/// No server runs: open the directory, work until every event is counted, leave it clean.
async fn load(config: &Config, options: &Ingest) -> anyhow::Result<Vec<(PathBuf, ImportSummary)>> {
    let runtime = Runtime::new(Clock::machine());
    runtime.obey_signals().context("listen for signals")?;
    let core = wiring::start(config, &runtime)?;
    let mut reports = Vec::new();
    for path in &options.files {
        let file = request(path, options)?.file_options(config, &core.enrichment)?;
        core.stream
            .wait_published(core.log.end_position().frame)
            .await;
        let repeats = KnownRepeats::before(&core.live, core.log.end());
        let (log, read_path, bar, clock) = (
            core.log.writer(),
            path.clone(),
            Bar::start(path),
            runtime.clock().clone(),
        );
        let counted =
            tokio::task::spawn_blocking(move || import_file(&read_path, file, &log, &clock, bar));
        let mut report = counted.await.context("read the file")??;
        core.stream
            .wait_published(core.log.end_position().frame)
            .await;
        repeats.settle(&mut report);
        reports.push((path.clone(), report));
    }
    core.close(&runtime).await?;
    Ok(reports)
}

fn import_file(
    path: &Path,
    file: ingest::file::FileOptions,
    log: &eventlog::LogWriter,
    clock: &Clock,
    mut bar: Bar,
) -> anyhow::Result<ImportSummary> {
    run_import(bar.reading(open(path)?), file, Some(log), clock, &mut bar).map_err(explain)
}

/// A server runs: send the file through its door.
async fn send(client: &Client, options: &Ingest) -> anyhow::Result<Vec<(PathBuf, ImportSummary)>> {
    let mut reports = Vec::new();
    for path in &options.files {
        let mut bar = Bar::start(path);
        let report = send_file(client, path, options, &mut bar).await?;
        reports.push((path.clone(), report));
    }
    Ok(reports)
}

async fn send_file(
    client: &Client,
    path: &Path,
    options: &Ingest,
    bar: &mut Bar,
) -> anyhow::Result<ImportSummary> {
    let request = request(path, options)?;
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

fn explain(error: ingest::ImportError) -> anyhow::Error {
    let mend = match &error {
        ingest::ImportError::File(file) => file.hint.clone(),
        _ => "what was read before it is kept; running the command again counts nothing twice"
            .to_owned(),
    };
    let problem = Problem::failed("the import ended early", mend);
    anyhow::Error::new(error).context(problem)
}

fn request(path: &Path, options: &Ingest) -> Result<ImportRequest, Problem> {
    let dialect = match options.dialect {
        Dialect::Auto => "auto",
        Dialect::Orders => "orders",
        Dialect::Events => "events",
        Dialect::Rees46 => "rees46",
        Dialect::EcommerceEvents => "ecommerce-events",
        Dialect::UserEvents => "user-events",
        Dialect::AccessLog => "access-log",
        Dialect::Json => "json",
        Dialect::Ga4 => "ga4",
        Dialect::Segment => "segment",
        Dialect::Snowplow => "snowplow",
    };
    Ok(ImportRequest {
        name: name_of(path),
        store: options.store.clone(),
        dialect: dialect.to_owned(),
        map: pairs("--map", &options.map)?,
        map_type: pairs("--map-type", &options.map_type)?,
    })
}

fn pairs(option: &str, written: &[String]) -> Result<Vec<(String, String)>, Problem> {
    let split = |pair: &String| {
        let (left, right) = pair.split_once('=').ok_or_else(|| {
            Problem::usage(
                format!("{option} {pair} has no `=`"),
                format!("write it as {option} left=right; several with commas"),
            )
        })?;
        Ok((left.trim().to_owned(), right.trim().to_owned()))
    };
    written
        .iter()
        .filter(|pair| !pair.trim().is_empty())
        .map(split)
        .collect()
}

/// Progress: a bar on a terminal, else a line every ten seconds.
struct Bar {
    bar: ProgressBar,
    name: String,
    length: Option<u64>,
    clock: Clock,
    told_at: Duration,
}

/// Without a terminal somebody reads a log: so often it says how far the import is.
const TELL_INTERVAL: Duration = Duration::from_secs(10);

impl Bar {
    fn start(path: &Path) -> Bar {
        let length = std::fs::metadata(path)
            .ok()
            .map(|metadata| metadata.len())
            .filter(|length| *length > 0);
        let clock = Clock::machine();
        let told_at = clock.monotonic();
        let name = name_of(path);
        if !std::io::stderr().is_terminal() {
            let bar = ProgressBar::hidden();
            return Bar {
                bar,
                name,
                length,
                clock,
                told_at,
            };
        }
        let bar = length.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let template = "{prefix} {wide_bar} {percent} %  {bytes_per_sec}  {msg}  {eta} left";
        bar.set_style(ProgressStyle::with_template(template).expect("a template of ours"));
        bar.set_prefix(name.clone());
        bar.enable_steady_tick(Duration::from_millis(200));
        Bar {
            bar,
            name,
            length,
            clock,
            told_at,
        }
    }

    fn reading(&self, read: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        if self.length.is_some() {
            Box::new(self.bar.wrap_read(read))
        } else {
            read
        }
    }
}

impl Listener for Bar {
    fn guess(&mut self, evidence: &[String]) {
        self.bar
            .suspend(|| evidence.iter().for_each(|line| eprintln!("  {line}")));
    }

    fn show(&mut self, progress: &ImportProgress) {
        let rows = table::thousands(progress.rows);
        let now = self.clock.monotonic();
        if self.bar.is_hidden() && now - self.told_at >= TELL_INTERVAL {
            eprintln!(
                "{}: {rows} rows read, {} set aside",
                self.name, progress.counts.quarantined
            );
            self.told_at = now;
        }
        self.bar.set_message(format!("{rows} rows"));
    }
}

fn print(path: &Path, summary: &ImportSummary, options: &Ingest) -> anyhow::Result<()> {
    if options.format == Format::Json {
        println!("{}", serde_json::to_string(summary)?);
        return Ok(());
    }
    let title = format!(
        "{}{}",
        name_of(path),
        if summary.check_only {
            " (checked, nothing stored)"
        } else {
            ""
        }
    );
    println!(
        "{}",
        table::render(&[title.as_str(), ""], &lines(summary), options.format)
    );
    Ok(())
}

/// The closing table.
fn lines(summary: &ImportSummary) -> Vec<Vec<String>> {
    let line = |name: String, value: String| vec![name, value];
    let count = |name: &str, number: u64| line(name.to_owned(), table::thousands(number));
    let counts = &summary.counts;
    let mut lines = vec![
        count("rows read", summary.rows),
        count("events received", counts.received),
        count("  accepted", counts.accepted),
        count("  duplicate (known already)", counts.duplicate),
        count("  quarantined", counts.quarantined),
    ];
    lines.extend(
        summary
            .quarantined_by_reason
            .iter()
            .map(|(reason, number)| count(&format!("    {reason}"), *number)),
    );
    lines.extend(
        summary
            .events_by_type
            .iter()
            .map(|(kind, number)| count(&format!("events of type {kind}"), *number)),
    );
    for money in &summary.money {
        lines.push(line(
            format!("money in, {}", money.currency),
            money.money_in.clone(),
        ));
        lines.push(line(
            format!("money out, {}", money.currency),
            money.money_out.clone(),
        ));
    }
    lines
}
