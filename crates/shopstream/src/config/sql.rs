//! Settings of SQL: what one statement may use, and how many there are at a time.

use serde::{Deserialize, Serialize};

/// Limits of statements.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SqlSettings {
    /// Statements that are answered at a time, each by a process of its own; one more is refused.
    pub slots: usize,
    /// A statement that takes longer is ended.
    pub timeout_s: u64,
    /// Memory of a statement's sorts, joins and groups; beyond it they use the disk.
    pub memory_mib: u64,
    /// Disk that a statement may use, below the data directory.
    pub spill_mib: u64,
    /// An answer with more rows is cut; no limit where it is left out.
    pub rows_max: Option<u64>,
}

impl Default for SqlSettings {
    fn default() -> Self {
        SqlSettings {
            slots: 8,
            timeout_s: 30,
            memory_mib: 256,
            spill_mib: 2_048,
            rows_max: None,
        }
    }
}
