//! From steps to sliding windows, one value after the other: sums take in the step that enters and give back the one that
//! leaves; sketches cannot give back, so those of the steps inside wait in a queue that is merged from both its ends.

use super::QueryError;
use super::gather::{Merged, MergedSets};
use super::groups::{GroupKey, GroupSets, Groups};
use super::plan::Plan;
use super::steps::{Run, Steps};
use analytics::{Distinct, Quantiles};

/// The groups of every window, made of those of its steps.
pub(crate) fn slide(
    plan: &Plan,
    steps: &Steps,
    merged: MergedSets,
) -> Result<GroupSets, QueryError> {
    let slide_part = |merged: &Merged| {
        let mut groups = Groups::new(merged.width);
        let mut order: Vec<u32> = (0..merged.keys().len() as u32).collect();
        let key = |group: &u32| merged.keys()[*group as usize];
        order.sort_unstable_by_key(|group| {
            let key = key(group);
            (key.value, key.currency, key.window)
        });
        let is_same =
            |a: &u32, b: &u32| (key(a).value, key(a).currency) == (key(b).value, key(b).currency);
        for of_value in order.chunk_by(is_same) {
            for windows in steps.stretches() {
                Slider::new(plan, windows, merged, of_value).slide(&mut groups)?;
            }
        }
        Ok(groups)
    };
    Ok(GroupSets {
        by_currency: slide_part(&merged.by_currency)?,
        plain: slide_part(&merged.plain)?,
    })
}

/// One value and currency on its way through the windows.
struct Slider<'a> {
    plan: &'a Plan,
    windows: &'a [Run],
    merged: &'a Merged,
    /// Groups of this value and currency by step.
    groups: &'a [u32],
    /// How many of them have entered, and how many have left.
    entered: usize,
    left: usize,
    sums: Vec<i128>,
    distincts: Vec<Queue<Distinct>>,
    order_values: Option<Queue<Quantiles>>,
}

impl<'a> Slider<'a> {
    fn new(
        plan: &'a Plan,
        windows: &'a [Run],
        merged: &'a Merged,
        groups: &'a [u32],
    ) -> Slider<'a> {
        let step = |group: u32| merged.keys()[group as usize].window as usize;
        let first = windows.first().map_or(0, |window| window.steps.start);
        let passed = groups.partition_point(|group| step(*group) < first);
        let width = merged.width;
        Slider {
            plan,
            windows,
            merged,
            groups: &groups[passed..],
            entered: 0,
            left: 0,
            sums: vec![0; width.sums],
            distincts: (0..width.distincts).map(|_| Queue::default()).collect(),
            order_values: (width.order_values > 0).then(Queue::default),
        }
    }

    fn step(&self, at: usize) -> usize {
        self.merged.keys()[self.groups[at] as usize].window as usize
    }

    fn first_window_with(&self, step: usize) -> usize {
        self.windows
            .partition_point(|window| window.steps.end <= step)
    }

    /// Adds a group for every window that holds a step of this value.
    fn slide(mut self, into: &mut Groups) -> Result<(), QueryError> {
        let mut at = 0;
        loop {
            if self.left == self.entered {
                if self.entered == self.groups.len() {
                    return Ok(());
                }
                at = at.max(self.first_window_with(self.step(self.entered)));
            }
            let Some(window) = self.windows.get(at) else {
                return Ok(());
            };
            while self.entered < self.groups.len() && self.step(self.entered) < window.steps.end {
                self.enter();
            }
            while self.left < self.entered && self.step(self.left) < window.steps.start {
                self.leave();
            }
            if self.left < self.entered {
                self.add_to(into, window.end)?;
            }
            at += 1;
        }
    }

    fn enter(&mut self) {
        let group = self.groups[self.entered];
        add(&mut self.sums, self.merged.sums(group), 1);
        for (column, queue) in self.distincts.iter_mut().enumerate() {
            queue.enter(self.merged.distinct(group, column));
        }
        if let Some(queue) = &mut self.order_values {
            queue.enter(self.merged.order_values(group));
        }
        self.entered += 1;
    }

    fn leave(&mut self) {
        add(&mut self.sums, self.merged.sums(self.groups[self.left]), -1);
        let (merged, inside) = (self.merged, &self.groups[self.left..self.entered]);
        for (column, queue) in self.distincts.iter_mut().enumerate() {
            queue.leave(inside.iter().map(|group| merged.distinct(*group, column)));
        }
        if let Some(queue) = &mut self.order_values {
            queue.leave(inside.iter().map(|group| merged.order_values(*group)));
        }
        self.left += 1;
    }

    fn add_to(&mut self, into: &mut Groups, end: i64) -> Result<(), QueryError> {
        let key = self.merged.keys()[self.groups[self.left] as usize];
        into.keys.add(GroupKey { window: end, ..key })?;
        into.sums.extend_from_slice(&self.sums);
        into.estimates
            .extend(self.distincts.iter().map(|queue| queue.merged().estimate()));
        if let Some(queue) = &self.order_values {
            let values = queue.merged();
            let quantiles = &self.plan.quantiles;
            into.order_values
                .extend(quantiles.iter().map(|permille| values.quantile(*permille)));
        }
        Ok(())
    }
}

fn add(sums: &mut [i128], others: &[i128], sign: i128) {
    sums.iter_mut()
        .zip(others)
        .for_each(|(sum, other)| *sum += sign * other);
}

/// What merges and cannot be taken apart.
trait Sketch: Clone + Default {
    fn take_in(&mut self, other: &Self);
}

impl Sketch for Distinct {
    fn take_in(&mut self, other: &Distinct) {
        self.merge(other);
    }
}

impl Sketch for Quantiles {
    fn take_in(&mut self, other: &Quantiles) {
        self.merge(other);
    }
}

/// A queue that knows what its sketches are merged: those that entered lately as one, and of the others, for each, what
/// it is together with all between the two. A sketch is merged three times at most, however long the window.
#[derive(Default)]
struct Queue<S> {
    /// The one that leaves next is last.
    leaving: Vec<S>,
    entered: S,
}

impl<S: Sketch> Queue<S> {
    fn enter(&mut self, sketch: &S) {
        self.entered.take_in(sketch);
    }

    /// Lets the first go; `inside` are all that are in the queue, the first included.
    fn leave<'a>(&mut self, inside: impl DoubleEndedIterator<Item = &'a S>)
    where
        S: 'a,
    {
        if self.leaving.is_empty() {
            let mut merged = S::default();
            for sketch in inside.rev() {
                merged.take_in(sketch);
                self.leaving.push(merged.clone());
            }
            self.entered = S::default();
        }
        self.leaving.pop();
    }

    fn merged(&self) -> S {
        let mut merged = self.leaving.last().cloned().unwrap_or_default();
        merged.take_in(&self.entered);
        merged
    }
}
