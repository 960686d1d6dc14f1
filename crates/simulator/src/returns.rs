//! Orders that will be given back, whole or in part, minutes or days later.
//! Which ones is drawn when they are made; the refund itself is an event of its own.

use crate::catalogue::Line;
use crate::event::{Detail, Page};
use crate::kind::Kind;
use crate::money::Money;
use crate::population::Identity;
use crate::sale::{Bill, RETURN_REASONS, sold_value};
use crate::session::{Act, World};
use crate::time::{DAY_MICROS, HOUR_MICROS, MINUTE_MICROS, Time};
use std::collections::BTreeMap;

/// Most orders waiting to come back; beyond it customers keep what they bought.
const RETURNS_MAX: usize = 65_536;

/// An order just made; its lines are in `world.lines`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sale {
    pub(crate) who: Identity,
    pub(crate) order: u64,
    pub(crate) bill: Bill,
}

/// An order and who may give it back.
#[derive(Debug, Clone)]
pub(crate) struct Return {
    pub(crate) who: Identity,
    pub(crate) order: u64,
    pub(crate) bill: Bill,
    /// What was bought, at the prices of that day.
    pub(crate) lines: Vec<Line>,
}

/// Orders waiting to come back, by time and order.
#[derive(Debug, Default)]
pub(crate) struct Returns {
    waiting: BTreeMap<(Time, u64), Return>,
}

impl Returns {
    /// Draws whether this order will come back, and when.
    pub(crate) fn consider(&mut self, sale: Sale, time: Time, world: &mut World) {
        let World {
            random,
            behaviour,
            lines,
            ..
        } = world;
        if !random.chance(behaviour.refund) || self.waiting.len() == RETURNS_MAX {
            return;
        }
        // One in four is cancelled within the half hour, the others come back by post.
        let (from, span) = match random.below(4) {
            0 => (2 * MINUTE_MICROS, 28 * MINUTE_MICROS),
            _ => (3 * HOUR_MICROS, 10 * DAY_MICROS),
        };
        let micros = from + (random.unit() * span as f64) as i64;
        let Sale { who, order, bill } = sale;
        let lines = lines.clone();
        let returned = Return {
            who,
            order,
            bill,
            lines,
        };
        self.waiting.insert((time.plus(micros), order), returned);
    }

    /// The next order whose time to come back has come.
    pub(crate) fn take_due(&mut self, time: Time) -> Option<Return> {
        let front = self.waiting.first_entry()?;
        (front.key().0 <= time).then(|| front.remove())
    }
}

impl Return {
    /// The refund: of everything, or of one line; what came back is in `world.lines`.
    pub(crate) fn refund(&self, world: &mut World) -> Act {
        let World { random, lines, .. } = world;
        lines.clear();
        lines.extend_from_slice(&self.lines);
        if !random.chance(0.6) {
            let kept = lines[random.below(lines.len() as u64) as usize];
            lines.clear();
            lines.push(kept);
        }
        let reason = RETURN_REASONS[random.popular(RETURN_REASONS.len() as u64) as usize];
        let detail = Detail::Refund {
            order: self.order,
            refund: self.order,
            amount: self.amount(world),
            reason,
        };
        Act {
            kind: Kind::Refund,
            page: Page::Account,
            detail,
            origin: None,
        }
    }

    /// What was paid for the lines: their price less their share of the discount; postage stays paid.
    fn amount(&self, world: &World) -> Money {
        let currency = world.currency(&self.who.visitor);
        let sold = sold_value(&world.lines, currency);
        let discount = i128::from(self.bill.discount.0) * i128::from(sold.0)
            / i128::from(self.bill.sold.0.max(1));
        sold - Money(discount as i64).rounded(currency)
    }
}
