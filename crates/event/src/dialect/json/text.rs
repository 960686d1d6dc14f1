//! JSON strings as text: borrowed where nothing is escaped, and written again for the fields we keep as they came.

use crate::event::Str;
use std::borrow::Cow;

/// The text between the quotes of a JSON string; half a surrogate pair becomes U+FFFD. Nothing for an unknown escape.
pub(super) fn unescape(inner: &str) -> Option<Str<'_>> {
    // Strings end at a quote or an escape, whichever comes first: most have none, and short ones are quicker looked through here.
    let found = match inner.len() {
        0..32 => inner.bytes().position(|byte| byte == b'\\'),
        _ => memchr::memchr(b'\\', inner.as_bytes()),
    };
    let Some(first) = found else {
        return Some(Cow::Borrowed(inner));
    };
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    let mut next = Some(first);
    while let Some(at) = next {
        text.push_str(&rest[..at]);
        rest = push_escape(&mut text, &rest[at + 1..])?;
        next = memchr::memchr(b'\\', rest.as_bytes());
    }
    text.push_str(rest);
    Some(Cow::Owned(text))
}

/// Appends the character an escape stands for; what follows the escape is given back.
fn push_escape<'a>(text: &mut String, escape: &'a str) -> Option<&'a str> {
    let character = match escape.as_bytes().first()? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return push_unicode(text, &escape[1..]),
        _ => return None,
    };
    text.push(character);
    Some(&escape[1..])
}

fn push_unicode<'a>(text: &mut String, digits: &'a str) -> Option<&'a str> {
    let (unit, rest) = code_unit(digits)?;
    if (0xD800..0xDC00).contains(&unit)
        && let Some((low, after)) = rest.strip_prefix("\\u").and_then(code_unit)
        && (0xDC00..0xE000).contains(&low)
    {
        let scalar = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        text.push(char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER));
        return Some(after);
    }
    text.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
    Some(rest)
}

fn code_unit(digits: &str) -> Option<(u32, &str)> {
    let (unit, rest) = digits.split_at_checked(4)?;
    let is_hexadecimal = unit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hexadecimal {
        Some((u32::from_str_radix(unit, 16).ok()?, rest))
    } else {
        None
    }
}

/// Appends a JSON string.
pub(in crate::dialect) fn write_string(out: &mut String, text: &str) {
    out.push('"');
    if !text
        .bytes()
        .any(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))
    {
        out.push_str(text);
        out.push('"');
        return;
    }
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..' ' => {
                out.push_str("\\u00");
                out.push(char::from_digit(character as u32 >> 4, 16).unwrap_or('0'));
                out.push(char::from_digit(character as u32 & 15, 16).unwrap_or('0'));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

/// Appends `"key":value` to an object text under way; the first call opens the object, the closing bracket is the caller's.
pub(in crate::dialect) fn push_member(
    object: &mut String,
    key: &[&str],
    value: impl FnOnce(&mut String),
) {
    object.push(if object.is_empty() { '{' } else { ',' });
    match key {
        [key] => write_string(object, key),
        parts => write_string(object, &parts.concat()),
    }
    object.push(':');
    value(object);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(inner: &str, expected: Option<&str>) {
        assert_eq!(unescape(inner).as_deref(), expected, "{inner}");
    }

    #[test]
    fn escapes_become_characters() {
        check("plain", Some("plain"));
        check(r#"a\"b\\c\/d\n"#, Some("a\"b\\c/d\n"));
        check(r"\u00e9\ud83d\ude00!", Some("é😀!"));
        check(r"\u0000", Some("\0"));
    }

    #[test]
    fn half_a_surrogate_pair_is_replaced() {
        check(r"\ud83d", Some("\u{fffd}"));
        check(r"\ud83dx", Some("\u{fffd}x"));
        check(r"\ude00\ud83d\u0041", Some("\u{fffd}\u{fffd}A"));
    }

    #[test]
    fn what_is_no_escape_is_refused() {
        check(r"\x41", None);
        check(r"\u00g0", None);
        check(r"\u00", None);
        check(r"\u+123", None);
        check("\\", None);
        check("\\u00é0", None);
    }

    #[test]
    fn a_written_string_reads_back_as_itself() {
        let text = "a\"b\\c\n\t\u{1}\u{1f}é😀";
        let mut written = String::new();
        write_string(&mut written, text);
        assert_eq!(
            unescape(&written[1..written.len() - 1]).as_deref(),
            Some(text)
        );
    }
}
