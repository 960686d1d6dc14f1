//! The Snowplow column of the design's tables of types and fields, and what its traps become.

use super::super::JsonDialect::Snowplow;
use super::tests::{check_body, check_types, read};

/// An enriched event with an e-commerce action and entities, flattened as the analytics SDKs write them.
fn snowplow(action: &str, entities: &str) -> String {
    let prefix = "com_snowplowanalytics_snowplow_ecommerce";
    let entities = entities.replace("contexts:", &format!("contexts_{prefix}_"));
    format!(
        r#"{{"event":"unstruct","event_name":"snowplow_ecommerce_action","event_id":"e","derived_tstamp":"2025-01-01 00:00:00.000","domain_userid":"d",
            "unstruct_event_{prefix}_snowplow_ecommerce_action_1":{{"type":"{action}"}}{entities}}}"#
    )
}

#[test]
fn snowplow_names_of_types_are_the_tables() {
    check_types(
        Snowplow,
        |action| snowplow(action, ""),
        &[
            ("list_view", "list_view"),
            ("list_click", "item_click"),
            ("product_view", "item_view"),
            ("add_to_cart", "cart_add"),
            ("remove_from_cart", "cart_remove"),
            ("checkout_step", "checkout_step"),
            ("transaction", "order"),
            ("refund", "refund"),
            ("trns_error", "payment_error"),
            ("promo_view", "promo_view"),
            ("promo_click", "promo_click"),
        ],
    );
    let tracked =
        |code: &str| format!(r#"{{"e":"{code}","se_ac":"play","eid":"e","ttm":"1735689600000"}}"#);
    for (code, kind) in [
        ("pv", "page_view"),
        ("pp", "page_ping"),
        ("se", "play"),
        ("tr", "order"),
        ("ti", "order_update"),
    ] {
        let line = &read(Snowplow, &tracked(code)).lines[0];
        assert_eq!(line.split(' ').next(), Some(kind), "{line}");
    }
    check_body(
        Snowplow,
        r#"{"event":"unstruct","event_name":"site_search","event_id":"e","derived_tstamp":"2025-01-01 00:00:00","unstruct_event_com_snowplowanalytics_snowplow_site_search_1":{"terms":["blue","jeans"],"filters":{"size":"M"},"totalResults":12}}"#,
        &[
            r#"search 2025-01-01T00:00:00Z event_id_text=e type_text=site_search query=blue jeans filters={"size":"M"} results_count=12"#,
        ],
    );
    check_body(
        Snowplow,
        r#"{"event":"unstruct","event_name":"link_click","event_id":"e","derived_tstamp":"2025-01-01 00:00:00","unstruct_event_com_snowplowanalytics_snowplow_link_click_1":{"targetUrl":"x"}}"#,
        &[
            r#"link_click 2025-01-01T00:00:00Z event_id_text=e extra={"unstruct_event_com_snowplowanalytics_snowplow_link_click_1":{"targetUrl":"x"}}"#,
        ],
    );
}

#[test]
fn snowplow_fields_go_where_the_table_says() {
    let table = [
        (
            "transaction",
            r#","user_id":"u","domain_sessionid":"s","contexts:transaction_1":[{"transaction_id":"T","revenue":20,"currency":"EUR","payment_method":"card","total_quantity":2,"tax":3,"shipping":4,"discount_code":"MAY","discount_amount":1}],
               "contexts:product_1":[{"id":"p","name":"Pen","category":"Office/Pens","price":10,"list_price":12,"currency":"EUR","quantity":2,"brand":"B","inventory_status":"in stock"}]"#,
            r#"order 2025-01-01T00:00:00Z event_id_text=e type_text=transaction anonymous_id=d customer_id=u source_session_id=s order_id=T coupon=MAY extra={"contexts[0].total_quantity":2} currency=EUR payment_method=card discount=1 tax=3 shipping=4 revenue=20 [product_id=p name=Pen brand=B stock_status=in stock category_path=Office/Pens currency=EUR unit_price=10 list_price=12 quantity=2]"#,
        ),
        (
            "checkout_step",
            r#","contexts:checkout_step_1":[{"step":1,"coupon_code":"MAY","delivery_method":"express","payment_method":"card","account_type":"guest"}]"#,
            r#"checkout_start 2025-01-01T00:00:00Z event_id_text=e type_text=checkout_step anonymous_id=d coupon=MAY extra={"contexts[0].account_type":"guest"} payment_method=card shipping_method=express step=1"#,
        ),
        (
            "checkout_step",
            r#","contexts:checkout_step_1":[{"step":3}]"#,
            "checkout_step 2025-01-01T00:00:00Z event_id_text=e anonymous_id=d step=3",
        ),
        (
            "refund",
            r#","contexts:refund_1":[{"transaction_id":"T","currency":"EUR","refund_amount":10,"refund_reason":"size"}],"contexts:product_1":[{"id":"p","price":10,"currency":"EUR","quantity":1}]"#,
            "refund 2025-01-01T00:00:00Z event_id_text=e anonymous_id=d order_id=T reason=size currency=EUR refund_amount=10 [product_id=p kind=return currency=EUR unit_price=10 quantity=1]",
        ),
        (
            "trns_error",
            r#","contexts:transaction_error_1":[{"error_shortcode":"declined","error_code":"E5","error_type":"hard","error_description":"no money"}]"#,
            r#"payment_error 2025-01-01T00:00:00Z event_id_text=e type_text=trns_error anonymous_id=d reason=no money error_code=E5 error_type=hard extra={"contexts[0].error_shortcode":"declined"}"#,
        ),
        (
            "promo_click",
            r#","contexts:promotion_1":[{"id":"P","name":"Sale","slot":"top","creative_id":"c","position":2,"product_ids":["a"]}]"#,
            r#"promo_click 2025-01-01T00:00:00Z event_id_text=e anonymous_id=d extra={"contexts[0].product_ids":["a"]} [promo_id=P promo_name=Sale creative=c slot=top position=2]"#,
        ),
        (
            "add_to_cart",
            r#","contexts:cart_1":[{"cart_id":"C","total_value":10,"currency":"GBP"}],"contexts:user_1":[{"id":"u","email":"a@b.c"}],"contexts:product_1":[{"id":"p","price":10,"currency":"GBP"}]"#,
            "cart_add 2025-01-01T00:00:00Z event_id_text=e type_text=add_to_cart anonymous_id=d customer_id=u email=a@b.c cart_id=C currency=GBP subtotal=10 [product_id=p currency=GBP unit_price=10]",
        ),
    ];
    for (action, entities, expected) in table {
        check_body(Snowplow, &snowplow(action, entities), &[expected]);
    }
}

#[test]
fn snowplow_entities_mean_the_same_in_every_wrapping() {
    // {"schema":"iglu:…unstruct_event…","data":{"schema":"iglu:…snowplow_ecommerce_action…","data":{"type":"product_view"}}}
    let event = r#"{"schema":"iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0","data":{"schema":"iglu:com.snowplowanalytics.snowplow.ecommerce/snowplow_ecommerce_action/jsonschema/1-0-2","data":{"type":"product_view"}}}"#;
    let entities = r#"{"schema":"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1","data":[{"schema":"iglu:com.snowplowanalytics.snowplow.ecommerce/product/jsonschema/1-0-0","data":{"id":"p","price":10,"currency":"GBP","category":"a/b"}},{"schema":"iglu:com.acme/card/jsonschema/1-0-0","data":{"n":1}}]}"#;
    let text = |json: &str| json.replace('"', "\\\"");
    let own = r#"{"schema":"iglu:com.acme/card/jsonschema/1-0-0","data":{"n":1}}"#;
    let expected = format!(
        "item_view 2025-01-01T00:00:00Z event_id_text=e type_text=product_view anonymous_id=d extra={{\"contexts[1]\":{own}}} currency=GBP [product_id=p category_path=a/b currency=GBP unit_price=10]"
    );
    for members in [
        format!(r#""ue_pr":"{}","co":"{}""#, text(event), text(entities)),
        format!(r#""ue_px":"{}","cx":"{}""#, base64(event), base64(entities)),
    ] {
        let body = format!(
            r#"{{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[{{"e":"ue","eid":"e","ttm":"1735689600000","duid":"d",{members}}}]}}"#
        );
        check_body(Snowplow, &body, &[&expected]);
    }
    let enriched = format!(
        r#"{{"event":"unstruct","event_id":"e","derived_tstamp":"2025-01-01T00:00:00Z","domain_userid":"d","unstruct_event":{event},"contexts":{entities}}}"#
    );
    check_body(Snowplow, &enriched, &[&expected]);
}

/// An encoder only tests need.
fn base64(text: &str) -> String {
    const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let groups = text.as_bytes().chunks(3).map(|group| {
        let word = group
            .iter()
            .fold(0_u32, |word, byte| word << 8 | u32::from(*byte))
            << (8 * (3 - group.len()));
        let signs =
            (0..=group.len()).map(|at| SIGNS[(word >> (18 - 6 * at) & 63) as usize] as char);
        signs.collect::<String>()
    });
    groups.collect()
}

#[test]
fn a_snowplow_event_takes_its_best_time_and_is_utc_without_a_zone() {
    let event = |times: &str| format!(r#"{{"event":"page_view","event_id":"e",{times}}}"#);
    let table = [
        (
            r#""collector_tstamp":"2025-01-01 00:00:04","dvce_created_tstamp":"2025-01-01 00:00:03","true_tstamp":"2025-01-01 00:00:02","derived_tstamp":"2025-01-01 00:00:01""#,
            r#"page_view 2025-01-01T00:00:01Z event_id_text=e extra={"true_tstamp":"2025-01-01 00:00:02","dvce_created_tstamp":"2025-01-01 00:00:03","collector_tstamp":"2025-01-01 00:00:04"}"#,
        ),
        (
            r#""collector_tstamp":"2025-01-01 00:00:04","dvce_created_tstamp":"2025-01-01 00:00:03""#,
            r#"page_view 2025-01-01T00:00:03Z event_id_text=e extra={"collector_tstamp":"2025-01-01 00:00:04"}"#,
        ),
        (
            r#""collector_tstamp":"2025-01-01 00:00:04""#,
            "page_view 2025-01-01T00:00:04Z event_id_text=e inferred=ts_event",
        ),
    ];
    for (times, expected) in table {
        check_body(Snowplow, &event(times), &[expected]);
    }
}

#[test]
fn old_style_transactions_become_an_order_and_lines_that_are_added() {
    let lines = read(
        Snowplow,
        r#"{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[
            {"e":"tr","eid":"1","dtm":"1735689600000","tr_id":"T","tr_tt":"20","tr_tx":"2","tr_sh":"1","tr_cu":"EUR"},
            {"e":"ti","eid":"2","dtm":"1735689600000","ti_id":"T","ti_sk":"p","ti_nm":"Pen","ti_ca":"Office","ti_pr":"5","ti_qu":"2","ti_cu":"EUR"},
            {"e":"ti","eid":"3","dtm":"1735689600000","ti_id":"T","ti_sk":"q","ti_pr":"7","ti_qu":"1","ti_cu":"EUR"}]}"#,
    )
    .lines;
    assert_eq!(
        lines[0],
        "order 2025-01-01T00:00:00Z event_id_text=1 type_text=transaction order_id=T dialect=snowplow currency=EUR tax=2 shipping=1 total=20"
    );
    assert!(lines[1].starts_with("order_update 2025-01-01T00:00:00Z event_id_text=2 type_text=transaction_item order_id=T "), "{}", lines[1]);
    assert!(
        lines[1]
            .contains("[product_id=p name=Pen category_path=Office unit_price=5 quantity=2 line="),
        "{}",
        lines[1]
    );
    let line = |text: &str| text.split("line=").nth(1).map(str::to_owned);
    assert_ne!(line(&lines[1]), line(&lines[2]));
}

#[test]
fn what_cannot_be_unwrapped_is_refused_with_a_reason() {
    let event =
        |members: &str| format!(r#"{{"e":"ue","eid":"e","ttm":"1735689600000",{members}}}"#);
    for (members, expected) in [
        (r#""ue_px":"%%%""#, "!malformed_json: ue_px is no base64"),
        (r#""ue_px":"_w""#, "!invalid_text: ue_px is no UTF-8"),
        (
            r#""ue_pr":"{\"data\":{\"x\":}}""#,
            "!malformed_json: no JSON at byte 13",
        ),
        (
            r#""ue_pr":"{\"data\":{\"schema\":1}}""#,
            "!wrong_type: schema = \"{\\\"schema\\\":1}\"",
        ),
        (
            r#""co":"{\"data\":{}}""#,
            "!wrong_type: contexts = \"no array\"",
        ),
        (
            r#""uid":"u""#,
            "!type_missing: neither e, event nor a schema says what happened",
        ),
    ] {
        check_body(Snowplow, &event(members), &[expected]);
    }
    let deep = format!(r#""ue_pr":"{}""#, "[".repeat(100_000));
    check_body(
        Snowplow,
        &event(&deep),
        &["!too_deep: nested deeper than 64 levels"],
    );
    check_body(
        Snowplow,
        r#"{"eid":"x"}"#,
        &["!type_missing: neither e, event nor a schema says what happened"],
    );
}

#[test]
fn the_only_currency_of_the_items_is_the_events() {
    let body = snowplow(
        "product_view",
        r#","contexts:product_1":[{"id":"p","price":1,"currency":"jpy"}]"#,
    );
    assert!(read(Snowplow, &body).lines[0].contains(" currency=JPY [product_id=p currency=JPY "));
}
