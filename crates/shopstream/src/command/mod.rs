//! The commands, one file each: they read options, call the parts, print. No rule of the trade lives here.

pub mod audit;
pub mod backtest;
pub mod bench;
pub mod config;
pub mod connect;
pub mod demo;
pub mod imports;
pub mod ingest;
pub mod mappings;
pub mod player;
pub mod quarantine;
pub mod server_file;
pub mod simulate;
pub mod sql;
pub mod up;
