//! Claims about the line: its results depend on the set of events alone, not on order, split, repetition or threads.
//! Claims about any events are in `properties`; single cases are here.

mod archives;
mod harness;
mod lives;
mod properties;
mod readers;
mod recount;
mod replays;
mod shop;
mod undone;

use changelog::Value;
use event::schema::{Amount, ItemAmount, ItemLabel, ItemNumber, ItemText, Label, Number, Text};
use event::time::MINUTE;
use event::{Event, EventId, EventTime, EventType, Item};
use harness::{Delivery, Tables, differences};

const START: i64 = 1_600_000_000_000_000;

/// A few numbers from which an event follows.
#[derive(Debug, Clone, Copy)]
struct Seed {
    kind: usize,
    minute: i64,
    person: u8,
    order: u8,
    product: u8,
    price: i64,
    quantity: i64,
    country: u8,
    discount: i64,
}

const KINDS: [EventType; 7] = [
    EventType::PageView,
    EventType::ItemView,
    EventType::CartAdd,
    EventType::Order,
    EventType::OrderUpdate,
    EventType::OrderCancel,
    EventType::Refund,
];

fn event(number: usize, seed: Seed) -> Event<'static> {
    let mut event = Event::new(KINDS[seed.kind]);
    event.id = Some(EventId(number as u128 * 7 + 1));
    event.time = Some(EventTime(START + seed.minute * MINUTE));
    event.set_number(Number::SourcePosition, number as i64);
    event.set_label(
        Label::Country,
        ["Malta", "Peru", ""][usize::from(seed.country)],
    );
    event.set_text(
        if seed.person.is_multiple_of(2) {
            Text::CustomerId
        } else {
            Text::AnonymousId
        },
        format!("p{}", seed.person),
    );
    if event.kind.is_order_kind() && seed.order > 0 {
        let column = if event.kind == EventType::Refund {
            Text::RefundId
        } else {
            Text::OrderId
        };
        event.set_text(column, format!("o{}", seed.order));
    }
    if event.kind == EventType::Order {
        event.set_amount(Amount::Discount, seed.discount);
    }
    if event.kind != EventType::PageView {
        for line in 0..seed.quantity {
            let mut item = Item::default();
            item.set_text(
                ItemText::ProductId,
                format!("i{}", (i64::from(seed.product) + line) % 5),
            );
            item.set_text(ItemText::Name, format!("name {}", seed.price % 3));
            item.set_label(
                ItemLabel::CategoryPath,
                ["Tea/Green", "Cups"][usize::from(seed.product % 2)],
            );
            item.set_amount(ItemAmount::UnitPrice, seed.price * (line + 1));
            item.set_amount(ItemAmount::Quantity, seed.quantity * 10_000);
            item.set_number(ItemNumber::Line, line + i64::from(seed.kind == 4));
            event.items.push(item);
        }
    }
    event
}

/// The final tables after these events arrive in this order, in frames and rounds of these sizes.
fn tables(
    events: &[Event<'static>],
    workers: usize,
    frame_rows: usize,
    frames_a_round: usize,
) -> Tables {
    let told: Vec<_> = events.iter().map(|event| ("main", event.clone())).collect();
    let delivery = Delivery {
        workers,
        frame_rows,
        frames_a_round,
    };
    harness::tables(&told, delivery)
}

#[test]
fn days_follow_the_stores_own_clock() {
    let late_evening = Seed {
        kind: 0,
        minute: 0,
        person: 1,
        order: 0,
        product: 0,
        price: 0,
        quantity: 1,
        country: 0,
        discount: 0,
    };
    let mut event = event(0, late_evening);
    event.time =
        Some(EventTime::parse("2024-06-01T23:30:00Z", &jiff::tz::TimeZone::UTC).expect("a time"));
    let day = |view: Tables| {
        let days = view
            .into_keys()
            .filter(|(table, key)| table == "activity" && key[1] == Value::Text("1d".into()));
        days.map(|(_, key)| key[2].clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        day(tables(&[event], 1, 1, 1)),
        [Value::Time(1_717_200_000_000_000)]
    );
}

#[test]
fn an_id_used_again_for_something_else_is_set_aside_and_the_first_stays() {
    let order = |number, price| {
        let seed = Seed {
            kind: 3,
            minute: 7,
            person: 2,
            order: 1,
            product: 0,
            price,
            quantity: 1,
            country: 0,
            discount: 0,
        };
        event(number, seed)
    };
    let (first, other) = (order(0, 10_000), order(0, 99_000));
    let view = tables(&[first.clone(), other, first.clone()], 2, 1, 3);
    let mut alone = tables(&[first], 1, 1, 1);
    let aside = |(table, _): &(String, Vec<Value>)| table.starts_with("quarantine");
    let (set_aside, mut kept): (Tables, Tables) = view.into_iter().partition(|(key, _)| aside(key));
    kept.retain(|key, _| !aside(key));
    alone.retain(|key, _| !aside(key));
    assert_eq!(differences(&kept, &alone), "");
    let reasons: Vec<_> = set_aside.into_iter().collect();
    let shown = format!("{reasons:?}");
    assert_eq!(reasons.len(), 2, "one row and one count: {shown}");
    assert!(shown.contains("id_conflict"), "{shown}");
}

#[test]
fn an_order_file_read_in_mid_order_and_again_once_it_has_grown_counts_each_line_once() {
    let order = |kind, lines| {
        let seed = Seed {
            kind,
            minute: 7,
            person: 2,
            order: 1,
            product: 0,
            price: 10_000,
            quantity: lines,
            country: 0,
            discount: 0,
        };
        let mut order = event(0, seed);
        order.set_label(Label::Dialect, "order_csv");
        for item in &mut order.items {
            item.set_amount(ItemAmount::Quantity, 10_000);
        }
        order
    };
    for kind in [3, 6] {
        let (half, whole) = (order(kind, 2), order(kind, 3));
        let expected = tables(std::slice::from_ref(&whole), 1, 1, 1);
        let grown = tables(&[half.clone(), whole.clone(), whole, half], 2, 1, 2);
        assert_eq!(differences(&grown, &expected), "");
    }
}
