//! The searches of one person, an item for each. Any two lists can be merged by rank; what became of a search is cut out of
//! them and the person's sessions.

use crate::cell::NameId;
use crate::session::{GivenId, Rank};
use event::schema::Number;
use event::{EventRef, EventTime, EventType};
use thin_vec::ThinVec;

/// Whether a search found anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(u8)]
pub enum Found {
    /// The shop does not say.
    #[default]
    Unknown,
    /// No result.
    Nothing,
    /// One or more.
    Something,
}

impl Found {
    /// What the event says of its results.
    #[must_use]
    pub fn of(event: EventRef<'_>) -> Found {
        match event.number(Number::ResultsCount) {
            None => Found::Unknown,
            Some(count) if count <= 0 => Found::Nothing,
            Some(_) => Found::Something,
        }
    }
}

/// One search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    /// Its place among all events.
    pub rank: Rank,
    /// What was searched for, see [`super::term`]; 0 where the shop does not say.
    pub term: NameId,
    /// Whether anything was found.
    pub found: Found,
    /// Its session's id, where the store cuts sessions by it.
    pub given: Option<GivenId>,
}

impl Search {
    /// The search of an event; nothing of other events. The session's id is that of the event's visit.
    #[must_use]
    pub fn of(event: EventRef<'_>, term: NameId, given: Option<GivenId>) -> Option<Search> {
        (event.kind() == EventType::Search).then(|| Search {
            rank: Rank::of(event),
            term,
            found: Found::of(event),
            given,
        })
    }
}

/// The searches of one key in the canonical order. Equal sets of searches give equal lists, in whatever order they came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Searches(pub ThinVec<Search>);

impl Searches {
    /// Adds a search; one that is known stays as it is.
    pub fn observe(&mut self, search: Search) {
        // Most searches are the newest of their person.
        let at = match self.0.last() {
            Some(newest) if newest.rank >= search.rank => {
                self.0.partition_point(|known| known.rank < search.rank)
            }
            _ => self.0.len(),
        };
        if (self.0.get(at)).is_some_and(|known| known.rank == search.rank) {
            return;
        }
        // Most persons search once or twice.
        if self.0.len() < 4 {
            self.0.reserve_exact(1);
        }
        self.0.insert(at, search);
    }

    /// This list and others as one story, in the order that cutting asks for.
    pub fn story<'a>(&'a self, others: impl IntoIterator<Item = &'a Search>) -> Vec<&'a Search> {
        let mut story: Vec<&Search> = self.0.iter().chain(others).collect();
        story.sort_unstable_by_key(|search| search.rank);
        story
    }

    /// Until when to let go so that a quarter of the searches and more leaves a list of more than `max`; nothing if it has
    /// not so many.
    #[must_use]
    pub fn excess(&self, max: usize) -> Option<EventTime> {
        let is_excess = self.0.len() > max;
        let last = self.0.get(self.0.len() / 4).filter(|_| is_excess);
        last.map(|search| search.rank.time)
    }

    /// Forgets what happened until an instant, itself included.
    pub fn let_go(&mut self, until: EventTime) {
        self.0.retain(|search| search.rank.time > until);
    }
}
