//! What one person does about carts, an item for each event. Any two lists of items can be merged by rank, and carts are cut
//! out of them; an item decides nothing by itself.

use crate::cell::NameId;
use crate::names::{EventNames, ItemNames};
use crate::session::Rank;
use event::schema::{Amount, Label, Text};
use event::{
    EventRef, EventTime, EventType, ItemRef, KeyKind, LineKind, Money, Quantity, key_hash,
};
use std::num::NonZeroU64;
use std::sync::Arc;
use thin_vec::ThinVec;

use super::LINES_MAX;

/// A cart id as the shop sent it, hashed: 64 bits tell the carts of one person apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CartId(pub NonZeroU64);

impl CartId {
    /// The id of this text.
    #[must_use]
    pub fn of(store: &str, id: &str) -> CartId {
        let hash = key_hash(store, KeyKind::Value, id.as_bytes());
        CartId(NonZeroU64::new(hash).unwrap_or(NonZeroU64::MIN))
    }
}

/// Where an event came from: by the event that creates a cart, carts are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// The country.
    pub country: NameId,
    /// The device type.
    pub device: NameId,
}

/// A product that went into a cart, or left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The product; 0 where the shop names none.
    pub product: NameId,
    /// The currency of its price.
    pub currency: NameId,
    /// How much was put in; below 0, how much was taken out.
    pub quantity: Quantity,
    /// Below 0 where it is not known: half of the room that an option takes.
    price: i64,
}

impl Line {
    /// A line; nothing where it moves nothing. A price below 0 is none.
    #[must_use]
    pub fn new(
        (product, currency): (NameId, NameId),
        quantity: Quantity,
        price: Option<Money>,
    ) -> Option<Line> {
        (quantity.0 != 0).then(|| Line {
            product,
            currency,
            quantity,
            price: price.map_or(-1, |price| price.0),
        })
    }

    /// The price of a piece at that time, where it is known.
    #[must_use]
    pub fn price(&self) -> Option<Money> {
        (self.price >= 0).then_some(Money(self.price))
    }

    /// What an item of an event says; fees move nothing. What is removed may be written above 0 or below.
    fn of(kind: EventType, item: ItemRef<'_>, names: (NameId, NameId)) -> Option<Line> {
        if item.kind() != LineKind::Product {
            return None;
        }
        let quantity = moved(kind, item.quantity());
        Line::new(names, quantity, item.unit_price())
    }
}

fn moved(kind: EventType, quantity: Quantity) -> Quantity {
    match kind {
        EventType::CartRemove => Quantity(quantity.0.saturating_abs().saturating_neg()),
        _ => quantity,
    }
}

/// The lines of an event. Nearly always it is one, which takes no room of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lines {
    /// One product.
    One(Line),
    /// Several.
    Many {
        /// At most [`LINES_MAX`].
        lines: ThinVec<Line>,
        /// How many more the event had.
        beyond: u32,
    },
}

impl Lines {
    /// The lines that are kept.
    #[must_use]
    pub fn kept(&self) -> &[Line] {
        match self {
            Lines::One(line) => std::slice::from_ref(line),
            Lines::Many { lines, .. } => lines,
        }
    }

    /// How many are not.
    #[must_use]
    pub fn beyond(&self) -> u32 {
        match self {
            Lines::One(_) => 0,
            Lines::Many { beyond, .. } => *beyond,
        }
    }

    /// Whether anything was put in.
    #[must_use]
    pub fn is_put(&self) -> bool {
        self.kept().iter().any(|line| line.quantity.0 > 0)
    }

    /// Nothing where none moves anything.
    #[must_use]
    pub fn new(mut all: impl Iterator<Item = Line>) -> Option<Lines> {
        let first = all.next()?;
        let Some(second) = all.next() else {
            return Some(Lines::One(first));
        };
        let mut lines = ThinVec::from([first, second]);
        lines.extend(all.by_ref().take(LINES_MAX - 2));
        let beyond = u32::try_from(all.count()).unwrap_or(u32::MAX);
        Some(Lines::Many { lines, beyond })
    }

    fn of(event: EventRef<'_>, names: &EventNames, items: &[ItemNames]) -> Option<Lines> {
        let kind = event.kind();
        if event.items().len() == 0 {
            let nameless = (NameId(0), names.currency);
            let piece = moved(kind, Quantity(event::SCALE));
            return Line::new(nameless, piece, None).map(Lines::One);
        }
        let lines = event.items().zip(items);
        Lines::new(
            lines.filter_map(|(item, own)| Line::of(kind, item, (own.product, names.currency))),
        )
    }
}

/// What a cart may die of, and what a checkout is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Fact {
    /// Checkout began or went on.
    Checkout,
    /// The step of checkout that shows what shipping costs.
    ShippingShown,
    /// The step of checkout at which an account is asked for.
    LoginWall,
    /// A payment failed.
    PaymentError,
    /// A coupon was refused.
    CouponDenied,
}

impl Fact {
    /// Every fact, by number.
    pub const ALL: [Fact; 5] = [
        Fact::Checkout,
        Fact::ShippingShown,
        Fact::LoginWall,
        Fact::PaymentError,
        Fact::CouponDenied,
    ];

    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Fact::Checkout => "checkout",
            Fact::ShippingShown => "shipping_shown",
            Fact::LoginWall => "login_wall",
            Fact::PaymentError => "payment_error",
            Fact::CouponDenied => "coupon_denied",
        }
    }
}

/// A set of facts; a bit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts(pub u8);

impl Facts {
    /// Whether this one is among them.
    #[must_use]
    pub fn has(self, fact: Fact) -> bool {
        self.0 & 1 << fact as u8 != 0
    }

    /// With one more, if it is so.
    #[must_use]
    pub fn and(self, fact: Fact, is_so: bool) -> Facts {
        Facts(self.0 | u8::from(is_so) << fact as u8)
    }

    /// With all of the others.
    #[must_use]
    pub fn with(self, others: Facts) -> Facts {
        Facts(self.0 | others.0)
    }

    fn of(event: EventRef<'_>) -> Facts {
        let none = Facts::default();
        match event.kind() {
            EventType::CheckoutStart => none.and(Fact::Checkout, true),
            EventType::CheckoutStep => {
                let name = event.label(Label::StepName).unwrap_or_default();
                let shows_shipping = event.amount(Amount::Shipping).is_some();
                none.and(Fact::Checkout, true)
                    .and(Fact::ShippingShown, shows_shipping || is_shipping(name))
                    .and(Fact::LoginWall, has_word(name, &LOGIN_WORDS))
            }
            EventType::PaymentError => none.and(Fact::PaymentError, true),
            EventType::CouponDeny => none.and(Fact::CouponDenied, true),
            _ => none,
        }
    }
}

/// In the name of a step that shows what shipping costs: `Shipping`, `add_shipping_info`, `delivery_options`.
const SHIPPING_WORDS: [&str; 2] = ["shipping", "delivery"];
/// In the name of a step that asks for an account.
const LOGIN_WORDS: [&str; 7] = [
    "login", "log_in", "log in", "sign", "register", "account", "identif",
];
/// Events of a shop's own by which a cart is emptied at once; no dialect has a word for it.
const EMPTYING: [&str; 6] = [
    "cart_emptied",
    "cart_cleared",
    "empty_cart",
    "clear_cart",
    "Cart Emptied",
    "Cart Cleared",
];

/// A step that asks where to send the goods says nothing of what that costs.
fn is_shipping(step: &str) -> bool {
    has_word(step, &SHIPPING_WORDS) && !has_word(step, &["address"])
}

/// Whether one of the words, in whatever case, is part of a name.
fn has_word(name: &str, words: &[&str]) -> bool {
    let is_in = |word: &&str| {
        let mut parts = name.as_bytes().windows(word.len());
        parts.any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    words.iter().any(is_in)
}

/// What an event is to a cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Something was put in or taken out.
    Moved(Lines),
    /// Everything was taken out at once.
    Emptied,
    /// Something happened that a cart may die of, or checkout went on.
    Saw(Facts),
    /// Something was ordered, under this id where the shop sends one.
    Ordered(Option<Arc<str>>),
}

/// What one event of a person is to its carts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its place among all events.
    pub rank: Rank,
    /// The cart id that was sent with it.
    pub cart: Option<CartId>,
    /// Where it came from.
    pub place: Place,
    /// What it is.
    pub what: What,
}

impl Item {
    /// The item of an event; nothing for what carts do not look at, and for what moves nothing. An event without products
    /// moves one piece of a product without a name.
    #[must_use]
    pub fn of(event: EventRef<'_>, names: &EventNames, items: &[ItemNames]) -> Option<Item> {
        let what = match event.kind() {
            EventType::CartAdd | EventType::WishlistToCart | EventType::CartRemove => {
                What::Moved(Lines::of(event, names, items)?)
            }
            EventType::CheckoutStart
            | EventType::CheckoutStep
            | EventType::PaymentError
            | EventType::CouponDeny => What::Saw(Facts::of(event)),
            EventType::Order => What::Ordered(event.text(Text::OrderId).map(Arc::from)),
            EventType::Custom => {
                let name = event.label(Label::Type)?;
                EMPTYING.contains(&name).then_some(What::Emptied)?
            }
            _ => return None,
        };
        Some(Item {
            rank: Rank::of(event),
            cart: (event.text(Text::CartId)).map(|id| CartId::of(event.store(), id)),
            place: Place {
                country: names.country,
                device: names.device,
            },
            what,
        })
    }
}

/// The items of one key, in the order of their ranks. Equal sets of items give equal lists, in whatever order they came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CartItems(pub ThinVec<Item>);

impl CartItems {
    /// Adds an item; one that is known stays as it is. What is one too many goes with [`CartItems::let_go`], when a
    /// person is settled and its rows were told.
    pub fn observe(&mut self, item: Item) {
        // Most items are the newest of their person.
        let at = match self.0.last() {
            Some(newest) if newest.rank >= item.rank => {
                self.0.partition_point(|known| known.rank < item.rank)
            }
            _ => self.0.len(),
        };
        if self.0.get(at).is_some_and(|known| known.rank == item.rank) {
            return;
        }
        // Most persons have one item or two.
        if self.0.len() < 4 {
            self.0.reserve_exact(1);
        }
        self.0.insert(at, item);
    }

    /// Forgets what happened until an instant, itself included.
    pub fn let_go(&mut self, until: EventTime) {
        self.0.retain(|item| item.rank.time > until);
    }

    /// This list and others as one story, in the order that cutting asks for.
    pub fn story<'a>(&'a self, others: impl IntoIterator<Item = &'a Item>) -> Vec<&'a Item> {
        let mut story: Vec<&Item> = self.0.iter().chain(others).collect();
        story.sort_by_key(|item| item.rank);
        story
    }
}
