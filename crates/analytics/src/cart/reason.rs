//! Why carts die: what happened to an abandoned cart between its last add and its end, as tags. Stock and prices are asked for
//! when a cart is read, so that a report that comes late is heard; none of them is proof, all of them are reasons to look.

use super::Rules;
use super::item::Fact;
use super::row::{Cart, CartLine};
use crate::cell::NameId;
use event::{EventTime, Money};

/// Something that happened to a cart before it was abandoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Reason {
    /// A payment failed.
    PaymentError,
    /// Something that lay in it was out of stock for a while.
    OutOfStock,
    /// Something that lay in it had become dearer.
    PriceRisen,
    /// What shipping costs was shown.
    ShippingShown,
    /// A coupon was refused.
    CouponDenied,
    /// Checkout asked for an account.
    LoginWall,
}

impl Reason {
    /// Every reason, by number.
    pub const ALL: [Reason; 6] = [
        Reason::PaymentError,
        Reason::OutOfStock,
        Reason::PriceRisen,
        Reason::ShippingShown,
        Reason::CouponDenied,
        Reason::LoginWall,
    ];
    /// The name of no reason at all.
    pub const NONE: &str = "none";

    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Reason::PaymentError => "payment_error",
            Reason::OutOfStock => "out_of_stock",
            Reason::PriceRisen => "price_risen",
            Reason::ShippingShown => "shipping_shown",
            Reason::CouponDenied => "coupon_denied",
            Reason::LoginWall => "login_wall",
        }
    }
}

/// A set of reasons; a bit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Reasons(u8);

impl Reasons {
    /// Whether this one is among them.
    #[must_use]
    pub fn has(self, reason: Reason) -> bool {
        self.0 & 1 << reason as u8 != 0
    }

    /// Those that are, in the order of [`Reason::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Reason> {
        Reason::ALL
            .into_iter()
            .filter(move |reason| self.has(*reason))
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    fn set(&mut self, reason: Reason, is_so: bool) {
        self.0 |= u8::from(is_so) << reason as u8;
    }
}

/// What has a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priced {
    /// The product.
    pub product: NameId,
    /// The currency.
    pub currency: NameId,
}

/// What happened to an abandoned or recovered cart; nothing for others. `was_out` tells whether a product was out of stock
/// at any time from an instant to another, `price_at` what it cost at one.
pub fn reasons(
    (cart, rules): (&Cart, &Rules),
    was_out: impl Fn(NameId, EventTime, EventTime) -> bool,
    price_at: impl Fn(Priced, EventTime) -> Option<Money>,
) -> Reasons {
    let mut reasons = Reasons::default();
    let Some(abandoned_at) = cart.abandoned_at(rules) else {
        return reasons;
    };
    let seen = [
        (Reason::PaymentError, Fact::PaymentError),
        (Reason::ShippingShown, Fact::ShippingShown),
        (Reason::CouponDenied, Fact::CouponDenied),
        (Reason::LoginWall, Fact::LoginWall),
    ];
    for (reason, fact) in seen {
        reasons.set(reason, cart.facts.has(fact));
    }
    let waited = |line: &CartLine| {
        let priced = Priced {
            product: line.product,
            currency: line.currency,
        };
        let waited = Waited {
            added: line.added,
            price: line.price,
            until: abandoned_at,
        };
        (priced, waited)
    };
    let mut lines = cart.lines.iter().map(waited);
    let is_out = lines
        .clone()
        .any(|(priced, waited)| waited.was_out(|from, until| was_out(priced.product, from, until)));
    let has_risen = lines.any(|(priced, waited)| waited.has_risen(|at| price_at(priced, at)));
    reasons.set(Reason::OutOfStock, is_out);
    reasons.set(Reason::PriceRisen, has_risen);
    reasons
}

/// A line of a cart that lay there until the cart was abandoned. Amounts are of whatever kind the caller has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waited<A> {
    /// When it was last put in.
    pub added: EventTime,
    /// What a piece cost then.
    pub price: Option<A>,
    /// When the cart was abandoned.
    pub until: EventTime,
}

impl<A: Ord + Copy> Waited<A> {
    /// Whether the product was out of stock meanwhile.
    pub fn was_out(&self, was_out: impl FnOnce(EventTime, EventTime) -> bool) -> bool {
        was_out(self.added, self.until)
    }

    /// Dearer than when it was put in, both by what the cart showed and by what is known of the product's prices: a cart may
    /// show prices after discount, and then every product would seem to have risen.
    pub fn has_risen(&self, price_at: impl Fn(EventTime) -> Option<A>) -> bool {
        let before = self.price.max(price_at(self.added));
        let after = price_at(self.until);
        before.is_some_and(|before| after.is_some_and(|after| after > before))
    }
}
