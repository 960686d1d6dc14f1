//! Claims about batches: what goes in comes out, absent columns stay absent, bytes round-trip.

use super::*;
use crate::check::CheckContext;
use crate::frame::{FrameBody, FrameBuilder, SourceInfo};
use crate::{Event, EventId, EventTime, Reason, Rejection};
use arrow_buffer::Buffer;

const STAMP: Stamp<'_> = Stamp {
    store: "main",
    source: "test",
    received: EventTime(1_700_000_000_000_000),
};

fn view(number: u128) -> Event<'static> {
    let mut event = Event::new(EventType::ItemView);
    event.id = Some(EventId(number));
    event.time = Some(EventTime(1_600_000_000_000_000 + number as i64));
    event
}

fn order(number: u128) -> Event<'static> {
    let mut event = view(number);
    event.kind = EventType::Order;
    event.set_text(Text::OrderId, "A1");
    event.set_amount(Amount::Discount, 10_000);
    event.set_label(Label::Country, "Malta");
    for name in ["tea", "cup"] {
        let mut item = crate::Item::default();
        item.set_text(ItemText::ProductId, name);
        item.set_amount(ItemAmount::UnitPrice, 25_000);
        item.set_label(ItemLabel::CategoryPath, "Kitchen");
        event.items.push(item);
    }
    event
}

fn batch(events: &[Event<'static>]) -> EventBatch {
    let mut builder = EventBatchBuilder::default();
    events.iter().for_each(|event| builder.append(event, STAMP));
    builder.finish()
}

fn describe(batch: &EventBatch) -> Vec<String> {
    let shown = |text: Option<&str>| text.unwrap_or("-").to_owned();
    let line = |event: EventRef<'_>| {
        let items = event.items().map(|item| {
            let product = shown(item.text(ItemText::ProductId));
            format!(
                " {product}×{} {}",
                item.quantity(),
                shown(item.label(ItemLabel::CategoryPath))
            )
        });
        let amount = event
            .amount(Amount::Discount)
            .map_or_else(|| "-".to_owned(), |amount| amount.to_string());
        let head = [
            shown(event.text(Text::OrderId)),
            amount,
            shown(event.label(Label::Country)),
        ]
        .join(" ");
        format!(
            "{} {} {head}{}",
            event.id().0,
            event.kind().name(),
            items.collect::<String>()
        )
    };
    batch.events().map(line).collect()
}

#[test]
fn rows_come_out_as_they_went_in() {
    let batch = batch(&[view(1), order(2), view(3)]);
    assert_eq!(
        describe(&batch),
        [
            "1 item_view - - -",
            "2 order A1 1.00 Malta tea×1 Kitchen cup×1 Kitchen",
            "3 item_view - - -"
        ]
    );
}

#[test]
fn a_column_without_values_is_absent() {
    let names = |batch: &EventBatch| -> Vec<String> {
        batch
            .record_batch()
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect()
    };
    assert_eq!(
        names(&batch(&[view(1)])),
        [
            "event_id",
            "ts_event",
            "type",
            "store",
            "source",
            "ts_received"
        ]
    );
    assert!(names(&batch(&[view(1), order(2)])).contains(&"items".to_owned()));
}

#[test]
fn bytes_give_the_same_batch_back_whatever_columns_it_has() {
    for events in [
        vec![],
        vec![view(1)],
        vec![order(2)],
        vec![view(1), order(2), view(3), order(4)],
    ] {
        let before = batch(&events);
        let mut bytes = vec![7; 3];
        before.encode(&mut bytes).expect("encodes");
        let after = EventBatch::decode(&Buffer::from_vec(bytes), 3).expect("decodes");
        assert_eq!(before.record_batch(), after.record_batch());
    }
}

#[test]
fn truncated_bytes_are_an_error_not_a_panic() {
    let mut bytes = Vec::new();
    batch(&[order(2)]).encode(&mut bytes).expect("encodes");
    for length in 0..bytes.len() {
        let cut = Buffer::from_vec(bytes[..length].to_vec());
        assert!(
            EventBatch::decode(&cut, 0).is_err(),
            "cut at {length} of {}",
            bytes.len()
        );
    }
}

#[test]
fn many_labels_keep_their_keys_apart() {
    let events: Vec<Event<'static>> = (0..3_000_u128)
        .map(|number| {
            let mut event = view(number);
            event.set_label(Label::City, format!("city {}", number % 1_500));
            event
        })
        .collect();
    let batch = batch(&events);
    assert_eq!(batch.label_values(Label::City).len(), 1_500);
    assert!(
        batch
            .events()
            .enumerate()
            .all(|(at, event)| event.label(Label::City) == Some(&format!("city {}", at % 1_500)))
    );
}

#[test]
fn a_frame_keeps_tallies_and_rejected_bytes() {
    let mut builder = FrameBuilder::new();
    let source = builder.open_source(&SourceInfo {
        source: "s".into(),
        name: "orders.csv".into(),
        store: "main".into(),
    });
    let context = CheckContext {
        received: STAMP.received,
    };
    builder.count_rows(source, 3);
    assert!(builder.offer(source, &order(1), b"one", context).is_ok());
    let mut early = order(2);
    early.time = Some(EventTime(0));
    assert_eq!(
        builder.offer(source, &early, b"two", context),
        Err(Reason::TimeOutOfRange)
    );
    builder.reject(
        source,
        3,
        STAMP.received,
        Rejection::new(Reason::MalformedJson, "no"),
        b"{",
    );
    let body = builder.finish();
    let mut bytes = Vec::new();
    body.encode(&mut bytes).expect("encodes");
    let read = FrameBody::decode(bytes).expect("decodes");
    assert_eq!(read.sources, body.sources);
    assert_eq!(read.rejected, body.rejected);
    let tally = &read.sources[0];
    assert_eq!(
        (
            tally.rows,
            tally.received,
            tally.accepted,
            tally.quarantined
        ),
        (3, 3, 1, 2)
    );
    assert_eq!(read.rejected[0].bytes, b"two");
    assert_eq!(describe(&read.events), describe(&body.events));
    assert!(builder.is_empty());
}
