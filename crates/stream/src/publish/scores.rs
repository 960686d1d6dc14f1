//! Rows of cut points as they are told: days, orders and money in ten-thousandths, from the least. A point of money is told as
//! the amount next to it that parts amounts as the point does.

use analytics::customer::rfm::{CutPoints, Cuts, Day};
use changelog::Value;
use std::sync::Arc;

/// Ten-thousandths of a fifth.
const FIFTH: i128 = 10_000 / 5;

/// The key of a row: store, day since 1970-01-01.
pub fn key(store: &Arc<str>, day: Day) -> Vec<Value> {
    vec![Value::Text(Arc::clone(store)), Value::Int(day.0)]
}

/// Values of a row of `rfm_cuts`: customers that were cut into fifths, to which side a value on a point belongs, the store's
/// currency; four points each of days since the last order, of orders and of money.
pub fn values(cuts: &CutPoints, customers: i64, currency: &str) -> Box<[Value]> {
    let head = [
        Value::Int(customers),
        Value::Text(Arc::from(cuts.boundary.name())),
        Value::Text(Arc::from(currency)),
    ];
    let exact = |cuts: &Cuts| cuts.0.map(|cut| Value::Decimal(cut.0 * FIFTH));
    let of_money = (cuts.monetary.0).map(|cut| Value::Decimal(cut.parting(cuts.boundary)));
    let points = exact(&cuts.recency).into_iter();
    let points = points.chain(exact(&cuts.frequency)).chain(of_money);
    head.into_iter().chain(points).collect()
}
