//! Access logs window by window, and what tells one; what a line becomes stands in the corpus.

use super::*;
use crate::dialect::{Decoding, EVENT_BYTES_MAX, Intake};
use crate::schema::{Label, Number, Text};
use crate::{Currency, Event, Rejection};
use jiff::tz::TimeZone;
use proptest::prelude::*;

static UTC: TimeZone = TimeZone::UTC;
const LINE: &str = "192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"GET /p?q=tea HTTP/1.1\" 200 7 \"http://example.com/\" \"agent/1\"";

#[derive(Default)]
struct Lines {
    lines: Vec<String>,
    ids: Vec<u128>,
}

impl Intake for Lines {
    fn take(&mut self, event: &mut Event<'_>, raw: &[u8]) {
        let position = event.number(Number::SourcePosition).unwrap_or(0);
        self.ids.push(event.id.expect("lines have ids").0);
        let time = event.time.expect("lines have times");
        self.lines
            .push(format!("{position} {time} {} bytes", raw.len()));
    }

    fn refuse(&mut self, position: i64, rejection: Rejection, _: &[u8]) {
        self.lines
            .push(format!("!{position} {}", rejection.reason.code()));
    }
}

fn read_by(text: &[u8], window_bytes: usize) -> Lines {
    let decoding = Decoding {
        source: "test",
        store: "main",
        zone: &UTC,
        currency: &Currency::USD,
    };
    let (mut log, mut lines) = (AccessLog::default(), Lines::default());
    let (mut start, mut end) = (0, 0);
    loop {
        let complete = end == text.len();
        let read = log.read(&text[start..end], complete, 3, &decoding, &mut lines);
        start += read.consumed;
        if complete && read.events == 0 {
            return lines;
        }
        if read.events == 0 {
            end = text.len().min(end + window_bytes);
        }
    }
}

/// The fields that 2-events names for logs, one by one.
#[test]
fn each_part_of_a_line_has_its_field() {
    struct Only(Vec<(String, Option<String>)>);
    impl Intake for Only {
        fn take(&mut self, event: &mut Event<'_>, _: &[u8]) {
            let text = |column: Text| {
                (
                    column.name().to_owned(),
                    event.text(column).map(str::to_owned),
                )
            };
            let label = |column: Label| {
                (
                    column.name().to_owned(),
                    event.label(column).map(str::to_owned),
                )
            };
            self.0 = vec![
                ("type".to_owned(), Some(event.kind.name().to_owned())),
                (
                    "ts_event".to_owned(),
                    event.time.map(|time| time.to_string()),
                ),
                text(Text::Ip),
                text(Text::Url),
                text(Text::Referrer),
                label(Label::UserAgent),
                text(Text::Query),
                label(Label::UtmSource),
                text(Text::ErrorCode),
                text(Text::CustomerId),
                text(Text::Extra),
                label(Label::Dialect),
            ];
        }

        fn refuse(&mut self, _: i64, rejection: Rejection, _: &[u8]) {
            panic!("{rejection}");
        }
    }
    let line = b"2001:db8::1 - ann [17/May/2015:12:05:03 +0200] \"POST /p?q=tea&utm_source=news HTTP/2.0\" 500 17 \"https://example.com/\" \"agent/1\"";
    let decoding = Decoding {
        source: "test",
        store: "main",
        zone: &UTC,
        currency: &Currency::USD,
    };
    let mut only = Only(Vec::new());
    AccessLog::default().read(line, true, 1, &decoding, &mut only);
    let shown: Vec<String> = only
        .0
        .iter()
        .map(|(name, value)| format!("{name}={}", value.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(
        shown,
        [
            "type=page_view",
            "ts_event=2015-05-17T10:05:03Z",
            "ip=2001:db8::1",
            "url=/p?q=tea&utm_source=news",
            "referrer=https://example.com/",
            "user_agent=agent/1",
            "query=tea",
            "utm_source=news",
            "error_code=500",
            "customer_id=ann",
            "extra={\"method\":\"POST\",\"protocol\":\"HTTP/2.0\",\"status\":500,\"bytes\":17}",
            "dialect=access_log",
        ]
    );
}

fn check_layout(lines: &[&str], expected: Option<(Layout, bool)>) {
    let text = lines.join("\n");
    let found = AccessLog::guess(text.as_bytes(), true);
    assert_eq!(
        found.map(|guess| (guess.layout, guess.is_sure)),
        expected,
        "{text}"
    );
}

#[test]
fn a_log_is_told_by_most_of_its_first_lines() {
    let common = "192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 7";
    let with_host = format!("example.com:443 {LINE}");
    check_layout(&[LINE, LINE, common], Some((Layout::Combined, true)));
    check_layout(&[common], Some((Layout::Common, true)));
    check_layout(
        &[&with_host, "", &with_host],
        Some((Layout::CombinedWithHost, true)),
    );
    check_layout(
        &["# Log of May", LINE, LINE],
        Some((Layout::Combined, false)),
    );
    check_layout(
        &[LINE, "cut", "short", "by a crash"],
        Some((Layout::Combined, false)),
    );
    check_layout(&["order_id,price", "1,2", LINE], None);
    check_layout(&["{\"type\":\"view\"}"], None);
    check_layout(&[""], None);
    // A line cut by the window is not looked at.
    let window = format!("{LINE}\n{}", &LINE[..40]);
    let guess = AccessLog::guess(window.as_bytes(), false).expect("a log");
    assert!(guess.is_sure);
}

#[test]
fn a_file_of_one_line_has_the_identity_of_its_longer_form() {
    let grown = format!("\n{LINE}\r\n{LINE}\n");
    let one = AccessLog::identity(LINE.as_bytes(), true);
    assert_eq!(one, AccessLog::identity(grown.as_bytes(), true));
    assert_ne!(one, AccessLog::identity(&LINE.as_bytes()[1..], true));
}

#[test]
fn a_line_larger_than_an_event_is_set_aside_whatever_the_window() {
    let text = format!("{LINE}\n{}\n{LINE}\n", "x".repeat(3 * EVENT_BYTES_MAX));
    let (whole, parts) = (
        read_by(text.as_bytes(), text.len()),
        read_by(text.as_bytes(), EVENT_BYTES_MAX / 3),
    );
    assert_eq!(whole.lines[1], "!2 too_large");
    assert_eq!(whole.lines.len(), 3);
    assert_eq!(whole.lines, parts.lines);
    assert_eq!(whole.ids, parts.ids);
}

proptest! {
    #[test]
    fn windows_do_not_change_what_is_read(faults in proptest::collection::vec(0..5_u8, 0..30), window in 1..300_usize) {
        let line = |fault: &u8| match fault {
            0 => "no line\n".to_owned(),
            1 => "\r\n".to_owned(),
            2 => format!("{}\r\n", &LINE[..LINE.len() - 9]),
            _ => format!("{LINE}\n"),
        };
        let text: String = faults.iter().map(line).collect();
        let (whole, parts) = (read_by(text.as_bytes(), text.len().max(1)), read_by(text.as_bytes(), window));
        prop_assert_eq!(whole.lines, parts.lines);
        prop_assert_eq!(whole.ids, parts.ids);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b' '), Just(b'['), Just(b']'), Just(b'\\'), Just(b'\n'), Just(b'-'), any::<u8>()], 0..200)) {
        let text = [b"a - - [17/May/2015:10:05:03 +0000] \"".as_slice(), &bytes].concat();
        prop_assert_eq!(read_by(&text, 7).lines, read_by(&text, 1_000).lines);
        let _ = AccessLog::guess(&bytes, true);
    }
}
