//! How often a source sends, learnt from its own history: the middle one of its last pauses.
//! What silence is too long is decided in `findings`.

use event::EventTime;
use event::time::{MINUTE, SECOND};
use std::collections::VecDeque;

/// Pauses remembered.
const PAUSES_MAX: usize = 64;
/// Requests closer together than this are one burst: a job that sends a thousand requests every quarter of an hour has
/// pauses of a quarter of an hour.
const BURST_MAX: i64 = SECOND;

/// When a source sent first and last, and how long it usually pauses in between.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rhythm {
    first: EventTime,
    last: EventTime,
    active_minutes: u32,
    /// The newest pauses in milliseconds, oldest first.
    pauses: VecDeque<u32>,
}

/// What a rhythm says of a source in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Habit {
    /// When it sent last.
    pub last: EventTime,
    /// Minutes in which it sent.
    pub active_minutes: u32,
    /// The middle one of its last pauses in milliseconds; 0 for one that never paused for a second.
    pub usual_pause_ms: u32,
}

/// The plain values of a rhythm, as checkpoints carry them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RhythmParts {
    /// When it sent first.
    pub first: EventTime,
    /// When it sent last.
    pub last: EventTime,
    /// Minutes in which it sent.
    pub active_minutes: u32,
    /// Pauses in milliseconds, oldest first.
    pub pauses: Vec<u32>,
}

impl Rhythm {
    /// Events came in from `first` to `last`.
    pub fn observe(&mut self, first: EventTime, last: EventTime) {
        if self.active_minutes == 0 {
            (self.first, self.last) = (first, first);
            self.active_minutes = 1;
        }
        let pause = first.0.saturating_sub(self.last.0);
        if pause >= BURST_MAX {
            if self.pauses.len() == PAUSES_MAX {
                self.pauses.pop_front();
            }
            let pause_ms = u32::try_from(pause / 1_000).unwrap_or(u32::MAX);
            self.pauses.push_back(pause_ms);
        }
        if last.0.div_euclid(MINUTE) > self.last.0.div_euclid(MINUTE) {
            self.active_minutes = self.active_minutes.saturating_add(1);
        }
        self.first = self.first.min(first);
        self.last = self.last.max(last);
    }

    /// What it says in short.
    #[must_use]
    pub fn habit(&self) -> Habit {
        let mut pauses: Vec<u32> = self.pauses.iter().copied().collect();
        pauses.sort_unstable();
        Habit {
            last: self.last,
            active_minutes: self.active_minutes,
            usual_pause_ms: pauses.get(pauses.len() / 2).copied().unwrap_or(0),
        }
    }

    /// Its plain values.
    #[must_use]
    pub fn to_parts(&self) -> RhythmParts {
        RhythmParts {
            first: self.first,
            last: self.last,
            active_minutes: self.active_minutes,
            pauses: self.pauses.iter().copied().collect(),
        }
    }

    /// The rhythm of these values; of more pauses than are remembered the newest stay.
    #[must_use]
    pub fn from_parts(parts: RhythmParts) -> Rhythm {
        let surplus = parts.pauses.len().saturating_sub(PAUSES_MAX);
        Rhythm {
            first: parts.first,
            last: parts.last,
            active_minutes: parts.active_minutes,
            pauses: parts.pauses.into_iter().skip(surplus).collect(),
        }
    }
}
