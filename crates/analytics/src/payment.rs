//! Payments that were tried: an order of value is one that went through, a payment error one that failed. What an order
//! brings in by the way it was paid is folded with the order.

use crate::cell::{CubeId, Deltas, NameId, column, cubes};
use crate::names::EventNames;
use crate::tally::Field;
use event::EventTime;

const ATTEMPTS: usize = column(cubes::PAYMENTS, Field::PaymentAttempts);
const ERRORS: usize = column(cubes::PAYMENTS, Field::PaymentErrors);

/// Counts a payment that failed.
pub fn count_error(time: EventTime, names: &EventNames, deltas: &mut Deltas) {
    add(time, names, deltas, |sums| {
        sums[ATTEMPTS] += 1;
        sums[ERRORS] += 1;
    });
}

/// Counts the payment of an order, or takes it back with sign −1.
pub(crate) fn count_order(time: EventTime, names: &EventNames, sign: i64, deltas: &mut Deltas) {
    add(time, names, deltas, |sums| {
        sums[ATTEMPTS] += i128::from(sign);
    });
}

fn add(time: EventTime, names: &EventNames, deltas: &mut Deltas, add: impl Fn(&mut [i128])) {
    let cells: [(CubeId, NameId); 4] = [
        (cubes::PAYMENTS, NameId(0)),
        (cubes::PAYMENTS_BY_COUNTRY, names.country),
        (cubes::PAYMENTS_BY_DEVICE, names.device),
        (cubes::PAYMENTS_BY_PAYMENT_METHOD, names.payment_method),
    ];
    for (cube, value) in cells {
        add(&mut deltas.at(cube, names.store, NameId(0), value, time).sums);
    }
}
