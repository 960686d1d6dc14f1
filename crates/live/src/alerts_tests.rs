//! Claims about alerts in memory: rows of the line are understood, and a flood has a bound.

use super::*;

fn text(text: &str) -> Value {
    Value::Text(Arc::from(text))
}

fn change(id: &str, at: i64, gone: Value) -> Change {
    let empty = || Value::Null;
    let values = [
        text("high_value_order"),
        text("info"),
        text("order"),
        text("A1"),
        text("category"),
        text("Tea"),
        Value::Time(at),
        empty(),
        Value::Time(at + 10),
        gone,
        empty(),
        empty(),
        empty(),
        empty(),
        Value::Decimal(12_000_000),
        text("EUR"),
        text("order_value=12000000 z=4500"),
        text("e1 e2"),
    ];
    Change {
        table: "alerts",
        key: Box::from([text("main"), text(id)]),
        values: Some(values.into()),
        version: 1,
    }
}

#[test]
fn a_row_says_what_it_says() {
    let alert = Alert::read(&change("a", 5, Value::Null)).expect("an alert");
    assert_eq!(
        alert.numbers,
        [(Figure::OrderValue, 12_000_000), (Figure::Score, 4_500)]
    );
    assert_eq!(alert.at_risk, Some((12_000_000, Arc::from("EUR"))));
    let states = [5, 14, 15].map(|now| alert.state(EventTime(now)).name());
    assert_eq!(states, ["firing", "firing", "resolved"]);
    let retracted = Alert::read(&change("a", 5, text("retracted"))).expect("an alert");
    assert_eq!(retracted.state(EventTime(5)), AlertState::Retracted);
    assert_eq!(Alert::read(&change("a", 5, text("lost"))), None);
}

#[test]
fn of_too_many_the_newest_stay_also_where_all_are_of_one_moment() {
    let mut alerts = Alerts::default();
    for (id, at) in [("a", 1), ("b", 2), ("c", 3), ("d", 3)] {
        assert!(alerts.apply(&change(id, at, Value::Null)));
    }
    alerts.let_go(3);
    let left = |alerts: &Alerts| {
        let list = alerts.list(&AlertQuestion::default());
        let ids: Vec<String> = list.iter().map(|alert| alert.id.to_string()).collect();
        ids.join(" ")
    };
    assert_eq!((left(&alerts), alerts.is_partial), ("c d b".into(), true));
    alerts.let_go(1);
    assert_eq!(alerts.by_id.len(), 1);
}
