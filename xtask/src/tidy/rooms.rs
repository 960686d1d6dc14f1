//! What each crate may know: the table of `ARCHITECTURE.md` as data, and the checks that hold the manifests and the
//! sources to it. Tests may know more: dev-dependencies and test modules are not looked at.

use super::Finding;
use super::rust_text::{code_of, standard_paths};
use super::workspace::{Dependency, Package, Workspace, numbered};

const TABLE: &str = "xtask/src/tidy/rooms.rs";

/// One crate: the crates of ours it may use, and what it must not know from outside.
struct Room {
    name: &'static str,
    knows: &'static [&'static str],
    not: &'static [Ban],
}

/// Something a room must not know: packages (a trailing `*` stands for any ending) and standard paths.
#[derive(Clone, Copy)]
struct Ban {
    what: &'static str,
    packages: &'static [&'static str],
    paths: &'static [&'static str],
    instead: &'static str,
}

const ASYNC: Ban = Ban {
    what: "async",
    packages: &["tokio*", "futures*", "async-*"],
    paths: &["std::future", "std::task"],
    instead: "return a value and let the caller wait",
};
const CLOCK: Ban = Ban {
    what: "the clock",
    packages: &["chrono*"],
    paths: &["std::time::SystemTime", "std::time::Instant"],
    instead: "take the time as a value",
};
const DISK: Ban = Ban {
    what: "the disk",
    packages: &["rustix", "tempfile", "memmap2", "object_store"],
    paths: &["std::fs"],
    instead: "take bytes, or `impl Read` and `impl Write`",
};
const NETWORK: Ban = Ban {
    what: "the network",
    packages: &[
        "axum*",
        "hyper*",
        "tower*",
        "reqwest",
        "rdkafka",
        "kafka-protocol",
    ],
    paths: &["std::net"],
    instead: "take bytes; plain addresses are in `core::net`",
};
const THREADS: Ban = Ban {
    what: "threads",
    packages: &["crossbeam*", "rayon*", "parking_lot"],
    paths: &["std::thread", "std::process"],
    instead: "stay a plain state machine; `stream` and `ingest` own the threads",
};
const SERDE: Ban = Ban {
    what: "serde",
    packages: &["serde", "serde_json"],
    paths: &[],
    instead: "keep domain types plain; wire types live in `ingest` and `api`",
};
const HTTP: Ban = Ban {
    what: "HTTP",
    packages: &["axum*", "hyper*", "tower*", "reqwest"],
    paths: &[],
    instead: "requests come in by `ingest` and are answered by `api`",
};
const SINKS: Ban = Ban {
    what: "any sink",
    packages: &[
        "tokio-postgres",
        "mongodb",
        "redis",
        "rdkafka",
        "elasticsearch",
    ],
    paths: &[],
    instead: "publish to the changelog; a sink follows it",
};
const RULES: Ban = Ban {
    what: "business rules (reading, hashing and counting events)",
    packages: &[
        "csv",
        "csv-core",
        "encoding_rs",
        "xxhash-rust",
        "hashbrown",
        "foldhash",
    ],
    paths: &[],
    instead: "the binary only wires: put it into the crate whose trade it is",
};

const PURE: &[Ban] = &[ASYNC, CLOCK, DISK, NETWORK, THREADS, SERDE];

/// In the order of the flow. A new crate gets a row here and one in `ARCHITECTURE.md`.
const ROOMS: &[Room] = &[
    Room {
        name: "event",
        knows: &[],
        not: PURE,
    },
    Room {
        name: "analytics",
        knows: &["event"],
        not: PURE,
    },
    // Its truth must not come from the code that it checks: it knows none of the others.
    Room {
        name: "simulator",
        knows: &[],
        not: &[ASYNC, CLOCK, DISK, NETWORK, THREADS],
    },
    Room {
        name: "runtime",
        knows: &[],
        not: &[HTTP, SINKS],
    },
    Room {
        name: "eventlog",
        knows: &["runtime"],
        not: &[HTTP, SINKS],
    },
    Room {
        name: "checkpoint",
        knows: &[],
        not: &[ASYNC, CLOCK, NETWORK, THREADS, SERDE],
    },
    Room {
        name: "ingest",
        knows: &["event", "runtime", "eventlog"],
        not: &[SINKS],
    },
    Room {
        name: "changelog",
        knows: &["runtime"],
        not: &[HTTP, SINKS],
    },
    Room {
        name: "stream",
        knows: &[
            "event",
            "analytics",
            "runtime",
            "eventlog",
            "checkpoint",
            "changelog",
        ],
        not: &[HTTP, SINKS],
    },
    Room {
        name: "live",
        knows: &["event", "analytics", "runtime", "changelog"],
        not: &[HTTP, SINKS],
    },
    Room {
        name: "lake",
        knows: &["event"],
        not: &[CLOCK, THREADS, HTTP, SINKS],
    },
    Room {
        name: "query",
        knows: &["event", "eventlog", "lake"],
        not: &[CLOCK, THREADS, HTTP, SINKS],
    },
    Room {
        name: "api",
        knows: &[
            "event",
            "analytics",
            "runtime",
            "ingest",
            "changelog",
            "live",
        ],
        not: &[SINKS],
    },
    Room {
        name: "shopstream",
        knows: &[
            "event",
            "analytics",
            "simulator",
            "runtime",
            "eventlog",
            "ingest",
            "changelog",
            "stream",
            "live",
            "lake",
            "query",
            "api",
        ],
        not: &[RULES],
    },
    // A referee that knew the folds would repeat their mistakes.
    Room {
        name: "testkit",
        knows: &["event", "simulator", "runtime", "eventlog"],
        not: &[],
    },
    Room {
        name: "xtask",
        knows: &[],
        not: &[ASYNC, NETWORK],
    },
];

/// Heavy things with a home: only these crates may name them.
const HOMES: &[(Ban, &[&str])] = &[
    (
        Ban {
            what: "Arrow",
            packages: &["arrow*", "parquet*"],
            paths: &[],
            instead: "columns stay behind `event::EventBatch`; use `EventRef` and typed values",
        },
        &["event", "stream", "lake"],
    ),
    (
        Ban {
            what: "Delta or DataFusion",
            packages: &["delta*", "buoyant_kernel*", "datafusion*", "ballista*"],
            paths: &[],
            instead: "what judged events become is asked of a trait, as `stream::Archive`",
        },
        &["lake", "query"],
    ),
];

/// Every direct dependency is one that the room may have, and every crate has its row.
pub fn dependencies(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let Some(room) = room_of(&package.name) else {
            findings.push(Finding::new(
                &package.manifest_path,
                1,
                format!("crate {} has no row in the table of rooms", package.name),
                format!("say what it may know in ROOMS of {TABLE} and in ARCHITECTURE.md"),
            ));
            continue;
        };
        let dependencies = package
            .dependencies
            .iter()
            .filter(|dependency| !dependency.is_for_tests);
        findings.extend(
            dependencies.filter_map(|dependency| forbidden(workspace, package, room, dependency)),
        );
    }
    findings
}

/// The crates that a room may use, if it has a row.
pub fn uses(name: &str) -> Option<&'static [&'static str]> {
    room_of(name).map(|room| room.knows)
}

/// No room names a standard module that it must not know.
pub fn standard_library(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let Some(room) =
            room_of(&package.name).filter(|room| room.not.iter().any(|ban| !ban.paths.is_empty()))
        else {
            continue;
        };
        for file in workspace
            .rust_sources(package)
            .filter(|file| !file.is_for_tests())
        {
            for (line, path) in standard_paths(&code_of(&file.text)) {
                if let Some(ban) = room
                    .not
                    .iter()
                    .find(|ban| ban.paths.iter().any(|banned| is_within(&path, banned)))
                {
                    let what = format!("{} must not know {}: `{path}`", room.name, ban.what);
                    findings.push(Finding::new(&file.path, line, what, ban.instead));
                }
            }
        }
    }
    findings
}

fn forbidden(
    workspace: &Workspace,
    package: &Package,
    room: &Room,
    dependency: &Dependency,
) -> Option<Finding> {
    let (what, mend) = reason(room, &dependency.name)?;
    let line = manifest_line(workspace, &package.manifest_path, &dependency.name);
    Some(Finding::new(
        &package.manifest_path,
        line,
        format!("{} must not know {what}", room.name),
        mend,
    ))
}

/// Why this room may not have that dependency, and what to do instead.
fn reason(room: &Room, dependency: &str) -> Option<(String, String)> {
    if room_of(dependency).is_some() {
        let mend = format!(
            "pass a value or a trait instead; if the flow itself changed, change ROOMS of {TABLE}"
        );
        return (!room.knows.contains(&dependency)).then(|| (format!("crate {dependency}"), mend));
    }
    let homeless = HOMES
        .iter()
        .filter(|(_, homes)| !homes.contains(&room.name))
        .map(|(ban, _)| ban);
    let ban = room
        .not
        .iter()
        .chain(homeless)
        .find(|ban| ban.packages.iter().any(|name| matches(name, dependency)))?;
    Some((
        format!("{}: `{dependency}`", ban.what),
        ban.instead.to_owned(),
    ))
}

fn room_of(name: &str) -> Option<&'static Room> {
    ROOMS.iter().find(|room| room.name == name)
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(pattern == name, |start| name.starts_with(start))
}

fn is_within(path: &str, banned: &str) -> bool {
    path.strip_prefix(banned)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn manifest_line(workspace: &Workspace, manifest_path: &str, dependency: &str) -> usize {
    let text = workspace.text(manifest_path).unwrap_or_default();
    let is_it = |line: &str| {
        line.trim_start()
            .strip_prefix(dependency)
            .is_some_and(|rest| rest.trim_start().starts_with(['=', '.']))
    };
    numbered(text)
        .find(|(_, line)| is_it(line))
        .map_or(1, |(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    fn check_dependencies(name: &str, dependencies_of_it: &[&str], expected: &str) {
        let workspace = Workspace::default().with_package(name, dependencies_of_it);
        assert_eq!(lines(dependencies(&workspace)), expected);
    }

    #[test]
    fn a_room_may_use_the_rooms_of_its_row_only() {
        check_dependencies("analytics", &["event"], "");
        check_dependencies(
            "eventlog",
            &["event"],
            "crates/eventlog/Cargo.toml:1: eventlog must not know crate event",
        );
        check_dependencies(
            "ingest",
            &["analytics"],
            "crates/ingest/Cargo.toml:1: ingest must not know crate analytics",
        );
    }

    #[test]
    fn nobody_ships_the_testkit() {
        check_dependencies(
            "api",
            &["testkit"],
            "crates/api/Cargo.toml:1: api must not know crate testkit",
        );
        check_dependencies("api", &["dev:testkit"], "");
    }

    #[test]
    fn pure_rooms_have_no_async_no_network_no_serde() {
        let expected = "crates/event/Cargo.toml:1: event must not know async: `tokio-util`\n\
                        crates/event/Cargo.toml:1: event must not know serde: `serde`\n\
                        crates/event/Cargo.toml:1: event must not know the network: `axum`";
        check_dependencies("event", &["tokio-util", "axum", "serde", "jiff"], expected);
    }

    #[test]
    fn heavy_things_stay_at_home() {
        check_dependencies("stream", &["arrow-array"], "");
        check_dependencies(
            "analytics",
            &["arrow-array"],
            "crates/analytics/Cargo.toml:1: analytics must not know Arrow: `arrow-array`",
        );
        check_dependencies(
            "live",
            &["deltalake-core"],
            "crates/live/Cargo.toml:1: live must not know Delta or DataFusion: `deltalake-core`",
        );
    }

    #[test]
    fn a_crate_without_a_row_is_reported() {
        check_dependencies(
            "helpers",
            &[],
            "crates/helpers/Cargo.toml:1: crate helpers has no row in the table of rooms",
        );
    }

    #[test]
    fn the_finding_points_at_the_line_of_the_manifest() {
        let manifest = "[dependencies]\ntokio-util = \"0\"\ntokio = { workspace = true }\n";
        let workspace = Workspace::of(&[("crates/event/Cargo.toml", manifest)])
            .with_package("event", &["tokio"]);
        assert_eq!(
            lines(dependencies(&workspace)),
            "crates/event/Cargo.toml:3: event must not know async: `tokio`"
        );
    }

    fn check_source(name: &str, path: &str, text: &str, expected: &str) {
        let workspace = Workspace::of(&[(path, text)]).with_package(name, &[]);
        assert_eq!(lines(standard_library(&workspace)), expected);
    }

    #[test]
    fn a_pure_room_reads_no_file_and_no_clock() {
        check_source(
            "analytics",
            "crates/analytics/src/lib.rs",
            "//! Says std::fs.\nuse std::{fs, collections::BTreeMap};\nfn f() { std::time::SystemTime::now(); }\n",
            "crates/analytics/src/lib.rs:2: analytics must not know the disk: `std::fs`\n\
             crates/analytics/src/lib.rs:3: analytics must not know the clock: `std::time::SystemTime::now`",
        );
    }

    #[test]
    fn durations_and_thread_locals_are_no_clock_and_no_thread() {
        check_source(
            "event",
            "crates/event/src/lib.rs",
            "use std::time::Duration;\nstd::thread_local! {}\n",
            "",
        );
    }

    #[test]
    fn tests_of_a_pure_room_and_other_rooms_may() {
        let reading = "#[cfg(test)]\nmod tests { use std::fs; }\n";
        check_source("event", "crates/event/src/lib.rs", reading, "");
        check_source(
            "event",
            "crates/event/src/dialect/tests.rs",
            "use std::fs;",
            "",
        );
        check_source(
            "eventlog",
            "crates/eventlog/src/disk.rs",
            "use std::fs;",
            "",
        );
    }

    #[test]
    fn rows_name_only_rooms_that_come_before_them() {
        for (at, room) in ROOMS.iter().enumerate() {
            for known in room.knows {
                assert!(
                    ROOMS[..at].iter().any(|earlier| earlier.name == *known),
                    "{} knows {known}",
                    room.name
                );
            }
        }
    }
}
