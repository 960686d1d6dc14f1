//! Claims about discounts, coupons, ways to pay and what is given back, by the date of the refund and by that of the order;
//! against a recount that knows no states, in every order of arrival.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Names by their ids, so that a number says what it stands for.
const NAMES: [&str; 8] = ["-", "card", "cash", "SPRING", "tea", "cup", "EUR", "GBP"];
const START: i64 = 1_600_000_000_000_000;

fn id(name: &str) -> NameId {
    let at = NAMES.iter().position(|known| *known == name);
    NameId(at.expect("a name of the list") as u32)
}

/// An event with its names.
#[derive(Debug, Clone)]
struct Told {
    event: Event<'static>,
    names: EventNames,
}

/// As [`event`] has it, and `by card`, `with SPRING`, `of A` for a refund's order, `in GBP`, `off 0.50` from each piece.
fn told(text: &str, number: u128) -> Told {
    let mut words = text.split(' ');
    let (mut plain, mut named) = (Vec::new(), BTreeMap::new());
    while let Some(word) = words.next() {
        match word {
            "by" | "with" | "of" | "in" | "off" => {
                named.insert(word, words.next().expect("a word after it"));
            }
            _ => plain.push(word),
        }
    }
    let mut event = event(&plain.join(" "), number);
    if let Some(order) = named.get("of") {
        event.set_text(Text::OrderId, (*order).to_owned());
    }
    if let Some(off) = named.get("off") {
        let off = event::parse_decimal(off.as_bytes()).expect("a decimal");
        let set = |item: &mut Item<'static>| item.set_amount(ItemAmount::UnitDiscount, off.value);
        event.items.iter_mut().for_each(set);
    }
    let name = |word| named.get(word).map_or(NameId(0), |name| id(name));
    let names = EventNames {
        payment_method: name("by"),
        coupon: name("with"),
        currency: named.get("in").map_or(id("EUR"), |name| id(name)),
        ..EventNames::default()
    };
    Told { event, names }
}

/// Every number that is not zero, as `table value currency minute field`.
fn folded(told: &[Told]) -> BTreeMap<String, i128> {
    let events: Vec<Event<'static>> = told.iter().map(|told| told.event.clone()).collect();
    let batch = batch(&events);
    let (mut deltas, mut orders) = (Deltas::default(), Orders::default());
    for (event, told) in batch.events().zip(told) {
        let named = |item: event::ItemRef<'_>| ItemNames {
            product: NameId(1),
            category: item.text(ItemText::ProductId).map_or(NameId(0), id),
        };
        let items: Vec<ItemNames> = event.items().map(named).collect();
        let mut out = Outputs {
            deltas: &mut deltas,
            products: &mut Vec::new(),
            rows: &mut Vec::new(),
            news: &mut Vec::new(),
            refunds: &mut Vec::new(),
        };
        orders.observe(event, &told.names, &items, &mut out);
    }
    let mut said = BTreeMap::new();
    for (key, delta) in deltas.take() {
        let cube = key.cube.cube();
        let minute = -(START - key.window.0).div_euclid(event::time::MINUTE);
        let (value, currency) = (key.value.0 as usize, key.currency.0 as usize);
        let place = format!(
            "{} {} {} {minute}",
            cube.table, NAMES[value], NAMES[currency]
        );
        let sums = cube.fields.iter().zip(&delta.sums);
        said.extend(sums.map(|(field, sum)| (format!("{place} {}", field.name()), *sum)));
    }
    said.retain(|_, sum| *sum != 0);
    said
}

/// Looks at single numbers, as `name = 2` for counts and `name = 2.00` for money; in every rotation of the events,
/// forwards and backwards.
fn check_numbers(events: &[&str], expected: &[&str]) {
    let told = (events.iter().zip(1..)).map(|(text, number)| self::told(text, number));
    let mut told: Vec<Told> = told.collect();
    for _ in 0..told.len() {
        told.rotate_left(1);
        let backwards: Vec<Told> = told.iter().rev().cloned().collect();
        for told in [&told, &backwards] {
            let folded = folded(told);
            for line in expected {
                let (name, number) = line.split_once(" = ").expect("a name and a number");
                let said = folded.get(name).copied().unwrap_or(0);
                let said = match number.contains('.') {
                    true => event::format_decimal(said, 2),
                    false => said.to_string(),
                };
                assert_eq!(said, number, "{name} of {folded:#?}");
            }
        }
    }
}

#[test]
fn orders_stand_under_the_way_they_were_paid_and_the_coupon_they_came_with() {
    check_numbers(
        &[
            "order A 0 tea 5x1 -1 by card with SPRING",
            "order B 0 tea 3x1 by card",
            "order C 0 tea 2x1 by cash",
        ],
        &[
            "sales_by_payment_method card EUR 0 orders = 2",
            "sales_by_payment_method card EUR 0 revenue = 7.00",
            "sales_by_payment_method cash EUR 0 revenue = 2.00",
            "sales_by_coupon SPRING EUR -11 orders = 1",
            "sales_by_coupon SPRING EUR -11 discounts = 1.00",
            "sales_by_coupon SPRING EUR -11 revenue = 4.00",
            "sales_by_coupon - EUR -11 orders = 2",
            "payments - - 0 payment_attempts = 3",
            "payments_by_payment_method card - 0 payment_attempts = 2",
        ],
    );
}

#[test]
fn a_cancelled_order_was_no_payment() {
    check_numbers(
        &["order A 0 tea 5x1 by card", "order_cancel A 9"],
        &[
            "payments - - 0 payment_attempts = 0",
            "sales_by_payment_method card EUR 0 orders = 0",
        ],
    );
}

#[test]
fn a_discount_is_what_is_taken_off_the_order_and_off_each_sold_piece() {
    check_numbers(
        &["order A 1 tea 2x3 cup 0x9 -1.00 off 0.50"],
        &[
            "sales - EUR 1 discounts = 2.50",
            "sales_by_category tea EUR 1 discounts = 2.50",
            "sales - EUR 1 revenue = 5.00",
        ],
    );
}

#[test]
fn a_refund_counts_at_its_own_date_and_at_that_of_its_order() {
    check_numbers(
        &[
            "order A 1 tea 2x3 cup 4x1 by card with SPRING",
            "order B 1 tea 9x1",
            "refund R 40 tea 2x1 of A",
            "refund S 50 tea 2x1 of A",
        ],
        &[
            "sales - EUR 1 refunded_orders = 1",
            "sales - EUR 1 refund_amount_by_order_date = 4.00",
            "sales - EUR 40 refund_amount = 2.00",
            "sales - EUR 50 refunds = 1",
            "sales - EUR 40 refund_amount_by_order_date = 0.00",
            "sales_by_payment_method card EUR 1 refunded_orders = 1",
            "sales_by_coupon SPRING EUR -11 refund_amount_by_order_date = 4.00",
            "sales_by_category tea EUR 1 refunded_orders = 1",
            "sales_by_category cup EUR 1 refunded_orders = 0",
        ],
    );
}

#[test]
fn a_refund_of_another_currency_keeps_it() {
    check_numbers(
        &["order A 1 tea 2x3", "refund R 40 tea 1x1 of A in GBP"],
        &[
            "sales - EUR 1 refunded_orders = 1",
            "sales - GBP 1 refunded_orders = 0",
            "sales - GBP 1 refund_amount_by_order_date = 1.00",
            "sales - EUR 1 refund_amount_by_order_date = 0.00",
        ],
    );
}

#[test]
fn what_is_given_back_for_no_order_that_stands_counts_at_the_refund_alone() {
    check_numbers(
        &[
            "refund R 40 tea 2x1 of A",
            "refund S 41 tea 2x1",
            "order B 1 tea 2x1",
            "refund T 42 tea 2x1 of B",
            "order_cancel B 50",
            "order C 2 tea 0x1",
            "refund U 43 tea 3x1 of C",
        ],
        &[
            "sales - EUR 1 refund_amount_by_order_date = 0.00",
            "sales - EUR 1 refunded_orders = 0",
            "sales - EUR 2 refunded_orders = 0",
            "sales - EUR 2 refund_amount_by_order_date = 3.00",
            "sales - EUR 40 refund_amount = 2.00",
            "sales - EUR 41 refund_amount = 2.00",
        ],
    );
}

#[test]
fn refunds_of_two_orders_with_one_id_are_two() {
    check_numbers(
        &[
            "order A 1 tea 2x1",
            "order B 2 tea 2x1",
            "refund R 40 tea 2x1 of A",
            "refund R 41 tea 1x1 of B",
            "refund R 42 tea 2x1 of B",
        ],
        &[
            "sales - EUR 1 refund_amount_by_order_date = 2.00",
            "sales - EUR 2 refund_amount_by_order_date = 1.00",
        ],
    );
}

/// What comes of these events at the dates of their orders, without states: the first of each id, then sums.
fn recount(told: &[Told]) -> BTreeMap<String, i128> {
    let text = |told: &Told, column| told.event.text(column).unwrap_or("").to_owned();
    let is = |told: &&Told, kind| told.event.kind == kind;
    let mut first: BTreeMap<(bool, String, String), &Told> = BTreeMap::new();
    for told in told.iter().filter(|told| !is(told, EventType::OrderCancel)) {
        let (order, refund) = (text(told, Text::OrderId), text(told, Text::RefundId));
        let key = (is(&told, EventType::Refund), order, refund);
        let known = first.entry(key).or_insert(told);
        if (told.event.time, told.event.id) < (known.event.time, known.event.id) {
            *known = told;
        }
    }
    let worth = |told: &Told| -> i128 {
        let of = |item: &Item<'_>, column| i128::from(item.amount(column).expect("set"));
        let lines = told.event.items.iter();
        let worth = lines
            .map(|item| of(item, ItemAmount::UnitPrice) * of(item, ItemAmount::Quantity) / 10_000);
        worth.sum()
    };
    let mut numbers = BTreeMap::new();
    for ((_, order, _), placed) in first.iter().filter(|(key, _)| !key.0) {
        let mut cancels = told.iter().filter(|told| is(told, EventType::OrderCancel));
        if cancels.any(|told| text(told, Text::OrderId) == *order) {
            continue;
        }
        let refunds: Vec<&Told> = (first.iter())
            .filter(|((is_refund, of, _), _)| *is_refund && of == order)
            .map(|(_, refund)| *refund)
            .collect();
        let minute = (placed.event.time.expect("set").0 - START) / event::time::MINUTE;
        let mut add = |told: &Told, field, number| {
            let currency = NAMES[told.names.currency.0 as usize];
            let key = format!("sales - {currency} {minute} {field}");
            *numbers.entry(key).or_insert(0) += number;
        };
        if !refunds.is_empty() && worth(placed) > 0 {
            add(placed, "refunded_orders", 1);
        }
        for refund in refunds {
            add(refund, "refund_amount_by_order_date", worth(refund));
        }
    }
    numbers.retain(|_, number| *number != 0);
    numbers
}

fn tellings() -> impl Strategy<Value = Vec<Told>> {
    let choices = (0..6_u8, 0..3_u8, 0..3_u8, 0..4, 0..9_u8, prop::bool::ANY);
    let one = choices.prop_map(|(kind, order, refund, minute, price, is_foreign)| {
        let (order, refund) = (char::from(b'A' + order), char::from(b'R' + refund));
        let currency = if is_foreign { "GBP" } else { "EUR" };
        match kind {
            0 | 1 => format!("order {order} {minute} tea {price}x2 in {currency}"),
            2 if price < 3 => format!("order_cancel {order} {minute}"),
            _ => format!("refund {refund} {minute} tea {price}x1 of {order} in {currency}"),
        }
    });
    prop::collection::vec(one, 1..12).prop_map(|texts| {
        let told = texts.iter().zip(1..);
        told.map(|(text, number)| self::told(text, number))
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_given_back_is_what_a_plain_recount_says_in_any_order(
        told in tellings(),
        order in any::<u64>(),
    ) {
        let expected = recount(&told);
        let mut shuffled = told;
        shuffled.sort_by_cached_key(|told| {
            (told.event.id.expect("set").0 as u64).wrapping_mul(order | 1).rotate_left(23)
        });
        let mut folded = folded(&shuffled);
        let is_asked = |name: &str| {
            name.ends_with("refunded_orders") || name.ends_with("by_order_date")
        };
        folded.retain(|name, _| name.starts_with("sales - ") && is_asked(name));
        prop_assert_eq!(folded, expected);
    }
}

#[test]
fn a_coupon_is_that_of_the_order_else_that_of_its_first_line_with_one() {
    let mut event = event("order A 1 tea 2x1 cup 3x1", 1);
    event.items[1].set_text(ItemText::Coupon, " line5 ");
    let code = |event: &Event<'static>| {
        let batch = batch(std::slice::from_ref(event));
        crate::promotion::coupon_code(batch.event(0)).map(std::borrow::Cow::into_owned)
    };
    assert_eq!(code(&event).as_deref(), Some("LINE5"));
    event.set_text(Text::Coupon, "whole");
    assert_eq!(code(&event).as_deref(), Some("WHOLE"));
    event.kind = EventType::CartAdd;
    assert_eq!(code(&event), None);
}
