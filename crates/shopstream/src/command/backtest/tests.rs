//! What is read of the command line and of tables of truth.

use super::*;
use std::fs;

#[test]
fn a_tolerance_is_a_length_of_time_and_may_be_none() {
    let read = |text: &str| tolerance(text).ok();
    assert_eq!(read("5m"), Some(300_000_000));
    assert_eq!(read("90s"), Some(90_000_000));
    assert_eq!([read("0"), read("0s"), read("0m")], [Some(0); 3]);
    for text in ["", "5", "m", "-1s", "5y", "é"] {
        assert_eq!(read(text), None, "{text}");
    }
}

/// `rule subject from until` of each row, times in seconds.
fn known(table: &str, asked: Option<&str>) -> Result<Vec<String>, String> {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("truth.csv");
    fs::write(&path, table).expect("is written");
    let read = truth::read_tables(&[path], asked);
    let row = |row: &analytics::alert::Truth| {
        let subject = row.subject.as_deref().unwrap_or("-");
        let seconds = |time: EventTime| time.0 / 1_000_000;
        let (from, until) = (seconds(row.from), seconds(row.until));
        format!("{} {subject} {from} {until}", row.rule)
    };
    match read {
        Ok(known) => Ok(known.rows.iter().map(row).collect()),
        Err(problem) => Err(problem
            .what
            .rsplit("truth.csv")
            .next()
            .unwrap_or("")
            .to_owned()),
    }
}

#[test]
fn a_table_of_truth_names_rules_times_and_subjects_in_any_order() {
    let table =
        "time,subject,rule,more\n1970-01-01T00:00:10Z,a,high,x\n1970-01-01T00:00:20Z,,storm,\n";
    assert_eq!(
        known(table, None),
        Ok(vec!["high a 10 10".into(), "storm - 20 20".into()])
    );
    assert_eq!(
        known(table, Some("storm")),
        Ok(vec!["storm - 20 20".into()])
    );
    let table = "from,until\n1970-01-01T00:00:10Z,1970-01-01T00:00:30Z\n1970-01-01T00:00:10Z,\n";
    assert_eq!(
        known(table, Some("lag")),
        Ok(vec!["lag - 10 30".into(), "lag - 10 10".into()])
    );
}

#[test]
fn of_planted_anomalies_those_count_of_which_no_table_of_alerts_knows() {
    let table = "kind,from,until,product,order_id,value\n\
        stock_out,1970-01-01T00:00:01Z,1970-01-01T00:00:01Z,p1,,5\n\
        payment_error_storm,1970-01-01T00:00:10Z,1970-01-01T00:00:30Z,,,\n\
        price_mistake,1970-01-01T00:00:40Z,1970-01-01T00:00:50Z,p2,,0.10\n";
    let expected = vec![
        "payment_errors - 10 30".into(),
        "price_mistake p2 40 50".into(),
    ];
    assert_eq!(known(table, None), Ok(expected));
}

#[test]
fn a_table_that_cannot_be_read_says_where_and_why() {
    let check = |table: &str, said: &str| assert_eq!(known(table, None), Err(said.to_owned()));
    check("rule,subject\n", " has no column `time`");
    check(
        "time,subject\n",
        " has no column `rule`, and no rule is named",
    );
    check(
        "rule,time\na,1970-01-01\nb,soon\n",
        ", line 3: `soon` is no time",
    );
    check("rule,time\n,1970-01-01\n", ", line 2: it names no rule");
    check("rule,time\na,\n", ", line 2: it has no time");
}
