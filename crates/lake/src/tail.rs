//! Events that are judged and not in the table yet, in the table's own form: given the same frames as the archive, with the same
//! verdicts, it shows the same rows. It keeps them as they came and widens only what is asked for.

use crate::columns::{DAY, Piece, join, table_schema};
use crate::error::LakeError;
use crate::events::{Judged, split};
use crate::store_day::{Days, Zones};
use arrow_array::{ArrayRef, Date32Array, RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};
use std::sync::Arc;

/// Rows of one batch that is shown, unless a frame of one day has more.
const BATCH_ROWS: usize = 8 * 1024;

/// What the table lacks.
pub struct Tail {
    schema: SchemaRef,
    days: Days,
    pieces: Vec<(i32, Piece)>,
    rows: usize,
}

impl Tail {
    /// Nothing yet.
    #[must_use]
    pub fn new(zones: Zones) -> Tail {
        Tail {
            schema: events_schema(),
            days: Days::new(zones),
            pieces: Vec::new(),
            rows: 0,
        }
    }

    /// Takes a frame's events that count.
    pub fn take(&mut self, judged: Judged<'_>) {
        for (of, piece) in split(&mut self.days, judged) {
            self.rows += piece.len();
            let day = i32::try_from(of.day).unwrap_or_default();
            self.pieces.push((day, piece));
        }
    }

    /// How many events.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Pieces that are shown together.
    #[must_use]
    pub fn parts(&self) -> Vec<std::ops::Range<usize>> {
        let (mut parts, mut first, mut rows) = (Vec::new(), 0, 0);
        for (at, (_, piece)) in self.pieces.iter().enumerate() {
            rows += piece.len();
            if rows >= BATCH_ROWS {
                parts.push(first..at + 1);
                (first, rows) = (at + 1, 0);
            }
        }
        if first < self.pieces.len() {
            parts.push(first..self.pieces.len());
        }
        parts
    }

    /// Some columns of a part, by their number in [`events_schema`].
    pub fn read(
        &self,
        part: std::ops::Range<usize>,
        columns: &[usize],
    ) -> Result<RecordBatch, LakeError> {
        let pieces = &self.pieces[part];
        let rows = pieces.iter().map(|(_, piece)| piece.len()).sum();
        let asked = self.schema.project(columns)?;
        let of_files = (asked.fields().iter()).filter(|field| field.name() != DAY);
        let of_files: SchemaRef = Arc::new(Schema::new(of_files.cloned().collect::<Vec<_>>()));
        let plain: Vec<Piece> = pieces.iter().map(|(_, piece)| piece.clone()).collect();
        let known = match of_files.fields().is_empty() {
            true => None,
            false => Some(join(&plain, &of_files)?),
        };
        let days = || -> ArrayRef {
            let days = pieces
                .iter()
                .flat_map(|(day, piece)| std::iter::repeat_n(*day, piece.len()));
            Arc::new(Date32Array::from_iter_values(days))
        };
        let column = |name: &str| known.as_ref().and_then(|known| known.column_by_name(name));
        let columns = asked
            .fields()
            .iter()
            .map(|field| match column(field.name()) {
                Some(column) => Arc::clone(column),
                None => days(),
            });
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let columns = columns.collect();
        Ok(RecordBatch::try_new_with_options(
            Arc::new(asked),
            columns,
            &options,
        )?)
    }
}

/// The columns of the table `events`.
#[must_use]
pub fn events_schema() -> SchemaRef {
    Arc::new(table_schema())
}
