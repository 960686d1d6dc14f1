//! Rows of results: a table's name, a key, values, a version.

use std::sync::Arc;

/// A value of a key or a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Nothing stated.
    Null,
    /// A count.
    Int(i64),
    /// Ten-thousandths: money or quantity.
    Decimal(i128),
    /// A name or an id.
    Text(Arc<str>),
    /// Microseconds since 1970, UTC.
    Time(i64),
    /// A sketch in its canonical bytes.
    Sketch(Arc<[u8]>),
}

impl Value {
    /// Text, or null where there is none.
    #[must_use]
    pub fn text(text: Option<&Arc<str>>) -> Value {
        text.map_or(Value::Null, |text| Value::Text(Arc::clone(text)))
    }
}

/// An upsert of one row, or its removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The table.
    pub table: &'static str,
    /// The key's values, in the order of the table's key columns.
    pub key: Box<[Value]>,
    /// The row's values; none where the row is gone.
    pub values: Option<Box<[Value]>>,
    /// Rises with every publication of the key; no part of equality of results.
    pub version: i64,
}

/// How far the results of a batch reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// First log offset not yet in the results.
    pub offset: u64,
    /// Oldest and newest event time counted, microseconds UTC.
    pub event_times: Option<(i64, i64)>,
}

/// Changes that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangeBatch {
    /// One change a key.
    pub changes: Vec<Change>,
    /// How far they reach.
    pub progress: Progress,
}
