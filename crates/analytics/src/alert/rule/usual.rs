//! The rules of a shop that said nothing else: the limits that the metrics' page promises, and what experience with the
//! simulated shop added ([decision 29](../../../../../docs/decisions/0029-an-alert-follows-from-the-set-of-events.md)).

use super::{
    Against, BotStorm, Condition, Direction, FunnelBreak, HighValue, Lag, LowStock, Measured,
    OutOfStock, PriceMistake, QuarantineShare, Rate, Rule, ShortCover, Unlike, UnusualQuantity,
};
use crate::alert::Severity::{Critical, Info, Warning};
use event::time::MINUTE;
use event::{Money, Quantity, SCALE};

/// The funnel that a store has which declares none.
const USUAL_FUNNEL: &str = "purchase";

/// The usual rules, by what they look at: orders, rates, products, the way of the events.
#[must_use]
pub fn usual_rules() -> Vec<Rule> {
    let mut rules = of_orders();
    rules.extend(of_rates());
    rules.extend(of_products());
    rules.extend(of_events());
    rules
}

fn of_orders() -> Vec<Rule> {
    let high = HighValue {
        above: Money(1_000 * SCALE),
    };
    let many = UnusualQuantity {
        above: Quantity(50 * SCALE),
    };
    let unlike_category = Unlike {
        against: Against::Category,
        observations_min: 50,
        ..Unlike::default()
    };
    // Nearly always one piece is bought; that it is sometimes two says nothing yet.
    let unlike_product = Unlike {
        measured: Measured::Pieces,
        against: Against::Product,
        scatter_min_percent: 100,
        ..Unlike::default()
    };
    let unlike = |name, unlike| Rule::new(name, Info, Condition::Unlike(unlike));
    vec![
        Rule::new("high_value_order", Info, Condition::HighValue(high)),
        Rule::new(
            "unusual_quantity",
            Warning,
            Condition::UnusualQuantity(many),
        ),
        unlike("order_unlike_customer", Unlike::default()),
        unlike("order_unlike_category", unlike_category),
        unlike("quantity_unlike_product", unlike_product),
    ]
}

fn of_rates() -> Vec<Rule> {
    // One large order makes five minutes rich, and it has an alert of its own: of revenue a loss is told, by quarters.
    let revenue = Rate {
        least: 100 * SCALE,
        step_minutes: 15,
        ..Rate::of("revenue", Direction::Below)
    };
    let orders = Rate::of("orders", Direction::Either);
    let errors = Rate::of_type("payment_error", Direction::Above);
    let sign_ups = Rate::of_type("sign_up", Direction::Either);
    let checkout = FunnelBreak {
        funnel: USUAL_FUNNEL.into(),
        z_above: 4_000,
        entered_min: 100,
        observations_min: 24,
    };
    let checkout = Condition::FunnelBreak(checkout);
    let rate = |name, severity, rate| Rule::new(name, severity, Condition::Rate(rate));
    vec![
        rate("revenue_rate", Critical, revenue),
        rate("order_rate", Critical, orders),
        rate("payment_errors", Critical, errors),
        rate("sign_ups", Warning, sign_ups),
        Rule::new("funnel_break", Critical, checkout),
    ]
}

fn of_products() -> Vec<Rule> {
    let low = LowStock {
        below: Quantity(10 * SCALE),
    };
    let out = OutOfStock { demand_min: 0 };
    let short = ShortCover { lead_hours: 7 * 24 };
    let mistake = PriceMistake {
        times: 5,
        prices: 9,
    };
    vec![
        Rule::new("low_stock", Info, Condition::LowStock(low)),
        Rule::new("stock_out", Warning, Condition::OutOfStock(out)),
        Rule::new("short_cover", Info, Condition::ShortCover(short)),
        Rule::new("price_mistake", Critical, Condition::PriceMistake(mistake)),
    ]
}

fn of_events() -> Vec<Rule> {
    // Nobody looks at a page a second for a minute; scrapers at one in 0.7 s do.
    let storm = BotStorm {
        events_a_minute_above: 60,
    };
    let lag = Lag {
        above_micros: 5 * MINUTE,
    };
    let quarantine = QuarantineShare {
        above: 100,
        events_min: 100,
    };
    vec![
        Rule::new("bot_storm", Warning, Condition::BotStorm(storm)),
        Rule::new("lag", Critical, Condition::Lag(lag)),
        Rule::new(
            "quarantine_share",
            Critical,
            Condition::QuarantineShare(quarantine),
        ),
    ]
}
