//! Claims about searches: what a term is, and what a search led to, against a recount that walks through the events of each
//! session; in every order and in two lists that meet.

use super::*;
use crate::cell::{Deltas, NameId, cubes};
use crate::session::{Acts, Entry, GivenId, Piece, Pieces, Rank, Rules, Session, Visit};
use event::time::MINUTE;
use event::{EventId, EventTime, EventType};
use proptest::prelude::*;

#[test]
fn a_term_is_the_same_however_it_was_typed() {
    for typed in [
        "green tea",
        " Green  Tea ",
        "GREEN\tTEA",
        "green\u{a0}tea\n",
    ] {
        assert_eq!(term(typed).as_deref(), Some("green tea"), "{typed:?}");
    }
    assert!(matches!(term("green tea"), Some(Cow::Borrowed(_))));
    assert_eq!(term("ÄPFEL").as_deref(), Some("äpfel"));
    assert_eq!((term(""), term(" \t ")), (None, None));
}

#[test]
fn a_term_of_any_length_is_cut_between_letters() {
    for letter in ["é", "É", "é ", "\u{130}", "  É  "] {
        let query = letter.repeat(5_000);
        let term = term(&query).expect("a term");
        assert!(term.chars().count() <= TERM_CHARS_MAX, "{letter}");
        assert_eq!(term.trim(), term);
    }
}

/// One event of a person: a minute, what it is, and its session's id.
#[derive(Debug, Clone, Copy)]
struct Told {
    rank: Rank,
    kind: EventType,
    term: u32,
    given: Option<GivenId>,
}

/// `10 search 1`, `12 item_view`, `13 order#a`: minute, type, number of the term.
fn told(text: &str, number: u128) -> Told {
    let (text, given) = text.split_once('#').unwrap_or((text, ""));
    let mut words = text.split(' ');
    let minute: i64 = words.next().expect("a minute").parse().expect("a number");
    let kind = words.next().expect("a type");
    Told {
        rank: Rank {
            time: EventTime(minute * MINUTE),
            position: 0,
            id: EventId(number),
        },
        kind: EventType::parse(kind).expect("a known type"),
        term: words
            .next()
            .map_or(0, |term| term.parse().expect("a number")),
        given: (!given.is_empty()).then(|| GivenId::of("main", given)),
    }
}

fn searches(told: &[Told]) -> Searches {
    let mut searches = Searches::default();
    for told in told.iter().filter(|told| told.kind == EventType::Search) {
        searches.observe(Search {
            rank: told.rank,
            term: NameId(told.term),
            found: Found::Unknown,
            given: told.given,
        });
    }
    searches
}

fn sessions(told: &[Told], rules: &Rules) -> Vec<Session> {
    let (one, other) = told.split_at(told.len() / 2);
    let pieces = |told: &[Told]| {
        let mut pieces = Pieces::default();
        for told in told {
            let visit = Visit {
                rank: told.rank,
                acts: Acts::of(told.kind),
                entry: Entry::default(),
                given: told.given,
                cuts: Default::default(),
            };
            pieces.observe(&visit, rules);
        }
        pieces
    };
    let (one, other) = (pieces(one), pieces(other));
    let mut all: Vec<&Piece> = one.0.iter().chain(&other.0).collect();
    all.sort_by_key(|piece| rules.order(piece));
    rules.cut(all).into_vec()
}

/// Minute and term of each search, and whether it was clicked and ordered.
type Said = Vec<(i64, u32, bool, bool)>;

fn rows(told: &[Told], rules: &Rules) -> Vec<Row> {
    let (one, other) = told.split_at(told.len() / 3);
    let (one, other) = (searches(one), searches(other));
    cut(one.story(&other.0), &sessions(told, rules))
}

fn said(rows: &[Row]) -> Said {
    let row = |row: &Row| {
        let minute = row.rank.time.0 / MINUTE;
        (minute, row.term.0, row.clicked, row.ordered)
    };
    rows.iter().map(row).collect()
}

/// Searches are followed through the events of their session, one after the other.
fn recount(told: &[Told], rules: &Rules) -> Said {
    let mut told = told.to_vec();
    told.sort_by_key(|told| (told.given.filter(|_| rules.uses_given_ids), told.rank));
    let mut runs: Vec<Vec<Told>> = Vec::new();
    for event in told {
        let goes_on = runs.last().is_some_and(|run| {
            let last = run[run.len() - 1];
            let is_near = event.rank.time.0 - last.rank.time.0 <= 30 * MINUTE;
            match (event.given, last.given) {
                (None, None) => is_near,
                (one, other) if rules.uses_given_ids => one == other,
                _ => is_near,
            }
        });
        if !goes_on {
            runs.push(Vec::new());
        }
        runs.last_mut().expect("one was just begun").push(event);
    }
    let mut said = Vec::new();
    for run in &runs {
        for search in run.iter().filter(|event| event.kind == EventType::Search) {
            let leads_to = |kind| {
                let mut later = run
                    .iter()
                    .filter(|event| event.rank.time > search.rank.time);
                later.any(|event| event.kind == kind)
            };
            let minute = search.rank.time.0 / MINUTE;
            let led = (leads_to(EventType::ItemView), leads_to(EventType::Order));
            said.push((search.rank, (minute, search.term, led.0, led.1)));
        }
    }
    said.sort_by_key(|(rank, _)| *rank);
    said.into_iter().map(|(_, said)| said).collect()
}

fn check(events: &str, expected: &[(i64, u32, bool, bool)]) {
    let told = events
        .split(", ")
        .zip(1..)
        .map(|(text, number)| told(text, number));
    let mut told: Vec<Told> = told.collect();
    for _ in 0..told.len() {
        told.rotate_left(1);
        assert_eq!(said(&rows(&told, &Rules::default())), expected);
    }
}

#[test]
fn a_search_led_to_what_came_later_in_its_session() {
    check(
        "0 item_view, 1 search 1, 2 search 2, 3 item_view, 4 search 3, 60 item_view, 61 order",
        &[
            (1, 1, true, false),
            (2, 2, true, false),
            (4, 3, false, false),
        ],
    );
    check("1 search 1, 9 order", &[(1, 1, false, true)]);
}

#[test]
fn of_one_instant_nobody_knows_what_was_first() {
    check("1 search 1, 1 item_view", &[(1, 1, false, false)]);
}

fn events() -> impl Strategy<Value = Vec<Told>> {
    const KINDS: [&str; 5] = ["search", "search", "item_view", "order", "page_view"];
    let one = (0..100_i64, 0..KINDS.len(), 0..4_u32, 0..3_usize);
    prop::collection::vec(one, 1..30).prop_map(|all| {
        let text = |(minute, kind, term, given): &(i64, usize, u32, usize)| {
            let given = ["", "#a", "#b"][*given];
            format!("{} {} {term}{given}", minute * 3, KINDS[*kind])
        };
        let texts = all.iter().map(text).zip(1..);
        texts.map(|(text, number)| told(&text, number)).collect()
    })
}

fn rules(uses_given_ids: bool) -> Rules {
    Rules {
        uses_given_ids,
        ..Rules::default()
    }
}

/// The sums of what these rows count, by term.
fn counted(steps: &[(&[Row], &[Row])]) -> Vec<(u32, Vec<i128>)> {
    let mut deltas = Deltas::default();
    for step in steps {
        count_rows(NameId(1), *step, &mut deltas);
    }
    let taken = deltas.take().into_iter();
    let by_term = taken.filter(|(key, _)| key.cube == cubes::SEARCHES_BY_TERM);
    let mut sums: Vec<_> = by_term
        .map(|(key, delta)| ((key.value.0, key.window), delta.sums.to_vec()))
        .filter(|(_, sums)| sums.iter().any(|sum| *sum != 0))
        .collect();
    sums.sort();
    sums.into_iter()
        .map(|((term, _), sums)| (term, sums))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_says_what_a_plain_recount_says(
        (told, shuffled) in events().prop_flat_map(|told| (Just(told.clone()), Just(told).prop_shuffle())),
        uses_given_ids in any::<bool>(),
    ) {
        let rules = rules(uses_given_ids);
        let told: Vec<Told> = told.into_iter().map(|told| Told { given: told.given.filter(|_| uses_given_ids), ..told }).collect();
        let shuffled: Vec<Told> = shuffled.into_iter().map(|told| Told { given: told.given.filter(|_| uses_given_ids), ..told }).collect();
        prop_assert_eq!(said(&rows(&shuffled, &rules)), recount(&told, &rules));
    }

    #[test]
    fn what_was_told_before_is_taken_back(one in events(), other in events()) {
        let rules = rules(false);
        let (one, other) = (rows(&one, &rules), rows(&other, &rules));
        // Searches of two stories that share rank and term are one; others come and go.
        let terms = |rows: &[Row]| -> Vec<Row> {
            rows.iter().map(|row| Row { term: NameId(row.rank.id.0 as u32 % 4), ..*row }).collect()
        };
        let (one, other) = (terms(&one), terms(&other));
        let through = counted(&[(&[], &one), (&one, &other), (&other, &one), (&one, &other)]);
        prop_assert_eq!(through, counted(&[(&[], &other)]));
    }

    #[test]
    fn what_is_let_go_leaves_the_newer_searches_as_they_were(told in events(), max in 1..20_usize) {
        let rules = rules(false);
        let mut kept = searches(&told);
        let all = cut(&kept.0, &sessions(&told, &rules));
        let until = kept.excess(max);
        prop_assert_eq!(until.is_some(), kept.0.len() > max);
        if let Some(until) = until {
            let before = kept.0.len();
            kept.let_go(until);
            prop_assert!(kept.0.len() * 4 <= before * 3);
            let newer: Vec<Row> = all.into_iter().filter(|row| row.rank.time > until).collect();
            prop_assert_eq!(cut(&kept.0, &sessions(&told, &rules)), newer);
        }
    }
}

#[test]
fn an_empty_list_is_small_and_so_is_a_search() {
    assert_eq!((size_of::<Searches>(), size_of::<Search>()), (8, 48));
    assert_eq!(size_of::<Piece>(), 128);
}
