//! A batch as bytes: which columns are present, then each of them in canonical order. How a column is written is
//! `writer`'s, and `reader`'s to understand.
//! Compression comes later and elsewhere; here is left out what need not be said, which is the half of it.

mod form;
mod reader;
mod writer;

use super::builder::{
    amount_field, coordinate_field, item_list, label_field, number_field, of_columns, text_field,
};
use super::{EventBatch, EventBatchBuilder, ItemColumns};
use crate::schema::{
    Amount, Coordinate, ItemAmount, ItemLabel, ItemNumber, ItemText, Label, Number, Text,
};
use arrow_array::ArrayRef;
use arrow_buffer::Buffer;
use arrow_schema::{ArrowError, Field};
use reader::ColumnReader;
use writer::ColumnWriter;

/// Why bytes are no batch.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The bytes end too early.
    #[error("frame body is truncated")]
    Truncated,
    /// What stands there cannot have been written by us.
    #[error("frame body is damaged: {0}")]
    Damaged(&'static str),
    /// A newer version wrote it.
    #[error("columns in form {0}, which this version does not know")]
    UnknownForm(u8),
    /// A newer version knows a reason this one does not.
    #[error("unknown rejection reason {0}")]
    UnknownReason(String),
    /// The columns cannot be put together.
    #[error("columns of the frame")]
    Columns(#[from] ArrowError),
    /// Offsets within a batch have 31 bits.
    #[error("too many rows for one frame")]
    TooManyRows,
}

/// The form that is described here; another one gets another number, and this one stays readable.
const FORM: u8 = 1;

/// Which columns are present, a bit each in canonical order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Presence {
    event: u128,
    items: u64,
}

/// Bits for columns, first to last.
fn bits(present: impl Iterator<Item = bool>) -> u128 {
    present.enumerate().fold(0, |bits, (at, is_present)| {
        bits | u128::from(is_present) << at
    })
}

impl Presence {
    fn of(batch: &EventBatch) -> Presence {
        let event = (batch.texts.iter().map(Option::is_some))
            .chain(batch.labels.iter().map(Option::is_some))
            .chain(batch.amounts.iter().map(Option::is_some))
            .chain(batch.numbers.iter().map(Option::is_some))
            .chain(batch.coordinates.iter().map(Option::is_some));
        let items = batch.items.as_ref().map_or(0, |items| {
            bits(
                (items.texts.iter().map(Option::is_some))
                    .chain(items.labels.iter().map(Option::is_some))
                    .chain(items.amounts.iter().map(Option::is_some))
                    .chain(items.numbers.iter().map(Option::is_some)),
            )
        });
        Presence {
            event: bits(event),
            items: items as u64,
        }
    }
}

/// Takes the bits of some columns off and gives out the places of those that are present.
fn take_present(bits: &mut u128, count: usize) -> impl Iterator<Item = usize> + use<> {
    let mine = *bits;
    *bits >>= count;
    (0..count).filter(move |at| mine >> at & 1 == 1)
}

impl EventBatch {
    /// Appends the batch to a frame body.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        let rows = u32::try_from(self.len()).map_err(|_| WireError::TooManyRows)?;
        let mut writer = ColumnWriter::new(out);
        writer.bytes(&[FORM]);
        writer.count(rows);
        if self.is_empty() {
            return Ok(());
        }
        let presence = Presence::of(self);
        writer.bytes(&presence.event.to_le_bytes());
        writer.bytes(&presence.items.to_le_bytes());
        writer.ids(&self.ids);
        writer.steps(&self.times);
        writer.texts(self.texts.iter().flatten());
        self.labels
            .iter()
            .flatten()
            .for_each(|it| writer.labels(it));
        self.amounts
            .iter()
            .flatten()
            .for_each(|it| writer.amounts(it));
        self.numbers
            .iter()
            .flatten()
            .for_each(|it| writer.steps(it));
        (self.coordinates.iter().flatten()).for_each(|it| writer.coordinates(it));
        writer.flag(self.items.is_some());
        if let Some(items) = &self.items {
            items.encode(&mut writer);
        }
        Ok(())
    }

    /// Reads a batch from a frame body; `at` is where it begins. Texts borrow the body's memory.
    pub fn decode(body: &Buffer, at: usize) -> Result<EventBatch, WireError> {
        let mut reader = ColumnReader::new(body, at);
        match reader.byte()? {
            FORM => {}
            other => return Err(WireError::UnknownForm(other)),
        }
        let rows = reader.count()?;
        if rows == 0 {
            return Ok(EventBatchBuilder::default().finish());
        }
        let mut present = u128::from_le_bytes(reader.array()?);
        let items_present = u64::from_le_bytes(reader.array()?);
        let ids = reader.ids(rows)?;
        let times = reader.times(rows)?;
        let mut columns: Vec<(Field, ArrayRef)> = Vec::new();
        let places = take_present(&mut present, Text::COUNT);
        let names = places.map(|at| text_field(Text::ALL[at].name()));
        reader.texts(names, rows, &mut columns)?;
        for at in take_present(&mut present, Label::COUNT) {
            columns.push((label_field(Label::ALL[at].name()), reader.labels(rows)?));
        }
        for at in take_present(&mut present, Amount::COUNT) {
            columns.push((amount_field(Amount::ALL[at].name()), reader.amounts(rows)?));
        }
        for at in take_present(&mut present, Number::COUNT) {
            columns.push((number_field(Number::ALL[at].name()), reader.numbers(rows)?));
        }
        for at in take_present(&mut present, Coordinate::COUNT) {
            let field = coordinate_field(Coordinate::ALL[at].name());
            columns.push((field, reader.coordinates(rows)?));
        }
        if reader.flag()? {
            columns.push(decode_items(&mut reader, items_present, rows)?);
        }
        of_columns(ids, times, columns).map_err(WireError::from)
    }
}

impl ItemColumns {
    fn encode(&self, writer: &mut ColumnWriter<'_>) {
        writer.lengths(self.list.value_offsets());
        writer.texts(self.texts.iter().flatten());
        self.labels
            .iter()
            .flatten()
            .for_each(|it| writer.labels(it));
        self.amounts
            .iter()
            .flatten()
            .for_each(|it| writer.amounts(it));
        self.numbers
            .iter()
            .flatten()
            .for_each(|it| writer.steps(it));
    }
}

fn decode_items(
    reader: &mut ColumnReader<'_>,
    present: u64,
    rows: usize,
) -> Result<(Field, ArrayRef), WireError> {
    let offsets = reader.lengths(rows)?;
    let items = offsets[rows] as usize;
    let mut present = u128::from(present);
    let mut columns = Vec::new();
    let places = take_present(&mut present, ItemText::COUNT);
    let names = places.map(|at| text_field(ItemText::ALL[at].name()));
    reader.texts(names, items, &mut columns)?;
    for at in take_present(&mut present, ItemLabel::COUNT) {
        columns.push((
            label_field(ItemLabel::ALL[at].name()),
            reader.labels(items)?,
        ));
    }
    for at in take_present(&mut present, ItemAmount::COUNT) {
        columns.push((
            amount_field(ItemAmount::ALL[at].name()),
            reader.amounts(items)?,
        ));
    }
    for at in take_present(&mut present, ItemNumber::COUNT) {
        columns.push((
            number_field(ItemNumber::ALL[at].name()),
            reader.numbers(items)?,
        ));
    }
    Ok(item_list(offsets, items, columns.into_iter()))
}

#[cfg(test)]
mod tests;
