//! Single columns under construction: values come with their row, skipped rows become null.

use arrow_array::builder::{ArrayBuilder, StringBuilder};
use arrow_array::types::{ArrowPrimitiveType, UInt16Type};
use arrow_array::{ArrayRef, DictionaryArray, PrimitiveArray};
use arrow_buffer::{NullBufferBuilder, ScalarBuffer};
use arrow_schema::DataType;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// A column that ends as an array padded to the batch's rows.
pub(super) trait Column: Default {
    /// The array, padded with nulls to `rows`.
    fn finish(self, rows: usize) -> ArrayRef;
}

/// Plain text.
#[derive(Debug, Default)]
pub(super) struct TextColumn(StringBuilder);

impl TextColumn {
    pub(super) fn set(&mut self, row: usize, value: &str) {
        let missing = row - self.0.len();
        if missing > 0 {
            self.0.append_nulls(missing);
        }
        self.0.append_value(value);
    }
}

impl TextColumn {
    /// An empty column with room for as much as the one before it had.
    pub(super) fn like(room: Room) -> TextColumn {
        TextColumn(StringBuilder::with_capacity(room.rows, room.bytes))
    }

    /// How much room its values take.
    pub(super) fn room(&self, rows: usize) -> Room {
        Room {
            rows,
            bytes: self.0.values_slice().len(),
        }
    }
}

/// What a column of texts will need: frame after frame is much alike, and growing step by step copies everything twice.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Room {
    rows: usize,
    bytes: usize,
}

impl Column for TextColumn {
    fn finish(mut self, rows: usize) -> ArrayRef {
        self.0.append_nulls(rows - self.0.len());
        Arc::new(self.0.finish())
    }
}

/// Numbers and decimals.
#[derive(Debug)]
pub(super) struct ValueColumn<T: ArrowPrimitiveType> {
    values: Vec<T::Native>,
    nulls: NullBufferBuilder,
}

impl<T: ArrowPrimitiveType> Default for ValueColumn<T> {
    fn default() -> Self {
        ValueColumn {
            values: Vec::new(),
            nulls: NullBufferBuilder::new(0),
        }
    }
}

impl<T: ArrowPrimitiveType> ValueColumn<T> {
    fn pad(&mut self, rows: usize) {
        let missing = rows - self.values.len();
        if missing > 0 {
            self.nulls.append_n_nulls(missing);
            self.values.resize(rows, T::Native::default());
        }
    }

    pub(super) fn set(&mut self, row: usize, value: T::Native) {
        self.pad(row);
        self.values.push(value);
        self.nulls.append_non_null();
    }

    fn array(mut self, rows: usize) -> PrimitiveArray<T> {
        self.pad(rows);
        PrimitiveArray::new(ScalarBuffer::from(self.values), self.nulls.finish())
    }
}

impl<T: ArrowPrimitiveType> Column for ValueColumn<T> {
    fn finish(self, rows: usize) -> ArrayRef {
        let array = self.array(rows);
        match T::DATA_TYPE {
            DataType::Decimal64(..) => Arc::new(array.with_data_type(super::builder::AMOUNT)),
            _ => Arc::new(array),
        }
    }
}

/// Text of few values: a small open-addressed index over them, and a memory of the last ones, since neighbours repeat.
#[derive(Debug)]
pub(super) struct LabelColumn {
    keys: ValueColumn<UInt16Type>,
    values: StringBuilder,
    slots: Vec<u16>,
    /// Keys met lately, by length and ends of their values: a look here spares the hash.
    recent: [u16; RECENT_KEYS],
}

const EMPTY_SLOT: u16 = u16::MAX;
const RECENT_KEYS: usize = 16;

impl Default for LabelColumn {
    fn default() -> Self {
        LabelColumn {
            keys: ValueColumn::default(),
            values: StringBuilder::new(),
            slots: vec![EMPTY_SLOT; 16],
            recent: [EMPTY_SLOT; RECENT_KEYS],
        }
    }
}

impl LabelColumn {
    pub(super) fn set(&mut self, row: usize, value: &str) {
        let bytes = value.as_bytes();
        let end = |byte: Option<&u8>| byte.map_or(0, |byte| usize::from(*byte));
        let ends = end(bytes.first()) ^ end(bytes.last()) << 1;
        let place = (bytes.len() ^ ends) % RECENT_KEYS;
        let recent = self.recent[place];
        let key = if recent != EMPTY_SLOT && self.value(recent) == bytes {
            recent
        } else {
            self.key_of(value)
        };
        self.recent[place] = key;
        self.keys.set(row, key);
    }

    fn value(&self, key: u16) -> &[u8] {
        let offsets = self.values.offsets_slice();
        let key = usize::from(key);
        &self.values.values_slice()[offsets[key] as usize..offsets[key + 1] as usize]
    }

    fn slot_of(&self, value: &[u8]) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = xxh3_64(value) as usize & mask;
        while self.slots[slot] != EMPTY_SLOT && self.value(self.slots[slot]) != value {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn key_of(&mut self, value: &str) -> u16 {
        let slot = self.slot_of(value.as_bytes());
        if self.slots[slot] != EMPTY_SLOT {
            return self.slots[slot];
        }
        let key =
            u16::try_from(self.values.len()).expect("frames close before 2^16 distinct labels");
        self.values.append_value(value);
        self.slots[slot] = key;
        if self.values.len() * 2 > self.slots.len() {
            self.grow();
        }
        key
    }

    fn grow(&mut self) {
        self.slots = vec![EMPTY_SLOT; self.slots.len() * 2];
        for key in 0..self.values.len() as u16 {
            let slot = self.slot_of(self.value(key));
            self.slots[slot] = key;
        }
    }
}

impl Column for LabelColumn {
    fn finish(mut self, rows: usize) -> ArrayRef {
        let values = Arc::new(self.values.finish());
        Arc::new(DictionaryArray::<UInt16Type>::new(
            self.keys.array(rows),
            values,
        ))
    }
}
