//! A batch as bytes: which columns are present, then Arrow IPC messages without their schema.
//! The schema follows from the presence bits, so a small frame does not carry it again.

use super::builder::{
    amount_field, coordinate_field, id_field, items_field, label_field, number_field, text_field,
    time_field,
};
use super::{EventBatch, EventBatchBuilder};
use crate::schema::{
    Amount, Coordinate, ITEMS, ItemAmount, ItemLabel, ItemNumber, ItemText, Label, Number, Text,
};
use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_ipc::writer::{
    DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions, write_message,
};
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema};

/// Why bytes are no batch.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The bytes end too early.
    #[error("frame body is truncated")]
    Truncated,
    /// A newer version knows a reason this one does not.
    #[error("unknown rejection reason {0}")]
    UnknownReason(String),
    /// The columns cannot be read or written.
    #[error("columns of the frame")]
    Columns(#[from] ArrowError),
    /// The required columns are missing.
    #[error("frame body lacks a required column")]
    MissingColumn,
}

/// Arrow wants its buffers aligned to 8 bytes; the messages begin at such a position of the body.
const ALIGNMENT: usize = 8;
/// Presence of the event's columns (16 bytes), of items (1), of the items' columns (8).
const HEAD_BYTES: usize = 25;
/// In place of the items' presence: a frame whose every event was rejected has no messages at all.
const FORM_EMPTY: u8 = 2;

/// Every optional column in canonical order, a bit each.
fn optional_fields() -> impl Iterator<Item = Field> {
    (Text::ALL.iter().map(|column| text_field(column.name())))
        .chain(Label::ALL.iter().map(|column| label_field(column.name())))
        .chain(Amount::ALL.iter().map(|column| amount_field(column.name())))
        .chain(Number::ALL.iter().map(|column| number_field(column.name())))
        .chain(
            Coordinate::ALL
                .iter()
                .map(|column| coordinate_field(column.name())),
        )
}

fn optional_item_fields() -> impl Iterator<Item = Field> {
    (ItemText::ALL.iter().map(|column| text_field(column.name())))
        .chain(
            ItemLabel::ALL
                .iter()
                .map(|column| label_field(column.name())),
        )
        .chain(
            ItemAmount::ALL
                .iter()
                .map(|column| amount_field(column.name())),
        )
        .chain(
            ItemNumber::ALL
                .iter()
                .map(|column| number_field(column.name())),
        )
}

/// Which columns are present: the event's, and the items' where there are items at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Presence {
    event: u128,
    items: Option<u64>,
}

impl Presence {
    fn of(batch: &RecordBatch) -> Presence {
        let schema = batch.schema();
        let event = bits(optional_fields(), |name| {
            schema.column_with_name(name).is_some()
        });
        let items = schema.field_with_name(ITEMS).ok().map(|field| {
            let fields = item_fields(field.data_type());
            bits(optional_item_fields(), |name| fields.find(name).is_some()) as u64
        });
        Presence { event, items }
    }

    fn schema(self) -> Schema {
        let mut fields = vec![id_field(), time_field()];
        fields.extend(present(optional_fields(), self.event));
        if let Some(items) = self.items {
            fields.push(items_field(
                present(optional_item_fields(), u128::from(items)).collect(),
            ));
        }
        Schema::new(fields)
    }
}

fn bits(fields: impl Iterator<Item = Field>, is_present: impl Fn(&str) -> bool) -> u128 {
    fields
        .enumerate()
        .filter(|(_, field)| is_present(field.name()))
        .fold(0, |bits, (at, _)| bits | 1 << at)
}

fn present(fields: impl Iterator<Item = Field>, bits: u128) -> impl Iterator<Item = Field> {
    fields
        .enumerate()
        .filter(move |(at, _)| bits >> at & 1 == 1)
        .map(|(_, field)| field)
}

fn item_fields(list: &DataType) -> Fields {
    match list {
        DataType::List(item) => match item.data_type() {
            DataType::Struct(fields) => fields.clone(),
            _ => Fields::empty(),
        },
        _ => Fields::empty(),
    }
}

fn count_dictionaries(fields: &Fields) -> usize {
    let in_field = |field: &Field| match field.data_type() {
        DataType::Dictionary(..) => 1,
        list @ DataType::List(_) => count_dictionaries(&item_fields(list)),
        _ => 0,
    };
    fields.iter().map(|field| in_field(field)).sum()
}

impl EventBatch {
    /// Appends the batch to a frame body.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        let presence = Presence::of(self.record_batch());
        out.extend_from_slice(&presence.event.to_le_bytes());
        out.push(if self.is_empty() {
            FORM_EMPTY
        } else {
            u8::from(presence.items.is_some())
        });
        out.extend_from_slice(&presence.items.unwrap_or(0).to_le_bytes());
        if self.is_empty() {
            return Ok(());
        }
        out.resize(out.len().next_multiple_of(ALIGNMENT), 0);
        let mut tracker = DictionaryTracker::new(false);
        for _ in 0..count_dictionaries(self.record_batch().schema().fields()) {
            tracker.next_dict_id();
        }
        let options = IpcWriteOptions::default();
        let mut context = IpcWriteContext::default();
        let (dictionaries, columns) = IpcDataGenerator::default().encode(
            self.record_batch(),
            &mut tracker,
            &options,
            &mut context,
        )?;
        for message in dictionaries.into_iter().chain([columns]) {
            write_message(&mut *out, message, &options)?;
        }
        Ok(())
    }

    /// Reads a batch from a frame body; `at` is where it begins. The columns borrow the body's memory.
    pub fn decode(body: &Buffer, at: usize) -> Result<EventBatch, WireError> {
        let head = body.get(at..at + HEAD_BYTES).ok_or(WireError::Truncated)?;
        if head[16] == FORM_EMPTY {
            return Ok(EventBatchBuilder::default().finish());
        }
        let event = u128::from_le_bytes(head[..16].try_into().expect("16 of 25 bytes"));
        let items = u64::from_le_bytes(head[17..].try_into().expect("the last 8 of 25 bytes"));
        let presence = Presence {
            event,
            items: (head[16] != 0).then_some(items),
        };
        let mut messages = body.slice(
            (at + HEAD_BYTES)
                .next_multiple_of(ALIGNMENT)
                .min(body.len()),
        );
        let mut schema = Buffer::from_vec(schema_message(&presence.schema())?);
        let mut decoder = StreamDecoder::new();
        decoder.decode(&mut schema)?;
        let batch = decoder.decode(&mut messages)?.ok_or(WireError::Truncated)?;
        EventBatch::of(batch).ok_or(WireError::MissingColumn)
    }
}

/// The schema message that a stream of these messages would have begun with.
fn schema_message(schema: &Schema) -> Result<Vec<u8>, WireError> {
    let options = IpcWriteOptions::default();
    let mut tracker = DictionaryTracker::new(false);
    let message = IpcDataGenerator::default().schema_to_bytes_with_dictionary_tracker(
        schema,
        &mut tracker,
        &options,
    );
    let mut bytes = Vec::new();
    write_message(&mut bytes, message, &options)?;
    Ok(bytes)
}
