//! Where a JSON value ends: a scan over its structure without recursion, strict enough to stop at the first thing out of place.
//! Numbers, literals and escapes are left to the decoder.

/// Deepest nesting of one event.
pub const DEPTH_MAX: usize = 64;

/// Why a scan stopped before the value's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Something is out of place at this byte.
    Syntax(usize),
    /// Nested deeper than [`DEPTH_MAX`].
    TooDeep(usize),
    /// The bytes end first.
    Ended,
}

/// Kinds of the open brackets, one bit a level: set for objects.
#[derive(Default)]
struct Brackets {
    objects: u64,
    depth: usize,
}

impl Brackets {
    fn open(&mut self, is_object: bool) -> bool {
        if self.depth == DEPTH_MAX {
            return false;
        }
        self.objects = self.objects << 1 | u64::from(is_object);
        self.depth += 1;
        true
    }

    fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }

    fn close(&mut self, is_object: bool) -> bool {
        if self.depth == 0 || self.in_object() != is_object {
            return false;
        }
        self.objects >>= 1;
        self.depth -= 1;
        true
    }
}

/// What may come next inside a value.
enum Expected {
    Value,
    FirstElement,
    FirstKey,
    Key,
    Separator,
}

/// White space between JSON values; a form feed is none, unlike for `trim_ascii`.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// The first byte at or after `at` that is no white space.
pub(super) fn skip_space(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(byte) if !is_space(*byte) => at,
        _ => bytes[at..]
            .iter()
            .position(|byte| !is_space(*byte))
            .map_or(bytes.len(), |found| at + found),
    }
}

/// The end of what stands between `at` and `end` before white space: at least one byte where `at` is none.
pub(super) fn space_start(bytes: &[u8], at: usize, end: usize) -> usize {
    bytes[at..end]
        .iter()
        .rposition(|byte| !is_space(*byte))
        .map_or(at, |found| at + found + 1)
}

/// The end of the value that starts at `at`, which must be no white space.
pub(super) fn value_end(bytes: &[u8], at: usize) -> Result<usize, Stop> {
    let mut brackets = Brackets::default();
    let mut expected = Expected::Value;
    let mut at = at;
    loop {
        at = skip_space(bytes, at);
        let byte = *bytes.get(at).ok_or(Stop::Ended)?;
        expected = match (expected, byte) {
            (Expected::Value | Expected::FirstElement, b'{' | b'[') => {
                if !brackets.open(byte == b'{') {
                    return Err(Stop::TooDeep(at));
                }
                at += 1;
                if byte == b'{' {
                    Expected::FirstKey
                } else {
                    Expected::FirstElement
                }
            }
            (Expected::Value | Expected::FirstElement, b'"') => {
                at = string_end(bytes, at)?;
                Expected::Separator
            }
            (
                Expected::Value | Expected::FirstElement,
                b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z',
            ) => {
                at = word_end(bytes, at);
                Expected::Separator
            }
            (Expected::FirstKey | Expected::Key, b'"') => {
                at = skip_space(bytes, string_end(bytes, at)?);
                match bytes.get(at) {
                    Some(b':') => at += 1,
                    Some(_) => return Err(Stop::Syntax(at)),
                    None => return Err(Stop::Ended),
                }
                Expected::Value
            }
            (Expected::Separator, b',') => {
                at += 1;
                if brackets.in_object() {
                    Expected::Key
                } else {
                    Expected::Value
                }
            }
            (Expected::Separator | Expected::FirstKey, b'}')
            | (Expected::Separator | Expected::FirstElement, b']') => {
                if !brackets.close(byte == b'}') {
                    return Err(Stop::Syntax(at));
                }
                at += 1;
                Expected::Separator
            }
            _ => return Err(Stop::Syntax(at)),
        };
        if brackets.depth == 0 && matches!(expected, Expected::Separator) {
            return Ok(at);
        }
    }
}

/// The byte after the closing quote of the string that opens at `at`.
#[inline]
pub(super) fn string_end(bytes: &[u8], at: usize) -> Result<usize, Stop> {
    string_span(bytes, at).map(|(end, _)| end)
}

/// The same, and whether anything in it is escaped.
#[inline]
pub(super) fn string_span(bytes: &[u8], at: usize) -> Result<(usize, bool), Stop> {
    let mut at = at + 1;
    let mut has_escape = false;
    loop {
        at += bytes.get(at..).map_or(0, plain_length);
        match bytes.get(at) {
            Some(b'"') => return Ok((at + 1, has_escape)),
            Some(b'\\') => {
                has_escape = true;
                at += 2;
            }
            Some(_) => return Err(Stop::Syntax(at)),
            None => return Err(Stop::Ended),
        }
    }
}

const ONES: u64 = u64::MAX / 255;
const HIGHS: u64 = ONES << 7;

/// How many bytes come before the first quote, backslash or control character, looked at eight at a time:
/// a byte borrows into its high bit where it is below the bound (after Warren, Hacker's Delight, 6-1).
/// With its second bit turned a quote is the one sign beside the controls that is below 0x21, so one test finds them all.
#[inline]
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let turned = word ^ (ONES * 2);
        let backslashes = word ^ (ONES * u64::from(b'\\'));
        let below = turned.wrapping_sub(ONES * 0x21) & !turned;
        let zeros = backslashes.wrapping_sub(ONES) & !backslashes;
        let found = (below | zeros) & HIGHS;
        if found != 0 {
            // Borrows only reach bytes above the first hit, so the lowest mark is true.
            return at * 8 + (found.trailing_zeros() / 8) as usize;
        }
    }
    let tail = rest
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))
        .unwrap_or(rest.len());
    words.len() * 8 + tail
}

pub(super) fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')
}

fn word_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..]
        .iter()
        .position(|byte| !is_word_byte(*byte))
        .map_or(bytes.len(), |found| at + found)
}

/// The end of a broken value that begins with a bracket and whose brackets still match, up to `until`.
pub(super) fn balanced_end(bytes: &[u8], at: usize, until: usize) -> Option<usize> {
    let first = bytes[at];
    let mut depth = 0_usize;
    let mut at = at;
    while at < until {
        match bytes[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    // `{` is two below `}`, as `[` is below `]`.
                    return (bytes[at] == first + 2).then_some(at + 1);
                }
            }
            b'"' => at = string_end(&bytes[..until], at).ok()? - 1,
            _ => {}
        }
        if depth == 0 {
            return None;
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<usize, Stop>) {
        assert_eq!(value_end(text.as_bytes(), 0), expected, "{text}");
    }

    #[test]
    fn a_value_ends_where_its_brackets_close() {
        check(r#"{"a":[1,{"b":"}"}],"c":"\"{"} {"#, Ok(29));
        check("{}x", Ok(2));
        check("[] ", Ok(2));
        check("-1.5e3,", Ok(6));
        check(r#""a\\",1"#, Ok(5));
    }

    #[test]
    fn the_first_thing_out_of_place_stops_the_scan() {
        check(r#"{"a":}"#, Err(Stop::Syntax(5)));
        check("{\"a\":{\"b\":1}\n{\"c\":2}", Err(Stop::Syntax(13)));
        check("{\"a\":\"open\n", Err(Stop::Syntax(10)));
        check("[1}", Err(Stop::Syntax(2)));
        check("{\"a\":1,}", Err(Stop::Syntax(7)));
        check(r#"{"a":"#, Err(Stop::Ended));
        check(r#"{"a\"#, Err(Stop::Ended));
        check(&"[".repeat(100_000), Err(Stop::TooDeep(64)));
    }

    #[test]
    fn plain_text_ends_at_the_first_byte_that_is_none_wherever_it_stands() {
        for stop in [b'"', b'\\', b'\n', 0, 0x1f] {
            for at in 0..40 {
                let mut text = vec![b' '; 40];
                text[at] = stop;
                text[20..]
                    .iter_mut()
                    .skip(1)
                    .for_each(|byte| *byte = if *byte == b' ' { 0xC3 } else { *byte });
                assert_eq!(plain_length(&text), at);
            }
        }
        for byte in 0..=u8::MAX {
            let is_plain = !matches!(byte, b'"' | b'\\' | 0..0x20);
            assert_eq!(
                plain_length(&[byte; 8]),
                if is_plain { 8 } else { 0 },
                "{byte}"
            );
        }
        assert_eq!(
            plain_length("é!\u{7f}plain and \u{20ac} more".as_bytes()),
            22
        );
    }

    #[test]
    fn a_broken_value_may_still_have_matching_brackets() {
        assert_eq!(balanced_end(br#"{"a":},{"b":1}"#, 0, 14), Some(6));
        assert_eq!(balanced_end(br#"{"a":{},{"b":1}"#, 0, 15), None);
    }
}
