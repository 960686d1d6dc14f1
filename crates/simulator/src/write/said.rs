//! What each dialect can say: which kinds of events it has words for, in how many lines, by whom and how precisely.
//! The truth of a dialect counts what is said here, not what happened.

use super::Format;
use super::text::{address, csv_value, hex, number};
use crate::agents::agent_at;
use crate::catalogue::Line;
use crate::event::{Detail, SimEvent};
use crate::kind::Kind;
use crate::money::Money;
use crate::sale::sold_value;
use crate::time::{SECOND_MICROS, Time};

/// Whom a dialect shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Every browser, by its cookie; known customers beside it.
    Cookie,
    /// Every person, by their customer number.
    Customer,
    /// Every address with its browser.
    Address,
    /// Known customers only; others are nobody.
    Buyer,
}

impl Format {
    /// As what the dialect's word for the event is read; none where it has none.
    #[must_use]
    pub fn kind_of(self, event: &SimEvent<'_>) -> Option<Kind> {
        use Kind::{
            CartAdd, CartRemove, CartView, CheckoutStart, CheckoutStep, ItemClick, ItemView,
            ListView, Login, Order, PageView, PaymentError, Refund, Review, Search, Share, SignUp,
            WishlistAdd,
        };
        let kind = event.kind;
        let is_said = match self {
            Format::Canonical => true,
            Format::Seed => return kind.as_seed_reads(),
            Format::SeedShop | Format::SeedShopJson => {
                matches!(kind, ItemView | ItemClick | CartAdd | Order | WishlistAdd)
            }
            Format::UserEvents => matches!(kind, ItemView | CartAdd | Order),
            Format::Rees46 => matches!(kind, ItemView | CartAdd | CartRemove | Order),
            Format::Orders => matches!(kind, Order | Refund),
            Format::AccessLog => {
                let is_page = matches!(
                    kind,
                    PageView
                        | Search
                        | ListView
                        | ItemView
                        | CartView
                        | CheckoutStart
                        | CheckoutStep
                );
                return is_page.then_some(PageView);
            }
            Format::Ga4 => match kind {
                CheckoutStep => super::ga4::step_name(event).is_some(),
                Review | PaymentError => false,
                _ => kind.has_visitor(),
            },
            Format::Segment => kind.has_visitor() && kind != PaymentError,
            Format::Snowplow => {
                !matches!(
                    kind,
                    CartView | WishlistAdd | Share | Review | Login | SignUp
                ) && kind.has_visitor()
            }
        };
        is_said.then_some(kind)
    }

    /// How many lines the event makes: none where the dialect has no word for it.
    #[must_use]
    pub fn lines_of(self, event: &SimEvent<'_>) -> usize {
        if self.kind_of(event).is_none() {
            return 0;
        }
        let is_order = event.kind == Kind::Order;
        match self {
            Format::Seed if is_order => event.lines.len(),
            Format::SeedShop | Format::SeedShopJson | Format::UserEvents | Format::Rees46
                if is_order =>
            {
                let pieces = event.lines.iter().map(|line| line.quantity as usize);
                pieces.sum()
            }
            Format::Orders => event.lines.len() + usize::from(postage(event) > Money::ZERO),
            _ => 1,
        }
    }

    /// Whether lines carry an id, so that a repeated line is known as one.
    #[must_use]
    pub fn has_ids(self) -> bool {
        !matches!(
            self,
            Format::UserEvents | Format::Rees46 | Format::Orders | Format::AccessLog | Format::Ga4
        )
    }

    /// Whether amounts say their currency.
    #[must_use]
    pub fn has_currency(self) -> bool {
        matches!(
            self,
            Format::Canonical | Format::Ga4 | Format::Segment | Format::Snowplow
        )
    }

    /// Whether each line of an order is an order of its own.
    pub(crate) fn splits_orders(self) -> bool {
        matches!(
            self,
            Format::Seed
                | Format::SeedShop
                | Format::SeedShopJson
                | Format::UserEvents
                | Format::Rees46
        )
    }

    /// Whether a row is one piece, whatever was bought of it.
    fn has_quantity(self) -> bool {
        !matches!(
            self,
            Format::SeedShop | Format::SeedShopJson | Format::UserEvents | Format::Rees46
        )
    }

    /// Whether lines say where somebody is.
    pub(crate) fn has_country(self) -> bool {
        matches!(
            self,
            Format::Canonical | Format::Seed | Format::Orders | Format::Segment | Format::Snowplow
        )
    }

    /// Whether lines name the category of a product in full.
    pub(crate) fn has_category(self) -> bool {
        !matches!(
            self,
            Format::UserEvents | Format::Rees46 | Format::Orders | Format::AccessLog
        )
    }

    /// Whether the money of an order says what a coupon took off.
    pub(crate) fn has_discounts(self) -> bool {
        self.has_currency()
    }

    /// Whom it shows.
    pub(crate) fn shows(self) -> Shown {
        match self {
            Format::Canonical | Format::Ga4 | Format::Segment | Format::Snowplow => Shown::Cookie,
            Format::AccessLog => Shown::Address,
            Format::Orders => Shown::Buyer,
            _ => Shown::Customer,
        }
    }

    /// Who an event is by, as far as it is said: equal for equal visitors.
    pub(crate) fn visitor_of(self, event: &SimEvent<'_>) -> Option<u64> {
        let who = &event.who;
        let number = u64::from(who.visitor.number);
        match self.shows() {
            _ if !event.kind.has_visitor() => None,
            Shown::Cookie => Some(event.cookie),
            Shown::Customer => Some(number),
            Shown::Address => {
                let address = u64::from(u32::from_be_bytes(who.visitor.address));
                Some(address << 8 | u64::from(who.agent_index()))
            }
            Shown::Buyer => who.is_signed_in.then_some(number),
        }
    }

    /// A visitor as the dialect writes them.
    pub(crate) fn write_visitor(self, visitor: u64, out: &mut Vec<u8>) {
        match self {
            _ if self.shows() == Shown::Cookie => hex(visitor, out),
            Format::AccessLog => {
                let mut text = Vec::new();
                address(((visitor >> 8) as u32).to_be_bytes(), &mut text);
                text.push(b' ');
                text.extend_from_slice(agent_at(visitor as u8).user_agent.as_bytes());
                csv_value(&text, out);
            }
            Format::Rees46 => number(super::rees46::FIRST_USER + visitor, out),
            Format::UserEvents => number(visitor, out),
            Format::Orders => {
                number(visitor, out);
                out.extend_from_slice(b".0");
            }
            _ => {
                out.extend_from_slice(b"cust_");
                number(visitor, out);
            }
        }
    }

    /// What a line of an order brought in.
    pub(crate) fn revenue_of(self, event: &SimEvent<'_>, index: usize) -> Money {
        match event.detail {
            Detail::Order { bill, .. } if self.has_discounts() => bill.revenue(),
            Detail::Order { .. } if self == Format::Orders && index >= event.lines.len() => {
                postage(event)
            }
            Detail::Order { .. } => sold_value(self.goods_of(event, index).lines(), event.currency),
            _ => Money::ZERO,
        }
    }

    /// What a line of a refund pays back.
    pub(crate) fn refunded_by(self, event: &SimEvent<'_>, index: usize) -> Money {
        match event.detail {
            Detail::Refund { .. } if self == Format::Orders => {
                sold_value(self.goods_of(event, index).lines(), event.currency)
            }
            Detail::Refund { amount, .. } => amount,
            _ => Money::ZERO,
        }
    }

    /// The time as it is written.
    pub(crate) fn time_of(self, event: &SimEvent<'_>) -> Time {
        let step = match self {
            Format::UserEvents | Format::Rees46 | Format::Orders | Format::AccessLog => {
                SECOND_MICROS
            }
            Format::SeedShop | Format::SeedShopJson | Format::Snowplow => 1_000,
            _ => 1,
        };
        Time(event.time.0.div_euclid(step) * step)
    }

    /// The goods that a line of the event shows.
    pub(crate) fn goods_of<'e>(self, event: &'e SimEvent<'e>, index: usize) -> Goods<'e> {
        match self {
            Format::AccessLog => Goods::Many(&[]),
            Format::Seed => Goods::One(super::product_of(event, index)),
            Format::Orders => match event.lines.get(index) {
                Some(line) => Goods::One(*line),
                None => Goods::Many(&[]),
            },
            _ if !self.has_quantity() => Goods::One(piece(event, index)),
            _ => Goods::Many(event.lines),
        }
    }
}

/// What a line shows.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goods<'e> {
    /// One product.
    One(Line),
    /// The event's.
    Many(&'e [Line]),
}

impl Goods<'_> {
    pub(crate) fn lines(&self) -> &[Line] {
        match self {
            Goods::One(line) => std::slice::from_ref(line),
            Goods::Many(lines) => lines,
        }
    }
}

/// The piece a row shows, where each piece of an order has a row.
pub(super) fn piece(event: &SimEvent<'_>, index: usize) -> Line {
    let mut before = index as u32;
    for line in event.lines {
        if before < line.quantity {
            return Line {
                quantity: 1,
                ..*line
            };
        }
        before -= line.quantity;
    }
    Line {
        product: event.focus,
        quantity: 1,
    }
}

/// What an order's postage costs.
pub(crate) fn postage(event: &SimEvent<'_>) -> Money {
    match event.detail {
        Detail::Order { bill, .. } => bill.shipping,
        _ => Money::ZERO,
    }
}
