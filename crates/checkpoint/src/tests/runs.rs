//! Runs: order, limits, files that come and go, and damage found when a block is read.

use super::{files, rows, run, table};
use crate::{Folder, KEY_BYTES_MAX, RunWriter, StateError, VALUE_BYTES_MAX};
use std::path::Path;

fn scratch() -> (tempfile::TempDir, Folder) {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::scratch(dir.path()).unwrap();
    (dir, folder)
}

#[test]
fn rows_that_do_not_rise_are_refused() {
    let (_dir, folder) = scratch();
    for (first, second) in [("b", "a"), ("a", "a"), ("ab", "a"), ("", "")] {
        let mut writer = RunWriter::create(&folder, 2).unwrap();
        writer.push(first.as_bytes(), None).unwrap();
        let error = writer.push(second.as_bytes(), None).unwrap_err();
        assert!(matches!(error, StateError::OutOfOrder { .. }), "{error}");
    }
}

#[test]
fn keys_and_values_are_taken_up_to_their_limits() {
    let (_dir, folder) = scratch();
    let (key, value) = (vec![b'k'; KEY_BYTES_MAX], vec![b'v'; VALUE_BYTES_MAX]);
    let mut writer = RunWriter::create(&folder, 1).unwrap();
    writer.push(b"", Some(b"of the empty key")).unwrap();
    writer.push(&key, Some(&value)).unwrap();
    let error = writer.push(&[&*key, b"k"].concat(), None).unwrap_err();
    assert_eq!(error.to_string(), "key of 65537 bytes is larger than 65536");
    let error = writer
        .push(b"l", Some(&[&*value, b"v"].concat()))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "value of 67108865 bytes is larger than 67108864"
    );
    let mut table = crate::Table::default();
    table.push(writer.finish().unwrap());
    assert!(table.get(&key).unwrap() == Some(value));
    assert_eq!(
        table.get(b"").unwrap().as_deref(),
        Some(&b"of the empty key"[..])
    );
}

#[test]
fn a_run_without_rows_is_none() {
    let (dir, folder) = scratch();
    let table = table(&folder, &[&[]]);
    assert!(table.is_empty());
    assert_eq!(table.get(b"a").unwrap(), None);
    assert_eq!(files(dir.path()), [""; 0]);
}

#[test]
fn a_run_that_is_not_finished_leaves_no_file() {
    let (dir, folder) = scratch();
    let mut writer = RunWriter::create(&folder, 1).unwrap();
    writer.push(b"a", None).unwrap();
    assert_eq!(files(dir.path()).len(), 1);
    drop(writer);
    assert_eq!(files(dir.path()), [""; 0]);
}

#[test]
fn a_run_goes_with_its_last_handle() {
    let (dir, folder) = scratch();
    let run = run(&folder, &[("a", "1")]);
    let clone = run.clone();
    drop(run);
    assert_eq!(files(dir.path()).len(), 1);
    drop(clone);
    assert_eq!(files(dir.path()), [""; 0]);
}

#[test]
fn a_folder_for_scratch_begins_without_runs_and_leaves_other_files_alone() {
    let (dir, folder) = scratch();
    std::fs::write(dir.path().join("000000-0000000009.run"), "old").unwrap();
    std::fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    drop(folder);
    Folder::scratch(dir.path()).unwrap();
    assert_eq!(files(dir.path()), ["notes.txt"]);
}

/// The only file in a folder.
fn only_file(dir: &Path) -> std::path::PathBuf {
    dir.join(&files(dir)[0])
}

#[test]
fn a_flipped_byte_in_a_block_is_an_error_and_never_another_answer() {
    let (dir, folder) = scratch();
    let table = table(
        &folder,
        &[&[("apple", "1"), ("apricot", "2"), ("pear", "-")]],
    );
    let path = only_file(dir.path());
    let whole = std::fs::read(&path).unwrap();
    let (end, _) = whole[whole.len() - 20..].split_first_chunk().unwrap();
    let footer_at = whole.len() - 20 - u64::from_le_bytes(*end) as usize;
    for at in 8..footer_at {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x20;
        std::fs::write(&path, &bytes).unwrap();
        let mut scan = table.scan(b"", None);
        let error = scan.next().map(|_| ()).unwrap_err();
        assert!(matches!(error, StateError::Damaged { .. }), "{error}");
        let again = scan.next().map(|_| ()).unwrap_err();
        assert_eq!(again.to_string(), error.to_string());
        assert!(table.get(b"apple").is_err(), "byte {at}");
    }
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(rows(&table), "apple=1 apricot=2");
}

#[test]
fn a_file_cut_off_under_our_hands_is_an_error() {
    let (dir, folder) = scratch();
    let table = table(&folder, &[&[("apple", "1")]]);
    let file = std::fs::File::options()
        .write(true)
        .open(only_file(dir.path()));
    file.unwrap().set_len(12).unwrap();
    let error = table.get(b"apple").unwrap_err().to_string();
    assert!(
        error.ends_with("is damaged at byte 8: a block is cut off"),
        "{error}"
    );
}
