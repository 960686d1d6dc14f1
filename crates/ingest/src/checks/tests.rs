//! A shop's own checks: what they set aside, and what is told about one that is wrong.

use super::{CheckConfig, compile_checks};
use event::dialect::{Decoding, Intake, json};
use event::{Currency, Event, Rejection};
use jiff::tz::TimeZone;

const ORDER: &str = r#"{"event_id":"1","type":"order","ts_event":"2026-01-02T03:04:05Z","order_id":"A-1","customer_id":"7","total":250.10,"country":"DE","coupon":"SPRING","items":[{"product_id":"p","price":0.1,"quantity":3,"category":"toys"},{"product_id":"q","price":249.80,"quantity":1}]}"#;

struct Judge<'r> {
    rules: &'r event::rule::Rules,
    said: Vec<String>,
}

impl Intake for Judge<'_> {
    fn take(&mut self, event: &mut Event<'_>, _: &[u8]) {
        self.said.push(match self.rules.check(event) {
            Ok(()) => "passes".to_owned(),
            Err(rejection) => rejection.to_string(),
        });
    }

    fn refuse(&mut self, _: i64, rejection: Rejection, _: &[u8]) {
        self.said.push(rejection.to_string());
    }
}

fn of(when: &str, reject_if: &str) -> CheckConfig {
    CheckConfig {
        name: "mine".to_owned(),
        when: (!when.is_empty()).then(|| when.to_owned()),
        reject_if: reject_if.to_owned(),
    }
}

fn judge(check: CheckConfig, event: &str) -> String {
    let rules = compile_checks(&[check]).unwrap_or_else(|error| panic!("{error}"));
    let decoding = Decoding {
        source: "test",
        store: "main",
        zone: &TimeZone::UTC,
        currency: &Currency::USD,
    };
    let mut judge = Judge {
        rules: &rules,
        said: Vec::new(),
    };
    json::read_body(
        event.as_bytes(),
        &decoding,
        &mut json::Habits::default(),
        &mut judge,
    );
    judge.said.join("; ")
}

/// Whether the order above is set aside.
fn check(reject_if: &str, is_rejected: bool) {
    let said = judge(of("", reject_if), ORDER);
    let expected = if is_rejected {
        format!("check_failed: check \"mine\": {reject_if}")
    } else {
        "passes".to_owned()
    };
    assert_eq!(said, expected, "{reject_if}");
}

#[test]
fn money_is_compared_as_exact_decimals() {
    check("total > 250", true);
    check("total > 250.1", false);
    check("total >= 250.10", true);
    check("total == 250.1", true);
    check("items_value == 250.1", true);
    check("items.exists(i, i.price * i.quantity == 0.3)", true);
    check("total / 3 == 83.3667", true);
    check("-total < 0 && total - 250.1 == 0", true);
    check("total / 0 == 1", false);
    check("total * 1e13 * 1e13 * 1e13 > 0", false);
}

#[test]
fn texts_lists_and_items_are_looked_at() {
    check("type == 'order' && country in ['DE', 'AT']", true);
    check("country in ['FR']", false);
    check("order_id.startsWith('A-') && !order_id.endsWith('2')", true);
    check("coupon.contains('PRIN')", true);
    check(
        "size(coupon) == 6 && size(items) == 2 && items_count == 2",
        true,
    );
    check("items.all(i, i.quantity > 1)", false);
    check("items.exists(thing, thing.category == 'toys')", true);
    check("event.customer_id == '7'", true);
    check("ts_event < timestamp('2026-01-02T00:00:00Z')", false);
    check("ts_event >= timestamp('2026-01-02')", true);
}

#[test]
fn a_missing_value_equals_null_only_and_is_never_above_or_below() {
    check("discount > 0 || discount <= 0", false);
    check("discount == null", true);
    check("coupon != null", true);
    check("discount + total > 0", false);
    check("payment_method != 'card'", true);
    check("payment_method.startsWith('')", false);
    check("is_bot", false);
    check("is_bot == false", true);
}

#[test]
fn a_check_judges_only_what_it_is_for() {
    assert_eq!(judge(of("type == 'refund'", "total > 1"), ORDER), "passes");
    assert!(judge(of("type == 'order'", "total > 1"), ORDER).starts_with("check_failed"));
    let own = r#"{"event_id":"2","type":"newsletter","ts_event":"2026-01-02T03:04:05Z"}"#;
    assert!(judge(of("", "type == 'newsletter'"), own).starts_with("check_failed"));
}

fn check_mistake(reject_if: &str, column: usize, what: &str, hint: &str) {
    let error = compile_checks(&[of("", reject_if)]).expect_err(reject_if);
    assert_eq!(
        (
            error.column,
            error.what.contains(what),
            error.hint.contains(hint)
        ),
        (column, true, true),
        "{error}\n{}",
        error.hint
    );
}

#[test]
fn a_wrong_check_is_told_with_its_place_and_a_way_out() {
    check_mistake("totl > 1", 1, "no field `totl`", "did you mean `total`?");
    check_mistake(
        "total > '1'",
        9,
        "a number cannot be compared with a text",
        "quotes",
    );
    check_mistake(
        "customer_id == 7",
        16,
        "a text cannot be compared with a number",
        "ids are texts",
    );
    check_mistake(
        "price > 1",
        1,
        "belongs to a line item",
        "items.exists(i, i.price",
    );
    check_mistake(
        "items.exists(i, i.prise > 1)",
        18,
        "no field `prise`",
        "did you mean `price`?",
    );
    check_mistake("total", 1, "neither true nor false", "compare");
    check_mistake("total = 1", 7, "", "write ==");
    check_mistake("total > 1 and total < 3", 11, "", "&&");
    check_mistake(
        "url.startWith('x')",
        14,
        "no function `startWith`",
        "`startsWith`",
    );
    check_mistake("total > 0.00001", 9, "too exact", "four digits");
    check_mistake("has(coupon)", 5, "has()", "coupon != null");
    check_mistake("has(event.coupon)", 4, "has()", "coupon != null");
    check_mistake("", 1, "", "");
}

#[test]
fn names_are_needed_and_are_not_used_twice() {
    let nameless = CheckConfig {
        name: " ".to_owned(),
        ..of("", "total > 1")
    };
    assert!(compile_checks(&[nameless]).is_err());
    assert!(compile_checks(&[of("", "total > 1"), of("", "total > 2")]).is_err());
}

#[test]
fn deep_or_endless_expressions_are_refused_and_harm_nothing() {
    for written in [
        "(".repeat(1_900),
        format!("{}total > 1{}", "(".repeat(900), ")".repeat(900)),
        format!("{}is_bot", "!".repeat(1_900)),
        "total > ".repeat(240),
        format!("total > 1{}", " || total > 1".repeat(150)),
        "x".repeat(5_000),
        "\u{0}\u{1F600}'".to_owned(),
    ] {
        let _ = compile_checks(&[of("", &written)]);
    }
}
