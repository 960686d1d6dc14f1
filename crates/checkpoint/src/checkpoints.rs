//! Checkpoints in a folder: the newest that is whole is found, the next is written beside it, three are kept.
//! When to write one and what is in it is the caller's decision.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

use crate::disk::{MachineDisk, SharedDisk};
use crate::error::{Remedy, StateError};
use crate::folder::{self, Folder, RunFile, RunId};
use crate::manifest::{self, CheckpointId, Manifest, Parent};
use crate::run::Run;
use crate::table::Table;

/// The newest, and two to fall back to.
const KEPT: usize = 3;

/// What one checkpoint holds: small values as bytes, tables as lists of runs.
#[derive(Debug, Clone, Default)]
pub struct Checkpoint {
    /// By name; they lie in the manifest itself.
    pub values: BTreeMap<String, Vec<u8>>,
    /// By name; their runs lie beside the manifest.
    pub tables: BTreeMap<String, Table>,
}

/// The checkpoints of one folder, which nobody else has open.
#[derive(Debug)]
pub struct Checkpoints {
    folder: Folder,
    epoch: u64,
    next_number: u64,
    /// What the next checkpoint follows.
    parent: Option<Parent>,
    /// Oldest first.
    kept: VecDeque<Kept>,
    /// To be removed with the next commit: damaged ones stay until there is a better one.
    retiring: Vec<Kept>,
    /// Once what the disk holds is unknown, nothing more is committed.
    stopped: Option<StateError>,
}

/// What was found when a folder was opened.
#[derive(Debug, Default)]
pub struct Opened {
    /// The newest checkpoint that is whole, with its number.
    pub newest: Option<(u64, Checkpoint)>,
    /// Those that were passed over, newest first.
    pub damaged: Vec<Damaged>,
}

/// A checkpoint that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// Its number.
    pub number: u64,
    /// Which file, and what is wrong with it.
    pub why: String,
}

/// A checkpoint on disk, with the files that stay because of it.
#[derive(Debug)]
struct Kept {
    id: CheckpointId,
    files: Vec<Arc<RunFile>>,
}

impl Kept {
    fn new(id: CheckpointId, files: Vec<Arc<RunFile>>) -> Kept {
        files.iter().for_each(|file| file.keep());
        Kept { id, files }
    }

    /// Its manifest is gone for good: its files may go too.
    fn release(self) {
        self.files.iter().for_each(|file| file.release());
    }
}

impl Checkpoints {
    /// Opens the folder, or makes it, for the process of this epoch. Every byte of the newest checkpoint is read and
    /// checked; files that belong to none are removed.
    pub fn open(dir: &Path, epoch: u64) -> Result<(Checkpoints, Opened), StateError> {
        Self::open_on(Arc::new(MachineDisk), dir, epoch)
    }

    pub(crate) fn open_on(
        disk: SharedDisk,
        dir: &Path,
        epoch: u64,
    ) -> Result<(Checkpoints, Opened), StateError> {
        disk.create_dir(dir)
            .map_err(StateError::io("create", dir))?;
        Folder::claim(&disk, dir, epoch)?;
        let names = folder::names(&disk, dir)?;
        let runs = names.iter().filter_map(|name| RunId::of(name));
        let next_run = runs.map(|id| id.number + 1).max().unwrap_or(0);
        let mut ids: Vec<_> = names
            .iter()
            .filter_map(|name| CheckpointId::of(name))
            .collect();
        ids.sort_unstable();
        let next_number = ids.iter().map(|id| id.number + 1).max().unwrap_or(1);
        let mut search = Search::new(Folder::new(disk, dir, epoch, next_run));
        for id in ids.into_iter().rev() {
            search.visit(id)?;
        }
        search.remove_strangers(&names, epoch)?;
        let checkpoints = Checkpoints {
            folder: search.folder,
            epoch,
            next_number,
            parent: search.newest,
            kept: search.kept,
            retiring: search.passed_over,
            stopped: None,
        };
        Ok((checkpoints, search.opened))
    }

    /// Where runs for the next checkpoint are written.
    pub fn folder(&self) -> Folder {
        self.folder.clone()
    }

    /// Numbers of the checkpoints on disk that a start may fall back to, oldest first.
    pub fn kept(&self) -> impl Iterator<Item = u64> {
        self.kept.iter().map(|kept| kept.id.number)
    }

    /// Makes this the newest checkpoint and returns its number. Once it returns, the next start finds it, even after a
    /// power cut; if it fails, the next start finds the one before or this one, whole.
    pub fn commit(&mut self, checkpoint: &Checkpoint) -> Result<u64, StateError> {
        if let Some(error) = &self.stopped {
            return Err(error.clone());
        }
        let committed = self.write(checkpoint);
        if let Err(error @ (StateError::Io { .. } | StateError::Fenced { .. })) = &committed
            && error.remedy() == Remedy::Stop
        {
            self.stopped = Some(error.clone());
        }
        committed
    }

    fn write(&mut self, checkpoint: &Checkpoint) -> Result<u64, StateError> {
        let runs: Vec<&Run> = (checkpoint.tables.values())
            .flat_map(Table::layers)
            .collect();
        for run in &runs {
            if !run.file().folder().is(&self.folder) {
                let path = run.file().path();
                return Err(StateError::ElsewhereRun { path });
            }
            run.sync()?;
        }
        self.sync_folder()?;
        let id = CheckpointId {
            epoch: self.epoch,
            number: self.next_number,
        };
        self.next_number += 1;
        let bytes = manifest::write(id, self.parent, checkpoint);
        self.install(id, &bytes)?;
        let files = runs.iter().map(|run| Arc::clone(run.file())).collect();
        self.kept.push_back(Kept::new(id, files));
        let hash = manifest::hash(&bytes);
        self.parent = Some(Parent { id, hash });
        self.retire()?;
        tracing::debug!(number = id.number, runs = runs.len(), "checkpoint");
        Ok(id.number)
    }

    /// The manifest under its name, or nothing.
    fn install(&self, id: CheckpointId, bytes: &[u8]) -> Result<(), StateError> {
        let (disk, unfinished) = (self.folder.disk(), self.folder.path(&id.unfinished_name()));
        let installed = self.write_unfinished(&unfinished, bytes).and_then(|()| {
            self.folder.check_owner()?;
            disk.rename(&unfinished, &self.folder.path(&id.file_name()))
                .map_err(StateError::io("rename", &unfinished))
        });
        if installed.is_err() {
            // What cannot be removed now goes at the next start.
            let _ = disk.remove(&unfinished);
        }
        installed
    }

    fn write_unfinished(&self, path: &Path, bytes: &[u8]) -> Result<(), StateError> {
        let file = self.folder.disk().create(path);
        let file = file.map_err(StateError::io("create", path))?;
        file.write_all_at(bytes, 0)
            .map_err(StateError::io("write", path))?;
        file.sync().map_err(StateError::sync(path))
    }

    /// Takes the names of old checkpoints away, makes that and the new name durable, and only then lets files go.
    fn retire(&mut self) -> Result<(), StateError> {
        let surplus = self.kept.len().saturating_sub(KEPT);
        self.retiring.extend(self.kept.drain(..surplus));
        let folder = &self.folder;
        let is_gone = |kept: &mut Kept| {
            let path = folder.path(&kept.id.file_name());
            match folder.disk().remove(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    tracing::debug!(%error, path = %path.display(), "an old checkpoint stays for now");
                    false
                }
                _ => true,
            }
        };
        let gone: Vec<Kept> = self.retiring.extract_if(.., is_gone).collect();
        self.sync_folder()?;
        gone.into_iter().for_each(Kept::release);
        Ok(())
    }

    fn sync_folder(&self) -> Result<(), StateError> {
        let dir = self.folder.dir();
        self.folder
            .disk()
            .sync_dir(dir)
            .map_err(StateError::sync(dir))
    }
}

/// The walk from the newest checkpoint down.
struct Search {
    folder: Folder,
    opened: Opened,
    newest: Option<Parent>,
    kept: VecDeque<Kept>,
    passed_over: Vec<Kept>,
    /// Of the last manifest that was read: what it followed. One that is not in this line was written beside it.
    line: Option<(u64, Option<Parent>)>,
    /// One of which not even the manifest can be read.
    unreadable: Option<CheckpointId>,
    files: BTreeMap<String, Arc<RunFile>>,
}

impl Search {
    fn new(folder: Folder) -> Search {
        Search {
            folder,
            opened: Opened::default(),
            newest: None,
            kept: VecDeque::new(),
            passed_over: Vec::new(),
            line: None,
            unreadable: None,
            files: BTreeMap::new(),
        }
    }

    fn visit(&mut self, id: CheckpointId) -> Result<(), StateError> {
        let manifest = match usable(self.read(id))? {
            Ok(manifest) => manifest,
            Err(why) => {
                self.unreadable = Some(id);
                self.pass_over(Kept::new(id, Vec::new()), why);
                return Ok(());
            }
        };
        let kept = Kept::new(id, self.files_of(&manifest));
        if let Some(why) = self.breaks_line(&manifest) {
            self.pass_over(kept, why);
            return Ok(());
        }
        self.line = Some((id.number, manifest.parent));
        if self.newest.is_some() {
            self.kept.push_front(kept);
            return Ok(());
        }
        let parent = Parent {
            id,
            hash: manifest.hash,
        };
        match usable(self.load(manifest))? {
            Ok(checkpoint) => {
                self.newest = Some(parent);
                self.opened.newest = Some((id.number, checkpoint));
                self.kept.push_front(kept);
            }
            Err(why) => self.pass_over(kept, why),
        }
        Ok(())
    }

    fn pass_over(&mut self, kept: Kept, why: String) {
        let number = kept.id.number;
        self.opened.damaged.push(Damaged { number, why });
        self.passed_over.push(kept);
    }

    fn read(&self, id: CheckpointId) -> Result<Manifest, StateError> {
        let path = self.folder.path(&id.file_name());
        let bytes = self.read_file(&path)?;
        let damaged = |problem| StateError::Damaged {
            path: path.clone(),
            position: 0,
            problem,
        };
        let manifest = manifest::read(&bytes).map_err(damaged)?;
        if manifest.id != id {
            return Err(damaged("was written under another name"));
        }
        Ok(manifest)
    }

    fn read_file(&self, path: &Path) -> Result<Vec<u8>, StateError> {
        let file = self.folder.disk().open(path);
        let file = file.map_err(StateError::io("open", path))?;
        let length = file.len().map_err(StateError::io("measure", path))?;
        let mut bytes = vec![0; length as usize];
        file.read_exact_at(&mut bytes, 0)
            .map_err(StateError::io("read", path))?;
        Ok(bytes)
    }

    fn files_of(&mut self, manifest: &Manifest) -> Vec<Arc<RunFile>> {
        let names = manifest.tables.values().flatten().map(|note| &note.name);
        names
            .map(|name| file(&mut self.files, &self.folder, name))
            .collect()
    }

    /// Why this is not what the next newer checkpoint followed. Older ones than that cannot be judged.
    fn breaks_line(&self, manifest: &Manifest) -> Option<String> {
        let (younger, parent) = self.line?;
        let belongs = parent.is_some_and(|parent| {
            manifest.id < parent.id || (manifest.id, manifest.hash) == (parent.id, parent.hash)
        });
        let name = manifest.id.file_name();
        (!belongs).then(|| format!("{name} is not what checkpoint {younger} followed"))
    }

    fn load(&mut self, manifest: Manifest) -> Result<Checkpoint, StateError> {
        let mut checkpoint = Checkpoint {
            values: manifest.values,
            tables: BTreeMap::new(),
        };
        for (name, notes) in manifest.tables {
            let runs: Result<Vec<Run>, StateError> = (notes.iter())
                .map(|note| Run::open(file(&mut self.files, &self.folder, &note.name), note))
                .collect();
            checkpoint.tables.insert(name, Table::of(runs?));
        }
        Ok(checkpoint)
    }

    /// Removes what a crash left behind: checkpoints beyond the kept ones, runs that none names, unfinished files.
    /// Nothing of a younger epoch: then it is not for us to tidy up.
    fn remove_strangers(&mut self, names: &[String], epoch: u64) -> Result<(), StateError> {
        self.folder.check_owner()?;
        let surplus = self.kept.len().saturating_sub(KEPT);
        for kept in self.kept.drain(..surplus) {
            remove(&self.folder, &kept.id.file_name())?;
            kept.release();
        }
        let unfinished = (names.iter())
            .filter(|name| manifest::is_unfinished(name, epoch) || folder::is_unfinished(name));
        for name in unfinished {
            remove(&self.folder, name)?;
        }
        let is_old_run = |name: &&String| RunId::of(name).is_some_and(|id| id.epoch <= epoch);
        for name in names.iter().filter(is_old_run) {
            // A handle that nobody keeps takes the file with it.
            file(&mut self.files, &self.folder, name);
        }
        // What an unreadable checkpoint named is not known, so nothing goes before it does.
        if let Some(unreadable) = self.unreadable {
            let files = self.files.values().cloned().collect();
            self.passed_over.push(Kept::new(unreadable, files));
        }
        Ok(())
    }
}

fn remove(folder: &Folder, name: &str) -> Result<(), StateError> {
    let path = folder.path(name);
    (folder.disk().remove(&path)).map_err(StateError::io("remove", &path))
}

/// One handle for each file, however many checkpoints name it.
fn file(files: &mut BTreeMap<String, Arc<RunFile>>, folder: &Folder, name: &str) -> Arc<RunFile> {
    let file =
        (files.entry(name.to_owned())).or_insert_with(|| RunFile::new(folder, name.to_owned()));
    Arc::clone(file)
}

/// Damage is a reason to pass over; whatever else keeps from reading is an error of now, which must not cost a
/// checkpoint.
fn usable<T>(read: Result<T, StateError>) -> Result<Result<T, String>, StateError> {
    match read {
        Ok(value) => Ok(Ok(value)),
        Err(error) => match error.damage() {
            Some(why) => Ok(Err(why)),
            None => Err(error),
        },
    }
}
