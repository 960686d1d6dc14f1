//! Rows are functions of the set of items: any order, any split in lists that meet later, and the plain recount agrees.
//! 256 cases each; `PROPTEST_CASES=10000` makes them as many as the long proof wants.

use super::super::*;
use super::recount::{plain, recount};
use super::said::list;
use crate::cell::{Deltas, NameId};
use crate::session::Rank;
use event::{EventId, EventTime, Money, Quantity, SCALE};
use proptest::prelude::*;

fn line(product: u32, pieces: i64, price: i64) -> Option<Line> {
    Line::new(
        (NameId(product), NameId(1)),
        Quantity(pieces * SCALE),
        (price > 0).then_some(Money(price * SCALE)),
    )
}

fn what(kind: u8, (product, pieces, price): (u32, i64, i64)) -> What {
    let moved = |sign: i64, second: Option<Line>| {
        let first = line(product, sign * pieces, price);
        What::Moved(Lines::new(first.into_iter().chain(second)).expect("one moves"))
    };
    let saw = |facts| What::Saw(Facts(facts));
    match kind {
        0..4 => moved(1, None),
        4 => moved(1, line(product + 1, 1, 7)),
        5..8 => moved(-1, None),
        8 => moved(-1, line(product + 1, -2, 0)),
        9 => What::Emptied,
        10 => saw(0b1),
        11 => saw(0b11),
        12 => saw(0b1000),
        13 => What::Ordered(None),
        _ => What::Ordered(Some(["o1", "o2", "o3", "o4"][product as usize % 4].into())),
    }
}

/// Times on a grid of quarters, some at the very limits, so that equal instants and exact silences are common.
fn events(count: usize) -> impl Strategy<Value = Vec<Item>> {
    let time = prop_oneof![8 => 0..40_i64, 2 => 0..3_000_i64, 1 => 2_880..2_884_i64];
    let moved = (1..5_u32, 1..4_i64, 0..3_i64);
    let one = (time, 0..17_u8, moved, 0..3_u8);
    prop::collection::vec(one, 1..count).prop_map(|all| {
        let item = |((quarter, kind, moved, cart), number): ((i64, u8, _, u8), u32)| Item {
            rank: Rank {
                time: EventTime(quarter * 15 * MINUTE),
                position: i64::from(number % 3),
                id: EventId(u128::from(number)),
            },
            cart: Some(CartId::of("main", ["a", "b", "c"][usize::from(cart)])),
            place: Place {
                country: NameId(number % 3),
                device: NameId(number % 2),
            },
            what: what(kind, moved),
        };
        all.into_iter().zip(1..).map(item).collect()
    })
}

fn shuffled(count: usize) -> impl Strategy<Value = (Vec<Item>, Vec<Item>)> {
    events(count).prop_flat_map(|items| (Just(items.clone()), Just(items).prop_shuffle()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_says_what_a_plain_recount_says(
        (told, shuffled) in shuffled(40),
        later in 0..4 * DAY,
        split in 0..40_usize,
    ) {
        let (rules, as_of) = (Rules::default(), EventTime(later));
        let expected = recount(&told, &rules, as_of.0);
        let mut whole = list(&shuffled);
        told.iter().for_each(|item| whole.observe(item.clone()));
        prop_assert_eq!(plain(&rules.cut(&whole.0, as_of)), expected);
        let (one, other) = shuffled.split_at(split.min(shuffled.len()));
        let (one, other) = (list(one), list(other));
        prop_assert_eq!(rules.cut(one.story(&other.0), as_of), rules.cut(&whole.0, as_of));
    }

    #[test]
    fn carts_with_ids_are_what_each_id_says_by_itself(
        (told, shuffled) in shuffled(40),
        later in 0..4 * DAY,
    ) {
        let as_of = told.iter().map(|item| item.rank.time.0).max().unwrap_or(0) + later;
        let rules = Rules { uses_cart_ids: true, ..Rules::default() };
        // An order that comes again under another cart's id is the first one's.
        let is_plain = |item: &&Item| !matches!(item.what, What::Ordered(Some(_)));
        let shuffled: Vec<Item> = shuffled.iter().filter(is_plain).cloned().collect();
        let rows = rules.cut(&list(&shuffled).0, EventTime(as_of));
        let alone = Rules { forgotten_micros: i64::MAX, ..Rules::default() };
        let expected = ["a", "b", "c"].into_iter().flat_map(|id| {
            let id = Some(CartId::of("main", id));
            let own: Vec<Item> = told.iter().filter(is_plain).filter(|item| item.cart == id).cloned().collect();
            recount(&own, &alone, as_of)
        });
        prop_assert_eq!(plain(&rows), expected.collect());
    }

    #[test]
    fn time_changes_a_row_only_at_its_deadline(told in events(20), later in 0..2 * DAY) {
        let (rules, items) = (Rules::default(), list(&told));
        let newest = told.iter().map(|item| item.rank.time.0).max().unwrap_or(0);
        let mut now = EventTime(newest);
        while let Some(next) = rules.next_deadline(&items.0, now) {
            prop_assert!(next > now);
            let before = EventTime(next.0 - 1);
            prop_assert_eq!(rules.cut(&items.0, now), rules.cut(&items.0, before));
            prop_assert_ne!(rules.cut(&items.0, before), rules.cut(&items.0, next));
            now = next;
        }
        prop_assert_eq!(rules.cut(&items.0, now), rules.cut(&items.0, EventTime(now.0 + later)));
    }

    #[test]
    fn what_is_let_go_of_leaves_the_newer_carts_as_they_were(told in events(60), max in 4..30_usize) {
        let (rules, as_of) = (Rules::default(), EventTime(99 * DAY));
        let whole = list(&with_orders_of_their_own(&told));
        let story: Vec<&Item> = whole.0.iter().collect();
        let Some(until) = rules.let_go_until(&story, max) else {
            prop_assert!(story.len() <= max);
            return Ok(());
        };
        let mut rest = whole.clone();
        rest.let_go(until);
        prop_assert!(rest.0.len() <= max * 3 / 4);
        let carts = |items: &CartItems| -> Vec<Row> {
            let rows = rules.cut(&items.0, as_of);
            rows.into_iter().filter(|row| row.cart().is_some()).collect()
        };
        let (older, newer): (Vec<Row>, Vec<Row>) =
            (carts(&whole).into_iter()).partition(|row| row.key().rank.time <= until);
        // Only of a cart that goes on to the end, or into another's, is a part let go of.
        if older.iter().all(|row| row.end() <= until) {
            prop_assert_eq!(carts(&rest), newer);
        }
    }

    #[test]
    fn cells_are_what_the_last_rows_say_however_often_they_were_told(
        (told, shuffled) in shuffled(20),
        breaks in prop::collection::vec(0..20_usize, 0..5),
    ) {
        let (rules, as_of) = (Rules::default(), EventTime(3 * DAY));
        let (mut told_step_by_step, mut at_once) = (Deltas::default(), Deltas::default());
        let (mut items, mut rows) = (CartItems::default(), Vec::new());
        for (at, item) in shuffled.iter().enumerate() {
            items.observe(item.clone());
            if breaks.contains(&at) || at + 1 == shuffled.len() {
                let now = rules.cut(&items.0, as_of);
                rows.iter().for_each(|row| count(NameId(1), Some(row), None, &mut told_step_by_step));
                now.iter().for_each(|row| count(NameId(1), None, Some(row), &mut told_step_by_step));
                rows = now;
            }
        }
        for row in rules.cut(&list(&told).0, as_of) {
            count(NameId(1), None, Some(&row), &mut at_once);
        }
        prop_assert_eq!(cells(told_step_by_step), cells(at_once));
    }
}

/// No order comes again: of one whose first was let go of, nobody would know.
fn with_orders_of_their_own(items: &[Item]) -> Vec<Item> {
    let mut items = items.to_vec();
    for item in &mut items {
        if let What::Ordered(Some(id)) = &mut item.what {
            *id = item.rank.id.0.to_string().into();
        }
    }
    items
}

fn cells(mut deltas: Deltas) -> Vec<String> {
    let mut cells = deltas.take();
    cells.retain(|(_, delta)| delta.sums.iter().any(|sum| *sum != 0));
    let mut said: Vec<String> = cells.iter().map(|cell| format!("{cell:?}")).collect();
    said.sort();
    said
}
