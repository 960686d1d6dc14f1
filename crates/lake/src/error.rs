//! What can go wrong with a table, sorted by what helps.

use deltalake_core::{DeltaTableError, ObjectStoreError};

/// Why the lake could not do it.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The store of files did not answer, or refused: it may do so later.
    #[error("the lake's storage does not answer")]
    Storage(#[source] Box<DeltaTableError>),
    /// Something of the table cannot be read or is not as it should be.
    #[error("the lake's table `{table}` cannot be used")]
    Table {
        /// The table's name.
        table: String,
        /// Why.
        #[source]
        cause: Box<DeltaTableError>,
    },
    /// A table of that name is there that is none of ours.
    #[error(
        "the lake's folder holds a table `{table}` that shopstream did not make: {why}; name another folder in `lake.location`"
    )]
    Foreign {
        /// The table's name.
        table: String,
        /// What gives it away.
        why: String,
    },
    /// Another process has written to the table what this one was about to write.
    #[error(
        "another process writes to the lake's table `{table}`: it is {theirs} frames far, this one {ours}"
    )]
    Overtaken {
        /// The table's name.
        table: String,
        /// How far the other one is.
        theirs: u64,
        /// How far this one is.
        ours: u64,
    },
    /// Columns do not fit the table: a defect of ours.
    #[error("columns do not fit the table")]
    Columns(#[from] arrow_schema::ArrowError),
}

impl LakeError {
    /// Sorts what the table's library says.
    pub(crate) fn of(table: &str, error: DeltaTableError) -> LakeError {
        match error {
            DeltaTableError::ObjectStore { source } if is_lasting(&source) => LakeError::Table {
                table: table.to_owned(),
                cause: Box::new(DeltaTableError::ObjectStore { source }),
            },
            DeltaTableError::ObjectStore { .. } => LakeError::Storage(Box::new(error)),
            cause => LakeError::Table {
                table: table.to_owned(),
                cause: Box::new(cause),
            },
        }
    }

    /// Whether the same may work later, without anybody's help.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, LakeError::Storage(_))
    }
}

/// Whether the store would say the same again.
fn is_lasting(error: &ObjectStoreError) -> bool {
    matches!(
        error,
        ObjectStoreError::NotFound { .. }
            | ObjectStoreError::InvalidPath { .. }
            | ObjectStoreError::NotSupported { .. }
            | ObjectStoreError::NotImplemented { .. }
            | ObjectStoreError::PermissionDenied { .. }
            | ObjectStoreError::Unauthenticated { .. }
    )
}
