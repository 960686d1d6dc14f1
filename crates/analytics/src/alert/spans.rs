//! Spans: which alerts of a rule and a subject were told, for conditions that come and go: stock, prices, storms,
//! funnels, lag. An evaluator finds all of a subject at once, and what it does not find any more is taken back.

use super::{Finding, Known, Subject, Verdicts, tell};
use crate::kept::Kept;
use event::EventTime;
use std::sync::Arc;

/// A rule and a subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// The rule's name.
    pub rule: Arc<str>,
    /// What it is about.
    pub subject: Subject,
}

/// What was told of one scope.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpanState {
    /// In no particular order.
    pub told: Vec<Known>,
}

/// One shard's scopes; only those of which something was found are kept.
#[derive(Debug, Default)]
pub struct Spans {
    /// What is in memory; brought back and taken by whoever keeps the rest.
    pub kept: Kept<Scope, SpanState>,
}

impl Spans {
    /// Tells all that is found of a scope from a time on. Needs the state of the scope; what was told of the time before,
    /// which the caller does not look at any more, stays as it is.
    pub fn tell(
        &mut self,
        scope: &Scope,
        (from, findings): (EventTime, Vec<Finding>),
        out: &mut Verdicts,
    ) {
        if findings.is_empty() && !self.kept.holds(scope) {
            return;
        }
        let state = self.kept.state(scope);
        state.told.retain(|known| known.at >= from);
        tell(&mut state.told, from, findings, &mut out.told);
    }
}
