//! Rows and cells of a CSV: where they begin and end, quotes and all. Cells stay where they are in the window.
//! A quote that is never closed costs its own line, not the rest of the file.

use crate::dialect::EVENT_BYTES_MAX;
use crate::rejection::{Reason, Rejection};
use std::borrow::Cow;

/// A cell's place in the window, without its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    start: usize,
    end: usize,
    /// Holds doubled quotes, or text behind the closing one: it has to be copied to be read.
    is_escaped: bool,
}

impl Cell {
    /// The bytes as they stand in the file.
    pub(super) fn raw<'w>(&self, window: &'w [u8]) -> &'w [u8] {
        &window[self.start..self.end]
    }

    /// The text, of a window that is UTF-8 here.
    pub(super) fn text<'w>(&self, window: &'w [u8]) -> Cow<'w, str> {
        let text = std::str::from_utf8(self.raw(window)).unwrap_or_default();
        if self.is_escaped {
            Cow::Owned(unescape(text))
        } else {
            Cow::Borrowed(text)
        }
    }
}

/// The text of a quoted cell from behind its opening quote: `""` is a quote, a single one closes, the rest is as it is.
fn unescape(quoted: &str) -> String {
    let mut text = String::with_capacity(quoted.len());
    let mut rest = quoted;
    while let Some((before, after)) = rest.split_once('"') {
        text.push_str(before);
        match after.strip_prefix('"') {
            Some(after) => {
                text.push('"');
                rest = after;
            }
            None => return text + after,
        }
    }
    text + rest
}

/// What the next row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Row {
    /// A row from `start` to `end`; what follows begins at `next`.
    Cells {
        start: usize,
        end: usize,
        next: usize,
    },
    /// A row that cannot be taken apart.
    Broken {
        start: usize,
        end: usize,
        next: usize,
        rejection: Rejection,
    },
    /// The row that begins here goes on beyond the window.
    More(usize),
    /// Nothing follows.
    End,
}

/// Takes a window apart, row by row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows {
    separator: u8,
    line_end: u8,
    /// The rest of a row larger than the window is passed over.
    in_oversized: bool,
    /// Up to here a quote was followed in vain: one that opens before it and does not close on its line is broken at once,
    /// so that a file of such lines does not cost a search through a mebibyte for each.
    searched_until: usize,
}

impl Rows {
    pub(super) fn new(separator: u8, line_end: u8) -> Rows {
        Rows {
            separator,
            line_end,
            in_oversized: false,
            searched_until: 0,
        }
    }

    /// The window moved on by so many bytes.
    pub(super) fn advance(&mut self, consumed: usize) {
        self.searched_until = self.searched_until.saturating_sub(consumed);
    }

    /// Where the rest of a row too large to be held ends, if one is under way: it is passed over window by window.
    pub(super) fn skip_oversized(&mut self, window: &[u8]) -> usize {
        if !self.in_oversized {
            return 0;
        }
        let end = memchr::memchr(self.line_end, window);
        self.in_oversized = end.is_none();
        end.unwrap_or(window.len())
    }

    /// The row at `at`, its cells left in `cells` behind those that are there.
    pub(super) fn next(
        &mut self,
        window: &[u8],
        at: usize,
        complete: bool,
        cells: &mut Vec<Cell>,
    ) -> Row {
        let Some(start) = self.row_start(window, at) else {
            return if complete {
                Row::End
            } else {
                Row::More(window.len())
            };
        };
        let (line, next) = match memchr::memchr(self.line_end, &window[start..]) {
            Some(found) => (start + found, start + found + 1),
            None if complete => (window.len(), window.len()),
            None if window.len() - start > EVENT_BYTES_MAX => return self.oversized(window, start),
            None => return Row::More(start),
        };
        if memchr::memchr(b'"', &window[start..line]).is_some() {
            return self.quoted(window, start, complete, (line, next), cells);
        }
        let end = self.without_return(window, start, line);
        if end - start > EVENT_BYTES_MAX {
            return Row::Broken {
                start,
                end,
                next,
                rejection: too_large(),
            };
        }
        let mut from = start;
        for found in memchr::memchr_iter(self.separator, &window[start..end]) {
            cells.push(Cell {
                start: from,
                end: start + found,
                is_escaped: false,
            });
            from = start + found + 1;
        }
        cells.push(Cell {
            start: from,
            end,
            is_escaped: false,
        });
        Row::Cells { start, end, next }
    }

    /// The first byte of a row at or after `at`: blank lines are no rows.
    fn row_start(&self, window: &[u8], at: usize) -> Option<usize> {
        if self.in_oversized {
            return None;
        }
        window[at..]
            .iter()
            .position(|byte| !matches!(byte, b'\n' | b'\r'))
            .map(|found| at + found)
    }

    fn without_return(&self, window: &[u8], start: usize, line: usize) -> usize {
        if self.line_end == b'\n' && line > start && window[line - 1] == b'\r' {
            line - 1
        } else {
            line
        }
    }

    fn oversized(&mut self, window: &[u8], start: usize) -> Row {
        self.in_oversized = true;
        Row::Broken {
            start,
            end: window.len(),
            next: window.len(),
            rejection: too_large(),
        }
    }

    /// A row whose first line, given with what follows it, holds a quote.
    fn quoted(
        &mut self,
        window: &[u8],
        start: usize,
        complete: bool,
        line: (usize, usize),
        cells: &mut Vec<Cell>,
    ) -> Row {
        let kept = cells.len();
        let mut at = start;
        loop {
            let until = if at < self.searched_until {
                line.0
            } else {
                window.len().min(start + EVENT_BYTES_MAX)
            };
            let span = match self.span(window, at, until) {
                Ok(span) => span,
                Err(searched) => {
                    cells.truncate(kept);
                    if !complete && searched == window.len() && searched < start + EVENT_BYTES_MAX {
                        return Row::More(start);
                    }
                    self.searched_until = self.searched_until.max(searched);
                    return self.first_line(window, start, line);
                }
            };
            cells.push(span.cell(window));
            if window.get(span.end) == Some(&self.separator) {
                at = span.end + 1;
                continue;
            }
            let (end, next) = (span.end, self.next_row(window, span.end));
            if !complete && window[next - 1] != self.line_end {
                cells.truncate(kept);
                return Row::More(start);
            }
            return Row::Cells { start, end, next };
        }
    }

    /// Where the row after one that ends at `end` begins.
    fn next_row(&self, window: &[u8], end: usize) -> usize {
        let end = if window.get(end) == Some(&self.line_end) {
            end
        } else {
            end + usize::from(window.get(end) == Some(&b'\r'))
        };
        window.len().min(end + 1)
    }

    /// The first line of a row alone, as one whose quote is never closed.
    pub(super) fn first_line(&self, window: &[u8], start: usize, line: (usize, usize)) -> Row {
        let rejection = Rejection::new(
            Reason::UnclosedQuote,
            "a quote is opened and not closed within the row",
        );
        Row::Broken {
            start,
            end: self.without_return(window, start, line.0),
            next: line.1,
            rejection,
        }
    }

    /// The first line of a row and what follows it, where the row has more lines than one.
    pub(super) fn line_of(
        &self,
        window: &[u8],
        start: usize,
        end: usize,
    ) -> Option<(usize, usize)> {
        memchr::memchr(self.line_end, &window[start..end])
            .map(|found| (start + found, start + found + 1))
    }

    /// The cell at `at`. If its quote does not close before `until`, or closes on a later line in the middle of text (then it was
    /// another cell's opening quote), how far was searched.
    fn span(&self, window: &[u8], at: usize, until: usize) -> Result<Span, usize> {
        if window.get(at) != Some(&b'"') {
            return Ok(Span {
                start: at,
                quote: None,
                end: self.cell_end(window, at),
            });
        }
        let mut from = at + 1;
        loop {
            let found = window
                .get(from..until)
                .and_then(|rest| memchr::memchr(b'"', rest));
            let quote = from + found.ok_or(until)?;
            if window.get(quote + 1) == Some(&b'"') {
                from = quote + 2;
                continue;
            }
            let end = self.cell_end(window, quote + 1);
            let is_clean =
                end == quote + 1 || memchr::memchr(self.line_end, &window[at..quote]).is_none();
            return if is_clean {
                Ok(Span {
                    start: at,
                    quote: Some(quote),
                    end,
                })
            } else {
                Err(quote)
            };
        }
    }

    /// The separator or line end at or after `at`, the return before a line feed left out.
    fn cell_end(&self, window: &[u8], at: usize) -> usize {
        let found = memchr::memchr2(self.separator, self.line_end, &window[at..])
            .map_or(window.len(), |found| at + found);
        let at_line_end = window.get(found).is_none_or(|byte| *byte == self.line_end);
        if at_line_end {
            self.without_return(window, at, found)
        } else {
            found
        }
    }
}

/// A cell as it was found: from its opening quote, if it has one, to the separator or line end.
struct Span {
    start: usize,
    /// Where the opening quote closes.
    quote: Option<usize>,
    end: usize,
}

impl Span {
    fn cell(&self, window: &[u8]) -> Cell {
        match self.quote {
            None => Cell {
                start: self.start,
                end: self.end,
                is_escaped: false,
            },
            Some(quote)
                if quote + 1 == self.end
                    && memchr::memchr(b'"', &window[self.start + 1..quote]).is_none() =>
            {
                Cell {
                    start: self.start + 1,
                    end: quote,
                    is_escaped: false,
                }
            }
            Some(_) => Cell {
                start: self.start + 1,
                end: self.end,
                is_escaped: true,
            },
        }
    }
}

fn too_large() -> Rejection {
    Rejection::new(Reason::TooLarge, "one row is larger than 1 MiB")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Rows as text, cells between bars; `!` and the bytes for a broken one.
    fn rows(bytes: &[u8], separator: u8) -> Vec<String> {
        let mut rows = Rows::new(separator, b'\n');
        let (mut at, mut shown) = (0, Vec::new());
        loop {
            let mut cells = Vec::new();
            match rows.next(bytes, at, true, &mut cells) {
                Row::Cells { next, .. } => {
                    shown.push(
                        cells
                            .iter()
                            .map(|cell| cell.text(bytes))
                            .collect::<Vec<_>>()
                            .join("|"),
                    );
                    at = next;
                }
                Row::Broken {
                    start,
                    end,
                    next,
                    rejection,
                } => {
                    let broken =
                        String::from_utf8_lossy(&bytes[start..end.min(start + 40)]).into_owned();
                    shown.push(format!("!{} {broken}", rejection.reason.code()));
                    at = next;
                }
                Row::More(_) | Row::End => return shown,
            }
        }
    }

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(rows(text.as_bytes(), b','), expected, "{text:.200}");
    }

    #[test]
    fn cells_are_split_at_separators_outside_of_quotes() {
        check(
            "a,b\n1,2\r\n\r\n\"x, y\",\"say \"\"hi\"\"\"\n",
            &["a|b", "1|2", "x, y|say \"hi\""],
        );
        check("a,\n,b\n,", &["a|", "|b", "|"]);
        check("\"a\nb\",c\nd,e", &["a\nb|c", "d|e"]);
        check("7\" single,\"q\"x,b\r\n1", &["7\" single|qx|b", "1"]);
        check("\"\",x\r\n\"\"\r\n", &["|x", ""]);
        check("=1+1,@x", &["=1+1|@x"]);
        assert_eq!(rows(b"a;b,c\n", b';'), ["a|b,c"]);
    }

    #[test]
    fn a_quote_that_never_closes_costs_its_own_line() {
        check(
            "1,\"open\n2,b\n3,c\n",
            &["!unclosed_quote 1,\"open", "2|b", "3|c"],
        );
        check(
            "1,\"open\r\n2,\"closed\"\r\n3,c",
            &["!unclosed_quote 1,\"open", "2|closed", "3|c"],
        );
        check(
            "1,\"open\n2,\"again\n3,c",
            &[
                "!unclosed_quote 1,\"open",
                "!unclosed_quote 2,\"again",
                "3|c",
            ],
        );
    }

    #[test]
    fn rows_are_bounded() {
        check(
            &format!("{}\nb", "a".repeat(EVENT_BYTES_MAX + 1)),
            &[&format!("!too_large {}", "a".repeat(40)), "b"],
        );
        let endless = format!("1,\"{}", "line\n".repeat(EVENT_BYTES_MAX / 4));
        let shown = rows(endless.as_bytes(), b',');
        assert_eq!(
            (shown[0].as_str(), shown.len()),
            ("!unclosed_quote 1,\"line", EVENT_BYTES_MAX / 4)
        );
    }

    #[test]
    fn lines_of_open_quotes_do_not_take_the_square_of_their_number() {
        // 4 MiB: with a search through a mebibyte for each line this would take minutes.
        assert_eq!(
            rows("\"\"\"x\n".repeat(1 << 19).as_bytes(), b',').len(),
            1 << 19
        );
    }

    /// The same rows as another reader finds, as far as both agree on what a row is: no quote left open.
    fn other_reader(text: &str) -> Vec<String> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        reader
            .records()
            .map(|record| {
                record
                    .expect("text is UTF-8")
                    .iter()
                    .collect::<Vec<_>>()
                    .join("|")
            })
            .collect()
    }

    proptest! {
        #[test]
        fn well_formed_text_is_read_as_another_reader_reads_it(cells in proptest::collection::vec(proptest::collection::vec("[a\"\n, é]{0,6}", 2..5), 1..8)) {
            let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let line = |row: &Vec<String>| row.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n";
            let text: String = cells.iter().map(line).collect();
            prop_assert_eq!(rows(text.as_bytes(), b','), other_reader(&text));
        }

        #[test]
        fn text_without_quotes_is_read_as_another_reader_reads_it(text in "[a,é\n ]{0,60}") {
            prop_assert_eq!(rows(text.as_bytes(), b','), other_reader(&text));
        }

        #[test]
        fn no_bytes_make_it_panic_or_stand_still(bytes in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b','), Just(b'\n'), Just(b'\r'), any::<u8>()], 0..200)) {
            prop_assert!(rows(&bytes, b',').len() <= bytes.len());
        }
    }
}
