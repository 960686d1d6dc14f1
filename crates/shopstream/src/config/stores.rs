//! What a shop says of itself: its clock, its money, how its sessions are cut, how it looks at its stock and its prices.

use crate::exit::Problem;
use analytics::session::Rules;
use analytics::stock::SalesCount;
use analytics::{price, stock};
use event::time::SECOND;
use event::{Currency, Quantity, SCALE};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Days on a side of a change; sums are kept for little more than a year.
const SIDE_DAYS_MAX: u32 = 180;

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
    /// How it looks at its stock.
    pub stock: StockSettings,
    /// How it looks at its prices.
    pub prices: PriceSettings,
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

impl Default for StoreSettings {
    fn default() -> Self {
        StoreSettings {
            timezone: "UTC".to_owned(),
            currency: "USD".to_owned(),
            sessions: SessionSettings::default(),
            stock: StockSettings::default(),
            prices: PriceSettings::default(),
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
        let side_days = self.prices.side_days;
        if side_days == 0 || side_days > SIDE_DAYS_MAX {
            return Err(Problem::usage(
                format!("stores.{name}.prices.side_days: {side_days} days cannot be compared"),
                format!("write 1 to {SIDE_DAYS_MAX}; 7 are usual"),
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
                ..Rules::default()
            },
            stock: self.stock.rules(),
            prices: price::Rules {
                side_days: self.prices.side_days.into(),
                ..price::Rules::default()
            },
        }
    }
}
