//! Carts: from the first thing put in until an order, until nothing lies in it, or until nobody comes back. A pure rule over
//! a person's items, across sessions and log-ins; whose items they are is decided in `person`, what is in stock in `stock`.

mod count;
mod cut;
mod item;
mod reason;
mod row;

pub use count::count;
pub use item::{CartId, CartItems, Fact, Facts, Item, Line, Lines, Place, What};
pub use reason::{Priced, Reason, Reasons, Waited, reasons};
pub use row::{Cart, CartLine, Checkout, LooseOrder, Purchase, Row, RowKey, RowKind, State};

use event::EventTime;
use event::time::{DAY, MINUTE};

/// Silence after which a cart is abandoned; exactly so long is not longer.
pub const IDLE: i64 = 60 * MINUTE;
/// After a longer silence nobody comes back to a cart: what is put in begins another.
pub const FORGOTTEN: i64 = 30 * DAY;
/// Lines of a cart, and of one event; those beyond are counted and not kept.
pub const LINES_MAX: usize = 200;
/// Items that one key keeps of its own events: some hundred carts. At 80 bytes each this is 82 kB.
pub const ITEMS_MAX: usize = 1_024;

/// How a store looks at carts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// A longer silence since something was put in or taken out, and a cart without an order is abandoned.
    pub idle_micros: i64,
    /// A longer silence, and an abandoned cart is over for good.
    pub forgotten_micros: i64,
    /// Whether a cart id that was sent decides which cart is meant; such a cart is never forgotten.
    pub uses_cart_ids: bool,
    /// [`LINES_MAX`] but in tests.
    pub lines_max: usize,
    /// Items above which a key lets go of its oldest carts; [`ITEMS_MAX`] but in tests.
    pub items_max: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            idle_micros: IDLE,
            forgotten_micros: FORGOTTEN,
            uses_cart_ids: false,
            lines_max: LINES_MAX,
            items_max: ITEMS_MAX,
        }
    }
}

impl Rules {
    /// Cuts items, which come in the order of their ranks, into rows as of an instant, or of the newest item where that
    /// is later. The rows come in the order of their keys.
    #[must_use]
    pub fn cut<'a>(&self, items: impl IntoIterator<Item = &'a Item>, as_of: EventTime) -> Vec<Row> {
        cut::cut(self, items, as_of)
    }

    /// When time alone will next change a row: the first open cart or checkout becomes abandoned. Nothing where none is
    /// open as of this instant.
    #[must_use]
    pub fn next_deadline<'a>(
        &self,
        items: impl IntoIterator<Item = &'a Item>,
        as_of: EventTime,
    ) -> Option<EventTime> {
        let rows = self.cut(items, as_of);
        rows.iter().filter_map(|row| row.deadline(self)).min()
    }

    /// Until when a person with more items than these lets go of them: a quarter and more, up to the end of a cart where
    /// one ends. Rows of carts before it stay as they were told.
    #[must_use]
    pub fn let_go_until(&self, items: &[&Item], items_max: usize) -> Option<EventTime> {
        if items.len() <= items_max {
            return None;
        }
        let newest = items.last()?.rank.time;
        let until = items[items.len() - 1 - items_max * 3 / 4].rank.time;
        let rows = self.cut(items.iter().copied(), newest);
        let around = rows
            .iter()
            .filter(|row| row.key().rank.time <= until && until <= row.end());
        let end = around.map(Row::end).max().filter(|end| *end < newest);
        Some(end.unwrap_or(until))
    }

    /// Whether a silence from one instant to another is longer than so many microseconds.
    fn is_longer(from: EventTime, to: EventTime, micros: i64) -> bool {
        to.0.saturating_sub(from.0) > micros // both ends of time are outside data
    }
}

#[cfg(test)]
mod tests;
