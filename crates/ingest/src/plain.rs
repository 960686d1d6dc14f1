//! A plain table of comma-separated values under a header, for what a person writes down beside the events. What its
//! columns mean is the caller's business; files of events are read by `file`.

use std::io::Read;

/// The text is no such table.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct PlainTableError(#[from] csv::Error);

/// A table that is read row by row.
pub struct PlainTable<R> {
    header: Vec<String>,
    rows: csv::StringRecordsIntoIter<R>,
}

/// A row of it.
#[derive(Debug)]
pub struct PlainRow {
    /// The line of the text that it begins in, counted from 1.
    pub line: u64,
    cells: csv::StringRecord,
}

impl PlainRow {
    /// What stands in a column, without spaces around it; nothing where it is empty.
    #[must_use]
    pub fn cell(&self, column: usize) -> Option<&str> {
        let text = self.cells.get(column).map(str::trim);
        text.filter(|text| !text.is_empty())
    }
}

impl<R: Read> PlainTable<R> {
    /// Reads the header.
    pub fn open(read: R) -> Result<PlainTable<R>, PlainTableError> {
        let mut reader = csv::Reader::from_reader(read);
        let header = reader.headers()?.iter();
        Ok(PlainTable {
            header: header.map(|name| name.trim().to_owned()).collect(),
            rows: reader.into_records(),
        })
    }

    /// The column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }
}

impl<R: Read> Iterator for PlainTable<R> {
    type Item = Result<PlainRow, PlainTableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.next()?;
        Some(row.map_err(PlainTableError::from).map(|cells| PlainRow {
            line: cells.position().map_or(0, csv::Position::line),
            cells,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let table = PlainTable::open(text.as_bytes()).expect("a header");
        let (name, note) = (table.column("name"), table.column("note"));
        let (name, note) = (name.expect("a name"), note.expect("a note"));
        let row = |row: Result<PlainRow, PlainTableError>| match row {
            Ok(row) => {
                let [name, note] = [name, note].map(|at| row.cell(at).unwrap_or("-"));
                format!("{} {name} {note}", row.line)
            }
            Err(error) => error.to_string(),
        };
        let rows: Vec<String> = table.map(row).collect();
        assert_eq!(rows.join(" | "), expected);
    }

    #[test]
    fn cells_are_found_by_the_names_of_their_columns() {
        check(
            "note, name\n\"a, b\",x\n,y \n\"two\nlines\",z\n1,w\n",
            "2 x a, b | 3 y - | 4 z two\nlines | 6 w 1",
        );
    }

    #[test]
    fn a_row_of_another_width_is_told_and_the_next_is_read() {
        check(
            "name,note\nx\ny,1\n",
            "CSV error: record 1 (line: 2, byte: 10): found record with 1 fields, but the previous record has 2 fields | 3 y 1",
        );
    }
}
