//! The JSON of other trackers: one object, often of several events, becomes canonical events under its sender's vocabulary.
//! Each tracker has a file of its own; what they share (walking keys, setting fields, keeping the rest) is `draft`.

mod draft;
mod envelope;
mod finish;
mod ga4;
mod object;
mod segment;
mod snowplow;

#[cfg(test)]
mod ga4_tests;
#[cfg(test)]
mod segment_tests;
#[cfg(test)]
mod snowplow_tests;
#[cfg(test)]
mod tests;

pub(super) use object::{MemberList, members_of};

use super::decode::object_text;
use super::detect::Look;
use super::{Habits, JsonDialect, decode_object};
use crate::dialect::Decoding;
use crate::event::Event;
use crate::rejection::Rejection;

/// An event, or why it is none.
pub(super) type Decoded<'e> = Result<Box<Event<'e>>, Rejection>;

/// Takes what an object holds, one by one, each with the text it can be read from again.
pub(super) type Hand<'h> = dyn FnMut(Decoded<'_>, &[u8]) + 'h;

/// Reads one object of a dialect and hands over every event of it; at least one thing is handed over, if only a refusal.
pub fn decode_object_as(
    dialect: JsonDialect,
    bytes: &[u8],
    decoding: &Decoding<'_>,
    hand: &mut Hand<'_>,
) {
    if !dialect.is_foreign() {
        return hand(
            decode_object(bytes, decoding, &mut Habits::default()),
            bytes,
        );
    }
    let decoded = object_text(bytes).and_then(|text| match dialect {
        JsonDialect::Ga4 => ga4::decode(text, decoding, hand),
        JsonDialect::Segment => segment::decode(text, decoding, hand),
        _ => snowplow::decode(text, decoding, hand),
    });
    // A decoder that has handed something over does not fail any more.
    if let Err(rejection) = decoded {
        hand(Err(rejection), bytes);
    }
}

/// What an object looks like, if it is one of another tracker.
pub(super) fn look(members: &MemberList<'_>) -> Option<Look> {
    let has_own_time = members
        .iter()
        .any(|(key, _)| matches!(key.as_ref(), "ts" | "ts_event"));
    if has_own_time {
        return None;
    }
    ga4::look(members)
        .map(|what| Look::of(JsonDialect::Ga4, what))
        .or_else(|| snowplow::look(members).map(|what| Look::of(JsonDialect::Snowplow, what)))
        .or_else(|| segment::look(members).map(|what| Look::of(JsonDialect::Segment, what)))
}

/// Whether a tracker has this key at the top of its objects; nothing where the dialect is none of theirs.
pub(super) fn knows(dialect: JsonDialect, key: &str) -> Option<bool> {
    match dialect {
        JsonDialect::Ga4 => Some(ga4::knows(key)),
        JsonDialect::Segment => Some(segment::knows(key)),
        JsonDialect::Snowplow => Some(snowplow::knows(key)),
        _ => None,
    }
}
