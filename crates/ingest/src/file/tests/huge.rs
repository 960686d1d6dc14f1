//! Files larger than memory may hold, made while they are read: whatever is in them, the window stays small.

use super::*;

const HEADER: &str = "event,ts,user_id,note\nview,1700000000,7,first\n";
const GIBIBYTE: u64 = 1 << 30;
/// Of a window of 1 MiB that grows by its own size until it holds the longest row, or an order of 4 MiB.
const WINDOW_BYTES_MAX: usize = 16 << 20;

/// A beginning, then the same piece over and over, then an end.
struct Endless {
    start: Cursor<Vec<u8>>,
    piece: Vec<u8>,
    piece_at: usize,
    left: u64,
    end: Cursor<Vec<u8>>,
}

impl Endless {
    fn new(start: String, piece: &str, bytes: u64, end: &str) -> Endless {
        Endless {
            start: Cursor::new(start.into_bytes()),
            piece: piece.as_bytes().to_vec(),
            piece_at: 0,
            left: bytes / piece.len() as u64 * piece.len() as u64,
            end: Cursor::new(end.as_bytes().to_vec()),
        }
    }
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.start.read(buffer)?;
        if read > 0 {
            return Ok(read);
        }
        if self.left == 0 {
            return self.end.read(buffer);
        }
        let rest = &self.piece[self.piece_at..];
        let taken = rest.len().min(buffer.len()).min(self.left as usize);
        buffer[..taken].copy_from_slice(&rest[..taken]);
        self.piece_at = (self.piece_at + taken) % self.piece.len();
        self.left -= taken as u64;
        Ok(taken)
    }
}

/// Reads to the end; how many events and rejections, and the reasons.
fn check(file: Endless, accepted: u64, rejected: &[(&str, u64)]) {
    let options = FileOptions::new("huge.csv", "main");
    let mut reader = FileReader::open(Box::new(file), options).expect("opens");
    let mut builder = FrameBuilder::new();
    let mut events = 0;
    let mut reasons = std::collections::BTreeMap::<&str, u64>::new();
    loop {
        let progress = reader
            .next_frame(&mut builder, ROWS_MAX, RECEIVED)
            .expect("is read");
        let frame = builder.finish();
        events += frame.events.len() as u64;
        for rejected in &frame.rejected {
            *reasons.entry(rejected.rejection.reason.code()).or_default() += 1;
        }
        let held = reader.window_bytes();
        assert!(held <= WINDOW_BYTES_MAX, "{held} bytes are held");
        if progress.done {
            break;
        }
    }
    assert_eq!(events, accepted);
    assert_eq!(reasons.into_iter().collect::<Vec<_>>(), rejected);
}

const LAST: &str = "\nview,1700000001,8,last\n";

#[test]
fn a_gibibyte_behind_an_unclosed_quote_costs_its_row_alone() {
    // One line: it is too large, whatever its quote means.
    let line = "x".repeat(1 << 16);
    let start = format!("{HEADER}view,1700000000,7,\"open");
    check(
        Endless::new(start.clone(), &line, GIBIBYTE, LAST),
        2,
        &[("too_large", 1)],
    );
    // Many lines: the quote costs the first, and each of the others is a row.
    let row = format!("view,1700000002,9,{}\n", "x".repeat(60_000));
    let rows = GIBIBYTE / row.len() as u64;
    check(
        Endless::new(start + "\n", &row, GIBIBYTE, LAST),
        2 + rows,
        &[("unclosed_quote", 1)],
    );
}

#[test]
fn an_order_behind_a_row_without_end_is_read() {
    let start = "order_id,product_id,quantity,order_date,price\n1,A,1,2023-11-14,1\n1,".to_owned();
    let end = "\n1,B,1,2023-11-14,1\n2,A,1,2023-11-14,1\n";
    let line = "x".repeat(1 << 16);
    check(
        Endless::new(start, &line, 64 << 20, end),
        3,
        &[("too_large", 1)],
    );
}

#[test]
fn a_line_of_a_log_without_end_is_passed_over() {
    let log = "192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1\n";
    let start = format!("{log}192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"GET /");
    let line = "x".repeat(1 << 16);
    check(
        Endless::new(start, &line, 64 << 20, &format!("\n{log}")),
        2,
        &[("too_large", 1)],
    );
}

#[test]
fn a_gzip_that_unpacks_to_much_more_than_it_is_stays_small_in_memory() {
    // 64 MiB of one line in some 64 KiB; the packing is read as a stream.
    let packed = gzip(format!("{HEADER}{}{LAST}", "x".repeat(64 << 20)).as_bytes());
    assert!(packed.len() < 1 << 20);
    let file = Endless {
        start: Cursor::new(packed),
        piece: vec![0],
        piece_at: 0,
        left: 0,
        end: Cursor::new(Vec::new()),
    };
    check(file, 2, &[("too_large", 1)]);
}
