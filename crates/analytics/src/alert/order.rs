//! Limits on one order: what it came to, and how much of one product it has. No history is asked for, so the order's home
//! judges by itself; whoever folds orders has both the order as it was and as it is.

use super::{
    AtRisk, Condition, Evidence, Figure, Finding, HighValue, Occasion, Rule, StoreDesk, Subject,
    SubjectKind, Told, UnusualQuantity, Verdicts,
};
use crate::cell::NameId;
use crate::order::{Sale, SaleLine};
use crate::tally::Field;
use event::{EventId, EventTime, LineKind, Money, Quantity};
use smallvec::SmallVec;
use std::sync::Arc;

/// One product of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderLine {
    /// Its name.
    pub product: NameId,
    /// Pieces, of all lines of the product together.
    pub pieces: Quantity,
    /// What those lines came to.
    pub value: Money,
}

/// An order as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderSight<'a> {
    /// Its id; the event's where it has none.
    pub order: &'a str,
    /// When it was placed.
    pub at: EventTime,
    /// The event that placed it.
    pub event: EventId,
    /// Revenue.
    pub value: Money,
    /// In which currency.
    pub currency: NameId,
    /// One line a product.
    pub lines: SmallVec<[OrderLine; 4]>,
}

impl<'a> OrderSight<'a> {
    /// What rules see of an order.
    #[must_use]
    pub fn of(sale: &Sale, order: &'a str, event: EventId) -> OrderSight<'a> {
        let mut sight = OrderSight {
            order,
            at: sale.time,
            event,
            value: Money(clamp(sale.totals(false)[Field::Revenue])),
            currency: sale.names.currency,
            lines: SmallVec::new(),
        };
        sale.lines.iter().for_each(|line| sight.add(line));
        sight
    }

    fn add(&mut self, line: &SaleLine) {
        if line.kind != LineKind::Product || line.quantity.0 <= 0 {
            return;
        }
        let value = line
            .unit_price
            .map_or(0, |price| price.times(line.quantity));
        let product = line.names.product;
        match self.lines.iter_mut().find(|known| known.product == product) {
            Some(known) => {
                known.pieces.0 = known.pieces.0.saturating_add(line.quantity.0);
                known.value.0 = known.value.0.saturating_add(clamp(value));
            }
            None => self.lines.push(OrderLine {
                product,
                pieces: line.quantity,
                value: Money(clamp(value)),
            }),
        }
    }
}

fn clamp(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

/// An order that changed: as it was, as it is; nothing where there was none, or is none any more.
#[derive(Debug, Clone, Copy)]
pub struct OrderChange<'a> {
    /// Before.
    pub was: Option<&'a OrderSight<'a>>,
    /// Now.
    pub is: Option<&'a OrderSight<'a>>,
}

/// Tells what an order's change did to its alerts. Names of products are asked for only where one is told.
pub fn judge_order(
    desk: &StoreDesk,
    change: OrderChange<'_>,
    product_name: impl Fn(NameId) -> Arc<str>,
    out: &mut Verdicts,
) {
    for rule in desk.rules.iter() {
        let judge = |order: &OrderSight<'_>| order.judge(desk, rule, &product_name);
        let was = change.was.and_then(judge);
        let now = change.is.and_then(judge);
        if was != now {
            let was = was.as_ref().map(Finding::known);
            out.told.push(Told { was, now });
        }
    }
}

impl OrderSight<'_> {
    fn judge(
        &self,
        desk: &StoreDesk,
        rule: &Rule,
        product_name: impl Fn(NameId) -> Arc<str>,
    ) -> Option<Finding> {
        match &rule.condition {
            Condition::HighValue(limit) => self.high_value(desk, rule, limit),
            Condition::UnusualQuantity(limit) => {
                let most = self.most_of_one(limit, &product_name)?;
                Some(self.unusual_quantity(desk, rule, limit, most))
            }
            _ => None,
        }
    }

    fn finding(&self, desk: &StoreDesk, rule: &Rule, evidence: Evidence, amount: Money) -> Finding {
        let subject = Subject::of(desk.store, SubjectKind::Order, self.order);
        Finding {
            evidence: evidence.with_event(self.event),
            at_risk: Some(AtRisk {
                amount,
                currency: self.currency,
            }),
            ..Finding::new(desk, rule, subject, Occasion::Once).at(rule, self.at)
        }
    }

    fn high_value(&self, desk: &StoreDesk, rule: &Rule, limit: &HighValue) -> Option<Finding> {
        let is_high = self.currency == desk.currency && self.value > limit.above;
        is_high.then(|| {
            let numbers = [
                (Figure::OrderValue, self.value.0),
                (Figure::Limit, limit.above.0),
            ];
            self.finding(desk, rule, Evidence::of(&numbers), self.value)
        })
    }

    /// Of several products the one with the most pieces; of equal ones the last by name.
    fn most_of_one(
        &self,
        limit: &UnusualQuantity,
        product_name: impl Fn(NameId) -> Arc<str>,
    ) -> Option<(Arc<str>, OrderLine)> {
        let lines = self.lines.iter().filter(|line| line.pieces > limit.above);
        let named = lines.map(|line| (product_name(line.product), *line));
        named.max_by(|one, other| (one.1.pieces, &one.0).cmp(&(other.1.pieces, &other.0)))
    }

    fn unusual_quantity(
        &self,
        desk: &StoreDesk,
        rule: &Rule,
        limit: &UnusualQuantity,
        (product, line): (Arc<str>, OrderLine),
    ) -> Finding {
        let numbers = [
            (Figure::Pieces, line.pieces.0),
            (Figure::Limit, limit.above.0),
        ];
        let product = Subject {
            store: desk.store,
            kind: SubjectKind::Product,
            key: product,
        };
        Finding {
            with: Some(product),
            ..self.finding(desk, rule, Evidence::of(&numbers), line.value)
        }
    }
}
