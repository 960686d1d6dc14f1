//! Segment: each line is a `page` or `track` call in the words of its e-commerce specification. A failed payment has none.

use super::canonical::write_id;
use super::page::{referrer, write_title, write_url, write_words};
use super::text::{address, hex, key, number, put, text_field, uuid};
use crate::catalogue::Line;
use crate::event::{Detail, Origin, SimEvent};
use crate::kind::Kind;
use crate::money::Money;
use crate::sale::{Bill, sold_value};

fn event_name(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Search => "Products Searched",
        Kind::ListView => "Product List Viewed",
        Kind::ItemClick => "Product Clicked",
        Kind::ItemView => "Product Viewed",
        Kind::WishlistAdd => "Product Added to Wishlist",
        Kind::Share => "Product Shared",
        Kind::Review => "Product Reviewed",
        Kind::Login => "Signed In",
        Kind::SignUp => "Signed Up",
        Kind::CartAdd => "Product Added",
        Kind::CartRemove => "Product Removed",
        Kind::CartView => "Cart Viewed",
        Kind::CheckoutStart => "Checkout Started",
        Kind::CheckoutStep => "Checkout Step Viewed",
        Kind::Order => "Order Completed",
        Kind::Refund => "Order Refunded",
        _ => return None,
    })
}

pub(super) fn write_line(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    match event_name(event.kind) {
        Some(name) => {
            put(out, "{\"type\":\"track\",\"event\":\"");
            put(out, name);
        }
        None => {
            put(out, "{\"type\":\"page\",\"name\":\"");
            write_title(event, out);
        }
    }
    put(out, "\",\"messageId\":\"");
    uuid(event.id, out);
    put(out, "\",\"timestamp\":\"");
    event.time.write_utc(out);
    put(out, "\",\"anonymousId\":\"");
    hex(event.cookie, out);
    out.push(b'"');
    if event.who.is_signed_in {
        put(out, ",\"userId\":\"cust_");
        number(u64::from(event.who.visitor.number), out);
        out.push(b'"');
    }
    write_context(event, out);
    put(out, ",\"properties\":{");
    let start = out.len();
    write_properties(event, out);
    // Every property brings its comma; the first one's is too many.
    if out.len() > start {
        out.remove(start);
    }
    put(out, "}}\n");
}

fn write_context(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    put(out, ",\"context\":{\"ip\":\"");
    address(event.who.visitor.address, out);
    out.push(b'"');
    text_field!(out, "userAgent", event.who.agent().user_agent);
    put(out, ",\"page\":{\"url\":\"");
    write_url(event, out);
    put(out, "\",\"title\":\"");
    write_title(event, out);
    out.push(b'"');
    if let Some(referrer) = referrer(event) {
        text_field!(out, "referrer", referrer);
    }
    out.push(b'}');
    if let Some(campaign) = event.origin.and_then(Origin::campaign) {
        put(out, ",\"campaign\":{\"source\":\"");
        put(out, campaign.source);
        out.push(b'"');
        text_field!(out, "medium", campaign.medium);
        text_field!(out, "name", campaign.name);
        out.push(b'}');
    }
    put(out, ",\"location\":{\"city\":\"");
    put(out, event.who.visitor.city().name);
    out.push(b'"');
    text_field!(out, "country", event.who.visitor.country().name);
    put(out, "}}");
}

fn write_properties(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    match event.detail {
        Detail::Search { .. } => {
            put(out, ",\"query\":\"");
            write_words(event, b' ', out);
            out.push(b'"');
        }
        Detail::Step { number: step, .. } => {
            key!(out, "step");
            number(u64::from(step), out);
        }
        Detail::Order { order, bill } => write_order(event, order, &bill, out),
        Detail::Refund {
            order,
            amount,
            reason,
            ..
        } => {
            write_id("order_id\":\"ord_", order, out);
            key!(out, "total");
            amount.write(event.currency, out);
            text_field!(out, "reason", reason);
        }
        _ => {}
    }
    match event.kind {
        Kind::ListView => text_field!(out, "category", event.focus.category().name),
        Kind::Share => text_field!(out, "share_via", "email"),
        Kind::CheckoutStart => {
            key!(out, "value");
            sold_value(event.lines, event.currency).write(event.currency, out);
        }
        _ => {}
    }
    write_products(event, out);
    if !event.lines.is_empty() {
        text_field!(out, "currency", event.currency.code());
    }
}

fn write_order(event: &SimEvent<'_>, order: u64, bill: &Bill, out: &mut Vec<u8>) {
    write_id("order_id\":\"ord_", order, out);
    let mut amount = |name: &str, money: Money| {
        put(out, name);
        money.write(event.currency, out);
    };
    // Segment's subtotal is what is left after discounts.
    amount(",\"subtotal\":", bill.revenue());
    amount(",\"revenue\":", bill.revenue());
    amount(",\"discount\":", bill.discount);
    amount(",\"tax\":", bill.tax);
    amount(",\"shipping\":", bill.shipping);
    amount(",\"total\":", bill.total());
    text_field!(out, "payment_method", event.who.visitor.payment.name());
    text_field!(out, "shipping_method", bill.shipping_method);
    if let Some(coupon) = bill.coupon {
        text_field!(out, "coupon", coupon);
    }
}

/// One product stands among the properties; several, and those of carts and orders, are a list.
fn write_products(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    let is_list = matches!(
        event.kind,
        Kind::CartView | Kind::CheckoutStart | Kind::Order | Kind::Refund
    );
    if !is_list {
        event
            .lines
            .iter()
            .for_each(|line| write_product(event, line, out));
        return;
    }
    for (index, line) in event.lines.iter().enumerate() {
        put(out, if index == 0 { ",\"products\":[{" } else { ",{" });
        let start = out.len();
        write_product(event, line, out);
        out.remove(start);
        out.push(b'}');
    }
    if !event.lines.is_empty() {
        out.push(b']');
    }
}

fn write_product(event: &SimEvent<'_>, line: &Line, out: &mut Vec<u8>) {
    put(out, ",\"product_id\":\"");
    line.product.write_id(out);
    put(out, "\",\"sku\":\"");
    line.product.write_sku(out);
    put(out, "\",\"name\":\"");
    line.product.write_name(out);
    out.push(b'"');
    text_field!(out, "brand", line.product.brand());
    text_field!(out, "category", line.product.category().name);
    key!(out, "price");
    let price = event.currency.price(line.product.price);
    price.write(event.currency, out);
    key!(out, "quantity");
    number(u64::from(line.quantity), out);
}
