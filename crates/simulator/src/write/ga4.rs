//! Google Analytics 4: each line is a body of the Measurement Protocol with one event. Its items' discount is of one
//! piece, its value is without tax and shipping; payment errors and reviews have no name in it.

use super::canonical::write_id;
use super::page::{referrer, write_title, write_url, write_words};
use super::text::{hex, key, number, put, text_field};
use crate::catalogue::Line;
use crate::event::{Detail, SimEvent};
use crate::kind::Kind;
use crate::money::Money;
use crate::sale::sold_value;

/// The name of a step of checkout, where it has one.
pub(super) fn step_name(event: &SimEvent<'_>) -> Option<&'static str> {
    match event.detail {
        Detail::Step {
            name: "shipping", ..
        } => Some("add_shipping_info"),
        Detail::Step {
            name: "payment", ..
        } => Some("add_payment_info"),
        _ => None,
    }
}

fn name(event: &SimEvent<'_>) -> &'static str {
    match event.kind {
        Kind::Search => "search",
        Kind::ListView => "view_item_list",
        Kind::ItemClick => "select_item",
        Kind::ItemView => "view_item",
        Kind::WishlistAdd => "add_to_wishlist",
        Kind::Share => "share",
        Kind::Login => "login",
        Kind::SignUp => "sign_up",
        Kind::CartAdd => "add_to_cart",
        Kind::CartRemove => "remove_from_cart",
        Kind::CartView => "view_cart",
        Kind::CheckoutStart => "begin_checkout",
        Kind::CheckoutStep => step_name(event).unwrap_or("checkout_progress"),
        Kind::Order => "purchase",
        Kind::Refund => "refund",
        _ => "page_view",
    }
}

pub(super) fn write_line(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    put(out, "{\"client_id\":\"");
    hex(event.cookie, out);
    out.push(b'"');
    if event.who.is_signed_in {
        put(out, ",\"user_id\":\"cust_");
        number(u64::from(event.who.visitor.number), out);
        out.push(b'"');
    }
    key!(out, "timestamp_micros");
    number(event.time.0.unsigned_abs(), out);
    put(out, ",\"device\":{\"category\":\"");
    put(out, event.who.agent().device);
    put(out, "\"},\"events\":[{\"name\":\"");
    put(out, name(event));
    put(out, "\",\"params\":{\"engagement_time_msec\":1");
    if let Some(session) = event.session {
        put(out, ",\"ga_session_id\":\"");
        number((session >> 96) as u64, out);
        out.push(b'"');
    }
    if event.kind != Kind::Refund {
        write_page(event, out);
    }
    write_detail(event, out);
    write_items(event, out);
    put(out, "}}]}\n");
}

fn write_page(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    put(out, ",\"page_location\":\"");
    write_url(event, out);
    put(out, "\",\"page_title\":\"");
    write_title(event, out);
    out.push(b'"');
    if let Some(referrer) = referrer(event) {
        text_field!(out, "page_referrer", referrer);
    }
}

fn write_detail(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    let mut value = sold_value(event.lines, event.currency);
    match event.detail {
        Detail::Search { .. } => {
            put(out, ",\"search_term\":\"");
            write_words(event, b' ', out);
            out.push(b'"');
        }
        Detail::Order { order, bill } => {
            write_id("transaction_id\":\"ord_", order, out);
            key!(out, "tax");
            bill.tax.write(event.currency, out);
            key!(out, "shipping");
            bill.shipping.write(event.currency, out);
            if let Some(coupon) = bill.coupon {
                text_field!(out, "coupon", coupon);
            }
            text_field!(out, "payment_type", event.who.visitor.payment.name());
            text_field!(out, "shipping_tier", bill.shipping_method);
            value = bill.revenue();
        }
        Detail::Refund { order, amount, .. } => {
            write_id("transaction_id\":\"ord_", order, out);
            value = amount;
        }
        _ => {}
    }
    if !event.lines.is_empty() {
        text_field!(out, "currency", event.currency.code());
        key!(out, "value");
        value.write(event.currency, out);
    }
}

fn write_items(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    for (index, line) in event.lines.iter().enumerate() {
        put(out, if index == 0 { ",\"items\":[" } else { "," });
        write_item(event, line, out);
    }
    if !event.lines.is_empty() {
        out.push(b']');
    }
}

fn write_item(event: &SimEvent<'_>, line: &Line, out: &mut Vec<u8>) {
    let Line { product, quantity } = line;
    put(out, "{\"item_id\":\"");
    product.write_id(out);
    put(out, "\",\"item_name\":\"");
    product.write_name(out);
    out.push(b'"');
    text_field!(out, "item_brand", product.brand());
    text_field!(out, "item_category", product.category().name);
    key!(out, "price");
    let (price, list_price) = (
        event.currency.price(product.price),
        event.currency.price(product.list_price),
    );
    price.write(event.currency, out);
    if list_price - price > Money::ZERO {
        key!(out, "discount");
        (list_price - price).write(event.currency, out);
    }
    key!(out, "quantity");
    number(u64::from(*quantity), out);
    out.push(b'}');
}
