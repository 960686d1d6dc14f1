//! What prices are made of, as plain values: a change that the shop tells, and what visitors did at a price.
//! Which of them an event tells is read here; when its store's day began is the caller's to say.

use super::days::Sums;
use crate::ladder::Value;
use crate::order::LineShare;
use crate::session::Rank;
use event::schema::{Amount, ItemAmount};
use event::{EventRef, EventTime, EventType, ItemRef, LineKind, Money};

/// A change of price that the shop told. Of several in one slot of a ladder the last stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Change {
    /// Its place among all events; nothing only where there is none.
    pub rank: Option<Rank>,
    /// When the day of the change began in the store's zone.
    pub day: EventTime,
    /// The price before, as the shop says.
    pub old: Option<Money>,
    /// The price from now on.
    pub new: Money,
}

impl Change {
    /// The change that an event tells of each of its products; nothing where it tells none.
    #[must_use]
    pub fn of(event: EventRef<'_>, day: EventTime) -> Option<Change> {
        if event.kind() != EventType::PriceChange {
            return None;
        }
        Some(Change {
            rank: Some(Rank::of(event)),
            day,
            old: event.amount(Amount::OldPrice),
            new: event.amount(Amount::NewPrice)?,
        })
    }
}

impl Value for Change {
    fn merge(&mut self, other: &Self) {
        *self = (*self).max(*other);
    }

    fn is_nothing(&self) -> bool {
        self.rank.is_none()
    }
}

/// What happened to a product at one price on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// When the day began in the store's zone.
    pub day: EventTime,
    /// The price of a piece, where it was shown.
    pub price: Option<Money>,
    /// What is added; what is taken back is negative.
    pub sums: Sums,
}

impl Traffic {
    /// A view, or an add to a cart; nothing for other events.
    #[must_use]
    pub fn of_item(event: EventRef<'_>, item: ItemRef<'_>, day: EventTime) -> Option<Traffic> {
        let (views, cart_adds) = match event.kind() {
            EventType::ItemView => (1, 0),
            EventType::CartAdd | EventType::WishlistToCart => (0, 1),
            _ => return None,
        };
        let price = item.unit_price();
        Some(Traffic {
            day,
            price,
            sums: Sums {
                views,
                cart_adds,
                promoted: i64::from(is_promoted(price, item)),
                ..Sums::default()
            },
        })
    }

    /// A line of an order as its home has decided it. Fees and returns have no price.
    #[must_use]
    pub fn of_share(share: &LineShare, day: EventTime) -> Option<Traffic> {
        let line = &share.line;
        if line.kind != LineKind::Product || line.quantity.0 <= 0 {
            return None;
        }
        Some(Traffic {
            day,
            price: line.unit_price,
            sums: Sums {
                orders: share.orders,
                units: i128::from(line.quantity.0),
                revenue: share.revenue,
                promoted: i64::from(is_below(line.unit_price, line.list_price)),
                ..Sums::default()
            },
        })
    }

    /// Whether nothing is taken back.
    pub(super) fn is_added(&self) -> bool {
        let sums = &self.sums;
        sums.views >= 0 && sums.cart_adds >= 0 && sums.orders >= 0 && sums.units >= 0
    }

    /// The same, taken back.
    #[must_use]
    pub fn taken_back(self) -> Traffic {
        Traffic {
            sums: self.sums.taken_back(),
            ..self
        }
    }
}

/// Whether an item costs less than its list price, where both are known.
pub(crate) fn is_promoted(price: Option<Money>, item: ItemRef<'_>) -> bool {
    price.is_some() && is_below(price, item.amount(ItemAmount::ListPrice).map(Money))
}

fn is_below(price: Option<Money>, list_price: Option<Money>) -> bool {
    (price.zip(list_price)).is_some_and(|(price, list_price)| price < list_price)
}
