//! Persons: a visitor who logs in is one person with the customer, before and after. A pure state machine of one shard's
//! persons: what it must tell the homes of others it hands out as messages; it neither sends nor stores anything itself.

mod key;
mod message;
mod published;
mod state;

use key::KeyHash;
pub use key::{Naming, OwnNaming, PersonKey, PersonKind, PersonRef};
pub use message::{Contribution, Message, SessionChange, SessionRow, Standing, Told, Version};
pub use state::{Contributed, Link, PersonState, customer_at};

use crate::by_store::ByStore;
use crate::cell::NameId;
use crate::session::{Rules, Visit};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use published::Published;

/// Pairs that one key has with others: beyond it the earliest in the canonical order stay. A customer with more visitors
/// is an account that many share, a visitor with more customers a device in a shop; the rest stay persons of their own.
pub const LINKS_MAX: usize = 64;
/// Pieces that one person keeps together with what visitors contribute; beyond it the oldest sessions are let go.
pub const PERSON_PIECES_MAX: usize = 16_384;

/// How much one person may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Visitors of a customer; [`LINKS_MAX`] but in tests.
    pub visitors_max: usize,
    /// Customers of a visitor; [`LINKS_MAX`] but in tests.
    pub customers_max: usize,
    /// [`PERSON_PIECES_MAX`] but in tests.
    pub pieces_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            visitors_max: LINKS_MAX,
            customers_max: LINKS_MAX,
            pieces_max: PERSON_PIECES_MAX,
        }
    }
}

/// What became of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Reach {
    /// It is in its person's sessions.
    Folded,
    /// Nobody is named: no session.
    Nobody,
    /// The sessions of that time were let go; their rows stay as they are.
    BeyondReach,
}

/// One shard's persons. Not all are in memory: whoever holds the rest is asked for a person that is not, and takes those
/// that changed with [`People::fresh`].
///
/// [`People::observe`] and [`People::receive`] fold; [`People::settle`], called when a round's folds are done, says which
/// rows changed and what others must be told. How often it is called changes how often a row is published, never the last one.
#[derive(Debug, Default)]
pub struct People {
    rules: ByStore<Rules>,
    limits: Limits,
    /// States that changed since they were last taken.
    fresh: Vec<Person>,
    /// Their places in that list.
    places: HashMap<KeyHash, u32, FixedState>,
    /// Places of those that changed since they were settled, in the order in which they did.
    touched: Vec<u32>,
}

#[derive(Debug)]
struct Person {
    key: PersonKey,
    state: PersonState,
    /// Whether it changed since it was last settled.
    is_touched: bool,
    /// As it was then; nothing where it had said nothing.
    before: Option<Box<Published>>,
}

impl People {
    /// Nobody yet, under these rules and limits.
    #[must_use]
    pub fn new(usual: Rules, limits: Limits) -> People {
        People {
            rules: ByStore::new(usual),
            limits,
            ..People::default()
        }
    }

    /// A store that cuts its sessions by rules of its own.
    pub fn set_rules(&mut self, store: NameId, rules: Rules) {
        self.rules.set(store, rules);
    }

    /// Folds an event at the home of its person, once; emits a link where a pair is seen for the first time or earlier
    /// than before. `bring` knows persons that are not in memory.
    pub fn observe<E>(
        &mut self,
        (naming, visit): (&Naming<'_>, &Visit),
        version: Version,
        bring: impl FnOnce(PersonRef<'_>) -> Result<Option<PersonState>, E>,
        out: &mut Vec<Message>,
    ) -> Result<Reach, E> {
        let Some(person) = naming.person() else {
            return Ok(Reach::Nobody);
        };
        let (limits, rules) = (self.limits, self.rules(person.store));
        let state = self.touch(person, bring)?;
        if visit.rank.time < state.floor {
            return Ok(Reach::BeyondReach);
        }
        state.own.observe(visit, &rules);
        if let Some(visitor) = naming.linked_visitor() {
            let told = state.see_visitor(visitor.id, visit.rank, limits.visitors_max);
            out.extend(told.map(|(visitor_id, at)| Message {
                from: person.to_key(),
                to: PersonKey {
                    id: visitor_id,
                    ..visitor.to_key()
                },
                version,
                told: Told::LinkSeen(at),
            }));
        }
        Ok(Reach::Folded)
    }

    /// Takes what another home tells. What is told again, or late, changes nothing. `bring` knows persons that are not in
    /// memory.
    pub fn receive<E>(
        &mut self,
        message: Message,
        bring: impl FnOnce(PersonRef<'_>) -> Result<Option<PersonState>, E>,
    ) -> Result<(), E> {
        let limits = self.limits;
        let state = self.touch(message.to.borrowed(), bring)?;
        let (from, version) = (message.from.id, message.version);
        match message.told {
            Told::LinkSeen(at) => state.see_customer(
                Link {
                    other: from,
                    at,
                    version,
                },
                limits.customers_max,
            ),
            Told::Contribution(contribution) => {
                state.take_contribution(&from, version, contribution);
            }
        }
        Ok(())
    }

    /// Says what changed since the last time: sessions, one after the other, and whole contributions of visitors to their
    /// customers. The version must be above that of every message this shard has sent.
    pub fn settle(
        &mut self,
        version: Version,
        messages: &mut Vec<Message>,
        mut tell: impl FnMut(&PersonKey, SessionChange),
    ) {
        for place in std::mem::take(&mut self.touched) {
            let person = &mut self.fresh[place as usize];
            let Person { key, state, .. } = person;
            let (limits, rules) = (self.limits, self.rules.of(key.store));
            let after = Published::of(key.kind, state, &rules);
            let before = person.before.take().unwrap_or_default();
            after.tell_sessions(&before, &rules, |change| tell(key, change));
            after.tell_customers(&before, (key, state), version, messages);
            state.let_go_of_excess(&rules, limits.pieces_max);
            person.is_touched = false;
        }
    }

    /// Forgets everybody; rules and limits stay.
    pub fn forget(&mut self) {
        self.rest();
        self.touched.clear();
    }

    /// What changed since [`People::rest`] was last called, in no particular order. To be asked for when all is settled.
    pub fn fresh(&self) -> impl Iterator<Item = (&PersonKey, &PersonState)> {
        self.fresh.iter().map(|person| (&person.key, &person.state))
    }

    /// What is fresh was taken, and can be brought back from now on.
    pub fn rest(&mut self) {
        self.fresh = Vec::new();
        self.places = HashMap::default();
    }

    /// How a store cuts its sessions.
    #[must_use]
    pub fn rules(&self, store: NameId) -> Rules {
        self.rules.of(store)
    }

    /// The state to change; how it stood is noted the first time.
    fn touch<E>(
        &mut self,
        person: PersonRef<'_>,
        bring: impl FnOnce(PersonRef<'_>) -> Result<Option<PersonState>, E>,
    ) -> Result<&mut PersonState, E> {
        let rules = self.rules(person.store);
        let place = match self.places.entry(person.hash()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(vacant) => {
                let place =
                    u32::try_from(self.fresh.len()).expect("2^32 persons do not fit in memory");
                self.fresh.push(Person {
                    key: person.to_key(),
                    state: bring(person)?.unwrap_or_default(),
                    is_touched: false,
                    before: None,
                });
                *vacant.insert(place)
            }
        };
        let known = &mut self.fresh[place as usize];
        if !std::mem::replace(&mut known.is_touched, true) {
            self.touched.push(place);
            let before = Published::of(person.kind, &known.state, &rules);
            known.before = before.says_anything().then(|| Box::new(before));
        }
        Ok(&mut known.state)
    }
}

#[cfg(test)]
mod tests;
