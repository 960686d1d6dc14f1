//! A disk in memory that fails when told to, tells what was asked of it, and forgets at a power cut what was not synced.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::disk::{Disk, DiskFile, SharedFile};

/// Bytes as they are, and as they were at the last sync.
#[derive(Debug, Default)]
struct Content {
    now: Vec<u8>,
    synced: Vec<u8>,
}

type File = Arc<Mutex<Content>>;

/// What is there after a power cut of what was not synced. Both happen.
#[derive(Debug, Clone, Copy)]
pub enum Unsynced {
    Lost,
    Kept,
}

#[derive(Debug, Default)]
struct State {
    names: BTreeMap<PathBuf, File>,
    synced_names: BTreeMap<PathBuf, File>,
    asked: Vec<String>,
    /// Whatever changes something fails from the operation of this number on.
    fails_from: Option<usize>,
    error: Option<io::ErrorKind>,
}

/// Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct MemoryDisk(Arc<Mutex<State>>);

impl MemoryDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// What was asked of it since the last call, one operation a line; reading is not told.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state().asked)
    }

    /// Lets the operation of this number, counted from here, and all later ones fail.
    pub fn fail_from(&self, operation: usize, error: io::ErrorKind) {
        let mut state = self.state();
        state.asked.clear();
        (state.fails_from, state.error) = (Some(operation), Some(error));
    }

    pub fn heal(&self) {
        self.state().fails_from = None;
    }

    /// The disk as the next start finds it.
    pub fn after_power_cut(&self, unsynced: Unsynced) -> MemoryDisk {
        let state = self.state();
        let names = match unsynced {
            Unsynced::Lost => &state.synced_names,
            Unsynced::Kept => &state.names,
        };
        let content = |file: &File| {
            let content = file.lock().unwrap();
            let bytes = match unsynced {
                Unsynced::Lost => &content.synced,
                Unsynced::Kept => &content.now,
            };
            Content {
                now: bytes.clone(),
                synced: bytes.clone(),
            }
        };
        let names: BTreeMap<_, _> = (names.iter())
            .map(|(path, file)| (path.clone(), Arc::new(Mutex::new(content(file)))))
            .collect();
        MemoryDisk(Arc::new(Mutex::new(State {
            synced_names: names.clone(),
            names,
            ..State::default()
        })))
    }

    pub fn file_names(&self) -> Vec<String> {
        let state = self.state();
        state.names.keys().map(|path| name(path)).collect()
    }

    fn ask(&self, what: &str, path: &Path) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        let number = state.asked.len();
        state.asked.push(format!("{what} {}", name(path)));
        match state.error {
            Some(error) if state.fails_from.is_some_and(|from| number >= from) => Err(error.into()),
            _ => Ok(state),
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Disk for MemoryDisk {
    fn create_dir(&self, _dir: &Path) -> io::Result<()> {
        Ok(())
    }

    fn names(&self, _dir: &Path) -> io::Result<Vec<String>> {
        Ok(self.file_names())
    }

    fn create(&self, path: &Path) -> io::Result<SharedFile> {
        let file = File::default();
        let mut state = self.ask("create", path)?;
        state.names.insert(path.to_owned(), Arc::clone(&file));
        Ok(self.handle(path, file))
    }

    fn open(&self, path: &Path) -> io::Result<SharedFile> {
        let file = self.state().names.get(path).cloned();
        Ok(self.handle(path, file.ok_or_else(missing)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.ask("rename", from)?;
        let file = state.names.remove(from).ok_or_else(missing)?;
        state.names.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        // A full disk still lets files go.
        let removed = match self.ask("remove", path) {
            Err(error) if error.kind() == io::ErrorKind::StorageFull => {
                self.state().names.remove(path)
            }
            state => state?.names.remove(path),
        };
        removed.map(|_| ()).ok_or_else(missing)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.ask("sync", dir)?;
        state.synced_names = state.names.clone();
        Ok(())
    }
}

impl MemoryDisk {
    fn handle(&self, path: &Path, file: File) -> SharedFile {
        let (disk, path) = (self.clone(), path.to_owned());
        Arc::new(MemoryFile { disk, path, file })
    }
}

#[derive(Debug)]
struct MemoryFile {
    disk: MemoryDisk,
    path: PathBuf,
    file: File,
}

impl DiskFile for MemoryFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.lock().unwrap().now.len() as u64)
    }

    fn read_exact_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()> {
        let content = self.file.lock().unwrap();
        let from = position as usize;
        let bytes = content.now.get(from..from + buffer.len());
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_all_at(&self, bytes: &[u8], position: u64) -> io::Result<()> {
        let _state = self.disk.ask("write", &self.path)?;
        let mut content = self.file.lock().unwrap();
        let (from, to) = (position as usize, position as usize + bytes.len());
        let length = content.now.len().max(to);
        content.now.resize(length, 0);
        content.now[from..to].copy_from_slice(bytes);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let _state = self.disk.ask("sync", &self.path)?;
        let mut content = self.file.lock().unwrap();
        content.synced = content.now.clone();
        Ok(())
    }
}
