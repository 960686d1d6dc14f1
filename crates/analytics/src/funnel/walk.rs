//! Ways in the declared order: one pass over what a unit did, which keeps for every step the way that began last of those
//! that got so far. Which of a unit's ways are asked for is decided in `row`.

use super::STEPS_MAX;
use event::EventTime;
use smallvec::SmallVec;
use std::ops::RangeInclusive;

/// A mark as one funnel sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sight {
    pub(super) time: EventTime,
    /// As which of its steps it counts; bit 0 is the first.
    pub(super) steps: u16,
    /// In which slot it lies.
    pub(super) slot: i64,
    /// Whether something may be missing in that slot that stood in the way.
    pub(super) has_gap: bool,
}

impl Sight {
    pub(super) fn is_step(&self, step: usize) -> bool {
        self.steps >> step & 1 == 1
    }

    /// Whether a way may begin here.
    pub(super) fn is_entry(&self, period: &Period) -> bool {
        self.is_step(0) && period.contains(&self.time)
    }
}

/// When ways that are asked for begin.
pub(super) type Period = RangeInclusive<EventTime>;

/// The places of the marks by which the steps were reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chain {
    at: [u32; STEPS_MAX],
    reached: usize,
}

impl Chain {
    pub(super) fn of(marks: &[u32]) -> Chain {
        let mut chain = Chain {
            at: [0; STEPS_MAX],
            reached: 0,
        };
        marks.iter().for_each(|at| chain = chain.with(*at));
        chain
    }

    fn with(mut self, at: u32) -> Chain {
        self.at[self.reached] = at;
        self.reached += 1;
        self
    }

    pub(super) fn marks(&self) -> &[u32] {
        &self.at[..self.reached]
    }

    fn start(&self) -> u32 {
        self.at[0]
    }
}

/// How ways in order are gone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub(super) steps: usize,
    pub(super) window_micros: i64,
    pub(super) is_strict: bool,
}

impl Way {
    /// The way that got furthest of those that begin within the period; of several the one that began last.
    pub(super) fn furthest(&self, sights: &[Sight], period: &Period) -> Option<Chain> {
        let from = sights.partition_point(|sight| sight.time < *period.start());
        let is_entry = |sight: &Sight| sight.is_entry(period);
        let first = from + sights[from..].iter().position(is_entry)?;
        let mut reached = Levels::new();
        for (at, sight) in (0..).zip(sights).skip(first) {
            if self.is_over(&reached, (sights, sight), period) {
                break;
            }
            if self.is_strict && at as usize > first && is_stopped(&reached, &sights[first], sight)
            {
                break;
            }
            self.go_on(&mut reached, (sights, at), period);
        }
        reached.pop()
    }

    /// Whether no way can begin or go on any more.
    fn is_over(
        &self,
        reached: &Levels,
        (sights, now): (&[Sight], &Sight),
        period: &Period,
    ) -> bool {
        let last = reached.first().map(|entry| &sights[entry.start() as usize]);
        now.time > *period.end() && last.is_some_and(|last| !self.is_within(last.time, now.time))
    }

    fn go_on(&self, reached: &mut Levels, (sights, at): (&[Sight], u32), period: &Period) {
        let sight = &sights[at as usize];
        // Backwards, so that one event is not two steps of one way.
        for step in (0..=reached.len().min(self.steps - 1)).rev() {
            if !sight.is_step(step) {
                continue;
            }
            let before = step.checked_sub(1).map(|before| reached[before]);
            let chain = match before {
                Some(before) => self.continued(before, (sights, at)),
                None => sight.is_entry(period).then(|| Chain::of(&[at])),
            };
            match (chain, reached.get_mut(step)) {
                (Some(chain), None) => reached.push(chain),
                (Some(chain), Some(known)) if chain.start() > known.start() => *known = chain,
                _ => {}
            }
        }
    }

    fn continued(&self, before: Chain, (sights, at): (&[Sight], u32)) -> Option<Chain> {
        let start = sights[before.start() as usize].time;
        let is_within = self.is_within(start, sights[at as usize].time);
        is_within.then(|| before.with(at))
    }

    fn is_within(&self, start: EventTime, time: EventTime) -> bool {
        time.0 <= start.0.saturating_add(self.window_micros)
    }
}

/// The newest way to each step that was reached.
type Levels = SmallVec<[Chain; STEPS_MAX]>;

/// Whether an event is neither the next step nor one that was reached, or something may be missing that was not. Of what
/// stood in the way the first in its slot is always there, so nothing is missed but where the way began in that slot.
fn is_stopped(reached: &Levels, entry: &Sight, now: &Sight) -> bool {
    let allowed = (1_u16 << (reached.len() + 1)) - 1;
    let has_gap = now.has_gap && now.slot == entry.slot;
    has_gap || now.steps & allowed == 0
}
