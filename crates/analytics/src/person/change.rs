//! What changed with a person since it was last settled, row by row. Plain values: how they are told is the caller's.

use super::PersonKey;
use crate::alert::Burst;
use crate::customer::ProfileChange;
use crate::session::{GivenId, Session};
use crate::{cart, funnel, search};
use event::EventTime;
use std::cmp::Ordering;
use std::sync::Arc;

/// A row that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonChange {
    /// Of sessions.
    Session(SessionChange),
    /// Of carts.
    Cart(RowChange<cart::Row>),
    /// Of funnels.
    Funnel(RowChange<funnel::Row>),
    /// Of searches.
    Search(RowChange<search::Row>),
    /// Of customers.
    Profile(Box<ProfileChange>),
    /// The minutes of a person who is very busy; none where it was so and is no longer.
    Busy(Vec<Burst>),
}

/// A row as it was told last and as it is now; at least one of the two is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange<R> {
    /// What was told.
    pub before: Option<R>,
    /// What is to be put in its place; nothing where it is no row any more.
    pub after: Option<R>,
}

/// A row, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned<C> {
    /// Whose row.
    pub person: PersonKey,
    /// What changed.
    pub change: C,
}

/// A session's row.
pub type SessionRow = Owned<SessionChange>;
/// A row of a cart, a checkout or an order without a cart.
pub type CartRow = Owned<RowChange<cart::Row>>;

impl CartRow {
    /// When what it tells of began.
    #[must_use]
    pub fn began(&self) -> EventTime {
        let row = self.change.after.as_ref().or(self.change.before.as_ref());
        row.map_or(EventTime::default(), |row| row.key().rank.time)
    }
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

/// Goes through two lists in the order of their keys: what stands under each key in the one and in the other.
pub(super) fn pairs<'a, R, K: Ord>(
    before: &'a [R],
    after: &'a [R],
    key: impl Fn(&R) -> K,
) -> impl Iterator<Item = (Option<&'a R>, Option<&'a R>)> {
    let (mut old, mut new) = (before.iter().peekable(), after.iter().peekable());
    std::iter::from_fn(move || {
        let order = match (old.peek(), new.peek()) {
            (Some(one), Some(other)) => key(one).cmp(&key(other)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        Some((
            old.next_if(|_| order.is_le()),
            new.next_if(|_| order.is_ge()),
        ))
    })
}

/// Tells rows that are otherwise than before.
pub(super) fn tell_rows<R: Clone + PartialEq, K: Ord>(
    before: &[R],
    after: &[R],
    key: impl Fn(&R) -> K,
    mut tell: impl FnMut(RowChange<R>),
) {
    for (before, after) in pairs(before, after, key).filter(|(before, after)| before != after) {
        tell(RowChange {
            before: before.cloned(),
            after: after.cloned(),
        });
    }
}
