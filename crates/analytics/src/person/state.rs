//! What is known of one person: its own pieces, its links, and what visitors contribute to a customer.
//! Rules of one state; between states go the messages of `message`.

use super::{Contribution, Version};
use crate::session::{Piece, Pieces, Rank, Rules, Session, Sessions};
use event::EventTime;
use std::sync::Arc;
use thin_vec::ThinVec;

/// One key's state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonState {
    /// What happened before this is let go; no event is that old where it is 0.
    pub floor: EventTime,
    /// Of the events that name this key.
    pub own: Pieces,
    /// A customer's visitors; a visitor's customers. Standing ones in the canonical order, then those that were withdrawn.
    pub links: ThinVec<Link>,
    /// To a customer, by its visitors.
    pub contributions: ThinVec<Contributed>,
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
    pub pieces: Vec<Piece>,
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
            return rules.cut(&self.own.0);
        }
        let contributed = self.contributions.iter().flat_map(|given| &given.pieces);
        let mut pieces: Vec<&Piece> = self.own.0.iter().chain(contributed).collect();
        pieces.sort_unstable_by_key(|piece| rules.order(piece));
        rules.cut(pieces)
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
        let floor = self.floor.max(given.floor);
        let mut pieces = given.pieces;
        pieces.retain(|piece| piece.first.time >= floor);
        let known = (self.contributions.iter_mut()).find(|known| &*known.visitor == visitor);
        match known {
            Some(known) if known.version >= version => {}
            Some(known) => {
                known.version = version;
                known.pieces.retain(|piece| piece.first.time < floor);
                known.pieces.append(&mut pieces);
            }
            None => self.contributions.push(Contributed {
                visitor: visitor.into(),
                version,
                pieces,
            }),
        }
    }

    /// Lets go of the oldest quarter and more of a person that is too large.
    pub(super) fn let_go_of_excess(&mut self, rules: &Rules, pieces_max: usize) {
        let contributed = self.contributions.iter().flat_map(|given| &given.pieces);
        let all = self.own.0.iter().chain(contributed);
        let (mut ends, max): (Vec<EventTime>, usize) = if self.own.0.len() > rules.pieces_max {
            let own = self.own.0.iter().map(|piece| piece.last);
            (own.collect(), rules.pieces_max)
        } else if all.clone().count() > pieces_max {
            (all.map(|piece| piece.last).collect(), pieces_max)
        } else {
            return;
        };
        ends.sort_unstable();
        let until = ends[ends.len() - 1 - max * 3 / 4];
        let until = self.end_of_session_at(until, rules).unwrap_or(until);
        self.retain(|piece| piece.last > until);
        self.floor = self.floor.max(EventTime(until.0.saturating_add(1)));
    }

    /// Where the session of this instant ends, if others come after it.
    fn end_of_session_at(&self, time: EventTime, rules: &Rules) -> Option<EventTime> {
        let sessions = self.sessions(rules);
        let newest = sessions.iter().map(Session::last).max()?;
        let around = (sessions.iter()).filter(|one| one.start() <= time && time <= one.last());
        (around.map(Session::last).max()).filter(|end| *end < newest)
    }

    fn retain(&mut self, keeps: impl Fn(&Piece) -> bool) {
        self.own.0.retain(&keeps);
        for given in &mut self.contributions {
            given.pieces.retain(&keeps);
        }
    }
}
