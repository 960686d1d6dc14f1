//! What a row of carts adds to the numbers: always as a whole, so that what was told before is taken back when it changes.

use super::item::Place;
use super::row::{Cart, Row, State};
use crate::cell::{CUBES, CubeId, Deltas, NameId, column, cubes};
use crate::tally::Field;
use event::EventTime;

const COLUMNS: usize = CUBES[cubes::CARTS.0 as usize].fields.len();
/// The column of what lies in a cart, for the states in which that is of interest.
const fn value_column(state: State) -> Option<usize> {
    match state {
        State::Abandoned => Some(column(cubes::CART_VALUES, Field::AbandonedValue)),
        State::Open => Some(column(cubes::CART_VALUES, Field::OpenCartsValue)),
        State::Emptied | State::Ordered | State::Recovered => None,
    }
}

/// What one row counts, in the order of its cubes' fields.
type Sums = [i128; COLUMNS];

/// A row as it counts.
#[derive(Debug, PartialEq, Eq)]
struct Counted {
    time: EventTime,
    place: Place,
    sums: Sums,
    /// Of an abandoned or open cart: the column, and worth by currency.
    values: Option<(usize, Vec<(NameId, i128)>)>,
}

/// Counts what a row is now in place of what it was before.
pub fn count(store: NameId, before: Option<&Row>, after: Option<&Row>, deltas: &mut Deltas) {
    let (before, after) = (before.map(Counted::of), after.map(Counted::of));
    if before == after {
        return;
    }
    for (counted, sign) in [(before, -1), (after, 1)] {
        if let Some(counted) = counted {
            counted.add(store, sign, deltas);
        }
    }
}

impl Counted {
    fn of(row: &Row) -> Counted {
        let (time, place) = match row {
            Row::Cart(cart) => (cart.created.time, cart.place),
            Row::Checkout(checkout) => (checkout.started.time, checkout.place),
            Row::LooseOrder(order) => (order.purchase.at.time, order.place),
        };
        let mut sums = [0; COLUMNS];
        for field in fields(row).into_iter().flatten() {
            sums[column(cubes::CARTS, field)] = 1;
        }
        let values = |cart: &Cart| Some((value_column(cart.state)?, cart.values()));
        Counted {
            time,
            place,
            sums,
            values: row.cart().and_then(values),
        }
    }

    fn add(&self, store: NameId, sign: i128, deltas: &mut Deltas) {
        let by_value = |total, country, device| {
            [
                (total, NameId(0)),
                (country, self.place.country),
                (device, self.place.device),
            ]
        };
        let mut at = |cube: CubeId, currency, value, column: usize, sum: i128| {
            deltas.at(cube, store, currency, value, self.time).sums[column] += sum * sign;
        };
        let counts = by_value(
            cubes::CARTS,
            cubes::CARTS_BY_COUNTRY,
            cubes::CARTS_BY_DEVICE,
        );
        for (cube, value) in counts {
            for (column, sum) in self.sums.iter().enumerate().filter(|(_, sum)| **sum != 0) {
                at(cube, NameId(0), value, column, *sum);
            }
        }
        let values = by_value(
            cubes::CART_VALUES,
            cubes::CART_VALUES_BY_COUNTRY,
            cubes::CART_VALUES_BY_DEVICE,
        );
        let Some((column, worths)) = &self.values else {
            return;
        };
        for (cube, value) in values {
            for (currency, worth) in worths {
                at(cube, *currency, value, *column, *worth);
            }
        }
    }
}

/// What a row is counted as: what it is, and what became of it.
fn fields(row: &Row) -> [Option<Field>; 2] {
    match row {
        Row::Cart(cart) => [
            Some(Field::CartsCreated),
            Some(match cart.state {
                State::Open => Field::CartsOpen,
                State::Abandoned => Field::CartsAbandoned,
                State::Emptied => Field::CartsEmptied,
                State::Ordered => Field::CartsOrdered,
                State::Recovered => Field::CartsRecovered,
            }),
        ],
        Row::Checkout(checkout) => [
            Some(Field::Checkouts),
            (checkout.state == State::Abandoned).then_some(Field::CheckoutsAbandoned),
        ],
        Row::LooseOrder(_) => [Some(Field::OrdersWithoutCart), None],
    }
}
