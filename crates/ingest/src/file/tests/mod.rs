//! Files as users have them: packed, in other encodings, damaged, grown, and the two real ones whose numbers are known.

mod corpus;
mod fixtures;
mod growing;
mod huge;
mod logs;
mod steady;
mod trackers;
mod workbook;

use super::*;
use event::EventTime;
use event::frame::{FrameBody, FrameBuilder};
use event::schema::{ItemText, Label, Text};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{Cursor, Read, Write};

/// After every event of the tests.
const RECEIVED: EventTime = EventTime(1_800_000_000_000_000);
/// Small enough that files come in several frames.
const ROWS_MAX: usize = 1_000;

fn open(bytes: &[u8]) -> Result<FileReader, FileError> {
    FileReader::open(
        Box::new(Cursor::new(bytes.to_vec())),
        FileOptions::new("test.csv", "main"),
    )
}

/// Every frame of a file.
fn frames(mut reader: FileReader) -> Result<Vec<FrameBody>, FileError> {
    let (mut builder, mut frames) = (FrameBuilder::new(), Vec::new());
    loop {
        let progress = reader.next_frame(&mut builder, ROWS_MAX, RECEIVED)?;
        frames.push(builder.finish());
        if progress.done {
            let rows: u64 = frames
                .iter()
                .flat_map(|frame| &frame.sources)
                .map(|tally| tally.rows)
                .sum();
            assert_eq!(rows, progress.rows, "each row is counted once");
            return Ok(frames);
        }
    }
}

/// A line an event: id, type, customer and first product's name; then a line a rejection: row and reason.
fn read(bytes: &[u8]) -> Vec<String> {
    let frames = frames(open(bytes).expect("the file opens")).expect("the file is read");
    let of_frame = |frame: &FrameBody| {
        let accepted = frame.events.events().map(|event| {
            let name = event
                .items()
                .next()
                .and_then(|item| item.text(ItemText::Name))
                .unwrap_or("-")
                .to_owned();
            let customer = event.text(Text::CustomerId).unwrap_or("-");
            format!(
                "{} {} {customer} {name}",
                event.id(),
                event.label(Label::Type).unwrap_or("-")
            )
        });
        let rejected = frame
            .rejected
            .iter()
            .map(|rejected| format!("!{} {}", rejected.position, rejected.rejection));
        accepted.chain(rejected).collect::<Vec<_>>()
    };
    frames.iter().flat_map(of_frame).collect()
}

/// The same without ids and rows.
fn without_ids(lines: &[String]) -> Vec<&str> {
    lines
        .iter()
        .map(|line| line.split_once(' ').map_or(line.as_str(), |(_, rest)| rest))
        .collect()
}

const TABLE: &str =
    "event,ts,user_id,product_name\nview,1700000000,7,Café Crème\npurchase,1700000001,7,Thé\n";
const LINES: &str = "{\"type\":\"view\",\"ts\":1700000000,\"user_id\":7}\n{\"type\":\n{\"event_id\":\"x\",\"type\":\"a\",\"ts\":1700000000}";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn utf_16(text: &str, of_unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(of_unit).collect()
}

#[test]
fn however_a_file_is_packed_it_is_the_same_file() {
    let plain = read(TABLE.as_bytes());
    assert_eq!(
        without_ids(&plain),
        ["item_view 7 Café Crème", "order 7 Thé"]
    );
    assert_eq!(read(&gzip(TABLE.as_bytes())), plain);
    let (one, other) = TABLE.as_bytes().split_at(40);
    assert_eq!(read(&[gzip(one), gzip(other)].concat()), plain);
    assert_eq!(
        read(&zstd::encode_all(TABLE.as_bytes(), 1).expect("memory takes it")),
        plain
    );
}

#[test]
fn however_a_file_is_encoded_it_says_the_same() {
    let plain = read(TABLE.as_bytes());
    let marked = format!("\u{feff}{TABLE}");
    assert_eq!(read(marked.as_bytes()), plain);
    assert_eq!(read(&utf_16(&marked, u16::to_le_bytes)), plain);
    assert_eq!(read(&utf_16(&marked, u16::to_be_bytes)), plain);
    assert_eq!(read(&utf_16(TABLE, u16::to_le_bytes)), plain);
    let latin: Vec<u8> = TABLE
        .chars()
        .map(|character| u8::try_from(u32::from(character)).expect("a Latin letter"))
        .collect();
    assert_eq!(read(&latin), plain);
    assert_eq!(
        open(&latin).expect("opens").guess().evidence[0],
        "the text is windows-1252"
    );
}

#[test]
fn a_broken_character_in_utf_8_costs_its_row() {
    let mut bytes = TABLE.as_bytes().to_vec();
    bytes.extend(b"view,1700000002,7,\xff\nview,1700000003,8,x\n");
    assert_eq!(
        without_ids(&read(&bytes)),
        [
            "item_view 7 Café Crème",
            "order 7 Thé",
            "item_view 8 x",
            "invalid_text: no UTF-8 at byte 18"
        ]
    );
}

#[test]
fn a_broken_character_in_json_costs_its_event() {
    let bytes = b"{\"type\":\"a\",\"ts\":1700000000}\n{\"type\":\"\xe9\",\"ts\":1700000000}\n";
    assert_eq!(
        without_ids(&read(bytes)),
        ["a - -", "invalid_text: no UTF-8 at byte 9"]
    );
}

#[test]
fn a_long_file_in_another_encoding_is_read_whole() {
    let rows: String = (0..20_000)
        .map(|at| format!("view,{},{at},Thé n° {at}\n", 1_700_000_000 + at))
        .collect();
    let text = format!("event,ts,user_id,product_name\n{rows}");
    let plain = read(text.as_bytes());
    assert_eq!(plain.len(), 20_000);
    assert_eq!(
        read(&utf_16(&format!("\u{feff}{text}"), u16::to_be_bytes)),
        plain
    );
    let latin: Vec<u8> = text
        .chars()
        .map(|character| u8::try_from(u32::from(character)).expect("a Latin letter"))
        .collect();
    assert_eq!(read(&latin), plain);
}

#[test]
fn objects_are_told_from_tables_by_their_first_byte() {
    let shown = read(LINES.as_bytes());
    assert_eq!(
        without_ids(&shown),
        [
            "item_view 7 -",
            "a - -",
            "malformed_json: it ends too early at byte 52"
        ]
    );
    assert_eq!(
        read(format!("\u{feff} \n{LINES}").as_bytes())[..2],
        shown[..2]
    );
    assert_eq!(
        without_ids(&read(b"[{\"type\":\"a\",\"ts\":1700000000}]")),
        ["a - -"]
    );
}

#[test]
fn a_files_identity_is_in_its_first_row_and_not_in_its_name() {
    let source = |bytes: &[u8], name: &str| {
        let reader = FileReader::open(
            Box::new(Cursor::new(bytes.to_vec())),
            FileOptions::new(name, "main"),
        )
        .expect("opens");
        reader.source().source.clone()
    };
    let other = TABLE.replace("1700000000", "1700000009");
    assert_eq!(
        source(TABLE.as_bytes(), "a.csv"),
        source(&gzip(TABLE.as_bytes()), "b.csv.gz")
    );
    assert_eq!(
        source(TABLE.as_bytes(), "a"),
        source(format!("{TABLE}view,1,1,1\n").as_bytes(), "a")
    );
    assert_ne!(source(TABLE.as_bytes(), "a"), source(other.as_bytes(), "a"));
    assert_eq!(
        source(LINES.as_bytes(), "a"),
        source(format!("{LINES}\n{LINES}").as_bytes(), "a")
    );
    assert!(source(LINES.as_bytes(), "a").starts_with("file:"));
}

#[test]
fn a_grown_file_repeats_only_its_beginning() {
    for text in [TABLE, LINES] {
        let grown = format!("{text}\n{text}");
        let (before, after) = (read(text.as_bytes()), read(grown.as_bytes()));
        assert_eq!(before[0], after[0]);
        assert_eq!(before[1], after[1]);
        let first_ids: Vec<&str> = after
            .iter()
            .filter(|line| line.contains("item_view"))
            .map(|line| &line[..36])
            .collect();
        assert_ne!(
            first_ids[0], first_ids[1],
            "equal rows of a file are two events"
        );
    }
}

fn check_error(bytes: &[u8], options: impl FnOnce(&mut FileOptions), expected: &str) {
    let mut asked = FileOptions::new("orders.csv", "main");
    options(&mut asked);
    let outcome = FileReader::open(Box::new(Cursor::new(bytes.to_vec())), asked).and_then(frames);
    let shown = outcome.map_or_else(
        |error| format!("{:?}: {error}; {}", error.remedy, error.hint),
        |frames| format!("{} frames", frames.len()),
    );
    assert_eq!(shown, expected);
}

#[test]
fn a_file_that_cannot_be_read_says_what_and_how_to_mend_it() {
    check_error(
        b"",
        |_| {},
        "MendFile: cannot read orders.csv: it is empty; export it again, or name another file",
    );
    check_error(
        b" \n\n",
        |_| {},
        "MendFile: cannot read orders.csv: it is empty; export it again, or name another file",
    );
    check_error(
        &gzip(b""),
        |_| {},
        "MendFile: cannot read orders.csv: it is empty; export it again, or name another file",
    );
    check_error(
        b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00\x21\x00",
        |_| {},
        "MendFile: cannot read orders.csv: the workbook is damaged: it ends too early, or its directory is broken; \
         open it in a spreadsheet and save it again, or save it as CSV",
    );
    check_error(
        b"event,ts\na,1700000000\n",
        |options| options.map = vec![("evnt".to_owned(), "type".to_owned())],
        "SayHow: cannot read orders.csv: the file has no column \"evnt\"; did you mean event?",
    );
    check_error(
        LINES.as_bytes(),
        |options| options.map = vec![("a".to_owned(), "type".to_owned())],
        "SayHow: cannot read orders.csv: only the columns of a CSV can be mapped, and this is JSON; \
         leave --map and --map-type out, or say --dialect events if it is a CSV",
    );
    check_error(
        b"a,b,a\n1,2,3\n",
        |_| {},
        "MendFile: cannot read orders.csv: columns stand twice in the header: a; give each column a name of its own",
    );
}

#[test]
fn every_dialect_is_found_by_its_name_and_by_its_label() {
    for (name, dialect) in FileDialect::NAMES {
        assert_eq!(name.parse(), Ok(dialect));
        assert!(UnknownDialect.to_string().contains(name), "{name}");
    }
    assert_eq!("csv".parse::<FileDialect>(), Err(UnknownDialect));
    let labels = [
        ("order_csv", FileDialect::Orders),
        ("event_csv", FileDialect::Events),
        ("rees46_csv", FileDialect::Rees46),
        ("ecommerce_events_csv", FileDialect::EcommerceEvents),
        ("user_events_csv", FileDialect::UserEvents),
        ("json", FileDialect::Json),
        ("seed_shop", FileDialect::Json),
        ("ga4", FileDialect::Tracker(JsonDialect::Ga4)),
        ("segment", FileDialect::Tracker(JsonDialect::Segment)),
        ("snowplow", FileDialect::Tracker(JsonDialect::Snowplow)),
        ("access_log", FileDialect::AccessLog),
    ];
    for (label, dialect) in labels {
        assert_eq!(FileDialect::of_label(label), Some(dialect));
    }
    assert_eq!(FileDialect::of_label("csv"), None);
}

#[test]
fn paths_that_are_no_files_say_so() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let check = |path: &std::path::Path, expected: &str| {
        let error = FileReader::open_path(path, FileOptions::new("x", "main"))
            .err()
            .expect("no file");
        assert_eq!(
            (error.what.as_str(), error.remedy),
            (expected, FileRemedy::OtherFile)
        );
    };
    check(&folder.path().join("missing.csv"), "there is no such file");
    check(folder.path(), "it is a directory");
    let path = folder.path().join("events.csv");
    std::fs::write(&path, TABLE).expect("written");
    assert_eq!(
        FileReader::open_path(&path, FileOptions::new("x", "main"))
            .and_then(frames)
            .map(|frames| frames.len())
            .ok(),
        Some(1)
    );
}

/// What came in before the damage, and the error.
fn read_damaged(bytes: &[u8]) -> (usize, FileError) {
    let mut reader = open(bytes).expect("the beginning is sound");
    let (mut builder, mut accepted) = (FrameBuilder::new(), 0);
    loop {
        let progress = reader.next_frame(&mut builder, ROWS_MAX, RECEIVED);
        accepted += builder.finish().events.len();
        match progress {
            Ok(progress) => assert!(!progress.done, "damage is not an end"),
            Err(error) => return (accepted, error),
        }
    }
}

#[test]
fn a_packed_file_that_ends_early_gives_its_whole_rows_and_then_an_error() {
    let rows: String = (0..200_000)
        .map(|at| {
            format!(
                "view,{},{at},p{}\n",
                1_700_000_000 + at,
                at * 7_919 % 100_003
            )
        })
        .collect();
    let packed = gzip(format!("event,ts,user_id,product_name\n{rows}").as_bytes());
    let (accepted, error) = read_damaged(&packed[..packed.len() / 2]);
    assert!((50_000..150_000).contains(&accepted), "{accepted}");
    assert_eq!(error.remedy, FileRemedy::MendFile);
    assert_eq!(
        error.what,
        format!("the packed file ends too early, after {accepted} rows")
    );
}

/// A disk that stops answering.
struct Failing(Cursor<Vec<u8>>);

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(std::io::Error::other("the disk is gone")),
            read => Ok(read),
        }
    }
}

#[test]
fn a_read_that_fails_keeps_the_row_it_cut_out() {
    let mut bytes = TABLE.as_bytes().to_vec();
    bytes.extend(b"view,1700000002,12");
    let mut reader = FileReader::open(
        Box::new(Failing(Cursor::new(bytes))),
        FileOptions::new("x", "main"),
    );
    // The failure comes within the beginning that is looked at, so the file does not even open.
    assert_eq!(
        reader.as_mut().err().map(|error| error.what.as_str()),
        Some("reading stopped after 0 rows")
    );
}

#[test]
fn an_order_is_never_parted_by_frames() {
    let header = "order_id,product_id,quantity,order_date,price\n";
    let row = |at: usize| format!("{},p{at},1,2023-11-14,1\n", at / 700);
    let text = header.to_owned() + &(0..7_000).map(row).collect::<String>();
    let frames = frames(open(text.as_bytes()).expect("opens")).expect("is read");
    let orders: Vec<usize> = frames
        .iter()
        .flat_map(|frame| {
            frame
                .events
                .events()
                .map(|event| event.items().len())
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(orders, [700; 10]);
    assert!(frames.iter().all(|frame| frame.rejected.is_empty()));
}

#[test]
fn a_row_of_four_mebibytes_is_set_aside_and_the_next_is_read() {
    let text = format!(
        "event,ts,note\na,1700000000,{}\nb,1700000000,x\n",
        "x".repeat(4 << 20)
    );
    assert_eq!(
        without_ids(&read(text.as_bytes())),
        ["b - -", "too_large: one row is larger than 1 MiB"]
    );
    let text = format!(
        "{{\"type\":\"a\",\"x\":\"{}\"}}\n{{\"type\":\"b\",\"ts\":1700000000}}\n",
        "x".repeat(4 << 20)
    );
    assert_eq!(
        without_ids(&read(text.as_bytes())),
        ["b - -", "too_large: one event is larger than 1 MiB"]
    );
}
