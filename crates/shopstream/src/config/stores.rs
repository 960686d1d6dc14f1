//! What a shop says of itself: its clock, its money, how it looks at sessions and carts.

use super::funnels::{self, FunnelSettings};
use crate::exit::Problem;
use analytics::{cart, session};
use event::Currency;
use event::time::SECOND;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// A shop.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSettings {
    /// Time zone of its days and hours, such as `Europe/Berlin`.
    pub timezone: String,
    /// Currency of amounts that name none.
    pub currency: String,
    /// How its visitors' events become sessions.
    pub sessions: SessionSettings,
    /// What becomes of its carts.
    pub carts: CartSettings,
    /// On which ways it wants to see people get on; none where the list is empty.
    pub funnels: Vec<FunnelSettings>,
}

/// How sessions are cut. A change counts all of them again from the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionSettings {
    /// The longest silence within a session.
    pub gap_s: u32,
    /// The longest session.
    pub cap_s: u32,
    /// Whether session ids that senders give decide, however long the silence.
    pub given_ids: bool,
}

/// How carts are looked at. A change counts all of them again from the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CartSettings {
    /// A longer silence, and a cart without an order is abandoned.
    pub idle_s: u32,
    /// A longer silence, and nobody comes back to it.
    pub forgotten_s: u32,
    /// Whether cart ids that senders give decide which cart is meant.
    pub given_ids: bool,
}

impl Default for CartSettings {
    fn default() -> Self {
        let rules = cart::Rules::default();
        CartSettings {
            idle_s: seconds(rules.idle_micros),
            forgotten_s: seconds(rules.forgotten_micros),
            given_ids: rules.uses_cart_ids,
        }
    }
}

fn seconds(micros: i64) -> u32 {
    u32::try_from(micros / SECOND).unwrap_or(u32::MAX)
}

fn micros(seconds: u32) -> i64 {
    i64::from(seconds) * SECOND
}

impl Default for StoreSettings {
    fn default() -> Self {
        StoreSettings {
            timezone: "UTC".to_owned(),
            currency: "USD".to_owned(),
            sessions: SessionSettings::default(),
            carts: CartSettings::default(),
            funnels: funnels::usual(),
        }
    }
}

impl Default for SessionSettings {
    fn default() -> Self {
        let rules = session::Rules::default();
        SessionSettings {
            gap_s: seconds(rules.gap_micros),
            cap_s: seconds(rules.cap_micros),
            given_ids: rules.uses_given_ids,
        }
    }
}

impl StoreSettings {
    /// Whether these settings can be meant.
    pub fn check(&self, name: &str) -> Result<(), Problem> {
        if TimeZone::get(&self.timezone).is_err() {
            return Err(Problem::usage(
                format!(
                    "stores.{name}.timezone: `{}` is no time zone",
                    self.timezone
                ),
                "write it as in the IANA database, such as `Europe/Berlin`",
            ));
        }
        if Currency::parse(&self.currency).is_none() {
            return Err(Problem::usage(
                format!("stores.{name}.currency: `{}` is no currency", self.currency),
                "write a code of ISO 4217, such as `EUR`",
            ));
        }
        let SessionSettings { gap_s, cap_s, .. } = self.sessions;
        if gap_s == 0 || cap_s < gap_s {
            return Err(Problem::usage(
                format!(
                    "stores.{name}.sessions: a gap of {gap_s} s and a cap of {cap_s} s cut no sessions"
                ),
                "the gap is at least 1 s, and the cap at least the gap; 1800 and 86400 are usual",
            ));
        }
        let CartSettings {
            idle_s,
            forgotten_s,
            ..
        } = self.carts;
        if idle_s == 0 || forgotten_s < idle_s {
            return Err(Problem::usage(
                format!(
                    "stores.{name}.carts: an idle_s of {idle_s} s and a forgotten_s of {forgotten_s} s are no carts"
                ),
                "a cart is idle for at least 1 s, and forgotten later; 3600 and 2592000 are usual",
            ));
        }
        funnels::check(&self.funnels, name)
    }

    /// The shop as the stream wants it.
    pub fn store(&self) -> stream::Store {
        stream::Store {
            zone: TimeZone::get(&self.timezone).expect("checked when the configuration was read"),
            currency: Currency::parse(&self.currency)
                .expect("checked when the configuration was read"),
            sessions: session::Rules {
                gap_micros: micros(self.sessions.gap_s),
                cap_micros: micros(self.sessions.cap_s),
                uses_given_ids: self.sessions.given_ids,
                ..session::Rules::default()
            },
            carts: cart::Rules {
                idle_micros: micros(self.carts.idle_s),
                forgotten_micros: micros(self.carts.forgotten_s),
                uses_cart_ids: self.carts.given_ids,
                ..cart::Rules::default()
            },
            funnels: funnels::declared(&self.funnels)
                .expect("checked when the configuration was read"),
            ..stream::Store::default()
        }
    }
}
