//! The index against a plain set: the same verdicts, however little of it fits in memory.

use super::*;
use proptest::prelude::*;

fn mark(hour: i32, id: u128, content: u64) -> Mark {
    Mark { hour, id, content }
}

fn known(seen: &Seen) -> u64 {
    seen.in_memory as u64 + seen.runs.iter().map(Run::len).sum::<u64>()
}

/// The same marks through the index and through a map: equal verdicts, and nothing dropped wrongly.
fn check(marks: &[Mark], in_memory_max: usize) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut seen = Seen::new(Some(&dir.path().join("ids")), in_memory_max).expect("an empty index");
    let mut plain: BTreeMap<(i32, u128), u64> = BTreeMap::new();
    for mark in marks {
        let expected = match plain.get(&(mark.hour, mark.id)) {
            None => Verdict::New,
            Some(content) if *content == mark.content => Verdict::Repeat,
            Some(_) => Verdict::Conflict,
        };
        plain.entry((mark.hour, mark.id)).or_insert(mark.content);
        let verdict = seen.insert(*mark).expect("a readable index");
        assert_eq!(verdict, expected, "{mark:?}");
    }
    assert_eq!(known(&seen), plain.len() as u64);
}

#[test]
fn an_id_counts_once_within_its_hour() {
    check(
        &[
            mark(1, 7, 0),
            mark(1, 7, 0),
            mark(1, 7, 9),
            mark(2, 7, 0),
            mark(1, 7, 0),
        ],
        100,
    );
}

#[test]
fn ten_times_more_ids_than_fit_are_all_known_again() {
    let spread = |number: u64| u128::from(number.wrapping_mul(0x9E37_79B9_7F4A_7C15)) << 17;
    let marks: Vec<Mark> = (0..20_000)
        .map(|number| mark((number / 900) as i32, spread(number), number))
        .collect();
    let late = marks.iter().step_by(3).copied();
    let all: Vec<Mark> = marks.iter().copied().chain(late).collect();
    check(&all, 500);
}

#[test]
fn files_stay_few_while_runs_are_merged() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut seen = Seen::new(Some(dir.path()), 16).expect("an empty index");
    for number in 0..20_000 {
        seen.insert(mark(number / 100, number as u128, 0))
            .expect("a writable index");
    }
    let files = std::fs::read_dir(dir.path()).expect("a folder").count();
    assert!(files <= RUNS_OF_A_SIZE_MAX * 5, "{files} files");
    assert_eq!(known(&seen), 20_000);
}

#[test]
fn what_an_earlier_process_left_is_not_believed() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let index = |dir: &Path| Seen::new(Some(dir), 2).expect("an empty index");
    let mut first = index(dir.path());
    for id in 0..10 {
        first.insert(mark(0, id, 0)).expect("a writable index");
    }
    drop(first);
    let mut second = index(dir.path());
    let verdict = second.insert(mark(0, 3, 0)).expect("a readable index");
    assert_eq!(verdict, Verdict::New);
}

proptest! {
    #[test]
    fn any_marks_in_any_order_get_the_verdicts_of_a_plain_set(
        marks in prop::collection::vec((0_i32..4, 0_u128..60, 0_u64..2), 0..400),
        in_memory_max in 1_usize..40,
    ) {
        let marks: Vec<Mark> = marks.into_iter().map(|(hour, id, content)| mark(hour, id, content)).collect();
        check(&marks, in_memory_max);
    }
}
