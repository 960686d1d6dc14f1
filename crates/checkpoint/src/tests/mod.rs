//! Tests of runs, tables and checkpoints together. What only concerns one file is tested there.

mod codec;
mod commits;
mod damage;
mod faults;
mod memory_disk;
mod runs;
mod tables;

use std::collections::BTreeMap;
use std::path::Path;

use crate::disk::SharedDisk;
use crate::{Checkpoint, Checkpoints, Folder, Opened, Run, RunWriter, Table};

/// A run of these rows; `-` as a value removes.
fn run(folder: &Folder, rows: &[(&str, &str)]) -> Run {
    let mut writer = RunWriter::create(folder, rows.len() as u64).unwrap();
    for (key, value) in rows {
        let value = (*value != "-").then_some(value.as_bytes());
        writer.push(key.as_bytes(), value).unwrap();
    }
    writer.finish().unwrap()
}

fn table(folder: &Folder, runs: &[&[(&str, &str)]]) -> Table {
    let mut table = Table::default();
    for rows in runs {
        table.push(run(folder, rows));
    }
    table
}

/// All rows as `key=value`, in the order of the scan.
fn rows(table: &Table) -> String {
    rows_between(table, "", None)
}

fn rows_between(table: &Table, from: &str, to: Option<&str>) -> String {
    let mut scan = table.scan(from.as_bytes(), to.map(str::as_bytes));
    let mut rows = Vec::new();
    while let Some((key, value)) = scan.next().unwrap() {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        rows.push(format!("{}={}", text(key), text(value)));
    }
    rows.join(" ")
}

/// A checkpoint with one value and one table.
fn checkpoint(offset: u64, cells: &Table) -> Checkpoint {
    Checkpoint {
        values: BTreeMap::from([("offset".to_owned(), offset.to_string().into_bytes())]),
        tables: BTreeMap::from([("cells".to_owned(), cells.clone())]),
    }
}

/// What a checkpoint says, as `number: offset | rows`.
fn said(opened: &Opened) -> String {
    match &opened.newest {
        None => "nothing".to_owned(),
        Some((number, checkpoint)) => {
            let offset = String::from_utf8_lossy(&checkpoint.values["offset"]);
            format!("{number}: {offset} | {}", rows(&checkpoint.tables["cells"]))
        }
    }
}

fn open(dir: &Path) -> (Checkpoints, Opened) {
    Checkpoints::open(dir, 1).unwrap()
}

fn open_on(disk: &SharedDisk) -> (Checkpoints, Opened) {
    Checkpoints::open_on(disk.clone(), Path::new("state"), 1).unwrap()
}

/// File names in a folder, sorted.
fn files(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "owner")
        .collect();
    names.sort();
    names
}
