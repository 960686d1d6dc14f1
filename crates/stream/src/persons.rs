//! Persons of one shard, over those at rest. An event is a visit at the home of whoever it names, which need not be the
//! event's own: an order folds at the order's home. What homes tell one another is mail; whoever feeds them carries it.

use crate::rest::{self, AtRest, RestError};
use crate::round::RoutedEvent;
use analytics::bot::VisitorKinds;
use analytics::cell::{Deltas, NameId};
use analytics::person::{
    Limits, Message, Naming, OwnNaming, People, PersonKey, PersonRef, PersonState, Reach,
    SessionChange, SessionRow, Standing, Version,
};
use analytics::session::{self, Channel, Entry, Rules, Visit};
use event::EventTime;
use event::schema::Number;
use std::sync::Arc;

/// What is told to the home of a person.
#[derive(Debug, Clone)]
pub enum Mail {
    /// The event of another home is a visit.
    Visit(OwnNaming, Visit),
    /// One person tells another.
    Message(Message),
}

impl Mail {
    /// Who is told.
    pub fn person(&self) -> Option<PersonRef<'_>> {
        match self {
            Mail::Visit(naming, _) => naming.borrowed().person(),
            Mail::Message(message) => Some(message.to.borrowed()),
        }
    }
}

/// What shards know of sessions from the beginning.
#[derive(Debug, Clone)]
pub struct SessionSetting {
    /// How stores cut them.
    pub stores: Arc<[(NameId, Rules)]>,
    /// The channels' names, in the order of [`Channel::ALL`].
    pub channels: [NameId; Channel::COUNT],
    /// The names of who visits.
    pub visitor_kinds: VisitorKinds,
    /// The device of programs.
    pub bot_device: NameId,
}

/// Steps of a sender at one offset: its own event first, then visits from other homes, then what settling tells.
const STEP_OF_VISITS: u32 = 1;
const STEP_OF_SETTLING: u32 = 1 << 31;

/// One shard's persons.
#[derive(Debug)]
pub struct Persons {
    people: People,
    channels: [NameId; Channel::COUNT],
    visitor_kinds: VisitorKinds,
}

/// What the persons of a worker's shards write to.
#[derive(Debug, Default)]
pub struct PersonOutput {
    /// To other homes.
    pub mail: Vec<Mail>,
    /// Changed sessions.
    pub sessions: NewestSessions,
    /// Of the event that is folded, or of the shard that is settled.
    messages: Vec<Message>,
}

impl Persons {
    /// Nobody yet.
    pub fn new(setting: &SessionSetting) -> Persons {
        let with_device = |mut rules: Rules| {
            rules.bots.device = Some(setting.bot_device);
            rules
        };
        let mut people = People::new(with_device(Rules::default()), Limits::default());
        for (store, rules) in setting.stores.iter() {
            people.set_rules(*store, with_device(*rules));
        }
        Persons {
            people,
            channels: setting.channels,
            visitor_kinds: setting.visitor_kinds,
        }
    }

    /// An event is a visit: folded here where this is the home of its person, else told there.
    pub fn visit(
        &mut self,
        routed: &RoutedEvent<'_>,
        at_rest: &AtRest,
        out: &mut PersonOutput,
    ) -> Result<(), RestError> {
        let (event, names, naming) = (routed.event, &routed.names, &routed.naming);
        if naming.person().is_none() {
            return Ok(());
        }
        let rules = self.people.rules(names.store);
        // Whatever device a program claims to be, and whoever found it out.
        let is_bot = || event.number(Number::IsBot) == Some(1);
        let device = || rules.bots.device.filter(|_| is_bot());
        let entry = || Entry {
            country: names.country,
            device: device().unwrap_or(names.device),
            channel: self.channels[Channel::of(event) as usize],
            ..Entry::default()
        };
        let Some(visit) = Visit::of(event, &rules, entry) else {
            return Ok(());
        };
        if event.kind().is_order_kind() {
            out.mail.push(Mail::Visit(OwnNaming::from(naming), visit));
            return Ok(());
        }
        let version = Version {
            offset: routed.offset,
            step: 0,
        };
        self.observe((naming, &visit), version, at_rest, out)
    }

    /// Takes what another home tells, as the so many-th of what came after the fold that ended before this offset.
    pub fn receive(
        &mut self,
        told: Mail,
        (offset, nth): (u64, u32),
        at_rest: &AtRest,
        out: &mut PersonOutput,
    ) -> Result<(), RestError> {
        match told {
            Mail::Visit(naming, visit) => {
                let version = Version {
                    offset: offset.saturating_sub(1),
                    step: STEP_OF_VISITS.saturating_add(nth).min(STEP_OF_SETTLING - 1),
                };
                self.observe((&naming.borrowed(), &visit), version, at_rest, out)
            }
            Mail::Message(message) => {
                (self.people).receive(message, |person| look_up(person, at_rest))
            }
        }
    }

    fn observe(
        &mut self,
        visit: (&Naming<'_>, &Visit),
        version: Version,
        at_rest: &AtRest,
        out: &mut PersonOutput,
    ) -> Result<(), RestError> {
        let bring = |person: PersonRef<'_>| look_up(person, at_rest);
        let reach = (self.people).observe(visit, version, bring, &mut out.messages)?;
        out.mail.extend(out.messages.drain(..).map(Mail::Message));
        if reach == Reach::BeyondReach {
            metrics::counter!("shopstream_visits_beyond_reach_total").increment(1);
        }
        Ok(())
    }

    /// Says what changed since the last time: counts sessions, keeps their rows, tells other homes.
    pub fn settle(
        &mut self,
        (offset, pass): (u64, u32),
        deltas: &mut Deltas,
        out: &mut PersonOutput,
    ) {
        let version = Version {
            offset: offset.saturating_sub(1),
            step: STEP_OF_SETTLING.saturating_add(pass),
        };
        let PersonOutput {
            messages, sessions, ..
        } = out;
        let kinds = &self.visitor_kinds;
        self.people.settle(version, messages, |person, change| {
            let before = change.before.as_ref().and_then(Standing::counting);
            let after = change.after.as_ref().and_then(Standing::counting);
            session::count((person.store, kinds), before, after, deltas);
            sessions.push(person, change);
        });
        out.mail.extend(out.messages.drain(..).map(Mail::Message));
    }

    /// All of them that are in memory.
    pub fn people(&self) -> &People {
        &self.people
    }

    /// What is fresh was written.
    pub fn rest(&mut self) {
        self.people.rest();
    }

    /// Forgets everybody.
    pub fn forget(&mut self) {
        self.people.forget();
    }
}

/// What lies at rest of a person.
fn look_up(person: PersonRef<'_>, at_rest: &AtRest) -> Result<Option<PersonState>, RestError> {
    if at_rest.people.is_empty() {
        return Ok(None);
    }
    let state = at_rest.people.get(&rest::people::key(person))?;
    state.map(|state| rest::people::read(&state)).transpose()
}

/// Rows of sessions for readers who want to see single ones: of a flood only the newest.
#[derive(Debug)]
pub struct NewestSessions {
    rows: Vec<SessionRow>,
    /// Older ones are too many.
    from: EventTime,
}

/// Sessions that one worker tells at once; far more than a page shows.
const TOLD_MAX: usize = 2_000;

impl Default for NewestSessions {
    fn default() -> NewestSessions {
        NewestSessions {
            rows: Vec::new(),
            from: EventTime(i64::MIN),
        }
    }
}

impl NewestSessions {
    fn push(&mut self, person: &PersonKey, change: SessionChange) {
        if change.start < self.from {
            return;
        }
        let person = person.clone();
        self.rows.push(SessionRow { person, change });
        if self.rows.len() >= 4 * TOLD_MAX {
            self.thin();
        }
    }

    fn thin(&mut self) {
        if self.rows.len() > TOLD_MAX {
            let at = self.rows.len() - TOLD_MAX;
            let mut starts: Vec<_> = self.rows.iter().map(|row| row.change.start).collect();
            self.from = *starts.select_nth_unstable(at).1;
            self.rows.retain(|row| row.change.start >= self.from);
        }
    }

    /// Hands them over.
    pub fn take(&mut self) -> Vec<SessionRow> {
        self.thin();
        std::mem::take(self).rows
    }
}
