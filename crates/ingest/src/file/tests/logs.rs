//! The real access log beside the project, against figures that another program counted in it.
//! Where the folder is missing the test says SKIPPED.

use super::fixtures::fixture;
use super::*;
use event::EventType;
use std::collections::{BTreeMap, BTreeSet};

/// Counted once with Python 3 from the unpacked file: a regular expression over each line,
/// `^(\S+) \S+ \S+ \[(…)\] "(…)" (\d{3}) (\d+|-) "(…)" "(…)("?)`, the last quote optional for the one line that is cut;
/// sets and sums of its groups, addresses without their last number (1,474 networks of 1,753 addresses), times by `strptime("%d/%b/%Y:%H:%M:%S %z")`, campaigns by splitting the query at `&` and `;`.
#[test]
fn the_access_log_gives_every_line_and_what_it_says() {
    let Some(path) = fixture("apache_logs_elastic/apache_logs.gz") else {
        return;
    };
    let reader = FileReader::open_path(&path, FileOptions::new("logs", "main")).expect("opens");
    assert_eq!(reader.guess().dialect, "access_log");
    assert_eq!(
        reader.guess().evidence[..2],
        [
            "20 of the first 20 lines are those of an access log",
            "they are written in the combined log format"
        ]
    );
    let frames = frames(reader).expect("is read");
    assert!(frames.iter().all(|frame| frame.rejected.is_empty()));
    let (mut ids, mut addresses, mut agents, mut visitors, mut urls) = (
        BTreeSet::new(),
        BTreeSet::new(),
        BTreeSet::new(),
        BTreeSet::new(),
        BTreeSet::new(),
    );
    let mut errors = BTreeMap::<&str, u64>::new();
    let (mut referrers, mut campaigns, mut cut, mut older, mut bytes) = (0, 0, 0, 0, 0_u64);
    let mut times = Vec::new();
    for event in frames.iter().flat_map(|frame| frame.events.events()) {
        assert_eq!(event.kind(), EventType::PageView);
        ids.insert(event.id());
        addresses.extend(event.text(Text::Ip));
        agents.extend(event.label(Label::UserAgent));
        visitors.extend(event.text(Text::AnonymousId));
        urls.extend(event.text(Text::Url));
        if let Some(code) = event.text(Text::ErrorCode) {
            *errors.entry(code).or_default() += 1;
        }
        referrers += u64::from(event.text(Text::Referrer).is_some());
        campaigns += u64::from(event.label(Label::UtmSource).is_some());
        cut += u64::from(event.text(Text::Inferred) != Some("anonymous_id"));
        older += u64::from(times.last().is_some_and(|before| event.time() < *before));
        times.push(event.time());
        let extra = event.text(Text::Extra).expect("every line has a status");
        let sent = extra.split_once("\"bytes\":").map(|(_, rest)| rest);
        bytes += sent.map_or(0, |sent| {
            let digits = sent.trim_end_matches('}');
            digits.parse::<u64>().expect("bytes stand last")
        });
    }
    assert_eq!((ids.len(), times.len()), (10_000, 10_000));
    assert_eq!(
        (addresses.len(), agents.len(), visitors.len(), urls.len()),
        (1_474, 558, 1_862, 1_498)
    );
    assert_eq!(
        errors,
        BTreeMap::from([("403", 2), ("404", 213), ("416", 2), ("500", 3)])
    );
    assert_eq!((referrers, campaigns, cut, older), (5_927, 153, 1, 4_915));
    assert_eq!(bytes, 2_747_282_740);
    let bounds = (times.iter().min(), times.iter().max());
    assert_eq!(
        bounds
            .0
            .zip(bounds.1)
            .map(|(first, last)| format!("{first} {last}")),
        Some("2015-05-17T10:05:00Z 2015-05-20T21:05:59Z".to_owned())
    );
}

#[test]
fn a_log_is_told_by_its_lines_and_can_be_asked_for() {
    let log = "192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1\n";
    let text = format!("# rotated\n{log}{log}not a line\n{log}");
    let shown = |bytes: &[u8], dialect| {
        let mut options = FileOptions::new("access.log", "main");
        options.dialect = dialect;
        FileReader::open(Box::new(Cursor::new(bytes.to_vec())), options)
            .map(|reader| (reader.guess().dialect, reader.guess().confidence))
    };
    use event::dialect::table::Confidence;
    let found = shown(text.as_bytes(), FileDialect::Auto).expect("a log");
    assert_eq!(found, ("access_log", Confidence::Likely));
    let found = shown(log.as_bytes(), FileDialect::Auto).expect("a log");
    assert_eq!(found, ("access_log", Confidence::Sure));
    let found = shown(b"hello\n", FileDialect::AccessLog).expect("as asked for");
    assert_eq!(found, ("access_log", Confidence::Likely));
    // A table with times in brackets is a table.
    let table = "event,ts,note\na,1700000000,see [17/May/2015:10:05:03 +0000] there\n";
    let found = shown(table.as_bytes(), FileDialect::Auto).expect("a table");
    assert_eq!(found, ("event_csv", Confidence::Sure));
}

#[test]
fn equal_lines_are_two_views_and_a_grown_log_repeats_its_beginning() {
    let log = "192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1";
    let ids = |text: &str| {
        let frames = frames(open(text.as_bytes()).expect("opens")).expect("is read");
        let events = frames.iter().flat_map(|frame| frame.events.events());
        events.map(|event| event.id()).collect::<Vec<_>>()
    };
    let before = ids(&format!("{log}\n{log}"));
    let after = ids(&format!("{log}\r\n\n{log}\n{log}\n"));
    assert_ne!(before[0], before[1]);
    assert_eq!((before.len(), after.len()), (2, 3));
    assert_eq!(before, after[..2]);
}
