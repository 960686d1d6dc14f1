//! Cells: the additive numbers and sketches of one (store, window, dimension value, currency), and the cubes they form.
//! Folds write `Delta`s; results are `Cell`s; both know only numbers and ids, names are looked up where rows are published.

mod deltas;
mod sums;

pub use deltas::Deltas;
pub use sums::{Cell, Delta, Sketches};

use crate::catalogue::Dimension;
use crate::tally::Field;
use crate::window::Grain;
use event::EventTime;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use smallvec::SmallVec;

/// An interned name; 0 stands for "not stated".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NameId(pub u32);

/// What is counted distinctly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum DistinctOf {
    /// Anonymous id where present, else the customer.
    Visitors,
    /// Products named by any event.
    Products,
    /// Customers with an order.
    Customers,
    /// Session ids that senders gave.
    SessionsGiven,
}

impl DistinctOf {
    /// The column's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            DistinctOf::Visitors => "visitors",
            DistinctOf::Products => "products",
            DistinctOf::Customers => "customers",
            DistinctOf::SessionsGiven => "sessions_given",
        }
    }
}

/// The name of the one distribution: revenue of each order.
pub const ORDER_VALUE: &str = "order_value";

/// Cells that share their dimension, grid and columns; each becomes a table of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cube {
    /// The table's name.
    pub table: &'static str,
    /// What rows are told apart by, beside window and store.
    pub dimension: Option<Dimension>,
    /// Whether the currency is part of the key: it is wherever money is.
    pub has_currency: bool,
    /// The finest window; folds write this one only.
    pub base: Grain,
    /// The windows results are published for.
    pub grains: &'static [Grain],
    /// How far back rows are kept behind the newest event; none means for good.
    pub kept_micros: Option<i64>,
    /// Additive columns.
    pub fields: &'static [Field],
    /// Distinct counts.
    pub distincts: &'static [DistinctOf],
    /// Whether the distribution of order values is kept.
    pub has_order_value: bool,
}

const FROM_MINUTE: &[Grain] = &[Grain::Minute, Grain::Quarter, Grain::Hour, Grain::Day];
const FROM_QUARTER: &[Grain] = &[Grain::Quarter, Grain::Hour, Grain::Day];
/// The timeline shows 15 minutes; five more let a page that opens late draw its left edge.
const PULSE_KEPT: i64 = 20 * event::time::MINUTE;

const ACTIVITY: &[Field] = &[
    Field::Events,
    Field::ItemViews,
    Field::CartAdds,
    Field::WriteOffLines,
];
const SALES: &[Field] = &[
    Field::Orders,
    Field::FeeOnlyOrders,
    Field::SoldLines,
    Field::ZeroPriceLines,
    Field::FeeLines,
    Field::Refunds,
    Field::ReturnLines,
    Field::Units,
    Field::ReturnedUnits,
    Field::SoldValue,
    Field::Gross,
    Field::FeeValue,
    Field::Revenue,
    Field::RefundAmount,
    Field::Discounts,
    Field::RefundedOrders,
    Field::OrderRefunds,
];
const COUPON_SALES: &[Field] = &[
    Field::Orders,
    Field::Units,
    Field::SoldValue,
    Field::Gross,
    Field::Revenue,
    Field::Refunds,
    Field::RefundAmount,
    Field::Discounts,
    Field::RefundedOrders,
    Field::OrderRefunds,
];
const PRODUCT_ACTIVITY: &[Field] = &[Field::ItemViews, Field::CartAdds];
const PRODUCT_SALES: &[Field] = &[
    Field::Orders,
    Field::Units,
    Field::ReturnedUnits,
    Field::SoldValue,
    Field::Revenue,
    Field::RefundAmount,
];
const VISITS: &[Field] = &[
    Field::Sessions,
    Field::Bounces,
    Field::CartSessions,
    Field::CheckoutSessions,
    Field::OrderSessions,
    Field::SessionViews,
    Field::SessionTime,
    Field::UnorderedCartSessions,
    Field::BotSessions,
    Field::HumanSessions,
    Field::HumanOrderSessions,
];
const CARTS: &[Field] = &[
    Field::CartsCreated,
    Field::CartsOpen,
    Field::CartsAbandoned,
    Field::CartsEmptied,
    Field::CartsOrdered,
    Field::CartsRecovered,
    Field::Checkouts,
    Field::CheckoutsAbandoned,
    Field::OrdersWithoutCart,
];

const PAYMENTS: &[Field] = &[Field::PaymentAttempts, Field::PaymentErrors];
const COUPONS: &[Field] = &[
    Field::CouponsEntered,
    Field::CouponsApplied,
    Field::CouponsDenied,
    Field::CouponsRemoved,
];
const SEARCHES: &[Field] = &[
    Field::Searches,
    Field::SearchesOfKnownResults,
    Field::SearchesWithoutResults,
    Field::SearchesClicked,
    Field::SearchesOrdered,
];
const PROMOTIONS: &[Field] = &[Field::PromoViews, Field::PromoClicks];

const FUNNELS: &[Field] = &[
    Field::FunnelUnits,
    Field::FunnelUnitsEver,
    Field::FunnelTime,
];

const fn activity(
    table: &'static str,
    dimension: Option<Dimension>,
    distincts: &'static [DistinctOf],
) -> Cube {
    Cube {
        table,
        dimension,
        has_currency: false,
        base: Grain::Minute,
        grains: FROM_MINUTE,
        kept_micros: None,
        fields: ACTIVITY,
        distincts,
        has_order_value: false,
    }
}

const fn sales(table: &'static str, dimension: Option<Dimension>) -> Cube {
    Cube {
        table,
        dimension,
        has_currency: true,
        base: Grain::Minute,
        grains: FROM_MINUTE,
        kept_micros: None,
        fields: SALES,
        distincts: &[DistinctOf::Customers],
        has_order_value: true,
    }
}

const fn pulse(table: &'static str, dimension: Option<Dimension>) -> Cube {
    Cube {
        base: Grain::Second,
        grains: &[Grain::Second],
        kept_micros: Some(PULSE_KEPT),
        fields: &[Field::Events],
        ..activity(table, dimension, &[])
    }
}

const fn product(table: &'static str, has_currency: bool, fields: &'static [Field]) -> Cube {
    Cube {
        has_currency,
        base: Grain::Quarter,
        grains: FROM_QUARTER,
        fields,
        ..activity(table, Some(Dimension::Product), &[])
    }
}

const fn visits(table: &'static str, dimension: Option<Dimension>) -> Cube {
    Cube {
        fields: VISITS,
        ..activity(table, dimension, &[])
    }
}

const fn carts(table: &'static str, dimension: Option<Dimension>) -> Cube {
    Cube {
        fields: CARTS,
        ..activity(table, dimension, &[])
    }
}

const fn cart_values(table: &'static str, dimension: Option<Dimension>) -> Cube {
    Cube {
        has_currency: true,
        fields: &[Field::AbandonedValue, Field::OpenCartsValue],
        ..activity(table, dimension, &[])
    }
}

const fn by_funnel_step(table: &'static str, has_currency: bool, fields: &'static [Field]) -> Cube {
    Cube {
        has_currency,
        base: Grain::Quarter,
        grains: FROM_QUARTER,
        fields,
        ..activity(table, Some(Dimension::FunnelStep), &[])
    }
}

const fn payments(table: &'static str, dimension: Option<Dimension>) -> Cube {
    Cube {
        fields: PAYMENTS,
        ..activity(table, dimension, &[])
    }
}

/// By values of which a shop may have one for each customer: no sketches, and nothing finer than a quarter of an hour.
const fn by_many(table: &'static str, dimension: Dimension, fields: &'static [Field]) -> Cube {
    Cube {
        base: Grain::Quarter,
        grains: FROM_QUARTER,
        fields,
        ..activity(table, Some(dimension), &[])
    }
}

const fn in_total(table: &'static str, fields: &'static [Field]) -> Cube {
    Cube {
        fields,
        ..activity(table, None, &[])
    }
}

/// Every cube; a cube's position is its id.
pub const CUBES: &[Cube] = &[
    activity(
        "activity",
        None,
        &[
            DistinctOf::Visitors,
            DistinctOf::Products,
            DistinctOf::SessionsGiven,
        ],
    ),
    activity("activity_by_type", Some(Dimension::Type), &[]),
    activity(
        "activity_by_country",
        Some(Dimension::Country),
        &[DistinctOf::Visitors],
    ),
    activity(
        "activity_by_category",
        Some(Dimension::Category),
        &[DistinctOf::Visitors],
    ),
    activity(
        "activity_by_device",
        Some(Dimension::Device),
        &[DistinctOf::Visitors],
    ),
    sales("sales", None),
    sales("sales_by_country", Some(Dimension::Country)),
    sales("sales_by_category", Some(Dimension::Category)),
    sales("sales_by_device", Some(Dimension::Device)),
    sales("sales_by_identity", Some(Dimension::Identity)),
    product("activity_by_product", false, PRODUCT_ACTIVITY),
    product("sales_by_product", true, PRODUCT_SALES),
    pulse("pulse", None),
    pulse("pulse_by_type", Some(Dimension::Type)),
    visits("visits", None),
    visits("visits_by_country", Some(Dimension::Country)),
    visits("visits_by_device", Some(Dimension::Device)),
    visits("visits_by_channel", Some(Dimension::Channel)),
    carts("cart_counts", None),
    carts("cart_counts_by_country", Some(Dimension::Country)),
    carts("cart_counts_by_device", Some(Dimension::Device)),
    cart_values("cart_values", None),
    cart_values("cart_values_by_country", Some(Dimension::Country)),
    cart_values("cart_values_by_device", Some(Dimension::Device)),
    by_funnel_step("funnels", false, FUNNELS),
    by_funnel_step("funnel_values", true, &[Field::FunnelValue]),
    sales("sales_by_payment_method", Some(Dimension::PaymentMethod)),
    Cube {
        has_currency: true,
        ..by_many("sales_by_coupon", Dimension::Coupon, COUPON_SALES)
    },
    payments("payments", None),
    payments("payments_by_country", Some(Dimension::Country)),
    payments("payments_by_device", Some(Dimension::Device)),
    payments("payments_by_payment_method", Some(Dimension::PaymentMethod)),
    in_total("coupons", COUPONS),
    by_many("coupons_by_coupon", Dimension::Coupon, COUPONS),
    in_total("promotions", PROMOTIONS),
    by_many("promotions_by_promotion", Dimension::Promotion, PROMOTIONS),
    by_many("visits_by_campaign", Dimension::Campaign, VISITS),
    by_many("visits_by_landing_page", Dimension::LandingPage, VISITS),
    by_many("visits_by_referrer", Dimension::Referrer, VISITS),
    in_total("searches", SEARCHES),
    by_many("searches_by_term", Dimension::SearchTerm, SEARCHES),
    visits("visits_by_bot", Some(Dimension::VisitorKind)),
];

/// A cube by its position in [`CUBES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CubeId(pub u8);

impl CubeId {
    /// Every cube's id.
    pub fn all() -> impl Iterator<Item = CubeId> {
        (0..CUBES.len() as u8).map(CubeId)
    }

    /// The declaration.
    #[must_use]
    pub fn cube(self) -> &'static Cube {
        &CUBES[usize::from(self.0)]
    }
}

/// The cube of this table.
const fn find(table: &str) -> CubeId {
    let mut at = 0;
    while at < CUBES.len() {
        if is_same(CUBES[at].table, table) {
            return CubeId(at as u8);
        }
        at += 1;
    }
    panic!("no such cube is declared")
}

const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// Where a field stands in a cube; asked at compile time.
pub(crate) const fn column(cube: CubeId, field: Field) -> usize {
    let fields = CUBES[cube.0 as usize].fields;
    let mut at = 0;
    while at < fields.len() {
        if fields[at] as u8 == field as u8 {
            return at;
        }
        at += 1;
    }
    panic!("the cube does not keep this field")
}

macro_rules! cube_ids {
    ($($name:ident = $table:literal;)*) => {
        $(#[doc = concat!("Of the cube `", $table, "`.")]
        pub const $name: CubeId = find($table);)*
    };
}

/// Ids of the declared cubes, for folds.
pub mod cubes {
    use super::{CubeId, find};
    cube_ids! {
        ACTIVITY = "activity";
        ACTIVITY_BY_TYPE = "activity_by_type";
        ACTIVITY_BY_COUNTRY = "activity_by_country";
        ACTIVITY_BY_CATEGORY = "activity_by_category";
        ACTIVITY_BY_DEVICE = "activity_by_device";
        SALES = "sales";
        SALES_BY_COUNTRY = "sales_by_country";
        SALES_BY_CATEGORY = "sales_by_category";
        SALES_BY_DEVICE = "sales_by_device";
        SALES_BY_IDENTITY = "sales_by_identity";
        ACTIVITY_BY_PRODUCT = "activity_by_product";
        SALES_BY_PRODUCT = "sales_by_product";
        PULSE = "pulse";
        PULSE_BY_TYPE = "pulse_by_type";
        VISITS = "visits";
        VISITS_BY_COUNTRY = "visits_by_country";
        VISITS_BY_DEVICE = "visits_by_device";
        VISITS_BY_CHANNEL = "visits_by_channel";
        CARTS = "cart_counts";
        CARTS_BY_COUNTRY = "cart_counts_by_country";
        CARTS_BY_DEVICE = "cart_counts_by_device";
        CART_VALUES = "cart_values";
        CART_VALUES_BY_COUNTRY = "cart_values_by_country";
        CART_VALUES_BY_DEVICE = "cart_values_by_device";
        FUNNELS = "funnels";
        FUNNEL_VALUES = "funnel_values";
        SALES_BY_PAYMENT_METHOD = "sales_by_payment_method";
        SALES_BY_COUPON = "sales_by_coupon";
        PAYMENTS = "payments";
        PAYMENTS_BY_COUNTRY = "payments_by_country";
        PAYMENTS_BY_DEVICE = "payments_by_device";
        PAYMENTS_BY_PAYMENT_METHOD = "payments_by_payment_method";
        COUPONS = "coupons";
        COUPONS_BY_COUPON = "coupons_by_coupon";
        PROMOTIONS = "promotions";
        PROMOTIONS_BY_PROMOTION = "promotions_by_promotion";
        VISITS_BY_CAMPAIGN = "visits_by_campaign";
        VISITS_BY_LANDING_PAGE = "visits_by_landing_page";
        VISITS_BY_REFERRER = "visits_by_referrer";
        SEARCHES = "searches";
        SEARCHES_BY_TERM = "searches_by_term";
        VISITS_BY_BOT = "visits_by_bot";
    }
}

/// Which cell: everything but the grain, which the map it lives in knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CellKey {
    /// The cube.
    pub cube: CubeId,
    /// The store's name.
    pub store: NameId,
    /// The currency's code; 0 where the cube has none.
    pub currency: NameId,
    /// The dimension's value; 0 where it is not stated or the cube has no dimension.
    pub value: NameId,
    /// Start of the window.
    pub window: EventTime,
}

/// A map of cells: one fixed hash, since keys are made here and not by strangers.
pub type CellMap<C> = HashMap<CellKey, C, FixedState>;

/// Additive columns: the two of the many product cells beside their key, longer ones apart.
pub type Sums = SmallVec<[i128; 2]>;
