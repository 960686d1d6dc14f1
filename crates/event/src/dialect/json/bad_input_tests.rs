//! The bad input of the reliability contract that is too large for a file or needs another zone, through every decoder.
//! Each spoils one event and leaves the one before and the one behind it alone; what fits a file lies in the corpus.

use super::{JsonDialect, Objects, read_body_as};
use crate::check::{CheckContext, check};
use crate::dialect::trace::describe;
use crate::dialect::{Decoding, Intake};
use crate::{Currency, Event, EventTime, Rejection};
use jiff::tz::TimeZone;

#[derive(Default)]
struct Words(Vec<String>);

impl Intake for Words {
    fn take(&mut self, event: &mut Event<'_>, _: &[u8]) {
        let received = EventTime::parse("2026-01-01", &TimeZone::UTC).expect("a time");
        self.0.push(match check(event, CheckContext { received }) {
            Ok(()) => describe(event),
            Err(rejection) => format!("!{}", rejection.reason.code()),
        });
    }

    fn refuse(&mut self, _: i64, rejection: Rejection, _: &[u8]) {
        self.0.push(format!("!{}", rejection.reason.code()));
    }
}

/// The decoders there are: the three flat dialects share one.
const DECODERS: [JsonDialect; 4] = [
    JsonDialect::Canonical,
    JsonDialect::Ga4,
    JsonDialect::Segment,
    JsonDialect::Snowplow,
];

/// A page view in the dialect's words at this time, with further members at the top.
fn page_view(dialect: JsonDialect, time: &str, members: &str) -> String {
    match dialect {
        JsonDialect::Ga4 => format!(
            r#"{{"client_id":"1","timestamp_micros":{time},"events":[{{"name":"page_view"}}]{members}}}"#
        ),
        JsonDialect::Segment => {
            format!(r#"{{"type":"page","anonymousId":"1","timestamp":{time}{members}}}"#)
        }
        JsonDialect::Snowplow => {
            format!(r#"{{"event":"page_view","event_id":"1","derived_tstamp":{time}{members}}}"#)
        }
        _ => format!(r#"{{"type":"page_view","ts":{time}{members}}}"#),
    }
}

const TIME: &str = r#""2025-01-01T00:00:00Z""#;

fn read_in(zone: &TimeZone, dialect: JsonDialect, body: &[u8]) -> Vec<String> {
    let decoding = Decoding {
        source: "test",
        store: "main",
        zone,
        currency: &Currency::USD,
    };
    let mut words = Words::default();
    read_body_as(
        dialect,
        body,
        &decoding,
        &mut crate::dialect::json::Habits::default(),
        &mut words,
    );
    let mut of_file = Words::default();
    Objects::of(dialect).read(body, true, usize::MAX, &decoding, &mut of_file);
    assert_eq!(
        words.0,
        of_file.0,
        "a body and a file of {}",
        dialect.name()
    );
    words.0
}

fn first_words(lines: &[String]) -> Vec<&str> {
    lines
        .iter()
        .map(|line| line.split(' ').next().unwrap_or_default())
        .collect()
}

/// What becomes of a broken line between two good ones, for every decoder.
fn check_spoiled(what: &str, line: impl Fn(JsonDialect) -> Vec<u8>, expected: &str) {
    for dialect in DECODERS {
        let good = page_view(dialect, TIME, "").into_bytes();
        let body = [good.clone(), line(dialect), good].join(&b'\n');
        let lines = read_in(&TimeZone::UTC, dialect, &body);
        assert_eq!(
            first_words(&lines).join(" "),
            format!("page_view {expected} page_view"),
            "{what} of {}",
            dialect.name()
        );
    }
}

fn with(members: &str) -> impl Fn(JsonDialect) -> Vec<u8> {
    move |dialect| page_view(dialect, TIME, members).into_bytes()
}

#[test]
fn what_is_too_deep_too_long_or_too_many_is_set_aside_alone() {
    check_spoiled("brackets", |_| vec![b'['; 100_000], "!too_deep");
    let deep = format!(",\"x\":{}{}", "[".repeat(100_000), "]".repeat(100_000));
    check_spoiled("a deep value", with(&deep), "!too_deep");
    let long = format!(",\"x\":\"{}\"", "x".repeat(10 << 20));
    check_spoiled("a text of 10 MiB", with(&long), "!too_large");
    let half = format!(",\"x\":\"{}\"", "x".repeat(512 << 10));
    check_spoiled("a text of half a MiB", with(&half), "!too_large");
    let keys: String = (0..100_000).map(|at| format!(",\"k{at}\":0")).collect();
    check_spoiled("100,000 keys", with(&keys), "!too_large");
    let keys: String = (0..20_000).map(|at| format!(",\"k{at}\":0")).collect();
    check_spoiled("20,000 keys", with(&keys), "!too_many_items");
}

#[test]
fn what_is_no_json_or_no_text_is_set_aside_alone() {
    check_spoiled("NaN", with(",\"x\":NaN"), "!malformed_json");
    check_spoiled("a key twice", with(",\"x\":1,\"x\":2"), "!duplicate_key");
    check_spoiled(
        "a key twice inside",
        with(",\"x\":{\"a\":\"\\x\"}"),
        "!malformed_json",
    );
    check_spoiled(
        "bytes that are no UTF-8",
        |dialect| [page_view(dialect, TIME, ",\"x\":\"").as_bytes(), b"\xff\"}"].concat(),
        "!invalid_text",
    );
    check_spoiled("an unclosed text", with(",\"x\":\"open"), "!malformed_json");
    check_spoiled("a number", |_| b"17".to_vec(), "!not_an_object");
    check_spoiled(
        "half a line",
        |dialect| page_view(dialect, TIME, "").into_bytes()[..20].to_vec(),
        "!malformed_json",
    );
}

#[test]
fn what_is_only_odd_is_kept() {
    let odd = ",\"__proto__\":{\"a\":1},\"constructor\":1e999,\"big\":9007199254740993,\"half\":\"\\ud83d\"";
    for dialect in DECODERS {
        let body = format!("\u{feff}{}\r\n\r\n", page_view(dialect, TIME, odd));
        let lines = read_in(&TimeZone::UTC, dialect, body.as_bytes());
        let kept = r#"extra={"__proto__":{"a":1},"constructor":1e999,"big":9007199254740993,"half":"\\ud83d"}"#;
        assert!(lines.len() == 1 && lines[0].contains(kept), "{lines:?}");
    }
}

#[test]
fn times_are_read_in_any_unit_or_refused_with_a_reason() {
    for (time, expected) in [
        ("1700000000", "2023-11-14T22:13:20Z"),
        ("1700000000000", "2023-11-14T22:13:20Z"),
        ("1700000000000000", "2023-11-14T22:13:20Z"),
        (r#""1700000000.5""#, "2023-11-14T22:13:20.5Z"),
        (r#""2016-12-31T23:59:60Z""#, "2017-01-01T00:00:00Z"),
        (r#""0000-01-01T00:00:00Z""#, "!time_out_of_range"),
        (r#""9999-12-31T23:59:59Z""#, "!time_in_future"),
        (r#""2036-01-01T00:00:00Z""#, "!time_in_future"),
        (r#""2024-02-30""#, "!time_invalid"),
        ("true", "!wrong_type"),
        ("{}", "!wrong_type"),
        ("null", "!time_missing"),
    ] {
        for dialect in DECODERS {
            let lines = read_in(
                &TimeZone::UTC,
                dialect,
                page_view(dialect, time, "").as_bytes(),
            );
            let shown = lines[0].split(' ').find(|word| *word != "page_view");
            assert_eq!(shown, Some(expected), "{time} of {}", dialect.name());
        }
    }
}

#[test]
fn a_time_without_zone_is_the_stores_and_a_gap_moves_it_forward_except_where_the_tracker_means_utc()
{
    let berlin = TimeZone::get("Europe/Berlin").expect("a zone of the database");
    for (time, stores, utc) in [
        (
            r#""2024-07-01 12:00:00""#,
            "2024-07-01T10:00:00Z",
            "2024-07-01T12:00:00Z",
        ),
        // 02:30 does not exist on this day, and comes twice on the next.
        (
            r#""2024-03-31 02:30:00""#,
            "2024-03-31T01:30:00Z",
            "2024-03-31T02:30:00Z",
        ),
        (
            r#""2024-10-27 02:30:00""#,
            "2024-10-27T00:30:00Z",
            "2024-10-27T02:30:00Z",
        ),
    ] {
        for dialect in DECODERS {
            let expected = if dialect == JsonDialect::Snowplow {
                utc
            } else {
                stores
            };
            let lines = read_in(&berlin, dialect, page_view(dialect, time, "").as_bytes());
            assert!(
                lines[0].starts_with(&format!("page_view {expected} ")),
                "{}",
                lines[0]
            );
        }
    }
}

#[test]
fn a_user_agent_of_8_kb_is_kept_and_one_of_100_kb_is_not() {
    let member = |dialect, length| {
        let agent = "u".repeat(length);
        match dialect {
            JsonDialect::Segment => format!(r#","context":{{"userAgent":"{agent}"}}"#),
            JsonDialect::Snowplow => format!(r#","useragent":"{agent}""#),
            _ => format!(r#","user_agent":"{agent}""#),
        }
    };
    for dialect in DECODERS {
        for (length, expected) in [(8 << 10, "page_view"), (100_000, "!too_large")] {
            let body = page_view(dialect, TIME, &member(dialect, length));
            let lines = read_in(&TimeZone::UTC, dialect, body.as_bytes());
            assert_eq!(first_words(&lines), [expected], "{}", dialect.name());
        }
    }
}

#[test]
fn objects_that_never_end_do_not_take_the_square_of_their_number() {
    for line in [
        "{x\n",
        "[{x\n",
        "{\"batch\":[\n",
        "{\"batch\":[{},",
        "{\"events\":[{}],\"a\":\"\n",
        "{},",
        "{} ",
        "{\"data\":[{}],\"schema\":1} ",
    ] {
        let body = line.repeat((2 << 20) / line.len());
        for dialect in DECODERS {
            assert!(!read_in(&TimeZone::UTC, dialect, body.as_bytes()).is_empty());
        }
    }
}
