//! What homes of persons tell one another, and the rows they publish. Plain values: how they travel is the caller's.

use super::PersonKey;
use crate::session::{GivenId, Piece, Rank, Session};
use event::EventTime;
use std::sync::Arc;

/// Orders what one sender tells: the offset of the newest input it has folded, and which of its steps at that offset.
/// A key has one home, so the sender is known by the key. An older version than the one known is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Version {
    /// The sender's newest input.
    pub offset: u64,
    /// Which exchange of the round that ended at it.
    pub step: u32,
}

/// A movement between the homes of two persons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who tells.
    pub from: PersonKey,
    /// Whose home it goes to.
    pub to: PersonKey,
    /// Against its repetition and against older ones.
    pub version: Version,
    /// What is told.
    pub told: Told,
}

/// What one person's home tells another's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A customer to a visitor: our pair was first seen at this event. Nothing: it counts no longer, for the customer has
    /// too many visitors.
    LinkSeen(Option<Rank>),
    /// A visitor to a customer: all of me that is you.
    Contribution(Contribution),
}

/// All that a visitor gives to one customer; it replaces what was given before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contribution {
    /// Pieces before this were let go by the sender; the receiver keeps those it has.
    pub floor: EventTime,
    /// In any order.
    pub pieces: Vec<Piece>,
}

/// A session's row: whose it is, and what changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Whose session.
    pub person: PersonKey,
    /// What changed.
    pub change: SessionChange,
}

/// A session as it was told last and as it is now; at least one of the two is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionChange {
    /// When it started.
    pub start: EventTime,
    /// Its given id, where a store uses those: two sessions may start at one instant then.
    pub given: Option<GivenId>,
    /// What was told.
    pub before: Option<Standing>,
    /// What is to be put in its place; nothing where no session starts here any more.
    pub after: Option<Standing>,
}

/// What a row of a session is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A session of this person; counts.
    Own(Session),
    /// A visitor's session that is part of a customer's sessions now; does not count.
    Merged {
        /// The customer at its start.
        into: Arc<str>,
        /// What the visitor did.
        session: Session,
    },
}

impl Standing {
    /// The session, if it counts here.
    #[must_use]
    pub fn counting(&self) -> Option<&Session> {
        match self {
            Standing::Own(session) => Some(session),
            Standing::Merged { .. } => None,
        }
    }
}
