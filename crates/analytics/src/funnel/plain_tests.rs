//! Funnels counted anew in the plainest way, by trying every choice of events, and held against the rules: random stories
//! in random order, in two lists that meet, and thinned.

use super::tests::{declare, mark, ready, rows};
use super::*;
use event::EventTime;
use event::time::{DAY, HOUR, MINUTE};
use proptest::prelude::*;

/// Every choice of one event for each of the first steps; `is_allowed` judges what was chosen so far.
fn choices(
    marks: &[Mark],
    steps: usize,
    is_allowed: &dyn Fn(&[usize]) -> bool,
    found: &mut dyn FnMut(&[usize]),
) {
    let mut open: Vec<Vec<usize>> = vec![Vec::new()];
    while let Some(chosen) = open.pop() {
        if !chosen.is_empty() {
            found(&chosen);
        }
        if chosen.len() == steps {
            continue;
        }
        for (at, mark) in marks.iter().enumerate() {
            let longer: Vec<usize> = chosen.iter().copied().chain([at]).collect();
            if mark.steps.0 >> chosen.len() & 1 == 1 && is_allowed(&longer) {
                open.push(longer);
            }
        }
    }
}

type Entries = std::ops::Range<i64>;

/// The best way in order: furthest, then begun last, then each step as early as can be.
fn ordered(marks: &[Mark], declared: &Declaration, entries: &Entries) -> Option<Vec<usize>> {
    let time = |at: usize| marks[at].rank.time.0;
    let is_allowed = |chosen: &[usize]| {
        let last = chosen[chosen.len() - 1];
        entries.contains(&time(chosen[0]))
            && chosen.is_sorted_by(|one, other| one < other)
            && time(last) - time(chosen[0]) <= declared.window_micros
    };
    let mut best: Option<Vec<usize>> = None;
    let rank = |way: &[usize]| {
        let early: Vec<i64> = way[1..].iter().map(|at| -(*at as i64)).collect();
        (way.len(), way[0], early)
    };
    choices(marks, declared.steps.len(), &is_allowed, &mut |way| {
        if best.as_ref().is_none_or(|best| rank(way) > rank(best)) {
            best = Some(way.to_vec());
        }
    });
    best
}

/// The best way in order up to the first event that is neither the next step nor one that was reached before it.
fn strict(marks: &[Mark], declared: &Declaration, entries: &Entries) -> Option<Vec<usize>> {
    let is_entry = |mark: &Mark| mark.steps.0 & 1 == 1 && entries.contains(&mark.rank.time.0);
    let first = marks.iter().position(is_entry)?;
    let mut end = first + 1;
    while end < marks.len() {
        let reached = ordered(&marks[..end], declared, entries).map_or(0, |way| way.len());
        let allowed = (1_u64 << (reached + 1).min(declared.steps.len())) - 1;
        if marks[end].steps.0 & allowed == 0 {
            break;
        }
        end += 1;
    }
    ordered(&marks[..end], declared, entries)
}

/// How many of the first steps can have an event each within one window, in any order.
fn any_order(marks: &[Mark], declared: &Declaration, entries: &Entries) -> usize {
    let time = |at: &usize| marks[*at].rank.time.0;
    let is_allowed = |chosen: &[usize]| {
        let (last, before) = chosen.split_last().expect("one was chosen");
        let times = || chosen.iter().map(time);
        let span = times().max().unwrap_or(0) - times().min().unwrap_or(0);
        entries.contains(&time(&chosen[0]))
            && !before.contains(last)
            && span <= declared.window_micros
    };
    let mut furthest = 0;
    choices(marks, declared.steps.len(), &is_allowed, &mut |way| {
        furthest = furthest.max(way.len());
    });
    furthest
}

/// Whether these steps can have been reached so: each by an event of its own, within the window.
fn is_possible(marks: &[Mark], declared: &Declaration, row: &Row) -> bool {
    let done: Vec<i64> = row.steps.iter().map(|step| step.done.0).collect();
    let values: Vec<i64> = row.steps.iter().map(|step| step.value.0).collect();
    let mut is_possible = false;
    let is_allowed = |chosen: &[usize]| {
        let step = chosen.len() - 1;
        let times = || chosen.iter().map(|at| marks[*at].rank.time.0);
        let (min, max) = (times().min().unwrap_or(0), times().max().unwrap_or(0));
        step < done.len()
            && max == done[step]
            && max - min <= declared.window_micros
            && marks[chosen[step]].value.0 == values[step]
            && !chosen[..step].contains(&chosen[step])
    };
    choices(marks, done.len(), &is_allowed, &mut |way| {
        is_possible |= way.len() == done.len();
    });
    is_possible
}

/// The periods for which a visitor's rows are told.
fn periods(marks: &[Mark]) -> Vec<(Period, Entries)> {
    let entries = marks.iter().filter(|mark| mark.steps.0 & 1 == 1);
    let mut days: Vec<i64> = entries
        .map(|mark| mark.rank.time.0.div_euclid(DAY))
        .collect();
    days.dedup();
    let ever = (!days.is_empty()).then_some((Period::Ever, i64::MIN..i64::MAX));
    let day = |day: i64| {
        (
            Period::Day(EventTime(day * DAY)),
            day * DAY..(day + 1) * DAY,
        )
    };
    ever.into_iter().chain(days.into_iter().map(day)).collect()
}

fn check_rows(marks: &[Mark], declared: &Declaration, rows: &[Row]) {
    let periods = periods(marks);
    let expected: Vec<Period> = periods.iter().map(|(period, _)| *period).collect();
    assert_eq!(
        rows.iter().map(|row| row.period).collect::<Vec<_>>(),
        expected
    );
    for (row, (_, entries)) in rows.iter().zip(&periods) {
        let way = match declared.mode {
            Mode::Ordered => ordered(marks, declared, entries),
            Mode::Strict => strict(marks, declared, entries),
            Mode::AnyOrder => {
                assert_eq!(row.steps.len(), any_order(marks, declared, entries));
                assert!(is_possible(marks, declared, row), "{row:?}");
                continue;
            }
        };
        let told: Vec<_> = row
            .steps
            .iter()
            .map(|step| (step.done, step.value))
            .collect();
        let way = way.expect("entered").into_iter().map(|at| &marks[at]);
        let plain: Vec<_> = way.map(|mark| (mark.rank.time, mark.value)).collect();
        assert_eq!(told, plain);
        let first = marks
            .iter()
            .find(|mark| mark.steps.0 & 1 == 1 && entries.contains(&mark.rank.time.0));
        assert_eq!(Some(row.entered), first.map(|mark| mark.rank.time));
    }
}

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![
        Just(Mode::Ordered),
        Just(Mode::Strict),
        Just(Mode::AnyOrder)
    ]
}

/// A funnel and what happened: quarters of days, so that many things happen at one instant. Names, and any other steps: with
/// conditions one event can be this step and that.
fn story() -> impl Strategy<Value = (Declaration, Vec<Mark>)> {
    let ways = prop::sample::select(vec!["a b", "a b c", "a a b", "a b a", "b a a a", "a b b c"]);
    let name = prop::sample::select(vec!["a", "b", "c", "x"]);
    let events = prop::collection::vec((0..16_i64, name, prop::option::of(0..16_u64)), 1..9);
    (ways, mode(), 0..8_i64, events).prop_map(|(steps, mode, quarters, events)| {
        let declared = declare(steps, mode, Unit::Visitor, quarters * 6 * HOUR);
        let all_steps = (1 << declared.steps.len()) - 1;
        let of = |((quarter, name, steps), number): ((i64, &str, Option<u64>), u32)| {
            let named = mark(name, EventTime(quarter * 6 * HOUR), number, &declared);
            Mark {
                value: Money(i64::from(number)),
                steps: steps.map_or(named.steps, |steps| Steps(steps & all_steps)),
                ..named
            }
        };
        let marks = events.into_iter().zip(1..).map(of).collect();
        (declared, marks)
    })
}

fn list(marks: &[Mark], funnels: &Funnels) -> Marks {
    let mut list = Marks::default();
    marks.iter().for_each(|mark| list.observe(*mark, funnels));
    list.thin(funnels);
    list
}

fn sorted(marks: impl IntoIterator<Item = Mark>) -> Vec<Mark> {
    let mut marks: Vec<Mark> = marks.into_iter().collect();
    marks.sort_by_key(|mark| mark.rank);
    marks
}

/// Funnels that keep next to nothing by itself.
fn thinning(declared: &Declaration) -> Funnels {
    let mut funnels = ready(std::slice::from_ref(declared));
    (funnels.fine_marks_max, funnels.slot_micros) = (3, 10 * MINUTE);
    funnels
}

/// Slots in each of which one thing happens over and over, as it does when a robot looks at pages.
fn runs() -> impl Strategy<Value = (Declaration, Vec<Mark>)> {
    let run = (
        prop::sample::select(vec!["a", "b", "c", "x"]),
        1..6_i64,
        0..400_i64,
    );
    let steps = prop::sample::select(vec!["a b", "a b c", "b a c"]);
    let runs = prop::collection::vec(run, 1..5);
    (steps, mode(), 0..60_i64, runs).prop_map(|(steps, mode, minutes, runs)| {
        let declared = declare(steps, mode, Unit::Visitor, minutes * MINUTE);
        let mut marks = Vec::new();
        for ((name, count, step), slot) in runs.into_iter().zip(140_i64..) {
            for at in 0..count {
                let seconds = slot * 600 + (at * step) % 600;
                let number = marks.len() as u32 + 1;
                let time = EventTime(seconds * event::time::SECOND);
                marks.push(mark(name, time, number, &declared));
            }
        }
        (declared, sorted(marks))
    })
}

/// Everything that can happen, some seconds after one another.
fn mixtures() -> impl Strategy<Value = (Declaration, Vec<Mark>)> {
    let happening = (prop::sample::select(vec!["a", "b", "c", "x"]), 0..90_i64);
    let steps = prop::sample::select(vec!["a b", "a b c", "b a c", "a a b"]);
    let happenings = prop::collection::vec(happening, 1..20);
    (steps, mode(), 0..60_i64, happenings).prop_map(|(steps, mode, minutes, happenings)| {
        let declared = declare(steps, mode, Unit::Visitor, minutes * MINUTE);
        let mut time = EventTime(DAY - 20 * MINUTE);
        let of = |((name, seconds), number): ((&str, i64), u32)| {
            time.0 += seconds * event::time::SECOND;
            mark(name, time, number, &declared)
        };
        let marks = happenings.into_iter().zip(1..).map(of).collect();
        (declared, marks)
    })
}

proptest! {
    #[test]
    fn every_way_is_the_one_that_trying_all_of_them_finds((declared, marks) in story()) {
        let funnels = ready(std::slice::from_ref(&declared));
        let marks = sorted(marks);
        check_rows(&marks, &declared, &rows(&funnels, &marks));
    }

    #[test]
    fn neither_order_nor_the_way_a_story_is_split_matters(
        ((declared, marks), seed) in (story(), any::<prop::sample::Index>()),
    ) {
        let funnels = ready(std::slice::from_ref(&declared));
        let mut shuffled = marks.clone();
        shuffled.rotate_left(seed.index(marks.len()));
        let (one, other) = shuffled.split_at(seed.index(marks.len()));
        let (one, other) = (list(one, &funnels), list(other, &funnels));
        let both = sorted(one.0.iter().chain(&other.0).copied());
        prop_assert_eq!(&both, &sorted(marks.clone()));
        prop_assert_eq!(rows(&funnels, &both), rows(&funnels, &sorted(marks)));
    }

    #[test]
    fn what_is_kept_of_a_long_story_follows_from_its_events_alone(
        ((declared, marks), seed) in (prop_oneof![runs(), mixtures()], any::<prop::sample::Index>()),
    ) {
        let funnels = thinning(&declared);
        let whole = Marks(sorted(marks.clone()).into_iter().collect());
        let whole = { let mut whole = whole; whole.thin(&funnels); whole };
        let mut shuffled = marks.clone();
        shuffled.rotate_left(seed.index(marks.len()));
        shuffled[..seed.index(marks.len())].reverse();
        let mut thinned_often = Marks::default();
        for mark in &shuffled {
            thinned_often.observe(*mark, &funnels);
            thinned_often.thin(&funnels);
        }
        prop_assert_eq!(&thinned_often, &whole);
        prop_assert_eq!(&list(&shuffled, &funnels), &whole);
    }

    #[test]
    fn what_is_kept_of_a_long_story_never_says_more_than_the_whole((declared, marks) in mixtures()) {
        let funnels = thinning(&declared);
        let thinned = list(&marks, &funnels);
        let (told, whole) = (rows(&funnels, &thinned.0), rows(&funnels, &marks));
        let keys = |rows: &[Row]| rows.iter().map(|row| (row.period, row.entered)).collect::<Vec<_>>();
        prop_assert_eq!(keys(&told), keys(&whole));
        let is_no_more = |(told, whole): (&Row, &Row)| told.steps.len() <= whole.steps.len();
        prop_assert!(told.iter().zip(&whole).all(is_no_more), "{:?} for {:?}", told, whole);
    }

    #[test]
    fn slots_in_which_one_thing_happens_over_and_over_lose_nothing((declared, marks) in runs()) {
        let funnels = thinning(&declared);
        let thinned = list(&marks, &funnels);
        let (told, whole) = (rows(&funnels, &thinned.0), rows(&funnels, &marks));
        if declared.mode == Mode::AnyOrder {
            let reached = |rows: &[Row]| {
                let reached = rows.iter().map(|row| (row.period, row.entered, row.steps.len()));
                reached.collect::<Vec<_>>()
            };
            prop_assert_eq!(reached(&told), reached(&whole));
        } else {
            prop_assert_eq!(told, whole);
        }
    }
}

#[test]
fn a_million_page_views_of_one_person_stay_few_and_say_the_same() {
    let declared = declare("a b", Mode::Strict, Unit::Visitor, HOUR);
    let funnels = ready(std::slice::from_ref(&declared));
    let mut marks = Marks::default();
    // Ten a second for 28 hours, and one thing bought in the middle of them.
    for number in 0..1_000_000_u32 {
        let name = if number == 600_000 { "b" } else { "a" };
        let time = EventTime(DAY + i64::from(number) * event::time::SECOND / 10);
        marks.observe(mark(name, time, number, &declared), &funnels);
        assert!(marks.0.len() < 2_000, "{}", marks.0.len());
    }
    marks.thin(&funnels);
    let slots = 100_000 / 300 + 1;
    assert!(
        marks.0.len() <= FINE_MARKS_MAX + 2 * slots + 1,
        "{}",
        marks.0.len()
    );
    let steps = rows(&funnels, &marks.0);
    let steps: Vec<usize> = steps.iter().map(|row| row.steps.len()).collect();
    assert_eq!(steps, [2, 2, 1]);
}

/// What was in the way is among the marks that were let go: the first and the last of its kind in the slot stay.
#[test]
fn a_way_is_not_straight_because_what_was_in_it_was_let_go() {
    let declared = declare("a b", Mode::Strict, Unit::Visitor, HOUR);
    let funnels = thinning(&declared);
    let names = ["x", "a", "x", "b", "x", "x", "x", "x"];
    let marks = names.into_iter().zip(1..).map(|(name, number)| {
        mark(
            name,
            EventTime(DAY + i64::from(number) * MINUTE),
            number,
            &declared,
        )
    });
    let marks: Vec<Mark> = marks.collect();
    let thinned = list(&marks, &funnels);
    assert_eq!(thinned.0.len(), marks.len() - 1, "one is let go");
    let reached = |marks: &[Mark]| rows(&funnels, marks)[0].steps.len();
    assert_eq!((reached(&marks), reached(&thinned.0)), (1, 1));
}

#[test]
fn a_hundred_thousand_marks_in_any_order_reach_what_their_windows_hold() {
    // Every window holds an a and a b, and none two of each.
    let declared = declare("a a b b", Mode::AnyOrder, Unit::Visitor, 3 * MINUTE);
    let funnels = ready(std::slice::from_ref(&declared));
    let marks = (0..100_000_u32).map(|number| {
        let name = if number % 2 == 0 { "a" } else { "b" };
        let time = EventTime(DAY + i64::from(number) * 2 * MINUTE);
        mark(name, time, number, &declared)
    });
    let marks: Vec<Mark> = marks.collect();
    assert!(
        rows(&funnels, &marks)
            .iter()
            .all(|row| row.steps.len() == 1)
    );
}
