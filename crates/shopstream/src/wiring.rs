//! How the parts are joined. Whoever wants to know the system reads `start`; everything else is reached from there.

use crate::config::Config;
use crate::doors::Doors;
use crate::exit::{Exit, Problem};
use anyhow::Context;
use api::{ApiState, KeyRing, Readiness};
use changelog::Changelog;
use eventlog::{EventLog, LogError};
use ingest::{Door, DoorConfig, StoreDefaults, StoreLookup};
use live::LiveTables;
use runtime::Runtime;
use std::sync::Arc;
use std::time::Duration;
use stream::StreamHandle;

/// A stop waits so long for what is under way.
const STOP_DEADLINE: Duration = Duration::from_secs(30);

/// The running core: what every command that works on a data directory needs.
pub struct Core {
    /// Remembers everything.
    pub log: Arc<EventLog>,
    /// Takes requests.
    pub door: Door,
    /// Answers questions.
    pub live: LiveTables,
    /// Says how far results are.
    pub stream: StreamHandle,
}

/// Opens the data directory and starts the line: log → stream → changelog → live tables, with the door in front.
pub fn start(config: &Config, runtime: &Runtime) -> anyhow::Result<Core> {
    let log = Arc::new(open_log(config)?);
    let changelog = Changelog::default();
    let live = LiveTables::new(config.live_stores());
    changelog.attach(Box::new(live.feed()));
    let stream = stream::start(config.stream(), log.reader(0), changelog, runtime)
        .context("start the stream")?;
    let door_config = DoorConfig {
        decoders: config.decoders(),
        stores: store_lookup(config),
        rules: config.rules(),
        quality: config.quality.clone(),
    };
    let door = Door::open(&log.writer(), &door_config, runtime).context("start the door")?;
    Ok(Core {
        log,
        door,
        live,
        stream,
    })
}

impl Core {
    /// Closes a directory in which nothing is under way: the closed log lets the line end at once.
    pub async fn close(self, runtime: &Runtime) -> anyhow::Result<()> {
        self.log.close();
        self.stop(runtime).await
    }

    /// Ends everything that runs, then closes the log.
    pub async fn stop(self, runtime: &Runtime) -> anyhow::Result<()> {
        // The decoders end when nobody can hand them anything any more.
        drop(self.door);
        let stopped = runtime.stop(STOP_DEADLINE).await;
        self.log.close();
        stopped.context("stop")
    }
}

/// What the counter (API, dashboard, doors over HTTP) is built from.
pub fn counter(
    config: &Config,
    core: &Core,
    keys: KeyRing,
    render_metrics: Arc<dyn Fn() -> String + Send + Sync>,
    runtime: &Runtime,
) -> ApiState {
    let log = Arc::clone(&core.log);
    ApiState {
        live: core.live.clone(),
        door: Arc::new(Doors::new(core, config, runtime.clock().clone())),
        keys,
        clock: runtime.clock().clone(),
        log_end: Arc::new(move || log.end()),
        readiness: readiness(core),
        render_metrics,
    }
}

/// Ready once everything that was in the log at the start is in the results.
fn readiness(core: &Core) -> Arc<dyn Fn() -> Readiness + Send + Sync> {
    let (log, stream) = (Arc::clone(&core.log), core.stream.clone());
    let at_start = log.end_position().frame;
    Arc::new(move || {
        let published = stream.published_frame();
        let is_ready = published >= at_start;
        let progress = if is_ready {
            "ok".to_owned()
        } else {
            format!("replaying {} %", published * 100 / at_start.max(1))
        };
        Readiness {
            is_ready,
            checks: vec![("log", "ok".to_owned()), ("stream", progress)],
        }
    })
}

fn open_log(config: &Config) -> anyhow::Result<EventLog> {
    std::fs::create_dir_all(&config.data_dir).map_err(|error| {
        let what = format!("cannot write to {}: {error}", config.data_dir.display());
        Problem::failed(
            what,
            "name another folder with --data-dir, or give yourself the right to write there",
        )
    })?;
    let log = EventLog::open(config.log()).map_err(|error| explain_log(config, error))?;
    Ok(log)
}

fn explain_log(config: &Config, error: LogError) -> anyhow::Error {
    let mend = match &error {
        LogError::Locked { .. } => {
            "stop that process, or work on another folder with --data-dir".to_owned()
        }
        _ => format!(
            "look at {}; nothing was changed",
            config.data_dir.join("log").display()
        ),
    };
    let exit = if matches!(error, LogError::Locked { .. }) {
        Exit::Usage
    } else {
        Exit::Failed
    };
    anyhow::Error::new(error).context(Problem {
        what: "cannot open the log".to_owned(),
        mend,
        exit,
    })
}

/// What events of each store mean where they do not say.
pub fn store_lookup(config: &Config) -> StoreLookup {
    let stores = config.stores();
    Arc::new(move |name| {
        let store = stores.get(name);
        StoreDefaults {
            zone: store.zone,
            currency: store.currency,
        }
    })
}
