//! Rows of customers as they are told: whole, in whole numbers, with names in place of ids, quantities and money in
//! ten-thousandths. Which rows changed is not known here.

use super::name;
use analytics::cell::NameId;
use analytics::customer::rfm::{Day, Values};
use analytics::customer::{Amounts, OpenCart, Profile};
use analytics::person::PersonKey;
use analytics::ratio::Ratio;
use analytics::window::Calendar;
use changelog::Value;
use event::EventTime;
use std::sync::Arc;

/// The key of a customer's row: store, id.
pub fn key(customer: &PersonKey, names: &[Arc<str>]) -> Vec<Value> {
    let id = Value::Text(Arc::clone(&customer.id));
    vec![name(names, customer.store), id]
}

/// Values of a row of `customers`; `currency` is the store's own, the one in which its money is told.
pub fn values(
    profile: &Profile,
    (names, currency): (&[Arc<str>], &str),
    product: impl Fn(NameId) -> Value,
) -> Box<[Value]> {
    let is_own = |amounts: &&Amounts| {
        names.get(amounts.currency.0 as usize).map(|it| &**it) == Some(currency)
    };
    let own = profile.amounts.iter().find(is_own);
    let money = |of: fn(&Amounts) -> i128| Value::Decimal(own.map_or(0, of));
    let liked = &profile.favourites;
    let some_name = |id: Option<NameId>| id.map_or(Value::Null, |id| name(names, id));
    let values = [
        time(profile.first_seen),
        time(profile.last_seen),
        count(profile.orders),
        time(profile.first_order),
        time(profile.last_order),
        ratio(profile.mean_gap_micros).map_or(Value::Null, |gap| {
            Value::Int(i64::try_from(gap).unwrap_or(i64::MAX))
        }),
        Value::Decimal(profile.units),
        Value::Text(Arc::from(currency)),
        money(|own| own.revenue),
        money(|own| own.net),
        money(|own| own.refunded),
        ratio(own.and_then(Amounts::order_value)).map_or(Value::Null, Value::Decimal),
        count(own.map_or(0, |own| own.orders)),
        count(profile.sessions),
        count(profile.sessions_with_order),
        count(profile.bot_sessions),
        some_name(liked.category),
        liked.product.map_or(Value::Null, product),
        some_name(liked.device),
        small(liked.hour),
        small(liked.day_of_week),
        Value::Int(profile.visitors.into()),
    ];
    values
        .into_iter()
        .chain(cart(profile.cart.as_ref(), names))
        .collect()
}

/// Columns by which a customer is scored: orders, when the last one was, and the net in the store's own currency.
const ORDERS: usize = 2;
const LAST_ORDER: usize = 4;
const NET: usize = 9;

/// By what a customer is scored, out of its row; nothing where it never ordered.
pub fn scored(row: &[Value], calendar: &Calendar) -> Option<Values> {
    let (Some(Value::Int(orders)), Some(Value::Time(last)), Some(Value::Decimal(net))) =
        (row.get(ORDERS), row.get(LAST_ORDER), row.get(NET))
    else {
        return None;
    };
    let last = Day::of(EventTime(*last), calendar);
    Some(Values::new(last, u64::try_from(*orders).ok()?, *net))
}

/// State, when it last moved, pieces, worth and currency of the newest cart.
fn cart(cart: Option<&OpenCart>, names: &[Arc<str>]) -> [Value; 5] {
    let Some(cart) = cart else {
        return [const { Value::Null }; 5];
    };
    // Of equal values the last by name: numbers of names hang on who came first.
    let place = |(currency, value): &&(NameId, i128)| (*value, names.get(currency.0 as usize));
    let worth = cart.values.iter().max_by_key(place);
    [
        Value::Text(Arc::from(cart.state.name())),
        Value::Time(cart.last.0),
        Value::Decimal(cart.pieces),
        worth.map_or(Value::Null, |(_, value)| Value::Decimal(*value)),
        worth.map_or(Value::Null, |(currency, _)| name(names, *currency)),
    ]
}

fn time(time: Option<EventTime>) -> Value {
    time.map_or(Value::Null, |time| Value::Time(time.0))
}

fn count(count: u64) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

fn small(number: Option<u8>) -> Value {
    number.map_or(Value::Null, |number| Value::Int(number.into()))
}

/// Rounded down.
fn ratio(ratio: Option<Ratio>) -> Option<i128> {
    ratio.and_then(|ratio| ratio.numerator.checked_div_euclid(ratio.denominator))
}
