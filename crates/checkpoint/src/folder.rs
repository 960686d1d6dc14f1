//! A folder of runs: it gives out file names, and knows which files must stay.
//! A file goes with the last of its handles in memory and the checkpoints that name it; what is in it is not known here.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::disk::{Disk, MachineDisk, SharedDisk};
use crate::error::StateError;

const SUFFIX: &str = ".run";
/// Who wrote last: the epoch of the process that the folder belongs to.
const OWNER: &str = "owner";
const UNFINISHED_OWNER: &str = "owner.new";

/// A folder of runs; clones share it.
#[derive(Debug, Clone)]
pub struct Folder(Arc<Inside>);

#[derive(Debug)]
struct Inside {
    disk: SharedDisk,
    dir: PathBuf,
    epoch: u64,
    next: AtomicU64,
}

impl Folder {
    /// A folder without checkpoints, made if it is missing and emptied of runs: a run goes with its last handle, so
    /// nothing is found again after a restart.
    pub fn scratch(dir: &Path) -> Result<Folder, StateError> {
        let disk: SharedDisk = Arc::new(MachineDisk);
        disk.create_dir(dir)
            .map_err(StateError::io("create", dir))?;
        for name in names(&disk, dir)?.iter().filter(|name| is_run(name)) {
            let path = dir.join(name);
            disk.remove(&path)
                .map_err(StateError::io("remove", &path))?;
        }
        Ok(Self::new(disk, dir, 0, 0))
    }

    pub(crate) fn new(disk: SharedDisk, dir: &Path, epoch: u64, next: u64) -> Folder {
        Folder(Arc::new(Inside {
            disk,
            dir: dir.to_owned(),
            epoch,
            next: AtomicU64::new(next),
        }))
    }

    pub(crate) fn disk(&self) -> &dyn Disk {
        &*self.0.disk
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.0.dir
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.dir.join(name)
    }

    /// A file for a new run. The epoch in its name keeps processes apart that both take the folder for theirs.
    pub(crate) fn new_file(&self) -> Arc<RunFile> {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let epoch = self.0.epoch;
        RunFile::new(self, RunId { epoch, number }.file_name())
    }

    /// Makes the folder ours: older processes see it and stop. Fails if a younger one was here.
    pub(crate) fn claim(disk: &SharedDisk, dir: &Path, epoch: u64) -> Result<(), StateError> {
        let found = owner(&**disk, dir)?;
        if found == Some(epoch) {
            return Ok(());
        }
        refuse_younger(dir, epoch, found)?;
        let unfinished = dir.join(UNFINISHED_OWNER);
        let file = (disk.create(&unfinished)).map_err(StateError::io("create", &unfinished))?;
        file.write_all_at(format!("{epoch}\n").as_bytes(), 0)
            .map_err(StateError::io("write", &unfinished))?;
        file.sync().map_err(StateError::sync(&unfinished))?;
        disk.rename(&unfinished, &dir.join(OWNER))
            .map_err(StateError::io("rename", &unfinished))?;
        disk.sync_dir(dir).map_err(StateError::sync(dir))
    }

    /// Fails once a younger process has made the folder its own.
    pub(crate) fn check_owner(&self) -> Result<(), StateError> {
        let found = owner(self.disk(), self.dir())?;
        refuse_younger(self.dir(), self.0.epoch, found)
    }

    /// Whether both are the same folder, opened once.
    pub(crate) fn is(&self, other: &Folder) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Removes a file that nobody needs. What cannot be removed now goes at the next start.
    pub(crate) fn discard(&self, name: &str) {
        let path = self.path(name);
        let removed = self
            .check_owner()
            .and_then(|()| (self.disk().remove(&path)).map_err(StateError::io("remove", &path)));
        if let Err(error) = removed {
            tracing::debug!(%error, name, "an old file stays for now");
        }
    }
}

fn refuse_younger(dir: &Path, ours: u64, found: Option<u64>) -> Result<(), StateError> {
    match found.filter(|found| *found > ours) {
        None => Ok(()),
        Some(newer) => Err(StateError::Fenced {
            dir: dir.to_owned(),
            ours,
            newer,
        }),
    }
}

/// The epoch that owns the folder. A file that says nothing readable owns nothing: it only keeps processes apart.
fn owner(disk: &dyn Disk, dir: &Path) -> Result<Option<u64>, StateError> {
    let path = dir.join(OWNER);
    let file = match disk.open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(StateError::io("open", &path))?,
    };
    let length = file.len().map_err(StateError::io("measure", &path))?;
    let mut bytes = vec![0; length.min(32) as usize];
    file.read_exact_at(&mut bytes, 0)
        .map_err(StateError::io("read", &path))?;
    Ok(std::str::from_utf8(&bytes)
        .ok()
        .and_then(|text| text.trim().parse().ok()))
}

/// All file names in the folder.
pub(crate) fn names(disk: &SharedDisk, dir: &Path) -> Result<Vec<String>, StateError> {
    disk.names(dir).map_err(StateError::io("list", dir))
}

/// Which run a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunId {
    pub epoch: u64,
    /// Within the epoch or across several; it only tells runs apart.
    pub number: u64,
}

impl RunId {
    fn file_name(self) -> String {
        format!("{:06}-{:010}{SUFFIX}", self.epoch, self.number)
    }

    pub(crate) fn of(name: &str) -> Option<RunId> {
        let (epoch, number) = name.strip_suffix(SUFFIX)?.split_once('-')?;
        let (epoch, number) = (epoch.parse().ok()?, number.parse().ok()?);
        let id = RunId { epoch, number };
        (id.file_name() == name).then_some(id)
    }
}

/// Whether a file of this name is a run of ours.
pub(crate) fn is_run(name: &str) -> bool {
    RunId::of(name).is_some()
}

/// Whether a file of this name is one that a crash left unfinished.
pub(crate) fn is_unfinished(name: &str) -> bool {
    name == UNFINISHED_OWNER
}

/// The file of a run, for as long as somebody in memory needs it.
#[derive(Debug)]
pub(crate) struct RunFile {
    folder: Folder,
    name: String,
    /// How many kept checkpoints name it.
    kept: AtomicU64,
}

impl RunFile {
    /// A handle for the file of this name. It goes with the handle unless a checkpoint keeps it.
    pub(crate) fn new(folder: &Folder, name: String) -> Arc<RunFile> {
        Arc::new(RunFile {
            folder: folder.clone(),
            name,
            kept: AtomicU64::new(0),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path(&self.name)
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// One more checkpoint names it.
    pub(crate) fn keep(&self) {
        self.kept.fetch_add(1, Ordering::AcqRel);
    }

    /// One checkpoint less names it.
    pub(crate) fn release(&self) {
        self.kept.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for RunFile {
    fn drop(&mut self) {
        if *self.kept.get_mut() == 0 {
            self.folder.discard(&self.name);
        }
    }
}
