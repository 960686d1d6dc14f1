//! Orders under watch: judged by themselves, and put among the orders of their customer, products and categories, by which
//! others are judged.

use super::{Known, Watch, bring};
use crate::rest::RestError;
use crate::rest::alerts::keys;
use analytics::alert::{
    Against, AtRisk, DailyKey, OrderChange, OrderSight, Point, Replaced, StoreDesk, Subject,
    SubjectKind, TrailKey, Verdicts, judge_order,
};
use analytics::cell::NameId;
use analytics::order::{OrderNews, Placed, Sale};
use analytics::session::Rank;
use analytics::tally::Field;
use event::{LineKind, Money};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Reads out of an order where it stands in histories, and as what.
type Histories = fn(&Side<'_>, Known<'_>) -> Vec<(TrailKey, Point)>;

/// Histories of single orders.
const TRAILS: [(Against, Histories); 2] = [
    (Against::Customer, of_customer),
    (Against::Product, of_products),
];
/// Histories of whole days.
const DAYS: [(Against, Histories); 2] = [
    (Against::Category, of_categories),
    (Against::Store, of_store),
];

/// One side of a change: an order as it was, or as it is.
struct Side<'a> {
    sight: OrderSight<'a>,
    rank: Rank,
    sale: &'a Sale,
}

impl Watch {
    pub(super) fn observe_order(
        &mut self,
        news: &OrderNews,
        known: Known<'_>,
        out: &mut Verdicts,
    ) -> Result<(), RestError> {
        let Some((_, sale)) = news.is.as_ref().or(news.was.as_ref()) else {
            return Ok(());
        };
        let Some(desk) = self.desk(sale.names.store, known).cloned() else {
            return Ok(());
        };
        let was = news.was.as_ref().and_then(|was| Side::of(was, &news.order));
        let is = news.is.as_ref().and_then(|is| Side::of(is, &news.order));
        let change = OrderChange {
            was: was.as_ref().map(|side| &side.sight),
            is: is.as_ref().map(|side| &side.sight),
        };
        judge_order(&desk, change, |id| known.product(id), out);
        let both = (was.as_ref(), is.as_ref());
        let points = |histories: Histories| {
            let of = |side: Option<&Side<'_>>| -> BTreeMap<TrailKey, Point> {
                side.map(|side| histories(side, known))
                    .unwrap_or_default()
                    .into_iter()
                    .collect()
            };
            (of(both.0), of(both.1))
        };
        for (_, histories) in TRAILS.iter().filter(|(of, _)| desk.asks_for(*of)) {
            let (was, is) = points(*histories);
            self.put_into_trails(&news.order, was, is)?;
        }
        for (_, histories) in DAYS.iter().filter(|(of, _)| desk.asks_for(*of)) {
            let (was, is) = points(*histories);
            self.put_into_days(&desk, was, is)?;
        }
        Ok(())
    }

    fn put_into_trails(
        &mut self,
        order: &str,
        was: BTreeMap<TrailKey, Point>,
        mut is: BTreeMap<TrailKey, Point>,
    ) -> Result<(), RestError> {
        let keys: BTreeSet<TrailKey> = was.keys().chain(is.keys()).cloned().collect();
        for key in keys {
            bring(
                &mut self.trails.kept,
                key.clone(),
                &self.at_rest,
                keys::trail,
            )?;
            let _ = self.trails.put(&key, order, is.remove(&key));
        }
        Ok(())
    }

    fn put_into_days(
        &mut self,
        desk: &StoreDesk,
        was: BTreeMap<TrailKey, Point>,
        is: BTreeMap<TrailKey, Point>,
    ) -> Result<(), RestError> {
        let keys: BTreeSet<&TrailKey> = was.keys().chain(is.keys()).collect();
        for key in keys {
            let days = DailyKey {
                subject: key.subject.clone(),
                currency: key.currency,
            };
            bring(
                &mut self.daily.kept,
                days.clone(),
                &self.at_rest,
                keys::days,
            )?;
            let replaced = Replaced {
                was: was.get(key),
                is: is.get(key),
            };
            let _ = self.daily.replace(&days, &desk.calendar, replaced);
        }
        Ok(())
    }
}

impl<'a> Side<'a> {
    /// Nothing of an order without a line of positive value: it is none.
    fn of((rank, sale): &'a Placed, order: &'a str) -> Option<Side<'a>> {
        let (time, id) = *rank;
        let is_order = sale.totals(false)[Field::Orders] > 0;
        is_order.then(|| Side {
            sight: OrderSight::of(sale, order, id),
            rank: Rank {
                time,
                position: 0,
                id,
            },
            sale,
        })
    }

    fn point(&self, value: i64, worth: Money) -> Point {
        Point {
            rank: self.rank,
            order: Arc::from(self.sight.order),
            value,
            worth: Some(AtRisk {
                amount: worth,
                currency: self.sight.currency,
            }),
        }
    }

    fn key(&self, kind: SubjectKind, key: &str, currency: NameId) -> TrailKey {
        TrailKey {
            subject: Subject::of(self.sale.names.store, kind, key),
            currency,
        }
    }
}

fn of_customer(side: &Side<'_>, _: Known<'_>) -> Vec<(TrailKey, Point)> {
    let value = side.sight.value;
    let customer = side.sale.customer_id.as_deref();
    let key = customer.map(|id| side.key(SubjectKind::Customer, id, side.sight.currency));
    let point = key.map(|key| (key, side.point(value.0, value)));
    point.into_iter().collect()
}

fn of_products(side: &Side<'_>, known: Known<'_>) -> Vec<(TrailKey, Point)> {
    let named = side
        .sight
        .lines
        .iter()
        .filter(|line| line.product != NameId(0));
    let point = |line: &analytics::alert::OrderLine| {
        let name = known.product(line.product);
        let key = side.key(SubjectKind::Product, &name, NameId(0));
        (key, side.point(line.pieces.0, line.value))
    };
    named.map(point).collect()
}

fn of_categories(side: &Side<'_>, known: Known<'_>) -> Vec<(TrailKey, Point)> {
    let mut sums: BTreeMap<NameId, i64> = BTreeMap::new();
    for line in &side.sale.lines {
        let is_sold = line.kind == LineKind::Product && line.quantity.0 > 0;
        if let Some(price) = line.unit_price.filter(|_| is_sold) {
            let worth = i64::try_from(price.times(line.quantity)).unwrap_or(i64::MAX);
            let sum = sums.entry(line.names.category).or_default();
            *sum = sum.saturating_add(worth);
        }
    }
    sums.remove(&NameId(0));
    let point = |(category, sum): (NameId, i64)| {
        let name = known.name(category);
        let key = side.key(SubjectKind::Category, &name, side.sight.currency);
        (key, side.point(sum, Money(sum)))
    };
    sums.into_iter().map(point).collect()
}

fn of_store(side: &Side<'_>, known: Known<'_>) -> Vec<(TrailKey, Point)> {
    let name = known.name(side.sale.names.store);
    let key = side.key(SubjectKind::Store, &name, side.sight.currency);
    vec![(key, side.point(side.sight.value.0, side.sight.value))]
}
