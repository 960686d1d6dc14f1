//! `audit`: received = accepted + duplicate + quarantined, accepted = counted + late + retracted + in flight; in all, by source, or
//! in lines; from the running server, or from the directory where none runs.

mod quality;

use crate::cli::{Audit, AuditPart, Format};
use crate::client::Client;
use crate::command::connect;
use crate::command::imports;
use crate::command::up::tokio_runtime;
use crate::config::Config;
use crate::exit::{Exit, Problem};
use crate::table;
use clap::ValueEnum;
use serde_json::Value;

/// Prints the audit, exit 3 where the law does not hold for every line; or data quality, exit 3 where something is found.
pub fn run(config: &Config, options: &Audit) -> anyhow::Result<Exit> {
    if options.quality {
        return quality::run(config, options);
    }
    if options.by.contains(&AuditPart::Minute) {
        let what = "the audit is kept by the hour";
        return Err(Problem::usage(what, "use --by hour; --quality tells minutes").into());
    }
    let wants_lines = !parameters(options).is_empty();
    let answer = ask(config, options, "/api/v1/audit", "lines")?;
    let audit = &answer["data"];
    if options.connection.format == Format::Json {
        println!("{}", serde_json::to_string_pretty(audit)?);
    } else {
        let rows = if wants_lines { "lines" } else { "sources" };
        print(audit, rows, options.connection.format);
    }
    let is_sound =
        audit["law_holds"] == Value::Bool(true) && audit["lines_broken"].as_u64().unwrap_or(0) == 0;
    Ok(if is_sound {
        Exit::Done
    } else {
        Exit::ProblemsFound
    })
}

/// What the server is asked beyond the path.
fn parameters(options: &Audit) -> Vec<(&'static str, String)> {
    let by: Vec<String> = (options.by.iter())
        .filter_map(|part| Some(part.to_possible_value()?.get_name().to_owned()))
        .collect();
    let by = (!by.is_empty()).then(|| by.join(","));
    let given = [
        ("by", by),
        ("from", options.from.clone()),
        ("to", options.to.clone()),
        ("source", options.source.clone()),
        ("store", options.store.clone()),
        ("field", options.field.clone()),
    ];
    let given = given.into_iter();
    given
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// The whole answer: `rows` names the list of which every page is read.
fn ask(config: &Config, options: &Audit, path: &str, rows: &str) -> anyhow::Result<Value> {
    let parameters = parameters(options);
    tokio_runtime()?.block_on(connect::ask(
        config,
        &options.connection,
        async |client: &Client| {
            let page = async |cursor: Option<&str>| {
                let request = client.request(reqwest::Method::GET, path);
                let cursor = cursor.map(|cursor| ("cursor", cursor));
                client
                    .json(request.query(&parameters).query(&cursor.as_slice()))
                    .await
            };
            let mut whole = page(None).await?;
            let mut next = whole["page"]["next"].take();
            while let Some(cursor) = next.as_str() {
                let mut more = page(Some(cursor)).await?;
                if let (Some(known), Some(more)) = (
                    whole["data"][rows].as_array_mut(),
                    more["data"][rows].as_array_mut(),
                ) {
                    known.append(more);
                }
                next = more["page"]["next"].take();
            }
            Ok(whole)
        },
    ))
}

/// Stores whose watermarks are told below the table; programs get them all.
const STORES_TOLD_MAX: usize = 10;
const NAMES: [&str; 4] = ["name", "source", "store", "hour"];
const COUNTS: [&str; 9] = [
    "rows_read",
    "received",
    "accepted",
    "duplicate",
    "quarantined",
    "counted",
    "late",
    "retracted",
    "in_flight",
];

fn print(audit: &Value, rows: &str, format: Format) {
    let lines = list(audit, rows);
    let told = |name: &&str| lines.iter().any(|line| !line[*name].is_null());
    let names: Vec<&str> = NAMES.into_iter().filter(told).collect();
    let head: Vec<&str> = names.iter().copied().chain(COUNTS).chain(["law"]).collect();
    let row = |line: &Value| row(line, &names, format);
    let mut table: Vec<Vec<String>> = lines.iter().map(row).collect();
    if rows == "sources" {
        let mut all = row(audit);
        if let Some(first) = all.first_mut().filter(|_| !names.is_empty()) {
            *first = "(all)".to_owned();
        }
        table.push(all);
    }
    println!("{}", table::render(&head, &table, format));
    let law = if is_sound(audit) {
        "holds"
    } else {
        "DOES NOT HOLD"
    };
    eprintln!(
        "received = accepted + duplicate + quarantined, accepted = counted + late + retracted + in flight: {law}"
    );
    let told = list(audit, "watermarks").iter();
    let told = told.filter(|row| !row["watermark"].is_null());
    for row in told.take(STORES_TOLD_MAX) {
        let columns = ["store", "watermark", "live_sources", "idle_sources"];
        let [store, watermark, live, idle] = columns.map(|name| imports::cell(&row[name]));
        eprintln!("{store}: told up to {watermark}, live sources {live}, idle {idle}");
    }
    if rows != "sources" {
        let counts = ["received", "counted", "late", "in_flight"];
        let [received, counted, late, in_flight] = counts.map(|name| imports::cell(&audit[name]));
        eprintln!(
            "in all: received {received}, counted {counted}, late {late}, in flight {in_flight}"
        );
    }
}

fn is_sound(audit: &Value) -> bool {
    audit["law_holds"] == Value::Bool(true) && audit["lines_broken"].as_u64().unwrap_or(0) == 0
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// Counts have their thousands apart in a table, and stay plain for programs.
fn cell(value: &Value, format: Format) -> String {
    match value {
        Value::Number(number) if !table::is_table(format) => number.to_string(),
        value => imports::cell(value),
    }
}

/// A line; where it is not told by source or hour, a word says which line it is.
fn row(line: &Value, names: &[&str], format: Format) -> Vec<String> {
    let cells = names.iter().chain(&COUNTS);
    let mut row: Vec<String> = cells.map(|name| cell(&line[*name], format)).collect();
    let place = match line["part"].as_str() {
        Some("before") => names.iter().position(|name| *name == "hour"),
        Some("in_flight") if !names.is_empty() => Some(0),
        _ => None,
    };
    if let Some(place) = place {
        let is_before = line["part"] == "before";
        row[place] = if is_before {
            "(before)"
        } else {
            "(not read yet)"
        }
        .to_owned();
    }
    row.push(law(line).to_owned());
    row
}

fn law(line: &Value) -> &'static str {
    match line["law_holds"].as_bool() {
        Some(true) => "holds",
        _ => "BROKEN",
    }
}
