//! Searches: what was searched for, whether anything was found, and whether the visitor then saw a product and ordered. The
//! first two are counted with the event; the last two follow from the person's searches and sessions, which are joined when
//! they are asked for. Nothing here changes by time alone: there is no deadline.

mod count;
mod item;
mod row;

pub use count::{count_event, count_rows};
pub use item::{Found, Search, Searches};
pub use row::{Row, cut};

use crate::promotion::start_of;
use std::borrow::Cow;

/// Letters of a term; what is longer is cut.
pub const TERM_CHARS_MAX: usize = 100;
/// Searches of one key that are kept: 48 bytes each. Those of older searches whose sessions still change count no more.
pub const SEARCHES_MAX: usize = 512;

/// What was searched for, as it is counted: small letters, one blank between words and none around them. Nothing where no
/// letter is left.
#[must_use]
pub fn term(query: &str) -> Option<Cow<'_, str>> {
    let is_plain = |before: char, letter: char| {
        let is_blank = letter.is_whitespace();
        !letter.is_uppercase() && (!is_blank || (letter == ' ' && before != ' '))
    };
    let query = query.trim();
    let mut before = ' ';
    let is_ready = query
        .chars()
        .all(|letter| is_plain(std::mem::replace(&mut before, letter), letter));
    let term = match is_ready {
        true => Cow::Borrowed(start_of(query, TERM_CHARS_MAX).trim_end()),
        false => {
            // Of what is longer only so much is read, blanks included.
            let start = query.chars().take(4 * TERM_CHARS_MAX).collect::<String>();
            let words: Vec<&str> = start.split_whitespace().collect();
            let term = words.join(" ").to_lowercase();
            Cow::Owned(start_of(&term, TERM_CHARS_MAX).trim_end().to_owned())
        }
    };
    (!term.is_empty()).then_some(term)
}

#[cfg(test)]
mod tests;
