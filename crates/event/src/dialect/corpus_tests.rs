//! The corpus of bad and odd input: each `NAME.in` beside what is to become of it, `NAME.expected`, line by line.
//! The expectations were written by hand, those of the longer lists by another program from the tables of the design;
//! a difference is looked at, not recorded.

use super::access_log::AccessLog;
use super::json::JsonDialect;
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
    lines_of(JsonDialect::Canonical, bytes)
}

fn lines_of(dialect: JsonDialect, bytes: &[u8]) -> Vec<String> {
    let mut lines = Lines {
        lines: Vec::new(),
        shows_rows: false,
    };
    json::read_body_as(
        dialect,
        bytes,
        &decoding(),
        &mut json::Habits::default(),
        &mut lines,
    );
    lines.lines
}

/// Each file of a dialect's corpus is also known for what it is.
fn told_lines(dialect: JsonDialect, bytes: &[u8]) -> Vec<String> {
    assert_eq!(json::detect(bytes, true).dialect, dialect);
    lines_of(dialect, bytes)
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

/// Checks all inputs of a folder, which must hold so many lines at least.
fn check_folder(name: &str, lines_min: usize, read: impl Fn(&[u8]) -> Vec<String>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name);
    let mut differences = Vec::new();
    let mut lines = 0;
    for input in inputs(&folder) {
        let bytes = fs::read(&input).expect("readable");
        lines += bytes.iter().filter(|byte| **byte == b'\n').count();
        let shown: String = read(&bytes)
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
    assert!(lines >= lines_min, "{name} holds {lines} lines");
}

#[test]
fn each_json_of_the_corpus_becomes_what_stands_beside_it() {
    check_folder("json", 60, json_lines);
}

#[test]
fn each_csv_of_the_corpus_becomes_what_stands_beside_it() {
    check_folder("csv", 30, csv_lines);
}

#[test]
fn each_access_log_of_the_corpus_becomes_what_stands_beside_it() {
    check_folder("access_log", 30, log_lines);
}

fn check_dialect(dialect: JsonDialect) {
    check_folder(dialect.name(), 30, |bytes| told_lines(dialect, bytes));
}

#[test]
fn each_ga4_body_of_the_corpus_becomes_what_stands_beside_it() {
    check_dialect(JsonDialect::Ga4);
}

#[test]
fn each_segment_call_of_the_corpus_becomes_what_stands_beside_it() {
    check_dialect(JsonDialect::Segment);
}

#[test]
fn each_snowplow_payload_of_the_corpus_becomes_what_stands_beside_it() {
    check_dialect(JsonDialect::Snowplow);
}

#[test]
fn each_event_of_the_second_seeds_shop_becomes_what_stands_beside_it() {
    check_dialect(JsonDialect::SeedShop);
}
