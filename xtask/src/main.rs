//! The project's own chores, called as `cargo xtask CHORE`. It knows the tree of files and the manifests,
//! and none of the crates: a chore must run while they do not compile.

mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
use: cargo xtask tidy               check what Clippy cannot: rooms, map, heads, sizes, residue
     cargo xtask tidy --accept      the same, after writing today's oversized functions to the baseline";

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["tidy"] => tidy::run(tidy::Baseline::Keep),
        ["tidy", "--accept"] => tidy::run(tidy::Baseline::Rewrite),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            eprintln!("{USAGE}");
            Ok(ExitCode::from(2))
        }
    }
}
