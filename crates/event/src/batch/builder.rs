//! Gathers events into columns; each value is copied once and a column exists from its first value on.

use super::EventBatch;
use super::column::{Column, LabelColumn, Room, TextColumn, ValueColumn};
use crate::event::{Event, Item};
use crate::schema::{
    Amount, Coordinate, EVENT_ID, ITEMS, ItemAmount, ItemLabel, ItemNumber, ItemText, Label,
    Number, TS_EVENT, Text,
};
use crate::{EventTime, EventType};
use arrow_array::types::{Decimal64Type, Float64Type, Int64Type};
use arrow_array::{
    ArrayRef, FixedSizeBinaryArray, ListArray, RecordBatch, StructArray, TimestampMicrosecondArray,
};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, TimeUnit};
use std::sync::Arc;

/// Money and quantities: 18 digits, four of them fraction.
pub(super) const AMOUNT: DataType = DataType::Decimal64(18, 4);

/// Rows after which a frame should be closed: its columns then stay within the second-level cache.
const ROWS_FULL: usize = 4_096;
/// Item rows after which a frame should be closed; with 10,000 items an event at most, 16-bit dictionary keys suffice.
const ITEM_ROWS_FULL: usize = 32_768;

/// What the door knows of every event of a request.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// The store.
    pub store: &'a str,
    /// The source's identity.
    pub source: &'a str,
    /// When the request came in.
    pub received: EventTime,
}

/// Gathers events into an [`EventBatch`].
#[derive(Debug, Default)]
pub struct EventBatchBuilder {
    ids: Vec<u8>,
    times: Vec<i64>,
    texts: [Option<TextColumn>; Text::COUNT],
    labels: [Option<LabelColumn>; Label::COUNT],
    amounts: [Option<ValueColumn<Decimal64Type>>; Amount::COUNT],
    numbers: [Option<ValueColumn<Int64Type>>; Number::COUNT],
    coordinates: [Option<ValueColumn<Float64Type>>; Coordinate::COUNT],
    item_ends: Vec<i32>,
    item_rows: usize,
    item_texts: [Option<TextColumn>; ItemText::COUNT],
    item_labels: [Option<LabelColumn>; ItemLabel::COUNT],
    item_amounts: [Option<ValueColumn<Decimal64Type>>; ItemAmount::COUNT],
    item_numbers: [Option<ValueColumn<Int64Type>>; ItemNumber::COUNT],
    /// What the batch before took.
    before: Before,
}

/// Sizes of the batch before.
#[derive(Debug, Default)]
struct Before {
    rows: usize,
    item_rows: usize,
    text_bytes: [usize; Text::COUNT],
    item_text_bytes: [usize; ItemText::COUNT],
}

impl Before {
    fn room(&self) -> Room {
        Room {
            rows: self.rows,
            bytes: 0,
        }
    }

    fn item_room(&self) -> Room {
        Room {
            rows: self.item_rows,
            bytes: 0,
        }
    }
}

/// Copies every value that is set into its column, making the column where it is the first.
macro_rules! copy {
    ($row:expr, $room:expr, $source:expr, $($values:ident => $columns:expr;)*) => {
        $(for (column, value) in $source.$values() {
            $columns[column as usize]
                .get_or_insert_with(|| Column::like($room))
                .set($row, value);
        })*
    };
}

impl EventBatchBuilder {
    /// Events so far.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.times.len()
    }

    /// Whether the batch should be closed before more is added.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows() >= ROWS_FULL || self.item_rows >= ITEM_ROWS_FULL
    }

    /// Copies an event that passed the checks.
    pub fn append(&mut self, event: &Event<'_>, stamp: Stamp<'_>) {
        let row = self.rows();
        let id = event
            .id
            .expect("the checks let no event without identity pass");
        let time = event
            .time
            .expect("the checks let no event without time pass");
        self.ids.extend_from_slice(&id.0.to_be_bytes());
        self.times.push(time.0);
        for (column, value) in event.texts() {
            let at = column as usize;
            let room = Room {
                bytes: self.before.text_bytes[at],
                ..self.before.room()
            };
            self.texts[at]
                .get_or_insert_with(|| TextColumn::like(room))
                .set(row, value);
        }
        copy!(row, self.before.room(), event,
            labels => self.labels;
            amounts => self.amounts;
            numbers => self.numbers;
            coordinates => self.coordinates;
        );
        self.stamp(row, event, stamp);
        event.items.iter().for_each(|item| self.append_item(item));
        self.item_ends
            .push(i32::try_from(self.item_rows).expect("frames close long before 2^31 items"));
    }

    fn stamp(&mut self, row: usize, event: &Event<'_>, stamp: Stamp<'_>) {
        let kind = match event.kind {
            EventType::Custom => event
                .text(Text::TypeText)
                .unwrap_or(EventType::Custom.name()),
            kind => kind.name(),
        };
        let labels = [
            (Label::Type, kind),
            (Label::Store, stamp.store),
            (Label::Source, stamp.source),
        ];
        let room = self.before.room();
        for (column, value) in labels {
            self.labels[column as usize]
                .get_or_insert_with(|| LabelColumn::like(room))
                .set(row, value);
        }
        self.numbers[Number::TimeReceived as usize]
            .get_or_insert_with(|| ValueColumn::like(room))
            .set(row, stamp.received.0);
    }

    fn append_item(&mut self, item: &Item<'_>) {
        for (column, value) in item.texts() {
            let at = column as usize;
            let room = Room {
                bytes: self.before.item_text_bytes[at],
                ..self.before.item_room()
            };
            self.item_texts[at]
                .get_or_insert_with(|| TextColumn::like(room))
                .set(self.item_rows, value);
        }
        copy!(self.item_rows, self.before.item_room(), item,
            labels => self.item_labels;
            amounts => self.item_amounts;
            numbers => self.item_numbers;
        );
        self.item_rows += 1;
    }

    /// The batch, leaving an empty builder behind.
    pub fn finish(&mut self) -> EventBatch {
        let done = std::mem::take(self);
        let rows = done.times.len();
        let bytes = |column: &Option<TextColumn>| column.as_ref().map_or(0, TextColumn::bytes);
        self.before = Before {
            rows,
            item_rows: done.item_rows,
            text_bytes: std::array::from_fn(|at| bytes(&done.texts[at])),
            item_text_bytes: std::array::from_fn(|at| bytes(&done.item_texts[at])),
        };
        self.ids.reserve(16 * rows);
        self.times.reserve(rows);
        self.item_ends.reserve(rows);
        let ids = FixedSizeBinaryArray::new(16, Buffer::from_vec(done.ids), None);
        let times = TimestampMicrosecondArray::new(ScalarBuffer::from(done.times), None)
            .with_timezone("UTC");
        let items = done.item_rows;
        let list = (items > 0).then(|| {
            let columns = finish(done.item_texts, items, |at| {
                text_field(ItemText::ALL[at].name())
            })
            .chain(finish(done.item_labels, items, |at| {
                label_field(ItemLabel::ALL[at].name())
            }))
            .chain(finish(done.item_amounts, items, |at| {
                amount_field(ItemAmount::ALL[at].name())
            }))
            .chain(finish(done.item_numbers, items, |at| {
                number_field(ItemNumber::ALL[at].name())
            }));
            let offsets = OffsetBuffer::new([0].into_iter().chain(done.item_ends).collect());
            item_list(offsets, items, columns)
        });
        let columns = finish(done.texts, rows, |at| text_field(Text::ALL[at].name()))
            .chain(finish(done.labels, rows, |at| {
                label_field(Label::ALL[at].name())
            }))
            .chain(finish(done.amounts, rows, |at| {
                amount_field(Amount::ALL[at].name())
            }))
            .chain(finish(done.numbers, rows, |at| {
                number_field(Number::ALL[at].name())
            }))
            .chain(finish(done.coordinates, rows, |at| {
                coordinate_field(Coordinate::ALL[at].name())
            }))
            .chain(list)
            .collect();
        of_columns(ids, times, columns).expect("every column was padded to the rows")
    }
}

/// A batch of the two required columns and any others, in canonical order.
pub(super) fn of_columns(
    ids: FixedSizeBinaryArray,
    times: TimestampMicrosecondArray,
    others: Vec<(Field, ArrayRef)>,
) -> Result<EventBatch, ArrowError> {
    let required: [(Field, ArrayRef); 2] =
        [(id_field(), Arc::new(ids)), (time_field(), Arc::new(times))];
    let (fields, columns): (Vec<Field>, Vec<ArrayRef>) = required.into_iter().chain(others).unzip();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
    Ok(EventBatch::of(batch).expect("the required columns are there"))
}

fn finish<C: Column, const N: usize>(
    columns: [Option<C>; N],
    rows: usize,
    field: impl Fn(usize) -> Field,
) -> impl Iterator<Item = (Field, ArrayRef)> {
    columns
        .into_iter()
        .enumerate()
        .filter_map(move |(at, column)| Some((field(at), column?.finish(rows))))
}

/// The column of line items.
pub(super) fn item_list(
    offsets: OffsetBuffer<i32>,
    items: usize,
    columns: impl Iterator<Item = (Field, ArrayRef)>,
) -> (Field, ArrayRef) {
    let (fields, columns): (Vec<Field>, Vec<ArrayRef>) = columns.unzip();
    let fields = Fields::from(fields);
    let values = if columns.is_empty() {
        StructArray::new_empty_fields(items, None)
    } else {
        StructArray::new(fields.clone(), columns, None)
    };
    let list = ListArray::new(
        Arc::new(item_field(fields.clone())),
        offsets,
        Arc::new(values),
        None,
    );
    (items_field(fields), Arc::new(list))
}

fn id_field() -> Field {
    Field::new(EVENT_ID, DataType::FixedSizeBinary(16), false)
}

fn time_field() -> Field {
    Field::new(
        TS_EVENT,
        DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        false,
    )
}

pub(super) fn text_field(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

pub(super) fn label_field(name: &str) -> Field {
    Field::new(
        name,
        DataType::Dictionary(Box::new(DataType::UInt16), Box::new(DataType::Utf8)),
        true,
    )
}

pub(super) fn amount_field(name: &str) -> Field {
    Field::new(name, AMOUNT, true)
}

pub(super) fn number_field(name: &str) -> Field {
    Field::new(name, DataType::Int64, true)
}

pub(super) fn coordinate_field(name: &str) -> Field {
    Field::new(name, DataType::Float64, true)
}

fn item_field(fields: Fields) -> Field {
    Field::new("item", DataType::Struct(fields), true)
}

fn items_field(fields: Fields) -> Field {
    Field::new(ITEMS, DataType::List(Arc::new(item_field(fields))), true)
}
