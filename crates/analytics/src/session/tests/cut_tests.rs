//! Claims about midnight and campaigns, and a recount that knows no pieces: event after event in a list.

use super::*;
use proptest::prelude::*;

const MIDNIGHT: Rules = Rules {
    ends_at_midnight: true,
    cap_micros: DAY,
    ..SHORT
};
const CAMPAIGNS: Rules = Rules {
    campaign_begins_one: true,
    cap_micros: DAY,
    ..SHORT
};

#[test]
fn a_session_ends_at_midnight_of_the_stores_clock_where_the_store_says_so() {
    let events = "21:50 21:59:59 22:00 22:10";
    check(events, "21:50-22:10 x4 by 1");
    check_with(
        &MIDNIGHT,
        events,
        "21:50-21:59:59 x2 by 1 | 22:00-22:10 x2 by 3",
    );
    let slots = Rules {
        slot_micros: SLOT_MICROS,
        ..MIDNIGHT
    };
    check_with(
        &slots,
        events,
        "21:50-21:59:59 x2 by 1 | 22:00-22:10 x2 by 3",
    );
}

#[test]
fn who_comes_by_another_campaign_begins_another_session_where_the_store_says_so() {
    let events = "10:00 10:10@a 10:20 10:25@a 10:30@b 10:40 10:45@a";
    check(events, "10:00-10:45 x7 by 1");
    check_with(
        &CAMPAIGNS,
        events,
        "10:00-10:00 x1 by 1 | 10:10-10:25 x3 by 2 | 10:30-10:40 x2 by 5 | 10:45-10:45 x1 by 7",
    );
}

#[test]
fn a_session_that_began_with_a_campaign_goes_on_without_its_mark() {
    check_with(&CAMPAIGNS, "10:00@a 10:10 10:20", "10:00-10:20 x3 by 1");
    check_with(&CAMPAIGNS, "10:20 10:00@a 10:10", "10:00-10:20 x3 by 2");
}

#[test]
fn what_surrounds_a_click_within_a_minute_stays_with_what_came_before() {
    let minutes = Rules {
        slot_micros: SLOT_MICROS,
        ..CAMPAIGNS
    };
    // Of one key: two keys have pieces of their own, and so tell more.
    let check = |events: &str, expected: &str| {
        let mut visits = visits(events);
        for _ in 0..visits.len() {
            visits.rotate_left(1);
            assert_eq!(said(&minutes.cut(&pieces(&visits, &minutes).0)), expected);
        }
    };
    check(
        "10:00:10 10:00:20@a 10:00:30 10:01",
        "10:00:10-10:00:30 x2 by 1 | 10:00:20-10:01 x2 by 2",
    );
    // What ended last decides how long it was silent.
    check(
        "10:00:10 10:00:20@a 10:00:50 10:30:45",
        "10:00:10-10:00:50 x2 by 1 | 10:00:20-10:30:45 x2 by 2",
    );
}

#[test]
fn of_one_instant_all_is_one_session() {
    check_with(&CAMPAIGNS, "10:00 10:00@a 10:00@b", "10:00-10:00 x3 by 1");
}

#[test]
fn given_ids_know_better_than_midnight_and_campaigns() {
    let given = Rules {
        uses_given_ids: true,
        ..MIDNIGHT
    };
    check_with(&given, "21:50#a 22:10#a", "21:50-22:10 x2 by 1");
}

/// All events in their order, one after the other.
fn recount(visits: &[Visit], rules: &Rules) -> Vec<(i64, i64, u32)> {
    let mut visits = visits.to_vec();
    visits.sort_by_key(|visit| visit.rank);
    let mut runs: Vec<Vec<Visit>> = Vec::new();
    for visit in visits {
        let goes_on = runs.last().is_some_and(|run| {
            let (first, last) = (run[0], run[run.len() - 1]);
            let time = visit.rank.time.0;
            let is_new_day = (time + 2 * HOUR) / DAY != (first.rank.time.0 + 2 * HOUR) / DAY;
            let campaign = visit.cuts.campaign;
            let is_other = campaign.is_some() && campaign != first.cuts.campaign;
            time - last.rank.time.0 <= rules.gap_micros
                && time - first.rank.time.0 <= rules.cap_micros
                && !(rules.ends_at_midnight && is_new_day)
                && !(rules.campaign_begins_one && is_other)
        });
        if !goes_on {
            runs.push(Vec::new());
        }
        runs.last_mut().expect("one was just begun").push(visit);
    }
    let said = |run: &Vec<Visit>| {
        let (first, last) = (run[0].rank.time.0, run[run.len() - 1].rank.time.0);
        (first, last, run.len() as u32)
    };
    runs.iter().map(said).collect()
}

fn cut(visits: &[Visit], rules: &Rules) -> Vec<(i64, i64, u32)> {
    // Two keys whose pieces meet, as those of a visitor and a customer do.
    let (one, other) = visits.split_at(visits.len() / 2);
    let (one, other) = (pieces(one, rules), pieces(other, rules));
    let in_order = |pieces: &Pieces| pieces.0.is_sorted_by_key(|piece| rules.order(piece));
    assert!(
        in_order(&one) && in_order(&other),
        "cutting needs no sorting"
    );
    let mut all: Vec<&Piece> = one.0.iter().chain(&other.0).collect();
    all.sort_by_key(|piece| rules.order(piece));
    let said = |session: &Session| {
        let (first, last) = (session.start().0, session.last().0);
        (first, last, session.0.acts[Act::Event])
    };
    rules.cut(all).iter().map(said).collect()
}

/// No two at one instant: within one, pieces know no order.
fn events() -> impl Strategy<Value = Vec<Visit>> {
    let one = (0..40_i64, 0..12_u8);
    prop::collection::vec(one, 1..40).prop_map(|all| {
        let text = |((tens, campaign), number): ((i64, u8), i64)| {
            let time = tens * 10 * MINUTE + 18 * HOUR;
            let clock = format!("{}:{}:{}", time / HOUR, time / MINUTE % 60, number);
            let campaign = ["@a", "@b", "@c"].get(usize::from(campaign));
            format!("{clock}{}", campaign.unwrap_or(&""))
        };
        let texts = all.into_iter().zip(0..).map(text);
        texts
            .zip(1..)
            .map(|(text, number)| visit(&text, number))
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_says_what_a_plain_recount_says(
        (told, shuffled) in events().prop_flat_map(|told| (Just(told.clone()), Just(told).prop_shuffle())),
        (ends_at_midnight, campaign_begins_one) in any::<(bool, bool)>(),
    ) {
        let rules = Rules { ends_at_midnight, campaign_begins_one, cap_micros: 2 * HOUR, ..SHORT };
        prop_assert_eq!(cut(&shuffled, &rules), recount(&told, &rules));
    }

    #[test]
    fn longer_slots_say_the_same_in_any_order(
        (told, shuffled) in events().prop_flat_map(|told| (Just(told.clone()), Just(told).prop_shuffle())),
        (ends_at_midnight, campaign_begins_one) in any::<(bool, bool)>(),
    ) {
        let rules = Rules { ends_at_midnight, campaign_begins_one, slot_micros: SLOT_MICROS, ..SHORT };
        let list = |visits: &[Visit]| pieces(visits, &rules).0;
        prop_assert_eq!(list(&shuffled), list(&told));
    }
}
