//! A disk that runs full under a working server, on a small file system in memory: what cannot be kept is refused, what
//! was acknowledged stays, questions are answered, and with room again it goes on without a restart.

use crate::dir;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use testkit::{
    Answer, Client, Habits, Happenings, PlainEvent, Program, Sent, check_lists, now_micros,
    produce_events,
};

/// A file system in memory, unmounted at the end.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// Of so many MiB; nothing, and a word, where this process may not mount.
    fn mount(mebibytes: u64) -> Option<SmallDisk> {
        let dir = dir();
        let size = format!("size={mebibytes}m");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "shopstream-test"])
            .arg(dir.path())
            .output();
        if mount.is_ok_and(|output| output.status.success()) {
            return Some(SmallDisk(dir));
        }
        eprintln!("SKIPPED: mounting a small tmpfs needs root");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, since a server that is being killed may still hold a file; the empty mount point goes with the folder.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// Somebody else's file.
fn fill(path: PathBuf, leaving_bytes: u64) -> PathBuf {
    let dir = path.parent().expect("a folder").to_owned();
    let bytes = free_bytes(&dir).saturating_sub(leaving_bytes);
    // A server that works takes some of the room meanwhile.
    match fs::write(&path, vec![1; bytes as usize]) {
        Err(error) if error.kind() != ErrorKind::StorageFull => panic!("{error}"),
        _ => path,
    }
}

fn free_bytes(dir: &Path) -> u64 {
    let told = Command::new("df")
        .args(["--output=avail", "-B1"])
        .arg(dir)
        .output()
        .expect("df");
    let text = String::from_utf8(told.stdout).expect("text");
    text.lines()
        .nth(1)
        .expect("a row")
        .trim()
        .parse()
        .expect("bytes")
}

/// Sends batches until one is refused; the refused one was not kept.
fn send_until_refused(client: &Client, sent: &mut Sent) -> Answer {
    let mut happenings = Happenings::new(21, 2_000, 1_000_000);
    for _ in 0..100_000 {
        let batch: Vec<PlainEvent> = (0..200).map(|_| happenings.next(now_micros())).collect();
        let body: String = batch
            .iter()
            .map(|event| format!("{}\n", event.json()))
            .collect();
        sent.lines_tried += batch.len() as u64;
        let answer = client.offer(body.into_bytes()).expect("answers");
        if answer.status != 202 {
            return answer;
        }
        sent.lines_acknowledged += batch.len() as u64;
        sent.events.extend(batch);
    }
    panic!("the disk never ran full");
}

/// Fills the disk but for `leaving_bytes`, and checks refusal, questions, recovery without restart, and with one.
fn check_full(settings: &[&str], leaving_bytes: u64, is_reserve: bool) {
    let Some(disk) = SmallDisk::mount(24) else {
        return;
    };
    let program = Program::new(env!("CARGO_BIN_EXE_shopstream"), disk.path().join("data"));
    let mut arguments = vec!["up", "--set", "log.segment_mib=1"];
    settings
        .iter()
        .for_each(|setting| arguments.extend(["--set", setting]));
    let server = program.start(&arguments).expect("starts");
    let mut sent = produce_events(&server, Habits::of_seed(20), 2_000).expect("there is room");
    let foreign = fill(disk.path().join("foreign"), leaving_bytes);
    let refused = send_until_refused(&server, &mut sent);
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.retry_after_s.is_some(), "{refused:?}");
    check_lists(&server, std::slice::from_ref(&sent)).expect("questions are answered");
    let (status, health) = server
        .send("GET", "/health/ready", &[], Vec::new())
        .expect("answers");
    assert_eq!(status, 200, "what it has, it shows: {health}");
    assert_eq!(health.contains("nearly full"), is_reserve, "{health}");

    fs::remove_file(foreign).expect("is removed");
    let later = produce_events(&server, Habits::of_seed(22), 2_000).expect("there is room again");
    let sent = [sent, later];
    check_lists(&server, &sent).expect("counted once");
    server.kill().expect("is killed");
    let again = program.start(&arguments).expect("starts");
    check_lists(&again, &sent).expect("counted once");
    assert_eq!(again.stop().expect("stops"), Some(0));
}

#[test]
fn a_disk_that_others_fill_keeps_a_reserve_and_refuses_events_until_there_is_room() {
    // 5 % of 24 MiB are 1.2 MiB.
    check_full(&[], 1 << 20, true);
}

#[test]
fn a_disk_that_is_full_to_the_last_byte_refuses_events_until_there_is_room() {
    check_full(
        &["log.reserve_percent=0", "log.ballast_mib=0"],
        256 << 10,
        false,
    );
}

#[test]
fn a_server_killed_on_a_full_disk_starts_there_and_shows_what_it_has() {
    let Some(disk) = SmallDisk::mount(24) else {
        return;
    };
    let program = Program::new(env!("CARGO_BIN_EXE_shopstream"), disk.path().join("data"));
    let up = ["up", "--set", "log.segment_mib=1"];
    let server = program.start(up).expect("starts");
    let mut sent = produce_events(&server, Habits::of_seed(23), 3_000).expect("there is room");
    let foreign = fill(disk.path().join("foreign"), 0);
    let refused = send_until_refused(&server, &mut sent);
    assert_eq!(refused.status, 503, "{refused:?}");
    server.kill().expect("is killed");
    let server = program.start(up).expect("starts on a full disk");
    check_lists(&server, std::slice::from_ref(&sent)).expect("all that was acknowledged");
    fs::remove_file(foreign).expect("is removed");
    let later = produce_events(&server, Habits::of_seed(24), 1_000).expect("there is room again");
    check_lists(&server, &[sent, later]).expect("counted once");
}

#[test]
fn a_watched_file_waits_on_a_full_disk_and_is_taken_once_there_is_room() {
    let Some(disk) = SmallDisk::mount(24) else {
        return;
    };
    let folder = dir();
    let program = Program::new(env!("CARGO_BIN_EXE_shopstream"), disk.path().join("data"));
    let path = format!("sources.files.path={}", folder.path().display());
    let settings = [
        "log.segment_mib=1",
        "sources.files.poll_interval_ms=100",
        "sources.files.stable_for_ms=100",
        "sources.files.processed_dir=done",
        &path,
    ];
    let settings = settings.iter().flat_map(|setting| ["--set", setting]);
    let arguments: Vec<&str> = ["up"].into_iter().chain(settings).collect();
    let server = program.start(&arguments).expect("starts");
    let mut sent = produce_events(&server, Habits::of_seed(25), 500).expect("there is room");
    let foreign = fill(disk.path().join("foreign"), 1 << 20);
    let refused = send_until_refused(&server, &mut sent);
    assert_eq!(refused.status, 503, "{refused:?}");

    let rows: String = (0..5_000)
        .map(|row| format!("view,{}\n", 1_700_000_000 + row))
        .collect();
    let file = folder.path().join("views.csv");
    fs::write(&file, format!("event,ts\n{rows}")).expect("is written");
    let done = folder.path().join("done/views.csv");
    std::thread::sleep(Duration::from_secs(1));
    assert!(!done.exists(), "there is no room for it");
    server.audit().expect("the law holds");
    fs::remove_file(foreign).expect("is removed");
    let began = Instant::now();
    while !done.exists() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "it is never taken"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let audit = server.settled_audit().expect("the law holds");
    assert_eq!(audit["counted"], 5_000 + sent.events.len());
    assert_eq!(audit["quarantined"], 0, "{audit}");
}
