//! `ingest --preview`: what the first rows of a file would become, what would be set aside and why, and the command to type next.

use super::request::{Given, save_as};
use super::{name_of, open};
use crate::cli::Format;
use crate::config::Config;
use crate::exit::{Exit, Problem};
use crate::table;
use event::EventTime;
use ingest::Enrichment;
use ingest::file::{FileError, FileReader, FileRemedy};
use ingest::preview::{Fields, Preview, PreviewEvent, PreviewPlan, preview, readable};
use runtime::Clock;
use serde_json::{Map, Value, json};
use std::path::Path;

/// Rows looked at where none are asked for.
const ROWS: u64 = 1_000;
/// Values shown of a column that nothing is known about.
const VALUES_SHOWN: usize = 3;
/// Letters of a value in a table.
const LETTERS_SHOWN: usize = 32;

/// Looks at every file; nothing is stored but a mapping, where it is to be saved.
pub fn run(config: &Config, given: &Given<'_>) -> anyhow::Result<Exit> {
    let mut exit = Exit::Done;
    let enrichment = config.enrichment()?;
    for path in &given.options.files {
        let plan = PreviewPlan {
            rows_max: given.options.limit.unwrap_or(ROWS),
            received: EventTime(Clock::machine().now().0),
        };
        let options = given.request(path).file_options(config, &enrichment)?;
        let seen = preview(open(path)?, options, &plan)
            .map_err(|error| show_columns(config, given, path, error))?;
        if let Some(name) = &given.options.save_mapping {
            save_as(config, name, &seen.settings, seen.header.clone())?;
        }
        let next = next_command(path, given, &seen);
        if given.options.format == Format::Json {
            println!("{}", serde_json::to_string(&as_json(path, &seen, &next))?);
        } else {
            print(path, &seen, given.options.format);
            println!("\nnext: {next}");
        }
        let received = seen.accepted + seen.quarantined;
        if let Some(breach) = config.quality.judge(received, seen.quarantined) {
            eprintln!("WARNING: {breach}");
            exit = Exit::ProblemsFound;
        }
    }
    Ok(exit)
}

/// No mapping could be made: the columns and what stands in them show a person which is which.
fn show_columns(config: &Config, given: &Given<'_>, path: &Path, error: FileError) -> Problem {
    let problem = Problem::failed(error.to_string(), error.hint.clone());
    let is_told = error.remedy != FileRemedy::SayHow || path == Path::new("-");
    let (false, Ok(options)) = (
        is_told,
        given
            .request(path)
            .file_options(config, &Enrichment::default()),
    ) else {
        return problem;
    };
    let Ok(columns) = open(path).map(|read| FileReader::glimpse(read, &options, VALUES_SHOWN))
    else {
        return problem;
    };
    let rows: Vec<Vec<String>> = columns
        .unwrap_or_default()
        .into_iter()
        .map(|(name, values)| {
            let values: Vec<String> = values.iter().map(|value| short(value)).collect();
            vec![name, values.join("  ")]
        })
        .collect();
    println!(
        "{}",
        table::render(&["column", "first values"], &rows, given.options.format)
    );
    if given.options.map.is_empty() && !error.hint.contains("--mapping") {
        let needs = "say what the columns are: a list of orders needs order_id, ts_event, product_id and unit_price, a list of events type and ts_event; columns left out are kept as they are";
        println!("\n{needs}\n\nnext: {}", template(path, &rows));
        return Problem {
            mend: "fill in the command above".to_owned(),
            ..problem
        };
    }
    problem
}

fn short(text: &str) -> String {
    let shown = readable(text.as_bytes(), usize::MAX);
    match shown.char_indices().nth(LETTERS_SHOWN) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown,
    }
}

/// The command to fill in.
fn template(path: &Path, columns: &[Vec<String>]) -> String {
    let pairs: Vec<String> = columns
        .iter()
        .map(|column| format!("{}=…", column[0]))
        .collect();
    format!(
        "shopstream ingest --preview {} --save-mapping NAME --map {}",
        quoted(&path.display().to_string()),
        quoted(&pairs.join(","))
    )
}

/// The command that imports what was looked at.
fn next_command(path: &Path, given: &Given<'_>, seen: &Preview) -> String {
    let options = given.options;
    let mut words = vec![
        "shopstream".to_owned(),
        "ingest".to_owned(),
        path.display().to_string(),
    ];
    let mut option = |name: &str, value: &str| {
        words.push(format!("--{name}"));
        words.push(value.to_owned());
    };
    match options.save_mapping.as_ref().or(options.mapping.as_ref()) {
        Some(name) => option("mapping", name),
        None => {
            if !options.map.is_empty() {
                option("map", &options.map.join(","));
            }
            if !options.map_type.is_empty() {
                option("map-type", &options.map_type.join(","));
            }
            let offered = seen
                .guess
                .evidence
                .iter()
                .rev()
                .find_map(|line| line.split_once("--mapping "));
            if let Some((_, name)) = offered.filter(|_| options.map.is_empty()) {
                option("mapping", name);
            }
        }
    }
    if options.store != "main" {
        option("store", &options.store);
    }
    let quoted: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    quoted.join(" ")
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain =
        |letter: char| letter.is_alphanumeric() || "-_./=,:+@%".contains(letter) || letter == '…';
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

fn print(path: &Path, seen: &Preview, format: Format) {
    let rows = table::thousands(seen.rows);
    let how_far = if seen.is_whole {
        format!("all {rows} rows")
    } else {
        format!("the first {rows} rows")
    };
    println!("{}: {how_far}, nothing is stored", name_of(path));
    println!("\nread as {}:", seen.guess.dialect);
    for line in &seen.guess.evidence {
        println!("  {line}");
    }
    if !seen.events.is_empty() {
        let (head, rows) = event_table(&seen.events);
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        println!(
            "\nthe first events:\n{}",
            table::render(&head, &rows, format)
        );
    }
    println!("\n{}", counts(seen, format));
    if !seen.rejected.is_empty() {
        let rows: Vec<Vec<String>> = (seen.rejected.iter())
            .map(|rejected| {
                vec![
                    rejected.row.to_string(),
                    rejected.reason.to_owned(),
                    rejected.detail.clone(),
                    short(&rejected.bytes),
                ]
            })
            .collect();
        let head = ["row", "reason", "why", "what stands there"];
        println!(
            "\nwould be set aside, for example:\n{}",
            table::render(&head, &rows, format)
        );
    }
}

fn counts(seen: &Preview, format: Format) -> String {
    let count = |name: String, number: u64| vec![name, table::thousands(number)];
    let mut rows = vec![count("would be accepted".to_owned(), seen.accepted)];
    rows.extend(
        seen.by_type
            .iter()
            .map(|(kind, number)| count(format!("  {kind}"), *number)),
    );
    rows.push(count("would be set aside".to_owned(), seen.quarantined));
    rows.extend(
        seen.by_reason
            .iter()
            .map(|(reason, number)| count(format!("  {reason}"), *number)),
    );
    table::render(&["events", "number"], &rows, format)
}

/// A column for each field that any event has; of an event of several items the first is shown.
fn event_table(events: &[PreviewEvent]) -> (Vec<String>, Vec<Vec<String>>) {
    let (mut of_event, mut of_item): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for event in events {
        add_names(&mut of_event, &event.fields);
        event
            .items
            .iter()
            .for_each(|item| add_names(&mut of_item, item));
    }
    let has_many = events.iter().any(|event| event.items.len() > 1);
    let mut head = vec!["row".to_owned()];
    head.extend(of_event.iter().map(|name| (*name).to_owned()));
    if has_many {
        head.push("items".to_owned());
    }
    head.extend(of_item.iter().map(|name| match of_event.contains(name) {
        true => format!("items.{name}"),
        false => (*name).to_owned(),
    }));
    let row = |event: &PreviewEvent| {
        let mut row = vec![event.row.to_string()];
        row.extend(of_event.iter().map(|name| value(&event.fields, name)));
        if has_many {
            row.push(event.items.len().to_string());
        }
        let first = event.items.first();
        row.extend(
            of_item
                .iter()
                .map(|name| first.map_or_else(String::new, |item| value(item, name))),
        );
        row
    };
    (head, events.iter().map(row).collect())
}

/// Fields every event has alike, and those that only we read.
const NOT_SHOWN: [&str; 2] = ["extra", "line"];

fn add_names<'f>(names: &mut Vec<&'f str>, fields: &'f Fields) {
    for (name, _) in fields {
        if !names.contains(name) && !NOT_SHOWN.contains(name) {
            names.push(name);
        }
    }
}

fn value(fields: &Fields, name: &str) -> String {
    let found = fields.iter().find(|(known, _)| *known == name);
    found.map_or_else(String::new, |(_, value)| short(value))
}

fn as_json(path: &Path, seen: &Preview, next: &str) -> Value {
    let object = |fields: &Fields| -> Value {
        let members = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())));
        Value::Object(members.collect::<Map<_, _>>())
    };
    let events = seen.events.iter().map(|event| {
        json!({
            "row": event.row,
            "fields": object(&event.fields),
            "items": event.items.iter().map(object).collect::<Vec<_>>(),
        })
    });
    let rejected = seen.rejected.iter().map(|rejected| {
        json!({
            "row": rejected.row,
            "reason": rejected.reason,
            "detail": rejected.detail,
            "bytes": rejected.bytes,
        })
    });
    let columns = seen
        .settings
        .columns
        .iter()
        .cloned()
        .map(|(column, field)| (column, Value::from(field)));
    json!({
        "name": name_of(path),
        "dialect": seen.guess.dialect,
        "evidence": seen.guess.evidence,
        "header": seen.header,
        "columns": columns.collect::<Map<_, _>>(),
        "rows": seen.rows,
        "is_whole": seen.is_whole,
        "accepted": seen.accepted,
        "quarantined": seen.quarantined,
        "events_by_type": seen.by_type,
        "quarantined_by_reason": seen.by_reason,
        "events": events.collect::<Vec<_>>(),
        "rejected": rejected.collect::<Vec<_>>(),
        "next": next,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_take_them_apart() {
        assert_eq!(quoted("Bestellung.csv"), "Bestellung.csv");
        assert_eq!(quoted("Beleg Nr=order_id"), "'Beleg Nr=order_id'");
        assert_eq!(quoted("a'b"), "'a'\\''b'");
        assert_eq!(quoted(""), "''");
    }
}
