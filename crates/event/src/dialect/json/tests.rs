//! What becomes of JSON events, as text: one line an event, `!` before what is set aside.

use super::*;
use crate::check::{CheckContext, check};
use crate::dialect::trace::describe;
use crate::dialect::{Decoding, Intake};
use crate::schema::Text;
use crate::{Currency, Event, EventTime, Rejection};
use jiff::tz::TimeZone;
use proptest::prelude::*;

/// Collects a line an event.
#[derive(Default)]
struct Lines(Vec<String>);

impl Intake for Lines {
    fn take(&mut self, event: &mut Event<'_>, _: &[u8]) {
        let context = CheckContext {
            received: EventTime::parse("2026-01-01", &TimeZone::UTC).expect("a time"),
        };
        match check(event, context) {
            Ok(()) => self.0.push(describe(event)),
            Err(rejection) => self.0.push(format!("!{rejection}")),
        }
    }

    fn refuse(&mut self, _: i64, rejection: Rejection, _: &[u8]) {
        assert!(self.0.len() < 4 << 20, "the reader goes round in circles");
        self.0.push(format!("!{rejection}"));
    }
}

static UTC: TimeZone = TimeZone::UTC;

fn decoding() -> Decoding<'static> {
    Decoding {
        source: "test",
        store: "main",
        zone: &UTC,
        currency: &Currency::USD,
    }
}

fn read(body: &[u8]) -> Vec<String> {
    let mut lines = Lines::default();
    read_body(body, &decoding(), &mut Habits::default(), &mut lines);
    lines.0
}

/// One event with a type and a time: the fields given, and what became of them.
fn check_fields(fields: &str, expected: &str) {
    let body = format!(r#"{{"type":"page_view","ts":"2025-01-01T00:00:00Z",{fields}}}"#);
    let shown = read(body.as_bytes()).join(" | ");
    let shown = shown
        .strip_prefix("page_view 2025-01-01T00:00:00Z ")
        .unwrap_or(&shown);
    assert_eq!(
        shown
            .replace("dialect=canonical ", "")
            .replace("dialect=canonical", "")
            .trim_end(),
        expected,
        "{fields}"
    );
}

/// Types of the events in a body; what is set aside by its reason.
fn check_pieces(body: &str, expected: &str) {
    let event = |name: &str| format!(r#"{{"type":"{name}","ts":1700000000}}"#);
    let body = ["a", "b", "c"].iter().fold(body.to_owned(), |body, name| {
        body.replace(&format!("<{name}>"), &event(name))
    });
    let first_word = |line: &String| line.split([' ', ':']).next().unwrap_or_default().to_owned();
    let shown: Vec<String> = read(body.as_bytes()).iter().map(first_word).collect();
    assert_eq!(shown.join(" "), expected, "{:.200}", body);
}

#[test]
fn an_object_an_array_and_lines_hold_the_same_events() {
    check_pieces("<a>", "a");
    check_pieces("[<a>,<b>]", "a b");
    check_pieces("<a>\n<b>\r\n\n<c>", "a b c");
    check_pieces("<a><b> <c>", "a b c");
    check_pieces("\u{feff}<a>\n", "a");
    check_pieces("[\n<a>,\n<b>\n]\n", "a b");
    check_pieces("[<a>,<b>\n]<c>\n<a>", "a b c a");
    check_pieces(
        "{\n  \"type\": \"a\",\n  \"ts\": 1700000000, \"x\": {}\n}\n<b>",
        "a b",
    );
    check_pieces("", "");
    check_pieces(" \r\n", "");
    check_pieces("[]", "");
}

#[test]
fn a_broken_event_leaves_its_neighbours_alone() {
    check_pieces("<a>\n{\"type\":}\n<b>", "a !malformed_json b");
    check_pieces("<a>\n{\"type\":\"x\n<b>", "a !malformed_json b");
    check_pieces(
        "<a>\n{\"type\":{\"x\":1}\n<b>\n<c>",
        "a !malformed_json b c",
    );
    check_pieces("<a>\n{\"type\":[\n<b>\n<c>", "a !malformed_json b c");
    check_pieces(
        "<a>\nnonsense\nmore\n<b>",
        "a !malformed_json !malformed_json b",
    );
    check_pieces("<a>\n17\n\"x\"\n[<b>]", "a !not_an_object !not_an_object b");
    check_pieces("[<a>,{\"type\":},<b>]", "a !malformed_json b");
    check_pieces("[<a>,17,[<b>],<c>]", "a !not_an_object !not_an_object c");
    check_pieces("[<a>,\n{\"type\":\"x,\n<b>]", "a !malformed_json b");
    check_pieces("[<a>,{\"type\":{},<b>]", "a !malformed_json");
    check_pieces("<a> {\"x\":1,\"x\":2}<b>", "a !duplicate_key b");
    check_pieces("{\"x\":1,\"x\":2}<b>\n<c>", "!duplicate_key b c");
    check_pieces("[<a>,<b>", "a b !malformed_json");
    check_pieces("<a>\n{\"type\":\"b\"", "a !malformed_json");
    check_pieces(
        &format!("<a>\n{}\n<b>", "[".repeat(100_000)),
        "a !too_deep b",
    );
    check_pieces(
        &format!("<a>\n{{\"x\":{}{}}}\n<b>", "[".repeat(70), "]".repeat(70)),
        "a !too_deep b",
    );
    check_pieces(
        &format!("[<a>,{{\"x\":\"{}\"}},<b>]", "x".repeat(1 << 20)),
        "a !too_large b",
    );
    check_pieces(
        &format!("<a>\n{{\"x\":\"{}\"}}\n<b>", "x".repeat(1 << 20)),
        "a !too_large b",
    );
}

#[test]
fn bytes_that_are_no_text_spoil_one_event() {
    let body = [
        &b"{\"type\":\"a\",\"ts\":1700000000}\n{\"type\":\"\xff\"}\n"[..],
        b"{\"type\":\"b\",\"ts\":1700000000}",
    ]
    .concat();
    let lines = read(&body);
    assert_eq!(lines.len(), 3);
    assert!(lines[1].starts_with("!invalid_text"), "{}", lines[1]);
}

#[test]
fn values_are_read_from_their_own_text() {
    check_fields(
        r#""product_id":9007199254740993123,"price":0.1"#,
        "currency=USD [product_id=9007199254740993123 unit_price=0.1]",
    );
    check_fields(r#""customer_id":17850.0"#, "customer_id=17850");
    check_fields(r#""customer_id":"17850.0""#, "customer_id=17850.0");
    check_fields(r#""customer_id":"","session_id":null"#, "");
    check_fields(
        r#""product_id":"p","price":"12.50","quantity":2"#,
        "currency=USD [product_id=p unit_price=12.5 quantity=2]",
    );
    check_fields(
        r#""product_id":"p","price":1e3"#,
        "currency=USD [product_id=p unit_price=1000]",
    );
    check_fields(
        r#""product_id":"p","price":"12,50""#,
        "inferred=unit_price currency=USD [product_id=p unit_price=12.5]",
    );
    check_fields(
        r#""revenue":0.00005"#,
        "inferred=revenue currency=USD revenue=0.0001",
    );
    check_fields(r#""revenue":5,"currency":"eur""#, "currency=EUR revenue=5");
    check_fields(r#""title":"a\u0041\n\ud83d""#, "title=aA\\n\u{fffd}");
    check_fields(r#""step":2.0,"is_bot":true"#, "step=2 is_bot=1");
}

#[test]
fn values_that_cannot_be_are_refused_with_a_reason() {
    check_fields(r#""price":NaN"#, "!malformed_json: no JSON at byte 56");
    check_fields(r#""price":"NaN""#, "!price_invalid: unit_price = \"NaN\"");
    check_fields(
        r#""price":1e999"#,
        "!amount_too_large: unit_price = \"1e999\"",
    );
    check_fields(r#""price":-1"#, "!price_negative: unit_price = \"-1.00\"");
    check_fields(r#""price":{}"#, "!wrong_type: price = \"{}\"");
    check_fields(
        r#""quantity":"two""#,
        "!quantity_invalid: quantity = \"two\"",
    );
    check_fields(
        r#""customer_id":"a\u0000b""#,
        "!id_invalid: customer_id = \"a\\0b\"",
    );
    check_fields(r#""lat":91,"lon":0"#, "!coordinate_invalid: lat = \"91\"");
    check_fields(
        r#""currency":"EURO""#,
        "!currency_unknown: currency = \"EURO\"",
    );
    check_fields(r#""items":{}"#, "!wrong_type: items = \"no array\"");
    check_fields(r#""items":[1]"#, "!wrong_type: items = \"1\"");
    check_fields(r#""url":1,"url":2"#, "!duplicate_key: key = \"url\"");
    check_fields(r#""x":1,"x":2"#, "!duplicate_key: key = \"x\"");
    check_fields(
        r#""title":"\x""#,
        "!malformed_json: title = \"\\\"\\\\x\\\"\"",
    );
}

#[test]
fn items_and_places_are_objects_of_their_own() {
    check_fields(
        r#""items":[{"product_id":"p","price":2,"quantity":3,"category":["a","b"]},{"name":"n","color":"red"}]"#,
        "extra={\"items[1].color\":\"red\"} currency=USD [product_id=p category_path=a/b unit_price=2 quantity=3] [name=n]",
    );
    check_fields(
        r#""geo":{"city":"Ulm","lat":48.4,"lng":10,"zip":"89073"}"#,
        "extra={\"geo.zip\":\"89073\"} city=Ulm lat=48.4 lon=10",
    );
    check_fields(
        r#""error":{"code":7,"type":"card"}"#,
        "error_code=7 error_type=card",
    );
    check_fields(
        r#""product_id":"p","name":"Pen""#,
        "[product_id=p name=Pen]",
    );
    check_fields(
        r#""customer_id":"c","name":"Ann""#,
        "customer_id=c name=Ann",
    );
}

#[test]
fn unknown_fields_and_second_names_are_kept() {
    check_fields(
        r#""x":{"y":[1, 2]},"z":"\u0041""#,
        r#"extra={"x":{"y":[1, 2]},"z":"\\u0041"}"#,
    );
    check_fields(
        r#""price":1,"unit_price":2"#,
        r#"extra={"items[0].unit_price":2} currency=USD [unit_price=1]"#,
    );
    check_fields(
        r#""user_id":"a","customer_id":"b""#,
        r#"customer_id=a extra={"customer_id":"b"}"#,
    );
    check_fields(r#""store":"main""#, "");
    check_fields(r#""store":"other""#, r#"extra={"store":"other"}"#);
    check_fields(r#""__proto__":{}"#, r#"extra={"__proto__":{}}"#);
    check_fields(r#""items":[],"price":1"#, r#"extra={"price":1}"#);
}

#[test]
fn the_seed_generators_events_are_told_by_their_keys() {
    let body = r#"{"event_id":"6f9619ff-8b86-d011-b42d-00cf4fc964ff","timestamp":"2025-01-01T12:00:00.5","customer_id":"cust_1",
        "session_id":"s","event_type":"purchase","product_id":"prod_77","product_name":"iPad","category":"Electronics","price":10.99,
        "quantity":2,"user_agent":"ua","ip_address":"1.2.3.4","location":{"city":"Ulm","country":"Germany","latitude":48.4,"longitude":10.0}}"#;
    assert_eq!(
        read(body.as_bytes()),
        [
            "order 2025-01-01T12:00:00.5Z type_text=purchase customer_id=cust_1 source_session_id=s ip=1.2.3.4 inferred=product_id \
          dialect=seed_generator user_agent=ua city=Ulm country=Germany currency=USD lat=48.4 lon=10 \
          [product_id=iPad sku=prod_77 name=iPad category_path=Electronics unit_price=10.99 quantity=2]"
        ]
    );
}

#[test]
fn an_id_that_is_no_uuid_is_kept_beside_the_id() {
    check_fields(r#""event_id":"e1""#, "event_id_text=e1");
    check_fields(r#""event_id":123"#, "event_id_text=123");
    check_fields(r#""event_id":"6f9619ff-8b86-d011-b42d-00cf4fc964ff""#, "");
}

#[test]
fn ten_thousand_fields_are_too_many() {
    let fields: String = (0..20_000).map(|at| format!("\"k{at}\":0,")).collect();
    check_fields(
        fields.trim_end_matches(','),
        "!too_many_items: more than 10000 fields in one object",
    );
}

#[test]
fn lines_that_each_open_a_bracket_do_not_take_the_square_of_their_number() {
    // 2 MiB of lines whose brackets never match: with a scan of the rest for each this would take minutes.
    for line in ["{x\n", "[{x\n", "{\"a\":[\n", "[{\"a\":\"\n", "{},"] {
        let body = line.repeat((2 << 20) / line.len());
        assert!(!read(body.as_bytes()).is_empty());
    }
}

/// However a file is cut into windows, the same events come out under the same ids.
fn read_in_windows(bytes: &[u8], window_bytes: usize) -> Vec<String> {
    let (mut objects, mut lines) = (Objects::default(), Lines::default());
    let (mut start, mut end) = (0, 0);
    loop {
        let complete = end == bytes.len();
        let read = objects.read(
            &bytes[start..end],
            complete,
            usize::MAX,
            &decoding(),
            &mut lines,
        );
        start += read.consumed;
        if complete && read.events == 0 {
            lines.0.push(format!("{:x}", objects.hash()));
            return lines.0;
        }
        end = bytes.len().min(end + window_bytes);
    }
}

const SOUP: &str = r#"(\{"type":"a","ts":1700000000\}|[\[\]{}:,"\\]|\n|"x"|\{"a":|1|é| ){0,40}"#;

/// Members of an event, some of them no JSON.
const MEMBERS: &str = r#"(,"(x|title|items|geo|error|store|user_id|customer_id|price|filters)":(1|01|1\.|-1e3|"a"|"\\x"|"\\n"|null|tru|\[\]|\[1,\]|\[\{"a":\.5\}\]|\{\}|\{"a":NaN\}|\{"code":"\\q"\}|\{"a":\[0\]\}|\["b"\])){0,4}"#;

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read(&bytes);
        let _ = decode_object(&bytes, &decoding(), &mut Habits::default()).map(|_| ());
    }

    #[test]
    fn no_soup_of_json_makes_it_panic_or_skip_what_is_not_blank(soup in SOUP) {
        let mut lines = Lines::default();
        read_body(
            soup.as_bytes(),
            &decoding(),
            &mut Habits::default(),
            &mut lines,
        );
        let has_text = soup.chars().any(|character| !" \n[],".contains(character));
        prop_assert!(!has_text || !lines.0.is_empty());
    }

    #[test]
    fn what_is_taken_for_an_event_is_json_to_another_reader_and_so_is_what_is_kept(members in MEMBERS) {
        let text = format!(r#"{{"type":"a","ts":1700000000{members}}}"#);
        if let Ok(event) = decode_object(text.as_bytes(), &decoding(), &mut Habits::default()) {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
            let extra = event.text(Text::Extra).unwrap_or("{}");
            prop_assert!(serde_json::from_str::<serde_json::Value>(extra).is_ok(), "{} of {}", extra, text);
        }
    }

    #[test]
    fn windows_do_not_change_what_is_read(events in proptest::collection::vec("[a-z]{1,8}", 1..20), broken in 0..20_usize, window in 1..80_usize) {
        let line = |(at, name): (usize, &String)| if at == broken { "{\"type\":\n".to_owned() } else { format!("{{\"type\":\"{name}\",\"ts\":1700000000}}\n") };
        let body: String = events.iter().enumerate().map(line).collect();
        let whole = read_in_windows(body.as_bytes(), body.len());
        prop_assert_eq!(read_in_windows(body.as_bytes(), window), whole);
    }
}
