//! Steps in any order: within which window most of the first steps are done, each by an event of its own. Windows are looked
//! at from the last to the first, and only those that could do better than the best so far.

use super::STEPS_MAX;
use super::walk::{Chain, Period, Sight};
use event::EventTime;

/// The furthest step done within one window together with an entry of the period; of several the last window.
pub(super) fn furthest(
    sights: &[Sight],
    (steps, window_micros): (usize, i64),
    period: &Period,
) -> Option<Chain> {
    let earliest = EventTime(period.start().0.saturating_sub(window_micros));
    let from = sights.partition_point(|sight| sight.time < earliest);
    let to = sights.partition_point(|sight| sight.time <= *period.end());
    let mut best: Option<Chain> = None;
    let mut window = Window::new(sights, steps, period);
    for start in (from..to).rev() {
        window.begin_at(start, window_micros);
        let known = best.map_or(0, |chain| chain.marks().len());
        if known == steps {
            break;
        }
        if window.at_most() > known {
            let chain = window.assign();
            best = if chain.marks().len() > known {
                Some(chain)
            } else {
                best
            };
        }
    }
    best
}

/// Marks within one window, and how many of them could be which step.
struct Window<'a> {
    sights: &'a [Sight],
    steps: usize,
    period: &'a Period,
    start: usize,
    end: usize,
    counts: [u32; STEPS_MAX],
}

impl<'a> Window<'a> {
    fn new(sights: &'a [Sight], steps: usize, period: &'a Period) -> Window<'a> {
        Window {
            sights,
            steps,
            period,
            start: sights.len(),
            end: sights.len(),
            counts: [0; STEPS_MAX],
        }
    }

    /// Moves the window back to a mark.
    fn begin_at(&mut self, start: usize, window_micros: i64) {
        while self.start > start {
            self.start -= 1;
            self.count(self.start, |count| count + 1);
        }
        let until = self.sights[start].time.0.saturating_add(window_micros);
        while self.end > start + 1 && self.sights[self.end - 1].time.0 > until {
            self.end -= 1;
            self.count(self.end, |count| count - 1);
        }
    }

    fn count(&mut self, at: usize, change: impl Fn(u32) -> u32) {
        for step in 0..self.steps {
            if self.can_be(at, step) {
                self.counts[step] = change(self.counts[step]);
            }
        }
    }

    /// Ways begin within the period: only an entry of it can be the first step.
    fn can_be(&self, at: usize, step: usize) -> bool {
        let sight = &self.sights[at];
        sight.is_step(step) && (step > 0 || sight.is_entry(self.period))
    }

    /// How far this window can lead at most.
    fn at_most(&self) -> usize {
        let present = self.counts.iter().take_while(|count| **count > 0).count();
        present.min(self.end - self.start)
    }

    /// Gives every step an event of its own, up to the first step for which there is none left.
    fn assign(&self) -> Chain {
        let mut taken: Vec<u32> = Vec::with_capacity(self.steps);
        for step in 0..self.steps {
            taken.push(u32::MAX);
            if !self.find(step, &mut taken, &mut 0) {
                taken.pop();
                break;
            }
        }
        Chain::of(&taken)
    }

    /// Finds an event for a step; a step that has one gives it up if it finds another.
    fn find(&self, step: usize, taken: &mut Vec<u32>, asked: &mut u16) -> bool {
        let usable = (self.start..self.end).filter(|at| self.can_be(*at, step));
        let is_free = |at: &usize| !taken.contains(&(*at as u32));
        if let Some(free) = usable.clone().find(is_free) {
            taken[step] = free as u32;
            return true;
        }
        for at in usable {
            let holder = taken.iter().position(|known| *known == at as u32);
            let Some(holder) = holder.filter(|holder| *asked >> holder & 1 == 0) else {
                continue;
            };
            *asked |= 1 << holder;
            if self.find(holder, taken, asked) {
                taken[step] = at as u32;
                return true;
            }
        }
        false
    }
}
