//! The live line: follows the log, routes events to their shards, drops duplicates, folds, exchanges movements, publishes.
//! It knows no sink, no HTTP and no SQL; what the numbers mean is decided in `analytics`.

mod acts;
mod archive;
mod audit;
mod days;
mod home;
mod inventory;
mod line;
mod names;
mod persons;
mod publish;
mod replay;
mod rest;
mod restore;
mod results;
mod round;
mod run;
mod seen;
mod setting;
mod shard;
mod texts;
mod watch;
mod watermarks;
mod worker;

#[cfg(test)]
mod tests;

pub use archive::{
    Archive, ArchiveError, ArchiveProgress, Aside, CommitRules, Held, JudgedFrame, Verdicts,
};
pub use audit::{Audit, AuditKey, KeyCounts};
pub use home::{SHARDS, ShardId};
pub use line::{Harvest, Line, LineError};
pub use replay::{Replay, ReplayError, Replayed};
pub use results::Results;
pub use run::{Archiving, StreamError, StreamHandle, start};

use analytics::alert::{Condition, Rule, usual_rules};
use analytics::cell::NameId;
use analytics::customer::rfm;
use analytics::funnel::{Declaration, FunnelError, Funnels};
use analytics::person::PersonRules;
use analytics::window::Calendar;
use analytics::{cart, funnel, price, session, stock};
use event::Currency;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// What a store says of itself.
#[derive(Debug, Clone)]
pub struct Store {
    /// Time zone of its days and hours.
    pub zone: TimeZone,
    /// Currency of amounts that name none.
    pub currency: Currency,
    /// How its sessions are cut.
    pub sessions: session::Rules,
    /// How its carts are.
    pub carts: cart::Rules,
    /// What is worth an alert.
    pub rules: Vec<Rule>,
    /// On which ways it wants to see people get on.
    pub funnels: Vec<Declaration>,
    /// How it looks at its stock.
    pub stock: stock::Rules,
    /// How it looks at its prices.
    pub prices: price::Rules,
    /// How it scores its customers.
    pub rfm: rfm::Rules,
}

impl Default for Store {
    fn default() -> Self {
        Store {
            zone: TimeZone::UTC,
            currency: Currency::USD,
            sessions: session::Rules::default(),
            carts: cart::Rules::default(),
            rules: usual_rules(),
            funnels: funnel::usual(),
            stock: stock::Rules::default(),
            prices: price::Rules::default(),
            rfm: rfm::Rules::default(),
        }
    }
}

impl Store {
    /// How it looks at its persons; `id` gives a name its number.
    pub(crate) fn person_rules(
        &self,
        mut id: impl FnMut(&str) -> NameId,
    ) -> Result<PersonRules, FunnelError> {
        Ok(PersonRules {
            currency: id(self.currency.as_str()),
            sessions: self.sessions,
            carts: self.carts,
            funnels: Funnels::new(&self.funnels, id)?,
            calendar: Calendar::new(self.zone.clone()),
            busy_above: self.busy_above(),
        })
    }
}

impl Store {
    /// The least number of events within a minute that a rule about programs asks for.
    fn busy_above(&self) -> u32 {
        let limits = self.rules.iter().filter_map(|rule| match &rule.condition {
            Condition::BotStorm(storm) => Some(storm.events_a_minute_above),
            _ => None,
        });
        limits.min().unwrap_or(u32::MAX)
    }
}

/// The shops of this server; one that is not listed has the defaults.
#[derive(Debug, Clone, Default)]
pub struct Stores(pub BTreeMap<String, Store>);

impl Stores {
    /// The store of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Store {
        self.0.get(name).cloned().unwrap_or_default()
    }
}

/// How the line runs; its answers do not depend on it.
#[derive(Debug, Clone)]
pub struct StreamConfig {
    /// Threads that own shards.
    pub workers: usize,
    /// A changed key is published again after this long at the earliest.
    pub publish_interval: Duration,
    /// The same while the line is behind: fewer publications, more folding.
    pub publish_interval_behind: Duration,
    /// The shops.
    pub stores: Stores,
    /// Where and how often checkpoints are made; without it everything stays in memory and a restart reads the whole log.
    pub checkpoint: Option<CheckpointSettings>,
}

/// When checkpoints are made and how much stays in memory between them.
#[derive(Debug, Clone)]
pub struct CheckpointSettings {
    /// Their folder.
    pub dir: PathBuf,
    /// Made so often while anything changes.
    pub interval: Duration,
    /// Made after so many events even before: what a restart has to read again, and ids kept in memory.
    pub events_max: u64,
    /// Made when so many cells changed even before, and old cells beyond as many leave memory.
    pub cells_max: usize,
}

impl Default for StreamConfig {
    fn default() -> Self {
        StreamConfig {
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            publish_interval: Duration::from_millis(200),
            publish_interval_behind: Duration::from_secs(2),
            stores: Stores::default(),
            checkpoint: None,
        }
    }
}
