//! The lake, read by the format's own library: it holds each event that counts once, whatever happens to the process that
//! writes it, and follows when an import is undone.

use crate::{dir, figure, program};
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use deltalake_core::{DeltaTable, ensure_table_uri};
use futures_util::TryStreamExt;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};
use testkit::Program;

const EVENTS: u64 = 40_000;
/// Commits come often, so that a kill finds every state of one.
pub(crate) const OFTEN: [&str; 4] = [
    "--set",
    "lake.commit_interval_s=1",
    "--set",
    "lake.commit_events=3000",
];

/// What the lake says of its events.
#[derive(Debug, PartialEq, Eq)]
struct Archived {
    rows: usize,
    /// Different numbers in the log.
    offsets: usize,
    /// Different ids of orders.
    orders: usize,
    /// Ten-thousandths, of all line items of orders: price times quantity.
    sold: i128,
}

fn read(lake: &Path) -> Archived {
    let tasks = tokio::runtime::Runtime::new().expect("a runtime");
    let batches: Vec<RecordBatch> = tasks.block_on(async {
        let place = lake.join("events");
        let url = ensure_table_uri(place.to_str().expect("a plain path")).expect("a place");
        let mut table = DeltaTable::try_from_url(url).await.expect("a table");
        table.load().await.expect("loads");
        let (_, rows) = table.scan_table().await.expect("reads");
        rows.try_collect().await.expect("reads")
    });
    let (mut offsets, mut orders, mut sold) = (BTreeSet::new(), BTreeSet::new(), 0);
    for batch in &batches {
        let column = |name: &str| batch.column_by_name(name).expect("a column").clone();
        offsets.extend(
            column("log_offset")
                .as_primitive::<Int64Type>()
                .values()
                .iter()
                .copied(),
        );
        let text = |name: &str| {
            let plain = arrow_cast::cast(&column(name), &arrow_schema::DataType::Utf8);
            plain.expect("text").as_string::<i32>().clone()
        };
        let (kinds, ids) = (text("type"), text("order_id"));
        let items = column("items");
        let items = items.as_list::<i32>();
        for row in (0..batch.num_rows()).filter(|row| kinds.value(*row) == "order") {
            orders.insert(ids.value(row).to_owned());
            let lines = items.value(row);
            let lines = lines.as_struct();
            let amount = |name: &str| {
                let amounts = lines.column_by_name(name).expect("a column");
                amounts.as_primitive::<Decimal128Type>().clone()
            };
            let (price, quantity) = (amount("unit_price"), amount("quantity"));
            sold += (0..lines.len())
                .map(|line| price.value(line) * quantity.value(line) / 10_000)
                .sum::<i128>();
        }
    }
    Archived {
        rows: batches.iter().map(RecordBatch::num_rows).sum(),
        offsets: offsets.len(),
        orders: orders.len(),
        sold,
    }
}

/// The same once it holds so many rows; what it holds at last if it never does.
fn read_once(lake: &Path, rows: u64) -> Archived {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let archived = read(lake);
        if archived.rows as u64 == rows || Instant::now() > until {
            return archived;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Whether the lake holds each event that counts once: asked after whatever the test did to the server.
pub(crate) fn holds_what_counts(program: &Program) {
    let server = program.start(["up"].iter().chain(&OFTEN)).expect("starts");
    let counted = server.settled_audit().expect("the law holds")["counted"].clone();
    // A server that is stopped leaves to the next one what it had not caught up with, so it is given the time.
    let archived = read_once(
        &program.data_dir().join("lake"),
        counted.as_u64().expect("a count"),
    );
    server.stop().expect("stops");
    assert_eq!(Value::from(archived.rows), counted);
    assert_eq!(Value::from(archived.offsets), counted, "no event twice");
}

/// Writes a simulated file and returns it with its truth.
fn simulate(program: &Program, dir: &tempfile::TempDir) -> (String, Value) {
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (file, truth) = (path("events.ndjson"), path("truth.json"));
    let count = EVENTS.to_string();
    let ran = program.run([
        "simulate", "--to", "file", "--out", &file, "--truth", &truth, "--count", &count, "--seed",
        "5", "--rate", "400",
    ]);
    let ran = ran.expect("runs");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let truth = std::fs::read(truth).expect("the truth");
    (file, serde_json::from_slice(&truth).expect("JSON"))
}

/// Compares the lake with the simulator's own sums.
fn check(archived: &Archived, truth: &Value) {
    assert_eq!(archived.rows as u64, EVENTS);
    assert_eq!(archived.offsets as u64, EVENTS, "no event twice");
    assert_eq!(Value::from(archived.orders), truth["orders"]);
}

#[test]
fn a_file_that_is_read_twice_is_in_the_lake_once_when_the_command_ends() {
    let dir = dir();
    let program = program(&dir);
    let (file, truth) = simulate(&program, &dir);
    for _ in 0..2 {
        let ran = program.run(["ingest", &file]).expect("runs");
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        check(&read(&program.data_dir().join("lake")), &truth);
    }
}

#[test]
fn a_server_that_is_killed_again_and_again_archives_each_event_once() {
    let dir = dir();
    let program = program(&dir);
    let (file, truth) = simulate(&program, &dir);
    let up = || program.start(["up"].iter().chain(&OFTEN)).expect("starts");
    for pause_ms in [150, 400, 900, 1500] {
        let server = up();
        let mut import = program.command(["ingest", &file]);
        let mut import = import
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("starts");
        std::thread::sleep(Duration::from_millis(pause_ms));
        server.kill().expect("is killed");
        import.wait().expect("has ended");
    }
    let server = up();
    let ran = program.run(["ingest", &file]).expect("runs");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let audit = server.settled_audit().expect("the law holds");
    assert_eq!(figure(&audit, "counted"), EVENTS.to_string());
    let lake = program.data_dir().join("lake");
    check(&read_once(&lake, EVENTS), &truth);
    server.stop().expect("stops");
    check(&read(&lake), &truth);
}

#[test]
fn the_lake_follows_an_undone_import_and_what_is_loaded_after_it() {
    let dir = dir();
    let program = program(&dir);
    let file = |name: &str, ids: [u32; 2]| {
        let rows = ids.map(|id| format!("A{id},2026-01-0{id} 03:04:05,p1,1,{id}.00,u{id}\n"));
        let head = "order_id,ts_event,product_id,quantity,unit_price,customer_id\n";
        let path = dir.path().join(name);
        std::fs::write(&path, [head, &rows.concat()].concat()).expect("writes");
        path.display().to_string()
    };
    let (kept, wrong) = (file("kept.csv", [1, 2]), file("wrong.csv", [2, 3]));
    let run = |arguments: &[&str]| {
        let ran = program.run(arguments).expect("runs");
        assert_eq!(ran.code, Some(0), "{}", ran.err);
    };
    let lake = program.data_dir().join("lake");
    let of = |rows, orders, sold| Archived {
        rows,
        offsets: rows,
        orders,
        sold,
    };
    run(&["ingest", &kept]);
    assert_eq!(read(&lake), of(2, 2, 30_000));
    let up = || program.start(["up"].iter().chain(&OFTEN)).expect("starts");
    let server = up();
    run(&["ingest", &wrong]);
    let both = read_once(&lake, 4);
    assert_eq!((both.rows, both.orders), (4, 3));
    run(&["imports", "undo", "2"]);
    assert_eq!(read_once(&lake, 2), of(2, 2, 30_000));
    server.kill().expect("is killed");
    let server = up();
    assert_eq!(read_once(&lake, 2), of(2, 2, 30_000));
    run(&["ingest", &wrong]);
    assert_eq!(read_once(&lake, 4).orders, 3);
    server.stop().expect("stops");
}

#[test]
fn a_folder_with_a_table_of_somebody_else_is_named_and_left_alone() {
    let dir = dir();
    let program = program(&dir);
    let lake = program.data_dir().join("lake/events/_delta_log");
    std::fs::create_dir_all(&lake).expect("a folder");
    let foreign = concat!(
        r#"{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}"#,
        "\n",
        r#"{"metaData":{"id":"a","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":[],"configuration":{}}}"#,
        "\n"
    );
    let entry = lake.join("00000000000000000000.json");
    std::fs::write(&entry, foreign).expect("writes");
    let refused = program
        .run(["up", "--set", "api.listen=127.0.0.1:0"])
        .expect("ends");
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.err.contains("shopstream did not make"),
        "{}",
        refused.err
    );
    assert!(refused.err.contains("lake.location"), "{}", refused.err);
    assert_eq!(std::fs::read_to_string(&entry).expect("is there"), foreign);
    assert_eq!(std::fs::read_dir(&lake).expect("is there").count(), 1);
}
