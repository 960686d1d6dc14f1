//! `cargo xtask soak`: tests of every day made as large as a night allows. Each part is a test that reads its size from the
//! environment; this file only knows which, and has no test of its own to run.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};

/// One thing that can be soaked.
struct Part {
    /// How it is asked for.
    option: &'static str,
    what: &'static str,
    /// Which tests: the arguments of `cargo test`.
    tests: &'static [&'static str],
    /// The variable that carries the size.
    variable: &'static str,
    /// The size where none is given.
    size: &'static str,
}

const PARTS: [Part; 6] = [
    Part {
        option: "--crashes",
        what: "kill -9 at random moments under 2,000 events a second",
        tests: &["-p", "shopstream", "--test", "it", "crash_loop::"],
        variable: "SHOPSTREAM_CRASHES",
        size: "1000",
    },
    Part {
        option: "--power-cuts",
        what: "power cuts under the same load (wants root)",
        tests: &["-p", "shopstream", "--test", "it", "power_cut::"],
        variable: "SHOPSTREAM_POWER_CUTS",
        size: "100",
    },
    Part {
        option: "--day",
        what: "a day of event time with so many events, the law at every minute",
        tests: &["-p", "shopstream", "--test", "it", "day::"],
        variable: "SHOPSTREAM_DAY_EVENTS",
        size: "1000000",
    },
    Part {
        option: "--strange",
        what: "strange input, so many times as much as every day",
        tests: &["-p", "shopstream", "--test", "it", "strange_input::"],
        variable: "SHOPSTREAM_STRANGE",
        size: "10",
    },
    Part {
        option: "--files",
        what: "a watched folder, FILES:ROWS:KILLS",
        tests: &["-p", "shopstream", "--test", "it", "watched::"],
        variable: "SHOPSTREAM_WATCHED",
        size: "200:9000:5",
    },
    Part {
        option: "--properties",
        what: "properties of the line, so many cases each",
        tests: &["-p", "stream"],
        variable: "PROPTEST_CASES",
        size: "10000",
    },
];

/// The same seed, the same moments and events.
const SEED: &str = "SHOPSTREAM_SEED";

/// The lines of the usage.
pub fn usage() -> String {
    let part = |part: &Part| {
        format!(
            "       {:<14} {} ({} if no number is given)\n",
            part.option, part.what, part.size
        )
    };
    let parts: String = PARTS.iter().map(part).collect();
    format!(
        "{parts}       --all          all of these\n       --seed N       repeats an earlier run\n       --profile NAME builds by this profile of Cargo"
    )
}

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wish {
    /// Positions of parts, with their sizes.
    parts: Vec<(usize, String)>,
    seed: Option<u64>,
    profile: Option<String>,
}

/// Runs what the arguments ask for, one part after the other; stops at the first that fails.
pub fn run(arguments: &[&str]) -> anyhow::Result<ExitCode> {
    let wish = match read(arguments) {
        Ok(wish) => wish,
        Err(error) => {
            eprintln!("soak: {error:#}\n\n{}", usage());
            return Ok(ExitCode::from(2));
        }
    };
    let seed = wish.seed.unwrap_or_else(fresh_seed);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    for (part, size) in &wish.parts {
        let part = &PARTS[*part];
        println!("soak: {} {size}, seed {seed}: {}", part.option, part.what);
        let profile = wish.profile.iter().flat_map(|name| ["--profile", name]);
        let status = Command::new(&cargo)
            .args(["test", "--locked"])
            .args(profile)
            .args(part.tests)
            .args(["--", "--nocapture", "--test-threads", "1"])
            .env(part.variable, size)
            .env(SEED, seed.to_string())
            .env("SHOPSTREAM_LOG", "error")
            .status()
            .context("start cargo")?;
        if !status.success() {
            eprintln!(
                "soak: FAILED; again with: cargo xtask soak {} {size} --seed {seed}",
                part.option
            );
            return Ok(ExitCode::FAILURE);
        }
    }
    println!("soak: all parts passed");
    Ok(ExitCode::SUCCESS)
}

fn read(arguments: &[&str]) -> anyhow::Result<Wish> {
    let mut wish = Wish::default();
    let mut words = arguments.iter().copied().peekable();
    while let Some(word) = words.next() {
        let value = words.next_if(|next| !next.starts_with("--"));
        let part = PARTS.iter().position(|part| part.option == word);
        match (word, part, value) {
            (_, Some(part), size) => {
                let size = size.unwrap_or(PARTS[part].size).to_owned();
                wish.parts.push((part, size));
            }
            ("--all", _, None) => {
                let all = PARTS.iter().map(|part| part.size.to_owned()).enumerate();
                wish.parts.extend(all);
            }
            ("--seed", _, Some(seed)) => wish.seed = Some(seed.parse().context("read --seed")?),
            ("--profile", _, Some(name)) => wish.profile = Some(name.to_owned()),
            _ => bail!("what does `{word}` mean?"),
        }
    }
    if wish.parts.is_empty() {
        bail!("say what to soak");
    }
    Ok(wish)
}

/// Another one each time; small enough to be typed.
fn fresh_seed() -> u64 {
    RandomState::new().build_hasher().finish() % 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &[&str], expected: &[(usize, &str)]) {
        let wish = read(arguments).expect("it means something");
        let parts: Vec<_> = wish.parts.iter().map(|(at, size)| (*at, &**size)).collect();
        assert_eq!(parts, expected);
    }

    #[test]
    fn a_part_has_its_usual_size_unless_another_is_given() {
        check(&["--crashes"], &[(0, "1000")]);
        check(&["--crashes", "30", "--day"], &[(0, "30"), (2, "1000000")]);
        check(&["--day", "--seed", "7"], &[(2, "1000000")]);
        assert_eq!(read(&["--all"]).expect("all").parts.len(), PARTS.len());
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for arguments in [
            &["--crash"][..],
            &[],
            &["--seed", "7"],
            &["--crashes", "--seed"],
            &["30"],
        ] {
            assert!(read(arguments).is_err(), "{arguments:?}");
        }
    }
}
