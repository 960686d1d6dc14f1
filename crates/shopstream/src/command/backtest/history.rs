//! The history that is replayed: the log of the data directory as it stands, whoever has it open, or files.

use super::trial::Trial;
use crate::cli::{Backtest as Options, Format, Ingest};
use crate::command::ingest::bar::Bar;
use crate::command::ingest::request::Given;
use crate::command::ingest::{explain, open};
use crate::config::Config;
use crate::exit::Problem;
use crate::imports::Listener;
use anyhow::Context;
use api::ImportProgress;
use event::frame::FrameBody;
use eventlog::LogLook;
use ingest::{ImportCounts, ImportListener, ImportPlan};
use runtime::Clock;
use std::path::{Path, PathBuf};
use std::time::Duration;
use stream::{CheckpointSettings, Replay, ReplayError, Replayed};

/// Replays all of it. A log that speaks of stores nobody wrote down is read once more, with rules for those.
pub fn replay(trial: &mut Trial, config: &Config, options: &Options) -> anyhow::Result<Replayed> {
    let scratch = Scratch::new()?;
    let mut pass = 0;
    loop {
        trial.line.checkpoint = Some(CheckpointSettings {
            // What a pass leaves behind goes when its threads end, and must not be taken for the next one's.
            dir: scratch.0.join(pass.to_string()),
            interval: Duration::MAX,
            events_max: config.checkpoint.events_max,
            cells_max: usize::MAX,
        });
        let mut replay = Replay::start(&trial.line).context("start the line")?;
        if options.files.is_empty() {
            read_log(config, &mut replay)?;
        } else {
            read_files(config, options, &mut replay)?;
        }
        if options.store.is_some() || !trial.meet(replay.met()) {
            return Ok(replay.finish());
        }
        pass += 1;
    }
}

/// A folder for what does not fit into memory, gone with this.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Scratch, Problem> {
        let name = format!("shopstream-backtest-{}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&dir).map_err(|error| {
            let what = format!("cannot make {}: {error}", dir.display());
            Problem::failed(what, "name a folder with room in the variable TMPDIR")
        })?;
        Ok(Scratch(dir))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is the system's temporary folder's to lose.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn read_log(config: &Config, replay: &mut Replay) -> anyhow::Result<()> {
    let dir = config.log().dir;
    let look = eventlog::look(&dir).context("read the log")?;
    let LogLook { reader, first, end } = look.ok_or_else(|| {
        Problem::usage(
            format!("there is no history in {}", dir.display()),
            "name another folder with --data-dir, or a file with --file",
        )
    })?;
    let mut bar = Bar::of_frames("log".to_owned(), end.frame - first.frame);
    loop {
        let (mut reader, mut events) = (reader.again(first), 0);
        while let Some(frame) = reader.try_next().context("read the log")? {
            events += u64::from(frame.rows);
            let body = FrameBody::decode(frame.payload.into());
            let body = body.with_context(|| format!("read frame {} of the log", frame.number))?;
            replay.push(body)?;
            bar.reach(frame.number + 1 - first.frame, events);
        }
        replay.settle()?;
        // An import was undone: it never was.
        if !replay.must_start_again() {
            return Ok(());
        }
        replay.start_again()?;
    }
}

fn read_files(config: &Config, options: &Options, replay: &mut Replay) -> anyhow::Result<()> {
    let enrichment = config.enrichment()?;
    let asked = as_ingest(options);
    let given = Given::read(config, &asked)?;
    let clock = Clock::machine();
    for path in &options.files {
        let file = given.request(path).file_options(config, &enrichment)?;
        let mut feed = Feed {
            bar: Bar::start(path),
            replay,
            failure: None,
        };
        let plan = ImportPlan {
            quality: config.quality.clone(),
            ..ImportPlan::new(None, &clock)
        };
        let read = feed.bar.reading(open(path)?);
        let counts = ingest::import_as(read, file, &plan, &mut feed).map_err(explain)?;
        if let Some(failure) = feed.failure {
            return Err(failure.into());
        }
        tell(path, &counts);
    }
    Ok(replay.settle()?)
}

/// What of a file is no part of the history.
fn tell(path: &Path, counts: &ImportCounts) {
    if counts.quarantined > 0 {
        let (name, set_aside) = (path.display(), counts.quarantined);
        eprintln!(
            "{name}: {set_aside} of {} events set aside",
            counts.received
        );
    }
    if let Some(breach) = &counts.breach {
        eprintln!("WARNING: {breach}");
    }
}

/// The same options under the names that `ingest` has for them.
fn as_ingest(options: &Options) -> Ingest {
    Ingest {
        files: options.files.clone(),
        dialect: options.dialect,
        map: options.map.clone(),
        map_type: options.map_type.clone(),
        mapping: options.mapping.clone(),
        save_mapping: None,
        preview: false,
        limit: None,
        sheet: options.sheet.clone(),
        store: options.store.clone().unwrap_or_else(|| "main".to_owned()),
        check: true,
        url: None,
        key: None,
        format: Format::Auto,
    }
}

/// Hands every frame of a file to the replay.
struct Feed<'r> {
    bar: Bar,
    replay: &'r mut Replay,
    failure: Option<ReplayError>,
}

impl ImportListener for Feed<'_> {
    fn guess(&mut self, evidence: &[String]) {
        self.bar.guess(evidence);
    }

    fn frame(&mut self, body: &FrameBody) {
        if self.failure.is_none() {
            self.failure = self.replay.push(body.clone()).err();
        }
    }

    fn progress(&mut self, counts: &ImportCounts) -> bool {
        self.bar.show(&ImportProgress {
            bytes: counts.bytes,
            rows: counts.rows,
            counts: api::ImportCounts {
                received: counts.received,
                accepted: counts.accepted,
                duplicate: 0,
                quarantined: counts.quarantined,
            },
        });
        self.failure.is_none()
    }
}
