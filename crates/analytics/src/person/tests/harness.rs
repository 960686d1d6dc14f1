//! Homes of persons that tell one another: messages late, twice and in any order, states at rest and brought back.
//! What becomes of it is one table of sessions, told as text.

use super::super::*;
use crate::session::{Act, Acts, Cuts, Entry, GivenId, Rank, Session};
use event::{EventId, EventTime, EventType};
use std::collections::BTreeMap;
use std::convert::Infallible;

/// An event as a list tells it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) rank: Rank,
    pub(super) kind: EventType,
    pub(super) customer: Option<u8>,
    pub(super) visitor: Option<u8>,
    pub(super) session: Option<u8>,
}

impl Told {
    fn visit(&self) -> Visit {
        let number = u32::try_from(self.rank.id.0).expect("tests number their events");
        Visit {
            rank: self.rank,
            acts: Acts::of(self.kind),
            entry: Entry {
                country: NameId(number),
                ..Entry::default()
            },
            given: self.session.map(|id| GivenId::of("main", &name("s", id))),
            cuts: Cuts::default(),
        }
    }
}

pub(super) fn rank(time: i64, position: i64, id: u128) -> Rank {
    Rank {
        time: EventTime(time),
        position,
        id: EventId(id),
    }
}

pub(super) fn name(kind: &str, id: u8) -> String {
    format!("{kind}{id}")
}

/// A generator of choices; the seed is proptest's to print.
pub(super) struct Choices(pub(super) u64);

impl Choices {
    pub(super) fn below(&mut self, count: usize) -> usize {
        self.0 = (self.0.wrapping_add(0x9E37_79B9_7F4A_7C15)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        ((self.0 ^ self.0 >> 29) >> 16) as usize % count.max(1)
    }
}

/// How homes behave.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    pub(super) rules: Rules,
    pub(super) limits: Limits,
    pub(super) homes: usize,
}

#[derive(Default)]
struct Home {
    people: People,
    offset: u64,
    disk: BTreeMap<PersonKey, PersonState>,
}

impl Home {
    fn next_version(&mut self) -> Version {
        self.offset += 1;
        Version {
            offset: self.offset,
            step: 0,
        }
    }

    fn rest(&mut self) {
        let fresh = self.people.fresh();
        let fresh: Vec<_> = fresh
            .map(|(key, state)| (key.clone(), state.clone()))
            .collect();
        self.people.rest();
        self.disk.extend(fresh);
    }
}

/// Homes, the messages between them, and the table that their rows make.
pub(super) struct Town {
    homes: Vec<Home>,
    mail: Vec<Message>,
    delivered: Vec<Message>,
    table: BTreeMap<(PersonKey, EventTime, Option<GivenId>), Standing>,
    pub(super) beyond_reach: usize,
}

impl Town {
    pub(super) fn new(setting: Setting) -> Town {
        let home = || Home {
            people: People::new(setting.rules, setting.limits),
            ..Home::default()
        };
        Town {
            homes: (0..setting.homes).map(|_| home()).collect(),
            mail: Vec::new(),
            delivered: Vec::new(),
            table: BTreeMap::new(),
            beyond_reach: 0,
        }
    }

    fn home(&self, key: PersonRef<'_>) -> usize {
        let bytes = key.id.bytes().map(usize::from).sum::<usize>();
        (bytes + key.kind as usize) % self.homes.len()
    }

    pub(super) fn observe(&mut self, told: &Told) {
        let customer = told.customer.map(|id| name("c", id));
        let visitor = told.visitor.map(|id| name("v", id));
        let session = told.session.map(|id| name("s", id));
        let naming = Naming {
            store: NameId(0),
            customer: customer.as_deref(),
            visitor: visitor.as_deref(),
            session: session.as_deref(),
        };
        let Some(person) = naming.person() else {
            return;
        };
        let home = self.home(person);
        let home = &mut self.homes[home];
        let version = home.next_version();
        let bring =
            |person: PersonRef<'_>| Ok::<_, Infallible>(home.disk.get(&person.to_key()).cloned());
        let visit = told.visit();
        let Ok(reach) = (home.people).observe((&naming, &visit), version, bring, &mut self.mail);
        match reach {
            Reach::Folded => {}
            Reach::Nobody => panic!("somebody was named"),
            Reach::BeyondReach => self.beyond_reach += 1,
        }
    }

    pub(super) fn settle(&mut self, home: usize) {
        let version = self.homes[home].next_version();
        let Town {
            homes, mail, table, ..
        } = self;
        homes[home].people.settle(version, mail, |person, change| {
            let key = (person.clone(), change.start, change.given);
            assert_ne!(change.before, change.after, "only changes are told");
            let known = match change.after {
                Some(standing) => table.insert(key, standing),
                None => table.remove(&key),
            };
            assert_eq!(known, change.before, "what was told is known");
        });
    }

    fn deliver(&mut self, message: Message) {
        let home = self.home(message.to.borrowed());
        let Home { people, disk, .. } = &mut self.homes[home];
        let bring =
            |person: PersonRef<'_>| Ok::<_, Infallible>(disk.get(&person.to_key()).cloned());
        let Ok(()) = people.receive(message, bring);
    }

    /// Until nobody has anything left to say.
    pub(super) fn quiet(&mut self) {
        loop {
            (0..self.homes.len()).for_each(|home| self.settle(home));
            if self.mail.is_empty() {
                return;
            }
            for message in std::mem::take(&mut self.mail) {
                self.deliver(message);
            }
        }
    }

    /// Tells the events in this order; between them anything may happen.
    pub(super) fn live_through(&mut self, events: &[Told], choices: &mut Choices) {
        let mut events = events.iter();
        while events.len() > 0 || !self.mail.is_empty() {
            match choices.below(12) {
                0..5 => events.by_ref().take(1).for_each(|told| self.observe(told)),
                5..7 => self.settle(choices.below(self.homes.len())),
                7..10 if !self.mail.is_empty() => {
                    let message = self.mail.swap_remove(choices.below(self.mail.len()));
                    self.delivered.push(message.clone());
                    self.deliver(message);
                }
                10 if !self.delivered.is_empty() => {
                    let again = self.delivered[choices.below(self.delivered.len())].clone();
                    self.deliver(again);
                }
                11 => {
                    let home = choices.below(self.homes.len());
                    self.settle(home);
                    self.homes[home].rest();
                }
                _ => {}
            }
        }
        self.quiet();
    }

    /// The largest state in memory: pieces, links.
    pub(super) fn largest(&self) -> (usize, usize) {
        let states = self.homes.iter().flat_map(|home| home.people.fresh());
        let sizes = states.map(|(_, state)| {
            let contributed: usize = state.contributions.iter().map(|one| one.pieces.len()).sum();
            (state.own.0.len() + contributed, state.links.len())
        });
        sizes.fold((0, 0), |largest, (pieces, links)| {
            (largest.0.max(pieces), largest.1.max(links))
        })
    }

    /// One line for every session, sorted.
    pub(super) fn said(&self) -> Vec<String> {
        let mut said: Vec<String> = (self.table.iter())
            .map(|((person, _, _), standing)| match standing {
                Standing::Own(session) => format!("{} {}", person.id, session_said(session)),
                Standing::Merged { into, session } => {
                    format!("{} {} merged {into}", person.id, session_said(session))
                }
            })
            .collect();
        said.sort();
        said
    }
}

fn session_said(session: &Session) -> String {
    let acts = Act::ALL.map(|act| session.0.acts[act]);
    line(
        session.start().0,
        session.last().0,
        acts,
        session.0.entry.country.0,
    )
}

/// `start-last acts by first`; the recount writes the same.
pub(super) fn line(start: i64, last: i64, acts: [u32; 8], first: u32) -> String {
    format!("{start}-{last} {acts:?} by {first}")
}
