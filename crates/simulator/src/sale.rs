//! Money at the till: payment methods, what an order comes to, why payments fail and goods come back.
//! Amounts are what a shop's own till would print; nothing is estimated.

use crate::catalogue::Line;
use crate::money::{Currency, Money};
use crate::places::Country;
use crate::random::Random;

/// How people pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum PaymentMethod {
    /// Credit or debit card.
    Card,
    /// PayPal.
    Paypal,
    /// A wallet on the phone.
    Wallet,
    /// Transfer in advance.
    BankTransfer,
    /// Invoice, paid later.
    Invoice,
    /// Gift card.
    GiftCard,
}

impl PaymentMethod {
    /// The name in events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            PaymentMethod::Card => "card",
            PaymentMethod::Paypal => "paypal",
            PaymentMethod::Wallet => "wallet",
            PaymentMethod::BankTransfer => "bank_transfer",
            PaymentMethod::Invoice => "invoice",
            PaymentMethod::GiftCard => "gift_card",
        }
    }

    /// Every method, the most usual first.
    pub const ALL: [PaymentMethod; 6] = [
        PaymentMethod::Card,
        PaymentMethod::Paypal,
        PaymentMethod::Wallet,
        PaymentMethod::BankTransfer,
        PaymentMethod::Invoice,
        PaymentMethod::GiftCard,
    ];

    /// How many people of a hundred use it.
    pub(crate) fn percent(self) -> u32 {
        [50, 24, 12, 6, 6, 2][self as usize]
    }
}

/// Why a payment failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentFailure {
    /// The code a payment service would send.
    pub code: &'static str,
    /// Whose fault it was: `declined` or `technical`.
    pub class: &'static str,
}

const FAILURES: [PaymentFailure; 5] = [
    PaymentFailure {
        code: "card_declined",
        class: "declined",
    },
    PaymentFailure {
        code: "insufficient_funds",
        class: "declined",
    },
    PaymentFailure {
        code: "expired_card",
        class: "declined",
    },
    PaymentFailure {
        code: "authentication_failed",
        class: "declined",
    },
    PaymentFailure {
        code: "gateway_timeout",
        class: "technical",
    },
];

impl PaymentFailure {
    pub(crate) fn draw(random: &mut Random) -> PaymentFailure {
        FAILURES[random.popular(FAILURES.len() as u64) as usize]
    }
}

/// Why goods came back.
pub(crate) const RETURN_REASONS: [&str; 5] = [
    "changed_mind",
    "wrong_size",
    "damaged",
    "not_as_described",
    "late_delivery",
];

const COUPONS: [(&str, i64); 3] = [
    ("WELCOME10", 1_000),
    ("SEASON15", 1_500),
    ("FRIENDS20", 2_000),
];

/// An order's amounts. Revenue is `sold − discount`; tax and shipping come on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bill {
    /// What the lines add up to.
    pub sold: Money,
    /// Taken off for the coupon.
    pub discount: Money,
    /// The coupon, where there is one.
    pub coupon: Option<&'static str>,
    /// Tax on the revenue.
    pub tax: Money,
    /// Postage.
    pub shipping: Money,
    /// `standard` or `express`.
    pub shipping_method: &'static str,
}

impl Bill {
    /// What the goods brought in.
    #[must_use]
    pub fn revenue(&self) -> Money {
        self.sold - self.discount
    }

    /// What the customer paid.
    #[must_use]
    pub fn total(&self) -> Money {
        self.revenue() + self.tax + self.shipping
    }
}

/// What the lines cost in a currency.
pub(crate) fn sold_value(lines: &[Line], currency: Currency) -> Money {
    lines.iter().fold(Money::ZERO, |sum, line| {
        sum + currency.price(line.product.price) * line.quantity
    })
}

/// What a buyer decides at the till.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wishes {
    coupon: Option<(&'static str, i64)>,
    is_express: bool,
}

impl Wishes {
    /// No coupon, no haste.
    pub(crate) fn none() -> Wishes {
        Wishes {
            coupon: None,
            is_express: false,
        }
    }

    pub(crate) fn draw(random: &mut Random, coupon_share: f64) -> Wishes {
        let coupon = random
            .chance(coupon_share)
            .then(|| COUPONS[random.popular(COUPONS.len() as u64) as usize]);
        Wishes {
            coupon,
            is_express: random.chance(0.15),
        }
    }
}

/// Makes out the bill; standard postage is free from 50 dollars on.
pub(crate) fn bill(lines: &[Line], currency: Currency, country: &Country, wishes: Wishes) -> Bill {
    let sold = sold_value(lines, currency);
    let discount = wishes.coupon.map_or(Money::ZERO, |(_, basis_points)| {
        sold.share(basis_points, currency)
    });
    let (shipping_method, postage) = match wishes.is_express {
        true => ("express", Money::cents(1_295)),
        false if sold >= currency.price(Money::cents(5_000)) => ("standard", Money::ZERO),
        false => ("standard", Money::cents(495)),
    };
    Bill {
        sold,
        discount,
        coupon: wishes.coupon.map(|(code, _)| code),
        tax: (sold - discount).share(country.tax_basis_points, currency),
        shipping: currency.price(postage),
        shipping_method,
    }
}
