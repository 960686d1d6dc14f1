//! A list of users' events: user, type, product, price and second, nothing else.

use super::said::piece;
use super::text::{number, put};
use crate::catalogue::Line;
use crate::event::SimEvent;
use crate::kind::Kind;

pub(super) const HEADER: &str = "user_id,event_type,product_id,price,timestamp\n";

pub(super) fn write_line(event: &SimEvent<'_>, index: usize, out: &mut Vec<u8>) {
    let Line { product, .. } = piece(event, index);
    number(u64::from(event.who.visitor.number), out);
    put(
        out,
        match event.kind {
            Kind::CartAdd => ",cart,",
            Kind::Order => ",purchase,",
            _ => ",view,",
        },
    );
    number(u64::from(product.number), out);
    out.push(b',');
    event
        .currency
        .price(product.price)
        .write(event.currency, out);
    out.push(b',');
    event.time.write_seconds(out);
    out.push(b'\n');
}
