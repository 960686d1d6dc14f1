//! The only file that touches segment files, behind two small traits so that a test can put a failing disk in its place.
//! It decides nothing: no retries, no remedies, no knowledge of frames.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, IoSlice};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

pub(crate) type SharedDisk = Arc<dyn Disk>;
pub(crate) type SharedFile = Arc<dyn DiskFile>;

/// A file system, as much of it as a log needs.
pub(crate) trait Disk: Debug + Send + Sync {
    fn create_dir(&self, dir: &Path) -> io::Result<()>;
    fn names(&self, dir: &Path) -> io::Result<Vec<String>>;
    /// Makes an empty file, or empties the one that is there.
    fn create(&self, path: &Path) -> io::Result<SharedFile>;
    fn open(&self, path: &Path) -> io::Result<SharedFile>;
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn remove(&self, path: &Path) -> io::Result<()>;
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Tells this file from any other that takes its name, without opening it.
    fn stamp(&self, path: &Path) -> io::Result<Stamp>;
    /// How full the file system of this folder is.
    fn space(&self, dir: &Path) -> io::Result<Space>;
}

/// Which file it is, and when it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub device: u64,
    pub inode: u64,
    pub modified_s: i64,
    pub modified_ns: i64,
}

/// Room on a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Space {
    pub total_bytes: u64,
    /// What this process may still take.
    pub free_bytes: u64,
}

/// An open file. Reads and writes say where; there is no cursor to share.
pub(crate) trait DiskFile: Debug + Send + Sync {
    fn len(&self) -> io::Result<u64>;
    /// May read less than asked for, and nothing at the end of the file.
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize>;
    /// May write less than asked for.
    fn write_at(&self, parts: &[IoSlice<'_>], position: u64) -> io::Result<usize>;
    /// Reserves space up to `bytes`; new bytes read as zeros.
    fn allocate(&self, bytes: u64) -> io::Result<()>;
    fn set_len(&self, bytes: u64) -> io::Result<()>;
    fn sync_data(&self) -> io::Result<()>;
    fn sync_all(&self) -> io::Result<()>;
}

/// The machine's own file system.
#[derive(Debug)]
pub(crate) struct MachineDisk;

impl Disk for MachineDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        if dir.is_dir() {
            return Ok(());
        }
        fs::create_dir_all(dir)?;
        match dir.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => self.sync_dir(parent),
            _ => Ok(()),
        }
    }

    fn names(&self, dir: &Path) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name()));
        let names: io::Result<Vec<_>> = entries.collect();
        // A name that is no UTF-8 is not one of ours.
        Ok(names?
            .into_iter()
            .filter_map(|name| name.into_string().ok())
            .collect())
    }

    fn create(&self, path: &Path) -> io::Result<SharedFile> {
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)?;
        Ok(Arc::new(MachineFile(file)))
    }

    fn open(&self, path: &Path) -> io::Result<SharedFile> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        Ok(Arc::new(MachineFile(file)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }

    fn stamp(&self, path: &Path) -> io::Result<Stamp> {
        let metadata = fs::metadata(path)?;
        Ok(Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            modified_s: metadata.mtime(),
            modified_ns: metadata.mtime_nsec(),
        })
    }

    fn space(&self, dir: &Path) -> io::Result<Space> {
        let stat = rustix::fs::statvfs(dir)?;
        Ok(Space {
            total_bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
            free_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
        })
    }
}

impl MachineDisk {
    /// A file that this process may only read.
    pub(crate) fn open_to_read(&self, path: &Path) -> io::Result<SharedFile> {
        Ok(Arc::new(MachineFile(File::open(path)?)))
    }
}

#[derive(Debug)]
struct MachineFile(File);

impl DiskFile for MachineFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        self.0.read_at(buffer, position)
    }

    fn write_at(&self, parts: &[IoSlice<'_>], position: u64) -> io::Result<usize> {
        Ok(rustix::io::pwritev(&self.0, parts, position)?)
    }

    fn allocate(&self, bytes: u64) -> io::Result<()> {
        match fallocate(&self.0, FallocateFlags::empty(), 0, bytes) {
            // A file system that cannot reserve still reads zeros up to the length.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => self.0.set_len(bytes.max(self.len()?)),
            answer => Ok(answer?),
        }
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.0.set_len(bytes)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

/// Linux takes at most this many parts in one call.
const PARTS_MAX: usize = 1_024;

/// Writes everything, in as few calls as the system allows.
pub(crate) fn write_all_at(
    file: &dyn DiskFile,
    mut parts: &mut [IoSlice<'_>],
    mut position: u64,
) -> io::Result<()> {
    while !parts.is_empty() {
        let count = parts.len().min(PARTS_MAX);
        match file.write_at(&parts[..count], position) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                position += written as u64;
                IoSlice::advance_slices(&mut parts, written);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Fills the buffer as far as the file reaches and says how far that was.
pub(crate) fn read_up_to(
    file: &dyn DiskFile,
    buffer: &mut [u8],
    position: u64,
) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], position + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
