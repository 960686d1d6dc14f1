//! SQL from outside: what was acknowledged is seen at once and once, whatever is refused leaves the server as it was, and the
//! numbers are those that are shown live.

use crate::{dir, figure, program};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use testkit::{Program, Server, fixture};

/// Commits come often, so that a question finds the seam at every place.
const OFTEN: [&str; 3] = ["up", "--set", "lake.commit_interval_s=1"];

fn ask(server: &Server, sql: &str) -> Vec<Value> {
    let answer = server.post("/api/v1/sql", json!({ "sql": sql }).to_string());
    let answer = answer.unwrap_or_else(|error| panic!("{sql}: {error}"));
    answer["data"].as_array().cloned().expect("rows")
}

/// PostgreSQL's code of a refusal.
fn refused(server: &Server, sql: &str) -> String {
    let error = server.post("/api/v1/sql", json!({ "sql": sql }).to_string());
    match error {
        Ok(answer) => format!("answered: {answer}"),
        Err(error) => format!("{error:?}"),
    }
}

fn events(first: u64, number: u64) -> Vec<u8> {
    let lines = (first..first + number).map(|at| {
        let event = json!({
            "event_id": format!("{at:032x}"),
            "type": "page_view",
            "ts_event": "2026-03-01T12:00:00Z",
            "anonymous_id": format!("v{}", at % 97),
        });
        format!("{event}\n")
    });
    lines.collect::<String>().into_bytes()
}

#[test]
fn what_was_acknowledged_is_seen_at_once_and_once() {
    const EVENTS: u64 = 20_000;
    const BATCH: u64 = 100;
    let dir = dir();
    let server = program(&dir).start(OFTEN).expect("starts");
    let (acknowledged, is_done) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for first in (0..EVENTS).step_by(BATCH as usize) {
                server.offer(events(first, BATCH)).expect("is taken");
                acknowledged.store(first + BATCH, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(20));
            }
            is_done.store(true, Ordering::SeqCst);
        });
        let mut asked = 0;
        while !is_done.load(Ordering::SeqCst) {
            let before = acknowledged.load(Ordering::SeqCst);
            let rows = ask(
                &server,
                "SELECT count(*) AS n, count(DISTINCT event_id) AS ids, count(DISTINCT log_offset) AS places FROM events",
            );
            let number = |name: &str| rows[0][name].as_u64().expect("a number");
            assert_eq!(number("n"), number("ids"), "no event twice");
            assert_eq!(number("n"), number("places"), "no event twice");
            assert!(number("n") >= before, "{} of {before}", number("n"));
            asked += 1;
        }
        assert!(asked > 5, "asked {asked} times only");
    });
    let rows = ask(&server, "SELECT count(*) AS n FROM events");
    assert_eq!(rows[0]["n"], EVENTS);
    server.settled_audit().expect("the law holds");
    server.stop().expect("stops");
}

fn simulate(program: &Program, dir: &tempfile::TempDir) -> (String, Value) {
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (file, truth) = (path("events.ndjson"), path("truth.json"));
    let ran = program.run([
        "simulate", "--to", "file", "--out", &file, "--truth", &truth, "--count", "20000",
        "--seed", "5", "--rate", "400",
    ]);
    assert_eq!(ran.expect("runs").code, Some(0));
    let truth = std::fs::read(truth).expect("the truth");
    (file, serde_json::from_slice(&truth).expect("JSON"))
}

#[test]
fn orders_are_worth_what_is_shown_live() {
    let dir = dir();
    let program = program(&dir);
    let (file, truth) = simulate(&program, &dir);
    let server = program.start(OFTEN).expect("starts");
    assert_eq!(program.run(["ingest", &file]).expect("runs").code, Some(0));
    let rows = ask(
        &server,
        "SELECT currency, count(*) AS orders, sum(revenue) AS revenue FROM orders WHERE has_value GROUP BY currency ORDER BY currency",
    );
    let question = json!({ "metrics": ["orders", "revenue"], "dimensions": [], "range": { "last": "3650d" }, "granularity": "1d" });
    let live = server.query(&question).expect("answers");
    let sum = |name: &str| -> f64 {
        let numbers = live
            .iter()
            .map(|row| figure(row, name).parse::<f64>().unwrap_or(0.0));
        numbers.sum()
    };
    let orders: u64 = rows.iter().filter_map(|row| row["orders"].as_u64()).sum();
    assert_eq!(Value::from(orders), truth["orders"]);
    assert_eq!(orders as f64, sum("orders"));
    let revenue: f64 = rows
        .iter()
        .map(|row| figure(row, "revenue").parse::<f64>().expect("money"))
        .sum();
    assert!(
        (revenue - sum("revenue")).abs() < 0.005,
        "{revenue} and {}",
        sum("revenue")
    );
    server.stop().expect("stops");
}

#[test]
fn a_statement_that_is_refused_leaves_the_server_as_it_was() {
    let dir = dir();
    let server = program(&dir)
        .start(
            OFTEN
                .iter()
                .chain(&["--set", "sql.timeout_s=4", "--set", "sql.memory_mib=64"]),
        )
        .expect("starts");
    server.offer(events(0, 100)).expect("is taken");
    let long = format!("SELECT 1 WHERE true{}", " OR 1=1".repeat(9_000));
    for (sql, code) in [
        ("COPY events TO '/tmp/x'", "25006"),
        (
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
            "25006",
        ),
        ("SELECT 1; DROP TABLE events", "42601"),
        ("SELECT * FROM '/etc/passwd'", "42P01"),
        ("SELECT nothing FROM events", "42703"),
        (long.as_str(), "54001"),
        ("SELECT repeat('a', 1073741824)", "53200"),
        ("SELECT rpad('a', 1073741824)", "sql-limit"),
        (
            "SELECT count(*) FROM generate_series(1, 9876543210)",
            "57014",
        ),
        (
            "SELECT count(*) FROM events a, events b, events c, events d, events e WHERE a.ts_event < b.ts_received",
            "57014",
        ),
    ] {
        let said = refused(&server, sql);
        assert!(said.contains(code), "{sql}: {said}");
        assert_eq!(
            ask(&server, "SELECT count(*) AS n FROM events")[0]["n"],
            100
        );
    }
    server.settled_audit().expect("the law holds");
    server.stop().expect("stops");
}

/// Processes that this one started.
fn children(pid: u32) -> Vec<u32> {
    let parent = |pid: u32| -> Option<u32> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        text.rsplit_once(')')?
            .1
            .split_whitespace()
            .nth(1)?
            .parse()
            .ok()
    };
    let all = std::fs::read_dir("/proc").expect("processes");
    let all = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    all.filter(|child| parent(*child) == Some(pid)).collect()
}

#[test]
fn a_process_that_is_killed_while_it_answers_is_followed_by_another() {
    let dir = dir();
    let server = program(&dir).start(OFTEN).expect("starts");
    server.offer(events(0, 100)).expect("is taken");
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| {
            refused(
                &server,
                "SELECT count(*) FROM generate_series(1, 9876543210)",
            )
        });
        let until = Instant::now() + Duration::from_secs(20);
        let child = loop {
            if let Some(child) = children(server.pid()).first() {
                break *child;
            }
            assert!(Instant::now() < until, "no process answers");
            std::thread::sleep(Duration::from_millis(20));
        };
        testkit::signal(child, "KILL").expect("is killed");
        let said = slow.join().expect("answers");
        assert!(said.contains("08006"), "{said}");
    });
    assert_eq!(
        ask(&server, "SELECT count(*) AS n FROM events")[0]["n"],
        100
    );
    server.stop().expect("stops");
}

#[test]
fn a_directory_answers_without_a_server() {
    let dir = dir();
    let program = program(&dir);
    let (file, _) = simulate(&program, &dir);
    assert_eq!(program.run(["ingest", &file]).expect("runs").code, Some(0));
    let ran = program.run([
        "sql",
        "-c",
        "SELECT count(*) AS n FROM events",
        "--format",
        "csv",
    ]);
    let ran = ran.expect("runs");
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (Some(0), "n\n20000\n"),
        "{}",
        ran.err
    );
    let ran = program
        .run(["sql", "-c", "SELECT * FROM evnts"])
        .expect("runs");
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("did you mean `events`?"), "{}", ran.err);
}

#[test]
fn the_order_files_lines_are_those_that_are_known_of_it() {
    let Some(file) = fixture("online_retail_2010_12/online_retail_2010-12.csv.gz") else {
        return;
    };
    let dir = dir();
    let program = program(&dir);
    let file = file.to_str().expect("a plain path");
    assert_eq!(program.run(["ingest", file]).expect("runs").code, Some(0));
    let check = |sql: &str, expected: &str| {
        let ran = program
            .run(["sql", "--format", "csv", "-c", sql])
            .expect("runs");
        assert_eq!(ran.out, expected, "{sql}: {}", ran.err);
    };
    check(
        "SELECT kind, count(*) AS lines, sum(value) AS value FROM order_lines \
         WHERE kind = 'return' OR (unit_price > 0 AND quantity > 0) GROUP BY kind ORDER BY kind",
        "kind,lines,value\nfee,165,45814.3700\nproduct,41315,777931.7700\nreturn,728,-74789.1200\n",
    );
    check(
        "SELECT count(*) AS lines, sum(value) AS value FROM order_lines",
        "lines,value\n42481,748957.0200\n",
    );
    check(
        "SELECT day, count(*) AS orders, sum(revenue) AS revenue FROM orders WHERE has_value GROUP BY day ORDER BY day LIMIT 3",
        "day,orders,revenue\n2010-12-01,127,58960.7900\n2010-12-02,142,47748.3800\n2010-12-03,68,46943.7100\n",
    );
}
