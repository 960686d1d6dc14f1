//! The configuration: one annotated struct, read once, passed down.
//! Defaults < /etc/shopstream < the user's file < ./shopstream.toml < --config < environment < --set < flags.

pub mod alerts;
mod enrichment;
mod findings;
mod funnels;
mod lake;
mod scores;
mod sql;
mod stores;

pub use enrichment::{GeoSettings, PriceTierSettings, PrivacySettings};
pub use findings::FindingSettings;
pub use lake::LakeSettings;
pub use sql::SqlSettings;
pub use stores::StoreSettings;

use crate::cli::Settings;
use crate::exit::Problem;
use crate::imports::{ImportRequest, explain_mapping};
use anyhow::Context;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use ingest::Enrichment;
use ingest::mappings::Mappings;
use ingest::watch::{FolderConfig, FolderList, FolderSettings};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// All settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where events, keys and results live.
    pub data_dir: PathBuf,
    /// The HTTP door, the API and the dashboard.
    pub api: api::ApiConfig,
    /// The log.
    pub log: LogSettings,
    /// The live line.
    pub stream: StreamSettings,
    /// When state is put to rest.
    pub checkpoint: CheckpointSettings,
    /// The long memory: open tables that others read too.
    pub lake: LakeSettings,
    /// What one statement of SQL may use.
    pub sql: SqlSettings,
    /// Countries by address.
    pub geo: GeoSettings,
    /// What is kept of people.
    pub privacy: PrivacySettings,
    /// Where a price becomes `Medium` and `High`, in the store's currency.
    pub price_tiers: PriceTierSettings,
    /// The shops of this server, by name; `main` is there without being named.
    pub stores: BTreeMap<String, StoreSettings>,
    /// The shop's own checks: what they hold true of is set aside.
    pub checks: Vec<ingest::checks::CheckConfig>,
    /// What may be set aside of a batch.
    pub quality: ingest::QualityConfig,
    /// Above what something about the data is told.
    pub findings: FindingSettings,
    /// What is read without being sent.
    pub sources: SourceSettings,
}

/// What is read without being sent.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceSettings {
    /// Watched folders: one table, or a list of them.
    pub files: FolderList,
}

/// The log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// `durable`: reply after fdatasync, survives a power cut. `buffered`: after write, survives kill -9 only.
    pub durability: DurabilitySetting,
    /// Size of a segment file in MiB, allocated in advance.
    pub segment_mib: u64,
    /// Below so many hundredths of the disk no more events are taken in; the rest runs on.
    pub reserve_percent: u64,
    /// The same in MiB: the smaller of the two counts.
    pub reserve_mib: u64,
    /// A file in MiB that holds room against other programs and gives way when the disk is all but full; 0 for none.
    pub ballast_mib: u64,
}

/// When a reply is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DurabilitySetting {
    /// After fdatasync.
    Durable,
    /// After write.
    Buffered,
}

/// The live line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StreamSettings {
    /// Threads that own shards; 0 takes one a core.
    pub workers: usize,
    /// A changed number is published again after so many milliseconds at the earliest.
    pub publish_interval_ms: u64,
}

/// When state is put to rest on disk: a restart goes on from there, and memory holds little more than what came since.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CheckpointSettings {
    /// Made so many seconds after the last one, while anything changes.
    pub interval_s: u64,
    /// Made after so many events even before: as many are read again at a restart.
    pub events_max: u64,
    /// Made when so many cells changed even before, 110 bytes each in memory; a third as many stay after it, and half as
    /// many rows for questions.
    pub cells_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            data_dir: PathBuf::from("data"),
            api: api::ApiConfig::default(),
            log: LogSettings::default(),
            stream: StreamSettings::default(),
            checkpoint: CheckpointSettings::default(),
            lake: LakeSettings::default(),
            sql: SqlSettings::default(),
            geo: GeoSettings::default(),
            privacy: PrivacySettings::default(),
            price_tiers: PriceTierSettings::default(),
            stores: BTreeMap::new(),
            sources: SourceSettings::default(),
            checks: Vec::new(),
            quality: ingest::QualityConfig::default(),
            findings: FindingSettings::default(),
        }
    }
}

impl Default for CheckpointSettings {
    fn default() -> Self {
        CheckpointSettings {
            interval_s: 30,
            events_max: 1_000_000,
            cells_max: 1_500_000,
        }
    }
}

impl Default for LogSettings {
    fn default() -> Self {
        LogSettings {
            durability: DurabilitySetting::Durable,
            segment_mib: 64,
            reserve_percent: 5,
            reserve_mib: 1_024,
            ballast_mib: 64,
        }
    }
}

impl Default for StreamSettings {
    fn default() -> Self {
        StreamSettings {
            workers: 0,
            publish_interval_ms: 200,
        }
    }
}

/// Reads all layers.
pub fn load(settings: &Settings) -> anyhow::Result<Config> {
    let mut figment = Figment::from(Serialized::defaults(Config::default()));
    for path in files(settings)? {
        figment = figment.merge(Toml::file_exact(path));
    }
    figment = figment.merge(Env::prefixed("SHOPSTREAM__").split("__"));
    for setting in &settings.set {
        let (key, value) = setting.split_once('=').ok_or_else(|| {
            Problem::usage(
                format!("--set {setting} has no `=`"),
                "write it as --set section.key=value",
            )
        })?;
        figment = figment.merge((key, value_of(value)));
    }
    if let Some(data_dir) = &settings.data_dir {
        figment = figment.merge(("data_dir", data_dir));
    }
    let config: Config = figment.extract().map_err(|error| explain(&error))?;
    check(&config)?;
    Ok(config)
}

/// Existing files, weakest first; a file named on the command line must exist.
fn files(settings: &Settings) -> anyhow::Result<Vec<PathBuf>> {
    let home = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".config")));
    let usual = [
        Some(PathBuf::from("/etc/shopstream/shopstream.toml")),
        home.map(|home| home.join("shopstream/shopstream.toml")),
        Some(PathBuf::from("shopstream.toml")),
    ];
    let mut files: Vec<PathBuf> = usual
        .into_iter()
        .flatten()
        .filter(|path| path.is_file())
        .collect();
    if let Some(named) = &settings.config {
        std::fs::metadata(named)
            .with_context(|| format!("read {}", named.display()))
            .map_err(|error| {
                Problem::usage(
                    format!("{error:#}"),
                    "name a file that exists, or leave --config out",
                )
            })?;
        files.push(named.clone());
    }
    Ok(files)
}

/// A value as TOML reads it, else plain text: `8000`, `true` and `Europe/Berlin` all mean what they seem to.
fn value_of(text: &str) -> figment::value::Value {
    text.parse()
        .unwrap_or_else(|_| figment::value::Value::from(text))
}

fn explain(error: &figment::Error) -> Problem {
    let place = |error: &figment::Error| {
        let origin = error
            .metadata
            .as_ref()
            .map_or_else(String::new, |metadata| {
                let source = metadata
                    .source
                    .as_ref()
                    .map_or_else(|| metadata.name.to_string(), ToString::to_string);
                format!(" ({source})")
            });
        format!("{}{origin}", error.path.join("."))
    };
    match &error.kind {
        figment::error::Kind::UnknownField(name, expected) => {
            let mend = nearest(name, expected, "known here");
            Problem::usage(format!("unknown setting `{name}`{}", place(error)), mend)
        }
        figment::error::Kind::UnknownVariant(name, expected) => {
            let mend = nearest(name, expected, "write one of");
            Problem::usage(
                format!("setting {}: `{name}` is none of its values", place(error)),
                mend,
            )
        }
        kind => Problem::usage(
            format!("setting {}: {kind}", place(error)),
            "`shopstream config show` prints every setting with its value",
        ),
    }
}

/// The word that was meant, else all there are.
fn nearest(word: &str, known: &[&str], all: &str) -> String {
    let likeness = |known: &str| strsim::jaro_winkler(known, word);
    let alike = known.iter().filter(|known| likeness(known) > 0.7);
    match alike.max_by_key(|known| (likeness(known) * 1_000.0) as u32) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("{all}: {}", known.join(", ")),
    }
}

fn check(config: &Config) -> Result<(), Problem> {
    config
        .stores
        .iter()
        .try_for_each(|(name, store)| store.check(name))?;
    config.price_tiers.tiers()?;
    config.findings.check()?;
    if let Err(error) = ingest::checks::compile_checks(&config.checks) {
        return Err(Problem::usage(error.to_string(), error.hint));
    }
    let share = config.quality.rejected_share_max;
    if share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
        return Err(Problem::usage(
            "quality.rejected_share_max must lie between 0 and 1",
            "0.05 lets 5 % be set aside; leave it out to watch nothing",
        ));
    }
    if config.log.segment_mib == 0 || config.log.segment_mib > 4_096 {
        return Err(Problem::usage(
            "log.segment_mib must lie between 1 and 4096",
            "leave it out for 64",
        ));
    }
    if config.log.reserve_percent > 90 {
        return Err(Problem::usage(
            "log.reserve_percent must lie between 0 and 90",
            "leave it out for 5; 0 takes events in until the disk is full",
        ));
    }
    let folders = config.sources.files.check();
    folders.map_err(|error| Problem::usage(error.to_string(), error.hint))?;
    config.folders(&Enrichment::default()).map(drop)
}

impl Config {
    /// The settings as they hold: `main` is there without being named, and every alert rule with all it has.
    pub fn shown(&self) -> Config {
        let mut shown = self.clone();
        shown.stores.entry("main".to_owned()).or_default();
        for store in shown.stores.values_mut() {
            store.alerts = alerts::shown(&store.alerts);
        }
        shown
    }

    /// The shops, as the stream wants them.
    pub fn stores(&self) -> stream::Stores {
        stream::Stores(
            self.stores
                .iter()
                .map(|(name, settings)| (name.clone(), settings.store()))
                .collect(),
        )
    }

    /// The shops, as the live tables want them.
    pub fn live_stores(&self) -> live::Stores {
        let named = self.stores().0.into_iter();
        let named = named.map(|(name, store)| {
            let settings = self.stores.get(&name);
            let segments = settings.and_then(|settings| settings.rfm.table().ok());
            (
                name,
                live::Store {
                    zone: store.zone,
                    currency: store.currency,
                    carts: store.carts,
                    funnels: store.funnels,
                    rules: store.rules,
                    segments: segments.unwrap_or_default(),
                },
            )
        });
        live::Stores {
            named: named.collect(),
            ..live::Stores::default()
        }
    }

    /// The watched folders, as `ingest` wants them.
    pub fn folders(&self, enrichment: &Enrichment) -> Result<Vec<FolderConfig>, Problem> {
        let folders = self.sources.files.0.iter();
        let folder = |settings: &FolderSettings| {
            let pairs = |map: &BTreeMap<String, String>| map.clone().into_iter().collect();
            let of_folder = |problem: Problem| Problem {
                what: format!(
                    "sources.files, folder {}: {}",
                    settings.called(),
                    problem.what
                ),
                ..problem
            };
            let mut request = ImportRequest {
                name: settings.called(),
                store: settings.store.clone(),
                dialect: settings.dialect.clone(),
                map: pairs(&settings.map),
                map_type: pairs(&settings.map_type),
                ..ImportRequest::default()
            };
            if let Some(name) = &settings.mapping {
                let saved = Mappings::of(&self.data_dir).get(name);
                request.take_in(saved.map_err(|error| of_folder(explain_mapping(&error)))?);
            }
            let options = request.file_options(self, enrichment).map_err(of_folder)?;
            Ok(FolderConfig {
                settings: settings.clone(),
                options,
                state_dir: self.data_dir.join("watch"),
            })
        };
        folders.map(folder).collect()
    }

    /// The shop's own checks, compiled.
    pub fn rules(&self) -> event::rule::Rules {
        ingest::checks::compile_checks(&self.checks)
            .expect("checked when the configuration was read")
    }

    /// Threads that decode requests: one a core is left to the shards.
    pub fn decoders(&self) -> usize {
        std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2))
    }

    /// The log's configuration.
    pub fn log(&self) -> eventlog::LogConfig {
        eventlog::LogConfig {
            segment_bytes: self.log.segment_mib << 20,
            durability: match self.log.durability {
                DurabilitySetting::Durable => eventlog::Durability::Durable,
                DurabilitySetting::Buffered => eventlog::Durability::Buffered,
            },
            reserve: eventlog::DiskReserve {
                percent: self.log.reserve_percent,
                bytes_max: self.log.reserve_mib << 20,
                ballast_bytes: self.log.ballast_mib << 20,
            },
            ..eventlog::LogConfig::new(self.data_dir.join("log"))
        }
    }

    fn checkpoints(&self) -> stream::CheckpointSettings {
        stream::CheckpointSettings {
            dir: self.data_dir.join("checkpoints"),
            interval: std::time::Duration::from_secs(self.checkpoint.interval_s),
            events_max: self.checkpoint.events_max,
            cells_max: self.checkpoint.cells_max,
        }
    }

    /// The stream's configuration.
    pub fn stream(&self) -> stream::StreamConfig {
        let mut config = stream::StreamConfig {
            stores: self.stores(),
            checkpoint: Some(self.checkpoints()),
            ..stream::StreamConfig::default()
        };
        if self.stream.workers > 0 {
            config.workers = self.stream.workers;
        }
        config.publish_interval = std::time::Duration::from_millis(self.stream.publish_interval_ms);
        config
    }
}
