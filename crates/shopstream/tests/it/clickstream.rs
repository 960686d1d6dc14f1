//! A click stream with names of its own, read with a mapping: every kind counted, every user and session found.
//! `catalog` is a list of products under another name; what the mapping does not name keeps its own.

use crate::{dir, figure, program};
use serde_json::json;
use std::collections::BTreeMap;
use testkit::fixture;

const KINDS: [(&str, u64); 19] = [
    ("item_view", 6_851),
    ("list_view", 6_521),
    ("search", 4_011),
    ("home", 2_762),
    ("filter_results", 2_610),
    ("cart_add", 1_346),
    ("cart_view", 1_204),
    ("shipping_details", 958),
    ("wishlist_add", 812),
    ("promo_view", 796),
    ("payment_details", 709),
    ("account_page", 659),
    ("order", 470),
    ("review_page", 406),
    ("support_chat", 277),
    ("error_page", 276),
    ("compare", 275),
    ("payment_error", 119),
    ("checkout_bug", 44),
];

#[test]
fn a_mapped_click_stream_gives_every_known_count() {
    let Some(file) = fixture("retentioneering_ecom/ecom.csv.gz") else {
        return;
    };
    let dir = dir();
    let program = program(&dir);
    let types = "product_view=item_view,add_to_cart=cart_add,cart=cart_view,promo_page=promo_view,purchase=order";
    let map = "user_id=customer_id,session_id=source_session_id,event=type,timestamp=ts_event,platform=device_type";
    let ran = program
        .run([
            "ingest",
            "--dialect",
            "events",
            "--map",
            map,
            "--map-type",
            types,
            file.to_str().expect("a plain path"),
        ])
        .expect("runs");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let server = program.up().expect("starts");
    let audit = server.settled_audit().expect("the law holds");
    assert_eq!(
        (&audit["received"], &audit["counted"]),
        (&json!(31_106), &json!(31_106)),
        "equal rows are distinct events"
    );
    let rows = server
        .query(&json!({"metrics": ["events"], "dimensions": ["type"]}))
        .expect("answers");
    let found: BTreeMap<String, u64> = rows
        .iter()
        .map(|row| {
            (
                figure(row, "type"),
                row["events"].as_u64().expect("a count"),
            )
        })
        .collect();
    assert_eq!(
        found,
        BTreeMap::from(KINDS.map(|(kind, count)| (kind.to_owned(), count)))
    );
    let totals = server
        .query(&json!({"metrics": ["visitors", "sessions_given"]}))
        .expect("answers");
    assert_eq!(
        (
            figure(&totals[0], "visitors"),
            figure(&totals[0], "sessions_given")
        ),
        ("600".to_owned(), "3605".to_owned())
    );
}
