//! Claims about lengths and steps: where windows end on clocks that move.

use super::*;
use jiff::tz::TimeZone;

fn length(text: &str) -> Length {
    Length::parse(text).expect("a length")
}

fn every(text: &str) -> Sliding {
    Sliding {
        every: length(text),
        over: length(text),
    }
}

/// The steps from a time on, by the clock of the zone.
fn check_steps(zone: &str, step: &str, from: &str, expected: &str) {
    let calendar = Calendar::new(TimeZone::get(zone).expect("a zone of the database"));
    let sliding = every(step);
    let time = EventTime::parse(from, calendar.zone()).expect("a time").0;
    let mut at = sliding.floor(&calendar, time);
    let mut steps = Vec::new();
    for _ in expected.split(' ') {
        let stamp = Timestamp::from_microsecond(at).expect("a time");
        let clock = stamp.to_zoned(calendar.zone().clone());
        steps.push(clock.strftime("%dT%H:%M").to_string());
        assert_eq!(sliding.floor(&calendar, at), at, "a step is its own floor");
        let next = sliding.next(&calendar, at);
        assert_eq!(
            sliding.floor(&calendar, next - 1),
            at,
            "no step lies between"
        );
        at = next;
    }
    assert_eq!(steps.join(" "), expected, "{zone} {step} {from}");
}

#[test]
fn lengths_are_a_number_and_a_unit() {
    for (text, expected) in [
        ("90s", "90s"),
        ("120s", "2m"),
        ("3600s", "1h"),
        ("24h", "24h"),
        ("7d", "7d"),
    ] {
        assert_eq!(length(text).to_string(), expected, "{text}");
    }
    for text in [
        "",
        "m",
        "0m",
        "-1h",
        "1.5h",
        "1w",
        "4294967295d",
        "99999999999s",
        "１h",
        "h1",
    ] {
        assert_eq!(Length::parse(text), None, "{text}");
    }
}

#[test]
fn steps_follow_the_stores_clock() {
    check_steps(
        "UTC",
        "5m",
        "2026-03-01T10:58",
        "01T10:55 01T11:00 01T11:05",
    );
    check_steps(
        "Asia/Kathmandu",
        "30m",
        "2026-03-01T10:58",
        "01T10:30 01T11:00",
    );
    check_steps(
        "Asia/Kathmandu",
        "6h",
        "2026-03-01T10:58",
        "01T06:00 01T12:00 01T18:00 02T00:00",
    );
}

#[test]
fn weeks_begin_on_monday() {
    check_steps(
        "Europe/Berlin",
        "7d",
        "2026-03-27",
        "23T00:00 30T00:00 06T00:00",
    );
    check_steps("UTC", "7d", "1969-12-31", "29T00:00 05T00:00");
}

#[test]
fn steps_stay_on_the_clock_when_it_moves() {
    // 29 March 2026: two o'clock is three. 25 October: three o'clock is two again.
    check_steps(
        "Europe/Berlin",
        "1h",
        "2026-03-29T00:30",
        "29T00:00 29T01:00 29T03:00 29T04:00",
    );
    check_steps(
        "Europe/Berlin",
        "2h",
        "2026-03-29T01:30",
        "29T00:00 29T03:00 29T04:00 29T06:00",
    );
    check_steps(
        "Europe/Berlin",
        "1h",
        "2026-10-25T01:30",
        "25T01:00 25T02:00 25T02:00 25T03:00",
    );
    check_steps(
        "Europe/Berlin",
        "2h",
        "2026-10-25T01:30",
        "25T00:00 25T02:00 25T04:00",
    );
    check_steps(
        "Europe/Berlin",
        "1d",
        "2026-10-25T12:00",
        "25T00:00 26T00:00",
    );
    check_steps(
        "Australia/Lord_Howe",
        "20m",
        "2026-04-05T01:25",
        "05T01:20 05T01:40 05T01:30 05T01:50 05T02:00",
    );
}

#[test]
fn a_window_of_hours_is_as_long_as_it_says_and_one_of_days_ends_by_the_clock() {
    let calendar = Calendar::new(TimeZone::get("Europe/Berlin").expect("a zone"));
    let end = EventTime::parse("2026-03-29T12:00", calendar.zone())
        .expect("a time")
        .0;
    let hours = |over: &str| {
        let sliding = Sliding {
            every: length("1h"),
            over: length(over),
        };
        (end - sliding.start_of(&calendar, end)) / HOUR
    };
    assert_eq!((hours("24h"), hours("1d")), (24, 23));
}

#[test]
fn lengths_that_make_no_regular_windows_are_refused() {
    let refused = |every: &str, over: &str| {
        let sliding = Sliding {
            every: length(every),
            over: length(over),
        };
        sliding.check().map_err(|error| error.to_string())
    };
    let uneven = |text: &str| Err(text.to_owned());
    assert_eq!(
        refused("7m", "14m"),
        uneven("windows every 7m do not divide an hour evenly")
    );
    assert_eq!(
        refused("90s", "3m"),
        uneven("windows every 90s do not divide a minute evenly")
    );
    assert_eq!(
        refused("36h", "72h"),
        uneven("windows every 36h do not divide a day evenly")
    );
    assert_eq!(
        refused("1h", "30m"),
        uneven("windows over 30m every 1h leave gaps")
    );
    assert_eq!(refused("60m", "1h"), Ok(()));
    assert_eq!(refused("7d", "30d"), Ok(()));
}
