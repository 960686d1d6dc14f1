//! What shops call the things that happen: foreign names of the canonical types.
//! A name that stands for two types in two vocabularies is left out here and decided where it is read.

use crate::EventType;
use crate::EventType::*;

/// Foreign names, lower case with underscores. Canonical names need no entry.
const SYNONYMS: &[(&str, EventType)] = &[
    ("pageview", PageView),
    ("screen_view", PageView),
    ("page", PageView),
    ("view_page", PageView),
    ("product_search", Search),
    ("products_searched", Search),
    ("site_search", Search),
    ("view_search_results", Search),
    ("view_item_list", ListView),
    ("product_list_viewed", ListView),
    ("product_list_filtered", ListView),
    ("category_view", ListView),
    ("catalog", ListView),
    ("product_click", ItemClick),
    ("product_clicked", ItemClick),
    ("select_item", ItemClick),
    ("click", ItemClick),
    ("list_click", ItemClick),
    ("view", ItemView),
    ("view_item", ItemView),
    ("view_product", ItemView),
    ("product_view", ItemView),
    ("product_views", ItemView),
    ("product_viewed", ItemView),
    ("add_to_cart", CartAdd),
    ("addtocart", CartAdd),
    ("product_added", CartAdd),
    ("cart_events", CartAdd),
    ("cart", CartAdd),
    ("remove_from_cart", CartRemove),
    ("product_removed", CartRemove),
    ("view_cart", CartView),
    ("cart_viewed", CartView),
    ("add_to_wishlist", WishlistAdd),
    ("product_added_to_wishlist", WishlistAdd),
    ("remove_from_wishlist", WishlistRemove),
    ("product_removed_from_wishlist", WishlistRemove),
    ("wishlist_product_added_to_cart", WishlistToCart),
    ("begin_checkout", CheckoutStart),
    ("checkout_started", CheckoutStart),
    ("checkout", CheckoutStart),
    ("checkout_step_viewed", CheckoutStep),
    ("checkout_step_completed", CheckoutStep),
    ("payment_info_entered", CheckoutStep),
    ("add_shipping_info", CheckoutStep),
    ("add_payment_info", CheckoutStep),
    ("purchase", Order),
    ("order_completed", Order),
    ("transaction", Order),
    ("transactions", Order),
    ("order_updated", OrderUpdate),
    ("order_cancelled", OrderCancel),
    ("order_canceled", OrderCancel),
    ("order_refunded", Refund),
    ("transaction_error", PaymentError),
    ("trns_error", PaymentError),
    ("payment_failed", PaymentError),
    ("signup", SignUp),
    ("signed_up", SignUp),
    ("register", SignUp),
    ("signed_in", Login),
    ("view_promotion", PromoView),
    ("promotion_viewed", PromoView),
    ("select_promotion", PromoClick),
    ("promotion_clicked", PromoClick),
    ("coupon_entered", CouponEnter),
    ("coupon_applied", CouponApply),
    ("coupon_denied", CouponDeny),
    ("coupon_removed", CouponRemove),
    ("share_product", Share),
    ("product_shared", Share),
    ("cart_shared", Share),
    ("review_submit", Review),
    ("product_reviewed", Review),
    ("inventory_update", StockUpdate),
    ("price_update", PriceChange),
];

/// The canonical type a sender's name stands for; `Custom` where it is a word of the sender's own.
#[must_use]
pub(super) fn type_named(name: &str) -> EventType {
    if let Some(kind) = canonical(name).or_else(|| foreign(name)) {
        return kind;
    }
    let plain = plain(name);
    if plain == name {
        Custom
    } else {
        canonical(&plain)
            .or_else(|| foreign(&plain))
            .unwrap_or(Custom)
    }
}

fn canonical(name: &str) -> Option<EventType> {
    EventType::parse(name)
}

fn foreign(name: &str) -> Option<EventType> {
    SYNONYMS
        .iter()
        .find(|(synonym, _)| *synonym == name)
        .map(|(_, kind)| *kind)
}

/// `Order Completed` and `order-completed` are `order_completed`.
pub(super) fn plain(name: &str) -> String {
    let character = |character: char| {
        if matches!(character, ' ' | '-' | '.') {
            '_'
        } else {
            character.to_ascii_lowercase()
        }
    };
    name.trim().chars().map(character).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_names_stand_for_canonical_types() {
        for (name, kind) in [
            ("order", Order),
            ("purchase", Order),
            ("product_click", ItemClick),
            ("Order Completed", Order),
            ("view-item", ItemView),
            ("share_product", Share),
            ("add_payment_info", CheckoutStep),
            ("Product List Filtered", ListView),
            ("trns_error", PaymentError),
            ("loyalty_points", Custom),
            ("custom", Custom),
        ] {
            assert_eq!(type_named(name), kind, "{name}");
        }
    }

    #[test]
    fn no_foreign_name_shadows_a_canonical_one_or_stands_twice() {
        for (at, (name, _)) in SYNONYMS.iter().enumerate() {
            assert_eq!(EventType::parse(name), None, "{name}");
            assert!(
                SYNONYMS[at + 1..].iter().all(|(other, _)| other != name),
                "{name}"
            );
            assert_eq!(plain(name), *name);
        }
    }
}
