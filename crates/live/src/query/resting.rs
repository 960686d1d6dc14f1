//! Rows of a question that are not in memory: read from where they lie at rest, unless a row here stands above them.
//! What becomes of them is decided where rows are gathered.

use super::QueryError;
use super::plan::{Plan, Source};
use super::range::{Span, Tile};
use crate::cells::{RowKey, Slice};
use crate::tables::LiveTables;
use crate::texts::KnownTexts;
use analytics::window::Grain;
use changelog::{AtRest, RestingRow, TablePart};
use std::sync::Arc;

/// Rows at rest of one cube and store.
pub(crate) struct Resting<'a> {
    rows: Arc<dyn AtRest>,
    texts: KnownTexts<'a>,
    table: &'static str,
    store: Arc<str>,
    /// Those wanted, where the question names any.
    values: Option<Vec<Option<Arc<str>>>>,
}

impl<'a> Resting<'a> {
    /// Where a source's rows lie at rest; nothing where none do. Asked while the source's table is locked: what lies at
    /// rest is told before rows leave memory, so one of both places has each row.
    pub(crate) fn of(live: &'a LiveTables, plan: &Plan, source: &Source) -> Option<Resting<'a>> {
        let rows = live.shared.at_rest.read().clone()?;
        if source.cube.kept_micros.is_some() {
            return None;
        }
        let texts = KnownTexts::new(&live.shared.texts);
        let store = texts.text(plan.store)?;
        let values = plan.values.as_ref().filter(|_| plan.of_window.is_none());
        let values = values.map(|values| values.iter().map(|value| texts.text(*value)).collect());
        Some(Resting {
            rows,
            texts,
            table: source.cube.table,
            store,
            values,
        })
    }

    /// First and last window of these lengths.
    pub(crate) fn bounds(&self, grains: &[Grain]) -> impl Iterator<Item = (i64, i64)> {
        grains
            .iter()
            .filter_map(|grain| self.rows.bounds(&self.part(*grain)))
    }

    fn part(&self, grain: Grain) -> TablePart<'_> {
        TablePart {
            table: self.table,
            store: &self.store,
            grain: grain.name(),
        }
    }

    /// Hands over the rows of a tile that are nowhere else.
    pub(crate) fn read(
        &mut self,
        slice: Option<&Slice>,
        tile: &Tile,
        mut take: impl FnMut(RowKey, &RestingRow<'_>) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        let Span { from, to } = tile.span;
        let to = slice.map_or(i64::MAX, Slice::at_rest_to).min(to);
        if from >= to {
            return Ok(());
        }
        let texts = &mut self.texts;
        let mut outcome = Ok(());
        let mut take = |row: RestingRow<'_>| {
            let key = RowKey {
                value: texts.id(row.value),
                currency: texts.id(row.currency),
            };
            let is_above = slice.is_some_and(|slice| slice.is_above(row.window, key));
            if outcome.is_ok() && !is_above {
                outcome = take(key, &row);
            }
        };
        let part = TablePart {
            table: self.table,
            store: &self.store,
            grain: tile.grain.name(),
        };
        let read = self
            .rows
            .rows(&part, from..to, self.values.as_deref(), &mut take);
        read.map_err(|error| QueryError::AtRest {
            why: error.to_string(),
        })?;
        outcome
    }
}
