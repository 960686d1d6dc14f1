//! Persons: a visitor who logs in is one person with the customer, before and after. A pure state machine of one shard's
//! persons: what it must tell the homes of others it hands out as messages; it neither sends nor stores anything itself.

mod change;
mod deadlines;
mod key;
mod message;
mod published;
mod record;
mod rules;
mod state;

pub use change::{CartRow, Owned, PersonChange, RowChange, SessionChange, SessionRow, Standing};
pub use deadlines::{AsOf, Deadlines};
use key::KeyHash;
pub use key::{Naming, OwnNaming, PersonKey, PersonKind, PersonRef};
pub use message::{Contribution, Message, Told, Version};
pub use record::{Coming, Floors, Record, Sight};
pub use rules::PersonRules;
pub use state::{Contributed, Link, PersonState, customer_at};

use crate::by_store::ByStore;
use crate::cell::NameId;
use crate::customer::{self, OrderTold, Taken};
use event::EventTime;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use published::Published;
use std::sync::Arc;

/// Pairs that one key has with others: beyond it the earliest in the canonical order stay. A customer with more visitors
/// is an account that many share, a visitor with more customers a device in a shop; the rest stay persons of their own.
pub const LINKS_MAX: usize = 64;
/// Pieces that one person keeps together with what visitors contribute; beyond it the oldest sessions are let go.
pub const PERSON_PIECES_MAX: usize = 16_384;
/// Items of carts that one person keeps in the same way.
pub const PERSON_ITEMS_MAX: usize = 8_192;
/// Marks of funnels.
pub const PERSON_MARKS_MAX: usize = 32_768;

/// How much one person may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Visitors of a customer; [`LINKS_MAX`] but in tests.
    pub visitors_max: usize,
    /// Customers of a visitor; [`LINKS_MAX`] but in tests.
    pub customers_max: usize,
    /// [`PERSON_PIECES_MAX`] but in tests.
    pub pieces_max: usize,
    /// [`PERSON_ITEMS_MAX`] but in tests.
    pub items_max: usize,
    /// [`PERSON_MARKS_MAX`] but in tests.
    pub marks_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            visitors_max: LINKS_MAX,
            customers_max: LINKS_MAX,
            pieces_max: PERSON_PIECES_MAX,
            items_max: PERSON_ITEMS_MAX,
            marks_max: PERSON_MARKS_MAX,
        }
    }
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Reach {
    /// It is in its person's record.
    Folded,
    /// Nobody is named.
    Nobody,
    /// What was told of that time was let go; its rows stay as they are.
    BeyondReach,
}

/// One shard's persons. Not all are in memory: whoever holds the rest is asked for a person that is not, and takes those
/// that changed with [`People::fresh`].
///
/// [`People::observe`] and [`People::receive`] fold; [`People::settle`], called when a round's folds are done, says which
/// rows changed and what others must be told. How often it is called changes how often a row is published, never the last one.
#[derive(Debug, Default)]
pub struct People {
    rules: ByStore<Arc<PersonRules>>,
    limits: Limits,
    fresh: Fresh,
    deadlines: Deadlines,
}

/// States that changed since they were last taken.
#[derive(Debug, Default)]
struct Fresh {
    persons: Vec<Person>,
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
    pub fn new(usual: PersonRules, limits: Limits) -> People {
        People {
            rules: ByStore::new(Arc::new(usual)),
            limits,
            ..People::default()
        }
    }

    /// A store that looks at its persons by rules of its own.
    pub fn set_rules(&mut self, store: NameId, rules: Arc<PersonRules>) {
        self.rules.set(store, rules);
    }

    /// Folds an event at the home of its person, once; emits a link where a pair is seen for the first time or earlier
    /// than before. `bring` knows persons that are not in memory.
    pub fn observe<E>(
        &mut self,
        (naming, sight): (&Naming<'_>, Sight),
        version: Version,
        bring: impl FnOnce(PersonRef<'_>) -> Result<Option<PersonState>, E>,
        out: &mut Vec<Message>,
    ) -> Result<Reach, E> {
        let Some(person) = naming.person() else {
            return Ok(Reach::Nobody);
        };
        let rules = self.rules.get(person.store);
        let as_of = self.deadlines.as_of_store(person.store);
        let state = self.fresh.touch(person, (rules, as_of), bring)?;
        let visited_at = sight.visited_at();
        let floors = state.floors;
        let reach = state.own.observe(sight, &floors, rules);
        if let Some((visitor, at)) = naming.linked_visitor().zip(visited_at)
            && at.time >= floors.pieces
        {
            let told = state.see_visitor(visitor.id, at, self.limits.visitors_max);
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
        Ok(reach)
    }

    /// Takes what another home tells. What is told again, or late, changes nothing. `bring` knows persons that are not in
    /// memory.
    pub fn receive<E>(
        &mut self,
        message: Message,
        bring: impl FnOnce(PersonRef<'_>) -> Result<Option<PersonState>, E>,
    ) -> Result<(), E> {
        let to = message.to.borrowed();
        let rules = self.rules.get(to.store);
        let as_of = self.deadlines.as_of_store(to.store);
        let state = self.fresh.touch(to, (rules, as_of), bring)?;
        let (from, version) = (message.from.id, message.version);
        match message.told {
            Told::LinkSeen(at) => state.see_customer(
                Link {
                    other: from,
                    at,
                    version,
                },
                self.limits.customers_max,
            ),
            Told::Contribution(contribution) => {
                state.take_contribution(&from, version, contribution);
            }
        }
        Ok(())
    }

    /// Takes what the home of an order tells its customer, in any order and as often as it likes.
    pub fn take_order<E>(
        &mut self,
        customer: PersonRef<'_>,
        told: OrderTold,
        bring: impl FnOnce(PersonRef<'_>) -> Result<Option<PersonState>, E>,
    ) -> Result<Taken, E> {
        let rules = self.rules.get(customer.store);
        let as_of = self.deadlines.as_of_store(customer.store);
        let state = self.fresh.touch(customer, (rules, as_of), bring)?;
        let ledger = state.ledger.get_or_insert_default();
        Ok(ledger.take(told, &customer::Limits::default()))
    }

    /// Says what changed since the last time: rows, one after the other, and whole contributions of visitors to their
    /// customers. Rows are told as of these instants, of persons too of whom nothing was heard. The version must be above
    /// that of every message this shard has sent.
    pub fn settle<E>(
        &mut self,
        (as_of, version): (&AsOf, Version),
        mut bring: impl FnMut(PersonRef<'_>) -> Result<Option<PersonState>, E>,
        messages: &mut Vec<Message>,
        mut tell: impl FnMut((&PersonKey, &PersonRules), PersonChange),
    ) -> Result<(), E> {
        for person in self.deadlines.take_due(as_of) {
            let rules = self.rules.get(person.store);
            let told = self.deadlines.as_of_store(person.store);
            (self.fresh).touch(person.borrowed(), (rules, told), &mut bring)?;
        }
        self.deadlines.pass(as_of);
        for place in std::mem::take(&mut self.fresh.touched) {
            let person = &mut self.fresh.persons[place as usize];
            let Person { key, state, .. } = person;
            let rules = self.rules.get(key.store);
            state.own.marks.thin(&rules.funnels);
            let as_of = self.deadlines.as_of_store(key.store);
            let after = Published::of(key.kind, state, rules, as_of);
            let before = person.before.take().unwrap_or_default();
            after.tell(&before, (state, rules), |change| tell((key, rules), change));
            after.tell_profile(&before, key, |change| tell((key, rules), change));
            after.tell_customers(&before, (key, state), version, messages);
            let deadline = |published: &Published| published.deadline(&rules.carts);
            let deadlines = (deadline(&before), deadline(&after));
            self.deadlines.change(key, deadlines.0, deadlines.1);
            state.let_go_of_excess(rules, &self.limits);
            person.is_touched = false;
        }
        Ok(())
    }

    /// Forgets everybody; rules and limits stay.
    pub fn forget(&mut self) {
        self.fresh = Fresh::default();
        self.deadlines = Deadlines::default();
    }

    /// What changed since [`People::rest`] was last called, in no particular order. To be asked for when all is settled.
    pub fn fresh(&self) -> impl Iterator<Item = (&PersonKey, &PersonState)> {
        let persons = self.fresh.persons.iter();
        persons.map(|person| (&person.key, &person.state))
    }

    /// What is fresh was taken, and can be brought back from now on.
    pub fn rest(&mut self) {
        self.fresh = Fresh::default();
    }

    /// When time alone will change whose rows; to be kept beside the states.
    #[must_use]
    pub fn deadlines(&self) -> &Deadlines {
        &self.deadlines
    }

    /// Goes on from the deadlines of a checkpoint.
    pub fn set_deadlines(&mut self, deadlines: Deadlines) {
        self.deadlines = deadlines;
    }

    /// How a store looks at its persons.
    #[must_use]
    pub fn rules(&self, store: NameId) -> &Arc<PersonRules> {
        self.rules.get(store)
    }
}

impl Fresh {
    /// The state to change; how it stood is noted the first time, as of the instant up to which rows were told.
    fn touch<E>(
        &mut self,
        person: PersonRef<'_>,
        (rules, as_of): (&PersonRules, EventTime),
        bring: impl FnOnce(PersonRef<'_>) -> Result<Option<PersonState>, E>,
    ) -> Result<&mut PersonState, E> {
        let place = match self.places.entry(person.hash()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(vacant) => {
                let place =
                    u32::try_from(self.persons.len()).expect("2^32 persons do not fit in memory");
                self.persons.push(Person {
                    key: person.to_key(),
                    state: bring(person)?.unwrap_or_default(),
                    is_touched: false,
                    before: None,
                });
                *vacant.insert(place)
            }
        };
        let known = &mut self.persons[place as usize];
        if !std::mem::replace(&mut known.is_touched, true) {
            self.touched.push(place);
            let before = Published::of(person.kind, &known.state, rules, as_of);
            known.before = before.says_anything().then(|| Box::new(before));
        }
        Ok(&mut known.state)
    }
}

#[cfg(test)]
mod tests;
