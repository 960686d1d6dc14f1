//! Disks that fail: syncs, full disks, and what callers are told to do about it.

use std::process::Command;
use std::sync::mpsc::channel;

use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::memory_disk::MemoryDisk;
use super::*;
use crate::{Durability, Remedy};

fn try_append(log: &EventLog, text: &str) -> Result<u64, LogError> {
    log.writer()
        .append_blocking(frame(1, text.as_bytes()))
        .map(|it| it.first_offset)
}

#[tokio::test]
async fn a_failed_sync_is_never_retried_and_stops_the_log_for_good() {
    let (disk, dir) = (MemoryDisk::new(), folder());
    let log = open_on(&disk, dir.path());
    append(&log, 1, "safe");
    let mut reader = log.reader(0);
    disk.fail_syncs(true);
    let before = disk.syncs();
    let first = try_append(&log, "lost").expect_err("the sync failed");
    disk.fail_syncs(false);
    let second = try_append(&log, "later").expect_err("the log stopped");
    for error in [&first, &second, &log.failed().await] {
        assert!(matches!(error, LogError::Poisoned { .. }), "{error}");
        assert_eq!(error.remedy(), Remedy::Stop);
        assert!(
            message(error).ends_with("the disk failed"),
            "{}",
            message(error)
        );
    }
    assert_eq!(disk.syncs() - before, 1);
    let read = reader.next_blocking().expect("what is durable can be read");
    assert_eq!(read.map(|it| text(&it)), Some("safe".to_owned()));
    assert!(reader.next_blocking().is_err());
    drop(log);
    assert_eq!(texts(&open_on(&disk, dir.path())), ["safe"]);
}

#[test]
fn what_a_restart_keeps_after_a_failed_sync_survives_the_next_power_cut() {
    for seed in 0..20 {
        let (disk, dir) = (MemoryDisk::new(), folder());
        let log = open_on(&disk, dir.path());
        append(&log, 1, "safe");
        // So broken that not even the suspect tail can be cut off.
        disk.fail_syncs(true);
        disk.fail_truncations(true);
        try_append(&log, "suspect").expect_err("the sync failed");
        drop(log);
        disk.fail_syncs(false);
        disk.fail_truncations(false);
        // The system still shows bytes that it will never write by itself.
        assert_eq!(texts(&open_on(&disk, dir.path())), ["safe", "suspect"]);
        disk.restore_power(&mut SmallRng::seed_from_u64(seed));
        assert_eq!(
            texts(&open_on(&disk, dir.path())),
            ["safe", "suspect"],
            "seed {seed}"
        );
    }
}

#[test]
fn a_buffered_log_that_was_closed_in_order_survives_a_power_cut() {
    for seed in 0..20 {
        let (disk, dir) = (MemoryDisk::new(), folder());
        let config = LogConfig {
            durability: Durability::Buffered,
            ..config(dir.path())
        };
        let log = EventLog::open_on(Arc::clone(&disk) as SharedDisk, config).expect("it opens");
        append_many(&log, 5, 1);
        let expected = texts(&log);
        drop(log);
        disk.restore_power(&mut SmallRng::seed_from_u64(seed));
        assert_eq!(texts(&open_on(&disk, dir.path())), expected, "seed {seed}");
    }
}

#[test]
fn an_answer_that_panics_stops_the_log_but_leaves_nobody_waiting() {
    let (disk, dir) = (MemoryDisk::new(), folder());
    let log = open_on(&disk, dir.path());
    let mut reader = log.reader(0);
    disk.hold_syncs();
    let writer = log.writer();
    writer.append_with(frame(1, b"x"), |_| panic!("a caller's mistake"));
    disk.wait_for_held_sync();
    let waiting = std::thread::spawn(move || writer.append_blocking(frame(1, b"y")));
    disk.release_syncs();
    assert!(waiting.join().expect("no panic here").is_err());
    assert!(matches!(
        try_append(&log, "z"),
        Err(LogError::Poisoned { .. })
    ));
    assert_eq!(
        reader
            .next_blocking()
            .expect("it is durable")
            .map(|it| text(&it)),
        Some("x".into())
    );
    assert!(reader.next_blocking().is_err());
}

#[test]
fn everybody_who_waits_hears_of_a_failed_sync() {
    let (disk, dir) = (MemoryDisk::new(), folder());
    let log = open_on(&disk, dir.path());
    let (tell, told) = channel();
    disk.hold_syncs();
    disk.fail_syncs(true);
    for index in 0..10 {
        let tell = tell.clone();
        let answer = move |result: Result<_, LogError>| {
            tell.send(result.is_err()).expect("the test listens");
        };
        log.writer().append_with(frame(1, b"x"), answer);
        if index == 0 {
            disk.wait_for_held_sync();
        }
    }
    disk.release_syncs();
    assert_eq!(told.iter().take(10).filter(|failed| *failed).count(), 10);
}

/// Appends until the disk is full, frees it, and checks that nothing but the refused frames is missing.
fn check_full_disk(log: &EventLog, fill: impl FnOnce(), free: impl FnOnce()) {
    let mut kept = Vec::new();
    let mut index = 0;
    let mut append_next = |kept: &mut Vec<String>| {
        index += 1;
        let text = noise(index, 280);
        let appended = try_append(log, &text);
        appended.map(|offset| {
            assert_eq!(offset, kept.len() as u64);
            kept.push(text);
        })
    };
    append_next(&mut kept).expect("there is room");
    fill();
    let error = loop {
        if let Err(error) = append_next(&mut kept) {
            break error;
        }
    };
    assert!(error.is_disk_full(), "{}", message(&error));
    assert_eq!(error.remedy(), Remedy::Retry);
    assert!(append_next(&mut kept).is_err(), "still full");
    assert_eq!(texts(log), kept);
    free();
    for _ in 0..20 {
        append_next(&mut kept).expect("there is room again");
    }
    assert_eq!(texts(log), kept);
}

#[test]
fn a_disk_too_full_for_the_next_segment_refuses_frames_until_there_is_room() {
    let (disk, dir) = (MemoryDisk::new(), folder());
    let log = open_on(&disk, dir.path());
    check_full_disk(&log, || disk.set_room(Some(1_000)), || disk.set_room(None));
    drop(log);
    assert_eq!(open_on(&disk, dir.path()).recovered().cut_bytes, 0);
}

#[test]
fn a_write_that_meets_a_full_disk_halfway_is_taken_back() {
    let (disk, dir) = (MemoryDisk::new(), folder());
    let log = open_on(&disk, dir.path());
    check_full_disk(&log, || disk.tear_next_write(), || disk.set_room(None));
    drop(log);
    assert_eq!(open_on(&disk, dir.path()).recovered().cut_bytes, 0);
}

#[test]
fn nothing_of_a_half_written_frame_stays_behind_a_shorter_one() {
    let (disk, dir) = (MemoryDisk::new(), folder());
    let log = open_on(&disk, dir.path());
    append(&log, 1, "before");
    disk.tear_next_write();
    try_append(&log, &noise(1, 2_000)).expect_err("the disk is full");
    disk.set_room(None);
    append(&log, 1, "after");
    drop(log);
    let log = open_on(&disk, dir.path());
    assert_eq!(texts(&log), ["before", "after"]);
    assert_eq!(log.recovered().cut_bytes, 0);
}

#[test]
fn a_log_on_a_full_disk_still_opens_and_reads() {
    let (disk, dir) = (MemoryDisk::new(), folder());
    let log = open_on(&disk, dir.path());
    append(&log, 1, "kept");
    drop(log);
    disk.set_room(Some(0));
    let larger = LogConfig {
        segment_bytes: 8_192,
        ..config(dir.path())
    };
    let log = EventLog::open_on(Arc::clone(&disk) as SharedDisk, larger).expect("it opens");
    assert_eq!(texts(&log), ["kept"]);
}

/// A small file system in memory, unmounted at the end.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let dir = folder();
        let options = ["-t", "tmpfs", "-o", "size=64k", "shopstream-test"];
        let mount = Command::new("mount").args(options).arg(dir.path()).output();
        mount
            .is_ok_and(|output| output.status.success())
            .then(|| Self(dir))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The folder stays behind if this fails, as an empty mount point.
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_real_full_disk_refuses_frames_until_there_is_room() {
    let Some(disk) = SmallDisk::mount() else {
        return eprintln!("SKIPPED: mounting a small tmpfs needs root");
    };
    let ballast = disk.0.path().join("ballast");
    let log = open(&disk.0.path().join("log"));
    let fill = || {
        // Filled to the last page: the write ends with an error, which is the point.
        let _ = fs::write(&ballast, vec![1; 64 << 10]);
    };
    check_full_disk(&log, fill, || fs::remove_file(&ballast).expect("removed"));
}
