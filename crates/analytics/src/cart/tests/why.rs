//! Why a cart died: what was seen after its last add, and what stock and prices say when it is read.

use super::super::*;
use super::said::{items, name, time};
use event::{Money, SCALE};

/// Prices are those of tea; it is out of stock within `out`.
fn check_with(events: &str, out: Option<(&str, &str)>, prices: &[(&str, i64)], expected: &str) {
    let rules = Rules::default();
    let rows = rules.cut(&items(events), time("99:00"));
    let cart = rows[0].cart().expect("the first row is a cart");
    let was_out = |product, from, to| {
        let within = |(first, last): (&str, &str)| time(first) <= to && from <= time(last);
        product == name("tea") && out.is_some_and(within)
    };
    let price_at = |priced: Priced, at| {
        let dollars_of_tea = (priced.product, priced.currency) == (name("tea"), name("usd"));
        let known = prices.iter().rev().find(|(from, _)| time(from) <= at);
        known
            .filter(|_| dollars_of_tea)
            .map(|(_, price)| Money(price * SCALE))
    };
    let reasons = reasons((cart, &rules), was_out, price_at);
    let names: Vec<&str> = reasons.iter().map(Reason::name).collect();
    let said = if reasons.is_none() {
        Reason::NONE.to_owned()
    } else {
        names.join(" ")
    };
    assert_eq!(said, expected, "{events}");
}

fn check(events: &str, expected: &str) {
    check_with(events, None, &[], expected);
}

#[test]
fn a_cart_has_the_reasons_that_were_seen_after_its_last_add() {
    check("10:00=put:tea", "none");
    check(
        "10:00=put:tea 10:01=checkout 10:02=shipping",
        "shipping_shown",
    );
    check(
        "10:00=put:tea 10:01=shipping 10:02=error 10:03=denied 10:04=wall",
        "payment_error shipping_shown coupon_denied login_wall",
    );
    check("10:00=put:tea 10:01=shipping 10:02=put:milk", "none");
    check(
        "10:00=put:tea 10:01=shipping 10:02=take:cup",
        "shipping_shown",
    );
    check("10:00=error 10:01=put:tea", "none");
}

#[test]
fn only_a_cart_that_was_abandoned_has_reasons() {
    check("10:00=put:tea 10:01=error 10:02=order:o1", "none");
    check("10:00=put:tea 10:01=error 10:02=take:tea", "none");
    check("10:00=put:tea 10:01=error 20:02=order:o1", "payment_error");
}

#[test]
fn a_cart_knows_that_something_in_it_was_out_of_stock_before_it_was_abandoned() {
    let check = |out, expected| check_with("10:00=put:tea,milk", Some(out), &[], expected);
    check(("10:30", "10:40"), "out_of_stock");
    check(("09:00", "10:00"), "out_of_stock");
    check(("09:00", "09:59"), "none");
    check(("11:01", "20:00"), "none");
    let gone = "10:00=put:tea,milk 10:05=take:tea";
    check_with(gone, Some(("10:30", "10:40")), &[], "none");
}

#[test]
fn a_cart_knows_that_something_in_it_had_become_dearer() {
    let check = |events, prices: &[(&str, i64)], expected| {
        check_with(events, None, prices, expected);
    };
    check(
        "10:00=put:tea@5",
        &[("09:00", 5), ("10:30", 6)],
        "price_risen",
    );
    check("10:00=put:tea@5", &[("10:30", 6)], "price_risen");
    check(
        "10:00=put:tea",
        &[("09:00", 5), ("10:30", 6)],
        "price_risen",
    );
    check("10:00=put:tea@5", &[("09:00", 5), ("11:30", 6)], "none");
    check("10:00=put:tea@5", &[("09:00", 5), ("10:30", 4)], "none");
    check("10:00=put:tea@5", &[], "none");
    check("10:00=put:tea", &[("10:30", 6)], "none");
    check("10:00=put:tea@5eur", &[("10:30", 6)], "none");
    // A cart that shows prices after discount: 5 is not 6, and yet nothing has risen.
    check("10:00=put:tea@5", &[("09:00", 6)], "none");
}
