//! What people did about an alert, and what state that puts it in: a pure function of the finding, the acts and the
//! instant at which one looks. Acts may come twice and in any order.

use super::Finding;
use event::EventTime;
use std::sync::Arc;

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertState {
    /// The condition holds and nobody answered.
    Firing,
    /// A person has seen it.
    Acknowledged,
    /// The condition is over, or a person closed it, or it is too old to matter.
    Resolved,
    /// History changed: it never was. It may fire again under its id.
    Retracted,
    /// One of too many of its rule in its hour: its number is told, it is not.
    Counted,
}

impl AlertState {
    /// Every state, from the one that asks for most.
    pub const ALL: [AlertState; 5] = [
        AlertState::Firing,
        AlertState::Acknowledged,
        AlertState::Resolved,
        AlertState::Retracted,
        AlertState::Counted,
    ];

    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            AlertState::Firing => "firing",
            AlertState::Acknowledged => "acknowledged",
            AlertState::Resolved => "resolved",
            AlertState::Retracted => "retracted",
            AlertState::Counted => "counted",
        }
    }
}

/// What a person did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActKind {
    /// I have seen it.
    Acknowledge,
    /// It is done with.
    Resolve,
}

/// What a person did, who and when.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Act {
    /// When.
    pub at: EventTime,
    /// Who.
    pub by: Arc<str>,
    /// What.
    pub kind: ActKind,
}

/// All that people did about one alert: the earliest act of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Handling {
    /// Seen by.
    pub acknowledged: Option<Act>,
    /// Closed by.
    pub resolved: Option<Act>,
}

impl Handling {
    /// Takes in an act; says whether that changed anything.
    pub fn observe(&mut self, act: Act) -> bool {
        let known = match act.kind {
            ActKind::Acknowledge => &mut self.acknowledged,
            ActKind::Resolve => &mut self.resolved,
        };
        let is_first = known.as_ref().is_none_or(|known| act < *known);
        if is_first {
            *known = Some(act);
        }
        is_first
    }

    /// Whether nobody did anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.acknowledged.is_none() && self.resolved.is_none()
    }

    /// Takes in all that another one knows.
    pub fn merge(&mut self, other: Handling) {
        for act in other.acknowledged.into_iter().chain(other.resolved) {
            self.observe(act);
        }
    }

    /// Where an alert of this finding stands at an instant.
    #[must_use]
    pub fn state(&self, finding: &Finding, as_of: EventTime) -> AlertState {
        self.state_by([finding.until, finding.forgotten_at], as_of)
    }

    /// The same for whoever knows only the times at which time alone resolves it.
    #[must_use]
    pub fn state_by(&self, ends: [Option<EventTime>; 2], as_of: EventTime) -> AlertState {
        let is_past = ends.into_iter().flatten().any(|end| end <= as_of);
        if self.resolved.is_some() || is_past {
            AlertState::Resolved
        } else if self.acknowledged.is_some() {
            AlertState::Acknowledged
        } else {
            AlertState::Firing
        }
    }
}
