//! Orders and refunds: the one place where money is folded. A pure state machine of one shard's orders.
//! An order id counts once, whatever arrives in whatever order: the smallest (event time, event id) wins, a displaced one is taken back.

mod sale;

pub use sale::{LineShare, OrderRow, Sale, SaleLine};

use crate::cell::{Deltas, NameId};
use crate::names::{EventNames, ItemNames};
use crate::product::ProductChange;
use event::dialect::table::TableDialect;
use event::schema::{Label, Text};
use event::{EventId, EventRef, EventTime, EventType};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// The canonical order of events that compete for a place.
pub type Rank = (EventTime, EventId);

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

/// One shard's orders and refunds. Ids are kept for good, but not all in memory: whoever holds the rest of them brings a
/// state back with [`Orders::bring`] before it is asked for, and takes those that changed with [`Orders::fresh`].
#[derive(Debug, Default)]
pub struct Orders {
    /// States that changed since they were last taken.
    fresh: HashMap<OrderKey, OrderState, FixedState>,
}

/// Whether an id is one of an order or of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum OrderKind {
    /// Orders, their updates and cancellations.
    Order,
    /// Refunds.
    Refund,
}

/// What an order or a refund is known by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderKey {
    /// The store.
    pub store: NameId,
    /// Order or refund.
    pub kind: OrderKind,
    /// The id as sent.
    pub id: Box<str>,
}

impl OrderKey {
    /// The key of an event's order or refund; nothing where it has no id and so stands for itself.
    #[must_use]
    pub fn of(event: EventRef<'_>, names: &EventNames) -> Option<OrderKey> {
        let (kind, column) = if event.kind() == EventType::Refund {
            (OrderKind::Refund, Text::RefundId)
        } else {
            (OrderKind::Order, Text::OrderId)
        };
        event.text(column).map(|id| OrderKey {
            store: names.store,
            kind,
            id: id.into(),
        })
    }
}

/// What is known of an order or a refund.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderState {
    /// The winning order event or refund and what it says.
    pub placed: Option<(Rank, Sale)>,
    /// Further or changed lines, in canonical order.
    pub updates: Vec<(Rank, Vec<SaleLine>)>,
    /// The earliest cancellation.
    pub cancelled: Option<Rank>,
}

impl OrderState {
    /// The order as it stands: lines overlaid by later updates of the same line number. Nothing where it was cancelled, or
    /// not yet placed.
    #[must_use]
    pub fn sale(&self) -> Option<Sale> {
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
        let Some(key) = OrderKey::of(event, names) else {
            return observe_single(event, &sale, out);
        };
        let rank = (event.time(), event.id());
        let id = key.id.clone();
        let state = self.state(key);
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
            out.rows.push(row.row(&id, Some(&id), after.is_none()));
        }
    }

    fn observe_refund(
        &mut self,
        event: EventRef<'_>,
        names: &EventNames,
        refund: Sale,
        out: &mut Outputs<'_>,
    ) {
        let Some(key) = OrderKey::of(event, names) else {
            return refund.fold_refund(1, out.deltas, out.product_changes);
        };
        let rank = (event.time(), event.id());
        match &mut self.state(key).placed {
            Some((known, before)) if is_built_of_rows(event) => {
                before.fold_refund(-1, out.deltas, out.product_changes);
                before.add_returned(refund, rank < *known);
                *known = rank.min(*known);
                return before.fold_refund(1, out.deltas, out.product_changes);
            }
            Some((known, _)) if *known <= rank => return,
            Some((known, before)) => {
                before.fold_refund(-1, out.deltas, out.product_changes);
                (*known, *before) = (rank, refund);
                return before.fold_refund(1, out.deltas, out.product_changes);
            }
            placed => *placed = Some((rank, refund.clone())),
        }
        refund.fold_refund(1, out.deltas, out.product_changes);
    }

    fn state(&mut self, key: OrderKey) -> &mut OrderState {
        self.fresh.entry(key).or_default()
    }

    /// The categories an order or refund has already, where it is known.
    #[must_use]
    pub fn categories(&self, event: EventRef<'_>, names: &EventNames) -> Vec<NameId> {
        let known =
            OrderKey::of(event, names).and_then(|key| self.fresh.get(&key)?.placed.as_ref());
        let lines = known.iter().flat_map(|(_, sale)| &sale.lines);
        lines.map(|line| line.names.category).collect()
    }

    /// Whether what is known of this order is in memory.
    #[must_use]
    pub fn holds(&self, key: &OrderKey) -> bool {
        self.fresh.contains_key(key)
    }

    /// Brings back what was kept elsewhere.
    pub fn bring(&mut self, key: OrderKey, state: OrderState) {
        self.fresh.insert(key, state);
    }

    /// What changed since [`Orders::rest`] was last called, in no particular order.
    pub fn fresh(&self) -> impl Iterator<Item = (&OrderKey, &OrderState)> {
        self.fresh.iter()
    }

    /// What is fresh was taken, and can be brought back from now on.
    pub fn rest(&mut self) {
        self.fresh = HashMap::default();
    }

    /// Orders and refunds in memory.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fresh.len()
    }

    /// Whether none is in memory.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fresh.is_empty()
    }
}

/// Whether the event is built of a file's rows, each a line known by its row number: of one order or refund there may be
/// several, whose lines add up.
#[must_use]
pub fn is_built_of_rows(event: EventRef<'_>) -> bool {
    matches!(event.kind(), EventType::Order | EventType::Refund)
        && event.label(Label::Dialect) == Some(TableDialect::Orders.name())
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
