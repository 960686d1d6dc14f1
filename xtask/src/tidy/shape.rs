//! The shape of files: each says at its head what lives in it, and none is longer than a reader bears.
//! Whether the head is true is for the reviewer.

use super::Finding;
use super::workspace::Workspace;

/// Three times the median we aim at; above it a file holds two subjects.
const FILE_LINES_MAX: usize = 600;
const CODE_EXTENSIONS: [&str; 7] = ["rs", "ts", "svelte", "js", "mjs", "css", "sh"];

/// Every Rust source starts with a `//!` comment.
pub fn heads(workspace: &Workspace) -> Vec<Finding> {
    let sources = workspace
        .packages
        .iter()
        .flat_map(|package| workspace.rust_sources(package));
    let headless = sources.filter(|file| !file.text.trim_start().starts_with("//!"));
    headless
        .map(|file| {
            let mend = "say in two `//!` sentences what this file is, and what it does not do";
            Finding::new(&file.path, 1, "the file has no head comment", mend)
        })
        .collect()
}

/// No code file is longer than 600 lines.
pub fn lengths(workspace: &Workspace) -> Vec<Finding> {
    let code = workspace
        .files
        .iter()
        .filter(|file| CODE_EXTENSIONS.contains(&file.extension()));
    code.filter_map(|file| {
        let lines = file.text.lines().count();
        let what = format!("{lines} lines, allowed are {FILE_LINES_MAX}");
        let mend = "split it by subject; move long tests to `tests.rs`";
        (lines > FILE_LINES_MAX).then(|| Finding::new(&file.path, FILE_LINES_MAX + 1, what, mend))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[test]
    fn a_source_without_head_is_reported_wherever_it_lies_below_src() {
        let workspace = Workspace::of(&[
            ("crates/event/src/lib.rs", "//! The event.\n"),
            ("crates/event/src/dialect/csv.rs", "use std::io;\n"),
            ("crates/event/tests/corpus.rs", "use event::Event;\n"),
        ])
        .with_package("event", &[]);
        assert_eq!(
            lines(heads(&workspace)),
            "crates/event/src/dialect/csv.rs:1: the file has no head comment"
        );
    }

    #[test]
    fn the_longest_file_allowed_has_600_lines() {
        let (fits, too_long) = ("x\n".repeat(600), "x\n".repeat(601));
        let workspace = Workspace::of(&[
            ("a.rs", &fits),
            ("b.svelte", &too_long),
            ("c.csv", &too_long),
        ]);
        assert_eq!(
            lines(lengths(&workspace)),
            "b.svelte:601: 601 lines, allowed are 600"
        );
    }
}
