//! The map in `ARCHITECTURE.md` and the workspace say the same: the same crates, in the order of the flow, each with
//! the crates it may use. What the other columns say in words is for the reviewer.

use super::Finding;
use super::rooms;
use super::workspace::{Workspace, numbered};

const MAP: &str = "ARCHITECTURE.md";
const ROW_START: &str = "| `crates/";
const ROOT_MANIFEST: &str = "Cargo.toml";

/// Every crate has its row, every row its crate, and the rows stand in the order of the members.
pub fn crates(workspace: &Workspace) -> Vec<Finding> {
    let rows = rows(workspace.text(MAP).unwrap_or_default());
    let members = members(workspace.text(ROOT_MANIFEST).unwrap_or_default());
    let mut findings = Vec::new();
    for member in members
        .iter()
        .filter(|member| !rows.iter().any(|(_, row)| row == *member))
    {
        let what = format!("crate {member} is not on the map");
        findings.push(Finding::new(
            MAP,
            1,
            what,
            format!("add a row that starts with {ROW_START}{member}` |"),
        ));
    }
    for (line, row) in rows.iter().filter(|(_, row)| !members.contains(row)) {
        let what = format!("the map shows crate {row}, which is not in the workspace");
        findings.push(Finding::new(
            MAP,
            *line,
            what,
            "remove the row, or add the crate to the root manifest",
        ));
    }
    if findings.is_empty() {
        findings.extend(first_out_of_order(&rows, &members));
    }
    findings
}

/// The column "uses" of each row is what the table of rooms allows.
pub fn uses(workspace: &Workspace) -> Vec<Finding> {
    let map = workspace.text(MAP).unwrap_or_default();
    let rows = numbered(map).filter(|(_, text)| text.starts_with(ROW_START));
    rows.filter_map(|(line, text)| uses_of_row(line, text))
        .collect()
}

fn uses_of_row(line: usize, text: &str) -> Option<Finding> {
    let cells: Vec<&str> = text.trim_matches('|').split('|').map(str::trim).collect();
    let name = cells.first()?.trim_matches('`').strip_prefix("crates/")?;
    let allowed = rooms::uses(name)?;
    let allowed = if allowed.is_empty() {
        "–".to_owned()
    } else {
        allowed.join(", ")
    };
    let said = cells.get(2).copied().unwrap_or_default();
    let what = format!("the map says that {name} uses {said}, the table of rooms says {allowed}");
    let mend = "make both say the same; the table is ROOMS in xtask/src/tidy/rooms.rs";
    (said != allowed).then(|| Finding::new(MAP, line, what, mend))
}

fn first_out_of_order(rows: &[(usize, &str)], members: &[&str]) -> Option<Finding> {
    let ((line, row), member) = rows
        .iter()
        .zip(members)
        .find(|((_, row), member)| row != *member)?;
    let what = format!("crate {row} stands where the root manifest has {member}");
    Some(Finding::new(
        MAP,
        *line,
        what,
        "list both in the order of the flow, from event to dashboard",
    ))
}

fn rows(map: &str) -> Vec<(usize, &str)> {
    numbered(map)
        .filter_map(|(line, text)| Some((line, text.strip_prefix(ROW_START)?.split('`').next()?)))
        .collect()
}

fn members(manifest: &str) -> Vec<&str> {
    let list = manifest
        .split_once("\nmembers = [")
        .map_or("", |(_, rest)| rest.split(']').next().unwrap_or(""));
    list.split('"')
        .filter_map(|quoted| quoted.strip_prefix("crates/"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    fn check(rows: &[&str], members: &[&str], expected: &str) {
        let rows: String = rows
            .iter()
            .map(|row| format!("| `crates/{row}` | words |\n"))
            .collect();
        let members: String = members
            .iter()
            .map(|member| format!("    \"crates/{member}\",\n"))
            .collect();
        let manifest = format!("[workspace]\nmembers = [\n{members}    \"xtask\",\n]\n");
        let workspace = Workspace::of(&[(MAP, &rows), (ROOT_MANIFEST, &manifest)]);
        assert_eq!(lines(crates(&workspace)), expected);
    }

    #[test]
    fn equal_lists_pass() {
        check(&["event", "stream"], &["event", "stream"], "");
    }

    #[test]
    fn a_crate_off_the_map_is_reported() {
        check(
            &["event"],
            &["event", "stream"],
            "ARCHITECTURE.md:1: crate stream is not on the map",
        );
    }

    #[test]
    fn a_row_without_a_crate_is_reported() {
        check(
            &["event", "lake"],
            &["event"],
            "ARCHITECTURE.md:2: the map shows crate lake, which is not in the workspace",
        );
    }

    fn check_uses(row: &str, expected: &str) {
        assert_eq!(lines(uses(&Workspace::of(&[(MAP, row)]))), expected);
    }

    #[test]
    fn the_map_and_the_table_of_rooms_agree_on_who_uses_whom() {
        check_uses("| `crates/event` | words | – | words |", "");
        check_uses("| `crates/analytics` | words | event | words |", "");
        check_uses(
            "\n| `crates/analytics` | words | event, live | words |",
            "ARCHITECTURE.md:2: the map says that analytics uses event, live, the table of rooms says event",
        );
    }

    #[test]
    fn rows_follow_the_flow() {
        check(
            &["stream", "event"],
            &["event", "stream"],
            "ARCHITECTURE.md:1: crate stream stands where the root manifest has event",
        );
    }
}
