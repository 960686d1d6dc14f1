//! Rows that lie on disk: a reader who is told of them need not keep them. Who wrote them and how is not known here.

use std::ops::Range;
use std::sync::Arc;

/// Rows of one table, store and window length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TablePart<'a> {
    /// The table's name.
    pub table: &'static str,
    /// The store.
    pub store: &'a str,
    /// The windows' length, by its name.
    pub grain: &'a str,
}

/// A row as it lies there.
#[derive(Debug, Clone, Copy)]
pub struct RestingRow<'a> {
    /// Where its window begins.
    pub window: i64,
    /// The dimension's value.
    pub value: Option<&'a Arc<str>>,
    /// The currency's code.
    pub currency: Option<&'a Arc<str>>,
    /// Additive columns.
    pub sums: &'a [i128],
    /// Sketches in their canonical bytes.
    pub sketches: &'a [&'a [u8]],
}

/// Why rows at rest could not be read.
#[derive(Debug, thiserror::Error)]
#[error("read rows at rest")]
pub struct AtRestError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Every row of the cells' tables as it stood at a version.
pub trait AtRest: Send + Sync {
    /// Rows published with a version up to this are there.
    fn version(&self) -> i64;

    /// Every value and every store that a row may name.
    fn texts(&self, take: &mut dyn FnMut(&Arc<str>));

    /// First and last window of a part, if it has any.
    fn bounds(&self, part: &TablePart<'_>) -> Option<(i64, i64)>;

    /// Hands over the rows wanted, window by window.
    fn rows(
        &self,
        part: &TablePart<'_>,
        windows: Range<i64>,
        values: Option<&[Option<Arc<str>>]>,
        take: &mut dyn FnMut(RestingRow<'_>),
    ) -> Result<(), AtRestError>;
}
