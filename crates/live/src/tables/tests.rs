//! Claims about feeding: what a batch leaves in the tables, and what those who follow are told.

use super::*;
use crate::pulse::{StreamChanges, StreamSnapshot};
use event::EventTime;
use event::time::{MINUTE, SECOND};

const START: i64 = 1_700_000_000 * SECOND;

fn text(text: &str) -> Value {
    Value::Text(Arc::from(text))
}

fn second(at: i64, kind: &str, events: Option<i64>) -> Change {
    let key = Box::new([
        text("main"),
        text("1s"),
        Value::Time(START + at * SECOND),
        text(kind),
    ]);
    let values = events.map(|events| -> Box<[Value]> { Box::new([Value::Int(events)]) });
    Change {
        table: "pulse_by_type",
        key,
        values,
        version: 1,
    }
}

fn order(key: &str, at: i64, is_gone: bool) -> Change {
    let amounts = [
        Value::Time(START + at * SECOND),
        Value::Decimal(10_000),
        text("EUR"),
        Value::Decimal(10_000),
        Value::Int(1),
    ];
    let values = amounts
        .into_iter()
        .chain([Value::Null, Value::Null, Value::Null, text(key)])
        .collect();
    Change {
        table: "orders",
        key: Box::new([text("main"), text(key)]),
        values: (!is_gone).then_some(values),
        version: 1,
    }
}

fn watermark(store: &str, at: Option<i64>, (live, idle): (i64, i64)) -> Change {
    let time = at.map_or(Value::Null, |at| Value::Time(START + at * SECOND));
    Change {
        table: "watermarks",
        key: Box::new([text(store)]),
        values: Some(Box::new([time, Value::Int(live), Value::Int(idle)])),
        version: 1,
    }
}

/// Feeds a batch whose newest event is at this second.
fn feed(live: &LiveTables, newest: i64, changes: Vec<Change>) {
    let progress = Progress {
        offset: 7,
        event_times: Some((START, START + newest * SECOND)),
    };
    live.feed().apply(&ChangeBatch { changes, progress });
}

/// Seconds and orders as text.
fn shown(rows: &StreamSnapshot) -> String {
    let second = |second: &crate::PulseSecond| {
        let counts: Vec<String> = second
            .counts
            .iter()
            .map(|(kind, count)| format!("{kind}={count}"))
            .collect();
        format!("{} {}", (second.start.0 - START) / SECOND, counts.join(" "))
    };
    let seconds = rows.pulse.iter().map(second);
    let orders = rows.orders.iter().map(|order| format!("#{}", order.key));
    seconds.chain(orders).collect::<Vec<_>>().join(", ")
}

fn changes_shown(live: &LiveTables, version: u64) -> String {
    match live.stream_changes("main", version) {
        StreamChanges::Delta { changed, gone } if gone.is_empty() => shown(&changed),
        StreamChanges::Delta { changed, gone } => {
            format!("{} gone {}", shown(&changed), gone.join(" "))
        }
        StreamChanges::Reset => "reset".to_owned(),
    }
}

#[test]
fn a_snapshot_has_the_pulse_and_the_newest_orders() {
    let live = LiveTables::new(Stores::default());
    feed(
        &live,
        5,
        vec![
            second(4, "order", Some(1)),
            second(4, "page_view", Some(9)),
            second(5, "order", Some(2)),
            order("a", 4, false),
            watermark("main", Some(3), (1, 0)),
        ],
    );
    let snapshot = live.stream_snapshot("main");
    assert_eq!(shown(&snapshot), "4 order=1 page_view=9, 5 order=2, #a");
    assert_eq!(
        (snapshot.version, snapshot.newest, snapshot.watermark),
        (
            1,
            Some(EventTime(START + 5 * SECOND)),
            Some(EventTime(START + 3 * SECOND))
        )
    );
    assert_eq!(shown(&live.stream_snapshot("other")), "");
}

#[test]
fn changes_after_a_version_are_told_once_and_as_absolute_numbers() {
    let live = LiveTables::new(Stores::default());
    feed(
        &live,
        5,
        vec![
            second(4, "order", Some(1)),
            second(5, "order", Some(2)),
            order("a", 4, false),
        ],
    );
    feed(
        &live,
        6,
        vec![second(5, "order", Some(3)), order("b", 6, false)],
    );
    assert_eq!(changes_shown(&live, 0), "4 order=1, 5 order=3, #b, #a");
    assert_eq!(changes_shown(&live, 1), "5 order=3, #b");
    assert_eq!(changes_shown(&live, 2), "");
    feed(&live, 6, vec![order("a", 4, true)]);
    assert_eq!(changes_shown(&live, 2), " gone a");
}

#[test]
fn seconds_are_shown_for_fifteen_minutes_and_kept_for_twenty() {
    let live = LiveTables::new(Stores::default());
    feed(&live, 0, vec![second(0, "order", Some(1))]);
    feed(&live, 899, vec![second(899, "order", Some(1))]);
    assert_eq!(
        shown(&live.stream_snapshot("main")),
        "0 order=1, 899 order=1"
    );
    feed(&live, 900, vec![]);
    assert_eq!(shown(&live.stream_snapshot("main")), "899 order=1");
    let kept = |live: &LiveTables| {
        let texts = live.shared.texts.read();
        let table = live
            .shared
            .cube(analytics::cell::cubes::PULSE_BY_TYPE)
            .read();
        table
            .slice(texts.find("main").expect("seen"), Grain::Second)
            .map_or(0, |slice| slice.windows(i64::MIN..i64::MAX).count())
    };
    assert_eq!(kept(&live), 2);
    feed(&live, 20 * MINUTE / SECOND + 1, vec![]);
    assert_eq!(kept(&live), 1);
}

#[test]
fn rows_of_another_form_are_refused_and_their_neighbours_kept() {
    let live = LiveTables::new(Stores::default());
    let mut without_type = second(4, "order", Some(1));
    without_type.key = without_type.key[..3].into();
    let mut too_long = second(4, "order", Some(1));
    too_long.values = Some(Box::new([Value::Int(1), Value::Int(2)]));
    let mut unknown_grain = second(4, "order", Some(1));
    unknown_grain.key[1] = text("5m");
    let unknown_table = Change {
        table: "weather",
        ..second(4, "order", Some(1))
    };
    feed(
        &live,
        5,
        vec![
            without_type,
            too_long,
            unknown_grain,
            unknown_table,
            second(4, "order", Some(3)),
        ],
    );
    assert_eq!(
        (live.refused_rows(), shown(&live.stream_snapshot("main"))),
        (4, "4 order=3".to_owned())
    );
}

#[test]
fn a_snapshot_fed_again_changes_nothing() {
    let live = LiveTables::new(Stores::default());
    let rows = || vec![second(4, "order", Some(1)), order("a", 4, false)];
    feed(&live, 5, rows());
    feed(&live, 5, rows());
    assert_eq!(shown(&live.stream_snapshot("main")), "4 order=1, #a");
}

#[test]
fn stores_are_known_by_their_sources_and_events() {
    let live = LiveTables::new(Stores {
        named: [("paris".to_owned(), crate::Store::default())].into(),
        ..Stores::default()
    });
    let counts = (0..8).map(|_| Value::Int(0));
    let source = [text("orders.csv")].into_iter().chain(counts).collect();
    feed(
        &live,
        5,
        vec![Change {
            table: "sources",
            key: Box::new([text("file:1"), text("berlin")]),
            values: Some(source),
            version: 1,
        }],
    );
    assert_eq!(live.store_names(), ["berlin", "paris"]);
}

#[tokio::test]
async fn who_waits_is_told_of_the_newest_version_only() {
    let live = LiveTables::new(Stores::default());
    let mut subscription = live.subscribe();
    feed(&live, 5, vec![]);
    feed(&live, 5, vec![]);
    assert_eq!(subscription.changed().await, 2);
    let nothing_new = tokio::select! { biased; _ = subscription.changed() => false, () = std::future::ready(()) => true };
    assert!(nothing_new);
}

#[test]
fn every_store_has_its_own_watermark_and_ticks_are_known() {
    let live = LiveTables::new(Stores::default());
    assert_eq!((live.watermark("main"), live.newest_tick()), (None, None));
    let tick = Change {
        table: "ticks",
        key: Box::new([]),
        values: Some(Box::new([Value::Time(START)])),
        version: 1,
    };
    let rows = vec![
        watermark("main", Some(7), (2, 1)),
        watermark("north", None, (0, 0)),
        tick,
    ];
    feed(&live, 9, rows);
    feed(&live, 9, vec![watermark("main", Some(8), (1, 2))]);
    let shown = |store: Option<&str>| -> Vec<String> {
        let rows = live.watermarks(store).into_iter();
        rows.map(|row| {
            let at = row.watermark.map(|time| (time.0 - START) / SECOND);
            format!(
                "{} {at:?} {} {}",
                row.store, row.live_sources, row.idle_sources
            )
        })
        .collect()
    };
    assert_eq!(shown(None), ["main Some(8) 1 2", "north None 0 0"]);
    assert_eq!(shown(Some("main")), ["main Some(8) 1 2"]);
    assert_eq!(live.watermark("main"), Some(EventTime(START + 8 * SECOND)));
    assert_eq!(live.newest_tick(), Some(EventTime(START)));
    assert_eq!(live.refused_rows(), 0);
    let malformed = Change {
        values: Some(Box::new([Value::Int(1)])),
        ..watermark("main", None, (0, 0))
    };
    feed(&live, 9, vec![malformed]);
    assert_eq!(live.refused_rows(), 1);
}
