//! Events as whoever sends them knows them: plain values, before they become JSON. And a seeded shop that makes them up.
//! Order numbers are drawn from a small range, so that events of several clients speak of the same order.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainEvent {
    /// Breaks ties between events of one time; sent as a UUID, or as other text for what never competes.
    pub id: u128,
    /// When it happened, in microseconds since 1970.
    pub time_micros: i64,
    /// Who did it.
    pub customer: u32,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The page of a product was shown.
    View(PlainLine),
    /// A product was put into a cart.
    CartAdd(PlainLine),
    /// A purchase; another one of the same number competes with it.
    Order {
        /// Its number.
        order: u64,
        /// What was bought.
        lines: Vec<PlainLine>,
        /// Taken off the order as a whole.
        discount_cents: i64,
    },
    /// Lines of an order that are new or different.
    Update {
        /// Its number.
        order: u64,
        /// The lines.
        lines: Vec<PlainLine>,
    },
    /// The order never was.
    Cancel {
        /// Its number.
        order: u64,
    },
    /// Goods come back.
    Refund {
        /// The refund's own number.
        refund: u64,
        /// The order's.
        order: u64,
        /// What comes back.
        lines: Vec<PlainLine>,
    },
}

/// A line of an order, and what is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlainLine {
    /// Which line of its order.
    pub number: i64,
    /// What.
    pub product: u32,
    /// Price of a piece.
    pub cents: i64,
    /// Pieces.
    pub pieces: i64,
}

impl PlainEvent {
    /// As the server reads it, on one line.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut event = json!({
            "event_id": self.id_text(),
            "type": self.type_name(),
            "ts": self.time_micros,
            "customer_id": format!("customer-{}", self.customer),
            "currency": "USD",
        });
        match &self.what {
            What::View(line) | What::CartAdd(line) => event["items"] = items([*line], 1),
            What::Order {
                order,
                lines,
                discount_cents,
            } => {
                event["order_id"] = order_id(*order);
                event["discount"] = decimal(*discount_cents);
                event["items"] = items(lines.iter().copied(), 1);
            }
            What::Update { order, lines } => {
                event["order_id"] = order_id(*order);
                event["items"] = items(lines.iter().copied(), 1);
            }
            What::Cancel { order } => event["order_id"] = order_id(*order),
            What::Refund {
                refund,
                order,
                lines,
            } => {
                event["refund_id"] = format!("R-{refund}").into();
                event["order_id"] = order_id(*order);
                event["items"] = items(lines.iter().copied(), -1);
            }
        }
        event
    }

    fn id_text(&self) -> String {
        let hex = format!("{:032x}", self.id);
        match self.what {
            What::View(_) => format!("view {hex}"),
            _ => format!(
                "{}-{}-{}-{}-{}",
                &hex[..8],
                &hex[8..12],
                &hex[12..16],
                &hex[16..20],
                &hex[20..]
            ),
        }
    }

    fn type_name(&self) -> &'static str {
        match self.what {
            What::View(_) => "item_view",
            What::CartAdd(_) => "cart_add",
            What::Order { .. } => "order",
            What::Update { .. } => "order_update",
            What::Cancel { .. } => "order_cancel",
            What::Refund { .. } => "refund",
        }
    }
}

fn order_id(order: u64) -> Value {
    format!("O-{order}").into()
}

fn decimal(cents: i64) -> Value {
    format!("{}.{:02}", cents / 100, cents % 100).into()
}

/// Returned goods are lines of their own kind and count down from zero.
fn items(lines: impl IntoIterator<Item = PlainLine>, sign: i64) -> Value {
    let item = |line: PlainLine| {
        let mut item = json!({
            "line": line.number,
            "product_id": format!("P-{}", line.product),
            "unit_price": decimal(line.cents),
            "quantity": sign * line.pieces,
        });
        if sign < 0 {
            item["kind"] = "return".into();
        }
        item
    };
    lines.into_iter().map(item).collect()
}

/// Makes up what happens, by its seed alone.
pub struct Happenings {
    random: SmallRng,
    /// Orders and refunds are numbered below this.
    orders: u64,
    /// Events happened up to so long before they are sent.
    late_micros_max: i64,
}

/// Most events are sent at once; one in so many waited.
const LATE_EVERY: u32 = 10;
const CUSTOMERS: u32 = 5_000;
const PRODUCTS: u32 = 300;

impl Happenings {
    /// A shop of so many orders whose events are up to so late.
    #[must_use]
    pub fn new(seed: u64, orders: u64, late_micros_max: i64) -> Happenings {
        Happenings {
            random: SmallRng::seed_from_u64(seed),
            orders,
            late_micros_max,
        }
    }

    /// What happened just before `now_micros`, or some time ago.
    pub fn next(&mut self, now_micros: i64) -> PlainEvent {
        let late = match self.random.random_ratio(1, LATE_EVERY) {
            true => self.random.random_range(0..self.late_micros_max),
            // Whole milliseconds within the last second: some events share their time.
            false => self.random.random_range(0..1_000) * 1_000,
        };
        PlainEvent {
            id: self.random.random(),
            time_micros: (now_micros - late) / 1_000 * 1_000,
            customer: self.random.random_range(0..CUSTOMERS),
            what: self.what(),
        }
    }

    fn what(&mut self) -> What {
        let order = self.random.random_range(0..self.orders);
        match self.random.random_range(0..100) {
            0..50 => What::View(self.line(1)),
            50..70 => What::CartAdd(self.line(1)),
            70..85 => What::Order {
                order,
                lines: self.lines(),
                discount_cents: self.random.random_range(0..2) * 50,
            },
            85..92 => What::Update {
                order,
                lines: self.lines(),
            },
            92..95 => What::Cancel { order },
            _ => What::Refund {
                // A refund lives with its order: a number that named two orders would be two refunds.
                refund: 2 * order + self.random.random_range(0..2),
                order,
                lines: self.lines(),
            },
        }
    }

    fn lines(&mut self) -> Vec<PlainLine> {
        let count = self.random.random_range(1..=3);
        (1..=count).map(|number| self.line(number)).collect()
    }

    fn line(&mut self, number: i64) -> PlainLine {
        // A gift now and then: it is sold, but not an order.
        let is_gift = self.random.random_ratio(1, 20);
        let cents = self.random.random_range(100..20_000);
        PlainLine {
            number,
            product: self.random.random_range(0..PRODUCTS),
            cents: if is_gift { 0 } else { cents },
            pieces: self.random.random_range(1..=4),
        }
    }
}
