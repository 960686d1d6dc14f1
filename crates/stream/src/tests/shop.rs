//! Shops made of a few numbers: three stores around their changes of clocks, people with and without a name, orders with
//! updates, cancellations and refunds in any order, ids that come again with the same or with another content.

use super::harness::Told;
use event::schema::{Amount, ItemAmount, ItemLabel, ItemNumber, ItemText, Label, Number, Text};
use event::time::{MINUTE, SECOND};
use event::{Event, EventId, EventTime, EventType, Item};
use proptest::prelude::*;
use proptest::sample::Index;

/// Name, time zone and currency; New York, Berlin and Lord Howe Island set their clocks by an hour, an hour, and half of one.
pub(super) const STORES: [(&str, &str, &str); 3] = [
    ("main", "UTC", "USD"),
    ("north", "Europe/Berlin", "EUR"),
    ("south", "Australia/Lord_Howe", "AUD"),
];

/// Two days each around a change of clocks: Berlin's in March and October, Lord Howe Island's in April.
const BEGINNINGS: [i64; 3] = [
    1_774_656_000_000_000,
    1_775_260_800_000_000,
    1_792_800_000_000_000,
];

const KINDS: [EventType; 25] = [
    EventType::PageView,
    EventType::ItemView,
    EventType::CartAdd,
    EventType::CartAdd,
    EventType::CartAdd,
    EventType::CartRemove,
    EventType::CheckoutStart,
    EventType::Search,
    EventType::Custom,
    EventType::Order,
    EventType::Order,
    EventType::OrderUpdate,
    EventType::OrderCancel,
    EventType::Refund,
    EventType::ItemView,
    EventType::ItemView,
    EventType::WishlistToCart,
    EventType::StockUpdate,
    EventType::StockUpdate,
    EventType::StockUpdate,
    EventType::PriceChange,
    EventType::Refund,
    EventType::PaymentError,
    EventType::CouponApply,
    EventType::PromoView,
];

/// A few numbers from which an event follows.
#[derive(Debug, Clone)]
pub(super) struct Seed {
    kind: usize,
    store: usize,
    second: i64,
    person: u8,
    /// The order's number; 0 is an order without id.
    order: u8,
    lines: Vec<Line>,
    country: usize,
    currency: usize,
    /// A discount, or what an order or refund without lines says of itself.
    amount: i64,
}

/// A line of an event.
#[derive(Debug, Clone, Copy)]
struct Line {
    product: u8,
    price: i64,
    quantity: i64,
    is_fee: bool,
}

/// What a shop sends: events, and for some of them another under the same id that says something else.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    seeds: Vec<Seed>,
    reused: Vec<(Index, i64)>,
}

pub(super) fn plans() -> impl Strategy<Value = Plan> {
    let line = (0..6_u8, 0..90_000_i64, 1..4_i64, prop::bool::weighted(0.15));
    let line = line.prop_map(|(product, price, quantity, is_fee)| Line {
        product,
        price: if price < 9_000 { 0 } else { price },
        quantity,
        is_fee,
    });
    let seed = (
        (0..KINDS.len(), 0..STORES.len()),
        (0..BEGINNINGS.len(), 0..2 * 1_440_i64, 0..60_i64),
        (0..10_u8, 0..6_u8),
        prop::collection::vec(line, 0..4),
        (0..3_usize, 0..4_usize, 0..20_000_i64),
    );
    let seed = seed.prop_map(|((kind, store), when, (person, order), lines, rest)| {
        let (beginning, minute, second) = when;
        Seed {
            kind,
            store,
            second: BEGINNINGS[beginning] / SECOND + minute * MINUTE / SECOND + second,
            person,
            order,
            lines,
            country: rest.0,
            currency: rest.1,
            amount: rest.2,
        }
    });
    let reused = prop::collection::vec((any::<Index>(), 1..500_i64), 0..4);
    (prop::collection::vec(seed, 1..50), reused).prop_map(|(seeds, reused)| Plan { seeds, reused })
}

impl Plan {
    /// The events in the order they were first told; an id comes last with what is set aside.
    pub(super) fn told(&self) -> Vec<Told> {
        let mut told: Vec<Told> = (1..)
            .zip(&self.seeds)
            .map(|(number, seed)| event(number, seed))
            .collect();
        for (of, by) in &self.reused {
            let (store, mut event) = told[of.index(self.seeds.len())].clone();
            say_something_else(&mut event, *by);
            told.push((store, event));
        }
        told
    }
}

/// The same id, person and order, and another price: so it goes where the first one went.
fn say_something_else(event: &mut Event<'static>, by: i64) {
    for item in &mut event.items {
        let price = item.amount(ItemAmount::UnitPrice).unwrap_or_default();
        item.set_amount(ItemAmount::UnitPrice, price + by);
    }
    if event.items.is_empty() {
        let known = event.amount(Amount::Revenue).unwrap_or_default();
        event.set_amount(Amount::Revenue, known + by);
    }
}

fn event(number: i64, seed: &Seed) -> Told {
    let mut event = Event::new(KINDS[seed.kind]);
    event.id = Some(EventId(number as u128 * 7 + 1));
    event.time = Some(EventTime(seed.second * SECOND));
    event.set_number(Number::SourcePosition, number);
    event.set_label(Label::Country, ["Malta", "Peru", ""][seed.country]);
    event.set_label(Label::Currency, ["", "", "GBP", "JPY"][seed.currency]);
    if event.kind == EventType::Custom {
        event.set_text(Text::TypeText, ["wish", "scratch", "wish"][seed.country]);
    }
    let (source, medium) =
        [("", ""), ("google", "cpc"), ("monday", "email"), ("", "")][seed.currency];
    event.set_label(Label::UtmSource, source);
    event.set_label(Label::UtmMedium, medium);
    event.set_label(
        Label::UtmCampaign,
        ["", "Spring", "", "fall"][seed.currency],
    );
    let referrer = ["", "https://www.Blog.example/tea", "https://shop.example/"];
    event.set_text(Text::Referrer, referrer[seed.country]);
    let page = ["?x=1", "p/17/tea", "sale/", "orders/4711"][number as usize % 4];
    event.set_text(Text::Url, format!("https://shop.example/{page}"));
    name_person(&mut event, seed.person);
    if event.kind.is_order_kind() {
        name_order(&mut event, seed);
    }
    match event.kind {
        EventType::StockUpdate => say_stock(&mut event, seed),
        EventType::PriceChange => say_price(&mut event, seed),
        _ => {}
    }
    name_payment(&mut event, seed);
    if event.kind == EventType::Search {
        event.set_text(
            Text::Query,
            ["tea", " Tea", "GREEN  tea", ""][seed.currency],
        );
        let counts = [None, Some(0), Some(12)];
        if let Some(count) = counts[seed.country] {
            event.set_number(Number::ResultsCount, count);
        }
    }
    if !matches!(event.kind, EventType::PageView | EventType::OrderCancel) {
        event.items = items(event.kind, &seed.lines, number);
    }
    (STORES[seed.store].0, event)
}

/// A level, a change, both or neither, in one of three warehouses of which one has no name.
fn say_stock(event: &mut Event<'static>, seed: &Seed) {
    event.set_label(Label::Warehouse, ["", "north", "south"][seed.country]);
    if matches!(seed.currency, 0 | 1) {
        event.set_amount(Amount::StockLevel, (seed.amount % 30 - 5) * event::SCALE);
    }
    if matches!(seed.currency, 1 | 2) {
        event.set_amount(Amount::StockDelta, (seed.amount % 9 - 4) * event::SCALE);
    }
}

fn say_price(event: &mut Event<'static>, seed: &Seed) {
    if seed.country > 0 {
        event.set_amount(Amount::OldPrice, seed.amount % 3 * 10_000);
    }
    event.set_amount(Amount::NewPrice, (seed.amount % 4 + 1) * 10_000);
}

/// Customers, anonymous visitors, both at once, sessions alone, nobody, and a device that two customers share.
fn name_person(event: &mut Event<'static>, person: u8) {
    if matches!(person, 0..=2) {
        event.set_text(Text::CustomerId, format!("c{person}"));
    }
    if person == 9 {
        event.set_text(Text::CustomerId, "c1");
    }
    if matches!(person, 8..=9) {
        event.set_text(Text::AnonymousId, "v2");
    }
    if matches!(person, 2..=5) {
        event.set_text(Text::AnonymousId, format!("v{}", person % 4));
    }
    if matches!(person, 5..=6) {
        event.set_text(Text::SourceSessionId, format!("s{person}"));
    }
}

fn name_order(event: &mut Event<'static>, seed: &Seed) {
    let is_refund = event.kind == EventType::Refund;
    if seed.order > 0 {
        let column = if is_refund {
            Text::RefundId
        } else {
            Text::OrderId
        };
        event.set_text(column, format!("o{}", seed.order));
    }
    // Every other refund says which order it is of, known or not.
    if is_refund && seed.amount % 2 == 0 {
        event.set_text(Text::OrderId, format!("o{}", seed.amount / 2 % 7));
    }
    let amount = match event.kind {
        EventType::Order if seed.lines.is_empty() => Amount::Revenue,
        EventType::Order => Amount::Discount,
        EventType::Refund if seed.currency == 0 => Amount::RefundAmount,
        _ => return,
    };
    event.set_amount(amount, seed.amount);
}

/// Ways to pay, and coupons as people write them.
fn name_payment(event: &mut Event<'static>, seed: &Seed) {
    let method = ["card", "cash", ""][usize::from(seed.person) % 3];
    event.set_label(Label::PaymentMethod, method);
    let code = [" ten ", "TEN", "five", ""][seed.country + seed.currency / 3];
    event.set_text(Text::Coupon, code);
}

fn items(kind: EventType, lines: &[Line], number: i64) -> Vec<Item<'static>> {
    let item = |(at, line): (i64, &Line)| {
        let mut item = Item::default();
        item.set_text(ItemText::ProductId, format!("p{}", line.product));
        item.set_text(ItemText::Name, format!("name {}", (number + at) % 3));
        let path = ["Tea/Green", "Cups", ""][usize::from(line.product) % 3];
        item.set_label(ItemLabel::CategoryPath, path);
        // Few prices, so that some come again.
        let price = match line.product {
            0 | 1 => line.price,
            _ => line.price / 30_000 * 20_000,
        };
        item.set_amount(ItemAmount::UnitPrice, price);
        if number % 4 == 0 {
            item.set_amount(ItemAmount::ListPrice, price + 1);
        }
        item.set_amount(ItemAmount::Quantity, line.quantity * event::SCALE);
        // Updates lay their lines over the second line and the ones after it.
        let is_update = kind == EventType::OrderUpdate;
        item.set_number(ItemNumber::Line, at + i64::from(is_update));
        item.set_amount(ItemAmount::UnitDiscount, i64::from(line.product) * 100);
        let promotion = ["spring", "fall", ""][usize::from(line.product) / 2];
        item.set_text(ItemText::PromoName, promotion);
        if line.is_fee {
            let is_stock = kind == EventType::StockUpdate;
            item.set_label(ItemLabel::Kind, if is_stock { "write_off" } else { "fee" });
        }
        item
    };
    (0..).zip(lines).map(item).collect()
}

/// Some delivery of what was told: any order, with these events more than once. Only of events that share an id the first
/// stays the first, since that is what decides which of them counts.
pub(super) fn delivered(told: &[Told], again: &[Index], order: u64) -> Vec<Told> {
    let again = again.iter().map(|of| of.index(told.len()));
    let mut list: Vec<usize> = (0..told.len()).chain(again).collect();
    let mut place: u64 = order;
    list.sort_by_cached_key(|at| {
        place = place.wrapping_add(0x9E37_79B9_7F4A_7C15);
        (*at as u64 ^ place).wrapping_mul(order | 1).rotate_left(23)
    });
    let same_id = |a: usize, b: usize| (told[a].0, told[a].1.id) == (told[b].0, told[b].1.id);
    for first in 0..told.len() {
        let is_first = (0..first).all(|earlier| !same_id(earlier, first));
        let met = list.iter().position(|at| same_id(*at, first));
        let own = list.iter().position(|at| *at == first);
        if let (true, Some(met), Some(own)) = (is_first, met, own) {
            list.swap(met, own);
        }
    }
    list.into_iter().map(|at| told[at].clone()).collect()
}
