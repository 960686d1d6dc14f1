//! Rows of small tables at rest: recent orders, rejections. What a row means is known where it is published.

use super::RestError;
use changelog::{Change, Value};
use checkpoint::{DecodeError, Decoder, Encoder};
use std::sync::Arc;

/// Writes rows one after the other.
pub fn write<'a>(rows: impl ExactSizeIterator<Item = &'a Change>, out: &mut Encoder<'_>) {
    out.u64(rows.len() as u64);
    for row in rows {
        out.text(row.table);
        write_values(&row.key, out);
        out.bool(row.values.is_some());
        if let Some(values) = &row.values {
            write_values(values, out);
        }
        out.i64(row.version);
    }
}

/// Reads [`write`]; `tables` are the names that may occur.
pub fn read(read: &mut Decoder<'_>, tables: &[&'static str]) -> Result<Vec<Change>, RestError> {
    let count = read.count().map_err(RestError::of("a list of rows"))?;
    (0..count).map(|_| read_row(read, tables)).collect()
}

fn read_row(read: &mut Decoder<'_>, tables: &[&'static str]) -> Result<Change, RestError> {
    let name = read.text().map_err(RestError::of("a row"))?;
    let table = tables.iter().find(|table| **table == name);
    let table = table.ok_or_else(|| RestError::unknown("a row's table"))?;
    let mut decode = || {
        let key = read_values(read)?;
        let values = if read.bool()? {
            Some(read_values(read)?)
        } else {
            None
        };
        Ok(Change {
            table,
            key,
            values,
            version: read.i64()?,
        })
    };
    decode().map_err(RestError::of("a row"))
}

/// Writes the values of a key or of a row.
pub fn write_values(values: &[Value], out: &mut Encoder<'_>) {
    out.u64(values.len() as u64);
    for value in values {
        match value {
            Value::Null => out.u64(0),
            Value::Int(number) => {
                out.u64(1);
                out.i64(*number);
            }
            Value::Decimal(number) => {
                out.u64(2);
                out.i128(*number);
            }
            Value::Text(text) => {
                out.u64(3);
                out.text(text);
            }
            Value::Time(time) => {
                out.u64(4);
                out.i64(*time);
            }
            Value::Sketch(bytes) => {
                out.u64(5);
                out.bytes(bytes);
            }
        }
    }
}

/// Reads [`write_values`].
pub fn read_values(read: &mut Decoder<'_>) -> Result<Box<[Value]>, DecodeError> {
    (0..read.count()?).map(|_| read_value(read)).collect()
}

fn read_value(read: &mut Decoder<'_>) -> Result<Value, DecodeError> {
    Ok(match read.u64()? {
        0 => Value::Null,
        1 => Value::Int(read.i64()?),
        2 => Value::Decimal(read.i128()?),
        3 => Value::Text(Arc::from(read.text()?)),
        4 => Value::Time(read.i64()?),
        5 => Value::Sketch(Arc::from(read.bytes()?)),
        _ => return Err(DecodeError::Unknown),
    })
}
