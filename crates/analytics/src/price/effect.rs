//! What happened in the days before and after a price changed, side by side. Only whole days at one price are compared:
//! a side ends at the next change, and the day of a change belongs to neither unless it changed at midnight.

use super::days::Sums;
use super::state::{ProductPrices, Source, Turn};
use super::{PriceKey, Rules};
use crate::ratio::Ratio;
use event::time::DAY;
use event::{EventTime, Money};
use std::ops::Range;

/// The days on one side of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Side {
    /// Whole days, with or without events; 0 where another change or the present day leaves none.
    pub days: i64,
    /// What happened on them.
    pub sums: Sums,
}

impl Side {
    /// Orders for each view.
    #[must_use]
    pub fn conversion(&self) -> Option<Ratio> {
        Ratio::of(i128::from(self.sums.orders), i128::from(self.sums.views))
    }

    /// Pieces (ten-thousandths) a day.
    #[must_use]
    pub fn units_a_day(&self) -> Option<Ratio> {
        Ratio::of(self.sums.units, i128::from(self.days))
    }

    /// Revenue (ten-thousandths) a day.
    #[must_use]
    pub fn revenue_a_day(&self) -> Option<Ratio> {
        Ratio::of(self.sums.revenue, i128::from(self.days))
    }
}

/// A change of price with what came before and after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceEffectRow {
    /// Store, product, currency.
    pub key: PriceKey,
    /// When it changed; with the key it is the row's key.
    pub at: EventTime,
    /// The price before, where it is known.
    pub old: Option<Money>,
    /// The price from then on.
    pub new: Money,
    /// How it is known.
    pub source: Source,
    /// The days before.
    pub before: Side,
    /// The days after.
    pub after: Side,
}

impl ProductPrices {
    /// The effect of one of the turns; the present day, which is not over, is on no side.
    pub(super) fn effect(
        &self,
        key: PriceKey,
        (turns, at): (&[Turn], usize),
        today: EventTime,
        rules: &Rules,
    ) -> PriceEffectRow {
        let turn = &turns[at];
        let number = |day: EventTime| day_number(turn.day, day);
        let previous = at.checked_sub(1).map(|at| &turns[at]);
        let from = previous.map_or(i64::MIN, |previous| {
            number(previous.day) + i64::from(!previous.is_at_midnight())
        });
        let known_from = [
            self.days.starts().next(),
            turns.first().map(|first| first.day),
        ];
        let known_from = known_from.into_iter().flatten().min();
        let from = from.max(known_from.map_or(i64::MIN, number));
        let until = turns.get(at + 1).map_or(i64::MAX, |next| number(next.day));
        let until = until.min(number(today));
        let first = i64::from(!turn.is_at_midnight());
        PriceEffectRow {
            key,
            at: turn.at,
            old: turn.old,
            new: turn.new,
            source: self.source(),
            before: self.side(turn, from.max(-rules.side_days)..until.min(0)),
            after: self.side(
                turn,
                first..until.min(first.saturating_add(rules.side_days)),
            ),
        }
    }

    /// Days by their number, counted from that of the turn.
    fn side(&self, turn: &Turn, numbers: Range<i64>) -> Side {
        let mut side = Side {
            days: numbers.end.saturating_sub(numbers.start).max(0),
            ..Side::default()
        };
        let days = self.days.iter().rev();
        let days = days.map(|(key, sums)| (day_number(turn.day, key.day), sums));
        let days = days.skip_while(|(number, _)| *number >= numbers.end);
        for (_, sums) in days.take_while(|(number, _)| *number >= numbers.start) {
            side.sums += *sums;
        }
        side
    }
}

/// How many days lie between the beginnings of two; a day of 23 or 25 hours is one day.
pub(super) fn day_number(from: EventTime, day: EventTime) -> i64 {
    let micros = i128::from(day.0) - i128::from(from.0) + i128::from(DAY / 2);
    // Twice the range of microseconds is far from the range of days.
    i64::try_from(micros.div_euclid(i128::from(DAY))).unwrap_or(i64::MAX)
}
