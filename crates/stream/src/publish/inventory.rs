//! Rows of stock and prices as they are told: whole, in whole numbers, quantities and money in ten-thousandths.
//! Which rows changed is not known here.

use analytics::price::{Elasticity, PriceEffectRow, PriceRow, Side};
use analytics::ratio::Ratio;
use analytics::stock::{InventoryRow, WarehouseRow};
use changelog::Value;
use event::{EventTime, Money, SCALE};
use std::sync::Arc;

/// Values of a row of `inventory`; behind the others from when until when it was out, the newest times.
pub fn inventory(row: &InventoryRow) -> Box<[Value]> {
    let (demand, goods) = (&row.demand, &row.goods);
    let outs = (row.outs.iter()).flat_map(|out| [Value::Time(out.from.0), time(out.until)]);
    let head = [
        Value::Time(row.as_of.0),
        Value::Decimal(row.level.0.into()),
        text(row.basis.name()),
        text(row.standing.name()),
        time(row.since),
        time(row.reported_at),
        Value::Decimal(row.gone_since_report),
        Value::Int(row.warehouses.into()),
        count(row.set_aside),
        Value::Time(row.looked_from.0),
        Value::Int(row.in_stock_micros()),
        Value::Int(row.out_micros),
        Value::Int(row.low_micros),
        Value::Int(row.times_out.into()),
        count(demand.views_in),
        count(demand.views_out),
        count(demand.cart_adds_in),
        count(demand.cart_adds_out),
        Value::Decimal(demand.sold_in),
        Value::Decimal(demand.sold_out),
        ratio(demand.lost(), 1),
        ratio(row.days_of_cover(), SCALE),
        Value::Decimal(goods.sold),
        Value::Decimal(goods.returned),
        Value::Decimal(goods.written_off),
    ];
    head.into_iter().chain(outs).collect()
}

/// Values of a row of `stock`.
pub fn warehouse(row: &WarehouseRow) -> Box<[Value]> {
    Box::from([
        Value::Decimal(row.level.0.into()),
        time(row.reported_at),
        count(row.told),
    ])
}

/// Values of a row of `prices`.
pub fn price(row: &PriceRow) -> Box<[Value]> {
    let head = [
        money(row.price),
        time(row.since),
        text(row.source.name()),
        Value::Int(row.changes.into()),
        Value::Int(row.set_aside),
    ];
    head.into_iter()
        .chain(elasticity(row.elasticity.as_ref()))
        .collect()
}

/// Value, both ends of its interval, method, what it was made of, and whether something speaks against it.
fn elasticity(elasticity: Option<&Elasticity>) -> [Value; 10] {
    let Some(found) = elasticity else {
        return [const { Value::Null }; 10];
    };
    let end = |end: Option<f64>| end.map_or(Value::Null, scaled);
    let number = |count: u32| Value::Int(count.into());
    [
        scaled(found.value),
        end(found.interval.map(|(low, _)| low)),
        end(found.interval.map(|(_, high)| high)),
        text(found.method.name()),
        number(found.observations),
        number(found.unsold),
        number(found.prices),
        number(found.promoted),
        number(found.out_of_stock),
        Value::Int(found.is_confounded().into()),
    ]
}

/// Values of a row of `price_changes`.
pub fn price_change(row: &PriceEffectRow) -> Box<[Value]> {
    let head = [
        money(row.old),
        Value::Decimal(row.new.0.into()),
        text(row.source.name()),
    ];
    let sides = [&row.before, &row.after].into_iter().flat_map(side);
    head.into_iter().chain(sides).collect()
}

fn side(side: &Side) -> [Value; 7] {
    let sums = &side.sums;
    [
        Value::Int(side.days),
        Value::Int(sums.views),
        Value::Int(sums.cart_adds),
        Value::Int(sums.orders),
        Value::Int(sums.promoted),
        Value::Decimal(sums.units),
        Value::Decimal(sums.revenue),
    ]
}

fn text(name: &str) -> Value {
    Value::Text(Arc::from(name))
}

fn time(time: Option<EventTime>) -> Value {
    time.map_or(Value::Null, |time| Value::Time(time.0))
}

fn money(money: Option<Money>) -> Value {
    money.map_or(Value::Null, |money| Value::Decimal(money.0.into()))
}

fn count(count: u64) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

/// A ratio as a decimal, rounded down; `scale` where it does not stand in ten-thousandths by itself.
fn ratio(ratio: Option<Ratio>, scale: i64) -> Value {
    let divided = ratio.and_then(|ratio| {
        let above = ratio.numerator.saturating_mul(scale.into());
        above.checked_div_euclid(ratio.denominator)
    });
    divided.map_or(Value::Null, Value::Decimal)
}

/// A slope as a decimal. One far beyond all that demand does is told as its bound.
fn scaled(value: f64) -> Value {
    const BOUND: f64 = 1e12;
    Value::Decimal((value * SCALE as f64).round().clamp(-BOUND, BOUND) as i128)
}
