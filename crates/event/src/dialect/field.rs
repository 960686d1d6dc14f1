//! Canonical fields by name, and how a sender's text becomes the value of one.
//! Dialects say which of their names is which field; this file alone knows how each kind of value is read.

use super::lookup::Lookup;
use super::numeral::{read_decimal, read_degrees};
use crate::Currency;
use crate::event::{Event, Item, Str};
use crate::rejection::{Reason, Rejection};
use crate::schema::{
    Amount, Coordinate, ItemAmount, ItemLabel, ItemNumber, ItemText, Label, Number, Text,
};
use crate::time::EventTime;
use jiff::tz::TimeZone;
use std::borrow::Cow;

/// Where a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The sender's id of the event.
    EventId,
    /// What happened, in the sender's words.
    Type,
    /// When it happened.
    Time,
    /// A text column.
    Text(Text),
    /// A column of few values.
    Label(Label),
    /// Money or stock.
    Amount(Amount),
    /// A whole number.
    Number(Number),
    /// Degrees.
    Coordinate(Coordinate),
    /// A text of the line item.
    ItemText(ItemText),
    /// A label of the line item.
    ItemLabel(ItemLabel),
    /// A category path written with dots between its levels.
    CategoryCode,
    /// Price or quantity of the line item.
    ItemAmount(ItemAmount),
    /// A whole number of the line item.
    ItemNumber(ItemNumber),
}

/// Other names a mapping may use for a field, beside the column's own.
static ALIASES: Lookup<Field> = Lookup::new(&[
    ("event_id", Field::EventId),
    ("type", Field::Type),
    ("event_type", Field::Type),
    ("ts_event", Field::Time),
    ("ts", Field::Time),
    ("timestamp", Field::Time),
    ("session_id", Field::Text(Text::SourceSessionId)),
    ("user_id", Field::Text(Text::CustomerId)),
    ("product_name", Field::ItemText(ItemText::Name)),
    ("product", Field::ItemText(ItemText::ProductId)),
    ("price", Field::ItemAmount(ItemAmount::UnitPrice)),
    ("category", Field::ItemLabel(ItemLabel::CategoryPath)),
    ("category_code", Field::CategoryCode),
    ("device", Field::Label(Label::DeviceType)),
    ("latitude", Field::Coordinate(Coordinate::Latitude)),
    ("longitude", Field::Coordinate(Coordinate::Longitude)),
]);

impl Field {
    /// The field a mapping means: a canonical column name; `items.NAME` where an item's column has the name of an event's.
    #[must_use]
    pub fn parse(name: &str) -> Option<Field> {
        if let Some(name) = name
            .strip_prefix("items.")
            .or_else(|| name.strip_prefix("item."))
        {
            return Field::of_item(name);
        }
        ALIASES
            .find(name.as_bytes())
            .map(|(_, field)| *field)
            .or_else(|| Field::of_event(name))
            .or_else(|| Field::of_item(name))
    }

    /// Every name [`Field::parse`] takes, for a suggestion.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let columns = (Text::ALL.iter().map(|column| column.name()))
            .chain(Label::ALL.iter().map(|column| column.name()))
            .chain(Amount::ALL.iter().map(|column| column.name()))
            .chain(Number::ALL.iter().map(|column| column.name()))
            .chain(Coordinate::ALL.iter().map(|column| column.name()))
            .chain(ItemText::ALL.iter().map(|column| column.name()))
            .chain(ItemLabel::ALL.iter().map(|column| column.name()))
            .chain(ItemAmount::ALL.iter().map(|column| column.name()))
            .chain(ItemNumber::ALL.iter().map(|column| column.name()));
        ALIASES
            .names()
            .chain(columns)
            .filter(|name| Field::parse(name).is_some())
    }

    /// The canonical name; an item's column that shares it with an event's has `items.` before it.
    #[must_use]
    pub fn name(self) -> String {
        let name = match self {
            Field::EventId => "event_id",
            Field::Type => "type",
            Field::Time => "ts_event",
            Field::CategoryCode => "category_path",
            Field::Text(column) => column.name(),
            Field::Label(column) => column.name(),
            Field::Amount(column) => column.name(),
            Field::Number(column) => column.name(),
            Field::Coordinate(column) => column.name(),
            Field::ItemText(column) => column.name(),
            Field::ItemLabel(column) => column.name(),
            Field::ItemAmount(column) => column.name(),
            Field::ItemNumber(column) => column.name(),
        };
        if self.is_of_item() && Field::of_event(name).is_some() {
            format!("items.{name}")
        } else {
            name.to_owned()
        }
    }

    /// The name under which a mapping gives exactly this field: [`Field::parse`] reads it back.
    #[must_use]
    pub fn given_name(self) -> String {
        match self {
            Field::CategoryCode => "category_code".to_owned(),
            field => field.name(),
        }
    }

    /// Whether the value belongs to a line item.
    #[must_use]
    pub fn is_of_item(self) -> bool {
        matches!(
            self,
            Field::ItemText(_)
                | Field::ItemLabel(_)
                | Field::ItemAmount(_)
                | Field::ItemNumber(_)
                | Field::CategoryCode
        )
    }

    fn of_event(name: &str) -> Option<Field> {
        Text::parse(name)
            .filter(|column| {
                !matches!(
                    column,
                    Text::TypeText
                        | Text::EventIdText
                        | Text::Extra
                        | Text::Inferred
                        | Text::BotReason
                )
            })
            .map(Field::Text)
            .or_else(|| {
                Label::parse(name)
                    .filter(|column| !is_stamped(*column))
                    .map(Field::Label)
            })
            .or_else(|| Amount::parse(name).map(Field::Amount))
            .or_else(|| {
                Number::parse(name)
                    .filter(|column| {
                        !matches!(column, Number::TimeReceived | Number::SourcePosition)
                    })
                    .map(Field::Number)
            })
            .or_else(|| Coordinate::parse(name).map(Field::Coordinate))
    }

    fn of_item(name: &str) -> Option<Field> {
        match name {
            "product_name" => return Some(Field::ItemText(ItemText::Name)),
            "price" => return Some(Field::ItemAmount(ItemAmount::UnitPrice)),
            "category" => return Some(Field::ItemLabel(ItemLabel::CategoryPath)),
            "category_code" => return Some(Field::CategoryCode),
            _ => {}
        }
        ItemText::parse(name)
            .map(Field::ItemText)
            .or_else(|| ItemLabel::parse(name).map(Field::ItemLabel))
            .or_else(|| ItemAmount::parse(name).map(Field::ItemAmount))
            .or_else(|| ItemNumber::parse(name).map(Field::ItemNumber))
    }
}

/// Labels the door stamps or derives: no sender sets them.
fn is_stamped(column: Label) -> bool {
    matches!(
        column,
        Label::Type | Label::Store | Label::Source | Label::Dialect | Label::PriceCategory
    )
}

/// One value as it was sent.
#[derive(Debug, Clone)]
pub(super) struct Value<'a> {
    /// Its text, unescaped.
    pub text: Str<'a>,
    /// Written as a number, or in a form that does not tell numbers from text: `17850.0` may then be the id `17850`.
    pub may_be_number: bool,
}

impl<'a> Value<'a> {
    /// A text that was sent as one.
    #[inline]
    pub(super) fn text(text: &'a str) -> Value<'a> {
        Value {
            text: Cow::Borrowed(text),
            may_be_number: false,
        }
    }
}

/// How values of a source are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style<'c> {
    /// The zone of times without one.
    pub zone: &'c TimeZone,
    /// A comma before fraction digits is this source's habit, so reading it is no guess.
    pub decimal_comma: bool,
}

/// Sets a field of the event, or of its line `line`, which must exist for an item's field.
/// The type and the event id are kept as sent; their meaning depends on the dialect.
pub(super) fn set<'a>(
    event: &mut Event<'a>,
    line: usize,
    field: Field,
    value: Value<'a>,
    style: Style<'_>,
) -> Result<(), Rejection> {
    put(event, line, field, value, style)
}

/// As [`set`], of a text that was sent as one and has nothing to unescape, for a field of the event itself.
pub(super) fn set_plain<'a>(
    event: &mut Event<'a>,
    field: Field,
    text: &'a str,
    style: Style<'_>,
) -> Result<(), Rejection> {
    put(event, 0, field, Value::text(text), style)
}

/// The same for a field of an item.
pub(super) fn set_plain_of_item<'a>(
    event: &mut Event<'a>,
    line: usize,
    field: Field,
    text: &'a str,
    style: Style<'_>,
) -> Result<(), Rejection> {
    put(event, line, field, Value::text(text), style)
}

/// Compiled thrice: where the text is known to be borrowed, half of what follows falls away.
#[inline(always)]
fn put<'a>(
    event: &mut Event<'a>,
    line: usize,
    field: Field,
    value: Value<'a>,
    style: Style<'_>,
) -> Result<(), Rejection> {
    match field {
        Field::EventId => event.set_text(Text::EventIdText, id_text(value)),
        Field::Type => event.set_text(Text::TypeText, value.text),
        Field::Time => event.time = Some(read_time("ts_event", &value.text, style)?),
        Field::Text(column) if is_id(column) => event.set_text(column, id_text(value)),
        Field::Text(column) => event.set_text(column, value.text),
        Field::Label(Label::Currency) => {
            event.set_label(Label::Currency, currency_code(value.text))
        }
        Field::Label(column) => event.set_label(column, trimmed(value.text)),
        Field::Number(column) => set_number(event, column, &value.text, style)?,
        Field::Coordinate(column) => {
            event.set_coordinate(column, read_degrees(column, &value.text)?)
        }
        Field::Amount(column) => {
            let (amount, guessed) =
                read_decimal(column.name(), reason_of(column), &value.text, style)?;
            event.set_amount(column, amount);
            if guessed {
                event.mark_inferred(column.name());
            }
        }
        of_item => {
            if let Some(guessed) = set_of_item(&mut event.items[line], of_item, value, style)? {
                event.mark_inferred(guessed);
            }
        }
    }
    Ok(())
}

/// Whether a field of the event itself has a value; the type and the id count once they were sent.
pub(super) fn is_set(event: &Event<'_>, field: Field) -> bool {
    match field {
        Field::EventId => event.text(Text::EventIdText).is_some(),
        Field::Type => event.text(Text::TypeText).is_some(),
        Field::Time => event.time.is_some(),
        Field::Text(column) => event.text(column).is_some(),
        Field::Label(column) => event.label(column).is_some(),
        Field::Amount(column) => event.amount(column).is_some(),
        Field::Number(column) => event.number(column).is_some(),
        Field::Coordinate(column) => event.coordinate(column).is_some(),
        _ => false,
    }
}

/// Whether a field of an item has a value.
pub(super) fn is_set_of_item(item: &Item<'_>, field: Field) -> bool {
    match field {
        Field::ItemText(column) => item.text(column).is_some(),
        Field::ItemLabel(column) => item.label(column).is_some(),
        Field::CategoryCode => item.label(ItemLabel::CategoryPath).is_some(),
        Field::ItemAmount(column) => item.amount(column).is_some(),
        Field::ItemNumber(column) => item.number(column).is_some(),
        _ => false,
    }
}

/// Sets an item's field; the name of the field where its value is our reading rather than the sender's word.
#[inline(always)]
fn set_of_item<'a>(
    item: &mut Item<'a>,
    field: Field,
    value: Value<'a>,
    style: Style<'_>,
) -> Result<Option<&'static str>, Rejection> {
    match field {
        Field::ItemText(column) if is_item_id(column) => item.set_text(column, id_text(value)),
        Field::ItemText(column) => item.set_text(column, value.text),
        Field::ItemLabel(ItemLabel::Currency) => {
            item.set_label(ItemLabel::Currency, currency_code(value.text))
        }
        Field::ItemLabel(column) => item.set_label(column, trimmed(value.text)),
        Field::CategoryCode => {
            item.set_label(ItemLabel::CategoryPath, value.text.trim().replace('.', "/"))
        }
        Field::ItemNumber(column) => {
            item.set_number(column, read_whole(column.name(), &value.text)?)
        }
        Field::ItemAmount(column) => {
            let reason = if column == ItemAmount::Quantity {
                Reason::QuantityInvalid
            } else {
                Reason::PriceInvalid
            };
            let (amount, guessed) = read_decimal(column.name(), reason, &value.text, style)?;
            item.set_amount(column, amount);
            return Ok(guessed.then_some(column.name()));
        }
        _ => {}
    }
    Ok(None)
}

fn set_number(
    event: &mut Event<'_>,
    column: Number,
    text: &str,
    style: Style<'_>,
) -> Result<(), Rejection> {
    let number = match column {
        Number::TimeSent | Number::TimeReceived => read_time(column.name(), text, style)?.0,
        Number::IsBot => match text {
            "true" | "1" => 1,
            "false" | "0" => 0,
            _ => return Err(Rejection::of_field(Reason::WrongType, column.name(), text)),
        },
        Number::Step | Number::ResultsCount | Number::SourcePosition => {
            read_whole(column.name(), text)?
        }
    };
    event.set_number(column, number);
    Ok(())
}

fn is_id(column: Text) -> bool {
    matches!(
        column,
        Text::AnonymousId
            | Text::CustomerId
            | Text::SourceSessionId
            | Text::CartId
            | Text::CheckoutId
            | Text::OrderId
            | Text::RefundId
    )
}

fn is_item_id(column: ItemText) -> bool {
    matches!(
        column,
        ItemText::ProductId
            | ItemText::Sku
            | ItemText::CategoryId
            | ItemText::ListId
            | ItemText::PromoId
    )
}

fn reason_of(column: Amount) -> Reason {
    match column {
        Amount::StockLevel | Amount::StockDelta => Reason::QuantityInvalid,
        _ => Reason::PriceInvalid,
    }
}

/// Codes of one currency are one label, however they are written; an unknown one stays as sent, for the check to name.
fn currency_code(text: Str<'_>) -> Str<'_> {
    let text = trimmed(text);
    if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return text;
    }
    match Currency::parse(&text) {
        Some(currency) => Cow::Owned(currency.as_str().to_owned()),
        _ => text,
    }
}

#[inline]
fn trimmed(text: Str<'_>) -> Str<'_> {
    // Nothing to take off: white space of any alphabet begins below or above the printed signs of ASCII.
    let is_sign = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    if is_sign(text.as_bytes().first()) && is_sign(text.as_bytes().last()) {
        return text;
    }
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// Ids that went through a float column come as `17850.0`.
#[inline]
pub(super) fn id_text(value: Value<'_>) -> Str<'_> {
    let text = trimmed(value.text);
    if !value.may_be_number {
        return text;
    }
    match whole_part(&text) {
        Some(length) => match text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[..length]),
            Cow::Owned(mut text) => {
                text.truncate(length);
                Cow::Owned(text)
            }
        },
        None => text,
    }
}

/// The length of the digits before a fraction of nothing but zeros.
fn whole_part(text: &str) -> Option<usize> {
    if !text.ends_with('0') {
        return None;
    }
    let (whole, fraction) = text.split_once('.')?;
    let is_whole = !whole.is_empty()
        && whole.bytes().all(|byte| byte.is_ascii_digit())
        && fraction.bytes().all(|byte| byte == b'0');
    is_whole.then_some(whole.len())
}

pub(super) fn read_time(name: &str, text: &str, style: Style<'_>) -> Result<EventTime, Rejection> {
    EventTime::parse(text, style.zone)
        .map_err(|_| Rejection::of_field(Reason::TimeInvalid, name, text))
}

fn read_whole(name: &str, text: &str) -> Result<i64, Rejection> {
    let trimmed = text.trim();
    let digits = whole_part(trimmed).map_or(trimmed, |length| &trimmed[..length]);
    digits
        .parse()
        .map_err(|_| Rejection::of_field(Reason::WrongType, name, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::ItemAmount;

    #[test]
    fn ids_from_float_columns_lose_their_fraction_of_zeros() {
        let id = |text: &'static str, may_be_number| {
            id_text(Value {
                text: text.into(),
                may_be_number,
            })
            .into_owned()
        };
        assert_eq!(id("17850.0", true), "17850");
        assert_eq!(id("17850.00", true), "17850");
        assert_eq!(id("17850.50", true), "17850.50");
        assert_eq!(id("v1.0", true), "v1.0");
        assert_eq!(id(".0", true), ".0");
        assert_eq!(id("1.0", false), "1.0");
        assert_eq!(id(" 85123A ", true), "85123A");
        assert_eq!(id("9007199254740993123", true), "9007199254740993123");
    }

    #[test]
    fn every_field_is_found_by_its_own_name() {
        for name in Field::names() {
            let field = Field::parse(name).expect("a listed name is a field");
            assert_eq!(
                Field::parse(&field.name()).map(Field::name),
                Some(field.name()),
                "{name}"
            );
        }
        assert_eq!(
            Field::parse("price"),
            Some(Field::ItemAmount(ItemAmount::UnitPrice))
        );
        assert_eq!(Field::parse("coupon"), Some(Field::Text(Text::Coupon)));
        assert_eq!(
            Field::parse("items.coupon"),
            Some(Field::ItemText(ItemText::Coupon))
        );
        assert_eq!(Field::ItemText(ItemText::Coupon).name(), "items.coupon");
        assert_eq!(Field::parse("store"), None);
        assert_eq!(Field::parse("extra"), None);
    }
}
