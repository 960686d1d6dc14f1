//! Walks over the members of an object and the elements of an array, each value as its own text, strictly as RFC 8259 has it.
//! Values inside values are only bounded here; whoever descends into them, or keeps them, checks them the same way.

use super::scan::{
    DEPTH_MAX, Stop, is_space, is_word_byte, plain_length, skip_space, string_span, value_end,
};
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

/// A value where it stands; its text is cut out of the object's when it is asked for, and so only once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written<'a> {
    object: &'a str,
    at: usize,
    end: usize,
    form: Form,
}

/// What a value begins as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A string without escapes.
    Plain,
    /// A string that has escapes, or of which nobody has told yet.
    Escaped,
    /// A number, `true`, `false` or `null`.
    Word,
    /// An object or array.
    Nested,
}

/// What a value is to whoever reads it as text.
pub(super) enum Scalar<'a> {
    /// Between the quotes nothing is escaped.
    Plain(&'a str),
    /// Between the quotes there may be escapes.
    Escaped(&'a str),
    /// As it is written.
    Word(&'a str),
    /// As it is written.
    Nested(&'a str),
}

impl<'a> Written<'a> {
    /// A value that was cut out before.
    pub(super) fn of(raw: Raw<'a>) -> Written<'a> {
        let form = match raw.as_bytes().first() {
            Some(b'"') => Form::Escaped,
            Some(b'{' | b'[') => Form::Nested,
            _ => Form::Word,
        };
        Written {
            object: raw,
            at: 0,
            end: raw.len(),
            form,
        }
    }

    /// As it is written.
    pub(super) fn raw(self) -> Raw<'a> {
        &self.object[self.at..self.end]
    }

    /// The text of a string in which nothing is escaped.
    #[inline(always)]
    pub(super) fn plain(self) -> Option<&'a str> {
        (self.form == Form::Plain).then(|| self.inner())
    }

    /// The value as text.
    #[inline]
    pub(super) fn scalar(self) -> Scalar<'a> {
        match self.form {
            Form::Plain => Scalar::Plain(self.inner()),
            Form::Escaped => Scalar::Escaped(self.inner()),
            Form::Word => Scalar::Word(self.raw()),
            Form::Nested => Scalar::Nested(self.raw()),
        }
    }

    #[inline]
    pub(super) fn is_null(self) -> bool {
        self.form == Form::Word && self.raw() == "null"
    }

    #[inline(always)]
    fn inner(self) -> &'a str {
        &self.object[self.at + 1..self.end - 1]
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

    /// The value of the key that was read or passed over, if it is a string without escapes; else nothing happens.
    /// Most values are: compiled into its callers, it costs them a third of what [`Members::value`] does.
    #[inline(always)]
    pub(super) fn plain(&mut self) -> Option<Written<'a>> {
        let bytes = self.text.as_bytes();
        if bytes.get(self.at) != Some(&b'"') {
            return None;
        }
        let end = self.at + 1 + plain_length(&bytes[self.at + 1..]);
        if bytes.get(end) != Some(&b'"') {
            return None;
        }
        let written = Written {
            object: self.text,
            at: self.at,
            end: end + 1,
            form: Form::Plain,
        };
        self.at = end + 1;
        Some(written)
    }

    /// The value of the key that was read or passed over.
    pub(super) fn value(&mut self) -> Result<Written<'a>, Stop> {
        let at = skip_space(self.text.as_bytes(), self.at);
        let (end, form) = end_of_value(self.text.as_bytes(), at)?;
        self.at = end;
        Ok(Written {
            object: self.text,
            at,
            end,
            form,
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
        Ok(Some((key, self.value()?.raw())))
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
        self.at = end_of_value(self.text.as_bytes(), at)?.0;
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
fn end_of_value(bytes: &[u8], at: usize) -> Result<(usize, Form), Stop> {
    if bytes.get(at) == Some(&b'"') {
        let (end, has_escape) = string_span(bytes, at)?;
        let form = if has_escape {
            Form::Escaped
        } else {
            Form::Plain
        };
        return Ok((end, form));
    }
    end_of_other(bytes, at)
}

/// Apart, so that strings, which most values are, do not pay for saving what only this needs.
#[inline(never)]
fn end_of_other(bytes: &[u8], at: usize) -> Result<(usize, Form), Stop> {
    match bytes.get(at) {
        Some(b'{' | b'[') => Ok((value_end(bytes, at)?, Form::Nested)),
        Some(_) => match word_length(&bytes[at..]) {
            Some(length) => Ok((at + length, Form::Word)),
            None => Err(Stop::Syntax(at)),
        },
        None => Err(Stop::Ended),
    }
}

/// The length of the number or literal these bytes begin with; nothing where they begin with something else.
fn word_length(bytes: &[u8]) -> Option<usize> {
    let length = match bytes.first()? {
        b'-' => 1 + number_length(&bytes[1..])?,
        b'0'..=b'9' => number_length(bytes)?,
        _ => {
            let literals = ["true", "false", "null"].map(str::as_bytes);
            let found = literals.into_iter().find(|word| bytes.starts_with(word));
            found?.len()
        }
    };
    // A word that goes on is another word.
    let goes_on = bytes.get(length).is_some_and(|byte| is_word_byte(*byte));
    (!goes_on).then_some(length)
}

/// The length of an unsigned number.
fn number_length(bytes: &[u8]) -> Option<usize> {
    let whole = digits_end(bytes, 0);
    if whole == 0 || (whole > 1 && bytes[0] == b'0') {
        return None;
    }
    let mut end = whole;
    if bytes.get(end) == Some(&b'.') {
        let fraction = end + 1;
        end = digits_end(bytes, fraction);
        if end == fraction {
            return None;
        }
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let is_signed = matches!(bytes.get(end + 1), Some(b'+' | b'-'));
        let exponent = end + 1 + usize::from(is_signed);
        end = digits_end(bytes, exponent);
        if end == exponent {
            return None;
        }
    }
    Some(end)
}

/// The end of the digits that begin at `at`.
fn digits_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    while bytes.get(end).is_some_and(u8::is_ascii_digit) {
        end += 1;
    }
    end
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
                .map(|word| word_length(word.as_bytes()) == Some(word.len()))
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
