//! Claims about the limits: old hours stand in "before", old sources together, and no event leaves the law by it.

use super::*;
use std::collections::BTreeMap;

type View = BTreeMap<(String, String, Option<i64>), Vec<i64>>;

/// Follows the rows of hours as a reader would; `sources` by the hour `i64::MIN`.
fn follow(view: &mut View, changes: Vec<Change>) {
    for change in changes {
        let text = |at: usize| match &change.key[at] {
            Value::Text(text) => text.to_string(),
            other => panic!("{other:?}"),
        };
        let hour = match (change.table, change.key.get(2)) {
            ("audit_hours", Some(Value::Time(time))) => Some(time / HOUR),
            ("audit_hours", _) => None,
            ("sources", _) => Some(i64::MIN),
            _ => continue,
        };
        let key = (text(0), text(1), hour);
        let ints = |values: &[Value]| -> Vec<i64> {
            let ints = values.iter().filter_map(|value| match value {
                Value::Int(int) => Some(*int),
                _ => None,
            });
            ints.collect()
        };
        match &change.values {
            Some(values) => drop(view.insert(key, ints(values))),
            None => drop(view.remove(&key)),
        }
    }
}

fn key(source: &str) -> LineKey {
    LineKey {
        source: Arc::from(source),
        store: Arc::from("main"),
    }
}

fn receive(ledger: &mut Ledger, id: u32, hour: i32) {
    let line = key(&format!("s{id:05}"));
    ledger.open((NameId(id + 2), NameId(1)), &line, "name", None);
    ledger.change(&line, hour * MINUTES + 7, |sum| {
        sum.received += 1;
        sum.accepted += 1;
    });
}

fn count_one(ledger: &mut Ledger, id: u32, hour: i32) {
    let key = AuditKey {
        source: NameId(id + 2),
        store: NameId(1),
        minute: hour * MINUTES + 7,
    };
    let line = ledger.line_of(key);
    ledger.change(&line, key.minute, |sum| sum.counted += 1);
}

fn harvest(ledger: &mut Ledger, view: &mut View) {
    let mut changes = Vec::new();
    ledger.trim(&mut changes);
    changes.extend(ledger.take_changes());
    follow(view, changes);
}

/// `received accepted counted` summed over the hours of a source, which its own line must equal.
fn sums(view: &View, source: &str) -> [i64; 3] {
    let of_source = view.iter().filter(|((of, ..), _)| of == source);
    let pick = |row: &[i64]| [row[1], row[2], row[5]];
    let mut told = [0; 3];
    let mut sum = [0; 3];
    for ((.., hour), row) in of_source {
        if *hour == Some(i64::MIN) {
            told = pick(row);
        } else {
            let row = pick(row);
            sum = std::array::from_fn(|at| sum[at] + row[at]);
        }
    }
    assert_eq!(told, sum, "{source}");
    sum
}

#[test]
fn hours_older_than_a_month_stand_in_one_line_and_stay_true_when_a_verdict_comes_late() {
    let (mut ledger, mut view) = (Ledger::default(), View::new());
    receive(&mut ledger, 1, 1_000);
    harvest(&mut ledger, &mut view);
    receive(&mut ledger, 1, 1_000 + HOURS_KEPT - 1);
    harvest(&mut ledger, &mut view);
    assert!(view.contains_key(&("s00001".into(), "main".into(), Some(1_000))));
    receive(&mut ledger, 1, 1_000 + HOURS_KEPT);
    harvest(&mut ledger, &mut view);
    assert!(!view.contains_key(&("s00001".into(), "main".into(), Some(1_000))));
    count_one(&mut ledger, 1, 1_000);
    harvest(&mut ledger, &mut view);
    assert_eq!(
        view[&("s00001".into(), "main".into(), None)],
        [0, 1, 1, 0, 0, 1, 0, 0]
    );
    assert_eq!(sums(&view, "s00001"), [3, 3, 1]);
}

#[test]
fn of_more_sources_than_are_told_those_silent_the_longest_stand_together() {
    let (mut ledger, mut view) = (Ledger::default(), View::new());
    let sources = SOURCES_MAX as u32;
    (0..sources).for_each(|id| receive(&mut ledger, id, 1_000 + i32::from(id >= 4_000)));
    harvest(&mut ledger, &mut view);
    let told = |view: &View| {
        view.keys()
            .filter(|(.., hour)| *hour == Some(i64::MIN))
            .count()
    };
    assert_eq!(told(&view), SOURCES_MAX);
    receive(&mut ledger, sources, 1_001);
    harvest(&mut ledger, &mut view);
    assert_eq!(
        told(&view),
        SOURCES_MAX - SOURCES_LEAVING + 1,
        "with the line of the older ones"
    );
    assert_eq!(sums(&view, ""), [1_001, 1_001, 0]);
    assert_eq!(
        sums(&view, "s01000"),
        [0, 0, 0],
        "the 1,001 first of the oldest hour are gone"
    );
    assert_eq!(sums(&view, "s01001"), [1, 1, 0]);
    count_one(&mut ledger, 1_000, 1_000);
    count_one(&mut ledger, 9_999, 1_001);
    receive(&mut ledger, 7, 1_002);
    harvest(&mut ledger, &mut view);
    assert_eq!(
        sums(&view, ""),
        [1_001, 1_001, 1],
        "its verdict goes where it stands now"
    );
    assert_eq!(sums(&view, "s09999"), [1, 1, 1]);
    assert_eq!(
        sums(&view, "s00007"),
        [1, 1, 0],
        "who comes again has a line again"
    );
}

#[test]
fn more_hours_than_fit_leave_the_newest_ones() {
    let (mut ledger, mut view) = (Ledger::default(), View::new());
    for hour in 0..7 {
        (0..5_000).for_each(|id| receive(&mut ledger, id, 1_000 + hour));
        harvest(&mut ledger, &mut view);
    }
    let hours = view
        .keys()
        .filter(|(.., hour)| hour.is_some_and(|hour| hour >= 0));
    assert_eq!(hours.count(), HOURS_MAX);
    assert_eq!(sums(&view, "s04999"), [7, 7, 0]);
    assert_eq!(view[&("s04999".into(), "main".into(), None)][1], 1);
}
