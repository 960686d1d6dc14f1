//! What a shop says of itself: its clock, its money, how it looks at sessions, carts, stock, prices and customers, what is
//! worth an alert.

use super::alerts::{self, AlertSettings};
use super::funnels::{self, FunnelSettings};
use super::scores::RfmSettings;
use crate::exit::Problem;
use analytics::stock::SalesCount;
use analytics::{bot, cart, price, session, stock};
use event::time::SECOND;
use event::{Currency, Quantity, SCALE};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Days on a side of a change; sums are kept for little more than a year.
const SIDE_DAYS_MAX: u32 = 180;
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
    /// What becomes of its carts.
    pub carts: CartSettings,
    /// On which ways it wants to see people get on; none where the list is empty.
    pub funnels: Vec<FunnelSettings>,
    /// What it changes of the usual alert rules, and what it adds.
    pub alerts: Vec<AlertSettings>,
    /// How it looks at its stock.
    pub stock: StockSettings,
    /// How it looks at its prices.
    pub prices: PriceSettings,
    /// Which sessions are taken for those of programs.
    pub bots: BotSettings,
    /// How it scores its customers.
    pub rfm: RfmSettings,
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
            carts: CartSettings::default(),
            funnels: funnels::usual(),
            alerts: Vec::new(),
            stock: StockSettings::default(),
            prices: PriceSettings::default(),
            bots: BotSettings::default(),
            rfm: RfmSettings::default(),
        }
    }
}

/// How stock is looked at. A change counts all of it again from the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StockSettings {
    /// Fewer pieces of a product are low.
    pub low_below: u32,
    /// Whether what is sold after a report makes the level fall before the next one says so.
    pub sales: SalesSetting,
}

/// Whether sales count between reports.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SalesSetting {
    /// Where the feed of the product consists of reports.
    BetweenReports,
    /// Always: changes in the feed are deliveries and corrections only.
    Always,
    /// Never: the level is what the feed says.
    Never,
}

/// How prices are looked at. A change counts all of it again from the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PriceSettings {
    /// Days before and after a change that are compared.
    pub side_days: u32,
}

impl Default for StockSettings {
    fn default() -> Self {
        StockSettings {
            low_below: u32::try_from(stock::LOW_UNITS).unwrap_or(u32::MAX),
            sales: SalesSetting::BetweenReports,
        }
    }
}

impl Default for PriceSettings {
    fn default() -> Self {
        PriceSettings {
            side_days: u32::try_from(price::SIDE_DAYS).unwrap_or(u32::MAX),
        }
    }
}

impl StockSettings {
    fn rules(&self) -> stock::Rules {
        stock::Rules {
            low_below: Quantity(i64::from(self.low_below).saturating_mul(SCALE)),
            sales: match self.sales {
                SalesSetting::BetweenReports => SalesCount::BetweenReports,
                SalesSetting::Always => SalesCount::Always,
                SalesSetting::Never => SalesCount::Never,
            },
            ..stock::Rules::default()
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
        let side_days = self.prices.side_days;
        if side_days == 0 || side_days > SIDE_DAYS_MAX {
            return Err(Problem::usage(
                format!("stores.{name}.prices.side_days: {side_days} days cannot be compared"),
                format!("write 1 to {SIDE_DAYS_MAX}; 7 are usual"),
            ));
        }
        self.bots.check(name)?;
        self.rfm.check(name)?;
        funnels::check(&self.funnels, name)?;
        alerts::check(&self.alerts, &self.funnels, name)
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
                bots: self.bots.rules(),
                ends_at_midnight: self.sessions.ends_at_midnight,
                campaign_begins_one: self.sessions.campaign_change_begins_one,
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
            rules: alerts::rules(&self.alerts),
            stock: self.stock.rules(),
            rfm: (self.rfm.rules()).expect("checked when the configuration was read"),
            prices: price::Rules {
                side_days: self.prices.side_days.into(),
                ..price::Rules::default()
            },
        }
    }
}
