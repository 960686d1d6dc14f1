//! The promise in full: final tables are a function of the set of events. Any order, any split into frames and rounds, any
//! repetition, 1, 2 and 8 workers, and a line that ends after any frame: the tables stay the same, and they are what a
//! plain recount of the list says.
//!
//! 256 cases each; `PROPTEST_CASES=10000` makes them as many as the long proof wants.

use super::harness::{
    Delivery, Frame, Run, Tables, Told, counted, differences, log, log_received, of_scores,
    of_time, tables,
};
use super::lives::{Resting, resume};
use super::recount::{recount, said};
use super::shop::{Plan, delivered, plans};
use event::EventTime;
use event::frame::FrameBuilder;
use event::time::{MINUTE, SECOND};
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

/// These events with pauses between their frames, some of which end with a tick.
fn paused(told: &[Told], delivery: Delivery, pauses_seconds: &[(i64, bool)]) -> Vec<Frame> {
    let newest = told.iter().filter_map(|(_, event)| event.time).max();
    let newest = newest.expect("a plan has events");
    let pauses = || pauses_seconds.iter().cycle();
    let received = |number: u64| {
        let passed = pauses().take(number as usize).map(|(pause, _)| pause);
        EventTime(newest.0 + passed.sum::<i64>() * SECOND)
    };
    let mut frames = Vec::new();
    for (frame, (_, has_tick)) in log_received(told, delivery, received)
        .into_iter()
        .zip(pauses())
    {
        let offset = frame.first_offset + frame.body.events.len() as u64;
        let tick = EventTime(received(frame.number).0 - MINUTE / 2);
        frames.push(frame);
        if *has_tick {
            let mut body = FrameBuilder::new().finish();
            body.notes.tick = Some(tick);
            frames.push(Frame {
                number: 0,
                first_offset: offset,
                body,
            });
        }
    }
    for (number, frame) in (0..).zip(&mut frames) {
        frame.number = number;
    }
    frames
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
        let told = plan.told();
        let frames = log(&told, delivery);
        let resumed = resume(delivery, resting, &frames, &lives_rounds).end(told.len());
        prop_assert_eq!(differences(&counted(resumed), &plainly(&plan)), "");
    }

    #[test]
    fn lines_that_end_anywhere_tell_time_as_one_that_never_ends(
        plan in plans(),
        (delivery, resting) in (deliveries(), restings()),
        lives_rounds in prop::collection::vec(0..8_usize, 0..4),
        pauses_seconds in prop::collection::vec((0..100_i64, any::<bool>()), 1..9),
    ) {
        let told = plan.told();
        let frames = paused(&told, delivery, &pauses_seconds);
        let mut run = Run::start(Delivery { frames_a_round: 1, ..delivery });
        run.read(&frames);
        let resumed = resume(delivery, resting, &frames, &lives_rounds);
        prop_assert_eq!(differences(&of_time(&resumed.view), &of_time(&run.view)), "");
        // Ticks lift the instant as of which carts are abandoned, so not what the plain tables say.
        let (resumed, never_ending) = (resumed.end(told.len()), run.end(told.len()));
        prop_assert_eq!(differences(&counted(resumed), &counted(never_ending)), "");
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

proptest! {
    // Three runs a case, one of them with many lives.
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases / 4,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_same_log_has_the_same_cut_points_whatever_the_rounds_workers_and_restarts(
        plan in plans(),
        (delivery, resting) in (deliveries(), restings()),
        lives_rounds in prop::collection::vec(0..8_usize, 0..4),
        pauses_seconds in prop::collection::vec((0..50_000_i64, any::<bool>()), 1..9),
    ) {
        let told = plan.told();
        let frames = paused(&told, delivery, &pauses_seconds);
        let mut plain = Run::start(Delivery { workers: 1, frames_a_round: 1, ..delivery });
        plain.read(&frames);
        let expected = of_scores(&plain.view);
        let many = Delivery { frames_a_round: usize::MAX, ..delivery };
        let mut at_once = Run::start(many);
        at_once.read(&frames);
        prop_assert_eq!(differences(&of_scores(&at_once.view), &expected), "");
        let resumed = resume(delivery, resting, &frames, &lives_rounds);
        prop_assert_eq!(differences(&of_scores(&resumed.view), &expected), "");
    }
}
