//! Claims about rules: which make sense, and what is said of those that do not.

use super::*;

fn check(condition: Condition, expected: &str) {
    let said = match Rule::new("mine", Severity::Info, condition).check() {
        Ok(()) => "fine".to_owned(),
        Err(error) => error.to_string(),
    };
    assert_eq!(said, expected);
}

fn check_rate(metric: &str, split: Option<(&str, &str)>, expected: &str) {
    let split = split.map(|(dimension, value)| Split {
        dimension: dimension.into(),
        value: value.into(),
    });
    let rate = Rate {
        split,
        ..Rate::of(metric, Direction::Above)
    };
    check(Condition::Rate(rate), expected);
}

#[test]
fn the_usual_rules_make_sense_and_have_the_limits_of_the_design() {
    let rules = usual_rules();
    assert_eq!(check_rules(&rules), Ok(()));
    let limit = |name: &str| {
        let rule = rules.iter().find(|rule| &*rule.name == name);
        match rule.map(|rule| &rule.condition) {
            Some(Condition::HighValue(limit)) => limit.above.0 / SCALE,
            Some(Condition::UnusualQuantity(limit)) => limit.above.0 / SCALE,
            Some(Condition::LowStock(limit)) => limit.below.0 / SCALE,
            Some(Condition::ShortCover(limit)) => i64::from(limit.lead_hours) / 24,
            Some(Condition::Unlike(limit)) => limit.z_above / 1_000,
            other => panic!("{name}: {other:?}"),
        }
    };
    let limits = [
        "high_value_order",
        "unusual_quantity",
        "low_stock",
        "short_cover",
        "order_unlike_customer",
        "quantity_unlike_product",
    ];
    assert_eq!(limits.map(limit), [1_000, 50, 10, 7, 4, 4]);
}

#[test]
fn a_metric_that_does_not_exist_is_answered_with_the_nearest() {
    check_rate("orders", None, "fine");
    check_rate(
        "ordrs",
        None,
        "there is no metric \"ordrs\"; did you mean orders?",
    );
    check_rate(
        "happiness",
        None,
        "there is no metric \"happiness\"; `meta/metrics` names them all",
    );
}

#[test]
fn a_dimension_that_does_not_exist_or_is_not_kept_is_told() {
    check_rate("events", Some(("type", "payment_error")), "fine");
    check_rate(
        "events",
        Some(("contry", "DE")),
        "there is no dimension \"contry\"; did you mean country?",
    );
    check_rate(
        "fee_value",
        Some(("product", "p1")),
        "\"fee_value\" cannot be split by \"product\"; it can by country, category, device, identity, payment_method",
    );
    check_rate(
        "events",
        Some(("hour", "12")),
        "\"events\" cannot be split by \"hour\"; it can by type, country, category, device",
    );
}

#[test]
fn what_does_not_add_up_has_no_rate() {
    let expected = "is no sum and has no rate a minute; take what it is made of";
    check_rate("aov", None, &format!("\"aov\" {expected}"));
    check_rate("visitors", None, &format!("\"visitors\" {expected}"));
}

#[test]
fn limits_of_nothing_and_less_are_refused() {
    let high = |above| Condition::HighValue(HighValue { above });
    check(
        high(Money(0)),
        "above must be from 1 to 9223372036854775807, not 0",
    );
    check(
        high(Money(-SCALE)),
        "above must be from 1 to 9223372036854775807, not -10000",
    );
    check(
        Condition::LowStock(LowStock { below: Quantity(0) }),
        "below must be from 1 to 9223372036854775807, not 0",
    );
    check(
        Condition::Unlike(Unlike {
            z_above: 0,
            ..Unlike::default()
        }),
        "z_above must be from 1 to 1000000, not 0",
    );
    check(
        Condition::Unlike(Unlike {
            observations_min: 500,
            ..Unlike::default()
        }),
        "observations_min must be from 2 to 128, not 500",
    );
    check(
        Condition::PriceMistake(PriceMistake {
            times: 1,
            prices: 9,
        }),
        "times must be from 2 to 1000000, not 1",
    );
    check(
        Condition::QuarantineShare(QuarantineShare {
            above: 20_000,
            events_min: 1,
        }),
        "above must be from 1 to 10000, not 20000",
    );
}

#[test]
fn a_history_that_is_not_kept_cannot_be_asked_for() {
    check(
        Condition::Unlike(Unlike {
            measured: Measured::Pieces,
            against: Against::Customer,
            ..Unlike::default()
        }),
        "Pieces is not kept against Customer",
    );
}

#[test]
fn steps_divide_an_hour() {
    let rate = |step_minutes| {
        Condition::Rate(Rate {
            step_minutes,
            ..Rate::of("orders", Direction::Either)
        })
    };
    check(rate(15), "fine");
    check(rate(7), "a step of 7 minutes does not divide an hour");
    check(rate(0), "a step of 0 minutes does not divide an hour");
}

#[test]
fn two_rules_of_one_name_would_share_their_alerts() {
    let rule = |name: &str| {
        Rule::new(
            name,
            Severity::Info,
            Condition::OutOfStock(OutOfStock { demand_min: 0 }),
        )
    };
    let twice = [rule("a"), rule("b"), rule("a")];
    let said = check_rules(&twice).map_err(|error| error.to_string());
    assert_eq!(said, Err("two rules are named \"a\"".to_owned()));
    let said = check_rules(&[rule(" ")]).map_err(|error| error.to_string());
    assert_eq!(said, Err("a rule has no name".to_owned()));
}
