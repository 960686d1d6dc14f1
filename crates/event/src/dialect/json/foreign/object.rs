//! Whole objects as lists of members, checked: every key once, nothing behind the last bracket, not too many.
//! What the keys mean is `draft`'s and each tracker's.

use super::super::decode::{FIELDS_MAX, stopped};
use super::super::members::{Members, is_blank};
use crate::event::Str;
use crate::rejection::{Reason, Rejection};
use smallvec::SmallVec;

/// Members of an object, in order.
pub(in crate::dialect::json) type MemberList<'t> = SmallVec<[(Str<'t>, &'t str); 24]>;

/// All members of an object that is the whole text; none stands twice.
pub(in crate::dialect::json) fn members_of(text: &str) -> Result<MemberList<'_>, Rejection> {
    let text = text.trim_ascii_start();
    let mut members = walk(text)?;
    let list = collect(&mut members)?;
    if !is_blank(&text[members.end()..]) {
        let detail = format!("more follows the object at byte {}", members.end());
        return Err(Rejection::new(Reason::MalformedJson, detail));
    }
    Ok(list)
}

fn walk(text: &str) -> Result<Members<'_>, Rejection> {
    Members::of(text).ok_or_else(|| Rejection::of_field(Reason::MalformedJson, "text", text))
}

fn collect<'t>(members: &mut Members<'t>) -> Result<MemberList<'t>, Rejection> {
    let mut list = MemberList::new();
    for member in members {
        if list.len() == FIELDS_MAX {
            let detail = format!("more than {FIELDS_MAX} fields in one object");
            return Err(Rejection::new(Reason::TooManyItems, detail));
        }
        list.push(member.map_err(stopped)?);
    }
    none_twice(&list)?;
    Ok(list)
}

fn none_twice(list: &MemberList<'_>) -> Result<(), Rejection> {
    let mut names: SmallVec<[&str; 24]> = list.iter().map(|(key, _)| key.as_ref()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Rejection::of_field(Reason::DuplicateKey, "key", pair[0])),
        None => Ok(()),
    }
}

/// Members of an object inside a value that was walked already; an empty array is what some libraries write for no members.
pub(super) fn members_in<'t>(key: &str, raw: &'t str) -> Result<MemberList<'t>, Rejection> {
    match Members::of(raw) {
        Some(mut members) => collect(&mut members),
        None if is_nothing(raw) || is_empty(raw) => Ok(MemberList::new()),
        None => Err(Rejection::of_field(Reason::WrongType, key, "no object")),
    }
}

/// Nothing is said by a null or an empty text.
pub(super) fn is_nothing(raw: &str) -> bool {
    matches!(raw, "null" | "\"\"")
}

pub(super) fn is_empty(raw: &str) -> bool {
    let inside = raw.get(1..raw.len().saturating_sub(1)).unwrap_or("-");
    matches!(raw.as_bytes().first(), Some(b'{' | b'[')) && is_blank(inside)
}

/// The text of a member, if there is one of this name.
pub(super) fn raw_of<'t>(members: &MemberList<'t>, name: &str) -> Option<&'t str> {
    members
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, raw)| *raw)
}

/// Whether one of the names is a member's.
pub(super) fn has_any(members: &MemberList<'_>, names: &[&str]) -> bool {
    names.iter().any(|name| raw_of(members, name).is_some())
}
