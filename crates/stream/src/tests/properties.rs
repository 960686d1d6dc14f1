//! The promise in full: final tables are a function of the set of events. Any order, any split into frames and rounds, any
//! repetition, 1, 2 and 8 workers, and a line that ends after any frame: the tables stay the same, and they are what a
//! plain recount of the list says.
//!
//! 256 cases each; `PROPTEST_CASES=10000` makes them as many as the long proof wants.

use super::harness::{Delivery, Run, Tables, counted, differences, log, tables};
use super::lives::{Resting, resume};
use super::recount::{recount, said};
use super::shop::{Plan, delivered, plans};
use proptest::prelude::*;
use proptest::sample::Index;

fn deliveries() -> impl Strategy<Value = Delivery> {
    let workers = prop::sample::select(vec![1, 2, 8]);
    let delivery = (workers, 1..20_usize, 1..4_usize);
    delivery.prop_map(|(workers, frame_rows, frames_a_round)| Delivery {
        workers,
        frame_rows,
        frames_a_round,
    })
}

fn plainly(plan: &Plan) -> Tables {
    counted(tables(&plan.told(), Delivery::PLAIN))
}

fn restings() -> impl Strategy<Value = Resting> {
    let cells_max = prop::sample::select(vec![0, 100, usize::MAX]);
    let resting = (1..4_usize, 0..3_usize, cells_max);
    resting.prop_map(|(every_rounds, delay_rounds, cells_max)| Resting {
        every_rounds,
        delay_rounds,
        cells_max,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_split_repetition_and_number_of_workers_give_the_same_tables(
        plan in plans(),
        again in prop::collection::vec(any::<Index>(), 0..12),
        order in any::<u64>(),
        delivery in deliveries(),
    ) {
        let events = delivered(&plan.told(), &again, order);
        let found = counted(tables(&events, delivery));
        prop_assert_eq!(differences(&found, &plainly(&plan)), "");
    }

    #[test]
    fn the_tables_say_what_a_plain_recount_says(plan in plans(), delivery in deliveries()) {
        let told = plan.told();
        prop_assert_eq!(said(&tables(&told, delivery)), recount(&told));
    }

    #[test]
    fn lines_that_end_anywhere_are_taken_over_exactly_from_whatever_checkpoint_stands(
        plan in plans(),
        delivery in deliveries(),
        resting in restings(),
        lives_rounds in prop::collection::vec(0..8_usize, 0..4),
    ) {
        let frames = log(&plan.told(), delivery);
        let resumed = counted(resume(delivery, resting, &frames, &lives_rounds));
        prop_assert_eq!(differences(&resumed, &plainly(&plan)), "");
    }

    #[test]
    fn a_log_that_goes_on_after_a_look_says_the_same(
        plan in plans(),
        delivery in deliveries(),
        looked in any::<Index>(),
    ) {
        let frames = log(&plan.told(), delivery);
        let (first, rest) = frames.split_at(looked.index(frames.len() + 1));
        let mut run = Run::start(delivery);
        run.read(first);
        run.read(rest);
        prop_assert_eq!(differences(&counted(run.end(plan.told().len())), &plainly(&plan)), "");
    }
}
