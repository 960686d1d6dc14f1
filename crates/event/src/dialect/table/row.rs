//! One row under a mapping: its cells set into an event, what no field takes kept as it is.
//! What a row means (an event, a line of an order) is decided by `events` and `orders`.

use super::mapping::{Column, Mapping};
use super::split::Cell;
use crate::dialect::field::{self, Style, Value};
use crate::dialect::json::{push_member, write_string};
use crate::event::{Event, Item};
use crate::rejection::Rejection;
use std::ops::Range;

/// A row of the window that could be taken apart.
#[derive(Debug, Clone)]
pub(super) struct TableRow {
    /// Where its bytes stand in the window.
    pub bytes: Range<usize>,
    /// Its cells, in the sheet's list.
    pub cells: Range<usize>,
    /// Its number in the file: 1 is the first below the header.
    pub position: i64,
    /// The running hash up to its end.
    pub hash: u128,
}

/// Rows of a window and what their columns are.
#[derive(Clone, Copy)]
pub(super) struct Sheet<'a, 'm> {
    /// The bytes.
    pub window: &'a [u8],
    /// Cells of the rows at hand, one row after the other.
    pub cells: &'m [Cell],
    /// What the columns are.
    pub mapping: &'m Mapping,
    /// How values are written.
    pub style: Style<'a>,
}

impl<'a, 'm> Sheet<'a, 'm> {
    /// The value of a column, if the row has one.
    pub(super) fn value(&self, row: &TableRow, column: Option<usize>) -> Option<Value<'a>> {
        self.cells[row.cells.clone()]
            .get(column?)
            .and_then(|cell| self.read(*cell))
    }

    fn read(&self, cell: Cell) -> Option<Value<'a>> {
        let text = cell.text(self.window);
        (!text.trim_ascii().is_empty()).then_some(Value {
            text,
            may_be_number: true,
        })
    }

    fn values(&self, row: &TableRow) -> impl Iterator<Item = (&'m Column, Value<'a>)> {
        let cells = &self.cells[row.cells.clone()];
        self.mapping
            .columns
            .iter()
            .zip(cells)
            .filter_map(|(column, cell)| Some((column, self.read(*cell)?)))
    }

    /// Adds an item made of the row's item fields, if it has any.
    pub(super) fn add_item(&self, event: &mut Event<'a>, row: &TableRow) -> Result<(), Rejection> {
        let line = event.items.len();
        for (column, value) in self.values(row) {
            let Some(field) = column.field.filter(|field| field.is_of_item()) else {
                continue;
            };
            if event.items.len() == line {
                event.items.push(Item::default());
            }
            field::set(event, line, field, value, self.style)?;
        }
        Ok(())
    }

    /// Sets the fields of the event itself that no row before has set.
    pub(super) fn set_fields(
        &self,
        event: &mut Event<'a>,
        row: &TableRow,
    ) -> Result<(), Rejection> {
        for (column, value) in self.values(row) {
            let field = column
                .field
                .filter(|field| !field.is_of_item() && !field::is_set(event, *field));
            if let Some(field) = field {
                field::set(event, 0, field, value, self.style)?;
            }
        }
        Ok(())
    }

    /// Appends the values of columns without a field to an object text under way, their names behind `prefix`.
    pub(super) fn keep_unknown(&self, row: &TableRow, prefix: &str, extra: &mut String) {
        for (column, value) in self
            .values(row)
            .filter(|(column, _)| column.field.is_none())
        {
            push_member(extra, &[prefix, &column.name], |out| {
                write_string(out, &value.text)
            });
        }
    }
}
