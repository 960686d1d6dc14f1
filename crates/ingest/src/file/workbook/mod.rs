//! Spreadsheets: one sheet of an XLSX workbook as the text of a CSV, row by row, so that everything behind reads a table.
//! The packed file is held in memory, a sheet never is; formulas are taken as they were last calculated.
//!
//! The text of a row, which is what its identity is made of: its cells parted by commas, from the first to the header's last
//! or, where a row is longer, to its own last; a cell in quotes where it holds a comma, semicolon, tab, bar, quote or line
//! break; numbers as decimals of at most fifteen digits (whole ones with all of theirs), times as `2010-12-01 08:26:00`.
//! Rows without a value are left out, and so are those above the header.

mod archive;
mod header;
mod number;
mod sheet;
mod strings;
mod styles;
#[cfg(test)]
mod tests;
mod xml;

use super::error::Explained;
use archive::Archive;
use header::HeaderRows;
use sheet::{Row, Rows};
use std::io::{self, Read};
use std::sync::Arc;

/// Largest packed workbook: it is held in memory while it is read. A million rows of an order list are some 50 MiB.
pub const WORKBOOK_BYTES_MAX: u64 = 128 << 20;
/// Text of shared cells held in memory.
pub const SHARED_TEXT_BYTES_MAX: usize = 256 << 20;
/// A part may be so many times larger than it is packed; sheets of numbers are ten to fifty times.
pub const UNPACKED_RATIO_MAX: u64 = 200;
/// Parts up to this size are not asked for their ratio.
pub const UNPACKED_BYTES_FREE: u64 = 64 << 20;
/// Longest piece of a part between two tags, and longest row in memory.
pub const PIECE_BYTES_MAX: usize = 2 << 20;
/// Rows and columns of the format.
pub const ROWS_MAX: u32 = 1 << 20;
/// Columns of the format.
pub const COLUMNS_MAX: usize = 1 << 14;

/// Beginning of every ZIP.
const ZIP: &[u8] = b"PK\x03\x04";
/// Beginning of the workbooks of old, and of new ones under a password.
const COMPOUND: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

/// What a file's beginning says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Perhaps a workbook: its directory tells.
    Zip,
    /// A workbook that cannot be read here.
    Compound,
}

impl Kind {
    /// Nothing where the file is no spreadsheet.
    pub(super) fn of(beginning: &[u8]) -> Option<Kind> {
        if beginning.starts_with(ZIP) {
            Some(Kind::Zip)
        } else {
            beginning.starts_with(COMPOUND).then_some(Kind::Compound)
        }
    }
}

/// A sheet as the text of a CSV, and what was found about it.
pub(super) struct SheetText {
    /// The text.
    pub read: Box<dyn Read + Send>,
    /// One line a decision.
    pub evidence: Vec<String>,
}

/// Opens the named sheet, else the first one that has a header.
pub(super) fn open(
    read: Box<dyn Read + Send>,
    kind: Kind,
    wish: Option<&str>,
) -> io::Result<SheetText> {
    if kind == Kind::Compound {
        return Err(refuse(
            "it is a workbook of the old format, or one with a password",
            "save it as XLSX without a password, or as CSV",
        ));
    }
    let mut archive = Archive::read(read)?;
    let sheets = archive.sheets()?;
    let names: Vec<String> = sheets.iter().map(|sheet| sheet.name.clone()).collect();
    let strings = Arc::new(archive.shared_strings()?);
    let styles = Arc::new(archive.styles()?);
    for sheet in &sheets {
        let is_asked_for = wish.map_or(!sheet.is_hidden, |wish| wish == sheet.name);
        if !is_asked_for {
            continue;
        }
        let part = archive.part(&sheet.part)?;
        let rows = Rows::new(part, Arc::clone(&strings), Arc::clone(&styles));
        if let Some(rows) = HeaderRows::find(rows)? {
            let mut evidence = vec![format!("sheet \"{}\" of {}", sheet.name, names.join(", "))];
            evidence.extend(rows.evidence());
            let read = Box::new(CsvText::new(rows));
            return Ok(SheetText { read, evidence });
        }
        if wish.is_some() {
            return Err(refuse(
                &format!("the sheet \"{}\" has no header row", sheet.name),
                "name the sheet with the table, and give it a row with the column names",
            ));
        }
    }
    let hint = format!("its sheets are {}", names.join(", "));
    Err(match wish {
        Some(wish) => refuse(&format!("it has no sheet \"{wish}\""), &hint),
        None => refuse("none of its sheets has a header row", &hint),
    })
}

/// A file that is refused for what it is.
fn refuse(what: &str, hint: &str) -> io::Error {
    Explained::error(what, hint)
}

/// A file that breaks the rules of its format.
fn damaged(what: &str) -> io::Error {
    refuse(
        &format!("the workbook is damaged: {what}"),
        "open it in a spreadsheet and save it again, or save it as CSV",
    )
}

/// A file that would take more memory or time than any sheet of a shop needs.
fn too_large(what: &str) -> io::Error {
    refuse(
        &format!("the workbook is too large: {what}"),
        "save it as CSV, or split it into smaller ones",
    )
}

/// The rows as bytes.
struct CsvText {
    rows: HeaderRows,
    text: Vec<u8>,
    at: usize,
}

impl CsvText {
    fn new(rows: HeaderRows) -> CsvText {
        CsvText {
            rows,
            text: Vec::new(),
            at: 0,
        }
    }
}

impl Read for CsvText {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() {
            self.text.clear();
            self.at = 0;
            let columns = self.rows.columns();
            match self.rows.next()? {
                Some(row) => write_row(row, columns, &mut self.text),
                None => return Ok(0),
            }
        }
        let taken = buffer.len().min(self.text.len() - self.at);
        buffer[..taken].copy_from_slice(&self.text[self.at..self.at + taken]);
        self.at += taken;
        Ok(taken)
    }
}

fn write_row(row: &Row, columns: usize, out: &mut Vec<u8>) {
    let mut written = 0;
    let part_from_the_last = |written: usize, out: &mut Vec<u8>| {
        if written > 0 {
            out.push(b',');
        }
    };
    for (column, text) in row.cells() {
        while written < column {
            part_from_the_last(written, out);
            written += 1;
        }
        part_from_the_last(written, out);
        write_cell(text, out);
        written += 1;
    }
    while written < columns {
        part_from_the_last(written, out);
        written += 1;
    }
    out.push(b'\n');
}

fn write_cell(text: &str, out: &mut Vec<u8>) {
    let has_marks = text
        .bytes()
        .any(|byte| matches!(byte, b',' | b';' | b'\t' | b'|' | b'"' | b'\n' | b'\r'));
    if !has_marks {
        return out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
    out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    out.push(b'"');
}
