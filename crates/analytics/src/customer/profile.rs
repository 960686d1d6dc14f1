//! A customer's profile: one row of what its orders, sessions and carts add up to. Nothing in it changes by time alone but the
//! state of its cart; how long ago something was is asked for with the instant.

use super::told::PickKind;
use super::totals::{Amounts, Totals};
use crate::cart::{self, Row};
use crate::cell::NameId;
use crate::person::PersonKey;
use crate::ratio::Ratio;
use crate::session::{Act, Session};
use crate::window::Calendar;
use event::EventTime;
use event::derive::day_number;

/// What a profile is made of: all that a customer's home knows, of visitors that became this customer too.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// What its orders add up to, see [`super::Ledger::totals`].
    pub totals: &'a Totals,
    /// Sessions, as one story.
    pub sessions: &'a [Session],
    /// Rows of carts, as of the instant for which the profile is wanted.
    pub carts: &'a [Row],
    /// Visitors that are this customer.
    pub visitors: u32,
}

/// What a customer's row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The store and the customer's id: the row's key.
    pub customer: PersonKey,
    /// The first event known of it.
    pub first_seen: Option<EventTime>,
    /// The last one.
    pub last_seen: Option<EventTime>,
    /// Orders that count.
    pub orders: u64,
    /// When the first was.
    pub first_order: Option<EventTime>,
    /// When the last was.
    pub last_order: Option<EventTime>,
    /// From one order to the next, in the mean.
    pub mean_gap_micros: Option<Ratio>,
    /// Ten-thousandths of pieces bought.
    pub units: i128,
    /// Money by currency.
    pub amounts: Vec<Amounts>,
    /// Sessions in which somebody did more than order.
    pub sessions: u64,
    /// Those with an order.
    pub sessions_with_order: u64,
    /// Those that are a program's.
    pub bot_sessions: u64,
    /// What it likes.
    pub favourites: Favourites,
    /// What lies in its newest cart, if that is neither bought nor emptied.
    pub cart: Option<OpenCart>,
    /// Visitors that are this customer.
    pub visitors: u32,
}

/// What occurs most often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Favourites {
    /// Of which most pieces were bought.
    pub category: Option<NameId>,
    /// Of which most pieces were bought.
    pub product: Option<NameId>,
    /// With which it comes most often; 0 where nothing says.
    pub device: Option<NameId>,
    /// In which it orders, by the store's clock.
    pub hour: Option<u8>,
    /// On which it orders, 1 = Monday.
    pub day_of_week: Option<u8>,
}

/// A cart that is neither bought nor emptied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCart {
    /// Open or abandoned.
    pub state: cart::State,
    /// When something was last put in or taken out.
    pub last: EventTime,
    /// Ten-thousandths of pieces.
    pub pieces: i128,
    /// At the prices at which they were put in, by currency.
    pub values: Vec<(NameId, i128)>,
}

impl Profile {
    /// The profile; nothing of a customer of whom nothing is known.
    #[must_use]
    pub fn of(customer: &PersonKey, sources: &Sources<'_>) -> Option<Profile> {
        let totals = sources.totals;
        if totals.amounts.is_empty() && sources.sessions.is_empty() && sources.carts.is_empty() {
            return None;
        }
        let visits = || sources.sessions.iter().filter(|session| session.is_visit());
        let count = |holds: fn(&Session) -> bool| visits().filter(|one| holds(one)).count() as u64;
        let (first_seen, last_seen) = seen(totals, sources.sessions);
        Some(Profile {
            customer: customer.clone(),
            first_seen,
            last_seen,
            orders: totals.orders,
            first_order: totals.first,
            last_order: totals.last,
            mean_gap_micros: totals.mean_gap_micros(),
            units: totals.units,
            sessions: count(|_| true),
            sessions_with_order: count(|one| one.0.acts[Act::Order] > 0),
            bot_sessions: count(|one| one.bot().is_some()),
            favourites: Favourites {
                category: totals.favourite(PickKind::Category),
                product: totals.favourite(PickKind::Product),
                device: favourite_device(sources.sessions),
                hour: totals.favourite_hour(),
                day_of_week: totals.favourite_day(),
            },
            amounts: totals.amounts.clone(),
            cart: open_cart(sources.carts),
            visitors: sources.visitors,
        })
    }

    /// Sessions with an order by sessions.
    #[must_use]
    pub fn conversion(&self) -> Option<Ratio> {
        Ratio::of(self.sessions_with_order.into(), self.sessions.into())
    }

    /// Amounts in one currency.
    #[must_use]
    pub fn amounts(&self, currency: NameId) -> Option<&Amounts> {
        self.amounts
            .iter()
            .find(|amounts| amounts.currency == currency)
    }

    /// Days of the store's calendar since the last order; 0 on the day itself.
    #[must_use]
    pub fn days_since_order(&self, as_of: EventTime, calendar: &Calendar) -> Option<i64> {
        let day = |time| day_number(time, calendar.zone());
        Some((day(as_of) - day(self.last_order?)).max(0))
    }
}

fn seen(totals: &Totals, sessions: &[Session]) -> (Option<EventTime>, Option<EventTime>) {
    let starts = sessions.iter().map(Session::start);
    let ends = sessions.iter().map(Session::last);
    (
        starts.chain(totals.first).min(),
        ends.chain(totals.last).max(),
    )
}

/// With as many sessions, the one that was used last; sessions come in the order of time.
fn favourite_device(sessions: &[Session]) -> Option<NameId> {
    let mut devices: Vec<(NameId, u32, usize)> = Vec::new();
    for (at, session) in sessions
        .iter()
        .enumerate()
        .filter(|(_, one)| one.is_visit())
    {
        let device = session.0.entry.device;
        match devices.iter_mut().find(|(known, ..)| *known == device) {
            Some((_, count, last)) => (*count, *last) = (*count + 1, at),
            None => devices.push((device, 1, at)),
        }
    }
    let most = devices
        .iter()
        .max_by_key(|(_, count, last)| (*count, *last));
    most.map(|(device, ..)| *device)
}

fn open_cart(rows: &[Row]) -> Option<OpenCart> {
    let carts = rows.iter().filter_map(Row::cart);
    let newest = carts.max_by_key(|cart| cart.created)?;
    matches!(newest.state, cart::State::Open | cart::State::Abandoned).then(|| OpenCart {
        state: newest.state,
        last: newest.last,
        pieces: newest.quantity(),
        values: newest.values(),
    })
}

/// A profile as it was told last and as it is now; at least one of the two is there, and they differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileChange {
    /// What was told.
    pub before: Option<Profile>,
    /// What is to be put in its place; nothing where nothing is known of the customer any more.
    pub after: Option<Profile>,
}

impl ProfileChange {
    /// What is to be told, if anything.
    #[must_use]
    pub fn between(before: Option<Profile>, after: Option<Profile>) -> Option<ProfileChange> {
        (before != after).then_some(ProfileChange { before, after })
    }

    /// The row's key.
    #[must_use]
    pub fn customer(&self) -> Option<&PersonKey> {
        let known = self.after.as_ref().or(self.before.as_ref());
        known.map(|profile| &profile.customer)
    }
}
