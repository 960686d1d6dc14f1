//! What homes of persons tell one another. Plain values: how they travel is the caller's.

use super::{Floors, PersonKey, Record};
use crate::session::Rank;

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
    /// What happened before these was let go by the sender; the receiver keeps what it has of it.
    pub floors: Floors,
    /// What the visitor did while it was this customer.
    pub record: Record,
}
