//! Events as columns: the one in-memory form from the door to the lake.
//! Built by `builder`, read row by row through `EventRef`, written and read as bytes by `wire`.

mod arrivals;
mod builder;
mod column;
mod view;
mod wire;

pub use arrivals::{Arrival, Arrivals, minute_of};
pub use builder::{EventBatchBuilder, Stamp};
pub use view::{EventRef, ItemRef};
pub use wire::WireError;

use crate::EventType;
use crate::schema::{
    Amount, Coordinate, EVENT_ID, ITEMS, ItemAmount, ItemLabel, ItemNumber, ItemText, Label,
    Number, TS_EVENT, Text,
};
use arrow_array::types::UInt16Type;
use arrow_array::{
    Array, Decimal64Array, DictionaryArray, FixedSizeBinaryArray, Float64Array, Int64Array,
    ListArray, RecordBatch, StringArray, StructArray, TimestampMicrosecondArray,
};

pub(crate) type Dictionary = DictionaryArray<UInt16Type>;

/// Events as columns; a column without any value in the batch is absent.
#[derive(Debug, Clone)]
pub struct EventBatch {
    record_batch: RecordBatch,
    ids: FixedSizeBinaryArray,
    times: TimestampMicrosecondArray,
    texts: [Option<StringArray>; Text::COUNT],
    labels: [Option<Dictionary>; Label::COUNT],
    amounts: [Option<Decimal64Array>; Amount::COUNT],
    numbers: [Option<Int64Array>; Number::COUNT],
    coordinates: [Option<Float64Array>; Coordinate::COUNT],
    items: Option<ItemColumns>,
    kinds: Vec<EventType>,
}

#[derive(Debug, Clone)]
struct ItemColumns {
    list: ListArray,
    texts: [Option<StringArray>; ItemText::COUNT],
    labels: [Option<Dictionary>; ItemLabel::COUNT],
    amounts: [Option<Decimal64Array>; ItemAmount::COUNT],
    numbers: [Option<Int64Array>; ItemNumber::COUNT],
}

fn column<T: Array + Clone + 'static>(batch: &RecordBatch, name: &str) -> Option<T> {
    batch
        .column_by_name(name)?
        .as_any()
        .downcast_ref::<T>()
        .cloned()
}

fn item_column<T: Array + Clone + 'static>(items: &StructArray, name: &str) -> Option<T> {
    items
        .column_by_name(name)?
        .as_any()
        .downcast_ref::<T>()
        .cloned()
}

impl ItemColumns {
    fn of(list: ListArray) -> Option<ItemColumns> {
        let items = list.values().as_any().downcast_ref::<StructArray>()?;
        Some(ItemColumns {
            texts: std::array::from_fn(|at| item_column(items, ItemText::ALL[at].name())),
            labels: std::array::from_fn(|at| item_column(items, ItemLabel::ALL[at].name())),
            amounts: std::array::from_fn(|at| item_column(items, ItemAmount::ALL[at].name())),
            numbers: std::array::from_fn(|at| item_column(items, ItemNumber::ALL[at].name())),
            list,
        })
    }
}

impl EventBatch {
    /// Takes columns that follow the canonical schema; `None` if the two required ones are missing.
    pub(crate) fn of(record_batch: RecordBatch) -> Option<EventBatch> {
        let labels: [Option<Dictionary>; Label::COUNT] =
            std::array::from_fn(|at| column(&record_batch, Label::ALL[at].name()));
        Some(EventBatch {
            ids: column(&record_batch, EVENT_ID)?,
            times: column(&record_batch, TS_EVENT)?,
            texts: std::array::from_fn(|at| column(&record_batch, Text::ALL[at].name())),
            amounts: std::array::from_fn(|at| column(&record_batch, Amount::ALL[at].name())),
            numbers: std::array::from_fn(|at| column(&record_batch, Number::ALL[at].name())),
            coordinates: std::array::from_fn(|at| {
                column(&record_batch, Coordinate::ALL[at].name())
            }),
            items: column(&record_batch, ITEMS).and_then(ItemColumns::of),
            kinds: kinds(labels[Label::Type as usize].as_ref()),
            labels,
            record_batch,
        })
    }

    /// Number of events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.record_batch.num_rows()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The columns themselves, for the lake.
    #[must_use]
    pub fn record_batch(&self) -> &RecordBatch {
        &self.record_batch
    }

    /// One event.
    #[must_use]
    pub fn event(&self, row: usize) -> EventRef<'_> {
        EventRef::new(self, row)
    }

    /// Every event, in order.
    pub fn events(&self) -> impl Iterator<Item = EventRef<'_>> {
        (0..self.len()).map(|row| self.event(row))
    }

    /// Whether any event of this batch has a value there.
    #[must_use]
    pub fn has_text(&self, column: Text) -> bool {
        self.texts[column as usize].is_some()
    }

    /// Whether any line item of this batch has a value there.
    #[must_use]
    pub fn has_item_text(&self, column: ItemText) -> bool {
        let items = self.items.as_ref();
        items.is_some_and(|items| items.texts[column as usize].is_some())
    }

    /// The distinct values of a label in this batch, by key: so that a fold interns each once a batch.
    #[must_use]
    pub fn label_values(&self, label: Label) -> Vec<&str> {
        self.labels[label as usize]
            .as_ref()
            .map_or_else(Vec::new, dictionary_values)
    }

    /// The distinct values of an item's label in this batch, by key.
    #[must_use]
    pub fn item_label_values(&self, label: ItemLabel) -> Vec<&str> {
        self.items
            .as_ref()
            .and_then(|items| items.labels[label as usize].as_ref())
            .map_or_else(Vec::new, dictionary_values)
    }
}

fn dictionary_values(dictionary: &Dictionary) -> Vec<&str> {
    let values = dictionary
        .values()
        .as_any()
        .downcast_ref::<StringArray>()
        .expect("labels are dictionaries of text");
    (0..values.len()).map(|key| values.value(key)).collect()
}

fn kinds(types: Option<&Dictionary>) -> Vec<EventType> {
    types.map_or_else(Vec::new, |types| {
        dictionary_values(types)
            .into_iter()
            .map(|name| EventType::parse(name).unwrap_or(EventType::Custom))
            .collect()
    })
}

#[cfg(test)]
mod tests;
