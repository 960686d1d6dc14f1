//! Claims about persons: who is who at which time, what is given away, what is bounded and what that costs.

mod harness;
mod properties;
mod recount;

use super::*;
use crate::session::{Rules, Visit};
use event::EventType;
use event::time::{DAY, HOUR, MINUTE, SECOND};
use harness::{Choices, Setting, Told as Event, Town, rank};
use recount::recount;

fn setting() -> Setting {
    Setting {
        rules: Rules {
            slot_micros: 1,
            ..Rules::default()
        },
        limits: Limits::default(),
        homes: 3,
    }
}

/// `10:00 v1`, `10:05 v1=c1`, `10:10 c1`, `10:15 s1`.
fn event(text: &str, number: u128) -> Event {
    let (clock, names) = text.split_once(' ').expect("a time and who it was");
    let (hour, minute) = clock.split_once(':').expect("hours and minutes");
    let number_of = |text: &str| text.parse::<i64>().expect("a number");
    let of = |kind: char| {
        let name = names.split('=').find(|name| name.starts_with(kind))?;
        Some(number_of(&name[1..]) as u8)
    };
    Event {
        rank: rank(
            number_of(hour) * HOUR + number_of(minute) * MINUTE,
            0,
            number,
        ),
        kind: EventType::PageView,
        customer: of('c'),
        visitor: of('v'),
        session: of('s'),
    }
}

fn events(text: &str) -> Vec<Event> {
    text.split(" | ")
        .zip(1..)
        .map(|(text, number)| event(text, number))
        .collect()
}

/// `c1 10:00-10:20 x3`, with `> c1` behind a visitor's session that was given away.
fn said(town: &Town) -> String {
    let clock = |micros: &str| {
        let micros: i64 = micros.parse().expect("a time");
        format!("{:02}:{:02}", micros / HOUR, micros / MINUTE % 60)
    };
    let short = |line: &String| {
        let (who, rest) = line.split_once(' ').expect("a person");
        let (times, rest) = rest.split_once(" [").expect("times");
        let (from, until) = times.split_once('-').expect("two times");
        let count = rest.split(',').next().expect("events");
        let merged = rest
            .split_once("merged ")
            .map_or(String::new(), |(_, into)| format!(" > {into}"));
        format!("{who} {}-{} x{count}{merged}", clock(from), clock(until))
    };
    let mut said: Vec<String> = town.said().iter().map(short).collect();
    said.sort();
    said.join(" | ")
}

/// In every rotation, with messages in 8 orders.
fn check(text: &str, expected: &str) {
    let mut events = events(text);
    for turn in 0..events.len() as u64 * 8 {
        events.rotate_left(1);
        let mut town = Town::new(setting());
        town.live_through(&events, &mut Choices(turn));
        assert_eq!(said(&town), expected);
        assert_eq!(town.said(), recount(&events, &setting()));
    }
}

#[test]
fn a_visitor_without_a_name_is_a_person_of_its_own() {
    check(
        "10:00 v1 | 10:20 v1 | 10:10 v2 | 11:00 s1",
        "s1 11:00-11:00 x1 | v1 10:00-10:20 x2 | v2 10:10-10:10 x1",
    );
}

#[test]
fn a_visitor_who_logs_in_is_one_person_before_and_after() {
    check(
        "10:00 v1 | 10:20 v1=c1 | 10:40 c1",
        "c1 10:00-10:40 x3 | v1 10:00-10:00 x1 > c1",
    );
    check(
        "10:00 v1 | 20:00 v1=c1 | 30:00 v1",
        "c1 10:00-10:00 x1 | c1 20:00-20:00 x1 | c1 30:00-30:00 x1 | v1 10:00-10:00 x1 > c1 | v1 30:00-30:00 x1 > c1",
    );
}

#[test]
fn two_devices_of_a_customer_tell_one_story() {
    check(
        "10:00 v1 | 10:25 v2 | 10:50 c1 | 20:00 v1=c1 | 21:00 v2=c1",
        "c1 10:00-10:50 x3 | c1 20:00-20:00 x1 | c1 21:00-21:00 x1 | v1 10:00-10:00 x1 > c1 | v2 10:25-10:25 x1 > c1",
    );
}

#[test]
fn a_shared_device_is_the_customer_who_is_seen_next_else_the_last() {
    check(
        "10:00 v1 | 10:10 v1=c1 | 10:20 v1 | 10:30 v1=c2 | 10:40 v1",
        "c1 10:00-10:10 x2 | c2 10:20-10:40 x3 | v1 10:00-10:40 x3 > c1",
    );
    // At the very instant of a link it is that customer.
    check(
        "10:10 v1 | 10:10 v1=c1 | 10:20 v1=c2",
        "c1 10:10-10:10 x2 | c2 10:20-10:20 x1 | v1 10:10-10:10 x1 > c1",
    );
}

#[test]
fn equal_texts_of_a_customer_and_a_visitor_are_two_keys() {
    let (customer, visitor) = (PersonKind::Customer, PersonKind::Visitor);
    let key = |kind| {
        PersonRef {
            store: NameId(1),
            kind,
            id: "7",
        }
        .to_key()
    };
    assert_ne!(key(customer), key(visitor));
    assert_ne!(
        key(customer).borrowed().hash(),
        key(visitor).borrowed().hash()
    );
}

#[test]
fn nobody_has_no_session() {
    let mut people = People::default();
    let naming = Naming::default();
    let visit = Visit {
        rank: rank(0, 0, 1),
        acts: Default::default(),
        entry: Default::default(),
        given: None,
        cuts: Default::default(),
    };
    let nobody = |_: PersonRef<'_>| Ok::<_, ()>(None);
    let sight = Sight {
        visit: Some(visit),
        ..Sight::default()
    };
    let reach = people.observe(
        (&naming, sight),
        Version::default(),
        nobody,
        &mut Vec::new(),
    );
    assert_eq!(reach, Ok(Reach::Nobody));
    assert_eq!(people.fresh().count(), 0);
}

#[test]
fn a_million_events_of_one_customer_are_bounded_and_all_counted() {
    let mut town = Town::new(Setting {
        rules: Rules::default(),
        ..setting()
    });
    for number in 0..1_000_000_i64 {
        // 23 h of one bot, out of order within the minute, from one of its visitors every tenth time.
        let time = number * 23 * HOUR / 1_000_000 + (number * 7_919 % 60) * SECOND;
        town.observe(&Event {
            rank: rank(DAY + time, 0, number as u128),
            kind: EventType::PageView,
            customer: Some(1).filter(|_| number % 10 != 0),
            visitor: Some(1).filter(|_| number % 10 <= 1),
            session: None,
        });
        if number % 10_000 == 0 {
            town.quiet();
        }
    }
    town.quiet();
    let said = town.said();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("[1000000, 1000000,"), "{said:?}");
    assert!(
        said[1].contains("[100000, 100000,") && said[1].ends_with("merged c1"),
        "{said:?}"
    );
    assert!(town.largest().0 <= 2 * 24 * 12);
}

#[test]
fn a_person_too_large_lets_go_of_its_oldest_sessions_and_their_rows_stay() {
    let small = Setting {
        rules: Rules {
            pieces_max: 40,
            ..Rules::default()
        },
        ..setting()
    };
    let mut town = Town::new(small);
    let hourly = |hour: i64| Event {
        rank: rank(hour * HOUR, 0, hour as u128),
        ..event("0:0 v1", 1)
    };
    for hour in 24..1_024 {
        town.observe(&hourly(hour));
        town.quiet();
    }
    assert_eq!(town.said().len(), 1_000, "one session an hour");
    assert!(town.largest().0 <= 40);
    town.observe(&hourly(25));
    assert_eq!(town.beyond_reach, 1);
}

#[test]
fn a_customer_with_too_many_visitors_keeps_the_earliest_and_the_others_stay_themselves() {
    let few = Setting {
        limits: Limits {
            visitors_max: 2,
            ..Limits::default()
        },
        ..setting()
    };
    let text = "10:00 v1 | 10:00 v2 | 10:00 v3 | 20:00 v1=c1 | 21:00 v2=c1 | 19:00 v3=c1";
    let mut town = Town::new(few);
    events(text).iter().for_each(|event| {
        town.observe(event);
        town.quiet();
    });
    assert_eq!(
        said(&town),
        "c1 10:00-10:00 x2 | c1 19:00-19:00 x1 | c1 20:00-20:00 x1 | c1 21:00-21:00 x1 \
         | v1 10:00-10:00 x1 > c1 | v2 10:00-10:00 x1 | v3 10:00-10:00 x1 > c1"
    );
    assert_eq!(town.largest().1, 2);
}

/// Events of all sessions that count.
fn counted(town: &Town) -> u32 {
    let said = town.said();
    let own = said.iter().filter(|line| !line.contains("merged"));
    let events = own.map(|line| {
        let (_, counts) = line.split_once('[').expect("counts");
        let (events, _) = counts.split_once(',').expect("more than one");
        events.parse::<u32>().expect("a number")
    });
    events.sum()
}

#[test]
fn an_account_shared_by_thousands_is_bounded_and_every_event_counts_once() {
    for backwards in [false, true] {
        let mut town = Town::new(setting());
        for number in 0..2_000_u32 {
            let hour = i64::from(if backwards { 2_000 - number } else { number });
            // 200 visitors, first alone, then as the customer, ever earlier or ever later.
            let told = Event {
                rank: rank(DAY + hour * HOUR, 0, u128::from(number)),
                visitor: Some((number / 10) as u8),
                customer: Some(1).filter(|_| number % 10 == 9),
                ..event("0:0 v1", 1)
            };
            town.observe(&told);
            if number.is_multiple_of(50) {
                town.quiet();
            }
        }
        town.quiet();
        assert_eq!(counted(&town), 2_000);
        assert_eq!(town.largest().1, LINKS_MAX);
    }
}
