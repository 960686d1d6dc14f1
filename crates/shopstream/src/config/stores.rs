//! What a shop says of itself: its clock, its money, how its sessions are cut.

use crate::exit::Problem;
use analytics::bot;
use analytics::session::Rules;
use event::Currency;
use event::time::SECOND;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

const MILLISECOND: i64 = SECOND / 1_000;

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
    /// Which sessions are taken for those of programs.
    pub bots: BotSettings,
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

/// What no person does. A change counts all sessions again from the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BotSettings {
    /// Pages within five minutes from which on their pace is judged.
    pub burst_views: u32,
    /// The mean time from one page to the next that is too short.
    pub burst_gap_ms: u32,
    /// Pages within five minutes that are too many at any pace.
    pub slot_views: u32,
    /// A session that goes on for so long without a pause.
    pub restless_s: u32,
    /// So many pages at an even pace, and nothing else.
    pub only_views: u32,
}

impl Default for BotSettings {
    fn default() -> Self {
        let usual = bot::Rules::USUAL;
        let whole = |micros: i64, unit: i64| u32::try_from(micros / unit).unwrap_or(u32::MAX);
        BotSettings {
            burst_views: usual.burst_views,
            burst_gap_ms: whole(usual.burst_gap_micros, MILLISECOND),
            slot_views: usual.slot_views,
            restless_s: whole(usual.restless_micros, SECOND),
            only_views: usual.only_views,
        }
    }
}

impl BotSettings {
    fn rules(&self) -> bot::Rules {
        bot::Rules {
            burst_views: self.burst_views,
            burst_gap_micros: i64::from(self.burst_gap_ms) * MILLISECOND,
            slot_views: self.slot_views,
            restless_micros: i64::from(self.restless_s) * SECOND,
            only_views: self.only_views,
            ..bot::Rules::USUAL
        }
    }

    /// A page or two in a while, or no time at all, would make everybody a program.
    fn check(&self, name: &str) -> Result<(), Problem> {
        let is_meant = self.burst_views >= 2 && self.slot_views >= 2 && self.only_views >= 2;
        if is_meant && self.restless_s > 0 {
            return Ok(());
        }
        Err(Problem::usage(
            format!("stores.{name}.bots: everybody would be taken for a program"),
            "give at least 2 pages and at least 1 s; a number that is never reached turns a rule off",
        ))
    }
}

impl Default for StoreSettings {
    fn default() -> Self {
        StoreSettings {
            timezone: "UTC".to_owned(),
            currency: "USD".to_owned(),
            sessions: SessionSettings::default(),
            bots: BotSettings::default(),
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
        self.bots.check(name)
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
                bots: self.bots.rules(),
                ..Rules::default()
            },
        }
    }
}
