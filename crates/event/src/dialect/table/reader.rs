//! Reads a CSV window by window under its mapping; each row is accounted for once, in an event or by a reason.

use super::events::event_of_row;
use super::guess::{Guess, MappingError, SAMPLE_ROWS_MAX, guess};
use super::mapping::{TableDialect, Wishes};
use super::orders::{Orders, Surroundings, TooManyOrders};
use super::row::{Sheet, TableRow};
use super::split::{Cell, Row, Rows};
use crate::check::{CheckContext, ITEMS_MAX};
use crate::dialect::field::Style;
use crate::dialect::json::Read;
use crate::dialect::{Decoding, EVENT_BYTES_MAX, Intake};
use crate::rejection::{Reason, Rejection};
use crate::{EventId, running_hash};
use std::ops::Range;

/// The names in the header line with the first values of each column, whether or not a mapping can be made of them.
/// `window` is the beginning of a file.
#[must_use]
pub fn table_glimpse(window: &[u8], complete: bool, rows_max: usize) -> Vec<(String, Vec<String>)> {
    let mut rows = Rows::new(separator(window, complete), line_end(window));
    let mut cells = Vec::new();
    let Row::Cells { next, .. } = rows.next(window, byte_order_mark(window), complete, &mut cells)
    else {
        return Vec::new();
    };
    let named = |(at, name): (usize, String)| match name.is_empty() {
        true => (format!("column {at}"), Vec::new()),
        false => (name, Vec::new()),
    };
    let mut columns: Vec<_> = (1..).zip(texts(window, &cells)).map(named).collect();
    let mut at = next;
    for _ in 0..rows_max {
        cells.clear();
        let Row::Cells { next, .. } = rows.next(window, at, complete, &mut cells) else {
            break;
        };
        at = next;
        for ((_, values), value) in columns.iter_mut().zip(texts(window, &cells)) {
            values.push(value);
        }
    }
    columns
}

/// Separators tried, the likeliest first.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Rows looked at to tell the separator.
const SEPARATOR_ROWS: usize = 20;
/// Rows of one invoice are held until they end; beyond this many bytes the rest becomes an update of the order.
const GROUP_BYTES_MAX: usize = 4 << 20;

/// A CSV and how it is read.
#[derive(Debug, Clone)]
pub struct Table {
    rows: Rows,
    guess: Guess,
    decimal_comma: bool,
    orders: Orders,
    /// The running hash and row number of what is done with.
    hash: u128,
    position: i64,
    identity: u128,
    cells: Vec<Cell>,
    group: Vec<TableRow>,
    unreadable: Vec<(TableRow, Rejection)>,
    /// Reading stops behind this row, in the middle of an order too.
    pause_at: Option<i64>,
    /// An order ends with the last row there is, though the file may go on.
    is_settled: bool,
}

/// A row as it was found.
struct Found {
    bytes: Range<usize>,
    next: usize,
    cells: Result<Range<usize>, Rejection>,
}

impl Table {
    /// Reads the header and guesses the mapping from the rows after it; how many bytes the header took.
    /// `window` is the beginning of the file, `complete` says that it is all of it.
    pub fn open(
        window: &[u8],
        complete: bool,
        wishes: &Wishes,
    ) -> Result<(Table, usize), MappingError> {
        let separator = separator(window, complete);
        let decimal_comma = separator == b';';
        let mut rows = Rows::new(separator, line_end(window));
        let mut cells = Vec::new();
        let Row::Cells { start, end, next } =
            rows.next(window, byte_order_mark(window), complete, &mut cells)
        else {
            return Err(MappingError::NoHeader);
        };
        let header = texts(window, &cells);
        let sample = sample(rows, window, next, complete, header.len());
        let guess = guess(&header, &sample, wishes, decimal_comma)?;
        let hash = running_hash(0, &window[start..end]);
        let mut table = Table {
            orders: Orders::new(&guess.mapping),
            rows,
            guess,
            decimal_comma,
            hash,
            position: 0,
            identity: hash,
            cells: Vec::new(),
            group: Vec::new(),
            unreadable: Vec::new(),
            pause_at: None,
            is_settled: false,
        };
        if let Some(first) = table.clone().find(window, next, complete) {
            table.identity = table.hash_with(hash, &window[first.bytes]);
        }
        Ok((table, next))
    }

    /// The mapping and why.
    #[must_use]
    pub fn guess(&self) -> &Guess {
        &self.guess
    }

    /// The running hash to the end of the first row: what the file is, whatever its name.
    #[must_use]
    pub fn identity(&self) -> u128 {
        self.identity
    }

    /// The running hash of what is done with.
    #[must_use]
    pub fn hash(&self) -> u128 {
        self.hash
    }

    /// Whether the first row was all there when the file was opened, so that its identity is the one it keeps.
    #[must_use]
    pub fn has_first_row(&self) -> bool {
        self.position > 0 || self.identity != self.hash
    }

    /// Makes reading stop behind a row, where an earlier reading of the file stopped; nothing lets it go on.
    pub fn pause_at(&mut self, row: Option<u64>) {
        self.pause_at = row.and_then(|row| i64::try_from(row).ok());
    }

    /// Whether the order at the end of what there is may be taken for whole: a file that grows has been quiet.
    pub fn settle(&mut self, is_settled: bool) {
        self.is_settled = is_settled;
    }

    /// Reads up to about `events_max` events from a window that begins where the one before was done; rows of one invoice are
    /// never parted by it. `complete` says that the file ends with it. Consumes nothing only if the window has to be larger.
    pub fn read(
        &mut self,
        window: &[u8],
        complete: bool,
        events_max: usize,
        decoding: &Decoding<'_>,
        context: CheckContext,
        intake: &mut impl Intake,
    ) -> Result<Read, TooManyOrders> {
        let read = match self.guess.mapping.dialect {
            TableDialect::Orders => {
                self.read_orders(window, complete, events_max, decoding, context, intake)?
            }
            _ => self.read_events(window, complete, events_max, decoding, intake),
        };
        self.rows.advance(read.consumed);
        Ok(read)
    }

    fn read_events(
        &mut self,
        window: &[u8],
        complete: bool,
        events_max: usize,
        decoding: &Decoding<'_>,
        intake: &mut impl Intake,
    ) -> Read {
        let mut read = Read {
            consumed: self.rows.skip_oversized(window),
            ..Read::default()
        };
        while read.events < events_max && self.pause_at != Some(self.position) {
            self.cells.clear();
            let Some(found) = self.find(window, read.consumed, complete) else {
                break;
            };
            read.consumed = found.next;
            read.rows += 1;
            read.events += 1;
            self.hash = self.hash_with(self.hash, &window[found.bytes.clone()]);
            self.position += 1;
            let raw = &window[found.bytes.clone()];
            let event = found.cells.and_then(|cells| {
                let row = TableRow {
                    bytes: found.bytes,
                    cells,
                    position: self.position,
                    hash: self.hash,
                };
                let mut types = std::mem::take(&mut self.guess.mapping.types);
                let event = event_of_row(&self.sheet(window, decoding), &row, &mut types, decoding);
                self.guess.mapping.types = types;
                event
            });
            match event {
                Ok(mut event) => intake.take(&mut event, raw),
                Err(rejection) => {
                    intake.refuse(self.position, rejection, raw);
                    intake.identify_refused(EventId(self.hash));
                }
            }
        }
        read
    }

    fn read_orders(
        &mut self,
        window: &[u8],
        complete: bool,
        events_max: usize,
        decoding: &Decoding<'_>,
        context: CheckContext,
        intake: &mut impl Intake,
    ) -> Result<Read, TooManyOrders> {
        let mut read = Read {
            consumed: self.rows.skip_oversized(window),
            ..Read::default()
        };
        while read.events < events_max && self.pause_at != Some(self.position) {
            let Some(end) = self.find_group(window, read.consumed, complete, decoding) else {
                break;
            };
            let rows = self.group.len() + self.unreadable.len();
            for (row, rejection) in self.unreadable.drain(..) {
                intake.refuse(row.position, rejection, &window[row.bytes]);
                intake.identify_refused(EventId(row.hash));
                read.events += 1;
            }
            let (mut orders, group) = (
                std::mem::replace(&mut self.orders, Orders::none()),
                std::mem::take(&mut self.group),
            );
            let at = Surroundings {
                sheet: self.sheet(window, decoding),
                decoding: *decoding,
                context,
            };
            let handed_over = orders.hand_over(&group, &at, intake);
            (self.orders, self.group) = (orders, group);
            read.events += handed_over?;
            read.rows += rows as u64;
            read.consumed = end;
        }
        Ok(read)
    }

    /// Gathers the rows at `at` that belong to one invoice, the unreadable ones among them apart; where they end.
    /// Nothing where they may go on beyond the window.
    fn find_group(
        &mut self,
        window: &[u8],
        at: usize,
        complete: bool,
        decoding: &Decoding<'_>,
    ) -> Option<usize> {
        self.cells.clear();
        self.group.clear();
        self.unreadable.clear();
        let (mut hash, mut position, mut end) = (self.hash, self.position, at);
        // What the splitter has learnt from rows that will be read again must not change how they are read then.
        let before = self.rows;
        let mut rows = before;
        let (mut invoice, mut is_last) = (None, false);
        loop {
            let Some(found) = self.find(window, end, complete) else {
                if !(complete || self.is_settled) || end == at {
                    self.rows = before;
                    return None;
                }
                break;
            };
            let row_hash = self.hash_with(hash, &window[found.bytes.clone()]);
            let (cells, rejection) = match found.cells {
                Ok(cells) => (cells, None),
                Err(rejection) => (0..0, Some(rejection)),
            };
            let row = TableRow {
                bytes: found.bytes,
                cells,
                position: position + 1,
                hash: row_hash,
            };
            let of_row = match rejection {
                None => self.orders.invoice_of(&self.sheet(window, decoding), &row),
                Some(rejection) => Err(rejection),
            };
            match of_row {
                Ok(of_row) if invoice.is_some_and(|invoice| invoice != of_row) => break,
                Ok(of_row) => {
                    invoice = Some(of_row);
                    self.group.push(row);
                }
                Err(rejection) => {
                    is_last |= rejection.reason == Reason::TooLarge;
                    self.unreadable.push((row, rejection));
                }
            }
            (hash, position, end, rows) = (row_hash, position + 1, found.next, self.rows);
            is_last |= self.group.len() + self.unreadable.len() >= ITEMS_MAX;
            is_last |= self.pause_at == Some(position);
            if is_last || end - at > GROUP_BYTES_MAX {
                break;
            }
        }
        (self.hash, self.position, self.rows) = (hash, position, rows);
        Some(end)
    }

    /// The next row and its cells, behind those already in the list.
    fn find(&mut self, window: &[u8], at: usize, complete: bool) -> Option<Found> {
        let first = self.cells.len();
        match self.rows.next(window, at, complete, &mut self.cells) {
            Row::Cells { start, end, next } => {
                let found = self.cells.len() - first;
                let raw = &window[start..end];
                if found != self.guess.mapping.columns.len()
                    && let Some(line) = self.rows.line_of(window, start, end)
                {
                    // Several lines and the wrong number of cells: a quote that was meant to close earlier.
                    self.cells.truncate(first);
                    let Row::Broken {
                        start,
                        end,
                        next,
                        rejection,
                    } = self.rows.first_line(window, start, line)
                    else {
                        return None;
                    };
                    return Some(Found {
                        bytes: start..end,
                        next,
                        cells: Err(rejection),
                    });
                }
                let cells = self.check_row(raw, found).map(|()| first..first + found);
                if cells.is_err() {
                    self.cells.truncate(first);
                }
                Some(Found {
                    bytes: start..end,
                    next,
                    cells,
                })
            }
            Row::Broken {
                start,
                end,
                next,
                rejection,
            } => Some(Found {
                bytes: start..end,
                next,
                cells: Err(rejection),
            }),
            Row::More(_) | Row::End => None,
        }
    }

    fn check_row(&self, raw: &[u8], cells: usize) -> Result<(), Rejection> {
        let columns = self.guess.mapping.columns.len();
        if cells != columns {
            return Err(Rejection::new(
                Reason::RaggedRow,
                format!("{cells} cells where the header has {columns}"),
            ));
        }
        if let Some(at) = memchr::memchr(0, raw) {
            return Err(Rejection::new(
                Reason::InvalidText,
                format!("NUL at byte {at}"),
            ));
        }
        match std::str::from_utf8(raw) {
            Ok(_) => Ok(()),
            Err(error) => Err(Rejection::new(
                Reason::InvalidText,
                format!("no UTF-8 at byte {}", error.valid_up_to()),
            )),
        }
    }

    fn sheet<'a, 's>(&'s self, window: &'a [u8], decoding: &Decoding<'a>) -> Sheet<'a, 's> {
        let style = Style {
            zone: decoding.zone,
            decimal_comma: self.decimal_comma,
        };
        Sheet {
            window,
            cells: &self.cells,
            mapping: &self.guess.mapping,
            style,
        }
    }

    /// A row's own bytes without its line end, so that a last line that gets one later stays the same row.
    /// Of a row too large to be held only the beginning counts: where windows end must not change what follows.
    fn hash_with(&self, before: u128, row: &[u8]) -> u128 {
        running_hash(before, &row[..row.len().min(EVENT_BYTES_MAX)])
    }
}

fn texts(window: &[u8], cells: &[Cell]) -> Vec<String> {
    cells
        .iter()
        .map(|cell| {
            String::from_utf8_lossy(cell.raw(window))
                .trim_matches('"')
                .trim()
                .to_owned()
        })
        .collect()
}

fn sample(
    mut rows: Rows,
    window: &[u8],
    at: usize,
    complete: bool,
    columns: usize,
) -> Vec<Vec<String>> {
    let (mut sample, mut at) = (Vec::new(), at);
    while sample.len() < SAMPLE_ROWS_MAX {
        let mut cells = Vec::new();
        at = match rows.next(window, at, complete, &mut cells) {
            Row::Cells { next, .. } => next,
            Row::Broken { next, .. } => next,
            Row::More(_) | Row::End => break,
        };
        if cells.len() == columns {
            sample.push(texts(window, &cells));
        }
    }
    sample
}

fn byte_order_mark(window: &[u8]) -> usize {
    if window.starts_with(b"\xEF\xBB\xBF") {
        3
    } else {
        0
    }
}

/// Files of old machines end their lines with a return alone.
fn line_end(window: &[u8]) -> u8 {
    let has_feed = memchr::memchr(b'\n', window).is_some();
    if !has_feed && memchr::memchr(b'\r', window).is_some() {
        b'\r'
    } else {
        b'\n'
    }
}

/// The separator under which most of the first rows have as many cells as the header; of equals the one that makes more cells.
fn separator(window: &[u8], complete: bool) -> u8 {
    let score = |separator: u8| {
        let mut rows = Rows::new(separator, line_end(window));
        let (mut at, mut columns, mut alike) = (byte_order_mark(window), 0, 0);
        for number in 0..=SEPARATOR_ROWS {
            let mut cells = Vec::new();
            at = match rows.next(window, at, complete, &mut cells) {
                Row::Cells { next, .. } | Row::Broken { next, .. } => next,
                Row::More(_) | Row::End => break,
            };
            if number == 0 {
                columns = cells.len();
            } else {
                alike += usize::from(cells.len() == columns);
            }
        }
        if columns < 2 {
            (0, 0)
        } else {
            (alike + 1, columns)
        }
    };
    // The first of equals wins, so the likeliest come last for `max_by_key`.
    SEPARATORS
        .into_iter()
        .rev()
        .max_by_key(|separator| score(*separator))
        .unwrap_or(b',')
}
