//! The folder as a whole, on a real disk and log, with a clock that stands still until a test moves it.

mod changing;
mod following;
mod taking;

use super::config::FolderSettings;
use super::folder::{Folder, FolderConfig, Pace};
use super::status::WatchStatus;
use crate::door::FrameMaker;
use crate::file::FileOptions;
use crossbeam_channel::Select;
use event::frame::{FrameBody, FrameBuilder};
use eventlog::{EventLog, LogConfig};
use runtime::{Clock, SimulatedTime};
use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

const HEADER: &str = "event,ts,user_id,product_name\n";

/// Rows of an event list, from one number to before another; equal numbers are equal rows.
fn rows(from: usize, until: usize) -> String {
    let row = |number: usize| format!("view,1700000000,{number},Lamp\n");
    (from..until).map(row).collect()
}

/// A folder under watch, with all that belongs to it.
struct Shop {
    dir: tempfile::TempDir,
    log: EventLog,
    clock: Clock,
    time: SimulatedTime,
    status: WatchStatus,
    settings: FolderSettings,
    folder: Option<Folder>,
}

/// A shop whose files go to `done` and `bad`.
fn shop() -> Shop {
    Shop::with(|settings| {
        settings.processed_dir = Some("done".into());
        settings.failed_dir = Some("bad".into());
    })
}

impl Shop {
    fn with(set: impl FnOnce(&mut FolderSettings)) -> Shop {
        let dir = tempfile::tempdir().expect("a folder");
        fs::create_dir(dir.path().join("drop")).expect("a folder");
        let mut config = LogConfig::new(dir.path().join("log"));
        config.segment_bytes = 8 << 20;
        let log = EventLog::open(config).expect("a log");
        let (clock, time) = Clock::simulated(Clock::machine().now());
        let mut settings = FolderSettings {
            path: dir.path().join("drop"),
            ..FolderSettings::default()
        };
        set(&mut settings);
        let mut shop = Shop {
            dir,
            log,
            clock,
            time,
            status: WatchStatus::default(),
            settings,
            folder: None,
        };
        shop.start();
        shop
    }

    fn start(&mut self) {
        let config = FolderConfig {
            settings: self.settings.clone(),
            options: FileOptions {
                map: (self.settings.map.clone()).into_iter().collect(),
                ..FileOptions::new("", "main")
            },
            state_dir: self.dir.path().join("state"),
        };
        let (log, end) = (self.log.writer(), self.log.end());
        let (clock, status) = (self.clock.clone(), self.status.clone());
        let mut folder = Folder::new(config, log, end, clock, status);
        let reader = self.log.reader(folder.log_offset());
        folder.catch_up(reader, end);
        self.folder = Some(folder);
    }

    /// As after kill -9: nothing was written down at the end. The log lives on in this process, so what is on its way gets
    /// there first.
    fn kill_and_start(&mut self) {
        let nothing = FrameMaker::default().make(&FrameBuilder::new().finish());
        let appended = (self.log.writer()).append_blocking(nothing.expect("a frame"));
        appended.expect("the log goes on");
        self.folder = None;
        self.start();
    }

    fn forget_state(&self) {
        let state = self.dir.path().join("state");
        if state.exists() {
            fs::remove_dir_all(state).expect("is removed");
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.settings.path.join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).expect("is written");
    }

    fn append(&self, name: &str, text: &str) {
        let file = fs::File::options().append(true).open(self.path(name));
        let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
        written.expect("is written");
    }

    fn cut(&self, name: &str, bytes: u64) {
        let file = fs::File::options().write(true).open(self.path(name));
        file.and_then(|file| file.set_len(bytes)).expect("is cut");
    }

    fn folder(&mut self) -> &mut Folder {
        self.folder.as_mut().expect("it is started")
    }

    /// A few turns, as many as a file needs to be opened and begun.
    fn turns(&mut self, count: usize) {
        for _ in 0..count {
            self.folder().turn();
        }
    }

    /// Turns until only time can bring more.
    fn run(&mut self) {
        loop {
            match self.folder().turn() {
                Pace::Busy => {}
                Pace::Ended => panic!("the log goes on"),
                Pace::Until(_) if self.folder().delivery().is_idle() => return,
                Pace::Until(_) => {
                    let delivery = self.folder().delivery();
                    let mut select = Select::new();
                    select.recv(delivery.answers());
                    let answered = select.ready_timeout(Duration::from_secs(20));
                    answered.expect("the log answers");
                }
            }
        }
    }

    /// Seconds go by, with what they bring.
    fn pass(&mut self, seconds: usize) {
        for _ in 0..seconds {
            self.time.advance(Duration::from_secs(1));
            self.run();
        }
    }

    /// What the log holds of all files: rows, events accepted and set aside, lines of orders, and ids that came again.
    fn held(&self) -> String {
        let (mut rows, mut accepted, mut quarantined, mut lines) = (0, 0, 0, 0);
        let mut ids = HashSet::new();
        let mut reader = self.log.reader(0);
        while let Some(frame) = reader.try_next().expect("the log reads") {
            let body = FrameBody::decode(frame.payload.to_vec()).expect("a frame");
            for tally in &body.sources {
                rows += tally.rows;
                accepted += tally.accepted;
                quarantined += tally.quarantined;
            }
            for event in body.events.events() {
                ids.insert(event.id().0);
                lines += event.items().count();
            }
        }
        let repeats = accepted - ids.len() as u64;
        format!(
            "{rows} rows {accepted} accepted {quarantined} aside {lines} lines {repeats} repeats"
        )
    }

    fn says(&self) -> String {
        self.status.sentence()
    }

    #[track_caller]
    fn check(&self, expected: &str) {
        let held = self.held();
        assert_eq!(held, full(expected), "says: {}", self.says());
    }
}

/// `5` stands for five rows, each an event of one line; `5 rows 4 accepted 1 aside 4 lines 0 repeats` for itself.
fn full(expected: &str) -> String {
    match expected.parse::<u64>() {
        Ok(rows) => format!("{rows} rows {rows} accepted 0 aside {rows} lines 0 repeats"),
        Err(_) => expected.to_owned(),
    }
}
