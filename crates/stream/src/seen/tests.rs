//! The index against a plain set: the same verdicts, however much of it lies at rest.

use super::*;
use proptest::prelude::*;

fn mark(hour: i32, id: u128, content: u64) -> Mark {
    Mark { hour, id, content }
}

/// The same marks through the index and through a map, written after every so many: equal verdicts.
fn check(marks: &[Mark], marks_a_checkpoint: usize) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (checkpoints, _) = checkpoint::Checkpoints::open(dir.path(), 1).expect("a new folder");
    let folder = checkpoints.folder();
    let mut seen = Seen::new(ShardId(3));
    let mut at_rest = Table::default();
    let mut plain: BTreeMap<(i32, u128), u64> = BTreeMap::new();
    for (number, mark) in marks.iter().enumerate() {
        if number % marks_a_checkpoint == marks_a_checkpoint - 1 {
            let run = write([&seen].into_iter(), &folder).expect("a run");
            seen.rest();
            run.into_iter().for_each(|run| at_rest.push(run));
        }
        let expected = match plain.get(&(mark.hour, mark.id)) {
            None => Verdict::New,
            Some(content) if *content == mark.content => Verdict::Repeat,
            Some(_) => Verdict::Conflict,
        };
        plain.entry((mark.hour, mark.id)).or_insert(mark.content);
        let verdict = seen.insert(*mark, &at_rest).expect("a readable index");
        assert_eq!(verdict, expected, "{mark:?}");
    }
}

#[test]
fn an_id_counts_once_within_its_hour() {
    let marks = [(1, 7, 0), (1, 7, 0), (1, 7, 9), (2, 7, 0), (1, 7, 0)];
    check(
        &marks.map(|(hour, id, content)| mark(hour, id, content)),
        100,
    );
}

#[test]
fn ten_times_more_ids_than_are_in_memory_are_all_known_again() {
    let spread = |number: u64| u128::from(number.wrapping_mul(0x9E37_79B9_7F4A_7C15)) << 17;
    let marks: Vec<Mark> = (0..20_000)
        .map(|number| mark((number / 900) as i32, spread(number), number))
        .collect();
    let late = marks.iter().step_by(3).copied();
    let all: Vec<Mark> = marks.iter().copied().chain(late).collect();
    check(&all, 2_000);
}

#[test]
fn an_id_of_one_shard_is_none_of_another() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (checkpoints, _) = checkpoint::Checkpoints::open(dir.path(), 1).expect("a new folder");
    let mut one = Seen::new(ShardId(1));
    let nothing = Table::default();
    one.insert(mark(0, 7, 0), &nothing)
        .expect("a readable index");
    let mut at_rest = Table::default();
    let run = write([&one].into_iter(), &checkpoints.folder()).expect("a run");
    at_rest.push(run.expect("one id"));
    let verdict = |shard| {
        let verdict = Seen::new(ShardId(shard)).insert(mark(0, 7, 0), &at_rest);
        verdict.expect("a readable index")
    };
    assert_eq!((verdict(1), verdict(2)), (Verdict::Repeat, Verdict::New));
}

proptest! {
    #[test]
    fn any_marks_in_any_order_get_the_verdicts_of_a_plain_set(
        marks in prop::collection::vec((0_i32..4, 0_u128..60, 0_u64..2), 0..400),
        marks_a_checkpoint in 1_usize..40,
    ) {
        let marks: Vec<Mark> = marks.into_iter().map(|(hour, id, content)| mark(hour, id, content)).collect();
        check(&marks, marks_a_checkpoint);
    }
}
