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
        }
    }
}
