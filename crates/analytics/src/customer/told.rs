//! What the home of an order tells the home of its customer: the order as it stands, whole, in place of what was told before.
//! Whose order it is, and how it travels, is the caller's.

use crate::cell::NameId;
use crate::order::{OrderKey, OrderKind, Sale};
use crate::person::Version;
use crate::tally::Field;
use crate::window::Calendar;
use event::derive::{day_of_week, hour};
use event::{EventId, EventTime, LineKind, Money, Quantity, hash_128_within};
use std::cmp::Reverse;
use std::sync::Arc;
use thin_vec::ThinVec;

use super::PICKS_MAX;

/// Tells the orders and refunds of one customer apart: a hash of the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub u64);

/// Behind the kinds of ids: an order without one is known by its event.
const OF_EVENT: u64 = 2;

impl OrderId {
    /// Of an order or refund with an id.
    #[must_use]
    pub fn of(key: &OrderKey) -> OrderId {
        OrderId(hash_128_within(key.kind as u64, key.id.as_bytes()) as u64)
    }

    /// Of an order by its id, or by its event's where it has none.
    #[must_use]
    pub fn of_order(id: &str) -> OrderId {
        OrderId(hash_128_within(OrderKind::Order as u64, id.as_bytes()) as u64)
    }

    /// Of a purchase that has no id and is its own order.
    #[must_use]
    pub fn of_event(event: EventId) -> OrderId {
        OrderId(hash_128_within(OF_EVENT, &event.0.to_be_bytes()) as u64)
    }
}

/// An order or refund among those of its customer. Told again whenever it changes; the newest version replaces the others,
/// so it may come twice and in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderTold {
    /// Which one.
    pub order: OrderId,
    /// When it was placed or given back.
    pub time: EventTime,
    /// Against its repetition and against older ones.
    pub version: Version,
    /// As it stands; nothing where it was cancelled, or turned out to be another customer's.
    pub what: Option<OrderSummary>,
}

/// What a customer's home needs to know of an order or of a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderSummary {
    /// Whether it counts as an order; a refund does not, nor does one without a line of positive value.
    pub is_order: bool,
    /// When by the store's clock.
    pub hour: HourOfWeek,
    /// Of all its amounts.
    pub currency: NameId,
    /// Sold value minus discounts, fees included.
    pub revenue: Money,
    /// What products brought in after all discounts, minus what was given back: revenue without fees, and negative for a
    /// refund.
    pub net: Money,
    /// What was given back.
    pub refunded: Money,
    /// Pieces sold.
    pub units: Quantity,
    /// Of what most pieces were sold, most first; products before categories.
    pub picks: ThinVec<Pick>,
}

/// An hour of the store's week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HourOfWeek(pub u8);

impl HourOfWeek {
    /// Hours of a week.
    pub const COUNT: usize = 7 * 24;

    /// When this is by the store's clock.
    #[must_use]
    pub fn of(time: EventTime, calendar: &Calendar) -> HourOfWeek {
        let zone = calendar.zone();
        HourOfWeek((day_of_week(time, zone) - 1) * 24 + hour(time, zone))
    }

    /// 0 to 23.
    #[must_use]
    pub fn hour(self) -> u8 {
        self.0 % 24
    }

    /// 1 = Monday … 7 = Sunday.
    #[must_use]
    pub fn day_of_week(self) -> u8 {
        self.0 / 24 + 1
    }
}

/// What pieces are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum PickKind {
    /// A product.
    Product,
    /// A category.
    Category,
}

/// Pieces of one product or category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// What it is.
    pub kind: PickKind,
    /// Its name.
    pub name: NameId,
    /// Pieces of it.
    pub units: Quantity,
}

impl OrderTold {
    /// What is to be told of an order or refund that changed, and to which customer: how it stands to the one whose it is,
    /// and to another whose it was that it is no longer.
    pub fn of_change(
        (kind, order): (OrderKind, OrderId),
        (was, is): (Option<&Sale>, Option<&Sale>),
        version: Version,
        calendar: &Calendar,
    ) -> impl Iterator<Item = (Arc<str>, OrderTold)> + use<> {
        let customer = |sale: Option<&Sale>| sale?.customer_id.clone();
        let (before, after) = (customer(was), customer(is));
        let gone = was.zip(before.filter(|before| Some(before) != after.as_ref()));
        let gone = gone.map(|(was, customer)| {
            let told = OrderTold {
                order,
                time: was.time,
                version,
                what: None,
            };
            (customer, told)
        });
        let told = is.zip(after).map(|(is, customer)| {
            let told = OrderTold {
                order,
                time: is.time,
                version,
                what: Some(OrderSummary::of(kind, is, calendar)),
            };
            (customer, told)
        });
        gone.into_iter().chain(told)
    }
}

impl OrderSummary {
    /// Of an order or refund as it stands.
    #[must_use]
    pub fn of(kind: OrderKind, sale: &Sale, calendar: &Calendar) -> OrderSummary {
        let totals = sale.totals(kind == OrderKind::Refund);
        let refunded = totals[Field::RefundAmount];
        OrderSummary {
            is_order: totals[Field::Orders] > 0,
            hour: HourOfWeek::of(sale.time, calendar),
            currency: sale.names.currency,
            revenue: money(totals[Field::Revenue]),
            net: money(match kind {
                OrderKind::Order => of_products(sale, totals[Field::Revenue]),
                OrderKind::Refund => -refunded,
            }),
            refunded: money(refunded),
            units: Quantity(clamp(totals[Field::Units])),
            picks: match kind {
                OrderKind::Order => picks(sale),
                OrderKind::Refund => ThinVec::new(),
            },
        }
    }
}

/// Revenue without fees and their part of the order's discount; of an order without lines all is taken to be of products.
fn of_products(sale: &Sale, revenue: i128) -> i128 {
    let shares = sale.shares();
    let fees = shares
        .iter()
        .filter(|share| share.line.kind == LineKind::Fee);
    revenue - fees.map(|share| share.revenue).sum::<i128>()
}

/// The products and categories of most pieces; of as many pieces the one that stands first.
fn picks(sale: &Sale) -> ThinVec<Pick> {
    let sold = |share: &&crate::order::LineShare| {
        share.line.kind == LineKind::Product && share.line.quantity.0 > 0
    };
    let shares = sale.shares();
    let mut picks = ThinVec::new();
    for kind in [PickKind::Product, PickKind::Category] {
        let mut groups: Vec<(NameId, i64)> = Vec::new();
        for share in shares.iter().filter(sold) {
            let names = share.line.names;
            let name = match kind {
                PickKind::Product => names.product,
                PickKind::Category => names.category,
            };
            let units = share.line.quantity.0;
            match groups.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum = sum.saturating_add(units),
                None => groups.push((name, units)),
            }
        }
        groups.retain(|(name, _)| *name != NameId(0));
        groups.sort_by_key(|(_, units)| Reverse(*units));
        let most = groups.into_iter().take(PICKS_MAX);
        picks.extend(most.map(|(name, units)| Pick {
            kind,
            name,
            units: Quantity(units),
        }));
    }
    picks.shrink_to_fit();
    picks
}

fn money(amount: i128) -> Money {
    Money(clamp(amount))
}

/// One order of 922 trillion or more is told as so much.
fn clamp(amount: i128) -> i64 {
    amount.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}
