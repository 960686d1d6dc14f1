//! The metrics we stand for, declared as data: name, definition, formula, how it is read from cells, by what it can be split.
//! `meta/metrics`, the query engine and the documentation are views of this list.

use crate::cell::{CUBES, Cube, DistinctOf};
use crate::tally::{Field, Scale};
use crate::window::Grain;

/// What numbers can be split by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Dimension {
    /// The canonical event type, or a custom name.
    Type,
    /// Country as the sender wrote it.
    Country,
    /// First level of the category path.
    Category,
    /// desktop, mobile, tablet, bot.
    Device,
    /// Whether the event names a customer, a visitor or nobody.
    Identity,
    /// Product id.
    Product,
    /// By which channel a session's visitor came.
    Channel,
    /// Hour of the store's clock, `00` to `23`.
    Hour,
    /// Day of the store's week, `1` = Monday … `7` = Sunday.
    DayOfWeek,
    /// Step of a declared funnel: its name and number.
    FunnelStep,
    /// How an order was paid, or was to be, as the sender wrote it.
    PaymentMethod,
    /// Code of a coupon, in capitals.
    Coupon,
    /// Name of a promotion, else its id.
    Promotion,
    /// The campaign that a session began with, as the sender wrote it.
    Campaign,
    /// Kind of the page that a session began on.
    LandingPage,
    /// Host of the page before a session.
    Referrer,
    /// What was searched for, in small letters.
    SearchTerm,
    /// Whether a session is a person's, or the reason for which it is a program's.
    VisitorKind,
}

impl Dimension {
    /// Every dimension.
    pub const ALL: [Dimension; 18] = [
        Dimension::Type,
        Dimension::Country,
        Dimension::Category,
        Dimension::Device,
        Dimension::Identity,
        Dimension::Product,
        Dimension::Channel,
        Dimension::Hour,
        Dimension::DayOfWeek,
        Dimension::FunnelStep,
        Dimension::PaymentMethod,
        Dimension::Coupon,
        Dimension::Promotion,
        Dimension::Campaign,
        Dimension::LandingPage,
        Dimension::Referrer,
        Dimension::SearchTerm,
        Dimension::VisitorKind,
    ];

    /// The name in queries and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Dimension::Type => "type",
            Dimension::Country => "country",
            Dimension::Category => "category",
            Dimension::Device => "device",
            Dimension::Identity => "identity",
            Dimension::Product => "product",
            Dimension::Channel => "channel",
            Dimension::Hour => "hour",
            Dimension::DayOfWeek => "day_of_week",
            Dimension::FunnelStep => "funnel_step",
            Dimension::PaymentMethod => "payment_method",
            Dimension::Coupon => "coupon",
            Dimension::Promotion => "promotion",
            Dimension::Campaign => "campaign",
            Dimension::LandingPage => "landing_page",
            Dimension::Referrer => "referrer",
            Dimension::SearchTerm => "search_term",
            Dimension::VisitorKind => "visitor_kind",
        }
    }

    /// The dimension of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Dimension> {
        Dimension::ALL
            .into_iter()
            .find(|dimension| dimension.name() == name)
    }
}

impl Dimension {
    /// The dimension of the cells that answers are made of: hour and day follow from a cell's window, so no cells are
    /// kept by them, and every metric can be split by them.
    #[must_use]
    pub fn of_cells(self) -> Option<Dimension> {
        (!matches!(self, Dimension::Hour | Dimension::DayOfWeek)).then_some(self)
    }
}

/// How a metric is read from a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// An additive number.
    Sum(Field),
    /// A distinct count.
    Distinct(DistinctOf),
    /// One number divided by another, once, at the end; null where the second is 0.
    Ratio(Field, Field),
    /// A quantile of order values, in thousandths.
    OrderValue(u32),
}

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// The name in queries.
    pub name: &'static str,
    /// The name on cards.
    pub label: &'static str,
    /// What it means, in one sentence.
    pub definition: &'static str,
    /// The formula.
    pub formula: &'static str,
    /// How it is read.
    pub reading: Reading,
}

impl Metric {
    /// Whether values are money and so belong to one currency.
    #[must_use]
    pub fn is_money(&self) -> bool {
        match self.reading {
            Reading::Sum(field) | Reading::Ratio(field, _) => field.scale() == Scale::Money,
            Reading::OrderValue(_) => true,
            Reading::Distinct(_) => false,
        }
    }

    /// Whether it is money divided by money: of one currency, and no money itself.
    fn is_share_of_money(&self) -> bool {
        let is_money = |field: Field| field.scale() == Scale::Money;
        matches!(self.reading, Reading::Ratio(of, all) if is_money(of) && is_money(all))
    }

    /// What its numbers are counted in, where they are not things.
    #[must_use]
    pub fn unit(&self) -> Option<&'static str> {
        (self.is_money() && !self.is_share_of_money()).then_some("currency")
    }

    /// `count`, `money`, `quantity`, `distinct`: how a client should show it. Money divided by a count is money.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.reading {
            Reading::Distinct(_) => "distinct",
            _ if self.is_share_of_money() => "ratio",
            _ if self.is_money() => "money",
            Reading::Sum(field) | Reading::Ratio(field, _) if field.scale() == Scale::Duration => {
                "duration"
            }
            Reading::Sum(field) if field.scale() == Scale::Quantity => "quantity",
            Reading::Sum(_) => "count",
            Reading::Ratio(..) | Reading::OrderValue(_) => "ratio",
        }
    }

    /// Whether a cube holds what this metric is read from.
    #[must_use]
    pub fn is_in(&self, cube: &Cube) -> bool {
        match self.reading {
            Reading::Sum(field) => cube.fields.contains(&field),
            Reading::Distinct(of) => cube.distincts.contains(&of),
            Reading::Ratio(numerator, denominator) => {
                cube.fields.contains(&numerator) && cube.fields.contains(&denominator)
            }
            Reading::OrderValue(_) => cube.has_order_value,
        }
    }

    /// The cube this metric is read from, for a dimension and a grain.
    #[must_use]
    pub fn cube(&self, dimension: Option<Dimension>, grain: Grain) -> Option<&'static Cube> {
        let dimension = dimension.and_then(Dimension::of_cells);
        CUBES.iter().find(|cube| {
            cube.dimension == dimension && cube.grains.contains(&grain) && self.is_in(cube)
        })
    }

    /// What it can be split by.
    pub fn dimensions(&self) -> impl Iterator<Item = Dimension> {
        Dimension::ALL.into_iter().filter(|dimension| {
            CUBES
                .iter()
                .any(|cube| cube.dimension == dimension.of_cells() && self.is_in(cube))
        })
    }

    /// The windows it is kept for, with a dimension or without.
    pub fn grains(&self, dimension: Option<Dimension>) -> impl Iterator<Item = Grain> {
        Grain::ALL
            .into_iter()
            .filter(move |grain| self.cube(dimension, *grain).is_some())
    }
}

const fn sum(
    name: &'static str,
    label: &'static str,
    definition: &'static str,
    formula: &'static str,
    field: Field,
) -> Metric {
    Metric {
        name,
        label,
        definition,
        formula,
        reading: Reading::Sum(field),
    }
}

macro_rules! sums {
    ($($field:ident $label:literal $formula:literal;)*) => {
        &[$(SumDeclaration { field: Field::$field, label: $label, formula: $formula },)*]
    };
}

struct SumDeclaration {
    field: Field,
    label: &'static str,
    formula: &'static str,
}

/// Metrics that are a field as it stands; name and definition are the field's.
const SUMS: &[SumDeclaration] = sums! {
    Events "Events" "count(events)";
    ItemViews "Product views" "count(item_view lines)";
    CartAdds "Added to cart" "count(cart_add lines)";
    Orders "Orders" "count(distinct order_id where any line value > 0)";
    FeeOnlyOrders "Fee-only orders" "count(orders where every sold line is a fee)";
    SoldLines "Sold lines" "count(lines where quantity > 0 and price > 0 and kind in (product, fee))";
    ZeroPriceLines "Zero-price lines" "count(lines where quantity > 0 and price = 0)";
    FeeLines "Fee lines" "count(sold lines where kind = fee)";
    WriteOffLines "Write-offs" "count(lines where kind = write_off)";
    Refunds "Refunds" "count(distinct refund_id)";
    ReturnLines "Returned lines" "count(lines of refunds)";
    Units "Units sold" "Σ quantity over sold lines where kind = product";
    ReturnedUnits "Units returned" "Σ |quantity| over return lines";
    SoldValue "Sold value" "Σ price × quantity over sold lines";
    Gross "Gross sales" "Σ coalesce(list_price, price) × quantity over sold lines where kind = product";
    FeeValue "Fees" "Σ price × quantity over sold lines where kind = fee";
    Revenue "Revenue" "Σ sold value − order discounts";
    RefundAmount "Refunded" "Σ refund amounts";
    Sessions "Sessions" "count(sessions)";
    Bounces "Bounces" "count(sessions where seconds ≤ 10 and views < 2 and no key event)";
    CartSessions "Sessions with a cart" "count(sessions where cart_adds > 0)";
    CheckoutSessions "Sessions with checkout" "count(sessions where checkouts > 0)";
    OrderSessions "Sessions with an order" "count(sessions where orders > 0)";
    SessionViews "Pages in sessions" "Σ max(page views, product and list views) by session";
    SessionTime "Time in sessions" "Σ last event − first event by session";
    UnorderedCartSessions "Sessions with a cart and no order" "count(sessions where cart_adds > 0 and orders = 0)";
    CartsCreated "Carts" "count(carts)";
    CartsOpen "Open carts" "count(carts where as of − last change ≤ 60 min and not emptied and no order)";
    CartsAbandoned "Abandoned carts" "count(carts where as of − last change > 60 min and not emptied and no order)";
    CartsEmptied "Emptied carts" "count(carts where nothing is left)";
    CartsOrdered "Ordered carts" "count(carts where order − last change ≤ 60 min)";
    CartsRecovered "Recovered carts" "count(carts where order − last change > 60 min)";
    Checkouts "Checkouts" "count(checkouts)";
    CheckoutsAbandoned "Abandoned checkouts" "count(checkouts where as of − last step > 60 min and no order)";
    OrdersWithoutCart "Orders without a cart" "count(orders where no cart was open)";
    AbandonedValue "Value of abandoned carts" "Σ price when put in × quantity over lines of abandoned carts";
    OpenCartsValue "Value of open carts" "Σ price when put in × quantity over lines of open carts";
    FunnelUnits "Reached the step" "count(units by day of entry where step ≤ furthest)";
    FunnelUnitsEver "Ever reached the step" "count(distinct units where step ≤ furthest)";
    FunnelTime "Time to the step" "Σ step − step before by unit";
    FunnelValue "Worth of the step" "Σ value of the step's event by unit";
    Discounts "Discounts" "Σ order discounts + Σ unit_discount × quantity over sold lines";
    RefundedOrders "Orders with a refund" "count(orders where count(refunds of the order) > 0)";
    OrderRefunds "Refunded, by order date" "Σ refund amounts of the orders";
    PaymentAttempts "Payments tried" "orders + payment_errors";
    PaymentErrors "Failed payments" "count(payment_error events)";
    CouponsEntered "Coupons entered" "count(coupon_enter events)";
    CouponsApplied "Coupons accepted" "count(coupon_apply events)";
    CouponsDenied "Coupons refused" "count(coupon_deny events)";
    CouponsRemoved "Coupons taken back" "count(coupon_remove events)";
    PromoViews "Promotions shown" "count(distinct promotions by promo_view event)";
    PromoClicks "Promotions clicked" "count(distinct promotions by promo_click event)";
    Searches "Searches" "count(search events)";
    SearchesOfKnownResults "Searches of known results" "count(search events where results_count is known)";
    SearchesWithoutResults "Searches without results" "count(search events where results_count = 0)";
    SearchesClicked "Searches to a product" "count(search events where an item_view is later in the session)";
    SearchesOrdered "Searches to an order" "count(search events where an order is later in the session)";
    BotSessions "Sessions of bots" "count(sessions where bot is not null)";
    HumanSessions "Sessions of people" "count(sessions where bot is null)";
    HumanOrderSessions "Sessions of people with an order" "count(sessions where bot is null and orders > 0)";
};

/// Metrics that are more than a field.
const DERIVED: &[Metric] = &[
    Metric {
        name: "aov",
        label: "Average order value",
        definition: "Revenue divided by orders; no value where there is no order.",
        formula: "revenue ÷ orders",
        reading: Reading::Ratio(Field::Revenue, Field::Orders),
    },
    Metric {
        name: "conversion_rate",
        label: "Conversion",
        definition: "Of all sessions, those with at least one order; no value where there is no session.",
        formula: "sessions_with_order ÷ sessions",
        reading: Reading::Ratio(Field::OrderSessions, Field::Sessions),
    },
    Metric {
        name: "bounce_rate",
        label: "Bounce rate",
        definition: "Of all sessions, those that were not engaged; no value where there is no session.",
        formula: "bounces ÷ sessions",
        reading: Reading::Ratio(Field::Bounces, Field::Sessions),
    },
    Metric {
        name: "views_per_session",
        label: "Pages a session",
        definition: "Pages shown in sessions divided by sessions.",
        formula: "session_views ÷ sessions",
        reading: Reading::Ratio(Field::SessionViews, Field::Sessions),
    },
    Metric {
        name: "session_duration",
        label: "Length of a session",
        definition: "Mean seconds from a session's first to its last event; a session of one event has none.",
        formula: "session_time ÷ sessions",
        reading: Reading::Ratio(Field::SessionTime, Field::Sessions),
    },
    Metric {
        name: "funnel_step_duration",
        label: "Time from the step before",
        definition: "Mean seconds from the step of a funnel before to this one, of those that reached it.",
        formula: "funnel_time ÷ funnel_units",
        reading: Reading::Ratio(Field::FunnelTime, Field::FunnelUnits),
    },
    Metric {
        name: "order_value_p50",
        label: "Median order",
        definition: "Half of all orders bring in this much or less, within 1 %.",
        formula: "quantile 0.50 of revenue by order",
        reading: Reading::OrderValue(500),
    },
    Metric {
        name: "order_value_p95",
        label: "Order value, 95th percentile",
        definition: "95 of 100 orders bring in this much or less, within 1 %.",
        formula: "quantile 0.95 of revenue by order",
        reading: Reading::OrderValue(950),
    },
    Metric {
        name: "order_value_p99",
        label: "Order value, 99th percentile",
        definition: "99 of 100 orders bring in this much or less, within 1 %.",
        formula: "quantile 0.99 of revenue by order",
        reading: Reading::OrderValue(990),
    },
    Metric {
        name: "visitors",
        label: "Visitors",
        definition: "Distinct anonymous ids, customer ids where there is none; within 1 % (exact below about 4,000).",
        formula: "count(distinct coalesce(anonymous_id, customer_id))",
        reading: Reading::Distinct(DistinctOf::Visitors),
    },
    Metric {
        name: "customers",
        label: "Customers",
        definition: "Distinct customers with an order; within 1 % (exact below about 4,000).",
        formula: "count(distinct customer_id where orders > 0)",
        reading: Reading::Distinct(DistinctOf::Customers),
    },
    Metric {
        name: "products",
        label: "Products seen",
        definition: "Distinct products named by any event; within 1 % (exact below about 4,000).",
        formula: "count(distinct product_id)",
        reading: Reading::Distinct(DistinctOf::Products),
    },
    Metric {
        name: "sessions_given",
        label: "Sessions as given",
        definition: "Distinct session ids that senders gave; within 1 % (exact below about 4,000).",
        formula: "count(distinct source_session_id)",
        reading: Reading::Distinct(DistinctOf::SessionsGiven),
    },
    Metric {
        name: "cart_abandonment_rate",
        label: "Cart abandonment",
        definition: "Of the carts created in the period, those that were silent for more than an hour without an order; emptied and recovered ones are not among them. No value where no cart was created.",
        formula: "carts_abandoned ÷ carts_created",
        reading: Reading::Ratio(Field::CartsAbandoned, Field::CartsCreated),
    },
    Metric {
        name: "session_cart_abandonment_rate",
        label: "Cart abandonment by session",
        definition: "Of the sessions in which something was put into a cart, those without an order in the same session. No value where nothing was put in.",
        formula: "sessions_with_cart_no_order ÷ sessions_with_cart",
        reading: Reading::Ratio(Field::UnorderedCartSessions, Field::CartSessions),
    },
    Metric {
        name: "checkout_abandonment_rate",
        label: "Checkout abandonment",
        definition: "Of the checkouts started in the period, those that were silent for more than an hour without an order. No value where none was started.",
        formula: "checkouts_abandoned ÷ checkouts_started",
        reading: Reading::Ratio(Field::CheckoutsAbandoned, Field::Checkouts),
    },
    Metric {
        name: "refund_rate",
        label: "Refund rate",
        definition: "Money given back in the period divided by its revenue, whenever what is given back was bought; no value where there is no revenue.",
        formula: "refund_amount ÷ revenue",
        reading: Reading::Ratio(Field::RefundAmount, Field::Revenue),
    },
    Metric {
        name: "refund_rate_by_order_date",
        label: "Refund rate of orders",
        definition: "Of the revenue of the period's orders, what was given back since; it rises while refunds come in. No value where there is no revenue.",
        formula: "refund_amount_by_order_date ÷ revenue",
        reading: Reading::Ratio(Field::OrderRefunds, Field::Revenue),
    },
    Metric {
        name: "refunds_per_order",
        label: "Refunds an order",
        definition: "Refunds of the period divided by its orders, whenever what is given back was bought; no value where there is no order.",
        formula: "refunds ÷ orders",
        reading: Reading::Ratio(Field::Refunds, Field::Orders),
    },
    Metric {
        name: "refunded_order_rate",
        label: "Orders with a refund, share",
        definition: "Of the orders of the period, those of which anything was given back since; no value where there is no order.",
        formula: "refunded_orders ÷ orders",
        reading: Reading::Ratio(Field::RefundedOrders, Field::Orders),
    },
    Metric {
        name: "payment_error_rate",
        label: "Payment errors",
        definition: "Of all payments that were tried, those that failed; no value where none was tried.",
        formula: "payment_errors ÷ payment_attempts",
        reading: Reading::Ratio(Field::PaymentErrors, Field::PaymentAttempts),
    },
    Metric {
        name: "search_no_result_rate",
        label: "Searches without results, share",
        definition: "Of the searches of which the shop says how many results they had, those that found nothing; no value where there is none.",
        formula: "search_no_results ÷ searches_of_known_results",
        reading: Reading::Ratio(Field::SearchesWithoutResults, Field::SearchesOfKnownResults),
    },
    Metric {
        name: "search_click_rate",
        label: "Searches to a product, share",
        definition: "Of all searches, those after which a product page was shown in the same session; no value where nobody searched.",
        formula: "searches_clicked ÷ searches",
        reading: Reading::Ratio(Field::SearchesClicked, Field::Searches),
    },
    Metric {
        name: "search_order_rate",
        label: "Searches to an order, share",
        definition: "Of all searches, those after which something was ordered in the same session; no value where nobody searched.",
        formula: "searches_ordered ÷ searches",
        reading: Reading::Ratio(Field::SearchesOrdered, Field::Searches),
    },
    Metric {
        name: "promo_click_rate",
        label: "Promotion clicks",
        definition: "Clicks on promotions divided by how often they were shown; no value where none was shown.",
        formula: "promo_clicks ÷ promo_views",
        reading: Reading::Ratio(Field::PromoClicks, Field::PromoViews),
    },
    Metric {
        name: "bot_share",
        label: "Share of bots",
        definition: "Of all sessions, those of programs; no value where there is no session.",
        formula: "bot_sessions ÷ sessions",
        reading: Reading::Ratio(Field::BotSessions, Field::Sessions),
    },
    Metric {
        name: "human_conversion_rate",
        label: "Conversion of people",
        definition: "Of the sessions without those of programs, those with at least one order; no value where nobody came.",
        formula: "human_sessions_with_order ÷ human_sessions",
        reading: Reading::Ratio(Field::HumanOrderSessions, Field::HumanSessions),
    },
];

/// Every metric that is declared, in the order of the catalogue.
pub fn metrics() -> impl Iterator<Item = Metric> {
    let sums = SUMS.iter().map(|declared| {
        let field = declared.field;
        sum(
            field.name(),
            declared.label,
            field.definition(),
            declared.formula,
            field,
        )
    });
    sums.chain(DERIVED.iter().copied())
}

/// The metric of this name.
#[must_use]
pub fn metric(name: &str) -> Option<Metric> {
    metrics().find(|metric| metric.name == name)
}

#[cfg(test)]
mod tests;
