//! Rows of the audit as the changelog carries them; the version is set when they are taken.

use changelog::{Change, Value};

pub(super) fn row(table: &'static str, key: Box<[Value]>, values: Vec<Value>) -> Change {
    Change {
        table,
        key,
        values: Some(values.into()),
        version: 0,
    }
}

pub(super) fn gone(table: &'static str, key: Box<[Value]>) -> Change {
    Change {
        table,
        key,
        values: None,
        version: 0,
    }
}

pub(super) fn count(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}
