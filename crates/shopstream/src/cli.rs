//! The command line: names, options and help texts.

mod sql;

pub use sql::{Role, RunRole, SqlForm, SqlOptions};

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// A shop's events go in; live numbers, alerts and reports come out.
#[derive(Debug, Parser)]
#[command(name = "shopstream", version, about, max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    pub settings: Settings,
    #[command(subcommand)]
    pub command: Command,
}

/// Settings every command shares.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Where events, keys and results live [default: data; for `demo`: data/demo]
    #[arg(long, global = true, value_name = "DIR", overrides_with = "data_dir")]
    pub data_dir: Option<PathBuf>,
    /// A configuration file, read after /etc/shopstream, the user's and ./shopstream.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One setting, as `a.b=value`; wins over files and environment
    #[arg(long = "set", global = true, value_name = "A.B=VALUE")]
    pub set: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server: doors, live numbers, dashboard
    Up,
    /// Run the server with a simulated shop and open the dashboard
    Demo(Demo),
    /// Load files (orders, click streams, JSON lines) into the server that owns the data directory, or into the directory itself
    Ingest(Ingest),
    /// Play a believable shop: to a server, a file or standard output
    Simulate(Box<Simulate>),
    /// The imports so far
    Imports(Imports),
    /// What was set aside: list it, look at it, read it again
    Quarantine(Quarantine),
    /// Saved mappings of columns
    Mappings(MappingsOptions),
    /// Show that nothing disappeared: received = accepted + duplicate + quarantined; and how good the data are
    Audit(Audit),
    /// Ask the lake and what is not there yet, in SQL
    Sql(SqlOptions),
    /// One part of the server by itself
    #[command(hide = true)]
    Run(RunRole),
    /// Replay history under alert rules: how many alerts, how many of them right, how much of the truth they find
    Backtest(Box<Backtest>),
    /// Measure on this machine
    Bench(Bench),
    /// Show or check the configuration
    Config(ConfigOptions),
}

#[derive(Debug, Clone, Args)]
pub struct Demo {
    /// Events a second
    #[arg(long, default_value_t = 500.0)]
    pub rate: f64,
    /// Another seed is another shop
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Minutes of history the shop starts with, so that no chart is empty
    #[arg(long, default_value_t = 20)]
    pub history_minutes: u32,
    /// Do not open a browser
    #[arg(long)]
    pub no_browser: bool,
}

#[derive(Debug, Clone, Args)]
pub struct Ingest {
    /// CSV, XLSX, JSON or access logs, plain or compressed (gzip, zstd); `-` reads standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What the file holds
    #[arg(long, value_enum, default_value_t = Dialect::Auto)]
    pub dialect: Dialect,
    /// Column of the file = our field, such as `InvoiceNo=order_id`; several with commas
    #[arg(long, value_name = "COLUMN=FIELD,…", value_delimiter = ',')]
    pub map: Vec<String>,
    /// Value of the type column = our event type, such as `basket=cart_add`
    #[arg(long, value_name = "VALUE=TYPE,…", value_delimiter = ',')]
    pub map_type: Vec<String>,
    /// A saved mapping (see --save-mapping); --map corrects it
    #[arg(long, value_name = "NAME")]
    pub mapping: Option<String>,
    /// Save how this file is read, guessed and given columns alike, under a name
    #[arg(long, value_name = "NAME")]
    pub save_mapping: Option<String>,
    /// Only look at the first rows (1,000, or --limit): what they would become, what would be set aside; nothing is stored
    #[arg(long, conflicts_with = "check")]
    pub preview: bool,
    /// Read only so many rows; running it again without goes on after them
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// The sheet of a workbook [default: the first with a header]
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// The store the events belong to
    #[arg(long, default_value = "main")]
    pub store: String,
    /// Only validate: nothing is stored
    #[arg(long)]
    pub check: bool,
    /// Send to this server instead of the one that owns the data directory
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Key for --url [default: DATA_DIR/keys/admin.key]
    #[arg(long, env = "SHOPSTREAM_KEY", hide_env_values = true)]
    pub key: Option<String>,
    /// How the closing table is written
    #[arg(long, value_enum, default_value_t = Format::Auto)]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Dialect {
    /// Look at the file and say what was found
    Auto,
    /// One row a line item of an order
    Orders,
    /// One row an event
    Events,
    /// A REES46 export
    Rees46,
    /// One row an event, with its product and customer written out
    EcommerceEvents,
    /// One row an event: user_id, event_type, product_id, price, timestamp
    UserEvents,
    /// An access log of Apache or nginx, one line a page view
    AccessLog,
    /// JSON objects: ours or the seeds'
    Json,
    /// Google Analytics 4: Measurement Protocol bodies or rows of the BigQuery export
    Ga4,
    /// Segment calls, one by one or in batches
    Segment,
    /// Snowplow tracker payloads or enriched events
    Snowplow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table on a terminal, tab-separated otherwise
    Auto,
    /// A table
    Table,
    /// JSON
    Json,
}

#[derive(Debug, Clone, Args)]
pub struct Simulate {
    /// Where the events go
    #[arg(long, value_enum, default_value_t = Target::Http)]
    pub to: Target,
    /// The server, for --to http
    #[arg(long, default_value = "http://127.0.0.1:8000")]
    pub url: String,
    /// Key for --to http [default: DATA_DIR/keys/admin.key]
    #[arg(long, env = "SHOPSTREAM_KEY", hide_env_values = true)]
    pub key: Option<String>,
    /// The file; implies --to file
    #[arg(long, value_name = "FILE", conflicts_with = "out_dir")]
    pub out: Option<PathBuf>,
    /// A folder of files, each of --batch-size events; implies --to file
    #[arg(long, value_name = "DIR")]
    pub out_dir: Option<PathBuf>,
    /// Events a file in --out-dir
    #[arg(
        long,
        value_name = "EVENTS",
        default_value_t = 1_000,
        requires = "out_dir"
    )]
    pub batch_size: u64,
    /// Events a second: of five, one belongs to a purchase, three are views, one moves a cart [default: the plan's 500]
    #[arg(long)]
    pub rate: Option<f64>,
    /// Bursts: RATE:SECONDS:PAUSE:TIMES, such as 2000:10s:10s:10
    #[arg(long, value_name = "RATE:FOR:PAUSE:TIMES")]
    pub burst: Option<String>,
    /// Stop after so many events; in dialects with one product a line, lines [default: the plan's; else never, or 100000 to a file]
    #[arg(long)]
    pub count: Option<u64>,
    /// Stop after so much of the shop's time: 90s, 10m, 8h, 31d
    #[arg(long, value_name = "TIME")]
    pub duration: Option<String>,
    /// Time of the first event, such as 2025-03-03 or 2025-03-03T12:00:00Z [default: now; files end now]
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    /// Same seed and start, same bytes
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Whose words the events are in [default: the plan's, canonical]
    #[arg(long, value_parser = DIALECTS)]
    pub dialect: Option<String>,
    /// A ready-made plan
    #[arg(long, default_value = "default", value_parser = PROFILES)]
    pub profile: String,
    /// A TOML file that changes the plan: categories, prices, behaviour, demographics, campaigns and more
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// Print the profile's plan and end; the default one explains every key
    #[arg(long)]
    pub print_profile: bool,
    /// Share of lines that come late, such as 1%
    #[arg(long, value_name = "SHARE")]
    pub late: Option<String>,
    /// Share of lines that come twice, such as 2%
    #[arg(long, value_name = "SHARE")]
    pub repeats: Option<String>,
    /// Share of lines that cannot be read, such as 0.1%
    #[arg(long, value_name = "SHARE")]
    pub broken: Option<String>,
    /// Write what the numbers must come to: sums to a .json file, or sums and tables into a folder
    #[arg(long, value_name = "DIR|FILE.json")]
    pub truth: Option<PathBuf>,
}

/// Dialects the simulator writes; `generator` is the older name of seed-000.
const DIALECTS: [&str; 12] = [
    "canonical",
    "seed-000",
    "seed-003",
    "seed-003-json",
    "seed-004-csv",
    "rees46",
    "order-csv",
    "access-log",
    "ga4",
    "segment",
    "snowplow",
    "generator",
];

const PROFILES: [&str; 4] = ["default", "globalmart-day", "rees46-month", "known-answers"];

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// A running server
    Http,
    /// --out FILE, or files in --out-dir DIR
    File,
    /// Standard output
    Stdout,
    /// Nowhere: for measuring how fast events are made
    Null,
}

/// The server a command talks to; without one of them, the one that owns the data directory, or the directory itself.
#[derive(Debug, Clone, Args)]
pub struct Connection {
    /// The server [default: the one that owns the data directory]
    #[arg(long, value_name = "URL", global = true)]
    pub url: Option<String>,
    /// Key for --url [default: DATA_DIR/keys/admin.key]
    #[arg(long, env = "SHOPSTREAM_KEY", hide_env_values = true, global = true)]
    pub key: Option<String>,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Auto, global = true)]
    pub format: Format,
}

#[derive(Debug, Clone, Args)]
pub struct Imports {
    #[command(subcommand)]
    pub what: ImportsKind,
    #[command(flatten)]
    pub connection: Connection,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ImportsKind {
    /// Every import, newest first
    List,
    /// Take an import back: every number becomes what it would be without it, and the file may be loaded again
    Undo {
        /// Its id in the list
        id: u64,
    },
}

#[derive(Debug, Clone, Args)]
pub struct Quarantine {
    #[command(subcommand)]
    pub what: QuarantineKind,
    #[command(flatten)]
    pub connection: Connection,
}

#[derive(Debug, Clone, Subcommand)]
pub enum QuarantineKind {
    /// What was set aside, newest first
    List(QuarantineList),
    /// One of them: what came in, why it was set aside, how it is mended
    Show {
        /// Its id, such as 17:3
        id: String,
    },
    /// Read them again under today's mapping and checks; what passes counts once
    Replay(QuarantineReplay),
}

#[derive(Debug, Clone, Args)]
pub struct QuarantineList {
    /// Of this reason only, such as price_invalid
    #[arg(long)]
    pub reason: Option<String>,
    /// Of this source only: its name or identity
    #[arg(long)]
    pub source: Option<String>,
    /// So many, up to 1,000
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub limit: u64,
}

#[derive(Debug, Clone, Args)]
pub struct QuarantineReplay {
    /// These only, such as 17:3
    pub ids: Vec<String>,
    /// Of this reason only
    #[arg(long)]
    pub reason: Option<String>,
    /// Of this source only: its name or identity
    #[arg(long)]
    pub source: Option<String>,
    /// Everything that was set aside
    #[arg(long, conflicts_with_all = ["ids", "reason", "source"])]
    pub all: bool,
    /// Under this saved mapping, instead of the one each was read by
    #[arg(long, value_name = "NAME")]
    pub mapping: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub struct MappingsOptions {
    #[command(subcommand)]
    pub what: MappingsKind,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Auto, global = true)]
    pub format: Format,
}

#[derive(Debug, Clone, Subcommand)]
pub enum MappingsKind {
    /// Every saved mapping
    List,
    /// One of them, column by column
    Show {
        /// Its name
        name: String,
    },
    /// Forget one; files read by it stay as they are
    Remove {
        /// Its name
        name: String,
    },
}

#[derive(Debug, Clone, Args)]
pub struct Audit {
    /// Lines by source, store and hour of receipt (UTC), or some of them; each obeys the law by itself
    #[arg(
        long,
        value_enum,
        value_name = "source|store|hour",
        value_delimiter = ','
    )]
    pub by: Vec<AuditPart>,
    /// Data quality instead: what fields lacked, why events were set aside, what is conspicuous
    #[arg(long)]
    pub quality: bool,
    /// Received at this time or later, such as 2026-03-02T12:00:00Z
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Received before this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Of this source only: its name or identity
    #[arg(long)]
    pub source: Option<String>,
    /// Of this store only
    #[arg(long)]
    pub store: Option<String>,
    /// Of this field only, such as items.unit_price
    #[arg(long, requires = "quality")]
    pub field: Option<String>,
    #[command(flatten)]
    pub connection: Connection,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuditPart {
    /// Who sent it
    Source,
    /// For which store
    Store,
    /// In which hour it came in
    Hour,
    /// In which minute it came in; with --quality only
    Minute,
}

#[derive(Debug, Clone, Args)]
pub struct Backtest {
    /// The rule; without it every rule that is set, a row each
    pub rule: Option<String>,
    /// Read this history instead of the data directory's log: a file as `ingest` reads it; may be given several times
    #[arg(long = "file", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What the files hold
    #[arg(long, value_enum, default_value_t = Dialect::Auto, requires = "files")]
    pub dialect: Dialect,
    /// Column of the file = our field, such as `InvoiceNo=order_id`; several with commas
    #[arg(
        long,
        value_name = "COLUMN=FIELD,…",
        value_delimiter = ',',
        requires = "files"
    )]
    pub map: Vec<String>,
    /// Value of the type column = our event type, such as `basket=cart_add`
    #[arg(
        long,
        value_name = "VALUE=TYPE,…",
        value_delimiter = ',',
        requires = "files"
    )]
    pub map_type: Vec<String>,
    /// A saved mapping; --map corrects it
    #[arg(long, value_name = "NAME", requires = "files")]
    pub mapping: Option<String>,
    /// The sheet of a workbook [default: the first with a header]
    #[arg(long, value_name = "NAME", requires = "files")]
    pub sheet: Option<String>,
    /// Of this store only [default: every store of the log; `main` for files]
    #[arg(long)]
    pub store: Option<String>,
    /// Try a setting of the rule, such as `above=500` or `z_above=5`; nothing is changed. May be given several times
    #[arg(long = "try", value_name = "KEY=VALUE", requires = "rule")]
    pub tried: Vec<String>,
    /// What is known to have been: a table with the columns rule, time, subject, until, or the folder of `simulate --truth`
    #[arg(long, value_name = "FILE|DIR")]
    pub truth: Vec<PathBuf>,
    /// An alert may be so much earlier or later than the truth, such as 90s, 5m, 1h
    #[arg(long, value_name = "TIME", default_value = "5m")]
    pub tolerance: String,
    /// Count what began at this time or later, such as 2026-03-02T12:00:00Z; what was before is history all the same
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Count what began before this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// How many alerts are listed: those that were missed and that were false, or without truth the first
    #[arg(long, value_name = "ALERTS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=100))]
    pub listed: u64,
    /// How it is written
    #[arg(long, value_enum, default_value_t = ReportFormat::Auto)]
    pub format: ReportFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// A table on a terminal, tab-separated otherwise
    Auto,
    /// A table
    Table,
    /// JSON
    Json,
    /// Comma-separated values, a row a rule
    Csv,
}

#[derive(Debug, Clone, Args)]
pub struct Bench {
    #[command(subcommand)]
    pub what: BenchKind,
}

#[derive(Debug, Clone, Subcommand)]
pub enum BenchKind {
    /// Workload W: a file of events through the durable log into every live table
    W(BenchW),
    /// From process start to the first result of 1,000 events
    Start(BenchStart),
    /// A server at a steady rate: from reply to visible in a query
    Latency(BenchLatency),
}

#[derive(Debug, Clone, Args)]
pub struct BenchW {
    /// Events
    #[arg(long, default_value_t = 2_000_000)]
    pub events: u64,
    /// Seed of the file
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where the file is kept between runs [default: the system's temporary folder]
    #[arg(long, value_name = "DIR")]
    pub work_dir: Option<PathBuf>,
    /// How the figures are written
    #[arg(long, value_enum, default_value_t = Format::Auto)]
    pub format: Format,
}

#[derive(Debug, Clone, Args)]
pub struct BenchStart {
    /// How the figures are written
    #[arg(long, value_enum, default_value_t = Format::Auto)]
    pub format: Format,
}

#[derive(Debug, Clone, Args)]
pub struct BenchLatency {
    /// Events a second
    #[arg(long, default_value_t = 2_000.0)]
    pub rate: f64,
    /// Seconds
    #[arg(long, default_value_t = 60)]
    pub seconds: u64,
    /// How the figures are written
    #[arg(long, value_enum, default_value_t = Format::Auto)]
    pub format: Format,
}

#[derive(Debug, Clone, Args)]
pub struct ConfigOptions {
    #[command(subcommand)]
    pub what: ConfigKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum ConfigKind {
    /// The settings in force
    Show,
    /// Read the settings and say whether they are sound
    Check,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_offered_are_those_the_simulator_has() {
        let dialects = simulator::Format::ALL.map(simulator::Format::name);
        assert_eq!(DIALECTS[..dialects.len()], dialects);
        assert_eq!(PROFILES, simulator::PROFILES.map(|(name, _)| name));
    }
}
