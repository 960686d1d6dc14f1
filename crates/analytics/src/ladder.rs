//! A ladder: what happened to one thing over time, exact for what is newest and coarser the older it is, never more than so
//! many entries. What it holds depends on the set of things added and not on their order; what they mean is not its business.

use event::time::{DAY, HOUR, MINUTE, SECOND};
use event::{EventId, EventTime};
use std::collections::VecDeque;

use crate::session::Rank;

/// How many entries each rung holds, and how wide the slots of the coarser ones are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rungs {
    /// The newest entries stay as they are: so many.
    pub fine_max: usize,
    /// Slots of each rung below.
    pub slots_max: usize,
}

impl Default for Rungs {
    fn default() -> Self {
        Rungs {
            fine_max: ENTRIES_MAX,
            slots_max: ENTRIES_MAX,
        }
    }
}

/// Entries of one rung. A thing that moves every second fills 256 single entries, then 4 minutes by the second, 4 hours by
/// the minute, 64 hours by the quarter, 10 days by the hour and 8 months by the day: 1,792 entries and 120 kB in all.
pub const ENTRIES_MAX: usize = 256;

/// Widths of the slots, finest first; each divides the next, so that a slot moves down as a whole.
pub const WIDTHS_MICROS: [i64; 6] = [SECOND, MINUTE, 15 * MINUTE, HOUR, DAY, 64 * DAY];

/// By what the entries of the finest rung are told apart.
pub trait Key: Ord + Copy {
    /// When it happened.
    fn time(self) -> EventTime;
    /// Before every key of this instant or later.
    fn first_of(time: EventTime) -> Self;
}

impl Key for EventTime {
    fn time(self) -> EventTime {
        self
    }

    fn first_of(time: EventTime) -> Self {
        time
    }
}

impl Key for Rank {
    fn time(self) -> EventTime {
        self.time
    }

    fn first_of(time: EventTime) -> Self {
        Rank {
            time,
            position: i64::MIN,
            id: EventId(0),
        }
    }
}

/// What entries hold. Merging is commutative and associative.
pub trait Value: Default {
    /// Takes in what happened in the same slot.
    fn merge(&mut self, other: &Self);
    /// Whether it says nothing: then a ladder of single entries forgets it, so that what was taken back leaves no trace.
    fn is_nothing(&self) -> bool;
}

/// Entries of one thing. A coarse slot speaks for all that happened in it, and is told as of its beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder<K, V> {
    /// The newest, each by itself, in order.
    pub fine: VecDeque<(K, V)>,
    /// What is older, where there is anything.
    pub coarse: Option<Box<Coarse<V>>>,
}

/// The rungs below the finest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coarse<V> {
    /// One for each of [`WIDTHS_MICROS`]: slots by their beginning, in order.
    pub rungs: [VecDeque<(i64, V)>; WIDTHS_MICROS.len()],
    /// All that is older than the slots; with 256 slots of the widest that is more than 44 years.
    pub before: V,
}

impl<K, V> Default for Ladder<K, V> {
    fn default() -> Self {
        Ladder {
            fine: VecDeque::new(),
            coarse: None,
        }
    }
}

impl<K: Key, V: Value> Ladder<K, V> {
    /// Adds what happened. Entries with the same key are one.
    pub fn add(&mut self, key: K, value: V, rungs: &Rungs) {
        if value.is_nothing() {
            return;
        }
        let at = place(&self.fine, |(known, _)| *known < key);
        match self.fine.get_mut(at).filter(|(known, _)| *known == key) {
            Some((_, known)) => {
                known.merge(&value);
                if known.is_nothing() && self.coarse.is_none() {
                    self.fine.remove(at);
                }
            }
            None => self.fine.insert(at, (key, value)),
        }
        if self.fine.len() > rungs.fine_max
            && let Some((key, value)) = self.fine.pop_front()
        {
            let coarse = self.coarse.get_or_insert_default();
            coarse.add(key.time().0, value, rungs);
        }
    }

    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fine.is_empty() && self.coarse.is_none()
    }

    /// Entries and slots.
    #[must_use]
    pub fn len(&self) -> usize {
        let rungs = self.coarse.iter().flat_map(|coarse| &coarse.rungs);
        self.fine.len() + rungs.map(VecDeque::len).sum::<usize>()
    }

    /// Everything, oldest first. What came before all slots is told at the beginning of time.
    pub fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        let coarse = self.coarse.iter().flat_map(|coarse| coarse.iter());
        let coarse = coarse.map(|(start, value)| (K::first_of(EventTime(start)), value));
        coarse.chain(self.fine.iter().map(|(key, value)| (*key, value)))
    }

    /// Everything, newest first, as far as it is kept by itself.
    pub fn newest(&self) -> impl Iterator<Item = (K, &V)> {
        self.fine.iter().rev().map(|(key, value)| (*key, value))
    }

    /// When the first thing happened that is not older than all slots.
    #[must_use]
    pub fn first_time(&self) -> Option<EventTime> {
        let coarse = self.coarse.iter().flat_map(|coarse| coarse.slots());
        let coarse = coarse.map(|(start, _)| EventTime(start));
        let fine = self.fine.front().map(|(key, _)| key.time());
        coarse.chain(fine).next()
    }
}

impl<V: Value> Coarse<V> {
    /// A slot that is one too many for its rung goes down to the next, as a whole.
    fn add(&mut self, time: i64, value: V, limits: &Rungs) {
        let (mut time, mut value) = (time, value);
        for (rung, width) in self.rungs.iter_mut().zip(WIDTHS_MICROS) {
            let start = time.saturating_sub(time.rem_euclid(width));
            let at = place(rung, |(known, _)| *known < start);
            match rung.get_mut(at).filter(|(known, _)| *known == start) {
                Some((_, known)) => known.merge(&value),
                None => rung.insert(at, (start, value)),
            }
            if rung.len() <= limits.slots_max {
                return;
            }
            match rung.pop_front() {
                Some(oldest) => (time, value) = oldest,
                None => return,
            }
        }
        self.before.merge(&value);
    }

    fn slots(&self) -> impl Iterator<Item = (i64, &V)> {
        let rungs = self.rungs.iter().rev().flatten();
        rungs.map(|(start, value)| (*start, value))
    }

    fn iter(&self) -> impl Iterator<Item = (i64, &V)> {
        let before = (!self.before.is_nothing()).then_some((i64::MIN, &self.before));
        before.into_iter().chain(self.slots())
    }
}

/// Where a sorted queue would take this in: most things come last, which costs one look.
fn place<T>(queue: &VecDeque<T>, is_before: impl Fn(&T) -> bool) -> usize {
    match queue.back() {
        Some(last) if !is_before(last) => queue.partition_point(is_before),
        _ => queue.len(),
    }
}

#[cfg(test)]
mod tests;
