//! An answer for a person, or for a program that reads tabs: the server sends rows of texts, names and types first.

use crate::cli::{Format, SqlForm};
use crate::table;
use anyhow::Context;

/// The table, and how many rows it has.
pub fn render(text: &str, form: SqlForm) -> anyhow::Result<(String, usize)> {
    let mut lines = text.lines();
    let mut next = || lines.next().context("the answer has no head");
    let names: Vec<String> = serde_json::from_str(next()?).context("read the answer")?;
    next()?;
    let is_table = form == SqlForm::Table;
    let cell = |cell: Option<String>| match cell {
        Some(text) if is_table => text,
        Some(text) => text
            .replace('\\', "\\\\")
            .replace('\t', "\\t")
            .replace('\n', "\\n"),
        None if is_table => String::new(),
        None => "\\N".to_owned(),
    };
    let row = |line: &str| -> anyhow::Result<Vec<String>> {
        let cells: Vec<Option<String>> = serde_json::from_str(line).context("read the answer")?;
        Ok(cells.into_iter().map(cell).collect())
    };
    let rows: Vec<Vec<String>> = lines.map(row).collect::<anyhow::Result<_>>()?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let format = if is_table {
        Format::Table
    } else {
        Format::Auto
    };
    Ok((table::render(&names, &rows, format), rows.len()))
}
