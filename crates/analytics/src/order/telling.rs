//! What products' shards are told of an order or a refund: how what it says now differs from what it said before.
//! What a product's shard makes of it is not known here.

use crate::cell::NameId;
use crate::product::{ProductMovement, Sold};

/// What one event changed about the products of its order; what did not change is not told.
#[derive(Debug, Default)]
pub struct Telling(Vec<Sold>);

impl Telling {
    /// Adds to what is told of one product at one time and in one currency; a line that names no product tells nobody.
    pub(super) fn tell(&mut self, of: Sold, add: impl FnOnce(&mut Sold)) {
        if of.product == NameId(0) {
            return;
        }
        let at = self.0.iter().position(|known| known.is_of_same(&of));
        let at = at.unwrap_or_else(|| {
            self.0.push(of);
            self.0.len() - 1
        });
        add(&mut self.0[at]);
    }

    /// Sends what remains.
    pub(super) fn send(self, out: &mut Vec<ProductMovement>) {
        let told = self.0.into_iter().filter(|sold| !sold.is_nothing());
        out.extend(told.map(|sold| ProductMovement::Sold(Box::new(sold))));
    }
}
