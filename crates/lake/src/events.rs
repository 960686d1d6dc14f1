//! The table `events`: what counts, as it came, a partition for each day of each shop. Events are gathered into files, and
//! files into one commit. What counts was decided before.

use crate::columns::{
    DAY, EVENTS, Piece, STORE, file_schema, join, table_schema, with_dictionary, with_statistics,
};
use crate::error::LakeError;
use crate::place::Place;
use crate::store_day::{Days, StoreDay, Zones};
use crate::table::{Declaration, Files, Reached, Table};
use arrow_array::UInt32Array;
use arrow_schema::SchemaRef;
use buoyant_kernel::expressions::Scalar;
use buoyant_kernel::table_properties::DataSkippingNumIndexedCols;
use deltalake_core::datafile::writer::{PartitionWriter, PartitionWriterConfig};
use deltalake_core::kernel::Add;
use event::EventBatch;
use event::schema::Label;
use indexmap::IndexMap;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use std::collections::BTreeMap;
use std::num::NonZeroU64;

/// How much is gathered.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Rows of one row group: readers pass over whole groups.
    pub group_rows: usize,
    /// Rows that wait in memory before the fullest day is written.
    pub waiting_rows: usize,
    /// Files that are written at a time; beyond it the one that was written to longest ago is ended.
    pub open_files: usize,
    /// Bytes at which a file is ended.
    pub file_bytes: NonZeroU64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            group_rows: 128 * 1024,
            waiting_rows: 32 * 1024,
            open_files: 4,
            file_bytes: NonZeroU64::new(128 << 20).unwrap_or(NonZeroU64::MAX),
        }
    }
}

/// A frame of the log, and what became of its events.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// All of them.
    pub events: &'a EventBatch,
    /// Of the first.
    pub first_offset: u64,
    /// Offsets that do not count, in their order: repeats, conflicts, what was undone.
    pub aside: &'a [u64],
    /// Offsets of later states of orders, in their order.
    pub adding: &'a [u64],
    /// Where the log goes on; the generation is that of the archive.
    pub to: Reached,
}

/// The table, and what is on its way there.
pub struct EventArchive {
    table: Table,
    schema: SchemaRef,
    properties: WriterProperties,
    limits: Limits,
    days: Days,
    waiting: BTreeMap<StoreDay, Waiting>,
    waiting_rows: usize,
    open: BTreeMap<StoreDay, Open>,
    /// Counts up with every write, to tell which file was written to last.
    clock: u64,
    written: Vec<Add>,
    /// Where the next commit reaches.
    taken: Reached,
}

/// Events of a day that are not written yet.
#[derive(Default)]
struct Waiting {
    pieces: Vec<Piece>,
    rows: usize,
}

/// A file on its way.
struct Open {
    writer: PartitionWriter,
    used: u64,
}

impl EventArchive {
    /// Opens the table, or makes it.
    pub async fn open(place: &Place, zones: Zones, limits: Limits) -> Result<Self, LakeError> {
        let declaration = Declaration {
            name: EVENTS,
            schema: table_schema(),
            partitioned_by: vec![STORE, DAY],
            statistics: with_statistics(),
        };
        let table = Table::open(place, declaration).await?;
        Ok(EventArchive {
            taken: table.reached(),
            table,
            schema: file_schema(),
            properties: properties(limits.group_rows),
            limits,
            days: Days::new(zones),
            waiting: BTreeMap::new(),
            waiting_rows: 0,
            open: BTreeMap::new(),
            clock: 0,
            written: Vec::new(),
        })
    }

    /// How much of the log is in the table for good.
    #[must_use]
    pub fn reached(&self) -> Reached {
        self.table.reached()
    }

    /// How much of the log it was given.
    #[must_use]
    pub fn taken(&self) -> Reached {
        self.taken
    }

    /// Takes a frame's events; a frame that it was given before it passes over.
    pub async fn take(&mut self, judged: Judged<'_>) -> Result<(), LakeError> {
        let to = Reached {
            generation: self.taken.generation,
            ..judged.to
        };
        if to <= self.taken {
            return Ok(());
        }
        for (of, piece) in split(&mut self.days, judged) {
            self.waiting_rows += piece.len();
            let waiting = self.waiting.entry(of).or_default();
            waiting.rows += piece.len();
            waiting.pieces.push(piece);
        }
        self.taken = to;
        while self.waiting_rows >= self.limits.waiting_rows {
            let fullest = self.waiting.iter().max_by_key(|(_, waiting)| waiting.rows);
            let Some(of) = fullest.map(|(of, _)| of.clone()) else {
                break;
            };
            self.write(&of).await?;
        }
        Ok(())
    }

    /// Makes all that was taken part of the table.
    pub async fn commit(&mut self) -> Result<(), LakeError> {
        if self.taken == self.reached() {
            return Ok(());
        }
        let days: Vec<StoreDay> = self.waiting.keys().cloned().collect();
        for of in days {
            self.write(&of).await?;
        }
        while let Some((of, open)) = self.open.pop_first() {
            self.end(&of, open).await?;
        }
        let adds = std::mem::take(&mut self.written);
        let files = match self.taken.generation == self.reached().generation {
            true => Files::More(adds),
            false => Files::Instead(adds),
        };
        self.table.commit(files, self.taken).await
    }

    /// All is judged anew: the next commit puts what is given from now on in the place of what is there.
    pub async fn begin_again(&mut self, generation: u64) {
        self.let_go().await;
        self.taken = Reached {
            generation,
            ..Reached::default()
        };
    }

    /// Lets go of what is not in the table: it is to be given again, from [`EventArchive::reached`] on. Files that were
    /// written stay behind and count for nothing.
    pub async fn let_go(&mut self) {
        self.waiting.clear();
        self.waiting_rows = 0;
        for open in std::mem::take(&mut self.open).into_values() {
            if let Err(error) = open.writer.abort().await {
                tracing::debug!(%error, "a file of the lake stays behind");
            }
        }
        self.written.clear();
        self.taken = self.table.reached();
    }

    /// Writes what waits of a day to its file.
    async fn write(&mut self, of: &StoreDay) -> Result<(), LakeError> {
        let Some(waiting) = self.waiting.remove(of) else {
            return Ok(());
        };
        self.waiting_rows -= waiting.rows;
        self.clock += 1;
        if !self.open.contains_key(of) {
            if self.open.len() >= self.limits.open_files {
                self.end_oldest().await?;
            }
            let open = Open {
                writer: self.file(of)?,
                used: self.clock,
            };
            self.open.insert(of.clone(), open);
        }
        let batch = join(&waiting.pieces, &self.schema)?;
        drop(waiting);
        if let Some(open) = self.open.get_mut(of) {
            open.used = self.clock;
            let written = open.writer.write(&batch).await;
            written.map_err(|error| LakeError::of(EVENTS, error))?;
        }
        Ok(())
    }

    async fn end_oldest(&mut self) -> Result<(), LakeError> {
        let oldest = self.open.iter().min_by_key(|(_, open)| open.used);
        let Some(of) = oldest.map(|(of, _)| of.clone()) else {
            return Ok(());
        };
        match self.open.remove(&of) {
            Some(open) => self.end(&of, open).await,
            None => Ok(()),
        }
    }

    async fn end(&mut self, of: &StoreDay, open: Open) -> Result<(), LakeError> {
        let adds = open.writer.close().await;
        let adds = adds.map_err(|error| LakeError::of(EVENTS, error))?;
        tracing::debug!(store = %of.store, day = of.date(), files = adds.len(), "files of the lake");
        self.written.extend(adds);
        Ok(())
    }

    /// A new file of a day.
    fn file(&self, of: &StoreDay) -> Result<PartitionWriter, LakeError> {
        let day = i32::try_from(of.day).unwrap_or_default();
        let values: IndexMap<String, Scalar> = IndexMap::from_iter([
            (STORE.to_owned(), Scalar::String(of.store.to_string())),
            (DAY.to_owned(), Scalar::Date(day)),
        ]);
        let failed = |error| LakeError::of(EVENTS, error);
        let config = PartitionWriterConfig::try_new(
            SchemaRef::clone(&self.schema),
            values,
            Some(self.properties.clone()),
            Some(self.limits.file_bytes),
            Some(self.limits.group_rows),
            None,
            None,
        );
        let store = self.table.log_store().object_store(None);
        let statistics = Some(self.table.declaration().statistics.clone());
        let number = DataSkippingNumIndexedCols::AllColumns;
        PartitionWriter::try_with_config(store, config.map_err(failed)?, number, statistics)
            .map_err(failed)
    }
}

/// The events that count, by day.
pub(crate) fn split(days: &mut Days, judged: Judged<'_>) -> BTreeMap<StoreDay, Piece> {
    let events = judged.events;
    let mut rows: BTreeMap<StoreDay, Vec<u32>> = BTreeMap::new();
    let mut aside = judged.aside.iter().peekable();
    for (row, event) in (0_u32..).zip(events.events()) {
        let offset = judged.first_offset + u64::from(row);
        while aside.next_if(|next| **next < offset).is_some() {}
        if aside.peek() == Some(&&offset) {
            continue;
        }
        let store = event.label(Label::Store).unwrap_or_default();
        rows.entry(days.of(store, event.time()))
            .or_default()
            .push(row);
    }
    let row_of = |offset: &u64| offset.checked_sub(judged.first_offset);
    let adding = judged.adding.iter().filter_map(row_of);
    let adding: Vec<u32> = adding.filter_map(|row| u32::try_from(row).ok()).collect();
    let piece = |rows: Vec<u32>| Piece {
        batch: events.record_batch().clone(),
        rows: (rows.len() < events.len()).then(|| UInt32Array::from(rows)),
        first_offset: judged.first_offset,
        adding: adding.clone(),
    };
    rows.into_iter()
        .map(|(of, rows)| (of, piece(rows)))
        .collect()
}

/// How files are written: quick to write, small, and with statistics of what is no person's.
fn properties(group_rows: usize) -> WriterProperties {
    use parquet::file::properties::EnabledStatistics;
    let level = ZstdLevel::try_new(1).unwrap_or_default();
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(group_rows))
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None);
    for path in with_dictionary() {
        properties = properties.set_column_dictionary_enabled(ColumnPath::new(path), true);
    }
    for name in with_statistics() {
        let path = ColumnPath::from(name);
        properties = properties.set_column_statistics_enabled(path, EnabledStatistics::Chunk);
    }
    properties.build()
}
