//! A store's funnels with how far units got on them, step by step. Numbers are asked of the cells like those of any other
//! question; what a funnel is, its declaration says.

use crate::query::{Answer, Figure, Query, QueryError, Range};
use crate::tables::LiveTables;
use analytics::funnel::Declaration;
use event::{EventTime, SCALE, divide_rounded};
use std::collections::HashMap;
use std::sync::Arc;

/// Which funnels, and whose entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunnelQuestion {
    /// The store.
    pub store: String,
    /// One funnel only.
    pub name: Option<String>,
    /// When its units entered; nothing means ever.
    pub range: Option<Range>,
}

/// Funnels as they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunnelsAnswer {
    /// In the order of their declarations.
    pub funnels: Vec<FunnelFigures>,
    /// What is said about all their numbers: range, watermark, whether it is partial. Its rows were taken out.
    pub about: Answer,
}

/// A funnel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunnelFigures {
    /// What it is.
    pub declared: Declaration,
    /// From the first on, one for each that is declared.
    pub steps: Vec<StepFigures>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StepFigures {
    /// Units that entered in the range and reached it: sessions, or visitors once for each day on which they entered.
    pub units: i128,
    /// Units whose first entry ever lies in the range, and that ever reached it.
    pub units_ever: i128,
    /// Of those that entered, ten-thousandths; nothing where nobody did.
    pub to_first: Option<i128>,
    /// Of those that reached the step before; of the first step, all of them.
    pub to_previous: Option<i128>,
    /// Mean seconds from the step before, ten-thousandths; nothing for the first step and where nobody came so far.
    pub seconds_from_previous: Option<i128>,
    /// What the events are worth by which it was reached, ten-thousandths by currency; those worth something only.
    pub values: Vec<(Arc<str>, i128)>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FunnelsError {
    /// The store has no funnel of this name.
    #[error("there is no funnel named \"{name}\"")]
    Unknown {
        /// The name given.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// The question about numbers has no answer.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl LiveTables {
    /// How far units get on a store's funnels; `now` is the instant it is asked at.
    pub fn funnels(
        &self,
        question: &FunnelQuestion,
        now: EventTime,
    ) -> Result<FunnelsAnswer, FunnelsError> {
        let declared = self.declared_funnels(question)?;
        let names: Vec<Option<String>> = (declared.iter())
            .flat_map(|funnel| (0..funnel.steps.len()).map(|at| Some(funnel.step_name(at))))
            .collect();
        let query = |metrics: &[&str]| Query {
            metrics: metrics.iter().map(|name| (*name).to_owned()).collect(),
            dimensions: vec![STEP.to_owned()],
            filters: vec![(STEP.to_owned(), names.clone())],
            range: question.range,
            store: question.store.clone(),
            ..Query::default()
        };
        let counts = ["funnel_units", "funnel_units_ever", "funnel_step_duration"];
        let mut about = self.query(&query(&counts), now)?;
        // Money apart: asked together, units would stand on every currency's row.
        let mut read = Figures::default();
        read.add_counts(&about);
        read.add_values(&self.query(&query(&["funnel_value"]), now)?);
        about.rows.clear();
        let funnels = (declared.into_iter().cloned())
            .map(|funnel| read.funnel(funnel))
            .collect();
        Ok(FunnelsAnswer { funnels, about })
    }

    fn declared_funnels(
        &self,
        question: &FunnelQuestion,
    ) -> Result<Vec<&Declaration>, FunnelsError> {
        let all = &self.stores().get(&question.store).funnels;
        let Some(name) = &question.name else {
            return Ok(all.iter().collect());
        };
        let one = all.iter().find(|funnel| funnel.name == *name);
        let unknown = || FunnelsError::Unknown {
            name: name.clone(),
            known: all.iter().map(|funnel| funnel.name.clone()).collect(),
        };
        Ok(vec![one.ok_or_else(unknown)?])
    }
}

/// The dimension by which steps are kept.
const STEP: &str = "funnel_step";

/// What was read, by the name of the step.
#[derive(Default)]
struct Figures(HashMap<Arc<str>, StepFigures>);

impl Figures {
    fn add_counts(&mut self, answer: &Answer) {
        for row in &answer.rows {
            let Some(name) = &row.value else { continue };
            let step = self.0.entry(Arc::clone(name)).or_default();
            let mut numbers = row.figures.iter().map(|figure| figure.number());
            step.units = numbers.next().flatten().unwrap_or(0);
            step.units_ever = numbers.next().flatten().unwrap_or(0);
            step.seconds_from_previous = numbers.next().flatten();
        }
    }

    fn add_values(&mut self, answer: &Answer) {
        for row in &answer.rows {
            let value = row.figures.first().copied().and_then(Figure::number);
            if let (Some(name), Some(currency), Some(value)) = (&row.value, &row.currency, value)
                && value != 0
            {
                let step = self.0.entry(Arc::clone(name)).or_default();
                step.values.push((Arc::clone(currency), value));
            }
        }
    }

    fn funnel(&mut self, declared: Declaration) -> FunnelFigures {
        let mut steps: Vec<StepFigures> = (0..declared.steps.len())
            .map(|at| self.0.remove(&*declared.step_name(at)).unwrap_or_default())
            .collect();
        let units: Vec<i128> = steps.iter().map(|step| step.units).collect();
        for (at, step) in steps.iter_mut().enumerate() {
            step.to_first = share(step.units, units[0]);
            step.to_previous = share(step.units, units[at.saturating_sub(1)]);
            step.seconds_from_previous = step.seconds_from_previous.filter(|_| at > 0);
        }
        FunnelFigures { declared, steps }
    }
}

fn share(part: i128, whole: i128) -> Option<i128> {
    (whole > 0).then(|| divide_rounded(part * i128::from(SCALE), whole))
}
