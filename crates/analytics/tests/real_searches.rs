//! Searches of real data and what they led to, folded straight from the file: the figures are counted with other software.
//! Where the file is missing, the test says SKIPPED.

use analytics::cell::{Deltas, NameId, cubes};
use analytics::search::{self, Found, Search, Searches};
use analytics::session::{Acts, Entry, Pieces, Rank, Rules, Visit};
use event::{EventId, EventTime, EventType};
use flate2::read::GzDecoder;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::io::Read;
use testkit::fixture;

/// The rows of the file: user, session, event, time.
fn clicks() -> Option<String> {
    let path = fixture("retentioneering_ecom/ecom.csv.gz")?;
    let file = std::fs::File::open(path).expect("the fixture opens");
    let mut text = String::new();
    let read = GzDecoder::new(file).read_to_string(&mut text);
    read.expect("the fixture can be read");
    Some(text)
}

#[derive(Default)]
struct User {
    pieces: Pieces,
    searches: Searches,
}

fn kind(name: &str) -> EventType {
    match name {
        "search" => EventType::Search,
        "product_view" => EventType::ItemView,
        "purchase" => EventType::Order,
        _ => EventType::PageView,
    }
}

fn users(text: &str) -> BTreeMap<&str, User> {
    let mut users: BTreeMap<&str, User> = BTreeMap::new();
    for (number, line) in text.lines().enumerate().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        let user = users.entry(columns[0]).or_default();
        let kind = kind(columns[2]);
        let rank = Rank {
            time: EventTime::parse(columns[3], &TimeZone::UTC).expect("a time"),
            position: number as i64,
            id: EventId(number as u128),
        };
        let visit = Visit {
            rank,
            acts: Acts::of(kind),
            entry: Entry::default(),
            given: None,
            cuts: Default::default(),
        };
        user.pieces.observe(&visit, &Rules::default());
        if kind == EventType::Search {
            user.searches.observe(Search {
                rank,
                term: NameId(1),
                found: Found::Unknown,
                given: None,
            });
        }
    }
    users
}

/// Of 4,011 searches 2,746 were followed by a product page at a later second of the given session, and 319 by a purchase.
/// In the order of the file it were 2,747: one search shares its second with the page behind it.
#[test]
fn the_click_streams_searches_led_where_the_given_sessions_say() {
    let Some(text) = clicks() else {
        return;
    };
    let mut deltas = Deltas::default();
    for user in users(&text).values() {
        for search in &user.searches.0 {
            let at = (NameId(1), search.term);
            search::count_event(search.rank.time, at, search.found, &mut deltas);
        }
        let sessions = Rules::default().cut(&user.pieces.0);
        let rows = search::cut(&user.searches.0, &sessions);
        search::count_rows(NameId(1), (&[], &rows), &mut deltas);
    }
    let mut sums = [0; 5];
    for (key, delta) in deltas.take() {
        if key.cube == cubes::SEARCHES {
            (sums.iter_mut().zip(&delta.sums)).for_each(|(sum, more)| *sum += more);
        }
    }
    assert_eq!(sums, [4_011, 0, 0, 2_746, 319]);
}
