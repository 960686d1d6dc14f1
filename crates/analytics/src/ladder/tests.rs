//! Claims about ladders: what is exact, what becomes coarse, and that the order of adding never shows.

use super::*;
use proptest::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Sum(i64);

impl Value for Sum {
    fn merge(&mut self, other: &Self) {
        self.0 += other.0;
    }

    fn is_nothing(&self) -> bool {
        self.0 == 0
    }
}

const TINY: Rungs = Rungs {
    fine_max: 3,
    slots_max: 2,
};

fn ladder(things: &[(i64, i64)], rungs: &Rungs) -> Ladder<EventTime, Sum> {
    let mut ladder = Ladder::default();
    for (time, value) in things {
        ladder.add(EventTime(*time), Sum(*value), rungs);
    }
    ladder
}

fn said(ladder: &Ladder<EventTime, Sum>) -> String {
    let said: Vec<String> = ladder
        .iter()
        .map(|(time, sum)| match time.0 {
            i64::MIN => format!("before:{}", sum.0),
            micros => format!("{}s:{}", micros as f64 / 1e6, sum.0),
        })
        .collect();
    said.join(" ")
}

fn check(seconds: &[f64], expected: &str) {
    let things: Vec<(i64, i64)> = (seconds.iter())
        .map(|second| ((second * 1e6) as i64, 1))
        .collect();
    assert_eq!(said(&ladder(&things, &TINY)), expected);
}

#[test]
fn few_things_are_kept_as_they_are() {
    check(&[2.5, 1.25, 2.75], "1.25s:1 2.5s:1 2.75s:1");
}

#[test]
fn the_oldest_fall_into_seconds_then_minutes_and_so_on() {
    check(&[1.25, 1.5, 2.5, 2.75, 9.0], "1s:2 2.5s:1 2.75s:1 9s:1");
    check(
        &[1.5, 2.5, 3.5, 61.0, 62.0, 63.0],
        "0s:1 2s:1 3s:1 61s:1 62s:1 63s:1",
    );
}

#[test]
fn a_late_thing_falls_to_the_rung_of_its_age() {
    check(
        &[61.0, 62.0, 63.0, 3.5, 2.5, 1.5],
        "0s:1 2s:1 3s:1 61s:1 62s:1 63s:1",
    );
}

#[test]
fn what_was_taken_back_leaves_no_trace() {
    assert_eq!(
        said(&ladder(&[(5, 2), (6, 1), (5, -2)], &TINY)),
        "0.000006s:1"
    );
    assert_eq!(said(&ladder(&[(5, 0)], &TINY)), "");
}

#[test]
fn both_ends_of_time_are_only_far_away() {
    let things = [
        (i64::MIN, 1),
        (i64::MAX, 1),
        (0, 1),
        (i64::MIN + 5, 1),
        (i64::MAX - 5, 1),
    ];
    let ladder = ladder(&things, &TINY);
    assert_eq!(ladder.iter().map(|(_, sum)| sum.0).sum::<i64>(), 5);
}

#[test]
fn a_million_things_take_the_room_of_the_rungs() {
    let mut ladder = Ladder::default();
    for second in 0..1_000_000 {
        ladder.add(EventTime(second * 40 * SECOND), Sum(1), &Rungs::default());
    }
    assert!(ladder.len() <= 7 * ENTRIES_MAX, "{}", ladder.len());
    assert_eq!(ladder.iter().map(|(_, sum)| sum.0).sum::<i64>(), 1_000_000);
}

/// The rungs by their definition: the newest by themselves, of the rest the newest slots, and so on.
fn laid_out(things: &[(i64, i64)], rungs: &Rungs) -> String {
    let mut rest: std::collections::BTreeMap<i64, i64> = Default::default();
    for (time, value) in things {
        *rest.entry(*time).or_default() += value;
    }
    let mut said = Vec::new();
    let widths = [1].into_iter().chain(WIDTHS_MICROS);
    for (rung, width) in widths.enumerate() {
        let kept_max = if rung == 0 {
            rungs.fine_max
        } else {
            rungs.slots_max
        };
        let slot = |time: &i64| time.div_euclid(width) * width;
        let mut slots: Vec<i64> = rest.keys().map(slot).collect();
        slots.dedup();
        let kept = slots.len().saturating_sub(kept_max);
        for start in slots.split_off(kept).into_iter().rev() {
            let sum: i64 = rest
                .extract_if(start..start + width, |_, _| true)
                .map(|(_, value)| value)
                .sum();
            said.push(format!("{}s:{sum}", start as f64 / 1e6));
        }
    }
    let before: i64 = rest.values().sum();
    said.extend((before > 0).then(|| format!("before:{before}")));
    said.reverse();
    said.join(" ")
}

fn things() -> impl Strategy<Value = Vec<(i64, i64)>> {
    let width = prop::sample::select(vec![1, SECOND / 4, SECOND, MINUTE, HOUR, DAY, 40 * DAY]);
    let time = (width, 0..12_i64).prop_map(|(width, count)| 1_000 * DAY + width * count);
    prop::collection::vec((time, 1..5_i64), 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_any_order_the_rungs_are_those_of_the_whole_set(
        (given, shuffled) in things().prop_flat_map(|things| (Just(things.clone()), Just(things).prop_shuffle())),
        fine_max in 1..6_usize,
        slots_max in 1..4_usize,
    ) {
        let rungs = Rungs { fine_max, slots_max };
        prop_assert_eq!(ladder(&given, &rungs), ladder(&shuffled, &rungs));
        prop_assert_eq!(said(&ladder(&shuffled, &rungs)), laid_out(&given, &rungs));
    }
}
