//! The shop: turns a seed into a stream of events in time order, at the rate that is asked.
//! It has no clock: whoever runs it live asks for the next event when its time has come.

use crate::catalogue::{Catalogue, Product};
use crate::crowd::{CROWD_MAX, Crowd};
use crate::event::{Detail, SimEvent};
use crate::population::{Identity, Population};
use crate::random::{Random, derive};
use crate::returns::{Return, Returns, Sale};
use crate::rhythm::{Curve, Rhythm, wakefulness};
use crate::sale::Bill;
use crate::session::{Act, Session, World};
use crate::settings::{Rate, Settings, SettingsError};
use crate::story::{
    Anomaly, AnomalyKind, Buyer, Evidence, Note, Place, PlantedOrder, PlantedPair, Stock, Supply,
    Tale,
};
use crate::time::Time;
use std::collections::BTreeMap;

/// A running shop.
#[derive(Debug)]
pub struct Shop {
    seed: u64,
    /// Seed and start: what ids are made of.
    run: u64,
    store: Option<String>,
    rate: Rate,
    rhythm: Rhythm,
    curve: Curve,
    pub(crate) world: World,
    crowd: Crowd,
    returns: Returns,
    /// When the event before happened, in nanoseconds: at a million a second, microseconds are too coarse a pace.
    pub(crate) now_nanos: i64,
    next_nanos: i64,
    sessions_begun: u64,
    events_made: u64,
    orders_made: u64,
}

const RUN: u64 = 21;
const EVENT: u64 = 22;
const SESSION: u64 = 23;
const COOKIE: u64 = 24;

/// People who are asleep are asked again so often; then the last one comes anyway.
const DRAWS_MAX: usize = 6;
/// Visitors in the shop for each event within one mean pause for thought; measured.
const CROWD_SHARE: f64 = 0.96;
/// Acts rehearsed for everybody who is in when the doors open: after a visit or more, nobody can tell when it began.
const REHEARSED_ACTS_MIN: u64 = 12;
const REHEARSED_ACTS_SPREAD: u64 = 24;
/// A pause so much longer than the mean counts as long.
const LONG_PAUSE: f64 = 4.0;

impl Shop {
    /// Opens a shop with visitors already in it, at every stage of their visit.
    pub fn new(settings: Settings) -> Result<Shop, SettingsError> {
        settings.check()?;
        let Settings {
            seed,
            start,
            rate,
            rhythm,
            products,
            categories,
            customers,
            store,
            shelves,
            pricing,
            behaviour,
            type_weights,
            demographics,
            story,
        } = settings;
        let run = derive(seed, RUN, start.0 as u64);
        let mut catalogue = Catalogue::new(seed, products, &shelves[..categories as usize]);
        let place = Place {
            catalogue: &mut catalogue,
            customers,
        };
        let tale = Tale::new(story, run, start, place);
        let curve = Curve::new(&demographics.countries);
        let world = World {
            catalogue,
            population: Population::new(seed, customers, behaviour.regulars, demographics),
            behaviour: type_weights.applied_to(behaviour),
            type_weights,
            pricing,
            random: Random::seeded(run),
            lines: Vec::with_capacity(8),
            tale,
            now: start,
            planted_order: None,
        };
        let now_nanos = start.0 * 1_000;
        let mut shop = Shop {
            seed,
            run,
            store,
            rate,
            rhythm,
            curve,
            world,
            crowd: Crowd::default(),
            returns: Returns::default(),
            now_nanos,
            next_nanos: now_nanos,
            sessions_begun: 0,
            events_made: 0,
            orders_made: 0,
        };
        shop.fill();
        Ok(shop)
    }

    /// When the next event will happen: the moment to ask for it.
    #[must_use]
    pub fn next_time(&self) -> Time {
        let paced = self.paced_time();
        let now = Time(self.now_nanos.div_euclid(1_000));
        match self.world.tale.next_event_due() {
            Some(due) => due.max(now).min(paced),
            None => paced,
        }
    }

    /// When the next event comes by the asked rate.
    pub(crate) fn paced_time(&self) -> Time {
        Time(self.next_nanos.div_euclid(1_000))
    }

    /// Events a second asked for now.
    #[must_use]
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Another rate from this moment on. Visitors come in or leave at once, so that the mix of events stays the same.
    pub fn set_rate(&mut self, rate: Rate, from: Time) {
        self.rate = rate;
        let from_nanos = from.0.saturating_mul(1_000).max(self.now_nanos);
        self.next_nanos = self
            .next_nanos
            .min(from_nanos.saturating_add(self.interval_nanos()));
        self.fill();
    }

    /// Jumps to a later time without the events between, as after a pause of the machine.
    pub fn skip_to(&mut self, time: Time) {
        let nanos = time.0.saturating_mul(1_000);
        if nanos > self.next_nanos {
            self.now_nanos = nanos;
            self.next_nanos = nanos;
            self.crowd.clear();
            self.fill();
        }
    }

    /// The next event. Times never decrease.
    pub fn next_event(&mut self) -> SimEvent<'_> {
        self.events_made += 1;
        let World {
            tale, catalogue, ..
        } = &mut self.world;
        tale.happen(Time(self.next_nanos.div_euclid(1_000)), catalogue);
        if let Some(told) = self.next_of_tale() {
            return self.event(told.time, told.facts, told.act);
        }
        let time = self.paced_time();
        self.now_nanos = self.next_nanos;
        self.world.now = time;
        self.next_nanos = self.now_nanos.saturating_add(self.interval_nanos());
        if let Some(returned) = self.returns.take_due(time) {
            return self.refund(returned, time);
        }
        match self.bot_act(time) {
            Some(told) => self.event(told.time, told.facts, told.act),
            None => self.let_someone_act(time),
        }
    }

    /// What happened that no event says, since the last call.
    pub fn take_note(&mut self) -> Option<Note> {
        self.world.tale.notes.pop_front()
    }

    /// Customers of the planted process who may come again.
    #[must_use]
    pub fn buyers_left(&self) -> Vec<Buyer> {
        self.world.tale.buyers_left()
    }

    /// Pairs of products that are planted.
    #[must_use]
    pub fn planted_pairs(&self) -> &[PlantedPair] {
        &self.world.tale.suggestions.pairs
    }

    /// Products that sell at a planted rate, with pieces a day.
    #[must_use]
    pub fn planted_demand(&self) -> &[(u32, f64)] {
        self.world.tale.planted_demand()
    }

    /// Products of which the warehouse knows more than their opening stock, by number.
    #[must_use]
    pub fn stocks(&self) -> BTreeMap<u32, Stock> {
        let supply = self.world.tale.supply.as_ref();
        supply.map(Supply::stocks).unwrap_or_default()
    }

    /// The product of a number as it is sold now.
    #[must_use]
    pub fn product(&self, number: u32) -> Product {
        self.world.catalogue.product(number)
    }

    fn let_someone_act(&mut self, time: Time) -> SimEvent<'_> {
        let is_anyone_due = self
            .crowd
            .soonest_micros()
            .is_some_and(|micros| micros <= time.0);
        if !is_anyone_due && self.crowd.len() < CROWD_MAX {
            let session = self.arrival(time);
            self.crowd.admit(session, i64::MIN);
        }
        let session = self
            .crowd
            .next()
            .expect("someone was due, the crowd is full, or someone was just admitted");
        self.world.planted_order = None;
        let act = session.act(&mut self.world);
        let facts = Facts {
            who: session.who,
            focus: session.focus,
            session: Some(session.number),
        };
        if session.is_over() {
            self.crowd.dismiss();
        } else {
            let World {
                behaviour, random, ..
            } = &mut self.world;
            self.crowd.postpone(
                time.0
                    .saturating_add(behaviour.think_micros(act.kind, random)),
            );
        }
        let detail = match act.detail {
            Detail::Order { bill, .. } => self.book_order(facts.who, bill, time),
            detail => detail,
        };
        self.event(time, facts, Act { detail, ..act })
    }

    /// Gives the order its id, and decides whether it will come back.
    pub(crate) fn book_order(&mut self, who: Identity, bill: Bill, time: Time) -> Detail {
        self.orders_made += 1;
        let order = order_id(self.run, self.orders_made);
        self.returns
            .consider(Sale { who, order, bill }, time, &mut self.world);
        self.note_planted_order(order, bill, time);
        let World { tale, lines, .. } = &mut self.world;
        tale.sell(lines, time);
        Detail::Order { order, bill }
    }

    fn note_planted_order(&mut self, order: u64, bill: Bill, time: Time) {
        let Some(planted) = self.world.planted_order else {
            return;
        };
        let most = self.world.lines.iter().max_by_key(|line| line.quantity);
        let (kind, evidence) = match planted {
            PlantedOrder::HighValue => (AnomalyKind::HighValueOrder, Evidence::Amount(bill.sold)),
            PlantedOrder::ManyPieces => (
                AnomalyKind::UnusualQuantity,
                Evidence::Units(most.map_or(0, |line| i64::from(line.quantity))),
            ),
        };
        let anomaly = Anomaly {
            kind,
            from: time,
            until: time,
            product: most.map(|line| line.product.number),
            order: Some(order),
            evidence,
        };
        self.world.tale.note(Note::Anomaly(anomaly));
    }

    fn refund(&mut self, returned: Return, time: Time) -> SimEvent<'_> {
        let act = returned.refund(&mut self.world);
        let focus = self
            .world
            .lines
            .first()
            .map_or(0, |line| line.product.number);
        let facts = Facts {
            who: returned.who,
            focus,
            session: None,
        };
        self.event(time, facts, act)
    }

    fn event(&self, time: Time, facts: Facts, act: Act) -> SimEvent<'_> {
        let Facts {
            who,
            focus,
            session,
        } = facts;
        SimEvent {
            id: uuid(self.run, EVENT, self.events_made),
            time,
            kind: act.kind,
            store: self.store.as_deref(),
            who,
            cookie: derive(self.seed, COOKIE, u64::from(who.cookie())),
            session: session.map(|number| uuid(self.run, SESSION, number)),
            page: act.page,
            origin: act.origin,
            currency: self.world.currency(&who.visitor),
            focus: self.world.catalogue.product(focus),
            lines: &self.world.lines,
            detail: act.detail,
        }
    }

    /// Someone who is awake now, at the door.
    fn arrival(&mut self, time: Time) -> Session {
        let World {
            population,
            catalogue,
            random,
            ..
        } = &mut self.world;
        let mut visitor = population.draw(random, catalogue);
        for _ in 1..DRAWS_MAX {
            if random.chance(wakefulness(time, visitor.city().clock_hours)) {
                break;
            }
            visitor = population.draw(random, catalogue);
        }
        self.sessions_begun += 1;
        let lead = self.world.tale.lead();
        Session::begin(visitor, self.sessions_begun, lead, &mut self.world)
    }

    /// Nanoseconds to the next event: half to one and a half times the mean, so that the mean is exact.
    fn interval_nanos(&mut self) -> i64 {
        let demand = match self.rhythm {
            Rhythm::Steady => 1.0,
            Rhythm::DayAndWeek => self.curve.at(Time(self.now_nanos.div_euclid(1_000))),
        };
        let lift = 1.0 + self.world.tale.lift();
        let mean_nanos = 1e9 / (self.rate.events_per_second() * demand * lift);
        (mean_nanos * (0.5 + self.world.random.unit())) as i64
    }

    /// Brings the crowd to the size that the rate asks for: what comes in within one pause for thought.
    fn fill(&mut self) {
        let think_seconds = self.world.behaviour.think_seconds;
        let wanted = (self.rate.events_per_second() * think_seconds * CROWD_SHARE) as usize;
        let wanted = wanted.clamp(1, CROWD_MAX);
        if self.crowd.len() > wanted {
            self.crowd.thin_out(wanted, &mut self.world.random);
        }
        while self.crowd.len() < wanted {
            let (session, wait_micros) = self.rehearsed();
            self.crowd
                .admit(session, self.paced_time().0.saturating_add(wait_micros));
        }
    }

    /// Someone who came earlier, with acts behind them that nobody saw, and how long they will think from now on.
    fn rehearsed(&mut self) -> (Session, i64) {
        let time = self.paced_time();
        let mut session = self.arrival(time);
        let mut acts_left = REHEARSED_ACTS_MIN + self.world.random.below(REHEARSED_ACTS_SPREAD);
        loop {
            let act = session.act(&mut self.world);
            acts_left = acts_left.saturating_sub(1);
            if session.is_over() {
                session = self.arrival(time);
                continue;
            }
            // A glance into the shop meets people in long pauses more often than in short ones, and in the midst of them.
            let World {
                behaviour, random, ..
            } = &mut self.world;
            let pause = behaviour.think_micros(act.kind, random) as f64;
            if acts_left == 0 && random.unit() * LONG_PAUSE * behaviour.think_seconds * 1e6 <= pause
            {
                return (session, (pause * random.unit()) as i64);
            }
        }
    }
}

/// Who acts, what they have in mind, and in which visit.
pub(crate) struct Facts {
    pub(crate) who: Identity,
    pub(crate) focus: u32,
    pub(crate) session: Option<u64>,
}

/// An id in the form of a random UUID: 122 bits of a number that is used once.
fn uuid(run: u64, kind: u64, number: u64) -> u128 {
    let bits = u128::from(derive(run, kind, number)) << 64 | u128::from(derive(!run, kind, number));
    let version_and_variant_cleared = bits & !(0xF << 76 | 0x3 << 62);
    version_and_variant_cleared | 0x4 << 76 | 0x2 << 62
}

/// 60 bits, shown as 12 characters. An odd factor and a shift keep different numbers different.
fn order_id(run: u64, number: u64) -> u64 {
    const MASK: u64 = (1 << 60) - 1;
    let bits = (number ^ run).wrapping_mul(0x9E37_79B9_7F4A_7C15) & MASK;
    (bits ^ (bits >> 31)).wrapping_mul(0xD6E8_FEB8_6659_FD93) & MASK
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_of_a_run_and_of_the_next_run_differ() {
        let runs = [1, 2].map(|start| derive(7, RUN, start));
        let ids: HashSet<u128> = (0..100_000)
            .flat_map(|number| runs.map(|run| uuid(run, EVENT, number)))
            .collect();
        let orders: HashSet<u64> = (0..100_000)
            .flat_map(|number| runs.map(|run| order_id(run, number)))
            .collect();
        assert_eq!((ids.len(), orders.len()), (200_000, 200_000));
    }
}
