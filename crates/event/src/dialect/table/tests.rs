//! What becomes of CSV rows, as text: one line an event, `!` before what is set aside.

use super::*;
use crate::check::{CheckContext, check};
use crate::dialect::trace::describe;
use crate::dialect::{Decoding, Intake};
use crate::schema::Number;
use crate::{Currency, Event, EventTime, Rejection};
use jiff::tz::TimeZone;
use proptest::prelude::*;

static UTC: TimeZone = TimeZone::UTC;

fn decoding() -> Decoding<'static> {
    Decoding {
        source: "test",
        store: "main",
        zone: &UTC,
        currency: &Currency::USD,
    }
}

fn context() -> CheckContext {
    CheckContext {
        received: EventTime::parse("2026-01-01", &UTC).expect("a time"),
    }
}

/// Collects a line an event, and ids beside positions.
#[derive(Default)]
pub(super) struct Lines {
    pub lines: Vec<String>,
    pub ids: Vec<(i64, u128)>,
}

impl Intake for Lines {
    fn take(&mut self, event: &mut Event<'_>, _: &[u8]) {
        let position = event
            .number(Number::SourcePosition)
            .expect("rows have numbers");
        self.ids
            .push((position, event.id.expect("rows have ids").0));
        match check(event, context()) {
            Ok(()) => self.lines.push(describe(event)),
            Err(rejection) => self.lines.push(format!("!{position} {rejection}")),
        }
    }

    fn refuse(&mut self, position: i64, rejection: Rejection, _: &[u8]) {
        self.lines.push(format!("!{position} {rejection}"));
    }
}

fn wishes(map: &[(&str, &str)], types: &[(&str, &str)]) -> Wishes {
    let owned = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(one, other)| ((*one).to_owned(), (*other).to_owned()))
            .collect()
    };
    Wishes {
        columns: owned(map),
        types: owned(types),
        ..Wishes::default()
    }
}

pub(super) fn read_all(bytes: &[u8], wishes: &Wishes, window_bytes: usize) -> Lines {
    let (mut table, mut start) = Table::open(bytes, true, wishes).expect("a table");
    let (mut lines, mut rows, mut end) = (Lines::default(), 0, start);
    loop {
        let complete = end == bytes.len();
        let read = table
            .read(
                &bytes[start..end],
                complete,
                usize::MAX,
                &decoding(),
                context(),
                &mut lines,
            )
            .expect("few orders");
        start += read.consumed;
        rows += read.rows;
        if complete && read.events == 0 {
            assert!(
                rows as usize >= lines.ids.len(),
                "each event comes of a row"
            );
            return lines;
        }
        end = bytes.len().min(end + window_bytes);
    }
}

pub(super) fn read(text: &str) -> Vec<String> {
    read_all(text.as_bytes(), &Wishes::default(), text.len()).lines
}

const ORDERS: &str =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

/// Rows of an order list, `;` for the line end: invoice, code, quantity, price, customer.
fn check_orders(rows: &str, expected: &[&str]) {
    let row = |row: &str| {
        let cells: Vec<&str> = row.trim().split(' ').collect();
        let customer = cells.get(4).copied().unwrap_or_default();
        format!(
            "{},{},,{},2010-12-01 08:26:00,{},{customer},\n",
            cells[0], cells[1], cells[2], cells[3]
        )
    };
    let text = ORDERS.to_owned() + &rows.split(';').map(row).collect::<String>();
    let shown: Vec<String> = read(&text)
        .iter()
        .map(|line| {
            line.replace(" 2010-12-01T08:26:00Z", "")
                .replace(" dialect=order_csv currency=USD", "")
        })
        .collect();
    assert_eq!(shown, expected, "{rows}");
}

#[test]
fn rows_of_one_invoice_are_one_order() {
    check_orders(
        "1 A 2 1.50 17850.0; 1 B 1 2 17850.0; 2 A 1 1",
        &[
            "order customer_id=17850 order_id=1 [product_id=A unit_price=1.5 quantity=2 line=1] [product_id=B unit_price=2 quantity=1 line=2]",
            "order order_id=2 [product_id=A unit_price=1 quantity=1 line=3]",
        ],
    );
}

#[test]
fn rows_that_come_back_later_update_their_order() {
    check_orders(
        "1 A 1 1; 2 A 1 1; 1 B 1 1",
        &[
            "order order_id=1 [product_id=A unit_price=1 quantity=1 line=1]",
            "order order_id=2 [product_id=A unit_price=1 quantity=1 line=2]",
            "order_update order_id=1 [product_id=B unit_price=1 quantity=1 line=3]",
        ],
    );
}

#[test]
fn rows_of_a_refund_that_come_back_later_are_that_refund_again() {
    check_orders(
        "C1 A -1 2 9; 2 A 1 1; C1 B -1 3 9; 2 C -1 1 9; 3 A 1 1; 2 D -1 1 9",
        &[
            "refund customer_id=9 refund_id=C1 refund_amount=2 [product_id=A kind=return unit_price=2 quantity=-1 line=1]",
            "order order_id=2 [product_id=A unit_price=1 quantity=1 line=2]",
            "refund customer_id=9 refund_id=C1 refund_amount=3 [product_id=B kind=return unit_price=3 quantity=-1 line=3]",
            "refund customer_id=9 order_id=2 refund_id=2 inferred=type refund_amount=1 [product_id=C kind=return unit_price=1 quantity=-1 line=4]",
            "order order_id=3 [product_id=A unit_price=1 quantity=1 line=5]",
            "refund customer_id=9 order_id=2 refund_id=2 inferred=type refund_amount=1 \
             [product_id=D kind=return unit_price=1 quantity=-1 line=6]",
        ],
    );
}

#[test]
fn a_credit_note_is_a_refund_with_or_without_customer() {
    check_orders(
        "C1 A -2 1.5 9; C1 POST -1 3 9; C2 A -1 1; 3 A 1 1",
        &[
            "refund customer_id=9 refund_id=C1 refund_amount=6 [product_id=A kind=return unit_price=1.5 quantity=-2 line=1] \
             [product_id=POST kind=return unit_price=3 quantity=-1 line=2]",
            "refund refund_id=C2 refund_amount=1 [product_id=A kind=return unit_price=1 quantity=-1 line=3]",
            "order order_id=3 [product_id=A unit_price=1 quantity=1 line=4]",
        ],
    );
}

#[test]
fn negative_lines_are_returned_by_a_customer_and_written_off_without_one() {
    check_orders(
        "1 A -1 2 9; 2 A -1 0; 2 B -3 0",
        &[
            "refund customer_id=9 order_id=1 refund_id=1 inferred=type refund_amount=2 [product_id=A kind=return unit_price=2 quantity=-1 line=1]",
            "stock_update order_id=2 inferred=type [product_id=A kind=write_off unit_price=0 quantity=-1 line=2] \
             [product_id=B kind=write_off unit_price=0 quantity=-3 line=3]",
        ],
    );
}

#[test]
fn an_invoice_that_mixes_sales_and_returns_becomes_one_event_of_each() {
    check_orders(
        "1 A 1 2 9; 1 B -1 2 9; 1 C 1 1 9",
        &[
            "order customer_id=9 order_id=1 [product_id=A unit_price=2 quantity=1 line=1] [product_id=C unit_price=1 quantity=1 line=3]",
            "refund customer_id=9 order_id=1 refund_id=1 inferred=type refund_amount=2 [product_id=B kind=return unit_price=2 quantity=-1 line=2]",
        ],
    );
}

#[test]
fn fees_are_lines_of_their_own_kind_and_zero_prices_stay() {
    check_orders(
        "1 post 1 18; 1 gift_001 1 0; 1 A 1 0",
        &[
            "order order_id=1 [product_id=post kind=fee unit_price=18 quantity=1 line=1] \
           [product_id=gift_001 kind=fee unit_price=0 quantity=1 line=2] [product_id=A unit_price=0 quantity=1 line=3]",
        ],
    );
}

#[test]
fn a_bad_row_leaves_the_other_rows_of_its_invoice() {
    check_orders(
        "1 A 1 1; 1 B 1 -5; 1 C two 1; 1 D 0 1; 1 E 1 NaN; 1 F 1 1e3",
        &[
            "!2 price_negative: unit_price = \"-5\"",
            "!3 quantity_invalid: quantity = \"two\"",
            "!4 quantity_not_positive: quantity = \"0\"",
            "!5 price_invalid: unit_price = \"NaN\"",
            "order order_id=1 [product_id=A unit_price=1 quantity=1 line=1] [product_id=F unit_price=1000 quantity=1 line=6]",
        ],
    );
    let long = "x".repeat(1_100);
    check_orders(
        &format!("1 A 1 1; 1 {long} 1 1; 1 B 1 1"),
        &[
            &format!("!2 id_invalid: product_id = \"{}…\"", &long[..60]),
            "order order_id=1 [product_id=A unit_price=1 quantity=1 line=1] [product_id=B unit_price=1 quantity=1 line=3]",
        ],
    );
}

#[test]
fn rows_without_invoice_time_or_product_say_so() {
    let rows = ",A,,1,2010-12-01,1,,\n1,,,1,2010-12-01,1,,\n1,A,,1,,1,,\n1,A,,1,soon,1,,\n1,A,,1,9999-01-01,1,,\n1,A,,1,0000-01-01,1,,\n1,A\n1,B,,1,2010-12-01,1,,\n";
    let shown = read(&(ORDERS.to_owned() + rows));
    let reasons: Vec<&str> = shown
        .iter()
        .map(|line| line.split([' ', ':']).nth(1).expect("two words"))
        .collect();
    assert_eq!(
        reasons,
        [
            "order_missing",
            "ragged_row",
            "product_missing",
            "time_missing",
            "time_invalid",
            "time_in_future",
            "time_out_of_range",
            "2010-12-01T00"
        ]
    );
}

#[test]
fn an_order_with_two_times_has_the_first() {
    let rows = "1,A,,1,12/1/2010 8:26,1,,France\n1,B,,1,12/1/2010 8:28,1,,France\n";
    assert_eq!(
        read(&(ORDERS.to_owned() + rows)),
        [
            "order 2010-12-01T08:26:00Z order_id=1 dialect=order_csv country=France currency=USD \
          [product_id=A unit_price=1 quantity=1 line=1] [product_id=B unit_price=1 quantity=1 line=2]"
        ]
    );
}

#[test]
fn where_every_order_begins_with_c_it_means_nothing() {
    check_orders(
        "C1 A 1 1; C2 B 2 1",
        &[
            "order order_id=C1 [product_id=A unit_price=1 quantity=1 line=1]",
            "order order_id=C2 [product_id=B unit_price=1 quantity=2 line=2]",
        ],
    );
}

#[test]
fn semicolons_and_decimal_commas_go_together() {
    let text = "Bestellnummer;Artikelnummer;Menge;Bestelldatum;Einzelpreis;Farbe\n1;A;2;01.12.2010 08:26;1.234,50;rot\n";
    assert_eq!(
        read(text),
        [
            "order 2010-12-01T08:26:00Z order_id=1 extra={\"Farbe\":\"rot\"} dialect=order_csv currency=USD [product_id=A unit_price=1234.5 quantity=2 line=1]"
        ]
    );
}

#[test]
fn more_unknown_columns_than_an_event_holds_are_kept_in_an_update() {
    let row = |at: usize| format!("1,P{at},1,2010-12-01,1,{}\n", "n".repeat(10_000));
    let text = "order_id,product_id,quantity,order_date,price,note\n".to_owned()
        + &(0..6).map(row).collect::<String>();
    let shown: Vec<String> = read(&text)
        .iter()
        .map(|line| format!("{} {}", &line[..5], line.matches("[product_id=").count()))
        .collect();
    assert_eq!(shown, ["order 4", "order 2"]);
}

#[test]
fn each_row_of_an_event_list_is_an_event() {
    let text = "user_id,session_id,event,timestamp,platform,channel\n7,s,product_view,2024-03-13 10:22:12,desktop,email\n7,s,home,2024-03-13 10:22:13,,\n7,s,,2024-03-13 10:22:13,,\n";
    assert_eq!(
        read(text),
        [
            "item_view 2024-03-13T10:22:12Z type_text=product_view customer_id=7 source_session_id=s extra={\"channel\":\"email\"} dialect=event_csv device_type=desktop",
            "home 2024-03-13T10:22:13Z customer_id=7 source_session_id=s dialect=event_csv",
            "!3 type_missing: the row does not say what happened",
        ]
    );
}

#[test]
fn a_rees46_export_has_one_item_a_row() {
    let text = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n\
        2019-10-01 00:00:00 UTC,view,44600062,2103807459595387724,,shiseido,35.79,541312140,72d76fde\n\
        2019-10-01 00:00:01 UTC,cart,1,2,electronics.smartphone,,-1,541312140,72d76fde\n\
        2019-10-01 00:00:02 UTC,purchase,1,2,electronics.smartphone,,5,541312140,72d76fde\n";
    assert_eq!(
        read(text),
        [
            "item_view 2019-10-01T00:00:00Z type_text=view customer_id=541312140 source_session_id=72d76fde dialect=rees46_csv currency=USD \
             [product_id=44600062 brand=shiseido category_id=2103807459595387724 unit_price=35.79]",
            "!2 price_negative: unit_price = \"-1.00\"",
            "order 2019-10-01T00:00:02Z type_text=purchase customer_id=541312140 source_session_id=72d76fde inferred=quantity dialect=rees46_csv \
             currency=USD [product_id=1 category_id=2 category_path=electronics/smartphone unit_price=5 quantity=1]",
        ]
    );
}

#[test]
fn an_id_column_gives_the_ids() {
    let text = "event_id,event,ts\n1,a,1700000000\n1,a,1700000000\n,a,1700000000\n";
    let ids = read_all(text.as_bytes(), &Wishes::default(), text.len()).ids;
    assert_eq!(ids[0].1, ids[1].1);
    assert_eq!(ids[0].1, crate::EventId::from_text("1", "test").0);
    assert_ne!(ids[0].1, ids[2].1);
}

#[test]
fn the_user_says_what_columns_and_words_mean() {
    let text = "who,what,at,x\n7,look,2024-03-13,1\n7,buy,2024-03-13,2\n";
    let wishes = wishes(
        &[
            ("who", "anonymous_id"),
            ("what", "type"),
            ("x", "results_count"),
        ],
        &[("look", "item_view"), ("buy", "order")],
    );
    assert_eq!(
        read_all(text.as_bytes(), &wishes, text.len()).lines,
        [
            "item_view 2024-03-13T00:00:00Z type_text=look anonymous_id=7 dialect=event_csv results_count=1",
            "order 2024-03-13T00:00:00Z type_text=buy anonymous_id=7 dialect=event_csv results_count=2",
        ]
    );
}

fn check_refused(text: &str, wishes: &Wishes, expected: &str) {
    let shown = match Table::open(text.as_bytes(), true, wishes) {
        Ok((table, _)) => format!("taken as {}", table.guess().mapping.dialect.name()),
        Err(error) => format!("{error}; {}", error.hint()),
    };
    assert_eq!(shown, expected, "{text}");
}

#[test]
fn a_file_that_cannot_be_mapped_says_why_and_how_to_mend_it() {
    let none = Wishes::default();
    check_refused(
        "",
        &none,
        "the file has no header line; put a line with the column names before the data",
    );
    check_refused(
        "536365,85123A,WHITE LANTERN,6,2010-12-01 08:26:00,2.55\n536365,71053,LANTERN,6,2010-12-01 08:26:00,3.39\n",
        &none,
        "the first line looks like data, not like column names: 536365, 85123A, WHITE LANTERN, 6, 2010-12-01 08:26:00, 2.55; \
         put a line with the column names before the data, such as order_id,product_id,quantity,…",
    );
    check_refused(
        "a,b,a,b,a\n",
        &none,
        "columns stand twice in the header: a, b; give each column a name of its own",
    );
    check_refused(
        "a,b\n1,2\n",
        &none,
        "no column is known to be type; say which with --map COLUMN=type",
    );
    check_refused(
        "event,b\n1,2\n",
        &none,
        "no column is known to be ts_event; say which with --map COLUMN=ts_event",
    );
    check_refused(
        "event,ts\n",
        &wishes(&[("evnt", "type")], &[]),
        "the file has no column \"evnt\"; did you mean event?",
    );
    check_refused(
        "event,ts\n",
        &wishes(&[("event", "custmer_id")], &[]),
        "there is no field \"custmer_id\"; did you mean customer_id or user_id?",
    );
    check_refused(
        "event,ts\n",
        &wishes(&[], &[("a", "ordr")]),
        "there is no type \"ordr\"; did you mean order?",
    );
}

#[test]
fn the_guess_is_shown() {
    let text = "user_id,session_id,event,timestamp,platform,cohort\n1,s,view,2024-03-13 10:21:14,desktop,x\n1,s,home,2024-03-13 10:21:28,desktop,x\n";
    let (table, _) = Table::open(text.as_bytes(), true, &Wishes::default()).expect("a table");
    let guess = table.guess();
    assert_eq!(guess.confidence, Confidence::Sure);
    assert_eq!(
        guess.evidence.join("\n"),
        "user_id → customer_id (by its name)\n\
         session_id → source_session_id (by its name)\n\
         event → type (by its name)\n\
         timestamp → ts_event (by its name)\n\
         platform → device_type (by its name)\n\
         each row is an event\n\
         types: view = item_view\n\
         types under their own names: home\n\
         kept as they are: cohort"
    );
}

#[test]
fn one_unclosed_quote_or_ragged_row_costs_itself_alone() {
    let text = "event,ts,note\na,1700000000,x\na,1700000000,\"open\na,1700000000\na,1700000000,x,y\na,1700000000,\"two\nlines\"\n";
    let shown: Vec<String> = read(text)
        .iter()
        .map(|line| line.chars().take(18).collect())
        .collect();
    assert_eq!(
        shown,
        [
            "a 2023-11-14T22:13",
            "!2 unclosed_quote:",
            "!3 ragged_row: 2 c",
            "!4 ragged_row: 4 c",
            "a 2023-11-14T22:13"
        ]
    );
}

#[test]
fn a_grown_file_repeats_the_ids_of_its_beginning() {
    let text =
        ORDERS.to_owned() + "1,A,,1,2010-12-01,1,,\n2,A,,1,2010-12-01,1,,\n3,A,,1,2010-12-01,1,,";
    let grown = text.clone() + "\n3,B,,1,2010-12-01,1,,\r\n4,A,,1,2010-12-01,1,,\n";
    let (before, after) = (
        read_all(text.as_bytes(), &Wishes::default(), 64).ids,
        read_all(grown.as_bytes(), &Wishes::default(), 64).ids,
    );
    assert_eq!(before, after[..3]);
    let identity = |text: &str| {
        Table::open(text.as_bytes(), true, &Wishes::default())
            .expect("a table")
            .0
            .identity()
    };
    assert_eq!(identity(&text), identity(&grown));
    assert_ne!(identity(&text), identity(&text.replace("1,A", "1,B")));
}

proptest! {
    #[test]
    fn windows_do_not_change_what_is_read(
        rows in proptest::collection::vec((1..6_u8, 0..4_u8), 1..40),
        window in 1..200_usize,
        is_events in any::<bool>(),
    ) {
        let row = |(invoice, fault): &(u8, u8)| match fault {
            0 => format!("{invoice},A,\"two\nlines\",1,2010-12-01,1,,\n"),
            1 => format!("{invoice},A\n"),
            2 => format!("{invoice},A,\"open,1,2010-12-01,1,,\n"),
            _ => format!("{invoice},A,,1,2010-12-01,1,,\r\n"),
        };
        let text = ORDERS.to_owned() + &rows.iter().map(row).collect::<String>();
        let mut wishes = Wishes::default();
        if is_events {
            wishes = self::wishes(&[("Country", "type")], &[]);
        }
        let (whole, parts) = (read_all(text.as_bytes(), &wishes, text.len()), read_all(text.as_bytes(), &wishes, window));
        prop_assert_eq!(whole.lines, parts.lines);
        prop_assert_eq!(whole.ids, parts.ids);
    }

    #[test]
    fn no_bytes_make_it_panic(header in "[a-z,;\"\n]{0,20}", bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let text = [header.as_bytes(), b"\n", &bytes].concat();
        for head in ["", "event,ts\n", ORDERS] {
            let text = [head.as_bytes(), &text].concat();
            if Table::open(&text, true, &Wishes::default()).is_ok() {
                read_all(&text, &Wishes::default(), 50);
            }
        }
    }
}
