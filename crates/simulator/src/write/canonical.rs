//! Our own JSON: each event has the fields its kind has, under their canonical names.

use super::page::{referrer, write_title, write_url, write_words};
use super::text::{address, hex, key, number, put, readable, text_field, uuid, whole};
use crate::catalogue::Line;
use crate::event::{Detail, Origin, SimEvent};
use crate::kind::Kind;
use crate::money::Money;
use crate::sale::Bill;

/// Appends the event with its line end.
pub(crate) fn write_line(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    put(out, "{\"event_id\":\"");
    uuid(event.id, out);
    put(out, "\",\"type\":\"");
    put(out, event.kind.name());
    put(out, "\",\"ts\":\"");
    event.time.write_utc(out);
    out.push(b'"');
    if let Some(store) = event.store {
        key!(out, "store");
        // The only text that comes from outside.
        put(out, &serde_json::Value::from(store).to_string());
    }
    if event.kind.has_visitor() {
        write_person(event, out);
    }
    if event.kind != Kind::Refund && event.kind.has_visitor() {
        write_page(event, out);
    }
    write_detail(event, out);
    write_items(event, out);
    put(out, "}\n");
}

fn write_person(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    put(out, ",\"anonymous_id\":\"");
    hex(event.cookie, out);
    out.push(b'"');
    if event.who.is_signed_in {
        put(out, ",\"customer_id\":\"cust_");
        number(u64::from(event.who.visitor.number), out);
        out.push(b'"');
    }
    if let Some(session) = event.session {
        put(out, ",\"session_id\":\"");
        uuid(session, out);
        out.push(b'"');
    }
    text_field!(out, "user_agent", event.who.agent().user_agent);
    text_field!(out, "device_type", event.who.agent().device);
    put(out, ",\"ip\":\"");
    address(event.who.visitor.address, out);
    let city = event.who.visitor.city();
    put(out, "\",\"geo\":{\"city\":\"");
    put(out, city.name);
    out.push(b'"');
    text_field!(out, "country", event.who.visitor.country().name);
    key!(out, "lat");
    put(out, city.latitude);
    key!(out, "lon");
    put(out, city.longitude);
    out.push(b'}');
}

fn write_page(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    put(out, ",\"url\":\"");
    write_url(event, out);
    put(out, "\",\"title\":\"");
    write_title(event, out);
    out.push(b'"');
    if let Some(referrer) = referrer(event) {
        text_field!(out, "referrer", referrer);
    }
    if let Some(campaign) = event.origin.and_then(Origin::campaign) {
        text_field!(out, "utm_source", campaign.source);
        text_field!(out, "utm_medium", campaign.medium);
        text_field!(out, "utm_campaign", campaign.name);
    }
}

fn write_detail(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    match event.detail {
        Detail::None => {}
        Detail::Search { results, .. } => {
            put(out, ",\"query\":\"");
            write_words(event, b' ', out);
            out.push(b'"');
            key!(out, "results_count");
            number(u64::from(results), out);
        }
        Detail::Step { number: step, name } => {
            key!(out, "step");
            number(u64::from(step), out);
            text_field!(out, "step_name", name);
        }
        Detail::PaymentError(failure) => {
            text_field!(out, "payment_method", event.who.visitor.payment.name());
            text_field!(out, "error_code", failure.code);
            text_field!(out, "error_type", failure.class);
        }
        Detail::Order { order, bill } => write_order(event, order, &bill, out),
        Detail::Refund {
            order,
            refund,
            amount,
            reason,
        } => {
            write_id("order_id\":\"ord_", order, out);
            write_id("refund_id\":\"ref_", refund, out);
            text_field!(out, "reason", reason);
            key!(out, "refund_amount");
            amount.write(event.currency, out);
        }
        Detail::Stock {
            level,
            delta,
            warehouse,
        } => {
            text_field!(out, "warehouse", warehouse);
            key!(out, "stock_level");
            whole(level, out);
            if let Some(delta) = delta {
                key!(out, "stock_delta");
                whole(delta, out);
            }
        }
        Detail::Price { old, new } => {
            key!(out, "old_price");
            event.currency.price(old).write(event.currency, out);
            key!(out, "new_price");
            event.currency.price(new).write(event.currency, out);
        }
    }
    if !event.lines.is_empty() {
        text_field!(out, "currency", event.currency.code());
    }
}

fn write_order(event: &SimEvent<'_>, order: u64, bill: &Bill, out: &mut Vec<u8>) {
    let mut amount = |name: &str, money: Money| {
        put(out, name);
        money.write(event.currency, out);
    };
    amount(",\"subtotal\":", bill.sold);
    amount(",\"discount\":", bill.discount);
    amount(",\"revenue\":", bill.revenue());
    amount(",\"tax\":", bill.tax);
    amount(",\"shipping\":", bill.shipping);
    amount(",\"total\":", bill.total());
    write_id("order_id\":\"ord_", order, out);
    text_field!(out, "payment_method", event.who.visitor.payment.name());
    text_field!(out, "shipping_method", bill.shipping_method);
    if let Some(coupon) = bill.coupon {
        text_field!(out, "coupon", coupon);
    }
}

pub(super) fn write_id(name_and_prefix: &str, id: u64, out: &mut Vec<u8>) {
    put(out, ",\"");
    put(out, name_and_prefix);
    readable(id, out);
    out.push(b'"');
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

/// Returned goods are lines of their own kind and count down from zero.
fn write_item(event: &SimEvent<'_>, line: &Line, out: &mut Vec<u8>) {
    put(out, "{\"product_id\":\"");
    line.product.write_id(out);
    put(out, "\",\"name\":\"");
    line.product.write_name(out);
    out.push(b'"');
    text_field!(out, "brand", line.product.brand());
    text_field!(out, "category", line.product.category().name);
    key!(out, "unit_price");
    event
        .currency
        .price(line.product.price)
        .write(event.currency, out);
    if line.product.price != line.product.list_price {
        key!(out, "list_price");
        let list_price = event.currency.price(line.product.list_price);
        list_price.write(event.currency, out);
    }
    if event.kind == Kind::Refund {
        text_field!(out, "kind", "return");
        put(out, ",\"quantity\":-");
    } else {
        key!(out, "quantity");
    }
    number(u64::from(line.quantity), out);
    out.push(b'}');
}
