//! Funnels of real data, folded straight from the file: the figures are known from elsewhere.
//! Where the file is missing, the test says SKIPPED.

use analytics::cell::NameId;
use analytics::funnel::{
    Declaration, Filter, Funnels, Happening, Mark, Marks, Mode, Period, Report, Row, Step, Steps,
    Story, Unit,
};
use analytics::session::{Acts, Entry, Pieces, Rank, Rules, Visit};
use analytics::window::Calendar;
use event::time::HOUR;
use event::{EventId, EventTime, Money};
use flate2::read::GzDecoder;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::io::Read;
use testkit::fixture;

const WAY: [&str; 5] = [
    "product_view",
    "add_to_cart",
    "shipping_details",
    "payment_details",
    "purchase",
];

/// The rows of the file: user, event, time.
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
    marks: Marks,
    pieces: Pieces,
}

fn mark(name: &str, rank: Rank) -> Mark {
    let steps = WAY.iter().position(|step| *step == name);
    Mark {
        rank,
        steps: Steps(steps.map_or(0, |step| 1 << step)),
        value: Money(0),
        currency: NameId(0),
        given: None,
        foreign: 0,
    }
}

fn users<'a>(text: &'a str, funnels: &Funnels) -> BTreeMap<&'a str, User> {
    let mut users: BTreeMap<&str, User> = BTreeMap::new();
    for (number, line) in text.lines().enumerate().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        let user = users.entry(columns[0]).or_default();
        let rank = Rank {
            time: EventTime::parse(columns[3], &TimeZone::UTC).expect("a time"),
            position: number as i64,
            id: EventId(number as u128),
        };
        let visit = Visit {
            rank,
            acts: Acts::default(),
            entry: Entry::default(),
            given: None,
            cuts: Default::default(),
        };
        user.pieces.observe(&visit, &Rules::default());
        user.marks.observe(mark(columns[2], rank), funnels);
    }
    users
}

fn declared(unit: Unit, mode: Mode, hours: i64) -> Declaration {
    let step = |name: &str| Step {
        what: Happening::Custom(name.to_owned()),
        only: Filter::default(),
    };
    Declaration {
        name: "purchase".to_owned(),
        steps: WAY.map(step).to_vec(),
        window_micros: hours * HOUR,
        mode,
        unit,
    }
}

fn rows(text: &str, declared: Declaration) -> Vec<Row> {
    let funnels = Funnels::new(&[declared], |_| NameId(0)).expect("a funnel");
    let (rules, calendar) = (Rules::default(), Calendar::new(TimeZone::UTC));
    let mut rows = Vec::new();
    for mut user in users(text, &funnels).into_values() {
        user.marks.thin(&funnels);
        rows.extend(funnels.cut(&Story {
            marks: &user.marks.0,
            sessions: &rules.cut(&user.pieces.0),
            rules: &rules,
            calendar: &calendar,
            floor: EventTime(0),
        }));
    }
    rows
}

fn check(text: &str, declared: Declaration, expected: [i64; 5]) {
    let shown = format!("{declared:?}");
    let unit = declared.unit;
    let rows = rows(text, declared);
    let is_told = |row: &&Row| unit == Unit::Session || row.period == Period::Ever;
    let report = Report::of(rows.iter().filter(is_told));
    let mut units: Vec<i64> = report.steps.iter().map(|step| step.units).collect();
    units.resize(expected.len(), 0);
    assert_eq!(units, expected, "{shown}");
}

/// The figures are those of the fixtures' own list.
#[test]
fn the_click_stream_goes_its_way_as_far_as_other_software_says() {
    let Some(text) = clicks() else {
        return;
    };
    let visitor = |hours| declared(Unit::Visitor, Mode::Ordered, hours);
    check(&text, visitor(1), [598, 480, 307, 148, 44]);
    check(&text, visitor(24), [598, 482, 308, 149, 46]);
    check(&text, visitor(7 * 24), [598, 487, 333, 190, 70]);
    let session = |hours| declared(Unit::Session, Mode::Ordered, hours);
    check(&text, session(1), [2_868, 944, 418, 164, 44]);
    check(&text, session(24), [2_868, 944, 418, 165, 44]);
    let strict = |unit| declared(unit, Mode::Strict, 1);
    check(&text, strict(Unit::Visitor), [598, 32, 5, 0, 0]);
    check(&text, strict(Unit::Session), [2_868, 183, 26, 1, 0]);
}

/// Each user entered on so many days: counted from the file without a funnel.
#[test]
fn every_day_of_a_user_with_a_first_step_is_a_row() {
    let Some(text) = clicks() else {
        return;
    };
    let views = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let views = views.filter(|columns| columns[2] == "product_view");
    let mut days: Vec<(String, String)> = views
        .map(|columns| (columns[0].to_owned(), columns[3][..10].to_owned()))
        .collect();
    days.sort_unstable();
    days.dedup();
    let rows = rows(&text, declared(Unit::Visitor, Mode::Ordered, 24));
    let told = rows
        .iter()
        .filter(|row| matches!(row.period, Period::Day(_)));
    assert_eq!(told.count(), days.len());
}
