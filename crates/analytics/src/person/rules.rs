//! How a store looks at its persons.

use crate::cell::NameId;
use crate::funnel::Funnels;
use crate::window::Calendar;
use crate::{cart, session};
use jiff::tz::TimeZone;

/// The rules of one store.
#[derive(Debug, Clone)]
pub struct PersonRules {
    /// How sessions are cut.
    pub sessions: session::Rules,
    /// How carts are cut.
    pub carts: cart::Rules,
    /// Which ways people are seen to go.
    pub funnels: Funnels,
    /// The store's days.
    pub calendar: Calendar,
    /// The store's own currency, in which its customers' money is scored.
    pub currency: NameId,
    /// Events within a minute above which a person's minutes are told, for the rules of alerts.
    pub busy_above: u32,
}

impl Default for PersonRules {
    /// The usual rules, without funnels.
    fn default() -> Self {
        PersonRules {
            sessions: session::Rules::default(),
            carts: cart::Rules::default(),
            funnels: Funnels::default(),
            calendar: Calendar::new(TimeZone::UTC),
            currency: NameId::default(),
            busy_above: u32::MAX,
        }
    }
}
