//! What comes back: columns, rows, and what is said about them. Numbers stay exact; how they are written is up to others.

use super::groups::Groups;
use super::plan::Read;
use analytics::catalogue::Metric;
use analytics::window::Grain;
use event::{EventTime, SCALE, divide_rounded};
use std::sync::Arc;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The columns of each row, in order.
    pub columns: Vec<Column>,
    /// The rows, ordered and cut.
    pub rows: Vec<AnswerRow>,
    /// The range in whole windows; nothing where there is no event to bound it.
    pub range: Option<(EventTime, EventTime)>,
    /// The windows the range was widened to.
    pub grain: Grain,
    /// The store's time zone.
    pub zone: String,
    /// Time of the store's newest event.
    pub newest: Option<EventTime>,
    /// Time of the store's oldest event.
    pub oldest: Option<EventTime>,
    /// How far the store's live sources have told their story.
    pub watermark: Option<EventTime>,
    /// The range reaches beyond the watermark: its last window is expected to grow.
    pub is_partial: bool,
    /// Rows before they were cut.
    pub total_rows: usize,
    /// Where the next page begins, if there is one.
    pub next_offset: Option<usize>,
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in rows.
    pub name: String,
    /// `dimension`, `time`, `currency`, or a metric's kind.
    pub kind: &'static str,
    /// `currency` where the row's currency is its unit.
    pub unit: Option<&'static str>,
    /// Its name for people.
    pub label: String,
}

impl Column {
    pub(crate) fn of_key(name: &str, kind: &'static str, label: &str) -> Column {
        Column {
            name: name.to_owned(),
            kind,
            unit: None,
            label: label.to_owned(),
        }
    }

    pub(crate) fn of_metric(metric: &Metric, name_suffix: &str, label_suffix: &str) -> Column {
        Column {
            name: format!("{}{name_suffix}", metric.name),
            kind: metric.kind(),
            unit: metric.unit(),
            label: format!("{}{label_suffix}", metric.label),
        }
    }
}

/// A row of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerRow {
    /// Start of its window, where the question has a granularity.
    pub window: Option<EventTime>,
    /// End of its window, where windows slide: others end where the next one of their grain begins.
    pub window_end: Option<EventTime>,
    /// The dimension's value; nothing where it is not stated or there is no dimension.
    pub value: Option<Arc<str>>,
    /// Name of the product, where the dimension is the product and it has one.
    pub product_name: Option<Arc<str>>,
    /// The currency, where money is asked for.
    pub currency: Option<Arc<str>>,
    /// The metrics in the order of the question, then those of the range compared with.
    pub figures: Vec<Figure>,
}

/// A number of an answer, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// No value: nothing to divide by.
    Nothing,
    /// Things.
    Count(i128),
    /// Ten-thousandths of a currency's unit, of a piece, or of a plain ratio.
    Decimal(i128),
}

impl Figure {
    /// The number, whatever it counts; figures of one column compare by it.
    #[must_use]
    pub fn number(self) -> Option<i128> {
        match self {
            Figure::Nothing => None,
            Figure::Count(number) | Figure::Decimal(number) => Some(number),
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        matches!(self.number(), None | Some(0))
    }

    /// Reads a metric from its group; without a group nothing was counted.
    pub(crate) fn of(metric: &Metric, read: Read, groups: Option<(&Groups, u32)>) -> Figure {
        let sum = |column| groups.map_or(0, |(groups, group)| groups.sum(group, column));
        match read {
            Read::Sum(column) if metric.kind() == "count" => Figure::Count(sum(column)),
            Read::Sum(column) => Figure::Decimal(sum(column)),
            Read::Ratio(numerator, denominator, rate) => {
                rate.divide(sum(numerator), sum(denominator))
            }
            Read::Distinct(column) => Figure::Count(
                groups.map_or(0, |(groups, group)| groups.estimate(group, column).into()),
            ),
            Read::OrderValue(column) => {
                let value = groups.and_then(|(groups, group)| groups.order_value(group, column));
                value.map_or(Figure::Nothing, |value| Figure::Decimal(value.into()))
            }
        }
    }
}

/// How two sums divide: their scales decide how often ten-thousandths are taken out or put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The numerator counts things.
    pub is_count: bool,
    /// The denominator counts things.
    pub is_of_counts: bool,
}

impl Rate {
    /// The ratio in ten-thousandths, rounded half away from zero.
    pub(crate) fn divide(self, numerator: i128, denominator: i128) -> Figure {
        if denominator == 0 {
            return Figure::Nothing;
        }
        let scale = i128::from(SCALE);
        let numerator = if self.is_count {
            numerator.saturating_mul(scale)
        } else {
            numerator
        };
        let numerator = if self.is_of_counts {
            numerator
        } else {
            numerator.saturating_mul(scale)
        };
        Figure::Decimal(divide_rounded(
            numerator * denominator.signum(),
            denominator.saturating_abs(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_ratio(
        is_count: bool,
        is_of_counts: bool,
        parts: (i128, i128),
        expected: Option<i128>,
    ) {
        let ratio = Rate {
            is_count,
            is_of_counts,
        }
        .divide(parts.0, parts.1);
        assert_eq!(ratio.number(), expected, "{parts:?}");
    }

    #[test]
    fn ratios_are_rounded_once_half_away_from_zero() {
        check_ratio(false, true, (100_000, 3), Some(33_333));
        check_ratio(false, true, (200_000, 3), Some(66_667));
        check_ratio(false, true, (-5, 2), Some(-3));
        check_ratio(false, true, (5, -2), Some(-3));
    }

    #[test]
    fn scales_of_both_parts_are_taken_into_account() {
        check_ratio(true, true, (1, 4), Some(2_500));
        check_ratio(false, false, (10_000, 40_000), Some(2_500));
        check_ratio(true, false, (1, 40_000), Some(2_500));
    }

    #[test]
    fn nothing_divided_by_nothing_is_no_value() {
        check_ratio(false, true, (0, 0), None);
        check_ratio(false, true, (7, 0), None);
    }
}
