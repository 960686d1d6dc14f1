//! What a crash leaves behind, and that exactly the acknowledged frames come out of it.

use super::*;

/// Where the frames of the newest segment begin, and where the last one ends.
fn frame_places(log: &EventLog) -> (Vec<u64>, u64) {
    let frames = rest(&mut log.reader(0));
    let last = frames.last().expect("a frame");
    let end = last.position + frame(last.rows, &last.payload).stored_bytes() as u64;
    (frames.iter().map(|it| it.position).collect(), end)
}

fn newest(dir: &Path) -> PathBuf {
    segment_files(dir).pop().expect("a segment")
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("the file is there");
    change(&mut bytes);
    fs::write(path, bytes).expect("the file is written");
}

/// Opens, finds these frames, appends one, and finds it behind them, now and after another start.
fn check_goes_on(dir: &Path, expected: &[String], context: &str) {
    let log = open(dir);
    assert_eq!(texts(&log), expected, "{context}");
    let offset = append(&log, 1, "after the crash");
    assert_eq!(offset, expected.len() as u64, "{context}");
    drop(log);
    let mut longer = expected.to_vec();
    longer.push("after the crash".to_owned());
    assert_eq!(texts(&open(dir)), longer, "{context}");
}

#[test]
fn a_kill_loses_nothing_that_was_answered() {
    let dir = folder();
    let log = open(dir.path());
    append_many(&log, 15, 1);
    let copy = killed(dir.path());
    check_goes_on(copy.path(), &texts(&log), "kill");
}

#[test]
fn a_tail_torn_at_any_byte_recovers_to_the_frames_before_it() {
    let dir = folder();
    let log = open(dir.path());
    append_many(&log, 3, 1);
    let before = texts(&log);
    append(&log, 1, &noise(9, 90));
    let (places, end) = frame_places(&log);
    for torn_at in places[3]..end {
        // What never reached the disk reads as zeros, because the segment was reserved, or is missing altogether.
        for shorten in [false, true] {
            let copy = killed(dir.path());
            let mut complete = false;
            change(&newest(copy.path()), |bytes| {
                // A frame may end in zeros of its own; then nothing is torn.
                complete = !shorten
                    && bytes[torn_at as usize..end as usize]
                        .iter()
                        .all(|it| *it == 0);
                bytes[torn_at as usize..].fill(0);
                bytes.truncate(if shorten {
                    torn_at as usize
                } else {
                    bytes.len()
                });
            });
            let expected = if complete {
                texts(&log)
            } else {
                before.clone()
            };
            check_goes_on(
                copy.path(),
                &expected,
                &format!("torn at {torn_at}, {shorten}"),
            );
        }
    }
}

#[test]
fn a_bit_flipped_in_a_tail_that_nothing_proves_durable_cuts_it_and_says_so() {
    let dir = folder();
    let log = open(dir.path());
    append_many(&log, 3, 1);
    let (places, end) = frame_places(&log);
    let stored_end = end; // 280 bytes are a multiple of 8: no padding
    for position in (places[2]..stored_end).step_by(7) {
        let copy = killed(dir.path());
        change(&newest(copy.path()), |bytes| bytes[position as usize] ^= 1);
        let reopened = open(copy.path());
        let report = reopened.recovered();
        assert_eq!(
            (report.frames, report.rows, report.position),
            (2, 2, places[2])
        );
        assert!(
            (end - 8..=end).contains(&(places[2] + report.cut_bytes)),
            "{report:?}"
        );
        // A header that is itself damaged is not counted as a frame.
        assert_eq!(report.cut_frames, u64::from(position >= places[2] + 64));
    }
}

#[test]
fn a_bit_flipped_below_a_later_frame_is_an_error_and_nothing_is_cut() {
    let dir = folder();
    let log = open(dir.path());
    append_many(&log, 3, 1);
    let (places, _) = frame_places(&log);
    for position in (places[1]..places[2]).step_by(7) {
        let copy = killed(dir.path());
        let path = newest(copy.path());
        change(&path, |bytes| bytes[position as usize] ^= 1);
        let damaged = fs::read(&path).expect("the file is there");
        let error = EventLog::open(config(copy.path()))
            .err()
            .expect("damage is an error");
        let named = matches!(&error, LogError::Corrupt { path: at, position, .. }
            if *at == path && *position == places[1]);
        assert!(named, "{}", message(&error));
        assert!(fs::read(&path).expect("the file is there") == damaged);
    }
}

#[test]
fn even_a_frame_that_ends_in_zeros_proves_the_one_before_it_durable() {
    let dir = folder();
    let log = open(dir.path());
    append(&log, 1, "one");
    append(&log, 1, "two");
    log.writer()
        .append_blocking(stored_frame(1, &[0]))
        .expect("appended");
    let (places, _) = frame_places(&log);
    let copy = killed(dir.path());
    change(&newest(copy.path()), |bytes| {
        bytes[places[1] as usize + 64] ^= 1
    });
    let error = EventLog::open(config(copy.path()))
        .err()
        .expect("damage is an error");
    assert!(matches!(error, LogError::Corrupt { position, .. } if position == places[1]));
}

#[test]
fn damage_before_a_segment_that_was_never_finished_is_an_error() {
    let dir = folder();
    let log = open(dir.path());
    append_many(&log, 3, 1);
    let (places, _) = frame_places(&log);
    let copy = killed(dir.path());
    change(&newest(copy.path()), |bytes| {
        bytes[places[2] as usize + 64] ^= 1
    });
    // The next one is made only when all of this one is durable.
    fs::write(copy.path().join("00000000000000000003-000001.log"), b"").expect("written");
    let error = EventLog::open(config(copy.path()))
        .err()
        .expect("damage is an error");
    assert!(matches!(error, LogError::Corrupt { position, .. } if position == places[2]));
}

#[test]
fn a_bit_flipped_after_an_orderly_close_is_an_error_even_in_the_last_frame() {
    let dir = folder();
    let log = open(dir.path());
    append_many(&log, 3, 1);
    let (places, _) = frame_places(&log);
    drop(log);
    change(&newest(dir.path()), |bytes| {
        bytes[places[2] as usize + 100] ^= 1
    });
    let error = EventLog::open(config(dir.path()))
        .err()
        .expect("damage is an error");
    assert!(matches!(error, LogError::Corrupt { position, .. } if position == places[2]));
}

#[test]
fn a_hole_in_a_group_that_was_never_acknowledged_is_a_torn_write_and_not_damage() {
    let (disk, dir) = (memory_disk::MemoryDisk::new(), folder());
    let log = open_on(&disk, dir.path());
    append(&log, 1, "answered");
    disk.hold_syncs();
    let writer = log.writer();
    writer.append_with(frame(1, b"first of a group"), |_| ());
    disk.wait_for_held_sync();
    for _ in 0..4 {
        writer.append_with(frame(1, noise(1, 600).as_bytes()), |_| ());
    }
    disk.release_syncs();
    let mut seen = log.reader(0);
    while rest(&mut seen).last().is_none_or(|it| it.number < 5) {
        std::thread::yield_now();
    }
    let places: Vec<_> = rest(&mut log.reader(0))
        .iter()
        .map(|it| it.position)
        .collect();
    // The last four went out together; the disk lost the first of them and kept the others.
    let image = folder();
    let file = crate::disk::Disk::open(&*disk, &dir.path().join(FIRST_SEGMENT)).expect("there");
    let mut bytes = vec![0; file.len().expect("measurable") as usize];
    file.read_at(&mut bytes, 0).expect("readable");
    bytes[places[2] as usize..places[3] as usize].fill(0);
    fs::write(image.path().join("00000000000000000000.log"), bytes).expect("written");
    let reopened = open(image.path());
    assert_eq!(texts(&reopened), ["answered", "first of a group"]);
    assert_eq!(reopened.recovered().cut_frames, 3);
}

#[test]
fn bytes_behind_a_tear_never_come_back() {
    let dir = folder();
    let log = open(dir.path());
    for word in ["one", "two", "six", "ten"] {
        append(&log, 1, word);
    }
    let (places, _) = frame_places(&log);
    let copy = killed(dir.path());
    // All frames are of one length. The second is torn, and those behind it vanish with it, or else they would stand
    // exactly where the next frame ends.
    change(&newest(copy.path()), |bytes| {
        bytes[places[1] as usize + 66] ^= 1;
        bytes[places[2] as usize..places[3] as usize + 8].fill(0);
    });
    let reopened = open(copy.path());
    assert_eq!(texts(&reopened), ["one"]);
    let bytes = fs::read(newest(copy.path())).expect("the file is there");
    assert!(bytes[places[1] as usize..].iter().all(|byte| *byte == 0));
    assert_eq!(bytes.len() as u64, SEGMENT_BYTES);
    append(&reopened, 1, "new");
    let again = killed(copy.path());
    assert_eq!(texts(&open(again.path())), ["one", "new"]);
    let bytes = fs::read(newest(again.path())).expect("the file is there");
    let behind = &bytes[places[2] as usize..];
    assert!(behind.iter().all(|byte| *byte == 0));
}

#[test]
fn a_payload_that_contains_frames_of_a_log_is_not_taken_for_frames() {
    let dir = folder();
    let log = open(dir.path());
    append_many(&log, 4, 1);
    let (places, _) = frame_places(&log);
    let foreign = fs::read(newest(dir.path())).expect("the file is there");
    let other = folder();
    let log = open(other.path());
    append(&log, 1, "mine");
    let payload = &foreign[places[1] as usize..places[3] as usize];
    let mut framed = noise(3, 160).into_bytes();
    framed.extend_from_slice(payload);
    let appended = log.writer().append_blocking(stored_frame(1, &framed));
    appended.expect("appended");
    let (places, _) = frame_places(&log);
    let copy = killed(other.path());
    change(&newest(copy.path()), |bytes| {
        bytes[places[1] as usize + 70] ^= 1
    });
    let reopened = open(copy.path());
    assert_eq!(texts(&reopened), ["mine"]);
    assert_eq!(reopened.recovered().cut_frames, 1);
}

/// A log of two segments killed while the third was being made.
fn check_stillborn(make: impl FnOnce(&Path)) {
    let dir = folder();
    let log = open(dir.path());
    append_many(&log, 15, 1);
    let copy = killed(dir.path());
    make(copy.path());
    check_goes_on(copy.path(), &texts(&log), "stillborn");
    assert_eq!(segment_files(copy.path()).len(), 2);
}

#[test]
fn a_segment_that_was_never_finished_is_forgotten() {
    let write = |name: &'static str, bytes: Vec<u8>| {
        move |dir: &Path| fs::write(dir.join(name), bytes).expect("written")
    };
    check_stillborn(write("00000000000000000015-000001.log", Vec::new()));
    check_stillborn(write("00000000000000000015-000001.log", vec![0; 4_096]));
    check_stillborn(write(
        "00000000000000000015-000001.log.new",
        b"half".to_vec(),
    ));
}

#[test]
fn an_empty_first_segment_is_a_new_log_but_an_empty_later_one_alone_is_an_error() {
    let dir = folder();
    fs::write(dir.path().join("00000000000000000000.log"), b"").expect("written");
    check_goes_on(dir.path(), &[], "empty");
    let dir = folder();
    fs::write(dir.path().join("00000000000000000007.log"), b"").expect("written");
    let error = EventLog::open(config(dir.path()))
        .err()
        .expect("rows are missing");
    assert!(
        message(&error).contains("the ones before it are missing"),
        "{}",
        message(&error)
    );
}

#[test]
fn a_child_process_that_is_being_started_does_not_keep_a_closed_log_locked() {
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let children = std::thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                // A file that is no program: the child is made and fails to become anything else.
                let _ = std::process::Command::new("/dev/null").spawn();
            }
        }
    });
    let dir = folder();
    for _ in 0..200 {
        drop(open(dir.path()));
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    children.join().expect("no panic");
}

#[test]
fn a_second_open_is_refused_and_names_the_process_and_a_third_after_closing_is_not() {
    let dir = folder();
    let log = open(dir.path());
    let error = EventLog::open(config(dir.path()))
        .err()
        .expect("it is locked");
    let me = std::process::id();
    assert!(
        matches!(error, LogError::Locked { holder: Some(pid), .. } if pid == me),
        "{error}"
    );
    assert_eq!(error.remedy(), crate::Remedy::Stop);
    drop(log);
    open(dir.path());
}
