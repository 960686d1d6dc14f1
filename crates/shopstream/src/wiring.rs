//! How the parts are joined. Whoever wants to know the system reads `start`; everything else is reached from there.

use crate::archive::LakeArchive;
use crate::config::Config;
use crate::doors::Doors;
use crate::exit::{Exit, Problem};
use crate::sql::Desk;
use anyhow::Context;
use api::{ApiState, KeyRing, Readiness};
use changelog::Changelog;
use eventlog::{EventLog, LogError};
use ingest::watch::WatchStatus;
use ingest::{Door, DoorSettings, Enrichment, StoreDefaults, StoreLookup, Ticks};
use lake::EventArchive;
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
    /// What the door and imports add to events.
    pub enrichment: Enrichment,
    /// Answers questions.
    pub live: LiveTables,
    /// Says how far results are.
    pub stream: StreamHandle,
}

/// Opens the data directory and starts the line: log → stream → changelog → live tables, with the door in front, and what
/// was judged goes on from the stream to the lake.
pub async fn start(config: &Config, runtime: &Runtime) -> anyhow::Result<Core> {
    let enrichment = config.enrichment()?;
    let log = Arc::new(open_log(config)?);
    let changelog = Changelog::default();
    let live = LiveTables::with_rows_max(config.live_stores(), config.checkpoint.cells_max / 2);
    changelog.attach(Box::new(live.feed()));
    let door = DoorSettings {
        decoders: config.decoders(),
        stores: store_lookup(config),
        enrichment: enrichment.clone(),
        rules: config.rules(),
        quality: config.quality.clone(),
    };
    let archive = open_lake(config).await?;
    let stream = stream::start(config.stream(), (&log, archive), changelog, runtime)
        .context("start the stream")?;
    let door = Door::open(&log.writer(), &door, runtime).context("start the door")?;
    Ok(Core {
        log,
        door,
        enrichment,
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

/// Watches the folders of the configuration. Before the counter: the doors must not be open yet.
pub fn watch(config: &Config, core: &Core, runtime: &Runtime) -> anyhow::Result<Watched> {
    let folders = config.folders(&core.enrichment)?;
    let has_folders = !folders.is_empty();
    let status = ingest::watch::start(folders, &core.log, runtime).context("watch folders")?;
    Ok(Watched(has_folders.then_some(status)))
}

/// The watched folders, if there are any.
pub struct Watched(Option<WatchStatus>);

impl Watched {
    /// No folders: for a counter that answers one question.
    pub fn none() -> Watched {
        Watched(None)
    }
}

/// Lets time pass in a server, where no event comes too. Not for commands that work on a directory and end: how late
/// it is there is no news of its sources.
pub fn keep_time(core: &Core, watched: &Watched, runtime: &Runtime) {
    let at_start = core.log.end_position().frame;
    let (stream, stop) = (core.stream.clone(), runtime.stop_token());
    let ticks = ticks(core, watched, runtime);
    runtime.spawn("ticks", async move {
        // The newest tick is known once what was in the log at the start is read.
        let is_read = stop.run_until_cancelled(stream.wait_published(at_start));
        match is_read.await {
            Some(true) => ticks().run(stop).await,
            _ => Ok(()),
        }
    });
}

/// What appends ticks; made once the newest is known.
pub fn ticks(
    core: &Core,
    Watched(watched): &Watched,
    runtime: &Runtime,
) -> impl FnOnce() -> Ticks + Send + use<> {
    let (log, live, clock) = (
        Arc::clone(&core.log),
        core.live.clone(),
        runtime.clock().clone(),
    );
    let inlets = (core.door.queue(), watched.clone());
    move || Ticks::new(&log, inlets, live.newest_tick(), clock)
}

/// Who may ask, and how the metrics are written.
pub type Shown = (KeyRing, Arc<dyn Fn() -> String + Send + Sync>);

/// What the counter (API, dashboard, doors over HTTP) is built from.
pub fn counter(
    config: &Config,
    core: &Core,
    watched: Watched,
    (keys, render_metrics): Shown,
    runtime: &Runtime,
) -> anyhow::Result<ApiState> {
    let log = Arc::clone(&core.log);
    Ok(ApiState {
        live: core.live.clone(),
        door: Arc::new(Doors::new(core, config, runtime.clock().clone())),
        sql: Arc::new(Desk::new(config, core, runtime)?),
        keys,
        thresholds: config.findings.thresholds(),
        clock: runtime.clock().clone(),
        log_end: Arc::new(move || log.end()),
        readiness: readiness(core, watched),
        render_metrics,
    })
}

/// Ready once everything that was in the log at the start is in the results. A folder that cannot be read is named and
/// holds up nobody else; neither does a disk that is too full for more events, nor a lake that does not answer.
fn readiness(core: &Core, Watched(watched): Watched) -> Arc<dyn Fn() -> Readiness + Send + Sync> {
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
        let disk = log.shortage().map(|error| error.to_string());
        let files = watched.as_ref().map(|status| ("files", status.sentence()));
        let lake = stream.archive().map(|archive| archive.trouble);
        let lake = lake.map(|trouble| ("lake", trouble.unwrap_or_else(|| "ok".to_owned())));
        let checks = [
            ("log", disk.unwrap_or_else(|| "ok".to_owned())),
            ("stream", progress),
        ];
        Readiness {
            is_ready,
            checks: checks.into_iter().chain(files).chain(lake).collect(),
        }
    })
}

/// The lake, unless it is switched off.
async fn open_lake(config: &Config) -> anyhow::Result<Option<stream::Archiving>> {
    if !config.lake.enabled {
        return Ok(None);
    }
    let place = config.lake_place()?;
    let events = EventArchive::open(&place, config.zones(), lake::Limits::default()).await;
    let events = events.map_err(|error| {
        let what = format!("cannot open the lake at {place}");
        let mend = "see docs/lake.md; `--set lake.enabled=false` starts without it, and events wait in the log";
        anyhow::Error::new(error).context(Problem::failed(what, mend))
    })?;
    let archive = LakeArchive::new(events);
    Ok(Some((Box::new(archive), config.lake.commit_rules())))
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
