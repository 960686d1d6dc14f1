//! One process a log: an advisory lock on a file in its folder, held for life and freed by the system even after a crash.
//! The number in the file only serves the message; the lock itself decides.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use crate::error::LogError;

/// Held while the log is open.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    file: File,
}

impl DirectoryLock {
    pub(crate) fn take(dir: &Path) -> Result<Self, LogError> {
        let path = dir.join("lock");
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(LogError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LogError::Locked {
                    dir: dir.to_owned(),
                    holder: holder(&mut file),
                });
            }
            Err(TryLockError::Error(error)) => return Err(LogError::io("lock", &path)(error)),
        }
        if let Err(error) = sign(&mut file) {
            // A full disk must not keep the log from opening: the lock holds without the number.
            tracing::debug!(%error, "lock file not signed");
        }
        Ok(Self { file })
    }
}

impl Drop for DirectoryLock {
    /// Closing the file is not enough: a child process that is just being started holds a copy of it for a moment,
    /// and the lock lives as long as any copy.
    fn drop(&mut self) {
        // If it fails the system still frees the lock with the last copy.
        let _ = self.file.unlock();
    }
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn sign(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}
