//! A REES46 export: ids are long numbers, a category has a code like `electronics.tablet`, and about a quarter of the
//! products have neither code nor brand. There are no orders, only pieces bought.

use super::said::piece;
use super::text::{lower, number, put, uuid};
use crate::catalogue::Line;
use crate::event::SimEvent;
use crate::kind::Kind;
use crate::random::mix;

pub(super) const HEADER: &str =
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n";

/// Ids begin where those of the published months do.
const FIRST_PRODUCT: u64 = 1_000_000;
const FIRST_CATEGORY: u64 = 2_053_013_550_000_000_000;
pub(super) const FIRST_USER: u64 = 500_000_000;
/// Products of a hundred without a category code, without a brand.
const WITHOUT_CODE: u64 = 27;
const WITHOUT_BRAND: u64 = 24;

pub(super) fn write_line(event: &SimEvent<'_>, index: usize, out: &mut Vec<u8>) {
    let Line { product, .. } = piece(event, index);
    let bits = mix(u64::from(product.number));
    event.time.write_seconds(out);
    put(
        out,
        match event.kind {
            Kind::CartAdd => " UTC,cart,",
            Kind::CartRemove => " UTC,remove_from_cart,",
            Kind::Order => " UTC,purchase,",
            _ => " UTC,view,",
        },
    );
    number(FIRST_PRODUCT + u64::from(product.number), out);
    out.push(b',');
    number(
        FIRST_CATEGORY + product.category_index() as u64 * 6_700_417,
        out,
    );
    out.push(b',');
    if bits % 100 >= WITHOUT_CODE {
        lower(product.category().name, b'_', out);
        out.push(b'.');
        lower(product.goods(), b'_', out);
    }
    out.push(b',');
    if (bits >> 32) % 100 >= WITHOUT_BRAND {
        lower(product.brand(), b'-', out);
    }
    out.push(b',');
    event
        .currency
        .price(product.price)
        .write(event.currency, out);
    out.push(b',');
    number(FIRST_USER + u64::from(event.who.visitor.number), out);
    out.push(b',');
    uuid(event.session.unwrap_or(event.id), out);
    out.push(b'\n');
}
