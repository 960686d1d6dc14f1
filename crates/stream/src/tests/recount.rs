//! What must come of a list of events, counted a second time with plain maps and the rules as the definitions of the
//! metrics say them: it shares no fold, no window and no sketch with the line.

mod carts;
mod goods;
mod payments;
mod prices;
mod stock;
mod visits;

use super::harness::{HIGH_VALUE, Tables, Told};
use super::shop::STORES;
use analytics::Distinct;
use changelog::Value;
use event::schema::{Amount, ItemAmount, ItemLabel, ItemNumber, ItemText, Label, Text};
use event::{Event, EventId, EventTime, EventType, SCALE};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// Numbers that are not zero, by what they say.
pub(super) type Numbers = BTreeMap<String, i128>;

/// Events by type and day, visitors and customers a day, orders, revenue and refunds by day and currency, units by
/// product, and each order's revenue.
pub(super) fn recount(told: &[Told]) -> Numbers {
    let mut numbers = Numbers::new();
    let events = first_of_each_id(told);
    count_activity(&events, &mut numbers);
    count_orders(&events, &mut numbers);
    count_refunds(&events, &mut numbers);
    payments::count_payments(&events, &mut numbers);
    visits::count_visits(&events, &mut numbers);
    stock::count_stock(&events, &mut numbers);
    prices::count_prices(&events, &mut numbers);
    numbers.retain(|_, number| *number != 0);
    numbers
}

fn first_of_each_id(told: &[Told]) -> Vec<&Told> {
    let mut known = BTreeSet::new();
    let events = told.iter();
    events
        .filter(|(store, event)| known.insert((*store, event.id.map(|id| id.0))))
        .collect()
}

fn rank(event: &Event<'static>) -> (EventTime, EventId) {
    (event.time.expect("set"), event.id.expect("set"))
}

fn day(store: &str, time: EventTime) -> Date {
    let (_, zone, _) = STORES
        .iter()
        .find(|known| known.0 == store)
        .expect("a store");
    let zone = TimeZone::get(zone).expect("a zone");
    let timestamp = Timestamp::from_microsecond(time.0).expect("a time");
    timestamp.to_zoned(zone).date()
}

fn currency(store: &str, event: &Event<'static>) -> String {
    let known = STORES
        .iter()
        .find(|known| known.0 == store)
        .expect("a store");
    event.label(Label::Currency).unwrap_or(known.2).to_owned()
}

fn add(numbers: &mut Numbers, key: String, number: i128) {
    *numbers.entry(key).or_insert(0) += number;
}

fn count_activity(events: &[&Told], numbers: &mut Numbers) {
    let mut visitors: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (store, event) in events {
        let day = day(store, event.time.expect("set"));
        let kind = match event.kind {
            EventType::Custom => event.text(Text::TypeText).expect("set"),
            kind => kind.name(),
        };
        add(numbers, format!("{store} {day} events {kind}"), 1);
        let person = event
            .text(Text::AnonymousId)
            .or(event.text(Text::CustomerId));
        let of_day = visitors
            .entry(format!("{store} {day} visitors"))
            .or_default();
        of_day.extend(person.map(str::to_owned));
    }
    let sizes = visitors
        .into_iter()
        .map(|(key, people)| (key, people.len() as i128));
    numbers.extend(sizes);
}

/// Line number, product, and what it sells for; pieces only where it is a product.
#[derive(Clone)]
struct Sold {
    product: String,
    value: i128,
    pieces: i128,
    /// Taken off its price.
    off: i128,
}

fn lines(event: &Event<'static>) -> BTreeMap<i64, Sold> {
    let line = |item: &event::Item<'static>| {
        let price = i128::from(item.amount(ItemAmount::UnitPrice).expect("set"));
        let quantity = i128::from(item.amount(ItemAmount::Quantity).expect("set"));
        let is_sold = price > 0;
        let is_fee = item.label(ItemLabel::Kind) == Some("fee");
        let sold = Sold {
            product: item.text(ItemText::ProductId).expect("set").to_owned(),
            value: if is_sold {
                price * quantity / i128::from(SCALE)
            } else {
                0
            },
            pieces: if is_sold && !is_fee { quantity } else { 0 },
            off: if is_sold {
                i128::from(item.amount(ItemAmount::UnitDiscount).expect("set")) * quantity
                    / i128::from(SCALE)
            } else {
                0
            },
        };
        (item.number(ItemNumber::Line).expect("set"), sold)
    };
    event.items.iter().map(line).collect()
}

/// A line as it was sent.
struct Sent {
    product: String,
    price: i128,
    quantity: i128,
    is_fee: bool,
}

fn lines_of(event: &Event<'static>) -> Vec<Sent> {
    let line = |item: &event::Item<'static>| Sent {
        product: item.text(ItemText::ProductId).expect("set").to_owned(),
        price: i128::from(item.amount(ItemAmount::UnitPrice).expect("set")),
        quantity: i128::from(item.amount(ItemAmount::Quantity).expect("set")),
        is_fee: item.label(ItemLabel::Kind) == Some("fee"),
    };
    event.items.iter().map(line).collect()
}

/// Whether an order event by itself is worth anything.
fn worth(event: &Event<'static>, lines: &BTreeMap<i64, Sold>) -> (bool, i128) {
    let sold: i128 = lines.values().map(|line| line.value).sum();
    let amount = |column| i128::from(event.amount(column).unwrap_or_default());
    if lines.is_empty() {
        return (amount(Amount::Revenue) > 0, amount(Amount::Revenue));
    }
    let discount = if sold > 0 {
        amount(Amount::Discount)
    } else {
        0
    };
    (sold > 0, sold - discount)
}

fn count_orders(events: &[&Told], numbers: &mut Numbers) {
    let mut orders: BTreeMap<(&str, String), Vec<&Event<'static>>> = BTreeMap::new();
    let mut customers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (store, event) in events {
        let is_order = event.kind == EventType::Order;
        let is_of_order = matches!(event.kind, EventType::OrderUpdate | EventType::OrderCancel);
        let id = event.text(Text::OrderId).map(str::to_owned);
        let single = is_order.then(|| EventId::to_string(&event.id.expect("set")));
        if let Some(id) = id.or(single).filter(|_| is_order || is_of_order) {
            orders.entry((store, id)).or_default().push(event);
        }
        if let Some(customer) = event
            .text(Text::CustomerId)
            .filter(|_| is_order && worth(event, &lines(event)).0)
        {
            let key = format!(
                "{store} {} customers {}",
                day(store, event.time.expect("set")),
                currency(store, event)
            );
            customers
                .entry(key)
                .or_default()
                .insert(customer.to_owned());
        }
    }
    numbers.extend(
        customers
            .into_iter()
            .map(|(key, people)| (key, people.len() as i128)),
    );
    for ((store, id), of_order) in orders {
        count_order((store, &id), of_order, events, numbers);
    }
}

/// The earliest event places an order, updates lay their lines over it in the order of time, one cancellation ends it.
fn count_order(
    (store, id): (&str, &str),
    mut events: Vec<&Event<'static>>,
    all: &[&Told],
    numbers: &mut Numbers,
) {
    events.sort_by_key(|event| rank(event));
    let placed = events.iter().find(|event| event.kind == EventType::Order);
    let is_cancelled = events
        .iter()
        .any(|event| event.kind == EventType::OrderCancel);
    let Some(placed) = placed.filter(|_| !is_cancelled) else {
        return;
    };
    let updates = events
        .iter()
        .filter(|event| event.kind == EventType::OrderUpdate);
    let mut sold = lines(placed);
    updates.for_each(|update| sold.extend(lines(update)));
    let (is_order, revenue) = worth(placed, &sold);
    let (day, currency) = (
        day(store, placed.time.expect("set")),
        currency(store, placed),
    );
    let discount = match sold.values().any(|line| line.value > 0) || sold.is_empty() {
        true => i128::from(placed.amount(Amount::Discount).unwrap_or_default()),
        false => 0,
    };
    let off: i128 = sold.values().map(|line| line.off).sum();
    let order = payments::Order {
        placed,
        id,
        is_order,
    };
    order.count_refunds(store, day, all, numbers);
    for what in payments::sold_by(placed) {
        for (field, number) in [
            ("orders", i128::from(is_order)),
            ("revenue", revenue),
            ("discounts", discount + off),
        ] {
            let key = format!("{store} {day} {field}{what} {currency}");
            add(numbers, key, number);
        }
    }
    let stores_own = STORES
        .iter()
        .any(|known| (known.0, known.2) == (store, &*currency));
    if let Some(customer) = placed.text(Text::CustomerId) {
        let pieces = sold.values().map(|line| line.pieces).sum();
        for (what, number, counts) in [
            ("orders", i128::from(is_order), true),
            ("units", pieces, is_order),
            ("revenue", revenue, stores_own),
        ] {
            let key = format!("{store} customer {customer} {what}");
            add(numbers, key, if counts { number } else { 0 });
        }
    }
    let method = placed.label(Label::PaymentMethod).unwrap_or("-");
    let tried = format!("{store} {day} payments by {method}");
    add(numbers, tried, i128::from(is_order));
    if is_order {
        add(numbers, format!("{store} order {id}"), revenue);
    }
    if is_order && stores_own && revenue > i128::from(HIGH_VALUE.0) {
        add(numbers, format!("{store} high_value_order {id}"), revenue);
    }
    for line in sold.values() {
        add(
            numbers,
            format!("{store} {day} units {} {currency}", line.product),
            line.pieces,
        );
    }
}

/// The earliest of each refund; one is known by its id, and by the order it is of.
fn refunds<'a>(events: &[&'a Told]) -> Vec<(&'static str, &'a Event<'static>)> {
    let mut refunds: BTreeMap<(&str, Option<&str>, String), &Event<'static>> = BTreeMap::new();
    let is_refund = |told: &&&Told| told.1.kind == EventType::Refund;
    for (store, event) in events.iter().filter(is_refund) {
        let single = || EventId::to_string(&event.id.expect("set"));
        let id = event
            .text(Text::RefundId)
            .map_or_else(single, str::to_owned);
        let key = (*store, event.text(Text::OrderId), id);
        let known = refunds.entry(key).or_insert(event);
        if rank(event) < rank(known) {
            *known = event;
        }
    }
    let refunds = refunds.into_iter();
    refunds.map(|((store, ..), event)| (store, event)).collect()
}

/// A refund's own figure comes first, then any other it names.
fn given_back(refund: &Event<'static>) -> i128 {
    let stated = refund
        .amount(Amount::RefundAmount)
        .or(refund.amount(Amount::Revenue));
    let of_lines = || lines(refund).values().map(|line| line.value).sum();
    stated.map_or_else(of_lines, i128::from)
}

fn count_refunds(events: &[&Told], numbers: &mut Numbers) {
    for (store, refund) in refunds(events) {
        let (day, currency) = (
            day(store, refund.time.expect("set")),
            currency(store, refund),
        );
        let amount = given_back(refund);
        let is_own = |known: &(&str, &str, &str)| (known.0, known.2) == (store, &*currency);
        if let Some(customer) = refund
            .text(Text::CustomerId)
            .filter(|_| STORES.iter().any(is_own))
        {
            add(
                numbers,
                format!("{store} customer {customer} refunded"),
                amount,
            );
        }
        add(numbers, format!("{store} {day} refunds {currency}"), 1);
        add(
            numbers,
            format!("{store} {day} refund_amount {currency}"),
            amount,
        );
        for item in &refund.items {
            let product = item.text(ItemText::ProductId).expect("set");
            let quantity = i128::from(item.amount(ItemAmount::Quantity).expect("set"));
            add(
                numbers,
                format!("{store} {day} returned {product} {currency}"),
                quantity,
            );
        }
    }
}

/// The same numbers as the line's tables say them.
pub(super) fn said(tables: &Tables) -> Numbers {
    let mut numbers = Numbers::new();
    for ((table, key), values) in tables {
        if table == "orders" {
            let number = number(&values[1]);
            add(
                &mut numbers,
                format!("{} order {}", text(&key[0]), text(&key[1])),
                number,
            );
        } else if table == "sessions" {
            add(&mut numbers, session_row(key, values), 1);
        } else if table == "alerts" && text(&values[0]) == "high_value_order" {
            let key = format!("{} high_value_order {}", text(&key[0]), text(&values[3]));
            add(&mut numbers, key, number(&values[14]));
        } else if table == "customers" {
            for (what, at) in [
                ("orders", 2),
                ("units", 6),
                ("revenue", 8),
                ("refunded", 10),
            ] {
                let what = format!("{} customer {} {what}", text(&key[0]), text(&key[1]));
                add(&mut numbers, what, number(&values[at]));
            }
        } else if table == "carts" {
            add(&mut numbers, cart_row(key, values), 1);
        } else if matches!(table.as_str(), "inventory" | "stock") {
            add(&mut numbers, stock::row(table, key, values), 1);
        } else if matches!(table.as_str(), "prices" | "price_changes") {
            add(&mut numbers, prices::row(table, key, values), 1);
        } else if key.get(1) == Some(&Value::Text("1d".into())) {
            say(table, key, values, &mut numbers);
        }
    }
    // An order's row stands for an order, whatever it brought in.
    numbers.retain(|_, number| *number != 0);
    numbers
}

fn session_row(key: &[Value], values: &[Value]) -> String {
    let (Value::Time(start), Value::Time(last)) = (&key[3], &values[0]) else {
        panic!("start and end are times: {key:?}")
    };
    let merged = match &values[10] {
        Value::Null => String::new(),
        into => format!(" merged {}", text(into)),
    };
    let (store, kind, person) = (text(&key[0]), text(&key[1]), text(&key[2]));
    let events = number(&values[1]);
    format!("{store} session {kind} {person} {start} {last} x{events}{merged}")
}

fn cart_row(key: &[Value], values: &[Value]) -> String {
    let Value::Time(created) = &key[3] else {
        panic!("a cart is created at a time: {key:?}")
    };
    let (store, kind, person) = (text(&key[0]), text(&key[1]), text(&key[2]));
    let (state, adds, removes) = (text(&values[0]), number(&values[3]), number(&values[4]));
    let pieces = number(&values[6]) / i128::from(SCALE);
    format!("{store} cart {kind} {person} {created} {state} +{adds} -{removes} x{pieces}")
}

fn say(table: &str, key: &[Value], values: &[Value], numbers: &mut Numbers) {
    let Value::Time(start) = key[2] else {
        panic!("a window is a time: {key:?}")
    };
    let store = text(&key[0]);
    let start_of_day = day(&store, EventTime(start));
    let before = day(&store, EventTime(start - 1));
    assert!(
        before < start_of_day,
        "a day begins where its date does: {key:?}"
    );
    let name = |at: usize| text(&key[at]);
    let mut tell =
        |what: String, number: i128| add(numbers, format!("{store} {start_of_day} {what}"), number);
    match table {
        "activity_by_type" => tell(format!("events {}", name(3)), number(&values[0])),
        "activity" => tell("visitors".to_owned(), distinct(&values[4])),
        "visits_by_channel" => tell(format!("sessions by {}", name(3)), number(&values[0])),
        "visits_by_referrer" => tell(format!("sessions from {}", name(3)), number(&values[0])),
        "visits_by_landing_page" => tell(format!("sessions on {}", name(3)), number(&values[0])),
        "visits_by_campaign" => tell(format!("sessions for {}", name(3)), number(&values[0])),
        "visits" => {
            for (what, at) in [
                ("sessions", 0),
                ("sessions with cart", 2),
                ("sessions with order", 4),
                ("session time", 6),
            ] {
                tell(what.to_owned(), number(&values[at]));
            }
        }
        "cart_counts" => {
            let what = [
                "carts",
                "carts open",
                "carts abandoned",
                "carts emptied",
                "carts ordered",
                "carts recovered",
                "checkouts",
                "checkouts abandoned",
                "orders without cart",
            ];
            for (what, value) in what.into_iter().zip(values) {
                tell(what.to_owned(), number(value));
            }
        }
        "cart_values" => {
            tell(format!("abandoned {}", name(3)), number(&values[0]));
            tell(format!("open {}", name(3)), number(&values[1]));
        }
        "funnels" => tell(name(3), number(&values[0])),
        "sales" => {
            let currency = name(3);
            for (what, at) in [
                ("orders", 0),
                ("refunds", 5),
                ("revenue", 12),
                ("refund_amount", 13),
                ("discounts", 14),
                ("refunded_orders", 15),
                ("refund_amount_by_order_date", 16),
            ] {
                tell(format!("{what} {currency}"), number(&values[at]));
            }
            tell(format!("customers {currency}"), distinct(&values[17]));
        }
        "sales_by_payment_method" => {
            let (method, currency) = (name(3), name(4));
            for (what, at) in [
                ("orders", 0),
                ("revenue", 12),
                ("discounts", 14),
                ("refunded_orders", 15),
                ("refund_amount_by_order_date", 16),
            ] {
                tell(
                    format!("{what} by {method} {currency}"),
                    number(&values[at]),
                );
            }
        }
        "sales_by_coupon" => {
            let (coupon, currency) = (name(3), name(4));
            for (what, at) in [
                ("orders", 0),
                ("revenue", 4),
                ("discounts", 7),
                ("refunded_orders", 8),
                ("refund_amount_by_order_date", 9),
            ] {
                tell(
                    format!("{what} with {coupon} {currency}"),
                    number(&values[at]),
                );
            }
        }
        "payments_by_payment_method" => {
            tell(format!("payments by {}", name(3)), number(&values[0]));
            tell(format!("payment errors by {}", name(3)), number(&values[1]));
        }
        "searches_by_term" => {
            for (what, at) in [("searches", 0), ("answered", 1), ("in vain", 2)] {
                tell(format!("{what} for {}", name(3)), number(&values[at]));
            }
        }
        "coupons_by_coupon" => tell(format!("coupons {}", name(3)), number(&values[1])),
        "promotions_by_promotion" => tell(format!("promotion {}", name(3)), number(&values[0])),
        "sales_by_product" => {
            let (product, currency) = (name(3), name(4));
            tell(format!("units {product} {currency}"), number(&values[1]));
            tell(format!("returned {product} {currency}"), number(&values[2]));
        }
        _ => {}
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Null => "-".to_owned(),
        other => panic!("no text: {other:?}"),
    }
}

fn number(value: &Value) -> i128 {
    match value {
        Value::Int(count) => i128::from(*count),
        Value::Decimal(amount) => *amount,
        other => panic!("no number: {other:?}"),
    }
}

fn distinct(value: &Value) -> i128 {
    let Value::Sketch(bytes) = value else {
        panic!("no sketch: {value:?}")
    };
    i128::from(Distinct::from_bytes(bytes).expect("a sketch").estimate())
}
