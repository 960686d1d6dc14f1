//! Ways to pay, coupons, promotions, searches, and what was given back for an order, counted a second time from the list of events.

use super::super::harness::Told;
use super::{Numbers, add, currency, day, given_back, refunds};
use event::schema::{ItemText, Label, Number, Text};
use event::{Event, EventType};
use jiff::civil::Date;
use std::collections::BTreeSet;

/// Payments that failed, coupons that were accepted, promotions that were shown, and what was searched for.
pub(super) fn count_payments(events: &[&Told], numbers: &mut Numbers) {
    for (store, event) in events {
        let day = day(store, event.time.expect("set"));
        let mut tell = |what: String| add(numbers, format!("{store} {day} {what}"), 1);
        match event.kind {
            EventType::PaymentError => {
                let method = event.label(Label::PaymentMethod).unwrap_or("-");
                tell(format!("payments by {method}"));
                tell(format!("payment errors by {method}"));
            }
            EventType::Search => {
                let term = match event.text(Text::Query) {
                    Some("GREEN  tea") => "green tea",
                    Some(_) => "tea",
                    None => "-",
                };
                tell(format!("searches for {term}"));
                let count = event.number(Number::ResultsCount);
                let is = |is_so: bool, what: &str| is_so.then(|| format!("{what} for {term}"));
                let more = [
                    is(count.is_some(), "answered"),
                    is(count == Some(0), "in vain"),
                ];
                more.into_iter().flatten().for_each(tell);
            }
            EventType::CouponApply => tell(format!("coupons {}", coupon(event))),
            EventType::PromoView => promotions(event)
                .into_iter()
                .for_each(|name| tell(format!("promotion {name}"))),
            _ => {}
        }
    }
}

fn promotions<'a>(event: &'a Event<'static>) -> BTreeSet<&'a str> {
    let names = event.items.iter();
    let names = names.filter_map(|item| item.text(ItemText::PromoName));
    let names: BTreeSet<&str> = names.collect();
    match names.is_empty() {
        true => BTreeSet::from(["-"]),
        false => names,
    }
}

/// However it was typed.
fn coupon(event: &Event<'static>) -> &'static str {
    match event.text(Text::Coupon) {
        None => "-",
        Some(" ten " | "TEN") => "TEN",
        Some("five") => "FIVE",
        Some(other) => panic!("{other} is of no shop here"),
    }
}

/// As what an order's numbers are told: in all, by the way it was paid, and with its coupon.
pub(super) fn sold_by(placed: &Event<'static>) -> [String; 3] {
    let method = placed.label(Label::PaymentMethod).unwrap_or("-");
    let by = format!(" by {method}");
    [String::new(), by, format!(" with {}", coupon(placed))]
}

/// An order that was not cancelled.
pub(super) struct Order<'a> {
    pub(super) placed: &'a Event<'static>,
    pub(super) id: &'a str,
    pub(super) is_order: bool,
}

impl Order<'_> {
    /// What was given back for it, at its own date.
    pub(super) fn count_refunds(
        &self,
        store: &str,
        day: Date,
        all: &[&Told],
        numbers: &mut Numbers,
    ) {
        let is_of_order = |of: &str, refund: &Event<'static>| {
            of == store && refund.text(Text::OrderId) == Some(self.id)
        };
        let refunds = refunds(all).into_iter();
        let refunds: Vec<_> = refunds
            .filter(|(of, refund)| is_of_order(of, refund))
            .collect();
        for what in sold_by(self.placed) {
            let own = currency(store, self.placed);
            let key = format!("{store} {day} refunded_orders{what} {own}");
            let is_refunded = self.is_order && !refunds.is_empty();
            add(numbers, key, i128::from(is_refunded));
            for (_, refund) in &refunds {
                let currency = currency(store, refund);
                let key = format!("{store} {day} refund_amount_by_order_date{what} {currency}");
                add(numbers, key, given_back(refund));
            }
        }
    }
}
