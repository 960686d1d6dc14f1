//! Snowplow: each line is an enriched event as its analytics SDKs give it out, with the contexts of its e-commerce
//! plugin. Looking at the cart, wish lists, sharing, reviews and signing in have no event there.

use super::page::{referrer, write_title, write_url, write_words};
use super::text::{address, hex, key, number, put, readable, text_field, uuid};
use crate::catalogue::Line;
use crate::event::{Detail, Origin, SimEvent};
use crate::kind::Kind;
use crate::money::Money;
use crate::sale::{Bill, sold_value};

fn action(kind: Kind) -> &'static str {
    match kind {
        Kind::ListView => "list_view",
        Kind::ItemClick => "list_click",
        Kind::CartAdd => "add_to_cart",
        Kind::CartRemove => "remove_from_cart",
        Kind::CheckoutStart | Kind::CheckoutStep => "checkout_step",
        Kind::PaymentError => "trns_error",
        Kind::Order => "transaction",
        Kind::Refund => "refund",
        _ => "product_view",
    }
}

pub(super) fn write_line(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    put(
        out,
        "{\"app_id\":\"shop\",\"platform\":\"web\",\"event\":\"",
    );
    let is_page_view = event.kind == Kind::PageView;
    put(
        out,
        if is_page_view {
            "page_view"
        } else {
            "unstruct"
        },
    );
    put(out, "\",\"event_id\":\"");
    uuid(event.id, out);
    put(out, "\",\"derived_tstamp\":\"");
    event.time.write_utc(out);
    // Three digits and a Z.
    out.truncate(out.len() - 4);
    put(out, "Z\",\"domain_userid\":\"");
    hex(event.cookie, out);
    out.push(b'"');
    if event.who.is_signed_in {
        put(out, ",\"user_id\":\"cust_");
        number(u64::from(event.who.visitor.number), out);
        out.push(b'"');
    }
    if let Some(session) = event.session {
        put(out, ",\"domain_sessionid\":\"");
        uuid(session, out);
        out.push(b'"');
    }
    write_browser(event, out);
    write_action(event, out);
    write_contexts(event, out);
    put(out, "}\n");
}

fn write_browser(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    if event.kind != Kind::Refund {
        put(out, ",\"page_url\":\"");
        write_url(event, out);
        put(out, "\",\"page_title\":\"");
        write_title(event, out);
        out.push(b'"');
        if let Some(referrer) = referrer(event) {
            text_field!(out, "page_referrer", referrer);
        }
    }
    if let Some(campaign) = event.origin.and_then(Origin::campaign) {
        text_field!(out, "mkt_source", campaign.source);
        text_field!(out, "mkt_medium", campaign.medium);
        text_field!(out, "mkt_campaign", campaign.name);
    }
    text_field!(out, "useragent", event.who.agent().user_agent);
    put(out, ",\"user_ipaddress\":\"");
    address(event.who.visitor.address, out);
    out.push(b'"');
    text_field!(out, "geo_city", event.who.visitor.city().name);
    text_field!(out, "geo_country", event.who.visitor.country().name);
}

const ACTION: &str = ",\"unstruct_event_com_snowplowanalytics_snowplow_ecommerce_snowplow_ecommerce_action_1\":{\"type\":\"";

fn write_action(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    match (event.kind, event.detail) {
        (Kind::PageView, _) => {}
        (Kind::Search, Detail::Search { results, .. }) => {
            put(
                out,
                ",\"unstruct_event_com_snowplowanalytics_snowplow_site_search_1\":{\"terms\":[\"",
            );
            write_words(event, b' ', out);
            put(out, "\"],\"totalResults\":");
            number(u64::from(results), out);
            out.push(b'}');
        }
        _ => {
            put(out, ACTION);
            put(out, action(event.kind));
            out.push(b'"');
            if event.kind == Kind::ListView {
                text_field!(out, "name", event.focus.category().name);
            }
            out.push(b'}');
        }
    }
}

/// Begins a context; the next one closes it by itself.
fn context(name: &str, out: &mut Vec<u8>) {
    put(out, ",\"contexts_com_snowplowanalytics_snowplow_ecommerce_");
    put(out, name);
    put(out, "_1\":[{");
}

fn write_contexts(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    let is_of_cart = matches!(event.kind, Kind::CartAdd | Kind::CartRemove);
    if is_of_cart {
        context("cart", out);
        put(out, "\"total_value\":");
        sold_value(event.lines, event.currency).write(event.currency, out);
        text_field!(out, "currency", event.currency.code());
        put(out, "}]");
    }
    match event.detail {
        Detail::Step { number: step, .. } => write_step(u64::from(step) + 1, out),
        _ if event.kind == Kind::CheckoutStart => write_step(1, out),
        Detail::Order { order, bill } => write_transaction(event, order, &bill, out),
        Detail::Refund {
            order,
            amount,
            reason,
            ..
        } => {
            context("refund", out);
            put(out, "\"transaction_id\":\"ord_");
            readable(order, out);
            put(out, "\",\"refund_amount\":");
            amount.write(event.currency, out);
            text_field!(out, "refund_reason", reason);
            text_field!(out, "currency", event.currency.code());
            put(out, "}]");
        }
        Detail::PaymentError(failure) => {
            context("transaction_error", out);
            put(out, "\"error_code\":\"");
            put(out, failure.code);
            out.push(b'"');
            text_field!(
                out,
                "error_type",
                if failure.class == "technical" {
                    "soft"
                } else {
                    "hard"
                }
            );
            put(out, "}]");
        }
        _ => {}
    }
    write_products(event, out);
}

fn write_step(step: u64, out: &mut Vec<u8>) {
    context("checkout_step", out);
    put(out, "\"step\":");
    number(step, out);
    put(out, "}]");
}

fn write_transaction(event: &SimEvent<'_>, order: u64, bill: &Bill, out: &mut Vec<u8>) {
    context("transaction", out);
    put(out, "\"transaction_id\":\"ord_");
    readable(order, out);
    out.push(b'"');
    let mut amount = |name: &str, money: Money| {
        put(out, name);
        money.write(event.currency, out);
    };
    amount(",\"revenue\":", bill.revenue());
    amount(",\"tax\":", bill.tax);
    amount(",\"shipping\":", bill.shipping);
    amount(",\"discount_amount\":", bill.discount);
    key!(out, "total_quantity");
    let pieces = event.lines.iter().map(|line| u64::from(line.quantity));
    number(pieces.sum(), out);
    text_field!(out, "currency", event.currency.code());
    text_field!(out, "payment_method", event.who.visitor.payment.name());
    if let Some(coupon) = bill.coupon {
        text_field!(out, "discount_code", coupon);
    }
    put(out, "}]");
}

fn write_products(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    for (index, line) in event.lines.iter().enumerate() {
        if index == 0 {
            context("product", out);
        } else {
            put(out, ",{");
        }
        write_product(event, line, out);
    }
    if !event.lines.is_empty() {
        out.push(b']');
    }
}

fn write_product(event: &SimEvent<'_>, line: &Line, out: &mut Vec<u8>) {
    let Line { product, quantity } = line;
    put(out, "\"id\":\"");
    product.write_id(out);
    put(out, "\",\"name\":\"");
    product.write_name(out);
    out.push(b'"');
    text_field!(out, "category", product.category().name);
    text_field!(out, "brand", product.brand());
    key!(out, "price");
    event
        .currency
        .price(product.price)
        .write(event.currency, out);
    if product.price != product.list_price {
        key!(out, "list_price");
        let list_price = event.currency.price(product.list_price);
        list_price.write(event.currency, out);
    }
    text_field!(out, "currency", event.currency.code());
    key!(out, "quantity");
    number(u64::from(*quantity), out);
    out.push(b'}');
}
