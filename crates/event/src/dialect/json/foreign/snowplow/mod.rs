//! Snowplow: payloads of its trackers, and enriched events as JSON, with the e-commerce action and its entities.
//! Entities come in four wrappings (plain, as text, as base64, flattened into a key's name); they are unwrapped here and mean the same.

mod keys;
mod unwrap;

use super::super::JsonDialect;
use super::super::decode::stopped;
use super::super::members::{Elements, Written};
use super::draft::{Draft, Note, Place};
use super::envelope::Envelope;
use super::object::{MemberList, has_any, is_nothing, members_in, members_of, raw_of};
use super::{Decoded, Hand};
use crate::EventType::{self, *};
use crate::dialect::Decoding;
use crate::dialect::field::{Field, Style};
use crate::dialect::type_name::plain;
use crate::event::{Event, Str};
use crate::hash_128;
use crate::rejection::{Reason, Rejection};
use crate::schema::{Amount, ItemNumber, ItemText, Label, Number, Text};
use jiff::tz::TimeZone;
use keys::{ENRICHED, Shape, TRACKED, TYPES, shape_of};
use std::borrow::Cow;
use unwrap::{Wrapped, name_of_key, name_of_schema};

/// Times of an enriched event are written without a zone and are UTC, wherever the shop is.
static UTC: TimeZone = TimeZone::UTC;

/// What an object of it looks like.
pub(super) fn look(members: &MemberList<'_>) -> Option<&'static str> {
    let is_payload = raw_of(members, "schema").is_some_and(|raw| raw.contains("/payload_data/"));
    if is_payload {
        return Some("a payload of a Snowplow tracker");
    }
    let is_code = |raw: &str| {
        matches!(
            raw.trim_matches('"'),
            "pv" | "pp" | "se" | "ue" | "tr" | "ti"
        )
    };
    if raw_of(members, "e").is_some_and(is_code) && has_any(members, &["eid", "tv", "aid", "dtm"]) {
        return Some("an event of a Snowplow tracker");
    }
    let is_enriched = raw_of(members, "event_id").is_some()
        && has_any(
            members,
            &["collector_tstamp", "derived_tstamp", "dvce_created_tstamp"],
        );
    is_enriched.then_some("an enriched event of Snowplow")
}

/// Whether one of the forms has this key at the top.
pub(super) fn knows(key: &str) -> bool {
    ENRICHED.know(key)
        || TRACKED.know(key)
        || Wrapped::of_key(key).is_some()
        || key.starts_with("contexts_")
        || key.starts_with("unstruct_event_")
        || matches!(key, "schema" | "data")
}

/// Reads a payload, one tracked event, or an enriched event.
pub(super) fn decode(
    text: &str,
    decoding: &Decoding<'_>,
    hand: &mut Hand<'_>,
) -> Result<(), Rejection> {
    let members = members_of(text)?;
    if let (Some(_), Some(data)) = (raw_of(&members, "schema"), raw_of(&members, "data")) {
        return Envelope::new(text, data).each("data", hand, |event, raw, hand| {
            hand_over(event, decoding, hand, raw);
        });
    }
    hand_over(text, decoding, hand, text.as_bytes());
    Ok(())
}

/// What is unwrapped lives here while the event that borrows from it is handed over.
fn hand_over(text: &str, decoding: &Decoding<'_>, hand: &mut Hand<'_>, raw: &[u8]) {
    let members = match members_of(text) {
        Ok(members) => members,
        Err(rejection) => return hand(Err(rejection), raw),
    };
    let unwrapped = match unwrap::all_of(&members) {
        Ok(unwrapped) => unwrapped,
        Err(rejection) => return hand(Err(rejection), raw),
    };
    hand(event(&members, &unwrapped, decoding), raw);
}

fn event<'t>(
    members: &[(Str<'t>, &'t str)],
    unwrapped: &'t [(Wrapped, Cow<'_, str>)],
    decoding: &Decoding<'t>,
) -> Decoded<'t> {
    let mut under_way = UnderWay {
        draft: Draft::new(Style {
            zone: &UTC,
            decimal_comma: false,
        }),
        action: None,
        described: None,
        entities: 0,
    };
    under_way.members(members)?;
    for (wrapped, text) in unwrapped {
        under_way.unwrapped(*wrapped, text)?;
    }
    under_way.finish(decoding)
}

/// An event while its keys and entities come in.
struct UnderWay<'t> {
    draft: Draft<'t>,
    /// The e-commerce action.
    action: Option<Str<'t>>,
    /// Name of the self-describing event's schema.
    described: Option<Str<'t>>,
    /// Entities so far: their number is part of the name their unknown fields are kept under.
    entities: usize,
}

impl<'t> UnderWay<'t> {
    fn members(&mut self, members: &[(Str<'t>, &'t str)]) -> Result<(), Rejection> {
        let is_tracked = members.iter().any(|(key, _)| key == "e");
        let keys = if is_tracked { &TRACKED } else { &ENRICHED };
        for (key, raw) in members {
            if Wrapped::of_key(key).is_some() || is_nothing(raw) {
                continue;
            }
            if let Some(name) = name_of_key(key, "unstruct_event_") {
                self.described = Some(keys::short_name(name).to_owned().into());
                self.self_describing(name, raw, |draft| draft.keep_as(&[key], raw))?;
            } else if let Some(name) = name_of_key(key, "contexts_") {
                self.flattened(name, key, raw)?;
            } else {
                self.draft.member(Place::TOP, keys, key.clone(), raw)?;
            }
        }
        Ok(())
    }

    /// Entities of one schema, under a key that names it.
    fn flattened(&mut self, name: &str, key: &str, raw: &'t str) -> Result<(), Rejection> {
        let Some(shape) = shape_of(name) else {
            return self.draft.keep_as(&[key], raw);
        };
        let elements = Elements::of(raw)
            .ok_or_else(|| Rejection::of_field(Reason::WrongType, key, "no array"))?;
        for element in elements {
            self.entity(shape, element.map_err(stopped)?)?;
        }
        Ok(())
    }

    fn entity(&mut self, shape: Shape, raw: &'t str) -> Result<(), Rejection> {
        let index = self.entities;
        self.entities += 1;
        match shape {
            Shape::Item(keys) => self.draft.item(raw, keys),
            Shape::Fields(keys) => {
                let members = members_in(keys.path, raw)?;
                self.draft
                    .object(Place::in_list("contexts", index), keys, members)
            }
        }
    }

    /// A self-describing event or a list of entities, as JSON that names its schemas.
    fn unwrapped(&mut self, wrapped: Wrapped, text: &'t str) -> Result<(), Rejection> {
        let outer = members_of(text)?;
        let Some(data) = raw_of(&outer, "data") else {
            return Ok(());
        };
        if wrapped.is_event() {
            return self.described(data);
        }
        let elements = Elements::of(data)
            .ok_or_else(|| Rejection::of_field(Reason::WrongType, "contexts", "no array"))?;
        for element in elements {
            let element = element.map_err(stopped)?;
            let (schema, data) = schema_and_data(element)?;
            match shape_of(&name_of_schema(&schema)) {
                Some(shape) => self.entity(shape, data)?,
                None => {
                    let index = self.entities.to_string();
                    self.entities += 1;
                    self.draft.keep_as(&["contexts[", &index, "]"], element)?;
                }
            }
        }
        Ok(())
    }

    fn described(&mut self, raw: &'t str) -> Result<(), Rejection> {
        let (schema, data) = schema_and_data(raw)?;
        let event_name = schema.split('/').nth(1).unwrap_or(&schema);
        self.described = Some(event_name.to_owned().into());
        self.self_describing(&name_of_schema(&schema), data, |draft| {
            draft.keep_as(&["unstruct_event"], raw)
        })
    }

    /// What happened, in a schema of its own; `keep` keeps the whole where the schema is none of those we read.
    fn self_describing(
        &mut self,
        name: &str,
        data: &'t str,
        keep: impl FnOnce(&mut Draft<'t>) -> Result<(), Rejection>,
    ) -> Result<(), Rejection> {
        match shape_of(name) {
            Some(Shape::Item(keys)) => self.draft.item(data, keys)?,
            Some(Shape::Fields(keys)) => {
                let members = members_in(keys.path, data)?;
                if keys.path == keys::ACTION {
                    let action = members.iter().find(|(key, _)| key == "type");
                    self.action = action.map(|(_, raw)| text_of("type", raw)).transpose()?;
                }
                self.draft.object(Place::at(keys.path), keys, members)?;
            }
            None => keep(&mut self.draft)?,
        }
        Ok(())
    }

    fn finish(mut self, decoding: &Decoding<'t>) -> Decoded<'t> {
        self.settle_type()?;
        let draft = &mut self.draft;
        // The tracker's clock corrected by the collector's, else the time the shop set, else the clocks themselves.
        draft.fall_back_on(Note::SecondTime)?;
        draft.fall_back_on(Note::ThirdTime)?;
        draft.fall_back_on_arrival(Note::FourthTime)?;
        draft.settle(Note::SecondVisitor, Field::Text(Text::AnonymousId))?;
        draft.settle(Note::SecondCode, Field::Text(Text::ErrorCode))?;
        let total = match draft.event.kind {
            Order => Amount::Total,
            _ => Amount::Subtotal,
        };
        draft.settle_amount(Note::Total, total)?;
        if let Some(device) = draft.event.label(Label::DeviceType).and_then(device_named) {
            draft.event.set_label(Label::DeviceType, device);
        }
        let mut event = self.draft.finish(JsonDialect::Snowplow, decoding)?;
        if event.kind == OrderUpdate {
            number_lines(&mut event);
        }
        Ok(event)
    }

    fn settle_type(&mut self) -> Result<(), Rejection> {
        let code = self.draft.take_text(Note::Call)?;
        let named = self.draft.take_text(Note::EventName)?;
        let action = self.draft.take_text(Note::Action)?;
        let name = match code.as_deref() {
            Some("pv" | "page_view") => Cow::Borrowed("page_view"),
            Some("pp" | "page_ping") => Cow::Borrowed("page_ping"),
            Some("tr" | "transaction") => Cow::Borrowed("transaction"),
            Some("ti" | "transaction_item") => Cow::Borrowed("transaction_item"),
            Some("se" | "struct") => action.unwrap_or(Cow::Borrowed("struct")),
            _ => {
                let other = code.filter(|code| !matches!(code.as_ref(), "ue" | "unstruct"));
                let known = self.action.take().or(named);
                let known = known.or(self.described.take()).or(other);
                known.ok_or_else(|| {
                    Rejection::new(
                        Reason::TypeMissing,
                        "neither e, event nor a schema says what happened",
                    )
                })?
            }
        };
        let kind = self.kind_named(&name);
        self.draft.set_type(kind, name)
    }

    /// The first step of a checkout begins it.
    fn kind_named(&self, name: &str) -> EventType {
        let kind = TYPES
            .find(plain(name).as_bytes())
            .map_or(Custom, |(_, kind)| *kind);
        match self.draft.event.number(Number::Step) {
            Some(1) if kind == CheckoutStep => CheckoutStart,
            _ => kind,
        }
    }
}

/// Each item of an old-style transaction is an event of its own that adds a line to the order, told from the others by its product.
fn number_lines(event: &mut Event<'_>) {
    for item in &mut event.items {
        let product = item.text(ItemText::ProductId).unwrap_or_default();
        // 31 bits: a number a person can still read, and two of ten lines meet once in fifty million orders.
        let line = (hash_128(product.as_bytes()) >> 97) as i64;
        item.set_number(ItemNumber::Line, line);
    }
}

/// Enrichment writes `Computer` where everybody else says desktop.
fn device_named(sent: &str) -> Option<&'static str> {
    match sent {
        "Computer" => Some("desktop"),
        "Mobile" => Some("mobile"),
        "Tablet" => Some("tablet"),
        _ => None,
    }
}

fn schema_and_data(raw: &str) -> Result<(Str<'_>, &str), Rejection> {
    let members = members_in("schema", raw)?;
    let (Some(schema), Some(data)) = (raw_of(&members, "schema"), raw_of(&members, "data")) else {
        return Err(Rejection::of_field(Reason::WrongType, "schema", raw));
    };
    Ok((text_of("schema", schema)?, data))
}

fn text_of<'t>(key: &str, raw: &'t str) -> Result<Str<'t>, Rejection> {
    Ok(super::super::decode::read_scalar(key, Written::of(raw), false)?.text)
}
