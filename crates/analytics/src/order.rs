//! Orders and refunds: the one place where money is folded. A pure state machine of one shard's orders.
//! An order id counts once, whatever arrives in whatever order: the smallest (event time, event id) wins, a displaced one is taken back.

mod given_back;
mod sale;
mod telling;

pub use given_back::{GivenBack, Part};
pub use sale::{LineShare, OrderRow, Sale, SaleLine};
pub use telling::Telling;

use crate::cell::{Deltas, NameId};
use crate::customer::OrderId;
use crate::names::{EventNames, ItemNames};
use crate::product::ProductMovement;
use event::dialect::table::TableDialect;
use event::schema::{Label, Text};
use event::{EventId, EventRef, EventTime, EventType};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::sync::Arc;

/// The canonical order of events that compete for a place.
pub type Rank = (EventTime, EventId);

/// What a fold of orders writes to.
#[derive(Debug)]
pub struct Outputs<'a> {
    /// Cells of sales.
    pub deltas: &'a mut Deltas,
    /// Told to the products' shards.
    pub products: &'a mut Vec<ProductMovement>,
    /// Orders that are new or changed, for the list of recent orders.
    pub rows: &'a mut Vec<OrderRow>,
    /// The same orders, for whoever measures them by others.
    pub news: &'a mut Vec<OrderNews>,
    /// Refunds that are new or changed, of those that name a customer.
    pub refunds: &'a mut Vec<RefundNews>,
}

/// An order as it stands, and which event placed it.
pub type Placed = (Rank, Sale);

/// An order that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderNews {
    /// Its id; the event's where it has none.
    pub order: Arc<str>,
    /// As it was; nothing where there was none.
    pub was: Option<Placed>,
    /// As it is; nothing where it is none any more.
    pub is: Option<Placed>,
}

/// A refund that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundNews {
    /// Which one.
    pub refund: OrderId,
    /// As it was; nothing where there was none.
    pub was: Option<Sale>,
    /// As it is.
    pub is: Sale,
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
        if event.kind() == EventType::Refund {
            OrderKey::of_refund(event, names)
        } else {
            OrderKey::of_order(event, names)
        }
    }

    /// Keys of all that an event changes: a refund changes what is known of its order too.
    pub fn all_of(event: EventRef<'_>, names: &EventNames) -> impl Iterator<Item = OrderKey> {
        let is_refund = event.kind() == EventType::Refund;
        let refund = is_refund.then(|| OrderKey::of_refund(event, names));
        let order = OrderKey::of_order(event, names);
        refund.flatten().into_iter().chain(order)
    }

    fn of_order(event: EventRef<'_>, names: &EventNames) -> Option<OrderKey> {
        event.text(Text::OrderId).map(|id| OrderKey {
            store: names.store,
            kind: OrderKind::Order,
            id: id.into(),
        })
    }

    /// Refunds of two orders are two, should they have the same id: they have different homes and cannot know.
    fn of_refund(event: EventRef<'_>, names: &EventNames) -> Option<OrderKey> {
        let id = event.text(Text::RefundId)?;
        let id = match event.text(Text::OrderId) {
            Some(order) => format!("{order}\0{id}").into(),
            None => id.into(),
        };
        Some(OrderKey {
            store: names.store,
            kind: OrderKind::Refund,
            id,
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
    /// What refunds gave back for it.
    pub given_back: GivenBack,
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
        sale.given_back = self.given_back.clone();
        Some(sale)
    }

    /// The same, with the event that placed it.
    fn standing(&self) -> Option<Placed> {
        let (rank, _) = self.placed.as_ref()?;
        Some((*rank, self.sale()?))
    }

    /// The refund before and after an event of it; nothing where it changes nothing.
    fn take_refund(&mut self, event: EventRef<'_>, refund: Sale) -> Option<(Option<Sale>, Sale)> {
        let rank = (event.time(), event.id());
        let before = self.placed.as_ref().map(|(_, refund)| refund.clone());
        match &mut self.placed {
            Some((known, placed)) if is_built_of_rows(event) => {
                placed.add_returned(refund, rank < *known);
                *known = rank.min(*known);
            }
            Some((known, _)) if *known <= rank => return None,
            placed => *placed = Some((rank, refund)),
        }
        let (_, after) = self.placed.as_ref()?;
        Some((before, after.clone()))
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
        let kind = event.kind();
        self.change(key, |state| state.observe(rank, kind, sale), out);
    }

    /// Counts an order as it stands after a change in place of what it was before.
    fn change(
        &mut self,
        key: OrderKey,
        change: impl FnOnce(&mut OrderState),
        out: &mut Outputs<'_>,
    ) {
        let id = key.id.clone();
        let state = self.state(key);
        let before = state.standing();
        change(state);
        let after = state.standing();
        if before == after {
            return;
        }
        let mut told = Telling::default();
        if let Some((_, sale)) = &before {
            sale.fold(-1, out.deltas, &mut told);
        }
        if let Some((_, sale)) = &after {
            sale.fold(1, out.deltas, &mut told);
        }
        told.send(out.products);
        if let Some((_, row)) = after.as_ref().or(before.as_ref()) {
            out.rows.push(row.row(&id, Some(&id), after.is_none()));
        }
        out.news.push(OrderNews {
            order: id.into(),
            was: before,
            is: after,
        });
    }

    fn observe_refund(
        &mut self,
        event: EventRef<'_>,
        names: &EventNames,
        refund: Sale,
        out: &mut Outputs<'_>,
    ) {
        let (id, before, after) = match OrderKey::of_refund(event, names) {
            Some(key) => {
                let id = OrderId::of(&key);
                match self.state(key).take_refund(event, refund) {
                    Some((before, after)) => (id, before, Some(after)),
                    None => return,
                }
            }
            None => (OrderId::of_event(event.id()), None, Some(refund)),
        };
        let is_named = |refund: &Sale| refund.customer_id.is_some();
        if let Some(is) = &after
            && (is_named(is) || before.as_ref().is_some_and(is_named))
        {
            out.refunds.push(RefundNews {
                refund: id,
                was: before.clone(),
                is: is.clone(),
            });
        }
        let mut told = Telling::default();
        for (refund, sign) in [(&before, -1), (&after, 1)] {
            if let Some(refund) = refund {
                refund.fold_refund(sign, out.deltas, &mut told);
            }
        }
        told.send(out.products);
        let Some(order) = OrderKey::of_order(event, names) else {
            return;
        };
        let change = |state: &mut OrderState| {
            for (refund, sign) in [(before, -1), (after, 1)] {
                if let Some(refund) = refund {
                    state.given_back.add(&refund.gives_back(), sign);
                }
            }
        };
        self.change(order, change, out);
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
        let mut told = Telling::default();
        sale.fold(1, out.deltas, &mut told);
        told.send(out.products);
        let id = event.id().to_string();
        out.rows.push(sale.row(&id, None, false));
        out.news.push(OrderNews {
            order: id.into(),
            was: None,
            is: Some(((event.time(), event.id()), sale.clone())),
        });
    }
}

#[cfg(test)]
mod tests;
