//! What a session adds to the numbers: always as a whole, so that what was told before is taken back when it changes.

use super::{Act, Session};
use crate::bot::VisitorKinds;
use crate::cell::{CUBES, CubeId, Deltas, NameId, column, cubes};
use crate::tally::Field;
use event::EventTime;

/// Microseconds in the unit of [`crate::tally::Scale::Duration`].
const DURATION_UNIT_MICROS: i64 = event::time::SECOND / event::SCALE;
const COLUMNS: usize = CUBES[cubes::VISITS.0 as usize].fields.len();

/// What one session counts, in the order of its cubes' fields.
type Sums = [i128; COLUMNS];

/// A session's cells: its start and the values it is told apart by.
#[derive(PartialEq, Eq)]
struct Place {
    time: EventTime,
    by_value: [(CubeId, NameId); 8],
}

/// Counts what a session is now in place of what it was before, as visits; what is no visit counts nothing.
pub fn count(
    (store, kinds): (NameId, &VisitorKinds),
    before: Option<&Session>,
    after: Option<&Session>,
    deltas: &mut Deltas,
) {
    let visit = |session: Option<&Session>| {
        let session = session.filter(|session| session.is_visit())?;
        Some((place(session, kinds), sums(session)))
    };
    match (visit(before), visit(after)) {
        (Some((place, old)), Some((same, new))) if place == same => {
            let mut difference = new;
            let old = old.iter();
            difference
                .iter_mut()
                .zip(old)
                .for_each(|(sum, old)| *sum -= old);
            add(store, &place, &difference, deltas);
        }
        (old, new) => {
            if let Some((place, sums)) = old {
                add(store, &place, &sums.map(|sum| -sum), deltas);
            }
            if let Some((place, sums)) = new {
                add(store, &place, &sums, deltas);
            }
        }
    }
}

fn place(session: &Session, kinds: &VisitorKinds) -> Place {
    let entry = session.0.entry;
    Place {
        time: session.start(),
        by_value: [
            (cubes::VISITS, NameId(0)),
            (cubes::VISITS_BY_COUNTRY, entry.country),
            (cubes::VISITS_BY_DEVICE, entry.device),
            (cubes::VISITS_BY_CHANNEL, entry.channel),
            (cubes::VISITS_BY_CAMPAIGN, entry.campaign),
            (cubes::VISITS_BY_LANDING_PAGE, entry.landing),
            (cubes::VISITS_BY_REFERRER, entry.referrer),
            (cubes::VISITS_BY_BOT, kinds.of(session.bot())),
        ],
    }
}

fn sums(session: &Session) -> Sums {
    let acts = &session.0.acts;
    let has = |act| i128::from(acts[act] > 0);
    let mut sums = [0; COLUMNS];
    let mut set = |field, value| sums[column(cubes::VISITS, field)] = value;
    set(Field::Sessions, 1);
    set(Field::Bounces, i128::from(session.is_bounce()));
    set(Field::CartSessions, has(Act::CartAdd));
    set(Field::CheckoutSessions, has(Act::Checkout));
    set(Field::OrderSessions, has(Act::Order));
    set(Field::SessionViews, i128::from(session.views()));
    let duration = session.duration_micros() / DURATION_UNIT_MICROS;
    set(Field::SessionTime, i128::from(duration));
    let is_unordered = acts[Act::CartAdd] > 0 && acts[Act::Order] == 0;
    set(Field::UnorderedCartSessions, i128::from(is_unordered));
    let is_human = session.bot().is_none();
    set(Field::BotSessions, i128::from(!is_human));
    set(Field::HumanSessions, i128::from(is_human));
    let human_orders = i128::from(is_human && acts[Act::Order] > 0);
    set(Field::HumanOrderSessions, human_orders);
    sums
}

fn add(store: NameId, place: &Place, sums: &Sums, deltas: &mut Deltas) {
    for (cube, value) in place.by_value {
        let delta = deltas.at(cube, store, NameId(0), value, place.time);
        let columns = delta.sums.iter_mut().zip(sums);
        columns.for_each(|(column, sum)| *column += sum);
    }
}
