//! A failing disk: whatever fails, and whenever the power goes, a start finds the old or the new checkpoint, whole.

use super::memory_disk::{MemoryDisk, Unsynced};
use super::{checkpoint, open_on, said, table};
use crate::disk::SharedDisk;
use crate::{Checkpoints, Remedy, StateError, Table};
use std::io::ErrorKind;
use std::sync::Arc;

fn shared(disk: &MemoryDisk) -> SharedDisk {
    Arc::new(disk.clone())
}

const BEFORE: &str = "1: 10 | a=1";
const AFTER: &str = "2: 20 | a=2";

/// A folder with one checkpoint.
fn prepared() -> (MemoryDisk, Checkpoints) {
    let disk = MemoryDisk::default();
    let (mut checkpoints, _) = open_on(&shared(&disk));
    let cells = table(&checkpoints.folder(), &[&[("a", "1")]]);
    checkpoints.commit(&checkpoint(10, &cells)).unwrap();
    disk.asked();
    (disk, checkpoints)
}

/// Writes a run and commits it: everything that may fail.
fn step(checkpoints: &mut Checkpoints) -> Result<u64, StateError> {
    let mut writer = crate::RunWriter::create(&checkpoints.folder(), 1)?;
    writer.push(b"a", Some(b"2"))?;
    let mut cells = Table::default();
    cells.push(writer.finish()?);
    checkpoints.commit(&checkpoint(20, &cells))
}

fn found(disk: &MemoryDisk) -> String {
    let (_, opened) = open_on(&shared(disk));
    assert_eq!(opened.damaged, []);
    said(&opened)
}

#[test]
fn runs_are_durable_before_the_manifest_and_the_manifest_before_its_name() {
    let (disk, mut checkpoints) = prepared();
    step(&mut checkpoints).unwrap();
    assert_eq!(
        disk.asked(),
        [
            "create 000001-0000000001.run",
            "write 000001-0000000001.run",
            "sync 000001-0000000001.run",
            "sync state",
            "create 000001-0000000002.checkpoint.new",
            "write 000001-0000000002.checkpoint.new",
            "sync 000001-0000000002.checkpoint.new",
            "rename 000001-0000000002.checkpoint.new",
            "sync state",
        ]
    );
}

#[test]
fn old_checkpoints_lose_their_name_before_their_files_go() {
    let (disk, mut checkpoints) = prepared();
    for _ in 0..2 {
        step(&mut checkpoints).unwrap();
    }
    disk.asked();
    step(&mut checkpoints).unwrap();
    let asked = disk.asked();
    assert_eq!(
        &asked[asked.len() - 4..],
        [
            "rename 000001-0000000004.checkpoint.new",
            "remove 000001-0000000001.checkpoint",
            "sync state",
            "remove 000001-0000000000.run",
        ]
    );
}

#[test]
fn a_run_is_synced_once() {
    let (disk, mut checkpoints) = prepared();
    let cells = table(&checkpoints.folder(), &[&[("a", "2")]]);
    checkpoints.commit(&checkpoint(20, &cells)).unwrap();
    checkpoints.commit(&checkpoint(30, &cells)).unwrap();
    let asked = disk.asked();
    let syncs = asked
        .iter()
        .filter(|line| *line == "sync 000001-0000000001.run");
    assert_eq!(syncs.count(), 1);
}

#[test]
fn a_disk_that_is_full_at_any_operation_costs_no_checkpoint_and_a_later_commit_works() {
    for operation in 0.. {
        let (disk, mut checkpoints) = prepared();
        disk.fail_from(operation, ErrorKind::StorageFull);
        let result = step(&mut checkpoints);
        disk.heal();
        let Err(error) = result else {
            assert_eq!(operation, 9, "every operation was tried");
            return;
        };
        assert!(error.is_disk_full(), "{error}");
        assert!([BEFORE, AFTER].contains(&&*found(&disk.after_power_cut(Unsynced::Lost))));
        if error.remedy() == Remedy::Retry {
            assert_eq!(disk.file_names().len(), 3, "{:?}", disk.file_names());
            assert_eq!(found(&disk.after_power_cut(Unsynced::Kept)), BEFORE);
            step(&mut checkpoints).unwrap();
            let found = found(&disk.after_power_cut(Unsynced::Lost));
            assert!(found.ends_with(": 20 | a=2"), "{found}");
        }
    }
}

#[test]
fn after_a_sync_that_failed_nothing_more_is_committed() {
    let (disk, mut checkpoints) = prepared();
    disk.fail_from(2, ErrorKind::Other);
    let error = step(&mut checkpoints).unwrap_err();
    assert_eq!(error.remedy(), Remedy::Stop);
    disk.heal();
    disk.asked();
    assert_eq!(
        step(&mut checkpoints).unwrap_err().to_string(),
        error.to_string()
    );
    assert!(!disk.asked().iter().any(|line| line.contains("checkpoint")));
    assert_eq!(found(&disk.after_power_cut(Unsynced::Lost)), BEFORE);
}

#[test]
fn a_power_cut_at_any_operation_leaves_the_old_or_the_new_checkpoint() {
    let mut seen = Vec::new();
    for operation in 0..=9 {
        for unsynced in [Unsynced::Lost, Unsynced::Kept] {
            let (disk, mut checkpoints) = prepared();
            // From there on nothing reaches the disk, as after a cut.
            disk.fail_from(operation, ErrorKind::Other);
            let committed = step(&mut checkpoints);
            let found = found(&disk.after_power_cut(unsynced));
            let expected = if committed.is_ok() {
                &[AFTER][..]
            } else {
                &[BEFORE, AFTER]
            };
            assert!(
                expected.contains(&&*found),
                "operation {operation}: {found}"
            );
            seen.push(found);
        }
    }
    assert!(seen.iter().any(|found| found == BEFORE) && seen.iter().any(|found| found == AFTER));
}

#[test]
fn a_power_cut_while_a_folder_is_opened_changes_nothing() {
    for operation in 0..8 {
        let (disk, mut checkpoints) = prepared();
        step(&mut checkpoints).unwrap();
        std::mem::forget(table(&checkpoints.folder(), &[&[("a", "3")]]));
        std::mem::forget(checkpoints);
        disk.fail_from(operation, ErrorKind::Other);
        let opened = Checkpoints::open_on(shared(&disk), std::path::Path::new("state"), 2);
        drop(opened);
        for unsynced in [Unsynced::Lost, Unsynced::Kept] {
            let disk = disk.after_power_cut(unsynced);
            let opened = Checkpoints::open_on(shared(&disk), std::path::Path::new("state"), 3);
            assert_eq!(said(&opened.unwrap().1), AFTER, "operation {operation}");
        }
    }
}
