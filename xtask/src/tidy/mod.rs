//! `cargo xtask tidy`: the rules of the house that Clippy cannot check. This file lists the checks and prints
//! what they find; each check is a pure function in a file of its own.

mod functions;
mod manifests;
mod map;
mod residue;
mod rooms;
mod rust_text;
mod shape;
mod workspace;

use std::process::ExitCode;

use anyhow::Context;

use workspace::Workspace;

/// Whether the list of oversized functions is only read, or written anew first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    Keep,
    Rewrite,
}

/// One thing that is wrong: where, what, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    what: String,
    mend: String,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            what: what.into(),
            mend: mend.into(),
        }
    }
}

struct Check {
    name: &'static str,
    run: fn(&Workspace) -> Vec<Finding>,
}

const CHECKS: [Check; 10] = [
    Check {
        name: "rooms_use_only_what_they_may",
        run: rooms::dependencies,
    },
    Check {
        name: "pure_rooms_stay_pure",
        run: rooms::standard_library,
    },
    Check {
        name: "map_lists_every_crate",
        run: map::crates,
    },
    Check {
        name: "map_says_who_uses_whom",
        run: map::uses,
    },
    Check {
        name: "files_start_with_a_head",
        run: shape::heads,
    },
    Check {
        name: "files_fit_a_reader",
        run: shape::lengths,
    },
    Check {
        name: "functions_do_not_outgrow",
        run: functions::sizes,
    },
    Check {
        name: "nothing_unfinished",
        run: residue::unfinished,
    },
    Check {
        name: "nothing_of_this_machine",
        run: residue::machine,
    },
    Check {
        name: "dependencies_are_used",
        run: manifests::unused,
    },
];

/// Runs every check on the working tree; fails when one found something.
pub fn run(baseline: Baseline) -> anyhow::Result<ExitCode> {
    let mut workspace = Workspace::read().context("read the workspace")?;
    if baseline == Baseline::Rewrite {
        let text = functions::baseline(&workspace);
        std::fs::write(functions::BASELINE, &text)
            .context("write the baseline of oversized functions")?;
        workspace.put(functions::BASELINE, text);
    }
    let mut found = 0;
    for check in &CHECKS {
        let mut findings = (check.run)(&workspace);
        findings.sort();
        for finding in &findings {
            println!(
                "{}:{}: {} [{}]",
                finding.path, finding.line, finding.what, check.name
            );
            println!("    mend: {}", finding.mend);
        }
        found += findings.len();
    }
    if found > 0 {
        println!("tidy: {found} findings");
        return Ok(ExitCode::FAILURE);
    }
    println!(
        "tidy: {} checks on {} files passed",
        CHECKS.len(),
        workspace.files.len()
    );
    Ok(ExitCode::SUCCESS)
}

/// For tests: findings as `path:line: what`, one a line.
#[cfg(test)]
fn lines(mut findings: Vec<Finding>) -> String {
    findings.sort();
    let lines: Vec<String> = findings
        .iter()
        .map(|f| format!("{}:{}: {}", f.path, f.line, f.what))
        .collect();
    lines.join("\n")
}
