//! How far an import or a replay is: a bar on a terminal, else a line now and then for whoever reads the log.

use super::name_of;
use crate::imports::Listener;
use crate::table;
use api::ImportProgress;
use indicatif::{ProgressBar, ProgressStyle};
use runtime::Clock;
use std::io::{IsTerminal, Read};
use std::path::Path;
use std::time::Duration;

/// Progress: a bar on a terminal, else a line every ten seconds.
pub struct Bar {
    bar: ProgressBar,
    name: String,
    length: Option<u64>,
    clock: Clock,
    told_at: Duration,
}

/// Without a terminal somebody reads a log: so often it says how far the import is.
const TELL_INTERVAL: Duration = Duration::from_secs(10);

impl Bar {
    /// For this file; its length is known unless it is a pipe.
    pub fn start(path: &Path) -> Bar {
        let length = std::fs::metadata(path)
            .ok()
            .map(|metadata| metadata.len())
            .filter(|length| *length > 0);
        Bar::of(
            name_of(path),
            length,
            "{prefix} {wide_bar} {percent} %  {bytes_per_sec}  {msg}  {eta} left",
        )
    }

    /// For a log of so many frames.
    pub fn of_frames(name: String, frames: u64) -> Bar {
        let length = Some(frames).filter(|frames| *frames > 0);
        Bar::of(
            name,
            length,
            "{prefix} {wide_bar} {percent} %  {msg}  {eta} left",
        )
    }

    fn of(name: String, length: Option<u64>, template: &str) -> Bar {
        let clock = Clock::machine();
        let told_at = clock.monotonic();
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

    /// So many frames with so many events are read.
    pub fn reach(&mut self, frames: u64, events: u64) {
        self.bar.set_position(frames);
        let events = format!("{} events", table::thousands(events));
        if self.is_due() {
            eprintln!("{}: {events} read", self.name);
        }
        self.bar.set_message(events);
    }

    /// Whether a line should be told, where there is no terminal; it then counts as told.
    fn is_due(&mut self) -> bool {
        let now = self.clock.monotonic();
        let is_due = self.bar.is_hidden() && now - self.told_at >= TELL_INTERVAL;
        if is_due {
            self.told_at = now;
        }
        is_due
    }

    /// Counts what is read.
    pub fn reading(&self, read: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
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
        if self.is_due() {
            eprintln!(
                "{}: {rows} rows read, {} set aside",
                self.name, progress.counts.quarantined
            );
        }
        self.bar.set_message(format!("{rows} rows"));
    }
}
