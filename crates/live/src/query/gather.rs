//! Rows of cubes merged into groups: one for each window, value and currency of the answer.
//! Sums are added and sketches merged here; nothing is divided or estimated yet.

use super::QueryError;
use super::plan::{Part, Plan, Source, Width};
use super::range::{Shift, Span, Tile, tiles};
use crate::cells::{RowKey, RowNumber, Slice, Window};
use crate::tables::LiveTables;
use crate::texts::{KnownTexts, TextId};
use analytics::window::Grain;
use analytics::{Distinct, Quantiles};
use changelog::{RestingRow, TablePart};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::sync::Arc;

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
    fn merge(&mut self, group: usize, source: &Source, row: &impl RowNumbers) {
        for (field, column) in &source.sums {
            self.sums[group * self.width.sums + column] += row.sum(*field);
        }
        for (index, column) in &source.distincts {
            // Bytes that are no sketch cannot come from our own publisher; they count nobody.
            let sketch = row
                .sketch(*index)
                .and_then(|bytes| Distinct::from_bytes(bytes).ok());
            if let Some(sketch) = sketch {
                self.distincts[group * self.width.distincts + column].merge(&sketch);
            }
        }
        if let Some(index) = source.order_values {
            let sketch = row
                .sketch(index)
                .and_then(|bytes| Quantiles::from_bytes(bytes).ok());
            if let Some(sketch) = sketch {
                self.order_values[group].merge(&sketch);
            }
        }
    }
}

/// A row of a cube, wherever it lies.
trait RowNumbers {
    fn sum(&self, field: usize) -> i128;
    fn sketch(&self, index: usize) -> Option<&[u8]>;
}

/// A row in memory.
struct SliceRow<'a>(&'a Slice, RowNumber);

impl RowNumbers for SliceRow<'_> {
    fn sum(&self, field: usize) -> i128 {
        self.0.sum(self.1, field)
    }

    fn sketch(&self, index: usize) -> Option<&[u8]> {
        self.0.sketch(self.1, index)
    }
}

impl RowNumbers for RestingRow<'_> {
    fn sum(&self, field: usize) -> i128 {
        self.sums[field]
    }

    fn sketch(&self, index: usize) -> Option<&[u8]> {
        Some(self.sketches[index])
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
            let slice = table.slice(self.plan.store, tile.grain);
            self.gather_at_rest(live, slice, &tile)?;
            let Some(slice) = slice else {
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

    /// Merges rows of a tile that are not in memory.
    fn gather_at_rest(
        &mut self,
        live: &LiveTables,
        slice: Option<&Slice>,
        tile: &Tile,
    ) -> Result<(), QueryError> {
        let to = slice.map_or(i64::MAX, Slice::at_rest_to).min(tile.span.to);
        let Some(at_rest) = live.shared.at_rest.read().clone() else {
            return Ok(());
        };
        if tile.span.from >= to || self.source.cube.kept_micros.is_some() {
            return Ok(());
        }
        let mut texts = KnownTexts::new(&live.shared.texts);
        let Some(store) = texts.text(self.plan.store) else {
            return Ok(());
        };
        let part = TablePart {
            table: self.source.cube.table,
            store: &store,
            grain: tile.grain.name(),
        };
        let of_window = self.plan.of_window;
        let values = self.plan.values.as_ref().filter(|_| of_window.is_none());
        let values: Option<Vec<Option<Arc<str>>>> =
            values.map(|values| values.iter().map(|value| texts.text(*value)).collect());
        let mut outcome = Ok(());
        let mut take = |row: RestingRow<'_>| {
            let key = RowKey {
                value: texts.id(row.value),
                currency: texts.id(row.currency),
            };
            let is_above = slice.is_some_and(|slice| slice.is_above(row.window, key));
            if outcome.is_err() || is_above {
                return;
            }
            let of_window = of_window.map(|of| of.at(&self.plan.calendar, row.window));
            if let (Some(values), Some(value)) = (&self.plan.values, of_window)
                && !values.contains(&value)
            {
                return;
            }
            let window = self.group_window(tile.grain, row.window);
            outcome = self.merge_row((window, of_window), key, &row);
        };
        let read = at_rest.rows(&part, tile.span.from..to, values.as_deref(), &mut take);
        read.map_err(|error| QueryError::AtRest {
            why: error.to_string(),
        })?;
        outcome
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
                    .try_for_each(|(key, row)| self.merge_row(group, key, &SliceRow(slice, row)));
            }
        };
        for value in values {
            for currency in slice.currencies() {
                let key = RowKey {
                    value: *value,
                    currency: *currency,
                };
                if let Some(row) = window.find(key) {
                    self.merge_row(group, key, &SliceRow(slice, row))?;
                }
            }
        }
        Ok(())
    }

    fn merge_row(
        &mut self,
        (window, of_window): (i64, Option<TextId>),
        key: RowKey,
        row: &impl RowNumbers,
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
        self.groups.merge(group, self.source, row);
        Ok(())
    }
}
