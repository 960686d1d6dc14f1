//! What can go wrong with a log, sorted by what the caller does next.
//! Errors can be cloned, because one failed sync answers many callers.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fence::Fenced;

/// What the caller does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing of it was kept; the same call may succeed later.
    Retry,
    /// This input can never be appended.
    DeadLetter,
    /// Nothing more can be promised; the process ends or does not start.
    Stop,
}

/// A failed operation of the log.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LogError {
    /// Another process, or another part of this one, has the log open.
    #[error("log {} is in use{}", dir.display(), holder.map(|pid| format!(" by process {pid}")).unwrap_or_default())]
    Locked {
        /// The folder of the log.
        dir: PathBuf,
        /// The process that holds it, as far as it left its number.
        holder: Option<u32>,
    },
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
    /// What is left of the disk is kept for what already runs.
    #[error("the disk of {} is nearly full: {} MiB are free, {} MiB stay reserved", dir.display(), free_bytes >> 20, reserve_bytes >> 20)]
    DiskNearlyFull {
        /// The folder of the log.
        dir: PathBuf,
        /// What is free, without what the ballast will take back.
        free_bytes: u64,
        /// What stays free.
        reserve_bytes: u64,
    },
    /// Bytes that were durable once are not what was written.
    #[error("log is damaged at byte {position} of {}: {problem}", path.display())]
    Corrupt {
        /// The damaged segment.
        path: PathBuf,
        /// Where in the file the damaged frame begins.
        position: u64,
        /// What is wrong there.
        problem: &'static str,
    },
    /// An earlier write or sync failed, so what the disk holds is no longer known; only a restart finds out.
    #[error("log stopped after a failure")]
    Poisoned {
        /// The first failure.
        #[source]
        cause: Arc<LogError>,
    },
    /// Another process works on the log now; this one appends nothing more and ends.
    #[error(transparent)]
    Fenced(#[from] Fenced),
    /// The log was closed; the process is ending.
    #[error("log is closed")]
    Closed,
    /// A single frame of this size is never taken.
    #[error("frame of {bytes} bytes is larger than {bytes_max}")]
    FrameTooLarge {
        /// Its size before compression.
        bytes: usize,
        /// The largest that is taken.
        bytes_max: usize,
    },
    /// A reader asked for rows that this log no longer or never held.
    #[error("offset {offset} is outside of the log, which holds {first} to {end}")]
    OffsetUnknown {
        /// What was asked for.
        offset: u64,
        /// The oldest row still kept.
        first: u64,
        /// One past the newest durable row.
        end: u64,
    },
}

impl LogError {
    /// What the caller does next.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Io { remedy, .. } => *remedy,
            Self::DiskNearlyFull { .. } => Remedy::Retry,
            Self::FrameTooLarge { .. } => Remedy::DeadLetter,
            Self::Locked { .. } | Self::Corrupt { .. } | Self::Poisoned { .. } => Remedy::Stop,
            Self::Fenced(_) | Self::Closed | Self::OffsetUnknown { .. } => Remedy::Stop,
        }
    }

    /// Whether the disk had no room left; a door answers "come back later" with that reason.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Io { cause, .. } => is_full(cause),
            Self::DiskNearlyFull { .. } => true,
            _ => false,
        }
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

    /// The same failure, but with no hope left: the state of the file is unknown.
    pub(crate) fn into_poisoned(self) -> Self {
        match self {
            poisoned @ (Self::Poisoned { .. } | Self::Fenced(_)) => poisoned,
            cause => Self::Poisoned {
                cause: Arc::new(cause),
            },
        }
    }
}

fn is_full(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

fn remedy_for(cause: &io::Error) -> Remedy {
    let out_of_files = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE]
        .iter()
        .any(|errno| cause.raw_os_error() == Some(errno.raw_os_error()));
    if is_full(cause) || out_of_files {
        Remedy::Retry
    } else {
        Remedy::Stop
    }
}
