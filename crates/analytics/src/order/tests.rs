//! Claims about orders: what counts, what counts once, and that parts add up to the whole.

mod given_back;

use super::*;
use crate::cell::{CubeId, cubes};
use crate::tally::Field;
use event::batch::Stamp;
use event::schema::{Amount, ItemAmount, ItemNumber, ItemText};
use event::{Event, EventBatch, EventBatchBuilder, Item};

/// `order A 10 tea 2.50x2 cup 4x1 -1.00`: kind, order id, minute, then lines `product price x quantity`, then a discount.
fn event(text: &str, id: u128) -> Event<'static> {
    let mut words = text.split(' ');
    let kind = EventType::parse(words.next().expect("a kind")).expect("a known kind");
    let mut event = Event::new(kind);
    event.id = Some(EventId(id));
    let key = words.next().expect("an id").to_owned();
    match kind {
        EventType::Refund => event.set_text(Text::RefundId, key),
        _ if key != "-" => event.set_text(Text::OrderId, key),
        _ => {}
    }
    let minute: i64 = words.next().expect("a minute").parse().expect("a number");
    event.time = Some(EventTime(
        1_600_000_000_000_000 + minute * event::time::MINUTE,
    ));
    let amount = |text: &str| {
        event::parse_decimal(text.as_bytes())
            .expect("a decimal")
            .value
    };
    while let Some(word) = words.next() {
        if let Some(discount) = word.strip_prefix('-') {
            event.set_amount(Amount::Discount, amount(discount));
            continue;
        }
        let (price, quantity) = words
            .next()
            .and_then(|line| line.split_once('x'))
            .expect("price x quantity");
        let mut item = Item::default();
        item.set_text(ItemText::ProductId, word.to_owned());
        item.set_amount(ItemAmount::UnitPrice, amount(price));
        item.set_amount(ItemAmount::Quantity, amount(quantity));
        item.set_number(ItemNumber::Line, word.bytes().map(i64::from).sum());
        event.items.push(item);
    }
    event
}

fn batch(events: &[Event<'static>]) -> EventBatch {
    let mut builder = EventBatchBuilder::default();
    let stamp = Stamp {
        store: "main",
        source: "test",
        received: EventTime(0),
    };
    events.iter().for_each(|event| builder.append(event, stamp));
    builder.finish()
}

/// Folds the events in this order; says orders, units, sold value, revenue, refunds and refunded, and the sum over products.
fn fold(events: &[Event<'static>]) -> String {
    let batch = batch(events);
    let (mut deltas, mut movements, mut rows) = (Deltas::default(), Vec::new(), Vec::new());
    let mut orders = Orders::default();
    for event in batch.events() {
        let items: Vec<ItemNames> = event
            .items()
            .enumerate()
            .map(|(at, _)| ItemNames {
                product: NameId(at as u32 + 1),
                category: NameId(at as u32 % 2),
            })
            .collect();
        let mut out = Outputs {
            deltas: &mut deltas,
            products: &mut movements,
            rows: &mut rows,
            news: &mut Vec::new(),
            refunds: &mut Vec::new(),
        };
        orders.observe(event, &EventNames::default(), &items, &mut out);
    }
    let taken = deltas.take();
    let of = |cube: CubeId, field: Field| -> i128 {
        let column = cube
            .cube()
            .fields
            .iter()
            .position(|known| *known == field)
            .expect("kept");
        taken
            .iter()
            .filter(|(key, _)| key.cube == cube)
            .map(|(_, delta)| delta.sums[column])
            .sum()
    };
    let revenue = of(cubes::SALES, Field::Revenue);
    let by_category = of(cubes::SALES_BY_CATEGORY, Field::Revenue);
    let column = cubes::SALES_BY_PRODUCT
        .cube()
        .fields
        .iter()
        .position(|known| *known == Field::Revenue)
        .expect("kept");
    let by_product: i128 = movements
        .iter()
        .map(|movement| match movement {
            ProductMovement::Sold(sold) => sold.sums[column],
            other => panic!("an order tells no {other:?}"),
        })
        .sum();
    assert_eq!(
        (by_category, by_product),
        (revenue, revenue),
        "parts add up to the whole"
    );
    let money = |value: i128| event::format_decimal(value, 2);
    format!(
        "orders {} units {} sold {} revenue {} refunds {} refunded {}",
        of(cubes::SALES, Field::Orders),
        event::format_decimal(of(cubes::SALES, Field::Units), 0),
        money(of(cubes::SALES, Field::SoldValue)),
        money(revenue),
        of(cubes::SALES, Field::Refunds),
        money(of(cubes::SALES, Field::RefundAmount)),
    )
}

/// Every order of arrival must give the same.
fn check(events: &[&str], expected: &str) {
    let mut events: Vec<Event<'static>> = events
        .iter()
        .zip(1..)
        .map(|(text, id)| event(text, id))
        .collect();
    for _ in 0..events.len() {
        events.rotate_left(1);
        assert_eq!(fold(&events), expected);
        let backwards: Vec<Event<'static>> = events.iter().rev().cloned().collect();
        assert_eq!(fold(&backwards), expected);
    }
}

#[test]
fn an_order_is_the_sum_of_its_lines_less_its_discount() {
    check(
        &["order A 1 tea 2.50x2 cup 4x1"],
        "orders 1 units 3 sold 9.00 revenue 9.00 refunds 0 refunded 0.00",
    );
    check(
        &["order A 1 tea 1x1 cup 1x1 pot 1x1 -1.00"],
        "orders 1 units 3 sold 3.00 revenue 2.00 refunds 0 refunded 0.00",
    );
}

#[test]
fn a_reloaded_thank_you_page_counts_once_and_the_earliest_wins() {
    check(
        &[
            "order A 5 tea 2x1",
            "order A 1 tea 3x1",
            "order A 9 tea 4x1",
        ],
        "orders 1 units 1 sold 3.00 revenue 3.00 refunds 0 refunded 0.00",
    );
}

/// The same, read from a file's rows.
fn of_rows(text: &str, id: u128) -> Event<'static> {
    let mut event = event(text, id);
    event.set_label(Label::Dialect, TableDialect::Orders.name());
    let worth = |item: &Item<'_>| item.amount(ItemAmount::UnitPrice).unwrap_or_default();
    let amount = event.items.iter().map(worth).sum();
    event.set_amount(Amount::RefundAmount, amount);
    event
}

#[test]
fn rows_of_a_refund_add_up_in_whatever_order_they_are_read() {
    let parts = [
        "refund R 5 tea 2x1",
        "refund R 5 cup 3x1 pot 1x1",
        "refund R 4 mug 4x1",
    ];
    let expected = "orders 0 units 0 sold 0.00 revenue 0.00 refunds 1 refunded 10.00";
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0], [0, 2, 1]] {
        let events = order.map(|at| of_rows(parts[at], at as u128 + 1));
        assert_eq!(fold(&events), expected, "{order:?}");
        let again = order.map(|at| of_rows(parts[at], at as u128 + 1));
        let twice: Vec<Event<'static>> = events.into_iter().chain(again).collect();
        assert_eq!(fold(&twice), expected, "{order:?} twice");
    }
}

#[test]
fn later_lines_of_an_order_are_added_and_changed_lines_replaced() {
    check(
        &[
            "order A 1 tea 2x1",
            "order_update A 2 cup 5x1",
            "order_update A 3 cup 4x1",
        ],
        "orders 1 units 2 sold 6.00 revenue 6.00 refunds 0 refunded 0.00",
    );
}

#[test]
fn a_cancelled_order_counts_no_more() {
    check(
        &["order A 1 tea 2x1", "order_cancel A 2", "order B 1 cup 1x1"],
        "orders 1 units 1 sold 1.00 revenue 1.00 refunds 0 refunded 0.00",
    );
}

#[test]
fn an_order_of_nothing_but_zero_prices_is_no_order() {
    check(
        &["order A 1 tea 0x3"],
        "orders 0 units 0 sold 0.00 revenue 0.00 refunds 0 refunded 0.00",
    );
}

#[test]
fn purchases_without_order_id_are_orders_of_their_own() {
    check(
        &["order - 1 tea 2x1", "order - 1 tea 2x1"],
        "orders 2 units 2 sold 4.00 revenue 4.00 refunds 0 refunded 0.00",
    );
}

#[test]
fn a_refund_counts_once_and_takes_nothing_from_revenue() {
    check(
        &[
            "order A 1 tea 2x1",
            "refund R 3 tea 2x1",
            "refund R 4 tea 2x1",
        ],
        "orders 1 units 1 sold 2.00 revenue 2.00 refunds 1 refunded 2.00",
    );
}

#[test]
fn the_discount_of_an_absurd_order_is_spread_too() {
    let absurd = "order A 10 tea 90000000000000x90000000000000 cup 90000000000000x90000000000000 -90000000000000";
    check(
        &[absurd],
        "orders 1 units 180000000000000 sold 16200000000000000000000000000.00 \
         revenue 16199999999999910000000000000.00 refunds 0 refunded 0.00",
    );
}
