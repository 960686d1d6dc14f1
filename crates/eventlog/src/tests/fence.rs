//! Two processes that both believe that the log is theirs: one was paused and lost its lock, the other took over.

use std::sync::atomic::{AtomicBool, Ordering};

use super::memory_disk::MemoryDisk;
use super::pausing_disk::PausingDisk;
use super::*;
use crate::Remedy;

fn lose_lock(dir: &Path) {
    fs::remove_file(dir.join("lock")).expect("the lock file is there");
}

fn try_append(log: &EventLog, text: &str) -> Result<u64, LogError> {
    let appended = log.writer().append_blocking(frame(1, text.as_bytes()));
    appended.map(|it| it.first_offset)
}

#[test]
fn each_start_raises_the_epoch_after_an_orderly_end_and_after_a_kill() {
    let dir = folder();
    for epoch in 1..=3 {
        assert_eq!(open(dir.path()).epoch(), epoch);
    }
    let log = open(dir.path());
    let copy = killed(dir.path());
    assert_eq!((log.epoch(), open(copy.path()).epoch()), (4, 5));
}

#[test]
fn an_epoch_whose_file_is_lost_or_unreadable_goes_on_above_what_the_log_speaks_of() {
    let dir = folder();
    for _ in 0..4 {
        append(&open(dir.path()), 1, "x");
    }
    fs::remove_file(dir.path().join("epoch")).expect("it is there");
    assert_eq!(open(dir.path()).epoch(), 5, "the mark knows it");
    let copy = killed(dir.path());
    assert_eq!(open(copy.path()).epoch(), 6);
    fs::write(copy.path().join("epoch"), "99 nonsense").expect("written");
    fs::remove_file(copy.path().join("durable")).expect("it is there");
    let log = open(copy.path());
    assert!(
        log.epoch() > 1,
        "the file of the first segment knows of one"
    );
    assert_eq!(texts(&log), ["x"; 4]);
}

#[tokio::test]
async fn a_process_that_was_taken_over_appends_nothing_more_and_says_why() {
    let dir = folder();
    let older = open(dir.path());
    append(&older, 1, "one");
    older.fence().check().expect("it is ours");
    lose_lock(dir.path());
    let younger = open(dir.path());
    assert_eq!((older.epoch(), younger.epoch()), (1, 2));
    let fenced = older.fence().check().expect_err("it is no longer ours");
    assert_eq!((fenced.ours, fenced.found), (1, Some(2)));
    let said = format!(
        "another process took {} over: it works under epoch 2, this one under 1",
        dir.path().display()
    );
    for error in [
        try_append(&older, "lost").expect_err("it is fenced"),
        try_append(&older, "lost too").expect_err("it stays fenced"),
        older.failed().await,
    ] {
        assert_eq!(
            (message(&error), error.remedy()),
            (said.clone(), Remedy::Stop)
        );
    }
    append(&younger, 1, "two");
    drop(older);
    append(&younger, 1, "three");
    assert_eq!(texts(&younger), ["one", "two", "three"]);
    drop(younger);
    let third = open(dir.path());
    assert_eq!(texts(&third), ["one", "two", "three"]);
    assert_eq!(third.recovered().cut_bytes, 0);
}

#[test]
fn a_fence_falls_with_its_file_but_not_with_a_copy_of_it() {
    let dir = folder();
    let log = open(dir.path());
    let (path, aside) = (dir.path().join("epoch"), dir.path().join("aside"));
    fs::copy(&path, &aside).expect("copied");
    fs::rename(&aside, &path).expect("renamed");
    log.fence()
        .check()
        .expect("another file that says the same");
    fs::remove_file(&path).expect("removed");
    let fenced = log.fence().check().expect_err("nobody knows whose it is");
    assert_eq!(fenced.found, None);
    assert!(fenced.to_string().contains("epoch unknown"), "{fenced}");
}

#[test]
fn a_log_closed_in_order_goes_on_in_its_file_and_a_killed_one_in_a_copy() {
    let dir = folder();
    append(&open(dir.path()), 1, "one");
    let log = open(dir.path());
    append(&log, 1, "two");
    let names = |dir: &Path| -> Vec<String> {
        let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        segment_files(dir).iter().map(name).collect()
    };
    assert_eq!(names(dir.path()), [FIRST_SEGMENT]);
    let copy = killed(dir.path());
    let reopened = open(copy.path());
    assert_eq!(names(copy.path()), ["00000000000000000000-000003.log"]);
    append(&reopened, 1, "three");
    assert_eq!(texts(&reopened), ["one", "two", "three"]);
}

#[test]
fn a_log_from_before_epochs_goes_on() {
    let dir = folder();
    append_many(&open(dir.path()), 15, 1);
    // As an earlier version left it: names without epoch, a mark of two numbers, no file of the epoch.
    for path in segment_files(dir.path()) {
        let name = path.file_name().unwrap().to_str().unwrap();
        fs::rename(&path, path.with_file_name(name.replace("-000001", ""))).expect("renamed");
    }
    fs::remove_file(dir.path().join("epoch")).expect("removed");
    let mark = fs::read_to_string(dir.path().join("durable")).expect("a mark");
    let numbers: Vec<&str> = mark.split(' ').take(2).collect();
    let said = numbers.join(" ");
    let mark = format!("{said} {:08x}\n", crc32c::crc32c(said.as_bytes()));
    fs::write(dir.path().join("durable"), mark).expect("written");
    let before = segment_files(dir.path());
    let log = open(dir.path());
    assert_eq!((log.epoch(), texts(&log).len()), (1, 15));
    assert_eq!(segment_files(dir.path()), before);
    append_many(&log, 15, 1);
    drop(log);
    assert_eq!(texts(&open(dir.path())).len(), 30);
}

#[test]
fn a_killed_log_on_a_full_disk_still_opens_under_a_new_epoch() {
    let (disk, dir) = (MemoryDisk::new(), folder());
    let log = open_on(&disk, dir.path());
    append(&log, 1, "kept");
    lose_lock(dir.path());
    disk.set_room(Some(0));
    let younger = open_on(&disk, dir.path());
    assert_eq!(
        (younger.epoch(), texts(&younger)),
        (2, vec!["kept".to_owned()])
    );
    assert!(matches!(try_append(&log, "lost"), Err(LogError::Fenced(_))));
    drop(log);
    disk.set_room(None);
    append(&younger, 1, "more");
    drop(younger);
    assert_eq!(texts(&open_on(&disk, dir.path())), ["kept", "more"]);
}

#[test]
fn a_segment_that_a_younger_process_is_making_is_left_alone_and_one_that_an_older_left_is_not() {
    let dir = folder();
    append(&open(dir.path()), 1, "x");
    let unfinished = |epoch| {
        dir.path()
            .join(format!("00000000000000000001-{epoch:06}.log.new"))
    };
    for epoch in [1, 9] {
        fs::write(unfinished(epoch), "half").expect("written");
    }
    assert_eq!(texts(&open(dir.path())), ["x"]);
    assert!(!unfinished(1).exists() && unfinished(9).exists());
}

/// A log with two frames on a disk in memory, and the lock of the process that will be paused.
fn prepared() -> (Arc<MemoryDisk>, Arc<PausingDisk>, TempDir) {
    let (disk, dir) = (MemoryDisk::new(), folder());
    let log = open_on(&disk, dir.path());
    append(&log, 1, "first");
    append(&log, 1, "second");
    drop(log);
    let below: SharedDisk = disk.clone();
    (disk, PausingDisk::over(below), dir)
}

/// Enough frames that a segment fills; tells which were answered well. Stops at the first refusal.
fn append_some(log: &EventLog, who: &str) -> (Vec<String>, Option<LogError>) {
    let mut answered = Vec::new();
    for index in 0..14 {
        let text = format!("{who} {index} {}", noise(index, 280));
        match try_append(log, &text) {
            Ok(_) => answered.push(text),
            Err(error) => return (answered, Some(error)),
        }
    }
    (answered, None)
}

/// What is in the log, without the noise.
fn short(texts: &[String]) -> Vec<String> {
    let words = |text: &String| text.split(' ').take(2).collect::<Vec<_>>().join(" ");
    texts.iter().map(words).collect()
}

/// The log holds the answered frames in this order and each once; others only before those of the younger process.
fn check_holds(disk: &Arc<MemoryDisk>, dir: &Path, answered: &[String], context: &str) {
    let log = open_on(disk, dir);
    let mut found = short(&texts(&log));
    let wanted = short(answered);
    let stray = |text: &String| !wanted.contains(text);
    let strays = found.iter().filter(|text| stray(text)).count();
    assert!(strays <= 1, "{context}: {found:?}");
    if let Some(at) = found.iter().position(stray) {
        assert!(found[at].starts_with("older"), "{context}: {found:?}");
        let behind = found[at + 1..]
            .iter()
            .all(|text| text.starts_with("younger"));
        assert!(behind, "{context}: {found:?}");
        found.remove(at);
    }
    assert_eq!(found, wanted, "{context}");
    append(&log, 1, "and on");
}

#[test]
fn a_process_paused_at_any_step_of_appending_loses_and_doubles_nothing_of_its_successor() {
    for operation in 0.. {
        let (disk, pausing, dir) = prepared();
        let older = EventLog::open_on(Arc::clone(&pausing) as SharedDisk, config(dir.path()));
        let older = older.expect("the log opens");
        pausing.pause_before(operation);
        let is_over = Arc::new(AtomicBool::new(false));
        let appending = std::thread::spawn({
            let is_over = Arc::clone(&is_over);
            move || {
                let appended = append_some(&older, "older");
                is_over.store(true, Ordering::Release);
                (older, appended)
            }
        });
        if !pausing.wait_for_pause(|| is_over.load(Ordering::Acquire)) {
            assert!(operation > 60, "every step of {operation} was tried");
            pausing.go_on();
            appending.join().expect("no panic");
            return;
        }
        lose_lock(dir.path());
        let younger = open_on(&disk, dir.path());
        let seen = texts(&younger).len();
        let (theirs, refused) = append_some(&younger, "younger");
        assert!(refused.is_none() && theirs.len() == 14);
        pausing.go_on();
        let (older, (ours, refused)) = appending.join().expect("no panic");
        let refused = refused.expect("nothing is answered well after the log was taken over");
        assert!(
            matches!(refused, LogError::Fenced(_)),
            "step {operation}: {refused}"
        );
        drop(older);
        younger.fence().check().expect("it stays the owner");
        let (more, refused) = append_some(&younger, "younger-still");
        assert!(refused.is_none() && more.len() == 14, "step {operation}");
        drop(younger);
        assert!(
            ours.len() + 2 <= seen,
            "step {operation}: answered but not seen"
        );
        let first = ["first".to_owned(), "second".to_owned()];
        let all = [&first[..], &ours, &theirs, &more].concat();
        check_holds(&disk, dir.path(), &all, &format!("step {operation}"));
    }
}

#[test]
fn of_two_processes_that_open_a_log_at_once_only_one_goes_on_whenever_the_first_is_paused() {
    for operation in 0.. {
        let (disk, pausing, dir) = prepared();
        // Killed, so that there is something to do.
        let killed = open_on(&disk, dir.path());
        append(&killed, 1, "third");
        lose_lock(dir.path());
        pausing.pause_before(operation);
        let is_over = Arc::new(AtomicBool::new(false));
        let opening = std::thread::spawn({
            let (is_over, disk) = (Arc::clone(&is_over), Arc::clone(&pausing));
            let config = config(dir.path());
            move || {
                let opened = EventLog::open_on(disk as SharedDisk, config);
                is_over.store(true, Ordering::Release);
                opened
            }
        });
        if !pausing.wait_for_pause(|| is_over.load(Ordering::Acquire)) {
            assert!(operation > 20, "every step of {operation} was tried");
            pausing.go_on();
            drop(opening.join().expect("no panic"));
            return;
        }
        lose_lock(dir.path());
        let younger = open_on(&disk, dir.path());
        let (mut all, _) = append_some(&younger, "younger");
        assert_eq!(all.len(), 14);
        pausing.go_on();
        let older = opening.join().expect("no panic");
        let by_older = older
            .as_ref()
            .ok()
            .and_then(|log| try_append(log, "last older").ok());
        let by_younger = try_append(&younger, "last younger").ok();
        let last = match (by_older, by_younger) {
            (Some(_), Some(_)) => panic!("step {operation}: both go on"),
            (Some(_), None) => Some("last older"),
            (None, Some(_)) => Some("last younger"),
            (None, None) => None,
        };
        drop((older, younger, killed));
        let first = ["first", "second", "third"].map(str::to_owned);
        all = [
            &first[..],
            &all,
            &last.map(str::to_owned).into_iter().collect::<Vec<_>>(),
        ]
        .concat();
        check_holds(&disk, dir.path(), &all, &format!("step {operation}"));
    }
}
