//! What a question is asked with: the text, where the lake and the log lie, and up to where events are judged. Plain data that
//! goes from process to process.

use crate::answer::Format;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One question.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ask {
    /// One statement.
    pub sql: String,
    /// Whoever asks may see this shop only; all where nothing is said.
    pub store: Option<String>,
    /// How the answer is written.
    pub format: Format,
    /// Where the lake lies.
    pub lake: LakePlace,
    /// The folder of the log.
    pub log_dir: PathBuf,
    /// What is not in the lake yet.
    pub judgement: Judgement,
    /// Time zones of the shops that have one; others have UTC.
    pub zones: BTreeMap<String, String>,
    /// What it may use.
    pub limits: Limits,
}

/// Where the lake lies; credentials too, so it is never written down.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LakePlace {
    /// A folder or `s3://BUCKET/PREFIX`.
    pub location: String,
    /// A relative folder is below this one.
    pub within: PathBuf,
    /// Settings of a bucket.
    pub storage: BTreeMap<String, String>,
}

/// Up to where events are judged, and which of those that the lake may lack count how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// Of which folding of the log.
    pub generation: u64,
    /// Verdicts are known from this offset on.
    pub from_offset: u64,
    /// Frames below this number are judged.
    pub to_frame: u64,
    /// Events below this offset are judged.
    pub to_offset: u64,
    /// Offsets that do not count, in their order.
    pub uncounted: Vec<u64>,
    /// Offsets of later states of orders, in their order.
    pub adding: Vec<u64>,
}

/// What one question may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Memory of sorts, joins and groups; what needs more goes to disk, or ends.
    pub memory_bytes: u64,
    /// What may lie on disk.
    pub spill_bytes: u64,
    /// Where.
    pub spill_dir: PathBuf,
    /// A process whose question takes longer ends by itself, should nobody be left to end it.
    pub seconds_max: u64,
    /// An answer with more rows is cut.
    pub rows_max: Option<u64>,
}
