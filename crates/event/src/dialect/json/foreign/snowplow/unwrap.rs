//! The wrappings of Snowplow's self-describing JSON: as it is, as a text, as base64; and the names of schemas.
//! What is in them is read elsewhere.

use super::super::super::scan::value_end;
use super::super::super::text::unescape;
use super::super::object::{MemberList, is_nothing};
use crate::rejection::{Reason, Rejection};
use smallvec::SmallVec;
use std::borrow::Cow;

/// A key whose value is self-describing JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrapped {
    /// What happened.
    Event,
    /// The same in base64.
    EventInBase64,
    /// The entities it happened with.
    Entities,
    /// The same in base64.
    EntitiesInBase64,
}

impl Wrapped {
    pub(super) fn of_key(key: &str) -> Option<Wrapped> {
        match key {
            "ue_pr" | "unstruct_event" => Some(Wrapped::Event),
            "ue_px" => Some(Wrapped::EventInBase64),
            "co" | "contexts" | "derived_contexts" => Some(Wrapped::Entities),
            "cx" => Some(Wrapped::EntitiesInBase64),
            _ => None,
        }
    }

    pub(super) fn is_event(self) -> bool {
        matches!(self, Wrapped::Event | Wrapped::EventInBase64)
    }

    fn is_base64(self) -> bool {
        matches!(self, Wrapped::EventInBase64 | Wrapped::EntitiesInBase64)
    }
}

/// Self-describing JSON without its wrapping.
pub(super) type Unwrapped<'t> = SmallVec<[(Wrapped, Cow<'t, str>); 3]>;

/// All self-describing JSON among the members, each a whole value.
pub(super) fn all_of<'t>(members: &MemberList<'t>) -> Result<Unwrapped<'t>, Rejection> {
    let mut all = SmallVec::new();
    for (key, raw) in members {
        if let Some(wrapped) = Wrapped::of_key(key).filter(|_| !is_nothing(raw)) {
            all.push((wrapped, unwrapped(wrapped, key, raw)?));
        }
    }
    Ok(all)
}

fn unwrapped<'t>(wrapped: Wrapped, key: &str, raw: &'t str) -> Result<Cow<'t, str>, Rejection> {
    let Some(inner) = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) else {
        return Ok(Cow::Borrowed(raw));
    };
    let refused = |what: &str| Rejection::new(Reason::MalformedJson, format!("{key} is no {what}"));
    let text = unescape(inner).ok_or_else(|| refused("text"))?;
    let text = if wrapped.is_base64() {
        let bytes = from_base64(text.as_bytes()).ok_or_else(|| refused("base64"))?;
        Cow::Owned(
            String::from_utf8(bytes)
                .map_err(|_| Rejection::new(Reason::InvalidText, format!("{key} is no UTF-8")))?,
        )
    } else {
        text
    };
    // What was text is bounded here as the body around it was: brackets match, and not too many.
    match value_end(text.as_bytes(), text.len() - text.trim_ascii_start().len()) {
        Ok(_) => Ok(text),
        Err(stop) => Err(super::super::super::decode::stopped(stop)),
    }
}

/// Base64 in either alphabet, with or without the signs that fill it up.
fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.trim_ascii();
    let text = text
        .strip_suffix(b"==")
        .or(text.strip_suffix(b"="))
        .unwrap_or(text);
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4 + 3);
    for group in text.chunks(4) {
        let mut word = 0_u32;
        for sign in group {
            word = word << 6 | u32::from(sextet(*sign)?);
        }
        match group.len() {
            4 => bytes.extend_from_slice(&word.to_be_bytes()[1..]),
            3 => bytes.extend_from_slice(&(word >> 2).to_be_bytes()[2..]),
            2 => bytes.push(u8::try_from(word >> 4).ok()?),
            _ => return None,
        }
    }
    Some(bytes)
}

fn sextet(sign: u8) -> Option<u8> {
    match sign {
        b'A'..=b'Z' => Some(sign - b'A'),
        b'a'..=b'z' => Some(sign - b'a' + 26),
        b'0'..=b'9' => Some(sign - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// `iglu:com.acme/cart_event/jsonschema/1-0-0` as `com_acme_cart_event`, the way a flattened key has it.
pub(super) fn name_of_schema(schema: &str) -> String {
    let path = schema.strip_prefix("iglu:").unwrap_or(schema);
    let mut parts = path.split('/');
    let (vendor, name) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    format!("{vendor}_{name}").replace(['.', '-'], "_")
}

/// `contexts_com_acme_cart_1` without what stands before and behind the schema's name.
pub(super) fn name_of_key<'k>(key: &'k str, prefix: &str) -> Option<&'k str> {
    let (name, version) = key.strip_prefix(prefix)?.rsplit_once('_')?;
    let is_version = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    is_version.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let shown =
            from_base64(text.as_bytes()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert_eq!(shown.as_deref(), expected, "{text}");
    }

    #[test]
    fn base64_is_read_in_both_alphabets_with_and_without_filling() {
        // The examples of RFC 4648, section 10.
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg", "foob"),
            ("Zm9vYmE", "fooba"),
            ("Zm9vYmFy", "foobar"),
        ] {
            check(text, Some(bytes));
        }
        check("Pz8_", Some("???"));
        check("Pz8/", Some("???"));
        check("Zg=x", None);
        check("Zm9vY", None);
        check("Zm 9v", None);
    }

    #[test]
    fn schemas_have_one_name_in_either_writing() {
        assert_eq!(
            name_of_schema("iglu:com.acme.shop/loyalty-card/jsonschema/2-0-1"),
            "com_acme_shop_loyalty_card"
        );
        assert_eq!(
            name_of_key("contexts_com_acme_shop_loyalty_card_2", "contexts_"),
            Some("com_acme_shop_loyalty_card")
        );
        assert_eq!(name_of_key("contexts_com_acme", "contexts_"), None);
        assert_eq!(name_of_key("contexts", "contexts_"), None);
    }
}
