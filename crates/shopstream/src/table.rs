//! Tables on a terminal, tab-separated lines everywhere else.

use crate::cli::Format;
use comfy_table::{CellAlignment, Table, TableComponent, presets};
use std::io::IsTerminal;

/// Rows under a head; numbers to the right.
pub fn render(head: &[&str], rows: &[Vec<String>], format: Format) -> String {
    if !is_table(format) {
        let lines = std::iter::once(head.join("\t")).chain(rows.iter().map(|row| row.join("\t")));
        return lines.collect::<Vec<_>>().join("\n");
    }
    let mut table = Table::new();
    table
        .load_preset(presets::UTF8_HORIZONTAL_ONLY)
        .set_header(head);
    table
        .remove_style(TableComponent::HorizontalLines)
        .remove_style(TableComponent::MiddleIntersections);
    table.add_rows(rows);
    for (at, column) in table.column_iter_mut().enumerate() {
        if is_of_numbers(rows, at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

/// Whether rows become a table for people; else they are lines for programs.
pub fn is_table(format: Format) -> bool {
    format == Format::Table || std::io::stdout().is_terminal()
}

/// Numbers stand under each other by their last digit, words by their first letter.
fn is_of_numbers(rows: &[Vec<String>], column: usize) -> bool {
    let is_number = |text: &&str| {
        text.starts_with(|first: char| first.is_ascii_digit() || first == '-')
            && text
                .chars()
                .all(|letter| letter.is_ascii_digit() || "-.,%".contains(letter))
    };
    let cells = rows.iter().filter_map(|row| row.get(column));
    let mut filled = cells
        .map(|cell| cell.trim())
        .filter(|cell| !cell.is_empty())
        .peekable();
    filled.peek().is_some() && filled.all(|cell| is_number(&cell))
}

/// A count with thousands apart: 1,234,567.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).expect("digits"))
        .collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(thousands),
            ["0", "999", "1,000", "1,234,567"]
        );
    }
}
