//! Claims about the line: its results depend on the set of events alone, not on order, split, repetition or threads.

use crate::{Line, Results, StreamConfig};
use changelog::{Change, Value};
use event::check::CheckContext;
use event::frame::{FrameBuilder, SourceInfo};
use event::schema::{Amount, ItemAmount, ItemLabel, ItemNumber, ItemText, Label, Number, Text};
use event::time::MINUTE;
use event::{Event, EventId, EventTime, EventType, Item};
use proptest::prelude::*;
use std::collections::BTreeMap;

const START: i64 = 1_600_000_000_000_000;

/// Rows by table and key.
type Tables = BTreeMap<(String, Vec<Value>), Vec<Value>>;

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

fn seeds() -> impl Strategy<Value = Vec<Seed>> {
    let seed = (
        0..KINDS.len(),
        0..3_000_i64,
        0..6_u8,
        0..8_u8,
        (0..5_u8, 0..90_000_i64, 1..4_i64),
        0..3_u8,
        0..9_000_i64,
    );
    let seed = seed.prop_map(
        |(kind, minute, person, order, (product, price, quantity), country, discount)| Seed {
            kind,
            minute,
            person,
            order,
            product,
            price,
            quantity,
            country,
            discount,
        },
    );
    prop::collection::vec(seed, 1..60)
}

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
    let spawn = |name: String, work: Box<dyn FnOnce() + Send>| {
        runtime::NamedThread::spawn(name, work).map(drop)
    };
    let config = StreamConfig {
        workers,
        ..StreamConfig::default()
    };
    let mut line = Line::start(&config, &spawn).expect("starts");
    let mut results = Results::new(config.stores);
    let mut view: Tables = BTreeMap::new();
    let mut builder = FrameBuilder::new();
    let info = SourceInfo {
        source: "s".into(),
        name: "s".into(),
        store: "main".into(),
    };
    let mut offset = 0;
    for (number, chunk) in events.chunks(frame_rows).enumerate() {
        let source = builder.open_source(&info);
        for event in chunk {
            builder
                .offer(
                    source,
                    event,
                    b"",
                    CheckContext {
                        received: EventTime(START * 2),
                    },
                )
                .expect("a sound event");
        }
        line.push(number as u64, offset, builder.finish());
        offset += chunk.len() as u64;
        if number % frames_a_round == frames_a_round - 1
            || (number + 1) * frame_rows >= events.len()
        {
            line.fold(|_| ()).expect("folds");
            let harvest = line.harvest().expect("harvests");
            results
                .apply(harvest)
                .changes
                .into_iter()
                .for_each(|change| upsert(&mut view, change));
        }
    }
    let mut snapshot = BTreeMap::new();
    results
        .snapshot()
        .changes
        .into_iter()
        .for_each(|change| upsert(&mut snapshot, change));
    assert_eq!(
        differences(&view, &snapshot),
        "",
        "who follows from the start and who joins late see the same"
    );
    check_law(&view, events.len() as i64);
    // Tallies say how often something came, which repetition is meant to change.
    let of_arrivals = ["sources", "totals", "audit_hours", "quality", "rhythms"];
    view.retain(|(table, _), _| !of_arrivals.contains(&table.as_str()));
    view
}

/// The first rows that differ, one a line.
fn differences(found: &Tables, expected: &Tables) -> String {
    let keys: std::collections::BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    let differs = |key: &&&(String, Vec<Value>)| found.get(**key) != expected.get(**key);
    let line = |key: &(String, Vec<Value>)| {
        format!(
            "{key:?}: {:?}, expected {:?}\n",
            found.get(key),
            expected.get(key)
        )
    };
    keys.iter()
        .filter(differs)
        .take(4)
        .map(|key| line(key))
        .collect()
}

fn upsert(view: &mut Tables, change: Change) {
    let key = (change.table.to_owned(), change.key.to_vec());
    match change.values {
        Some(values) => drop(view.insert(key, values.to_vec())),
        None => drop(view.remove(&key)),
    }
}

/// received = accepted + duplicate + quarantined; accepted = counted + late.
fn check_law(view: &Tables, sent: i64) {
    let totals: Vec<i64> = view[&("totals".to_owned(), Vec::new())]
        .iter()
        .map(|value| {
            if let Value::Int(count) = value {
                *count
            } else {
                panic!("totals are counts")
            }
        })
        .collect();
    let [received, accepted, duplicate, quarantined, counted, late] =
        totals.try_into().expect("six totals");
    assert_eq!(received, sent);
    assert_eq!(received, accepted + duplicate + quarantined);
    assert_eq!(accepted, counted + late);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_order_split_repetition_and_number_of_threads_give_the_same_tables(
        seeds in seeds(),
        shuffle in any::<prop::sample::Index>(),
        order in any::<u64>(),
        (frame_rows, frames_a_round, workers) in (1..20_usize, 1..4_usize, 1..4_usize),
    ) {
        let events: Vec<Event<'static>> = seeds.iter().enumerate().map(|(number, seed)| event(number, *seed)).collect();
        let expected = tables(&events, 1, events.len(), 1);
        let mut shuffled = events.clone();
        shuffled.sort_by_key(|event| (event.id.expect("set").0 as u64).wrapping_mul(order | 1).rotate_left(23));
        shuffled.push(events[shuffle.index(events.len())].clone());
        prop_assert_eq!(differences(&tables(&shuffled, workers, frame_rows, frames_a_round), &expected), "");
        prop_assert_eq!(differences(&tables(&events, workers, frame_rows, frames_a_round), &expected), "");
    }
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
