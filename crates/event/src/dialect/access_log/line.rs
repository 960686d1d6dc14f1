//! One line of an access log taken apart: `[vhost] client ident user [time] "request" status bytes "referrer" "agent" …`.
//! A line that ends early gives what it still holds; what its parts mean for a shop is `page_view`'s.

use crate::rejection::{Reason, Rejection};
use crate::time::EventTime;
use jiff::tz::TimeZone;
use std::borrow::Cow;

/// How much a line tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layout {
    /// Up to the number of bytes.
    Common,
    /// Referrer and user agent too.
    Combined,
    /// The combined one behind the name of the host that was asked.
    CombinedWithHost,
}

impl Layout {
    /// As people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Layout::Common => "common log format",
            Layout::Combined => "combined log format",
            Layout::CombinedWithHost => "combined log format behind the host's name",
        }
    }
}

/// A part of a line; `-` in the log is no value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Part<'a> {
    pub text: Cow<'a, str>,
    /// The line ends before its closing quote: some of the text may be missing.
    pub is_cut: bool,
}

impl<'a> Part<'a> {
    /// The text, if there is one.
    pub(super) fn value(&self) -> Option<&Cow<'a, str>> {
        (!matches!(&*self.text, "" | "-")).then_some(&self.text)
    }
}

/// The parts of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// Host and port that were asked, where the log names them.
    pub host: Option<&'a str>,
    pub client: &'a str,
    pub user: &'a str,
    pub time: EventTime,
    pub request: Part<'a>,
    pub status: Option<u16>,
    pub bytes: Option<u64>,
    pub referrer: Option<Part<'a>>,
    pub agent: Option<Part<'a>>,
    /// What servers add behind the combined format, as it stands.
    pub rest: &'a str,
}

impl<'a> Line<'a> {
    /// Takes a line apart. It has to say who asked and when; all that follows may be cut off.
    pub(super) fn parse(text: &'a str, zone: &TimeZone) -> Result<Line<'a>, Rejection> {
        let (before, rest) = text.split_once(" [").ok_or_else(|| no_line("no time"))?;
        let (time, rest) = rest
            .split_once(']')
            .ok_or_else(|| no_line("it ends within its time"))?;
        let time = parse_time(time, zone)
            .ok_or_else(|| Rejection::of_field(Reason::TimeInvalid, "ts_event", time))?;
        let (host, client, user) = who(before);
        if client.is_empty() {
            return Err(no_line("no client"));
        }
        let mut parts = Parts { rest };
        let request = parts.next().unwrap_or_default();
        let status = parts.number("status", 3)?;
        let bytes = parts.number("number of bytes", 20)?;
        Ok(Line {
            host,
            client,
            user,
            time,
            request,
            status: status.map(|status| status as u16),
            bytes,
            referrer: parts.next_quoted(),
            agent: parts.next_quoted(),
            rest: parts.rest.trim(),
        })
    }

    /// Which of the layouts the line has.
    pub(super) fn layout(&self) -> Layout {
        match (self.host, &self.agent) {
            (Some(_), _) => Layout::CombinedWithHost,
            (None, Some(_)) => Layout::Combined,
            (None, None) => Layout::Common,
        }
    }
}

fn no_line(what: &str) -> Rejection {
    Rejection::new(
        Reason::MalformedLine,
        format!("no line of an access log: {what}"),
    )
}

/// Host, client and user. Names of users may hold spaces; a host stands first and has a port, or an address behind it.
fn who(before: &str) -> (Option<&str>, &str, &str) {
    let mut words = before.split_ascii_whitespace();
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    let is_address = |word: &str| word.parse::<core::net::IpAddr>().is_ok();
    let has_host =
        before.split_ascii_whitespace().count() >= 4 && !is_address(first) && is_address(second);
    let words_before_user = if has_host { 3 } else { 2 };
    let user = skip_words(before, words_before_user);
    if has_host {
        (Some(first), second, user)
    } else {
        (None, first, user)
    }
}

fn skip_words(text: &str, words: usize) -> &str {
    (0..words).fold(text.trim(), |rest, _| {
        rest.split_once(' ')
            .map_or("", |(_, rest)| rest)
            .trim_start()
    })
}

/// The fields behind the time, one after the other.
struct Parts<'a> {
    rest: &'a str,
}

impl<'a> Parts<'a> {
    fn next(&mut self) -> Option<Part<'a>> {
        let rest = self.rest.trim_start();
        if rest.is_empty() {
            return None;
        }
        let Some(quoted) = rest.strip_prefix('"') else {
            let end = rest.find(' ').unwrap_or(rest.len());
            self.rest = &rest[end..];
            return Some(Part {
                text: Cow::Borrowed(&rest[..end]),
                is_cut: false,
            });
        };
        let end = closing_quote(quoted);
        let text = &quoted[..end.unwrap_or(quoted.len())];
        self.rest = end.map_or("", |end| &quoted[end + 1..]);
        Some(Part {
            text: unescape(text),
            is_cut: end.is_none(),
        })
    }

    fn next_quoted(&mut self) -> Option<Part<'a>> {
        if self.rest.trim_start().starts_with('"') {
            self.next()
        } else {
            None
        }
    }

    /// A number; none where the log has `-` or ends.
    fn number(&mut self, what: &str, digits_max: usize) -> Result<Option<u64>, Rejection> {
        let part = self.next();
        let Some(text) = part.as_ref().and_then(Part::value) else {
            return Ok(None);
        };
        let is_number = text.len() <= digits_max && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(number) if is_number => Ok(Some(number)),
            _ => Err(no_line(&format!(
                "its {what} is \"{}\"",
                text.chars().take(20).collect::<String>().escape_debug()
            ))),
        }
    }
}

/// The quote that closes, a backslash before it makes it a part of the text.
fn closing_quote(quoted: &str) -> Option<usize> {
    let bytes = quoted.as_bytes();
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', &bytes[at..])?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at += 2;
        if at > bytes.len() {
            return None;
        }
    }
}

/// Servers write `\"`, `\\` and `\x16`. What then is no text stays as it was written.
fn unescape(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let (mut plain, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let (byte, length) = match &bytes[at..] {
            [b'\\', b'x', high, low, ..] => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, 4),
                _ => (b'\\', 1),
            },
            [b'\\', b'n', ..] => (b'\n', 2),
            [b'\\', b'r', ..] => (b'\r', 2),
            [b'\\', b't', ..] => (b'\t', 2),
            [b'\\', sign @ (b'"' | b'\\'), ..] => (*sign, 2),
            [byte, ..] => (*byte, 1),
            [] => break,
        };
        plain.push(byte);
        at += length;
    }
    match String::from_utf8(plain) {
        Ok(plain) if !plain.contains('\0') => Cow::Owned(plain),
        _ => Cow::Borrowed(text),
    }
}

pub(super) fn hex(digit: u8) -> Option<u8> {
    (digit as char).to_digit(16).map(|value| value as u8)
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `17/May/2015:10:05:03 +0000`; anything else as times are written elsewhere.
fn parse_time(text: &str, zone: &TimeZone) -> Option<EventTime> {
    let of_server = || {
        let (day, rest) = text.split_once('/')?;
        let (month, rest) = rest.split_once('/')?;
        let (year, clock) = rest.split_once(':')?;
        let month = MONTHS.iter().position(|name| *name == month)? + 1;
        if day.len() > 2 || year.len() != 4 {
            return None;
        }
        EventTime::parse(&format!("{year}-{month:02}-{day:0>2} {clock}"), zone).ok()
    };
    of_server().or_else(|| EventTime::parse(text, zone).ok())
}
