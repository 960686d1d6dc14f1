//! Checkpoints that are damaged, that find no room, or that stand in the middle of everything: each test ends in the
//! audit law and a recount from the client's own list.

use crate::{dir, program};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use testkit::{Client, Habits, Program, Sent, Server, check_lists, produce_events};

/// A checkpoint about every thousand events, and next to nothing kept in memory.
const OFTEN: [&str; 7] = [
    "up",
    "--set",
    "checkpoint.events_max=1000",
    "--set",
    "checkpoint.cells_max=500",
    "--set",
    "log.segment_mib=1",
];

fn load(server: &Server, seed: u64, events: usize) -> Sent {
    produce_events(server, Habits::of_seed(seed), events).expect("all are taken")
}

fn check(server: &Server, sent: &[Sent]) {
    check_lists(server, sent).expect("counted once");
}

/// A counter or a gauge; 0 until it is first told.
fn metric(server: &Client, name: &str) -> f64 {
    let key = [("X-API-Key", server.key())];
    let (_, page) = server
        .send("GET", "/metrics", &key, Vec::new())
        .expect("metrics");
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().expect("a number"))
}

fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn files(program: &Program, kind: &str) -> Vec<PathBuf> {
    let names = fs::read_dir(program.data_dir().join("checkpoints")).expect("a folder");
    let paths = names.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == kind))
        .collect();
    files.sort();
    files
}

fn flip_a_bit(path: &Path) {
    let mut bytes = fs::read(path).expect("a file");
    let middle = bytes.len() / 2;
    // A run that was begun when the process was killed may still be empty.
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 4;
        fs::write(path, bytes).expect("is written");
    }
}

#[test]
fn a_restart_goes_on_from_a_checkpoint_and_whatever_bit_is_flipped_no_number_changes() {
    let dir = dir();
    let program = program(&dir);
    let server = program.start(OFTEN).expect("starts");
    let mut sent = vec![load(&server, 31, 6_000)];
    wait_for("checkpoints are made", || {
        metric(&server, "shopstream_checkpoints_total") >= 3.0
    });
    server.kill().expect("is killed");
    let server = program.start(OFTEN).expect("starts");
    check(&server, &sent);
    sent.push(load(&server, 32, 3_000));
    check(&server, &sent);
    server.kill().expect("is killed");

    flip_a_bit(files(&program, "checkpoint").last().expect("a manifest"));
    let server = program.start(OFTEN).expect("starts from the one before");
    sent.push(load(&server, 33, 3_000));
    check(&server, &sent);
    server.kill().expect("is killed");

    files(&program, "run")
        .iter()
        .for_each(|run| flip_a_bit(run));
    let server = program.start(OFTEN).expect("starts from the log alone");
    sent.push(load(&server, 34, 1_000));
    check(&server, &sent);
}

/// A file system in memory, unmounted at the end.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Option<SmallDisk> {
        let dir = dir();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m", "shopstream-test"])
            .arg(dir.path())
            .output();
        if mount.is_ok_and(|output| output.status.success()) {
            return Some(SmallDisk(dir));
        }
        eprintln!("SKIPPED: mounting a small tmpfs needs root");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_disk_that_is_full_when_a_checkpoint_is_made_costs_nothing_but_that_checkpoint() {
    let Some(disk) = SmallDisk::mount() else {
        return;
    };
    let dir = dir();
    let program = program(&dir);
    fs::create_dir_all(program.data_dir()).expect("a folder");
    std::os::unix::fs::symlink(disk.0.path(), program.data_dir().join("checkpoints"))
        .expect("a link");
    let server = program.start(OFTEN).expect("starts");
    let mut sent = vec![load(&server, 41, 3_000)];
    wait_for("checkpoints are made", || {
        metric(&server, "shopstream_checkpoints_total") >= 1.0
    });
    let filling = disk.0.path().join("somebody else's");
    let _ = fs::write(&filling, vec![1; 16 << 20]);
    for seed in 42..50 {
        sent.push(load(&server, seed, 2_000));
        if metric(&server, "shopstream_checkpoints_failed_total") >= 2.0 {
            break;
        }
    }
    wait_for("a checkpoint finds no room", || {
        metric(&server, "shopstream_checkpoints_failed_total") >= 1.0
    });
    check(&server, &sent);
    server.kill().expect("is killed");
    let server = program
        .start(OFTEN)
        .expect("starts from the last that was whole");
    check(&server, &sent);
    server.kill().expect("is killed");
    fs::remove_file(&filling).expect("room again");
    let server = program.start(OFTEN).expect("starts with room");
    sent.push(load(&server, 60, 3_000));
    wait_for("checkpoints are made again", || {
        metric(&server, "shopstream_checkpoints_total") >= 1.0
    });
    check(&server, &sent);
    server.kill().expect("is killed");
    check(&program.start(OFTEN).expect("starts"), &sent);
}
