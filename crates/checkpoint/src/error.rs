//! What can go wrong with state at rest, sorted by what the caller does next.
//! Errors can be cloned, because a sync that failed once is never tried again and answers everybody.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::io::Errno;

/// What the caller does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing of it was kept and the last checkpoint stands; the same call may succeed later.
    Retry,
    /// The process ends; the next start finds the newest checkpoint that is whole.
    Stop,
}

/// A failed operation on runs or checkpoints.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StateError {
    /// The disk or the operating system refused.
    #[error("{action} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder it was tried on.
        path: PathBuf,
        /// Retry for a full disk or too many open files, Stop for the rest.
        remedy: Remedy,
        /// What the operating system said.
        #[source]
        cause: Arc<io::Error>,
    },
    /// Bytes on disk are not what was written.
    #[error("{} is damaged at byte {position}: {problem}", path.display())]
    Damaged {
        /// The damaged file.
        path: PathBuf,
        /// Where in the file the damaged part begins.
        position: u64,
        /// What is wrong there.
        problem: &'static str,
    },
    /// Rows of a run come in the order of their keys, each key once.
    #[error("a row is out of order in {}", path.display())]
    OutOfOrder {
        /// The run that was being written.
        path: PathBuf,
    },
    /// A key or a value of this size is never taken.
    #[error("{what} of {bytes} bytes is larger than {bytes_max}")]
    TooLarge {
        /// Key or value.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The largest that is taken.
        bytes_max: usize,
    },
    /// A checkpoint names only runs of its own folder.
    #[error("run {} does not lie in the folder of the checkpoint", path.display())]
    ElsewhereRun {
        /// Where it lies.
        path: PathBuf,
    },
    /// A younger process took the folder over.
    #[error("another process took {} over: its epoch is {newer}, ours {ours}", dir.display())]
    Fenced {
        /// The folder.
        dir: PathBuf,
        /// The epoch under which we opened it.
        ours: u64,
        /// The epoch of the process that has it now.
        newer: u64,
    },
}

impl StateError {
    /// What the caller does next.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Io { remedy, .. } => *remedy,
            _ => Remedy::Stop,
        }
    }

    /// Whether the disk had no room left.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Io { cause, .. } if is_full(cause))
    }

    /// For `map_err`: adds what was tried and on which path.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl Fn(io::Error) -> Self {
        move |cause| Self::Io {
            action,
            path: path.to_owned(),
            remedy: remedy_for(&cause),
            cause: Arc::new(cause),
        }
    }

    /// For `map_err`: a sync that failed is never tried again, whatever the reason: the pages may be gone.
    pub(crate) fn sync(path: &Path) -> impl Fn(io::Error) -> Self {
        move |cause| Self::Io {
            action: "sync",
            path: path.to_owned(),
            remedy: Remedy::Stop,
            cause: Arc::new(cause),
        }
    }

    /// What is wrong with the file, if the file is to blame and not the system that reads it.
    pub(crate) fn damage(&self) -> Option<String> {
        match self {
            Self::Damaged { path, problem, .. } => Some(format!("{} {problem}", file_name(path))),
            Self::Io { path, cause, .. } if cause.kind() == io::ErrorKind::NotFound => {
                Some(format!("{} is missing", file_name(path)))
            }
            Self::Io { path, cause, .. }
                if cause.raw_os_error() == Some(Errno::IO.raw_os_error()) =>
            {
                Some(format!("{} cannot be read from the disk", file_name(path)))
            }
            _ => None,
        }
    }
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

fn is_full(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

fn remedy_for(cause: &io::Error) -> Remedy {
    let out_of_files = [Errno::MFILE, Errno::NFILE]
        .iter()
        .any(|errno| cause.raw_os_error() == Some(errno.raw_os_error()));
    if is_full(cause) || out_of_files {
        Remedy::Retry
    } else {
        Remedy::Stop
    }
}
