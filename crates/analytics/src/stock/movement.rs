//! What moves stock, as plain values: what the shop says of it, goods that go and come, and the interest of visitors.
//! Which of them an event tells is read here; whose home they go to is the caller's.

use super::Warehouse;
use crate::ladder::Value;
use crate::session::Rank;
use event::schema::{Amount, Label};
use event::{EventRef, EventType, ItemRef, LineKind, Quantity};

/// What a shop says of the stock of one product in one warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feed {
    /// Its place among all events.
    pub rank: Rank,
    /// Where the goods lie.
    pub warehouse: Warehouse,
    /// What is said.
    pub said: Said,
}

/// A level, or a change of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// So many are there; it may be below 0.
    Level(Quantity),
    /// So many came or, below 0, went.
    Change(Quantity),
}

impl Feed {
    /// What an event says of the stock of each of its products; nothing where it says nothing. A level that comes with a
    /// change is a level: the change is how it differs from the level before, and would count twice.
    #[must_use]
    pub fn of(event: EventRef<'_>, warehouse: Warehouse) -> Option<Feed> {
        if event.kind() != EventType::StockUpdate {
            return None;
        }
        let quantity = |column| event.amount(column).map(|amount| Quantity(amount.0));
        let level = quantity(Amount::StockLevel).map(Said::Level);
        let said = level.or_else(|| quantity(Amount::StockDelta).map(Said::Change))?;
        Some(Feed {
            rank: Rank::of(event),
            warehouse,
            said,
        })
    }

    /// The warehouse that an event names.
    #[must_use]
    pub fn warehouse_named(event: EventRef<'_>) -> Option<&str> {
        event.label(Label::Warehouse)
    }
}

/// Goods that left or came, in ten-thousandths of a piece. What is taken back is subtracted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Goods {
    /// Bought.
    pub sold: i128,
    /// Brought back by customers.
    pub returned: i128,
    /// Lost, broken, stolen.
    pub written_off: i128,
}

impl Goods {
    /// What a line of an order, a refund or a write-off moves; fees move nothing, and neither does what was not bought.
    #[must_use]
    pub fn of(kind: EventType, line: LineKind, quantity: Quantity) -> Option<Goods> {
        let pieces = i128::from(quantity.0);
        let goods = match (kind, line) {
            (EventType::Order | EventType::OrderUpdate, LineKind::Product) if pieces > 0 => Goods {
                sold: pieces,
                ..Goods::default()
            },
            (EventType::Refund, LineKind::Product | LineKind::Return) if pieces != 0 => Goods {
                returned: pieces.abs(),
                ..Goods::default()
            },
            (EventType::StockUpdate, LineKind::WriteOff) if pieces != 0 => Goods {
                written_off: pieces.abs(),
                ..Goods::default()
            },
            _ => return None,
        };
        Some(goods)
    }

    /// What one item of an event moves. Orders and refunds come twice, change and are cancelled: of them only what their
    /// home has decided is to be folded, line by line with [`Goods::of`]. So this serves write-offs.
    #[must_use]
    pub fn of_item(event: EventRef<'_>, item: ItemRef<'_>) -> Option<Goods> {
        Goods::of(event.kind(), item.kind(), item.quantity())
    }

    /// The same goods, going the other way.
    #[must_use]
    pub fn taken_back(self) -> Goods {
        Goods {
            sold: -self.sold,
            returned: -self.returned,
            written_off: -self.written_off,
        }
    }

    /// What is missing from the shelf: sold and written off.
    #[must_use]
    pub fn gone(&self) -> i128 {
        self.sold.saturating_add(self.written_off)
    }
}

impl Value for Goods {
    fn merge(&mut self, other: &Self) {
        self.sold = self.sold.saturating_add(other.sold);
        self.returned = self.returned.saturating_add(other.returned);
        self.written_off = self.written_off.saturating_add(other.written_off);
    }

    fn is_nothing(&self) -> bool {
        *self == Goods::default()
    }
}

/// How often visitors showed that they wanted a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interest {
    /// Its page was shown.
    pub views: u32,
    /// It went into a cart.
    pub cart_adds: u32,
}

impl Interest {
    /// What an event shows for each of its products.
    #[must_use]
    pub fn of(kind: EventType) -> Option<Interest> {
        match kind {
            EventType::ItemView => Some(Interest {
                views: 1,
                cart_adds: 0,
            }),
            EventType::CartAdd | EventType::WishlistToCart => Some(Interest {
                views: 0,
                cart_adds: 1,
            }),
            _ => None,
        }
    }
}

impl Value for Interest {
    fn merge(&mut self, other: &Self) {
        self.views = self.views.saturating_add(other.views);
        self.cart_adds = self.cart_adds.saturating_add(other.cart_adds);
    }

    fn is_nothing(&self) -> bool {
        *self == Interest::default()
    }
}
