//! Orders and refunds as they stand in the end, line by line: what recounts of stock and of prices begin with.

use super::super::harness::Told;
use super::{currency, rank, refunds};
use event::schema::{Amount, ItemAmount, ItemLabel, ItemNumber, ItemText, Text};
use event::{Event, EventTime, EventType, Item};
use std::collections::BTreeMap;

/// A line that was sold or given back.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) store: String,
    pub(super) product: String,
    pub(super) currency: String,
    pub(super) time: EventTime,
    pub(super) is_fee: bool,
    pub(super) price: i128,
    pub(super) pieces: i128,
    /// Its part of the order's revenue.
    pub(super) revenue: i128,
    /// 1 at the first line of its product that is worth anything.
    pub(super) orders: i128,
}

/// Lines of orders that were not cancelled, by the rules of an order.
pub(super) fn sold(events: &[&Told]) -> Vec<Line> {
    let mut orders: BTreeMap<(&str, String), Vec<&Event<'static>>> = BTreeMap::new();
    for (store, event) in events {
        let kinds = [
            EventType::Order,
            EventType::OrderUpdate,
            EventType::OrderCancel,
        ];
        if kinds.contains(&event.kind) {
            let id = event.text(Text::OrderId).map(str::to_owned);
            let single = event.kind == EventType::Order;
            let single = single.then(|| format!("single {}", rank(event).1));
            if let Some(id) = id.or(single) {
                orders.entry((store, id)).or_default().push(event);
            }
        }
    }
    let mut lines = Vec::new();
    for ((store, _), mut events) in orders {
        events.sort_by_key(|event| rank(event));
        let of = |kind| events.iter().filter(move |event| event.kind == kind);
        let placed = of(EventType::Order).next();
        if of(EventType::OrderCancel).next().is_some() {
            continue;
        }
        if let Some(placed) = placed {
            let mut items: BTreeMap<i64, &Item<'static>> = BTreeMap::new();
            for event in [placed].into_iter().chain(of(EventType::OrderUpdate)) {
                items.extend(event.items.iter().map(|item| (number(item), item)));
            }
            lines.extend(order(store, placed, items.into_values()));
        }
    }
    lines
}

fn order<'a>(
    store: &str,
    placed: &Event<'static>,
    items: impl Iterator<Item = &'a Item<'static>>,
) -> Vec<Line> {
    let mut lines: Vec<Line> = items.map(|item| line(store, placed, item)).collect();
    let worth = |line: &Line| line.price * line.pieces / i128::from(event::SCALE);
    let total: i128 = lines.iter().map(worth).sum();
    let discount = i128::from(placed.amount(Amount::Discount).unwrap_or_default());
    let mut up_to = 0;
    for at in 0..lines.len() {
        let own = worth(&lines[at]);
        if own > 0 {
            let share = |sum: i128| discount * sum / total;
            lines[at].revenue = own - (share(up_to + own) - share(up_to));
            up_to += own;
            let product = lines[at].product.clone();
            let mut earlier = lines[..at].iter();
            let is_known = earlier.any(|known| known.product == product && worth(known) > 0);
            lines[at].orders = i128::from(!is_known);
        }
    }
    lines
}

/// Lines of refunds.
pub(super) fn returned(events: &[&Told]) -> Vec<Line> {
    let lines = refunds(events).into_iter().flat_map(|(store, refund)| {
        let items = refund.items.iter();
        items.map(move |item| line(store, refund, item))
    });
    lines.collect()
}

fn line(store: &str, event: &Event<'static>, item: &Item<'static>) -> Line {
    let amount = |column| i128::from(item.amount(column).expect("set"));
    Line {
        store: store.to_owned(),
        product: item.text(ItemText::ProductId).expect("set").to_owned(),
        currency: currency(store, event),
        time: event.time.expect("set"),
        is_fee: item.label(ItemLabel::Kind) == Some("fee"),
        price: amount(ItemAmount::UnitPrice),
        pieces: amount(ItemAmount::Quantity),
        revenue: 0,
        orders: 0,
    }
}

fn number(item: &Item<'static>) -> i64 {
    item.number(ItemNumber::Line).expect("set")
}

/// The products of an event, each once.
pub(super) fn products(event: &Event<'static>) -> Vec<String> {
    let products = event.items.iter();
    let products = products.map(|item| item.text(ItemText::ProductId).expect("set").to_owned());
    let mut products: Vec<String> = products.collect();
    products.sort();
    products.dedup();
    products
}
