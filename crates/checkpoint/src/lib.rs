//! State at rest: sorted runs of rows, and checkpoints that name the runs which belong together.
//! It knows bytes, files and checksums; it does not know events, shards or what a row means.
//!
//! A [`RunWriter`] writes rows in the order of their keys into a [`Run`], which never changes. Runs over one another
//! are a [`Table`]. A [`Checkpoint`] is a set of tables and values; once [`Checkpoints::commit`] returns it is what the
//! next start finds, whole, and until then the next start finds the one before.

mod block;
mod checkpoints;
mod codec;
mod disk;
mod error;
mod filter;
mod folder;
mod manifest;
mod merge;
mod run;
mod table;
mod write;

#[cfg(test)]
mod tests;

pub use checkpoints::{Checkpoint, Checkpoints, Damaged, Opened};
pub use codec::{DecodeError, Decoder, Encoder};
pub use error::{Remedy, StateError};
pub use folder::Folder;
pub use merge::{Merge, Merged, Row, Scan};
pub use run::Run;
pub use table::Table;
pub use write::{KEY_BYTES_MAX, RunWriter, VALUE_BYTES_MAX};
