//! A disk that stops a process before one of its operations, as SIGSTOP may at any moment, and lets it go on later.
//! Another process works meanwhile on the disk below.

use std::io::{self, IoSlice};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use crate::disk::{Disk, DiskFile, SharedDisk, SharedFile, Space, Stamp};

/// Only a test that hangs lets anyone wait this long.
const WAIT_MAX: Duration = Duration::from_secs(20);

#[derive(Debug, Default)]
struct Gate {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct State {
    passed: usize,
    /// The operation before which the process stops.
    pause_at: Option<usize>,
    is_paused: bool,
}

impl Gate {
    fn pass(&self) {
        let mut state = self.state.lock();
        while state.pause_at == Some(state.passed) {
            state.is_paused = true;
            self.moved.notify_all();
            let wait = self.moved.wait_for(&mut state, WAIT_MAX);
            assert!(!wait.timed_out(), "nobody lets the process go on");
        }
        state.passed += 1;
    }
}

#[derive(Debug)]
pub(super) struct PausingDisk {
    below: SharedDisk,
    gate: Arc<Gate>,
}

impl PausingDisk {
    pub(super) fn over(below: SharedDisk) -> Arc<Self> {
        let gate = Arc::default();
        Arc::new(Self { below, gate })
    }

    /// Stops before the operation of this number, counted from here.
    pub(super) fn pause_before(&self, operation: usize) {
        let mut state = self.gate.state.lock();
        state.passed = 0;
        state.pause_at = Some(operation);
    }

    /// Waits until the process has stopped, or `is_over` says that it came to its end before.
    pub(super) fn wait_for_pause(&self, is_over: impl Fn() -> bool) -> bool {
        let mut state = self.gate.state.lock();
        while !state.is_paused {
            if is_over() {
                return false;
            }
            self.gate
                .moved
                .wait_for(&mut state, Duration::from_millis(1));
        }
        true
    }

    pub(super) fn go_on(&self) {
        self.gate.state.lock().pause_at = None;
        self.gate.moved.notify_all();
    }

    fn file(&self, below: SharedFile) -> SharedFile {
        let gate = Arc::clone(&self.gate);
        Arc::new(PausingFile { below, gate })
    }
}

impl Disk for PausingDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        self.below.create_dir(dir)
    }

    fn names(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.gate.pass();
        self.below.names(dir)
    }

    fn create(&self, path: &Path) -> io::Result<SharedFile> {
        self.gate.pass();
        Ok(self.file(self.below.create(path)?))
    }

    fn open(&self, path: &Path) -> io::Result<SharedFile> {
        self.gate.pass();
        Ok(self.file(self.below.open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.gate.pass();
        self.below.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.gate.pass();
        self.below.remove(path)
    }

    fn space(&self, dir: &Path) -> io::Result<Space> {
        self.below.space(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.gate.pass();
        self.below.sync_dir(dir)
    }

    fn stamp(&self, path: &Path) -> io::Result<Stamp> {
        self.gate.pass();
        self.below.stamp(path)
    }
}

#[derive(Debug)]
struct PausingFile {
    below: SharedFile,
    gate: Arc<Gate>,
}

impl DiskFile for PausingFile {
    fn len(&self) -> io::Result<u64> {
        self.gate.pass();
        self.below.len()
    }

    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        self.gate.pass();
        self.below.read_at(buffer, position)
    }

    fn write_at(&self, parts: &[IoSlice<'_>], position: u64) -> io::Result<usize> {
        self.gate.pass();
        self.below.write_at(parts, position)
    }

    fn allocate(&self, bytes: u64) -> io::Result<()> {
        self.gate.pass();
        self.below.allocate(bytes)
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.gate.pass();
        self.below.set_len(bytes)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.gate.pass();
        self.below.sync_data()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.gate.pass();
        self.below.sync_all()
    }
}
