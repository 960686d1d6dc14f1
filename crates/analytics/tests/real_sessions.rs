//! Sessions of real data, folded straight from the files: the figures are known from elsewhere.
//! Where the files are missing, the tests say SKIPPED.

use analytics::cell::NameId;
use analytics::person::{
    AsOf, Limits, Naming, People, PersonChange, PersonKey, PersonRef, PersonRules, PersonState,
    Reach, SessionRow, Sight, Standing, Version,
};
use analytics::session::{Act, Acts, Cuts, Entry, GivenId, Rank, Rules, Visit};
use event::time::SECOND;
use event::{EventId, EventTime, EventType};
use flate2::read::GzDecoder;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use testkit::fixture;

/// Folds visits of visitors and gives the sessions, by visitor and start.
#[derive(Default)]
struct Fold {
    people: People,
    rows: u64,
}

impl Fold {
    fn with(rules: Rules) -> Fold {
        let rules = PersonRules {
            sessions: rules,
            ..PersonRules::default()
        };
        Fold {
            people: People::new(rules, Limits::default()),
            rows: 0,
        }
    }

    fn observe(&mut self, visitor: &str, kind: EventType, time: EventTime, given: Option<&str>) {
        self.rows += 1;
        let naming = Naming {
            visitor: Some(visitor),
            ..Naming::default()
        };
        let visit = Visit {
            rank: Rank {
                time,
                position: self.rows as i64,
                id: EventId(u128::from(self.rows)),
            },
            acts: Acts::of(kind),
            entry: Entry {
                landing: NameId(self.rows as u32),
                ..Entry::default()
            },
            given: given.map(|id| GivenId::of("main", id)),
            cuts: Cuts::default(),
        };
        let mut messages = Vec::new();
        let sight = Sight {
            visit: Some(visit),
            ..Sight::default()
        };
        let reach =
            (self.people).observe((&naming, sight), Version::default(), nobody, &mut messages);
        assert_eq!((reach, messages.len()), (Ok(Reach::Folded), 0));
    }

    fn sessions(mut self) -> Vec<SessionRow> {
        let mut rows = Vec::new();
        let tell = |(person, _): (&PersonKey, &PersonRules), change| {
            let PersonChange::Session(change) = change else {
                panic!("only visits were told: {change:?}")
            };
            let person = person.clone();
            rows.push(SessionRow { person, change });
        };
        let now = (&AsOf::new(), Version::default());
        let told = (self.people).settle(now, nobody, &mut Vec::new(), tell);
        assert_eq!(told, Ok(()));
        rows
    }
}

fn nobody(_: PersonRef<'_>) -> Result<Option<PersonState>, ()> {
    Ok(None)
}

fn text(name: &str) -> Option<String> {
    let path = fixture(name)?;
    let mut file = std::fs::File::open(path).expect("the fixture opens");
    let mut text = String::new();
    let read = if name.ends_with(".gz") {
        GzDecoder::new(file).read_to_string(&mut text)
    } else {
        file.read_to_string(&mut text)
    };
    read.expect("the fixture can be read");
    Some(text)
}

fn time(text: &str) -> EventTime {
    EventTime::parse(text, &TimeZone::UTC).expect("a time")
}

/// A row of the click stream: user, given session, event, time.
fn click(line: &str) -> [&str; 4] {
    let columns: Vec<&str> = line.split(',').collect();
    [columns[0], columns[1], columns[2], columns[3]]
}

fn kind(name: &str) -> EventType {
    match name {
        "home" | "catalog" | "cart" | "account_page" => EventType::PageView,
        "product_view" => EventType::ItemView,
        "search" => EventType::Search,
        "add_to_cart" => EventType::CartAdd,
        "shipping_details" | "payment_details" => EventType::CheckoutStep,
        "purchase" => EventType::Order,
        _ => EventType::Custom,
    }
}

/// Every session as the set of its rows, and as (events, orders, at most ten seconds).
type Cut = (BTreeSet<BTreeSet<usize>>, [usize; 4]);

/// What we cut; a session holds the rows of its user between its start and its end.
fn cut(text: &str, rules: Rules) -> Cut {
    let mut fold = Fold::with(rules);
    let rows: Vec<[&str; 4]> = text.lines().skip(1).map(click).collect();
    for [user, given, name, at] in &rows {
        fold.observe(user, kind(name), time(at), Some(given));
    }
    let mut by_user: BTreeMap<&str, Vec<(EventTime, usize)>> = BTreeMap::new();
    for (number, [user, _, _, at]) in rows.iter().enumerate() {
        by_user.entry(user).or_default().push((time(at), number));
    }
    let (mut sets, mut figures) = (BTreeSet::new(), [0; 4]);
    for row in fold.sessions() {
        let Some(Standing::Own(session)) = row.change.after else {
            panic!("nobody logs in");
        };
        let rows = by_user[&*row.person.id].iter();
        let within = session.start()..=session.last();
        let rows: BTreeSet<usize> = rows
            .filter(|(at, _)| within.contains(at))
            .map(|(_, number)| *number)
            .collect();
        let acts = session.0.acts;
        assert_eq!(rows.len(), acts[Act::Event] as usize);
        assert_eq!(
            rows.first().map(|row| row + 1),
            Some(session.0.entry.landing.0 as usize)
        );
        figures[0] += 1;
        figures[1] += rows.len();
        figures[2] += usize::from(acts[Act::Order] > 0);
        figures[3] += usize::from(session.duration_micros() <= 10 * SECOND);
        sets.insert(rows);
    }
    (sets, figures)
}

/// The figures are those of the fixtures' own list; 247 was counted with another program.
#[test]
fn the_click_stream_has_the_3605_sessions_it_was_made_with() {
    let Some(text) = text("retentioneering_ecom/ecom.csv.gz") else {
        return;
    };
    let mut given: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (number, line) in text.lines().skip(1).enumerate() {
        given.entry(click(line)[1]).or_default().insert(number);
    }
    let given: BTreeSet<BTreeSet<usize>> = given.into_values().collect();
    let figures = [3_605, 31_106, 470, 247];
    assert_eq!(cut(&text, Rules::default()), (given.clone(), figures));
    let by_given_ids = Rules {
        uses_given_ids: true,
        ..Rules::default()
    };
    assert_eq!(cut(&text, by_given_ids), (given, figures));
}

/// A line of Arroyo's golden file: its sessions end a gap after their last event.
fn golden_line(user: Option<&str>, row: &SessionRow, rules: &Rules) -> String {
    let Some(Standing::Own(session)) = &row.change.after else {
        panic!("nobody logs in");
    };
    // Fractions are written as milliseconds there.
    let shown = |time: EventTime| match time.0 % SECOND {
        0 => time.to_string().trim_end_matches('Z').to_owned(),
        rest => format!("{}.{:03}", &time.to_string()[..19], rest / 1_000),
    };
    let closes = EventTime(session.last().0 + rules.gap_micros);
    let (start, end) = (shown(row.change.start), shown(closes));
    let rows = session.0.acts[Act::Event];
    match user {
        Some(user) => {
            format!(r#"{{"end":"{end}","rows":{rows},"start":"{start}","user_id":{user}}}"#)
        }
        None => format!(r#"{{"start":"{start}","end":"{end}","rows":{rows}}}"#),
    }
}

fn check_impulse(golden: &str, user_of: impl Fn(u32) -> String, has_users: bool) {
    let Some(impulse) = text("arroyo_golden/inputs/impulse.json") else {
        return;
    };
    let golden = text(&format!("arroyo_golden/golden_outputs/{golden}.json"));
    let rules = Rules {
        gap_micros: 20 * SECOND,
        ..Rules::default()
    };
    let mut fold = Fold::with(rules);
    for line in impulse.lines() {
        let parts: Vec<&str> = line.split('"').collect();
        let counter = parts[6]
            .trim_matches([':', ','])
            .parse()
            .expect("a counter");
        fold.observe(&user_of(counter), EventType::Custom, time(parts[3]), None);
    }
    let sessions = fold.sessions();
    let lines = sessions.iter().map(|row| {
        let user = has_users.then_some(&*row.person.id);
        golden_line(user, row, &rules)
    });
    let golden = golden.expect("it lies beside the inputs");
    let golden: BTreeSet<String> = golden.lines().map(str::to_owned).collect();
    assert_eq!(lines.collect::<BTreeSet<String>>(), golden);
}

#[test]
fn session_windows_are_another_engines_line_by_line() {
    let user = |counter: u32| {
        if counter.is_multiple_of(10) {
            0
        } else {
            counter
        }
    };
    check_impulse("session_window", |counter| user(counter).to_string(), true);
    check_impulse("global_session_window", |_| "all".to_owned(), false);
}
