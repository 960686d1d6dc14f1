//! RFM: how lately, how often and for how much each customer bought, scored 1 to 5 by fifths of all customers and named by
//! segment. Values are live; the points that cut them into fifths are fixed once a store-day.
//!
//! How a caller uses it. The home of a customer notes, whenever the customer's orders change, the difference between the
//! [`Values`] before and after in [`Counts`] of its own ([`Counts::change`]) and sends those along with its other partial
//! results; whoever merges adds them up, one `Counts` for each store ([`Counts::merge`]). With the frame by which a store's
//! new day begins, before anything later is folded, the merger fixes [`CutPoints::of`] the counts and publishes them; they
//! stand for the day. An order that comes late changes its customer's values, and so perhaps its score, but no cut point of a day that
//! has begun. Scores and segments are asked for when a row is read: [`CutPoints::scores`], [`Segments::of`].

mod counts;
mod cut;
mod segment;

pub use counts::{Counts, Distribution, MONEY_VALUES_MAX};
pub use cut::{Boundary, CutPoints, Cuts, Cutting, Fifths, Method, Rules, RulesError, by_rank};
pub use segment::{SegmentError, SegmentRule, Segments};

use super::profile::Profile;
use super::totals::{Amounts, Totals};
use crate::cell::NameId;
use crate::window::Calendar;
use event::EventTime;
use event::derive::day_number;

/// A day of a store's calendar: days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i64);

impl Day {
    /// The day that holds this instant, by the store's clock.
    #[must_use]
    pub fn of(time: EventTime, calendar: &Calendar) -> Day {
        Day(day_number(time, calendar.zone()))
    }

    /// Whole days from then until now; none for what lies ahead.
    #[must_use]
    pub fn since(self, then: Day) -> i64 {
        self.0.saturating_sub(then.0).max(0)
    }
}

/// What a customer is scored by. Nothing in it changes by time alone: recency is kept as the day of the last order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Values {
    /// The day of the last order.
    pub last: Day,
    /// Distinct orders.
    pub frequency: u64,
    /// What products brought in after discounts and returns, in the store's currency; of orders in others nothing is known.
    pub monetary: i64,
}

impl Values {
    /// Of what a customer's orders add up to; nothing where there is none.
    #[must_use]
    pub fn of(totals: &Totals, currency: NameId, calendar: &Calendar) -> Option<Values> {
        let net = net_in(&totals.amounts, currency);
        Some(Values::new(
            Day::of(totals.last?, calendar),
            totals.orders,
            net,
        ))
    }

    /// The same of a customer's profile.
    #[must_use]
    pub fn of_profile(profile: &Profile, currency: NameId, calendar: &Calendar) -> Option<Values> {
        let net = net_in(&profile.amounts, currency);
        Some(Values::new(
            Day::of(profile.last_order?, calendar),
            profile.orders,
            net,
        ))
    }

    /// Of these numbers.
    #[must_use]
    pub fn new(last: Day, frequency: u64, net: i128) -> Values {
        Values {
            last,
            frequency,
            // 922 trillion and more are as much.
            monetary: net.clamp(i64::MIN.into(), i64::MAX.into()) as i64,
        }
    }
}

fn net_in(amounts: &[Amounts], currency: NameId) -> i128 {
    let mut amounts = amounts.iter();
    let own = amounts.find(|amounts| amounts.currency == currency);
    own.map_or(0, |own| own.net)
}

/// Scores from 1 to 5; 5 is what a shop likes best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scores {
    /// How lately.
    pub recency: u8,
    /// How often.
    pub frequency: u8,
    /// For how much.
    pub monetary: u8,
}

#[cfg(test)]
mod tests;
