//! What no shop should send: nothing panics, memory is bounded, neighbours are as they were.

use super::super::*;
use super::said::{KEY, rank, warehouse};
use crate::ladder::ENTRIES_MAX;
use event::batch::Stamp;
use event::schema::{Amount, ItemAmount, ItemText, Label};
use event::time::SECOND;
use event::{Event, EventBatchBuilder, EventId, EventType, Item, LineKind};

fn feed(time: i64, warehouse: Warehouse, said: Said) -> Feed {
    Feed {
        rank: rank(time, time),
        warehouse,
        said,
    }
}

#[test]
fn a_hundred_thousand_warehouses_are_256_whoever_comes_first() {
    let feeds: Vec<Feed> = (0..100_000)
        .map(|number| {
            let place = warehouse(&format!("w{number}"));
            feed(number, place, Said::Level(Quantity(SCALE)))
        })
        .collect();
    let rows = [feeds.clone(), feeds.into_iter().rev().collect()].map(|feeds| {
        let mut stocks = Stocks::default();
        feeds.iter().for_each(|feed| stocks.observe(KEY, feed));
        stocks.row(&KEY, EventTime(DAY)).expect("it is known")
    });
    assert_eq!(rows[0], rows[1]);
    assert_eq!(rows[0].warehouses as usize, WAREHOUSES_MAX);
    assert_eq!(rows[0].level, Quantity(WAREHOUSES_MAX as i64 * SCALE));
    assert_eq!(rows[0].set_aside as usize, 100_000 - WAREHOUSES_MAX);
}

#[test]
fn a_million_sales_take_bounded_room_and_none_is_lost() {
    let mut stocks = Stocks::default();
    let everywhere = Warehouse::default();
    for number in 0..1_000_000 {
        let time = number * SECOND;
        stocks.observe_goods(KEY, EventTime(time), super::said::sold(1));
        if number % 1_000 == 0 {
            let level = Quantity((2_000_000 - number) * SCALE);
            stocks.observe(KEY, &feed(time, everywhere, Said::Level(level)));
        }
    }
    let state = stocks.state(&KEY).expect("it is known");
    assert!(state.goods.len() <= 7 * ENTRIES_MAX);
    let sold: i128 = state.goods.iter().map(|(_, goods)| goods.sold).sum();
    assert_eq!(sold, 1_000_000 * i128::from(SCALE));
    // The last report is 999 sales ago. 256 single ones and 256 seconds reach back 512 of them; the rest is told by the
    // minute, as of its beginning: so the 59 that came in the minute of the report, and after it, are taken for reported.
    let row = stocks.row(&KEY, EventTime(0)).expect("it is known");
    assert_eq!(
        row.level,
        Quantity((2_000_000 - 999_000 - 999) * SCALE + 59 * SCALE)
    );
}

#[test]
fn the_largest_amounts_saturate() {
    let mut stocks = Stocks::default();
    // The largest amount that the door lets in.
    let most = Quantity(100_000_000_000_000 * SCALE - 1);
    for (number, name) in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]
        .iter()
        .enumerate()
    {
        let place = warehouse(name);
        stocks.observe(KEY, &feed(number as i64, place, Said::Level(most)));
    }
    let row = stocks.row(&KEY, EventTime(DAY)).expect("it is known");
    assert_eq!(row.level, Quantity(i64::MAX));
    for number in 0..100 {
        let said = Said::Change(Quantity(i64::MIN));
        stocks.observe(KEY, &feed(100 + number, warehouse("a"), said));
        let goods = Goods {
            sold: i128::MAX,
            returned: i128::MAX,
            written_off: i128::MAX,
        };
        stocks.observe_goods(KEY, EventTime(number), goods);
    }
    let row = stocks.row(&KEY, EventTime(DAY)).expect("it is known");
    assert_eq!((row.level, row.is_out()), (Quantity(i64::MIN), true));
    assert!(row.velocity().value().is_some());
    assert_eq!(
        row.days_of_cover().and_then(|cover| cover.value()),
        Some(0.0)
    );
}

#[test]
fn both_ends_of_time_are_survived() {
    let mut stocks = Stocks::default();
    for time in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX - 1, i64::MAX] {
        stocks.observe(
            KEY,
            &feed(time, Warehouse::default(), Said::Level(Quantity(SCALE))),
        );
        stocks.observe_goods(KEY, EventTime(time), super::said::sold(1));
        let interest = Interest {
            views: u32::MAX,
            cart_adds: u32::MAX,
        };
        stocks.observe_interest(KEY, EventTime(time), interest);
        stocks.observe_interest(KEY, EventTime(time), interest);
    }
    for as_of in [i64::MIN, 0, i64::MAX] {
        let row = stocks.row(&KEY, EventTime(as_of)).expect("it is known");
        assert_eq!(row.level, Quantity(SCALE));
    }
}

/// A stock update with one product, as the door lets it in.
fn said(change: impl Fn(&mut Event<'static>)) -> String {
    let mut event = Event::new(EventType::StockUpdate);
    event.id = Some(EventId(1));
    event.time = Some(EventTime(DAY));
    let mut item = Item::default();
    item.set_text(ItemText::ProductId, "tea");
    event.items.push(item);
    change(&mut event);
    let mut builder = EventBatchBuilder::default();
    let stamp = Stamp {
        store: "main",
        source: "test",
        received: EventTime(0),
    };
    builder.append(&event, stamp);
    let batch = builder.finish();
    let event = batch.events().next().expect("one was put in");
    let item = event.items().next().expect("it has an item");
    let feed = Feed::of(event, Warehouse::default()).map(|feed| feed.said);
    let goods = Goods::of_item(event, item);
    format!(
        "{feed:?} {:?}",
        goods.map(|goods| (goods.sold, goods.written_off))
    )
}

#[test]
fn an_event_says_a_level_or_a_change_or_nothing() {
    assert_eq!(
        said(|event| event.set_amount(Amount::StockLevel, -5 * SCALE)),
        "Some(Level(Quantity(-50000))) None"
    );
    assert_eq!(
        said(|event| {
            event.set_amount(Amount::StockLevel, 7);
            event.set_amount(Amount::StockDelta, -2);
        }),
        "Some(Level(Quantity(7))) None"
    );
    assert_eq!(
        said(|event| event.set_amount(Amount::StockDelta, -2)),
        "Some(Change(Quantity(-2))) None"
    );
    assert_eq!(
        said(|event| event.set_label(Label::Warehouse, "north")),
        "None None"
    );
    assert_eq!(
        said(|event| {
            event.items[0].set_label(event::schema::ItemLabel::Kind, LineKind::WriteOff.name());
            event.items[0].set_amount(ItemAmount::Quantity, -3);
        }),
        "None Some((0, 3))"
    );
    assert_eq!(
        said(|event| {
            event.kind = EventType::Order;
            event.set_amount(Amount::StockLevel, 7);
            event.items[0].set_amount(ItemAmount::Quantity, 1_000_000_000 * SCALE);
        }),
        "None Some((10000000000000, 0))"
    );
}
