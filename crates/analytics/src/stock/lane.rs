//! A lane: what the shop said of one product in one warehouse. Its level is the last report and the changes after it.

use super::movement::{Feed, Said};
use super::row::saturated;
use super::{StockKey, WarehouseRow};
use crate::cell::NameId;
use crate::ladder::{Ladder, Rungs, Value};
use crate::session::Rank;
use event::{EventTime, KeyKind, Quantity, key_hash};

/// A warehouse. Ordered by the hash, which is the same in every process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Warehouse {
    /// Tells warehouses of one store apart.
    pub hash: u64,
    /// The name; 0 where none was said.
    pub name: NameId,
}

impl Warehouse {
    /// The warehouse of this name, which the caller knows by an id; where none is named, the one without a name.
    #[must_use]
    pub fn of(store: &str, named: Option<(&str, NameId)>) -> Warehouse {
        named.map_or_else(Warehouse::default, |(text, name)| Warehouse {
            hash: key_hash(store, KeyKind::Value, text.as_bytes()),
            name,
        })
    }
}

/// A level that was reported. Of several in one slot the last in the canonical order stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Report {
    /// Whose report; nothing only where there is none.
    pub rank: Option<Rank>,
    /// So many are there.
    pub level: Quantity,
}

impl Value for Report {
    fn merge(&mut self, other: &Self) {
        *self = (*self).max(*other);
    }

    fn is_nothing(&self) -> bool {
        self.rank.is_none()
    }
}

/// Changes of a level, added up; ten-thousandths of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moved(pub i128);

impl Value for Moved {
    fn merge(&mut self, other: &Self) {
        self.0 = self.0.saturating_add(other.0);
    }

    fn is_nothing(&self) -> bool {
        self.0 == 0
    }
}

/// What was said of one product in one warehouse. Reports and changes are kept apart, so that many changes never hide a
/// report: a report keeps its exact place as long as it is among the last of its second, minute and so on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lane {
    /// Which warehouse.
    pub warehouse: Warehouse,
    /// Events that said something.
    pub told: u64,
    /// Levels.
    pub reports: Ladder<Rank, Report>,
    /// Changes that came without a level.
    pub changes: Ladder<Rank, Moved>,
}

impl Lane {
    pub(super) fn new(warehouse: Warehouse) -> Lane {
        Lane {
            warehouse,
            ..Lane::default()
        }
    }

    pub(super) fn observe(&mut self, feed: &Feed, rungs: &Rungs) {
        self.told += 1;
        match feed.said {
            Said::Level(level) => {
                let rank = Some(feed.rank);
                (self.reports).add(feed.rank, Report { rank, level }, rungs);
            }
            Said::Change(by) => {
                (self.changes).add(feed.rank, Moved(i128::from(by.0)), rungs);
            }
        }
    }

    /// The last report in the canonical order.
    #[must_use]
    pub fn last_report(&self) -> Option<(Rank, Quantity)> {
        let (_, last) = self.reports.newest().next()?;
        Some((last.rank?, last.level))
    }

    /// What this warehouse has by what the shop said: no order says from which warehouse it is sent.
    #[must_use]
    pub fn level(&self) -> i128 {
        let last = self.last_report();
        let is_later = |rank: &Rank| last.is_none_or(|(report, _)| *rank > report);
        let level = last.map_or(0, |(_, level)| i128::from(level.0));
        let changes = self.changes.iter().filter(|(rank, _)| is_later(rank));
        changes.fold(level, |level, (_, change)| level.saturating_add(change.0))
    }

    /// When the shop first said something.
    pub(super) fn first_time(&self) -> Option<EventTime> {
        let firsts = [self.reports.first_time(), self.changes.first_time()];
        firsts.into_iter().flatten().min()
    }

    pub(super) fn row(&self, key: StockKey) -> WarehouseRow {
        let last = self.last_report();
        WarehouseRow {
            key,
            warehouse: self.warehouse.name,
            level: saturated(self.level()),
            reported_at: last.map(|(rank, _)| rank.time),
            told: self.told,
        }
    }
}
