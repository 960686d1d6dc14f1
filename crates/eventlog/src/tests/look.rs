//! Looking at a log that somebody else has open, that was killed, or that is none; nothing in its folder may change.

use std::fs;
use std::path::{Path, PathBuf};

use super::{FIRST_SEGMENT, append_many, files, folder, killed, open, rest, text, texts};
use crate::look;

/// Every file with its content.
fn contents(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let read = |path: PathBuf| {
        let bytes = fs::read(&path).expect("a file");
        (path, bytes)
    };
    files(dir).into_iter().map(read).collect()
}

fn seen(dir: &Path) -> Vec<String> {
    let mut look = look(dir).expect("can be read").expect("is a log");
    let frames = rest(&mut look.reader);
    assert_eq!(look.reader.position(), look.end);
    assert!(look.reader.is_at_end());
    frames.iter().map(text).collect()
}

#[test]
fn a_log_that_is_open_is_seen_as_it_stands_and_not_touched() {
    let dir = folder();
    let log = open(dir.path());
    append_many(&log, 30, 2);
    let (before, expected) = (contents(dir.path()), texts(&log));
    assert!(before.len() > 4, "several segments");
    assert_eq!(seen(dir.path()), expected);
    assert_eq!(contents(dir.path()), before);
    append_many(&log, 1, 2);
    assert_eq!(seen(dir.path()), texts(&log));
    let first = look(dir.path())
        .expect("can be read")
        .expect("is a log")
        .first;
    assert_eq!((first.offset, first.frame), (0, 0));
}

#[test]
fn of_a_killed_log_all_whole_frames_are_seen_and_nothing_is_repaired() {
    let dir = folder();
    let log = open(dir.path());
    append_many(&log, 4, 1);
    let copy = killed(dir.path());
    let path = copy.path().join(FIRST_SEGMENT);
    let mut bytes = fs::read(&path).expect("a segment");
    let end = bytes.iter().rposition(|byte| *byte != 0).expect("frames");
    bytes[end] ^= 1;
    fs::write(&path, bytes).expect("is damaged");
    let before = contents(copy.path());
    assert_eq!(seen(copy.path()), texts(&log)[..3]);
    assert_eq!(contents(copy.path()), before);
}

#[test]
fn a_folder_without_a_log_is_none() {
    let dir = folder();
    assert!(look(dir.path()).expect("can be read").is_none());
    assert!(look(&dir.path().join("x")).expect("can be read").is_none());
    // A crash while the first segment was made.
    fs::write(dir.path().join(FIRST_SEGMENT), [0; 4_096]).expect("is written");
    assert!(look(dir.path()).expect("can be read").is_none());
}
