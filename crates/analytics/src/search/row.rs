//! What became of searches: each is looked up in the session it was made in.

use super::Search;
use crate::cell::NameId;
use crate::session::{Rank, Session};
use event::EventTime;

/// What became of one search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The search; with the person it is the row's key.
    pub rank: Rank,
    /// What was searched for.
    pub term: NameId,
    /// Whether a product page was shown later in the same session.
    pub clicked: bool,
    /// Whether something was ordered later in the same session.
    pub ordered: bool,
}

/// The rows of searches, in the order of their ranks as they come. Later means at a later time: of one instant nobody
/// knows. A search whose session was let go led to nothing that is known.
#[must_use]
pub fn cut<'a>(searches: impl IntoIterator<Item = &'a Search>, sessions: &[Session]) -> Vec<Row> {
    let row = |search: &Search| {
        let session = session_of(search, sessions);
        let is_later = |when: EventTime| when > search.rank.time;
        Row {
            rank: search.rank,
            term: search.term,
            clicked: session.is_some_and(|session| is_later(session.0.viewed)),
            ordered: session.is_some_and(|session| is_later(session.0.ordered)),
        }
    };
    searches.into_iter().map(row).collect()
}

/// Sessions stand in the order of their starts; of those that a campaign began within a minute of another, the later one.
fn session_of<'a>(search: &Search, sessions: &'a [Session]) -> Option<&'a Session> {
    let time = search.rank.time;
    let begun = sessions.partition_point(|session| session.start() <= time);
    let mut begun = sessions[..begun].iter().rev();
    begun.find(|session| session.0.given == search.given && time <= session.last())
}
