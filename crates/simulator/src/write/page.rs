//! Addresses and titles of the shop's pages.

use super::text::{lower, number, put};
use crate::event::{Detail, Origin, Page, SimEvent};

/// The shop's front page, under a name reserved for examples.
const HOME: &str = "https://shop.example/";

/// The page's address; on a visit's first event with the campaign that brought it.
pub(crate) fn write_url(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    put(out, HOME);
    write_path(event, out);
}

/// The address without the shop's name, and without the slash before it.
pub(crate) fn write_path(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    let mut separator = b'?';
    match event.page {
        Page::Home => {}
        Page::Help => put(out, "help"),
        Page::Account => put(out, "account"),
        Page::Cart => put(out, "cart"),
        Page::ThankYou => put(out, "checkout/thank-you"),
        Page::Checkout => write_checkout(event, out),
        Page::List => {
            put(out, "c/");
            lower(event.focus.category().name, b'-', out);
        }
        Page::Results => {
            put(out, "search?q=");
            write_words(event, b'+', out);
            separator = b'&';
        }
        Page::Product => {
            put(out, "p/");
            number(u64::from(event.focus.number), out);
            out.push(b'/');
            lower(event.focus.goods(), b'-', out);
        }
    }
    if let Some(campaign) = event.origin.and_then(Origin::campaign) {
        out.push(separator);
        for (name, value) in [
            ("utm_source=", campaign.source),
            ("&utm_medium=", campaign.medium),
            ("&utm_campaign=", campaign.name),
        ] {
            put(out, name);
            put(out, value);
        }
    }
}

fn write_checkout(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    put(out, "checkout");
    if let Detail::Step { name, .. } = event.detail {
        out.push(b'/');
        put(out, name);
    }
}

/// What was searched for: a thing nobody sells, or the goods in mind.
pub(crate) fn write_words(event: &SimEvent<'_>, gap: u8, out: &mut Vec<u8>) {
    let words = match event.detail {
        Detail::Search {
            words: Some(words), ..
        } => words,
        _ => event.focus.goods(),
    };
    lower(words, gap, out);
}

/// The page's title.
pub(crate) fn write_title(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    match event.page {
        Page::Home => put(out, "Welcome"),
        Page::Help => put(out, "Help"),
        Page::Account => put(out, "Your account"),
        Page::List => put(out, event.focus.category().name),
        Page::Results => put(out, "Search results"),
        Page::Product => event.focus.write_name(out),
        Page::Cart => put(out, "Your cart"),
        Page::Checkout => put(out, "Checkout"),
        Page::ThankYou => put(out, "Thank you for your order"),
    }
    put(out, " | Shop");
}

/// The page before: of another site on a visit's first event, of the shop later; none where the visitor came directly.
pub(crate) fn referrer(event: &SimEvent<'_>) -> Option<&'static str> {
    match event.origin {
        Some(origin) => origin.referrer(),
        None => Some(HOME),
    }
}
