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

/// Reads the 36-character form, or 32 hexadecimal digits.
fn parse_uuid(text: &[u8]) -> Option<u128> {
    let starts = match text.len() {
        36 if [8, 13, 18, 23].iter().all(|at| text[*at] == b'-') => [0, 4, 9, 14, 19, 24, 28, 32],
        32 => [0, 4, 8, 12, 16, 20, 24, 28],
        _ => return None,
    };
    let eight = |first: usize, second: usize| {
        let mut digits = [0; 8];
        digits[..4].copy_from_slice(&text[first..first + 4]);
        digits[4..].copy_from_slice(&text[second..second + 4]);
        eight_digits(digits).map(u128::from)
    };
    let [a, b, c, d, e, f, g, h] = starts;
    Some(eight(a, b)? << 96 | eight(c, d)? << 64 | eight(e, f)? << 32 | eight(g, h)?)
}

/// Eight hexadecimal digits at once, a byte of the word each; digit by digit costs twice as much.
fn eight_digits(digits: [u8; 8]) -> Option<u32> {
    const ONES: u64 = u64::MAX / 255;
    let word = u64::from_le_bytes(digits);
    // Of what is a digit at all, letters alone have bit 6.
    let letters = word >> 6 & ONES;
    let low = word & (ONES * 0x0F);
    let values = low + letters * 9;
    // `0` to `9` are 0x30 to 0x39, `a` to `f` 0x41 to 0x46 once bit 5 is off.
    let wrong_high = (word & (ONES * 0xF0) & !(letters << 5)) ^ (ONES * 0x30 + letters * 0x10);
    let above_nine = (low + ONES * 6) & !(letters << 4);
    let before_a = letters << 4 & !(low + ONES * 0x0F);
    let wrong_low = (values | above_nine | before_a) & (ONES * 0x10);
    if wrong_high | wrong_low != 0 {
        return None;
    }
    let nibbles = values.swap_bytes();
    let bytes = (nibbles | nibbles >> 4) & 0x00FF_00FF_00FF_00FF;
    let pairs = (bytes | bytes >> 8) & 0x0000_FFFF_0000_FFFF;
    Some((pairs | pairs >> 16) as u32)
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
    fn every_byte_is_a_digit_or_none_wherever_it_stands() {
        for at in 0..8 {
            for byte in 0..=u8::MAX {
                let mut digits = *b"0a1B9fF5";
                digits[at] = byte;
                let read = |byte: u8| char::from(byte).to_digit(16);
                let expected = (digits.into_iter())
                    .try_fold(0_u32, |value, byte| Some(value << 4 | read(byte)?));
                assert_eq!(eight_digits(digits), expected, "{byte} at {at}");
            }
        }
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
