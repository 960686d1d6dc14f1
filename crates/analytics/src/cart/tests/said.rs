//! Items and rows as text, for claims that can be read: `10:00=put:tea*2@5 10:05=order:o1` gives `10:00 ordered tea*2@5 o1`.
//! Names are their lengths and letters made numbers; it checks nothing itself.

use super::super::*;
use crate::cell::NameId;
use crate::session::Rank;
use event::time::{HOUR, MINUTE, SECOND};
use event::{EventId, EventTime, Money, Quantity, SCALE};

/// `10:00`, `10:00:05`, `34:20` on the next day.
pub(super) fn time(clock: &str) -> EventTime {
    let parts = clock
        .split(':')
        .map(|part| part.parse::<i64>().expect("a number"));
    let units = [HOUR, MINUTE, SECOND];
    EventTime(parts.zip(units).map(|(part, unit)| part * unit).sum())
}

pub(super) fn clock(time: EventTime) -> String {
    let (hours, minutes) = (time.0 / HOUR, time.0 / MINUTE % 60);
    match time.0 / SECOND % 60 {
        0 => format!("{hours:02}:{minutes:02}"),
        seconds => format!("{hours:02}:{minutes:02}:{seconds:02}"),
    }
}

/// Up to four letters as a number, and back.
pub(super) fn name(text: &str) -> NameId {
    let letters = text.bytes().map(u32::from);
    NameId(letters.fold(0, |id, letter| id << 8 | letter))
}

fn letters(id: NameId) -> String {
    let letters = id.0.to_be_bytes().into_iter().filter(|letter| *letter > 0);
    letters.map(char::from).collect()
}

/// `5`, `1.275`: up to four digits behind the point.
pub(super) fn decimal(text: &str) -> i64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{part:0<4}");
    digits.parse().expect("a decimal")
}

/// `tea`, `tea*2`, `tea*2@5`, `tea*2@5eur`; dollars unless said otherwise.
fn line(text: &str, sign: i64) -> Option<Line> {
    let (text, price) = text
        .split_once('@')
        .map_or((text, None), |(text, price)| (text, Some(price)));
    let (product, pieces) = text.split_once('*').unwrap_or((text, "1"));
    let digits = price.map(|price| price.trim_end_matches(|end: char| end.is_alphabetic()));
    let currency = price.zip(digits).map(|(all, digits)| &all[digits.len()..]);
    let currency = currency.filter(|name| !name.is_empty()).unwrap_or("usd");
    Line::new(
        (name(product), name(currency)),
        Quantity(sign * decimal(pieces)),
        digits.map(|price| Money(decimal(price))),
    )
}

fn lines(text: &str, sign: i64) -> Lines {
    Lines::new(text.split(',').filter_map(|text| line(text, sign))).expect("something moves")
}

fn what(text: &str) -> What {
    let saw = |fact| What::Saw(Facts::default().and(fact, true));
    let checkout = Facts::default().and(Fact::Checkout, true);
    match text.split_once(':').unwrap_or((text, "")) {
        ("put", text) => What::Moved(lines(text, 1)),
        ("take", text) => What::Moved(lines(text, -1)),
        ("empty", _) => What::Emptied,
        ("checkout", _) => What::Saw(checkout),
        ("shipping", _) => What::Saw(checkout.and(Fact::ShippingShown, true)),
        ("wall", _) => What::Saw(checkout.and(Fact::LoginWall, true)),
        ("error", _) => saw(Fact::PaymentError),
        ("denied", _) => saw(Fact::CouponDenied),
        ("order", "") => What::Ordered(None),
        ("order", id) => What::Ordered(Some(id.into())),
        _ => panic!("nothing is called {text}"),
    }
}

fn item(text: &str, number: u32) -> Item {
    let (text, id) = text
        .split_once('#')
        .map_or((text, None), |(text, id)| (text, Some(id)));
    let (clock, text) = text.split_once('=').expect("a time and what happened");
    Item {
        rank: Rank {
            time: time(clock),
            position: 0,
            id: EventId(u128::from(number)),
        },
        cart: id.map(|id| CartId::of("main", id)),
        place: Place {
            country: NameId(number),
            device: NameId(number + 100),
        },
        what: what(text),
    }
}

pub(super) fn items(text: &str) -> Vec<Item> {
    let events = text.split_whitespace().zip(1..);
    events.map(|(text, number)| item(text, number)).collect()
}

fn amount(value: i64) -> String {
    match value % SCALE {
        0 => (value / SCALE).to_string(),
        _ => format!("{:.1}", value as f64 / SCALE as f64),
    }
}

fn line_said(line: &CartLine) -> String {
    let mut said = letters(line.product);
    if line.quantity.0 != SCALE {
        said += &format!("*{}", amount(line.quantity.0));
    }
    if let Some(price) = line.price {
        said += &format!("@{}", amount(price.0));
        said += &letters(line.currency).replace("usd", "");
    }
    said
}

fn purchase_said(purchase: Option<&Purchase>) -> String {
    let id = purchase.and_then(|purchase| purchase.id.as_deref());
    id.map_or(String::new(), |id| format!(" {id}"))
}

pub(super) fn said(rows: &[Row]) -> String {
    let said = rows.iter().map(|row| {
        let at = clock(row.key().rank.time);
        match row {
            Row::Cart(cart) => {
                let lines: Vec<String> = cart.lines.iter().map(line_said).collect();
                let lines = lines.join(",");
                let state = cart.state.name();
                let order = purchase_said(cart.purchase.as_ref());
                format!("{at} {state} {lines}{order}").trim_end().to_owned()
            }
            Row::Checkout(checkout) => {
                let order = purchase_said(checkout.purchase.as_ref());
                format!("{at} checkout {}{order}", checkout.state.name())
            }
            Row::LooseOrder(order) => format!("{at} loose{}", purchase_said(Some(&order.purchase))),
        }
    });
    said.collect::<Vec<_>>().join(" | ")
}

pub(super) fn list(items: &[Item]) -> CartItems {
    let mut list = CartItems::default();
    items.iter().for_each(|item| list.observe(item.clone()));
    list
}
