//! Damage: every flipped byte and every cut is found, the checkpoint before takes its place, and none is made up.

use super::{checkpoint, files, open, run, said, table};
use crate::{Checkpoints, Opened};
use std::path::Path;

/// Three checkpoints over one another: the first names one run, the second two, the third three.
fn three(dir: &Path) {
    let (mut checkpoints, _) = open(dir);
    let mut cells = table(&checkpoints.folder(), &[&[("a", "1")]]);
    checkpoints.commit(&checkpoint(10, &cells)).unwrap();
    cells.push(run(&checkpoints.folder(), &[("b", "2")]));
    checkpoints.commit(&checkpoint(20, &cells)).unwrap();
    cells.push(run(&checkpoints.folder(), &[("c", "3")]));
    checkpoints.commit(&checkpoint(30, &cells)).unwrap();
}

/// The files that this checkpoint has and the one before has not: its manifest, and its newest run.
fn own_files(number: u64) -> [String; 2] {
    let run = number - 1;
    [
        format!("000001-{number:010}.checkpoint"),
        format!("000001-{run:010}.run"),
    ]
}

const WHOLE: [&str; 4] = [
    "nothing",
    "1: 10 | a=1",
    "2: 20 | a=1 b=2",
    "3: 30 | a=1 b=2 c=3",
];

fn names(opened: &Opened) -> Vec<u64> {
    opened
        .damaged
        .iter()
        .map(|damaged| damaged.number)
        .collect()
}

/// Changes one file in every way, looks, and puts it back.
fn check_each(
    dir: &Path,
    name: &str,
    changes: impl Iterator<Item = Option<Vec<u8>>>,
    expected: &str,
    damaged: &[u64],
) {
    let path = dir.join(name);
    let whole = std::fs::read(&path).unwrap();
    for (at, change) in changes.enumerate() {
        match change {
            Some(bytes) => std::fs::write(&path, bytes).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        // Twice: what the first start does must not change what the next one finds.
        for _ in 0..2 {
            let (_checkpoints, opened) = open(dir);
            assert_eq!(said(&opened), expected, "{name}, change {at}");
            assert_eq!(names(&opened), damaged, "{name}, change {at}");
            assert!(opened.damaged[0].why.contains(name), "{:?}", opened.damaged);
        }
        std::fs::write(&path, &whole).unwrap();
    }
    assert_eq!(said(&open(dir).1), WHOLE[3]);
}

fn flips(whole: Vec<u8>) -> impl Iterator<Item = Option<Vec<u8>>> {
    (0..whole.len()).map(move |at| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        Some(bytes)
    })
}

fn cuts(whole: Vec<u8>) -> impl Iterator<Item = Option<Vec<u8>>> {
    (0..whole.len()).map(move |length| Some(whole[..length].to_vec()))
}

#[test]
fn every_flipped_byte_of_the_newest_checkpoint_makes_the_one_before_count() {
    let dir = tempfile::tempdir().unwrap();
    three(dir.path());
    for name in own_files(3) {
        let whole = std::fs::read(dir.path().join(&name)).unwrap();
        check_each(dir.path(), &name, flips(whole), WHOLE[2], &[3]);
    }
}

#[test]
fn every_cut_of_the_newest_checkpoint_makes_the_one_before_count() {
    let dir = tempfile::tempdir().unwrap();
    three(dir.path());
    for name in own_files(3) {
        let whole = std::fs::read(dir.path().join(&name)).unwrap();
        check_each(dir.path(), &name, cuts(whole), WHOLE[2], &[3]);
    }
}

#[test]
fn bytes_behind_the_end_are_damage_too() {
    let dir = tempfile::tempdir().unwrap();
    three(dir.path());
    for name in own_files(3) {
        let mut longer = std::fs::read(dir.path().join(&name)).unwrap();
        longer.push(0);
        check_each(
            dir.path(),
            &name,
            std::iter::once(Some(longer)),
            WHOLE[2],
            &[3],
        );
    }
}

#[test]
fn a_missing_run_makes_the_one_before_count() {
    let dir = tempfile::tempdir().unwrap();
    three(dir.path());
    let [_, name] = own_files(3);
    check_each(dir.path(), &name, std::iter::once(None), WHOLE[2], &[3]);
    std::fs::remove_file(dir.path().join(&name)).unwrap();
    let why = &open(dir.path()).1.damaged[0].why;
    assert_eq!(why, "000001-0000000002.run is missing");
}

#[test]
fn damage_to_a_run_that_all_name_leaves_nothing_and_says_so_of_each() {
    let dir = tempfile::tempdir().unwrap();
    three(dir.path());
    let [_, name] = own_files(1);
    let whole = std::fs::read(dir.path().join(&name)).unwrap();
    check_each(dir.path(), &name, flips(whole), WHOLE[0], &[3, 2, 1]);
}

#[test]
fn one_after_the_other_damaged_falls_back_to_the_first_and_then_to_nothing() {
    let dir = tempfile::tempdir().unwrap();
    three(dir.path());
    for (number, expected) in [(3, WHOLE[2]), (2, WHOLE[1]), (1, WHOLE[0])] {
        let [manifest, _] = own_files(number);
        std::fs::write(dir.path().join(manifest), "gone").unwrap();
        assert_eq!(said(&open(dir.path()).1), expected);
    }
}

#[test]
fn the_next_commit_removes_damaged_checkpoints_and_never_uses_their_number_again() {
    let dir = tempfile::tempdir().unwrap();
    three(dir.path());
    let [manifest, _] = own_files(3);
    std::fs::write(dir.path().join(&manifest), "gone").unwrap();
    let (mut checkpoints, opened) = open(dir.path());
    assert_eq!(files(dir.path()).len(), 6, "damage is no reason to remove");
    let (_, found) = opened.newest.unwrap();
    assert_eq!(checkpoints.commit(&found).unwrap(), 4);
    assert_eq!(
        files(dir.path()).len(),
        5,
        "its manifest and its run are gone, the new manifest is there"
    );
    assert_eq!(checkpoints.kept().collect::<Vec<_>>(), [1, 2, 4]);
    drop((checkpoints, found));
    let (_, opened) = open(dir.path());
    assert_eq!(said(&opened), "4: 20 | a=1 b=2");
    assert_eq!(opened.damaged, []);
}

#[test]
fn a_checkpoint_that_the_newest_did_not_follow_is_no_fallback() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    three(dir.path());
    let (mut checkpoints, _) = open(other.path());
    for offset in [70, 80] {
        let cells = table(&checkpoints.folder(), &[&[("z", "9")]]);
        checkpoints.commit(&checkpoint(offset, &cells)).unwrap();
    }
    let [manifest, _] = own_files(2);
    std::fs::copy(other.path().join(&manifest), dir.path().join(&manifest)).unwrap();
    let (_, opened) = open(dir.path());
    assert_eq!(said(&opened), WHOLE[3]);
    let [damaged] = &*opened.damaged else {
        panic!("{:?}", opened.damaged);
    };
    assert_eq!(
        (damaged.number, &*damaged.why),
        (
            2,
            "000001-0000000002.checkpoint is not what checkpoint 3 followed"
        )
    );
}

#[test]
fn a_manifest_under_another_name_is_not_taken() {
    let dir = tempfile::tempdir().unwrap();
    three(dir.path());
    let [newest, _] = own_files(3);
    std::fs::copy(
        dir.path().join(newest),
        dir.path().join("000001-0000000004.checkpoint"),
    )
    .unwrap();
    let (_, opened) = open(dir.path());
    assert_eq!(said(&opened), WHOLE[3]);
    assert_eq!(names(&opened), [4]);
}

#[test]
fn a_folder_that_cannot_be_read_now_is_an_error_and_costs_no_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    three(dir.path());
    let [manifest, _] = own_files(3);
    let (path, aside) = (dir.path().join(&manifest), dir.path().join("aside"));
    std::fs::rename(&path, &aside).unwrap();
    // A folder in place of the file can be opened but not read: no damage that we know.
    std::fs::create_dir(&path).unwrap();
    let error = Checkpoints::open(dir.path(), 1).unwrap_err().to_string();
    assert!(error.starts_with("read "), "{error}");
    std::fs::remove_dir(&path).unwrap();
    std::fs::rename(&aside, &path).unwrap();
    assert_eq!(said(&open(dir.path()).1), WHOLE[3]);
}
