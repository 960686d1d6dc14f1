//! Claims about the tables of the audit: the law, its lines as they are asked for, and the pages of the quarantine.

use super::quarantine::QUARANTINE_KEPT_MAX;
use super::*;
use changelog::Value;
use event::EventTime;
use event::time::HOUR;

fn change(table: &'static str, key: Vec<Value>, values: Vec<Value>) -> Change {
    Change {
        table,
        key: key.into(),
        values: Some(values.into()),
        version: 1,
    }
}

fn totals(counts: [i64; 6]) -> Change {
    change(
        "totals",
        Vec::new(),
        (counts.into_iter().chain([0])).map(Value::Int).collect(),
    )
}

/// What a source brought, told as the line tells it: rows first, no events in flight.
fn source(counts: [i64; 6]) -> Change {
    let key = ["http:a", "main"].map(|name| Value::Text(Arc::from(name)));
    let rows = [Value::Text(Arc::from("till")), Value::Int(0)];
    let counts = counts.into_iter().chain([0]).map(Value::Int);
    change(
        "sources",
        key.to_vec(),
        rows.into_iter().chain(counts).collect(),
    )
}

fn check_law(counts: [i64; 6], of_source: [i64; 6], holds: bool) {
    let mut audit = Audit::default();
    assert!(audit.apply(&totals(counts)) && audit.apply(&source(of_source)));
    assert_eq!(
        audit.view(0, None).law_holds,
        holds,
        "{counts:?} {of_source:?}"
    );
}

#[test]
fn the_law_is_both_sums_for_every_source_and_the_sources_together() {
    let check = |counts, holds| check_law(counts, counts, holds);
    check([10, 7, 1, 2, 7, 0], true);
    check([10, 7, 1, 2, 6, 1], true);
    check([10, 7, 1, 1, 7, 0], false);
    check([10, 7, 1, 2, 6, 0], false);
    check_law([10, 7, 1, 2, 7, 0], [9, 6, 1, 2, 6, 0], false);
}

#[test]
fn what_waits_in_the_log_is_accepted_and_in_flight() {
    let mut audit = Audit::default();
    audit.apply(&totals([10, 7, 1, 2, 7, 0]));
    audit.apply(&source([10, 7, 1, 2, 7, 0]));
    audit.reach(8);
    let view = audit.view(13, None);
    let tally = view.tally;
    assert_eq!(
        (
            tally.received,
            tally.accepted,
            tally.counted,
            tally.in_flight,
            view.law_holds
        ),
        (15, 12, 7, 5, true)
    );
}

fn rejection(offset: i64, index: i64) -> Change {
    let text = |text: &str| Value::Text(Arc::from(text));
    let values = vec![
        text("file:1"),
        text("main"),
        Value::Int(7),
        text("price_invalid"),
        text("price = \"x\""),
        text("{}"),
        Value::Time(9),
    ];
    change(
        "quarantine",
        vec![Value::Int(offset), Value::Int(index)],
        values,
    )
}

#[test]
fn pages_of_the_quarantine_go_from_new_to_old_without_gap_or_repeat() {
    let mut audit = Audit::default();
    (0..7).for_each(|at| assert!(audit.apply(&rejection(at / 2, at % 2))));
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = audit.quarantine(3, before, &QuarantineFilter::default());
        seen.extend(
            page.rows
                .iter()
                .map(|row| (row.cursor.offset, row.cursor.index)),
        );
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(
        seen,
        [(3, 0), (2, 1), (2, 0), (1, 1), (1, 0), (0, 1), (0, 0)]
    );
}

#[test]
fn a_flood_of_rejections_leaves_the_newest_thousand() {
    let mut audit = Audit::default();
    (0..1_200).for_each(|at| assert!(audit.apply(&rejection(at, 0))));
    let page = audit.quarantine(2_000, None, &QuarantineFilter::default());
    assert_eq!(
        (page.rows.len(), page.rows[999].cursor.offset),
        (QUARANTINE_KEPT_MAX, 200)
    );
}

#[test]
fn a_row_of_another_form_is_refused() {
    let mut audit = Audit::default();
    assert!(!audit.apply(&change("totals", Vec::new(), vec![Value::Int(1)])));
    assert!(!audit.apply(&change("quarantine", vec![Value::Null], Vec::new())));
}

/// `source store hour`, with `-` for what is older than its hour, and `rows received accepted duplicate quarantined
/// counted late`; parted by `|`.
fn tables(rows: &str) -> Audit {
    let mut audit = Audit::default();
    for row in rows.split('|') {
        let words: Vec<&str> = row.split_whitespace().collect();
        let text = |text: &str| Value::Text(Arc::from(text));
        let hour = words[2]
            .parse()
            .map_or(Value::Null, |hour: i64| Value::Time(hour * HOUR));
        let counts = words[3..]
            .iter()
            .map(|count| Value::Int(count.parse().expect("a count")))
            .chain([Value::Int(0)]);
        let key = vec![text(words[0]), text(words[1]), hour];
        assert!(audit.apply(&change("audit_hours", key, counts.collect())));
        let name = [text(&format!("name of {}", words[0]))];
        let nothing = (0..8).map(|_| Value::Int(0));
        let key = vec![text(words[0]), text(words[1])];
        let values = name.into_iter().chain(nothing).collect();
        assert!(audit.apply(&change("sources", key, values)));
    }
    audit
}

fn check_lines(audit: &Audit, question: &LineQuestion, expected: &str) {
    let told = audit.lines(question, 4).into_iter().map(|line| {
        let of = |name: Option<&Arc<str>>| name.map_or(String::new(), |name| format!("{name} "));
        let time = match line.time {
            LineTime::All => "all".to_owned(),
            LineTime::Before => "before".to_owned(),
            LineTime::Hour(hour) => (hour.0 / HOUR).to_string(),
            LineTime::Unread => "unread".to_owned(),
        };
        let Tally {
            rows_read,
            received,
            accepted,
            counted,
            in_flight,
            ..
        } = line.tally;
        let source = of(line.source.as_ref().map(|(source, _)| source));
        let law = if line.tally.law_holds() {
            ""
        } else {
            " broken"
        };
        format!(
            "{source}{}{time}: {rows_read} {received} {accepted} {counted} {in_flight}{law}",
            of(line.store.as_ref())
        )
    });
    assert_eq!(told.collect::<Vec<_>>().join(" | "), expected);
}

#[test]
fn lines_are_grouped_as_they_are_asked_for_and_each_tells_its_law() {
    use LinePart::{Hour, Source, Store};
    let audit = tables(
        "a main - 9 3 3 0 0 3 0 | a main 7 0 5 3 1 1 3 0 | a shop2 8 0 1 1 0 0 0 1 | b main 8 0 2 2 0 0 1 0",
    );
    let by = |by: &[LinePart]| LineQuestion {
        by: by.to_vec(),
        ..LineQuestion::default()
    };
    let unread = "unread: 0 4 4 0 4";
    check_lines(
        &audit,
        &by(&[]),
        &format!("all: 9 11 9 7 0 broken | {unread}"),
    );
    check_lines(
        &audit,
        &by(&[Source]),
        &format!("a all: 9 9 7 6 0 | b all: 0 2 2 1 0 broken | {unread}"),
    );
    check_lines(
        &audit,
        &by(&[Store]),
        &format!("main all: 9 10 8 7 0 broken | shop2 all: 0 1 1 0 0 | {unread}"),
    );
    check_lines(
        &audit,
        &by(&[Hour]),
        &format!("before: 9 3 3 3 0 | 7: 0 5 3 3 0 | 8: 0 3 3 1 0 broken | {unread}"),
    );
    let narrow = LineQuestion {
        from: Some(EventTime(7 * HOUR + 1)),
        to: Some(EventTime(8 * HOUR)),
        store: Some("main".to_owned()),
        ..by(&[Source, Store, Hour])
    };
    check_lines(&audit, &narrow, "a main 7: 0 5 3 3 0");
    let named = LineQuestion {
        source: Some("name of b".to_owned()),
        ..by(&[Hour])
    };
    check_lines(&audit, &named, "8: 0 2 2 1 0 broken");
}

#[test]
fn an_hour_that_is_folded_away_leaves_its_line() {
    let mut audit = tables("a main 7 0 5 5 0 0 5 0");
    let key = vec![
        Value::Text("a".into()),
        Value::Text("main".into()),
        Value::Time(7 * HOUR),
    ];
    let gone = Change {
        values: None,
        ..change("audit_hours", key, Vec::new())
    };
    assert!(audit.apply(&gone));
    check_lines(&audit, &LineQuestion::default(), "unread: 0 4 4 0 4");
}

#[test]
fn one_store_sees_its_own_sources_and_no_others() {
    let mut audit = Audit::default();
    audit.apply(&source([10, 7, 1, 2, 7, 0]));
    let own = audit.view(99, Some("main"));
    assert_eq!(
        (own.tally.received, own.tally.in_flight, own.law_holds),
        (10, 0, true)
    );
    let other = audit.view(99, Some("shop2"));
    assert_eq!((other.tally, other.sources.len()), (Tally::default(), 0));
}
