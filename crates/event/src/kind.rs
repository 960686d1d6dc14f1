//! What can happen in a shop: the canonical event types. Their names in other vocabularies live with the dialects.

macro_rules! event_types {
    ($($variant:ident = $name:literal, $doc:literal;)*) => {
        /// A canonical event type; names outside the list stay `Custom` and keep their own text.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum EventType {
            $(#[doc = $doc] $variant,)*
        }

        impl EventType {
            /// Every type, in the order of a visit.
            pub const ALL: &'static [EventType] = &[$(EventType::$variant,)*];

            /// The canonical name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(EventType::$variant => $name,)* }
            }

            /// The type of this canonical name.
            #[must_use]
            pub fn parse(name: &str) -> Option<EventType> {
                match name { $($name => Some(EventType::$variant),)* _ => None }
            }
        }
    };
}

event_types! {
    PageView = "page_view", "A page was shown.";
    Search = "search", "Something was searched for.";
    ListView = "list_view", "A list of products was shown.";
    ItemClick = "item_click", "A product in a list was clicked.";
    ItemView = "item_view", "A product page was shown.";
    CartAdd = "cart_add", "A product went into the cart.";
    CartRemove = "cart_remove", "A product left the cart.";
    CartView = "cart_view", "The cart was shown.";
    WishlistAdd = "wishlist_add", "A product went onto a wish list.";
    WishlistRemove = "wishlist_remove", "A product left a wish list.";
    WishlistToCart = "wishlist_to_cart", "A wish went into the cart.";
    CheckoutStart = "checkout_start", "Checkout began.";
    CheckoutStep = "checkout_step", "A step of checkout was reached.";
    Order = "order", "Something was bought.";
    OrderUpdate = "order_update", "An order changed or got further lines.";
    OrderCancel = "order_cancel", "An order was cancelled.";
    Refund = "refund", "Goods or money went back.";
    PaymentError = "payment_error", "A payment failed.";
    SignUp = "sign_up", "An account was made.";
    Login = "login", "A customer logged in.";
    Identify = "identify", "A visitor was told to be a customer.";
    PromoView = "promo_view", "A promotion was shown.";
    PromoClick = "promo_click", "A promotion was clicked.";
    CouponEnter = "coupon_enter", "A coupon was entered.";
    CouponApply = "coupon_apply", "A coupon was accepted.";
    CouponDeny = "coupon_deny", "A coupon was refused.";
    CouponRemove = "coupon_remove", "A coupon was taken back.";
    Share = "share", "A product or cart was shared.";
    Review = "review", "A product was reviewed.";
    StockUpdate = "stock_update", "Stock was counted or moved.";
    PriceChange = "price_change", "A price changed.";
    Custom = "custom", "Any other name, kept as it was sent.";
}

impl EventType {
    /// Whether the event belongs to an order and folds at the order's shard.
    #[must_use]
    pub fn is_order_kind(self) -> bool {
        matches!(
            self,
            EventType::Order | EventType::OrderUpdate | EventType::OrderCancel | EventType::Refund
        )
    }
}
