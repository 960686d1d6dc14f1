//! A disk in memory that can lose power, lie about nothing, run full and fail to sync, as real ones do.
//! Bytes written but not synced survive a power cut sector by sector as chance has it. After a failed sync they are
//! lost for good, although they can still be read: the system believes them written.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use rand::Rng;
use rand::rngs::SmallRng;

use crate::disk::{Disk, DiskFile, SharedFile, Space, Stamp};

/// Only a log that never syncs lets anyone wait this long.
const SYNC_WAIT_MAX: Duration = Duration::from_secs(20);
const SECTOR_BYTES: usize = 512;

#[derive(Debug)]
pub(super) struct MemoryDisk {
    world: Arc<World>,
}

#[derive(Debug, Default)]
struct World {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct State {
    files: Vec<MemoryFileState>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    syncs: usize,
    hold_syncs: bool,
    held: usize,
    /// Changes until the power goes.
    fuse: Option<u64>,
    fail_syncs: bool,
    fail_truncations: bool,
    /// Bytes that may still be added to files.
    room_bytes: Option<u64>,
    /// What the file system says of itself; nothing means that it cannot.
    space: Option<Space>,
    /// The next write takes only half and then finds the disk full.
    tear_next_write: bool,
    /// It has, and until there is room nothing can be written.
    is_torn: bool,
}

#[derive(Debug, Default, Clone)]
struct MemoryFileState {
    current: Vec<u8>,
    durable: Vec<u8>,
    dirty: BTreeSet<usize>,
    writes: i64,
}

impl MemoryDisk {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            world: Arc::default(),
        })
    }

    pub(super) fn syncs(&self) -> usize {
        self.world.state.lock().syncs
    }

    pub(super) fn hold_syncs(&self) {
        self.world.state.lock().hold_syncs = true;
    }

    pub(super) fn wait_for_held_sync(&self) {
        let mut state = self.world.state.lock();
        let wait = self
            .world
            .moved
            .wait_while_for(&mut state, |it| it.held == 0, SYNC_WAIT_MAX);
        assert!(!wait.timed_out(), "nobody syncs");
    }

    pub(super) fn release_syncs(&self) {
        self.world.state.lock().hold_syncs = false;
        self.world.moved.notify_all();
    }

    pub(super) fn fail_syncs(&self, fail: bool) {
        self.world.state.lock().fail_syncs = fail;
    }

    pub(super) fn fail_truncations(&self, fail: bool) {
        self.world.state.lock().fail_truncations = fail;
    }

    pub(super) fn set_room(&self, bytes: Option<u64>) {
        let mut state = self.world.state.lock();
        (state.room_bytes, state.is_torn) = (bytes, false);
    }

    pub(super) fn set_free(&self, free_bytes: u64) {
        self.world.state.lock().space = Some(Space {
            total_bytes: 100_000,
            free_bytes,
        });
    }

    pub(super) fn tear_next_write(&self) {
        self.world.state.lock().tear_next_write = true;
    }

    /// After this many more changes everything fails until `restore_power`.
    pub(super) fn cut_power_after(&self, changes: u64) {
        self.world.state.lock().fuse = Some(changes);
    }

    /// What is on the disk after a power cut: the synced bytes, and of the others what chance saved.
    pub(super) fn restore_power(&self, chance: &mut SmallRng) {
        let mut state = self.world.state.lock();
        match chance.random_bool(0.5) {
            true => state.names = state.durable_names.clone(),
            false => state.durable_names = state.names.clone(),
        }
        for file in &mut state.files {
            file.settle(chance);
        }
        (state.fuse, state.fail_syncs) = (None, false);
    }
}

impl State {
    fn change(&mut self) -> io::Result<()> {
        match &mut self.fuse {
            None => Ok(()),
            Some(0) => Err(io::Error::other("the power is off")),
            Some(changes) => {
                *changes -= 1;
                Ok(())
            }
        }
    }

    fn id(&self, path: &Path) -> io::Result<usize> {
        self.names
            .get(path)
            .copied()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn grow(&mut self, id: usize, bytes: usize) -> io::Result<()> {
        let more = bytes.saturating_sub(self.files[id].current.len()) as u64;
        if let Some(room) = &mut self.room_bytes {
            *room = room.checked_sub(more).ok_or(io::ErrorKind::StorageFull)?;
        }
        let length = self.files[id].current.len().max(bytes);
        self.files[id].resize(length);
        Ok(())
    }
}

impl MemoryFileState {
    fn resize(&mut self, bytes: usize) {
        let old = self.current.len();
        self.touch(old.min(bytes), old.max(bytes));
        self.current.resize(bytes, 0);
    }

    fn touch(&mut self, from: usize, to: usize) {
        self.dirty
            .extend(from / SECTOR_BYTES..to.div_ceil(SECTOR_BYTES));
    }

    fn sync(&mut self) {
        self.durable.resize(self.current.len(), 0);
        for sector in std::mem::take(&mut self.dirty) {
            self.keep(sector);
        }
    }

    fn keep(&mut self, sector: usize) {
        let from = sector * SECTOR_BYTES;
        let to = (from + SECTOR_BYTES)
            .min(self.current.len())
            .min(self.durable.len());
        if from < to {
            self.durable[from..to].copy_from_slice(&self.current[from..to]);
        }
    }

    fn settle(&mut self, chance: &mut SmallRng) {
        if chance.random_bool(0.5) {
            self.durable.resize(self.current.len(), 0);
        }
        for sector in std::mem::take(&mut self.dirty) {
            if chance.random_bool(0.5) {
                self.keep(sector);
            }
        }
        self.current = self.durable.clone();
    }
}

impl Disk for MemoryDisk {
    fn create_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn names(&self, dir: &Path) -> io::Result<Vec<String>> {
        let state = self.world.state.lock();
        let here = state.names.keys().filter(|path| path.parent() == Some(dir));
        let names = here.filter_map(|path| path.file_name()?.to_str().map(str::to_owned));
        Ok(names.collect())
    }

    fn create(&self, path: &Path) -> io::Result<SharedFile> {
        let mut state = self.world.state.lock();
        state.change()?;
        let id = state.files.len();
        state.files.push(MemoryFileState::default());
        state.names.insert(path.to_owned(), id);
        Ok(Arc::new(MemoryFile {
            world: Arc::clone(&self.world),
            id,
        }))
    }

    fn open(&self, path: &Path) -> io::Result<SharedFile> {
        let id = self.world.state.lock().id(path)?;
        Ok(Arc::new(MemoryFile {
            world: Arc::clone(&self.world),
            id,
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.world.state.lock();
        state.change()?;
        let id = state.id(from)?;
        state.names.remove(from);
        state.names.insert(to.to_owned(), id);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.world.state.lock();
        state.change()?;
        state.id(path)?;
        state.names.remove(path);
        Ok(())
    }

    fn space(&self, _: &Path) -> io::Result<Space> {
        let space = self.world.state.lock().space;
        space.ok_or_else(|| io::ErrorKind::Unsupported.into())
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        let mut state = self.world.state.lock();
        state.change()?;
        state.durable_names = state.names.clone();
        Ok(())
    }

    fn stamp(&self, path: &Path) -> io::Result<Stamp> {
        let state = self.world.state.lock();
        let id = state.id(path)?;
        Ok(Stamp {
            device: 0,
            inode: id as u64,
            modified_s: state.files[id].writes,
            modified_ns: 0,
        })
    }
}

#[derive(Debug)]
struct MemoryFile {
    world: Arc<World>,
    id: usize,
}

impl DiskFile for MemoryFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.world.state.lock().files[self.id].current.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        let state = self.world.state.lock();
        let bytes = state.files[self.id]
            .current
            .get(position as usize..)
            .unwrap_or_default();
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn write_at(&self, parts: &[IoSlice<'_>], position: u64) -> io::Result<usize> {
        let mut state = self.world.state.lock();
        let mut bytes: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
        if std::mem::take(&mut state.tear_next_write) {
            bytes.truncate(bytes.len() / 2);
            state.is_torn = true;
        } else if state.is_torn {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.change()?;
        let (from, to) = (position as usize, position as usize + bytes.len());
        let length = state.files[self.id].current.len();
        if to > length {
            state.grow(self.id, to)?;
        }
        let file = &mut state.files[self.id];
        file.current[from..to].copy_from_slice(&bytes);
        file.touch(from, to);
        file.writes += 1;
        Ok(bytes.len())
    }

    fn allocate(&self, bytes: u64) -> io::Result<()> {
        let mut state = self.world.state.lock();
        state.change()?;
        state.grow(self.id, bytes as usize)
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        let mut state = self.world.state.lock();
        state.change()?;
        if state.fail_truncations {
            return Err(io::Error::other("the disk failed"));
        }
        state.files[self.id].resize(bytes as usize);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.world.state.lock();
        state.held += 1;
        self.world.moved.notify_all();
        self.world
            .moved
            .wait_while(&mut state, |state| state.hold_syncs);
        state.held -= 1;
        state.change()?;
        state.syncs += 1;
        if state.fail_syncs {
            state.files[self.id].dirty.clear();
            return Err(io::Error::other("the disk failed"));
        }
        state.files[self.id].sync();
        Ok(())
    }

    fn sync_all(&self) -> io::Result<()> {
        self.sync_data()
    }
}
