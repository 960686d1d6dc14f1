//! Tables against a plain ordered map: look-ups, scans, merges, views.

use super::{files, rows, rows_between, run, table};
use crate::{Folder, RunWriter, Table};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::Bound;

type Rows = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

fn scratch() -> (tempfile::TempDir, Folder) {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::scratch(dir.path()).unwrap();
    (dir, folder)
}

#[test]
fn the_newest_run_counts_and_removed_rows_are_hidden() {
    let (_dir, folder) = scratch();
    let table = table(
        &folder,
        &[
            &[("a", "1"), ("b", "1"), ("c", "1")],
            &[("b", "-"), ("c", "2")],
            &[("b", "3"), ("c", "-"), ("d", "3")],
        ],
    );
    assert_eq!(rows(&table), "a=1 b=3 d=3");
    assert_eq!(table.get(b"b").unwrap().as_deref(), Some(&b"3"[..]));
    assert_eq!(table.get(b"c").unwrap(), None);
}

#[test]
fn a_scan_begins_with_from_and_ends_before_to() {
    let (_dir, folder) = scratch();
    let table = table(
        &folder,
        &[&[("a", "1"), ("c", "1")], &[("b", "2"), ("d", "2")]],
    );
    assert_eq!(rows_between(&table, "b", Some("d")), "b=2 c=1");
    assert_eq!(rows_between(&table, "bb", None), "c=1 d=2");
    assert_eq!(rows_between(&table, "e", None), "");
    assert_eq!(rows_between(&table, "c", Some("b")), "");
}

#[test]
fn eight_runs_of_a_size_become_one_and_their_files_go() {
    let (dir, folder) = scratch();
    let mut table = Table::default();
    for at in 0..7 {
        table.push(run(&folder, &[("a", &at.to_string())]));
        assert!(!table.merge(&folder).unwrap());
    }
    table.push(run(&folder, &[("b", "7")]));
    assert!(table.merge(&folder).unwrap());
    assert_eq!((table.runs(), table.rows_max()), (1, 2));
    assert_eq!(rows(&table), "a=6 b=7");
    assert_eq!(files(dir.path()).len(), 1);
    assert!(!table.merge(&folder).unwrap());
}

#[test]
fn removed_rows_stay_while_an_older_run_may_hold_them_and_vanish_with_the_oldest() {
    let (_dir, folder) = scratch();
    let keys: Vec<String> = (0..70).map(|key| format!("k{key:02}")).collect();
    let large: Vec<(&str, &str)> = keys.iter().map(|key| (&**key, "1")).collect();
    let mut table = table(&folder, &[&large]);
    for _ in 0..8 {
        table.push(run(&folder, &[("k00", "-"), ("k01", "-")]));
    }
    assert!(table.merge(&folder).unwrap());
    assert_eq!((table.runs(), table.rows_max()), (2, 72));
    assert!(rows(&table).starts_with("k02=1"));
    for _ in 0..7 {
        table.push(run(&folder, &large[2..]));
    }
    assert!(table.merge(&folder).unwrap());
    assert_eq!((table.runs(), table.rows_max()), (1, 68));
}

#[test]
fn a_table_of_which_everything_was_removed_merges_to_nothing() {
    let (dir, folder) = scratch();
    let mut table = Table::default();
    for value in ["1", "-", "1", "-", "1", "-", "1", "-"] {
        table.push(run(&folder, &[("a", value)]));
    }
    assert!(table.merge(&folder).unwrap());
    assert!(table.is_empty());
    assert_eq!(files(dir.path()), [""; 0]);
}

#[test]
fn however_run_sizes_alternate_there_are_few_runs() {
    let (_dir, folder) = scratch();
    let keys: Vec<String> = (0..600).map(|key| format!("{key:03}")).collect();
    let all: Vec<(&str, &str)> = keys.iter().map(|key| (&**key, "1")).collect();
    let mut table = Table::default();
    for round in 0..60 {
        let size = [1, 600, 70, 9][round % 4];
        table.push(run(&folder, &all[..size]));
        while table.merge(&folder).unwrap() {}
        assert!(table.runs() <= 7 * 4, "{} runs", table.runs());
    }
}

#[test]
fn a_view_stays_readable_after_its_runs_were_merged_and_deleted() {
    let (dir, folder) = scratch();
    let mut table = Table::default();
    (0..8).for_each(|at| table.push(run(&folder, &[("a", &at.to_string()), ("b", "1")])));
    let view = table.clone();
    let mut scan = view.scan(b"", None);
    assert_eq!(scan.next().unwrap(), Some((&b"a"[..], &b"7"[..])));
    assert!(table.merge(&folder).unwrap());
    for name in files(dir.path()) {
        std::fs::remove_file(dir.path().join(name)).unwrap();
    }
    assert_eq!(scan.next().unwrap(), Some((&b"b"[..], &b"1"[..])));
    assert_eq!(rows(&view), "a=7 b=1");
    assert_eq!(rows(&table), "a=7 b=1");
}

#[test]
fn a_merge_done_elsewhere_takes_the_place_of_its_runs_below_what_came_meanwhile() {
    let (_dir, folder) = scratch();
    let mut table = Table::default();
    (0..8).for_each(|at| table.push(run(&folder, &[("a", &at.to_string()), ("b", "1")])));
    let merge = table.merge_due().unwrap();
    table.push(run(&folder, &[("a", "new")]));
    let merged = merge.run(&folder).unwrap();
    assert!(table.adopt(merged));
    assert_eq!((table.runs(), &*rows(&table)), (2, "a=new b=1"));
}

#[test]
fn a_merge_that_came_too_late_changes_nothing() {
    let (_dir, folder) = scratch();
    let mut table = Table::default();
    (0..8).for_each(|at| table.push(run(&folder, &[("a", &at.to_string())])));
    let merge = table.merge_due().unwrap();
    assert!(table.merge(&folder).unwrap());
    assert!(!table.adopt(merge.run(&folder).unwrap()));
    assert_eq!((table.runs(), &*rows(&table)), (1, "a=7"));
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    // Few letters, so that keys meet, begin alike, and are one another's beginning.
    vec(0_u8..3, 0..7)
}

fn layer() -> impl Strategy<Value = Rows> {
    btree_map(
        key(),
        proptest::option::of(vec(any::<u8>(), 0..200)),
        0..200,
    )
}

fn write(folder: &Folder, rows: &Rows) -> crate::Run {
    let mut writer = RunWriter::create(folder, rows.len() as u64).unwrap();
    for (key, value) in rows {
        writer.push(key, value.as_deref()).unwrap();
    }
    writer.finish().unwrap()
}

/// Everything that can be asked of a table, against the map.
fn check(table: &Table, layers: &[Rows], asked: &[Vec<u8>]) {
    let mut all = Rows::new();
    layers.iter().for_each(|layer| all.extend(layer.clone()));
    all.retain(|_, value| value.is_some());
    for key in asked.iter().chain(all.keys()) {
        let expected = all.get(key).cloned().flatten();
        assert_eq!(table.get(key).unwrap(), expected, "{key:?}");
    }
    for pair in asked.windows(2) {
        let (from, to) = (&pair[0], &pair[1]);
        let bounds = (Bound::Included(from), Bound::Excluded(to));
        let expected: Vec<_> = if from < to {
            all.range::<Vec<u8>, _>(bounds).collect()
        } else {
            Vec::new()
        };
        check_scan(table, from, Some(to), &expected);
        check_scan(
            table,
            from,
            None,
            &all.range(from.clone()..).collect::<Vec<_>>(),
        );
    }
}

fn check_scan(
    table: &Table,
    from: &[u8],
    to: Option<&[u8]>,
    expected: &[(&Vec<u8>, &Option<Vec<u8>>)],
) {
    let mut scan = table.scan(from, to);
    for (key, value) in expected {
        let row = scan.next().unwrap();
        assert_eq!(row, Some((&***key, value.as_deref().unwrap())));
    }
    assert_eq!(scan.next().unwrap(), None);
    assert_eq!(scan.next().unwrap(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_table_is_an_ordered_map(layers in vec(layer(), 0..20), asked in vec(key(), 2..20)) {
        let (_dir, folder) = scratch();
        let mut table = Table::default();
        for layer in &layers {
            table.push(write(&folder, layer));
        }
        check(&table, &layers, &asked);
        let before = table.runs();
        let mut merges = 0;
        while table.merge(&folder).unwrap() {
            merges += 1;
            check(&table, &layers, &asked);
        }
        prop_assert!(merges == 0 || table.runs() < before);
    }
}
