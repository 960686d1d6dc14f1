//! Claims about data quality: counts add up and come back from their text; what is conspicuous is found, and only that.

use super::*;
use event::EventTime;
use event::time::{MINUTE, SECOND};

fn field(name: &str) -> Field {
    Field::parse(name).expect("a field")
}

/// `offered refused duplicates lines; fields`
fn counts(text: &str) -> QualityCounts {
    let (numbers, fields) = text.split_once(';').unwrap_or((text, ""));
    let numbers: Vec<u64> = numbers
        .split_whitespace()
        .map(|number| number.parse().expect("a count"))
        .collect();
    let mut counts = QualityCounts {
        offered: numbers[0],
        refused: numbers[1],
        duplicates: numbers[2],
        lines: numbers[3],
        ..QualityCounts::default()
    };
    counts.read_fields(fields.trim()).expect("fields");
    counts
}

fn shown(counts: &QualityCounts) -> String {
    let QualityCounts {
        offered,
        refused,
        duplicates,
        lines,
        ..
    } = counts;
    format!(
        "{offered} {refused} {duplicates} {lines}; {}",
        counts.fields_text()
    )
}

#[test]
fn stretches_add_up_field_by_field_and_step_by_step() {
    let mut sum = counts("10 2 1 4; customer_id=3 items.unit_price=0+price_invalid:2");
    sum.absorb(&counts(
        "5 1 0 1; customer_id=5 country=1 items.unit_price=1+price_invalid:1+price_negative:4",
    ));
    assert_eq!(
        shown(&sum),
        "15 3 1 5; customer_id=8 country=1 items.unit_price=1+price_invalid:3+price_negative:4"
    );
    assert_eq!(
        (
            sum.rows(field("customer_id")),
            sum.rows(field("items.unit_price"))
        ),
        (12, 5)
    );
}

#[test]
fn counts_that_were_added_one_by_one_are_told_like_those_that_were_read() {
    let mut sum = QualityCounts::default();
    sum.add_nulls(field("country"), 2);
    sum.add_step(Field::WHOLE, Reason::MalformedJson, 1);
    sum.add_step(Field::WHOLE, Reason::MalformedJson, 1);
    sum.add_nulls(field("country"), 1);
    assert_eq!(shown(&sum), "0 0 0 0; event=-+malformed_json:2 country=3");
}

#[test]
fn a_text_of_another_form_is_refused() {
    for text in [
        "country",
        "country=x",
        "nosuch=1",
        "country=1+nosuch:1",
        "country=1+price_invalid",
        "country=",
    ] {
        assert_eq!(
            QualityCounts::default().read_fields(text),
            Err(FieldsTextError),
            "{text}"
        );
    }
}

/// A row a line: `minute offered refused duplicates lines; fields`. Minutes count from the beginning, now is minute 100.
fn check(rows: &[&str], expected: &str) {
    let rows: Vec<(i64, QualityCounts)> = rows
        .iter()
        .map(|row| {
            let (minute, rest) = row.split_once(' ').expect("a minute");
            (minute.parse().expect("a minute"), counts(rest))
        })
        .collect();
    let stretches: Vec<Stretch<'_>> = rows
        .iter()
        .map(|(minute, counts)| Stretch {
            start: EventTime(minute * MINUTE),
            counts,
        })
        .collect();
    let now = EventTime(100 * MINUTE);
    let told = judge(&stretches, &Thresholds::default(), now)
        .into_iter()
        .map(|found| {
            let percent = |share: Option<Share>| {
                share.map_or(String::new(), |share| format!(" {:.1}%", share.percent()))
            };
            let name = found.field.map_or("", Field::name);
            let step = found
                .step
                .map_or(String::new(), |step| format!(" {}", step.code()));
            let since = found.since.0 / MINUTE;
            format!(
                "{} {name}{step}{}{} since {since}",
                found.kind.code(),
                percent(found.share),
                percent(found.usual)
            )
        });
    assert_eq!(told.collect::<Vec<_>>().join(" | "), expected);
}

#[test]
fn what_stays_as_it_was_is_not_told() {
    check(
        &[
            "10 1000 0 0 0; country=300",
            "98 1000 10 100 0; country=310+currency_unknown:10",
        ],
        "",
    );
}

#[test]
fn a_field_that_is_empty_more_often_than_before_is_told_with_what_was_usual() {
    check(
        &[
            "10 1000 0 0 0; country=100",
            "60 1000 0 0 0; country=300",
            "99 1000 0 0 0; country=401",
        ],
        "nulls_risen country 40.1% 20.0% since 99",
    );
}

#[test]
fn a_field_that_a_source_has_only_just_begun_to_fill_has_no_past() {
    check(&["10 1000 0 0 0", "99 1000 0 0 0; country=900"], "");
}

#[test]
fn nulls_of_line_items_are_shares_of_the_lines() {
    check(
        &[
            "10 1000 0 0 200; items.sku=0",
            "99 1000 0 0 200; items.sku=50",
        ],
        "nulls_risen items.sku 25.0% 0.0% since 99",
    );
}

#[test]
fn more_than_one_per_cent_set_aside_for_a_field_is_told_with_the_main_step() {
    check(
        &[
            "98 100 2 0 0; items.quantity=-+quantity_invalid:2",
            "99 100 2 0 0; items.quantity=-+quantity_not_positive:1+quantity_invalid:1",
        ],
        "invalid_share items.quantity quantity_invalid 2.0% since 98",
    );
    check(&["98 100 1 0 0; items.quantity=-+quantity_invalid:1"], "");
}

#[test]
fn more_than_ten_per_cent_of_repeats_are_told() {
    check(
        &["99 1000 0 101 0"],
        "duplicate_share event_id 10.1% since 99",
    );
    check(&["99 1000 0 100 0"], "");
}

#[test]
fn a_handful_of_events_is_no_verdict() {
    check(&["99 99 99 0 0; event=-+malformed_json:99"], "");
}

#[test]
fn only_the_newest_quarter_of_an_hour_with_events_is_judged() {
    check(
        &[
            "50 1000 500 0 0; event=-+malformed_json:500",
            "70 1000 0 0 0",
        ],
        "",
    );
    check(
        &[
            "56 1000 500 0 0; event=-+malformed_json:500",
            "70 1000 0 0 0",
        ],
        "invalid_share event malformed_json 25.0% since 56",
    );
}

#[test]
fn yesterdays_trouble_is_no_news() {
    check(&["-1341 1000 900 0 0; event=-+malformed_json:900"], "");
    check(
        &["-1339 1000 900 0 0; event=-+malformed_json:900"],
        "invalid_share event malformed_json 90.0% since -1339",
    );
}

/// Sends every `pause` seconds, `times` times, beginning at 0; silent for so long after that.
fn check_silence(pause: i64, times: i64, silent: i64, is_told: bool) {
    let mut rhythm = Rhythm::default();
    for time in (0..times).map(|at| EventTime(at * pause * SECOND)) {
        rhythm.observe(time, time);
    }
    let now = EventTime(((times - 1) * pause + silent) * SECOND);
    let watch = Watch {
        since: EventTime(0),
        now,
    };
    let found = silence(&rhythm.habit(), &Thresholds::default(), watch);
    assert_eq!(found.is_some(), is_told, "{found:?}");
}

#[test]
fn a_source_is_silent_after_five_minutes_or_ten_of_its_usual_pauses_whichever_is_longer() {
    check_silence(2, 1_000, 300, false);
    check_silence(2, 1_000, 301, true);
    check_silence(60, 100, 600, false);
    check_silence(60, 100, 601, true);
}

#[test]
fn who_sent_by_hand_a_few_times_never_falls_silent() {
    check_silence(60, 9, 100_000, false);
    check_silence(1, 500, 100_000, false);
}

#[test]
fn who_has_been_silent_for_a_week_has_gone() {
    check_silence(60, 100, 7 * 24 * 3_600 - 1, true);
    check_silence(60, 100, 7 * 24 * 3_600, false);
}

#[test]
fn a_burst_of_requests_does_not_shorten_the_usual_pause() {
    let mut rhythm = Rhythm::default();
    for quarter in 0..12 {
        for at in 0..1_000 {
            let time = EventTime(quarter * 15 * MINUTE + at * SECOND / 100);
            rhythm.observe(time, time);
        }
    }
    // A burst takes 9.99 s of the 900 s.
    assert_eq!(rhythm.habit().usual_pause_ms, 890_010);
}

#[test]
fn a_clock_that_jumps_back_is_no_pause_and_a_rhythm_comes_back_from_its_parts() {
    let mut rhythm = Rhythm::default();
    for minute in [5, 3, 9, 1, 11] {
        rhythm.observe(EventTime(minute * MINUTE), EventTime(minute * MINUTE));
    }
    let parts = rhythm.to_parts();
    assert_eq!((parts.first.0, parts.last.0), (MINUTE, 11 * MINUTE));
    assert_eq!(parts.pauses, [240_000, 120_000]);
    assert_eq!(
        parts.active_minutes, 3,
        "minutes that came after the newest"
    );
    assert_eq!(Rhythm::from_parts(parts), rhythm);
    let long = RhythmParts {
        pauses: (0..100).collect(),
        ..RhythmParts::default()
    };
    assert_eq!(
        Rhythm::from_parts(long).to_parts().pauses,
        (36..100).collect::<Vec<_>>()
    );
}

#[test]
fn while_the_server_was_down_nobody_fell_silent() {
    let habit = Habit {
        last: EventTime(0),
        active_minutes: 60,
        usual_pause_ms: 2_000,
    };
    let found = |up_s: i64| {
        let now = EventTime(10_000 * SECOND);
        let since = EventTime(now.0 - up_s * SECOND);
        silence(&habit, &Thresholds::default(), Watch { since, now })
    };
    assert_eq!(found(300), None);
    assert_eq!(found(301).map(|found| found.since), Some(EventTime(0)));
}
