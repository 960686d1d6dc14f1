//! What a person looked like to others when it was last settled, so that only what changed is told.
//! It follows from the state alone; nothing of it is kept at rest.

use super::{
    Contribution, Message, PersonKey, PersonKind, PersonState, SessionRow, Standing, Told,
};
use super::{Settled, Version};
use crate::session::{GivenId, Rules, Session};
use event::EventTime;
use std::cmp::Ordering;

/// A person's rows, and the customers to whom a visitor gives.
#[derive(Debug)]
pub(super) struct Published {
    /// By start and given id, in that order.
    rows: Vec<(RowKey, Standing)>,
    customers: Vec<Box<str>>,
}

type RowKey = (EventTime, Option<GivenId>);

impl Published {
    pub(super) fn of(kind: PersonKind, state: &PersonState, rules: &Rules) -> Published {
        let customers: Vec<Box<str>> = match kind {
            PersonKind::Visitor => state.standing().map(|(_, other)| other.into()).collect(),
            PersonKind::Customer | PersonKind::Session => Vec::new(),
        };
        let standing = |session: Session| match state.customer_at(session.start()) {
            Some(customer) if !customers.is_empty() => Standing::Merged {
                into: customer.into(),
                session,
            },
            _ => Standing::Own(session),
        };
        let mut rows: Vec<_> = (state.sessions(rules).into_iter())
            .map(|session| {
                let key = (session.start(), rules.lane(&session.0));
                (key, standing(session))
            })
            .collect();
        rows.sort_unstable_by_key(|(key, _)| *key);
        Published { rows, customers }
    }

    /// Tells what is otherwise in `self` than it was before.
    pub(super) fn tell(
        self,
        before: Published,
        (key, state): (&PersonKey, &PersonState),
        version: Version,
        out: &mut Settled,
    ) {
        if key.kind == PersonKind::Visitor {
            let contributions = self.contributions(before.customers, state);
            out.messages
                .extend(contributions.map(|(customer, given)| Message {
                    from: key.clone(),
                    to: PersonKey {
                        store: key.store,
                        kind: PersonKind::Customer,
                        id: customer,
                    },
                    version,
                    told: Told::Contribution(given),
                }));
        }
        let row = |((start, given), standing)| SessionRow {
            person: key.clone(),
            start,
            given,
            standing,
        };
        out.rows
            .extend(changes(before.rows, self.rows).into_iter().map(row));
    }

    /// Every customer's share, whole; nothing for those that are customers no longer.
    fn contributions(
        &self,
        before: Vec<Box<str>>,
        state: &PersonState,
    ) -> impl Iterator<Item = (Box<str>, Contribution)> {
        let share = |customer: &str| {
            let pieces = state.own.list.iter();
            let pieces = pieces.filter(|one| state.customer_at(one.first.time) == Some(customer));
            Contribution {
                floor: state.floor,
                pieces: pieces.copied().collect(),
            }
        };
        let mut customers = before;
        customers.extend_from_slice(&self.customers);
        customers.sort_unstable();
        customers.dedup();
        customers.into_iter().map(move |customer| {
            let share = share(&customer);
            (customer, share)
        })
    }
}

/// New and changed rows, and those that are gone, in the order of their keys.
fn changes(
    before: Vec<(RowKey, Standing)>,
    after: Vec<(RowKey, Standing)>,
) -> Vec<(RowKey, Standing)> {
    let mut changed = Vec::new();
    let (mut before, mut after) = (before.into_iter().peekable(), after.into_iter().peekable());
    loop {
        let order = match (before.peek(), after.peek()) {
            (Some((one, _)), Some((other, _))) => one.cmp(other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return changed,
        };
        let gone = before.next_if(|_| order.is_le());
        let new = after.next_if(|_| order.is_ge());
        match (gone, new) {
            (Some((_, gone)), Some((_, new))) if gone == new => {}
            (_, Some(new)) => changed.push(new),
            (Some((key, _)), None) => changed.push((key, Standing::Gone)),
            (None, None) => {}
        }
    }
}
