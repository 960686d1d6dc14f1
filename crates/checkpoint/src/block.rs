//! Blocks: some kilobytes of rows in the order of their keys, each key without what it shares with the one before.
//! A block is read and checked as a whole; where blocks lie is the run's knowledge.
//!
//! ```text
//! row      shared length · rest length · 0 for a removed row, else value length + 1 · rest of the key · value
//! block    rows · position of every sixteenth row (u32 each) · how many of those (u32) · CRC32C of all that (u32)
//! ```
//!
//! A row that such a position points at shares nothing, so a search may begin there.

use std::cmp::Ordering;
use std::ops::Range;

use crate::codec::{DecodeError, Decoder, Encoder};

/// A block is closed when its rows reach this size: with its ends it fills about one page.
const ROWS_BYTES: usize = 4_000;
/// A search reads eight of them on average; a row at such a position costs its whole key.
const ROWS_BETWEEN_STARTS: usize = 16;
const WORD: usize = size_of::<u32>();

/// Rows on their way into a block.
#[derive(Debug, Default)]
pub(crate) struct BlockBuilder {
    bytes: Vec<u8>,
    starts: Vec<u32>,
    rows: usize,
}

impl BlockBuilder {
    /// Adds a row whose key shares so many bytes with the one before.
    pub(crate) fn push(&mut self, key: &[u8], shared: usize, value: Option<&[u8]>) {
        let mut shared = shared;
        if self.rows.is_multiple_of(ROWS_BETWEEN_STARTS) {
            let start =
                u32::try_from(self.bytes.len()).expect("rows of a block end soon after 4 kB");
            self.starts.push(start);
            shared = 0;
        }
        let mut encoder = Encoder(&mut self.bytes);
        encoder.u64(shared as u64);
        encoder.u64((key.len() - shared) as u64);
        encoder.u64(value.map_or(0, |value| value.len() as u64 + 1));
        self.bytes.extend_from_slice(&key[shared..]);
        self.bytes.extend_from_slice(value.unwrap_or_default());
        self.rows += 1;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() >= ROWS_BYTES
    }

    /// Appends the block and begins the next; tells its length.
    pub(crate) fn finish(&mut self, to: &mut Vec<u8>) -> usize {
        let count = self.starts.len() as u32;
        for word in self.starts.drain(..).chain([count]) {
            self.bytes.extend_from_slice(&word.to_le_bytes());
        }
        let crc = crc32c::crc32c(&self.bytes);
        self.bytes.extend_from_slice(&crc.to_le_bytes());
        to.extend_from_slice(&self.bytes);
        self.rows = 0;
        let length = self.bytes.len();
        self.bytes.clear();
        length
    }
}

/// A block that was read: rows can be looked up and walked through. Its memory is used again for the next.
#[derive(Debug, Default)]
pub(crate) struct Block {
    bytes: Vec<u8>,
    rows_end: usize,
    starts: usize,
}

/// What a block says of a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Lookup<'a> {
    Absent,
    Removed,
    Value(&'a [u8]),
}

/// A row within its block.
#[derive(Debug)]
pub(crate) struct Row {
    /// Bytes of the key before that it begins with.
    pub shared: usize,
    /// The rest of the key.
    pub rest: Range<usize>,
    /// Nothing for a removed row.
    pub value: Option<Range<usize>>,
    /// Where the next row begins.
    pub end: usize,
}

/// A block whose checksum is right and whose content is not: it was written wrong.
const MALFORMED: &str = "a block is malformed";

impl Block {
    /// Room for a block of so many bytes, to be filled before `check`.
    pub(crate) fn room(&mut self, length: usize) -> &mut [u8] {
        (self.rows_end, self.starts) = (0, 0);
        self.bytes.resize(length, 0);
        &mut self.bytes
    }

    /// Holds the bytes to their checksum; before that the block has no rows.
    pub(crate) fn check(&mut self) -> Result<(), &'static str> {
        let (covered, crc) = self.bytes.split_last_chunk::<WORD>().ok_or(MALFORMED)?;
        if crc32c::crc32c(covered) != u32::from_le_bytes(*crc) {
            return Err("a block fails its checksum");
        }
        let (rest, count) = covered.split_last_chunk::<WORD>().ok_or(MALFORMED)?;
        let starts = u32::from_le_bytes(*count) as usize;
        let rows_end = rest.len().checked_sub(starts.saturating_mul(WORD));
        self.rows_end = rows_end.ok_or(MALFORMED)?;
        self.starts = starts;
        Ok(())
    }

    /// The row that begins there; nothing at the end.
    #[inline]
    pub(crate) fn row(&self, at: usize) -> Result<Option<Row>, &'static str> {
        let rows = self.bytes.get(at..self.rows_end).ok_or(MALFORMED)?;
        if rows.is_empty() {
            return Ok(None);
        }
        let row = decode(rows, at).map_err(|_| MALFORMED)?;
        if row.end > self.rows_end {
            return Err(MALFORMED);
        }
        Ok(Some(row))
    }

    #[inline]
    pub(crate) fn part(&self, range: Range<usize>) -> &[u8] {
        &self.bytes[range]
    }

    /// What the block says of this key.
    pub(crate) fn find(&self, key: &[u8]) -> Result<Lookup<'_>, &'static str> {
        let mut at = self.start_before(key)?;
        // Bytes of the key that the row before begins with. It was smaller, so it parted from the key there.
        let mut matched = 0;
        while let Some(row) = self.row(at)? {
            match row.shared.cmp(&matched) {
                // It parts from the key where the row before did.
                Ordering::Greater => {}
                // It parts from the row before at a byte that this one had in common with the key: it is larger.
                Ordering::Less => return Ok(Lookup::Absent),
                Ordering::Equal => {
                    let (rest, wanted) = (self.part(row.rest), &key[matched..]);
                    let common = common_length(rest, wanted);
                    match rest[common..].cmp(&wanted[common..]) {
                        Ordering::Less => matched += common,
                        Ordering::Greater => return Ok(Lookup::Absent),
                        Ordering::Equal => {
                            let value = row.value.map(|value| self.part(value));
                            return Ok(value.map_or(Lookup::Removed, Lookup::Value));
                        }
                    }
                }
            }
            at = row.end;
        }
        Ok(Lookup::Absent)
    }

    /// Where to begin so that no row with this key or a larger one is missed, and few before it are read.
    pub(crate) fn start_before(&self, key: &[u8]) -> Result<usize, &'static str> {
        let (mut low, mut high) = (0, self.starts);
        while low < high {
            let middle = low.midpoint(high);
            let row = self.row(self.start(middle))?.ok_or(MALFORMED)?;
            if self.part(row.rest) <= key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low.checked_sub(1).map_or(0, |start| self.start(start)))
    }

    fn start(&self, which: usize) -> usize {
        let at = self.rows_end + which * WORD;
        let (words, _) = self.bytes[at..].as_chunks::<WORD>();
        words
            .first()
            .map_or(usize::MAX, |word| u32::from_le_bytes(*word) as usize)
    }
}

#[inline]
fn decode(rows: &[u8], at: usize) -> Result<Row, DecodeError> {
    let mut decoder = Decoder::new(rows);
    let shared = decoder.u64()? as usize;
    let rest = decoder.u64()? as usize;
    let value = decoder.u64()? as usize;
    let rest_at = at + rows.len() - decoder.left();
    let value_at = rest_at.checked_add(rest).ok_or(DecodeError::TooLarge)?;
    let end = value_at.checked_add(value.saturating_sub(1));
    let end = end.ok_or(DecodeError::TooLarge)?;
    Ok(Row {
        shared,
        rest: rest_at..value_at,
        value: (value > 0).then_some(value_at..end),
        end,
    })
}

/// How many bytes two keys have in common at their beginning.
#[inline]
pub(crate) fn common_length(left: &[u8], right: &[u8]) -> usize {
    let (left_words, _) = left.as_chunks::<8>();
    let (right_words, _) = right.as_chunks::<8>();
    let words = left_words.len().min(right_words.len());
    for at in 0..words {
        let differing = u64::from_le_bytes(left_words[at]) ^ u64::from_le_bytes(right_words[at]);
        if differing != 0 {
            return at * 8 + differing.trailing_zeros() as usize / 8;
        }
    }
    let (left, right) = (&left[words * 8..], &right[words * 8..]);
    words * 8
        + left
            .iter()
            .zip(right)
            .take_while(|(left, right)| left == right)
            .count()
}
