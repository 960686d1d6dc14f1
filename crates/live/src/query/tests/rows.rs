//! The order of rows, their pages, and questions that have no answer.

use super::shop::day;
use super::*;

#[test]
fn rows_are_ordered_by_any_column_and_ties_have_one_answer() {
    let shop = small_shop();
    let query = by("orders", "category");
    check(
        &shop,
        &order_by(query.clone(), "orders", true),
        &["Books orders=3", "? orders=3", "Toys orders=2"],
    );
    check(
        &shop,
        &order_by(query.clone(), "orders", false),
        &["Toys orders=2", "Books orders=3", "? orders=3"],
    );
    check(
        &shop,
        &order_by(query.clone(), "category", true),
        &["Toys orders=2", "Books orders=3", "? orders=3"],
    );
    check(
        &shop,
        &order_by(query, "units", true),
        &["rows cannot be ordered by \"units\": the answer has no such column"],
    );
}

#[test]
fn what_has_no_value_comes_last_in_either_direction() {
    let mut shop = small_shop();
    shop.sale("2026-03-02T10:00:00", "Apes", "EUR", "refunds=1");
    shop.publish();
    let query = Query {
        currency: Some("EUR".to_owned()),
        ..by("aov refunds", "category")
    };
    for is_descending in [true, false] {
        let answer = checked(&shop, &order_by(query.clone(), "aov", is_descending));
        assert_eq!(
            answer.rows.last().and_then(|row| row.value.as_deref()),
            Some("Apes")
        );
    }
}

#[test]
fn pages_follow_each_other_without_gap_or_repeat() {
    let mut shop = Shop::new(TimeZone::UTC);
    for number in 0..50 {
        shop.sale(
            &format!("{}T08:00:00", day(1)),
            &format!("c{:02}", number * 7 % 50),
            "EUR",
            &format!("orders={}", 1 + number % 4),
        );
    }
    shop.publish();
    let query = order_by(by("orders", "category"), "orders", true);
    let whole = shop::shown(&checked(&shop, &query));
    let mut pages = Vec::new();
    let mut offset = Some(0);
    while let Some(at) = offset {
        let page = checked(
            &shop,
            &Query {
                offset: at,
                limit: 7,
                ..query.clone()
            },
        );
        assert_eq!(page.total_rows, 50);
        pages.extend(shop::shown(&page));
        offset = page.next_offset;
    }
    assert_eq!(pages, whole);
    assert!(
        checked(
            &shop,
            &Query {
                offset: 99,
                ..query
            }
        )
        .rows
        .is_empty()
    );
}

#[test]
fn products_have_names_where_they_are_known() {
    let mut shop = Shop::new(TimeZone::UTC);
    shop.product_sale(
        "2026-03-01T08:00:10",
        "p1",
        "EUR",
        "orders=1 units=2 revenue=9.00",
    );
    shop.product_sale(
        "2026-03-01T09:00:10",
        "p2",
        "EUR",
        "orders=1 units=1 revenue=8.00",
    );
    shop.name_product("p1", "Wooden horse");
    shop.publish();
    let answer = checked(&shop, &order_by(by("units", "product"), "units", true));
    let names: Vec<Option<&str>> = answer
        .rows
        .iter()
        .map(|row| row.product_name.as_deref())
        .collect();
    assert_eq!(names, [Some("Wooden horse"), None]);
    let columns: Vec<&str> = answer
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(columns, ["product", "product_name", "units"]);
    let by_name = checked(
        &shop,
        &order_by(by("units", "product"), "product_name", true),
    );
    assert_eq!(by_name.rows[0].value.as_deref(), Some("p1"));
}

#[test]
fn a_question_that_cannot_be_answered_says_why() {
    let shop = small_shop();
    check(
        &shop,
        &ask("revenu"),
        &["there is no metric named \"revenu\""],
    );
    check(
        &shop,
        &by("revenue", "colour"),
        &["there is no dimension named \"colour\""],
    );
    check(
        &shop,
        &by("visitors", "product"),
        &["visitors is not kept by product"],
    );
    check(&shop, &ask("funnel_units"), &["funnel_units has no total"]);
    check(
        &shop,
        &Query {
            granularity: Some(Grain::Second.into()),
            ..ask("revenue")
        },
        &["revenue is not kept in windows of 1s"],
    );
    check(
        &shop,
        &Query {
            granularity: Some(Grain::Minute.into()),
            ..by("units", "product")
        },
        &["units is not kept in windows of 1m"],
    );
    check(
        &shop,
        &Query {
            metrics: Vec::new(),
            ..Query::default()
        },
        &["metrics is empty"],
    );
    check(
        &shop,
        &Query {
            limit: 1_001,
            ..ask("events")
        },
        &["limit is 1001"],
    );
    let two = vec!["country".to_owned(), "device".to_owned()];
    check(
        &shop,
        &Query {
            dimensions: two,
            ..ask("events")
        },
        &["2 dimensions are asked for"],
    );
    let elsewhere = vec![("country".to_owned(), vec![None])];
    check(
        &shop,
        &Query {
            filters: elsewhere,
            ..ask("events")
        },
        &["country is filtered but not asked for"],
    );
    check(
        &shop,
        &Query {
            compare: Some(Compare::PreviousPeriod),
            ..ask("events")
        },
        &["compare is given without a range"],
    );
    let backwards = Range::Between(at("2026-03-02T00:00:00"), at("2026-03-01T00:00:00"));
    check(
        &shop,
        &Query {
            range: Some(backwards),
            ..ask("events")
        },
        &["the range ends at 2026-03-01T00:00:00Z, before it begins at 2026-03-02T00:00:00Z"],
    );
}
