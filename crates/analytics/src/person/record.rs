//! What one key's events are to sessions, carts and funnels: lists by time that merge in any order, so that what a visitor
//! did can become a customer's. What follows from them is cut out elsewhere.

use super::{PersonRules, Reach};
use crate::cart::{CartItems, Item};
use crate::cell::NameId;
use crate::funnel::{Mark, Marks};
use crate::names::{EventNames, ItemNames};
use crate::search::{Search, Searches};
use crate::session::{Entry, GivenId, Piece, Pieces, Rank, Visit};
use event::{EventRef, EventTime, EventType};

/// What one event is to each of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sight {
    /// To sessions.
    pub visit: Option<Visit>,
    /// To carts.
    pub item: Option<Item>,
    /// To funnels.
    pub mark: Option<Mark>,
    /// To searches.
    pub search: Option<Search>,
}

/// What is only looked up where it is asked for.
pub struct Coming<E, T> {
    /// How the visitor came.
    pub entry: E,
    /// What was searched for.
    pub term: T,
}

impl Sight {
    /// Nothing where the event is nothing to any of them.
    #[must_use]
    pub fn of(
        event: EventRef<'_>,
        (names, items): (&EventNames, &[ItemNames]),
        rules: &PersonRules,
        coming: Coming<impl FnOnce() -> Entry, impl FnOnce() -> NameId>,
    ) -> Option<Sight> {
        let visit = Visit::of(event, &rules.sessions, coming.entry);
        let visit = match rules.sessions.ends_at_midnight {
            true => visit.map(|visit| visit.on_day(rules.calendar.zone())),
            false => visit,
        };
        let given = visit.as_ref().and_then(|visit| visit.given);
        let sight = Sight {
            item: Item::of(event, names, items),
            mark: rules.funnels.mark(event, (names, items), given),
            search: search_of(event, coming.term, given),
            visit,
        };
        (sight != Sight::default()).then_some(sight)
    }

    /// Where the visit stands among all events; only visits make links.
    pub(super) fn visited_at(&self) -> Option<Rank> {
        self.visit.as_ref().map(|visit| visit.rank)
    }
}

fn search_of(
    event: EventRef<'_>,
    term: impl FnOnce() -> NameId,
    given: Option<GivenId>,
) -> Option<Search> {
    match event.kind() {
        EventType::Search => Search::of(event, term(), given),
        _ => None,
    }
}

/// The lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// Of sessions.
    pub pieces: Pieces,
    /// Of carts.
    pub items: CartItems,
    /// Of funnels.
    pub marks: Marks,
    /// Of searches.
    pub searches: Searches,
}

/// What happened before these instants is let go; no event is that old where one is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Floors {
    /// Of sessions.
    pub pieces: EventTime,
    /// Of carts.
    pub items: EventTime,
    /// Of funnels.
    pub marks: EventTime,
    /// Of searches.
    pub searches: EventTime,
}

impl Floors {
    pub(super) fn max(self, other: Floors) -> Floors {
        Floors {
            pieces: self.pieces.max(other.pieces),
            items: self.items.max(other.items),
            marks: self.marks.max(other.marks),
            searches: self.searches.max(other.searches),
        }
    }
}

impl Record {
    /// Adds an event that was not added before.
    pub(super) fn observe(&mut self, sight: Sight, floors: &Floors, rules: &PersonRules) -> Reach {
        let mut reach = Reach::Folded;
        let mut is_near = |rank: Rank, floor: EventTime| {
            let is_near = rank.time >= floor;
            if !is_near {
                reach = Reach::BeyondReach;
            }
            is_near
        };
        if let Some(visit) = (sight.visit).filter(|visit| is_near(visit.rank, floors.pieces)) {
            self.pieces.observe(&visit, &rules.sessions);
        }
        if let Some(item) = (sight.item).filter(|item| is_near(item.rank, floors.items)) {
            self.items.observe(item);
        }
        if let Some(mark) = (sight.mark).filter(|mark| is_near(mark.rank, floors.marks)) {
            self.marks.observe(mark, &rules.funnels);
        }
        if let Some(search) = (sight.search).filter(|search| is_near(search.rank, floors.searches))
        {
            self.searches.observe(search);
        }
        reach
    }

    /// What happened at times that are meant.
    pub(super) fn share(&self, is_meant: impl Fn(EventTime) -> bool) -> Record {
        let mut share = Record::default();
        let pieces = self.pieces.0.iter();
        let pieces = pieces.filter(|piece| is_meant(piece.first.time));
        share.pieces.0.extend(pieces.copied());
        let items = self.items.0.iter();
        let items = items.filter(|item| is_meant(item.rank.time));
        share.items.0.extend(items.cloned());
        let marks = self.marks.0.iter();
        let marks = marks.filter(|mark| is_meant(mark.rank.time));
        share.marks.0.extend(marks.copied());
        let searches = self.searches.0.iter();
        let searches = searches.filter(|search| is_meant(search.rank.time));
        share.searches.0.extend(searches.copied());
        share
    }

    /// Forgets what began before the floors.
    pub(super) fn let_go_before(&mut self, floors: &Floors) {
        self.retain_pieces(|piece| piece.first.time >= floors.pieces);
        self.items.0.retain(|item| item.rank.time >= floors.items);
        self.marks.let_go_before(floors.marks);
        let is_kept = |search: &Search| search.rank.time >= floors.searches;
        self.searches.0.retain(is_kept);
    }

    /// Puts something else in the place of all that began at the floors or later.
    pub(super) fn replace_from(&mut self, floors: &Floors, mut other: Record) {
        self.retain_pieces(|piece| piece.first.time < floors.pieces);
        self.items.0.retain(|item| item.rank.time < floors.items);
        self.marks.0.retain(|mark| mark.rank.time < floors.marks);
        let is_older = |search: &Search| search.rank.time < floors.searches;
        self.searches.0.retain(is_older);
        self.searches.0.append(&mut other.searches.0);
        self.pieces.0.append(&mut other.pieces.0);
        self.items.0.append(&mut other.items.0);
        self.marks.0.append(&mut other.marks.0);
    }

    pub(super) fn retain_pieces(&mut self, keeps: impl Fn(&Piece) -> bool) {
        self.pieces.0.retain(keeps);
    }
}
