//! Identities: 128-bit event ids and the stable hashes that give every key its home.
//! The hash is XXH3 (not a defence against an adversary who crafts ids; ids are the shop's own).

use std::fmt;
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128, xxh3_128_with_seed};

/// The identity of an event within its store: the client's UUID, or a hash of the text it uses instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub u128);

impl EventId {
    /// A UUID keeps its own 128 bits; any other text is scoped by its source, so that two files numbered 1…n do not collide.
    #[must_use]
    pub fn from_text(text: &str, source: &str) -> EventId {
        parse_uuid(text.as_bytes()).map_or_else(
            || EventId::of_parts(source.as_bytes(), text.as_bytes()),
            EventId,
        )
    }

    /// The identity of a UUID, which needs no copy of its text beside it.
    #[must_use]
    pub fn from_uuid(text: &str) -> Option<EventId> {
        parse_uuid(text.as_bytes()).map(EventId)
    }

    /// An id made of a scope and a name within it.
    #[must_use]
    pub fn of_parts(scope: &[u8], name: &[u8]) -> EventId {
        EventId(xxh3_128_with_seed(name, xxh3_64_with_seed(scope, 0)))
    }
}

/// Shown as a UUID.
impl fmt::Display for EventId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        write!(
            out,
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        )
    }
}

/// Where the 32 digits of the 36-character form stand.
const DASHED: [usize; 32] = {
    let mut places = [0; 32];
    let (mut digit, mut at) = (0, 0);
    while digit < 32 {
        if matches!(at, 8 | 13 | 18 | 23) {
            at += 1;
        }
        places[digit] = at;
        digit += 1;
        at += 1;
    }
    places
};

/// Values of hexadecimal digits; anything else has a bit no digit has.
const NO_DIGIT: u8 = 0x80;
static HEX: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < 16 {
        let letter = b"0123456789abcdef"[digit];
        values[letter as usize] = digit as u8;
        values[letter.to_ascii_uppercase() as usize] = digit as u8;
        digit += 1;
    }
    values
};

/// Reads the 36-character form, or 32 hexadecimal digits.
fn parse_uuid(text: &[u8]) -> Option<u128> {
    match text.len() {
        36 if [8, 13, 18, 23].iter().all(|at| text[*at] == b'-') => {
            hexadecimal(|digit| text[DASHED[digit]])
        }
        32 => hexadecimal(|digit| text[digit]),
        _ => None,
    }
}

/// Two halves of 16 digits: shifting 128 bits for every digit costs four times as much.
fn hexadecimal(byte: impl Fn(usize) -> u8) -> Option<u128> {
    let mut seen = 0;
    let mut half = |from: usize| {
        (from..from + 16).fold(0_u64, |value, digit| {
            let nibble = HEX[usize::from(byte(digit))];
            seen |= nibble;
            value << 4 | u64::from(nibble & 15)
        })
    };
    let (high, low) = (half(0), half(16));
    (seen & NO_DIGIT == 0).then_some(u128::from(high) << 64 | u128::from(low))
}

/// Which kind of key a home is asked for: equal texts of different kinds live apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum KeyKind {
    /// Customer, else anonymous visitor, else session, else the event itself.
    Person = 1,
    /// An order or a refund.
    Order = 2,
    /// A product.
    Product = 3,
    /// The value of any other dimension.
    Value = 4,
}

/// The stable 64-bit hash of (store, kind, key); its home shard is this modulo the number of shards.
#[must_use]
pub fn key_hash(store: &str, kind: KeyKind, key: &[u8]) -> u64 {
    let scope = if store == "main" {
        0
    } else {
        xxh3_64_with_seed(store.as_bytes(), 0)
    };
    xxh3_64_with_seed(key, scope ^ kind as u64)
}

/// The running hash of a file: the state before a row and the row's bytes give the state after it.
#[must_use]
pub fn running_hash(before: u128, row: &[u8]) -> u128 {
    let seed = (before >> 64) as u64 ^ before as u64;
    xxh3_128_with_seed(row, seed) ^ before.rotate_left(1)
}

/// A 128-bit hash of plain bytes.
#[must_use]
pub fn hash_128(bytes: &[u8]) -> u128 {
    xxh3_128(bytes)
}

/// A 128-bit hash of plain bytes within a scope: equal bytes of other scopes have another.
#[must_use]
pub fn hash_128_within(scope: u64, bytes: &[u8]) -> u128 {
    xxh3_128_with_seed(bytes, scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_its_own_identity_in_either_form() {
        let dashed = EventId::from_text("6F9619FF-8B86-D011-B42D-00CF4FC964FF", "a");
        assert_eq!(
            dashed,
            EventId::from_text("6f9619ff8b86d011b42d00cf4fc964ff", "b")
        );
        assert_eq!(dashed.to_string(), "6f9619ff-8b86-d011-b42d-00cf4fc964ff");
    }

    #[test]
    fn other_ids_are_scoped_by_their_source() {
        assert_ne!(EventId::from_text("1", "a"), EventId::from_text("1", "b"));
        assert_eq!(EventId::from_text("1", "a"), EventId::from_text("1", "a"));
        assert_eq!(
            EventId::from_uuid("6f9619ff-8b86-d011-b42d-00cf4fc964f"),
            None
        );
    }

    #[test]
    fn equal_rows_of_a_file_stay_two_and_a_grown_file_repeats_its_prefix() {
        let first = running_hash(0, b"a\n");
        let second = running_hash(first, b"a\n");
        assert_ne!(first, second);
        assert_eq!(second, running_hash(running_hash(0, b"a\n"), b"a\n"));
    }

    #[test]
    fn homes_do_not_move() {
        // These are stored in checkpoints and topics: a change here moves every key.
        assert_eq!(
            key_hash("main", KeyKind::Person, b"17850"),
            5_000_702_379_917_630_274
        );
    }
}
