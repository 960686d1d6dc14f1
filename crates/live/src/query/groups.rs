//! What rows are made of, one group each: numbers only, the sketches behind them are read by now.
//! Nothing is divided yet.

use super::QueryError;
use super::plan::{Part, Width};
use crate::texts::TextId;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Groups of one question at most, before they are ordered and cut: about 200 MB of a wide one.
pub(crate) const GROUPS_MAX: usize = 1_000_000;

/// What tells rows of an answer apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct GroupKey {
    /// Start of the window, end of a sliding one; 0 where there is one row for the whole range.
    pub(crate) window: i64,
    pub(crate) value: TextId,
    pub(crate) currency: TextId,
}

/// Keys in the order they were met, each with a number.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    index: HashMap<GroupKey, u32, FixedState>,
    keys: Vec<GroupKey>,
}

impl Keys {
    pub(crate) fn all(&self) -> &[GroupKey] {
        &self.keys
    }

    pub(crate) fn find(&self, key: GroupKey) -> Option<u32> {
        self.index.get(&key).copied()
    }

    /// Gives a key that is not there yet its number.
    pub(crate) fn add(&mut self, key: GroupKey) -> Result<(), QueryError> {
        if self.keys.len() == GROUPS_MAX {
            return Err(QueryError::TooManyRows { limit: GROUPS_MAX });
        }
        self.index.insert(key, self.keys.len() as u32);
        self.keys.push(key);
        Ok(())
    }
}

/// Groups, as figures are made of them.
#[derive(Debug)]
pub(crate) struct Groups {
    pub(crate) width: Width,
    pub(crate) keys: Keys,
    pub(crate) sums: Vec<i128>,
    pub(crate) estimates: Vec<u64>,
    /// For each group a value for each quantile asked for.
    pub(crate) order_values: Vec<Option<i64>>,
}

/// The groups of a question: those told apart by currency, and the others.
pub(crate) struct GroupSets {
    pub(crate) by_currency: Groups,
    pub(crate) plain: Groups,
}

impl GroupSets {
    pub(crate) fn part(&self, part: Part) -> &Groups {
        match part {
            Part::ByCurrency => &self.by_currency,
            Part::Plain => &self.plain,
        }
    }
}

impl Groups {
    pub(crate) fn new(width: Width) -> Groups {
        Groups {
            width,
            keys: Keys::default(),
            sums: Vec::new(),
            estimates: Vec::new(),
            order_values: Vec::new(),
        }
    }

    /// Keys of the groups, by number.
    pub(crate) fn keys(&self) -> &[GroupKey] {
        self.keys.all()
    }

    pub(crate) fn find(&self, key: GroupKey) -> Option<u32> {
        self.keys.find(key)
    }

    pub(crate) fn sum(&self, group: u32, column: usize) -> i128 {
        self.sums[group as usize * self.width.sums + column]
    }

    pub(crate) fn estimate(&self, group: u32, column: usize) -> u64 {
        self.estimates[group as usize * self.width.distincts + column]
    }

    pub(crate) fn order_value(&self, group: u32, column: usize) -> Option<i64> {
        self.order_values[group as usize * self.width.order_values + column]
    }
}
