//! The table in a sheet: where its header is, for titles and notes may stand above it.

use super::sheet::{Row, Rows};
use std::io;

/// Rows with a value in which the header is looked for.
const HEADER_ROWS_MAX: usize = 20;

/// The rows of a sheet from its header on.
pub(super) struct HeaderRows {
    rows: Rows,
    header: Option<Row>,
    header_number: u32,
    columns: usize,
    skipped: usize,
}

impl HeaderRows {
    /// The header is the first row of two names or more; nothing where the sheet has none.
    pub(super) fn find(mut rows: Rows) -> io::Result<Option<HeaderRows>> {
        for skipped in 0..HEADER_ROWS_MAX {
            let Some(row) = rows.next()? else {
                return Ok(None);
            };
            if row.cells().filter(|(_, text)| is_name(text)).count() < 2 {
                continue;
            }
            let columns = row.cells().last().map_or(0, |(column, _)| column + 1);
            let header = rows.take_row();
            return Ok(Some(HeaderRows {
                header_number: rows.number(),
                rows,
                header: Some(header),
                columns,
                skipped,
            }));
        }
        Ok(None)
    }

    /// What was left out above the header.
    pub(super) fn evidence(&self) -> Option<String> {
        (self.skipped > 0).then(|| {
            format!(
                "the header is row {}; {} above it left out",
                self.header_number,
                if self.skipped == 1 {
                    "one row".to_owned()
                } else {
                    format!("{} rows", self.skipped)
                }
            )
        })
    }

    /// The header's columns: no row is shorter.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// The header first, then every row that has a value.
    pub(super) fn next(&mut self) -> io::Result<Option<&Row>> {
        match self.header.take() {
            Some(header) => Ok(Some(self.rows.put_row(header))),
            None => self.rows.next(),
        }
    }
}

fn is_name(text: &str) -> bool {
    text.parse::<f64>().is_err()
}
