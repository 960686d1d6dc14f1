//! Pieces of sessions: what one key's events of a few minutes add up to. Any two sets of them can be merged, and sessions are
//! cut out of them; which piece an event belongs to follows from its time alone.

use super::{CampaignId, Cuts, Rules};
use crate::cell::NameId;
use event::schema::{Number, Text};
use event::time::MINUTE;
use event::{EventId, EventRef, EventTime, EventType, KeyKind, key_hash};
use jiff::tz::TimeZone;
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
    /// The campaign, as sent.
    pub campaign: NameId,
    /// The referring host, see [`super::referrer_host`].
    pub referrer: NameId,
    /// The first page, see [`super::write_landing_page`].
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
    /// What may end the session before it.
    pub cuts: Cuts,
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
        let names_campaign = rules.campaign_begins_one && given.is_none();
        let campaign = || names_campaign.then(|| CampaignId::of(event)).flatten();
        (!is_of_the_shop).then(|| Visit {
            rank: Rank::of(event),
            acts: Acts::of(event.kind()),
            entry: entry(),
            given: given.map(|id| GivenId::of(event.store(), id)),
            cuts: Cuts {
                day: 0,
                campaign: campaign(),
            },
        })
    }

    /// The same on its day of the store's clock; to be called where a store's sessions end at midnight.
    #[must_use]
    pub fn on_day(mut self, zone: &TimeZone) -> Visit {
        self.cuts.day = super::local_day(self.rank.time, zone);
        self
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
    /// What may end the session before it: the day of the first event, and the campaign of all of them.
    pub cuts: Cuts,
    /// When a product page was last shown; [`NEVER`] where none was.
    pub viewed: EventTime,
    /// When something was last ordered; [`NEVER`] where nothing was.
    pub ordered: EventTime,
}

/// Before all times.
pub const NEVER: EventTime = EventTime(i64::MIN);
/// How long a piece can be where campaigns begin sessions: what happens around a click on one is told apart no finer.
const CAMPAIGN_SLOT_MICROS: i64 = MINUTE;

impl From<&Visit> for Piece {
    fn from(visit: &Visit) -> Piece {
        let time = visit.rank.time;
        let when = |act: Act| if visit.acts[act] > 0 { time } else { NEVER };
        Piece {
            first: visit.rank,
            last: time,
            acts: visit.acts,
            entry: visit.entry,
            given: visit.given,
            cuts: visit.cuts,
            viewed: when(Act::ItemView),
            ordered: when(Act::Order),
        }
    }
}

impl Piece {
    /// Adds the events of another piece. Commutative and associative; the events must be others.
    pub fn merge(&mut self, other: &Piece) {
        self.last = self.last.max(other.last);
        self.viewed = self.viewed.max(other.viewed);
        self.ordered = self.ordered.max(other.ordered);
        self.acts.add(&other.acts);
        if other.first < self.first {
            (self.first, self.entry) = (other.first, other.entry);
            (self.given, self.cuts) = (other.given, other.cuts);
        }
    }
}

/// The pieces of one key, in the order of [`Rules::order`]: one for every slot in which it was active, or one for each
/// campaign in it where those begin sessions. Slots are not longer than the gap, so that none hides a silence; only the cap,
/// midnight of a clock that is set by odd minutes, and another customer of a shared device, could cut in one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pieces(pub ThinVec<Piece>);

impl Pieces {
    /// Adds an event that was not added before.
    pub fn observe(&mut self, visit: &Visit, rules: &Rules) {
        let piece = Piece::from(visit);
        let slot = slot(&piece, rules);
        // Most events are the newest of their person.
        let end = match self.0.last() {
            Some(newest) if self::slot(newest, rules) > slot => {
                (self.0).partition_point(|known| self::slot(known, rules) <= slot)
            }
            _ => self.0.len(),
        };
        let of_slot = self.0[..end].iter().rev();
        let mut of_slot = of_slot.take_while(|known| self::slot(known, rules) == slot);
        let at = match of_slot.position(|known| known.cuts.campaign == piece.cuts.campaign) {
            Some(back) => {
                self.0[end - 1 - back].merge(&piece);
                end - 1 - back
            }
            None => {
                // Most persons have one piece or two.
                if self.0.len() < 4 {
                    self.0.reserve_exact(1);
                }
                self.0.insert(end, piece);
                end
            }
        };
        self.sink(at, rules);
    }

    /// Brings a piece that begins earlier than it did to its place among those of its slot.
    fn sink(&mut self, mut at: usize, rules: &Rules) {
        while at > 0 && rules.order(&self.0[at - 1]) > rules.order(&self.0[at]) {
            self.0.swap(at - 1, at);
            at -= 1;
        }
    }
}

/// Events in the same slot are one piece.
pub(super) fn slot(piece: &Piece, rules: &Rules) -> (Option<GivenId>, i64) {
    let longest = match rules.campaign_begins_one {
        true => rules.slot_micros.min(CAMPAIGN_SLOT_MICROS),
        false => rules.slot_micros,
    };
    let micros = longest.min(rules.gap_micros).max(1);
    (rules.lane(piece), piece.first.time.0.div_euclid(micros))
}
