//! What a shop says of itself: its clock, its money, how its sessions are cut.

use crate::exit::Problem;
use analytics::session::Rules;
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
    /// Whether no session goes on into another day of the store's time zone.
    pub ends_at_midnight: bool,
    /// Whether a visitor who comes by another campaign begins another session.
    pub campaign_change_begins_one: bool,
}

impl Default for StoreSettings {
    fn default() -> Self {
        StoreSettings {
            timezone: "UTC".to_owned(),
            currency: "USD".to_owned(),
            sessions: SessionSettings::default(),
        }
    }
}

impl Default for SessionSettings {
    fn default() -> Self {
        let rules = Rules::default();
        let seconds = |micros: i64| u32::try_from(micros / SECOND).unwrap_or(u32::MAX);
        SessionSettings {
            gap_s: seconds(rules.gap_micros),
            cap_s: seconds(rules.cap_micros),
            given_ids: rules.uses_given_ids,
            ends_at_midnight: rules.ends_at_midnight,
            campaign_change_begins_one: rules.campaign_begins_one,
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
        Ok(())
    }

    /// The shop as the stream wants it.
    pub fn store(&self) -> stream::Store {
        let micros = |seconds: u32| i64::from(seconds) * SECOND;
        stream::Store {
            zone: TimeZone::get(&self.timezone).expect("checked when the configuration was read"),
            currency: Currency::parse(&self.currency)
                .expect("checked when the configuration was read"),
            sessions: Rules {
                gap_micros: micros(self.sessions.gap_s),
                cap_micros: micros(self.sessions.cap_s),
                uses_given_ids: self.sessions.given_ids,
                ends_at_midnight: self.sessions.ends_at_midnight,
                campaign_begins_one: self.sessions.campaign_change_begins_one,
                ..Rules::default()
            },
        }
    }
}
