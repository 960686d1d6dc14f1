//! Pieces of sessions: what one key's events of a few minutes add up to. Any two sets of them can be merged, and sessions are
//! cut out of them; which piece an event belongs to follows from its time alone.

use super::Rules;
use crate::cell::NameId;
use event::schema::{Number, Text};
use event::{EventId, EventRef, EventTime, EventType, KeyKind, key_hash};
use std::num::NonZeroU64;
use std::ops::Index;
use thin_vec::ThinVec;

/// The canonical order, which decides every tie and every "first".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank {
    /// When it happened.
    pub time: EventTime,
    /// Where it stood in its source.
    pub position: i64,
    /// Which event it is.
    pub id: EventId,
}

impl Rank {
    /// The place of an event among all others.
    #[must_use]
    pub fn of(event: EventRef<'_>) -> Rank {
        Rank {
            time: event.time(),
            position: event.number(Number::SourcePosition).unwrap_or_default(),
            id: event.id(),
        }
    }
}

/// What a session counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Act {
    /// Anything at all.
    Event,
    /// A page was shown.
    PageView,
    /// A list of products or the result of a search was shown.
    ListView,
    /// A product page was shown.
    ItemView,
    /// A product went into the cart.
    CartAdd,
    /// Checkout began or went on.
    Checkout,
    /// Something was bought; events, not order ids.
    Order,
    /// An account was made.
    SignUp,
}

impl Act {
    /// Every act, in the order of [`Acts`].
    pub const ALL: [Act; 8] = [
        Act::Event,
        Act::PageView,
        Act::ListView,
        Act::ItemView,
        Act::CartAdd,
        Act::Checkout,
        Act::Order,
        Act::SignUp,
    ];
    /// What a shop hopes for: one of them is enough to be engaged.
    pub const KEY: [Act; 4] = [Act::CartAdd, Act::Checkout, Act::Order, Act::SignUp];

    /// As what an event of this type counts beside [`Act::Event`].
    #[must_use]
    pub fn of(kind: EventType) -> Option<Act> {
        match kind {
            EventType::PageView => Some(Act::PageView),
            EventType::ListView | EventType::Search => Some(Act::ListView),
            EventType::ItemView => Some(Act::ItemView),
            EventType::CartAdd | EventType::WishlistToCart => Some(Act::CartAdd),
            EventType::CheckoutStart | EventType::CheckoutStep => Some(Act::Checkout),
            EventType::Order => Some(Act::Order),
            EventType::SignUp => Some(Act::SignUp),
            _ => None,
        }
    }
}

/// How often each act occurred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Acts(pub [u32; Act::ALL.len()]);

impl Index<Act> for Acts {
    type Output = u32;

    fn index(&self, act: Act) -> &u32 {
        &self.0[act as usize]
    }
}

impl Acts {
    /// What one event of this type counts.
    #[must_use]
    pub fn of(kind: EventType) -> Acts {
        let mut acts = Acts::default();
        for act in [Some(Act::Event), Act::of(kind)].into_iter().flatten() {
            acts.0[act as usize] = 1;
        }
        acts
    }

    fn add(&mut self, other: &Acts) {
        let counts = self.0.iter_mut().zip(other.0);
        counts.for_each(|(count, more)| *count = count.saturating_add(more));
    }
}

/// How the visitor came: names of a session's first event, resolved by the caller. 0 is "not stated".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Entry {
    /// The country.
    pub country: NameId,
    /// The device type.
    pub device: NameId,
    /// The channel: search, mail, a referring site.
    pub channel: NameId,
    /// The campaign.
    pub campaign: NameId,
    /// The referring host.
    pub referrer: NameId,
    /// The first page.
    pub landing: NameId,
}

/// A session id as the shop sent it, hashed: 64 bits tell the sessions of one person apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GivenId(pub NonZeroU64);

impl GivenId {
    /// The id of this text.
    #[must_use]
    pub fn of(store: &str, id: &str) -> GivenId {
        let hash = key_hash(store, KeyKind::Value, id.as_bytes());
        GivenId(NonZeroU64::new(hash).unwrap_or(NonZeroU64::MIN))
    }
}

/// What one event is to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// Its place among all events.
    pub rank: Rank,
    /// As what it counts.
    pub acts: Acts,
    /// How the visitor came, should it be the first.
    pub entry: Entry,
    /// The session id that was sent with it, where those decide.
    pub given: Option<GivenId>,
}

impl Visit {
    /// The visit of an event; nothing for what a shop does without its visitor: stock, prices, refunds, changes of orders.
    /// A session id that was sent is looked at only where the rules let it decide.
    #[must_use]
    pub fn of(event: EventRef<'_>, rules: &Rules, entry: impl FnOnce() -> Entry) -> Option<Visit> {
        let is_of_the_shop = matches!(
            event.kind(),
            EventType::OrderUpdate
                | EventType::OrderCancel
                | EventType::Refund
                | EventType::StockUpdate
                | EventType::PriceChange
        );
        let given_id = || event.text(Text::SourceSessionId);
        let given = rules.uses_given_ids.then(given_id).flatten();
        (!is_of_the_shop).then(|| Visit {
            rank: Rank::of(event),
            acts: Acts::of(event.kind()),
            entry: entry(),
            given: given.map(|id| GivenId::of(event.store(), id)),
        })
    }
}

/// Events of one key within one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// The first event.
    pub first: Rank,
    /// When the last one happened.
    pub last: EventTime,
    /// What occurred.
    pub acts: Acts,
    /// How the visitor came, by the first event.
    pub entry: Entry,
    /// The session id of its events, where those decide.
    pub given: Option<GivenId>,
}

impl From<&Visit> for Piece {
    fn from(visit: &Visit) -> Piece {
        Piece {
            first: visit.rank,
            last: visit.rank.time,
            acts: visit.acts,
            entry: visit.entry,
            given: visit.given,
        }
    }
}

impl Piece {
    /// Adds the events of another piece. Commutative and associative; the events must be others.
    pub fn merge(&mut self, other: &Piece) {
        self.last = self.last.max(other.last);
        self.acts.add(&other.acts);
        if other.first < self.first {
            (self.first, self.entry, self.given) = (other.first, other.entry, other.given);
        }
    }
}

/// The pieces of one key, in the order of [`Rules::order`]: one for every slot in which it was active. Slots are not longer
/// than the gap, so that none hides a silence; only the cap, and another customer of a shared device, could cut in one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pieces(pub ThinVec<Piece>);

impl Pieces {
    /// Adds an event that was not added before.
    pub fn observe(&mut self, visit: &Visit, rules: &Rules) {
        let piece = Piece::from(visit);
        let slot = slot(&piece, rules);
        // Most events are the newest of their person.
        let at = match self.0.last() {
            Some(newest) if self::slot(newest, rules) == slot => self.0.len() - 1,
            _ => (self.0).partition_point(|known| self::slot(known, rules) < slot),
        };
        match self.0.get_mut(at) {
            Some(known) if self::slot(known, rules) == slot => known.merge(&piece),
            _ => {
                // Most persons have one piece or two.
                if self.0.len() < 4 {
                    self.0.reserve_exact(1);
                }
                self.0.insert(at, piece);
            }
        }
    }
}

/// Events in the same slot are one piece.
pub(super) fn slot(piece: &Piece, rules: &Rules) -> (Option<GivenId>, i64) {
    let micros = rules.slot_micros.min(rules.gap_micros).max(1);
    (rules.lane(piece), piece.first.time.0.div_euclid(micros))
}
