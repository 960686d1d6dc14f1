//! Derived fields: what follows from an event without asking its sender, filled in between decoding and the checks.
//! A value that the sender gave always stays. Nothing here reads a file: a country by address is looked up at the door.

mod address;
mod bots;
mod cache;
mod device;
mod local_time;
mod price_tier;
mod signs;
#[cfg(test)]
mod tests;
mod user_agent;
#[cfg(test)]
mod user_agent_tests;

pub use address::{IpPolicy, parse_address, truncated};
pub use cache::TextCache;
pub use device::DeviceType;
pub use local_time::{day_number, day_of_week, hour};
pub use price_tier::{PriceTiers, PriceTiersError, Tier, TierBounds};
pub use user_agent::{READ_BYTES_MAX, UserAgent};

use crate::Currency;
use crate::event::Event;
use crate::schema::{Label, Number, Text};
use std::sync::Arc;

/// How fields are derived.
#[derive(Debug, Clone, Default)]
pub struct DeriveRules {
    /// Where a price becomes `Medium` and `High`.
    pub price_tiers: PriceTiers,
    /// What is kept of a visitor's address.
    pub ip: IpPolicy,
}

/// Derives fields; remembers the user agents it has read, so each thread that decodes has its own.
#[derive(Debug, Default)]
pub struct Deriver {
    rules: Arc<DeriveRules>,
    user_agents: TextCache<UserAgent>,
}

impl Deriver {
    /// A deriver by these rules that has read nothing yet.
    #[must_use]
    pub fn new(rules: Arc<DeriveRules>) -> Deriver {
        Deriver {
            rules,
            user_agents: TextCache::default(),
        }
    }

    /// Fills in what the event lacks; `currency` is the store's, in which its tiers of price are meant.
    pub fn derive(&mut self, event: &mut Event<'_>, currency: &Currency) {
        settle_device(event);
        self.read_user_agent(event);
        self.rules.price_tiers.settle(event, currency);
        self.rules.ip.apply(event);
    }

    fn read_user_agent(&mut self, event: &mut Event<'_>) {
        let Some(text) = event.label(Label::UserAgent) else {
            return;
        };
        let Some(read) = (self.user_agents).get_or_make(text, UserAgent::read) else {
            return;
        };
        fill(event, Label::DeviceType, Some(read.device.name()));
        fill(event, Label::Browser, read.browser);
        fill(event, Label::Os, read.os);
        if event.number(Number::IsBot).is_none() {
            event.set_number(Number::IsBot, i64::from(read.bot.is_some()));
            if let Some(reason) = read.bot {
                event.set_text(Text::BotReason, reason);
            }
        }
    }
}

fn fill(event: &mut Event<'_>, column: Label, value: Option<&'static str>) {
    if let Some(value) = value.filter(|_| event.label(column).is_none()) {
        event.set_label(column, value);
    }
}

/// A sender's `Mobile` and our `mobile` are one kind of device: letter case alone would split every count by it.
fn settle_device(event: &mut Event<'_>) {
    let known = event.label(Label::DeviceType).and_then(|given| {
        let known = DeviceType::parse(given)?;
        (known.name() != given).then_some(known)
    });
    if let Some(known) = known {
        event.set_label(Label::DeviceType, known.name());
    }
}
