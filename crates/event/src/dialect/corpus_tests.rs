//! The corpus of bad and odd input: each `NAME.in` beside what is to become of it, `NAME.expected`, line by line.
//! The expectations were written by hand, those of the longer lists by another program from the tables of the design;
//! a difference is looked at, not recorded.

use super::access_log::AccessLog;
use super::table::{Table, Wishes};
use super::trace::describe;
use super::{Decoding, Intake, json};
use crate::check::{CheckContext, check};
use crate::schema::Number;
use crate::{Currency, Event, EventTime, Rejection};
use jiff::tz::TimeZone;
use std::fs;
use std::path::{Path, PathBuf};

static UTC: TimeZone = TimeZone::UTC;

fn decoding() -> Decoding<'static> {
    Decoding {
        source: "corpus",
        store: "main",
        zone: &UTC,
        currency: &Currency::USD,
    }
}

fn context() -> CheckContext {
    CheckContext {
        received: EventTime::parse("2026-01-01", &UTC).expect("a time"),
    }
}

/// A line an event; what is set aside has its row before the reason, where rows have numbers.
struct Lines {
    lines: Vec<String>,
    shows_rows: bool,
}

impl Lines {
    fn refused(&mut self, position: i64, rejection: &Rejection) {
        let row = if self.shows_rows {
            format!("{position} ")
        } else {
            String::new()
        };
        self.lines.push(format!("!{row}{rejection}"));
    }
}

impl Intake for Lines {
    fn take(&mut self, event: &mut Event<'_>, _: &[u8]) {
        match check(event, context()) {
            Ok(()) => self.lines.push(describe(event)),
            Err(rejection) => self.refused(
                event.number(Number::SourcePosition).unwrap_or(0),
                &rejection,
            ),
        }
    }

    fn refuse(&mut self, position: i64, rejection: Rejection, _: &[u8]) {
        self.refused(position, &rejection);
    }
}

fn json_lines(bytes: &[u8]) -> Vec<String> {
    let mut lines = Lines {
        lines: Vec::new(),
        shows_rows: false,
    };
    json::read_body(bytes, &decoding(), &mut json::Habits::default(), &mut lines);
    lines.lines
}

fn csv_lines(bytes: &[u8]) -> Vec<String> {
    let mut lines = Lines {
        lines: Vec::new(),
        shows_rows: true,
    };
    match Table::open(bytes, true, &Wishes::default()) {
        Ok((mut table, header)) => {
            table
                .read(
                    &bytes[header..],
                    true,
                    usize::MAX,
                    &decoding(),
                    context(),
                    &mut lines,
                )
                .expect("few orders");
        }
        Err(error) => lines
            .lines
            .push(format!("refused: {error}; {}", error.hint())),
    }
    lines.lines
}

fn log_lines(bytes: &[u8]) -> Vec<String> {
    let mut lines = Lines {
        lines: Vec::new(),
        shows_rows: true,
    };
    let mut log = AccessLog::default();
    let read = log.read(bytes, true, usize::MAX, &decoding(), &mut lines);
    assert_eq!(read.consumed, bytes.len());
    lines.lines
}

fn inputs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the corpus lies beside the sources");
    let mut inputs: Vec<PathBuf> = entries
        .map(|entry| entry.expect("readable").path())
        .collect();
    inputs.retain(|path| path.extension().is_some_and(|extension| extension == "in"));
    inputs.sort();
    inputs
}

fn check_folder(name: &str, inputs_min: usize, read: fn(&[u8]) -> Vec<String>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name);
    let inputs = inputs(&folder);
    assert!(
        inputs.len() >= inputs_min,
        "{} holds {} inputs",
        folder.display(),
        inputs.len()
    );
    let mut differences = Vec::new();
    for input in inputs {
        let shown: String = read(&fs::read(&input).expect("readable"))
            .iter()
            .map(|line| format!("{line}\n"))
            .collect();
        let expected = fs::read_to_string(input.with_extension("expected"))
            .expect("each input has its expectation");
        if shown != expected {
            differences.push(format!(
                "{}\n--- expected\n{expected}--- shown\n{shown}",
                input.display()
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn each_json_of_the_corpus_becomes_what_stands_beside_it() {
    check_folder("json", 14, json_lines);
}

#[test]
fn each_csv_of_the_corpus_becomes_what_stands_beside_it() {
    check_folder("csv", 17, csv_lines);
}

#[test]
fn each_access_log_of_the_corpus_becomes_what_stands_beside_it() {
    check_folder("access_log", 5, log_lines);
}
