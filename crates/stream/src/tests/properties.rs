//! The promise in full: final tables are a function of the set of events. Any order, any split into frames and rounds, any
//! repetition, 1, 2 and 8 workers, and a line that ends after any frame: the tables stay the same, and they are what a
//! plain recount of the list says.
//!
//! 256 cases each; `PROPTEST_CASES=10000` makes them as many as the long proof wants.

use super::harness::{Delivery, Resume, Run, Tables, counted, differences, log, replay, tables};
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

/// Whether a line that takes over after some frame leaves what one that never ended does.
fn check_resumed(
    resume: Resume,
    plan: &Plan,
    delivery: Delivery,
    killed: Index,
) -> Result<(), TestCaseError> {
    let frames = log(&plan.told(), delivery);
    let (first, rest) = frames.split_at(killed.index(frames.len() + 1));
    let resumed = counted(resume(delivery, first, rest));
    prop_assert_eq!(differences(&resumed, &plainly(plan)), "");
    Ok(())
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
    fn a_line_that_ends_after_any_frame_is_taken_over_exactly(
        plan in plans(),
        delivery in deliveries(),
        killed in any::<Index>(),
    ) {
        check_resumed(replay, &plan, delivery, killed)?;
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
