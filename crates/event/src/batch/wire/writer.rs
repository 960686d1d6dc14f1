//! Columns become bytes, each in the form that says it shortest for little work. What is left repeats so little that the
//! compressor after it has half of it.

use super::form::{BYTES_1, BYTES_2, BYTES_4, BYTES_8, EARLIER, SAME, STEPS, TABLE, TEXTS};
use crate::batch::Dictionary;
use arrow_array::types::{ArrowPrimitiveType, Decimal64Type, Float64Type};
use arrow_array::{Array, FixedSizeBinaryArray, PrimitiveArray, StringArray};
use arrow_buffer::NullBuffer;
use std::borrow::Cow;

/// Appends columns to a body.
pub(super) struct ColumnWriter<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> ColumnWriter<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>) -> ColumnWriter<'o> {
        ColumnWriter { out }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    pub(super) fn count(&mut self, count: u32) {
        self.bytes(&count.to_le_bytes());
    }

    pub(super) fn flag(&mut self, flag: bool) {
        self.out.push(u8::from(flag));
    }

    pub(super) fn ids(&mut self, ids: &FixedSizeBinaryArray) {
        self.bytes(ids.value_data());
    }

    /// Whole numbers that mostly rise by a little: times, positions.
    pub(super) fn steps<T: ArrowPrimitiveType<Native = i64>>(&mut self, array: &PrimitiveArray<T>) {
        self.nulls(array.nulls());
        let values = valid(array);
        if self.same(&values) {
            return;
        }
        self.out.push(STEPS);
        let mut before = 0_i64;
        for value in values.iter() {
            let step = value.wrapping_sub(before);
            before = *value;
            // Small steps of either sign are small numbers: 0, -1, 1, -2 are 0, 1, 2, 3.
            let mut rest = (step << 1 ^ step >> 63) as u64;
            while rest > 0x7F {
                self.out.push(rest as u8 | 0x80);
                rest >>= 7;
            }
            self.out.push(rest as u8);
        }
    }

    /// Amounts: what each is above the least of them, in as many bytes as the greatest needs.
    pub(super) fn amounts(&mut self, array: &PrimitiveArray<Decimal64Type>) {
        self.nulls(array.nulls());
        let values = valid(array);
        if self.same(&values) {
            return;
        }
        let least = values.iter().copied().min().unwrap_or_default();
        let above = |value: &i64| value.wrapping_sub(least) as u64;
        let width = width_of(values.iter().map(above).max().unwrap_or_default());
        self.out.push(width);
        self.bytes(&least.to_le_bytes());
        match width {
            BYTES_1 => self.out.extend(values.iter().map(|it| above(it) as u8)),
            BYTES_2 => self.all(values.iter().map(|it| (above(it) as u16).to_le_bytes())),
            BYTES_4 => self.all(values.iter().map(|it| (above(it) as u32).to_le_bytes())),
            _ => self.all(values.iter().map(|it| above(it).to_le_bytes())),
        }
    }

    /// Degrees: a shop's visitors live in few places, as far as their addresses tell.
    pub(super) fn coordinates(&mut self, array: &PrimitiveArray<Float64Type>) {
        self.nulls(array.nulls());
        let values: Vec<u64> = valid(array).iter().map(|value| value.to_bits()).collect();
        let Some((table, keys)) = table_of(&values) else {
            self.out.push(BYTES_8);
            return self.all(values.iter().map(|it| it.to_le_bytes()));
        };
        self.out.push(TABLE);
        self.out.push((table.len() - 1) as u8);
        self.all(table.iter().map(|it| it.to_le_bytes()));
        self.bytes(&keys);
    }

    /// Columns of texts with the same rows.
    pub(super) fn texts<'t>(&mut self, columns: impl Iterator<Item = &'t StringArray>) {
        let mut earlier: Vec<&StringArray> = Vec::new();
        for column in columns {
            match earlier.iter().position(|other| are_equal(other, column)) {
                Some(place) => self.bytes(&[EARLIER, place as u8]),
                None => {
                    self.out.push(TEXTS);
                    self.text(column);
                }
            }
            earlier.push(column);
        }
    }

    fn text(&mut self, array: &StringArray) {
        self.nulls(array.nulls());
        let offsets = array.value_offsets();
        self.lengths(offsets);
        self.bytes(&array.value_data()[span(offsets)]);
    }

    pub(super) fn labels(&mut self, array: &Dictionary) {
        let values = array
            .values()
            .as_any()
            .downcast_ref::<StringArray>()
            .expect("labels are dictionaries of text");
        self.count(values.len() as u32);
        self.text(values);
        self.nulls(array.keys().nulls());
        let keys = array.keys().values();
        match values.len() {
            0..=1 => {}
            2..=256 => self.out.extend(keys.iter().map(|key| *key as u8)),
            _ => self.all(keys.iter().map(|key| key.to_le_bytes())),
        }
    }

    /// The distances between offsets, which are one more than the rows.
    pub(super) fn lengths(&mut self, offsets: &[i32]) {
        let lengths = || {
            offsets
                .windows(2)
                .map(|pair| pair[1].wrapping_sub(pair[0]) as u32)
        };
        let (least, most) = lengths().fold((u32::MAX, 0), |(least, most), length| {
            (least.min(length), most.max(length))
        });
        if most > u32::from(u8::MAX) {
            self.out.push(BYTES_4);
            self.all(lengths().map(u32::to_le_bytes));
        } else if least >= most {
            self.bytes(&[SAME, most as u8]);
        } else {
            self.out.push(BYTES_1);
            self.out.extend(lengths().map(|length| length as u8));
        }
    }

    /// Whether one value was all there is to write.
    fn same(&mut self, values: &[i64]) -> bool {
        let first = values.first().copied().unwrap_or_default();
        let is_same = values.iter().all(|value| *value == first);
        if is_same {
            self.out.push(SAME);
            self.bytes(&first.to_le_bytes());
        }
        is_same
    }

    fn nulls(&mut self, nulls: Option<&NullBuffer>) {
        let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
        self.flag(nulls.is_some());
        if let Some(nulls) = nulls {
            let bits = nulls.inner().sliced();
            self.bytes(&bits[..nulls.len().div_ceil(8)]);
        }
    }

    fn all<const N: usize>(&mut self, numbers: impl Iterator<Item = [u8; N]>) {
        numbers.for_each(|number| self.out.extend_from_slice(&number));
    }
}

/// The values that are there; nulls are said by their bits alone.
fn valid<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>) -> Cow<'_, [T::Native]> {
    match array.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => Cow::Borrowed(array.values()),
        Some(nulls) => nulls.valid_indices().map(|row| array.value(row)).collect(),
    }
}

fn width_of(greatest: u64) -> u8 {
    match greatest {
        ..0x100 => BYTES_1,
        0x100..0x1_0000 => BYTES_2,
        0x1_0000..0x1_0000_0000 => BYTES_4,
        _ => BYTES_8,
    }
}

/// The distinct values in the order they come, and the place of each; nothing where a byte does not count them.
fn table_of(values: &[u64]) -> Option<(Vec<u64>, Vec<u8>)> {
    const SLOTS: usize = 1_024;
    let mut slots = [u16::MAX; SLOTS];
    let mut table: Vec<u64> = Vec::new();
    let mut keys = Vec::with_capacity(values.len());
    for value in values {
        let mut slot = (value.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 54) as usize;
        // At most a quarter of the slots is taken, so a free one comes soon.
        while slots[slot] != u16::MAX && table[usize::from(slots[slot])] != *value {
            slot = (slot + 1) % SLOTS;
        }
        if slots[slot] == u16::MAX {
            if table.len() > usize::from(u8::MAX) {
                return None;
            }
            slots[slot] = table.len() as u16;
            table.push(*value);
        }
        keys.push(slots[slot] as u8);
    }
    (!table.is_empty()).then_some((table, keys))
}

fn span(offsets: &[i32]) -> std::ops::Range<usize> {
    offsets[0] as usize..offsets[offsets.len() - 1] as usize
}

/// Whether two columns hold the same texts in the same rows.
fn are_equal(one: &StringArray, other: &StringArray) -> bool {
    let (offsets, others) = (one.value_offsets(), other.value_offsets());
    offsets == others
        && one.nulls() == other.nulls()
        && one.value_data()[span(offsets)] == other.value_data()[span(others)]
}
