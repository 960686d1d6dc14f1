//! When products were out and what they cost at an instant, as far as a cart that died lately may want to know. Lists of both
//! for people to look into are kept beside it.

use crate::tables::RowReader;
use changelog::{Change, Value};
use event::EventTime;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Products that were ever out of which it is held when; at 16 bytes and up to 16 times each. Of more those that were out
/// last stay.
const OUTS_MAX: usize = 100_000;
/// Changes of prices that are held; about 100 bytes each. Of more the newest stay.
const TURNS_MAX: usize = 200_000;
/// What is let go of at once.
const LET_GO_SHARE: usize = 8;

/// A stretch of time in which nothing was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OutSpan {
    from: EventTime,
    /// Exclusive; the largest while it goes on.
    until: EventTime,
}

impl OutSpan {
    pub(super) fn read(columns: &[Value]) -> Option<OutSpan> {
        let mut row = RowReader(columns);
        Some(OutSpan {
            from: EventTime(row.time()?),
            until: row.time_or_null()?.unwrap_or(EventTime(i64::MAX)),
        })
    }
}

/// Store and product.
type ProductOf = (Arc<str>, Arc<str>);

/// When products were out.
#[derive(Debug, Default)]
pub(super) struct Outs(HashMap<ProductOf, Box<[OutSpan]>>);

impl Outs {
    pub(super) fn set(&mut self, product: &ProductOf, outs: Vec<OutSpan>) {
        if outs.is_empty() {
            self.0.remove(product);
            return;
        }
        self.0.insert(product.clone(), outs.into());
        if self.0.len() > OUTS_MAX {
            self.let_go(OUTS_MAX - OUTS_MAX / LET_GO_SHARE);
        }
    }

    fn let_go(&mut self, kept_max: usize) {
        let newest = |outs: &[OutSpan]| outs.last().map(|out| out.until);
        let mut ranks: Vec<_> = self.0.values().map(|outs| newest(outs)).collect();
        let at = ranks.len().saturating_sub(kept_max);
        let least = *ranks.select_nth_unstable(at).1;
        self.0.retain(|_, outs| newest(outs) >= least);
    }

    /// Whether it was out at any time from an instant until before another.
    pub(super) fn any(&self, product: &ProductOf, from: EventTime, until: EventTime) -> bool {
        let mut outs = self.0.get(product).into_iter().flatten();
        outs.any(|out| out.from < until && out.until > from)
    }
}

/// What a price was before a change, and from then on.
#[derive(Debug, Clone, Copy)]
struct Turn {
    old: Option<i128>,
    new: i128,
}

/// Prices over time, by store, product and currency.
#[derive(Debug, Default)]
pub(super) struct PriceCourses {
    turns: HashMap<[Arc<str>; 3], BTreeMap<EventTime, Turn>>,
    count: usize,
}

impl PriceCourses {
    /// Takes in a row of a change of price.
    pub(super) fn apply(&mut self, change: &Change) -> Option<()> {
        let mut key = RowReader(&change.key);
        let of = [key.text()?, key.text()?, key.text()?].map(Arc::clone);
        let at = EventTime(key.time()?);
        let Some(values) = &change.values else {
            self.remove(&of, at);
            return Some(());
        };
        let mut row = RowReader(values);
        let turn = Turn {
            old: row.decimal_or_null()?,
            new: row.decimal()?,
        };
        let before = self.turns.entry(of).or_default().insert(at, turn);
        self.count += usize::from(before.is_none());
        if self.count > TURNS_MAX {
            self.let_go(TURNS_MAX - TURNS_MAX / LET_GO_SHARE);
        }
        Some(())
    }

    fn remove(&mut self, of: &[Arc<str>; 3], at: EventTime) {
        let Some(turns) = self.turns.get_mut(of) else {
            return;
        };
        self.count -= usize::from(turns.remove(&at).is_some());
        if turns.is_empty() {
            self.turns.remove(of);
        }
    }

    fn let_go(&mut self, kept_max: usize) {
        let times = self.turns.values().flat_map(BTreeMap::keys);
        let mut times: Vec<EventTime> = times.copied().collect();
        let at = times.len().saturating_sub(kept_max);
        let oldest = *times.select_nth_unstable(at).1;
        self.turns.retain(|_, turns| {
            turns.retain(|at, _| *at >= oldest);
            !turns.is_empty()
        });
        self.count = self.turns.values().map(BTreeMap::len).sum();
    }

    /// What it cost at an instant; before the first change that is known what that one says was before.
    pub(super) fn price_at(&self, of: &[Arc<str>; 3], at: EventTime) -> Option<i128> {
        let turns = self.turns.get(of)?;
        match turns.range(..=at).next_back() {
            Some((_, turn)) => Some(turn.new),
            None => turns.first_key_value().and_then(|(_, turn)| turn.old),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Arc<str> {
        Arc::from(text)
    }

    fn price(at: i64, turn: Option<(Option<i128>, i128)>) -> Change {
        let old = |old: Option<i128>| old.map_or(Value::Null, Value::Decimal);
        let key = ["main", "tea", "EUR"].map(|part| Value::Text(text(part)));
        Change {
            table: "price_changes",
            key: key.into_iter().chain([Value::Time(at)]).collect(),
            values: turn.map(|(before, new)| Box::from([old(before), Value::Decimal(new)])),
            version: 1,
        }
    }

    #[test]
    fn a_price_is_that_of_the_last_change_before_and_the_first_change_knows_the_one_before_it() {
        let mut courses = PriceCourses::default();
        for change in [
            price(20, Some((Some(5), 7))),
            price(10, Some((None, 5))),
            price(30, Some((Some(7), 6))),
        ] {
            courses.apply(&change).expect("a row");
        }
        let of = ["main", "tea", "EUR"].map(text);
        let at = |at| courses.price_at(&of, EventTime(at));
        assert_eq!(
            [9, 10, 19, 20, 35].map(at),
            [None, Some(5), Some(5), Some(7), Some(6)]
        );
        courses.apply(&price(10, None)).expect("a row");
        assert_eq!(courses.price_at(&of, EventTime(9)), Some(5));
        courses.let_go(1);
        assert_eq!(
            (courses.count, courses.price_at(&of, EventTime(9))),
            (1, Some(7))
        );
    }

    #[test]
    fn a_product_was_out_if_any_stretch_lies_between_and_of_too_many_the_last_ones_stay() {
        let span = |from, until: Option<i64>| OutSpan {
            from: EventTime(from),
            until: EventTime(until.unwrap_or(i64::MAX)),
        };
        let key = |product: &str| (text("main"), text(product));
        let mut outs = Outs::default();
        outs.set(&key("tea"), vec![span(10, Some(20)), span(30, None)]);
        outs.set(&key("cup"), vec![span(10, Some(20))]);
        let was_out = |from, until| outs.any(&key("tea"), EventTime(from), EventTime(until));
        let asked = [(0, 10), (0, 11), (19, 20), (20, 30), (20, 31), (99, 100)];
        let told = asked.map(|(from, until)| was_out(from, until));
        assert_eq!(told, [false, true, true, false, true, true]);
        outs.let_go(1);
        assert!(!outs.any(&key("cup"), EventTime(0), EventTime(99)));
        outs.set(&key("tea"), Vec::new());
        assert!(outs.0.is_empty());
    }
}
