//! Reads an access log window by window; each line is accounted for once, in an event or by a reason.
//! A line has no id, so its identity is the running hash of the log up to it, its line end left out.

use super::line::{Layout, Line};
use super::page_view::page_view;
use crate::dialect::json::Read;
use crate::dialect::{Decoding, EVENT_BYTES_MAX, Intake};
use crate::event::Event;
use crate::rejection::{Reason, Rejection};
use crate::schema::Number;
use crate::{EventId, running_hash};
use jiff::tz::TimeZone;
use std::ops::Range;

/// Lines looked at to tell a log.
const SAMPLE_LINES: usize = 20;

/// An access log being read.
#[derive(Debug, Clone, Default)]
pub struct AccessLog {
    hash: u128,
    position: i64,
    /// The rest of a line larger than the window is passed over.
    in_oversized: bool,
}

/// Why a file is taken for an access log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGuess {
    /// How most of its first lines are written.
    pub layout: Layout,
    /// One line a decision, for the user to check before the import.
    pub evidence: Vec<String>,
    /// Every line looked at was one of a log.
    pub is_sure: bool,
}

struct Found {
    bytes: Range<usize>,
    next: usize,
    is_too_large: bool,
}

impl AccessLog {
    /// What the beginning of a file says, if its first line or most of the first are those of an access log:
    /// the first line of a table is its header.
    #[must_use]
    pub fn guess(window: &[u8], complete: bool) -> Option<LogGuess> {
        let (mut lines, mut layouts, mut is_first) = (0, Vec::new(), false);
        for line in beginning(window, complete).take(SAMPLE_LINES) {
            lines += 1;
            let text = std::str::from_utf8(line).unwrap_or_default();
            // Other texts have times in brackets too; only logs quote the request behind one.
            if text.contains("] \"") {
                layouts.extend(Line::parse(text, &TimeZone::UTC).map(|line| line.layout()));
                is_first |= lines == 1 && !layouts.is_empty();
            }
        }
        layouts.sort_unstable();
        let layout = *layouts.get(layouts.len() / 2)?;
        let found = layouts.len();
        (is_first || found * 2 > lines).then(|| LogGuess {
            layout,
            evidence: vec![
                format!("{found} of the first {lines} lines are those of an access log"),
                format!("they are written in the {}", layout.name()),
                "each line is a page view".to_owned(),
                "a visitor is one address with one user agent".to_owned(),
            ],
            is_sure: found == lines,
        })
    }

    /// The running hash to the end of the first line: what the file is, whatever its name.
    #[must_use]
    pub fn identity(window: &[u8], complete: bool) -> u128 {
        let first = AccessLog::default().find(window, 0, complete);
        first.map_or(0, |first| hash_with(0, &window[first.bytes]))
    }

    /// The running hash so far.
    #[must_use]
    pub fn hash(&self) -> u128 {
        self.hash
    }

    /// Reads up to `events_max` lines from a window that begins where the one before was done. `complete` says that the file
    /// ends with it. Consumes nothing only if the window has to be larger.
    pub fn read(
        &mut self,
        window: &[u8],
        complete: bool,
        events_max: usize,
        decoding: &Decoding<'_>,
        intake: &mut impl Intake,
    ) -> Read {
        let mut read = Read {
            consumed: self.skip_oversized(window),
            ..Read::default()
        };
        while read.events < events_max {
            let Some(found) = self.find(window, read.consumed, complete) else {
                break;
            };
            let raw = &window[found.bytes];
            read.consumed = found.next;
            read.rows += 1;
            read.events += 1;
            self.hash = hash_with(self.hash, raw);
            self.position += 1;
            let event = if found.is_too_large {
                Err(Rejection::new(
                    Reason::TooLarge,
                    "one line is larger than 1 MiB",
                ))
            } else {
                event_of(raw, decoding)
            };
            match event {
                Ok(mut event) => {
                    event.id = Some(EventId(self.hash));
                    event.set_number(Number::SourcePosition, self.position);
                    intake.take(&mut event, raw);
                }
                Err(rejection) => {
                    intake.refuse(self.position, rejection, raw);
                    intake.identify_refused(EventId(self.hash));
                }
            }
        }
        read
    }

    /// Where the rest of a line too large to be held ends, if one is under way.
    fn skip_oversized(&mut self, window: &[u8]) -> usize {
        if !self.in_oversized {
            return 0;
        }
        let end = memchr::memchr(b'\n', window);
        self.in_oversized = end.is_none();
        end.unwrap_or(window.len())
    }

    fn find(&mut self, window: &[u8], at: usize, complete: bool) -> Option<Found> {
        if self.in_oversized {
            return None;
        }
        let is_text = |byte: &u8| !matches!(byte, b'\n' | b'\r');
        let start = at + window[at..].iter().position(is_text)?;
        let (end, next) = match memchr::memchr(b'\n', &window[start..]) {
            Some(found) => (start + found, start + found + 1),
            None if complete => (window.len(), window.len()),
            None if window.len() - start > EVENT_BYTES_MAX => {
                self.in_oversized = true;
                (window.len(), window.len())
            }
            None => return None,
        };
        let returns = window[start..end]
            .iter()
            .rev()
            .take_while(|byte| **byte == b'\r');
        let end = end - returns.count();
        Some(Found {
            bytes: start..end,
            next,
            is_too_large: end - start > EVENT_BYTES_MAX,
        })
    }
}

/// A line's own bytes; of one too large to be held only the beginning counts.
fn hash_with(before: u128, line: &[u8]) -> u128 {
    running_hash(before, &line[..line.len().min(EVENT_BYTES_MAX)])
}

/// The whole lines of a window that are not blank.
fn beginning(window: &[u8], complete: bool) -> impl Iterator<Item = &[u8]> {
    let end = if complete {
        window.len()
    } else {
        memchr::memrchr(b'\n', window).unwrap_or(0)
    };
    window[..end]
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
}

fn event_of<'a>(raw: &'a [u8], decoding: &Decoding<'a>) -> Result<Event<'a>, Rejection> {
    if let Some(at) = memchr::memchr(0, raw) {
        return Err(Rejection::new(
            Reason::InvalidText,
            format!("NUL at byte {at}"),
        ));
    }
    let text = std::str::from_utf8(raw).map_err(|error| {
        Rejection::new(
            Reason::InvalidText,
            format!("no UTF-8 at byte {}", error.valid_up_to()),
        )
    })?;
    Ok(page_view(&Line::parse(text, decoding.zone)?))
}
