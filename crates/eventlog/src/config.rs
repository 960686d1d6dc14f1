//! What may be chosen about a log, as plain data.
//! Where the values come from is the binary's business.

use std::path::PathBuf;

/// When an append is answered, and so what an answer survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// After fdatasync: survives a power cut.
    #[default]
    Durable,
    /// After the write: survives the death of the process, not that of the machine.
    Buffered,
}

/// Room on the disk that new frames do not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskReserve {
    /// So many hundredths of the disk stay free.
    pub percent: u64,
    /// But never more than this: a large disk needs no larger reserve.
    pub bytes_max: u64,
    /// A file of this size holds room against other programs, and gives way when the disk is all but full; 0 for none.
    pub ballast_bytes: u64,
}

impl DiskReserve {
    /// Frames are taken until the disk has no byte left.
    pub const NONE: DiskReserve = DiskReserve {
        percent: 0,
        bytes_max: 0,
        ballast_bytes: 0,
    };
}

impl Default for DiskReserve {
    fn default() -> Self {
        Self {
            percent: 5,
            bytes_max: 1 << 30,
            // As much as a segment: enough to end in order and to write down the state of a small shop.
            ballast_bytes: 64 << 20,
        }
    }
}

/// Where a log lives and how much it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// Folder of the segments; made if absent, locked while open.
    pub dir: PathBuf,
    /// Size at which a segment is full; allocated in advance, so a full disk is met between frames and not within one.
    pub segment_bytes: u64,
    /// Frames waiting for the writer hold at most this much; appends beyond it wait. As much again may be on its way to the disk.
    pub queue_bytes_max: usize,
    /// When appends are answered.
    pub durability: Durability,
    /// Room that is left to others.
    pub reserve: DiskReserve,
}

impl LogConfig {
    /// The defaults in the given folder.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            ..Self::default()
        }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("data/log"),
            segment_bytes: 64 << 20,
            // About 200 frames of 512 rows; more only adds waiting.
            queue_bytes_max: 16 << 20,
            durability: Durability::Durable,
            reserve: DiskReserve::default(),
        }
    }
}
