//! The columns of the table `events`: the canonical schema with the types that every reader of the format knows. In memory
//! a column that no event of a batch uses is absent, and texts of few values are numbered; here all are there and plain.

use crate::error::LakeError;
use arrow_array::{Array, ArrayRef, Int64Array, ListArray, RecordBatch, StructArray, UInt32Array};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use arrow_select::concat::concat;
use arrow_select::take::take;
use event::schema::{
    Amount, Coordinate, EVENT_ID, ITEMS, ItemAmount, ItemLabel, ItemNumber, ItemText, Label,
    Number, TS_EVENT, Text,
};
use std::sync::Arc;

/// The table of accepted events.
pub const EVENTS: &str = "events";
/// An event's number in the log.
pub(crate) const LOG_OFFSET: &str = "log_offset";
/// Whether the event is a later state of an order of a file: it adds lines to what is known under the same id.
pub(crate) const ADDS_LINES: &str = "adds_lines";
/// The partition columns: the shop, and the day by its clock.
pub(crate) const STORE: &str = "store";
/// See [`STORE`].
pub(crate) const DAY: &str = "day";

/// Columns of which readers know the least and greatest value of a file, so that they pass over files. None of a person.
const WITH_STATISTICS: [&str; 7] = [
    LOG_OFFSET,
    TS_EVENT,
    "ts_received",
    "type",
    "source",
    "currency",
    "order_id",
];

/// Texts that come again often enough for a dictionary.
const REPEATED: [&str; 8] = [
    "type_text",
    "coupon",
    "query",
    "consent",
    "bot_reason",
    "inferred",
    "error_code",
    "error_type",
];

/// Everything a file of the table has: all but the partition columns.
pub(crate) fn file_schema() -> SchemaRef {
    let mut fields = vec![
        Field::new(LOG_OFFSET, DataType::Int64, false),
        Field::new(EVENT_ID, DataType::Binary, false),
        Field::new(TS_EVENT, time(), false),
        Field::new(ADDS_LINES, DataType::Boolean, true),
    ];
    let optional = |name: &str, kind: DataType| Field::new(name, kind, true);
    let labels = Label::ALL.iter().filter(|label| **label != Label::Store);
    fields.extend(labels.map(|column| optional(column.name(), DataType::Utf8)));
    fields.extend(
        Text::ALL
            .iter()
            .map(|column| optional(column.name(), DataType::Utf8)),
    );
    fields.extend(
        Amount::ALL
            .iter()
            .map(|column| optional(column.name(), amount())),
    );
    let kind = |number: Number| match number {
        Number::TimeSent | Number::TimeReceived => time(),
        Number::IsBot => DataType::Boolean,
        Number::SourcePosition | Number::Step | Number::ResultsCount => DataType::Int64,
    };
    let numbers = Number::ALL.iter();
    fields.extend(numbers.map(|column| optional(column.name(), kind(*column))));
    let coordinates = Coordinate::ALL.iter();
    fields.extend(coordinates.map(|column| optional(column.name(), DataType::Float64)));
    fields.push(optional(ITEMS, DataType::List(item())));
    Arc::new(Schema::new(fields))
}

/// The table's columns: those of its files and the partition columns.
pub(crate) fn table_schema() -> Schema {
    let mut fields: Vec<FieldRef> = file_schema().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(STORE, DataType::Utf8, false)));
    fields.push(Arc::new(Field::new(DAY, DataType::Date32, false)));
    Schema::new(fields)
}

/// Columns with statistics.
pub(crate) fn with_statistics() -> Vec<String> {
    WITH_STATISTICS.map(str::to_owned).to_vec()
}

/// Columns that are written with a dictionary, by their path in a file.
pub(crate) fn with_dictionary() -> Vec<Vec<String>> {
    let labels = Label::ALL.iter().map(|label| label.name());
    let top = labels.chain(REPEATED).map(|name| vec![name.to_owned()]);
    let of_items = ItemLabel::ALL.iter().map(|label| label.name());
    let texts = [ItemText::Brand, ItemText::StockStatus, ItemText::CategoryId].map(ItemText::name);
    let of_items = of_items.chain(texts);
    let of_items =
        of_items.map(|name| [ITEMS, "list", "element", name].map(str::to_owned).to_vec());
    top.chain(of_items).collect()
}

fn time() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn amount() -> DataType {
    DataType::Decimal128(18, 4)
}

fn item() -> FieldRef {
    Arc::new(Field::new(
        "element",
        DataType::Struct(item_fields()),
        false,
    ))
}

fn item_fields() -> Fields {
    let texts = ItemText::ALL
        .iter()
        .map(|column| (column.name(), DataType::Utf8));
    let labels = ItemLabel::ALL
        .iter()
        .map(|column| (column.name(), DataType::Utf8));
    let amounts = ItemAmount::ALL
        .iter()
        .map(|column| (column.name(), amount()));
    let numbers = ItemNumber::ALL
        .iter()
        .map(|column| (column.name(), DataType::Int64));
    let all = numbers.chain(labels).chain(texts).chain(amounts);
    all.map(|(name, kind)| Field::new(name, kind, true))
        .collect()
}

/// Some events of a batch.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    /// The batch, in its form in memory.
    pub batch: RecordBatch,
    /// Which of its rows; all where nothing is said.
    pub rows: Option<UInt32Array>,
    /// Of the batch's first row.
    pub first_offset: u64,
    /// Rows that add lines.
    pub adding: Vec<u32>,
}

impl Piece {
    pub(crate) fn len(&self) -> usize {
        self.rows
            .as_ref()
            .map_or(self.batch.num_rows(), UInt32Array::len)
    }

    fn row_numbers(&self) -> Box<dyn Iterator<Item = u32> + '_> {
        match &self.rows {
            Some(rows) => Box::new(rows.values().iter().copied()),
            None => Box::new(0..self.batch.num_rows() as u32),
        }
    }

    fn offsets(&self) -> ArrayRef {
        let offset = |row: u32| (self.first_offset + u64::from(row)) as i64;
        Arc::new(Int64Array::from_iter_values(self.row_numbers().map(offset)))
    }

    fn adds_lines(&self) -> Option<ArrayRef> {
        (!self.adding.is_empty()).then(|| {
            let adds = |row: u32| self.adding.contains(&row).then_some(true);
            let rows: Vec<Option<bool>> = self.row_numbers().map(adds).collect();
            Arc::new(arrow_array::BooleanArray::from(rows)) as ArrayRef
        })
    }

    /// The chosen rows of a column; nothing where the batch does not have it.
    fn column(&self, field: &Field) -> Result<Option<ArrayRef>, ArrowError> {
        match field.name().as_str() {
            LOG_OFFSET => return Ok(Some(self.offsets())),
            ADDS_LINES => return Ok(self.adds_lines()),
            _ => {}
        }
        let Some(column) = self.batch.column_by_name(field.name()) else {
            return Ok(None);
        };
        let chosen = match &self.rows {
            Some(rows) => take(column, rows, None)?,
            None => Arc::clone(column),
        };
        plain(&chosen, field.data_type()).map(Some)
    }
}

/// Pieces one behind the other, in the form of the table's files.
pub(crate) fn join(pieces: &[Piece], schema: &SchemaRef) -> Result<RecordBatch, LakeError> {
    let rows = pieces.iter().map(Piece::len).sum();
    // Most columns are empty, and those of a type are the same.
    let mut empty: Vec<ArrayRef> = Vec::new();
    let column = |field: &FieldRef| -> Result<ArrayRef, ArrowError> {
        let parts: Vec<Option<ArrayRef>> = (pieces.iter())
            .map(|piece| piece.column(field))
            .collect::<Result<_, _>>()?;
        if parts.iter().all(Option::is_none) {
            let known = empty
                .iter()
                .find(|array| array.data_type() == field.data_type());
            let array = known.cloned().unwrap_or_else(|| {
                empty.push(arrow_array::new_null_array(field.data_type(), rows));
                Arc::clone(&empty[empty.len() - 1])
            });
            return Ok(array);
        }
        let parts: Vec<ArrayRef> = (parts.into_iter().zip(pieces))
            .map(|(part, piece)| {
                part.unwrap_or_else(|| arrow_array::new_null_array(field.data_type(), piece.len()))
            })
            .collect();
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        concat(&parts)
    };
    let columns = schema.fields().iter().map(column);
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

/// A column in the form of the table's files.
fn plain(column: &ArrayRef, kind: &DataType) -> Result<ArrayRef, ArrowError> {
    match (column.data_type(), kind) {
        (DataType::List(_), DataType::List(item)) => plain_items(column, item),
        (DataType::Int64, DataType::Timestamp(unit, zone)) => {
            let times = cast(column, &DataType::Timestamp(*unit, None))?;
            cast(&times, &DataType::Timestamp(*unit, zone.clone()))
        }
        (known, wanted) if known == wanted => Ok(Arc::clone(column)),
        (_, wanted) => cast(column, wanted),
    }
}

/// Line items with every column.
fn plain_items(column: &ArrayRef, item: &FieldRef) -> Result<ArrayRef, ArrowError> {
    let wrong = || ArrowError::SchemaError("items are no list of structs".to_owned());
    let list = column
        .as_any()
        .downcast_ref::<ListArray>()
        .ok_or_else(wrong)?;
    let values = list.values().as_any().downcast_ref::<StructArray>();
    let values = values.ok_or_else(wrong)?;
    let DataType::Struct(fields) = item.data_type() else {
        return Err(wrong());
    };
    let columns = fields
        .iter()
        .map(|field| match values.column_by_name(field.name()) {
            Some(column) => plain(column, field.data_type()),
            None => Ok(arrow_array::new_null_array(field.data_type(), values.len())),
        });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let values = match fields.is_empty() {
        true => return Err(wrong()),
        false => StructArray::try_new(fields.clone(), columns, values.nulls().cloned())?,
    };
    let list = ListArray::try_new(
        Arc::clone(item),
        list.offsets().clone(),
        Arc::new(values),
        list.nulls().cloned(),
    )?;
    Ok(Arc::new(list))
}
