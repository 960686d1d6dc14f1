//! The Segment column of the design's tables of types and fields, and what its traps become.

use super::super::JsonDialect::{Ga4, Segment};
use super::ga4_tests::ga4_purchase;
use super::tests::{check_body, check_fields, check_types, read};

fn segment(name: &str) -> impl Fn(&str) -> String {
    move |properties| {
        format!(
            r#"{{"type":"track","event":"{name}","messageId":"m","userId":"u","timestamp":"2025-01-01T00:00:00Z","properties":{{{properties}}}}}"#
        )
    }
}

#[test]
fn segment_names_of_types_are_the_tables() {
    check_types(
        Segment,
        |name| segment(name)(""),
        &[
            ("Products Searched", "search"),
            ("Product List Viewed", "list_view"),
            ("Product List Filtered", "list_view"),
            ("Product Clicked", "item_click"),
            ("Product Viewed", "item_view"),
            ("Product Added", "cart_add"),
            ("Product Removed", "cart_remove"),
            ("Cart Viewed", "cart_view"),
            ("Product Added to Wishlist", "wishlist_add"),
            ("Product Removed from Wishlist", "wishlist_remove"),
            ("Wishlist Product Added to Cart", "wishlist_to_cart"),
            ("Checkout Started", "checkout_start"),
            ("Checkout Step Viewed", "checkout_step"),
            ("Checkout Step Completed", "checkout_step"),
            ("Payment Info Entered", "checkout_step"),
            ("Order Completed", "order"),
            ("Order Updated", "order_update"),
            ("Order Cancelled", "order_cancel"),
            ("Order Refunded", "refund"),
            ("Signed Up", "sign_up"),
            ("Signed In", "login"),
            ("Promotion Viewed", "promo_view"),
            ("Promotion Clicked", "promo_click"),
            ("Coupon Entered", "coupon_enter"),
            ("Coupon Applied", "coupon_apply"),
            ("Coupon Denied", "coupon_deny"),
            ("Coupon Removed", "coupon_remove"),
            ("Product Shared", "share"),
            ("Cart Shared", "share"),
            ("Product Reviewed", "review"),
            ("order_completed", "order"),
            ("ORDER COMPLETED", "order"),
        ],
    );
    let call = |call: &str| {
        format!(r#"{{"type":"{call}","anonymousId":"a","timestamp":"2025-01-01T00:00:00Z"}}"#)
    };
    check_types(
        Segment,
        call,
        &[
            ("page", "page_view"),
            ("screen", "page_view"),
            ("identify", "identify"),
            ("group", "group"),
            ("alias", "alias"),
        ],
    );
    check_body(
        Segment,
        &segment("Loyalty Points Earned")(r#""points":5,"name":"gold""#),
        &[
            r#"Loyalty Points Earned 2025-01-01T00:00:00Z event_id_text=m customer_id=u extra={"properties.points":5,"properties.name":"gold"}"#,
        ],
    );
}

#[test]
fn segment_fields_go_where_the_table_says() {
    let head = "order 2025-01-01T00:00:00Z event_id_text=m type_text=Order Completed customer_id=u";
    let table = [
        (
            r#""order_id":"O","revenue":25,"total":27.5,"subtotal":22.5,"tax":2,"shipping":3,"coupon":"x","currency":"eur""#,
            "order_id=O coupon=x currency=EUR subtotal=22.5 tax=2 shipping=3 revenue=25 total=27.5",
        ),
        (
            r#""total":27.5,"subtotal":22.5"#,
            "inferred=revenue currency=USD subtotal=22.5 revenue=27.5 total=27.5",
        ),
        (
            r#""subtotal":22.5"#,
            "inferred=revenue currency=USD subtotal=22.5 revenue=22.5",
        ),
        (
            r#""products":[{"product_id":"p","sku":"s","category":"Games","price":"18.99"}]"#,
            "currency=USD [product_id=p sku=s category_path=Games unit_price=18.99]",
        ),
        (
            r#""products":[{"sku":"s"},{"name":"n"}]"#,
            "inferred=product_id [product_id=s sku=s] [product_id=n name=n]",
        ),
    ];
    for (properties, rest) in table {
        let expected = format!("{head} {rest}");
        check_body(
            Segment,
            &segment("Order Completed")(properties),
            &[&expected],
        );
    }
}

#[test]
fn segment_context_and_traits_are_the_visitors() {
    check_body(
        Segment,
        r#"{"type":"identify","userId":"u","anonymousId":"a","messageId":"6f9619ff-8b86-d011-b42d-00cf4fc964ff","timestamp":"2025-01-01T00:00:00+01:00",
            "sentAt":"2025-01-01T00:00:01+01:00","traits":{"email":"ann@example.com","name":"Ann","plan":"gold"},"integrations":{},"writeKey":"secret",
            "context":{"ip":"1.2.3.4","userAgent":"UA","locale":"de-DE","page":{"url":"https://shop.example/","path":"/","title":"Home","referrer":"https://search.example/"},
            "campaign":{"name":"n","source":"s","medium":"m","term":"t","content":"c"},"traits":{"email":"ann@example.com"}}}"#,
        &[
            r#"identify 2024-12-31T23:00:00Z anonymous_id=a customer_id=u email=ann@example.com name=Ann url=https://shop.example/ title=Home referrer=https://search.example/ ip=1.2.3.4 extra={"traits.plan":"gold","context.locale":"de-DE","context.page.path":"/"} user_agent=UA utm_source=s utm_medium=m utm_campaign=n utm_term=t utm_content=c ts_sent=1735686001000000"#,
        ],
    );
}

#[test]
fn a_segment_call_without_time_takes_the_next_best() {
    let call = |times: &str| format!(r#"{{"type":"page","anonymousId":"a"{times}}}"#);
    let line = |time: &str, rest: &str| {
        format!("page_view 2025-01-01T00:00:0{time}Z type_text=page anonymous_id=a {rest}")
    };
    let table = [
        (
            r#","receivedAt":"2025-01-01T00:00:03Z","originalTimestamp":"2025-01-01T00:00:01Z""#,
            line("1", r#"extra={"receivedAt":"2025-01-01T00:00:03Z"}"#),
        ),
        (
            r#","sentAt":"2025-01-01T00:00:02Z""#,
            line("2", "inferred=ts_event ts_sent=1735689602000000"),
        ),
        (
            r#","receivedAt":"2025-01-01T00:00:03Z""#,
            line("3", "inferred=ts_event"),
        ),
    ];
    for (times, expected) in table {
        check_body(Segment, &call(times), &[&expected]);
    }
    check_body(
        Segment,
        &call(""),
        &["!time_missing: no field holds the event's time"],
    );
}

#[test]
fn a_name_is_a_promotions_a_pages_or_a_products() {
    check_body(
        Segment,
        &segment("Promotion Viewed")(
            r#""promotion_id":"P","name":"Sale","position":"banner","creative":"c""#,
        ),
        &[
            "promo_view 2025-01-01T00:00:00Z event_id_text=m type_text=Promotion Viewed customer_id=u [promo_id=P promo_name=Sale creative=c slot=banner]",
        ],
    );
    check_body(
        Segment,
        &segment("Product Viewed")(
            r#""product_id":"p","name":"Pen","position":3,"url":"https://shop.example/pen","value":2"#,
        ),
        &[
            "item_view 2025-01-01T00:00:00Z event_id_text=m type_text=Product Viewed customer_id=u currency=USD subtotal=2 [product_id=p name=Pen url=https://shop.example/pen position=3]",
        ],
    );
    check_body(
        Segment,
        r#"{"type":"page","name":"Home","anonymousId":"a","timestamp":"2025-01-01T00:00:00Z","properties":{"url":"https://shop.example/","name":"Home"}}"#,
        &[
            r#"page_view 2025-01-01T00:00:00Z type_text=page anonymous_id=a url=https://shop.example/ title=Home extra={"properties.name":"Home"}"#,
        ],
    );
}

#[test]
fn a_segment_batch_gives_its_calls_what_they_do_not_say() {
    let body = r#"{"batch":[{"type":"page","anonymousId":"a","messageId":"1","timestamp":"2025-01-01T00:00:00Z","context":{"ip":"9.9.9.9"}},
        {"type":"track","event":"Product Viewed","anonymousId":"a","timestamp":"soon"},"x",
        {"type":"track","event":"Signed In","userId":"u","traits":[]}],"sentAt":"2025-01-01T00:00:05Z","context":{"ip":"1.2.3.4","library":{"name":"x"}},"writeKey":"k"}"#;
    check_body(
        Segment,
        body,
        &[
            r#"page_view 2025-01-01T00:00:00Z event_id_text=1 type_text=page anonymous_id=a ip=9.9.9.9 extra={"batch.context.library":{"name":"x"}} ts_sent=1735689605000000"#,
            "!time_invalid: ts_event = \"soon\"",
            "!not_an_object: batch = \"\\\"x\\\"\"",
            r#"login 2025-01-01T00:00:05Z type_text=Signed In customer_id=u ip=1.2.3.4 extra={"batch.context.library":{"name":"x"}} inferred=ts_event ts_sent=1735689605000000"#,
        ],
    );
    let lines = read(Segment, body);
    for (line, raw) in lines.lines.iter().zip(&lines.raws) {
        assert_eq!(
            &read(Segment, raw).lines,
            std::slice::from_ref(line),
            "{raw}"
        );
    }
}

#[test]
fn a_discount_is_per_piece_in_ga4_and_per_order_in_segment() {
    check_fields(
        Ga4,
        ga4_purchase,
        &[(
            r#""items":[{"item_id":"p","price":8,"discount":2,"quantity":3}]"#,
            "order 2025-01-01T00:00:00Z type_text=purchase anonymous_id=1.2 inferred=list_price currency=USD \
             [product_id=p unit_price=8 list_price=10 unit_discount=2 quantity=3]",
        )],
    );
    check_fields(
        Segment,
        segment("Order Completed"),
        &[(
            r#""revenue":22,"discount":2,"products":[{"product_id":"p","price":8,"quantity":3}]"#,
            "order 2025-01-01T00:00:00Z event_id_text=m type_text=Order Completed customer_id=u \
             currency=USD discount=2 revenue=22 [product_id=p unit_price=8 quantity=3]",
        )],
    );
}
