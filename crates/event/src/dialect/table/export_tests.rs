//! The columns of the known exports against the field tables of the design, one line a field and one a type.

use super::tests::{read, read_all};
use super::*;

/// The rows below `header`, one event a line without its dialect and currency.
fn shown(header: &str, rows: &[&str], dialect: &str) -> Vec<String> {
    let text = format!("{header}\n{}\n", rows.join("\n"));
    let mark = format!(" dialect={dialect}");
    let lines = read(&text);
    assert!(lines.iter().all(|line| line.contains(&mark)), "{lines:?}");
    lines
        .iter()
        .map(|line| line.replace(&mark, "").replace(" currency=USD", ""))
        .collect()
}

/// Each column holding this value, all others empty but those that every row needs, is this field.
fn check_fields(
    header: &str,
    dialect: &str,
    needed: &[(&str, &str)],
    fields: &[(&str, &str, &str)],
) {
    let names: Vec<&str> = header.split(',').collect();
    for (column, value, expected) in fields {
        assert!(names.contains(column), "{column}");
        let cell = |name: &&str| {
            let of_need = needed.iter().find(|(needed, _)| needed == name);
            if name == column {
                (*value).to_owned()
            } else {
                of_need.map_or(String::new(), |(_, value)| (*value).to_owned())
            }
        };
        let row: Vec<String> = names.iter().map(cell).collect();
        let line = &shown(header, &[&row.join(",")], dialect)[0];
        let words = line.replace(['[', ']'], "");
        let has_it = words.split(' ').any(|word| word == *expected) || words.contains(expected);
        assert!(has_it, "{column} = {value}: {line}");
    }
    let tested: Vec<&str> = fields.iter().map(|(column, ..)| *column).collect();
    for name in names {
        assert!(tested.contains(&name), "{name} has no line");
    }
}

fn check_types(header: &str, dialect: &str, row: impl Fn(&str) -> String, types: &[(&str, &str)]) {
    for (word, expected) in types {
        let line = &shown(header, &[&row(word)], dialect)[0];
        assert_eq!(line.split(' ').next(), Some(*expected), "{word}");
    }
    // All of them in one file are told apart as well as each alone.
    let rows: Vec<String> = types.iter().map(|(word, _)| row(word)).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let lines = shown(header, &rows, dialect);
    let kinds: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.split(' ').next())
        .collect();
    let expected: Vec<&str> = types.iter().map(|(_, kind)| *kind).collect();
    assert_eq!(kinds, expected);
}

const REES46: &str =
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session";

#[test]
fn rees46_columns_are_the_fields_of_the_table() {
    let needed = [
        ("event_time", "2019-10-01 00:00:00 UTC"),
        ("event_type", "view"),
    ];
    check_fields(
        REES46,
        "rees46_csv",
        &needed,
        &[
            (
                "event_time",
                "2019-10-01 00:00:07 UTC",
                "2019-10-01T00:00:07Z",
            ),
            ("event_type", "cart", "cart_add"),
            ("product_id", "1005115", "product_id=1005115"),
            (
                "category_id",
                "2053013555631882655",
                "category_id=2053013555631882655",
            ),
            (
                "category_code",
                "electronics.audio.headphone",
                "category_path=electronics/audio/headphone",
            ),
            ("brand", "jbl", "brand=jbl"),
            ("price", "543.10", "unit_price=543.1"),
            ("user_id", "541312140", "customer_id=541312140"),
            (
                "user_session",
                "72d76fde-8bb3",
                "source_session_id=72d76fde-8bb3",
            ),
        ],
    );
}

#[test]
fn rees46_words_are_the_types_of_the_table() {
    check_types(
        REES46,
        "rees46_csv",
        |word| format!("2019-10-01 00:00:00 UTC,{word},1,2,a.b,c,5,7,s"),
        &[
            ("view", "item_view"),
            ("cart", "cart_add"),
            ("remove_from_cart", "cart_remove"),
            ("purchase", "order"),
            ("gift", "gift"),
        ],
    );
}

#[test]
fn a_rees46_purchase_is_an_order_of_one_piece_without_order_id() {
    let lines = shown(
        REES46,
        &["2019-10-01 00:00:00 UTC,purchase,1,2,,,5.50,7,s"],
        "rees46_csv",
    );
    assert_eq!(
        lines,
        [
            "order 2019-10-01T00:00:00Z type_text=purchase customer_id=7 source_session_id=s inferred=quantity \
             [product_id=1 category_id=2 unit_price=5.5 quantity=1]"
        ]
    );
}

const ECOMMERCE: &str = "event_id,event_type,product_id,product_name,category,brand,sku,price,customer_id,customer_email,\
    customer_name,customer_address,session_id,user_agent,ip_address,created_at,price_category,device_type,event_timestamp";

#[test]
fn ecommerce_columns_are_the_fields_of_the_table() {
    let needed = [
        ("event_timestamp", "2025-01-14 15:30:45.123"),
        ("event_type", "view"),
    ];
    check_fields(
        ECOMMERCE,
        "ecommerce_events_csv",
        &needed,
        &[
            ("event_id", "evt-1", "event_id_text=evt-1"),
            ("event_type", "add_to_wishlist", "wishlist_add"),
            ("product_id", "42", "product_id=42"),
            (
                "product_name",
                "Headphones - Blue",
                "name=Headphones - Blue",
            ),
            ("category", "Electronics", "category_path=Electronics"),
            ("brand", "Sonora", "brand=Sonora"),
            ("sku", "ELE-0001", "sku=ELE-0001"),
            ("price", "99.99", "unit_price=99.99"),
            ("customer_id", "c-1", "customer_id=c-1"),
            ("customer_email", "ada@example.com", "email=ada@example.com"),
            ("customer_name", "Ada Example", "name=Ada Example"),
            (
                "customer_address",
                "\"12 Elm Street, Springfield\"",
                "address=12 Elm Street, Springfield",
            ),
            ("session_id", "s-1", "source_session_id=s-1"),
            ("user_agent", "Mozilla/5.0", "user_agent=Mozilla/5.0"),
            ("ip_address", "192.0.2.7", "ip=192.0.2.7"),
            (
                "created_at",
                "2025-01-14 15:30:46",
                "extra={\"created_at\":\"2025-01-14 15:30:46\"}",
            ),
            (
                "price_category",
                "Medium",
                "extra={\"price_category\":\"Medium\"}",
            ),
            ("device_type", "Mobile", "device_type=mobile"),
            (
                "event_timestamp",
                "2026-01-01 00:00:01",
                "2026-01-01T00:00:01Z",
            ),
        ],
    );
}

#[test]
fn ecommerce_words_are_the_types_of_the_table() {
    check_types(
        "event_id,event_type,product_id,product_name,category,brand,sku,price,customer_id,customer_email,customer_name,\
         customer_address,session_id,user_agent,ip_address,event_timestamp",
        "ecommerce_events_csv",
        |word| {
            format!(
                ",{word},1,n,c,b,s,5,7,ada@example.com,Ada,there,s,ua,192.0.2.1,2025-01-14 15:30:45"
            )
        },
        &[
            ("view", "item_view"),
            ("click", "item_click"),
            ("cart", "cart_add"),
            ("purchase", "order"),
            ("add_to_wishlist", "wishlist_add"),
        ],
    );
}

const USERS: &str = "user_id,event_type,product_id,price,timestamp";

#[test]
fn user_event_columns_are_the_fields_of_the_table() {
    let needed = [("timestamp", "2024-01-15 10:30:00"), ("event_type", "view")];
    check_fields(
        USERS,
        "user_events_csv",
        &needed,
        &[
            ("user_id", "12345", "customer_id=12345"),
            ("event_type", "purchase", "order"),
            ("product_id", "67890", "product_id=67890"),
            ("price", "29.99", "unit_price=29.99"),
            ("timestamp", "2024-01-15 10:35:00", "2024-01-15T10:35:00Z"),
        ],
    );
    check_types(
        USERS,
        "user_events_csv",
        |word| format!("7,{word},1,5,2024-01-15 10:30:00"),
        &[
            ("view", "item_view"),
            ("cart", "cart_add"),
            ("purchase", "order"),
        ],
    );
}

#[test]
fn words_keep_their_meaning_beside_others_like_them() {
    let row = |word: &str| format!("7,{word},1,5,2024-01-15 10:30:00");
    let rows = ["add_to_cart", "cart", "Cart", "view_item", "view", "VIEW"].map(row);
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let lines = shown(USERS, &rows, "user_events_csv");
    let kinds: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(
        kinds,
        [
            "add_to_cart",
            "cart_add",
            "cart_add",
            "view_item",
            "item_view",
            "item_view"
        ]
    );
}

/// Ids: the sender's where there is one, else the running hash, which tells equal rows apart.
#[test]
fn rows_without_an_id_are_told_apart_by_where_they_stand() {
    let row = "2019-10-01 00:00:00 UTC,view,1,2,,,5,7,s\n";
    let ids = read_all(
        format!("{REES46}\n{row}{row}").as_bytes(),
        &Wishes::default(),
        64,
    )
    .ids;
    assert_ne!(ids[0].1, ids[1].1);
    let header = ECOMMERCE.replace(",created_at,price_category,device_type", "");
    let row = "550e8400-e29b-41d4-a716-446655440000,view,1,,,,,5,,,,,,,,2025-01-14 15:30:45\n";
    let ids = read_all(
        format!("{header}\n{row}{row}").as_bytes(),
        &Wishes::default(),
        64,
    )
    .ids;
    assert_eq!(ids[0].1, 0x550e_8400_e29b_41d4_a716_4466_5544_0000);
    assert_eq!(ids[0].1, ids[1].1);
}

fn evidence(header: &str, wishes: &Wishes) -> Vec<String> {
    let (table, _) = Table::open(header.as_bytes(), true, wishes).expect("a table");
    table.guess().evidence.clone()
}

#[test]
fn the_evidence_names_the_export_and_what_it_keeps() {
    let found = evidence(ECOMMERCE, &Wishes::default());
    assert_eq!(
        found[0],
        "the header is that of an export of e-commerce events (ecommerce_events_csv)"
    );
    assert_eq!(found[1], "event_id → event_id (as such exports have it)");
    let said = |line: &str| assert!(found.iter().any(|found| found == line), "{line}");
    said("created_at is kept as it is (when another database stored the row)");
    said("price_category is kept as it is (tiers are told from the price)");
    said("event_timestamp → ts_event (as such exports have it)");
    said("each row is an event; a purchase is an order of one piece");
    said("kept as they are: created_at, price_category");
}

#[test]
fn the_user_may_say_otherwise() {
    let mapped = Wishes {
        columns: vec![("brand".to_owned(), "items.variant".to_owned())],
        types: vec![("view".to_owned(), "item_click".to_owned())],
        ..Wishes::default()
    };
    let text = format!("{REES46}\n2019-10-01 00:00:00 UTC,view,1,2,,x,5,7,s\n");
    let line = &read_all(text.as_bytes(), &mapped, 999).lines[0];
    assert!(
        line.starts_with("item_click ") && line.contains("variant=x"),
        "{line}"
    );
    let plain = Wishes {
        dialect: Some(TableDialect::Events),
        ..Wishes::default()
    };
    assert_eq!(
        evidence(REES46, &plain)[0],
        "event_time → ts_event (by its name)"
    );
    // A column of one's own beside the export's is kept, or read by its name.
    let found = evidence(&format!("{USERS},country,mood"), &Wishes::default());
    assert!(found.contains(&"country → country (by its name)".to_owned()));
    assert!(found.contains(&"kept as they are: mood".to_owned()));
}
