//! Persons of one shard, over those at rest. An event is a visit at the home of whoever it names, which need not be the
//! event's own: an order folds at the order's home. What homes tell one another is mail; whoever feeds them carries it.

use crate::rest::{self, AtRest, RestError};
use crate::round::RoutedEvent;
use analytics::alert::Burst;
use analytics::bot::VisitorKinds;
use analytics::cart;
use analytics::cell::{Deltas, NameId};
use analytics::customer::rfm::{Counts, Values};
use analytics::customer::{OrderId, OrderTold, Profile, ProfileChange, Taken};
use analytics::order::{OrderKind, OrderNews, RefundNews, Sale};
use analytics::person::{
    AsOf, CartRow, Coming, Limits, Message, Naming, OwnNaming, Owned, People, PersonChange,
    PersonKey, PersonKind, PersonRef, PersonRules, PersonState, Reach, SessionChange, SessionRow,
    Sight, Standing, Version,
};
use analytics::search;
use analytics::session::{self, Channel, Entry};
use event::EventTime;
use event::schema::Number;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is told to the home of a person.
#[derive(Debug, Clone)]
pub enum Mail {
    /// What the event of another home is.
    Sight(Box<(OwnNaming, Sight)>),
    /// One person tells another.
    Message(Message),
    /// How an order or refund of a customer stands.
    Order(Box<(PersonKey, OrderTold)>),
}

impl Mail {
    /// Who is told.
    pub fn person(&self) -> Option<PersonRef<'_>> {
        match self {
            Mail::Sight(sight) => sight.0.borrowed().person(),
            Mail::Message(message) => Some(message.to.borrowed()),
            Mail::Order(order) => Some(order.0.borrowed()),
        }
    }
}

/// What shards know of persons from the beginning.
#[derive(Debug, Clone)]
pub struct PersonSetting {
    /// How a store looks at them that says nothing of itself.
    pub usual: PersonRules,
    /// How the others do.
    pub stores: Arc<[(NameId, Arc<PersonRules>)]>,
    /// The channels' names, in the order of [`Channel::ALL`].
    pub channels: [NameId; Channel::COUNT],
    /// The names of who visits.
    pub visitor_kinds: VisitorKinds,
}

/// Steps of a sender at one offset: its own event first, then sights from other homes, then what settling tells.
const STEP_OF_SIGHTS: u32 = 1;
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
    pub sessions: NewestRows<SessionRow>,
    /// Changed carts.
    pub carts: NewestRows<CartRow>,
    /// Customers whose rows changed, as they are now; nothing of one that is none any more.
    pub customers: BTreeMap<PersonKey, Option<Box<Profile>>>,
    /// What that changes in how many customers of a store have which value.
    pub scored: BTreeMap<NameId, Counts>,
    /// Persons who are very busy, or no longer are.
    pub bursts: Vec<(PersonKey, Vec<Burst>)>,
    /// Of the event that is folded, or of the shard that is settled.
    messages: Vec<Message>,
}

impl Persons {
    /// Nobody yet.
    pub fn new(setting: &PersonSetting) -> Persons {
        let mut people = People::new(setting.usual.clone(), Limits::default());
        for (store, rules) in setting.stores.iter() {
            people.set_rules(*store, Arc::clone(rules));
        }
        Persons {
            people,
            channels: setting.channels,
            visitor_kinds: setting.visitor_kinds,
        }
    }

    /// An event is seen: folded here where this is the home of its person, else told there.
    pub fn see(
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
        let device = || rules.sessions.bots.device.filter(|_| is_bot());
        let term = || routed.texts.term(event);
        let entry = || Entry {
            country: names.country,
            device: device().unwrap_or(names.device),
            channel: self.channels[Channel::of(event) as usize],
            ..routed.texts.entry(event)
        };
        let told = Coming { entry, term };
        let Some(sight) = Sight::of(event, (names, routed.items), rules, told) else {
            return Ok(());
        };
        if event.kind().is_order_kind() {
            let told = Box::new((OwnNaming::from(naming), sight));
            out.mail.push(Mail::Sight(told));
            return Ok(());
        }
        let version = Version {
            offset: routed.offset,
            step: 0,
        };
        self.observe((naming, sight), version, at_rest, out)
    }

    /// Orders and refunds that changed here tell their customers how they stand.
    pub fn tell_orders(
        &self,
        (orders, refunds): (&[OrderNews], &[RefundNews]),
        offset: u64,
        out: &mut PersonOutput,
    ) {
        let version = Version { offset, step: 0 };
        let mut tell = |of: (OrderKind, OrderId), (was, is): (Option<&Sale>, Option<&Sale>)| {
            let Some(store) = was.or(is).map(|sale| sale.names.store) else {
                return;
            };
            let calendar = &self.people.rules(store).calendar;
            let told = OrderTold::of_change(of, (was, is), version, calendar);
            out.mail.extend(told.map(|(id, told)| {
                let customer = PersonKey {
                    store,
                    kind: PersonKind::Customer,
                    id,
                };
                Mail::Order(Box::new((customer, told)))
            }));
        };
        for news in orders {
            let id = OrderId::of_order(&news.order);
            let [was, is] =
                [&news.was, &news.is].map(|placed| placed.as_ref().map(|(_, sale)| sale));
            tell((OrderKind::Order, id), (was, is));
        }
        for news in refunds {
            let states = (news.was.as_ref(), Some(&news.is));
            tell((OrderKind::Refund, news.refund), states);
        }
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
            Mail::Sight(told) => {
                let (naming, sight) = *told;
                let version = Version {
                    offset: offset.saturating_sub(1),
                    step: STEP_OF_SIGHTS.saturating_add(nth).min(STEP_OF_SETTLING - 1),
                };
                self.observe((&naming.borrowed(), sight), version, at_rest, out)
            }
            Mail::Message(message) => {
                (self.people).receive(message, |person| look_up(person, at_rest))
            }
            Mail::Order(told) => {
                let (customer, order) = *told;
                let bring = |person: PersonRef<'_>| look_up(person, at_rest);
                let taken = (self.people).take_order(customer.borrowed(), order, bring)?;
                if taken == Taken::BeyondReach {
                    metrics::counter!("shopstream_orders_beyond_reach_total").increment(1);
                }
                Ok(())
            }
        }
    }

    fn observe(
        &mut self,
        sight: (&Naming<'_>, Sight),
        version: Version,
        at_rest: &AtRest,
        out: &mut PersonOutput,
    ) -> Result<(), RestError> {
        let bring = |person: PersonRef<'_>| look_up(person, at_rest);
        let reach = (self.people).observe(sight, version, bring, &mut out.messages)?;
        out.mail.extend(out.messages.drain(..).map(Mail::Message));
        if reach == Reach::BeyondReach {
            metrics::counter!("shopstream_visits_beyond_reach_total").increment(1);
        }
        Ok(())
    }

    /// Says what changed since the last time, as of these instants: counts rows and keeps them, tells other homes.
    pub fn settle(
        &mut self,
        (as_of, offset, pass): (&AsOf, u64, u32),
        at_rest: &AtRest,
        deltas: &mut Deltas,
        out: &mut PersonOutput,
    ) -> Result<(), RestError> {
        let version = Version {
            offset: offset.saturating_sub(1),
            step: STEP_OF_SETTLING.saturating_add(pass),
        };
        let PersonOutput {
            messages,
            sessions,
            carts,
            customers,
            scored,
            bursts,
            ..
        } = out;
        let kinds = &self.visitor_kinds;
        let bring = |person: PersonRef<'_>| look_up(person, at_rest);
        let tell = |(person, rules): (&PersonKey, &PersonRules), change| match change {
            PersonChange::Session(change) => {
                count_session((person.store, kinds), &change, deltas);
                sessions.push(change.start, person, change);
            }
            PersonChange::Cart(change) => {
                let (before, after) = (change.before.as_ref(), change.after.as_ref());
                cart::count(person.store, before, after, deltas);
                if let Some(row) = after.or(before) {
                    carts.push(row.key().rank.time, person, change);
                }
            }
            PersonChange::Busy(minutes) => bursts.push((person.clone(), minutes)),
            PersonChange::Search(change) => {
                let rows = |row: &'_ Option<search::Row>| -> Vec<search::Row> {
                    row.iter().copied().collect()
                };
                let (before, after) = (rows(&change.before), rows(&change.after));
                search::count_rows(person.store, (&before, &after), deltas);
            }
            PersonChange::Profile(change) => {
                score((person.store, rules), &change, scored);
                customers.insert(person.clone(), change.after.map(Box::new));
            }
            PersonChange::Funnel(change) => {
                let rows = (change.before.as_ref(), change.after.as_ref());
                rules.funnels.count(person.store, rows, deltas);
            }
        };
        (self.people).settle((as_of, version), bring, messages, tell)?;
        out.mail.extend(out.messages.drain(..).map(Mail::Message));
        Ok(())
    }

    /// All of them that are in memory, and when rows of whom will change.
    pub fn people(&self) -> &People {
        &self.people
    }

    /// The same, to go on from a checkpoint.
    pub fn people_mut(&mut self) -> &mut People {
        &mut self.people
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

/// A customer moves from the values it had to those it has.
fn score(
    (store, rules): (NameId, &PersonRules),
    change: &ProfileChange,
    scored: &mut BTreeMap<NameId, Counts>,
) {
    // Most changes are of visits, and a day by the store's clock is worth not asking for.
    if let (Some(before), Some(after)) = (&change.before, &change.after)
        && (before.last_order, before.orders) == (after.last_order, after.orders)
        && before.amounts == after.amounts
    {
        return;
    }
    let values = |profile: &Option<Profile>| {
        Values::of_profile(profile.as_ref()?, rules.currency, &rules.calendar)
    };
    let (before, after) = (values(&change.before), values(&change.after));
    if before != after {
        let counts = scored.entry(store).or_default();
        counts.change(before.as_ref(), after.as_ref());
    }
}

fn count_session(who: (NameId, &VisitorKinds), change: &SessionChange, deltas: &mut Deltas) {
    let before = change.before.as_ref().and_then(Standing::counting);
    let after = change.after.as_ref().and_then(Standing::counting);
    session::count(who, before, after, deltas);
}

/// Rows for readers who want to see single ones: of a flood only the newest.
#[derive(Debug)]
pub struct NewestRows<R> {
    rows: Vec<(EventTime, R)>,
    /// Older ones are too many.
    from: EventTime,
}

/// Rows of a kind that one worker tells at once; far more than a page shows.
const TOLD_MAX: usize = 2_000;

impl<R> Default for NewestRows<R> {
    fn default() -> NewestRows<R> {
        NewestRows {
            rows: Vec::new(),
            from: EventTime(i64::MIN),
        }
    }
}

impl<C> NewestRows<Owned<C>> {
    fn push(&mut self, began: EventTime, person: &PersonKey, change: C) {
        if began < self.from {
            return;
        }
        let person = person.clone();
        self.rows.push((began, Owned { person, change }));
        if self.rows.len() >= 4 * TOLD_MAX {
            self.thin();
        }
    }
}

impl<R> NewestRows<R> {
    fn thin(&mut self) {
        if self.rows.len() > TOLD_MAX {
            let at = self.rows.len() - TOLD_MAX;
            let mut times: Vec<_> = self.rows.iter().map(|(began, _)| *began).collect();
            self.from = *times.select_nth_unstable(at).1;
            self.rows.retain(|(began, _)| *began >= self.from);
        }
    }

    /// Hands them over.
    pub fn take(&mut self) -> Vec<R> {
        self.thin();
        let rows = std::mem::take(self).rows.into_iter();
        rows.map(|(_, row)| row).collect()
    }
}
