//! Final sessions and persons are a function of the set of events: whatever the order of events and of messages, whatever
//! is told twice or rests in between, and whoever is whose neighbour, the table is what the plain recount says.
//!
//! 256 cases each; `PROPTEST_CASES=10000` makes them as many as the long proof wants.

use super::super::*;
use super::harness::{Choices, Setting, Told, Town, rank};
use super::recount::recount;
use crate::session::PIECES_MAX;
use event::EventType;
use event::time::{DAY, HOUR, MINUTE, SECOND};
use proptest::prelude::*;

const KINDS: [EventType; 9] = [
    EventType::PageView,
    EventType::ListView,
    EventType::Search,
    EventType::ItemView,
    EventType::CartAdd,
    EventType::CheckoutStart,
    EventType::Order,
    EventType::SignUp,
    EventType::Login,
];

/// Times on a grid of ten minutes, so that silences of exactly a gap, caps and equal instants are common.
fn events(count: usize) -> impl Strategy<Value = Vec<Told>> {
    let id = |count: u8, chance: f64| prop::option::weighted(chance, 0..count);
    let instant = (
        0..60_i64,
        prop::sample::select(vec![0, 0, 0, 1, SECOND, 5 * MINUTE]),
    );
    let event = (
        instant,
        0..3_i64,
        0..KINDS.len(),
        (id(3, 0.3), id(4, 0.8)),
        id(3, 0.5),
    );
    let events = prop::collection::vec(event, 1..count);
    events.prop_map(|events| {
        let told = |((tens, rest), position, kind, (customer, visitor), session), number| Told {
            rank: rank(DAY + tens * 10 * MINUTE + rest, position, number),
            kind: KINDS[kind],
            customer,
            visitor,
            session,
        };
        events
            .into_iter()
            .zip(1..)
            .map(|(event, number)| told(event, number))
            .collect()
    })
}

fn settings() -> impl Strategy<Value = Setting> {
    let cap = prop::sample::select(vec![HOUR, 2 * HOUR, DAY]);
    let given = prop::bool::weighted(0.25);
    // One of the two limits at a time: where both are met, what was forgotten on one side is not asked for by the other.
    let links = prop::sample::select(vec![(64, 64), (64, 64), (1, 64), (2, 64), (64, 1), (64, 2)]);
    (cap, given, links, 1..5_usize).prop_map(|(cap_micros, uses_given_ids, links, homes)| Setting {
        rules: Rules {
            gap_micros: 30 * MINUTE,
            cap_micros,
            uses_given_ids,
            slot_micros: 1,
            pieces_max: PIECES_MAX,
            bots: crate::bot::Rules::USUAL,
        },
        limits: Limits {
            visitors_max: links.0,
            customers_max: links.1,
            ..Limits::default()
        },
        homes,
    })
}

fn slots() -> impl Strategy<Value = i64> {
    prop::sample::select(vec![5 * MINUTE, 30 * MINUTE, DAY])
}

fn lived(events: &[Told], setting: Setting, seed: u64) -> Vec<String> {
    let mut town = Town::new(setting);
    town.live_through(events, &mut Choices(seed));
    town.said()
}

fn shuffled(events: &[Told], seed: u64) -> Vec<Told> {
    let (mut events, mut choices) = (events.to_vec(), Choices(seed));
    for at in (1..events.len()).rev() {
        events.swap(at, choices.below(at + 1));
    }
    events
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_events_and_messages_says_what_a_plain_recount_says(
        events in events(60),
        setting in settings(),
        order in any::<u64>(),
        seed in any::<u64>(),
    ) {
        let found = lived(&shuffled(&events, order), setting, seed);
        prop_assert_eq!(found, recount(&events, &setting));
    }

    #[test]
    fn longer_slots_say_the_same_in_any_order(
        events in events(120),
        (setting, slot_micros) in (settings(), slots()),
        order in any::<u64>(),
        seed in any::<u64>(),
    ) {
        let rules = Rules { slot_micros, ..setting.rules };
        let setting = Setting { rules, ..setting };
        let in_order = lived(&shuffled(&events, 0), setting, 1);
        prop_assert_eq!(lived(&shuffled(&events, order), setting, seed), in_order);
    }

    #[test]
    fn without_a_cap_longer_slots_change_nothing(
        events in events(120),
        (setting, slot_micros) in (settings(), slots()),
        order in any::<u64>(),
        seed in any::<u64>(),
    ) {
        // Without customers, too: a visitor's slot goes to one customer as a whole.
        let strangers: Vec<Told> = events.iter().map(|told| Told { customer: None, ..*told }).collect();
        let strangers: Vec<Told> = strangers.into_iter().filter(|told| told.visitor.or(told.session).is_some()).collect();
        let rules = Rules { slot_micros, cap_micros: DAY, uses_given_ids: false, ..setting.rules };
        let setting = Setting { rules, ..setting };
        prop_assert_eq!(lived(&shuffled(&strangers, order), setting, seed), recount(&strangers, &setting));
    }
}
