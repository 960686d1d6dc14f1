//! Claims about the log as a whole, and what all of them need: small logs with readable frames.
//! A crash is played by copying the files of an open log, or by the memory disk.

#![allow(
    clippy::disallowed_methods,
    reason = "a test starts threads to play clients"
)]

mod append;
mod faults;
mod fence;
mod look;
mod memory_disk;
mod pausing_disk;
mod recovery;
mod reserve;
mod segments;
mod simulation;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use crate::disk::SharedDisk;
use crate::{
    DiskReserve, EncodedFrame, EventLog, Frame, FrameEncoder, LogConfig, LogError, LogReader,
    Tallies,
};

/// The file of the first segment, made by the first process.
const FIRST_SEGMENT: &str = "00000000000000000000-000001.log";
/// Small enough that a handful of frames fills a segment.
const SEGMENT_BYTES: u64 = 4_096;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder for the test")
}

fn config(dir: &Path) -> LogConfig {
    LogConfig {
        segment_bytes: SEGMENT_BYTES,
        reserve: DiskReserve::NONE,
        ..LogConfig::new(dir)
    }
}

fn open(dir: &Path) -> EventLog {
    EventLog::open(config(dir)).expect("the log opens")
}

fn open_on(disk: &Arc<memory_disk::MemoryDisk>, dir: &Path) -> EventLog {
    let disk: SharedDisk = Arc::clone(disk) as SharedDisk;
    EventLog::open_on(disk, config(dir)).expect("the log opens")
}

fn frame(rows: u32, payload: &[u8]) -> EncodedFrame {
    let tallies = Tallies {
        received: rows + 1,
        accepted: rows,
        quarantined: 1,
    };
    EncodedFrame::encode(rows, tallies, payload, &mut FrameEncoder::new()).expect("it is small")
}

/// As `frame`, but never compressed.
fn stored_frame(rows: u32, payload: &[u8]) -> EncodedFrame {
    let mut encoder = FrameEncoder::that_only_stores();
    EncodedFrame::encode(rows, Tallies::default(), payload, &mut encoder).expect("it is small")
}

fn append(log: &EventLog, rows: u32, text: &str) -> u64 {
    let appended = log.writer().append_blocking(frame(rows, text.as_bytes()));
    appended.expect("the frame is appended").first_offset
}

/// Appends `count` frames, each of `rows` rows and about 340 bytes that do not compress, one sync each.
fn append_many(log: &EventLog, count: usize, rows: u32) -> Vec<u64> {
    (0..count)
        .map(|index| append(log, rows, &noise(index, 280)))
        .collect()
}

fn noise(seed: usize, bytes: usize) -> String {
    use rand::{Rng, SeedableRng, distr::Alphanumeric};
    let random = rand::rngs::SmallRng::seed_from_u64(seed as u64);
    random
        .sample_iter(Alphanumeric)
        .take(bytes)
        .map(char::from)
        .collect()
}

/// Everything durable from where the reader stands on.
fn rest(reader: &mut LogReader) -> Vec<Frame> {
    std::iter::from_fn(|| reader.try_next().expect("the log can be read")).collect()
}

fn text(frame: &Frame) -> String {
    String::from_utf8_lossy(&frame.payload).into_owned()
}

fn texts(log: &EventLog) -> Vec<String> {
    rest(&mut log.reader(log.first_offset()))
        .iter()
        .map(text)
        .collect()
}

/// What a kill at this moment leaves behind, in a folder of its own.
fn killed(dir: &Path) -> TempDir {
    let copy = folder();
    for path in files(dir) {
        let name = path.file_name().expect("a file has a name");
        fs::copy(&path, copy.path().join(name)).expect("the file is copied");
    }
    copy
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).expect("the folder is there");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
}

fn segment_files(dir: &Path) -> Vec<PathBuf> {
    let is_segment = |path: &PathBuf| path.extension().is_some_and(|suffix| suffix == "log");
    files(dir).into_iter().filter(is_segment).collect()
}

/// The message of an error with all its causes.
fn message(error: &LogError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
