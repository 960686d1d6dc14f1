//! Walks over the members of an object and the elements of an array, each value as its own text, strictly as RFC 8259 has it.
//! Values inside values are only bounded here; whoever descends into them, or keeps them, checks them the same way.

use super::scan::{DEPTH_MAX, Stop, is_space, skip_space, string_span, value_end, word_end};
use super::text::unescape;
use crate::event::Str;

/// A value's text, without white space around it.
pub(super) type Raw<'a> = &'a str;

/// The members of an object.
#[derive(Debug)]
pub(super) struct Members<'a> {
    text: &'a str,
    at: usize,
    state: State,
}

/// A value as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written<'a> {
    pub raw: Raw<'a>,
    /// Whether a string has escapes in it; of brackets nothing is said.
    pub has_escape: bool,
}

impl<'a> Written<'a> {
    /// A value of which nobody has told yet whether it has escapes.
    pub(super) fn of(raw: Raw<'a>) -> Written<'a> {
        Written {
            raw,
            has_escape: true,
        }
    }
}

/// The elements of an array.
#[derive(Debug)]
pub(super) struct Elements<'a> {
    text: &'a str,
    at: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    First,
    Next,
    Ended,
}

impl<'a> Members<'a> {
    /// The members of the object this text begins with; nothing where it begins otherwise.
    pub(super) fn of(text: &'a str) -> Option<Members<'a>> {
        text.starts_with('{').then_some(Members {
            text,
            at: 1,
            state: State::First,
        })
    }

    /// The byte after the closing bracket, once all members were given out.
    pub(super) fn end(&self) -> usize {
        self.at
    }

    /// Passes over a key with all that stands before its value, if it is written just so.
    #[inline]
    pub(super) fn pass(&mut self, lead: &str) -> bool {
        let passed = self.text.as_bytes()[self.at..].starts_with(lead.as_bytes());
        if passed {
            self.at += lead.len();
            self.state = State::Next;
        }
        passed
    }

    /// The value of the key that was read or passed over.
    #[inline]
    pub(super) fn value(&mut self) -> Result<Written<'a>, Stop> {
        let at = skip_space(self.text.as_bytes(), self.at);
        let (end, has_escape) = end_of_value(self.text, at)?;
        self.at = end;
        Ok(Written {
            raw: &self.text[at..end],
            has_escape,
        })
    }

    /// The members of the object that is the value of the key that was read or passed over; [`Members::leave`] goes on behind it.
    #[inline]
    pub(super) fn enter(&self) -> Option<Members<'a>> {
        (self.text.as_bytes().get(self.at) == Some(&b'{')).then_some(Members {
            text: self.text,
            at: self.at + 1,
            state: State::First,
        })
    }

    /// Goes on behind an inner object all of whose members were given out.
    #[inline]
    pub(super) fn leave(&mut self, inner: &Members<'a>) {
        self.at = inner.at;
    }

    /// The next key, and everything that stands between the value before and its own.
    #[inline]
    pub(super) fn key(&mut self) -> Result<Option<(Str<'a>, &'a str)>, Stop> {
        let bytes = self.text.as_bytes();
        let before = self.at;
        let Some(at) = step(bytes, &mut self.at, &mut self.state, b'}')? else {
            return Ok(None);
        };
        if bytes[at] != b'"' {
            return Err(Stop::Syntax(at));
        }
        let (key_end, has_escape) = string_span(bytes, at)?;
        let colon = skip_space(bytes, key_end);
        match bytes.get(colon) {
            Some(b':') => {}
            Some(_) => return Err(Stop::Syntax(colon)),
            None => return Err(Stop::Ended),
        }
        let key = &self.text[at + 1..key_end - 1];
        let key = if has_escape {
            unescape(key).ok_or(Stop::Syntax(at))?
        } else {
            Str::Borrowed(key)
        };
        self.at = skip_space(bytes, colon + 1);
        Ok(Some((key, &self.text[before..self.at])))
    }

    fn member(&mut self) -> Result<Option<(Str<'a>, Raw<'a>)>, Stop> {
        let Some((key, _)) = self.key()? else {
            return Ok(None);
        };
        Ok(Some((key, self.value()?.raw)))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Result<(Str<'a>, Raw<'a>), Stop>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let member = self.member();
        if member.is_err() {
            self.state = State::Ended;
        }
        member.transpose()
    }
}

impl<'a> Elements<'a> {
    /// The elements of the array this text begins with; nothing where it begins otherwise.
    pub(super) fn of(text: &'a str) -> Option<Elements<'a>> {
        text.starts_with('[').then_some(Elements {
            text,
            at: 1,
            state: State::First,
        })
    }

    fn element(&mut self) -> Result<Option<Raw<'a>>, Stop> {
        let Some(at) = step(self.text.as_bytes(), &mut self.at, &mut self.state, b']')? else {
            return Ok(None);
        };
        self.at = end_of_value(self.text, at)?.0;
        Ok(Some(&self.text[at..self.at]))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<Raw<'a>, Stop>;

    fn next(&mut self) -> Option<Self::Item> {
        let element = self.element();
        if element.is_err() {
            self.state = State::Ended;
        }
        element.transpose()
    }
}

/// Where the next member or element begins; nothing at the closing bracket, behind which `at` then stands.
#[inline]
fn step(bytes: &[u8], at: &mut usize, state: &mut State, close: u8) -> Result<Option<usize>, Stop> {
    if *state == State::Ended {
        return Ok(None);
    }
    let found = skip_space(bytes, *at);
    let byte = *bytes.get(found).ok_or(Stop::Ended)?;
    let next = match (*state, byte) {
        (_, byte) if byte == close => {
            (*at, *state) = (found + 1, State::Ended);
            return Ok(None);
        }
        (State::First, _) => found,
        (_, b',') => skip_space(bytes, found + 1),
        _ => return Err(Stop::Syntax(found)),
    };
    *state = State::Next;
    if next == bytes.len() {
        Err(Stop::Ended)
    } else {
        Ok(Some(next))
    }
}

#[inline]
fn end_of_value(text: &str, at: usize) -> Result<(usize, bool), Stop> {
    let bytes = text.as_bytes();
    match bytes.get(at) {
        None => Err(Stop::Ended),
        Some(b'"') => string_span(bytes, at),
        Some(b'{' | b'[') => Ok((value_end(bytes, at)?, true)),
        Some(_) => {
            let end = word_end(bytes, at);
            if is_word(&bytes[at..end]) {
                Ok((end, false))
            } else {
                Err(Stop::Syntax(at))
            }
        }
    }
}

/// Whether this is a number or a literal.
fn is_word(word: &[u8]) -> bool {
    match word {
        b"true" | b"false" | b"null" => true,
        [b'-', rest @ ..] => is_unsigned_number(rest),
        _ => is_unsigned_number(word),
    }
}

fn is_unsigned_number(number: &[u8]) -> bool {
    let digits = |bytes: &[u8]| {
        bytes
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let whole = digits(number);
    if whole == 0 || (whole > 1 && number[0] == b'0') {
        return false;
    }
    let rest = &number[whole..];
    let rest = match rest {
        [b'.', fraction @ ..] => match digits(fraction) {
            0 => return false,
            length => &fraction[length..],
        },
        _ => rest,
    };
    match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => {
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
        _ => false,
    }
}

/// Checks all that is inside a value whose brackets are known to match; bounded by the depth that a value may have.
pub(super) fn check_inside(raw: Raw<'_>) -> Result<(), Stop> {
    check_to_depth(raw, DEPTH_MAX)
}

fn check_to_depth(raw: Raw<'_>, depth: usize) -> Result<(), Stop> {
    if depth == 0 {
        return Err(Stop::TooDeep(0));
    }
    if let Some(mut members) = Members::of(raw) {
        return members.try_for_each(|member| check_to_depth(member?.1, depth - 1));
    }
    if let Some(mut elements) = Elements::of(raw) {
        return elements.try_for_each(|element| check_to_depth(element?, depth - 1));
    }
    match raw.strip_prefix('"') {
        Some(inner) if unescape(&inner[..inner.len() - 1]).is_none() => Err(Stop::Syntax(0)),
        _ => Ok(()),
    }
}

/// Whether nothing but white space follows.
pub(super) fn is_blank(text: &str) -> bool {
    text.bytes().all(is_space)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let members = Members::of(text).expect("an object");
        let shown: Vec<String> = members
            .map(|member| match member {
                Ok((key, raw)) => format!("{key}={raw}"),
                Err(stop) => format!("{stop:?}"),
            })
            .collect();
        assert_eq!(shown.join(" "), expected, "{text}");
    }

    #[test]
    fn members_come_one_by_one_with_their_own_text() {
        check("{}", "");
        check(
            r#"{ "a" : 1 , "b":"x,}" ,"c":[1,{"d":2}],"e\n":null }"#,
            "a=1 b=\"x,}\" c=[1,{\"d\":2}] e\n=null",
        );
    }

    #[test]
    fn the_first_thing_out_of_place_ends_the_walk() {
        check(r#"{"a":1,}"#, "a=1 Syntax(7)");
        check(r#"{"a":NaN}"#, "Syntax(5)");
        check(r#"{"a" 1}"#, "Syntax(5)");
        check(r#"{"a":1 "b":2}"#, "a=1 Syntax(7)");
        check(r#"{"a":1"#, "a=1 Ended");
        check(r#"{"a":"#, "Ended");
        check(r#"{a:1}"#, "Syntax(1)");
    }

    #[test]
    fn numbers_are_those_of_the_standard() {
        let all = |words: &[&str]| {
            words
                .iter()
                .map(|word| is_word(word.as_bytes()))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            all(&["0", "-0", "10.25", "1e3", "-1.5E-07", "true", "null"]),
            [true; 7]
        );
        assert_eq!(
            all(&[
                "", "-", "01", "1.", ".5", "1e", "+1", "0x1", "1e3.5", "nul", "NaN"
            ]),
            [false; 11]
        );
    }

    #[test]
    fn what_is_inside_a_kept_value_is_checked_too() {
        assert_eq!(check_inside(r#"{"a":[1,"\u0041",{"b":false}]}"#), Ok(()));
        assert!(check_inside(r#"{"a":[1,NaN]}"#).is_err());
        assert!(check_inside(r#"["\x"]"#).is_err());
    }
}
