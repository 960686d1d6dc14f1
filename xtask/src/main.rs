//! The project's own chores, called as `cargo xtask CHORE`. It knows the tree of files and the manifests,
//! and none of the crates: a chore must run while they do not compile.

mod soak;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
use: cargo xtask tidy               check what Clippy cannot: rooms, map, heads, sizes, residue
     cargo xtask tidy --accept      the same, after writing today's oversized functions to the baseline
     cargo xtask soak PART...       tests of every day, made as large as a night allows:";

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
        ["soak", parts @ ..] => soak::run(parts),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}\n{}", soak::usage());
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            eprintln!("{USAGE}\n{}", soak::usage());
            Ok(ExitCode::from(2))
        }
    }
}
