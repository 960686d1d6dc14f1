//! Steps in any order: within which window most of the first steps are done, each by an event of its own. Windows are looked
//! at from the last to the first, and only those that could do better than the best so far.

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
    let candidates = Candidates::of(sights, steps, period);
    let mut best: Option<Chain> = None;
    for start in (from..to).rev() {
        let until = sights[start].time.0.saturating_add(window_micros);
        let end = sights.partition_point(|sight| sight.time.0 <= until);
        let window = candidates.within(start as u32, end as u32);
        let known = best.map_or(0, |chain| chain.marks().len());
        if known == steps {
            break;
        }
        if window.len() > known {
            let chain = assign(&window);
            best = if chain.marks().len() > known {
                Some(chain)
            } else {
                best
            };
        }
    }
    best
}

/// By step, the places of the marks that could be it. Ways begin within the period: only an entry of it can be the first.
struct Candidates(Vec<Vec<u32>>);

impl Candidates {
    fn of(sights: &[Sight], steps: usize, period: &Period) -> Candidates {
        let can_be = |sight: &Sight, step: usize| match step {
            0 => sight.is_entry(period),
            _ => sight.is_step(step),
        };
        let places = |step: usize| {
            let all = (0..).zip(sights);
            let usable = all.filter(|(_, sight)| can_be(sight, step));
            usable.map(|(at, _)| at).collect()
        };
        Candidates((0..steps).map(places).collect())
    }

    /// Of each of the first steps that the window could hold. The other steps take one each, so a step is sure of one
    /// from as many candidates on as there are steps; more are not looked at.
    fn within(&self, start: u32, end: u32) -> Vec<&[u32]> {
        let all_steps = self.0.len();
        let within = |places: &'_ Vec<u32>| {
            let from = places.partition_point(|at| *at < start);
            let to = places.partition_point(|at| *at < end);
            from..to.min(from + all_steps)
        };
        let windows = self.0.iter().map(|places| &places[within(places)]);
        windows.take_while(|places| !places.is_empty()).collect()
    }
}

/// Gives every step a mark of its own, up to the first step for which there is none left.
fn assign(candidates: &[&[u32]]) -> Chain {
    let mut taken: Vec<u32> = Vec::with_capacity(candidates.len());
    for step in 0..candidates.len() {
        taken.push(u32::MAX); // no mark yet
        if !find(candidates, step, &mut taken, &mut 0) {
            taken.pop();
            break;
        }
    }
    Chain::of(&taken)
}

/// Finds a mark for a step; a step that has one gives it up if it finds another.
fn find(candidates: &[&[u32]], step: usize, taken: &mut [u32], asked: &mut u16) -> bool {
    if let Some(free) = candidates[step].iter().find(|at| !taken.contains(at)) {
        taken[step] = *free;
        return true;
    }
    for at in candidates[step] {
        let holder = taken.iter().position(|known| known == at);
        let Some(holder) = holder.filter(|holder| *asked >> holder & 1 == 0) else {
            continue;
        };
        *asked |= 1 << holder;
        if find(candidates, holder, taken, asked) {
            taken[step] = *at;
            return true;
        }
    }
    false
}
