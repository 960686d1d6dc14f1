//! Claims about funnels: what reaches which step, on which day it counts, what is kept of long stories, what is refused.

use super::*;
use crate::cell::{Deltas, NameId, cubes};
use crate::session::{Acts, Entry, Pieces, Rank, Rules, Session, Visit};
use crate::window::Calendar;
use event::time::{HOUR, MINUTE, SECOND};
use event::{EventId, EventTime};
use jiff::tz::TimeZone;

/// `a b c` as the steps of a funnel of the shop's own names.
pub(super) fn declare(steps: &str, mode: Mode, unit: Unit, window_micros: i64) -> Declaration {
    let step = |name: &str| Step {
        what: Happening::Custom(name.to_owned()),
        only: Filter::default(),
    };
    Declaration {
        name: "way".to_owned(),
        steps: steps.split(' ').map(step).collect(),
        window_micros,
        mode,
        unit,
    }
}

pub(super) fn ready(declared: &[Declaration]) -> Funnels {
    let mut names: Vec<String> = vec![String::new()];
    let id = |name: &str| {
        let at = names.iter().position(|known| known == name);
        NameId(at.unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        }) as u32)
    };
    Funnels::new(declared, id).expect("a funnel that can be counted")
}

pub(super) fn time(clock: &str) -> EventTime {
    let units = [HOUR, MINUTE, SECOND];
    let parts = clock
        .split(':')
        .map(|part| part.parse::<i64>().expect("a number"));
    EventTime(parts.zip(units).map(|(part, unit)| part * unit).sum())
}

/// What an event of this name is to the first of the funnels, which is the only one.
pub(super) fn mark(name: &str, at: EventTime, number: u32, declared: &Declaration) -> Mark {
    let steps = (0..).zip(&declared.steps);
    let is_step = steps.filter(|(_, step)| step.what.name() == name);
    Mark {
        rank: Rank {
            time: at,
            position: i64::from(number),
            id: EventId(u128::from(number)),
        },
        steps: Steps(is_step.fold(0, |bits, (bit, _)| bits | 1 << bit)),
        value: Money(0),
        currency: NameId(0),
        given: None,
        foreign: 0,
    }
}

/// `10:00=a 10:05=b*12`: at a time, what, and worth how much.
fn marks(events: &str, declared: &Declaration) -> Vec<Mark> {
    let read = |(text, number): (&str, u32)| {
        let (clock, what) = text.split_once('=').expect("TIME=NAME");
        let (name, value) = what.split_once('*').unwrap_or((what, "0"));
        Mark {
            value: Money(value.parse().expect("a number")),
            ..mark(name, time(clock), number, declared)
        }
    };
    events.split(' ').zip(1..).map(read).collect()
}

pub(super) fn story<'a>(
    marks: &'a [Mark],
    sessions: &'a [Session],
    (rules, calendar): (&'a Rules, &'a Calendar),
) -> Story<'a> {
    Story {
        marks,
        sessions,
        rules,
        calendar,
        floor: EventTime(0),
    }
}

pub(super) fn sessions(marks: &[Mark], rules: &Rules) -> Vec<Session> {
    let mut pieces = Pieces::default();
    for mark in marks {
        let visit = Visit {
            rank: mark.rank,
            acts: Acts::default(),
            entry: Entry::default(),
            given: mark.given,
            cuts: Default::default(),
        };
        pieces.observe(&visit, rules);
    }
    rules.cut(&pieces.0).into_vec()
}

pub(super) fn rows(funnels: &Funnels, marks: &[Mark]) -> Vec<Row> {
    let (rules, calendar) = (Rules::default(), Calendar::new(TimeZone::UTC));
    let sessions = sessions(marks, &rules);
    funnels.cut(&story(marks, &sessions, (&rules, &calendar)))
}

fn clock(time: EventTime) -> String {
    let (hours, minutes) = (time.0 / HOUR, time.0 / MINUTE % 60);
    match time.0 / SECOND % 60 {
        0 => format!("{hours:02}:{minutes:02}"),
        seconds => format!("{hours:02}:{minutes:02}:{seconds:02}"),
    }
}

/// `ever 10:00: 10:00 10:05`: the period, when it was entered, and when each step was reached.
fn said(rows: &[Row]) -> String {
    let said = rows.iter().map(|row| {
        let period = match row.period {
            Period::Ever => "ever".to_owned(),
            Period::Day(start) => format!("day {}", start.0 / event::time::DAY),
            Period::Session { start, .. } => format!("session {}", clock(start)),
        };
        let steps: Vec<String> = row.steps.iter().map(|step| clock(step.done)).collect();
        format!("{period} {}: {}", clock(row.entered), steps.join(" "))
    });
    said.collect::<Vec<_>>().join(" | ")
}

/// The same in every order of arrival, alone and as two lists that meet later.
fn check_declared(declared: &Declaration, events: &str, expected: &str) {
    let funnels = ready(std::slice::from_ref(declared));
    let mut marks = marks(events, declared);
    for _ in 0..marks.len() {
        marks.rotate_left(1);
        let (one, other) = marks.split_at(marks.len() / 2);
        let of = |marks: &[Mark]| {
            let mut list = Marks::default();
            marks.iter().for_each(|mark| list.observe(*mark, &funnels));
            list.thin(&funnels);
            list
        };
        let (one, other) = (of(one), of(other));
        let mut both: Vec<Mark> = one.0.iter().chain(&other.0).copied().collect();
        both.sort_by_key(|mark| mark.rank);
        assert_eq!(said(&rows(&funnels, &both)), expected, "{events}");
        assert_eq!(of(&marks).0[..], both[..]);
    }
}

fn check(mode: Mode, steps: &str, events: &str, expected: &str) {
    let declared = declare(steps, mode, Unit::Visitor, HOUR);
    check_declared(&declared, events, expected);
}

#[test]
fn steps_count_in_their_order_whatever_comes_between() {
    check(
        Mode::Ordered,
        "a b c",
        "10:00=a 10:05=c 10:10=b 10:20=x 10:30=c",
        "ever 10:00: 10:00 10:10 10:30 | day 0 10:00: 10:00 10:10 10:30",
    );
    check(
        Mode::Ordered,
        "a b c",
        "10:00=b 10:05=c 10:10=a",
        "ever 10:10: 10:10 | day 0 10:10: 10:10",
    );
    check(Mode::Ordered, "a b", "10:00=b 10:05=x", "");
}

#[test]
fn the_window_begins_at_the_first_step_and_its_end_still_counts() {
    check(
        Mode::Ordered,
        "a b c",
        "10:00=a 10:40=b 11:00=c",
        "ever 10:00: 10:00 10:40 11:00 | day 0 10:00: 10:00 10:40 11:00",
    );
    check(
        Mode::Ordered,
        "a b c",
        "10:00=a 10:40=b 11:00:01=c",
        "ever 10:00: 10:00 10:40 | day 0 10:00: 10:00 10:40",
    );
    check(
        Mode::AnyOrder,
        "a b",
        "10:00=b 11:00=a",
        "ever 11:00: 11:00 11:00 | day 0 11:00: 11:00 11:00",
    );
    check(
        Mode::AnyOrder,
        "a b",
        "10:00=b 11:00:01=a",
        "ever 11:00:01: 11:00:01 | day 0 11:00:01: 11:00:01",
    );
    check_declared(
        &declare("a b", Mode::Ordered, Unit::Visitor, 0),
        "10:00=a 10:00=b",
        "ever 10:00: 10:00 10:00 | day 0 10:00: 10:00 10:00",
    );
}

#[test]
fn of_ways_that_get_equally_far_the_last_one_is_told_and_of_others_the_furthest() {
    check(
        Mode::Ordered,
        "a b c",
        "10:00=a 10:10=b 10:20=a 10:30=b 10:40=a",
        "ever 10:00: 10:20 10:30 | day 0 10:00: 10:20 10:30",
    );
    // The second entry gets to c though the first is too old for it.
    check(
        Mode::Ordered,
        "a b c",
        "10:00=a 10:50=a 10:55=b 11:30=c",
        "ever 10:00: 10:50 10:55 11:30 | day 0 10:00: 10:50 10:55 11:30",
    );
}

#[test]
fn events_of_one_instant_are_told_apart_by_the_canonical_order() {
    check(
        Mode::Ordered,
        "a b",
        "10:00=a 10:00=b",
        "ever 10:00: 10:00 10:00 | day 0 10:00: 10:00 10:00",
    );
    check(
        Mode::Ordered,
        "a b",
        "10:00=b 10:00=a",
        "ever 10:00: 10:00 | day 0 10:00: 10:00",
    );
}

#[test]
fn the_same_step_twice_needs_two_events() {
    for mode in [Mode::Ordered, Mode::Strict, Mode::AnyOrder] {
        check(
            mode,
            "a a b",
            "10:00=a 10:10=b",
            "ever 10:00: 10:00 | day 0 10:00: 10:00",
        );
        check(
            mode,
            "a a b",
            "10:00=a 10:10=a 10:20=b",
            "ever 10:00: 10:00 10:10 10:20 | day 0 10:00: 10:00 10:10 10:20",
        );
    }
}

#[test]
fn each_day_on_which_a_visitor_enters_counts_and_so_does_the_visitor_once() {
    let declared = declare("a b", Mode::Ordered, Unit::Visitor, 48 * HOUR);
    check_declared(
        &declared,
        "10:00=a 11:00=a 34:00=a 40:00=b 60:00=a",
        "ever 10:00: 34:00 40:00 | day 0 10:00: 11:00 40:00 | day 1 34:00: 34:00 40:00 | day 2 60:00: 60:00",
    );
}

#[test]
fn whoever_goes_straight_on_is_stopped_by_the_first_thing_in_the_way() {
    check(
        Mode::Strict,
        "a b c",
        "09:00=x 10:00=a 10:05=b 10:06=x 10:10=c",
        "ever 10:00: 10:00 10:05 | day 0 10:00: 10:00 10:05",
    );
    // A step too early is in the way, steps that were reached are not.
    check(
        Mode::Strict,
        "a b c",
        "10:00=a 10:05=c 10:10=b",
        "ever 10:00: 10:00 | day 0 10:00: 10:00",
    );
    check(
        Mode::Strict,
        "a b c",
        "10:00=a 10:01=a 10:05=b 10:06=a 10:10=c",
        "ever 10:00: 10:01 10:05 10:10 | day 0 10:00: 10:01 10:05 10:10",
    );
    // It is the first entry that counts.
    check(
        Mode::Strict,
        "a b",
        "10:00=a 10:01=x 10:05=a 10:06=b",
        "ever 10:00: 10:00 | day 0 10:00: 10:00",
    );
}

#[test]
fn in_any_order_a_step_is_reached_when_all_before_it_are() {
    check(
        Mode::AnyOrder,
        "a b c",
        "10:00=c 10:10=a 10:20=x",
        "ever 10:10: 10:10 | day 0 10:10: 10:10",
    );
    check(
        Mode::AnyOrder,
        "a b c",
        "10:00=c 10:10=b 10:20=a",
        "ever 10:20: 10:20 10:20 10:20 | day 0 10:20: 10:20 10:20 10:20",
    );
}

#[test]
fn sessions_go_their_ways_by_themselves() {
    let declared = declare("a b", Mode::Ordered, Unit::Session, 24 * HOUR);
    check_declared(
        &declared,
        "10:00=a 10:40=a 10:45=b 12:00=b",
        "session 10:00 10:00: 10:00 | session 10:40 10:40: 10:40 10:45",
    );
}

#[test]
fn given_ids_tell_sessions_of_one_time_apart() {
    let declared = declare("a b", Mode::Ordered, Unit::Session, HOUR);
    let funnels = ready(std::slice::from_ref(&declared));
    let mut marks = marks("10:00=a 10:01=a 10:02=b", &declared);
    let given = |id| Some(crate::session::GivenId::of("main", id));
    (marks[0].given, marks[1].given, marks[2].given) = (given("one"), given("two"), given("one"));
    let rules = Rules {
        uses_given_ids: true,
        ..Rules::default()
    };
    let (sessions, calendar) = (sessions(&marks, &rules), Calendar::new(TimeZone::UTC));
    let rows = funnels.cut(&story(&marks, &sessions, (&rules, &calendar)));
    assert_eq!(
        said(&rows),
        "session 10:00 10:00: 10:00 10:02 | session 10:01 10:01: 10:01"
    );
}

#[test]
fn a_stores_day_decides_on_which_day_was_entered() {
    let declared = declare("a b", Mode::Ordered, Unit::Visitor, HOUR);
    let funnels = ready(std::slice::from_ref(&declared));
    let marks = marks("22:30=a 23:30=a", &declared);
    let calendar = Calendar::new(TimeZone::get("Europe/Berlin").expect("a zone"));
    let rows = funnels.cut(&story(&marks, &[], (&Rules::default(), &calendar)));
    let days = rows.iter().map(|row| row.period);
    let day = |hours: i64| Period::Day(EventTime(hours * HOUR));
    assert_eq!(days.collect::<Vec<_>>(), [Period::Ever, day(-1), day(23)]);
}

#[test]
fn what_begins_before_the_floor_is_told_no_more() {
    let declared = declare("a b", Mode::Ordered, Unit::Visitor, HOUR);
    let funnels = ready(std::slice::from_ref(&declared));
    let marks = marks("10:00=a 30:00=a 50:00=a", &declared);
    let (rules, calendar) = (Rules::default(), Calendar::new(TimeZone::UTC));
    let story = Story {
        floor: EventTime(9 * HOUR),
        ..story(&marks, &[], (&rules, &calendar))
    };
    assert_eq!(
        said(&funnels.cut(&story)),
        "day 1 30:00: 30:00 | day 2 50:00: 50:00"
    );
}

/// Cells by step and field, summed over windows.
fn sums(deltas: &mut Deltas, cube: crate::cell::CubeId) -> Vec<(u32, Vec<i128>)> {
    let mut sums = std::collections::BTreeMap::<u32, Vec<i128>>::new();
    for (key, delta) in deltas
        .take()
        .into_iter()
        .filter(|(key, _)| key.cube == cube)
    {
        let sum = sums
            .entry(key.value.0)
            .or_insert_with(|| vec![0; delta.sums.len()]);
        sum.iter_mut()
            .zip(&delta.sums)
            .for_each(|(sum, value)| *sum += value);
    }
    sums.into_iter()
        .filter(|(_, sums)| sums.iter().any(|sum| *sum != 0))
        .collect()
}

#[test]
fn a_way_that_leads_further_adds_what_is_new_and_can_be_taken_back() {
    let declared = declare("a b", Mode::Ordered, Unit::Visitor, HOUR);
    let funnels = ready(std::slice::from_ref(&declared));
    let names = &funnels.funnel(FunnelAt(0)).expect("declared").steps;
    let (first, second) = (names[0].0, names[1].0);
    let marks = marks("10:00=a*5 10:05=b*7", &declared);
    let (before, after) = (rows(&funnels, &marks[..1]), rows(&funnels, &marks));
    let store = NameId(90);
    let tell = |deltas: &mut Deltas, before: &[Row], after: &[Row]| {
        for at in 0..2 {
            funnels.count(store, (before.get(at), after.get(at)), deltas);
        }
    };
    let mut deltas = Deltas::default();
    tell(&mut deltas, &[], &before);
    assert_eq!(sums(&mut deltas, cubes::FUNNELS), [(first, vec![1, 1, 0])]);
    tell(&mut deltas, &before, &after);
    // Five minutes in ten-thousandths of a second.
    assert_eq!(
        sums(&mut deltas, cubes::FUNNELS),
        [(second, vec![1, 1, 3_000_000])]
    );
    tell(&mut deltas, &before, &after);
    assert_eq!(sums(&mut deltas, cubes::FUNNEL_VALUES), [(second, vec![7])]);
    tell(&mut deltas, &[], &after);
    tell(&mut deltas, &after, &[]);
    assert_eq!(sums(&mut deltas, cubes::FUNNELS), []);
}

#[test]
fn a_report_says_units_conversion_median_and_money_of_each_step() {
    let declared = declare("a b c", Mode::Ordered, Unit::Visitor, HOUR);
    let funnels = ready(std::slice::from_ref(&declared));
    let ways = [
        "10:00=a*1 10:10=b*10 10:30=c*100",
        "10:00=a*1 10:20=b*20",
        "10:00=a*1 10:30=b*30",
        "10:00=a*1",
    ];
    let rows = ways.map(|way| {
        let rows = rows(&funnels, &marks(way, &declared));
        rows.into_iter()
            .find(|row| row.period == Period::Ever)
            .expect("entered")
    });
    let report = Report::of(&rows);
    let units: Vec<i64> = report.steps.iter().map(|step| step.units).collect();
    assert_eq!(units, [4, 3, 1]);
    let ratio = |ratio: Option<crate::ratio::Ratio>| ratio.map(|it| (it.numerator, it.denominator));
    assert_eq!(ratio(report.to_first(2)), Some((1, 4)));
    assert_eq!(ratio(report.to_previous(2)), Some((1, 3)));
    assert_eq!(ratio(report.to_previous(0)), Some((4, 4)));
    assert_eq!(ratio(Report::default().to_first(0)), None);
    let median = report.median_millis_to_next(0).expect("three went on");
    assert!((median - 1_200_000).abs() <= 12_000, "{median}");
    assert_eq!(report.median_millis_to_next(2), None);
    let value = |step: usize| report.steps[step].value[&NameId(0)];
    assert_eq!([value(0), value(1), value(2)], [4, 60, 100]);

    let mut whole = Report::of(&rows[..2]);
    whole.merge(&Report::of(&rows[2..]));
    assert_eq!(whole, report);
    rows[1..].iter().for_each(|row| whole.take_back(row));
    assert_eq!(whole, Report::of(&rows[..1]));
    whole.take_back(&rows[0]);
    assert_eq!(whole, Report::default());
}

fn refused(change: impl FnOnce(&mut Declaration)) -> String {
    let mut declared = declare("a b", Mode::Ordered, Unit::Visitor, HOUR);
    change(&mut declared);
    declared.check().expect_err("must be refused").to_string()
}

#[test]
fn what_cannot_be_counted_is_refused_with_a_reason() {
    let steps =
        |count: usize| declare(&vec!["a"; count].join(" "), Mode::Ordered, Unit::Visitor, 0);
    assert_eq!(steps(12).check(), Ok(()));
    assert_eq!(
        refused(|way| way.steps.truncate(1)),
        "funnel \"way\" has 1 steps; it can have 2 to 12"
    );
    assert!(steps(13).check().is_err());
    assert_eq!(
        refused(|way| way.window_micros = -1),
        "the window of funnel \"way\" must be 0 or more, and 366 days at most"
    );
    assert!(refused(|way| way.window_micros = i64::MAX).contains("366 days"));
    assert!(refused(|way| way.name.clear()).contains("1 to 64 letters"));
    assert!(refused(|way| way.name = "a:b".to_owned()).contains("no colon"));
    let twice = [steps(2), steps(3)];
    let id = |_: &str| NameId(0);
    assert_eq!(
        Funnels::new(&twice, id).expect_err("twice").to_string(),
        "two funnels are named \"way\""
    );
    let named = |number: usize| Declaration {
        name: number.to_string(),
        ..steps(12)
    };
    let many: Vec<Declaration> = (0..6).map(named).collect();
    assert_eq!(
        Funnels::new(&many, id).expect_err("72 steps").to_string(),
        "6 funnels with 72 steps; a store can have 16 with 63"
    );
    assert!(Funnels::new(&many[..5], id).is_ok());
}

fn check_unknown(name: &str, expected: &str) {
    let error = Happening::parse(name).expect_err("no type").to_string();
    assert_eq!(error, format!("there is no type \"{name}\"; {expected}"));
}

#[test]
fn an_unknown_type_is_refused_with_the_one_that_was_meant() {
    assert_eq!(
        Happening::parse("order"),
        Ok(Happening::Type(EventType::Order))
    );
    let own = Happening::Custom("order".to_owned());
    assert_eq!(Happening::parse("custom:order"), Ok(own));
    check_unknown("ordr", "did you mean \"order\"?");
    check_unknown("add_to_cart", "did you mean \"cart_add\"?");
    check_unknown("item_veiw", "did you mean \"item_view\"?");
    check_unknown("", "a name of the shop's own is written \"custom:NAME\"");
    check_unknown("qqq", "a name of the shop's own is written \"custom:NAME\"");
    check_unknown(
        "custom",
        "a name of the shop's own is written \"custom:NAME\"",
    );
}

#[test]
fn a_fingerprint_is_that_of_everything_declared() {
    let declared = || declare("a b", Mode::Ordered, Unit::Visitor, HOUR);
    let print = |change: fn(&mut Declaration)| {
        let mut declared = declared();
        change(&mut declared);
        ready(&[declared]).fingerprint()
    };
    let changes: [fn(&mut Declaration); 9] = [
        |_| {},
        |way| way.name.push('s'),
        |way| way.steps.reverse(),
        |way| way.window_micros += 1,
        |way| way.mode = Mode::Strict,
        |way| way.unit = Unit::Session,
        |way| way.steps[0].only.country = Some("DE".to_owned()),
        |way| way.steps[0].only.device = Some("DE".to_owned()),
        |way| way.steps[1].only.value_min = Some(Money(0)),
    ];
    let mut prints: Vec<u64> = changes.map(print).to_vec();
    assert_eq!(prints[0], ready(&[declared()]).fingerprint());
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), changes.len());
}

#[test]
fn a_mark_takes_a_line_of_the_cache_and_no_marks_take_eight_bytes() {
    assert_eq!((size_of::<Mark>(), size_of::<Marks>()), (64, 8));
}

#[test]
fn a_list_that_is_too_long_lets_its_oldest_quarter_go() {
    let declared = declare("a b", Mode::Ordered, Unit::Visitor, HOUR);
    let mut list = Marks(
        marks("10:00=a 11:00=a 12:00=a 13:00=a", &declared)
            .into_iter()
            .collect(),
    );
    assert_eq!(list.excess(4), None);
    let floor = list.excess(3).expect("one too many");
    list.let_go_before(floor);
    let left: Vec<String> = list.0.iter().map(|mark| clock(mark.rank.time)).collect();
    assert_eq!(left, ["11:00", "12:00", "13:00"]);
}
