//! An order file: one row a line item, postage as a line of its own, credit notes with a `C` before the number.
//! Customers are written as spreadsheets write numbers, and guests are empty.

use super::said::postage;
use super::text::{csv_value, number, put};
use crate::event::{Detail, SimEvent};
use crate::kind::Kind;

pub(super) const HEADER: &str =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

/// Codes begin here: five digits and more.
const FIRST_CODE: u64 = 10_000;

pub(super) fn write_line(event: &SimEvent<'_>, index: usize, out: &mut Vec<u8>) {
    let is_refund = event.kind == Kind::Refund;
    if is_refund {
        out.push(b'C');
    }
    number(order_of(event), out);
    out.push(b',');
    let price = match event.lines.get(index) {
        Some(line) => {
            number(FIRST_CODE + u64::from(line.product.number), out);
            out.push(b',');
            let mut name = Vec::new();
            line.product.write_name(&mut name);
            name.make_ascii_uppercase();
            csv_value(&name, out);
            put(out, if is_refund { ",-" } else { "," });
            number(u64::from(line.quantity), out);
            event.currency.price(line.product.price)
        }
        None => {
            put(out, "POST,POSTAGE,1");
            postage(event)
        }
    };
    out.push(b',');
    event.time.write_seconds(out);
    out.push(b',');
    price.write(event.currency, out);
    out.push(b',');
    if event.who.is_signed_in {
        number(u64::from(event.who.visitor.number), out);
        put(out, ".0");
    }
    out.push(b',');
    put(out, event.who.visitor.country().name);
    out.push(b'\n');
}

/// The number of the order that is bought or given back.
fn order_of(event: &SimEvent<'_>) -> u64 {
    match event.detail {
        Detail::Order { order, .. } | Detail::Refund { order, .. } => order,
        _ => 0,
    }
}
