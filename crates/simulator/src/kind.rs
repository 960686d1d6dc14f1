//! What visitors do, by its canonical name and by the few words the seed generator has for it.

macro_rules! kinds {
    ($($variant:ident = $name:literal, $group:ident, $seed_name:expr, $doc:literal;)*) => {
        /// A kind of event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Kind {
            $(#[doc = $doc] $variant,)*
        }

        impl Kind {
            /// Every kind, in the order of a visit.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant,)*];
            /// How many there are.
            pub const COUNT: usize = Self::ALL.len();

            /// The canonical name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Kind::$variant => $name,)* }
            }

            /// The part of the shop it happens in.
            #[must_use]
            pub fn group(self) -> Group {
                match self { $(Kind::$variant => Group::$group,)* }
            }

            /// The seed generator's word; none where it has no such event. Its one word for every page is `page_view`.
            #[must_use]
            pub fn seed_name(self) -> Option<&'static str> {
                match self { $(Kind::$variant => $seed_name,)* }
            }
        }
    };
}

/// The parts of a shop's traffic; rates are asked for the first three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Looking around; signing in counts here too.
    View,
    /// Filling and looking at the cart.
    Cart,
    /// From the start of checkout to the order and its refund.
    Transaction,
    /// What the shop itself tells: no visitor is about.
    Supply,
}

kinds! {
    PageView = "page_view", View, Some("page_view"), "A page that shows no product: home, help, account, thank you.";
    Search = "search", View, Some("search"), "A search.";
    ListView = "list_view", View, Some("page_view"), "The list of a category.";
    ItemClick = "item_click", View, Some("product_click"), "A click on a product in a list.";
    ItemView = "item_view", View, Some("page_view"), "A product's page.";
    WishlistAdd = "wishlist_add", View, Some("wishlist_add"), "A product put on the wish list.";
    Share = "share", View, Some("share_product"), "A product shown to friends.";
    Review = "review", View, Some("review_submit"), "A product reviewed.";
    Login = "login", View, None, "An anonymous visitor becomes a known customer.";
    SignUp = "sign_up", View, None, "An anonymous visitor makes an account.";
    CartAdd = "cart_add", Cart, Some("add_to_cart"), "A product put into the cart.";
    CartRemove = "cart_remove", Cart, None, "A product taken out of the cart.";
    CartView = "cart_view", Cart, Some("page_view"), "A look at the cart.";
    CheckoutStart = "checkout_start", Transaction, Some("page_view"), "Checkout begins.";
    CheckoutStep = "checkout_step", Transaction, Some("page_view"), "A step of checkout.";
    PaymentError = "payment_error", Transaction, None, "A payment that failed.";
    Order = "order", Transaction, Some("purchase"), "A purchase.";
    Refund = "refund", Transaction, None, "Money given back.";
    StockUpdate = "stock_update", Supply, None, "The warehouse reports how many pieces are left.";
    PriceChange = "price_change", Supply, None, "A list price changed.";
}

impl Kind {
    /// The kind of this canonical name.
    #[must_use]
    pub fn named(name: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// Whether a visitor did it.
    #[must_use]
    pub fn has_visitor(self) -> bool {
        self.group() != Group::Supply
    }

    /// The kind an event of the seed generator is read as.
    #[must_use]
    pub fn as_seed_reads(self) -> Option<Kind> {
        match self.seed_name()? {
            "page_view" => Some(Kind::PageView),
            _ => Some(self),
        }
    }
}
