//! What a person looked like to others when it was last settled, so that only what changed is told.
//! It follows from the state alone; nothing of it is kept at rest.

use super::change::{pairs, tell_rows};
use super::state::{customer_at, standing};
use super::{
    Contribution, Link, Message, PersonChange, PersonKey, PersonKind, PersonRules, PersonState,
    SessionChange, Standing, Told, Version,
};
use crate::customer::{Profile, ProfileChange, Sources, Totals};
use crate::session::{Session, Sessions};
use crate::{cart, funnel, search};
use event::EventTime;
use std::sync::Arc;

/// A person's rows, and the customers to whom a visitor gives all that it does.
#[derive(Debug, Clone, Default)]
pub(super) struct Published {
    /// Rows of each kind come in the order of their keys.
    sessions: Sessions,
    /// None of a visitor that gives them away.
    carts: Vec<cart::Row>,
    funnels: Vec<funnel::Row>,
    searches: Vec<search::Row>,
    /// Whether it did more in some minutes than people usually do.
    is_busy: bool,
    /// A visitor's; empty for others.
    links: Vec<Link>,
    /// What a customer's orders add up to.
    bought: Option<Box<Totals>>,
    /// Visitors that are this customer.
    visitors: u32,
}

impl Published {
    pub(super) fn of(
        kind: PersonKind,
        state: &PersonState,
        rules: &PersonRules,
        as_of: EventTime,
    ) -> Published {
        let mut published = Published {
            sessions: state.sessions(&rules.sessions),
            links: match kind {
                PersonKind::Visitor => state.links.to_vec(),
                PersonKind::Customer | PersonKind::Session => Vec::new(),
            },
            ..Published::default()
        };
        if published.is_own() {
            published.carts = state.carts(&rules.carts, as_of);
            published.funnels = state.ways(rules, &published.sessions);
            published.searches = state.searches(&published.sessions);
            published.is_busy = state.is_busy(rules.busy_above);
        }
        if kind == PersonKind::Customer {
            published.bought = state.bought();
            published.visitors = standing(&state.links).count() as u32;
        }
        published
    }

    /// Whether there is anything to compare with.
    pub(super) fn says_anything(&self) -> bool {
        let has_rows = !self.sessions.is_empty() || !self.carts.is_empty();
        let has_more = !self.funnels.is_empty() || !self.links.is_empty();
        has_rows || has_more || self.bought.is_some()
    }

    /// When time alone will next change a row.
    pub(super) fn deadline(&self, rules: &cart::Rules) -> Option<EventTime> {
        let deadlines = self.carts.iter().filter_map(|row| row.deadline(rules));
        deadlines.min()
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

    /// Tells what `self` has otherwise than `before`: new and changed rows, and those that are gone.
    pub(super) fn tell(
        &self,
        before: &Published,
        (state, rules): (&PersonState, &PersonRules),
        mut tell: impl FnMut(PersonChange),
    ) {
        if self.is_busy || before.is_busy {
            let bursts = self.is_busy.then(|| state.bursts());
            tell(PersonChange::Busy(bursts.unwrap_or_default()));
        }
        self.tell_sessions(before, rules, |change| tell(PersonChange::Session(change)));
        tell_rows(&before.carts, &self.carts, cart::Row::key, |change| {
            tell(PersonChange::Cart(change));
        });
        tell_rows(&before.funnels, &self.funnels, funnel::Row::key, |change| {
            tell(PersonChange::Funnel(change));
        });
        let place = |row: &search::Row| row.rank;
        tell_rows(&before.searches, &self.searches, place, |change| {
            tell(PersonChange::Search(change));
        });
    }

    /// Tells a customer's row if it is another one. Only of customers who ordered or filled a cart: who merely looks
    /// around is counted in sessions, and is most of them.
    pub(super) fn tell_profile(
        &self,
        before: &Published,
        customer: &PersonKey,
        tell: impl FnOnce(PersonChange),
    ) {
        let is_same = self.bought == before.bought
            && self.carts == before.carts
            && self.visitors == before.visitors
            && self.sessions == before.sessions;
        if customer.kind != PersonKind::Customer || is_same {
            return;
        }
        let change = ProfileChange::between(before.profile(customer), self.profile(customer));
        if let Some(change) = change {
            tell(PersonChange::Profile(Box::new(change)));
        }
    }

    fn profile(&self, customer: &PersonKey) -> Option<Profile> {
        let has_bought = |totals: &&Totals| !totals.amounts.is_empty();
        let bought = self.bought.as_deref().filter(has_bought);
        if bought.is_none() && self.carts.is_empty() {
            return None;
        }
        let nothing = Totals::default;
        let sources = |totals| Sources {
            totals,
            sessions: &self.sessions,
            carts: &self.carts,
            visitors: self.visitors,
        };
        match bought {
            Some(totals) => Profile::of(customer, &sources(totals)),
            None => Profile::of(customer, &sources(&nothing())),
        }
    }

    fn tell_sessions(
        &self,
        before: &Published,
        rules: &PersonRules,
        mut tell: impl FnMut(SessionChange),
    ) {
        let key = |session: &Session| (session.start(), rules.sessions.lane(&session.0));
        let is_told = self.is_own() && before.is_own();
        for (old, new) in pairs(&before.sessions, &self.sessions, key) {
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
            out.push(Message {
                from: key.clone(),
                to: PersonKey {
                    store: key.store,
                    kind: PersonKind::Customer,
                    id: Arc::clone(customer),
                },
                version,
                told: Told::Contribution(Contribution {
                    floors: state.floors,
                    record: state.own.share(|time| is_share(&self.links, time)),
                }),
            });
        }
    }
}
