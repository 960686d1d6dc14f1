//! Orders and refunds: the one place where money is folded. A pure state machine of one shard's orders.
//! An order id counts once, whatever arrives in whatever order: the smallest (event time, event id) wins, a displaced one is taken back.

mod sale;

pub use sale::{OrderRow, Sale, SaleLine};

use crate::cell::{Deltas, NameId};
use crate::names::{EventNames, ItemNames};
use crate::product::ProductChange;
use event::schema::Text;
use event::{EventId, EventRef, EventTime, EventType};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// The canonical order of events that compete for a place.
type Rank = (EventTime, EventId);

/// What a fold of orders writes to.
#[derive(Debug)]
pub struct Outputs<'a> {
    /// Cells of sales.
    pub deltas: &'a mut Deltas,
    /// Told to the products' shards.
    pub product_changes: &'a mut Vec<ProductChange>,
    /// Orders that are new or changed, for the list of recent orders.
    pub rows: &'a mut Vec<OrderRow>,
}

/// One shard's orders and refunds; ids are kept for good.
#[derive(Debug, Default)]
pub struct Orders {
    orders: HashMap<OrderKey, OrderState, FixedState>,
    refunds: HashMap<OrderKey, (Rank, Sale), FixedState>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct OrderKey {
    store: NameId,
    id: Box<str>,
}

#[derive(Debug, Clone, Default)]
struct OrderState {
    /// The winning order event and what it says.
    placed: Option<(Rank, Sale)>,
    /// Further or changed lines, in canonical order.
    updates: Vec<(Rank, Vec<SaleLine>)>,
    /// The earliest cancellation.
    cancelled: Option<Rank>,
}

impl OrderState {
    /// The order as it stands: lines overlaid by later updates of the same line number.
    fn sale(&self) -> Option<Sale> {
        if self.cancelled.is_some() {
            return None;
        }
        let (_, placed) = self.placed.as_ref()?;
        let mut sale = placed.clone();
        for line in self.updates.iter().flat_map(|(_, lines)| lines) {
            match sale.lines.iter_mut().find(|known| known.line == line.line) {
                Some(known) => *known = *line,
                None => sale.lines.push(*line),
            }
        }
        sale.lines.sort_by_key(|line| line.line);
        Some(sale)
    }

    fn observe(&mut self, rank: Rank, kind: EventType, sale: Sale) {
        match kind {
            EventType::OrderUpdate => {
                let at = self.updates.partition_point(|(known, _)| *known < rank);
                self.updates.insert(at, (rank, sale.lines));
            }
            EventType::OrderCancel => {
                self.cancelled = Some(self.cancelled.map_or(rank, |known| known.min(rank)))
            }
            _ => match &mut self.placed {
                Some((known, placed)) if rank == *known => placed.add_lines(sale.lines),
                Some((known, _)) if rank > *known => {}
                _ => self.placed = Some((rank, sale)),
            },
        }
    }
}

impl Orders {
    /// Folds an event of an order kind; `items` are the names of its lines, in order.
    pub fn observe(
        &mut self,
        event: EventRef<'_>,
        names: &EventNames,
        items: &[ItemNames],
        out: &mut Outputs<'_>,
    ) {
        let sale = Sale::of(event, names, items);
        if event.kind() == EventType::Refund {
            self.observe_refund(event, names, sale, out);
            return;
        }
        if event.kind() == EventType::Order {
            sale.count_customer(out.deltas);
        }
        let Some(id) = event.text(Text::OrderId) else {
            return observe_single(event, &sale, out);
        };
        let rank = (event.time(), event.id());
        let key = OrderKey {
            store: names.store,
            id: id.into(),
        };
        let state = self.orders.entry(key).or_default();
        let before = state.sale();
        state.observe(rank, event.kind(), sale);
        let after = state.sale();
        if before == after {
            return;
        }
        if let Some(sale) = &before {
            sale.fold(-1, out.deltas, out.product_changes);
        }
        if let Some(sale) = &after {
            sale.fold(1, out.deltas, out.product_changes);
        }
        if let Some(row) = after.as_ref().or(before.as_ref()) {
            out.rows.push(row.row(id, Some(id), after.is_none()));
        }
    }

    fn observe_refund(
        &mut self,
        event: EventRef<'_>,
        names: &EventNames,
        refund: Sale,
        out: &mut Outputs<'_>,
    ) {
        let Some(id) = event.text(Text::RefundId) else {
            return refund.fold_refund(1, out.deltas, out.product_changes);
        };
        let rank = (event.time(), event.id());
        let key = OrderKey {
            store: names.store,
            id: id.into(),
        };
        match self.refunds.get_mut(&key) {
            Some((known, _)) if *known < rank => return,
            Some((known, before)) => {
                before.fold_refund(-1, out.deltas, out.product_changes);
                if *known == rank {
                    before.add_lines(refund.lines);
                } else {
                    (*known, *before) = (rank, refund);
                }
                return before.fold_refund(1, out.deltas, out.product_changes);
            }
            None => {
                self.refunds.insert(key, (rank, refund.clone()));
            }
        }
        refund.fold_refund(1, out.deltas, out.product_changes);
    }

    /// The categories an order or refund has already, where it is known.
    #[must_use]
    pub fn categories(&self, event: EventRef<'_>, names: &EventNames) -> Vec<NameId> {
        let of = |column| {
            event.text(column).map(|id| OrderKey {
                store: names.store,
                id: id.into(),
            })
        };
        let known = if event.kind() == EventType::Refund {
            of(Text::RefundId).and_then(|key| self.refunds.get(&key))
        } else {
            of(Text::OrderId).and_then(|key| self.orders.get(&key)?.placed.as_ref())
        };
        let lines = known.iter().flat_map(|(_, sale)| &sale.lines);
        lines.map(|line| line.names.category).collect()
    }

    /// Orders and refunds kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.orders.len() + self.refunds.len()
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A purchase without order id is its own order: its event id already counts once, so nothing is kept.
fn observe_single(event: EventRef<'_>, sale: &Sale, out: &mut Outputs<'_>) {
    if event.kind() == EventType::Order {
        sale.fold(1, out.deltas, out.product_changes);
        out.rows
            .push(sale.row(&event.id().to_string(), None, false));
    }
}

#[cfg(test)]
mod tests;
