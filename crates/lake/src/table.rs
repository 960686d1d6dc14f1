//! One table of the open format, and how far of the log it holds: a commit carries the place it reaches, so that no row can
//! be in the table twice. What its rows say is not known here.

use crate::error::LakeError;
use crate::place::Place;
use arrow_schema::Schema;
use buoyant_kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake_core::kernel::{Action, Add, Remove, StructType, Transaction};
use deltalake_core::logstore::LogStoreRef;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::{DeltaTable, DeltaTableError};
use futures_util::TryStreamExt;

/// The applications whose transactions say how far a table is.
const FRAME: &str = "shopstream/frame";
const OFFSET: &str = "shopstream/offset";
const GENERATION: &str = "shopstream/generation";
/// A property that only our tables have: what their columns mean.
const MADE_BY: &str = "shopstream.table";
const STATISTICS: &str = "delta.dataSkippingStatsColumns";
/// Versions of a table that can be asked for, and files that no version needs any more, are kept for so long.
const KEPT: [(&str, &str); 2] = [
    ("delta.logRetentionDuration", "interval 30 days"),
    ("delta.deletedFileRetentionDuration", "interval 7 days"),
];

/// How much of the log a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Reached {
    /// Stands for the imports that count no more. With others all was judged anew.
    pub generation: u64,
    /// Frames below this number.
    pub frame: u64,
    /// Events below this offset.
    pub offset: u64,
}

/// Files for a commit.
#[derive(Debug)]
pub(crate) enum Files {
    /// Beside those that are there.
    More(Vec<Add>),
    /// In place of those.
    Instead(Vec<Add>),
}

/// What a table is.
#[derive(Debug, Clone)]
pub(crate) struct Declaration {
    pub name: &'static str,
    pub schema: Schema,
    pub partitioned_by: Vec<&'static str>,
    pub statistics: Vec<String>,
}

/// An open table.
#[derive(Debug)]
pub(crate) struct Table {
    declaration: Declaration,
    log_store: LogStoreRef,
    table: DeltaTable,
    reached: Reached,
}

impl Table {
    /// Opens the table, or makes it where there is none.
    pub(crate) async fn open(place: &Place, declaration: Declaration) -> Result<Table, LakeError> {
        let log_store = place.log_store(declaration.name)?;
        let of = |error| LakeError::of(declaration.name, error);
        place
            .make_folder(declaration.name)
            .await
            .map_err(|error| of(error.into()))?;
        let mut table = DeltaTable::new(log_store.clone());
        match log_store.is_delta_table_location().await.map_err(of)? {
            true => {
                table.load().await.map_err(of)?;
                check(&table, &declaration)?;
            }
            false => table = create(&log_store, &declaration).await.map_err(of)?,
        }
        let mut table = Table {
            declaration,
            log_store,
            table,
            reached: Reached::default(),
        };
        table.reached = table.read_reached().await?;
        Ok(table)
    }

    /// How far it is.
    pub(crate) fn reached(&self) -> Reached {
        self.reached
    }

    /// Its files, for whoever writes new ones.
    pub(crate) fn log_store(&self) -> &LogStoreRef {
        &self.log_store
    }

    /// What it was declared as.
    pub(crate) fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn failed(&self, error: DeltaTableError) -> LakeError {
        LakeError::of(self.declaration.name, error)
    }

    async fn read_reached(&self) -> Result<Reached, LakeError> {
        reached(&self.table, self.declaration.name).await
    }

    /// Adds files, with which the table reaches this far. If the answer is lost, the table says what became of it.
    pub(crate) async fn commit(&mut self, files: Files, to: Reached) -> Result<(), LakeError> {
        if let Err(error) = self.try_commit(files, to).await {
            // Whether it counts is for the table to say: the answer may have been lost on its way.
            let looked = self.table.update_state().await;
            looked.map_err(|error| self.failed(error))?;
            let stored = self.read_reached().await?;
            if stored == self.reached {
                return Err(error);
            }
            if stored != to {
                return Err(LakeError::Overtaken {
                    table: self.declaration.name.to_owned(),
                    theirs: stored.frame,
                    ours: self.reached.frame,
                });
            }
        }
        self.reached = to;
        Ok(())
    }

    async fn try_commit(&mut self, files: Files, to: Reached) -> Result<(), LakeError> {
        let (adds, mode, removes) = match files {
            Files::More(adds) => (adds, SaveMode::Append, Vec::new()),
            Files::Instead(adds) => (adds, SaveMode::Overwrite, self.removes().await?),
        };
        let adds = adds.into_iter().map(Action::Add);
        let actions = (removes.into_iter().map(Action::Remove))
            .chain(adds)
            .collect();
        let places = [
            (GENERATION, to.generation),
            (FRAME, to.frame),
            (OFFSET, to.offset),
        ];
        let transactions = places.map(|(app, version)| Transaction::new(app, version as i64));
        let properties =
            CommitProperties::default().with_application_transactions(transactions.to_vec());
        let partitioned_by = self.declaration.partitioned_by.iter();
        let operation = DeltaOperation::Write {
            mode,
            partition_by: Some(partitioned_by.map(|name| (*name).to_owned()).collect()),
            predicate: None,
        };
        let committed = {
            let state = self.table.snapshot().map_err(|error| self.failed(error))?;
            CommitBuilder::from(properties)
                .with_actions(actions)
                .build(Some(state), self.log_store.clone(), operation)
                .await
        };
        committed.map_err(|error| self.failed(error))?;
        let updated = self.table.update_state().await;
        updated.map_err(|error| self.failed(error))
    }

    /// What takes away every file that is there.
    async fn removes(&self) -> Result<Vec<Remove>, LakeError> {
        let state = self.table.snapshot().map_err(|error| self.failed(error))?;
        let views = state.snapshot().file_views(&self.log_store, None);
        let removes = views.map_ok(|file| file.remove_action(true));
        removes
            .try_collect()
            .await
            .map_err(|error| self.failed(error))
    }
}

/// How much of the log a version of a table holds.
pub(crate) async fn reached(table: &DeltaTable, name: &str) -> Result<Reached, LakeError> {
    let snapshot = table
        .snapshot()
        .map_err(|error| LakeError::of(name, error))?;
    let log_store = table.log_store();
    let stored = async |app| {
        let version = snapshot.snapshot().transaction_version(&log_store, app);
        let version = version.await.map_err(|error| LakeError::of(name, error))?;
        Ok::<u64, LakeError>(version.and_then(|it| u64::try_from(it).ok()).unwrap_or(0))
    };
    Ok(Reached {
        generation: stored(GENERATION).await?,
        frame: stored(FRAME).await?,
        offset: stored(OFFSET).await?,
    })
}

async fn create(
    log_store: &LogStoreRef,
    declaration: &Declaration,
) -> Result<DeltaTable, DeltaTableError> {
    let columns: StructType = (&declaration.schema).try_into_kernel()?;
    let own = [
        (MADE_BY, declaration.name.to_owned()),
        (STATISTICS, declaration.statistics.join(",")),
    ];
    let kept = KEPT.map(|(name, value)| (name, value.to_owned()));
    DeltaTable::new(log_store.clone())
        .create()
        .with_table_name(declaration.name)
        .with_columns(columns.fields().cloned())
        .with_partition_columns(declaration.partitioned_by.iter().copied())
        .with_raise_if_key_not_exists(false)
        .with_configuration(
            own.into_iter()
                .chain(kept)
                .map(|(name, value)| (name, Some(value))),
        )
        .await
}

/// Whether a table that was found is ours and has these columns.
fn check(table: &DeltaTable, declaration: &Declaration) -> Result<(), LakeError> {
    let name = declaration.name;
    is_ours(table, name)?;
    let snapshot = table
        .snapshot()
        .map_err(|error| LakeError::of(name, error))?;
    let schema = snapshot.schema();
    let missing =
        (declaration.schema.fields().iter()).find(|field| schema.field(field.name()).is_none());
    match missing {
        Some(field) => Err(foreign(
            name,
            format!("it has no column `{}`", field.name()),
        )),
        None => Ok(()),
    }
}

/// Whether a table that was found is ours.
pub(crate) fn is_ours(table: &DeltaTable, name: &str) -> Result<(), LakeError> {
    let snapshot = table
        .snapshot()
        .map_err(|error| LakeError::of(name, error))?;
    let configuration = snapshot.metadata().configuration();
    match configuration.get(MADE_BY).map(String::as_str) == Some(name) {
        true => Ok(()),
        false => Err(foreign(name, format!("it lacks the property `{MADE_BY}`"))),
    }
}

fn foreign(name: &str, why: String) -> LakeError {
    LakeError::Foreign {
        table: name.to_owned(),
        why,
    }
}
