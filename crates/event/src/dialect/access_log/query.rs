//! What the query of a url says: what was searched for, and the campaign that led here.

use crate::event::Event;
use crate::schema::{Label, Text};
use std::borrow::Cow;

use super::line::hex;

/// Parameters that hold what a visitor searched for, as shops and blogs name them.
const SEARCHES: [&str; 3] = ["q", "s", "query"];

const CAMPAIGNS: [(&str, Label); 5] = [
    ("utm_source", Label::UtmSource),
    ("utm_medium", Label::UtmMedium),
    ("utm_campaign", Label::UtmCampaign),
    ("utm_term", Label::UtmTerm),
    ("utm_content", Label::UtmContent),
];

/// Sets the fields that the url's query names; of several the first counts.
pub(super) fn set_fields(event: &mut Event<'_>, url: &str) {
    let Some((_, query)) = url.split_once('?') else {
        return;
    };
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    let pairs = query
        .split(['&', ';'])
        .filter_map(|pair| pair.split_once('='));
    for (name, value) in pairs.filter(|(_, value)| !value.is_empty()) {
        if SEARCHES.contains(&name) && event.text(Text::Query).is_none() {
            event.set_text(Text::Query, decode(value).into_owned());
        }
        let campaign = CAMPAIGNS.iter().find(|(known, _)| *known == name);
        if let Some((_, label)) = campaign.filter(|(_, label)| event.label(*label).is_none()) {
            event.set_label(*label, decode(value).into_owned());
        }
    }
}

/// `gr%C3%BCn+tee` is `grün tee`; what then is no text stays as it was written.
fn decode(value: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'%', b'+', value.as_bytes()).is_none() {
        return Cow::Borrowed(value);
    }
    let bytes = value.as_bytes();
    let (mut plain, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let (byte, length) = match &bytes[at..] {
            [b'+', ..] => (b' ', 1),
            [b'%', high, low, ..] => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, 3),
                _ => (b'%', 1),
            },
            [byte, ..] => (*byte, 1),
            [] => break,
        };
        plain.push(byte);
        at += length;
    }
    match String::from_utf8(plain) {
        Ok(plain) if !plain.contains('\0') => Cow::Owned(plain.trim().to_owned()),
        _ => Cow::Borrowed(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_where_they_are_text() {
        assert_eq!(decode("gr%C3%BCn+tee"), "grün tee");
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz"), "%zz");
        assert_eq!(decode("gr%FCn"), "gr%FCn");
        assert_eq!(decode("a%00b"), "a%00b");
        assert_eq!(decode("a%2"), "a%2");
    }
}
