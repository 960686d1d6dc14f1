//! Files that are still written to, and files that are read on from a place reached before.

use super::*;
use event::frame::{RowSpan, SourceMark};
use std::sync::{Arc, Mutex};

/// A file that a test writes to while it is read.
#[derive(Clone, Default)]
struct Pen(Arc<Mutex<(Vec<u8>, usize)>>);

impl Pen {
    fn write(&self, text: &str) {
        let mut file = self.0.lock().expect("no test panics with it");
        file.0.extend_from_slice(text.as_bytes());
    }
}

impl Read for Pen {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut file = self.0.lock().expect("no test panics with it");
        let at = file.1;
        let read = (&file.0[at..]).read(buffer)?;
        file.1 += read;
        Ok(read)
    }
}

fn options() -> FileOptions {
    FileOptions::new("test.csv", "main")
}

fn follow(pen: &Pen) -> Box<FileReader> {
    match FileReader::open_growing(Box::new(pen.clone()), options()).expect("it opens") {
        Growing::Opened(reader) => reader,
        Growing::TooShort => panic!("too short"),
        Growing::WholeOnly(why) => panic!("{why}"),
    }
}

/// What the next frame holds: type, order and number of lines, `!` and the row for a rejection.
fn next(reader: &mut FileReader) -> String {
    let mut builder = FrameBuilder::new();
    let progress = (reader.next_frame(&mut builder, ROWS_MAX, RECEIVED)).expect("it is read");
    let body = builder.finish();
    let mut words: Vec<String> = body.events.events().map(|event| shown(&event)).collect();
    words.extend(body.rejected.iter().map(|it| format!("!{}", it.position)));
    if progress.done {
        words.push("end".to_owned());
    }
    words.join(" ")
}

fn shown(event: &event::EventRef<'_>) -> String {
    let kind = event.label(Label::Type).unwrap_or("-");
    match event.text(Text::OrderId) {
        Some(order) => format!("{kind}:{order}x{}", event.items().count()),
        None => kind.to_owned(),
    }
}

const EVENTS: &str = "event,ts,user_id,product_name\nview,1700000000,7,A\n";
const ORDERS: &str =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

fn line(order: &str, code: &str) -> String {
    format!("{order},{code},thing,1,2010-12-01 08:26:00,2.50,17850,France\n")
}

#[test]
fn a_line_is_read_once_it_has_ended() {
    let pen = Pen::default();
    pen.write(EVENTS);
    let mut reader = follow(&pen);
    assert_eq!(next(&mut reader), "item_view");
    pen.write("view,17000");
    assert_eq!(next(&mut reader), "");
    pen.write("00001,8,B\nview,1700000002,9,C");
    assert_eq!(next(&mut reader), "item_view");
    reader.stop_growing();
    assert_eq!(next(&mut reader), "item_view end");
}

#[test]
fn a_file_without_a_whole_row_cannot_be_told_yet() {
    for beginning in ["", "event,ts\n", "event,ts\nview,17", "{\"type\":\"view\","] {
        let pen = Pen::default();
        pen.write(beginning);
        let opened = FileReader::open_growing(Box::new(pen), options()).expect("it opens");
        assert!(matches!(opened, Growing::TooShort), "{beginning}");
    }
}

#[test]
fn packed_files_and_other_encodings_are_read_as_a_whole() {
    let utf_16: Vec<u8> = EVENTS.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [packed(EVENTS.as_bytes()), utf_16] {
        let opened = FileReader::open_growing(Box::new(Cursor::new(bytes)), options());
        assert!(matches!(opened, Ok(Growing::WholeOnly(_))));
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

#[test]
fn an_order_at_the_end_waits_for_the_next_or_for_quiet_and_what_comes_then_is_its_update() {
    let pen = Pen::default();
    pen.write(&format!(
        "{ORDERS}{}{}{}",
        line("536365", "1"),
        line("536365", "2"),
        line("536366", "3")
    ));
    let mut reader = follow(&pen);
    assert_eq!(next(&mut reader), "order:536365x2");
    assert_eq!(next(&mut reader), "");
    reader.settle(true);
    assert_eq!(next(&mut reader), "order:536366x1");
    reader.settle(false);
    pen.write(&line("536366", "4"));
    pen.write(&line("536367", "5"));
    assert_eq!(next(&mut reader), "order_update:536366x1");
}

#[test]
fn reading_on_from_a_row_gives_the_rest_even_within_an_order() {
    let rows = [("1001", "1"), ("1001", "2"), ("1001", "3"), ("1002", "4")];
    let text: String = rows.iter().map(|(order, code)| line(order, code)).collect();
    let text = format!("{ORDERS}{text}");
    for (rows, rest) in [
        (0, "order:1001x3 order:1002x1 end"),
        (1, "order_update:1001x2 order:1002x1 end"),
        (3, "order:1002x1 end"),
        (4, "end"),
    ] {
        let mut reader = open(text.as_bytes()).expect("it opens");
        assert_eq!(reader.skip_to(rows, RECEIVED).ok(), Some(true));
        assert_eq!(reader.mark().rows, rows);
        assert_eq!(next(&mut reader), rest, "after {rows}");
    }
    let mut reader = open(text.as_bytes()).expect("it opens");
    assert_eq!(reader.skip_to(5, RECEIVED).ok(), Some(false));
}

#[test]
fn a_place_is_proven_by_what_stands_before_it() {
    let mark = |text: &str, rows| -> SourceMark {
        let mut reader = open(text.as_bytes()).expect("it opens");
        assert_eq!(reader.skip_to(rows, RECEIVED).ok(), Some(true));
        reader.mark()
    };
    for text in [
        TABLE,
        "{\"type\":\"a\",\"n\":1}\n{\"type\":\"b\",\"n\":2}\n",
    ] {
        let grown = format!("{text}{}", text.lines().last().expect("a line"));
        assert_eq!(mark(text, 2), mark(&grown, 2));
        let other = text.replace("7", "8").replace('1', "3");
        assert_ne!(mark(text, 2), mark(&other, 2));
    }
}

#[test]
fn frames_of_a_file_join_without_a_gap() {
    let text: String = (0..3 * ROWS_MAX)
        .map(|number| format!("view,1700000000,{number},A\n"))
        .collect();
    let text = format!("{EVENTS}{text}");
    let frames = frames(open(text.as_bytes()).expect("opens")).expect("is read");
    let spans: Vec<RowSpan> = (frames.iter())
        .filter_map(|frame| frame.sources[0].span)
        .collect();
    assert_eq!(spans[0].from.rows, 0);
    assert_eq!(
        spans.last().expect("a frame").until.rows,
        3 * ROWS_MAX as u64 + 1
    );
    assert!(spans.windows(2).all(|pair| pair[0].until == pair[1].from));
}

/// Gives some bytes, then fails.
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
fn rows_before_a_failed_read_are_handed_over_before_it_is_told() {
    // More than is looked at to tell the encoding; blank lines are no rows.
    let gap = "\n".repeat(100 << 10);
    let text = format!("{EVENTS}{gap}view,1700000001,8,B\nview,17000");
    let failing = Failing(Cursor::new(text.into_bytes()));
    let mut reader = FileReader::open(Box::new(failing), options()).expect("it opens");
    assert_eq!(next(&mut reader), "item_view item_view");
    let mut builder = FrameBuilder::new();
    let failed = reader.next_frame(&mut builder, ROWS_MAX, RECEIVED);
    let failure = failed.expect_err("the disk is gone");
    assert_eq!(failure.what, "reading stopped after 2 rows");
}
