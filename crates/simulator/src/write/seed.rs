//! The seed generator's JSON: the same thirteen fields for every event, the time without zone, one product a line.

use super::page::write_url;
use super::text::{address, key, number, put, text_field, uuid};
use crate::catalogue::Line;
use crate::event::SimEvent;
use crate::kind::Kind;

/// Which columns a line has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Columns {
    /// Those of the seed generator.
    OfSeed,
    /// These and the page's address.
    WithUrl,
}

/// The product a line shows: for events about none, or about a whole cart, the one in mind.
pub(crate) fn product_of(event: &SimEvent<'_>, index: usize) -> Line {
    match (event.kind, event.lines) {
        (Kind::Order, lines) => lines[index],
        (_, [only]) => *only,
        _ => Line {
            product: event.focus,
            quantity: 1,
        },
    }
}

/// Appends one line with its line end.
pub(crate) fn write_line(event: &SimEvent<'_>, index: usize, columns: Columns, out: &mut Vec<u8>) {
    let Line { product, quantity } = product_of(event, index);
    put(out, "{\"event_id\":\"");
    // Lines of one order get ids of their own, by low bits that are neither version nor variant.
    uuid(event.id ^ (index as u128) << 1, out);
    put(out, "\",\"timestamp\":\"");
    event.time.write_naive(out);
    put(out, "\",\"customer_id\":\"cust_");
    number(u64::from(event.who.visitor.number), out);
    out.push(b'"');
    if let Some(session) = event.session {
        put(out, ",\"session_id\":\"");
        uuid(session, out);
        out.push(b'"');
    }
    text_field!(
        out,
        "event_type",
        event.kind.seed_name().unwrap_or_default()
    );
    put(out, ",\"product_id\":\"");
    product.write_id(out);
    put(out, "\",\"product_name\":\"");
    product.write_name(out);
    out.push(b'"');
    text_field!(out, "category", product.category().name);
    key!(out, "price");
    event
        .currency
        .price(product.price)
        .write(event.currency, out);
    key!(out, "quantity");
    number(u64::from(quantity), out);
    text_field!(out, "user_agent", event.who.agent().user_agent);
    put(out, ",\"ip_address\":\"");
    address(event.who.visitor.address, out);
    out.push(b'"');
    write_location(event, out);
    if columns == Columns::WithUrl {
        put(out, ",\"url\":\"");
        write_url(event, out);
        out.push(b'"');
    }
    put(out, "}\n");
}

fn write_location(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    let city = event.who.visitor.city();
    put(out, ",\"location\":{\"city\":\"");
    put(out, city.name);
    out.push(b'"');
    text_field!(out, "country", event.who.visitor.country().name);
    key!(out, "latitude");
    put(out, city.latitude);
    key!(out, "longitude");
    put(out, city.longitude);
    out.push(b'}');
}
