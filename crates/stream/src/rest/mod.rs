//! State at rest: what the line keeps on disk as of one checkpoint, and how each kind of it is written as bytes.
//! Names lie there as the numbers this directory gave them, beside the list of names itself.

pub mod alerts;
mod carts;
pub mod cells;
mod customers;
pub mod deadlines;
pub mod inventory;
pub mod keeper;
mod ladders;
mod marks;
pub mod names;
pub mod orders;
pub mod people;
mod prices;
pub mod read;
pub mod rows;
mod searches;
mod sessions;
mod stock;

use checkpoint::{DecodeError, Folder, Run, RunWriter, StateError, Table};

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
    /// Stock and prices of products.
    pub inventory: Table,
    /// Cells of every grain.
    pub cells: Table,
    /// Alerts, and the histories that things are measured by.
    pub alerts: Table,
    /// Rows of tables that no cells are: what was told of stock and prices.
    pub rows: Table,
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

/// Writes states by their keys; nothing where there is none.
pub fn write_run<K: AsRef<[u8]> + Ord, S>(
    mut states: Vec<(K, S)>,
    folder: &Folder,
    write: impl Fn(&S, &mut Vec<u8>),
) -> Result<Option<Run>, RestError> {
    if states.is_empty() {
        return Ok(None);
    }
    states.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    let mut writer = RunWriter::create(folder, states.len() as u64)?;
    let mut bytes = Vec::new();
    for (key, state) in &states {
        bytes.clear();
        write(state, &mut bytes);
        writer.push(key.as_ref(), Some(&bytes))?;
    }
    Ok(Some(writer.finish()?))
}
