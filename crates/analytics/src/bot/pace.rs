//! How the pieces of a session followed one another: what its sums alone no longer tell. Gathered while a session is cut,
//! and kept nowhere.

use super::Rules;
use crate::session::{Piece, views};

/// How a session went on, slot by slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pace {
    /// Slots in which it was active.
    pub slots: u32,
    /// Slots from the first of these to the last.
    pub slots_between: u64,
    /// Pages of the slot with the most.
    pub busiest: u32,
    /// Whether a slot had more pages than a person can look at.
    pub is_hasty: bool,
}

/// A pace that still grows, by pieces in the order of time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pacing {
    pace: Pace,
    first_slot: i64,
    /// The slot that may get more, and all of its pieces as one: a visitor and its customer can both have one in it.
    open: Option<(i64, Piece)>,
}

impl Pacing {
    /// The first piece of a session.
    pub(crate) fn begin(piece: &Piece, slot: i64) -> Pacing {
        Pacing {
            pace: Pace::default(),
            first_slot: slot,
            open: Some((slot, *piece)),
        }
    }

    /// The next one.
    pub(crate) fn go_on(&mut self, piece: &Piece, slot: i64, rules: &Rules) {
        match &mut self.open {
            Some((open, known)) if *open == slot => known.merge(piece),
            _ => {
                self.close(rules);
                self.open = Some((slot, *piece));
            }
        }
    }

    /// The whole.
    pub(crate) fn end(mut self, rules: &Rules) -> Pace {
        self.close(rules);
        self.pace
    }

    fn close(&mut self, rules: &Rules) {
        let Some((slot, piece)) = self.open.take() else {
            return;
        };
        let pace = &mut self.pace;
        pace.slots = pace.slots.saturating_add(1);
        pace.slots_between = slot.abs_diff(self.first_slot).saturating_add(1);
        let views = views(&piece.acts);
        pace.busiest = pace.busiest.max(views);
        pace.is_hasty |= is_hasty(&piece, views, rules);
    }
}

/// So many pages that the first `views − 1` of them were left for the next within the time of the slot's events.
fn is_hasty(piece: &Piece, views: u32, rules: &Rules) -> bool {
    let lasted = piece.last.0.saturating_sub(piece.first.time.0);
    let room = rules.burst_gap_micros.saturating_mul(i64::from(views) - 1);
    views >= rules.slot_views || (views >= rules.burst_views && lasted <= room)
}
