//! Finds the events in a body: one object, an array of objects, or objects one after the other, usually one a line.
//! A broken one is given out as broken and the next is found again; what an event says is the decoder's business.

use super::scan::{Stop, balanced_end, skip_space, space_start, value_end};
use crate::dialect::EVENT_BYTES_MAX;
use crate::rejection::{Reason, Rejection};
use std::ops::Range;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Longest line taken for an event without a closer look.
const LINE_BYTES_MAX: usize = 64 * 1_024;

/// What the splitter finds next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A line that looks like one object; if it does not decode, [`Splitter::next_exact`] looks closer.
    Line(Range<usize>),
    /// One value, whole.
    Value(Range<usize>),
    /// Bytes that are no value.
    Broken(Range<usize>, Rejection),
    /// The value at this byte goes on beyond the bytes at hand.
    More(usize),
    /// Nothing follows.
    End,
}

/// Walks over a body, or over one window of it after the other.
#[derive(Debug, Clone, Default)]
pub struct Splitter {
    in_array: bool,
    /// A value too large for the window was given out as broken; its rest is passed over up to the next line.
    in_oversized: bool,
    /// From here on brackets do not match: looking for the end of a broken value again would cost a scan of the rest each time.
    is_unbalanced: bool,
    /// Lines of this body are not events: they hold several, or parts of one.
    lines_mislead: bool,
}

impl Splitter {
    /// The next piece at or after `at`; `complete` says that the bytes are all there will be.
    pub fn next(&mut self, bytes: &[u8], at: usize, complete: bool) -> Piece {
        let guess = !self.lines_mislead;
        self.find(bytes, at, complete, guess)
    }

    /// The next piece, without taking a line for a value: for a [`Piece::Line`] that was none.
    pub fn next_exact(&mut self, bytes: &[u8], at: usize, complete: bool) -> Piece {
        let line = self.line(bytes, at, complete);
        let piece = self.find(bytes, at, complete, false);
        if let Piece::Value(range) = &piece {
            self.lines_mislead |= line.is_some_and(|line| line != *range);
        }
        piece
    }

    /// The next piece where lines are never taken for values.
    pub fn next_value(&mut self, bytes: &[u8], at: usize, complete: bool) -> Piece {
        self.find(bytes, at, complete, false)
    }

    fn find(&mut self, bytes: &[u8], at: usize, complete: bool, guess: bool) -> Piece {
        let mut at = at;
        if self.in_oversized {
            match next_line(bytes, at) {
                Some(line) => at = line,
                None if complete => return Piece::End,
                None => return Piece::More(bytes.len()),
            }
            self.in_oversized = false;
        }
        loop {
            at = skip_space(bytes, at);
            if at == bytes.len() {
                return self.at_end(at, complete);
            }
            match bytes[at] {
                0xEF if bytes[at..].starts_with(BYTE_ORDER_MARK) => at += BYTE_ORDER_MARK.len(),
                0xEF if !complete && BYTE_ORDER_MARK.starts_with(&bytes[at..]) => {
                    return Piece::More(at);
                }
                b'[' if !self.in_array => {
                    self.in_array = true;
                    at += 1;
                }
                b']' if self.in_array => {
                    self.in_array = false;
                    at += 1;
                }
                b',' if self.in_array => at += 1,
                b'{' => {
                    let line = if guess {
                        self.line(bytes, at, complete)
                    } else {
                        None
                    };
                    return line.map_or_else(|| self.value(bytes, at, complete), Piece::Line);
                }
                _ if self.in_array => return self.value(bytes, at, complete),
                _ => return self.no_object(bytes, at, complete),
            }
        }
    }

    fn at_end(&mut self, at: usize, complete: bool) -> Piece {
        if !complete {
            return Piece::More(at);
        }
        // Where an event of the array lost its brackets, the array's own were counted to it.
        if std::mem::take(&mut self.in_array) && !self.is_unbalanced {
            return Piece::Broken(
                at..at,
                Rejection::new(Reason::MalformedJson, "the array is never closed"),
            );
        }
        Piece::End
    }

    /// The rest of the line, if it begins and ends as an object does. In an array where it does not, and in a body of endless lines,
    /// no line is looked for again: that search would be the length of the body for each of its events.
    fn line(&mut self, bytes: &[u8], at: usize, complete: bool) -> Option<Range<usize>> {
        let beginning = &bytes[at..bytes.len().min(at + LINE_BYTES_MAX)];
        let end = match memchr::memchr(b'\n', beginning) {
            Some(found) => at + found,
            None if complete && at + beginning.len() == bytes.len() => bytes.len(),
            None => {
                self.lines_mislead |= beginning.len() == LINE_BYTES_MAX;
                return None;
            }
        };
        let mut line = &bytes[at..space_start(bytes, at, end)];
        if self.in_array {
            line = line.strip_suffix(b",").unwrap_or(line);
        }
        let is_object = line.ends_with(b"}");
        self.lines_mislead |= self.in_array && !is_object;
        is_object.then_some(at..at + line.len())
    }

    fn value(&mut self, bytes: &[u8], at: usize, complete: bool) -> Piece {
        match value_end(bytes, at) {
            // A word may go on in the next window.
            Ok(end)
                if end == bytes.len()
                    && !complete
                    && !matches!(bytes[end - 1], b'}' | b']' | b'"') =>
            {
                Piece::More(at)
            }
            Ok(end) if end - at > EVENT_BYTES_MAX => Piece::Broken(at..end, too_large()),
            Ok(end) => Piece::Value(at..end),
            Err(Stop::Ended) if complete => {
                let reason = if bytes.len() - at > EVENT_BYTES_MAX {
                    too_large()
                } else {
                    malformed(bytes.len(), at, "it ends too early")
                };
                self.broken(bytes, at, complete, reason)
            }
            Err(Stop::Ended) if bytes.len() - at > EVENT_BYTES_MAX => self.oversized(bytes, at),
            Err(Stop::Ended) => Piece::More(at),
            Err(Stop::Syntax(stop)) => self.broken(
                bytes,
                at,
                complete,
                malformed(stop, at, "something is out of place"),
            ),
            Err(Stop::TooDeep(_)) => {
                let rejection = Rejection::new(Reason::TooDeep, "nested deeper than 64 levels");
                self.broken(bytes, at, complete, rejection)
            }
        }
    }

    /// Top-level text that is no object: a line of its own.
    fn no_object(&mut self, bytes: &[u8], at: usize, complete: bool) -> Piece {
        match memchr::memchr(b'\n', &bytes[at..]) {
            Some(found) => Piece::Value(at..space_start(bytes, at, at + found)),
            None if complete => Piece::Value(at..space_start(bytes, at, bytes.len())),
            None if bytes.len() - at > EVENT_BYTES_MAX => self.oversized(bytes, at),
            None => Piece::More(at),
        }
    }

    fn oversized(&mut self, bytes: &[u8], at: usize) -> Piece {
        self.in_oversized = true;
        Piece::Broken(at..bytes.len(), too_large())
    }

    /// Gives out a broken value up to where the next one can be found: behind its last bracket where they match (on its line, or
    /// anywhere in an array), else before the next line that begins with an object.
    fn broken(&mut self, bytes: &[u8], at: usize, complete: bool, rejection: Rejection) -> Piece {
        let line = next_line(bytes, at).unwrap_or(bytes.len());
        let until = if self.in_array { bytes.len() } else { line };
        if !self.is_unbalanced {
            match balanced_end(bytes, at, until) {
                Some(end) => return Piece::Broken(at..end, rejection),
                None if self.in_array && !complete && bytes.len() - at <= EVENT_BYTES_MAX => {
                    return Piece::More(at);
                }
                None => self.is_unbalanced = self.in_array,
            }
        }
        let mut line = at;
        while let Some(next) = next_line(bytes, line) {
            line = next;
            let first = if self.in_array {
                skip_space(bytes, line)
            } else {
                line
            };
            if matches!(bytes.get(first), Some(b'{' | b'[')) {
                return Piece::Broken(at..space_start(bytes, at, line), rejection);
            }
        }
        if complete {
            return self.rest_is_broken(bytes, at, rejection);
        }
        if bytes.len() - at > EVENT_BYTES_MAX {
            self.oversized(bytes, at)
        } else {
            Piece::More(at)
        }
    }

    fn rest_is_broken(&mut self, bytes: &[u8], at: usize, rejection: Rejection) -> Piece {
        self.in_array = false;
        Piece::Broken(at..bytes.len(), rejection)
    }
}

fn next_line(bytes: &[u8], at: usize) -> Option<usize> {
    memchr::memchr(b'\n', &bytes[at..]).map(|found| at + found + 1)
}

fn too_large() -> Rejection {
    Rejection::new(Reason::TooLarge, "one event is larger than 1 MiB")
}

fn malformed(stop: usize, at: usize, what: &str) -> Rejection {
    Rejection::new(
        Reason::MalformedJson,
        format!("{what} at byte {}", stop - at),
    )
}
