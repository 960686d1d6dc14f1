//! Claims about what an order's home tells of an order: fees, discounts, refunds, and absurd figures.

use super::*;
use crate::names::{EventNames, ItemNames};
use crate::order::{OrderKey, OrderKind, Sale, SaleLine};
use crate::window::Calendar;
use event::{EventId, LineKind};
use jiff::tz::TimeZone;

/// `tea 2.50x2` is a product line, `post! 4x1` a fee; the category is the first letter.
fn sale(lines: &str, discount: &str) -> Sale {
    let amount = |text: &str| {
        event::parse_decimal(text.as_bytes())
            .expect("a decimal")
            .value
    };
    let line = |(at, text): (usize, &str)| {
        let (name, rest) = text.split_once(' ').expect("a name");
        let (price, quantity) = rest.split_once('x').expect("price x quantity");
        let kind = if name.ends_with('!') {
            LineKind::Fee
        } else {
            LineKind::Product
        };
        SaleLine {
            line: at as i64,
            kind,
            names: ItemNames {
                product: product_id(name),
                category: product_id(&name[..1]),
            },
            unit_price: Some(Money(amount(price))),
            list_price: None,
            quantity: Quantity(amount(quantity)),
            unit_discount: Money(0),
        }
    };
    let lines = lines.split(", ").filter(|line| !line.is_empty());
    Sale {
        time: EventTime(10 * DAY + 15 * HOUR),
        names: EventNames {
            currency: NameId(3),
            ..EventNames::default()
        },
        customer: None,
        customer_id: None,
        discount: Money(amount(discount)),
        stated: None,
        lines: lines.enumerate().map(line).collect(),
        given_back: Default::default(),
    }
}

fn utc() -> Calendar {
    Calendar::new(TimeZone::UTC)
}

/// `order revenue 9.00 net 5.00 refunded 0.00 units 2`.
fn said(summary: &OrderSummary) -> String {
    let money = |amount: Money| event::format_decimal(amount.0.into(), 2);
    format!(
        "{} revenue {} net {} refunded {} units {}",
        if summary.is_order { "order" } else { "none" },
        money(summary.revenue),
        money(summary.net),
        money(summary.refunded),
        event::format_decimal(summary.units.0.into(), 0),
    )
}

fn check(kind: OrderKind, sale: &Sale, expected: &str) {
    assert_eq!(said(&OrderSummary::of(kind, sale, &utc())), expected);
}

#[test]
fn fees_are_revenue_and_no_net() {
    check(
        OrderKind::Order,
        &sale("tea 2.50x2, post! 4x1", "0"),
        "order revenue 9.00 net 5.00 refunded 0.00 units 2",
    );
    // The discount is spread over all lines by value: five ninths of 0.90 fall on the tea.
    check(
        OrderKind::Order,
        &sale("tea 2.50x2, post! 4x1", "0.90"),
        "order revenue 8.10 net 4.50 refunded 0.00 units 2",
    );
    check(
        OrderKind::Order,
        &sale("post! 4x1", "0"),
        "order revenue 4.00 net 0.00 refunded 0.00 units 0",
    );
}

#[test]
fn an_order_without_value_is_none_and_one_without_lines_is_what_it_says() {
    check(
        OrderKind::Order,
        &sale("tea 0x2", "0"),
        "none revenue 0.00 net 0.00 refunded 0.00 units 0",
    );
    let stated = Sale {
        stated: Some(Money(120_000)),
        ..sale("", "0")
    };
    check(
        OrderKind::Order,
        &stated,
        "order revenue 12.00 net 12.00 refunded 0.00 units 0",
    );
}

#[test]
fn a_refund_is_a_negative_net() {
    check(
        OrderKind::Refund,
        &sale("tea 2.50x-2", "0"),
        "none revenue 0.00 net -5.00 refunded 5.00 units 0",
    );
    let stated = Sale {
        stated: Some(Money(70_000)),
        ..sale("tea 2.50x-2", "0")
    };
    check(
        OrderKind::Refund,
        &stated,
        "none revenue 0.00 net -7.00 refunded 7.00 units 0",
    );
}

#[test]
fn absurd_figures_are_clamped_and_never_panic() {
    let mut absurd = sale("tea 1x1, cup 1x1", "0");
    absurd.lines[0].unit_price = Some(Money(i64::MAX));
    absurd.lines[0].quantity = Quantity(i64::MAX);
    absurd.discount = Money(i64::MIN);
    absurd.time = EventTime(i64::MAX);
    for kind in [OrderKind::Order, OrderKind::Refund] {
        let summary = OrderSummary::of(kind, &absurd, &utc());
        let told = OrderTold {
            order: OrderId(1),
            time: absurd.time,
            version: Version::default(),
            what: Some(summary),
        };
        let mut totals = Totals::default();
        totals.add(&told);
        totals.add(&told);
        let net = totals.amounts[0].net;
        assert!(net.abs() >= 2 * i128::from(i64::MAX), "{net}");
    }
}

#[test]
fn an_order_tells_the_products_and_categories_of_most_pieces() {
    let sale = sale(
        "tea 1x1, cup 1x3, tin 1x3, pot 1x2, lid 1x1, box 1x1, tea 1x1, post! 4x9, jar 0x5, bad 1x-4",
        "0",
    );
    let summary = OrderSummary::of(OrderKind::Order, &sale, &utc());
    let of = |kind| {
        let picks = summary.picks.iter().filter(move |pick| pick.kind == kind);
        picks
            .map(|pick| (pick.name, pick.units.0 / 10_000))
            .collect::<Vec<_>>()
    };
    let named = |names: &[(&str, i64)]| {
        let ids = names
            .iter()
            .map(|(name, pieces)| (product_id(name), *pieces));
        ids.collect::<Vec<_>>()
    };
    // What was given away was chosen too; fees and returns were not.
    let products = named(&[("jar", 5), ("cup", 3), ("tin", 3), ("tea", 2), ("pot", 2)]);
    assert_eq!(of(PickKind::Product), products);
    let categories = named(&[("t", 5), ("j", 5), ("c", 3), ("p", 2), ("l", 1)]);
    assert_eq!(of(PickKind::Category), categories);
}

#[test]
fn the_hour_is_the_stores() {
    let zone = TimeZone::get("America/New_York").expect("a zone of the database");
    let hour = |time: &str, zone: &TimeZone| {
        let time = EventTime::parse(time, &TimeZone::UTC).expect("a time");
        let hour = HourOfWeek::of(time, &Calendar::new(zone.clone()));
        (hour.day_of_week(), hour.hour())
    };
    assert_eq!(hour("2026-03-02T00:00:00Z", &TimeZone::UTC), (1, 0));
    assert_eq!(hour("2026-03-02T04:59:00Z", &zone), (7, 23));
}

#[test]
fn orders_refunds_and_events_of_the_same_text_are_told_apart() {
    let of = |kind| {
        OrderId::of(&OrderKey {
            store: NameId(1),
            kind,
            id: "7".into(),
        })
    };
    let (order, refund) = (of(OrderKind::Order), of(OrderKind::Refund));
    assert_ne!(order, refund);
    assert_ne!(OrderId::of_event(EventId(7)), OrderId::of_event(EventId(8)));
    // Names have other numbers after a restart; ids of orders at rest must not.
    let other_store = OrderKey {
        store: NameId(2),
        kind: OrderKind::Order,
        id: "7".into(),
    };
    assert_eq!(OrderId::of(&other_store), order);
}

#[test]
fn a_change_is_told_to_whose_order_it_is_and_taken_back_from_whose_it_was() {
    let of = |customer: Option<&str>| Sale {
        customer_id: customer.map(Into::into),
        ..sale("tea 2.50x2", "0")
    };
    let told = |was: Option<&Sale>, is: Option<&Sale>| {
        let id = (OrderKind::Order, OrderId::of_order("A1"));
        let told = OrderTold::of_change(id, (was, is), Version::default(), &utc());
        let told = told.map(|(customer, told)| match told.what {
            Some(_) => format!("{customer} has it"),
            None => format!("{customer} has it no longer"),
        });
        told.collect::<Vec<_>>().join(", ")
    };
    let (ann, bob, nobody) = (of(Some("ann")), of(Some("bob")), of(None));
    assert_eq!(told(None, Some(&ann)), "ann has it");
    assert_eq!(told(Some(&ann), Some(&ann)), "ann has it");
    assert_eq!(told(Some(&ann), None), "ann has it no longer");
    assert_eq!(
        told(Some(&ann), Some(&bob)),
        "ann has it no longer, bob has it"
    );
    assert_eq!(told(Some(&nobody), Some(&bob)), "bob has it");
    assert_eq!(told(Some(&nobody), None), "");
}

#[test]
fn ids_of_orders_are_the_same_however_they_are_made() {
    let key = OrderKey {
        store: NameId(1),
        kind: OrderKind::Order,
        id: "A1".into(),
    };
    assert_eq!(OrderId::of(&key), OrderId::of_order("A1"));
}
