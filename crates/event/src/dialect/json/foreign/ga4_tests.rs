//! The GA4 column of the design's tables of types and fields, and what its traps become.

use super::super::JsonDialect::Ga4;
use super::tests::{check_body, check_types, read};

pub(super) fn ga4(event: &str) -> String {
    format!(r#"{{"client_id":"1.2","timestamp_micros":1735689600000000,"events":[{event}]}}"#)
}

pub(super) fn ga4_purchase(params: &str) -> String {
    ga4(&format!(r#"{{"name":"purchase","params":{{{params}}}}}"#))
}

#[test]
fn ga4_names_of_types_are_the_tables() {
    let event = |name: &str| ga4(&format!(r#"{{"name":"{name}"}}"#));
    check_types(
        Ga4,
        event,
        &[
            ("page_view", "page_view"),
            ("search", "search"),
            ("view_item_list", "list_view"),
            ("select_item", "item_click"),
            ("view_item", "item_view"),
            ("add_to_cart", "cart_add"),
            ("remove_from_cart", "cart_remove"),
            ("view_cart", "cart_view"),
            ("add_to_wishlist", "wishlist_add"),
            ("begin_checkout", "checkout_start"),
            ("add_shipping_info", "checkout_step"),
            ("add_payment_info", "checkout_step"),
            ("purchase", "order"),
            ("refund", "refund"),
            ("sign_up", "sign_up"),
            ("login", "login"),
            ("view_promotion", "promo_view"),
            ("select_promotion", "promo_click"),
            ("share", "share"),
            ("click", "click"),
            ("tutorial_begin", "tutorial_begin"),
        ],
    );
}

#[test]
fn ga4_fields_go_where_the_table_says() {
    let head = "order 2025-01-01T00:00:00Z type_text=purchase anonymous_id=1.2";
    let line = |rest: &str| format!("{head} {rest}");
    let table = [
        (
            r#""transaction_id":"T1","value":20.5,"currency":"EUR","tax":3.9,"shipping":4"#,
            line("order_id=T1 currency=EUR tax=3.9 shipping=4 revenue=20.5"),
        ),
        (
            r#""ga_session_id":1735689000,"session_id":"1735689000","timestamp_micros":1735693200000000"#,
            "order 2025-01-01T01:00:00Z type_text=purchase anonymous_id=1.2 source_session_id=1735689000".to_owned(),
        ),
        (
            r#""items":[{"item_id":"9007199254740993","item_category":"a","item_category2":"b","item_category3":"c","item_category4":"d","item_category5":"e","price":0.1,"quantity":3}]"#,
            line("currency=USD [product_id=9007199254740993 category_path=a/b/c/d/e unit_price=0.1 quantity=3]"),
        ),
        (
            r#""coupon":"MAY","items":[{"item_id":"p","coupon":"ITEM","index":2,"item_list_id":"l","item_list_name":"L","affiliation":"Shop"}]"#,
            line("coupon=MAY affiliation=Shop [product_id=p coupon=ITEM list_id=l list_name=L position=2]"),
        ),
        (
            r#""payment_type":"card","shipping_tier":"Ground","engagement_time_msec":100"#,
            line(r#"extra={"params.engagement_time_msec":100} payment_method=card shipping_method=Ground"#),
        ),
    ];
    for (params, expected) in table {
        let event = expected.replace(" dialect=ga4", "");
        check_body(Ga4, &ga4_purchase(params), &[&event]);
    }
}

#[test]
fn the_value_of_a_ga4_event_is_revenue_refund_or_worth_of_the_goods() {
    let event = |name: &str| {
        ga4(&format!(
            r#"{{"name":"{name}","params":{{"value":5,"currency":"EUR"}}}}"#
        ))
    };
    for (name, column) in [
        ("purchase", "revenue"),
        ("refund", "refund_amount"),
        ("add_to_cart", "subtotal"),
        ("begin_checkout", "subtotal"),
    ] {
        let line = &read(Ga4, &event(name)).lines[0];
        assert!(
            line.ends_with(&format!(" currency=EUR {column}=5")),
            "{line}"
        );
    }
}

#[test]
fn a_ga4_order_worth_less_than_its_items_had_a_discount() {
    for (value, expected) in [
        (
            "18",
            " inferred=discount currency=USD discount=2 revenue=18 [",
        ),
        (
            "0",
            " inferred=discount currency=USD discount=20 revenue=0 [",
        ),
        ("20", " currency=USD revenue=20 ["),
        ("25", " currency=USD revenue=25 ["),
    ] {
        let params = format!(
            r#""value":{value},"items":[{{"item_id":"p","price":7.5,"quantity":2}},{{"item_id":"q","price":5}}]"#
        );
        let line = &read(Ga4, &ga4_purchase(&params)).lines[0].replace(" dialect=ga4", "");
        assert!(line.contains(expected), "{value}: {line}");
    }
    let without_price = r#""value":1,"items":[{"item_id":"p","price":7.5},{"item_id":"q"}]"#;
    let line = &read(Ga4, &ga4_purchase(without_price)).lines[0];
    assert!(!line.contains("discount"), "{line}");
}

#[test]
fn a_ga4_list_or_promotion_is_that_of_all_items_that_name_none() {
    let list = r#"{"name":"view_item_list","params":{"item_list_id":"sale","items":[{"item_id":"a"},{"item_id":"b","item_list_id":"own"}]}}"#;
    let promotion = r#"{"name":"select_promotion","params":{"promotion_id":"P","promotion_name":"Spring","creative_name":"C","creative_slot":"top"}}"#;
    check_body(
        Ga4,
        &ga4(&format!("{list},{promotion}")),
        &[
            "list_view 2025-01-01T00:00:00Z type_text=view_item_list anonymous_id=1.2 [product_id=a list_id=sale] [product_id=b list_id=own]",
            "promo_click 2025-01-01T00:00:00Z type_text=select_promotion anonymous_id=1.2 [promo_id=P promo_name=Spring creative=C slot=top]",
        ],
    );
}

#[test]
fn a_bad_event_of_a_body_leaves_its_neighbours_and_can_be_read_again_alone() {
    let body = ga4(
        r#"{"name":"page_view"}, {"name":"purchase","params":{"value":"many"}},{"params":{}},7,{"name":"login"}"#,
    );
    check_body(
        Ga4,
        &body,
        &[
            "page_view 2025-01-01T00:00:00Z anonymous_id=1.2",
            "!price_invalid: revenue = \"many\"",
            "!type_missing: the event has no name",
            "!not_an_object: events = \"7\"",
            "login 2025-01-01T00:00:00Z anonymous_id=1.2",
        ],
    );
    let lines = read(Ga4, &body);
    assert_eq!(
        lines.raws[1],
        ga4(r#"{"name":"purchase","params":{"value":"many"}}"#)
    );
    for (line, raw) in lines.lines.iter().zip(&lines.raws) {
        assert_eq!(&read(Ga4, raw).lines, std::slice::from_ref(line), "{raw}");
    }
}

#[test]
fn a_body_whose_own_fields_are_wrong_is_set_aside_whole() {
    for (body, expected) in [
        (
            r#"{"client_id":{},"events":[{"name":"login"},{"name":"login"}]}"#,
            "!wrong_type: client_id = \"{}\"",
        ),
        (
            r#"{"client_id":"1","events":[]}"#,
            "!type_missing: events holds no event",
        ),
        (
            r#"{"client_id":"1","events":{}}"#,
            "!wrong_type: events = \"no array\"",
        ),
        (
            r#"{"client_id":"1"}"#,
            "!type_missing: a body of the Measurement Protocol has events",
        ),
        (
            r#"{"client_id":"1","client_id":"2","events":[{"name":"login"}]}"#,
            "!duplicate_key: key = \"client_id\"",
        ),
        (
            r#"{"client_id":"1","events":[{"name":"login"}],"x":NaN}"#,
            "!malformed_json: no JSON at byte 49",
        ),
        (
            r#"{"client_id":"1","events":[{"name":"login"}]}"#,
            "!time_missing: no field holds the event's time",
        ),
    ] {
        check_body(Ga4, body, &[expected]);
    }
    let many = ga4(&r#"{"name":"login"},"#.repeat(10_001));
    let many = many.replace(",]", "]");
    check_body(
        Ga4,
        &many,
        &["!too_many_items: more than 10000 events in one object"],
    );
}

#[test]
fn rows_of_the_ga4_export_say_the_same_as_bodies() {
    check_body(
        Ga4,
        r#"{"event_date":"20250101","event_timestamp":"1735689600000000","event_name":"purchase","event_params":[
            {"key":"ga_session_id","value":{"string_value":null,"int_value":"17","float_value":null,"double_value":null}},
            {"key":"value","value":{"double_value":20.5}},{"key":"currency","value":{"string_value":"EUR"}},
            {"key":"page_location","value":{"string_value":"https://shop.example/done"}},{"key":"odd","value":{}}],
            "user_id":null,"user_pseudo_id":"1.2","device":{"category":"mobile","operating_system":"Android","web_info":{"browser":"Chrome"}},
            "geo":{"city":"(not set)","country":"France"},"ecommerce":{"transaction_id":"T1","purchase_revenue":20.5,"unique_items":1},
            "items":[{"item_id":"p","item_name":"Pen","item_brand":"(not set)","item_category":"Office","item_list_index":"(not set)","price":20.5,"quantity":"1"}]}"#,
        &[
            r#"order 2025-01-01T00:00:00Z type_text=purchase anonymous_id=1.2 source_session_id=17 url=https://shop.example/done order_id=T1 extra={"event_date":"20250101","ecommerce.unique_items":1} device_type=mobile browser=Chrome os=Android country=France currency=EUR revenue=20.5 [product_id=p name=Pen category_path=Office unit_price=20.5 quantity=1]"#,
        ],
    );
}
