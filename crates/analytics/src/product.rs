//! What an event or an order tells a product's shard: additions to one cell of that product.

use crate::cell::{CubeId, Deltas, NameId};
use event::EventTime;

/// Columns of the widest product cube.
pub const PRODUCT_FIELDS_MAX: usize = 6;

/// Additions to a product's cell; what is taken back comes with the opposite sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProductChange {
    /// Which product cube.
    pub cube: CubeId,
    /// The store.
    pub store: NameId,
    /// The product.
    pub product: NameId,
    /// The currency; 0 for activity.
    pub currency: NameId,
    /// When it happened.
    pub time: EventTime,
    /// In the order of the cube's fields; the rest is zero.
    pub sums: [i128; PRODUCT_FIELDS_MAX],
}

impl ProductChange {
    /// Folds the change into the product's cell.
    pub fn fold(&self, deltas: &mut Deltas) {
        let delta = deltas.at(
            self.cube,
            self.store,
            self.currency,
            self.product,
            self.time,
        );
        delta
            .sums
            .iter_mut()
            .zip(self.sums)
            .for_each(|(sum, value)| *sum += value);
    }
}
