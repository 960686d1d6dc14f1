//! Where a visitor came from and on which page they arrived, as sessions are told apart by it: the host of the page before,
//! and the kind of the first page. An address says more than that; what would make a page of its own of every product and
//! every order is left out.

use super::channel::{host, path};
use event::schema::Text;
use event::{EventRef, EventType};
use std::borrow::Cow;

/// Letters of a landing page; a longer one is cut.
pub const LANDING_CHARS_MAX: usize = 200;
/// Letters that a host can have.
const HOST_CHARS_MAX: usize = 253;
/// What stands for what differs from page to page.
const ANY: char = '*';
/// A part of a path with so many digits is an id, as is one of nothing else; `iphone-15` is none.
const ID_DIGITS: usize = 3;
/// Behind these parts of a path stands the name or the number of one product.
const PRODUCT_PARTS: [&str; 12] = [
    "p", "dp", "product", "products", "produkt", "produkte", "produit", "producto", "prodotto",
    "item", "items", "artikel",
];

/// The host of the page before, in small letters and without `www.`; nothing where that is the shop's own.
#[must_use]
pub fn referrer_host(event: EventRef<'_>) -> Option<Cow<'_, str>> {
    other_host(event.text(Text::Referrer)?, event.text(Text::Url))
}

fn other_host<'a>(referrer: &'a str, url: Option<&str>) -> Option<Cow<'a, str>> {
    let host = host(referrer).filter(|host| host.len() <= HOST_CHARS_MAX)?;
    let own = url.and_then(self::host);
    if own.is_some_and(|own| own.eq_ignore_ascii_case(host)) {
        return None;
    }
    Some(match host.contains(char::is_uppercase) {
        true => Cow::Owned(host.to_lowercase()),
        false => Cow::Borrowed(host),
    })
}

/// Writes the kind of page that an event was sent from behind `page`: its path without question, id and name of a product.
/// Says whether there is one.
pub fn write_landing_page(kind: EventType, url: &str, page: &mut String) -> bool {
    let Some(path) = path(url) else {
        return false;
    };
    let parts = path.split('/').filter(|part| !part.is_empty());
    let parts_max = parts.clone().count();
    let start = page.len();
    let mut is_of_product = false;
    for (part, nth) in parts.zip(1..) {
        let is_last_of_view = kind == EventType::ItemView && nth == parts_max && nth > 1;
        is_of_product |= is_last_of_view;
        page.push('/');
        if is_of_product || is_id(part) {
            page.push(ANY);
        } else {
            page.push_str(part);
        }
        if is_of_product {
            break; // what stands behind a product is its name, once more
        }
        is_of_product = PRODUCT_PARTS
            .iter()
            .any(|known| part.eq_ignore_ascii_case(known));
    }
    if page.len() == start {
        page.push('/');
    }
    let kept = crate::promotion::start_of(&page[start..], LANDING_CHARS_MAX).len();
    page.truncate(start + kept);
    true
}

fn is_id(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    digits >= ID_DIGITS || (digits > 0 && digits == part.len())
}

#[cfg(test)]
mod tests {
    //! Pages and what kind of page each is; hosts and what they are called.

    use super::*;

    fn page(kind: EventType, url: &str) -> String {
        let mut page = String::from("before ");
        let is_page = write_landing_page(kind, url, &mut page);
        let page = page.strip_prefix("before ").expect("it was there");
        assert_eq!(is_page, !page.is_empty());
        page.to_owned()
    }

    fn check(url: &str, expected: &str) {
        assert_eq!(page(EventType::PageView, url), expected, "{url}");
    }

    #[test]
    fn a_page_is_its_path_without_question_and_mark() {
        check("https://shop.example/", "/");
        check("https://shop.example", "/");
        check("https://shop.example?utm_source=a/b", "/");
        check("https://Shop.example/Sale/?q=tea#top", "/Sale");
        check("/cart;jsessionid=4?x=1", "/cart");
        check("https://shop.example//c/tea//", "/c/tea");
        check("app://shop/start", "/start");
        check("shop", "");
        check("", "");
    }

    #[test]
    fn products_and_ids_are_one_page() {
        check("https://shop.example/p/17/green-tea", "/p/*");
        check(
            "https://shop.example/en/Products/green-tea",
            "/en/Products/*",
        );
        check("https://shop.example/orders/4711", "/orders/*");
        check("https://shop.example/orders/4711/track", "/orders/*/track");
        check("https://shop.example/c/iphone-15", "/c/iphone-15");
        check("https://shop.example/u/9f3a17c2", "/u/*");
        check("https://shop.example/page/2", "/page/*");
        check("https://shop.example/products", "/products");
        let view = |url| page(EventType::ItemView, url);
        assert_eq!(view("https://shop.example/tea/green"), "/tea/*");
        assert_eq!(view("https://shop.example/product?id=7"), "/product");
    }

    #[test]
    fn a_page_of_any_length_is_cut_between_letters() {
        let long = format!("https://shop.example/{}", "é".repeat(9_000));
        let page = page(EventType::PageView, &long);
        assert_eq!(page.chars().count(), LANDING_CHARS_MAX);
    }

    #[test]
    fn the_page_before_is_known_by_its_host_unless_it_is_the_shops_own() {
        let own = Some("https://www.shop.example/cart");
        let check = |referrer: &str, expected: Option<&str>| {
            assert_eq!(other_host(referrer, own).as_deref(), expected, "{referrer}");
        };
        check("https://www.Google.com/search?q=tea", Some("google.com"));
        check("https://blog.example:8080/", Some("blog.example"));
        check("https://shop.example/", None);
        check("http://WWW.Shop.Example/p/1", None);
        check("not an address", None);
        check("", None);
        check(&format!("https://{}/", "a".repeat(1_000)), None);
    }
}
