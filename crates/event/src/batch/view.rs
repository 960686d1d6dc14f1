//! Borrowed, typed rows of a batch: what business rules see instead of Arrow.

use super::{Dictionary, EventBatch, ItemColumns};
use crate::event::LineKind;
use crate::schema::{
    Amount, Coordinate, ItemAmount, ItemLabel, ItemNumber, ItemText, Label, Number, Text,
};
use crate::{EventId, EventTime, EventType, Money, Quantity};
use arrow_array::{Array, StringArray};
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// One event of a batch.
#[derive(Debug, Clone, Copy)]
pub struct EventRef<'a> {
    batch: &'a EventBatch,
    row: usize,
}

/// One line item of an event.
#[derive(Debug, Clone, Copy)]
pub struct ItemRef<'a> {
    items: &'a ItemColumns,
    row: usize,
}

fn text(column: Option<&StringArray>, row: usize) -> Option<&str> {
    column
        .filter(|column| column.is_valid(row))
        .map(|column| column.value(row))
}

fn key(column: Option<&Dictionary>, row: usize) -> Option<u16> {
    column
        .filter(|column| column.is_valid(row))
        .map(|column| column.keys().values()[row])
}

fn label(column: Option<&Dictionary>, row: usize) -> Option<&str> {
    let key = key(column, row)?;
    let values = column?.values().as_any().downcast_ref::<StringArray>()?;
    Some(values.value(usize::from(key)))
}

fn with_text(hash: u64, text: Option<&str>) -> u64 {
    match text {
        Some(text) => xxh3_64_with_seed(text.as_bytes(), hash),
        None => with_number(hash, 0),
    }
}

fn with_number(hash: u64, number: i64) -> u64 {
    (hash ^ number as u64)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .rotate_left(29)
}

impl<'a> EventRef<'a> {
    pub(super) fn new(batch: &'a EventBatch, row: usize) -> EventRef<'a> {
        debug_assert!(row < batch.len());
        EventRef { batch, row }
    }

    /// Row within the batch: with the frame's first offset it makes the event's offset.
    #[must_use]
    pub fn row(self) -> usize {
        self.row
    }

    /// Identity within the store.
    #[must_use]
    pub fn id(self) -> EventId {
        let bytes: [u8; 16] = self
            .batch
            .ids
            .value(self.row)
            .try_into()
            .expect("the column's width is 16");
        EventId(u128::from_be_bytes(bytes))
    }

    /// When it happened.
    #[must_use]
    pub fn time(self) -> EventTime {
        EventTime(self.batch.times.values()[self.row])
    }

    /// A hash of what the event says, whoever sent it and when: the same id with another content is no repeat.
    #[must_use]
    pub fn content_hash(self) -> u64 {
        const TEXTS: [Text; 4] = [
            Text::CustomerId,
            Text::AnonymousId,
            Text::OrderId,
            Text::RefundId,
        ];
        const AMOUNTS: [Amount; 3] = [Amount::Revenue, Amount::Total, Amount::RefundAmount];
        let texts = TEXTS.into_iter().map(|column| self.text(column));
        let amounts = AMOUNTS.into_iter().map(|column| self.amount(column));
        let kind = self.kind();
        let hash = with_number(self.time().0 as u64, kind as i64);
        let hash = match kind {
            EventType::Custom => with_text(hash, self.label(Label::Type)),
            _ => hash,
        };
        let hash = texts.fold(hash, with_text);
        let hash = amounts.fold(hash, |hash, amount| {
            with_number(hash, amount.map_or(0, |amount| amount.0))
        });
        self.items().fold(hash, |hash, item| {
            let hash = with_text(hash, item.text(ItemText::ProductId));
            let price = item.unit_price().map_or(0, |price| price.0);
            with_number(with_number(hash, price), item.quantity().0)
        })
    }

    /// What happened.
    #[must_use]
    pub fn kind(self) -> EventType {
        self.label_key(Label::Type)
            .map_or(EventType::Custom, |key| self.batch.kinds[usize::from(key)])
    }

    /// The store; every accepted event has one.
    #[must_use]
    pub fn store(self) -> &'a str {
        self.label(Label::Store).unwrap_or("main")
    }

    /// A text column's value.
    #[must_use]
    pub fn text(self, column: Text) -> Option<&'a str> {
        text(self.batch.texts[column as usize].as_ref(), self.row)
    }

    /// A label column's value.
    #[must_use]
    pub fn label(self, column: Label) -> Option<&'a str> {
        label(self.batch.labels[column as usize].as_ref(), self.row)
    }

    /// A label's key into [`EventBatch::label_values`].
    #[must_use]
    pub fn label_key(self, column: Label) -> Option<u16> {
        key(self.batch.labels[column as usize].as_ref(), self.row)
    }

    /// Money in ten-thousandths.
    #[must_use]
    pub fn amount(self, column: Amount) -> Option<Money> {
        let column = self.batch.amounts[column as usize].as_ref()?;
        column
            .is_valid(self.row)
            .then(|| Money(column.values()[self.row]))
    }

    /// A whole number.
    #[must_use]
    pub fn number(self, column: Number) -> Option<i64> {
        let column = self.batch.numbers[column as usize].as_ref()?;
        column.is_valid(self.row).then(|| column.values()[self.row])
    }

    /// Degrees.
    #[must_use]
    pub fn coordinate(self, column: Coordinate) -> Option<f64> {
        let column = self.batch.coordinates[column as usize].as_ref()?;
        column.is_valid(self.row).then(|| column.values()[self.row])
    }

    /// Rows of the event's line items among all items of the batch.
    #[must_use]
    pub fn item_rows(self) -> Range<usize> {
        self.batch.items.as_ref().map_or(0..0, |items| {
            let offsets = items.list.value_offsets();
            offsets[self.row] as usize..offsets[self.row + 1] as usize
        })
    }

    /// The line items, in the order they were sent.
    pub fn items(self) -> impl ExactSizeIterator<Item = ItemRef<'a>> {
        let items = self.batch.items.as_ref();
        self.item_rows().map(move |row| ItemRef {
            items: items.expect("an event without item columns has no item rows"),
            row,
        })
    }
}

impl<'a> ItemRef<'a> {
    /// A text column's value.
    #[must_use]
    pub fn text(self, column: ItemText) -> Option<&'a str> {
        text(self.items.texts[column as usize].as_ref(), self.row)
    }

    /// A label column's value.
    #[must_use]
    pub fn label(self, column: ItemLabel) -> Option<&'a str> {
        label(self.items.labels[column as usize].as_ref(), self.row)
    }

    /// A label's key into [`EventBatch::item_label_values`].
    #[must_use]
    pub fn label_key(self, column: ItemLabel) -> Option<u16> {
        key(self.items.labels[column as usize].as_ref(), self.row)
    }

    /// Money or quantity in ten-thousandths.
    #[must_use]
    pub fn amount(self, column: ItemAmount) -> Option<i64> {
        let column = self.items.amounts[column as usize].as_ref()?;
        column.is_valid(self.row).then(|| column.values()[self.row])
    }

    /// A whole number.
    #[must_use]
    pub fn number(self, column: ItemNumber) -> Option<i64> {
        let column = self.items.numbers[column as usize].as_ref()?;
        column.is_valid(self.row).then(|| column.values()[self.row])
    }

    /// What the line is.
    #[must_use]
    pub fn kind(self) -> LineKind {
        self.label(ItemLabel::Kind)
            .map_or(LineKind::Product, LineKind::parse)
    }

    /// Price of one piece after its own discount.
    #[must_use]
    pub fn unit_price(self) -> Option<Money> {
        self.amount(ItemAmount::UnitPrice).map(Money)
    }

    /// Pieces; one where the sender names none.
    #[must_use]
    pub fn quantity(self) -> Quantity {
        Quantity(self.amount(ItemAmount::Quantity).unwrap_or(crate::SCALE))
    }
}
