//! `imports`: what was loaded, when, and what it came to; and taking one back.

use crate::cli::{Format, Imports, ImportsKind};
use crate::command::connect::ask;
use crate::command::up::tokio_runtime;
use crate::config::Config;
use crate::exit::Exit;
use crate::table;
use serde_json::Value;

const COLUMNS: [&str; 11] = [
    "id",
    "name",
    "began_at",
    "state",
    "rows",
    "received",
    "accepted",
    "duplicate",
    "quarantined",
    "dialect",
    "mapping",
];

/// Lists the imports, or undoes one.
pub fn run(config: &Config, options: &Imports) -> anyhow::Result<Exit> {
    match options.what {
        ImportsKind::List => list(config, options),
        ImportsKind::Undo { id } => undo(config, options, id),
    }
}

fn undo(config: &Config, options: &Imports, id: u64) -> anyhow::Result<Exit> {
    let connection = &options.connection;
    eprintln!("undoing import {id}: the log is folded again without it");
    let path = format!("/api/v1/imports/{id}/undo");
    let answer = tokio_runtime()?.block_on(ask(config, connection, async |client| {
        client
            .json(client.request(reqwest::Method::POST, &path))
            .await
    }))?;
    let import = &answer["data"];
    if connection.format == Format::Json {
        println!("{}", serde_json::to_string_pretty(import)?);
        return Ok(Exit::Done);
    }
    println!(
        "{}",
        table::render(&COLUMNS, &[row(import)], connection.format)
    );
    eprintln!("its events count nowhere now; the file may be loaded again");
    Ok(Exit::Done)
}

fn row(import: &Value) -> Vec<String> {
    COLUMNS.iter().map(|column| cell(&import[column])).collect()
}

fn list(config: &Config, options: &Imports) -> anyhow::Result<Exit> {
    let connection = &options.connection;
    let answer = tokio_runtime()?.block_on(ask(config, connection, async |client| {
        client
            .json(client.request(reqwest::Method::GET, "/api/v1/imports"))
            .await
    }))?;
    let imports = answer["data"].as_array().cloned().unwrap_or_default();
    if connection.format == Format::Json {
        println!("{}", serde_json::to_string_pretty(&imports)?);
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = imports.iter().map(row).collect();
    println!("{}", table::render(&COLUMNS, &rows, connection.format));
    if imports.is_empty() {
        eprintln!("nothing was imported yet: `shopstream ingest --preview FILE` looks at a file");
    }
    Ok(Exit::Done)
}

/// A value in a table.
pub fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Number(number) => number
            .as_u64()
            .map_or_else(|| number.to_string(), table::thousands),
        value => value.to_string(),
    }
}
