//! Rows that need no state but their own: orders, refunds, anomalies, stock, buyers, lines with a fate.

use super::write_order_id;
use crate::event::{Detail, SimEvent};
use crate::fault::Fault;
use crate::kind::Kind;
use crate::money::{Currency, Money};
use crate::story::{Anomaly, Buyer, Evidence, Stock};
use crate::time::Time;
use crate::write::{Format, Shown, number, put, readable, uuid, whole};

/// An order or a refund, gathered from its lines.
#[derive(Debug)]
pub(super) struct OrderRow {
    pub(super) is_refund: bool,
    pub(super) time: Time,
    pub(super) currency: Currency,
    pub(super) revenue: Money,
    pub(super) units_of_one_max: u32,
    event: u128,
    order: u64,
    visitor: Option<u64>,
    customer: Option<u32>,
    lines: u64,
    units: u64,
    sold: Money,
    refunded: Money,
    tax: Option<Money>,
    shipping: Option<Money>,
    payment: Option<&'static str>,
    reason: &'static str,
}

impl OrderRow {
    pub(super) fn new(event: &SimEvent<'_>, format: Format) -> OrderRow {
        let is_customer = event.who.is_signed_in || format.shows() == Shown::Customer;
        let mut row = OrderRow {
            is_refund: event.kind == Kind::Refund,
            time: format.time_of(event),
            currency: event.currency,
            revenue: Money::ZERO,
            units_of_one_max: 0,
            event: event.id,
            order: 0,
            visitor: format.visitor_of(event),
            customer: is_customer.then_some(event.who.visitor.number),
            lines: 0,
            units: 0,
            sold: Money::ZERO,
            refunded: Money::ZERO,
            tax: None,
            shipping: None,
            payment: None,
            reason: "",
        };
        match event.detail {
            Detail::Order { order, bill } => {
                row.order = order;
                if format.has_discounts() {
                    row.tax = Some(bill.tax);
                    row.shipping = Some(bill.shipping);
                    row.payment = Some(event.who.visitor.payment.name());
                }
            }
            Detail::Refund { order, reason, .. } => {
                row.order = order;
                row.reason = reason;
            }
            _ => {}
        }
        row
    }

    pub(super) fn is_of(&self, event: &SimEvent<'_>) -> bool {
        self.event == event.id
    }

    pub(super) fn add(&mut self, event: &SimEvent<'_>, index: usize, format: Format) {
        for line in format.goods_of(event, index).lines() {
            self.lines += 1;
            self.units += u64::from(line.quantity);
            self.units_of_one_max = self.units_of_one_max.max(line.quantity);
            self.sold += event.currency.price(line.product.price) * line.quantity;
        }
        self.revenue += format.revenue_of(event, index);
        self.refunded += format.refunded_by(event, index);
    }

    pub(super) fn write_id(&self, format: Format, out: &mut Vec<u8>) {
        write_order_id(self.order, format, out);
    }

    pub(super) fn write(&self, format: Format, out: &mut Vec<u8>) {
        self.write_id(format, out);
        out.push(b',');
        self.time.write_utc(out);
        out.push(b',');
        if self.is_refund {
            put(out, self.currency.code());
            out.push(b',');
            number(self.units, out);
            out.push(b',');
            put(out, &self.refunded.to_string());
            out.push(b',');
            return put(
                out,
                if format == Format::Orders {
                    ""
                } else {
                    self.reason
                },
            );
        }
        if let Some(visitor) = self.visitor {
            format.write_visitor(visitor, out);
        }
        out.push(b',');
        if let Some(customer) = self.customer {
            number(u64::from(customer), out);
        }
        out.push(b',');
        put(out, self.currency.code());
        for count in [self.lines, self.units] {
            out.push(b',');
            number(count, out);
        }
        for amount in [Some(self.sold), Some(self.revenue), self.tax, self.shipping] {
            out.push(b',');
            put(
                out,
                &amount.map_or(String::new(), |amount| amount.to_string()),
            );
        }
        out.push(b',');
        put(out, self.payment.unwrap_or_default());
    }
}

pub(super) fn write_anomaly(anomaly: &Anomaly, out: &mut Vec<u8>) {
    put(out, anomaly.kind.name());
    out.push(b',');
    anomaly.from.write_utc(out);
    out.push(b',');
    anomaly.until.write_utc(out);
    out.push(b',');
    if let Some(product) = anomaly.product {
        put(out, "prod_");
        number(u64::from(product), out);
    }
    out.push(b',');
    if let Some(order) = anomaly.order {
        put(out, "ord_");
        readable(order, out);
    }
    out.push(b',');
    match anomaly.evidence {
        Evidence::None => {}
        Evidence::Amount(amount) => put(out, &amount.to_string()),
        Evidence::Units(units) => whole(units, out),
    }
}

pub(super) fn write_buyer(buyer: &Buyer, out: &mut Vec<u8>) {
    put(out, "cust_");
    number(u64::from(buyer.number), out);
    put(out, &format!(",{:.9},{:.9},", buyer.rate, buyer.dropout));
    buyer.first.write_utc(out);
    out.push(b',');
    buyer.last.write_utc(out);
    out.push(b',');
    number(u64::from(buyer.purchases), out);
    put(
        out,
        if buyer.has_dropped_out {
            ",true"
        } else {
            ",false"
        },
    );
}

pub(super) fn write_stock(product: u32, stock: &Stock, out: &mut Vec<u8>) {
    put(out, "prod_");
    number(u64::from(product), out);
    for units in [
        stock.opening,
        stock.received,
        stock.sold,
        stock.lost,
        stock.level(),
    ] {
        out.push(b',');
        whole(units, out);
    }
    out.push(b',');
    if let Some(reported) = stock.reported {
        whole(reported, out);
    }
}

/// A line that did not come in time, whole and once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivered {
    pub(crate) line: u64,
    pub(crate) fate: &'static str,
    pub(crate) fault: Option<Fault>,
    pub(crate) event: u128,
    pub(crate) time: Time,
}

impl Delivered {
    pub(super) fn write(&self, format: Format, out: &mut Vec<u8>) {
        number(self.line, out);
        out.push(b',');
        put(out, self.fate);
        out.push(b',');
        put(out, self.fault.map_or("", Fault::name));
        out.push(b',');
        if format.has_ids() {
            uuid(self.event, out);
        }
        out.push(b',');
        self.time.write_utc(out);
    }
}
