//! Claims about limits on one order, and about ids: what makes two alerts one.

use super::*;
use std::fmt::Write;

/// `o1 1200 EUR | tea*60`: value, currency, pieces of products.
fn order(text: &'static str) -> OrderSight<'static> {
    let (head, lines) = text.split_once(" | ").unwrap_or((text, ""));
    let mut head = head.split(' ');
    let id = head.next().expect("an id");
    let value = head
        .next()
        .expect("a value")
        .parse::<i64>()
        .expect("a number");
    let lines = lines
        .split(' ')
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (product, count) = line.split_once('*').expect("pieces");
            OrderLine {
                product: NameId(u32::from(product.as_bytes()[0])),
                pieces: pieces(count.parse().expect("a number")),
                value: money(1),
            }
        });
    OrderSight {
        order: id,
        at: at(0, 10, 0),
        event: EventId(1),
        value: money(value),
        currency: if head.next() == Some("USD") {
            NameId(9)
        } else {
            EUR
        },
        lines: lines.collect(),
    }
}

fn product_name(id: NameId) -> Arc<str> {
    char::from(u8::try_from(id.0).expect("a letter"))
        .to_string()
        .into()
}

fn check(was: Option<&'static str>, is: Option<&'static str>, expected: &str) {
    let (was, is) = (was.map(order), is.map(order));
    let mut out = Verdicts::default();
    let change = OrderChange {
        was: was.as_ref(),
        is: is.as_ref(),
    };
    judge_order(&usual_desk(), change, product_name, &mut out);
    let mut said = String::new();
    for Told { was, now } in &out.told {
        let rule = now
            .as_ref()
            .map(|now| &now.rule)
            .or(was.as_ref().map(|was| &was.rule));
        write!(said, "{}", rule.expect("told of something")).expect("texts can be written");
        let with = now.as_ref().and_then(|now| now.with.as_ref());
        if let Some(with) = with {
            write!(said, " of {}", with.key).expect("texts can be written");
        }
        said.push_str(match (was, now) {
            (None, _) => " fires; ",
            (_, None) => " is taken back; ",
            _ => " changes; ",
        });
    }
    assert_eq!(said.trim_end_matches("; "), expected);
}

#[test]
fn an_order_above_the_limit_fires_and_one_at_the_limit_does_not() {
    check(None, Some("o1 1001"), "high_value_order fires");
    check(None, Some("o1 1000"), "");
}

#[test]
fn another_currency_is_not_judged_by_a_limit_in_the_stores() {
    check(None, Some("o1 5000 USD"), "");
}

#[test]
fn more_than_fifty_of_one_product_fire_and_fifty_of_each_do_not() {
    check(None, Some("o1 10 | tea*51"), "unusual_quantity of t fires");
    check(None, Some("o1 10 | tea*50 milk*50"), "");
    check(
        None,
        Some("o1 10 | milk*60 tea*60 bread*70"),
        "unusual_quantity of b fires",
    );
    check(
        None,
        Some("o1 10 | milk*60 tea*60"),
        "unusual_quantity of t fires",
    );
}

#[test]
fn an_order_that_changes_takes_its_alert_back_or_changes_it() {
    check(Some("o1 2000"), None, "high_value_order is taken back");
    check(
        Some("o1 2000"),
        Some("o1 500"),
        "high_value_order is taken back",
    );
    check(Some("o1 2000"), Some("o1 3000"), "high_value_order changes");
    check(Some("o1 2000"), Some("o1 2000"), "");
}

#[test]
fn absurd_orders_are_judged_without_overflow() {
    let mut absurd = order("o1 10 | tea*1");
    absurd.value = Money(i64::MAX);
    absurd.lines[0].pieces = pieces(1_000_000_000);
    let mut out = Verdicts::default();
    let change = OrderChange {
        was: None,
        is: Some(&absurd),
    };
    judge_order(&usual_desk(), change, product_name, &mut out);
    assert_eq!(out.told.len(), 2);
    absurd.value = Money(-1);
    absurd.lines[0].pieces = pieces(-5);
    let mut out = Verdicts::default();
    let change = OrderChange {
        was: None,
        is: Some(&absurd),
    };
    judge_order(&usual_desk(), change, product_name, &mut out);
    assert_eq!(out.told, []);
}

#[test]
fn an_id_follows_from_rule_store_subject_and_occasion() {
    let desk = usual_desk();
    let id = |desk: &StoreDesk, rule: usize, key: &str, occasion| {
        Finding::new(
            desk,
            &desk.rules[rule],
            subject(SubjectKind::Order, key),
            occasion,
        )
        .id
    };
    let first = id(&desk, 0, "o1", Occasion::Once);
    let mut other = usual_desk();
    other.name = "other".into();
    let others = [
        id(&desk, 1, "o1", Occasion::Once),
        id(&desk, 0, "o2", Occasion::Once),
        id(&desk, 0, "o1", Occasion::Event(EventId(0))),
        id(&desk, 0, "o1", Occasion::Window(at(0, 0, 0))),
        id(&other, 0, "o1", Occasion::Once),
        finding_at(&desk, "o1", at(0, 0, 0))
            .against(&desk, subject(SubjectKind::Category, "tea"))
            .id,
    ];
    assert!(others.iter().all(|other| *other != first));
    // The store's number in this process and the time are no part of it.
    let mut renumbered = usual_desk();
    renumbered.store = NameId(77);
    assert_eq!(id(&renumbered, 0, "o1", Occasion::Once), first);
    assert_eq!(finding_at(&desk, "o1", at(5, 0, 0)).id, first);
    // It is kept by readers, so it must not change with the code.
    assert_eq!(first.to_string().len(), 32);
}
