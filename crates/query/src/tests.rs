//! What can be asked, what is answered, and what is refused: small lakes with a tail behind them, written by the code that writes
//! real ones.

use crate::ask::{Judgement, LakePlace, Limits};
use crate::refusal::Refusal;
use crate::session::Session;
use crate::snapshot::Snapshot;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use event::check::CheckContext;
use event::frame::{FrameBody, FrameBuilder, SourceInfo};
use event::schema::{Amount, ItemAmount, ItemLabel, ItemNumber, ItemText, Text};
use event::{Event, EventId, EventTime, EventType, Item};
use eventlog::{EncodedFrame, EventLog, FrameEncoder, LogConfig, Tallies};
use futures_util::TryStreamExt;
use lake::{EventArchive, Judged, Place, Reached};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// 2026-03-01T22:30:00Z, a Sunday; in Berlin half an hour before Monday.
const BEGIN: i64 = 1_772_404_200_000_000;
const MINUTE: i64 = 60_000_000;

/// An event in a line: `TYPE STORE ORDER LINE:PRODUCT:QUANTITY:PRICE…`, `-` for no order; ids and minutes count up.
fn event(number: usize, line: &str) -> (String, Event<'static>) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut event = Event::new(EventType::parse(words[0]).expect("a type"));
    event.id = Some(EventId(number as u128 + 1));
    event.time = Some(EventTime(BEGIN + number as i64 * MINUTE));
    for word in &words[2..] {
        match word.split_once('=') {
            Some(("order", id)) => event.set_text(Text::OrderId, id.to_owned()),
            Some(("discount", text)) => event.set_amount(Amount::Discount, money(text)),
            Some(("revenue", text)) => event.set_amount(Amount::Revenue, money(text)),
            Some(("minute", text)) => {
                let minute: i64 = text.parse().expect("minutes");
                event.time = Some(EventTime(BEGIN + minute * MINUTE));
            }
            _ => event.items.push(item(word)),
        }
    }
    (words[1].to_owned(), event)
}

fn item(word: &str) -> Item<'static> {
    let parts: Vec<&str> = word.split(':').collect();
    let mut item = Item::default();
    item.set_number(ItemNumber::Line, parts[0].parse().expect("a line"));
    item.set_text(ItemText::ProductId, parts[1].to_owned());
    item.set_amount(ItemAmount::Quantity, money(parts[2]));
    item.set_amount(ItemAmount::UnitPrice, money(parts[3]));
    if let Some(kind) = parts.get(4) {
        item.set_label(ItemLabel::Kind, (*kind).to_owned());
    }
    item
}

fn money(text: &str) -> i64 {
    let number: f64 = text.parse().expect("a number");
    (number * 10_000.0).round() as i64
}

fn frame(first: usize, lines: &[&str]) -> FrameBody {
    let mut builder = FrameBuilder::new();
    for (at, line) in lines.iter().enumerate() {
        let (store, event) = event(first + at, line);
        let source = builder.open_source(&SourceInfo {
            source: format!("of {store}"),
            name: "s".into(),
            store,
        });
        let received = EventTime(BEGIN + 10_000 * MINUTE);
        (builder.offer(source, &event, b"", CheckContext { received })).expect("a sound event");
    }
    builder.finish()
}

/// A lake that holds the frames before `seam`, and a log that holds all of them.
struct Shop {
    folder: tempfile::TempDir,
    judgement: Judgement,
}

async fn shop(frames: &[&[&str]], seam: usize, uncounted: &[u64]) -> Shop {
    let folder = tempfile::tempdir().expect("a folder");
    let log = EventLog::open(LogConfig::new(folder.path().join("log"))).expect("a log");
    let (writer, mut encoder) = (log.writer(), FrameEncoder::new());
    let place = Place::folder(folder.path().join("lake")).expect("a place");
    let zones = Arc::new(|store: &str| match store {
        "berlin" => jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone"),
        _ => jiff::tz::TimeZone::UTC,
    });
    let archive = EventArchive::open(&place, zones, lake::Limits::default()).await;
    let mut archive = archive.expect("a lake");
    let (mut offset, mut number) = (0, 0);
    for (at, lines) in frames.iter().enumerate() {
        let body = frame(offset as usize, lines);
        let mut bytes = Vec::new();
        body.encode(&mut bytes).expect("bytes");
        let rows = lines.len() as u32;
        let tallies = Tallies {
            received: rows,
            accepted: rows,
            quarantined: 0,
        };
        let encoded = EncodedFrame::encode(rows, tallies, &bytes, &mut encoder).expect("a frame");
        writer.append(encoded).await.expect("appended");
        let end = offset + u64::from(rows);
        number += 1;
        if at < seam {
            let aside: Vec<u64> = uncounted.to_vec();
            let judged = Judged {
                events: &body.events,
                first_offset: offset,
                aside: &aside,
                adding: &[],
                to: Reached {
                    generation: 0,
                    frame: number,
                    offset: end,
                },
            };
            archive.take(judged).await.expect("taken");
            archive.commit().await.expect("committed");
        }
        offset = end;
    }
    log.close();
    Shop {
        folder,
        judgement: Judgement {
            generation: 0,
            from_offset: 0,
            to_frame: number,
            to_offset: offset,
            uncounted: uncounted.to_vec(),
            adding: Vec::new(),
        },
    }
}

fn limits(folder: &Path) -> Limits {
    Limits {
        memory_bytes: 64 << 20,
        spill_bytes: 64 << 20,
        spill_dir: folder.join("sql"),
        seconds_max: 60,
        rows_max: None,
    }
}

impl Shop {
    async fn session(&self, store: Option<&str>) -> Result<Session, Refusal> {
        let lake = LakePlace {
            location: "lake".to_owned(),
            within: self.folder.path().to_owned(),
            storage: BTreeMap::new(),
        };
        let zones = BTreeMap::from([("berlin".to_owned(), "Europe/Berlin".to_owned())]);
        let log = self.folder.path().join("log");
        let snapshot = Snapshot::open(&lake, &log, &self.judgement, &zones).await?;
        Session::new(
            snapshot,
            store.map(str::to_owned),
            &limits(self.folder.path()),
        )
    }

    /// The answer, a row a line with bars between; a refusal as its code and message.
    async fn ask(&self, store: Option<&str>, sql: &str) -> String {
        match self.try_ask(store, sql).await {
            Ok(rows) => rows,
            Err(refusal) => format!("{}: {refusal}", refusal.state.code()),
        }
    }

    async fn try_ask(&self, store: Option<&str>, sql: &str) -> Result<String, Refusal> {
        let answer = self.session(store).await?.ask(sql).await?;
        let batches: Vec<_> = answer
            .rows
            .try_collect()
            .await
            .map_err(|error| Session::refusal(&error))?;
        let mut lines = Vec::new();
        for batch in &batches {
            let options = FormatOptions::default();
            let columns: Vec<_> = (batch.columns().iter())
                .map(|column| ArrayFormatter::try_new(column, &options).expect("shown"))
                .collect();
            for row in 0..batch.num_rows() {
                let cells: Vec<String> = columns
                    .iter()
                    .map(|column| column.value(row).to_string())
                    .collect();
                lines.push(cells.join("|"));
            }
        }
        Ok(lines.join("\n"))
    }
}

/// Plans are deep: the process that serves has large stacks, and so has this.
fn with_stack(test: impl AsyncFnOnce() + Send + 'static) {
    let work = move || {
        let tasks = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        tasks.expect("a runtime").block_on(test());
    };
    let thread = std::thread::Builder::new().stack_size(64 << 20);
    #[allow(clippy::disallowed_methods)] // a test may start a thread
    let thread = thread.spawn(work).expect("a thread");
    thread.join().expect("the test holds");
}

/// What a question gives, wherever the seam lies between the frames.
fn check(frames: &'static [&'static [&'static str]], sql: &'static str, expected: &'static str) {
    with_stack(async move || {
        for seam in 0..=frames.len() {
            let shop = shop(frames, seam, &[]).await;
            let found = shop.ask(None, sql).await;
            assert_eq!(found, expected, "seam {seam}: {sql}");
        }
    });
}

fn check_refused(sql: String, expected: &'static str) {
    with_stack(async move || {
        let shop = shop(&[&["page_view main"]], 1, &[]).await;
        let found = shop.ask(None, &sql).await;
        assert!(found.starts_with(expected), "{found}");
    });
}

const VISIT: &[&[&str]] = &[
    &["page_view main", "page_view berlin"],
    &["order main order=1 0:p1:2:10.50 1:p2:1:5"],
    &["page_view berlin", "page_view main"],
];

#[test]
fn events_are_those_of_the_lake_and_those_behind_it_each_once() {
    check(
        VISIT,
        "SELECT count(*), count(DISTINCT event_id) FROM events",
        "5|5",
    );
    check(
        VISIT,
        "SELECT log_offset, type FROM events WHERE store = 'main' ORDER BY log_offset",
        "0|page_view\n2|order\n4|page_view",
    );
}

#[test]
fn days_and_hours_are_those_of_the_shop() {
    check(
        VISIT,
        "SELECT store, day, hour, day_of_week FROM events WHERE log_offset IN (0, 1) ORDER BY store",
        "berlin|2026-03-01|23|7\nmain|2026-03-01|22|7",
    );
}

#[test]
fn an_id_is_a_text() {
    check(
        VISIT,
        "SELECT log_offset FROM events WHERE event_id = '00000000-0000-0000-0000-000000000003'",
        "2",
    );
}

#[test]
fn what_does_not_count_is_not_there() {
    with_stack(async || {
        for seam in 0..=VISIT.len() {
            let shop = shop(VISIT, seam, &[1, 2]).await;
            let found = shop
                .ask(None, "SELECT log_offset FROM events ORDER BY 1")
                .await;
            assert_eq!(found, "0\n3\n4", "seam {seam}");
        }
    });
}

#[test]
fn a_key_of_one_shop_sees_that_shop_only() {
    with_stack(async || {
        let shop = shop(VISIT, 1, &[]).await;
        let all = "SELECT DISTINCT store FROM events ORDER BY 1";
        assert_eq!(shop.ask(Some("berlin"), all).await, "berlin");
        let lines = "SELECT count(*) FROM order_lines";
        assert_eq!(shop.ask(Some("berlin"), lines).await, "0");
        assert_eq!(shop.ask(None, lines).await, "2");
    });
}

#[test]
fn lines_of_an_order_are_those_of_its_earliest_event_overlaid_by_updates() {
    const ORDER: &[&[&str]] = &[
        &["order main order=1 minute=9 0:late:1:1"],
        &["order main order=1 minute=3 0:p1:2:10.50 1:p2:1:5"],
        &["order_update main order=1 1:p2:3:4.00 2:p3:1:1"],
        &[
            "order_update main order=2 0:p9:1:1",
            "order main 0:single:1:2.00",
        ],
    ];
    check(
        ORDER,
        "SELECT line, product_id, quantity, unit_price, value, kind FROM order_lines WHERE order_id = '1' ORDER BY line",
        "0|p1|2.0000|10.5000|21.0000|product\n1|p2|3.0000|4.0000|12.0000|product\n2|p3|1.0000|1.0000|1.0000|product",
    );
    check(
        ORDER,
        "SELECT count(*), sum(revenue) FROM orders WHERE has_value",
        "2|36.0000",
    );
}

#[test]
fn a_cancelled_order_has_no_lines_and_a_refund_has_returns() {
    const GONE: &[&[&str]] = &[
        &[
            "order main order=1 0:p1:2:10.50",
            "order_cancel main order=1",
        ],
        &[
            "order main order=2 discount=1 0:p1:1:10 1:post:1:3:fee",
            "refund main order=2 0:p1:1:10",
        ],
        &["order main order=3 revenue=7.25"],
    ];
    check(
        GONE,
        "SELECT type, order_id, product_id, kind, value FROM order_lines ORDER BY type, line",
        "order|2|p1|product|10.0000\norder|2|post|fee|3.0000\nrefund|2|p1|return|10.0000",
    );
    check(
        GONE,
        "SELECT order_id, revenue, has_value FROM orders ORDER BY order_id",
        "2|12.0000|true\n3|7.2500|true",
    );
}

#[test]
fn event_tables_of_shops_have_a_row_for_each_product() {
    check(
        VISIT,
        "SELECT event_type, product_id, price, count(*) FROM ecommerce_events GROUP BY 1, 2, 3 ORDER BY 1, 3",
        "page_view|||4\npurchase||5.00|1\npurchase||10.50|1",
    );
    check(
        VISIT,
        "SELECT DATE_TRUNC('hour', event_timestamp) AS hour, count(*) FROM ecommerce_events \
         WHERE event_timestamp >= NOW() - INTERVAL '24000 hours' GROUP BY DATE_TRUNC('hour', event_timestamp) ORDER BY hour DESC",
        "2026-03-01T22:00:00|6",
    );
}

#[test]
fn weeks_begin_on_monday() {
    check(
        VISIT,
        "SELECT DISTINCT time_bucket(INTERVAL '7 days', ts_event) FROM events",
        "2026-02-23T00:00:00Z",
    );
}

#[test]
fn a_table_can_be_asked_as_of_a_version() {
    with_stack(async || {
        let shop = shop(VISIT, 2, &[]).await;
        let at = |version: &str| format!("SELECT count(*) FROM events_at({version})");
        assert_eq!(shop.ask(None, &at("0")).await, "0");
        assert_eq!(shop.ask(None, &at("1")).await, "2");
        assert_eq!(shop.ask(None, &at("2")).await, "3");
        assert!(shop.ask(None, &at("9")).await.starts_with("22000: "));
    });
}

#[test]
fn what_is_no_question_is_refused() {
    for sql in [
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "COPY events TO STDOUT",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "CREATE TABLE t AS SELECT 1",
        "INSERT INTO events VALUES (1)",
        "DELETE FROM events",
        "DROP TABLE events",
        "SET datafusion.execution.batch_size = 1",
        "EXPLAIN ANALYZE INSERT INTO events SELECT * FROM events",
    ] {
        check_refused(sql.to_owned(), "25006");
    }
    check_refused("SELECT 1; SELECT 2".to_owned(), "42601");
    check_refused("SELEC 1".to_owned(), "42601");
    check_refused(String::new(), "42601");
}

#[test]
fn files_are_no_tables() {
    check_refused("SELECT * FROM '/etc/passwd'".to_owned(), "42P01");
    check_refused("SELECT * FROM \"/etc/hosts.csv\"".to_owned(), "42P01");
    check_refused("SELECT * FROM read_csv('/etc/passwd')".to_owned(), "42");
}

#[test]
fn what_is_misspelt_is_named() {
    check_refused(
        "SELECT * FROM evnts".to_owned(),
        "42P01: there is no table `evnts`",
    );
    check_refused(
        "SELECT stor FROM events".to_owned(),
        "42703: there is no column `stor`",
    );
    check_refused(
        "SELECT cuont(*) FROM events".to_owned(),
        "42883: there is no function `cuont`",
    );
}

#[test]
fn what_is_too_deep_or_too_long_is_refused() {
    check_refused(
        format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000)),
        "54001",
    );
    check_refused(format!("SELECT 1{}", "+1".repeat(2_000)), "54001");
    check_refused(
        format!("SELECT * FROM events WHERE true{}", " or 1=1".repeat(9_000)),
        "54001",
    );
    check_refused(format!("SELECT '{}'", "x".repeat(70_000)), "54001");
    check_refused(format!("SELECT {}1", "- ".repeat(2_000)), "54001");
}

#[test]
fn the_longest_that_is_allowed_is_answered() {
    with_stack(async || {
        let shop = shop(&[&["page_view main"]], 1, &[]).await;
        let sum = format!("SELECT 1{}", "+1".repeat(990));
        assert_eq!(shop.ask(None, &sum).await, "991");
        let deep = format!("SELECT {}1{}", "(".repeat(60), ")".repeat(60));
        assert_eq!(shop.ask(None, &deep).await, "1");
        let ors = format!(
            "SELECT count(*) FROM events WHERE false{}",
            " or 1=2".repeat(450)
        );
        assert_eq!(shop.ask(None, &ors).await, "0");
    });
}

#[test]
fn a_question_that_needs_too_much_memory_ends() {
    check_refused(
        "SELECT array_agg(value) FROM generate_series(1, 100000000)".to_owned(),
        "53200",
    );
}

#[test]
fn only_the_asked_days_are_read() {
    with_stack(async || {
        let shop = shop(VISIT, 3, &[]).await;
        let plan = "EXPLAIN ANALYZE SELECT max(type) FROM events WHERE store = 'berlin' AND day = DATE '2026-03-01'";
        let plan = shop.ask(None, plan).await;
        assert!(plan.contains("berlin"), "{plan}");
        assert!(!plan.contains("store=main"), "{plan}");
    });
}
