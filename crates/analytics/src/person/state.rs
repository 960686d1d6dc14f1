//! What is known of one person: its own pieces, its links, and what visitors contribute to a customer.
//! Rules of one state; between states go the messages of `message`.

use super::{Contribution, Floors, Limits, PersonRules, Record, Version};
use crate::alert::Burst;
use crate::cart::{self, Item};
use crate::customer::{Ledger, Totals};
use crate::funnel::{self, Mark, Marks, Story};
use crate::search;
use crate::session::{Act, Piece, Rank, Rules, Session, Sessions};
use event::EventTime;
use std::borrow::Cow;
use std::sync::Arc;
use thin_vec::ThinVec;

/// One key's state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonState {
    /// Before these it is let go.
    pub floors: Floors,
    /// Of the events that name this key.
    pub own: Record,
    /// A customer's visitors; a visitor's customers. Standing ones in the canonical order, then those that were withdrawn.
    pub links: ThinVec<Link>,
    /// To a customer, by its visitors.
    pub contributions: ThinVec<Contributed>,
    /// A customer's orders; most persons are visitors and have none.
    pub ledger: Option<Box<Ledger>>,
}

/// A visitor was seen to be a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The other of the pair.
    pub other: Arc<str>,
    /// The pair's earliest event; nothing where the link was withdrawn.
    pub at: Option<Rank>,
    /// Of the message, at the visitor's.
    pub version: Version,
}

/// What a visitor has contributed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contributed {
    /// The visitor.
    pub visitor: Arc<str>,
    /// Of the message.
    pub version: Version,
    /// All of it.
    pub record: Record,
}

/// Which customer the visitor of these links is at a time: by the link at or next after it, else by the last before.
#[must_use]
pub fn customer_at(links: &[Link], time: EventTime) -> Option<&Arc<str>> {
    let mut standing = standing(links);
    let next = standing.clone().find(|(at, _)| at.time >= time);
    next.or_else(|| standing.next_back())
        .map(|(_, other)| other)
}

/// Links that count, in the canonical order.
pub(super) fn standing(
    links: &[Link],
) -> impl DoubleEndedIterator<Item = (Rank, &Arc<str>)> + Clone {
    links
        .iter()
        .filter_map(|link| Some((link.at?, &link.other)))
}

impl PersonState {
    /// The person's sessions: its own pieces and the contributed ones as one story.
    #[must_use]
    pub fn sessions(&self, rules: &Rules) -> Sessions {
        if self.contributions.is_empty() {
            return rules.cut(&self.own.pieces.0);
        }
        let mut pieces: Vec<&Piece> = self.pieces().collect();
        pieces.sort_unstable_by_key(|piece| rules.order(piece));
        rules.cut(pieces)
    }

    /// Its carts, checkouts and orders without a cart, as of an instant.
    #[must_use]
    pub fn carts(&self, rules: &cart::Rules, as_of: EventTime) -> Vec<cart::Row> {
        if self.contributions.is_empty() {
            return rules.cut(&self.own.items.0, as_of);
        }
        rules.cut(self.items(), as_of)
    }

    /// How far it got in its store's funnels; the sessions are its own.
    #[must_use]
    pub fn ways(&self, rules: &PersonRules, sessions: &[Session]) -> Vec<funnel::Row> {
        let marks: Cow<'_, [Mark]> = match self.contributions.is_empty() {
            true => Cow::Borrowed(&self.own.marks.0),
            false => Cow::Owned(self.marks().0.to_vec()),
        };
        if marks.is_empty() {
            return Vec::new();
        }
        rules.funnels.cut(&Story {
            marks: &marks,
            sessions,
            rules: &rules.sessions,
            calendar: &rules.calendar,
            floor: self.floors.marks,
        })
    }

    /// What became of its searches; the sessions are its own.
    #[must_use]
    pub fn searches(&self, sessions: &[Session]) -> Vec<search::Row> {
        if self.contributions.is_empty() {
            return search::cut(&self.own.searches.0, sessions);
        }
        let given = self.contributions.iter();
        let given = given.flat_map(|given| &given.record.searches.0);
        search::cut(self.own.searches.story(given), sessions)
    }

    /// What its orders add up to; nothing of whoever was never told any.
    #[must_use]
    pub fn bought(&self) -> Option<Box<Totals>> {
        let ledger = self.ledger.as_ref()?;
        Some(Box::new(ledger.totals([])))
    }

    /// Whether some slot of time holds more events than so many: only then can a minute of it.
    pub(super) fn is_busy(&self, events_above: u32) -> bool {
        let mut pieces = self.pieces();
        pieces.any(|piece| piece.acts[Act::Event] > events_above)
    }

    /// Its minutes.
    pub(super) fn bursts(&self) -> Vec<Burst> {
        let mut pieces: Vec<&Piece> = self.pieces().collect();
        pieces.sort_unstable_by_key(|piece| piece.first);
        Burst::of(pieces)
    }

    /// Its own record, and what visitors gave.
    fn records(&self) -> impl Iterator<Item = &Record> + Clone {
        let given = self.contributions.iter().map(|given| &given.record);
        std::iter::once(&self.own).chain(given)
    }

    fn records_mut(&mut self) -> impl Iterator<Item = &mut Record> {
        let given = self.contributions.iter_mut().map(|given| &mut given.record);
        std::iter::once(&mut self.own).chain(given)
    }

    fn pieces(&self) -> impl Iterator<Item = &Piece> + Clone {
        self.records().flat_map(|record| &record.pieces.0)
    }

    /// In the order in which they are cut.
    fn items(&self) -> Vec<&Item> {
        let items = self.records().flat_map(|record| &record.items.0);
        let mut items: Vec<&Item> = items.collect();
        items.sort_unstable_by_key(|item| item.rank);
        items
    }

    /// In the order in which they are cut.
    fn marks(&self) -> Marks {
        let marks = self.records().flat_map(|record| &record.marks.0);
        let mut marks = Marks(marks.copied().collect());
        marks.0.sort_unstable_by_key(|mark| mark.rank);
        marks
    }

    /// A customer's event names a visitor: whom to tell what.
    pub(super) fn see_visitor(
        &mut self,
        visitor: &str,
        at: Rank,
        visitors_max: usize,
    ) -> impl Iterator<Item = (Arc<str>, Option<Rank>)> + use<> {
        let known = self.links.iter().position(|link| &*link.other == visitor);
        let has_room = self.links.len() < visitors_max;
        // Against the pair's own time, or against the last of those that have a place.
        let rival = known.or(self.links.len().checked_sub(1));
        let is_earlier = rival.is_some_and(|rival| self.links[rival].at.is_none_or(|it| at < it));
        let is_new = is_earlier || (known.is_none() && has_room);
        if is_new {
            self.links.retain(|link| &*link.other != visitor);
            self.links.push(Link {
                other: visitor.into(),
                at: Some(at),
                version: Version::default(),
            });
            self.sort_links();
        }
        let seen = is_new.then(|| (visitor.into(), Some(at)));
        let displaced = self.displace(visitors_max).map(|link| (link.other, None));
        seen.into_iter().chain(displaced)
    }

    /// The visitor beyond the limit; what it contributed goes back to it.
    fn displace(&mut self, visitors_max: usize) -> Option<Link> {
        if self.links.len() <= visitors_max {
            return None;
        }
        let displaced = self.links.pop()?;
        self.contributions
            .retain(|given| given.visitor != displaced.other);
        Some(displaced)
    }

    /// A customer tells a visitor of their pair.
    pub(super) fn see_customer(&mut self, told: Link, customers_max: usize) {
        match self.links.iter_mut().find(|link| link.other == told.other) {
            Some(link) if link.version >= told.version => return,
            Some(link) => *link = told,
            None => self.links.push(told),
        }
        self.sort_links();
        self.links.truncate(customers_max);
    }

    fn sort_links(&mut self) {
        self.links.sort_unstable_by(|one, other| {
            let order = |link: &Link| (link.at.is_none(), link.at);
            (order(one), &one.other).cmp(&(order(other), &other.other))
        });
    }

    /// A visitor tells a customer all it gives; only those whom the customer knows are heard.
    pub(super) fn take_contribution(
        &mut self,
        visitor: &str,
        version: Version,
        given: Contribution,
    ) {
        if !self.links.iter().any(|link| &*link.other == visitor) {
            return;
        }
        let floors = self.floors.max(given.floors);
        let mut record = given.record;
        record.let_go_before(&floors);
        let known = (self.contributions.iter_mut()).find(|known| &*known.visitor == visitor);
        match known {
            Some(known) if known.version >= version => {}
            Some(known) => {
                known.version = version;
                known.record.replace_from(&floors, record);
            }
            None => self.contributions.push(Contributed {
                visitor: visitor.into(),
                version,
                record,
            }),
        }
    }

    /// Lets go of the oldest quarter and more of each list that is too long. Rows of what was told of it stay.
    pub(super) fn let_go_of_excess(&mut self, rules: &PersonRules, limits: &Limits) {
        self.let_go_of_pieces(&rules.sessions, limits.pieces_max);
        self.let_go_of_items(&rules.carts, limits.items_max);
        self.let_go_of_marks(limits);
        self.let_go_of_searches();
    }

    fn let_go_of_pieces(&mut self, rules: &Rules, pieces_max: usize) {
        let own = &self.own.pieces.0;
        let (mut ends, max): (Vec<EventTime>, usize) = if own.len() > rules.pieces_max {
            let own = own.iter().map(|piece| piece.last);
            (own.collect(), rules.pieces_max)
        } else if self.pieces().count() > pieces_max {
            let all = self.pieces().map(|piece| piece.last);
            (all.collect(), pieces_max)
        } else {
            return;
        };
        ends.sort_unstable();
        let until = ends[ends.len() - 1 - max * 3 / 4];
        let until = self.end_of_session_at(until, rules).unwrap_or(until);
        self.records_mut()
            .for_each(|record| record.retain_pieces(|piece| piece.last > until));
        self.floors.pieces = self.floors.pieces.max(EventTime(until.0.saturating_add(1)));
    }

    fn let_go_of_items(&mut self, rules: &cart::Rules, items_max: usize) {
        let count = |record: &Record| record.items.0.len();
        let until = if count(&self.own) > rules.items_max {
            let own: Vec<&Item> = self.own.items.0.iter().collect();
            rules.let_go_until(&own, rules.items_max)
        } else if self.records().map(count).sum::<usize>() > items_max {
            rules.let_go_until(&self.items(), items_max)
        } else {
            None
        };
        if let Some(until) = until {
            self.records_mut()
                .for_each(|record| record.items.let_go(until));
            self.floors.items = self.floors.items.max(EventTime(until.0.saturating_add(1)));
        }
    }

    /// Those that visitors gave are bounded by their own.
    fn let_go_of_searches(&mut self) {
        if let Some(until) = self.own.searches.excess(search::SEARCHES_MAX) {
            self.records_mut()
                .for_each(|record| record.searches.let_go(until));
            let floor = EventTime(until.0.saturating_add(1));
            self.floors.searches = self.floors.searches.max(floor);
        }
    }

    fn let_go_of_marks(&mut self, limits: &Limits) {
        let count = self.records().map(|record| record.marks.0.len());
        let floor = self.own.marks.excess(funnel::MARKS_MAX).or_else(|| {
            let is_excess = count.sum::<usize>() > limits.marks_max;
            is_excess.then(|| self.marks().excess(limits.marks_max))?
        });
        if let Some(floor) = floor {
            self.records_mut()
                .for_each(|record| record.marks.let_go_before(floor));
            self.floors.marks = self.floors.marks.max(floor);
        }
    }

    /// Where the session of this instant ends, if others come after it.
    fn end_of_session_at(&self, time: EventTime, rules: &Rules) -> Option<EventTime> {
        let sessions = self.sessions(rules);
        let newest = sessions.iter().map(Session::last).max()?;
        let around = (sessions.iter()).filter(|one| one.start() <= time && time <= one.last());
        (around.map(Session::last).max()).filter(|end| *end < newest)
    }
}
