//! Single columns under construction: values come with their row, skipped rows become null.

use arrow_array::builder::{ArrayBuilder, StringBuilder};
use arrow_array::types::{ArrowPrimitiveType, UInt16Type};
use arrow_array::{ArrayRef, DictionaryArray, PrimitiveArray, StringArray};
use arrow_buffer::{NullBufferBuilder, ScalarBuffer};
use arrow_schema::DataType;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// A column under construction.
pub(super) trait Column {
    /// An empty column with room for what the one before it had: frame after frame is much alike, and growing step by step
    /// copies everything twice.
    fn like(room: Room) -> Self;

    /// The array, padded with nulls to `rows`.
    fn finish(self, rows: usize) -> ArrayRef;
}

/// What a column will need.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Room {
    /// Values, nulls included.
    pub rows: usize,
    /// Bytes of text.
    pub bytes: usize,
}

/// Plain text.
#[derive(Debug)]
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
    /// How many bytes its values take.
    pub(super) fn bytes(&self) -> usize {
        self.0.values_slice().len()
    }
}

impl Column for TextColumn {
    fn like(room: Room) -> TextColumn {
        TextColumn(StringBuilder::with_capacity(room.rows, room.bytes))
    }

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

impl<T: ArrowPrimitiveType> ValueColumn<T> {
    fn pad(&mut self, rows: usize) {
        let missing = rows - self.values.len();
        if missing > 0 {
            self.nulls.append_n_nulls(missing);
            self.values.resize(rows, T::Native::default());
        }
    }

    #[inline]
    pub(super) fn set(&mut self, row: usize, value: T::Native) {
        if row > self.values.len() {
            self.pad(row);
        }
        self.values.push(value);
        self.nulls.append_non_null();
    }

    fn array(mut self, rows: usize) -> PrimitiveArray<T> {
        self.pad(rows);
        PrimitiveArray::new(ScalarBuffer::from(self.values), self.nulls.finish())
    }
}

impl<T: ArrowPrimitiveType> Column for ValueColumn<T> {
    fn like(room: Room) -> ValueColumn<T> {
        ValueColumn {
            values: Vec::with_capacity(room.rows),
            nulls: NullBufferBuilder::new(room.rows),
        }
    }

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
    /// The distinct values, one behind the other, and where each of them ends.
    values: String,
    ends: Vec<usize>,
    slots: Vec<u16>,
    /// Values met lately, by length and ends: a look here spares the hash.
    recent: [Recent; RECENT_VALUES],
}

/// A value met lately; an empty one is none, and costs the longer way where there is one.
#[derive(Debug, Clone, Copy, Default)]
struct Recent {
    key: u16,
    start: usize,
    length: usize,
}

const EMPTY_SLOT: u16 = u16::MAX;
const RECENT_VALUES: usize = 16;

impl LabelColumn {
    pub(super) fn set(&mut self, row: usize, value: &str) {
        let bytes = value.as_bytes();
        let first = bytes.first().map_or(0, |byte| usize::from(*byte));
        let last = bytes.last().map_or(0, |byte| usize::from(*byte));
        let place = (bytes.len() ^ first ^ last << 1) % RECENT_VALUES;
        let recent = self.recent[place];
        let is_recent = recent.length == bytes.len()
            && self.values.as_bytes()[recent.start..][..recent.length] == *bytes
            && !bytes.is_empty();
        let key = if is_recent {
            recent.key
        } else {
            self.find(value, place)
        };
        self.keys.set(row, key);
    }

    /// Apart, so that what was met lately does not pay for saving what only this needs.
    #[inline(never)]
    fn find(&mut self, value: &str, place: usize) -> u16 {
        let key = self.key_of(value);
        self.recent[place] = Recent {
            key,
            start: self.start(key),
            length: value.len(),
        };
        key
    }

    fn start(&self, key: u16) -> usize {
        match usize::from(key) {
            0 => 0,
            key => self.ends[key - 1],
        }
    }

    fn value(&self, key: u16) -> &[u8] {
        &self.values.as_bytes()[self.start(key)..self.ends[usize::from(key)]]
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
        let key = u16::try_from(self.ends.len()).expect("frames close before 2^16 distinct labels");
        self.values.push_str(value);
        self.ends.push(self.values.len());
        self.slots[slot] = key;
        if self.ends.len() * 2 > self.slots.len() {
            self.grow();
        }
        key
    }

    fn grow(&mut self) {
        self.slots = vec![EMPTY_SLOT; self.slots.len() * 2];
        for key in 0..self.ends.len() as u16 {
            let slot = self.slot_of(self.value(key));
            self.slots[slot] = key;
        }
    }
}

impl Column for LabelColumn {
    fn like(room: Room) -> LabelColumn {
        LabelColumn {
            keys: ValueColumn::like(room),
            values: String::new(),
            ends: Vec::new(),
            slots: vec![EMPTY_SLOT; 16],
            recent: [Recent::default(); RECENT_VALUES],
        }
    }

    fn finish(self, rows: usize) -> ArrayRef {
        let mut start = 0;
        let values = self.ends.iter().map(|end| {
            let value = &self.values[start..*end];
            start = *end;
            value
        });
        let values = Arc::new(StringArray::from_iter_values(values));
        Arc::new(DictionaryArray::<UInt16Type>::new(
            self.keys.array(rows),
            values,
        ))
    }
}
