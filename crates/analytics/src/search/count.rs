//! What searches add to the numbers. What an event says of itself is counted once, with the event; what became of it as a
//! difference to what was told before.

use super::{Found, Row};
use crate::cell::{Deltas, NameId, column, cubes};
use crate::tally::Field;
use event::EventTime;
use std::cmp::Ordering;

const SEARCHES: usize = column(cubes::SEARCHES, Field::Searches);
const OF_KNOWN_RESULTS: usize = column(cubes::SEARCHES, Field::SearchesOfKnownResults);
const WITHOUT_RESULTS: usize = column(cubes::SEARCHES, Field::SearchesWithoutResults);
const CLICKED: usize = column(cubes::SEARCHES, Field::SearchesClicked);
const ORDERED: usize = column(cubes::SEARCHES, Field::SearchesOrdered);

/// Counts a search event: that it was made, and whether anything was found.
pub fn count_event(
    time: EventTime,
    (store, term): (NameId, NameId),
    found: Found,
    deltas: &mut Deltas,
) {
    add((store, term), time, deltas, |sums| {
        sums[SEARCHES] += 1;
        sums[OF_KNOWN_RESULTS] += i128::from(found != Found::Unknown);
        sums[WITHOUT_RESULTS] += i128::from(found == Found::Nothing);
    });
}

/// Counts what a person's searches led to now in place of before; both in the order of their ranks.
pub fn count_rows(store: NameId, (before, after): (&[Row], &[Row]), deltas: &mut Deltas) {
    let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
    loop {
        let order = match (before.peek(), after.peek()) {
            (Some(old), Some(new)) => old.rank.cmp(&new.rank),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return,
        };
        let old = before.next_if(|_| order.is_le());
        let new = after.next_if(|_| order.is_ge());
        count(store, (old, new), deltas);
    }
}

/// Counts what a row is now in place of what it was before; both are of one search, whose term and time stay.
fn count(store: NameId, (before, after): (Option<&Row>, Option<&Row>), deltas: &mut Deltas) {
    let Some(row) = after.or(before) else {
        return;
    };
    let difference = |led: fn(&Row) -> bool| {
        i128::from(after.is_some_and(led)) - i128::from(before.is_some_and(led))
    };
    let clicked = difference(|row| row.clicked);
    let ordered = difference(|row| row.ordered);
    if clicked != 0 || ordered != 0 {
        add((store, row.term), row.rank.time, deltas, |sums| {
            sums[CLICKED] += clicked;
            sums[ORDERED] += ordered;
        });
    }
}

fn add(
    (store, term): (NameId, NameId),
    time: EventTime,
    deltas: &mut Deltas,
    add: impl Fn(&mut [i128]),
) {
    for (cube, value) in [
        (cubes::SEARCHES, NameId(0)),
        (cubes::SEARCHES_BY_TERM, term),
    ] {
        add(&mut deltas.at(cube, store, NameId(0), value, time).sums);
    }
}
