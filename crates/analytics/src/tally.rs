//! The additive numbers of a cell, each with its definition; everything a metric shows is made of these and of sketches.

use std::ops::{Index, IndexMut};

macro_rules! fields {
    ($($variant:ident = $name:literal $scale:ident, $doc:literal;)*) => {
        /// An additive number.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Field {
            $(#[doc = $doc] $variant,)*
        }

        impl Field {
            /// Every field, in the order cells keep them.
            pub const ALL: &'static [Field] = &[$(Field::$variant,)*];
            /// How many there are.
            pub const COUNT: usize = Self::ALL.len();

            /// The column's name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Field::$variant => $name,)* }
            }

            /// What it counts.
            #[must_use]
            pub fn definition(self) -> &'static str {
                match self { $(Field::$variant => $doc,)* }
            }

            /// How its integers are read.
            #[must_use]
            pub fn scale(self) -> Scale {
                match self { $(Field::$variant => Scale::$scale,)* }
            }
        }
    };
}

/// How an integer of a cell is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Things, one each.
    Count,
    /// Ten-thousandths of a currency's unit.
    Money,
    /// Ten-thousandths of a piece.
    Quantity,
    /// Ten-thousandths of a second.
    Duration,
}

fields! {
    Events = "events" Count, "Accepted events that are no duplicates.";
    ItemViews = "item_views" Count, "Views of product pages.";
    CartAdds = "cart_adds" Count, "Products put into carts.";
    Orders = "orders" Count, "Distinct order ids with at least one line of positive value, fee-only orders included.";
    FeeOnlyOrders = "fee_only_orders" Count, "Orders whose every line of value is a fee.";
    SoldLines = "sold_lines" Count, "Order lines with quantity > 0 and price > 0 that are no return, fees included.";
    ZeroPriceLines = "zero_price_lines" Count, "Order lines with quantity > 0 and price 0.";
    FeeLines = "fee_lines" Count, "Sold lines that are fees: postage, bank charges and the like.";
    WriteOffLines = "write_off_lines" Count, "Lines that write stock off.";
    Refunds = "refunds" Count, "Distinct refunds.";
    ReturnLines = "return_lines" Count, "Lines of refunds.";
    Units = "units" Quantity, "Pieces sold: quantity of sold lines that are products.";
    ReturnedUnits = "returned_units" Quantity, "Pieces that came back.";
    SoldValue = "sold_value" Money, "Price × quantity over sold lines, fees included: what an order file adds up to.";
    Gross = "gross_sales" Money, "List price × quantity over sold product lines; the unit price where no list price is known.";
    FeeValue = "fee_value" Money, "Price × quantity over sold lines that are fees.";
    Revenue = "revenue" Money, "Sold value minus order discounts; the order's own revenue where it has no items.";
    RefundAmount = "refund_amount" Money, "Money given back, by the refund's date, as a positive amount.";
    Sessions = "sessions" Count, "Runs of one visitor's events with no silence longer than the gap, by their start; orders that nobody was seen to make are none.";
    Bounces = "bounces" Count, "Sessions that were not engaged: ten seconds or less, one page, and nothing a shop hopes for.";
    CartSessions = "sessions_with_cart" Count, "Sessions in which something was put into a cart.";
    CheckoutSessions = "sessions_with_checkout" Count, "Sessions in which checkout began or went on.";
    OrderSessions = "sessions_with_order" Count, "Sessions in which something was ordered.";
    SessionViews = "session_views" Count, "Pages shown in sessions; a product page that was told twice, as a page and as a product, is one.";
    SessionTime = "session_time" Duration, "Seconds from the first to the last event of each session.";
    UnorderedCartSessions = "sessions_with_cart_no_order" Count, "Sessions in which something was put into a cart and nothing was ordered.";
    CartsCreated = "carts_created" Count, "Carts by the time at which the first thing was put in; a cart lives across sessions and log-ins, until an order, until it is empty, or until nobody comes back for 30 days.";
    CartsOpen = "carts_open" Count, "Carts created then that moved within the last hour.";
    CartsAbandoned = "carts_abandoned" Count, "Carts created then that were silent for more than an hour, without an order since.";
    CartsEmptied = "carts_emptied" Count, "Carts created then out of which everything was taken.";
    CartsOrdered = "carts_ordered" Count, "Carts created then that were ordered within an hour of their last change.";
    CartsRecovered = "carts_recovered" Count, "Carts created then that had been abandoned when the order came.";
    Checkouts = "checkouts_started" Count, "Checkouts by their first step; one that is taken up again is the same.";
    CheckoutsAbandoned = "checkouts_abandoned" Count, "Checkouts started then that were silent for more than an hour, without an order since.";
    OrdersWithoutCart = "orders_without_cart" Count, "Orders of persons who were not seen to put anything into a cart before, by the time of the order.";
    AbandonedValue = "abandoned_value" Money, "Price when put in × quantity of what lies in abandoned carts, by the carts' creation.";
    OpenCartsValue = "open_carts_value" Money, "Price when put in × quantity of what lies in open carts, by the carts' creation.";
    FunnelUnits = "funnel_units" Count, "Visitors or sessions that reached the step of a funnel, by when they entered it; a visitor once for each day.";
    FunnelUnitsEver = "funnel_units_ever" Count, "Visitors or sessions that ever reached the step of a funnel, each once, by when they first entered it.";
    FunnelTime = "funnel_time" Duration, "Seconds from the step before to this one, of all that reached it.";
    FunnelValue = "funnel_value" Money, "What the events are worth by which the step of a funnel was reached, once for each unit and step.";
    Discounts = "discounts" Money, "What was taken off: discounts on orders as a whole, and on the pieces of their sold lines.";
    RefundedOrders = "refunded_orders" Count, "Orders, by the order's date, of which anything was given back, whenever.";
    OrderRefunds = "refund_amount_by_order_date" Money, "Money given back, by the date of the order it was given back for; refunds that name no known order are not among it.";
    PaymentAttempts = "payment_attempts" Count, "Payments that were tried: orders of value, and payments that failed.";
    PaymentErrors = "payment_errors" Count, "Payments that failed.";
    CouponsEntered = "coupons_entered" Count, "Coupons that were entered.";
    CouponsApplied = "coupons_applied" Count, "Coupons that were accepted.";
    CouponsDenied = "coupons_denied" Count, "Coupons that were refused.";
    CouponsRemoved = "coupons_removed" Count, "Coupons that were taken back.";
    PromoViews = "promo_views" Count, "Promotions that were shown; one that several lines of an event name is one.";
    PromoClicks = "promo_clicks" Count, "Promotions that were clicked.";
    Searches = "searches" Count, "Searches.";
    SearchesOfKnownResults = "searches_of_known_results" Count, "Searches of which the shop says how many results they had.";
    SearchesWithoutResults = "search_no_results" Count, "Searches that found nothing.";
    SearchesClicked = "searches_clicked" Count, "Searches after which a product page was shown in the same session.";
    SearchesOrdered = "searches_ordered" Count, "Searches after which something was ordered in the same session.";
    BotSessions = "bot_sessions" Count, "Sessions that are a program's: by its user agent, or by what no person does.";
    HumanSessions = "human_sessions" Count, "Sessions without those of programs.";
    HumanOrderSessions = "human_sessions_with_order" Count, "Sessions in which something was ordered, without those of programs.";
}

/// One value for every field; most are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally([i128; Field::COUNT]);

impl Default for Tally {
    fn default() -> Self {
        Tally([0; Field::COUNT])
    }
}

impl Index<Field> for Tally {
    type Output = i128;

    fn index(&self, field: Field) -> &i128 {
        &self.0[field as usize]
    }
}

impl IndexMut<Field> for Tally {
    fn index_mut(&mut self, field: Field) -> &mut i128 {
        &mut self.0[field as usize]
    }
}

impl Tally {
    /// Adds another tally field by field.
    pub fn add(&mut self, other: &Tally) {
        self.0
            .iter_mut()
            .zip(other.0)
            .for_each(|(sum, value)| *sum += value);
    }
}
