//! What a person looked like to others when it was last settled, so that only what changed is told.
//! It follows from the state alone; nothing of it is kept at rest.

use super::state::{customer_at, standing};
use super::{
    Contribution, Link, Message, PersonKey, PersonKind, PersonState, SessionChange, Standing,
};
use super::{Told, Version};
use crate::session::{Rules, Session, Sessions};
use std::cmp::Ordering;
use std::sync::Arc;

/// A person's sessions, and the customers to whom a visitor gives them.
#[derive(Debug, Clone, Default)]
pub(super) struct Published {
    /// In the order of their rows' keys.
    sessions: Sessions,
    /// A visitor's; empty for others.
    links: Vec<Link>,
}

impl Published {
    pub(super) fn of(kind: PersonKind, state: &PersonState, rules: &Rules) -> Published {
        Published {
            sessions: state.sessions(rules),
            links: match kind {
                PersonKind::Visitor => state.links.to_vec(),
                PersonKind::Customer | PersonKind::Session => Vec::new(),
            },
        }
    }

    /// Whether there is anything to compare with.
    pub(super) fn says_anything(&self) -> bool {
        !self.sessions.is_empty() || !self.links.is_empty()
    }

    fn standing(&self, session: Session) -> Standing {
        match customer_at(&self.links, session.start()) {
            Some(customer) => Standing::Merged {
                into: Arc::clone(customer),
                session,
            },
            None => Standing::Own(session),
        }
    }

    fn is_own(&self) -> bool {
        standing(&self.links).next().is_none()
    }

    /// Tells what `self` has otherwise than `before`: new and changed sessions, and those that are gone, in the order of
    /// their keys.
    pub(super) fn tell_sessions(
        &self,
        before: &Published,
        rules: &Rules,
        mut tell: impl FnMut(SessionChange),
    ) {
        let key = |session: &Session| (session.start(), rules.lane(&session.0));
        let is_told = self.is_own() && before.is_own();
        let mut old = before.sessions.iter().peekable();
        let mut new = self.sessions.iter().peekable();
        loop {
            let order = match (old.peek(), new.peek()) {
                (Some(one), Some(other)) => key(one).cmp(&key(other)),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return,
            };
            let old = old.next_if(|_| order.is_le());
            let new = new.next_if(|_| order.is_ge());
            let same = old.zip(new).is_some_and(|(old, new)| {
                old == new && (is_told || before.standing(*old) == self.standing(*new))
            });
            let Some(session) = new.or(old).filter(|_| !same) else {
                continue;
            };
            let (start, given) = key(session);
            tell(SessionChange {
                start,
                given,
                before: old.map(|session| before.standing(*session)),
                after: new.map(|session| self.standing(*session)),
            });
        }
    }

    /// Tells every customer of a visitor its share, whole; nothing to those that are its customers no longer.
    pub(super) fn tell_customers(
        &self,
        before: &Published,
        (key, state): (&PersonKey, &PersonState),
        version: Version,
        out: &mut Vec<Message>,
    ) {
        let both = standing(&before.links).chain(standing(&self.links));
        let mut customers: Vec<&Arc<str>> = both.map(|(_, customer)| customer).collect();
        customers.sort_unstable();
        customers.dedup();
        for customer in customers {
            let is_share = |links: &[Link], time| customer_at(links, time) == Some(customer);
            let pieces = state.own.0.iter();
            let pieces = pieces.filter(|piece| is_share(&self.links, piece.first.time));
            out.push(Message {
                from: key.clone(),
                to: PersonKey {
                    store: key.store,
                    kind: PersonKind::Customer,
                    id: Arc::clone(customer),
                },
                version,
                told: Told::Contribution(Contribution {
                    floor: state.floor,
                    pieces: pieces.copied().collect(),
                }),
            });
        }
    }
}
