//! Arroyo's golden data: what another stream engine emits, line by line, and what we answer from the same events.
//!
//! Which file is reproduced, and how:
//! * `most_active_driver_last_hour`: bit for bit. Its ties go to the higher driver, so the question says so; ours would go
//!   to the lower one.
//! * `tight_watermark`: bit for bit, twice: from the whole file, and hour by hour from just those rows that a watermark
//!   at the newest event had let in when it closed the hour. 488 rows come behind that watermark, but none behind its
//!   hour, so the file drops nothing. Of minutes it would close 17 too early; there we first say the same and then more.
//! * `month_loose_watermark`: bit for bit. Its month is 30 days from 1970 on, which is asked for as `30d` that end on
//!   2023-09-20.
//! * `sliding_window_end`: bit for bit, its `min` and `max` by a reading of ours: no metric is a least or greatest value,
//!   so the counter is read as the type of an event, and types of a window give both.
//! * Session windows come with sessions; they are not here.
//!
//! The inputs are JSON, which cannot be mapped; each object is written as the row of a CSV first, in the same order.

use crate::{dir, figure, program};
use flate2::read::GzDecoder;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use testkit::{Program, Server, fixture};

const HOUR: i64 = 3_600;

/// The objects of an input, or nothing where there are no fixtures.
fn input(name: &str) -> Option<Vec<Map<String, Value>>> {
    let path = fixture(&format!("arroyo_golden/inputs/{name}"))?;
    let mut file = File::open(path).expect("the fixture opens");
    let mut text = String::new();
    if name.ends_with(".gz") {
        GzDecoder::new(file)
            .read_to_string(&mut text)
            .expect("gzip");
    } else {
        file.read_to_string(&mut text).expect("text");
    }
    let object = |line: &str| serde_json::from_str(line).expect("an object a line");
    Some(text.lines().map(object).collect())
}

fn golden(name: &str) -> String {
    let path =
        fixture(&format!("arroyo_golden/golden_outputs/{name}.json")).expect("beside the inputs");
    fs::read_to_string(path).expect("text")
}

/// Writes objects as a CSV.
fn table(dir: &Path, objects: &[Map<String, Value>]) -> PathBuf {
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let header: Vec<&str> = objects[0].keys().map(String::as_str).collect();
    let mut lines = vec![header.join(",")];
    lines.extend(objects.iter().map(|object| {
        let cells: Vec<String> = object.values().map(text).collect();
        cells.join(",")
    }));
    let path = dir.join("input.csv");
    fs::write(&path, lines.join("\n")).expect("the temporary folder takes a file");
    path
}

/// Loads the first rows of a file.
fn ingest(program: &Program, file: &Path, map: &str, rows: usize) {
    let file = file.to_str().expect("a plain path");
    let rows = rows.to_string();
    let arguments = [
        "ingest",
        "--dialect",
        "events",
        "--map",
        map,
        "--limit",
        &rows,
        file,
    ];
    let ran = program.run(arguments).expect("runs");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
}

/// Every row of an answer, page by page.
fn rows(server: &Server, question: &Value) -> Vec<Value> {
    let mut rows = Vec::new();
    loop {
        let mut page = question.clone();
        page["offset"] = json!(rows.len());
        let found = server.query(&page).expect("answers");
        if found.is_empty() {
            return rows;
        }
        rows.extend(found);
    }
}

/// `2023-09-18T14:24:00`, as the golden files write times.
fn plain(row: &Value, name: &str) -> String {
    figure(row, name).trim_end_matches('Z').to_owned()
}

fn seconds(object: &Map<String, Value>) -> i64 {
    let text = object["timestamp"].as_str().expect("a time");
    text.parse::<Timestamp>().expect("a time").as_second()
}

fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).expect("a time").to_string()
}

/// A server with the first so many cars, read by this mapping.
fn server_of(program: &Program, file: &Path, map: &str, rows: usize) -> Server {
    ingest(program, file, map, rows);
    let server = program.up().expect("starts");
    let audit = server.settled_audit().expect("the law holds");
    assert_eq!(
        (&audit["counted"], &audit["late"], &audit["quarantined"]),
        (&json!(rows), &json!(0), &json!(0))
    );
    server
}

const BY_DRIVER: &str = "driver_id=country,timestamp=ts_event,event_type=type";

#[test]
fn the_most_active_driver_of_the_last_hour_is_found_at_every_minute() {
    let Some(cars) = input("cars.json.gz") else {
        return;
    };
    let dir = dir();
    let program = program(&dir);
    let server = server_of(&program, &table(dir.path(), &cars), BY_DRIVER, cars.len());
    let question = json!({
        "metrics": ["events"], "dimensions": ["country"],
        "granularity": { "every": "1m", "over": "1h" },
        "order": [{ "by": "events", "direction": "desc" }, { "by": "country", "direction": "desc" }],
        "limit_each": 1,
    });
    let line = |row: &Value| {
        format!(
            "{{\"count\":{},\"driver_id\":{},\"end\":\"{}\",\"row_number\":1,\"start\":\"{}\"}}\n",
            figure(row, "events"),
            figure(row, "country"),
            plain(row, "window_end"),
            plain(row, "window_start")
        )
    };
    let found: String = rows(&server, &question).iter().map(line).collect();
    assert!(found == golden("most_active_driver_last_hour"), "{found}");
}

#[test]
fn distinct_drivers_of_the_last_hour_are_counted_at_every_minute() {
    let Some(cars) = input("cars.json.gz") else {
        return;
    };
    let dir = dir();
    let program = program(&dir);
    let map = "driver_id=customer_id,timestamp=ts_event,event_type=type";
    let server = server_of(&program, &table(dir.path(), &cars), map, cars.len());
    let mut drivers: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    for car in &cars {
        let minute = seconds(car) / 60;
        for end in minute + 1..=minute + 60 {
            drivers
                .entry(end * 60)
                .or_default()
                .insert(car["driver_id"].to_string());
        }
    }
    let expected: Vec<(String, String)> = drivers
        .iter()
        .map(|(end, drivers)| (time(*end), drivers.len().to_string()))
        .collect();
    let question =
        json!({ "metrics": ["visitors"], "granularity": { "every": "1m", "over": "1h" } });
    let found: Vec<(String, String)> = rows(&server, &question)
        .iter()
        .map(|row| (figure(row, "window_end"), figure(row, "visitors")))
        .collect();
    assert_eq!(found, expected);
}

/// Events in the window of this length that ends here.
fn counted(server: &Server, length: &str, seconds: i64, end: i64) -> u64 {
    let question = json!({
        "metrics": ["events"], "granularity": { "every": length },
        "range": { "from": time(end - seconds), "to": time(end) },
    });
    let found = server.query(&question).expect("answers");
    found
        .first()
        .map_or(0, |row| row["events"].as_u64().expect("a count"))
}

/// How many rows had come when a watermark at the newest event reached a time.
fn rows_until(cars: &[Map<String, Value>], watermark: i64) -> usize {
    let reached = cars.iter().position(|car| seconds(car) >= watermark);
    reached.map_or(cars.len(), |at| at + 1)
}

fn in_window(cars: &[Map<String, Value>], from: i64, to: i64) -> u64 {
    cars.iter()
        .filter(|car| (from..to).contains(&seconds(car)))
        .count() as u64
}

#[test]
fn what_a_tight_watermark_emits_is_what_we_say_then_and_late_rows_are_added_after() {
    let Some(cars) = input("cars.json.gz") else {
        return;
    };
    let dir = dir();
    let program = program(&dir);
    let file = table(dir.path(), &cars);
    let server = program.up().expect("starts");
    let hours: Vec<(i64, u64)> = golden("tight_watermark")
        .lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line).expect("an object");
            let end = format!("{}Z", row["timestamp"].as_str().expect("a time"));
            let end = end.parse::<Timestamp>().expect("a time").as_second();
            (end, row["count"].as_u64().expect("a count"))
        })
        .collect();
    // Minutes of which a row came after the watermark had passed them: a dropping engine never counts it.
    let mut minutes: BTreeSet<i64> = BTreeSet::new();
    let (mut watermark, mut behind) = (i64::MIN, 0);
    for car in &cars {
        let time = seconds(car);
        let end = time - time.rem_euclid(60) + 60;
        minutes.extend(Some(end).filter(|end| *end <= watermark));
        behind += u32::from(time < watermark);
        watermark = watermark.max(time);
    }
    assert_eq!(
        (behind, minutes.len()),
        (488, 17),
        "what the data is known for"
    );
    let closing = hours.iter().map(|(end, _)| (*end, HOUR));
    let mut closing: Vec<(i64, i64)> = closing
        .chain(minutes.iter().map(|end| (*end, 60)))
        .collect();
    closing.sort_unstable();
    for (end, length) in closing {
        let arrived = rows_until(&cars, end);
        ingest(&program, &file, BY_DRIVER, arrived);
        if length == HOUR {
            let golden = hours
                .iter()
                .find(|(known, _)| *known == end)
                .map(|(_, count)| *count);
            assert_eq!(
                Some(counted(&server, "1h", HOUR, end)),
                golden,
                "{}",
                time(end)
            );
        } else {
            let first = in_window(&cars[..arrived], end - 60, end);
            assert_eq!(counted(&server, "1m", 60, end), first, "{}", time(end));
        }
    }
    ingest(&program, &file, BY_DRIVER, cars.len());
    for end in minutes {
        let (first, complete) = (
            in_window(&cars[..rows_until(&cars, end)], end - 60, end),
            in_window(&cars, end - 60, end),
        );
        assert_eq!(first + 1, complete, "{}: one row is late", time(end));
        assert_eq!(counted(&server, "1m", 60, end), complete, "{}", time(end));
    }
    check_hours(&server);
    let audit = server.settled_audit().expect("the law holds");
    assert_eq!(
        (&audit["counted"], &audit["late"]),
        (&json!(7_932), &json!(0))
    );
}

/// The file of the tight watermark, from everything.
fn check_hours(server: &Server) {
    let line = |row: &Value| {
        let (count, end) = (figure(row, "events"), plain(row, "window_end"));
        format!("{{\"count\":{count},\"timestamp\":\"{end}\"}}\n")
    };
    let question = json!({ "metrics": ["events"], "granularity": { "every": "1h" } });
    let found: String = rows(server, &question).iter().map(line).collect();
    assert_eq!(found, golden("tight_watermark"));
}

#[test]
fn a_month_under_a_loose_watermark_is_whole() {
    let Some(cars) = input("cars.json.gz") else {
        return;
    };
    let dir = dir();
    let program = program(&dir);
    let server = server_of(&program, &table(dir.path(), &cars), BY_DRIVER, cars.len());
    let question = json!({
        "metrics": ["events"], "granularity": { "every": "1d", "over": "30d" },
        "range": { "from": "2023-09-19", "to": "2023-09-20" },
    });
    let line = |row: &Value| {
        let (month, count) = (plain(row, "window_start"), figure(row, "events"));
        format!("{{\"month\":\"{month}\",\"count\":{count}}}\n")
    };
    let found: String = rows(&server, &question).iter().map(line).collect();
    assert_eq!(found, golden("month_loose_watermark"));
}

#[test]
fn windows_of_ten_seconds_every_two_give_count_least_and_greatest() {
    let Some(impulse) = input("impulse.json") else {
        return;
    };
    let dir = dir();
    let program = program(&dir);
    let map = "counter=type,timestamp=ts_event";
    let server = server_of(&program, &table(dir.path(), &impulse), map, impulse.len());
    let question = json!({
        "metrics": ["events"], "dimensions": ["type"],
        "granularity": { "every": "2s", "over": "10s" },
    });
    let mut windows: BTreeMap<(String, String), Vec<(u64, u64)>> = BTreeMap::new();
    for row in rows(&server, &question) {
        let counter = figure(&row, "type").parse().expect("a counter");
        let window = (plain(&row, "window_end"), plain(&row, "window_start"));
        let events = row["events"].as_u64().expect("a count");
        windows.entry(window).or_default().push((counter, events));
    }
    let line = |((end, start), counters): (&(String, String), &Vec<(u64, u64)>)| {
        let count: u64 = counters.iter().map(|(_, events)| events).sum();
        let values = || counters.iter().map(|(counter, _)| *counter);
        let (max, min) = (values().max().expect("one"), values().min().expect("one"));
        format!(
            "{{\"count\":{count},\"end\":\"{end}\",\"max\":{max},\"min\":{min},\"start\":\"{start}\"}}\n"
        )
    };
    let found: String = windows.iter().map(line).collect();
    assert_eq!(found, golden("sliding_window_end"));
}
