//! Segments: rolling, following across them, finding a place in them, damage in old ones.

use super::*;
use crate::LogPosition;

#[test]
fn a_full_segment_is_followed_by_another_and_readers_do_not_notice() {
    let dir = folder();
    let log = open(dir.path());
    let mut follower = log.reader(0);
    let mut seen = Vec::new();
    for index in 0..40 {
        append(&log, 2, &noise(index, 280));
        seen.extend(rest(&mut follower));
    }
    assert!(
        segment_files(dir.path()).len() >= 4,
        "{:?}",
        segment_files(dir.path())
    );
    let expected: Vec<_> = (0..40).map(|index| noise(index, 280)).collect();
    assert_eq!(seen.iter().map(text).collect::<Vec<_>>(), expected);
    assert_eq!(texts(&log), expected);
}

#[test]
fn a_segment_is_named_by_its_first_offset_and_the_epoch_and_full_ones_hold_nothing_but_frames() {
    let dir = folder();
    let log = open(dir.path());
    append_many(&log, 40, 3);
    let frames = rest(&mut log.reader(0));
    let files = segment_files(dir.path());
    for pair in files.windows(2) {
        let name = pair[1]
            .file_stem()
            .and_then(|name| name.to_str())
            .expect("a name");
        let (first, epoch) = name.split_once('-').expect("two numbers");
        assert_eq!((first.len(), epoch), (20, "000001"));
        let first: u64 = first.parse().expect("digits");
        assert!(
            frames
                .iter()
                .any(|it| it.first_offset == first && it.segment == first)
        );
        let last = frames
            .iter()
            .rfind(|it| it.first_offset < first)
            .expect("a frame before");
        let bytes = fs::metadata(&pair[0]).expect("the file is there").len();
        assert_eq!(
            bytes,
            last.position + frame(3, &last.payload).stored_bytes() as u64
        );
    }
}

#[test]
fn a_reopened_log_goes_on_at_the_next_offset() {
    let dir = folder();
    let mut expected = Vec::new();
    for round in 0..12 {
        let log = open(dir.path());
        assert_eq!(log.end(), round * 3);
        for (rows, index) in [(1, 0), (2, 1)] {
            let text = noise(round as usize * 2 + index, 280);
            append(&log, rows, &text);
            expected.push(text);
        }
        assert_eq!(log.recovered().cut_bytes, 0);
        log.close();
    }
    assert_eq!(texts(&open(dir.path())), expected);
}

#[test]
fn reading_from_any_row_begins_with_the_frame_that_holds_it() {
    let dir = folder();
    let log = open(dir.path());
    append_many(&log, 40, 3);
    for offset in 0..120 {
        let frame = log
            .reader(offset)
            .try_next()
            .expect("readable")
            .expect("a frame");
        assert_eq!(frame.first_offset, offset / 3 * 3, "offset {offset}");
    }
    assert_eq!(log.reader(120).try_next().expect("readable"), None);
}

#[test]
fn a_frame_larger_than_a_segment_gets_one_of_its_own() {
    let dir = folder();
    let log = open(dir.path());
    let sizes = [100, 10_000, 50, 9_000, 9_000, 20];
    let payloads: Vec<_> = sizes
        .iter()
        .enumerate()
        .map(|(i, size)| noise(i, *size))
        .collect();
    for payload in &payloads {
        append(&log, 1, payload);
    }
    let firsts: Vec<_> = rest(&mut log.reader(0))
        .iter()
        .map(|it| it.segment)
        .collect();
    assert_eq!(firsts, [0, 1, 2, 3, 4, 5]);
    drop(log);
    assert_eq!(texts(&open(dir.path())), payloads);
}

#[test]
fn a_segment_without_rows_grows_instead_of_rolling_because_two_cannot_share_a_name() {
    let dir = folder();
    let log = open(dir.path());
    append_many(&log, 40, 0);
    append(&log, 1, &noise(40, 280));
    append(&log, 1, &noise(41, 280));
    assert_eq!(
        texts(&log),
        (0..42).map(|index| noise(index, 280)).collect::<Vec<_>>()
    );
    assert_eq!(segment_files(dir.path()).len(), 2);
    drop(log);
    let log = open(dir.path());
    assert_eq!((texts(&log).len(), log.end()), (42, 2));
}

#[test]
fn frames_without_rows_come_exactly_once_to_a_reader_that_remembers_its_position() {
    let dir = folder();
    let log = open(dir.path());
    // With 280 bytes eleven frames fill a segment, so frames without rows also stand at its end.
    for index in 0..60 {
        append(&log, u32::from(index % 4 == 0), &noise(index, 280));
    }
    let all = rest(&mut log.reader(0));
    let ends = std::iter::once(LogPosition::default()).chain(all.iter().map(Frame::end));
    for (index, end) in ends.enumerate() {
        assert_eq!(
            rest(&mut log.reader_at(end)),
            all[index..],
            "after {index} frames"
        );
        let frames = rest(&mut log.reader(end.offset));
        let first = all.iter().position(|it| {
            it.end_offset() > end.offset || it.rows == 0 && it.first_offset == end.offset
        });
        assert_eq!(
            frames,
            all[first.unwrap_or(all.len())..],
            "from offset {}",
            end.offset
        );
    }
}

#[test]
fn an_offset_outside_of_the_log_is_an_error_that_names_what_is_there() {
    let dir = folder();
    let log = open(dir.path());
    append_many(&log, 3, 2);
    let error = log.reader(7).try_next().expect_err("beyond the end");
    assert_eq!(
        message(&error),
        "offset 7 is outside of the log, which holds 0 to 6"
    );
    let beyond = LogPosition {
        offset: 6,
        frame: 9,
    };
    assert!(log.reader_at(beyond).try_next().is_err());
}

/// Fills three segments, does something to one of them, and says how reading all of it ends.
fn check_damage(damage: impl FnOnce(&[PathBuf]), expected_frames: usize, expected: &str) {
    let dir = folder();
    let log = open(dir.path());
    append_many(&log, 30, 1);
    log.close();
    drop(log);
    let files = segment_files(dir.path());
    assert_eq!(files.len(), 3);
    damage(&files);
    let end = EventLog::open(config(dir.path())).and_then(|log| {
        let mut reader = log.reader(0);
        let mut frames = 0;
        while reader.try_next()?.is_some() {
            frames += 1;
        }
        Ok(frames)
    });
    let name = |error: &LogError| message(error).replace(&format!("{}/", dir.path().display()), "");
    match end {
        Ok(frames) => assert_eq!((frames, "readable"), (expected_frames, expected)),
        Err(error) => {
            assert_eq!(name(&error), expected);
            assert_eq!(error.remedy(), crate::Remedy::Stop);
        }
    }
}

fn flip(path: &Path, position: usize) {
    let mut bytes = fs::read(path).expect("the file is there");
    bytes[position] ^= 0x10;
    fs::write(path, bytes).expect("the file is written");
}

#[test]
fn damage_in_an_older_segment_is_an_error_with_segment_and_position() {
    check_damage(|_| (), 30, "readable");
    check_damage(
        |files| flip(&files[0], 64 + 344 + 100),
        1,
        "log is damaged at byte 408 of 00000000000000000000-000001.log: the frame body fails its checksum",
    );
    check_damage(
        |files| flip(&files[1], 64 + 20),
        11,
        "log is damaged at byte 64 of 00000000000000000011-000001.log: the frame header fails its checksum",
    );
    check_damage(
        |files| flip(&files[1], 3),
        11,
        "log is damaged at byte 0 of 00000000000000000011-000001.log: this is not a log segment",
    );
}

#[test]
fn frames_that_changed_places_are_an_error() {
    let swap = |files: &[PathBuf]| {
        let mut bytes = fs::read(&files[0]).expect("the file is there");
        let (first, second) = bytes[64..].split_at_mut(344);
        first.swap_with_slice(&mut second[..344]);
        fs::write(&files[0], bytes).expect("the file is written");
    };
    let at = "log is damaged at byte 64 of 00000000000000000000-000001.log:";
    check_damage(swap, 0, &format!("{at} the frame is out of sequence"));
}

#[test]
fn frames_that_vanished_from_an_older_segment_are_an_error_too() {
    let cut = |bytes: u64| {
        move |files: &[PathBuf]| {
            let file = fs::OpenOptions::new()
                .write(true)
                .open(&files[0])
                .expect("it is there");
            file.set_len(64 + 344 * 10).expect("truncated");
            file.set_len(bytes).expect("extended");
        }
    };
    let at = "log is damaged at byte 3504 of 00000000000000000000-000001.log:";
    let missing = "frames between this segment and the next are missing";
    check_damage(cut(64 + 344 * 10), 10, &format!("{at} {missing}"));
    check_damage(
        cut(64 + 344 * 11),
        10,
        &format!("{at} durable frames are missing"),
    );
}

#[test]
fn a_missing_segment_is_an_error_wherever_it_stood() {
    check_damage(
        |files| fs::remove_file(&files[1]).expect("removed"),
        11,
        "log is damaged at byte 3848 of 00000000000000000000-000001.log: frames between this segment and the next are missing",
    );
    let remove_newest = |files: &[PathBuf]| fs::remove_file(&files[2]).expect("removed");
    let missing =
        "log is damaged at byte 0 of 00000000000000000022-000001.log: the segment is missing";
    check_damage(remove_newest, 0, missing);
    let remove_all = |files: &[PathBuf]| {
        files
            .iter()
            .for_each(|path| fs::remove_file(path).expect("removed"));
    };
    check_damage(remove_all, 0, missing);
}
