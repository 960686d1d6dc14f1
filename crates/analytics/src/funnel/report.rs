//! A funnel as it is shown: units, conversion, time and money of every step. Rows are added and taken back, and reports of
//! several shards or days merge; which rows belong into one is the caller's.

use super::Row;
use crate::cell::NameId;
use crate::ratio::Ratio;
use crate::sketch::{Quantiles, bucket};
use std::collections::BTreeMap;

/// What units made of one funnel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Steps from the first on; a step that nobody reached may be missing at the end.
    pub steps: Vec<StepReport>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StepReport {
    /// Units that reached it.
    pub units: i64,
    /// What the events are worth by which they did, in ten-thousandths by currency; no entry where it is nothing.
    pub value: BTreeMap<NameId, i128>,
    /// Milliseconds from the step before it, of those that reached it.
    pub millis_to_here: Quantiles,
}

impl Report {
    /// The report of these rows; of one funnel, and of one kind of period.
    #[must_use]
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Report {
        let mut report = Report::default();
        rows.into_iter().for_each(|row| report.add(row));
        report
    }

    /// Adds a unit.
    pub fn add(&mut self, row: &Row) {
        self.change(row, 1);
    }

    /// Takes back a unit that was added.
    pub fn take_back(&mut self, row: &Row) {
        self.change(row, -1);
        let nobody = StepReport::default();
        while self.steps.last() == Some(&nobody) {
            self.steps.pop();
        }
    }

    fn change(&mut self, row: &Row, sign: i64) {
        let steps_min = self.steps.len().max(row.steps.len());
        self.steps.resize_with(steps_min, StepReport::default);
        let mut before = None;
        for (step, reached) in self.steps.iter_mut().zip(&row.steps) {
            step.units += sign;
            step.add_value(
                reached.currency,
                i128::from(sign) * i128::from(reached.value.0),
            );
            if let Some(before) = before.replace(reached.done) {
                let millis = reached.done.0.saturating_sub(before.0) / 1_000;
                step.millis_to_here.add(bucket(millis), sign);
            }
        }
    }

    /// Takes in the report of other units.
    pub fn merge(&mut self, other: &Report) {
        let steps_min = self.steps.len().max(other.steps.len());
        self.steps.resize_with(steps_min, StepReport::default);
        for (step, other) in self.steps.iter_mut().zip(&other.steps) {
            step.units += other.units;
            step.millis_to_here.merge(&other.millis_to_here);
            for (currency, value) in &other.value {
                step.add_value(*currency, *value);
            }
        }
    }

    /// Units that reached a step, counted from 0, of those that entered; nothing where nobody did.
    #[must_use]
    pub fn to_first(&self, step: usize) -> Option<Ratio> {
        Ratio::of(self.units(step), self.units(0))
    }

    /// Units that reached a step of those that reached the step before it; of the first step, all of them.
    #[must_use]
    pub fn to_previous(&self, step: usize) -> Option<Ratio> {
        Ratio::of(self.units(step), self.units(step.saturating_sub(1)))
    }

    /// Half of those that reached the next step took so many milliseconds or less for it, within 1 %.
    #[must_use]
    pub fn median_millis_to_next(&self, step: usize) -> Option<i64> {
        self.steps.get(step + 1)?.millis_to_here.quantile(500)
    }

    fn units(&self, step: usize) -> i128 {
        self.steps
            .get(step)
            .map_or(0, |step| i128::from(step.units))
    }
}

impl StepReport {
    fn add_value(&mut self, currency: NameId, value: i128) {
        let sum = self.value.entry(currency).or_default();
        *sum += value;
        if *sum == 0 {
            self.value.remove(&currency);
        }
    }
}
