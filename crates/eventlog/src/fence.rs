//! Who may write: the process that raised the epoch last. A lock keeps two honest processes apart; the epoch stops one
//! that was paused, lost its lock meanwhile, and comes back believing that it still has it.
//!
//! The epoch is a small file beside the log. Its text carries a chance number, so that not even two processes that
//! raised it to the same number take each other for themselves.

use std::hash::{BuildHasher, RandomState};
use std::io::IoSlice;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::{SharedDisk, SharedFile, Stamp, read_up_to, write_all_at};
use crate::error::LogError;

const NAME: &str = "epoch";
const UNFINISHED_NAME: &str = "epoch.new";

/// Another process raised the epoch: nothing more may be appended or acknowledged here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "another process took {} over: it works under epoch {}, this one under {ours}",
    dir.display(),
    found.map_or("unknown".to_owned(), |epoch| epoch.to_string())
)]
pub struct Fenced {
    /// The folder of the log.
    pub dir: PathBuf,
    /// The epoch that this process raised.
    pub ours: u64,
    /// The epoch that is there now; none if the file is gone or says nothing.
    pub found: Option<u64>,
}

/// The right to write; clones share it. Whoever writes beside the log asks before each step that cannot be undone.
#[derive(Debug, Clone)]
pub struct Fence(Arc<Claim>);

#[derive(Debug)]
struct Claim {
    disk: SharedDisk,
    dir: PathBuf,
    epoch: u64,
    text: String,
    stamp: Option<Stamp>,
    /// Held open, so that no later file can get the same stamp.
    _file: SharedFile,
}

impl Fence {
    /// Raises the epoch above what was there and what the rest of the log speaks of. Only what is read after this may
    /// be taken for all that an earlier owner has acknowledged. Tells the epoch before, as far as the file knew it.
    pub(crate) fn raise(
        disk: &SharedDisk,
        dir: &Path,
        known: u64,
    ) -> Result<(Fence, Option<u64>), LogError> {
        let path = dir.join(NAME);
        let before = read(disk, &path).and_then(|text| epoch_of(&text));
        let epoch = before.unwrap_or(0).max(known) + 1;
        let text = text(epoch, RandomState::new().hash_one(epoch));
        let file = match put_new(disk, dir, &text) {
            // No room for a file of thirty bytes, but the log can still be read: the old file is written over.
            Err(error) if error.is_disk_full() => overwrite(disk, &path, &text).ok_or(error)?,
            put => put?,
        };
        let claim = Claim {
            disk: Arc::clone(disk),
            dir: dir.to_owned(),
            epoch,
            text,
            stamp: disk.stamp(&path).ok(),
            _file: file,
        };
        let fence = Fence(Arc::new(claim));
        // Two that raised it at once: the later one has it.
        fence.check()?;
        Ok((fence, before))
    }

    /// The epoch under which this process writes.
    pub fn epoch(&self) -> u64 {
        self.0.epoch
    }

    /// Fails once another process has raised the epoch. One call to the system, about a microsecond.
    pub fn check(&self) -> Result<(), Fenced> {
        let claim = &*self.0;
        let path = claim.dir.join(NAME);
        let stamp = claim.disk.stamp(&path).ok();
        if stamp.is_some() && stamp == claim.stamp {
            return Ok(());
        }
        // Copied back, touched, or on a file system that renumbers its files: what it says decides.
        let found = read(&claim.disk, &path);
        if found.as_ref() == Some(&claim.text) {
            return Ok(());
        }
        Err(Fenced {
            dir: claim.dir.clone(),
            ours: claim.epoch,
            found: found.and_then(|text| epoch_of(&text)),
        })
    }
}

fn put_new(disk: &SharedDisk, dir: &Path, text: &str) -> Result<SharedFile, LogError> {
    let (path, unfinished) = (dir.join(NAME), dir.join(UNFINISHED_NAME));
    let file = disk
        .create(&unfinished)
        .map_err(LogError::io("create", &unfinished))?;
    let written = write(&file, text);
    written.map_err(LogError::io("write", &unfinished))?;
    disk.rename(&unfinished, &path)
        .map_err(LogError::io("rename", &unfinished))?;
    disk.sync_dir(dir).map_err(LogError::io("sync", dir))?;
    Ok(file)
}

fn overwrite(disk: &SharedDisk, path: &Path, text: &str) -> Option<SharedFile> {
    let file = disk.open(path).ok()?;
    write(&file, text).ok()?;
    Some(file)
}

fn write(file: &SharedFile, text: &str) -> std::io::Result<()> {
    write_all_at(&**file, &mut [IoSlice::new(text.as_bytes())], 0)?;
    file.sync_all()
}

fn read(disk: &SharedDisk, path: &Path) -> Option<String> {
    let file = disk.open(path).ok()?;
    let mut bytes = [0; 128];
    let read = read_up_to(&*file, &mut bytes, 0).ok()?;
    String::from_utf8(bytes[..read].to_vec()).ok()
}

/// Always of one length, so that writing over it needs no room.
fn text(epoch: u64, chance: u64) -> String {
    let said = format!("{epoch:020} {chance:016x}");
    format!("{said} {:08x}\n", crc32c::crc32c(said.as_bytes()))
}

fn epoch_of(text: &str) -> Option<u64> {
    let (said, crc) = text.trim_end().rsplit_once(' ')?;
    let epoch = said.split_once(' ')?.0.parse().ok()?;
    (crc == format!("{:08x}", crc32c::crc32c(said.as_bytes()))).then_some(epoch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_reads_back_and_a_changed_one_counts_for_nothing() {
        let text = text(7, 0xABCD);
        assert_eq!(epoch_of(&text), Some(7));
        assert_eq!(epoch_of(&text.replace("7 ", "8 ")), None);
        assert_eq!(epoch_of(&text[..text.len() - 4]), None);
        assert_eq!(epoch_of(""), None);
    }
}
