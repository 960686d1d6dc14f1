//! Lines that wait: late ones, and repetitions of lines that were in time. None waits two minutes.

use crate::random::Random;
use crate::time::{SECOND_MICROS, Time};
use std::collections::BTreeMap;

/// A late line waits from one second to this; at most 120 s of disorder are allowed, and the rest is reserve.
const WAIT_SECONDS_MAX: u64 = 119;

/// Lines by the time they are written at.
#[derive(Debug, Default)]
pub(super) struct LateLines {
    waiting: BTreeMap<(Time, u64), (Time, Vec<u8>)>,
    kept: u64,
}

impl LateLines {
    /// Puts a line aside for a while.
    pub(super) fn keep(&mut self, event_time: Time, line: &[u8], random: &mut Random) {
        let wait =
            SECOND_MICROS + random.below((WAIT_SECONDS_MAX - 1) * SECOND_MICROS as u64) as i64;
        self.kept += 1;
        self.waiting.insert(
            (event_time.plus(wait), self.kept),
            (event_time, line.to_vec()),
        );
    }

    /// The next line that is due before this time, with the time of its event.
    pub(super) fn take_due(&mut self, time: Time) -> Option<(Time, Vec<u8>)> {
        let front = self.waiting.first_entry()?;
        (front.key().0 <= time).then(|| front.remove())
    }
}
