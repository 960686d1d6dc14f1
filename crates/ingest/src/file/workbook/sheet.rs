//! The rows of a sheet, one at a time, each as the text of its cells; empty ones are left out.

use super::archive::Part;
use super::number;
use super::strings::{SharedStrings, unescaped};
use super::styles::Styles;
use super::xml::{Element, Tag, Xml};
use super::{COLUMNS_MAX, PIECE_BYTES_MAX, ROWS_MAX, UNPACKED_BYTES_FREE, damaged, too_large};
use std::io;
use std::sync::Arc;

/// Shared text may be pointed at again and again: all rows together are at most so many times what their sheet unpacks to.
const SHARED_RATIO_MAX: u64 = 16;

/// `<c t="s"><v></v></c>`.
const CELL_BYTES_MIN: u64 = 21;

/// A row: the cells that have a value, in the order of their columns.
#[derive(Debug, Default)]
pub(super) struct Row {
    text: String,
    cells: Vec<(usize, usize)>,
}

impl Row {
    /// Column, from 0, and text of each cell.
    pub(super) fn cells(&self) -> impl Iterator<Item = (usize, &str)> {
        let starts = std::iter::once(0).chain(self.cells.iter().map(|(_, end)| *end));
        let cells = self.cells.iter().zip(starts);
        cells.map(|((column, end), start)| (*column, &self.text[start..*end]))
    }

    fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
    }

    fn push(&mut self, column: usize, text: &str) {
        if !text.is_empty() {
            self.text.push_str(text);
            self.cells.push((column, self.text.len()));
        }
    }
}

/// What a cell's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Shared,
    Inline,
    Bool,
    /// Text, an error, or a time in words.
    Plain,
}

/// A cell under way.
struct Cell {
    column: usize,
    kind: Kind,
    style: usize,
    value: String,
}

/// The rows of a sheet.
pub(super) struct Rows {
    xml: Xml<Part>,
    strings: Arc<SharedStrings>,
    styles: Arc<Styles>,
    row: Row,
    number: u32,
    /// Text given out, and the least that its cells take in the sheet.
    text_bytes: u64,
    sheet_bytes: u64,
}

impl Rows {
    pub(super) fn new(part: Part, strings: Arc<SharedStrings>, styles: Arc<Styles>) -> Rows {
        Rows {
            xml: Xml::new(part),
            strings,
            styles,
            row: Row::default(),
            number: 0,
            text_bytes: 0,
            sheet_bytes: 0,
        }
    }

    /// The next row that has a value.
    pub(super) fn next(&mut self) -> io::Result<Option<&Row>> {
        self.row.clear();
        let mut cell: Option<Cell> = None;
        // Only what stands in <v>, or in <is><t> outside of its reading aid, is the value; a formula is not.
        let (mut is_value, mut phonetic) = (false, 0_usize);
        let mut column_next = 0;
        while let Some(element) = self.xml.next()? {
            match element {
                Element::Start(tag) => match tag.name() {
                    "row" => {
                        self.number = row_number(&tag, self.number)?;
                        column_next = 0;
                    }
                    "c" => {
                        let begun = Cell::begin(&tag, column_next)?;
                        column_next = begun.column + 1;
                        cell = Some(begun);
                    }
                    "v" | "t" => is_value = true,
                    "rPh" => phonetic += 1,
                    _ => {}
                },
                Element::Text(text) => {
                    let cell = cell.as_mut().filter(|_| is_value && phonetic == 0);
                    if let Some(cell) = cell {
                        cell.value.push_str(&text);
                        if cell.value.len() > PIECE_BYTES_MAX {
                            return Err(too_large("a cell of it is longer than any cell may be"));
                        }
                    }
                }
                Element::End(tag) => match tag.name() {
                    "v" | "t" => is_value = false,
                    "rPh" => phonetic = phonetic.saturating_sub(1),
                    "c" => {
                        if let Some(cell) = cell.take() {
                            self.push(&cell)?;
                        }
                    }
                    "row" if !self.row.cells.is_empty() => return Ok(Some(&self.row)),
                    _ => {}
                },
                Element::Other => {}
            }
        }
        Ok(None)
    }

    /// Adds the text of a cell. What would make the row longer than any row may be is left out: the row is set aside anyway.
    fn push(&mut self, cell: &Cell) -> io::Result<()> {
        if self.row.text.len() > PIECE_BYTES_MAX {
            return Ok(());
        }
        let last = self.row.cells.last().map_or(0, |(column, _)| column + 1);
        if cell.column < last {
            return Err(damaged("the cells of a row stand in the wrong order"));
        }
        let before = self.row.text.len();
        match cell.kind {
            Kind::Shared => {
                let number = cell.value.trim().parse().ok();
                let text = number.and_then(|number| self.strings.get(number));
                let text =
                    text.ok_or_else(|| damaged("a cell points at text that is not there"))?;
                push_text(&mut self.row, cell.column, text);
            }
            Kind::Inline | Kind::Plain => push_text(&mut self.row, cell.column, &cell.value),
            Kind::Bool => {
                let text = if cell.value.trim() == "1" {
                    "true"
                } else {
                    "false"
                };
                self.row.push(cell.column, text);
            }
            Kind::Number => {
                let shown = self.styles.of(cell.style);
                let text = number::text_of(&cell.value, shown, self.styles.counts_from_1904);
                self.row.push(cell.column, &text);
            }
        }
        self.text_bytes += (self.row.text.len() - before) as u64;
        self.sheet_bytes += CELL_BYTES_MIN + cell.value.len() as u64;
        if self.text_bytes > UNPACKED_BYTES_FREE.max(SHARED_RATIO_MAX * self.sheet_bytes) {
            return Err(too_large("its cells point at the same text over and over"));
        }
        Ok(())
    }

    /// The row at hand, to be kept.
    pub(super) fn take_row(&mut self) -> Row {
        std::mem::take(&mut self.row)
    }

    /// A kept row is the one at hand again.
    pub(super) fn put_row(&mut self, row: Row) -> &Row {
        self.row = row;
        &self.row
    }

    /// The number of the row at hand, from 1.
    pub(super) fn number(&self) -> u32 {
        self.number
    }
}

fn push_text(row: &mut Row, column: usize, text: &str) {
    if text.contains("_x") {
        row.push(column, unescaped(text).trim());
    } else {
        row.push(column, text.trim());
    }
}

fn row_number(tag: &Tag<'_>, before: u32) -> io::Result<u32> {
    let number = match tag.attribute("r")? {
        Some(text) => text.parse().map_err(|_| damaged("a row has no number"))?,
        None => before + 1,
    };
    if number > ROWS_MAX || number <= before {
        return Err(damaged(&format!(
            "it has a row {number} after row {before}"
        )));
    }
    Ok(number)
}

impl Cell {
    fn begin(tag: &Tag<'_>, column_next: usize) -> io::Result<Cell> {
        let column = match tag.attribute("r")? {
            Some(place) => column_of(&place)
                .ok_or_else(|| damaged(&format!("it has a cell at \"{place:.20}\"")))?,
            None => column_next,
        };
        if column >= COLUMNS_MAX {
            return Err(damaged("it has more columns than the format"));
        }
        let kind = match tag.attribute("t")?.as_deref() {
            None | Some("n") => Kind::Number,
            Some("s") => Kind::Shared,
            Some("inlineStr") => Kind::Inline,
            Some("b") => Kind::Bool,
            Some(_) => Kind::Plain,
        };
        let style = tag.attribute("s")?.and_then(|style| style.parse().ok());
        Ok(Cell {
            column,
            kind,
            style: style.unwrap_or(0),
            value: String::new(),
        })
    }
}

/// `AB12` is column 27, counted from 0.
fn column_of(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic);
    let column = letters.take(4).fold(0_usize, |column, letter| {
        column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1
    });
    column.checked_sub(1).filter(|column| *column < COLUMNS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_by_letters() {
        assert_eq!(column_of("A1"), Some(0));
        assert_eq!(column_of("Z9"), Some(25));
        assert_eq!(column_of("AB12"), Some(27));
        assert_eq!(column_of("XFD1048576"), Some(16_383));
        assert_eq!(column_of("XFE1"), None);
        assert_eq!(column_of("12"), None);
        assert_eq!(column_of("AAAAAAAAAA1"), None);
    }
}
