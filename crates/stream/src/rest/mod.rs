//! State at rest: what the line keeps on disk as of one checkpoint, and how each kind of it is written as bytes.
//! Names lie there as the numbers this directory gave them, beside the list of names itself.

mod carts;
pub mod cells;
pub mod deadlines;
pub mod keeper;
mod marks;
pub mod names;
pub mod orders;
pub mod people;
pub mod read;
pub mod rows;
mod sessions;

use checkpoint::{DecodeError, StateError, Table};

/// Tables as the newest checkpoint has them: where to look for what is no longer in memory.
#[derive(Debug, Clone, Default)]
pub struct AtRest {
    /// Which checkpoint took them, counted by this process from 1; 0 is what was found at the start.
    pub number: u64,
    /// The version of the newest results among the cells.
    pub version: i64,
    /// Identities of events.
    pub ids: Table,
    /// Orders and refunds.
    pub orders: Table,
    /// Persons.
    pub people: Table,
    /// Cells of every grain.
    pub cells: Table,
}

/// Why state could not be written or brought back.
#[derive(Debug, thiserror::Error)]
pub enum RestError {
    /// A run could not be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// The merger's part of a checkpoint is missing; why was said where it failed.
    #[error("the cells were not written")]
    Missing,
    /// What a run holds is not ours, though its checksum is right: another version wrote it, or a defect.
    #[error("{what} at rest cannot be understood")]
    Unreadable {
        /// What was read.
        what: &'static str,
        /// Why.
        #[source]
        cause: DecodeError,
    },
}

impl RestError {
    /// Says what was read when it could not be understood.
    pub fn of(what: &'static str) -> impl Fn(DecodeError) -> RestError {
        move |cause| RestError::Unreadable { what, cause }
    }

    /// A number stands for nothing we know.
    pub fn unknown(what: &'static str) -> RestError {
        RestError::of(what)(DecodeError::Unknown)
    }
}
