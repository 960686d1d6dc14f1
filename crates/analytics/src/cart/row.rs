//! What is told of a person's carts: the carts themselves, checkouts, and orders that no cart came before.
//! Rows are cut out of items and never stored; what they add to the numbers is `count`.

use super::Rules;
use super::item::{CartId, Facts, Place};
use crate::cell::NameId;
use crate::session::Rank;
use event::{EventTime, Money, Quantity};
use std::sync::Arc;

/// What became of a cart or a checkout, as of an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum State {
    /// It moved lately.
    Open,
    /// It was silent for longer than the limit, and no order came.
    Abandoned,
    /// Everything was taken out of it.
    Emptied,
    /// It was bought.
    Ordered,
    /// It was bought after it had been abandoned.
    Recovered,
}

impl State {
    /// Every state, by number.
    pub const ALL: [State; 5] = [
        State::Open,
        State::Abandoned,
        State::Emptied,
        State::Ordered,
        State::Recovered,
    ];

    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Abandoned => "abandoned",
            State::Emptied => "emptied",
            State::Ordered => "ordered",
            State::Recovered => "recovered",
        }
    }
}

/// Pieces of one product that lie in a cart at one price. The same product at another price is another line; what is
/// taken out is what was put in last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CartLine {
    /// The product; 0 where the shop names none.
    pub product: NameId,
    /// The currency of the price.
    pub currency: NameId,
    /// How much lies in the cart.
    pub quantity: Quantity,
    /// The price of a piece when it was put in, where it is known.
    pub price: Option<Money>,
    /// When it was last put in.
    pub added: EventTime,
}

/// The order that ended a cart or a checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// The order event.
    pub at: Rank,
    /// The order's id; an order without one is known by its event.
    pub id: Option<Arc<str>>,
}

/// A cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cart {
    /// The event that put the first thing in.
    pub created: Rank,
    /// Its id, where the store's carts are told apart by it.
    pub id: Option<CartId>,
    /// Where the first event came from.
    pub place: Place,
    /// When something was last put in or taken out.
    pub last: EventTime,
    /// What lies in it; of a bought one, what lay in it then.
    pub lines: Vec<CartLine>,
    /// Lines that found no room.
    pub lines_beyond: u32,
    /// Events that put something in.
    pub adds: u32,
    /// Events that took something out.
    pub removes: u32,
    /// How often somebody came back and changed it when it had been abandoned.
    pub returns: u32,
    /// What was seen since something was last put in.
    pub facts: Facts,
    /// What became of it.
    pub state: State,
    /// When it was emptied.
    pub emptied: Option<EventTime>,
    /// The order that bought it.
    pub purchase: Option<Purchase>,
    /// Orders that bought it: more than one where a shop sends each product as an order without an id.
    pub orders: u32,
}

impl Cart {
    /// What lies in it, in ten-thousandths of a piece.
    #[must_use]
    pub fn quantity(&self) -> i128 {
        let quantities = self.lines.iter().map(|line| i128::from(line.quantity.0));
        quantities.sum()
    }

    /// What lies in it at the prices at which it was put in, by currency; without what has no known price.
    #[must_use]
    pub fn values(&self) -> Vec<(NameId, i128)> {
        let mut values: Vec<(NameId, i128)> = Vec::new();
        for line in &self.lines {
            let Some(price) = line.price else { continue };
            let worth = price.times(line.quantity);
            let known = (values.iter_mut()).find(|(currency, _)| *currency == line.currency);
            match known {
                Some((_, value)) => *value += worth,
                None => values.push((line.currency, worth)),
            }
        }
        values.sort_unstable();
        values
    }

    /// How long it was silent before it was bought, where it was.
    #[must_use]
    pub fn silence_micros(&self) -> Option<i64> {
        let purchase = self.purchase.as_ref()?;
        Some(purchase.at.time.0.saturating_sub(self.last.0))
    }

    /// Since when it is abandoned, or had been when it was bought after all.
    #[must_use]
    pub fn abandoned_at(&self, rules: &Rules) -> Option<EventTime> {
        let is_abandoned = matches!(self.state, State::Abandoned | State::Recovered);
        is_abandoned.then(|| after_idle(self.last, rules))
    }
}

/// A checkout: from its first step until an order. One that is taken up again is the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// The event with which it began.
    pub started: Rank,
    /// Where that came from.
    pub place: Place,
    /// When it last went on.
    pub last: EventTime,
    /// What became of it; never emptied.
    pub state: State,
    /// The order that ended it.
    pub purchase: Option<Purchase>,
}

/// An order of somebody who was not seen to put anything into a cart: bought at once, by telephone, or of a shop that
/// does not tell of carts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LooseOrder {
    /// The order.
    pub purchase: Purchase,
    /// Where it came from.
    pub place: Place,
}

/// Anything that is told of a person's carts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A cart.
    Cart(Cart),
    /// A checkout.
    Checkout(Checkout),
    /// An order without a cart.
    LooseOrder(LooseOrder),
}

/// Which kind of row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RowKind {
    /// A cart.
    Cart,
    /// A checkout.
    Checkout,
    /// An order without a cart.
    LooseOrder,
}

/// What a row is known by, with the person: the event that began it. An earlier one that comes late makes it another row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// The event.
    pub rank: Rank,
    /// What it began.
    pub kind: RowKind,
}

impl Row {
    /// The key.
    #[must_use]
    pub fn key(&self) -> RowKey {
        let (rank, kind) = match self {
            Row::Cart(cart) => (cart.created, RowKind::Cart),
            Row::Checkout(checkout) => (checkout.started, RowKind::Checkout),
            Row::LooseOrder(order) => (order.purchase.at, RowKind::LooseOrder),
        };
        RowKey { rank, kind }
    }

    /// The cart, if it is one.
    #[must_use]
    pub fn cart(&self) -> Option<&Cart> {
        match self {
            Row::Cart(cart) => Some(cart),
            Row::Checkout(_) | Row::LooseOrder(_) => None,
        }
    }

    /// When it last changed by an event.
    #[must_use]
    pub fn end(&self) -> EventTime {
        let bought = |purchase: &Option<Purchase>| purchase.as_ref().map(|one| one.at.time);
        match self {
            Row::Cart(cart) => bought(&cart.purchase).or(cart.emptied).unwrap_or(cart.last),
            Row::Checkout(checkout) => bought(&checkout.purchase).unwrap_or(checkout.last),
            Row::LooseOrder(order) => order.purchase.at.time,
        }
    }

    /// When time alone will change it: an open one becomes abandoned.
    #[must_use]
    pub fn deadline(&self, rules: &Rules) -> Option<EventTime> {
        let (state, last) = match self {
            Row::Cart(cart) => (cart.state, cart.last),
            Row::Checkout(checkout) => (checkout.state, checkout.last),
            Row::LooseOrder(_) => return None,
        };
        (state == State::Open).then(|| after_idle(last, rules))
    }
}

/// The first instant at which a silence is too long.
fn after_idle(last: EventTime, rules: &Rules) -> EventTime {
    EventTime(last.0.saturating_add(rules.idle_micros).saturating_add(1))
}
