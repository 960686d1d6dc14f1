//! How customers score: their values under the cut points that were told last, and what each segment comes to. Where the
//! points lie is decided by the line once a day; a score is made when it is asked for.

#[cfg(test)]
mod tests;

use crate::customers::{Customer, CustomerList};
use crate::tables::{LiveTables, RowReader};
use analytics::customer::rfm::{Boundary, CutPoints, Cuts, Day, Fifths, Scores, Segments, Values};
use changelog::{Change, Value};
use event::derive::day_number;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Days whose cut points are held for a store: the newest counts, and the one before it if an import is undone.
const DAYS_MAX: usize = 8;
/// Ten-thousandths of a fifth, as rows tell cut points.
const FIFTH: i128 = 10_000 / 5;

/// The cut points of a store's day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreCuts {
    /// The points.
    pub points: CutPoints,
    /// Customers that were cut into fifths.
    pub customers: i64,
    /// In which their money is.
    pub currency: Arc<str>,
}

impl StoreCuts {
    fn read(day: Day, values: &[Value]) -> Option<StoreCuts> {
        let mut row = RowReader(values);
        let (customers, boundary, currency) = (row.int()?, row.text()?, row.text()?.clone());
        let boundary = Boundary::ALL.iter().find(|(name, _)| **name == **boundary);
        let boundary = boundary?.1;
        let mut points = [Fifths(0); 12];
        for (at, point) in points.iter_mut().enumerate() {
            let told = row.decimal()?;
            *point = match at {
                0..8 => Fifths(told.div_euclid(FIFTH)),
                _ => Fifths::whole(i64::try_from(told).ok()?),
            };
        }
        let cuts = |of: usize| Cuts([0, 1, 2, 3].map(|at| points[4 * of + at]));
        let points = CutPoints {
            day,
            recency: cuts(0),
            frequency: cuts(1),
            monetary: cuts(2),
            boundary,
        };
        Some(StoreCuts {
            points,
            customers,
            currency,
        })
    }
}

/// Cut points by store and day.
#[derive(Debug, Default)]
pub(crate) struct CutTable(HashMap<Arc<str>, BTreeMap<Day, Arc<StoreCuts>>>);

impl CutTable {
    /// Takes in a row; false where it does not have the form of its table.
    pub(crate) fn apply(&mut self, change: &Change) -> bool {
        let [Value::Text(store), Value::Int(day)] = &*change.key else {
            return false;
        };
        let days = self.0.entry(Arc::clone(store)).or_default();
        let Some(values) = &change.values else {
            days.remove(&Day(*day));
            return true;
        };
        let Some(cuts) = StoreCuts::read(Day(*day), values) else {
            return false;
        };
        days.insert(Day(*day), Arc::new(cuts));
        if days.len() > DAYS_MAX {
            days.pop_first();
        }
        true
    }

    fn newest(&self, store: &str) -> Option<Arc<StoreCuts>> {
        let (_, cuts) = self.0.get(store)?.last_key_value()?;
        Some(Arc::clone(cuts))
    }
}

/// By what a customer is scored, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rfm {
    /// Whole days from the last order to the day of the cut points, or to today where there are none yet.
    pub recency_days: Option<i64>,
    /// Distinct orders.
    pub frequency: i64,
    /// In the store's currency.
    pub monetary: i128,
    /// Nothing without an order, or without cut points.
    pub scores: Option<Scores>,
    /// Nothing where somebody ordered and there are no cut points.
    pub segment: Option<Arc<str>>,
}

/// What a segment comes to. Money is in the store's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentFigures {
    /// Its name.
    pub name: Arc<str>,
    /// Its customers.
    pub customers: i64,
    /// Their orders.
    pub orders: i64,
    /// What orders in the store's currency brought in.
    pub revenue: i128,
    /// Without fees, minus what was given back.
    pub net: i128,
}

/// All segments of a store.
#[derive(Debug, Clone, Default)]
pub struct SegmentList {
    /// In the order of the table; who never ordered comes last.
    pub segments: Vec<SegmentFigures>,
    /// Customers who ordered and have no scores, since there are no cut points yet.
    pub unscored: i64,
    /// Whether there are more customers than are held: those seen longest ago are missing.
    pub is_partial: bool,
}

/// What scores the customers of one store.
struct Scorer<'a> {
    live: &'a LiveTables,
    store: &'a str,
    cuts: Option<Arc<StoreCuts>>,
    segments: &'a Segments,
}

impl Scorer<'_> {
    fn rfm(&self, customer: &Customer) -> Rfm {
        let zone = &self.live.stores().get(self.store).zone;
        let last = (customer.last_order).map(|last| Day(day_number(last, zone)));
        let orders = u64::try_from(customer.orders).unwrap_or(0);
        let values = last.map(|last| Values::new(last, orders, customer.net));
        let cuts = self.cuts.as_ref();
        let scores = cuts.zip(values.as_ref());
        let scores = scores.map(|(cuts, values)| cuts.points.scores(values));
        let is_known = scores.is_some() || values.is_none();
        Rfm {
            recency_days: match (cuts, last) {
                (Some(cuts), Some(last)) => Some(cuts.points.day.since(last)),
                _ => self.live.days_since_order(self.store, customer),
            },
            frequency: customer.orders,
            monetary: customer.net,
            scores,
            segment: is_known.then(|| Arc::from(self.segments.of(scores))),
        }
    }
}

impl LiveTables {
    fn scorer<'a>(&'a self, store: &'a str) -> Scorer<'a> {
        Scorer {
            live: self,
            store,
            cuts: self.cut_points(store),
            segments: &self.stores().get(store).segments,
        }
    }

    /// The cut points that stand for a store.
    #[must_use]
    pub fn cut_points(&self, store: &str) -> Option<Arc<StoreCuts>> {
        self.shared.cuts.read().newest(store)
    }

    /// How a customer scores.
    #[must_use]
    pub fn rfm(&self, store: &str, customer: &Customer) -> Rfm {
        self.scorer(store).rfm(customer)
    }

    /// Of these customers of a store those in one segment.
    #[must_use]
    pub fn in_segment(&self, store: &str, segment: &str, mut list: CustomerList) -> CustomerList {
        let scorer = self.scorer(store);
        (list.customers).retain(|one| scorer.rfm(one).segment.as_deref() == Some(segment));
        list
    }

    /// What each segment of a store comes to.
    #[must_use]
    pub fn segments(&self, store: &str) -> SegmentList {
        let scorer = self.scorer(store);
        let none = |name: &str| SegmentFigures {
            name: Arc::from(name),
            customers: 0,
            orders: 0,
            revenue: 0,
            net: 0,
        };
        let mut list = SegmentList {
            segments: scorer.segments.names().map(none).collect(),
            ..SegmentList::default()
        };
        let held = self.customers_held(store);
        list.is_partial = held.is_partial;
        for customer in &held.customers {
            let segment = scorer.rfm(customer).segment;
            let known = |one: &&mut SegmentFigures| segment.as_ref() == Some(&one.name);
            match list.segments.iter_mut().find(known) {
                Some(figures) => {
                    figures.customers += 1;
                    figures.orders += customer.orders;
                    figures.revenue += customer.revenue;
                    figures.net += customer.net;
                }
                None => list.unscored += 1,
            }
        }
        list
    }
}
