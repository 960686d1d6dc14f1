//! Claims about scores as they are asked for: five customers under given cut points, and what is said without any.

use super::*;
use crate::tables::LiveFeed;
use changelog::{ChangeBatch, Outlet};
use event::time::DAY;

fn text(text: &str) -> Value {
    Value::Text(Arc::from(text))
}

/// A customer whose last order was so many days after 1970-01-01.
fn customer(id: &str, last_day: Option<i64>, orders: i64, net: i128) -> Change {
    let time = last_day.map_or(Value::Null, |day| Value::Time(day * DAY + 5));
    let mut values = vec![Value::Time(0), Value::Time(0), Value::Int(orders)];
    values.extend([time.clone(), time, Value::Null, Value::Decimal(0)]);
    values.extend([text("USD"), Value::Decimal(net), Value::Decimal(net)]);
    values.extend([Value::Decimal(0), Value::Null, Value::Int(orders)]);
    values.extend([0, 0, 0].map(Value::Int));
    values.extend([const { Value::Null }; 5]);
    values.push(Value::Int(0));
    values.extend([const { Value::Null }; 5]);
    Change {
        table: "customers",
        key: Box::from([text("main"), text(id)]),
        values: Some(values.into()),
        version: 1,
    }
}

/// Points in ten-thousandths: after 2, 4, 6 and 8 days, after 1.5, 2.5, 3.5 and 4.5 orders, above 10, 20, 30 and 40.
fn cuts(day: i64, boundary: &str) -> Change {
    let mut values = vec![Value::Int(5), text(boundary), text("USD")];
    let points = [2, 4, 6, 8].map(|days| days * 10_000);
    let points = points.into_iter().chain([15_000, 25_000, 35_000, 45_000]);
    values.extend(points.chain([10, 20, 30, 40]).map(Value::Decimal));
    Change {
        table: "rfm_cuts",
        key: Box::from([text("main"), Value::Int(day)]),
        values: Some(values.into()),
        version: 1,
    }
}

fn feed(changes: Vec<Change>) -> (LiveTables, LiveFeed) {
    let live = LiveTables::new(crate::Stores::default());
    let mut feed = live.feed();
    feed.apply(&ChangeBatch {
        changes,
        progress: changelog::Progress::default(),
    });
    assert_eq!(live.refused_rows(), 0);
    (live, feed)
}

fn shop() -> Vec<Change> {
    vec![
        customer("ann", Some(100), 5, 50),
        customer("bob", Some(95), 1, 20),
        customer("cyd", Some(98), 3, 21),
        customer("dan", Some(10), 2, -5),
        customer("eve", None, 0, 0),
    ]
}

/// Scores, recency and segment of each.
fn check(live: &LiveTables, expected: &[&str]) {
    let ids = ["ann", "bob", "cyd", "dan", "eve"];
    let shown = ids.map(|id| {
        let customer = live.customer("main", id).expect("a row");
        let rfm = live.rfm("main", &customer);
        let scores = rfm.scores.map_or("-".to_owned(), |scores| {
            format!("{}{}{}", scores.recency, scores.frequency, scores.monetary)
        });
        let days = rfm.recency_days.map_or(-1, |days| days);
        let segment = rfm.segment.as_deref().unwrap_or("-").to_owned();
        format!("{id} {scores} {days} {segment}")
    });
    assert_eq!(shown, expected);
}

#[test]
fn a_value_scores_by_the_points_it_lies_beyond() {
    let (live, _) = feed([shop(), vec![cuts(100, "smaller")]].concat());
    check(
        &live,
        &[
            "ann 555 0 Champions",
            "bob 312 5 About to Sleep",
            "cyd 533 2 Potential Loyalists",
            "dan 121 90 Hibernating",
            "eve - -1 Prospects",
        ],
    );
}

#[test]
fn a_value_on_a_point_belongs_to_the_side_that_the_store_chose() {
    let (live, _) = feed([shop(), vec![cuts(100, "larger")]].concat());
    check(
        &live,
        &[
            "ann 555 0 Champions",
            "bob 313 5 About to Sleep",
            "cyd 433 2 Potential Loyalists",
            "dan 121 90 Hibernating",
            "eve - -1 Prospects",
        ],
    );
}

#[test]
fn without_cut_points_only_who_never_ordered_has_a_segment() {
    let (live, _) = feed(shop());
    let bob = live.customer("main", "bob").expect("a row");
    assert_eq!(live.rfm("main", &bob).segment, None);
    let eve = live.customer("main", "eve").expect("a row");
    let segment = live.rfm("main", &eve).segment;
    assert_eq!(segment.as_deref(), Some("Prospects"));
    assert_eq!(live.segments("main").unscored, 4);
}

#[test]
fn the_newest_day_counts_and_gives_way_to_the_one_before_where_it_is_taken_back() {
    let newest = cuts(110, "smaller");
    let (live, mut feed) = feed([shop(), vec![newest.clone(), cuts(100, "smaller")]].concat());
    let day = || live.cut_points("main").map(|cuts| cuts.points.day.0);
    assert_eq!(day(), Some(110));
    let gone = Change {
        values: None,
        ..newest
    };
    feed.apply(&ChangeBatch {
        changes: vec![gone],
        progress: changelog::Progress::default(),
    });
    assert_eq!(day(), Some(100));
}

#[test]
fn segments_add_up_to_all_customers() {
    let (live, _) = feed([shop(), vec![cuts(100, "smaller")]].concat());
    let list = live.segments("main");
    let shown = list.segments.iter().filter(|one| one.customers > 0);
    let shown =
        shown.map(|one| format!("{} {} {} {}", one.name, one.customers, one.orders, one.net));
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            "Champions 1 5 50",
            "Potential Loyalists 1 3 21",
            "About to Sleep 1 1 20",
            "Hibernating 1 2 -5",
            "Prospects 1 0 0"
        ]
    );
    assert_eq!((list.unscored, list.is_partial), (0, false));
    let all = live.customers("main", crate::CustomerSort::Orders);
    let some = live.in_segment("main", "Champions", all);
    let ids: Vec<_> = some.customers.iter().map(|one| &*one.id).collect();
    assert_eq!(ids, ["ann"]);
}
