//! The windows of a question that slide, as runs of steps: a step lies between two ends of any of them, so that each row
//! is read once and each window is a run of whole steps.

use super::plan::{Part, Plan};
use super::range::{Shift, Span};
use super::sliding::Sliding;
use super::{QueryError, SKETCH_STEPS_MAX, WINDOWS_MAX};
use std::ops::Range;

/// Windows in order, and the steps they are made of.
#[derive(Debug)]
pub(crate) struct Steps {
    /// Where steps begin, and where the last one ends.
    bounds: Vec<i64>,
    windows: Vec<Run>,
    /// Where windows go back: by the calendar, a day before the second two o'clock of a night in October lies before a
    /// day before the first half past two.
    turns: Vec<usize>,
}

/// A window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    /// Where the window ends in the range asked for, though it may be one this is compared with.
    pub(crate) end: i64,
    /// Numbers of its steps.
    pub(crate) steps: Range<usize>,
}

impl Steps {
    /// The windows that end within the range, the end of the range included and its start not.
    pub(crate) fn of(
        plan: &Plan,
        sliding: Sliding,
        asked: Span,
        shift: Option<Shift>,
    ) -> Result<Steps, QueryError> {
        check_sketches(plan, sliding)?;
        let calendar = &plan.calendar;
        let ends = ends(plan, sliding, asked)?;
        let span = |end: &i64| {
            let to = shift.map_or(*end, |shift| shift.earlier(calendar, *end));
            let from = sliding.start_of(calendar, to);
            Span { from, to }
        };
        let spans: Vec<Span> = ends.iter().map(span).collect();
        let mut bounds: Vec<i64> = spans.iter().flat_map(|span| [span.from, span.to]).collect();
        bounds.sort_unstable();
        bounds.dedup();
        let number = |time: i64| bounds.partition_point(|bound| *bound < time);
        let run = |(end, span): (&i64, &Span)| Run {
            end: *end,
            steps: number(span.from)..number(span.to),
        };
        let windows: Vec<Run> = ends.iter().zip(&spans).map(run).collect();
        let goes_back = |pair: &[Run]| {
            let (one, next) = (&pair[0].steps, &pair[1].steps);
            next.start < one.start || next.end < one.end
        };
        let turns = windows.windows(2).enumerate();
        let turns = turns
            .filter(|(_, pair)| goes_back(pair))
            .map(|(at, _)| at + 1)
            .collect();
        Ok(Steps {
            bounds,
            windows,
            turns,
        })
    }

    /// Each step's number, start and end.
    pub(crate) fn spans(&self) -> impl Iterator<Item = (usize, Span)> {
        let span = |pair: &[i64]| Span {
            from: pair[0],
            to: pair[1],
        };
        self.bounds.windows(2).map(span).enumerate()
    }

    /// The windows, in stretches in which neither starts nor ends go back.
    pub(crate) fn stretches(&self) -> impl Iterator<Item = &[Run]> {
        let starts = std::iter::once(0).chain(self.turns.iter().copied());
        let ends = self.turns.iter().copied().chain([self.windows.len()]);
        starts.zip(ends).map(|(from, to)| &self.windows[from..to])
    }
}

fn ends(plan: &Plan, sliding: Sliding, asked: Span) -> Result<Vec<i64>, QueryError> {
    let mut ends = Vec::new();
    let mut end = asked.from;
    while end < asked.to {
        end = sliding.next(&plan.calendar, end);
        if ends.len() == WINDOWS_MAX {
            return Err(QueryError::invalid(
                format!("the range holds more than {WINDOWS_MAX} windows"),
                "ask for a shorter range, or for windows less often",
            ));
        }
        ends.push(end);
    }
    Ok(ends)
}

/// Sums slide by adding and taking away; sketches only merge, and what waits to leave is kept merged for each step.
fn check_sketches(plan: &Plan, sliding: Sliding) -> Result<(), QueryError> {
    let has_sketches = [Part::ByCurrency, Part::Plain].iter().any(|part| {
        let width = plan.width(*part);
        width.distincts + width.order_values > 0
    });
    if has_sketches && sliding.steps() > SKETCH_STEPS_MAX {
        return Err(QueryError::invalid(
            format!(
                "a window over {} every {} has {} steps, too many for distinct counts and quantiles",
                sliding.over,
                sliding.every,
                sliding.steps()
            ),
            format!("use at most {SKETCH_STEPS_MAX} steps a window, or ask for sums alone"),
        ));
    }
    Ok(())
}
