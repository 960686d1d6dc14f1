//! The second seed generator's events: sixteen columns, as CSV and as JSON. Its customers have names and addresses, all
//! of them made up here; what its readers derive (price and device category) is not written.

use super::said::piece;
use super::text::{address, csv_value, key, number, put, text_field, uuid};
use crate::catalogue::Line;
use crate::event::SimEvent;
use crate::kind::Kind;

pub(super) const HEADER: &str = "event_id,event_type,product_id,product_name,category,brand,sku,price,customer_id,\
customer_email,customer_name,customer_address,session_id,user_agent,ip_address,event_timestamp\n";

const GIVEN: [&str; 16] = [
    "Ada", "Ben", "Cleo", "Dan", "Emma", "Finn", "Greta", "Hugo", "Ines", "Jon", "Kira", "Leo",
    "Mia", "Noah", "Olga", "Paul",
];
const FAMILY: [&str; 16] = [
    "Almond", "Birch", "Cedar", "Dogwood", "Elder", "Fir", "Gorse", "Hazel", "Ivy", "Juniper",
    "Larch", "Maple", "Nettle", "Oak", "Poplar", "Rowan",
];
const STREETS: [&str; 8] = [
    "Harbour Street",
    "Mill Lane",
    "Station Road",
    "Garden Row",
    "Market Square",
    "River Walk",
    "Castle Hill",
    "Orchard Close",
];

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::ItemClick => "click",
        Kind::CartAdd => "cart",
        Kind::Order => "purchase",
        Kind::WishlistAdd => "add_to_wishlist",
        _ => "view",
    }
}

/// A customer as the generator knows them; one name for each number.
struct Customer {
    number: u32,
    given: &'static str,
    family: &'static str,
}

impl Customer {
    fn of(event: &SimEvent<'_>) -> Customer {
        let number = event.who.visitor.number;
        Customer {
            number,
            given: GIVEN[number as usize % GIVEN.len()],
            family: FAMILY[number as usize / GIVEN.len() % FAMILY.len()],
        }
    }

    fn write_email(&self, out: &mut Vec<u8>) {
        out.extend(self.given.bytes().map(|byte| byte.to_ascii_lowercase()));
        out.push(b'.');
        number(u64::from(self.number), out);
        put(out, "@mail.example");
    }

    fn write_name(&self, out: &mut Vec<u8>) {
        put(out, self.given);
        out.push(b' ');
        put(out, self.family);
    }

    fn write_address(&self, event: &SimEvent<'_>, out: &mut Vec<u8>) {
        number(u64::from(self.number % 180 + 1), out);
        out.push(b' ');
        put(out, STREETS[self.number as usize / 7 % STREETS.len()]);
        put(out, ", ");
        put(out, event.who.visitor.city().name);
        put(out, ", ");
        put(out, event.who.visitor.country().name);
    }
}

pub(super) fn write_row(event: &SimEvent<'_>, index: usize, out: &mut Vec<u8>) {
    let Line { product, .. } = piece(event, index);
    let customer = Customer::of(event);
    uuid(event.id ^ (index as u128) << 1, out);
    out.push(b',');
    put(out, word(event.kind));
    out.push(b',');
    number(u64::from(product.number), out);
    out.push(b',');
    quoted(|text| product.write_name(text), out);
    out.push(b',');
    csv_value(product.category().name.as_bytes(), out);
    out.push(b',');
    csv_value(product.brand().as_bytes(), out);
    out.push(b',');
    product.write_sku(out);
    out.push(b',');
    let price = event.currency.price(product.price);
    price.write(event.currency, out);
    put(out, ",cust_");
    number(u64::from(customer.number), out);
    out.push(b',');
    customer.write_email(out);
    out.push(b',');
    customer.write_name(out);
    out.push(b',');
    quoted(|text| customer.write_address(event, text), out);
    out.push(b',');
    uuid(event.session.unwrap_or(event.id), out);
    out.push(b',');
    csv_value(event.who.agent().user_agent.as_bytes(), out);
    out.push(b',');
    address(event.who.visitor.address, out);
    out.push(b',');
    event.time.write_millis(out);
    out.push(b'\n');
}

fn quoted(write: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) {
    let start = out.len();
    write(out);
    if out[start..].iter().any(|byte| matches!(byte, b',' | b'"')) {
        let text = out.split_off(start);
        csv_value(&text, out);
    }
}

pub(super) fn write_json(event: &SimEvent<'_>, index: usize, out: &mut Vec<u8>) {
    let Line { product, .. } = piece(event, index);
    let customer = Customer::of(event);
    put(out, "{\"event_id\":\"");
    uuid(event.id ^ (index as u128) << 1, out);
    out.push(b'"');
    text_field!(out, "event_type", word(event.kind));
    key!(out, "product_id");
    number(u64::from(product.number), out);
    put(out, ",\"product_name\":\"");
    product.write_name(out);
    out.push(b'"');
    text_field!(out, "category", product.category().name);
    text_field!(out, "brand", product.brand());
    put(out, ",\"sku\":\"");
    product.write_sku(out);
    out.push(b'"');
    key!(out, "price");
    event
        .currency
        .price(product.price)
        .write(event.currency, out);
    put(out, ",\"customer_id\":\"cust_");
    number(u64::from(customer.number), out);
    put(out, "\",\"customer_email\":\"");
    customer.write_email(out);
    put(out, "\",\"customer_name\":\"");
    customer.write_name(out);
    put(out, "\",\"customer_address\":\"");
    customer.write_address(event, out);
    put(out, "\",\"session_id\":\"");
    uuid(event.session.unwrap_or(event.id), out);
    out.push(b'"');
    text_field!(out, "user_agent", event.who.agent().user_agent);
    put(out, ",\"ip_address\":\"");
    address(event.who.visitor.address, out);
    put(out, "\",\"event_timestamp\":\"");
    event.time.write_millis(out);
    put(out, "\"}\n");
}
