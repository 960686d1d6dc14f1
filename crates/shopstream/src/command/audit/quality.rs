//! `audit --quality`: what each field of each source came to, and what is conspicuous about it.

use super::{ask, cell, list};
use crate::cli::{Audit, Format};
use crate::config::Config;
use crate::exit::Exit;
use crate::table;
use serde_json::Value;

const NAMES: [&str; 4] = ["name", "store", "start", "field"];
const FINDINGS: [&str; 6] = ["kind", "name", "store", "field", "since", "sentence"];

/// Prints data quality; exit 3 where something is found.
pub fn run(config: &Config, options: &Audit) -> anyhow::Result<Exit> {
    let answer = ask(config, options, "/api/v1/quality", "rows")?;
    let quality = &answer["data"];
    let findings = list(quality, "findings");
    if options.connection.format == Format::Json {
        println!("{}", serde_json::to_string_pretty(quality)?);
    } else {
        print(quality, findings, options.connection.format);
    }
    Ok(if findings.is_empty() {
        Exit::Done
    } else {
        Exit::ProblemsFound
    })
}

fn print(quality: &Value, findings: &[Value], format: Format) {
    let rows = list(quality, "rows");
    let told = |name: &&str| rows.iter().any(|row| !row[*name].is_null());
    let names: Vec<&str> = NAMES.into_iter().filter(told).collect();
    let counts = [
        "rows",
        "nulls",
        "null %",
        "invalid",
        "invalid %",
        "duplicates",
        "steps",
    ];
    let head: Vec<&str> = names.iter().copied().chain(counts).collect();
    let table: Vec<Vec<String>> = rows.iter().map(|row| line(row, &names, format)).collect();
    println!("{}", table::render(&head, &table, format));
    if rows.is_empty() {
        eprintln!("nothing came in yet");
    }
    if findings.is_empty() {
        eprintln!("nothing is conspicuous");
        return;
    }
    eprintln!("conspicuous:");
    let found = findings.iter().map(|finding| {
        FINDINGS
            .map(|name| cell(&finding[name], Format::Table))
            .to_vec()
    });
    let found: Vec<Vec<String>> = found.collect();
    eprintln!("{}", table::render(&FINDINGS, &found, Format::Table));
}

fn line(row: &Value, names: &[&str], format: Format) -> Vec<String> {
    let cell = |value: &Value| cell(value, format);
    let percent = |share: &Value| {
        let share = share.as_f64();
        share.map_or(String::new(), |share| format!("{:.2}", share * 100.0))
    };
    let steps = row["steps"].as_object().into_iter().flatten();
    let steps: Vec<String> = steps
        .map(|(step, events)| format!("{step} {}", cell(events)))
        .collect();
    let counts = [
        cell(&row["rows"]),
        cell(&row["nulls"]),
        percent(&row["null_share"]),
        cell(&row["invalid"]),
        percent(&row["invalid_share"]),
        cell(&row["duplicates"]),
        steps.join(", "),
    ];
    let names = names.iter().map(|name| cell(&row[*name]));
    names.chain(counts).collect()
}
