//! Settings of the lake: where it lies, and when events get there.

use super::Config;
use crate::exit::Problem;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The long memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LakeSettings {
    /// Whether events are kept in open tables. Without it SQL knows only what the log holds.
    pub enabled: bool,
    /// A folder, below the data directory where it is relative, or `s3://BUCKET/PREFIX`.
    pub location: String,
    /// Of a bucket: `region`, `endpoint`, `access_key_id`, `secret_access_key`, `allow_http` and others; what is not set comes
    /// from `AWS_REGION`, `AWS_ACCESS_KEY_ID` and so on.
    pub storage: BTreeMap<String, String>,
    /// New events get there after so many seconds at the latest.
    pub commit_interval_s: u64,
    /// Or after so many of them.
    pub commit_events: u64,
}

impl Default for LakeSettings {
    fn default() -> Self {
        let rules = stream::CommitRules::default();
        LakeSettings {
            enabled: true,
            location: "lake".to_owned(),
            storage: BTreeMap::new(),
            commit_interval_s: rules.interval.as_secs(),
            commit_events: rules.events_max,
        }
    }
}

impl LakeSettings {
    /// When events get there.
    pub fn commit_rules(&self) -> stream::CommitRules {
        stream::CommitRules {
            interval: Duration::from_secs(self.commit_interval_s),
            events_max: self.commit_events,
            ..stream::CommitRules::default()
        }
    }
}

impl Config {
    /// Where the lake lies.
    pub fn lake_place(&self) -> anyhow::Result<lake::Place> {
        let within = std::path::absolute(&self.data_dir)?;
        let place = lake::Place::parse(&self.lake.location, &within, &self.lake.storage);
        place.map_err(|error| {
            let mend =
                "see `lake` in docs/lake.md, or switch it off with `--set lake.enabled=false`";
            Problem::usage(error.to_string(), mend).into()
        })
    }

    /// The time zone of each shop: whose days the lake's partitions are.
    pub fn zones(&self) -> lake::Zones {
        let stores = self.stores();
        Arc::new(move |name| stores.get(name).zone)
    }
}
