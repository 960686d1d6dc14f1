//! Claims about carts: what begins and ends one, what lies in it, what became of it; in every order of arrival.

mod bad_input;
mod counted;
mod properties;
mod recount;
mod said;
mod why;

use super::*;
use said::{clock, items, list, said, time};

const LATER: &str = "99:00";

/// Every rotation, forwards and backwards, with repeats, and as two lists that meet later, must say the same.
fn check_with(rules: &Rules, as_of: &str, events: &str, expected: &str) {
    let (mut events, as_of) = (items(events), time(as_of));
    for _ in 0..events.len() {
        events.rotate_left(1);
        let backwards: Vec<Item> = events.iter().rev().cloned().collect();
        for events in [&events, &backwards] {
            let mut whole = list(events);
            events.iter().for_each(|item| whole.observe(item.clone()));
            assert_eq!(said(&rules.cut(&whole.0, as_of)), expected);
            let (one, other) = events.split_at(events.len() / 2);
            let (one, other) = (list(one), list(other));
            let story = one.story(&other.0);
            assert_eq!(said(&rules.cut(story, as_of)), expected);
        }
    }
}

fn check_at(as_of: &str, events: &str, expected: &str) {
    check_with(&Rules::default(), as_of, events, expected);
}

fn check(events: &str, expected: &str) {
    check_at(LATER, events, expected);
}

#[test]
fn a_cart_is_created_by_the_first_thing_put_in() {
    check("10:00=put:tea", "10:00 abandoned tea");
    check("10:00=take:tea 10:01=empty 10:02=error", "");
    check(
        "10:00=take:tea 10:05=put:tea 10:06=put:milk*2",
        "10:05 abandoned tea,milk*2",
    );
}

#[test]
fn a_cart_is_open_for_an_hour_and_abandoned_after_it() {
    check_at("11:00", "10:00=put:tea", "10:00 open tea");
    check_at("11:00:01", "10:00=put:tea", "10:00 abandoned tea");
    check_at("11:00:01", "10:00=put:tea 10:30=take:cup", "10:00 open tea");
    // What comes ahead of the instant has happened.
    check_at("00:00", "10:00=put:tea", "10:00 open tea");
    check_at("00:00", "10:00=put:tea 11:30=error", "10:00 abandoned tea");
}

#[test]
fn how_long_a_cart_may_be_silent_is_the_shops_to_say() {
    let rules = Rules {
        idle_micros: 10 * MINUTE,
        ..Rules::default()
    };
    check_with(&rules, "10:10", "10:00=put:tea", "10:00 open tea");
    check_with(&rules, "10:11", "10:00=put:tea", "10:00 abandoned tea");
    check_with(
        &rules,
        LATER,
        "10:00=put:tea 10:11=order:o1",
        "10:00 recovered tea o1",
    );
}

#[test]
fn an_order_buys_the_cart_and_the_next_add_begins_another() {
    check(
        "10:00=put:tea@5 10:20=order:o1 10:30=put:milk",
        "10:00 ordered tea@5 o1 | 10:30 abandoned milk",
    );
}

#[test]
fn an_order_after_an_hour_of_silence_recovers_the_cart() {
    check("10:00=put:tea 11:00=order:o1", "10:00 ordered tea o1");
    check("10:00=put:tea 11:00:01=order:o1", "10:00 recovered tea o1");
    check("10:00=put:tea 90:00=order:o1", "10:00 recovered tea o1");
    let rows = Rules::default().cut(&items("10:00=put:tea 90:00=order:o1"), time(LATER));
    let cart = rows[0].cart().expect("a cart");
    assert_eq!(cart.silence_micros(), Some(time("80:00").0));
    let since = cart.abandoned_at(&Rules::default());
    assert_eq!(since, Some(EventTime(time("11:00").0 + 1)));
}

#[test]
fn a_late_order_turns_an_abandoned_cart_into_an_ordered_one() {
    let rules = Rules::default();
    let mut list = list(&items("10:00=put:tea 12:00=put:milk"));
    assert_eq!(
        said(&rules.cut(&list.0, time(LATER))),
        "10:00 abandoned tea,milk"
    );
    let late = items("0:0=empty 0:0=empty 10:30=order:o1").remove(2);
    list.observe(late);
    assert_eq!(
        said(&rules.cut(&list.0, time(LATER))),
        "10:00 ordered tea o1 | 12:00 abandoned milk"
    );
}

#[test]
fn a_cart_that_is_changed_after_a_silence_is_the_same_and_remembers_it() {
    let events = "10:00=put:tea 34:00=put:milk 34:10=order:o1";
    check(events, "10:00 ordered tea,milk o1");
    let rows = Rules::default().cut(&items(events), time(LATER));
    assert_eq!(rows[0].cart().map(|cart| cart.returns), Some(1));
}

#[test]
fn a_cart_is_emptied_when_nothing_lies_in_it() {
    check(
        "10:00=put:tea*2 10:01=take:tea 10:02=take:tea",
        "10:00 emptied",
    );
    check("10:00=put:tea,milk 10:01=take:tea,milk", "10:00 emptied");
    check("10:00=put:tea,milk 10:01=take:tea", "10:00 abandoned milk");
    check("10:00=put:tea*2,milk 10:01=empty", "10:00 emptied");
    check(
        "10:00=put:tea 10:01=take:tea 10:02=put:milk 10:03=order:o1",
        "10:00 emptied | 10:02 ordered milk o1",
    );
    check(
        "10:00=put:tea 10:01=take:tea 10:03=order:o1",
        "10:00 emptied | 10:03 loose o1",
    );
}

#[test]
fn more_than_there_is_cannot_be_taken_out() {
    check(
        "10:00=put:tea,milk 10:01=take:tea*5 10:02=put:tea",
        "10:00 abandoned milk,tea",
    );
}

#[test]
fn each_price_is_a_line_and_what_was_put_in_last_goes_first() {
    let events = "10:00=put:tea*2@5 10:01=put:tea@6 10:02=put:tea@6 10:03=put:milk@1";
    check(events, "10:00 abandoned tea*2@5,tea*2@6,milk@1");
    check(
        &format!("{events} 10:04=take:tea*3"),
        "10:00 abandoned tea@5,milk@1",
    );
    check(
        "10:00=put:tea@5 10:01=put:tea@6 10:02=put:tea@5 10:03=take:tea",
        "10:00 abandoned tea@5,tea@6",
    );
}

fn check_worth(events: &str, expected: &[(&str, &str)]) {
    let rows = Rules::default().cut(&items(events), time(LATER));
    let expected = expected
        .iter()
        .map(|(currency, value)| (said::name(currency), i128::from(said::decimal(value))));
    let values = rows[0].cart().expect("a cart").values();
    assert_eq!(values, expected.collect::<Vec<_>>(), "{events}");
}

#[test]
fn a_cart_is_worth_what_lies_in_it_at_the_prices_when_it_was_put_in() {
    check_worth(
        "10:00=put:tea*2@5.50 10:01=put:milk*3@0.99",
        &[("usd", "13.97")],
    );
    check_worth(
        "10:00=put:tea@5 10:01=put:tea@6 10:02=take:tea",
        &[("usd", "5")],
    );
    check_worth("10:00=put:tea*0.25@5.1", &[("usd", "1.275")]);
    check_worth(
        "10:00=put:tea@5 10:01=put:milk@2eur",
        &[("eur", "2"), ("usd", "5")],
    );
    // What has no price is worth nothing that is known; a price of 0 is one.
    check_worth("10:00=put:tea", &[]);
    check_worth("10:00=put:tea 10:01=put:milk@0", &[("usd", "0")]);
}

#[test]
fn a_cart_lives_across_sessions_and_is_forgotten_after_thirty_days() {
    // 730:00 is 30 days after 10:00, exactly.
    check_at(
        "9999:00",
        "10:00=put:tea 730:00=put:milk",
        "10:00 abandoned tea,milk",
    );
    check_at(
        "9999:00",
        "10:00=put:tea 730:01=put:milk",
        "10:00 abandoned tea | 730:01 abandoned milk",
    );
    check_at(
        "730:02",
        "10:00=put:tea 730:01=order:o1",
        "10:00 abandoned tea | 730:01 loose o1",
    );
}

#[test]
fn an_order_without_a_cart_is_told_by_itself() {
    check("10:00=order:o1", "10:00 loose o1");
    check(
        "10:00=put:tea 10:05=order:o1 10:06=order:o2",
        "10:00 ordered tea o1 | 10:06 loose o2",
    );
}

#[test]
fn an_order_that_is_sent_again_is_the_same_order() {
    check(
        "10:00=put:tea 10:05=order:o1 10:06=order:o1",
        "10:00 ordered tea o1",
    );
    check(
        "10:00=put:tea 10:05=order:o1 10:06=put:milk 10:07=order:o1",
        "10:00 ordered tea o1 | 10:06 abandoned milk",
    );
}

#[test]
fn orders_without_an_id_within_an_hour_are_parts_of_one_purchase() {
    check(
        "10:00=put:tea 10:01=put:milk 10:05=order 10:06=order 11:05=order",
        "10:00 ordered tea,milk",
    );
    check(
        "10:00=put:tea 10:05=order 11:05:01=order",
        "10:00 ordered tea | 11:05:01 loose",
    );
    let events = items("10:00=put:tea 10:05=order 10:06=order");
    let rows = Rules::default().cut(&events, time(LATER));
    assert_eq!(rows[0].cart().map(|cart| cart.orders), Some(2));
}

#[test]
fn a_checkout_is_open_until_an_order_and_abandoned_after_an_hour() {
    check_at("11:05", "10:05=checkout", "10:05 checkout open");
    check_at("11:05:01", "10:05=checkout", "10:05 checkout abandoned");
    check_at(
        "11:05:01",
        "10:05=checkout 10:06=error",
        "10:05 checkout open",
    );
    check(
        "10:00=put:tea 10:05=checkout 10:06=shipping 10:08=order:o1",
        "10:00 ordered tea o1 | 10:05 checkout ordered o1",
    );
    check(
        "10:00=put:tea 10:05=checkout 12:06=order:o1",
        "10:00 recovered tea o1 | 10:05 checkout recovered o1",
    );
    // One that is taken up again is the same.
    check(
        "10:05=checkout 34:00=checkout 34:01=order:o1 40:00=shipping",
        "10:05 checkout ordered o1 | 34:01 loose o1 | 40:00 checkout abandoned",
    );
    check("10:05=error", "");
}

#[test]
fn checkout_does_not_change_a_cart() {
    check_at(
        "11:10",
        "10:00=put:tea 10:20=checkout",
        "10:00 abandoned tea | 10:20 checkout open",
    );
}

const WITH_IDS: Rules = Rules {
    idle_micros: IDLE,
    forgotten_micros: FORGOTTEN,
    uses_cart_ids: true,
    lines_max: LINES_MAX,
    items_max: ITEMS_MAX,
};

#[test]
fn cart_ids_decide_only_where_the_store_says_so() {
    let events = "10:00=put:tea#a 10:01=put:milk#b 10:02=put:cup#a 10:05=order:o1#b";
    check(events, "10:00 ordered tea,milk,cup o1");
    check_with(
        &WITH_IDS,
        LATER,
        events,
        "10:00 abandoned tea,cup | 10:01 ordered milk o1",
    );
    // However long the silence.
    check_with(
        &WITH_IDS,
        "9999:00",
        "10:00=put:tea#a 999:00=put:milk#a",
        "10:00 abandoned tea,milk",
    );
}

#[test]
fn what_has_no_cart_id_means_the_cart_that_was_open_last() {
    check_with(
        &WITH_IDS,
        LATER,
        "10:00=put:tea#a 10:01=put:milk#b 10:02=put:cup#a 10:05=order:o1",
        "10:00 ordered tea,cup o1 | 10:01 abandoned milk",
    );
    check_with(
        &WITH_IDS,
        LATER,
        "10:00=put:tea#a 10:01=put:milk#b 10:05=order:o1 10:06=order:o2 10:07=order:o3",
        "10:00 ordered tea o2 | 10:01 ordered milk o1 | 10:07 loose o3",
    );
    // And an id under which nothing was put means the cart without one.
    check_with(
        &WITH_IDS,
        LATER,
        "10:00=put:tea 10:05=order:o1#a",
        "10:00 ordered tea o1",
    );
}

fn check_deadline(as_of: &str, events: &str, expected: Option<&str>) {
    let rules = Rules::default();
    let events = items(events);
    let deadline = rules.next_deadline(&events, time(as_of));
    // The hour is over a microsecond after it.
    let said = deadline.map(|at| clock(EventTime(at.0 - 1)));
    assert_eq!(said.as_deref(), expected);
    let Some(deadline) = deadline else { return };
    let rows = |at: i64| said::said(&rules.cut(&events, EventTime(at)));
    assert_eq!(rows(time(as_of).0), rows(deadline.0 - 1), "too late");
    assert_ne!(rows(deadline.0 - 1), rows(deadline.0), "too early");
}

#[test]
fn the_next_deadline_is_when_the_first_open_row_is_abandoned() {
    check_deadline("10:30", "10:00=put:tea", Some("11:00"));
    check_deadline("10:30", "10:00=put:tea 10:20=put:tea", Some("11:20"));
    check_deadline("10:30", "10:00=put:tea 10:20=checkout", Some("11:00"));
    check_deadline("11:10", "10:00=put:tea 10:20=checkout", Some("11:20"));
    check_deadline("12:00", "10:00=put:tea 10:20=checkout", None);
    check_deadline("10:30", "10:00=put:tea 10:20=order:o1", None);
    check_deadline("10:30", "", None);
}

#[test]
fn an_item_takes_eighty_bytes_and_an_empty_list_eight() {
    assert_eq!(size_of::<Item>(), 80);
    assert_eq!(size_of::<CartItems>(), 8);
}
