//! Rows of cubes merged into groups: one for each window, value and currency of the answer.
//! Sums are added and sketches merged here; nothing is divided or estimated yet.

use super::QueryError;
use super::plan::{Part, Plan, Source, Width};
use super::range::{Shift, Span, tiles};
use crate::cells::{RowKey, RowNumber, Slice, Window};
use crate::tables::LiveTables;
use crate::texts::TextId;
use analytics::window::Grain;
use analytics::{Distinct, Quantiles};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Groups of one question at most, before they are ordered and cut: about 200 MB of a wide one.
pub(crate) const GROUPS_MAX: usize = 1_000_000;

/// What tells rows of an answer apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct GroupKey {
    /// Start of the window; 0 where there is one row for the whole range.
    pub(crate) window: i64,
    pub(crate) value: TextId,
    pub(crate) currency: TextId,
}

/// Merged rows.
pub(crate) struct Groups {
    width: Width,
    index: HashMap<GroupKey, u32, FixedState>,
    keys: Vec<GroupKey>,
    sums: Vec<i128>,
    distincts: Vec<Distinct>,
    order_values: Vec<Quantiles>,
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
    fn new(width: Width) -> Groups {
        Groups {
            width,
            index: HashMap::default(),
            keys: Vec::new(),
            sums: Vec::new(),
            distincts: Vec::new(),
            order_values: Vec::new(),
        }
    }

    /// Keys of the groups, by number.
    pub(crate) fn keys(&self) -> &[GroupKey] {
        &self.keys
    }

    pub(crate) fn find(&self, key: GroupKey) -> Option<u32> {
        self.index.get(&key).copied()
    }

    pub(crate) fn sum(&self, group: u32, column: usize) -> i128 {
        self.sums[group as usize * self.width.sums + column]
    }

    pub(crate) fn distinct(&self, group: u32, column: usize) -> &Distinct {
        &self.distincts[group as usize * self.width.distincts + column]
    }

    pub(crate) fn order_values(&self, group: u32) -> &Quantiles {
        &self.order_values[group as usize]
    }

    fn group(&mut self, key: GroupKey) -> Result<usize, QueryError> {
        if let Some(group) = self.index.get(&key) {
            return Ok(*group as usize);
        }
        let group = self.keys.len();
        if group == GROUPS_MAX {
            return Err(QueryError::TooManyRows { limit: GROUPS_MAX });
        }
        self.index.insert(key, group as u32);
        self.keys.push(key);
        self.sums.resize(self.sums.len() + self.width.sums, 0);
        self.distincts.resize_with(
            self.distincts.len() + self.width.distincts,
            Distinct::default,
        );
        if self.width.has_order_values {
            self.order_values.push(Quantiles::default());
        }
        Ok(group)
    }

    /// Adds a row of a cube to a group.
    fn merge(&mut self, group: usize, source: &Source, slice: &Slice, row: RowNumber) {
        for (field, column) in &source.sums {
            self.sums[group * self.width.sums + column] += slice.sum(row, *field);
        }
        for (index, column) in &source.distincts {
            // Bytes that are no sketch cannot come from our own publisher; they count nobody.
            let sketch = slice
                .sketch(row, *index)
                .and_then(|bytes| Distinct::from_bytes(bytes).ok());
            if let Some(sketch) = sketch {
                self.distincts[group * self.width.distincts + column].merge(&sketch);
            }
        }
        if let Some(index) = source.order_values {
            let sketch = slice
                .sketch(row, index)
                .and_then(|bytes| Quantiles::from_bytes(bytes).ok());
            if let Some(sketch) = sketch {
                self.order_values[group].merge(&sketch);
            }
        }
    }
}

/// Merges every row of a span that the plan asks for; `shift` lays their windows onto those of another span.
pub(crate) fn gather(
    live: &LiveTables,
    plan: &Plan,
    span: Span,
    shift: Option<Shift>,
) -> Result<GroupSets, QueryError> {
    let mut sets = GroupSets {
        by_currency: Groups::new(plan.width(Part::ByCurrency)),
        plain: Groups::new(plan.width(Part::Plain)),
    };
    for source in &plan.sources {
        let groups = match source.part {
            Part::ByCurrency => &mut sets.by_currency,
            Part::Plain => &mut sets.plain,
        };
        Gathering {
            plan,
            source,
            shift,
            groups,
        }
        .gather(live, span)?;
    }
    Ok(sets)
}

struct Gathering<'a> {
    plan: &'a Plan,
    source: &'a Source,
    shift: Option<Shift>,
    groups: &'a mut Groups,
}

impl Gathering<'_> {
    fn gather(&mut self, live: &LiveTables, span: Span) -> Result<(), QueryError> {
        let of_window = self.plan.of_window;
        let bounds = [self.plan.granularity, of_window.map(|of| of.coarsest())];
        let suits = |grain: &Grain| bounds.iter().flatten().all(|bound| grain <= bound);
        let grains: Vec<Grain> = self
            .source
            .cube
            .grains
            .iter()
            .copied()
            .filter(suits)
            .collect();
        let table = live.shared.cube(self.source.id).read();
        for tile in tiles(&self.plan.calendar, &grains, span) {
            let Some(slice) = table.slice(self.plan.store, tile.grain) else {
                continue;
            };
            for (start, window) in slice.windows(tile.span.from..tile.span.to) {
                let of_window = of_window.map(|of| of.at(&self.plan.calendar, start));
                let start = self.group_window(tile.grain, start);
                self.merge_window(slice, window, (start, of_window))?;
            }
        }
        Ok(())
    }

    /// The window of the answer that a row's window lies in.
    fn group_window(&self, grain: Grain, start: i64) -> i64 {
        let Some(granularity) = self.plan.granularity else {
            return 0;
        };
        let calendar = &self.plan.calendar;
        let start = if grain == granularity {
            start
        } else {
            calendar
                .window_start(granularity, event::EventTime(start))
                .0
        };
        self.shift
            .map_or(start, |shift| shift.onto(calendar, granularity, start))
    }

    fn merge_window(
        &mut self,
        slice: &Slice,
        window: &Window,
        group: (i64, Option<TextId>),
    ) -> Result<(), QueryError> {
        let values = match (&self.plan.values, group.1) {
            (Some(values), Some(value)) if !values.contains(&value) => return Ok(()),
            (Some(values), None) => values,
            _ => {
                return window
                    .rows()
                    .try_for_each(|(key, row)| self.merge_row(slice, group, key, row));
            }
        };
        for value in values {
            for currency in slice.currencies() {
                let key = RowKey {
                    value: *value,
                    currency: *currency,
                };
                if let Some(row) = window.find(key) {
                    self.merge_row(slice, group, key, row)?;
                }
            }
        }
        Ok(())
    }

    fn merge_row(
        &mut self,
        slice: &Slice,
        (window, of_window): (i64, Option<TextId>),
        key: RowKey,
        row: RowNumber,
    ) -> Result<(), QueryError> {
        let is_other_currency = self.source.cube.has_currency
            && self.plan.currency.is_some_and(|kept| kept != key.currency);
        if is_other_currency {
            return Ok(());
        }
        let currency = if self.source.part == Part::ByCurrency {
            key.currency
        } else {
            TextId::NONE
        };
        let group = self.groups.group(GroupKey {
            window,
            value: of_window.unwrap_or(key.value),
            currency,
        })?;
        self.groups.merge(group, self.source, slice, row);
        Ok(())
    }
}
