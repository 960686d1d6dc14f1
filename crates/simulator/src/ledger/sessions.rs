//! Sessions as the trade counts them: a visitor's events without more than 30 minutes of silence, 24 hours at most.
//! They are made from what the dialect says alone: visits of the simulated people and session ids play no part.

use super::{Rows, Seen};
use crate::event::SimEvent;
use crate::kind::Kind;
use crate::time::{DAY_MICROS, MINUTE_MICROS, Time};
use crate::write::{Format, number, put};
use std::collections::HashMap;

/// An event exactly so long after the one before still joins.
pub(super) const GAP_MICROS: i64 = 30 * MINUTE_MICROS;
/// An event so long after the first begins another session.
const LONGEST_MICROS: i64 = DAY_MICROS;

#[derive(Debug, Clone, Copy)]
struct Open {
    started: Time,
    last: Time,
    events: u64,
    item_views: u64,
    cart_adds: u64,
    orders: u64,
    bot: &'static str,
}

/// Sessions that may still grow, by visitor.
#[derive(Debug)]
pub(super) struct Sessions {
    format: Format,
    open: HashMap<u64, Open>,
}

impl Sessions {
    pub(super) fn new(format: Format) -> Sessions {
        Sessions {
            format,
            open: HashMap::new(),
        }
    }

    pub(super) fn observe(&mut self, seen: &Seen, event: &SimEvent<'_>, rows: &mut Rows) {
        let Some(visitor) = seen.visitor else { return };
        let time = seen.time;
        let ended = self.open.get(&visitor).copied().filter(|open| {
            time.0 - open.last.0 > GAP_MICROS || time.0 - open.started.0 >= LONGEST_MICROS
        });
        if let Some(open) = ended {
            self.open.remove(&visitor);
            write(self.format, visitor, &open, rows);
        }
        let open = self.open.entry(visitor).or_insert(Open {
            started: time,
            last: time,
            events: 0,
            item_views: 0,
            cart_adds: 0,
            orders: 0,
            bot: event.who.bot.map_or("", crate::population::Bot::name),
        });
        open.last = time;
        open.events += 1;
        match seen.kind {
            Kind::ItemView => open.item_views += 1,
            Kind::CartAdd => open.cart_adds += 1,
            Kind::Order if seen.is_first => open.orders += 1,
            _ => {}
        }
    }

    /// Closes what cannot grow any more at this time, or everything; in the order of start and visitor.
    pub(super) fn close(&mut self, time: Option<Time>, rows: &mut Rows) {
        let is_over = |open: &Open| time.is_none_or(|time| time.0 - open.last.0 > GAP_MICROS);
        let mut over: Vec<(u64, Open)> = self.open.extract_if(|_, open| is_over(open)).collect();
        over.sort_unstable_by_key(|(visitor, open)| (open.started, *visitor));
        for (visitor, open) in over {
            write(self.format, visitor, &open, rows);
        }
    }
}

fn write(format: Format, visitor: u64, open: &Open, rows: &mut Rows) {
    rows.add(|out| {
        format.write_visitor(visitor, out);
        out.push(b',');
        open.started.write_utc(out);
        out.push(b',');
        open.last.write_utc(out);
        for count in [open.events, open.item_views, open.cart_adds, open.orders] {
            out.push(b',');
            number(count, out);
        }
        out.push(b',');
        put(out, open.bot);
    });
}
