//! How far an import is: a bar on a terminal, else a line now and then for whoever reads the log.

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
