//! Files of other trackers: known by their keys, several events an object, the same ids however they are read.

use super::*;
use event::dialect::table::Confidence;

const BODIES: &str = concat!(
    r#"{"client_id":"1.2","timestamp_micros":"1700000000000000","events":[{"name":"page_view"},{"name":"purchase","params":{"value":"x"}},{"name":"login"}]}"#,
    "\n",
    r#"{"client_id":"1.3","timestamp_micros":"1700000001000000","events":[{"name":"login"}]}"#,
    "\n",
);
const CALLS: &str = concat!(
    r#"{"type":"page","anonymousId":"a","timestamp":"2024-01-01T00:00:00Z"}"#,
    "\n",
    r#"{"type":"track","event":"Signed In","userId":"7","messageId":"m-1","timestamp":"2024-01-01T00:00:01Z"}"#,
    "\n",
);

fn open_as(dialect: &str, text: &str) -> FileReader {
    let mut options = FileOptions::new("test.json", "main");
    options.dialect = dialect.parse().expect("a dialect");
    FileReader::open(Box::new(Cursor::new(text.to_owned())), options).expect("the file opens")
}

fn check_guess(dialect: &str, text: &str, expected: (&str, Confidence, &str)) {
    let reader = open_as(dialect, text);
    let guess = reader.guess();
    let shown = (
        guess.dialect,
        guess.confidence,
        &*guess.evidence.join(" | "),
    );
    assert_eq!(shown, expected);
}

#[test]
fn a_trackers_file_is_known_by_its_keys_and_says_why() {
    check_guess(
        "auto",
        BODIES,
        (
            "ga4",
            Confidence::Sure,
            "each JSON object holds one event or several | 3 of 3 keys are those of a body of GA4's Measurement Protocol",
        ),
    );
    check_guess(
        "auto",
        LINES,
        (
            "json",
            Confidence::Sure,
            "each JSON object is an event | 4 of 4 keys are those of an event of ours",
        ),
    );
    check_guess(
        "segment",
        BODIES,
        (
            "segment",
            Confidence::Likely,
            "each JSON object holds one event or several | 3 of 3 keys are those of a body of GA4's Measurement Protocol | \
             that looks like ga4; it is read as segment, as you say",
        ),
    );
}

#[test]
fn objects_are_rows_and_what_they_hold_are_events() {
    let frames = frames(open_as("auto", BODIES)).expect("the file is read");
    let of = |count: fn(&event::frame::SourceTally) -> u64| -> u64 {
        frames
            .iter()
            .flat_map(|frame| &frame.sources)
            .map(count)
            .sum()
    };
    assert_eq!(
        (
            of(|tally| tally.rows),
            of(|tally| tally.received),
            of(|tally| tally.accepted),
            of(|tally| tally.quarantined)
        ),
        (2, 4, 3, 1)
    );
    // What is set aside can be read again alone, and comes out the same.
    let set_aside = &frames[0].rejected[0];
    let again = String::from_utf8(set_aside.bytes.clone()).expect("text");
    assert_eq!(
        again,
        r#"{"client_id":"1.2","timestamp_micros":"1700000000000000","events":[{"name":"purchase","params":{"value":"x"}}]}"#
    );
}

#[test]
fn events_of_one_object_have_ids_of_their_own_that_a_grown_file_repeats() {
    for text in [BODIES, CALLS] {
        let before = read(text.as_bytes());
        let ids: std::collections::BTreeSet<&str> = before
            .iter()
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert_eq!(ids.len(), before.len(), "{before:?}");
        let grown = read(format!("{text}{text}").as_bytes());
        let accepted = accepted(&before);
        assert_eq!(self::accepted(&grown)[..accepted.len()], accepted);
    }
}

fn accepted(lines: &[String]) -> Vec<&String> {
    let is_accepted = |line: &&String| !line.starts_with('!');
    lines.iter().filter(is_accepted).collect()
}

#[test]
fn a_dialect_there_is_none_of_is_named_with_those_there_are() {
    let unknown = "ga3".parse::<FileDialect>().expect_err("no dialect");
    assert_eq!(
        unknown.to_string(),
        "known are auto, orders, events, rees46, ecommerce-events, user-events, json, access-log, ga4, segment and snowplow"
    );
    assert!("canonical".parse::<FileDialect>().is_err());
}
