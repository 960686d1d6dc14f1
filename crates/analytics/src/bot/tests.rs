//! Claims about programs: what no person does, what persons do all the same, and that it follows from the set of events.

use super::*;
use crate::cell::{Deltas, column, cubes};
use crate::session::{self, Acts, Entry, Pieces, Rank, Session, Sessions, Visit};
use crate::tally::Field;
use event::time::MINUTE;
use event::{EventId, EventTime, EventType};

const BOT_DEVICE: NameId = NameId(7);

/// `40 item_view every 1s from 10:00`, one after the other by `, `; `+` instead of `from` goes on where the last one ended.
fn visits(text: &str) -> Vec<Visit> {
    let mut visits = Vec::new();
    let mut now = 0;
    for part in text.split(", ") {
        let words: Vec<&str> = part.split(' ').collect();
        let [count, kind, "every", every, rest @ ..] = words.as_slice() else {
            panic!("not understood: {part}")
        };
        let count: i64 = count.parse().expect("a number");
        let every = micros(every);
        match rest {
            ["from", at] => now = micros(at),
            ["after", pause] => now += micros(pause),
            _ => {}
        }
        for _ in 0..count {
            visits.push(visit(EventType::parse(kind).expect("a known kind"), now));
            now += every;
        }
        now -= every;
    }
    // An id is all that tells events of one instant apart.
    for (visit, number) in visits.iter_mut().zip(1..) {
        visit.rank.id = EventId(number);
    }
    visits
}

fn micros(text: &str) -> i64 {
    let unit = |text: &str, unit| text.parse::<f64>().expect("a number") * unit as f64;
    let micros = match (
        text.strip_suffix('s'),
        text.strip_suffix('m'),
        text.strip_suffix('h'),
    ) {
        (Some(seconds), ..) => unit(seconds, SECOND),
        (_, Some(minutes), _) => unit(minutes, MINUTE),
        (.., Some(hours)) => unit(hours, HOUR),
        _ => panic!("no time: {text}"),
    };
    micros as i64
}

fn visit(kind: EventType, time: i64) -> Visit {
    Visit {
        rank: Rank {
            time: EventTime(time),
            position: 0,
            id: EventId(0),
        },
        acts: Acts::of(kind),
        entry: Entry::default(),
        given: None,
        cuts: Default::default(),
    }
}

fn rules() -> session::Rules {
    session::Rules {
        bots: Rules {
            device: Some(BOT_DEVICE),
            ..Rules::USUAL
        },
        ..session::Rules::default()
    }
}

/// Cut from one key's pieces, or from those of two that are one person.
fn sessions(visits: &[Visit], rules: &session::Rules, keys: usize) -> Sessions {
    let mut pieces = vec![Pieces::default(); keys];
    for (at, visit) in visits.iter().enumerate() {
        pieces[at % keys].observe(visit, rules);
    }
    let mut all: Vec<&Piece> = pieces.iter().flat_map(|pieces| &pieces.0).collect();
    all.sort_by_key(|piece| rules.order(piece));
    rules.cut(all)
}

fn said(sessions: &Sessions) -> String {
    let name = |session: &Session| session.bot().map_or(PERSON, BotReason::name);
    sessions.iter().map(name).collect::<Vec<_>>().join(" | ")
}

/// Forwards, backwards, from the middle on, and by two keys.
fn check_with(rules: &session::Rules, events: &str, expected: &str) {
    let mut visits = visits(events);
    for keys in [1, 2, 3] {
        assert_eq!(said(&sessions(&visits, rules, keys)), expected, "{events}");
        visits.reverse();
        assert_eq!(said(&sessions(&visits, rules, keys)), expected, "{events}");
        let middle = visits.len() / 3;
        visits.rotate_left(middle);
    }
}

fn check(events: &str, expected: &str) {
    check_with(&rules(), events, expected);
}

#[test]
fn a_page_every_second_is_too_fast_and_one_every_three_is_not() {
    check("40 item_view every 1s from 10h", "too_fast");
    check("15 item_view every 2s from 10h", "too_fast");
    check("15 item_view every 2.1s from 10h", "person");
    check("40 item_view every 3s from 10h", "person");
}

#[test]
fn ten_results_opened_at_once_are_a_persons() {
    check(
        "1 search every 1s from 10h, 10 item_view every 0.3s after 20s",
        "person",
    );
}

#[test]
fn four_seconds_a_page_are_kept_up_for_five_minutes_by_nobody() {
    check("75 page_view every 4s from 10h", "too_fast");
    check("74 page_view every 4s from 10h", "person");
}

#[test]
fn a_page_that_is_told_twice_is_one_page() {
    check(
        "14 page_view every 1s from 10h, 14 item_view every 1s from 10h",
        "person",
    );
}

#[test]
fn haste_shows_however_long_the_session_is_otherwise() {
    check(
        "9 page_view every 20m from 10h, 30 item_view every 0.7s after 10m, 9 page_view every 20m after 10m",
        "too_fast",
    );
    check(
        "30 item_view every 0.7s from 10h, 9 page_view every 20m after 40m",
        "too_fast | person",
    );
}

#[test]
fn who_never_pauses_for_hours_is_no_person() {
    check("91 cart_view every 4m from 10h", "no_rest");
    check("90 cart_view every 4m from 10h", "person");
    // Half an hour for a meal.
    check(
        "50 cart_view every 4m from 10h, 50 cart_view every 4m after 30m",
        "person",
    );
    // In every other slot only.
    check("60 page_view every 10m from 10h", "person");
}

#[test]
fn hundreds_of_pages_and_nothing_else_are_a_programs() {
    check("200 item_view every 20s from 10h", "only_pages");
    check("199 item_view every 20s from 10h", "person");
    check(
        "200 item_view every 20s from 10h, 1 item_click every 1s after 5s",
        "person",
    );
    // Fifty in five minutes, then few.
    check(
        "50 item_view every 6s from 10h, 150 item_view every 2m after 2m",
        "person",
    );
}

#[test]
fn a_known_crawler_is_one_from_its_first_page_on() {
    let mut one = visit(EventType::PageView, 0);
    one.entry.device = BOT_DEVICE;
    assert_eq!(said(&sessions(&[one], &rules(), 1)), "user_agent");
    let mut ignoring = rules();
    ignoring.bots.device = None;
    assert_eq!(said(&sessions(&[one], &ignoring, 1)), "person");
}

#[test]
fn a_store_has_rules_of_its_own() {
    let mut patient = rules();
    patient.bots.burst_gap_micros = SECOND / 2;
    check_with(&patient, "40 item_view every 1s from 10h", "person");
}

#[test]
fn absurd_rules_and_both_ends_of_time_are_survived() {
    let mut absurd = rules();
    absurd.bots = Rules {
        burst_gap_micros: i64::MAX,
        burst_views: 0,
        slot_views: u32::MAX,
        restless_micros: i64::MIN,
        rests_permille: u32::MAX,
        only_views: 0,
        ..absurd.bots
    };
    absurd.cap_micros = i64::MAX;
    absurd.gap_micros = i64::MAX;
    let ends = [i64::MIN, 0, i64::MAX].map(|time| visit(EventType::ItemView, time));
    for rules in [rules(), absurd] {
        assert!(!sessions(&ends, &rules, 1).is_empty());
    }
}

/// Sums of one field of the day, by who visits.
fn counted(deltas: &mut Deltas, field: Field) -> Vec<(NameId, i128)> {
    let cells = deltas.take().into_iter();
    let of_cube = cells.filter(|(key, _)| key.cube == cubes::VISITS_BY_BOT);
    let at = column(cubes::VISITS_BY_BOT, field);
    let mut counted: Vec<_> = of_cube
        .map(|(key, delta)| (key.value, delta.sums[at]))
        .collect();
    counted.sort_unstable();
    counted
}

#[test]
fn a_session_that_turns_out_to_be_a_programs_moves_to_its_reason() {
    let kinds = VisitorKinds::resolve(|name| NameId(name.len() as u32));
    assert_eq!(
        (kinds.person, kinds.of(Some(BotReason::TooFast))),
        (NameId(6), NameId(8))
    );
    let visits = visits("40 item_view every 1s from 10h");
    let whole = |count: usize| sessions(&visits[..count], &rules(), 1)[0];
    let mut deltas = Deltas::default();
    let mut count = |before, after| {
        session::count((NameId(1), &kinds), before, after, &mut deltas);
        counted(&mut deltas, Field::Sessions)
    };
    let (few, many) = (whole(10), whole(40));
    assert_eq!(count(None, Some(&few)), [(NameId(6), 1)]);
    assert_eq!(
        count(Some(&few), Some(&many)),
        [(NameId(6), -1), (NameId(8), 1)]
    );
    assert_eq!(count(Some(&many), None), [(NameId(8), -1)]);
}

#[test]
fn totals_tell_people_and_programs_apart() {
    let kinds = VisitorKinds::default();
    let mut deltas = Deltas::default();
    for events in [
        "40 item_view every 1s from 10h",
        "3 item_view every 9s from 10h, 1 order every 1s after 1m",
        "40 item_view every 1s from 10h, 1 order every 1s after 1s",
    ] {
        let one = sessions(&visits(events), &rules(), 1)[0];
        session::count((NameId(1), &kinds), None, Some(&one), &mut deltas);
    }
    let mut sums = [0; 4];
    let fields = [
        Field::Sessions,
        Field::BotSessions,
        Field::HumanSessions,
        Field::HumanOrderSessions,
    ];
    for (key, delta) in deltas.take() {
        if key.cube == cubes::VISITS {
            let columns = fields.map(|field| delta.sums[column(cubes::VISITS, field)]);
            sums.iter_mut()
                .zip(columns)
                .for_each(|(sum, more)| *sum += more);
        }
    }
    assert_eq!(sums, [3, 2, 1, 1]);
}
