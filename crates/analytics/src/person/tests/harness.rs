//! Homes of persons that tell one another: messages late, twice and in any order, states at rest and brought back.
//! What becomes of it is one table of sessions, told as text.

use super::super::*;
use crate::cart::{Fact, Facts, Item, Line, Lines, What};
use crate::customer::ProfileChange;
use crate::funnel::{Declaration, Filter, Funnels, Happening, Mark, Mode, Step, Steps, Unit};
use crate::search::{Found, Search};
use crate::session::{Act, Acts, Cuts, Entry, GivenId, Rank, Rules, Session, Visit};
use event::time::{DAY, HOUR, MINUTE};
use event::{EventId, EventTime, EventType, Money, Quantity, SCALE};
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
    fn sight(&self) -> Sight {
        Sight {
            visit: Some(self.visit()),
            item: self.item(),
            mark: self.mark(),
            search: self.search(),
        }
    }

    /// What the event is to carts.
    pub(super) fn item(&self) -> Option<Item> {
        let tea = Line::new((NameId(7), NameId(8)), Quantity(SCALE), None);
        let what = match self.kind {
            EventType::CartAdd => What::Moved(Lines::One(tea?)),
            EventType::CheckoutStart => What::Saw(Facts::default().and(Fact::Checkout, true)),
            EventType::Order => What::Ordered(None),
            _ => return None,
        };
        Some(Item {
            rank: self.rank,
            cart: None,
            place: Default::default(),
            what,
        })
    }

    /// What it is to searches.
    pub(super) fn search(&self) -> Option<Search> {
        (self.kind == EventType::Search).then(|| Search {
            rank: self.rank,
            term: NameId(5),
            found: Found::Unknown,
            given: self.visit().given,
        })
    }

    /// What it is to [`funnels`].
    pub(super) fn mark(&self) -> Option<Mark> {
        let step = (STEPS.iter()).position(|kind| *kind == self.kind)?;
        Some(Mark {
            rank: self.rank,
            steps: Steps(1 << step | 1 << (STEPS.len() + step)),
            value: Money(0),
            currency: NameId(0),
            given: self.visit().given,
            foreign: 0,
        })
    }

    pub(super) fn visit(&self) -> Visit {
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

const STEPS: [EventType; 3] = [EventType::ItemView, EventType::CartAdd, EventType::Order];

/// The same way twice: gone by visitors, and by sessions.
pub(super) fn funnels() -> Funnels {
    let step = |kind: &EventType| Step {
        what: Happening::Type(*kind),
        only: Filter::default(),
    };
    let funnel = |name: &str, unit| Declaration {
        name: name.to_owned(),
        steps: STEPS.iter().map(step).collect(),
        window_micros: 2 * HOUR,
        mode: Mode::Ordered,
        unit,
    };
    let both = [funnel("p", Unit::Visitor), funnel("s", Unit::Session)];
    Funnels::new(&both, |_| NameId(1)).expect("a sound declaration")
}

pub(super) fn person_rules(sessions: Rules) -> PersonRules {
    PersonRules {
        sessions,
        funnels: funnels(),
        ..PersonRules::default()
    }
}

/// When every story of these tests is told: some carts of the last hour are open then.
pub(super) const NOW: EventTime = EventTime(DAY + 10 * HOUR);

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
    /// Rows of carts and funnels, by whose they are and their keys as text.
    rows: BTreeMap<(PersonKey, String), String>,
    /// Those of customers: what they add up to has tests of its own.
    profiles: BTreeMap<(PersonKey, String), String>,
    now: EventTime,
    pub(super) beyond_reach: usize,
}

impl Town {
    pub(super) fn new(setting: Setting) -> Town {
        let home = || Home {
            people: People::new(person_rules(setting.rules), setting.limits),
            ..Home::default()
        };
        Town {
            homes: (0..setting.homes).map(|_| home()).collect(),
            mail: Vec::new(),
            delivered: Vec::new(),
            table: BTreeMap::new(),
            rows: BTreeMap::new(),
            profiles: BTreeMap::new(),
            now: EventTime(0),
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
        let Ok(reach) =
            (home.people).observe((&naming, told.sight()), version, bring, &mut self.mail);
        match reach {
            Reach::Folded => {}
            Reach::Nobody => panic!("somebody was named"),
            Reach::BeyondReach => self.beyond_reach += 1,
        }
    }

    pub(super) fn settle(&mut self, home: usize) {
        let version = self.homes[home].next_version();
        let Town {
            homes,
            mail,
            table,
            rows,
            profiles,
            ..
        } = self;
        let Home { people, disk, .. } = &mut homes[home];
        let bring =
            |person: PersonRef<'_>| Ok::<_, Infallible>(disk.get(&person.to_key()).cloned());
        let as_of = AsOf::from([(NameId(0), self.now)]);
        let told = people.settle(
            (&as_of, version),
            bring,
            mail,
            |(person, _), change| match change {
                PersonChange::Busy(_) => {}
                PersonChange::Session(change) => tell_session(table, person, change),
                PersonChange::Cart(change) => {
                    tell_row(rows, person, change, |row| format!("cart {:?}", row.key()));
                }
                PersonChange::Search(change) => {
                    tell_row(rows, person, change, |row| format!("search {:?}", row.rank));
                }
                PersonChange::Funnel(change) => {
                    tell_row(rows, person, change, |row| {
                        format!("funnel {:?}", row.key())
                    });
                }
                PersonChange::Profile(change) => {
                    let ProfileChange { before, after } = *change;
                    let change = RowChange { before, after };
                    tell_row(profiles, person, change, |_| String::new());
                }
            },
        );
        let Ok(()) = told;
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
            match choices.below(13) {
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
                12 => {
                    let later = self.now.0 + choices.below(100) as i64 * MINUTE;
                    self.now = EventTime(later.max(DAY)).min(NOW);
                }
                _ => {}
            }
        }
        self.now = NOW;
        self.quiet();
    }

    /// The largest state in memory: pieces, links.
    pub(super) fn largest(&self) -> (usize, usize) {
        let states = self.homes.iter().flat_map(|home| home.people.fresh());
        let sizes = states.map(|(_, state)| {
            let contributed = state.contributions.iter();
            let contributed: usize = contributed.map(|one| one.record.pieces.0.len()).sum();
            (state.own.pieces.0.len() + contributed, state.links.len())
        });
        sizes.fold((0, 0), |largest, (pieces, links)| {
            (largest.0.max(pieces), largest.1.max(links))
        })
    }

    /// One line for every row of carts and funnels, sorted.
    pub(super) fn rows_said(&self) -> Vec<String> {
        let rows = self.rows.iter();
        let mut said: Vec<String> = rows
            .map(|((person, _), row)| format!("{} {row}", person.id))
            .collect();
        said.sort();
        said
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

fn tell_session(
    table: &mut BTreeMap<(PersonKey, EventTime, Option<GivenId>), Standing>,
    person: &PersonKey,
    change: SessionChange,
) {
    let key = (person.clone(), change.start, change.given);
    assert_ne!(change.before, change.after, "only changes are told");
    let known = match change.after {
        Some(standing) => table.insert(key, standing),
        None => table.remove(&key),
    };
    assert_eq!(known, change.before, "what was told is known");
}

fn tell_row<R: std::fmt::Debug + PartialEq>(
    rows: &mut BTreeMap<(PersonKey, String), String>,
    person: &PersonKey,
    change: RowChange<R>,
    key: impl Fn(&R) -> String,
) {
    assert_ne!(change.before, change.after, "only changes are told");
    let (before, after) = (change.before, change.after);
    let row = before.as_ref().or(after.as_ref()).expect("one of them");
    let key = (person.clone(), key(row));
    let known = match &after {
        Some(row) => rows.insert(key, format!("{row:?}")),
        None => rows.remove(&key),
    };
    let told = before.map(|row| format!("{row:?}"));
    assert_eq!(known, told, "what was told is known");
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
