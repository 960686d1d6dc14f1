//! A real shop's order file: every figure that other software computed from it, to the penny.

use crate::{dir, figure, program};
use serde_json::{Value, json};
use testkit::{Habits, Server, fixture, produce_events};

/// What DuckDB and chDB say of the file.
const TOTALS: [(&str, &str); 15] = [
    ("orders", "1559"),
    ("sold_lines", "41480"),
    ("sold_value", "823746.14"),
    ("revenue", "823746.14"),
    ("refunds", "326"),
    ("return_lines", "728"),
    ("refund_amount", "74789.12"),
    ("zero_price_lines", "203"),
    ("fee_lines", "165"),
    ("fee_value", "45814.37"),
    ("fee_only_orders", "9"),
    ("customers", "885"),
    ("write_off_lines", "70"),
    ("visitors", "948"),
    ("products", "2822"),
];

const FIRST_DAYS: [(&str, &str, &str); 3] = [
    ("2010-12-01T00:00:00Z", "127", "58960.79"),
    ("2010-12-02T00:00:00Z", "142", "47748.38"),
    ("2010-12-03T00:00:00Z", "68", "46943.71"),
];

const BEST_CODES: [(&str, &str); 5] = [
    ("22423", "27869.96"),
    ("DOT", "24671.19"),
    ("AMAZONFEE", "13541.33"),
    ("85123A", "10435.36"),
    ("84029E", "9291.73"),
];

#[test]
fn the_order_file_gives_every_known_figure_and_reading_it_again_adds_nothing() {
    let Some(file) = fixture("online_retail_2010_12/online_retail_2010-12.csv.gz") else {
        return;
    };
    let dir = dir();
    let program = program(&dir);
    let file = file.to_str().expect("a plain path");
    let first = program
        .run(["ingest", "--format", "json", file])
        .expect("runs");
    assert_eq!(first.code, Some(0), "{}", first.err);
    let report: Value = serde_json::from_str(&first.out).expect("a report");
    assert_eq!(
        (
            &report["rows"],
            &report["duplicate"],
            &report["quarantined"]
        ),
        (&json!(42_481), &json!(0), &json!(0))
    );
    check_figures(&program.up().expect("starts"));

    let again = program
        .run(["ingest", "--format", "json", file])
        .expect("runs");
    let repeated: Value = serde_json::from_str(&again.out).expect("a report");
    assert_eq!(
        (&repeated["accepted"], &repeated["duplicate"]),
        (&json!(0), &report["accepted"])
    );
    check_figures(&program.up().expect("starts"));
}

#[test]
fn the_file_sent_to_a_running_server_gives_the_same_figures() {
    let Some(file) = fixture("online_retail_2010_12/online_retail_2010-12.csv.gz") else {
        return;
    };
    let dir = dir();
    let program = program(&dir);
    let server = program.up().expect("starts");
    let ran = program
        .run(["ingest", file.to_str().expect("a plain path")])
        .expect("runs");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("42,481"), "{}", ran.out);
    check_figures(&server);
    assert_eq!(server.stop().expect("stops"), Some(0));
}

#[test]
fn the_files_rows_in_any_order_into_a_shop_that_sells_today_give_the_same_figures() {
    let Some(file) = fixture("online_retail_2010_12/online_retail_2010-12.csv.gz") else {
        return;
    };
    let dir = dir();
    let shuffled = dir.path().join("shuffled.csv");
    std::fs::write(&shuffled, shuffled_rows(&file)).expect("a file");
    let program = program(&dir);
    let server = program.up().expect("starts");
    produce_events(&server, Habits::of_seed(5), 1_000).expect("all are taken");
    let question = json!({"metrics": ["events", "revenue"]});
    server.settled_audit().expect("the law holds");
    let today = server.query(&question).expect("answers");
    let path = shuffled.to_str().expect("a plain path");
    let ran = program
        .run(["ingest", "--store", "berlin", path])
        .expect("runs");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let audit = server.settled_audit().expect("the law holds");
    assert_eq!(audit["late"], 0);
    check_totals(&server, "berlin");
    assert_eq!(server.query(&question).expect("answers"), today);
}

/// Its lines behind the header, in an order that has nothing to do with theirs.
fn shuffled_rows(file: &std::path::Path) -> Vec<u8> {
    let mut text = Vec::new();
    let packed = std::fs::File::open(file).expect("the fixture");
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(packed), &mut text)
        .expect("is unpacked");
    let mut lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let header = lines.remove(0);
    let mixed = |line: &[u8]| {
        line.iter().fold(7_u32, |sum, byte| {
            (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
        })
    };
    let mut numbered: Vec<(u32, usize)> = (lines.iter().enumerate())
        .map(|(number, line)| {
            (
                mixed(line)
                    .wrapping_add(number as u32)
                    .wrapping_mul(0x9E37_79B1),
                number,
            )
        })
        .collect();
    numbered.sort_unstable();
    let shuffled = numbered.iter().flat_map(|(_, number)| lines[*number]);
    header.iter().chain(shuffled).copied().collect()
}

fn check_totals(server: &Server, store: &str) {
    for (metric, expected) in TOTALS {
        let rows = server
            .query(&json!({"metrics": [metric], "store": store}))
            .expect("answers");
        let found: Vec<String> = rows.iter().map(|row| figure(row, metric)).collect();
        assert_eq!(found, [expected], "{metric}");
    }
}

fn check_figures(server: &Server) {
    let audit = server.settled_audit().expect("the law holds");
    let rows: u64 = audit["sources"]
        .as_array()
        .expect("sources")
        .iter()
        .filter_map(|source| source["rows_read"].as_u64())
        .sum();
    assert_eq!(
        rows % 42_481,
        0,
        "every row is accounted for, as often as it was read"
    );
    check_totals(server, "main");
    for (day, orders, sold) in FIRST_DAYS {
        let to = format!("{}T00:00:00Z", jiff_next_day(day));
        let question = json!({"metrics": ["orders", "sold_value"], "granularity": "1d", "range": {"from": day, "to": to}});
        let rows = server.query(&question).expect("answers");
        let found: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    figure(row, "window_start"),
                    figure(row, "orders"),
                    figure(row, "sold_value"),
                )
            })
            .collect();
        assert_eq!(
            found,
            [(day.to_owned(), orders.to_owned(), sold.to_owned())]
        );
    }
    let best = json!({"metrics": ["sold_value"], "dimensions": ["product"], "order": [{"by": "sold_value", "direction": "desc"}], "limit": 5});
    let found: Vec<_> = server
        .query(&best)
        .expect("answers")
        .iter()
        .map(|row| (figure(row, "product"), figure(row, "sold_value")))
        .collect();
    assert_eq!(
        found,
        BEST_CODES.map(|(code, sold)| (code.to_owned(), sold.to_owned()))
    );
    let countries = server
        .query(&json!({"metrics": ["events"], "dimensions": ["country"]}))
        .expect("answers");
    assert_eq!(countries.len(), 24);
    let returns = server.query(&json!({"metrics": ["return_lines"], "dimensions": ["identity"], "filters": {"identity": ["nobody"]}})).expect("answers");
    assert_eq!(
        returns
            .iter()
            .map(|row| figure(row, "return_lines"))
            .collect::<Vec<_>>(),
        ["38"]
    );
    check_all_rows_together(server);
}

/// 748,957.02 = what was sold less what came back; 2,025 invoices = orders + refunds + write-offs + zero-price ones.
fn check_all_rows_together(server: &Server) {
    let types = server
        .query(&json!({"metrics": ["events"], "dimensions": ["type"]}))
        .expect("answers");
    let of = |kind: &str| {
        types
            .iter()
            .filter(|row| row["type"] == kind)
            .filter_map(|row| row["events"].as_u64())
            .sum::<u64>()
    };
    assert_eq!(
        (of("order"), of("refund"), of("stock_update")),
        (1_559 + 70, 326, 70)
    );
    assert_eq!(of("order") + of("refund") + of("stock_update"), 2_025);
}

fn jiff_next_day(day: &str) -> String {
    let date: u32 = day[8..10].parse().expect("a day");
    format!("{}{:02}", &day[..8], date + 1)
}
