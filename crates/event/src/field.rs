//! Fields as people speak of them: every column of an event and of its line items under one name and one small number.
//! Which field a rejection blames is decided here; what follows from it is not.

use crate::rejection::{Reason, Rejection};
use crate::schema::{
    Amount, Coordinate, EVENT_ID, ItemAmount, ItemLabel, ItemNumber, ItemText, Label, Number,
    TS_EVENT, Text,
};
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

/// A column of an event, of its line items (`items.unit_price`), or the event as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field(u8);

/// How many fields there are; a set of them fits into a `u128`.
pub const FIELDS: usize = ITEM_NUMBERS + ItemNumber::COUNT;

const TEXTS: usize = 3;
const LABELS: usize = TEXTS + Text::COUNT;
const AMOUNTS: usize = LABELS + Label::COUNT;
const NUMBERS: usize = AMOUNTS + Amount::COUNT;
const COORDINATES: usize = NUMBERS + Number::COUNT;
const ITEM_TEXTS: usize = COORDINATES + Coordinate::COUNT;
const ITEM_LABELS: usize = ITEM_TEXTS + ItemText::COUNT;
const ITEM_AMOUNTS: usize = ITEM_LABELS + ItemLabel::COUNT;
const ITEM_NUMBERS: usize = ITEM_AMOUNTS + ItemAmount::COUNT;
const _: () = assert!(FIELDS <= 128);

/// Names by number.
static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let own = |name: &&str| (*name).to_owned();
    let of_item = |name: &str| format!("items.{name}");
    (["event", EVENT_ID, TS_EVENT].iter().map(own))
        .chain(Text::ALL.iter().map(|column| column.name().to_owned()))
        .chain(Label::ALL.iter().map(|column| column.name().to_owned()))
        .chain(Amount::ALL.iter().map(|column| column.name().to_owned()))
        .chain(Number::ALL.iter().map(|column| column.name().to_owned()))
        .chain(
            Coordinate::ALL
                .iter()
                .map(|column| column.name().to_owned()),
        )
        .chain(ItemText::ALL.iter().map(|column| of_item(column.name())))
        .chain(ItemLabel::ALL.iter().map(|column| of_item(column.name())))
        .chain(ItemAmount::ALL.iter().map(|column| of_item(column.name())))
        .chain(ItemNumber::ALL.iter().map(|column| of_item(column.name())))
        .collect()
});

static NUMBERS_BY_NAME: LazyLock<HashMap<&'static str, Field>> = LazyLock::new(|| {
    let numbered = NAMES.iter().zip(0..);
    numbered
        .map(|(name, at)| (name.as_str(), Field(at)))
        .collect()
});

impl Field {
    /// The event as a whole: what cannot even be read has no fields.
    pub const WHOLE: Field = Field(0);
    /// The identity.
    pub const ID: Field = Field(1);
    /// When it happened.
    pub const TIME: Field = Field(2);

    /// A column of texts.
    #[must_use]
    pub const fn of_text(column: Text) -> Field {
        Field((TEXTS + column as usize) as u8)
    }

    /// A column of labels.
    #[must_use]
    pub const fn of_label(column: Label) -> Field {
        Field((LABELS + column as usize) as u8)
    }

    /// A column of amounts.
    #[must_use]
    pub const fn of_amount(column: Amount) -> Field {
        Field((AMOUNTS + column as usize) as u8)
    }

    /// A column of whole numbers.
    #[must_use]
    pub const fn of_number(column: Number) -> Field {
        Field((NUMBERS + column as usize) as u8)
    }

    /// A column of degrees.
    #[must_use]
    pub const fn of_coordinate(column: Coordinate) -> Field {
        Field((COORDINATES + column as usize) as u8)
    }

    /// A text of line items.
    #[must_use]
    pub const fn of_item_text(column: ItemText) -> Field {
        Field((ITEM_TEXTS + column as usize) as u8)
    }

    /// A label of line items.
    #[must_use]
    pub const fn of_item_label(column: ItemLabel) -> Field {
        Field((ITEM_LABELS + column as usize) as u8)
    }

    /// An amount of line items.
    #[must_use]
    pub const fn of_item_amount(column: ItemAmount) -> Field {
        Field((ITEM_AMOUNTS + column as usize) as u8)
    }

    /// A whole number of line items.
    #[must_use]
    pub const fn of_item_number(column: ItemNumber) -> Field {
        Field((ITEM_NUMBERS + column as usize) as u8)
    }

    /// Its number, below [`FIELDS`]; it may change with the schema, so what is kept holds the name.
    #[must_use]
    pub const fn number(self) -> usize {
        self.0 as usize
    }

    /// The field of this number.
    #[must_use]
    pub fn at(number: usize) -> Option<Field> {
        (number < FIELDS).then_some(Field(number as u8))
    }

    /// Whether it is a field of line items, of which an event has none or many.
    #[must_use]
    pub const fn is_of_items(self) -> bool {
        self.number() >= ITEM_TEXTS
    }

    /// The column's name; fields of line items begin with `items.`.
    #[must_use]
    pub fn name(self) -> &'static str {
        &NAMES[self.number()]
    }

    /// The field of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Field> {
        NUMBERS_BY_NAME.get(name).copied()
    }

    /// Whether a sender fills it: not what the door stamps or derives on every event, and not what holds leftovers.
    #[must_use]
    pub fn is_senders(self) -> bool {
        const OURS: [Field; 14] = [
            Field::WHOLE,
            Field::of_text(Text::EventIdText),
            Field::of_text(Text::TypeText),
            Field::of_text(Text::BotReason),
            Field::of_text(Text::Extra),
            Field::of_text(Text::Inferred),
            Field::of_label(Label::Store),
            Field::of_label(Label::Source),
            Field::of_label(Label::Dialect),
            Field::of_label(Label::PriceCategory),
            Field::of_number(Number::TimeReceived),
            Field::of_number(Number::SourcePosition),
            Field::of_number(Number::IsBot),
            Field::of_item_number(ItemNumber::Line),
        ];
        !OURS.contains(&self)
    }

    /// The field a rejection blames: the one its detail names, else the one its reason speaks of, else the whole event.
    #[must_use]
    pub fn of_rejection(rejection: &Rejection) -> Field {
        rejection
            .field_named()
            .and_then(Field::as_written)
            .unwrap_or_else(|| Field::of_reason(rejection.reason))
    }

    /// A field as a sender or a file's header writes it.
    fn as_written(name: &str) -> Option<Field> {
        let name = name.trim().to_ascii_lowercase();
        Field::parse(&name)
            .or_else(|| Field::parse(&format!("items.{name}")))
            .filter(|field| *field != Field::WHOLE)
    }

    fn of_reason(reason: Reason) -> Field {
        match reason {
            Reason::TypeMissing => Field::of_label(Label::Type),
            Reason::TimeMissing
            | Reason::TimeInvalid
            | Reason::TimeInFuture
            | Reason::TimeOutOfRange => Field::TIME,
            Reason::IdInvalid | Reason::IdConflict => Field::ID,
            Reason::PriceInvalid | Reason::PriceNegative => {
                Field::of_item_amount(ItemAmount::UnitPrice)
            }
            Reason::QuantityInvalid | Reason::QuantityNotPositive => {
                Field::of_item_amount(ItemAmount::Quantity)
            }
            Reason::CurrencyUnknown => Field::of_label(Label::Currency),
            Reason::CoordinateInvalid => Field::of_coordinate(Coordinate::Latitude),
            Reason::ProductMissing => Field::of_item_text(ItemText::ProductId),
            Reason::OrderMissing => Field::of_text(Text::OrderId),
            _ => Field::WHOLE,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_a_name_of_its_own_that_leads_back_to_it() {
        for number in 0..FIELDS {
            let field = Field::at(number).expect("a field");
            assert_eq!(Field::parse(field.name()), Some(field), "{field}");
        }
        assert_eq!(Field::at(FIELDS), None);
    }

    #[test]
    fn each_kind_of_column_lies_where_its_name_says() {
        let named = [
            Field::of_text(Text::OrderId),
            Field::of_label(Label::Currency),
            Field::of_amount(Amount::Revenue),
            Field::of_number(Number::Step),
            Field::of_coordinate(Coordinate::Longitude),
            Field::of_item_text(ItemText::Sku),
            Field::of_item_label(ItemLabel::Currency),
            Field::of_item_amount(ItemAmount::Quantity),
            Field::of_item_number(ItemNumber::Position),
        ]
        .map(Field::name);
        let expected = "order_id currency revenue step lon items.sku items.currency items.quantity items.position";
        assert_eq!(named.join(" "), expected);
    }

    fn check(rejection: &Rejection, expected: &str) {
        assert_eq!(
            Field::of_rejection(rejection).name(),
            expected,
            "{rejection}"
        );
    }

    #[test]
    fn a_rejection_blames_the_field_its_detail_names() {
        let of = Rejection::of_field;
        check(&of(Reason::PriceNegative, "new_price", "-1"), "new_price");
        check(
            &of(Reason::QuantityInvalid, "Quantity", "x"),
            "items.quantity",
        );
        check(&of(Reason::WrongType, "items", "7"), "event");
        check(&of(Reason::TimeInvalid, "InvoiceDate", "soon"), "ts_event");
        check(
            &of(Reason::PriceInvalid, "EP", " = \"currency = \""),
            "items.unit_price",
        );
        check(
            &Rejection::new(Reason::OrderMissing, "the row names no order"),
            "order_id",
        );
        check(
            &Rejection::new(Reason::MalformedJson, "no JSON at byte 3"),
            "event",
        );
        check(&of(Reason::CurrencyUnknown, "currency", "XXQ"), "currency");
    }
}
