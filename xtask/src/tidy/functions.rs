//! Functions that pass a screen: a new one is a finding, an old one may stay as long as it does not grow.
//! The old ones stand in a baseline file that only ever shrinks; functions of tests are not counted.

use std::collections::BTreeMap;

use super::Finding;
use super::rust_text::{Function, code_of, functions};
use super::workspace::{Workspace, numbered};

/// The list of functions that are too long today, with their lines.
pub const BASELINE: &str = "xtask/oversized-functions.txt";

/// One screen of an ordinary editor; most functions should need a fifth of it.
const FUNCTION_LINES_MAX: usize = 60;

const HEAD: &str = "# Functions longer than a screen: lines, file, name. Written by `cargo xtask tidy --accept`;\n\
                    # a row may shrink or go, and a new row wants a reason in the commit.\n";

/// File and name of a function. Two of one name in one file count as the longer one.
type Name = (String, String);

struct Oversized {
    line: usize,
    lines: usize,
}

/// New oversized functions, grown ones, and rows of the baseline that no longer say the truth.
pub fn sizes(workspace: &Workspace) -> Vec<Finding> {
    let today = oversized(workspace);
    let known = read_baseline(workspace.text(BASELINE).unwrap_or_default());
    let mut findings = Vec::new();
    for ((path, name), function) in &today {
        let what = match known.get(&(path.clone(), name.clone())) {
            None => format!(
                "fn {name} has {} lines, a screen holds {FUNCTION_LINES_MAX}",
                function.lines
            ),
            Some((_, lines)) if function.lines > *lines => {
                format!("fn {name} grew from {lines} to {} lines", function.lines)
            }
            Some(_) => continue,
        };
        let mend = "ask whether it has two jobs, and give one of them a name of its own";
        findings.push(Finding::new(path, function.line, what, mend));
    }
    for ((path, name), (line, lines)) in &known {
        if today
            .get(&(path.clone(), name.clone()))
            .is_none_or(|function| function.lines < *lines)
        {
            let what = format!("fn {name} in {path} no longer has {lines} lines");
            findings.push(Finding::new(
                BASELINE,
                *line,
                what,
                "cargo xtask tidy --accept, so that it cannot grow back",
            ));
        }
    }
    findings
}

/// The baseline file as it would be written today.
pub fn baseline(workspace: &Workspace) -> String {
    let rows = oversized(workspace).into_iter();
    let rows = rows.map(|((path, name), function)| format!("{} {path} {name}\n", function.lines));
    HEAD.to_owned() + &rows.collect::<String>()
}

fn oversized(workspace: &Workspace) -> BTreeMap<Name, Oversized> {
    let packages = workspace.packages.iter();
    let sources = packages.flat_map(|package| workspace.rust_sources(package));
    let mut found: BTreeMap<Name, Oversized> = BTreeMap::new();
    for file in sources.filter(|file| !file.is_for_tests()) {
        for Function { name, line, lines } in functions(&code_of(&file.text)) {
            let longest = found.get(&(file.path.clone(), name.clone()));
            if lines > longest.map_or(FUNCTION_LINES_MAX, |longest| longest.lines) {
                found.insert((file.path.clone(), name), Oversized { line, lines });
            }
        }
    }
    found
}

/// Rows with the line they stand on; what is no row is skipped.
fn read_baseline(text: &str) -> BTreeMap<Name, (usize, usize)> {
    let rows = numbered(text).filter(|(_, row)| !row.starts_with('#'));
    rows.filter_map(|(line, row)| {
        let mut fields = row.split_whitespace();
        let lines = fields.next()?.parse().ok()?;
        Some((
            (fields.next()?.to_owned(), fields.next()?.to_owned()),
            (line, lines),
        ))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    /// A workspace whose function `fold` has so many lines.
    fn workspace(lines: usize, baseline: &str) -> Workspace {
        let text = format!("fn fold() {{\n{}}}\n", "    step();\n".repeat(lines - 2));
        Workspace::of(&[("crates/stream/src/fold.rs", &text), (BASELINE, baseline)])
            .with_package("stream", &[])
    }

    fn check(lines_today: usize, baseline: &str, expected: &str) {
        assert_eq!(lines(sizes(&workspace(lines_today, baseline))), expected);
    }

    #[test]
    fn a_screen_is_enough() {
        check(60, "", "");
        check(
            61,
            "",
            "crates/stream/src/fold.rs:1: fn fold has 61 lines, a screen holds 60",
        );
    }

    #[test]
    fn a_known_one_may_stay_but_not_grow() {
        check(70, "70 crates/stream/src/fold.rs fold\n", "");
        check(
            71,
            "70 crates/stream/src/fold.rs fold\n",
            "crates/stream/src/fold.rs:1: fn fold grew from 70 to 71 lines",
        );
    }

    #[test]
    fn tests_may_be_long() {
        let mut workspace = workspace(99, "");
        workspace.files[0].path = "crates/stream/src/fold_tests.rs".to_owned();
        assert_eq!(lines(sizes(&workspace)), "");
    }

    #[test]
    fn what_shrank_leaves_the_baseline() {
        let expected = "xtask/oversized-functions.txt:2: fn fold in crates/stream/src/fold.rs no longer has 70 lines";
        check(65, "# head\n70 crates/stream/src/fold.rs fold\n", expected);
        check(9, "# head\n70 crates/stream/src/fold.rs fold\n", expected);
    }

    #[test]
    fn the_written_baseline_accepts_today() {
        let mut workspace = workspace(99, "");
        workspace.put(BASELINE, baseline(&workspace));
        assert_eq!(lines(sizes(&workspace)), "");
        assert!(baseline(&workspace).ends_with("\n99 crates/stream/src/fold.rs fold\n"));
    }
}
