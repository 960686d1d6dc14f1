//! One process a folder: an advisory lock on a hidden file in it, freed by the system even after a crash.
//! The text in the file only serves the message; the lock itself decides.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

/// The file that is locked; its name is never taken for one of the folder's.
const NAME: &str = ".shopstream.lock";

/// Held while the folder is watched.
#[derive(Debug)]
pub(super) struct FolderLock {
    file: File,
}

/// What came of asking for the lock.
#[derive(Debug)]
pub(super) enum Asked {
    /// The folder is ours.
    Held(FolderLock),
    /// Somebody else watches it, as far as they left word.
    Taken(String),
    /// The folder cannot be locked: it is read-only, or its disk knows no locks.
    Impossible(io::Error),
}

impl FolderLock {
    pub(super) fn ask(folder: &Path) -> Asked {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = match options.open(folder.join(NAME)) {
            Ok(file) => file,
            Err(error) => return Asked::Impossible(error),
        };
        match file.try_lock() {
            Ok(()) => {
                // A full disk must not keep the folder from being watched: the lock holds without the number.
                let _ = sign(&mut file);
                Asked::Held(FolderLock { file })
            }
            Err(TryLockError::WouldBlock) => Asked::Taken(holder(&mut file)),
            Err(TryLockError::Error(error)) => Asked::Impossible(error),
        }
    }
}

impl Drop for FolderLock {
    /// A child process that is just being started may hold a copy of the file: closing it would not be enough.
    fn drop(&mut self) {
        // If it fails the system still frees the lock with the last copy.
        let _ = self.file.unlock();
    }
}

fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(32).read_to_string(&mut text);
    match read.ok().and_then(|_| text.trim().parse::<u32>().ok()) {
        Some(process) => format!("process {process}"),
        None => "another process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_locked_once_and_free_after_its_holder_is_gone() {
        let dir = tempfile::tempdir().expect("a folder");
        let Asked::Held(first) = FolderLock::ask(dir.path()) else {
            panic!("nobody holds it");
        };
        let Asked::Taken(holder) = FolderLock::ask(dir.path()) else {
            panic!("it is held");
        };
        assert_eq!(holder, format!("process {}", std::process::id()));
        drop(first);
        assert!(matches!(FolderLock::ask(dir.path()), Asked::Held(_)));
    }

    #[test]
    fn a_folder_that_is_not_there_cannot_be_locked() {
        let asked = FolderLock::ask(Path::new("no/such/folder"));
        assert!(matches!(asked, Asked::Impossible(_)));
    }
}
