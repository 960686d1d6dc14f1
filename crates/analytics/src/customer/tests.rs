//! Claims about what a customer's home keeps of its orders, and about the profile that is made of it.

mod profile_tests;
mod summary_tests;

use super::*;
use crate::cell::NameId;
use crate::person::Version;
use event::time::{DAY, HOUR};
use event::{EventTime, Money, Quantity};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// `A d3 v1 30 tea x2 cup x1`: order, day and perhaps hour (`d3h15`), version, net in whole units, then pieces of products.
/// `R` before the amount makes it a refund, `-` in its place withdraws the order.
fn told(text: &str) -> OrderTold {
    let mut words = text.split(' ');
    let mut next = || words.next().expect("another word");
    let (name, time, version, amount) = (next(), next(), next(), next());
    let number = |text: &str| text.parse::<i64>().expect("a number");
    let (day, hour) = time[1..].split_once('h').unwrap_or((&time[1..], "0"));
    let words: Vec<&str> = words.collect();
    OrderTold {
        order: OrderId(name.bytes().map(u64::from).sum()),
        time: EventTime(number(day) * DAY + number(hour) * HOUR),
        version: Version {
            offset: number(&version[1..]) as u64,
            step: 0,
        },
        what: (amount != "-").then(|| summary(amount, number(hour) as u8, &words)),
    }
}

fn summary(amount: &str, hour: u8, picks: &[&str]) -> OrderSummary {
    let refunded = amount.strip_prefix('R');
    let money = Money(refunded.unwrap_or(amount).parse::<i64>().expect("money") * 10_000);
    let (products, []) = picks.as_chunks::<2>() else {
        panic!("a product and its pieces")
    };
    let pick = |[product, pieces]: &[&str; 2]| Pick {
        kind: PickKind::Product,
        name: product_id(product),
        units: Quantity(pieces[1..].parse::<i64>().expect("pieces") * 10_000),
    };
    OrderSummary {
        is_order: refunded.is_none(),
        hour: HourOfWeek(hour),
        currency: NameId(1),
        revenue: Money(if refunded.is_none() { money.0 } else { 0 }),
        net: Money(if refunded.is_none() {
            money.0
        } else {
            -money.0
        }),
        refunded: Money(if refunded.is_none() { 0 } else { money.0 }),
        units: Quantity(0),
        picks: products.iter().map(pick).collect(),
    }
}

fn product_id(name: &str) -> NameId {
    NameId(name.bytes().map(u32::from).sum())
}

/// `orders 2 net 58 refunded 0 d3-d9`.
fn said(totals: &Totals) -> String {
    let day =
        |time: Option<EventTime>| time.map_or("-".to_owned(), |time| format!("d{}", time.0 / DAY));
    let (net, refunded) = totals
        .amounts
        .first()
        .map_or((0, 0), |one| (one.net, one.refunded));
    format!(
        "orders {} net {} refunded {} {}-{}",
        totals.orders,
        net / 10_000,
        refunded / 10_000,
        day(totals.first),
        day(totals.last)
    )
}

/// In every rotation, forwards and backwards, each told twice.
fn check(texts: &[&str], expected: &str) {
    let mut all: Vec<OrderTold> = texts.iter().chain(texts).map(|text| told(text)).collect();
    for _ in 0..2 {
        for _ in 0..all.len() {
            all.rotate_left(1);
            let mut ledger = Ledger::default();
            for told in &all {
                let _ = ledger.take(told.clone(), &Limits::default());
            }
            assert_eq!(said(&ledger.totals([])), expected, "{texts:?}");
        }
        all.reverse();
    }
}

#[test]
fn an_order_counts_as_it_was_told_last() {
    check(
        &["A d3 v1 30", "A d3 v4 20", "B d9 v2 38"],
        "orders 2 net 58 refunded 0 d3-d9",
    );
}

#[test]
fn an_order_that_was_withdrawn_counts_no_longer() {
    check(
        &["A d3 v1 30", "A d3 v2 -", "B d9 v2 38"],
        "orders 1 net 38 refunded 0 d9-d9",
    );
    check(
        &["A d3 v1 30", "A d3 v2 -", "A d3 v3 31"],
        "orders 1 net 31 refunded 0 d3-d3",
    );
}

#[test]
fn a_refund_lowers_the_net_and_is_no_order() {
    check(
        &["A d3 v1 30", "R d9 v1 R10"],
        "orders 1 net 20 refunded 10 d3-d3",
    );
    check(&["R d9 v1 R10"], "orders 0 net -10 refunded 10 ---");
}

#[test]
fn orders_of_visitors_count_with_the_customers_own() {
    let mut ledger = Ledger::default();
    assert_eq!(
        ledger.take(told("A d3 v1 30"), &Limits::default()),
        Taken::Folded
    );
    let contributed = [told("B d1 v1 12")];
    assert_eq!(
        said(&ledger.totals(&contributed)),
        "orders 2 net 42 refunded 0 d1-d3"
    );
}

fn ledger(texts: &[&str], limits: &Limits) -> Ledger {
    let mut ledger = Ledger::default();
    for text in texts {
        let _ = ledger.take(told(text), limits);
    }
    ledger
}

fn favourite(texts: &[&str]) -> Option<NameId> {
    let forwards = ledger(texts, &Limits::default()).totals([]);
    let backwards: Vec<&str> = texts.iter().rev().copied().collect();
    let backwards = ledger(&backwards, &Limits::default()).totals([]);
    let [one, other] = [forwards, backwards].map(|totals| totals.favourite(PickKind::Product));
    assert_eq!(one, other);
    one
}

#[test]
fn the_favourite_is_what_most_pieces_were_bought_of_and_of_as_many_what_was_bought_last() {
    assert_eq!(favourite(&["A d3 v1 30"]), None);
    let pieces = [
        "A d3 v1 30 tea x2 cup x1",
        "B d4 v1 9 cup x2",
        "C d5 v1 9 pot x2",
    ];
    assert_eq!(favourite(&pieces), Some(product_id("cup")));
    assert_eq!(favourite(&pieces[..2]), Some(product_id("cup")));
    let tied = ["A d3 v1 30 tea x2 cup x2", "B d4 v1 9 pot x2"];
    assert_eq!(favourite(&tied), Some(product_id("pot")));
    // In the same order, what stands first.
    assert_eq!(favourite(&tied[..1]), Some(product_id("tea")));
}

#[test]
fn the_favourite_hour_and_day_are_those_with_most_orders() {
    let orders = [
        "A d3h15 v1 30",
        "B d4h15 v1 30",
        "C d5h9 v1 30",
        "R d6h9 v1 R5",
        "S d7h9 v1 R5",
    ];
    let totals = ledger(&orders, &Limits::default()).totals([]);
    assert_eq!(
        (totals.favourite_hour(), totals.favourite_day()),
        (Some(15), Some(1))
    );
    let none = Totals::default();
    assert_eq!((none.favourite_hour(), none.favourite_day()), (None, None));
}

#[test]
fn the_mean_gap_is_between_first_and_last_order() {
    let gap = |texts: &[&str]| {
        ledger(texts, &Limits::default())
            .totals([])
            .mean_gap_micros()
    };
    assert_eq!(gap(&["A d3 v1 30"]), None);
    let ratio = gap(&["A d3 v1 30", "B d4 v1 30", "C d13 v1 30"]).expect("two gaps");
    assert_eq!(
        (ratio.numerator, ratio.denominator),
        (i128::from(10 * DAY), 2)
    );
}

#[test]
fn an_order_takes_eighty_bytes_and_a_customer_without_any_sixteen() {
    assert_eq!((size_of::<OrderTold>(), size_of::<Ledger>()), (80, 16));
}

const FEW: Limits = Limits {
    orders_max: 3,
    folded_max: 4,
};

#[test]
fn of_too_many_orders_the_oldest_become_one_sum_that_changes_no_more() {
    let mut ledger = ledger(
        &[
            "A d1 v1 1",
            "B d2 v1 10",
            "C d3 v1 100",
            "D d4 v1 1000",
            "E d5 v1 10000",
        ],
        &FEW,
    );
    assert_eq!(ledger.orders().len(), 3);
    let all = "orders 5 net 11111 refunded 0 d1-d5";
    assert_eq!(said(&ledger.totals([])), all);
    // Told again, or changed: it is part of a sum. One of those that stand by themselves can change.
    for text in ["A d1 v1 1", "A d1 v2 7", "B d2 v2 -"] {
        assert_eq!(ledger.take(told(text), &FEW), Taken::BeyondReach, "{text}");
    }
    assert_eq!(said(&ledger.totals([])), all);
    assert_eq!(ledger.take(told("C d3 v2 -"), &FEW), Taken::Folded);
    assert_eq!(
        said(&ledger.totals([])),
        "orders 4 net 11011 refunded 0 d1-d5"
    );
    // A refund of an old order is new.
    assert_eq!(ledger.take(told("R d6 v1 R1"), &FEW), Taken::Folded);
    assert_eq!(
        said(&ledger.totals([])),
        "orders 4 net 11010 refunded 1 d1-d5"
    );
}

#[test]
fn behind_the_ids_that_are_remembered_nothing_is_believed() {
    let texts: Vec<String> = (10..20).map(|day| format!("{day} d{day} v1 1")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut ledger = ledger(&texts, &FEW);
    assert_eq!(
        said(&ledger.totals([])),
        "orders 10 net 10 refunded 0 d10-d19"
    );
    let base = ledger.base().expect("seven are one sum");
    assert_eq!(
        (base.folded.len(), base.floor.map(|floor| floor.0)),
        (4, Some(EventTime(12 * DAY)))
    );
    assert_eq!(ledger.take(told("new d11 v1 1"), &FEW), Taken::BeyondReach);
    assert_eq!(ledger.take(told("new d13 v1 1"), &FEW), Taken::Folded);
    assert_eq!(
        said(&ledger.totals([])),
        "orders 11 net 11 refunded 0 d10-d19"
    );
}

#[test]
fn an_account_with_a_hundred_thousand_orders_is_bounded_and_counts_them_all() {
    let mut ledger = Ledger::default();
    for number in 0..100_000_i64 {
        let mut told = told("A d0 v1 2 tea x1");
        told.order = OrderId(number.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15));
        told.time = EventTime(number * HOUR);
        if let Some(what) = &mut told.what {
            what.picks[0].name = NameId(number as u32);
        }
        assert_eq!(ledger.take(told, &Limits::default()), Taken::Folded);
    }
    let totals = ledger.totals([]);
    assert_eq!(
        (totals.orders, totals.amounts[0].net),
        (100_000, 2 * 10_000 * 100_000)
    );
    assert_eq!(ledger.orders().len(), ORDERS_MAX);
    let base = ledger.base().expect("most are one sum");
    assert!(base.folded.len() <= FOLDED_MAX && base.totals.favourites.len() <= FAVOURITES_MAX);
}

/// What stands of each order: a function of number and version, as an order's home would tell it.
fn standing(order: u64, version: u64) -> OrderTold {
    let amount = (order * 7 + version * 3) as i64 % 50;
    let mut told = match (order + version) % 5 {
        0 => told("A d0 v0 -"),
        1 => told(&format!("A d0 v0 R{amount}")),
        _ => told(&format!("A d0 v0 {amount} tea x{order} cup x{version}")),
    };
    told.order = OrderId(order);
    // The first event of an order wins its time, so it can only fall.
    told.time = EventTime((order as i64 * 5 % 17) * DAY - version as i64 * HOUR);
    told.version.offset = version;
    told
}

proptest! {
    #[test]
    fn any_order_of_arrival_with_any_repetition_gives_what_stands_last(
        tellings in prop::collection::vec((0..12_u64, 0..6_u64), 1..60),
        split in 0..60_usize,
    ) {
        let mut newest: BTreeMap<u64, u64> = BTreeMap::new();
        let mut ledger = Ledger::default();
        for (order, version) in &tellings {
            let known = newest.entry(*order).or_insert(*version);
            *known = (*known).max(*version);
            let _ = ledger.take(standing(*order, *version), &Limits::default());
        }
        let mut expected = Totals::default();
        let last: Vec<OrderTold> =
            newest.iter().map(|(order, version)| standing(*order, *version)).collect();
        last.iter().for_each(|told| expected.add(told));
        // As an independent sum of whole units.
        let orders = last.iter().filter_map(|told| told.what.as_ref());
        let net: i64 = orders.map(|what| what.net.0).sum();
        let said = ledger.totals([]);
        prop_assert_eq!(said.amounts.first().map_or(0, |one| one.net), i128::from(net));
        prop_assert_eq!(sorted(&said), sorted(&expected));
        // Half of them own, half contributed.
        let (own, given) = last.split_at(split % (last.len() + 1));
        let mut ledger = Ledger::default();
        own.iter().for_each(|told| { let _ = ledger.take(told.clone(), &Limits::default()); });
        prop_assert_eq!(sorted(&ledger.totals(given)), sorted(&expected));
    }

    #[test]
    fn beyond_the_limit_orders_told_once_give_the_same_in_any_order(
        order in Just((0..30_u64).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let limits = Limits { orders_max: 5, folded_max: 100 };
        let all = |order: &[u64]| {
            let mut ledger = Ledger::default();
            for number in order {
                assert_eq!(ledger.take(standing(*number, 0), &limits), Taken::Folded);
            }
            ledger
        };
        let expected = all(&(0..30).collect::<Vec<_>>());
        let ledger = all(&order);
        prop_assert_eq!(ledger.orders(), expected.orders());
        prop_assert_eq!(sorted(&ledger.totals([])), sorted(&expected.totals([])));
    }
}

/// Favourites stand in no particular order.
fn sorted(totals: &Totals) -> Totals {
    let mut totals = totals.clone();
    totals
        .favourites
        .sort_by_key(|known| (known.kind, known.name));
    totals
}
