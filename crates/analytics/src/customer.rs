//! Customers: what each bought, how often each came, and how that scores. Pure rules over what a customer's home knows:
//! what orders' homes tell it is here, its sessions and carts come from `person` and `cart`.

mod ledger;
mod profile;
pub mod rfm;
mod told;
mod totals;

pub use ledger::{Base, Ledger, Taken};
pub use profile::{Favourites, OpenCart, Profile, ProfileChange, Sources};
pub use told::{HourOfWeek, OrderId, OrderSummary, OrderTold, Pick, PickKind};
pub use totals::{Amounts, Favourite, Totals};

/// Orders and refunds that one customer keeps each by itself; beyond it the oldest are one sum. At 80 bytes each, and at most
/// 176 for what was bought, this is 131 kB.
pub const ORDERS_MAX: usize = 512;
/// Orders in that sum that are still known by their ids, so that none is added twice; at 16 bytes each 64 kB.
pub const FOLDED_MAX: usize = 4_096;
/// Products, and categories, that an order tells: those of most pieces.
pub const PICKS_MAX: usize = 5;
/// Products and categories that the sum of the oldest orders remembers: those of most pieces.
pub const FAVOURITES_MAX: usize = 256;

/// How much one customer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// [`ORDERS_MAX`] but in tests.
    pub orders_max: usize,
    /// [`FOLDED_MAX`] but in tests.
    pub folded_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            orders_max: ORDERS_MAX,
            folded_max: FOLDED_MAX,
        }
    }
}

#[cfg(test)]
mod tests;
