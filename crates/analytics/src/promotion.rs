//! Coupons and promotions as what happens to them: entered, accepted, refused, shown, clicked. What an order with a coupon
//! brings in is folded with the order.

use crate::cell::{CubeId, Deltas, NameId, column, cubes};
use crate::names::EventNames;
use crate::tally::Field;
use event::schema::{ItemText, Text};
use event::{EventRef, EventTime, EventType, ItemRef};
use smallvec::SmallVec;
use std::borrow::Cow;

/// Letters of a coupon's code; what is longer is cut, and so are names of promotions.
pub const COUPON_CHARS_MAX: usize = 64;
/// Letters of a promotion's name.
pub const PROMOTION_CHARS_MAX: usize = 100;

/// The code of the coupon that an order, a refund or an event about a coupon names, as it is counted: without blanks around
/// it, in capitals. An order that names none has the first one that a line of it names.
#[must_use]
pub fn coupon_code(event: EventRef<'_>) -> Option<Cow<'_, str>> {
    use EventType::{CouponApply, CouponDeny, CouponEnter, CouponRemove, Order, Refund};
    let is_told = matches!(
        event.kind(),
        Order | Refund | CouponEnter | CouponApply | CouponDeny | CouponRemove
    );
    let of_lines = || event.items().find_map(|item| item.text(ItemText::Coupon));
    let code = is_told.then(|| event.text(Text::Coupon).or_else(of_lines));
    capitals(code.flatten()?)
}

fn capitals(code: &str) -> Option<Cow<'_, str>> {
    let code = start_of(code.trim(), COUPON_CHARS_MAX).trim_end();
    let is_lower = |letter: char| !letter.is_uppercase() && letter.is_alphabetic();
    match code.contains(is_lower) {
        _ if code.is_empty() => None,
        false => Some(Cow::Borrowed(code)),
        // A sharp s becomes two letters.
        true => Some(Cow::Owned(
            start_of(&code.to_uppercase(), COUPON_CHARS_MAX).to_owned(),
        )),
    }
}

/// The promotion that a line names, as it is counted: by its name, else by its id.
#[must_use]
pub fn promotion_name(item: ItemRef<'_>) -> Option<&str> {
    let named = |column| {
        item.text(column)
            .map(str::trim)
            .filter(|name| !name.is_empty())
    };
    let name = named(ItemText::PromoName).or_else(|| named(ItemText::PromoId))?;
    Some(start_of(name, PROMOTION_CHARS_MAX).trim_end())
}

/// The first letters of a text.
pub(crate) fn start_of(text: &str, chars_max: usize) -> &str {
    // Every letter has a byte or more.
    let end = (text.len() > chars_max).then(|| text.char_indices().nth(chars_max));
    end.flatten().map_or(text, |(end, _)| &text[..end])
}

/// Counts an event about a coupon.
pub fn count_coupon(kind: EventType, time: EventTime, names: &EventNames, deltas: &mut Deltas) {
    let field = match kind {
        EventType::CouponEnter => Field::CouponsEntered,
        EventType::CouponApply => Field::CouponsApplied,
        EventType::CouponDeny => Field::CouponsDenied,
        EventType::CouponRemove => Field::CouponsRemoved,
        _ => return,
    };
    let at = column_of(cubes::COUPONS, field);
    for (cube, value) in [
        (cubes::COUPONS, NameId(0)),
        (cubes::COUPONS_BY_COUPON, names.coupon),
    ] {
        let delta = deltas.at(cube, names.store, NameId(0), value, time);
        delta.sums[at] += 1;
    }
}

/// Counts promotions that were shown or clicked: each that the event's lines name once, and one without a name where
/// they name none.
pub fn count_promotions(
    kind: EventType,
    time: EventTime,
    (store, promotions): (NameId, &[NameId]),
    deltas: &mut Deltas,
) {
    let at = match kind {
        EventType::PromoView => PROMO_VIEWS,
        EventType::PromoClick => PROMO_CLICKS,
        _ => return,
    };
    let named = promotions.iter().filter(|name| **name != NameId(0));
    let mut named: SmallVec<[NameId; 8]> = named.copied().collect();
    named.sort_unstable();
    named.dedup();
    if named.is_empty() {
        named.push(NameId(0));
    }
    let total = deltas.at(cubes::PROMOTIONS, store, NameId(0), NameId(0), time);
    total.sums[at] += named.len() as i128;
    for name in named {
        let cube = cubes::PROMOTIONS_BY_PROMOTION;
        deltas.at(cube, store, NameId(0), name, time).sums[at] += 1;
    }
}

const PROMO_VIEWS: usize = column(cubes::PROMOTIONS, Field::PromoViews);
const PROMO_CLICKS: usize = column(cubes::PROMOTIONS, Field::PromoClicks);

fn column_of(cube: CubeId, field: Field) -> usize {
    let mut fields = cube.cube().fields.iter();
    (fields.position(|known| *known == field)).expect("the cube keeps what is counted into it")
}

#[cfg(test)]
mod tests {
    //! How codes are written that people type, and names that are too long.

    use super::*;

    #[test]
    fn a_code_is_the_same_however_it_was_typed() {
        for typed in ["SPRING10", " spring10 ", "Spring10\t"] {
            assert_eq!(capitals(typed).as_deref(), Some("SPRING10"), "{typed:?}");
        }
        assert_eq!(capitals("été-ß").as_deref(), Some("ÉTÉ-SS"));
        assert_eq!(capitals("10%"), Some(Cow::Borrowed("10%")));
        assert_eq!((capitals(""), capitals("  ")), (None, None));
    }

    #[test]
    fn a_code_of_any_length_is_cut_between_letters() {
        let long = "é".repeat(1_000);
        let code = capitals(&long).expect("a code");
        assert_eq!(code.chars().count(), COUPON_CHARS_MAX);
        let sharp = "ß".repeat(60);
        let code = capitals(&sharp).expect("a code");
        assert_eq!(code.chars().count(), COUPON_CHARS_MAX);
        assert_eq!(start_of("tea", 3), "tea");
        assert_eq!(start_of("teas", 3), "tea");
    }
}
