//! `up`: the server. Opens the data directory, starts the line and the counter, says where it listens, drains on a signal.

use crate::banner::Banner;
use crate::command::server_file::ServerFile;
use crate::config::Config;
use crate::exit::{Exit, Problem};
use crate::wiring::{self, Core};
use anyhow::Context;
use api::KeyRing;
use eventlog::LogError;
use futures_util::FutureExt;
use runtime::telemetry::{self, Logging, Metrics};
use runtime::{Clock, Runtime};
use std::sync::Arc;
use std::time::Duration;

/// As often as the metrics library asks for.
const METRICS_FOLD_INTERVAL: Duration = Duration::from_secs(5);

/// Runs until a signal.
pub fn run(config: Config) -> anyhow::Result<Exit> {
    serve(config, "up", |_, _| Ok(()))
}

/// Runs a server; `started` may add tasks once it listens.
pub fn serve(
    config: Config,
    command: &'static str,
    started: impl FnOnce(&Core, &Runtime) -> anyhow::Result<()>,
) -> anyhow::Result<Exit> {
    let metrics = telemetry::init(&Logging::default()).context("start logging")?;
    tokio_runtime()?.block_on(async {
        let runtime = Runtime::new(Clock::machine());
        runtime.obey_signals().context("listen for signals")?;
        let port = api::bind(config.api.clone()).await.map_err(explain_bind)?;
        let core = wiring::start(&config, &runtime).await?;
        fold_metrics(&metrics, &runtime);
        let keys = KeyRing::open(&config.data_dir.join("keys"), runtime.clock().clone())?;
        let api = format!("http://{}", port.local_addr);
        let server = ServerFile {
            pid: std::process::id(),
            api: api.clone(),
            key_file: keys.admin_key_file(),
        };
        let written = server
            .write(&config.data_dir)
            .context("write server.json")?;
        let watched = wiring::watch(&config, &core, &runtime)?;
        wiring::keep_time(&core, &watched, &runtime);
        let render_metrics = Arc::new(move || metrics.render());
        let shown = (
            keys.clone(),
            render_metrics as Arc<dyn Fn() -> String + Send + Sync>,
        );
        let counter = wiring::counter(&config, &core, watched, shown, &runtime)?;
        runtime.spawn("api", api::serve(port, counter, runtime.stop_token()));
        started(&core, &runtime)?;
        let banner = Banner {
            command,
            api,
            config: &config,
            keys: &keys,
        };
        banner.print(core.log.recovered());
        let ended = end(core, &runtime).await;
        drop(written);
        ended
    })
}

fn explain_bind(error: api::BindError) -> anyhow::Error {
    let problem = Problem::failed(
        "cannot listen",
        "free the port, or choose another: --set api.listen=127.0.0.1:8001 (port 0 takes any free one)",
    );
    anyhow::Error::new(error).context(problem)
}

/// Waits for the end. A log that failed ends the process: nothing more can be promised.
async fn end(core: Core, runtime: &Runtime) -> anyhow::Result<Exit> {
    let (stop, log) = (runtime.stop_token(), Arc::clone(&core.log));
    let failed = tokio::select! {
        () = stop.cancelled() => None,
        error = log.failed() => Some(error),
    };
    let stopped = core.stop(runtime).await;
    // A disk that fails may be met by a reader first, who only knows that it cannot go on.
    let failed = failed.or_else(|| log.failed().now_or_never());
    if let Some(error) = failed {
        return Err(explain_end(error));
    }
    stopped?;
    Ok(Exit::Done)
}

/// A log that ended by itself.
fn explain_end(error: LogError) -> anyhow::Error {
    let (what, mend) = if matches!(error, LogError::Fenced(_)) {
        (
            "this server lost its data directory, so it takes no more events",
            "a younger server works there and has every event that was acknowledged: let clients go to that one",
        )
    } else {
        (
            "the log failed, so nothing more can be promised",
            "look at the disk, then start again: recovery keeps every event that was acknowledged",
        )
    };
    anyhow::Error::new(error).context(Problem {
        what: what.to_owned(),
        mend: mend.to_owned(),
        exit: Exit::DiskFailed,
    })
}

/// Old samples of histograms are folded together now and then, so that they do not pile up between two scrapes.
fn fold_metrics(metrics: &Metrics, runtime: &Runtime) {
    let (metrics, clock, stop) = (
        metrics.clone(),
        runtime.clock().clone(),
        runtime.stop_token(),
    );
    runtime.spawn("metrics", async move {
        while stop
            .run_until_cancelled(clock.sleep(METRICS_FOLD_INTERVAL))
            .await
            .is_some()
        {
            metrics.fold_pending();
        }
    });
}

/// The threads that wait for sockets and timers.
pub fn tokio_runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start the async runtime")
}
