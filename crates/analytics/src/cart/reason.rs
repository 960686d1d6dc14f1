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
    let is_out = |line: &CartLine| was_out(line.product, line.added, abandoned_at);
    let has_risen = |line: &CartLine| has_risen(line, abandoned_at, &price_at);
    reasons.set(Reason::OutOfStock, cart.lines.iter().any(is_out));
    reasons.set(Reason::PriceRisen, cart.lines.iter().any(has_risen));
    reasons
}

/// Dearer than when it was put in, both by what the cart showed and by what is known of the product's prices: a cart may
/// show prices after discount, and then every product would seem to have risen.
fn has_risen(
    line: &CartLine,
    until: EventTime,
    price_at: &impl Fn(Priced, EventTime) -> Option<Money>,
) -> bool {
    let priced = Priced {
        product: line.product,
        currency: line.currency,
    };
    let before = line.price.max(price_at(priced, line.added));
    let after = price_at(priced, until);
    before.is_some_and(|before| after.is_some_and(|after| after > before))
}
