//! Sessions: runs of one visitor's events with no silence longer than the gap, never longer than the cap. A pure rule over
//! pieces; whose events they are is decided in `person`, and the time of day at which a session closes is only told.

mod arrival;
mod channel;
mod count;
mod cuts;
mod piece;

pub use arrival::{LANDING_CHARS_MAX, referrer_host, write_landing_page};
pub use channel::Channel;
pub use count::count;
pub use cuts::{CampaignId, Cuts, local_day};
pub use piece::{Act, Acts, Entry, GivenId, NEVER, Piece, Pieces, Rank, Visit};

use crate::bot::{self, BotReason, Pacing};
use event::EventTime;
use event::time::{DAY, MINUTE, SECOND};
use smallvec::SmallVec;

/// A session that showed something for longer than this is engaged.
pub const ENGAGED_MICROS: i64 = 10 * SECOND;
/// From so many pages on a session is engaged.
pub const ENGAGED_VIEWS: u32 = 2;
/// Events of one person within this are one piece: what a cap or another customer of a shared device can cut between.
pub const SLOT_MICROS: i64 = 5 * MINUTE;
/// Pieces that one key keeps of its own events; a week without a break, or as many sessions. At 128 bytes each this is 262 kB.
pub const PIECES_MAX: usize = 2_048;

/// How a store cuts sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The longest silence within a session; an event exactly at it still joins.
    pub gap_micros: i64,
    /// How long a session can last; a piece that begins exactly at it still joins, the next one begins another session.
    pub cap_micros: i64,
    /// Whether a session id that was sent decides: its events are one session up to the cap, however long the silence.
    pub uses_given_ids: bool,
    /// Whether no session goes on into another day of the store's clock.
    pub ends_at_midnight: bool,
    /// Whether who comes by another campaign begins another session.
    pub campaign_begins_one: bool,
    /// How long a piece can be, if the gap is not shorter; [`SLOT_MICROS`] but in tests.
    pub slot_micros: i64,
    /// Pieces above which a key lets go of its oldest sessions; [`PIECES_MAX`] but in tests.
    pub pieces_max: usize,
    /// Which sessions are taken for a program's.
    pub bots: bot::Rules,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            gap_micros: 30 * MINUTE,
            cap_micros: DAY,
            uses_given_ids: false,
            ends_at_midnight: false,
            campaign_begins_one: false,
            slot_micros: SLOT_MICROS,
            pieces_max: PIECES_MAX,
            bots: bot::Rules::USUAL,
        }
    }
}

impl Rules {
    /// The given id that decides where this piece belongs; nothing where silence does.
    #[must_use]
    pub fn lane(&self, piece: &Piece) -> Option<GivenId> {
        piece.given.filter(|_| self.uses_given_ids)
    }

    /// Pieces in this order can be cut.
    #[must_use]
    pub fn order(&self, piece: &Piece) -> (Option<GivenId>, Rank) {
        (self.lane(piece), piece.first)
    }

    /// Cuts pieces, which come in the order of [`Rules::order`], into sessions; those come in the order of start and lane.
    pub fn cut<'a>(&self, pieces: impl IntoIterator<Item = &'a Piece>) -> Sessions {
        let mut sessions = Sessions::new();
        let mut growing: Option<(Session, Pacing)> = None;
        // Of all pieces of a lane: one may have begun before a campaign's and have ended after it.
        let mut seen_last = EventTime(i64::MIN);
        for piece in pieces {
            let slot = piece::slot(piece, self).1;
            match &mut growing {
                Some((session, pacing)) if self.joins((session, seen_last), piece) => {
                    session.0.merge(piece);
                    pacing.go_on(piece, slot, &self.bots);
                    seen_last = seen_last.max(piece.last);
                }
                _ => {
                    let is_same = |(session, _): &(Session, Pacing)| {
                        self.lane(&session.0) == self.lane(piece)
                    };
                    seen_last = match growing.as_ref().is_some_and(is_same) {
                        true => seen_last.max(piece.last),
                        false => piece.last,
                    };
                    let begun = (Session(*piece, None), Pacing::begin(piece, slot));
                    sessions.extend(growing.replace(begun).map(|whole| self.judge(whole)));
                }
            }
        }
        sessions.extend(growing.map(|whole| self.judge(whole)));
        if self.uses_given_ids {
            sessions.sort_by_key(|session| (session.start(), session.0.given));
        }
        sessions
    }

    fn judge(&self, (Session(whole, _), pacing): (Session, Pacing)) -> Session {
        let pace = pacing.end(&self.bots);
        Session(whole, bot::reason(&whole, &pace, &self.bots))
    }

    fn joins(&self, (session, seen_last): (&Session, EventTime), piece: &Piece) -> bool {
        let lane = self.lane(piece);
        let is_within = |from: EventTime, micros: i64| {
            piece.first.time.0 <= from.0.saturating_add(micros) // both ends of time are outside data
        };
        lane == self.lane(&session.0)
            && is_within(session.start(), self.cap_micros)
            && (lane.is_some()
                || (is_within(seen_last, self.gap_micros) && !self.is_cut(session, piece)))
    }

    /// Whether midnight or a campaign lies between. Of one instant all is one session: they are told apart by their starts.
    fn is_cut(&self, session: &Session, piece: &Piece) -> bool {
        let (one, next) = (session.0.cuts, piece.cuts);
        let is_other_campaign = next.campaign.is_some() && next.campaign != one.campaign;
        piece.first.time > session.start()
            && ((self.ends_at_midnight && next.day != one.day)
                || (self.campaign_begins_one && is_other_campaign))
    }
}

/// Sessions of one person; most have one.
pub type Sessions = SmallVec<[Session; 1]>;

/// A whole session: all its pieces as one, and why it is a program's if it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session(pub Piece, pub Option<BotReason>);

impl Session {
    /// The time of its first event; with the person it is the session's key.
    #[must_use]
    pub fn start(&self) -> EventTime {
        self.0.first.time
    }

    /// The time of its last event.
    #[must_use]
    pub fn last(&self) -> EventTime {
        self.0.last
    }

    /// From the first event to the last; 0 for a single event.
    #[must_use]
    pub fn duration_micros(&self) -> i64 {
        self.last().0.saturating_sub(self.start().0)
    }

    /// Pages that were shown.
    #[must_use]
    pub fn views(&self) -> u32 {
        views(&self.0.acts)
    }

    /// Why it is a program's; nothing if it may be a person's.
    #[must_use]
    pub fn bot(&self) -> Option<BotReason> {
        self.1
    }

    /// Whether somebody was seen in the shop. Of a file of orders, or of orders by telephone, nobody knows.
    #[must_use]
    pub fn is_visit(&self) -> bool {
        self.0.acts[Act::Event] > self.0.acts[Act::Order]
    }

    /// Longer than ten seconds, or two pages, or something that a shop hopes for.
    #[must_use]
    pub fn is_engaged(&self) -> bool {
        self.duration_micros() > ENGAGED_MICROS
            || self.views() >= ENGAGED_VIEWS
            || Act::KEY.iter().any(|act| self.0.acts[*act] > 0)
    }

    /// Not engaged.
    #[must_use]
    pub fn is_bounce(&self) -> bool {
        !self.is_engaged()
    }
}

/// Pages that were shown. A shop that tells of a product page twice, as a page and as a product, showed one: so this is the
/// larger of the two counts, not their sum.
pub(crate) fn views(acts: &Acts) -> u32 {
    acts[Act::PageView].max(acts[Act::ItemView].saturating_add(acts[Act::ListView]))
}

#[cfg(test)]
mod tests;
