//! The visitors in the shop, in the order in which they act next.
//! When someone acts is decided by `shop`; here they only wait.

use crate::random::Random;
use crate::session::Session;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Most visitors at once: at about 170 bytes each, 45 MB. Above some 20,000 events a second visitors act sooner instead.
pub(crate) const CROWD_MAX: usize = 262_144;

/// Visitors waiting for their next act.
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    sessions: Vec<Session>,
    /// Slots of `sessions` that nobody is in.
    vacant: Vec<u32>,
    /// Every visitor, by when they act (microseconds) and then by slot.
    waiting: BinaryHeap<Reverse<(i64, u32)>>,
}

impl Crowd {
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// When the next visitor wants to act.
    pub(crate) fn soonest_micros(&self) -> Option<i64> {
        self.waiting.peek().map(|Reverse((micros, _))| *micros)
    }

    /// The visitor who acts next; they stay in front until `postpone` or `dismiss`.
    pub(crate) fn next(&mut self) -> Option<&mut Session> {
        let Reverse((_, slot)) = self.waiting.peek()?;
        self.sessions.get_mut(*slot as usize)
    }

    /// Lets the visitor in front act again at this time.
    pub(crate) fn postpone(&mut self, until_micros: i64) {
        if let Some(mut front) = self.waiting.peek_mut() {
            front.0.0 = until_micros;
        }
    }

    /// Sees the visitor in front off.
    pub(crate) fn dismiss(&mut self) {
        if let Some(Reverse((_, slot))) = self.waiting.pop() {
            self.vacant.push(slot);
        }
    }

    /// Lets someone in.
    pub(crate) fn admit(&mut self, session: Session, until_micros: i64) {
        let slot = match self.vacant.pop() {
            Some(slot) => {
                self.sessions[slot as usize] = session;
                slot
            }
            None => {
                self.sessions.push(session);
                (self.sessions.len() - 1) as u32
            }
        };
        self.waiting.push(Reverse((until_micros, slot)));
    }

    /// Sends people away at random until about this many are left.
    pub(crate) fn thin_out(&mut self, left: usize, random: &mut Random) {
        let share = left as f64 / self.len().max(1) as f64;
        // In the order of time: the order inside a heap is no promise, and the bytes of a seed must not hang on it.
        let ordered = std::mem::take(&mut self.waiting).into_sorted_vec();
        let (stay, leave): (Vec<_>, Vec<_>) =
            ordered.into_iter().partition(|_| random.chance(share));
        self.vacant
            .extend(leave.into_iter().map(|Reverse((_, slot))| slot));
        self.waiting = BinaryHeap::from(stay);
    }

    /// Sends everybody away.
    pub(crate) fn clear(&mut self) {
        *self = Crowd::default();
    }
}
