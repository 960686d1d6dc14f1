//! One customer's orders and refunds as their homes told them: each by itself up to a limit, the oldest beyond it as one sum.
//! What is kept follows from the set of what was told, not from the order in which it came.

use super::told::{OrderId, OrderTold};
use super::totals::Totals;
use super::{FAVOURITES_MAX, Limits};
use event::EventTime;
use thin_vec::ThinVec;

/// What became of something that was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Taken {
    /// It stands now.
    Folded,
    /// As new a version was known.
    Known,
    /// It changes an order that is part of a sum, or is older than all that is known by its id: it stays as it was.
    BeyondReach,
}

/// A customer's orders and refunds. Empty it is 16 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    /// By id; withdrawn ones too, so that what was told of them before and comes late is not believed.
    orders: ThinVec<OrderTold>,
    /// Of customers with very many.
    base: Option<Box<Base>>,
}

/// The oldest orders of a customer with too many, as one sum. What is coarse: they change no more, and of products and
/// categories only those of most pieces are remembered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Base {
    /// What they add up to.
    pub totals: Totals,
    /// The newest of them, so that none is added again; in their order.
    pub folded: Vec<(EventTime, OrderId)>,
    /// The newest that is no longer among those: what is told of so old an order, or of an older one, is not believed.
    pub floor: Option<(EventTime, OrderId)>,
}

impl Ledger {
    /// As it was kept elsewhere; orders come in the order of their ids.
    #[must_use]
    pub fn from_parts(orders: ThinVec<OrderTold>, base: Option<Box<Base>>) -> Ledger {
        Ledger { orders, base }
    }

    /// Orders and refunds that stand by themselves, withdrawn ones too, by id.
    #[must_use]
    pub fn orders(&self) -> &[OrderTold] {
        &self.orders
    }

    /// The sum of those that do not.
    #[must_use]
    pub fn base(&self) -> Option<&Base> {
        self.base.as_deref()
    }

    /// Whether nothing was ever told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty() && self.base.is_none()
    }

    /// Takes what an order's home tells.
    pub fn take(&mut self, told: OrderTold, limits: &Limits) -> Taken {
        match self
            .orders
            .binary_search_by_key(&told.order, |known| known.order)
        {
            Ok(at) if self.orders[at].version >= told.version => Taken::Known,
            Ok(at) => {
                self.orders[at] = told;
                Taken::Folded
            }
            Err(_) if self.is_folded(&told) => Taken::BeyondReach,
            Err(at) => {
                // Most customers have one order or two.
                if self.orders.len() < 4 {
                    self.orders.reserve_exact(1);
                }
                self.orders.insert(at, told);
                self.fold_excess(limits);
                Taken::Folded
            }
        }
    }

    fn is_folded(&self, told: &OrderTold) -> bool {
        self.base.as_ref().is_some_and(|base| {
            base.floor
                .is_some_and(|floor| (told.time, told.order) <= floor)
                || base.folded.iter().any(|(_, order)| *order == told.order)
        })
    }

    /// The oldest becomes part of the sum.
    fn fold_excess(&mut self, limits: &Limits) {
        while self.orders.len() > limits.orders_max {
            let places = self.orders.iter().enumerate();
            let oldest = places.min_by_key(|(_, known)| (known.time, known.order));
            let Some((at, _)) = oldest else { return };
            let told = self.orders.remove(at);
            self.base.get_or_insert_default().fold(&told, limits);
        }
    }

    /// What all of them add up to, together with what others contribute: a visitor's orders are its customer's.
    #[must_use]
    pub fn totals<'a>(&'a self, contributed: impl IntoIterator<Item = &'a OrderTold>) -> Totals {
        let mut totals =
            (self.base.as_ref()).map_or_else(Totals::default, |base| base.totals.clone());
        let all = self.orders.iter().chain(contributed);
        all.for_each(|told| totals.add(told));
        totals
    }
}

impl Base {
    fn fold(&mut self, told: &OrderTold, limits: &Limits) {
        self.totals.add(told);
        self.totals.thin_favourites(FAVOURITES_MAX);
        let place = (told.time, told.order);
        let at = self.folded.partition_point(|known| *known < place);
        self.folded.insert(at, place);
        if self.folded.len() > limits.folded_max {
            self.floor = self.floor.max(Some(self.folded.remove(0)));
        }
    }
}
