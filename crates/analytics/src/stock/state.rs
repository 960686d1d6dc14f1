//! All that is known of one product's stock: lanes of its warehouses, goods that went and came, and the interest in it.

use super::course::Course;
use super::movement::{Feed, Goods, Interest, Said};
use super::{Lane, Rules, Warehouse};
use crate::ladder::{Ladder, Rungs};
use event::time::MINUTE;
use event::{EventTime, Quantity};

/// One product, at rest and in memory. Equal sets of movements give equal states, in whatever order they came, until an
/// order is taken back of which an instant beyond the finest rung remembers that it was there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProductStock {
    /// By warehouse, in the order of their hashes.
    pub lanes: Vec<Lane>,
    /// What left and came, of all warehouses.
    pub goods: Ladder<EventTime, Goods>,
    /// Views and carts, by the minute: a product that is looked at all day takes no more than one that is looked at now
    /// and then, and a shelf is not empty for seconds.
    pub interest: Ladder<EventTime, Interest>,
    /// Movements of warehouses beyond [`super::WAREHOUSES_MAX`]; the level is without them.
    pub set_aside: u64,
}

impl ProductStock {
    /// A change by nothing says nothing. Returns the warehouse that is left out because there are too many.
    pub(super) fn observe(&mut self, feed: &Feed, rules: &Rules) -> Option<Warehouse> {
        if feed.said == Said::Change(Quantity(0)) {
            return None;
        }
        let wanted = feed.warehouse;
        let at = (self.lanes).partition_point(|lane| lane.warehouse.hash < wanted.hash);
        match self.lanes.get_mut(at) {
            Some(lane) if lane.warehouse.hash == wanted.hash => lane.observe(feed, &rules.rungs),
            _ => {
                let mut lane = Lane::new(wanted);
                lane.observe(feed, &rules.rungs);
                // Most products lie in one warehouse.
                self.lanes.reserve_exact(usize::from(self.lanes.is_empty()));
                self.lanes.insert(at, lane);
            }
        }
        if self.lanes.len() > rules.warehouses_max {
            // The largest hash: it will never be among the smallest again.
            let left_out = self.lanes.pop()?;
            self.set_aside += left_out.told;
            return Some(left_out.warehouse);
        }
        None
    }

    /// The interest that says something: what was not sold for want of stock is known only where the shop tells of stock.
    pub(super) fn telling_interest(&self) -> Option<&Ladder<EventTime, Interest>> {
        (!self.lanes.is_empty()).then_some(&self.interest)
    }

    pub(super) fn add_interest(&mut self, time: EventTime, interest: Interest, rungs: &Rungs) {
        let minute = time.0.saturating_sub(time.0.rem_euclid(MINUTE));
        self.interest.add(EventTime(minute), interest, rungs);
    }

    /// Whether the shop sends changes of the level by themselves.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.lanes.iter().any(|lane| !lane.changes.is_empty())
    }

    /// Whether the shop sends levels.
    #[must_use]
    pub fn has_reports(&self) -> bool {
        self.lanes.iter().any(|lane| !lane.reports.is_empty())
    }

    /// When anything was first known of the product.
    #[must_use]
    pub fn first_time(&self) -> Option<EventTime> {
        let lanes = self.lanes.iter().filter_map(Lane::first_time);
        let interest = self.telling_interest().and_then(Ladder::first_time);
        lanes.chain(self.goods.first_time()).chain(interest).min()
    }

    /// How the level went.
    #[must_use]
    pub fn course(&self, rules: &Rules) -> Course {
        Course::of(self, rules)
    }
}
