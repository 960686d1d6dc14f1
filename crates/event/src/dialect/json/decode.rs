//! One JSON object becomes one event: keys are looked up, values read from their own text, what is unknown is kept.
//! Where the object begins and ends in a body is the splitter's business.

use super::JsonDialect;
use super::habit::{self, BEGINNING, Habit, Habits, Known};
use super::keys::{self, ERROR, EVENT, ITEM, Key, PLACE};
use super::members::{Elements, Members, Scalar, Written, check_inside, is_blank};
use super::scan::{Stop, skip_space};
use super::text::{push_member, unescape};
use crate::EventType;
use crate::check::ITEMS_MAX;
use crate::dialect::field::{self, Field, Style, Value};
use crate::dialect::lookup::Lookup;
use crate::dialect::type_name::type_named;
use crate::dialect::{Decoding, EVENT_BYTES_MAX, default_currency};
use crate::event::{Event, Item, Str};
use crate::rejection::{Reason, Rejection};
use crate::schema::{ItemAmount, ItemLabel, ItemText, Label, Text};
use smallvec::SmallVec;
use std::borrow::Cow;

/// Most fields of one object.
pub(super) const FIELDS_MAX: usize = 10_000;
/// Longest name of a type: it is a label, repeated in every table.
pub(super) const TYPE_BYTES_MAX: usize = 256;

/// Reads one object. The event has no id where the sender gave none. The habits, and so the result's cost, are the sender's alone.
pub fn decode_object<'a>(
    bytes: &'a [u8],
    decoding: &Decoding<'a>,
    habits: &mut Habits,
) -> Result<Box<Event<'a>>, Rejection> {
    let mut event = Box::new(Event::new(EventType::Custom));
    decode_into(&mut event, bytes, decoding, habits)?;
    Ok(event)
}

/// As [`decode_object`], into the room of the event before; what stands there after a rejection means nothing.
pub(super) fn decode_into<'a>(
    event: &mut Event<'a>,
    bytes: &'a [u8],
    decoding: &Decoding<'a>,
    habits: &mut Habits,
) -> Result<(), Rejection> {
    event.reset();
    let text = object_text(bytes)?;
    let style = Style {
        zone: decoding.zone,
        decimal_comma: false,
    };
    let mut draft = Draft::new(event, style);
    let text = &text[skip_space(text.as_bytes(), 0)..];
    let mut members = Members::of(text)
        .ok_or_else(|| Rejection::of_field(Reason::MalformedJson, "text", text))?;
    let mut before = BEGINNING;
    loop {
        let known = match habits.event.expected(&mut members, &mut before) {
            Some(known) => known,
            None => match habits.event.next_key(&mut members, &EVENT, &mut before) {
                Ok(Some(habit::Key::Known(known))) => known,
                Ok(Some(habit::Key::Unknown(key))) => {
                    let value = members.value().map_err(stopped)?;
                    draft.unknown(&key, value.raw())?;
                    continue;
                }
                Ok(None) => break,
                Err(stop) => return Err(stopped(stop)),
            },
        };
        draft.known(known, &mut members, decoding, habits)?;
    }
    if !is_blank(&text[members.end()..]) {
        return Err(Rejection::new(
            Reason::MalformedJson,
            format!("more follows the object at byte {}", members.end()),
        ));
    }
    draft.finish(decoding)
}

/// What can be an object at all: text of bounded size and depth that opens a bracket.
pub(super) fn object_text(bytes: &[u8]) -> Result<&str, Rejection> {
    if bytes.len() > EVENT_BYTES_MAX {
        return Err(Rejection::new(
            Reason::TooLarge,
            format!("{} bytes; one event has at most 1 MiB", bytes.len()),
        ));
    }
    // Thirty-two bytes at a time: a quarter of what the standard library takes. Where it fails, that one knows the place.
    let text = simdutf8::basic::from_utf8(bytes).map_err(|_| no_text(bytes))?;
    match text.trim_ascii_start().as_bytes() {
        [b'{', ..] => {}
        [b'[' | b'"' | b'-' | b'0'..=b'9', ..] | b"true" | b"false" | b"null" => {
            return Err(Rejection::of_field(Reason::NotAnObject, "value", text));
        }
        _ => return Err(Rejection::of_field(Reason::MalformedJson, "text", text)),
    }
    Ok(text)
}

#[cold]
fn no_text(bytes: &[u8]) -> Rejection {
    let sound = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    Rejection::new(Reason::InvalidText, format!("no UTF-8 at byte {sound}"))
}

#[cold]
pub(super) fn stopped(stop: Stop) -> Rejection {
    match stop {
        Stop::Syntax(at) => Rejection::new(Reason::MalformedJson, format!("no JSON at byte {at}")),
        Stop::TooDeep(_) => Rejection::new(Reason::TooDeep, "nested deeper than 64 levels"),
        Stop::Ended => Rejection::new(Reason::MalformedJson, "it ends too early"),
    }
}

/// Keys an object has had, to find one that stands twice.
#[derive(Default)]
struct Keys<'a> {
    /// A bit for each key of the table, in halves: shifting 128 bits costs thrice as much.
    known: [u64; 2],
    unknown: SmallVec<[Str<'a>; 4]>,
}

impl<'a> Keys<'a> {
    #[inline]
    fn see(&mut self, index: usize, key: &str) -> Result<(), Rejection> {
        let half = &mut self.known[index / 64];
        let bit = 1 << (index % 64);
        if *half & bit != 0 {
            return Err(Rejection::of_field(Reason::DuplicateKey, "key", key));
        }
        *half |= bit;
        Ok(())
    }

    fn known(&self) -> u128 {
        u128::from(self.known[1]) << 64 | u128::from(self.known[0])
    }

    fn see_unknown(&mut self, key: &Str<'a>) -> Result<(), Rejection> {
        if self.unknown.len() == FIELDS_MAX {
            return Err(Rejection::new(
                Reason::TooManyItems,
                format!("more than {FIELDS_MAX} fields in one object"),
            ));
        }
        self.unknown.push(key.clone());
        Ok(())
    }

    fn none_twice(&mut self) -> Result<(), Rejection> {
        if self.unknown.len() < 2 {
            return Ok(());
        }
        self.unknown.sort_unstable();
        match self.unknown.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(Rejection::of_field(Reason::DuplicateKey, "key", &pair[0])),
            None => Ok(()),
        }
    }
}

/// A field of an item that is written into the event itself, read when it is known whether there are items as well.
#[derive(Clone, Copy)]
struct Loose<'a> {
    key: &'static str,
    field: Field,
    value: Written<'a>,
}

/// An event while its keys come in.
struct Draft<'a, 'e, 'c> {
    event: &'e mut Event<'a>,
    style: Style<'c>,
    keys: Keys<'a>,
    loose: SmallVec<[Loose<'a>; 8]>,
    has_items: bool,
    name: Option<Written<'a>>,
    extra: String,
}

impl<'a, 'e, 'c> Draft<'a, 'e, 'c> {
    fn new(event: &'e mut Event<'a>, style: Style<'c>) -> Draft<'a, 'e, 'c> {
        Draft {
            event,
            style,
            keys: Keys::default(),
            loose: SmallVec::new(),
            has_items: false,
            name: None,
            extra: String::new(),
        }
    }

    fn unknown(&mut self, key: &Str<'a>, raw: &'a str) -> Result<(), Rejection> {
        self.keys.see_unknown(key)?;
        self.keep(&[key], raw)
    }

    /// Takes the value of a key of our table.
    fn known(
        &mut self,
        known: Known<Key>,
        members: &mut Members<'a>,
        decoding: &Decoding<'_>,
        habits: &mut Habits,
    ) -> Result<(), Rejection> {
        let Known {
            index,
            name: key,
            value: known,
        } = known;
        if let Key::Field(field) = known
            && let Some(value) = members.plain()
        {
            self.keys.see(index, key)?;
            return self.set(key, *field, value);
        }
        if matches!(known, Key::Place)
            && let Some(mut inner) = members.enter()
        {
            self.keys.see(index, key)?;
            self.nested(key, &mut inner, &PLACE, &mut habits.place)?;
            members.leave(&inner);
            return Ok(());
        }
        let value = members.value().map_err(stopped)?;
        self.keys.see(index, key)?;
        if value.is_null() {
            return Ok(());
        }
        match *known {
            Key::Field(field) => self.set(key, field, value)?,
            Key::OfItem(field) => self.loose.push(Loose { key, field, value }),
            Key::Items => self.items(key, value.raw(), &mut habits.item)?,
            Key::Place => return Err(Rejection::of_field(Reason::WrongType, key, "no object")),
            Key::Error => match Members::of(value.raw()) {
                Some(mut inner) => self.nested(key, &mut inner, &ERROR, &mut habits.error)?,
                None => self.set(key, Field::Text(Text::ErrorCode), value)?,
            },
            Key::Name => self.name = Some(value),
            Key::Store => {
                if read_scalar("store", value, false)?.text != decoding.store {
                    self.keep(&["store"], value.raw())?;
                }
            }
        }
        Ok(())
    }

    /// Keeps a member as it came, under its name in parts; it must be JSON all the way down, because the kept text is read as such.
    fn keep(&mut self, key: &[&str], raw: &'a str) -> Result<(), Rejection> {
        check_inside(raw).map_err(stopped)?;
        push_member(&mut self.extra, key, |out| out.push_str(raw));
        Ok(())
    }

    /// Sets a field of the event; a second name for what is set already is kept as an unknown field.
    /// Compiled into its callers: as a call it saves and restores more registers than it has work to do.
    #[inline(always)]
    fn set(&mut self, key: &str, field: Field, value: Written<'a>) -> Result<(), Rejection> {
        match value.plain() {
            Some(text) if !field::is_set(self.event, field) => {
                field::set_plain(self.event, field, text, self.style)
            }
            _ => self.set_or_keep(key, field, value),
        }
    }

    #[inline(never)]
    fn set_or_keep(
        &mut self,
        key: &str,
        field: Field,
        value: Written<'a>,
    ) -> Result<(), Rejection> {
        if field::is_set(self.event, field) {
            return self.keep(&[key], value.raw());
        }
        let value = read_of_field(key, value, field)?;
        field::set(self.event, 0, field, value, self.style)
    }

    /// An object whose members are fields of the event: a place, an error.
    fn nested(
        &mut self,
        outer: &str,
        members: &mut Members<'a>,
        names: &'static Lookup<Field>,
        habit: &mut Habit<Field>,
    ) -> Result<(), Rejection> {
        let mut keys = Keys::default();
        let mut before = BEGINNING;
        while let Some(key) = habit
            .next_key(members, names, &mut before)
            .map_err(stopped)?
        {
            let value = members.value().map_err(stopped)?;
            match key {
                habit::Key::Known(known) => {
                    keys.see(known.index, known.name)?;
                    if !value.is_null() {
                        self.set(known.name, *known.value, value)?;
                    }
                }
                habit::Key::Unknown(key) => {
                    keys.see_unknown(&key)?;
                    self.keep(&[outer, ".", &key], value.raw())?;
                }
            }
        }
        keys.none_twice()
    }

    fn items(
        &mut self,
        key: &str,
        raw: &'a str,
        habit: &mut Habit<Field>,
    ) -> Result<(), Rejection> {
        let elements = Elements::of(raw)
            .ok_or_else(|| Rejection::of_field(Reason::WrongType, key, "no array"))?;
        self.has_items = true;
        for element in elements {
            let element = element.map_err(stopped)?;
            if self.event.items.len() == ITEMS_MAX {
                return Err(Rejection::new(
                    Reason::TooManyItems,
                    format!("more than {ITEMS_MAX} items"),
                ));
            }
            self.item(element, habit)?;
        }
        Ok(())
    }

    fn item(&mut self, raw: &'a str, habit: &mut Habit<Field>) -> Result<(), Rejection> {
        let mut members =
            Members::of(raw).ok_or_else(|| Rejection::of_field(Reason::WrongType, "items", raw))?;
        let line = self.event.items.len();
        self.event.items.push(Item::default());
        let mut keys = Keys::default();
        let mut before = BEGINNING;
        while let Some(key) = habit
            .next_key(&mut members, &ITEM, &mut before)
            .map_err(stopped)?
        {
            let value = members.value().map_err(stopped)?;
            match key {
                habit::Key::Known(known) => {
                    keys.see(known.index, known.name)?;
                    self.set_of_item(line, known.name, *known.value, value)?;
                }
                habit::Key::Unknown(key) => {
                    keys.see_unknown(&key)?;
                    self.keep(&["items[", &line.to_string(), "].", &key], value.raw())?;
                }
            }
        }
        keys.none_twice()
    }

    fn set_of_item(
        &mut self,
        line: usize,
        key: &str,
        field: Field,
        value: Written<'a>,
    ) -> Result<(), Rejection> {
        if value.is_null() {
            return Ok(());
        }
        if field::is_set_of_item(&self.event.items[line], field) {
            return self.keep(&["items[", &line.to_string(), "].", key], value.raw());
        }
        if let Some(text) = value.plain() {
            return field::set_plain_of_item(self.event, line, field, text, self.style);
        }
        let value = match (field, value.scalar()) {
            (Field::ItemLabel(ItemLabel::CategoryPath), Scalar::Nested(raw))
                if raw.starts_with('[') =>
            {
                read_path(key, raw)?
            }
            _ => read_of_field(key, value, field)?,
        };
        field::set(self.event, line, field, value, self.style)
    }

    fn finish(mut self, decoding: &Decoding<'a>) -> Result<(), Rejection> {
        let dialect = keys::dialect_of(self.keys.known());
        self.keys.none_twice()?;
        self.settle_item(dialect)?;
        self.settle_type()?;
        if dialect == JsonDialect::SeedShop {
            self.infer_quantity();
        }
        self.event.settle_id(decoding.source);
        self.event.set_label(Label::Dialect, dialect.name());
        default_currency(self.event, decoding.currency);
        if !self.extra.is_empty() {
            self.extra.push('}');
            self.event.set_text(Text::Extra, self.extra);
        }
        Ok(())
    }

    /// Fields of a product in the event itself are its one item, unless it has items: then they are unknown fields.
    fn settle_item(&mut self, dialect: JsonDialect) -> Result<(), Rejection> {
        if !self.has_items && !self.loose.is_empty() {
            self.event.only_item();
        }
        // By their places: moving them out would copy the room for all eight.
        for at in 0..self.loose.len() {
            let member = self.loose[at];
            if self.has_items {
                self.keep(&[member.key], member.value.raw())?;
            } else {
                self.set_loose(dialect, member)?;
            }
        }
        self.settle_name()
    }

    fn set_loose(&mut self, dialect: JsonDialect, member: Loose<'a>) -> Result<(), Rejection> {
        let is_product_id = member.field == Field::ItemText(ItemText::ProductId);
        if dialect != JsonDialect::SeedGenerator || !is_product_id {
            return self.set_of_item(0, member.key, member.field, member.value);
        }
        let is_name = |member: &&Loose<'_>| member.field == Field::ItemText(ItemText::Name);
        let Some(name) = self.loose.iter().find(is_name).map(|name| name.value) else {
            return self.set_of_item(0, member.key, member.field, member.value);
        };
        // The generator's product ids are hashes that differ from run to run: the name is what lasts.
        self.set_of_item(0, member.key, Field::ItemText(ItemText::Sku), member.value)?;
        self.set_of_item(0, member.key, member.field, name)?;
        self.event.mark_inferred(ItemText::ProductId.name());
        Ok(())
    }

    /// A bare `name` is the product's where the event itself names a product by id alone, else the customer's.
    fn settle_name(&mut self) -> Result<(), Rejection> {
        let Some(value) = self.name.take() else {
            return Ok(());
        };
        let value = read_scalar("name", value, false)?;
        match self.event.items.as_mut_slice() {
            [item]
                if !self.has_items
                    && item.text(ItemText::ProductId).is_some()
                    && item.text(ItemText::Name).is_none() =>
            {
                item.set_text(ItemText::Name, value.text);
            }
            _ => self.event.set_text(Text::Name, value.text),
        }
        Ok(())
    }

    /// The second seed's shop sells one piece an event and does not say so.
    fn infer_quantity(&mut self) {
        let is_silent = |item: &Item<'_>| item.amount(ItemAmount::Quantity).is_none();
        if self.event.kind == EventType::Order && self.event.items.iter().any(is_silent) {
            self.event.mark_inferred(ItemAmount::Quantity.name());
        }
    }

    fn settle_type(&mut self) -> Result<(), Rejection> {
        let Some(name) = self.event.text(Text::TypeText) else {
            return Err(Rejection::new(
                Reason::TypeMissing,
                "no field says what happened",
            ));
        };
        if name.len() > TYPE_BYTES_MAX {
            return Err(Rejection::of_field(Reason::TooLarge, "type", name));
        }
        let kind = type_named(name);
        let is_canonical = kind != EventType::Custom && kind.name() == name;
        self.event.kind = kind;
        if is_canonical {
            self.event.set_text(Text::TypeText, "");
        }
        Ok(())
    }
}

/// Fields that hold structure of their own: kept as JSON.
fn keeps_json(field: Field) -> bool {
    matches!(
        field,
        Field::Text(Text::Address | Text::Filters | Text::Sorts | Text::ClickIds | Text::Consent)
    )
}

/// The value of a field: `true` is no time and no amount.
pub(super) fn read_of_field<'a>(
    key: &str,
    value: Written<'a>,
    field: Field,
) -> Result<Value<'a>, Rejection> {
    let is_measured = |field| {
        matches!(
            field,
            Field::Time | Field::Amount(_) | Field::ItemAmount(_) | Field::Coordinate(_)
        )
    };
    match value.scalar() {
        Scalar::Word(word @ ("true" | "false")) if is_measured(field) => {
            Err(Rejection::of_field(Reason::WrongType, key, word))
        }
        _ => read_scalar(key, value, keeps_json(field)),
    }
}

/// A value as text: strings unescaped, numbers and booleans as they are written.
#[inline]
pub(super) fn read_scalar<'a>(
    key: &str,
    value: Written<'a>,
    keeps_json: bool,
) -> Result<Value<'a>, Rejection> {
    match value.scalar() {
        Scalar::Plain(text) => Ok(Value::text(text)),
        Scalar::Escaped(inner) => Ok(Value {
            text: unescape(inner)
                .ok_or_else(|| Rejection::of_field(Reason::MalformedJson, key, value.raw()))?,
            may_be_number: false,
        }),
        Scalar::Word(word) => Ok(Value {
            text: Cow::Borrowed(word),
            may_be_number: true,
        }),
        Scalar::Nested(raw) if !keeps_json => Err(Rejection::of_field(Reason::WrongType, key, raw)),
        Scalar::Nested(raw) => {
            check_inside(raw).map_err(stopped)?;
            Ok(Value::text(raw))
        }
    }
}

/// An array of category levels as one path.
pub(super) fn read_path<'a>(key: &str, raw: &'a str) -> Result<Value<'a>, Rejection> {
    let mut path = String::new();
    for level in Elements::of(raw).into_iter().flatten() {
        let level = read_scalar(key, Written::of(level.map_err(stopped)?), false)?;
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(&level.text);
    }
    Ok(Value {
        text: Cow::Owned(path),
        may_be_number: false,
    })
}
