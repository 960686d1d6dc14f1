//! Marks: what one person did that is a step of a funnel. Any two lists of them can be merged; what is kept of a very long
//! one follows from the set of its marks and not from the order in which they came.

use super::Funnels;
use crate::cell::NameId;
use crate::session::{GivenId, Rank};
use event::{EventTime, Money};
use thin_vec::ThinVec;

/// Which steps of which funnels, one bit each; none for what is no step and still stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Steps(pub u64);

/// Stands for "no step" among the steps.
const OTHER: u64 = 1 << super::STORE_STEPS_MAX;

impl Steps {
    fn or_other(self) -> u64 {
        if self.0 == 0 { OTHER } else { self.0 }
    }
}

/// What one event is to a store's funnels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Its place among all events.
    pub rank: Rank,
    /// As which steps it counts.
    pub steps: Steps,
    /// What the event is worth.
    pub value: Money,
    /// In this currency.
    pub currency: NameId,
    /// Its session's id, where the store cuts sessions by it.
    pub given: Option<GivenId>,
    /// Funnels, a bit each, in whose way something may have stood that was let go from the same slot.
    pub foreign: u16,
}

/// Marks that a list may have too many before it is thinned: what a burst costs.
const EXCESS_MAX: usize = 256;

/// The marks of one key in the canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marks(pub ThinVec<Mark>);

impl Marks {
    /// Adds the mark of an event; one that is there already stays as it is.
    pub fn observe(&mut self, mark: Mark, funnels: &Funnels) {
        self.make_room(funnels);
        // Most events are the newest of their person.
        let at = match self.0.last() {
            Some(newest) if newest.rank >= mark.rank => {
                self.0.partition_point(|known| known.rank < mark.rank)
            }
            _ => self.0.len(),
        };
        if (self.0.get(at)).is_none_or(|known| known.rank != mark.rank) {
            self.0.insert(at, mark);
        }
    }

    /// Where the list would have to move, it is thinned before.
    fn make_room(&mut self, funnels: &Funnels) {
        let len = self.0.len();
        if len < self.0.capacity() {
            return;
        }
        if len < 4 {
            self.0.reserve_exact(1); // most persons have one or two
        } else if len >= funnels.fine_marks_max {
            self.thin(funnels);
            self.0.reserve_exact(EXCESS_MAX);
        }
    }

    /// Keeps all of the newest marks, and of what is older the first and the last of each step in each slot. To be called
    /// when marks were added and before they are read, told or written: then the list is a function of its events.
    pub fn thin(&mut self, funnels: &Funnels) {
        let older = self.0.len().saturating_sub(funnels.fine_marks_max);
        let same_slot = |one: &Mark, other: &Mark| funnels.slot(one) == funnels.slot(other);
        let mut stays = Vec::with_capacity(older);
        for marks in self.0[..older].chunk_by_mut(same_slot) {
            thin_slot(marks, &mut stays, funnels);
        }
        if stays.contains(&false) {
            let mut stays = stays.into_iter();
            self.0.retain(|_| stays.next().unwrap_or(true));
        }
    }

    /// Forgets what happened before this.
    pub fn let_go_before(&mut self, floor: EventTime) {
        self.0.retain(|mark| mark.rank.time >= floor);
    }

    /// Where to let go so that a quarter of the marks leaves a list of more than `marks_max`; nothing if it has not.
    #[must_use]
    pub fn excess(&self, marks_max: usize) -> Option<EventTime> {
        let is_excess = self.0.len() > marks_max;
        let floor = self.0.get(self.0.len().div_ceil(4)).filter(|_| is_excess);
        floor.map(|mark| mark.rank.time)
    }
}

/// Says for each mark of a slot whether it stays: the first and the last of each step do. What the others stood in the
/// way of is noted on all that stay.
fn thin_slot(marks: &mut [Mark], stays: &mut Vec<bool>, funnels: &Funnels) {
    let from = stays.len();
    let is_new = |seen: &mut u64, mark: &Mark| {
        let steps = mark.steps.or_other();
        let is_new = steps & !*seen != 0;
        *seen |= steps;
        is_new
    };
    let mut seen = 0;
    stays.extend(marks.iter().map(|mark| is_new(&mut seen, mark)));
    let mut seen = 0;
    for (mark, stays) in marks.iter().zip(&mut stays[from..]).rev() {
        *stays |= is_new(&mut seen, mark);
    }
    let foreign = marks.iter().zip(&stays[from..]).map(|(mark, stays)| {
        let gone = if *stays {
            0
        } else {
            funnels.foreign(mark.steps)
        };
        mark.foreign | gone
    });
    let foreign = foreign.fold(0, |all, bits| all | bits);
    marks.iter_mut().for_each(|mark| mark.foreign = foreign);
}
