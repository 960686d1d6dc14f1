//! Text in other encodings than UTF-8, told by its beginning and turned into UTF-8 while it is read.
//! UTF-8 passes as it is: a row with broken bytes in it is set aside by the reader of rows.

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::io::{self, Read};

/// How much of the file is looked at.
pub(super) const SNIFFED_BYTES: usize = 64 * 1_024;
/// Bytes turned at a time.
const CHUNK_BYTES: usize = 64 * 1_024;

/// What the beginning of a file says about its encoding. Nothing where it is UTF-8, or no text at all.
/// JSON is never Latin: there a byte that is no UTF-8 spoils its own event.
pub(super) fn encoding_of(beginning: &[u8], is_json: bool) -> Option<&'static Encoding> {
    match beginning {
        [0xFF, 0xFE, ..] => return Some(UTF_16LE),
        [0xFE, 0xFF, ..] => return Some(UTF_16BE),
        _ => {}
    }
    if let Some(encoding) = unmarked_utf_16(beginning) {
        return Some(encoding);
    }
    match std::str::from_utf8(beginning) {
        Err(error) if !is_json && error.error_len().is_some() => {
            is_mostly_single_bytes(beginning, error.valid_up_to()).then_some(WINDOWS_1252)
        }
        // Sound, or cut in the middle of the last character.
        _ => None,
    }
}

/// Latin letters in UTF-16 have a zero for every other byte.
fn unmarked_utf_16(beginning: &[u8]) -> Option<&'static Encoding> {
    let pairs = beginning.chunks_exact(2).take(128);
    let (pairs_seen, high_zeros, low_zeros) = pairs.fold((0, 0, 0), |(pairs, high, low), pair| {
        (
            pairs + 1,
            high + usize::from(pair[0] == 0 && pair[1] != 0),
            low + usize::from(pair[1] == 0 && pair[0] != 0),
        )
    });
    let is_most = |count: usize| pairs_seen >= 2 && count * 10 >= pairs_seen * 9;
    if is_most(low_zeros) {
        Some(UTF_16LE)
    } else if is_most(high_zeros) {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// A Latin file has single bytes above ASCII and no character of UTF-8; a UTF-8 file with a few broken rows has the latter.
fn is_mostly_single_bytes(beginning: &[u8], first: usize) -> bool {
    let (mut sound, mut broken) = (0_usize, 0_usize);
    let is_wide = |text: &[u8]| text.iter().filter(|byte| **byte >= 0xC0).count();
    let mut rest = beginning;
    sound += is_wide(&beginning[..first]);
    while let Err(error) = std::str::from_utf8(rest) {
        let Some(length) = error.error_len() else {
            break;
        };
        broken += 1;
        rest = &rest[error.valid_up_to() + length..];
        let valid = std::str::from_utf8(rest).map_or_else(|error| error.valid_up_to(), str::len);
        sound += is_wide(&rest[..valid]);
    }
    broken > sound
}

/// Whether the beginning of a file holds what no text does.
pub(super) fn is_binary(beginning: &[u8]) -> bool {
    let controls = beginning
        .iter()
        .filter(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31))
        .count();
    controls * 10 > beginning.len()
}

/// Reads another encoding as UTF-8; what is no character in it becomes U+FFFD.
pub(super) struct Recoded {
    read: Box<dyn Read + Send>,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_at: usize,
    text: Vec<u8>,
    text_at: usize,
    is_done: bool,
}

impl Recoded {
    pub(super) fn new(read: Box<dyn Read + Send>, encoding: &'static Encoding) -> Recoded {
        Recoded {
            read,
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: Vec::new(),
            raw_at: 0,
            text: Vec::new(),
            text_at: 0,
            is_done: false,
        }
    }

    /// Turns the bytes at hand, after getting new ones where there are none.
    fn refill(&mut self) -> io::Result<()> {
        if self.raw_at == self.raw.len() && !self.is_done {
            self.raw.resize(CHUNK_BYTES, 0);
            let read = self.read.read(&mut self.raw)?;
            self.raw.truncate(read);
            self.raw_at = 0;
            self.is_done = read == 0;
        }
        self.text.resize(CHUNK_BYTES * 3, 0);
        let (result, read, written, _) =
            self.decoder
                .decode_to_utf8(&self.raw[self.raw_at..], &mut self.text, self.is_done);
        debug_assert!(result == CoderResult::InputEmpty || written > 0);
        self.raw_at += read;
        self.text.truncate(written);
        self.text_at = 0;
        Ok(())
    }
}

impl Read for Recoded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.text_at == self.text.len() {
            let was_done = self.is_done && self.raw_at == self.raw.len();
            if was_done && !self.text.is_empty() {
                return Ok(0);
            }
            self.refill()?;
            if was_done || (self.is_done && self.text.is_empty()) {
                return Ok(0);
            }
        }
        let taken = buffer.len().min(self.text.len() - self.text_at);
        buffer[..taken].copy_from_slice(&self.text[self.text_at..self.text_at + taken]);
        self.text_at += taken;
        Ok(taken)
    }
}
