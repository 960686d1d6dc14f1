//! Claims about sessions: what joins, what is cut, what a session says of itself; in every order of arrival.

mod cut_tests;

use super::*;
use crate::cell::NameId;
use event::time::HOUR;
use event::{EventId, EventType};

/// Takes `@c` off, the campaign.
fn campaign(text: &str) -> (&str, Option<CampaignId>) {
    let (text, campaign) = text.split_once('@').unwrap_or((text, ""));
    let letter = campaign.bytes().next();
    (
        text,
        letter.map(|letter| CampaignId::of_hash(u32::from(letter))),
    )
}

/// `10:00`, `10:00:05`, `34:20` on the next day; then `=cart_add` for its type and `#a` for its given session.
fn visit(text: &str, number: u32) -> Visit {
    let (text, campaign) = campaign(text);
    let (text, given) = text
        .split_once('#')
        .map_or((text, None), |(text, id)| (text, Some(id)));
    let (clock, kind) = text.split_once('=').unwrap_or((text, "page_view"));
    let units = [HOUR, MINUTE, SECOND];
    let parts = clock
        .split(':')
        .map(|part| part.parse::<i64>().expect("a number"));
    let micros: i64 = parts.zip(units).map(|(part, unit)| part * unit).sum();
    Visit {
        rank: Rank {
            time: EventTime(micros),
            position: 0,
            id: EventId(u128::from(number)),
        },
        acts: Acts::of(EventType::parse(kind).expect("a known kind")),
        entry: Entry {
            country: NameId(number),
            ..Entry::default()
        },
        given: given.map(|id| GivenId::of("main", id)),
        // The store's clock is two hours ahead.
        cuts: Cuts {
            day: (micros + 2 * HOUR).div_euclid(DAY) as i32,
            campaign,
        },
    }
}

fn visits(text: &str) -> Vec<Visit> {
    text.split(' ')
        .zip(1..)
        .map(|(text, number)| visit(text, number))
        .collect()
}

fn pieces(visits: &[Visit], rules: &Rules) -> Pieces {
    let mut pieces = Pieces::default();
    visits.iter().for_each(|visit| pieces.observe(visit, rules));
    pieces
}

fn clock(time: EventTime) -> String {
    let (hours, minutes) = (time.0 / HOUR, time.0 / MINUTE % 60);
    match time.0 / SECOND % 60 {
        0 => format!("{hours:02}:{minutes:02}"),
        seconds => format!("{hours:02}:{minutes:02}:{seconds:02}"),
    }
}

/// `10:00-10:29 x3 by 1`: start, last event, events, and the number of the event that it began with.
fn said(sessions: &[Session]) -> String {
    let said = sessions.iter().map(|session| {
        format!(
            "{}-{} x{} by {}",
            clock(session.start()),
            clock(session.last()),
            session.0.acts[Act::Event],
            session.0.entry.country.0
        )
    });
    said.collect::<Vec<_>>().join(" | ")
}

/// Every rotation, forwards and backwards, alone and as two halves that meet later, must say the same.
fn check_with(rules: &Rules, events: &str, expected: &str) {
    let mut visits = visits(events);
    for _ in 0..visits.len() {
        visits.rotate_left(1);
        let backwards: Vec<Visit> = visits.iter().rev().copied().collect();
        for visits in [&visits, &backwards] {
            assert_eq!(said(&rules.cut(&pieces(visits, rules).0)), expected);
            let (one, other) = visits.split_at(visits.len() / 2);
            let (one, other) = (pieces(one, rules), pieces(other, rules));
            let mut both: Vec<&Piece> = one.0.iter().chain(&other.0).collect();
            both.sort_by_key(|piece| rules.order(piece));
            assert_eq!(said(&rules.cut(both)), expected);
        }
    }
}

fn check(events: &str, expected: &str) {
    check_with(&Rules::default(), events, expected);
}

#[test]
fn silence_longer_than_the_gap_starts_a_new_session() {
    check(
        "10:00 10:29 11:00",
        "10:00-10:29 x2 by 1 | 11:00-11:00 x1 by 3",
    );
    check(
        "10:00 10:30:01",
        "10:00-10:00 x1 by 1 | 10:30:01-10:30:01 x1 by 2",
    );
}

#[test]
fn an_event_exactly_at_the_gap_still_joins() {
    check("10:00 10:30 11:00", "10:00-11:00 x3 by 1");
}

#[test]
fn a_late_event_bridges_two_sessions() {
    check("10:00 10:50 10:25", "10:00-10:50 x3 by 1");
}

#[test]
fn events_of_one_instant_are_told_apart_by_the_canonical_order() {
    check("10:00 10:00 10:00", "10:00-10:00 x3 by 1");
}

const SHORT: Rules = Rules {
    gap_micros: 30 * MINUTE,
    cap_micros: HOUR,
    uses_given_ids: false,
    ends_at_midnight: false,
    campaign_begins_one: false,
    slot_micros: 1,
    pieces_max: PIECES_MAX,
    bots: crate::bot::Rules::USUAL,
};

#[test]
fn a_session_is_cut_at_the_cap_from_its_start_and_an_event_at_the_cap_still_joins() {
    check_with(
        &SHORT,
        "10:00 10:30 11:00 11:20",
        "10:00-11:00 x3 by 1 | 11:20-11:20 x1 by 4",
    );
    // An earlier start moves the cut.
    check_with(
        &SHORT,
        "10:00 10:30 11:00 11:20 09:40",
        "09:40-10:30 x3 by 5 | 11:00-11:20 x2 by 3",
    );
    let day: Vec<String> = (0..80)
        .map(|at| format!("{}:{}", at / 3, at % 3 * 20))
        .collect();
    check(
        &day.join(" "),
        "00:00-24:00 x73 by 1 | 24:20-26:20 x7 by 74",
    );
}

#[test]
fn given_ids_decide_only_where_the_store_says_so() {
    let given = Rules {
        uses_given_ids: true,
        slot_micros: 1,
        ..Rules::default()
    };
    let events = "10:00#a 10:05#b 10:10#a 12:00#a 10:20 11:00";
    check(
        events,
        "10:00-10:20 x4 by 1 | 11:00-11:00 x1 by 6 | 12:00-12:00 x1 by 4",
    );
    check_with(
        &given,
        events,
        "10:00-12:00 x3 by 1 | 10:05-10:05 x1 by 2 | 10:20-10:20 x1 by 5 | 11:00-11:00 x1 by 6",
    );
    check_with(
        &given,
        "10:00#a 34:00#a 34:01#a",
        "10:00-34:00 x2 by 1 | 34:01-34:01 x1 by 3",
    );
}

fn check_engaged(events: &str, expected: bool) {
    let rules = Rules::default();
    let sessions = rules.cut(&pieces(&visits(events), &rules).0);
    assert_eq!(sessions.len(), 1, "one session");
    assert_eq!(sessions[0].is_engaged(), expected, "{events}");
    assert_eq!(sessions[0].is_bounce(), !expected, "{events}");
}

#[test]
fn a_bounce_is_ten_seconds_or_less_with_one_page_and_nothing_a_shop_hopes_for() {
    check_engaged("10:00", false);
    check_engaged("10:00 10:00:10=custom", false);
    check_engaged("10:00 10:00:11=custom", true);
    check_engaged("10:00 10:00:05", true);
    // One page, told as a page and as a product.
    check_engaged("10:00=page_view 10:00=item_view", false);
    check_engaged("10:00=list_view 10:00:02=item_view", true);
    check_engaged("10:00 10:00:01=cart_add", true);
    check_engaged("10:00 10:00:01=sign_up", true);
    check_engaged("10:00=order", true);
}

#[test]
fn orders_that_nobody_was_seen_to_make_are_no_visit() {
    let rules = Rules::default();
    let is_visit = |events: &str| rules.cut(&pieces(&visits(events), &rules).0)[0].is_visit();
    assert!(!is_visit("10:00=order 10:05=order"));
    assert!(is_visit("10:00=order 10:05"));
    assert!(is_visit("10:00"));
}

#[test]
fn many_events_are_few_pieces_and_count_the_same() {
    let rules = Rules::default();
    // Ten events a minute for three hours, with one silence of 31 minutes.
    let minutes = (0..60).chain(90..180);
    let events: Vec<Visit> = minutes
        .flat_map(|minute| (0..10).map(move |at| (minute, at * 6)))
        .zip(1..)
        .map(|((minute, second), number)| visit(&format!("0:{minute}:{second}"), number))
        .collect();
    let expected = "00:00-00:59:54 x600 by 1 | 01:30-02:59:54 x900 by 601";
    let backwards: Vec<Visit> = events.iter().rev().copied().collect();
    for events in [events, backwards] {
        let pieces = pieces(&events, &rules);
        assert_eq!(pieces.0.len(), 12 + 18);
        assert_eq!(said(&rules.cut(&pieces.0)), expected);
    }
}

#[test]
fn times_at_the_ends_of_time_do_not_panic() {
    let rules = Rules::default();
    let mut pieces = Pieces::default();
    for time in [i64::MIN, i64::MAX, 0, i64::MIN + 1] {
        let mut visit = visit("0:0", 1);
        visit.rank.time = EventTime(time);
        pieces.observe(&visit, &rules);
    }
    let sessions = rules.cut(&pieces.0);
    assert_eq!(sessions.len(), 3);
    assert!(
        sessions
            .iter()
            .all(|session| session.duration_micros() <= 1)
    );
}
