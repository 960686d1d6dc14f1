//! Reads events out of a body or a file: splitter and decoder together, each event handed over with its bytes.

use super::decode::decode_into;
use super::foreign::Hand;
use super::habit::Habits;
use super::split::{Piece, Splitter};
use super::{JsonDialect, decode_object_as};
use crate::dialect::{Decoding, EVENT_BYTES_MAX, Intake};
use crate::rejection::Rejection;
use crate::schema::Number;
use crate::{Event, EventId, EventType, running_hash};
use std::ops::{DerefMut, Range};

/// Hands over every event of a whole body, numbered from 0. Events without id stay so: the door mints one.
pub fn read_body(
    body: &[u8],
    decoding: &Decoding<'_>,
    habits: &mut Habits,
    intake: &mut impl Intake,
) {
    let mut pieces = Pieces {
        splitter: &mut Splitter::default(),
        habits,
        complete: true,
        event: Event::new(EventType::Custom),
    };
    let mut at = 0;
    let mut position = 0;
    while let Some((range, decoded)) = pieces.next(body, &mut at, decoding) {
        let decoded = decoded.map(|()| &mut pieces.event);
        hand_over(decoded, None, position, &body[range], intake);
        position += 1;
    }
}

/// Hands over every event of a whole body whose objects are this dialect's, numbered from 0; one object may hold many.
pub fn read_body_as(
    dialect: JsonDialect,
    body: &[u8],
    decoding: &Decoding<'_>,
    habits: &mut Habits,
    intake: &mut impl Intake,
) {
    if !dialect.is_foreign() {
        return read_body(body, decoding, habits, intake);
    }
    let mut splitter = Splitter::default();
    let mut at = 0;
    let mut position = 0;
    while let Some((range, refused)) = next_object(&mut splitter, body, &mut at, true) {
        let raw = &body[range];
        hand_over_all(dialect, raw, refused, decoding, &mut |decoded, raw| {
            hand_over(decoded, None, position, raw, intake);
            position += 1;
        });
    }
}

/// The objects of a file, window by window. An event without id has the running hash of the objects up to and with its own,
/// so that a file that has grown repeats only its beginning.
/// Where an object holds several, its first has that hash and the others one made of it and their index.
#[derive(Debug, Clone)]
pub struct Objects {
    dialect: JsonDialect,
    splitter: Splitter,
    habits: Habits,
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

impl Default for Objects {
    fn default() -> Objects {
        Objects::of(JsonDialect::Canonical)
    }
}

impl Objects {
    /// The objects of a file of this dialect.
    #[must_use]
    pub fn of(dialect: JsonDialect) -> Objects {
        Objects {
            dialect,
            splitter: Splitter::default(),
            habits: Habits::default(),
            hash: 0,
            position: 0,
        }
    }

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
        if self.dialect.is_foreign() {
            return self.read_foreign(window, complete, events_max, decoding, intake);
        }
        let mut read = Read::default();
        let mut pieces = Pieces {
            splitter: &mut self.splitter,
            habits: &mut self.habits,
            complete,
            event: Event::new(EventType::Custom),
        };
        while read.events < events_max {
            let Some((range, decoded)) = pieces.next(window, &mut read.consumed, decoding) else {
                break;
            };
            let raw = &window[range];
            self.hash = hash_with(self.hash, raw);
            self.position += 1;
            let decoded = decoded.map(|()| &mut pieces.event);
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

    fn read_foreign(
        &mut self,
        window: &[u8],
        complete: bool,
        events_max: usize,
        decoding: &Decoding<'_>,
        intake: &mut impl Intake,
    ) -> Read {
        let mut read = Read::default();
        while read.events < events_max {
            let found = next_object(&mut self.splitter, window, &mut read.consumed, complete);
            let Some((range, refused)) = found else {
                break;
            };
            let raw = &window[range];
            self.hash = hash_with(self.hash, raw);
            read.rows += 1;
            let mut index = 0;
            let (hash, position) = (self.hash, &mut self.position);
            hand_over_all(self.dialect, raw, refused, decoding, &mut |decoded, raw| {
                *position += 1;
                hand_over(
                    decoded,
                    Some(id_within(hash, index)),
                    *position,
                    raw,
                    intake,
                );
                index += 1;
            });
            read.events += usize::try_from(index).unwrap_or(usize::MAX);
        }
        read
    }

    /// The running hash so far.
    #[must_use]
    pub fn hash(&self) -> u128 {
        self.hash
    }

    /// Whether the first object is all in the window, so that it can say what the file is.
    #[must_use]
    pub fn is_first_whole(window: &[u8]) -> bool {
        !matches!(
            Splitter::default().next_exact(window, 0, false),
            Piece::More(_) | Piece::End
        )
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

/// The identity of an event without one, by its place in its object.
fn id_within(hash: u128, index: u64) -> EventId {
    match index {
        0 => EventId(hash),
        _ => EventId::of_parts(&hash.to_le_bytes(), &index.to_le_bytes()),
    }
}

/// The next object where lines prove nothing, because what one holds is handed over at once.
fn next_object(
    splitter: &mut Splitter,
    window: &[u8],
    at: &mut usize,
    complete: bool,
) -> Option<(Range<usize>, Option<Rejection>)> {
    let (range, refused) = match splitter.next_value(window, *at, complete) {
        Piece::Line(range) | Piece::Value(range) => (range, None),
        Piece::Broken(range, rejection) => (range, Some(rejection)),
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
    Some((range, refused))
}

fn hand_over_all(
    dialect: JsonDialect,
    raw: &[u8],
    refused: Option<Rejection>,
    decoding: &Decoding<'_>,
    hand: &mut Hand<'_>,
) {
    match refused {
        Some(rejection) => hand(Err(rejection), raw),
        None => decode_object_as(dialect, raw, decoding, hand),
    }
}

type Decoded = (Range<usize>, Result<(), Rejection>);

/// Splitter and decoder on their way over one window.
struct Pieces<'s, 'a> {
    splitter: &'s mut Splitter,
    habits: &'s mut Habits,
    complete: bool,
    /// The event that was decoded last; all of a window are decoded into this one.
    event: Event<'a>,
}

impl<'a> Pieces<'_, 'a> {
    /// Where the next object stands, and whether it is an event.
    fn next(
        &mut self,
        window: &'a [u8],
        at: &mut usize,
        decoding: &Decoding<'a>,
    ) -> Option<Decoded> {
        let mut piece = self.splitter.next(window, *at, self.complete);
        let mut refused = None;
        if let Piece::Line(range) = piece {
            let decoded = self.decode(&window[range.clone()], decoding);
            if decoded.is_ok() {
                *at = range.end;
                return Some((range, decoded));
            }
            // The line may hold several events, or a part of one.
            piece = (self.splitter).next_exact(window, range.start, self.complete);
            refused = Some((range, decoded));
        }
        let (range, decoded) = match piece {
            Piece::Line(range) | Piece::Value(range) => match refused {
                Some((line, decoded)) if line == range => (range, decoded),
                _ => {
                    let decoded = self.decode(&window[range.clone()], decoding);
                    (range, decoded)
                }
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

    fn decode(&mut self, object: &'a [u8], decoding: &Decoding<'a>) -> Result<(), Rejection> {
        decode_into(&mut self.event, object, decoding, self.habits)
    }
}

fn hand_over<'e>(
    decoded: Result<impl DerefMut<Target = Event<'e>>, Rejection>,
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
