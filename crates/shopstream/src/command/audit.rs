//! `audit`: received = accepted + duplicate + quarantined, by source, from the running server.

use crate::cli::{Audit, Format};
use crate::client::Client;
use crate::command::up::tokio_runtime;
use crate::config::Config;
use crate::exit::{Exit, Problem};
use crate::table;
use serde_json::Value;

/// Prints the audit; exit 3 where the law does not hold.
pub fn run(config: &Config, options: &Audit) -> anyhow::Result<Exit> {
    let answer = tokio_runtime()?.block_on(ask(config, options))?;
    let audit = &answer["data"];
    match options.format {
        Format::Json => println!("{}", serde_json::to_string_pretty(audit)?),
        Format::Auto | Format::Table => print(audit, options.format),
    }
    Ok(if audit["law_holds"] == Value::Bool(true) {
        Exit::Done
    } else {
        Exit::ProblemsFound
    })
}

async fn ask(config: &Config, options: &Audit) -> anyhow::Result<Value> {
    let client = match &options.url {
        Some(url) => Client::to(url, options.key.clone(), &config.data_dir)?,
        None => Client::of_data_dir(&config.data_dir)
            .await?
            .ok_or_else(|| Problem {
                what: format!("no server runs on {}", config.data_dir.display()),
                mend: "start one with `shopstream up`, or name one with --url".to_owned(),
                exit: Exit::Unreachable,
            })?,
    };
    client
        .json(client.request(reqwest::Method::GET, "/api/v1/audit"))
        .await
}

const COLUMNS: [&str; 6] = [
    "source",
    "rows_read",
    "received",
    "accepted",
    "duplicate",
    "quarantined",
];

fn print(audit: &Value, format: Format) {
    let cell = |row: &Value, column: &str| match &row[column] {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let sources = audit["sources"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut rows: Vec<Vec<String>> = sources
        .iter()
        .map(|source| COLUMNS.iter().map(|column| cell(source, column)).collect())
        .collect();
    let total = |column: &&str| {
        if *column == "source" || *column == "rows_read" {
            String::new()
        } else {
            cell(audit, column)
        }
    };
    rows.push(COLUMNS.iter().map(total).collect());
    println!("{}", table::render(&COLUMNS, &rows, format));
    let law = if audit["law_holds"] == Value::Bool(true) {
        "holds"
    } else {
        "DOES NOT HOLD"
    };
    eprintln!(
        "received = accepted + duplicate + quarantined, accepted = counted + late + in flight: {law}"
    );
    eprintln!(
        "counted {}, late {}, in flight {}",
        audit["counted"], audit["late"], audit["in_flight"]
    );
}
