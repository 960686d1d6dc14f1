//! What a store says of itself: its time zone, its currency, its carts, its funnels, its rules of alerts, its segments.
//! Which stores have data is not known here.

use analytics::alert::{Rule, usual_rules};
use analytics::cart;
use analytics::customer::rfm::Segments;
use analytics::funnel::{self, Declaration};
use analytics::window::Calendar;
use event::Currency;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// One store's settings.
#[derive(Debug, Clone)]
pub struct Store {
    /// Time zone of its days and hours.
    pub zone: TimeZone,
    /// Currency of amounts that name none.
    pub currency: Currency,
    /// When its carts are abandoned.
    pub carts: cart::Rules,
    /// On which ways it wants to see people get on, as they are counted.
    pub funnels: Vec<Declaration>,
    /// What is worth an alert to it.
    pub rules: Vec<Rule>,
    /// What it calls customers by their scores.
    pub segments: Segments,
}

impl Default for Store {
    fn default() -> Self {
        Store {
            zone: TimeZone::UTC,
            currency: Currency::USD,
            carts: cart::Rules::default(),
            funnels: funnel::usual(),
            rules: usual_rules(),
            segments: Segments::default(),
        }
    }
}

impl Store {
    /// Where this store's windows begin.
    #[must_use]
    pub fn calendar(&self) -> Calendar {
        Calendar::new(self.zone.clone())
    }

    /// The zone's name, as answers carry it.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }
}

/// The stores of this server; one that is not named has the default's settings.
#[derive(Debug, Clone, Default)]
pub struct Stores {
    /// Settings of every store that has none of its own.
    pub default: Store,
    /// Settings by the store's name.
    pub named: BTreeMap<String, Store>,
}

impl Stores {
    /// The settings of a store.
    #[must_use]
    pub fn get(&self, name: &str) -> &Store {
        self.named.get(name).unwrap_or(&self.default)
    }
}
