//! Kill -9 at random moments under 2,000 events a second from clients that retry.
//! `SHOPSTREAM_CRASHES=1000` makes it as long as `cargo xtask soak --crashes 1000` wants it, `SHOPSTREAM_SEED` another one.

use crate::lake::holds_what_counts;
use crate::{dir, number, program};
use std::time::Duration;
use testkit::{CrashLoop, Server};

const EVERYDAY_KILLS: u64 = 10;

/// A checkpoint and a commit to the lake after every few hundred events and almost nothing in memory: deaths fall before,
/// within and after them.
fn with_many_checkpoints() -> Vec<String> {
    let settings = [
        "checkpoint.events_max=700",
        "checkpoint.cells_max=300",
        "lake.commit_events=900",
        "lake.commit_interval_s=1",
    ];
    let set = settings.map(|setting| ["--set".to_owned(), setting.to_owned()]);
    ["up".to_owned()]
        .into_iter()
        .chain(set.into_iter().flatten())
        .collect()
}

#[test]
fn whatever_was_acknowledged_before_a_kill_is_counted_once() {
    let dir = dir();
    let kills = number("SHOPSTREAM_CRASHES", EVERYDAY_KILLS);
    let is_soak = kills > EVERYDAY_KILLS;
    let crash_loop = CrashLoop {
        death: Box::new(Server::kill),
        program: program(&dir),
        arguments: with_many_checkpoints(),
        seed: number("SHOPSTREAM_SEED", 5),
        kills: u32::try_from(kills).expect("fewer deaths"),
        life_max: Duration::from_secs(if is_soak { 2 } else { 4 }),
        looked_after_percent: if is_soak { 15 } else { 75 },
    };
    match crash_loop.run() {
        Ok(survived) => {
            eprintln!("{survived:?}");
            holds_what_counts(&program(&dir));
        }
        Err(error) => {
            let kept = dir.keep();
            panic!("{error:?}\nkept: {}", kept.display());
        }
    }
}
