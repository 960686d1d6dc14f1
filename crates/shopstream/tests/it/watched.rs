//! A watched folder whose server is killed again and again: every row of every file counts once, whatever its form.
//! `SHOPSTREAM_WATCHED=FILES:ROWS:KILLS` makes it larger than the few seconds of every day.

use crate::{dir, program};
use serde_json::Value;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use testkit::{Program, Server};

/// How much is dropped.
struct Size {
    files: usize,
    rows: usize,
    kills: usize,
}

impl Size {
    fn asked() -> Size {
        let asked = std::env::var("SHOPSTREAM_WATCHED").unwrap_or_else(|_| "40:9000:3".to_owned());
        let numbers: Vec<usize> = (asked.split(':'))
            .map(|number| number.parse().expect("FILES:ROWS:KILLS"))
            .collect();
        let [files, rows, kills] = numbers[..] else {
            panic!("FILES:ROWS:KILLS")
        };
        Size { files, rows, kills }
    }
}

/// What the files hold, counted as they were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Truth {
    /// Lines of data.
    rows: u64,
    /// Events made of them.
    events: u64,
    /// Those that no check lets pass.
    broken: u64,
}

/// Every twentieth row of the forms that are events is broken.
const BROKEN_EVERY: usize = 20;
/// Rows of an order list that are one order.
const LINES_PER_ORDER: usize = 4;

/// A file of one of four forms: events without ids, objects with and without ids, order lines; every fifth file is packed.
fn text(number: usize, rows: usize, truth: &mut Truth) -> (String, Vec<u8>) {
    let second = 1_700_000_000 + number;
    let is_broken = |row: usize| row % BROKEN_EVERY == 7;
    let mut lines = Vec::new();
    let ending = match number % 3 {
        0 => {
            lines.push("event,ts,user_id,product_name".to_owned());
            lines.extend((0..rows).map(|row| match is_broken(row) {
                true => "view,no time,1,Lamp".to_owned(),
                // Equal rows stay two.
                false => format!("view,{second},{},Lamp", row % 10),
            }));
            "csv"
        }
        1 => {
            lines.extend((0..rows).map(|row| match is_broken(row) {
                true => "{\"type\":\"view\",".to_owned(),
                false if row % 2 == 0 => {
                    format!("{{\"event_id\":\"{number}-{row}\",\"type\":\"view\",\"ts\":{second}}}")
                }
                false => format!("{{\"type\":\"view\",\"ts\":{second},\"user_id\":{number}}}"),
            }));
            "ndjson"
        }
        _ => {
            lines.push(
                "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
                    .to_owned(),
            );
            lines.extend((0..rows).map(|row| {
                let order = 1_000_000 + number * 100_000 + row / LINES_PER_ORDER;
                format!("{order},P{row},Lamp,1,2026-01-05 08:26:00,2.50,17850,France")
            }));
            "csv"
        }
    };
    let broken = (0..rows).filter(|row| is_broken(*row)).count();
    truth.rows += rows as u64;
    if number % 3 == 2 {
        truth.events += rows.div_ceil(LINES_PER_ORDER) as u64;
    } else {
        truth.events += rows as u64;
        truth.broken += broken as u64;
    }
    (
        format!("{number:04}.{ending}"),
        (lines.join("\n") + "\n").into_bytes(),
    )
}

/// Drops a file as people and programs do: under its own name in two pieces, or with a name for the time of writing.
fn drop_file(folder: &Path, number: usize, (name, bytes): &(String, Vec<u8>)) {
    let path = folder.join(name);
    match number % 2 {
        0 => {
            let mut file = File::create(&path).expect("a file");
            let (first, rest) = bytes.split_at(bytes.len() / 3);
            file.write_all(first).expect("is written");
            std::thread::sleep(Duration::from_millis(5));
            file.write_all(rest).expect("is written");
        }
        _ => {
            let unfinished = path.with_extension("part");
            fs::write(&unfinished, bytes).expect("is written");
            fs::rename(&unfinished, &path).expect("is renamed");
        }
    }
}

fn watch(program: &Program, folder: &Path, more: &[&str]) -> Server {
    let path = format!("sources.files.path={}", folder.display());
    let mut arguments = vec!["up", "--set", &path];
    let quick = [
        "sources.files.poll_interval_ms=100",
        "sources.files.stable_for_ms=300",
    ];
    for setting in quick.iter().chain(more) {
        arguments.extend(["--set", setting]);
    }
    program.start(arguments).expect("starts")
}

/// Names in a folder, but for hidden ones and folders.
fn names(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).map_or_else(|_| Vec::new(), |dir| dir.collect());
    let paths = entries
        .into_iter()
        .map(|entry| entry.expect("can be read").path());
    let is_shown = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.is_file() && !name.starts_with('.')
    };
    paths.filter(is_shown).collect()
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(
            began.elapsed() < Duration::from_secs(120),
            "in vain: {what}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn rows_read(audit: &Value) -> u64 {
    let sources = audit["sources"].as_array().expect("sources");
    sources
        .iter()
        .filter_map(|it| it["rows_read"].as_u64())
        .sum()
}

#[test]
fn files_dropped_while_the_server_is_killed_count_once_to_the_last_row() {
    let size = Size::asked();
    let (dir, folder) = (dir(), tempfile::tempdir().expect("a folder"));
    let program = program(&dir);
    let mut truth = Truth::default();
    let files: Vec<_> = (0..size.files)
        .map(|number| text(number, size.rows, &mut truth))
        .collect();
    let settings = ["sources.files.processed_dir=done"];
    let mut server = Some(watch(&program, folder.path(), &settings));
    let kill_every = size.files / (size.kills + 1);
    let mut kills = 0;
    for (number, file) in files.iter().enumerate() {
        drop_file(folder.path(), number, file);
        if number % kill_every == kill_every - 1 && kills < size.kills {
            // At another point of the work each time, counted from the first of these files that is done.
            let done = names(&folder.path().join("done")).len();
            wait_until("a file is done", || {
                names(&folder.path().join("done")).len() > done + kills
            });
            server.take().expect("runs").kill().expect("is killed");
            kills += 1;
            server = Some(watch(&program, folder.path(), &settings));
        }
    }
    let server = server.expect("runs");
    assert_eq!(kills, size.kills);
    wait_until("all files are done", || names(folder.path()).is_empty());
    let audit = server.settled_audit().expect("the law holds");
    let found = Truth {
        rows: rows_read(&audit),
        events: audit["received"].as_u64().expect("a count"),
        broken: audit["quarantined"].as_u64().expect("a count"),
    };
    assert_eq!(found, truth, "{audit}");
    assert_eq!(audit["counted"], truth.events - truth.broken);
    assert_eq!(audit["duplicate"], 0, "no row is read into the log again");
    check_files(&folder.path().join("done"), &files);

    // The same again under other names adds nothing, with the server's memory of them lost too.
    assert_eq!(server.stop().expect("stops"), Some(0));
    fs::remove_dir_all(program.data_dir().join("watch")).expect("was written down");
    for (name, bytes) in &files {
        fs::write(folder.path().join(format!("again-{name}")), bytes).expect("is written");
    }
    let server = watch(&program, folder.path(), &settings);
    wait_until("all files are done", || names(folder.path()).is_empty());
    let again = server.settled_audit().expect("the law holds");
    for figure in ["received", "counted", "quarantined", "duplicate"] {
        assert_eq!(again[figure], audit[figure], "{figure}");
    }
}

/// Every file is where it goes, byte for byte.
fn check_files(done: &Path, files: &[(String, Vec<u8>)]) {
    assert_eq!(names(done).len(), files.len());
    for (name, bytes) in files {
        assert!(
            fs::read(done.join(name)).expect("is there") == *bytes,
            "{name}"
        );
    }
}

#[test]
fn a_followed_file_counts_line_by_line_through_rotation_and_a_kill() {
    let (dir, folder) = (dir(), tempfile::tempdir().expect("a folder"));
    let program = program(&dir);
    let log = folder.path().join("shop.ndjson");
    let settings = [
        "sources.files.follow=true",
        "sources.files.include=[\"*.ndjson\"]",
    ];
    let server = watch(&program, folder.path(), &settings);
    let mut written = 0;
    let mut write = |path: &Path, lines: u64| {
        let mut file = File::options()
            .append(true)
            .create(true)
            .open(path)
            .expect("opens");
        for _ in 0..lines {
            written += 1;
            writeln!(
                file,
                "{{\"type\":\"view\",\"ts\":1700000000,\"user_id\":{written}}}"
            )
            .expect("is written");
        }
        written
    };
    let counts = |server: &Server, count: u64| {
        wait_until("the lines count", || {
            server.settled_audit().expect("the law holds")["counted"] == count
        });
    };
    counts(&server, write(&log, 100));
    counts(&server, write(&log, 1));
    // By another name, which is not looked at; the writer still holds it for a moment.
    let rotated = folder.path().join("shop.ndjson.1");
    fs::rename(&log, &rotated).expect("is renamed");
    write(&rotated, 10);
    counts(&server, write(&log, 5));
    server.kill().expect("is killed");
    let expected = write(&log, 7);
    let server = watch(&program, folder.path(), &settings);
    counts(&server, expected);
    // By a copy: the file is emptied under its writer.
    fs::copy(&log, folder.path().join("shop.ndjson.2")).expect("is copied");
    File::options()
        .write(true)
        .open(&log)
        .and_then(|file| file.set_len(0))
        .expect("is emptied");
    counts(&server, write(&log, 3));
    let audit = server.settled_audit().expect("the law holds");
    assert_eq!(
        (&audit["duplicate"], &audit["quarantined"]),
        (&0.into(), &0.into())
    );
}

#[test]
fn a_second_server_waits_for_the_folder_and_takes_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first_dir, second_dir) = (dir(), dir());
    let settings = ["sources.files.processed_dir=done"];
    let first = watch(&program(&first_dir), folder.path(), &settings);
    let files = |server: &Server| {
        let (_, body) = server
            .send("GET", "/health/ready", &[], Vec::new())
            .expect("answers");
        let ready: Value = serde_json::from_str(&body).expect("JSON");
        ready["checks"]["files"].as_str().unwrap_or("").to_owned()
    };
    wait_until("it is watched", || files(&first) == "ok");
    let second = watch(&program(&second_dir), folder.path(), &settings);
    let process = first.pid().to_string();
    wait_until("the second says who", || files(&second).contains(&process));
    first.kill().expect("is killed");
    wait_until("the second took over", || files(&second) == "ok");
    fs::write(folder.path().join("a.csv"), "event,ts\nview,1700000000\n").expect("is written");
    wait_until("it is taken", || folder.path().join("done/a.csv").exists());
    assert_eq!(second.settled_audit().expect("the law holds")["counted"], 1);
}

#[test]
fn settings_of_folders_that_cannot_be_are_refused_with_a_hint() {
    let dir = dir();
    let program = program(&dir);
    for (settings, said) in [
        (vec!["sources.files.pth=drop"], "did you mean `path`?"),
        (
            vec!["sources.files.path=drop", "sources.files.dialect=odd"],
            "unknown dialect `odd`",
        ),
        (
            vec![
                "sources.files.path=drop",
                "sources.files.follow=true",
                "sources.files.processed_dir=done",
            ],
            "a followed file has no end",
        ),
    ] {
        let mut arguments = vec!["config", "check"];
        settings
            .iter()
            .for_each(|setting| arguments.extend(["--set", setting]));
        let ran = program.run(arguments).expect("runs");
        assert_eq!(ran.code, Some(2), "{}", ran.err);
        assert!(ran.err.contains(said), "{}", ran.err);
    }
}
