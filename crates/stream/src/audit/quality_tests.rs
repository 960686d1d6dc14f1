//! Claims about the limits of data quality: minutes become hours, hours are forgotten, and a reader follows both.

use super::*;

fn key(source: &str) -> LineKey {
    LineKey {
        source: Arc::from(source),
        store: Arc::from("main"),
    }
}

/// Events offered by grain and place, as a reader of the changelog has them.
type View = BTreeMap<(String, i64), i64>;

fn harvest(quality: &mut Quality, view: &mut View) {
    let mut changes = Vec::new();
    quality.trim(&mut changes);
    quality.take_changes(&mut changes);
    for change in changes.iter().filter(|change| change.table == "quality") {
        let (Value::Text(grain), Value::Time(start)) = (&change.key[2], &change.key[3]) else {
            panic!("{change:?}")
        };
        let key = (grain.to_string(), start / MINUTE);
        match change.values.as_deref() {
            Some([Value::Int(offered), ..]) => drop(view.insert(key, *offered)),
            _ => drop(view.remove(&key)),
        }
    }
}

fn offer(quality: &mut Quality, source: &str, minute: i32) {
    quality.change(&key(source), minute, |counts| counts.offered += 1);
}

fn told(view: &View) -> String {
    let row =
        |((grain, start), offered): (&(String, i64), &i64)| format!("{grain}@{start}={offered}");
    view.iter().map(row).collect::<Vec<_>>().join(" ")
}

/// An hour begins here.
const BASE: i32 = 60_000;

#[test]
fn minutes_older_than_two_days_become_their_hours() {
    let (mut quality, mut view) = (Quality::default(), View::new());
    for minute in [0, 1, 1, 59, 61] {
        offer(&mut quality, "a", BASE + minute);
    }
    harvest(&mut quality, &mut view);
    assert_eq!(told(&view), "1m@60000=1 1m@60001=2 1m@60059=1 1m@60061=1");
    offer(&mut quality, "a", BASE + MINUTES_KEPT + 1);
    harvest(&mut quality, &mut view);
    assert_eq!(told(&view), "1h@60000=3 1m@60059=1 1m@60061=1 1m@62881=1");
    offer(&mut quality, "a", BASE + 1);
    harvest(&mut quality, &mut view);
    assert_eq!(
        told(&view),
        "1h@60000=4 1m@60059=1 1m@60061=1 1m@62881=1",
        "a release of long ago"
    );
}

#[test]
fn hours_older_than_a_month_are_forgotten() {
    let (mut quality, mut view) = (Quality::default(), View::new());
    offer(&mut quality, "a", BASE);
    harvest(&mut quality, &mut view);
    let month = HOURS_KEPT * MINUTES;
    offer(&mut quality, "a", BASE + month - 1);
    harvest(&mut quality, &mut view);
    assert_eq!(told(&view), "1h@60000=1 1m@104639=1");
    offer(&mut quality, "a", BASE + month);
    offer(&mut quality, "a", BASE + 7);
    harvest(&mut quality, &mut view);
    assert_eq!(told(&view), "1m@104639=1 1m@104640=1");
}

#[test]
fn more_minutes_than_fit_make_hours_of_the_oldest() {
    let (mut quality, mut view) = (Quality::default(), View::new());
    let sources: Vec<String> = (0..5_000).map(|number| format!("s{number}")).collect();
    for minute in 0..5 {
        sources
            .iter()
            .for_each(|source| offer(&mut quality, source, BASE + minute));
        harvest(&mut quality, &mut view);
    }
    assert_eq!((quality.minutes, quality.hours), (MINUTES_MAX, 5_000));
    let oldest = quality
        .lines
        .values()
        .filter_map(|line| line.minutes.keys().next());
    assert_eq!(oldest.min(), Some(&(BASE + 1)));
}

#[test]
fn a_source_that_left_takes_all_of_its_rows_along() {
    let (mut quality, mut view) = (Quality::default(), View::new());
    (0..2).for_each(|minute| offer(&mut quality, "a", BASE + minute));
    quality.learn_rhythm(&key("a"), EventTime(0), EventTime(0));
    harvest(&mut quality, &mut view);
    let mut gone = Vec::new();
    quality.forget(&key("a"), &mut gone);
    let tables: Vec<&str> = gone.iter().map(|change| change.table).collect();
    assert_eq!(tables, ["quality", "quality", "rhythms"]);
    assert_eq!((quality.minutes, quality.lines.len()), (0, 0));
}
