//! Watched folders: files are taken in as they come, once each, whatever ends the process in between.
//! What a row means is the file reader's business; this decides which file is read when, from where, and what becomes of it.
//!
//! What the log has of a file is read from the log itself (`known`): each frame says which rows it holds and proves it
//! by the running hash. Everything else (`state`) is a short cut that may be lost.

mod arrivals;
mod config;
mod delivery;
mod folder;
mod guard;
mod known;
mod lock;
mod names;
mod reading;
mod scan;
mod shelf;
mod state;
mod status;

#[cfg(test)]
mod tests;

pub use config::{FolderList, FolderSettings, SettingError};
pub use folder::FolderConfig;
pub use status::WatchStatus;

use crossbeam_channel::{Receiver, Select, bounded};
use eventlog::EventLog;
use folder::{Folder, Pace};
use runtime::{Clock, Runtime};
use std::time::Duration;

/// Watches folders until the process stops, each on a thread of its own. Call it before the doors are open: what was
/// written down of the folders is compared with the log as it is now.
pub fn start(
    folders: Vec<FolderConfig>,
    log: &EventLog,
    runtime: &Runtime,
) -> std::io::Result<WatchStatus> {
    let status = WatchStatus::default();
    for config in folders {
        let name = config.settings.called();
        let (clock, end) = (runtime.clock().clone(), log.end());
        let mut folder = Folder::new(config, log.writer(), end, clock.clone(), status.clone());
        let reader = log.reader(folder.log_offset().max(log.first_offset()));
        // Nobody has looked yet.
        status.set_unread(&name, true);
        let stop = stop_signal(&name, runtime);
        runtime.spawn_thread(format!("watch {name}"), move || {
            folder.catch_up(reader, end);
            run(&mut folder, &stop, &clock);
        })?;
    }
    Ok(status)
}

/// A channel that closes when the process is to stop: a thread can wait for it beside the log's answers.
fn stop_signal(name: &str, runtime: &Runtime) -> Receiver<()> {
    let (open, closed) = bounded(0);
    let stop = runtime.stop_token();
    runtime.spawn(format!("watch {name} stop"), async move {
        stop.cancelled().await;
        drop::<crossbeam_channel::Sender<()>>(open);
    });
    closed
}

fn run(folder: &mut Folder, stop: &Receiver<()>, clock: &Clock) {
    loop {
        if matches!(
            stop.try_recv(),
            Err(crossbeam_channel::TryRecvError::Disconnected)
        ) {
            return folder.end();
        }
        match folder.turn() {
            Pace::Busy => {}
            Pace::Until(then) => wait(folder, stop, then.saturating_sub(clock.monotonic())),
            Pace::Ended => return folder.end(),
        }
    }
}

/// Until the log answers, the process stops, or the time is over.
fn wait(folder: &Folder, stop: &Receiver<()>, timeout: Duration) {
    let mut select = Select::new();
    select.recv(folder.delivery().answers());
    select.recv(stop);
    // Which of them it was shows in the next turn.
    let _ = select.ready_timeout(timeout);
}
