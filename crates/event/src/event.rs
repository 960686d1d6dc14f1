//! An event on its way in: what a shop sent, borrowed from the bytes it came in, before it becomes columns.
//! Values are set by dialects, judged by `check`, copied once into an `EventBatch`.

use crate::schema::{
    Amount, Coordinate, ItemAmount, ItemLabel, ItemNumber, ItemText, Label, Number, Text,
};
use crate::sparse::Sparse;
use crate::{EventId, EventTime, EventType};
use std::borrow::Cow;

/// Text borrowed from the input, or owned where it had to be unescaped or decoded.
pub type Str<'a> = Cow<'a, str>;

/// What a shop sends, in canonical fields.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    /// Identity within the store; dialects derive it, the door mints one where there is none.
    pub id: Option<EventId>,
    /// What happened.
    pub kind: EventType,
    /// When it happened.
    pub time: Option<EventTime>,
    /// Line items, in the order they were sent.
    pub items: Vec<Item<'a>>,
    texts: Sparse<Str<'a>, { Text::COUNT }>,
    labels: Sparse<Str<'a>, { Label::COUNT }>,
    amounts: Sparse<i64, { Amount::COUNT }>,
    numbers: Sparse<i64, { Number::COUNT }>,
    coordinates: Sparse<f64, { Coordinate::COUNT }>,
    longest_bytes: usize,
}

/// One line of an event: a product seen or bought, a fee, something returned.
#[derive(Debug, Clone, Default)]
pub struct Item<'a> {
    texts: Sparse<Str<'a>, { ItemText::COUNT }>,
    labels: Sparse<Str<'a>, { ItemLabel::COUNT }>,
    amounts: Sparse<i64, { ItemAmount::COUNT }>,
    numbers: Sparse<i64, { ItemNumber::COUNT }>,
    longest_bytes: usize,
}

/// What a line is; a line without kind is a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// Goods.
    Product,
    /// Postage, bank charges and the like.
    Fee,
    /// Goods that came back.
    Return,
    /// Stock written off.
    WriteOff,
}

impl LineKind {
    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            LineKind::Product => "product",
            LineKind::Fee => "fee",
            LineKind::Return => "return",
            LineKind::WriteOff => "write_off",
        }
    }

    /// The kind of this name; anything unknown is a product.
    #[must_use]
    pub fn parse(name: &str) -> LineKind {
        match name {
            "fee" => LineKind::Fee,
            "return" => LineKind::Return,
            "write_off" => LineKind::WriteOff,
            _ => LineKind::Product,
        }
    }
}

macro_rules! accessors {
    ($get:ident, $set:ident, $field:ident, $column:ty, text) => {
        #[doc = concat!("The value of a column of kind `", stringify!($column), "`.")]
        #[must_use]
        #[inline]
        pub fn $get(&self, column: $column) -> Option<&str> {
            self.$field.get(column as usize).map(AsRef::as_ref)
        }

        #[doc = concat!("Every value of a column of kind `", stringify!($column), "`.")]
        #[inline]
        pub fn $field(&self) -> impl Iterator<Item = ($column, &str)> {
            (self.$field.iter()).map(|(column, value)| (<$column>::ALL[column], value.as_ref()))
        }

        #[doc = concat!("Sets a column of kind `", stringify!($column), "`; an empty text is no value.")]
        #[inline]
        pub fn $set(&mut self, column: $column, value: impl Into<Str<'a>>) {
            let value = value.into();
            self.longest_bytes = self.longest_bytes.max(value.len());
            if value.is_empty() {
                self.$field.clear(column as usize);
            } else {
                self.$field.set(column as usize, value);
            }
        }
    };
    ($get:ident, $set:ident, $field:ident, $column:ty, $value:ty) => {
        #[doc = concat!("The value of a column of kind `", stringify!($column), "`.")]
        #[must_use]
        #[inline]
        pub fn $get(&self, column: $column) -> Option<$value> {
            self.$field.get(column as usize).copied()
        }

        #[doc = concat!("Every value of a column of kind `", stringify!($column), "`.")]
        #[inline]
        pub fn $field(&self) -> impl Iterator<Item = ($column, $value)> {
            (self.$field.iter()).map(|(column, value)| (<$column>::ALL[column], *value))
        }

        #[doc = concat!("Sets a column of kind `", stringify!($column), "`.")]
        #[inline]
        pub fn $set(&mut self, column: $column, value: $value) {
            self.$field.set(column as usize, value);
        }
    };
}

impl<'a> Event<'a> {
    /// An event of this type with nothing else known.
    #[must_use]
    pub fn new(kind: EventType) -> Event<'a> {
        Event {
            id: None,
            kind,
            time: None,
            items: Vec::new(),
            texts: Sparse::default(),
            labels: Sparse::default(),
            amounts: Sparse::default(),
            numbers: Sparse::default(),
            coordinates: Sparse::default(),
            longest_bytes: 0,
        }
    }

    /// Forgets everything, so that the same room holds the next event: an event is 1.4 kB, and making one costs ten times as much.
    pub fn reset(&mut self) {
        self.id = None;
        self.kind = EventType::Custom;
        self.time = None;
        self.items.clear();
        self.texts.clear_all();
        self.labels.clear_all();
        self.amounts.clear_all();
        self.numbers.clear_all();
        self.coordinates.clear_all();
        self.longest_bytes = 0;
    }

    accessors!(text, set_text, texts, Text, text);
    accessors!(label, set_label, labels, Label, text);
    accessors!(amount, set_amount, amounts, Amount, i64);
    accessors!(number, set_number, numbers, Number, i64);
    accessors!(coordinate, set_coordinate, coordinates, Coordinate, f64);

    /// Derives the identity from the id's text, which stays beside it unless it is a UUID; false where the sender gave none.
    pub fn settle_id(&mut self, source: &str) -> bool {
        let Some(text) = self.text(Text::EventIdText) else {
            return false;
        };
        match EventId::from_uuid(text) {
            Some(id) => {
                self.id = Some(id);
                self.set_text(Text::EventIdText, "");
            }
            None => self.id = Some(EventId::from_text(text, source)),
        }
        true
    }

    /// No text of the event or its items is longer than this: a check looks closer only where it must.
    #[must_use]
    pub fn longest_bytes(&self) -> usize {
        self.items
            .iter()
            .map(|item| item.longest_bytes)
            .fold(self.longest_bytes, usize::max)
    }

    /// Names a field as our guess rather than the sender's word.
    pub fn mark_inferred(&mut self, field: &'static str) {
        match self.texts.get_mut(Text::Inferred as usize) {
            Some(names) if names.split(',').any(|name| name == field) => {}
            Some(names) => {
                let names = names.to_mut();
                names.push(',');
                names.push_str(field);
            }
            None => self.set_text(Text::Inferred, field),
        }
    }

    /// The first line, made if there is none: for dialects that send one product an event.
    pub fn only_item(&mut self) -> &mut Item<'a> {
        if self.items.is_empty() {
            self.items.push(Item::default());
        }
        &mut self.items[0]
    }
}

impl<'a> Item<'a> {
    accessors!(text, set_text, texts, ItemText, text);
    accessors!(label, set_label, labels, ItemLabel, text);
    accessors!(amount, set_amount, amounts, ItemAmount, i64);
    accessors!(number, set_number, numbers, ItemNumber, i64);

    /// What the line is.
    #[must_use]
    pub fn kind(&self) -> LineKind {
        self.label(ItemLabel::Kind)
            .map_or(LineKind::Product, LineKind::parse)
    }
}
