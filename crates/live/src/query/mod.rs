//! The one question there is: metrics, split by at most one dimension, over a range, in windows or as a whole.
//!
//! Rules of an answer:
//! * It reads each metric from one cube and merges the coarsest rows that tile the range exactly; ratios are divided,
//!   and sketches estimated, once at the end.
//! * Metrics without a currency (events, visitors) asked together with money stand on every currency's row of the same
//!   window and value, since they belong to none; add them up over rows and they count double. Where nothing was sold
//!   there is one row, in the store's currency, with zero money.
//! * Without money in the question, metrics kept by currency (orders, units) are summed over currencies.
//! * A row where nothing was counted is no row. So an order that moved to another minute leaves nothing behind.
//! * Each cube is read under one lock and so is whole; two cubes of one question may lie one publication apart.

mod answer;
mod calendar;
mod error;
mod gather;
mod groups;
mod plan;
mod range;
mod rank;
mod resting;
mod slide;
mod sliding;
mod steps;
#[cfg(test)]
mod tests;

pub(crate) use calendar::CalendarTexts;

pub use answer::{Answer, AnswerRow, Column, Figure, Rate};
pub use error::QueryError;
pub use sliding::{Length, Sliding};

use crate::tables::LiveTables;
use analytics::window::Grain;
use event::EventTime;

/// Rows of an answer at most; more come by `offset`.
pub const LIMIT_MAX: usize = 1_000;
/// Metrics of one question.
pub const METRICS_MAX: usize = 24;
/// Sliding windows of one question.
pub const WINDOWS_MAX: usize = 100_000;
/// Steps of a sliding window in which something is counted distinctly or ranked: 50 MB for a full count.
pub const SKETCH_STEPS_MAX: i64 = 3_000;
/// Values of a filter.
pub const FILTER_VALUES_MAX: usize = 1_000;

/// A question; only `metrics` has no default that means something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Names of metrics.
    pub metrics: Vec<String>,
    /// Names of dimensions: none or one.
    pub dimensions: Vec<String>,
    /// Values to keep, by dimension; no value stands for "not stated".
    pub filters: Vec<(String, Vec<Option<String>>)>,
    /// When; nothing means always.
    pub range: Option<Range>,
    /// Length of a row's window; nothing means one row for the whole range.
    pub granularity: Option<Granularity>,
    /// The store.
    pub store: String,
    /// One currency only.
    pub currency: Option<String>,
    /// The same numbers for another time beside these.
    pub compare: Option<Compare>,
    /// The order of rows; ties break by value, window and currency.
    pub order: Vec<OrderBy>,
    /// Rows of each window at most, the first by the order; with money, of each window and currency. Windows then come
    /// in their own order, unless the order names one itself.
    pub limit_each: Option<usize>,
    /// Rows at most.
    pub limit: usize,
    /// Rows to pass over.
    pub offset: usize,
}

impl Default for Query {
    fn default() -> Self {
        Query {
            metrics: Vec::new(),
            dimensions: Vec::new(),
            filters: Vec::new(),
            range: None,
            granularity: None,
            store: "main".to_owned(),
            currency: None,
            compare: None,
            order: Vec::new(),
            limit_each: None,
            limit: LIMIT_MAX,
            offset: 0,
        }
    }
}

/// The windows of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granularity {
    /// Side by side, as they are kept.
    Grain(Grain),
    /// Overlapping, each laid together from several that are kept. A range asks for the windows that end in it, and
    /// these reach back before it: each is whole.
    Sliding(Sliding),
}

impl From<Grain> for Granularity {
    fn from(grain: Grain) -> Granularity {
        Granularity::Grain(grain)
    }
}

/// When, as it is asked; answers widen it to whole windows of the finest grain they read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// From, inclusive, to, exclusive.
    Between(EventTime, EventTime),
    /// This many microseconds up to now.
    LastUntilNow(i64),
    /// This many microseconds up to the newest event, that one included.
    LastUntilNewest(i64),
    /// Since the store's day began.
    Today,
}

/// What to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// As much time just before; whole days where the range is whole days.
    PreviousPeriod,
    /// Seven days of the store's calendar earlier.
    SameTimeLastWeek,
}

/// One term of the order of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBy {
    /// A column's name.
    pub by: String,
    /// Largest first; what has no value comes last either way.
    pub is_descending: bool,
}

/// The groups of the range asked for, or those of the range it is compared with.
fn groups(
    live: &LiveTables,
    plan: &plan::Plan,
    asked: range::Span,
    shift: Option<range::Shift>,
) -> Result<groups::GroupSets, QueryError> {
    match plan.sliding {
        Some(sliding) => {
            let steps = steps::Steps::of(plan, sliding, asked, shift)?;
            slide::slide(plan, &steps, gather::gather_steps(live, plan, &steps)?)
        }
        None => {
            let span = shift.map_or(asked, |shift| shift.span);
            Ok(gather::gather(live, plan, span, shift)?.read(plan))
        }
    }
}

impl LiveTables {
    /// Answers a question; `now` is the instant it is asked at.
    pub fn query(&self, query: &Query, now: EventTime) -> Result<Answer, QueryError> {
        let plan = plan::Plan::of(self, query)?;
        let known = self.known_times(&query.store);
        let period = range::Period::of(query, &plan, known, now)?;
        let now_groups = groups(self, &plan, period.asked, None)?;
        let before_groups = match period.before {
            Some(shift) => Some(groups(self, &plan, period.asked, Some(shift))?),
            None => None,
        };
        let rows = rank::rows(self, query, &plan, &now_groups, before_groups.as_ref())?;
        let watermark = self.watermark(&query.store);
        Ok(answer::Answer {
            columns: plan.columns(),
            range: period.shown,
            grain: plan.grid(),
            zone: self.stores().get(&query.store).zone_name().to_owned(),
            newest: known.map(|known| known.newest),
            oldest: known.map(|known| known.oldest),
            watermark,
            is_partial: period.is_partial(known, watermark),
            total_rows: rows.total,
            next_offset: rows.next_offset,
            rows: rows.rows,
        })
    }
}
