//! Carts as the trade counts them: from the first thing put in until the order, until the last thing was taken out, or
//! until nothing more came. They live across sessions; an order after an hour of silence recovers an abandoned one.

use super::{Rows, Seen, write_order_id};
use crate::event::{Detail, SimEvent};
use crate::kind::Kind;
use crate::time::{DAY_MICROS, MINUTE_MICROS, Time};
use crate::write::{Format, number, put};
use std::collections::HashMap;

/// Silence after which a cart counts as abandoned.
const IDLE_MICROS: i64 = 60 * MINUTE_MICROS;
/// After so long nobody comes back to a cart; it bounds what is remembered.
const FORGOTTEN_MICROS: i64 = 30 * DAY_MICROS;

#[derive(Debug, Clone)]
struct Open {
    created: Time,
    last: Time,
    adds: u64,
    removes: u64,
    /// Products and pieces; few, so a list is faster than a map.
    held: Vec<(u32, i64)>,
}

impl Open {
    fn units(&self) -> i64 {
        self.held.iter().map(|(_, units)| units).sum()
    }

    fn put(&mut self, product: u32, units: i64) {
        match self.held.iter_mut().find(|(held, _)| *held == product) {
            Some((_, held)) => *held = (*held + units).max(0),
            None => self.held.push((product, units.max(0))),
        }
    }
}

/// Carts that may still be bought, by visitor.
#[derive(Debug)]
pub(super) struct Carts {
    format: Format,
    open: HashMap<u64, Open>,
}

impl Carts {
    pub(super) fn new(format: Format) -> Carts {
        Carts {
            format,
            open: HashMap::new(),
        }
    }

    pub(super) fn observe(&mut self, seen: &Seen, event: &SimEvent<'_>, rows: &mut Rows) {
        let Some(visitor) = seen.visitor else { return };
        self.forget(visitor, seen.time, rows);
        match seen.kind {
            Kind::CartAdd => self.add(visitor, seen, event),
            Kind::CartRemove => self.remove(visitor, seen, event, rows),
            Kind::Order => self.order(visitor, seen, event, rows),
            _ => {}
        }
    }

    /// A cart that nobody comes back to is over, whether it was swept away yet or not.
    fn forget(&mut self, visitor: u64, time: Time, rows: &mut Rows) {
        let cart = self.open.get(&visitor);
        if cart.is_some_and(|cart| time.0 - cart.last.0 > FORGOTTEN_MICROS)
            && let Some(cart) = self.open.remove(&visitor)
        {
            self.write(visitor, &cart, "not_ordered", None, rows);
        }
    }

    fn add(&mut self, visitor: u64, seen: &Seen, event: &SimEvent<'_>) {
        let cart = self.open.entry(visitor).or_insert_with(|| Open {
            created: seen.time,
            last: seen.time,
            adds: 0,
            removes: 0,
            held: Vec::new(),
        });
        cart.last = seen.time;
        cart.adds += 1;
        for line in self.format.goods_of(event, seen.index).lines() {
            cart.put(line.product.number, i64::from(line.quantity));
        }
    }

    fn remove(&mut self, visitor: u64, seen: &Seen, event: &SimEvent<'_>, rows: &mut Rows) {
        let Some(cart) = self.open.get_mut(&visitor) else {
            return;
        };
        cart.last = seen.time;
        cart.removes += 1;
        for line in self.format.goods_of(event, seen.index).lines() {
            cart.put(line.product.number, -i64::from(line.quantity));
        }
        if cart.units() == 0
            && let Some(cart) = self.open.remove(&visitor)
        {
            self.write(visitor, &cart, "emptied", None, rows);
        }
    }

    fn order(&mut self, visitor: u64, seen: &Seen, event: &SimEvent<'_>, rows: &mut Rows) {
        let Some(mut cart) = self.open.remove(&visitor) else {
            return;
        };
        let outcome = if seen.time.0 - cart.last.0 > IDLE_MICROS {
            "recovered"
        } else {
            "ordered"
        };
        cart.last = seen.time;
        let order = match event.detail {
            Detail::Order { order, .. } => Some(order),
            _ => None,
        };
        self.write(visitor, &cart, outcome, order, rows);
    }

    /// Closes what nobody comes back to at this time, or everything; in the order of creation and visitor.
    pub(super) fn close(&mut self, time: Option<Time>, rows: &mut Rows) {
        let is_over = |open: &Open| time.is_none_or(|time| time.0 - open.last.0 > FORGOTTEN_MICROS);
        let mut over: Vec<(u64, Open)> = self.open.extract_if(|_, open| is_over(open)).collect();
        over.sort_unstable_by_key(|(visitor, open)| (open.created, *visitor));
        for (visitor, open) in over {
            self.write(visitor, &open, "not_ordered", None, rows);
        }
    }

    fn write(&self, visitor: u64, cart: &Open, outcome: &str, order: Option<u64>, rows: &mut Rows) {
        rows.add(|out| {
            self.format.write_visitor(visitor, out);
            out.push(b',');
            cart.created.write_utc(out);
            out.push(b',');
            cart.last.write_utc(out);
            for count in [cart.adds, cart.removes, cart.units().unsigned_abs()] {
                out.push(b',');
                number(count, out);
            }
            out.push(b',');
            put(out, outcome);
            out.push(b',');
            if let Some(order) = order {
                write_order_id(order, self.format, out);
            }
        });
    }
}
