//! Reads events out of a body or a file: splitter and decoder together, each event handed over with its bytes.

use super::decode::decode_object;
use super::split::{Piece, Splitter};
use crate::dialect::{Decoding, EVENT_BYTES_MAX, Intake};
use crate::rejection::Rejection;
use crate::schema::Number;
use crate::{Event, EventId, running_hash};
use std::ops::Range;

/// Hands over every event of a whole body, numbered from 0. Events without id stay so: the door mints one.
pub fn read_body(body: &[u8], decoding: &Decoding<'_>, intake: &mut impl Intake) {
    let mut splitter = Splitter::default();
    let mut at = 0;
    let mut position = 0;
    while let Some((range, decoded)) = next(&mut splitter, body, &mut at, true, decoding) {
        hand_over(decoded, None, position, &body[range], intake);
        position += 1;
    }
}

/// The objects of a file, window by window. An event without id has the running hash of the objects up to and with its own,
/// so that a file that has grown repeats only its beginning.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    splitter: Splitter,
    hash: u128,
    position: i64,
}

/// How far a window was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Read {
    /// Bytes done with; the next window begins behind them.
    pub consumed: usize,
    /// Rows: objects here, file rows in a table.
    pub rows: u64,
    /// Events handed over, refused ones included.
    pub events: usize,
}

impl Objects {
    /// Reads up to `events_max` events from a window; `complete` says that the file ends with it.
    /// Consumes nothing only if the window holds no whole object or line.
    pub fn read(
        &mut self,
        window: &[u8],
        complete: bool,
        events_max: usize,
        decoding: &Decoding<'_>,
        intake: &mut impl Intake,
    ) -> Read {
        let mut read = Read::default();
        while read.events < events_max {
            let Some((range, decoded)) = next(
                &mut self.splitter,
                window,
                &mut read.consumed,
                complete,
                decoding,
            ) else {
                break;
            };
            let raw = &window[range];
            self.hash = hash_with(self.hash, raw);
            self.position += 1;
            hand_over(
                decoded,
                Some(EventId(self.hash)),
                self.position,
                raw,
                intake,
            );
            read.events += 1;
        }
        read.rows = read.events as u64;
        read
    }

    /// The running hash so far.
    #[must_use]
    pub fn hash(&self) -> u128 {
        self.hash
    }

    /// The running hash to the end of the first object: what a file is, whatever its name. `window` is its beginning.
    #[must_use]
    pub fn identity(window: &[u8], complete: bool) -> u128 {
        match Splitter::default().next_exact(window, 0, complete) {
            Piece::Line(range) | Piece::Value(range) | Piece::Broken(range, _) => {
                hash_with(0, &window[range])
            }
            Piece::More(_) | Piece::End => hash_with(0, window),
        }
    }
}

/// Of an object too large to be held only the beginning counts: where windows end must not change what follows.
fn hash_with(before: u128, raw: &[u8]) -> u128 {
    running_hash(before, &raw[..raw.len().min(EVENT_BYTES_MAX)])
}

type Decoded<'a> = (Range<usize>, Result<Box<Event<'a>>, Rejection>);

fn next<'a>(
    splitter: &mut Splitter,
    window: &'a [u8],
    at: &mut usize,
    complete: bool,
    decoding: &Decoding<'a>,
) -> Option<Decoded<'a>> {
    let mut piece = splitter.next(window, *at, complete);
    let mut refused = None;
    if let Piece::Line(range) = piece {
        let decoded = decode_object(&window[range.clone()], decoding);
        if decoded.is_ok() {
            *at = range.end;
            return Some((range, decoded));
        }
        // The line may hold several events, or a part of one.
        piece = splitter.next_exact(window, range.start, complete);
        refused = Some((range, decoded));
    }
    let (range, decoded) = match piece {
        Piece::Line(range) | Piece::Value(range) => match refused {
            Some((line, decoded)) if line == range => (range, decoded),
            _ => (range.clone(), decode_object(&window[range], decoding)),
        },
        Piece::Broken(range, rejection) => (range, Err(rejection)),
        Piece::More(from) => {
            *at = from;
            return None;
        }
        Piece::End => {
            *at = window.len();
            return None;
        }
    };
    *at = range.end;
    Some((range, decoded))
}

fn hand_over(
    decoded: Result<Box<Event<'_>>, Rejection>,
    id: Option<EventId>,
    position: i64,
    raw: &[u8],
    intake: &mut impl Intake,
) {
    match decoded {
        Ok(mut event) => {
            event.id = event.id.or(id);
            event.set_number(Number::SourcePosition, position);
            intake.take(&mut event, raw);
        }
        Err(rejection) => {
            intake.refuse(position, rejection, raw);
            id.into_iter().for_each(|id| intake.identify_refused(id));
        }
    }
}
