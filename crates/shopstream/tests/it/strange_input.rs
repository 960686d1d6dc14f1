//! Input that no shop means to send, in masses: ids of four kilobytes, ids used again for something else, one customer with
//! all the events, a clock a year ahead, thousands of sources. It is counted and explained, takes no more memory than as
//! many ordinary events, and holds up nobody else.
//! `SHOPSTREAM_STRANGE=10` makes each ten times as large, as `cargo xtask soak --strange` does.

use crate::{dir, number, program};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testkit::{Server, now_micros, resident_bytes_max};

/// Lines of one request: 2 MB where each has an id of four kilobytes.
const LINES: usize = 500;
/// What a bystander sends in the midst of it.
const BYSTANDER: &str = "bystander";
const BYSTANDER_EVENTS: usize = 200;
/// An answer and its figures are there within a fraction of a second; this machine may be busy.
const BYSTANDER_WAIT_MAX: Duration = Duration::from_secs(10);
/// Beside as much as ordinary events take: caches, buffers and tables have steps.
const SPARE_BYTES: u64 = 64 << 20;
/// A source has a name, sums, and a row of the audit.
const SOURCE_BYTES_MAX: u64 = 8 << 10;

/// An everyday event.
fn ordinary(at: usize) -> Value {
    json!({
        "event_id": format!("ordinary-{at}"),
        "type": "item_view",
        "ts": now_micros() - 1_000_000,
        "customer_id": format!("customer-{}", at % 5_000),
        "product_id": format!("P-{}", at % 300),
    })
}

fn scale(everyday: usize) -> usize {
    everyday * number("SHOPSTREAM_STRANGE", 1) as usize
}

/// A server with so many sources beside the bystander; their keys.
fn with_sources(sources: usize, work: impl FnOnce(&Server, &[String])) -> u64 {
    let dir = dir();
    let program = program(&dir);
    let names = (0..sources).map(|at| format!("source-{at}"));
    let names: Vec<String> = names.chain([BYSTANDER.to_owned()]).collect();
    let keys = program.add_keys(&names).expect("keys");
    let server = program.up().expect("starts");
    work(&server, &keys);
    server.settled_audit().expect("the law holds");
    resident_bytes_max(server.pid()).expect("its memory")
}

fn send(server: &Server, key: &str, events: impl Iterator<Item = Value>) {
    let lines: Vec<String> = events.map(|event| format!("{event}\n")).collect();
    for chunk in lines.chunks(LINES) {
        let answer = server
            .offer_as(key, chunk.concat().into_bytes())
            .expect("answers");
        assert_eq!(answer.status, 202, "{answer:?}");
    }
}

/// Sends events of one source, with a bystander half way, who must not notice.
fn send_beside_a_bystander(server: &Server, keys: &[String], events: Vec<Value>) {
    let bystander = keys.last().expect("its key");
    let mut events = events.into_iter();
    let half = events.len() / 2;
    send(server, &keys[0], events.by_ref().take(half));
    let before = Instant::now();
    send(
        server,
        bystander,
        (0..BYSTANDER_EVENTS).map(|at| {
            let mut event = ordinary(at);
            event["event_id"] = format!("bystander-{at}").into();
            event["type"] = BYSTANDER.into();
            event
        }),
    );
    let question =
        json!({"metrics": ["events"], "dimensions": ["type"], "filters": {"type": [BYSTANDER]}});
    while server
        .query(&question)
        .expect("answers")
        .first()
        .map(|row| row["events"].clone())
        != Some(BYSTANDER_EVENTS.into())
    {
        assert!(before.elapsed() < BYSTANDER_WAIT_MAX, "a bystander waits");
        std::thread::sleep(Duration::from_millis(10));
    }
    send(server, &keys[0], events);
}

/// Takes no more memory than as many ordinary events; both runs end in the law.
fn check_memory(events: usize, work: impl FnOnce(&Server, &[String])) {
    let ordinary_bytes = with_sources(1, |server, keys| {
        send_beside_a_bystander(server, keys, (0..events).map(ordinary).collect());
    });
    let strange_bytes = with_sources(1, work);
    eprintln!(
        "memory: {} MiB, ordinary events {} MiB",
        strange_bytes >> 20,
        ordinary_bytes >> 20
    );
    assert!(
        strange_bytes < ordinary_bytes + ordinary_bytes / 2 + SPARE_BYTES,
        "{strange_bytes} bytes, {ordinary_bytes} with ordinary events"
    );
}

/// The audit once all these and the bystander's were received.
fn audit_of(server: &Server, events: usize) -> Value {
    let received = (events + BYSTANDER_EVENTS) as u64;
    server.audit_of(received).expect("the law holds")
}

/// The audit's row of a source.
fn source(audit: &Value, name: &str) -> Value {
    let sources = audit["sources"].as_array().expect("sources");
    let found = sources.iter().find(|source| source["name"] == name);
    found.expect("it is listed").clone()
}

/// The newest rejections all name this reason, say what is wrong and show no more than a part of what came.
fn check_explained(server: &Server, reason: &str) {
    let page = server
        .get("/api/v1/quarantine?limit=100")
        .expect("the quarantine");
    let rows = page["data"].as_array().expect("rows");
    assert_eq!(rows.len(), 100);
    for row in rows {
        assert_eq!(row["reason"], reason, "{row}");
        assert!(!row["detail"].as_str().unwrap_or("").is_empty(), "{row}");
        assert!(row.to_string().len() < 16 << 10, "{row}");
    }
}

#[test]
fn ids_of_four_kilobytes_are_set_aside_whichever_id_it_is() {
    const FIELDS: [&str; 7] = [
        "event_id",
        "customer_id",
        "anonymous_id",
        "session_id",
        "order_id",
        "cart_id",
        "product_id",
    ];
    let events = scale(10_000);
    let strange = |at: usize| {
        let mut event = ordinary(at);
        event[FIELDS[at % FIELDS.len()]] = format!("{at:x<4096}").into();
        event
    };
    check_memory(events, |server, keys| {
        send_beside_a_bystander(server, keys, (0..events).map(strange).collect());
        let audit = audit_of(server, events);
        assert_eq!(
            audit["quarantined_by_reason"],
            json!({ "id_invalid": events })
        );
        assert_eq!(audit["counted"], BYSTANDER_EVENTS);
        check_explained(server, "id_invalid");
    });
}

#[test]
fn ids_used_again_for_something_else_count_once_and_the_second_is_set_aside() {
    let events = scale(20_000);
    let half = events / 2;
    let strange = |at: usize| {
        let mut event = ordinary(at % half);
        event["ts"] = (1_700_000_000_000_000_i64 + (at % half) as i64).into();
        event["product_id"] = if at < half { "first" } else { "second" }.into();
        event
    };
    check_memory(events, |server, keys| {
        send_beside_a_bystander(server, keys, (0..events).map(strange).collect());
        let audit = audit_of(server, events);
        assert_eq!(
            audit["quarantined_by_reason"],
            json!({ "id_conflict": half })
        );
        assert_eq!(audit["counted"], half + BYSTANDER_EVENTS);
        let views = json!({"metrics": ["item_views"], "dimensions": ["product"], "filters": {"product": ["first", "second"]}});
        let rows = server.query(&views).expect("answers");
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!(
            (&rows[0]["product"], &rows[0]["item_views"]),
            (&json!("first"), &json!(half))
        );
        check_explained(server, "id_conflict");
    });
}

#[test]
fn one_customer_with_all_the_events_slows_nobody_else() {
    let events = scale(100_000);
    let strange = |at: usize| {
        let mut event = ordinary(at);
        event["customer_id"] = "everybody".into();
        event["product_id"] = "the product".into();
        event
    };
    check_memory(events, |server, keys| {
        send_beside_a_bystander(server, keys, (0..events).map(strange).collect());
        let audit = audit_of(server, events);
        assert_eq!(audit["counted"], events + BYSTANDER_EVENTS);
        let views = json!({"metrics": ["item_views"], "dimensions": ["product"], "filters": {"product": ["the product"]}});
        assert_eq!(
            server.query(&views).expect("answers")[0]["item_views"],
            events
        );
    });
}

#[test]
fn a_clock_a_year_ahead_is_set_aside_and_moves_no_other_time() {
    let events = scale(20_000);
    let year_micros = 365 * 86_400 * 1_000_000_i64;
    let strange = |at: usize| {
        let mut event = ordinary(at);
        event["ts"] = (now_micros() + year_micros).into();
        event
    };
    check_memory(events, |server, keys| {
        send_beside_a_bystander(server, keys, (0..events).map(strange).collect());
        let audit = audit_of(server, events);
        assert_eq!(
            audit["quarantined_by_reason"],
            json!({ "time_in_future": events })
        );
        assert_eq!(source(&audit, "source-0")["quarantined"], events);
        assert_eq!(source(&audit, BYSTANDER)["quarantined"], 0);
        check_explained(server, "time_in_future");
        let answer = server
            .post(
                "/api/v1/query",
                r#"{"metrics": ["events"], "granularity": "1h", "range": {"last": "1h"}}"#,
            )
            .expect("answers");
        let newest: jiff::Timestamp = answer["meta"]["newest_event"]
            .as_str()
            .expect("a time")
            .parse()
            .expect("a time");
        assert!(newest.as_microsecond() < now_micros(), "{answer}");
        let watermark = answer["meta"]["watermark"].as_str().unwrap_or("");
        let now = answer["meta"]["as_of"].as_str().expect("a time");
        assert!(watermark <= now, "{answer}");
    });
}

#[test]
fn thousands_of_sources_are_told_apart_each_with_its_own_sums() {
    let sources = scale(999);
    let ordinary_bytes = with_sources(1, |server, keys| {
        send(server, &keys[0], (0..4 * sources).map(ordinary));
    });
    let bytes = with_sources(sources, |server, keys| {
        for (number, key) in keys.iter().take(sources).enumerate() {
            let first = ordinary(2 * number);
            let repeat = first.clone();
            let nonsense = json!({"type": "item_view"});
            let events = [first, ordinary(2 * number + 1), repeat, nonsense];
            send(server, key, events.into_iter());
        }
        let audit = server.audit_of(4 * sources as u64).expect("the law holds");
        assert_eq!(audit["sources"].as_array().map(Vec::len), Some(sources));
        for number in [0, sources / 2, sources - 1] {
            let of = source(&audit, &format!("source-{number}"));
            let sums =
                ["received", "accepted", "duplicate", "quarantined"].map(|sum| of[sum].as_u64());
            assert_eq!(sums, [Some(4), Some(2), Some(1), Some(1)], "{of}");
        }
        assert_eq!(audit["counted"], 2 * sources);
    });
    eprintln!(
        "memory: {} MiB, one source {} MiB",
        bytes >> 20,
        ordinary_bytes >> 20
    );
    let spare_bytes = SPARE_BYTES + sources as u64 * SOURCE_BYTES_MAX;
    assert!(bytes < ordinary_bytes + ordinary_bytes / 2 + spare_bytes);
}
