//! What events and lines of orders say of prices.

use super::super::*;
use crate::names::{EventNames, ItemNames};
use crate::order::Sale;
use event::batch::Stamp;
use event::schema::{Amount, ItemAmount, ItemLabel, ItemText};
use event::time::HOUR;
use event::{Event, EventBatch, EventBatchBuilder, EventId, EventType, Item, LineKind, SCALE};

const TODAY: EventTime = EventTime(9 * DAY);

/// One event with these items: product, price, pieces, list price.
fn batch(kind: EventType, items: &[(&str, i64, i64, Option<i64>)]) -> EventBatch {
    let mut event = Event::new(kind);
    event.id = Some(EventId(1));
    event.time = Some(EventTime(TODAY.0 + HOUR));
    event.set_amount(Amount::OldPrice, 10);
    event.set_amount(Amount::NewPrice, 12);
    event.set_amount(Amount::Discount, 30);
    for (product, price, quantity, list_price) in items {
        let mut item = Item::default();
        item.set_text(ItemText::ProductId, (*product).to_owned());
        item.set_amount(ItemAmount::UnitPrice, *price);
        item.set_amount(ItemAmount::Quantity, quantity * SCALE);
        if let Some(list_price) = list_price {
            item.set_amount(ItemAmount::ListPrice, *list_price);
        }
        if *product == "postage" {
            item.set_label(ItemLabel::Kind, LineKind::Fee.name());
        }
        event.items.push(item);
    }
    let mut builder = EventBatchBuilder::default();
    let stamp = Stamp {
        store: "main",
        source: "test",
        received: EventTime(0),
    };
    builder.append(&event, stamp);
    builder.finish()
}

#[test]
fn a_change_has_both_prices_and_its_day() {
    let batch = batch(EventType::PriceChange, &[("tea", 12, 1, None)]);
    let event = batch.events().next().expect("one was put in");
    let change = Change::of(event, TODAY).expect("it is a change");
    assert_eq!(
        (change.old, change.new, change.day),
        (Some(Money(10)), Money(12), TODAY)
    );
    assert_eq!(
        change.rank.map(|rank| rank.time),
        Some(EventTime(TODAY.0 + HOUR))
    );
}

#[test]
fn only_changes_are_changes_and_only_interest_is_interest() {
    for kind in EventType::ALL {
        let batch = batch(*kind, &[("tea", 12, 1, Some(13))]);
        let event = batch.events().next().expect("one was put in");
        let item = event.items().next().expect("it has one");
        let traffic = Traffic::of_item(event, item, TODAY);
        let seen = traffic.map(|one| (one.sums.views, one.sums.cart_adds, one.sums.promoted));
        let expected = match kind {
            EventType::ItemView => Some((1, 0, 1)),
            EventType::CartAdd | EventType::WishlistToCart => Some((0, 1, 1)),
            _ => None,
        };
        assert_eq!(seen, expected, "{}", kind.name());
        let is_change = Change::of(event, TODAY).is_some();
        assert_eq!(
            is_change,
            *kind == EventType::PriceChange,
            "{}",
            kind.name()
        );
    }
}

#[test]
fn lines_of_an_order_are_its_parts() {
    // 100 for two of tea, 50 for one of tea at another price, 50 for a cup, 100 for postage; 30 are taken off the whole.
    let items = [
        ("tea", 50, 2, Some(60)),
        ("tea", 50, 1, None),
        ("cup", 50, 1, Some(50)),
        ("postage", 100, 1, None),
    ];
    let batch = batch(EventType::Order, &items);
    let event = batch.events().next().expect("one was put in");
    let names = [1, 1, 2, 3].map(|product| ItemNames {
        product: NameId(product),
        category: NameId(0),
    });
    let shares = Sale::of(event, &EventNames::default(), &names).shares();
    let orders: Vec<i64> = shares.iter().map(|share| share.orders).collect();
    assert_eq!(orders, [1, 0, 1, 1]);
    let revenue: Vec<i128> = shares.iter().map(|share| share.revenue).collect();
    assert_eq!(
        (revenue.iter().sum::<i128>(), &revenue[..]),
        (270, &[90, 45, 45, 90][..])
    );
    let traffic = shares.iter().map(|share| Traffic::of_share(share, TODAY));
    let told: Vec<_> = traffic
        .map(|one| one.map(|one| (one.sums.units / i128::from(SCALE), one.sums.promoted)))
        .collect();
    assert_eq!(told, [Some((2, 1)), Some((1, 0)), Some((1, 0)), None]);
}

#[test]
fn what_is_taken_back_was_never_there() {
    let batch = batch(EventType::ItemView, &[("tea", 12, 1, None)]);
    let event = batch.events().next().expect("one was put in");
    let item = event.items().next().expect("it has one");
    let traffic = Traffic::of_item(event, item, TODAY).expect("it is a view");
    let mut prices = Prices::default();
    prices.observe_traffic(super::KEY, &traffic);
    super::settle(&mut prices, TODAY);
    prices.observe_traffic(super::KEY, &traffic.taken_back());
    let told = super::settle(&mut prices, TODAY);
    assert_eq!((told.prices.len(), told.gone), (0, vec![super::KEY]));
    assert_eq!(prices.state(&super::KEY), Some(&ProductPrices::default()));
}
