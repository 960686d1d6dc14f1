//! The options of `sql`, and of the process that answers it.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Clone, Args)]
pub struct SqlOptions {
    /// Answer this and end; several statements with semicolons
    #[arg(short, long, value_name = "SQL")]
    pub command: Option<String>,
    /// Answer what is in this file and end; `-` reads standard input
    #[arg(short, long, value_name = "FILE", conflicts_with = "command")]
    pub file: Option<PathBuf>,
    /// The server [default: the one that owns the data directory, else the directory itself]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Key for --url [default: DATA_DIR/keys/admin.key]
    #[arg(long, env = "SHOPSTREAM_KEY", hide_env_values = true)]
    pub key: Option<String>,
    /// How answers are written
    #[arg(long, value_enum, default_value_t = SqlForm::Auto)]
    pub format: SqlForm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SqlForm {
    /// A table on a terminal, tab-separated otherwise
    Auto,
    /// A table
    Table,
    /// Comma-separated, with a header
    Csv,
    /// One object with `data` and `meta`
    Json,
    /// A stream of Arrow batches
    Arrow,
    /// A Parquet file
    Parquet,
}

#[derive(Debug, Clone, Args)]
pub struct RunRole {
    /// Which part
    #[arg(value_enum)]
    pub role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Answers SQL that comes on standard input
    Sql,
}
