//! A workbook as a spreadsheet library wrote it (openpyxl 3.1, on purpose another program than ours), read as an order list.

use super::*;
use event::EventRef;

fn line(event: EventRef<'_>) -> String {
    let items = event.items().map(|item| {
        format!(
            "[{} {} x{}]",
            item.text(ItemText::ProductId).unwrap_or("-"),
            item.unit_price().unwrap_or_default(),
            item.quantity()
        )
    });
    format!(
        "{} {} {} {} {}",
        event.label(Label::Type).unwrap_or("-"),
        event
            .text(Text::RefundId)
            .or(event.text(Text::OrderId))
            .unwrap_or("-"),
        event.time(),
        event.text(Text::CustomerId).unwrap_or("-"),
        items.collect::<Vec<_>>().join(" ")
    )
}

#[test]
fn a_workbook_of_orders_is_read_like_a_csv_of_them() {
    let bytes = include_bytes!("../../../corpus/workbook/orders.xlsx");
    let reader = open(bytes).expect("opens");
    assert_eq!(reader.guess().dialect, "order_csv");
    assert_eq!(
        reader.guess().evidence[..2],
        [
            "sheet \"Orders\" of Notes, Orders",
            "the header is row 3; one row above it left out"
        ]
    );
    let source = reader.source().source.clone();
    let frames = frames(reader).expect("is read");
    let shown: Vec<String> = frames
        .iter()
        .flat_map(|frame| frame.events.events().map(line))
        .collect();
    // The formula in row 11 was never calculated by a spreadsheet, so its order has no customer.
    assert_eq!(
        shown,
        [
            "order 536365 2010-12-01T08:26:00Z 17850 [85123A 2.55 x6] [71053 3.39 x6]",
            "order 536366 2010-12-01T08:28:00Z - [POST 18.00 x1]",
            "refund C536379 2010-12-01T09:41:07Z 14527 [85123A 27.50 x-1]",
            "order 536367 2010-12-01T11:52:00Z - [22139 0.00 x56]",
            "stock_update 536368 2010-12-01T16:50:00Z - [21777 0.00 x-10]",
            "order 536369 2010-12-01T17:00:00Z - [22960 4.25 x0.3]",
            "order 536371 2010-12-02T00:00:00Z 12583 [22961 1.45 x12]",
        ]
    );
    let rejected = frames.iter().flat_map(|frame| &frame.rejected);
    let rejected: Vec<String> = rejected
        .map(|rejected| format!("{} {}", rejected.position, rejected.rejection))
        .collect();
    assert_eq!(rejected, ["8 time_invalid: ts_event = \"soon\""]);

    // The same rows written as a CSV are the same file: the identity is in the text of the rows.
    let csv = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
        536365,85123A,\"WHITE HANGING HEART, \"\"LARGE\"\"\",6,2010-12-01 08:26:00,2.55,17850,United Kingdom\n";
    assert_eq!(open(csv.as_bytes()).expect("opens").source().source, source);
}

#[test]
fn a_sheet_is_asked_for_by_its_name() {
    let bytes = include_bytes!("../../../corpus/workbook/orders.xlsx");
    let asked = |sheet: &str| {
        let mut options = FileOptions::new("orders.xlsx", "main");
        options.sheet = Some(sheet.to_owned());
        FileReader::open(Box::new(Cursor::new(bytes.to_vec())), options)
            .map(|reader| reader.guess().dialect)
            .map_err(|error| format!("{error}; {}", error.hint))
    };
    assert_eq!(asked("Orders"), Ok("order_csv"));
    assert_eq!(
        asked("orders"),
        Err(
            "cannot read orders.xlsx: it has no sheet \"orders\"; its sheets are Notes, Orders"
                .to_owned()
        )
    );
}

#[test]
fn a_workbook_may_be_packed_again() {
    let bytes = include_bytes!("../../../corpus/workbook/orders.xlsx");
    let plain = read(bytes);
    assert_eq!(plain.len(), 8);
    assert_eq!(read(&gzip(bytes)), plain);
}
