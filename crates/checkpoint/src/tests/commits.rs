//! Commits and what a start finds: three kept, files that stay and go, processes that were taken over.

use super::{checkpoint, files, open, rows, run, said, table};
use crate::{Checkpoint, Checkpoints, Folder, RunWriter, StateError, Table};

#[test]
fn a_start_finds_the_newest_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let (mut checkpoints, opened) = open(dir.path());
    assert_eq!(said(&opened), "nothing");
    let mut cells = table(&checkpoints.folder(), &[&[("a", "1")]]);
    assert_eq!(checkpoints.commit(&checkpoint(10, &cells)).unwrap(), 1);
    cells.push(run(&checkpoints.folder(), &[("a", "-"), ("b", "2")]));
    assert_eq!(checkpoints.commit(&checkpoint(20, &cells)).unwrap(), 2);
    drop((checkpoints, cells));
    let (mut checkpoints, opened) = open(dir.path());
    assert_eq!(said(&opened), "2: 20 | b=2");
    assert_eq!(opened.damaged, []);
    let cells = &opened.newest.unwrap().1.tables["cells"];
    assert_eq!((cells.runs(), cells.rows_max()), (2, 3));
    assert_eq!(checkpoints.commit(&checkpoint(30, cells)).unwrap(), 3);
}

#[test]
fn a_checkpoint_without_anything_is_one() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).0.commit(&Checkpoint::default()).unwrap();
    let (number, found) = open(dir.path()).1.newest.unwrap();
    assert_eq!((number, found.values.len(), found.tables.len()), (1, 0, 0));
}

#[test]
fn what_was_written_after_the_last_commit_is_gone_after_a_start() {
    let dir = tempfile::tempdir().unwrap();
    let (mut checkpoints, _) = open(dir.path());
    let mut cells = table(&checkpoints.folder(), &[&[("a", "1")]]);
    checkpoints.commit(&checkpoint(10, &cells)).unwrap();
    cells.push(run(&checkpoints.folder(), &[("a", "2")]));
    let unfinished = RunWriter::create(&checkpoints.folder(), 1).unwrap();
    // As a kill does: nothing is dropped.
    std::mem::forget((checkpoints, cells, unfinished));
    assert_eq!(files(dir.path()).len(), 4);
    let (_checkpoints, opened) = open(dir.path());
    assert_eq!(said(&opened), "1: 10 | a=1");
    assert_eq!(
        files(dir.path()),
        ["000001-0000000000.run", "000001-0000000001.checkpoint"]
    );
}

#[test]
fn three_checkpoints_are_kept_and_files_go_with_the_last_that_names_them() {
    let dir = tempfile::tempdir().unwrap();
    let (mut checkpoints, _) = open(dir.path());
    let mut told = Vec::new();
    for offset in 1..=5 {
        let cells = table(&checkpoints.folder(), &[&[("a", &offset.to_string())]]);
        checkpoints.commit(&checkpoint(offset, &cells)).unwrap();
        told.push(files(dir.path()).len());
    }
    assert_eq!(told, [2, 4, 6, 6, 6]);
    assert_eq!(checkpoints.kept().collect::<Vec<_>>(), [3, 4, 5]);
    drop(checkpoints);
    let (checkpoints, opened) = open(dir.path());
    assert_eq!(said(&opened), "5: 5 | a=5");
    assert_eq!(checkpoints.kept().collect::<Vec<_>>(), [3, 4, 5]);
    assert_eq!(files(dir.path()).len(), 6);
}

#[test]
fn a_run_that_later_checkpoints_name_too_stays() {
    let dir = tempfile::tempdir().unwrap();
    let (mut checkpoints, _) = open(dir.path());
    let cells = table(&checkpoints.folder(), &[&[("a", "1")]]);
    for offset in 1..=9 {
        checkpoints.commit(&checkpoint(offset, &cells)).unwrap();
    }
    drop((checkpoints, cells));
    assert_eq!(said(&open(dir.path()).1), "9: 9 | a=1");
}

#[test]
fn a_run_merged_away_before_a_commit_goes_at_once_and_a_committed_one_with_its_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let (mut checkpoints, _) = open(dir.path());
    let folder = checkpoints.folder();
    let mut cells = Table::default();
    (0..4).for_each(|at| cells.push(run(&folder, &[("a", &at.to_string())])));
    checkpoints.commit(&checkpoint(1, &cells)).unwrap();
    (4..8).for_each(|at| cells.push(run(&folder, &[("a", &at.to_string())])));
    assert!(cells.merge(&folder).unwrap());
    let runs = |dir| {
        files(dir)
            .iter()
            .filter(|name| name.ends_with(".run"))
            .count()
    };
    assert_eq!(runs(dir.path()), 5);
    for offset in 2..=4 {
        assert_eq!(runs(dir.path()), 5);
        checkpoints.commit(&checkpoint(offset, &cells)).unwrap();
    }
    assert_eq!(runs(dir.path()), 1);
    assert_eq!(rows(&cells), "a=7");
}

#[test]
fn files_of_others_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["notes.txt", "a.run", "x.checkpoint"] {
        std::fs::write(dir.path().join(name), "mine").unwrap();
    }
    let (mut checkpoints, opened) = open(dir.path());
    assert_eq!(
        (said(&opened), opened.damaged.len()),
        ("nothing".to_owned(), 0)
    );
    checkpoints.commit(&Checkpoint::default()).unwrap();
    assert_eq!(
        files(dir.path()),
        [
            "000001-0000000001.checkpoint",
            "a.run",
            "notes.txt",
            "x.checkpoint"
        ]
    );
}

#[test]
fn what_a_younger_process_is_making_is_left_alone_and_what_an_older_left_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let younger = ["000002-0000000001.run", "000002-0000000007.checkpoint.new"];
    let older = ["000000-0000000001.run", "000001-0000000007.checkpoint.new"];
    for name in younger.iter().chain(&older) {
        std::fs::write(dir.path().join(name), "half").unwrap();
    }
    drop(open(dir.path()));
    assert_eq!(files(dir.path()), younger);
}

#[test]
fn a_checkpoint_names_only_runs_of_its_own_folder() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (mut checkpoints, _) = open(dir.path());
    let cells = table(&Folder::scratch(other.path()).unwrap(), &[&[("a", "1")]]);
    let error = checkpoints.commit(&checkpoint(1, &cells)).unwrap_err();
    assert!(matches!(error, StateError::ElsewhereRun { .. }), "{error}");
    let cells = table(&checkpoints.folder(), &[&[("a", "1")]]);
    checkpoints.commit(&checkpoint(1, &cells)).unwrap();
}

#[test]
fn a_process_that_was_taken_over_commits_nothing_and_removes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (mut older, _) = open(dir.path());
    let mut cells = table(&older.folder(), &[&[("a", "1")]]);
    older.commit(&checkpoint(10, &cells)).unwrap();

    let (mut younger, opened) = Checkpoints::open(dir.path(), 2).unwrap();
    assert_eq!(said(&opened), "1: 10 | a=1");
    let their_cells = opened.newest.unwrap().1.tables["cells"].clone();
    younger.commit(&checkpoint(15, &their_cells)).unwrap();

    cells.push(run(&older.folder(), &[("b", "lost")]));
    let error = older.commit(&checkpoint(20, &cells)).unwrap_err();
    assert!(
        error.to_string().starts_with("another process took "),
        "{error}"
    );
    drop((older, cells));
    assert!(matches!(
        Checkpoints::open(dir.path(), 1),
        Err(StateError::Fenced {
            ours: 1,
            newer: 2,
            ..
        })
    ));
    drop((younger, their_cells));
    let (_, opened) = Checkpoints::open(dir.path(), 3).unwrap();
    assert_eq!(said(&opened), "2: 15 | a=1");
    assert_eq!(opened.damaged, []);
}
