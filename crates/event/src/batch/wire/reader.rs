//! Bytes become columns again. Whatever cannot have been written is an error; texts borrow the body's memory.

use super::WireError;
use super::form::{BYTES_1, BYTES_2, BYTES_4, BYTES_8, EARLIER, SAME, STEPS, TABLE, TEXTS};
use crate::batch::builder::AMOUNT;
use arrow_array::types::{Decimal64Type, Float64Type, Int64Type, UInt16Type};
use arrow_array::{
    ArrayRef, DictionaryArray, FixedSizeBinaryArray, PrimitiveArray, StringArray,
    TimestampMicrosecondArray,
};
use arrow_buffer::{
    ArrowNativeType, BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer,
};
use arrow_schema::Field;
use std::sync::Arc;

/// Reads columns from a body, one after the other.
pub(super) struct ColumnReader<'b> {
    body: &'b Buffer,
    at: usize,
}

impl<'b> ColumnReader<'b> {
    pub(super) fn new(body: &'b Buffer, at: usize) -> ColumnReader<'b> {
        ColumnReader { body, at }
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], WireError> {
        let end = self.at.checked_add(length).ok_or(WireError::Truncated)?;
        let bytes = self.body.get(self.at..end).ok_or(WireError::Truncated)?;
        self.at = end;
        Ok(bytes)
    }

    /// The next bytes without a copy.
    fn slice(&mut self, length: usize) -> Result<Buffer, WireError> {
        let at = self.at;
        self.take(length)?;
        Ok(self.body.slice_with_length(at, length))
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let bytes = self.take(N)?;
        Ok(bytes.try_into().expect("so many bytes were taken"))
    }

    /// As many numbers of `N` bytes each.
    fn arrays<const N: usize>(&mut self, count: usize) -> Result<&'b [[u8; N]], WireError> {
        let length = count.checked_mul(N).ok_or(WireError::Truncated)?;
        Ok(self.take(length)?.as_chunks().0)
    }

    pub(super) fn byte(&mut self) -> Result<u8, WireError> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn count(&mut self) -> Result<usize, WireError> {
        self.array().map(|bytes| u32::from_le_bytes(bytes) as usize)
    }

    pub(super) fn flag(&mut self) -> Result<bool, WireError> {
        self.byte().map(|byte| byte != 0)
    }

    pub(super) fn ids(&mut self, rows: usize) -> Result<FixedSizeBinaryArray, WireError> {
        let bytes = self.slice(rows.checked_mul(16).ok_or(WireError::Truncated)?)?;
        Ok(FixedSizeBinaryArray::try_new(16, bytes, None)?)
    }

    pub(super) fn times(&mut self, rows: usize) -> Result<TimestampMicrosecondArray, WireError> {
        let (values, nulls) = self.whole(rows)?;
        Ok(TimestampMicrosecondArray::try_new(values, nulls)?.with_timezone("UTC"))
    }

    pub(super) fn numbers(&mut self, rows: usize) -> Result<ArrayRef, WireError> {
        let (values, nulls) = self.whole(rows)?;
        Ok(Arc::new(PrimitiveArray::<Int64Type>::try_new(
            values, nulls,
        )?))
    }

    pub(super) fn amounts(&mut self, rows: usize) -> Result<ArrayRef, WireError> {
        let (values, nulls) = self.whole(rows)?;
        let array = PrimitiveArray::<Decimal64Type>::try_new(values, nulls)?;
        Ok(Arc::new(array.with_data_type(AMOUNT)))
    }

    pub(super) fn coordinates(&mut self, rows: usize) -> Result<ArrayRef, WireError> {
        let nulls = self.nulls(rows)?;
        let count = valid_count(nulls.as_ref(), rows);
        let float = |bytes: &[u8; 8]| f64::from_le_bytes(*bytes);
        let values: Vec<f64> = match self.byte()? {
            BYTES_8 => self.arrays(count)?.iter().map(float).collect(),
            TABLE => {
                let length = usize::from(self.byte()?) + 1;
                let mut table = [0.0; 256];
                for (place, bytes) in table.iter_mut().zip(self.arrays(length)?) {
                    *place = float(bytes);
                }
                let keys = self.take(count)?;
                keys.iter().map(|key| table[usize::from(*key)]).collect()
            }
            _ => return Err(WireError::Damaged("form of coordinates")),
        };
        let values = spread(values, nulls.as_ref());
        Ok(Arc::new(PrimitiveArray::<Float64Type>::try_new(
            values, nulls,
        )?))
    }

    /// Texts of these fields, which all have the same rows.
    pub(super) fn texts(
        &mut self,
        fields: impl Iterator<Item = Field>,
        rows: usize,
        columns: &mut Vec<(Field, ArrayRef)>,
    ) -> Result<(), WireError> {
        let first = columns.len();
        for field in fields {
            let column: ArrayRef = match self.byte()? {
                TEXTS => Arc::new(self.text(rows)?),
                EARLIER => {
                    let earlier = columns.get(first + usize::from(self.byte()?));
                    let (_, column) = earlier.ok_or(WireError::Damaged("a column comes later"))?;
                    Arc::clone(column)
                }
                _ => return Err(WireError::Damaged("form of texts")),
            };
            columns.push((field, column));
        }
        Ok(())
    }

    fn text(&mut self, rows: usize) -> Result<StringArray, WireError> {
        let nulls = self.nulls(rows)?;
        let offsets = self.lengths(rows)?;
        let values = self.slice(offsets[rows] as usize)?;
        Ok(StringArray::try_new(offsets, values, nulls)?)
    }

    pub(super) fn labels(&mut self, rows: usize) -> Result<ArrayRef, WireError> {
        let distinct = self.count()?;
        if distinct > usize::from(u16::MAX) + 1 {
            return Err(WireError::Damaged("number of labels"));
        }
        let values = Arc::new(self.text(distinct)?);
        let nulls = self.nulls(rows)?;
        let keys: Vec<u16> = match distinct {
            0..=1 => vec![0; rows],
            2..=256 => self.take(rows)?.iter().map(|key| u16::from(*key)).collect(),
            _ => (self.arrays(rows)?.iter())
                .map(|key| u16::from_le_bytes(*key))
                .collect(),
        };
        let keys = PrimitiveArray::<UInt16Type>::try_new(ScalarBuffer::from(keys), nulls)?;
        Ok(Arc::new(DictionaryArray::try_new(keys, values)?))
    }

    /// Offsets from lengths.
    pub(super) fn lengths(&mut self, rows: usize) -> Result<OffsetBuffer<i32>, WireError> {
        let mut offsets = Vec::with_capacity(rows + 1);
        let mut end = 0_u64;
        offsets.push(0);
        let mut add = |length: u64| {
            end += length;
            end as i32
        };
        match self.byte()? {
            SAME => {
                let length = u64::from(self.byte()?);
                offsets.extend((0..rows).map(|_| add(length)));
            }
            BYTES_1 => {
                let lengths = self.take(rows)?;
                offsets.extend(lengths.iter().map(|length| add(u64::from(*length))));
            }
            BYTES_4 => {
                let lengths = self.arrays(rows)?.iter();
                let lengths = lengths.map(|length| u64::from(u32::from_le_bytes(*length)));
                offsets.extend(lengths.map(add));
            }
            _ => return Err(WireError::Damaged("form of lengths")),
        }
        // They only rise: if the last is right, all are.
        if i32::try_from(end).is_err() {
            return Err(WireError::Damaged("lengths"));
        }
        Ok(OffsetBuffer::new(ScalarBuffer::from(offsets)))
    }

    /// Whole numbers, however they are written.
    fn whole(&mut self, rows: usize) -> Result<(ScalarBuffer<i64>, Option<NullBuffer>), WireError> {
        let nulls = self.nulls(rows)?;
        let count = valid_count(nulls.as_ref(), rows);
        let form = self.byte()?;
        let values = match form {
            SAME => vec![i64::from_le_bytes(self.array()?); count],
            STEPS => self.rising(count)?,
            width => {
                let least = i64::from_le_bytes(self.array()?);
                self.above(least, width, count)?
            }
        };
        Ok((spread(values, nulls.as_ref()), nulls))
    }

    fn above(&mut self, least: i64, width: u8, count: usize) -> Result<Vec<i64>, WireError> {
        let value = |above: u64| least.wrapping_add(above as i64);
        Ok(match width {
            BYTES_1 => (self.take(count)?.iter())
                .map(|it| value(u64::from(*it)))
                .collect(),
            BYTES_2 => (self.arrays(count)?.iter())
                .map(|it| value(u64::from(u16::from_le_bytes(*it))))
                .collect(),
            BYTES_4 => (self.arrays(count)?.iter())
                .map(|it| value(u64::from(u32::from_le_bytes(*it))))
                .collect(),
            BYTES_8 => (self.arrays(count)?.iter())
                .map(|it| value(u64::from_le_bytes(*it)))
                .collect(),
            _ => return Err(WireError::Damaged("form of numbers")),
        })
    }

    fn rising(&mut self, count: usize) -> Result<Vec<i64>, WireError> {
        let mut bytes = self.body[self.at..].iter();
        let mut values = Vec::with_capacity(count);
        let mut value = 0_i64;
        for _ in 0..count {
            let mut zigzag = 0_u64;
            let mut shift = 0;
            loop {
                let byte = *bytes.next().ok_or(WireError::Truncated)?;
                zigzag |= u64::from(byte & 0x7F) << shift;
                if byte < 0x80 {
                    break;
                }
                shift += 7;
                if shift > 63 {
                    return Err(WireError::Damaged("a step"));
                }
            }
            let step = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
            value = value.wrapping_add(step);
            values.push(value);
        }
        self.at = self.body.len() - bytes.len();
        Ok(values)
    }

    fn nulls(&mut self, rows: usize) -> Result<Option<NullBuffer>, WireError> {
        if !self.flag()? {
            return Ok(None);
        }
        let bits = self.slice(rows.div_ceil(8))?;
        Ok(Some(NullBuffer::new(BooleanBuffer::new(bits, 0, rows))))
    }
}

fn valid_count(nulls: Option<&NullBuffer>, rows: usize) -> usize {
    rows - nulls.map_or(0, NullBuffer::null_count)
}

/// Puts values into their rows; where there is none the row holds a zero nobody looks at.
fn spread<N: ArrowNativeType>(values: Vec<N>, nulls: Option<&NullBuffer>) -> ScalarBuffer<N> {
    let Some(nulls) = nulls else {
        return ScalarBuffer::from(values);
    };
    let mut rows = vec![N::default(); nulls.len()];
    for (row, value) in nulls.valid_indices().zip(values) {
        rows[row] = value;
    }
    ScalarBuffer::from(rows)
}
