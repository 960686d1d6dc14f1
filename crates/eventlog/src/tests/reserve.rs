//! Claims about the room that stays free on a disk of 100,000 bytes, and about the ballast file.

use super::memory_disk::MemoryDisk;
use super::*;
use crate::Remedy;

const BALLAST_BYTES: u64 = 1_000;

fn open_with(disk: &Arc<MemoryDisk>, dir: &Path, percent: u64, bytes_max: u64) -> EventLog {
    let reserve = DiskReserve {
        percent,
        bytes_max,
        ballast_bytes: BALLAST_BYTES,
    };
    let config = LogConfig {
        reserve,
        ..config(dir)
    };
    EventLog::open_on(Arc::clone(disk) as SharedDisk, config).expect("the log opens")
}

fn has_ballast(disk: &MemoryDisk, dir: &Path) -> bool {
    use crate::disk::Disk;
    disk.open(&dir.join("ballast")).is_ok()
}

fn try_append(log: &EventLog) -> Result<u64, LogError> {
    let appended = log.writer().append_blocking(frame(1, b"x"));
    appended.map(|appended| appended.first_offset)
}

#[test]
fn below_the_reserve_frames_are_refused_and_taken_again_when_there_is_room() {
    let (disk, dir) = (MemoryDisk::new(), folder());
    disk.set_free(50_000);
    let log = open_with(&disk, dir.path(), 5, u64::MAX);
    assert_eq!(try_append(&log).ok(), Some(0));
    disk.set_free(4_999);
    let error = try_append(&log).expect_err("5 % of 100,000 stay free");
    assert_eq!(
        (error.remedy(), error.is_disk_full()),
        (Remedy::Retry, true)
    );
    assert!(message(&error).contains("nearly full"), "{error}");
    assert!(log.shortage().is_some());
    assert_eq!(texts(&log), ["x"], "reading goes on");
    disk.set_free(5_000);
    assert_eq!(try_append(&log).ok(), Some(1));
    assert!(log.shortage().is_none());
}

#[test]
fn a_large_disk_keeps_no_more_free_than_the_bytes_say() {
    let (disk, dir) = (MemoryDisk::new(), folder());
    disk.set_free(2_000);
    let log = open_with(&disk, dir.path(), 5, 2_000);
    assert_eq!(try_append(&log).ok(), Some(0));
    disk.set_free(1_999);
    assert!(try_append(&log).is_err());
}

#[test]
fn the_ballast_is_taken_where_there_is_room_and_gives_way_when_the_disk_is_all_but_full() {
    let (disk, dir) = (MemoryDisk::new(), folder());
    disk.set_free(6_999);
    let log = open_with(&disk, dir.path(), 5, u64::MAX);
    assert!(
        !has_ballast(&disk, dir.path()),
        "it would be most of what is to spare"
    );
    disk.set_free(7_000);
    try_append(&log).expect("there is room");
    assert!(has_ballast(&disk, dir.path()));
    disk.set_free(1_000);
    try_append(&log).expect_err("nearly full");
    assert!(
        has_ballast(&disk, dir.path()),
        "there is still room to end in order"
    );
    disk.set_free(999);
    try_append(&log).expect_err("all but full");
    assert!(!has_ballast(&disk, dir.path()));
    disk.set_free(5_999);
    try_append(&log).expect_err("a part of it is the ballast's");
    disk.set_free(6_000);
    try_append(&log).expect("there is room");
    assert!(has_ballast(&disk, dir.path()), "the first room is its own");
}

#[test]
fn a_log_that_is_opened_on_a_full_disk_gives_its_ballast_up_and_can_be_read() {
    let (disk, dir) = (MemoryDisk::new(), folder());
    disk.set_free(50_000);
    let log = open_with(&disk, dir.path(), 5, u64::MAX);
    append(&log, 1, "kept");
    drop(log);
    disk.set_free(10);
    disk.set_room(Some(0));
    let log = open_with(&disk, dir.path(), 5, u64::MAX);
    assert!(!has_ballast(&disk, dir.path()));
    assert_eq!(texts(&log), ["kept"]);
    assert!(log.shortage().is_some());
}
