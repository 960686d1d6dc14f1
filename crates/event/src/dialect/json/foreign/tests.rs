//! What tests of all trackers share: bodies in, a line an event out, tables of types and fields to check.

use super::super::{JsonDialect, read_body_as};
use crate::check::{CheckContext, check};
use crate::dialect::trace::describe;
use crate::dialect::{Decoding, Intake};
use crate::schema::Number;
use crate::{Currency, Event, EventTime, Rejection};
use jiff::tz::TimeZone;

#[derive(Default)]
pub(super) struct Lines {
    pub lines: Vec<String>,
    pub raws: Vec<String>,
}

impl Intake for Lines {
    fn take(&mut self, event: &mut Event<'_>, raw: &[u8]) {
        assert_eq!(
            event.number(Number::SourcePosition),
            Some(self.lines.len() as i64)
        );
        let received = EventTime::parse("2026-01-01", &UTC).expect("a time");
        self.lines
            .push(match check(event, CheckContext { received }) {
                Ok(()) => describe(event),
                Err(rejection) => format!("!{rejection}"),
            });
        self.raws.push(String::from_utf8_lossy(raw).into_owned());
    }

    fn refuse(&mut self, _: i64, rejection: Rejection, raw: &[u8]) {
        self.lines.push(format!("!{rejection}"));
        self.raws.push(String::from_utf8_lossy(raw).into_owned());
    }
}

static UTC: TimeZone = TimeZone::UTC;

pub(super) fn read(dialect: JsonDialect, body: &str) -> Lines {
    let decoding = Decoding {
        source: "test",
        store: "main",
        zone: &UTC,
        currency: &Currency::USD,
    };
    let mut lines = Lines::default();
    read_body_as(
        dialect,
        body.as_bytes(),
        &decoding,
        &mut crate::dialect::json::Habits::default(),
        &mut lines,
    );
    lines
}

pub(super) fn check_body(dialect: JsonDialect, body: &str, expected: &[&str]) {
    let dialect_label = format!(" dialect={}", dialect.name());
    let shown: Vec<String> = (read(dialect, body).lines.iter())
        .map(|line| line.replace(&dialect_label, ""))
        .collect();
    assert_eq!(shown, expected, "{body}");
}

/// The type a name becomes; the sender's own word stays beside it.
pub(super) fn check_types(
    dialect: JsonDialect,
    event: impl Fn(&str) -> String,
    table: &[(&str, &str)],
) {
    for (name, kind) in table {
        let line = &read(dialect, &event(name)).lines[0];
        assert_eq!(line.split(' ').next(), Some(*kind), "{name}: {line}");
        let is_told = kind == name || line.contains(&format!("type_text={name} "));
        assert!(is_told, "{name}: {line}");
    }
}

/// One event with the members given; what became of them.
pub(super) fn check_fields(
    dialect: JsonDialect,
    event: impl Fn(&str) -> String,
    table: &[(&str, &str)],
) {
    for (members, expected) in table {
        check_body(dialect, &event(members), &[expected]);
    }
}
