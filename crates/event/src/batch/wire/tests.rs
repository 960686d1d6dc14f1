//! Claims about the bytes of a batch: whatever was gathered comes back, what says nothing takes no room, damage is an error.

use super::*;
use crate::batch::Stamp;
use crate::{Event, EventId, EventTime, EventType, Item};
use proptest::prelude::*;

const STAMP: Stamp<'_> = Stamp {
    store: "main",
    source: "test",
    received: EventTime(1_700_000_000_000_000),
};

fn batch(events: &[Event<'_>]) -> EventBatch {
    let mut builder = EventBatchBuilder::default();
    events.iter().for_each(|event| builder.append(event, STAMP));
    builder.finish()
}

fn encoded(batch: &EventBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    batch.encode(&mut bytes).expect("encodes");
    bytes
}

fn check(events: &[Event<'_>]) {
    let before = batch(events);
    let body = Buffer::from_vec(encoded(&before));
    let after = EventBatch::decode(&body, 0).expect("decodes");
    assert_eq!(after.record_batch(), before.record_batch());
}

fn event(number: u128) -> Event<'static> {
    let mut event = Event::new(EventType::ItemView);
    event.id = Some(EventId(number));
    event.time = Some(EventTime(1_600_000_000_000_000 + number as i64 * 7_001));
    event.set_number(Number::SourcePosition, number as i64);
    event
}

/// Whether a value is there, and which.
fn perhaps<T: std::fmt::Debug + Clone>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    prop_oneof![Just(None), value.prop_map(Some)]
}

fn any_item() -> impl Strategy<Value = Item<'static>> {
    let values = (
        perhaps("[a-c]{0,2}|.{1,300}"),
        perhaps("[a-c]{1,2}"),
        perhaps("[a-c]{1,2}"),
        perhaps(any::<i64>()),
        perhaps(0..70_000_i64),
    );
    values.prop_map(|(id, name, kind, price, line)| {
        let mut item = Item::default();
        for (column, text) in [(ItemText::ProductId, id), (ItemText::Name, name)] {
            if let Some(text) = text {
                item.set_text(column, text);
            }
        }
        if let Some(kind) = kind {
            item.set_label(ItemLabel::Kind, kind);
        }
        if let Some(price) = price {
            item.set_amount(ItemAmount::UnitPrice, price);
        }
        if let Some(line) = line {
            item.set_number(ItemNumber::Line, line);
        }
        item
    })
}

fn any_event() -> impl Strategy<Value = Event<'static>> {
    let values = (
        any::<u128>(),
        any::<i64>(),
        perhaps(".{0,40}"),
        perhaps("[a-z]{1,3}"),
        perhaps(any::<i64>()),
        perhaps(prop_oneof![0..3_i64, any::<i64>()]),
        perhaps(prop_oneof![Just(1.5), any::<f64>()]),
        prop::collection::vec(any_item(), 0..4),
    );
    values.prop_map(|(id, time, text, label, amount, number, degrees, items)| {
        let mut event = event(1);
        event.id = Some(EventId(id));
        event.time = Some(EventTime(time));
        event.items = items;
        if let Some(text) = text {
            event.set_text(Text::Url, text);
        }
        if let Some(label) = label {
            event.set_label(Label::City, label);
        }
        if let Some(amount) = amount {
            event.set_amount(Amount::Total, amount);
        }
        if let Some(number) = number {
            event.set_number(Number::Step, number);
        }
        if let Some(degrees) = degrees.filter(|degrees| !degrees.is_nan()) {
            event.set_coordinate(Coordinate::Latitude, degrees);
        }
        event
    })
}

proptest! {
    #[test]
    fn whatever_was_gathered_comes_back(events in prop::collection::vec(any_event(), 0..40)) {
        check(&events);
    }
}

#[test]
fn every_width_of_an_amount_comes_back() {
    for top in [0, 255, 256, 65_535, 65_536, u32::MAX.into(), i64::MAX] {
        let mut events = [event(1), event(2), event(3)];
        for (event, amount) in events.iter_mut().zip([-5, top / 2, top - 5]) {
            event.set_amount(Amount::Total, amount);
        }
        check(&events);
    }
}

#[test]
fn more_labels_and_places_than_a_byte_counts_come_back() {
    for count in [255, 256, 257, 700] {
        let labelled = |number: u16| {
            let mut event = event(u128::from(number));
            event.set_label(Label::City, format!("city {number}"));
            event.set_coordinate(Coordinate::Latitude, f64::from(number) / 8.0);
            event
        };
        check(&(0..count).map(labelled).collect::<Vec<_>>());
    }
}

#[test]
fn what_every_row_says_takes_no_room_of_its_own() {
    let events: Vec<Event<'_>> = (0..1_000).map(event).collect();
    let bytes = encoded(&batch(&events)).len();
    // An id of 16 bytes, a step of two bytes in time and one in position.
    assert!((19_000..19_200).contains(&bytes), "{bytes}");
}

#[test]
fn texts_that_two_columns_share_stand_there_once() {
    let sold = |name: Option<&'static str>| {
        let mut event = event(1);
        let item = event.only_item();
        item.set_text(ItemText::ProductId, "a lamp with a long name");
        item.set_text(ItemText::Name, name.unwrap_or("a lamp of some other name"));
        event
    };
    let (shared, apart) = ([sold(Some("a lamp with a long name"))], [sold(None)]);
    check(&shared);
    check(&apart);
    let saved = encoded(&batch(&apart)).len() - encoded(&batch(&shared)).len();
    assert!(saved >= 25, "{saved}");
}

#[test]
fn damaged_bytes_are_an_error_or_another_batch_but_no_panic() {
    let mut rich = event(2);
    rich.set_label(Label::City, "Valletta");
    rich.set_coordinate(Coordinate::Latitude, 35.9);
    rich.set_amount(Amount::Total, 12);
    rich.only_item().set_text(ItemText::Name, "lamp");
    let bytes = encoded(&batch(&[event(1), rich, event(3)]));
    for at in 0..bytes.len() {
        for change in [1, 0x80, 0xFF] {
            let mut damaged = bytes.clone();
            damaged[at] ^= change;
            // The count of rows is the body's, and a body is no longer than its frame.
            drop(EventBatch::decode(&Buffer::from_vec(damaged), 0));
        }
    }
}
