//! Claims about data quality as tables: rows are grouped as they are asked for, findings name whose they are.

use super::*;
use changelog::Value;

/// `source store grain at offered refused duplicates lines; fields`, where `at` counts minutes or hours; parted by `|`.
fn tables(rows: &str) -> Quality {
    let mut quality = Quality::default();
    for row in rows.split('|') {
        let (head, fields) = row.split_once(';').expect("fields");
        let words: Vec<&str> = head.split_whitespace().collect();
        let text = |text: &str| Value::Text(Arc::from(text));
        let number = |at: usize| words[at].parse::<i64>().expect("a number");
        let width = if words[2] == "1h" { HOUR } else { MINUTE };
        let start = Value::Time(number(3) * width);
        let counts = (4..8).map(|at| Value::Int(number(at)));
        let change = Change {
            table: "quality",
            key: Box::from([text(words[0]), text(words[1]), text(words[2]), start]),
            values: Some(counts.chain([text(fields.trim())]).collect()),
            version: 1,
        };
        quality.apply_stretch(&change).expect("a row of its form");
    }
    quality
}

fn check(quality: &Quality, question: &QualityQuestion, expected: &[&str]) {
    let told: Vec<String> = (quality.rows(question, &Lines::default()).into_iter())
        .map(|row| {
            let mut words = Vec::new();
            words.extend(row.source.map(|source| source.source.to_string()));
            words.extend(row.store.map(|store| store.to_string()));
            words.push(row.field.name().to_owned());
            words.extend(
                row.start
                    .map(|start| format!("{}@{}", row.grain.unwrap_or("?"), start.0 / MINUTE)),
            );
            let nulls = row.nulls.map_or("-".to_owned(), |nulls| {
                format!("{}/{}", nulls.part, nulls.whole)
            });
            words.push(format!(
                "{} {nulls} {} {}",
                row.rows, row.invalid.part, row.duplicates.part
            ));
            words.extend(
                row.steps
                    .iter()
                    .map(|(step, count)| format!("{}:{count}", step.code())),
            );
            words.join(" ")
        })
        .collect();
    assert_eq!(told, expected);
}

const ROWS: &str = "a main 1m 59 10 2 3 20; event_id=0 country=4 items.quantity=1+quantity_invalid:2 \
    | a main 1m 61 5 1 0 0; event_id=0 country=0 event=-+malformed_json:1 \
    | a shop2 1h 0 7 0 0 0; event_id=0 | b main 1m 61 1 0 0 0; event_id=0";

#[test]
fn rows_by_source_and_field_add_up_over_time_with_the_steps() {
    let question = QualityQuestion {
        by: vec![QualityPart::Source],
        store: Some("main".to_owned()),
        ..QualityQuestion::default()
    };
    let expected = [
        "a event 15 - 1 0 malformed_json:1",
        "a event_id 15 0/12 0 3",
        "a country 15 4/12 0 0",
        "a items.quantity 20 1/20 2 0 quantity_invalid:2",
        "b event_id 1 0/1 0 0",
    ];
    check(&tables(ROWS), &question, &expected);
}

#[test]
fn what_a_source_fills_only_since_lately_was_null_before() {
    let rows = "a main 1m 59 10 2 0 7; event_id=0 \
        | a main 1m 60 10 0 0 5; event_id=0 country=3 items.sku=1 event=-+too_deep:1";
    check(
        &tables(rows),
        &QualityQuestion::default(),
        &[
            "event 20 - 1 0 too_deep:1",
            "event_id 20 0/18 0 0",
            "country 20 11/18 0 0",
            "items.sku 12 8/12 0 0",
        ],
    );
}

#[test]
fn rows_by_minute_tell_an_hour_where_minutes_are_no_longer_kept() {
    let by_minute = QualityQuestion {
        by: vec![QualityPart::Store, QualityPart::Minute],
        field: Some(Field::ID),
        source: Some("a".to_owned()),
        ..QualityQuestion::default()
    };
    check(
        &tables(ROWS),
        &by_minute,
        &[
            "main event_id 1m@59 10 0/8 0 3",
            "main event_id 1m@61 5 0/4 0 0",
            "shop2 event_id 1h@0 7 0/7 0 0",
        ],
    );
    let by_hour = QualityQuestion {
        by: vec![QualityPart::Hour],
        ..by_minute.clone()
    };
    check(
        &tables(ROWS),
        &by_hour,
        &["event_id 1h@0 17 0/15 0 3", "event_id 1h@60 5 0/4 0 0"],
    );
    let later = QualityQuestion {
        from: Some(EventTime(60 * MINUTE)),
        ..by_minute
    };
    check(&tables(ROWS), &later, &["main event_id 1m@61 5 0/4 0 0"]);
}

#[test]
fn a_minute_that_became_part_of_an_hour_is_told_once() {
    let mut quality = tables("a main 1m 61 5 0 0 0; event_id=0");
    let key = ["a", "main", "1m"].map(|text| Value::Text(Arc::from(text)));
    let gone = Change {
        table: "quality",
        key: key.into_iter().chain([Value::Time(61 * MINUTE)]).collect(),
        values: None,
        version: 2,
    };
    quality.apply_stretch(&gone).expect("a row of its form");
    check(&quality, &QualityQuestion::default(), &[]);
}

fn rhythm(source: &str, last_minute: i64, active: i64, pause_ms: i64) -> Change {
    Change {
        table: "rhythms",
        key: [source, "main"]
            .map(|text| Value::Text(Arc::from(text)))
            .into(),
        values: Some(Box::from([
            Value::Time(last_minute * MINUTE),
            Value::Int(active),
            Value::Int(pause_ms),
        ])),
        version: 1,
    }
}

#[test]
fn findings_name_whose_they_are_and_silence_comes_first() {
    let mut quality = tables(
        "b main 1m 100 1000 50 0 0; event_id=0 items.unit_price=-+price_invalid:50 | a main 1m 90 1000 0 0 0; event_id=0",
    );
    for (source, last) in [("a", 90), ("b", 100)] {
        quality
            .apply_rhythm(&rhythm(source, last, 30, 2_000))
            .expect("a row of its form");
    }
    let watch = Watch {
        since: EventTime(0),
        now: EventTime(101 * MINUTE),
    };
    let found = |question: &QualityQuestion| -> Vec<String> {
        let limits = Thresholds::default();
        let found = quality.findings(question, &Lines::default(), (&limits, watch));
        found
            .into_iter()
            .map(|found| format!("{} {}", found.source.source, found.finding.kind.code()))
            .collect()
    };
    assert_eq!(
        found(&QualityQuestion::default()),
        ["a source_silent", "b invalid_share"]
    );
    let of_field = QualityQuestion {
        field: Field::parse("items.unit_price"),
        ..QualityQuestion::default()
    };
    assert_eq!(found(&of_field), ["b invalid_share"]);
    let of_store = QualityQuestion {
        store: Some("shop2".to_owned()),
        ..QualityQuestion::default()
    };
    assert!(found(&of_store).is_empty());
}

#[test]
fn rows_of_another_form_are_refused() {
    let mut quality = Quality::default();
    let sound = rhythm("a", 1, 1, 1);
    for values in [
        vec![],
        vec![Value::Int(1)],
        vec![Value::Time(1), Value::Int(-1), Value::Int(1)],
    ] {
        let broken = Change {
            values: Some(values.into()),
            ..sound.clone()
        };
        assert_eq!(quality.apply_rhythm(&broken), None);
    }
    let broken = Change {
        key: Box::from([]),
        ..sound
    };
    assert_eq!(
        (
            quality.apply_rhythm(&broken),
            quality.apply_stretch(&broken)
        ),
        (None, None)
    );
}
