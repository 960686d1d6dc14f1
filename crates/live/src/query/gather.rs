//! Rows of cubes merged into groups: one for each window, value and currency of the answer, or for each step of it
//! where windows slide. Sums are added and sketches merged here; nothing is divided or estimated yet.

use super::QueryError;
use super::groups::{GroupKey, GroupSets, Groups, Keys};
use super::plan::{Part, Plan, Source, Width};
use super::range::{Shift, Span, Tile, tiles};
use super::resting::Resting;
use super::steps::Steps;
use crate::cells::{CubeTable, RowKey, RowNumber, Slice, Window};
use crate::tables::LiveTables;
use crate::texts::TextId;
use analytics::window::Grain;
use analytics::{Distinct, Quantiles};
use changelog::RestingRow;

/// Merged rows, with their sketches.
pub(crate) struct Merged {
    pub(crate) width: Width,
    keys: Keys,
    sums: Vec<i128>,
    distincts: Vec<Distinct>,
    order_values: Vec<Quantiles>,
}

/// Merged rows of a question: those told apart by currency, and the others.
pub(crate) struct MergedSets {
    pub(crate) by_currency: Merged,
    pub(crate) plain: Merged,
}

impl MergedSets {
    fn new(plan: &Plan) -> MergedSets {
        MergedSets {
            by_currency: Merged::new(plan.width(Part::ByCurrency)),
            plain: Merged::new(plan.width(Part::Plain)),
        }
    }

    fn part(&mut self, part: Part) -> &mut Merged {
        match part {
            Part::ByCurrency => &mut self.by_currency,
            Part::Plain => &mut self.plain,
        }
    }

    /// Reads every sketch.
    pub(crate) fn read(self, plan: &Plan) -> GroupSets {
        GroupSets {
            by_currency: self.by_currency.read(&plan.quantiles),
            plain: self.plain.read(&plan.quantiles),
        }
    }
}

impl Merged {
    fn new(width: Width) -> Merged {
        Merged {
            width,
            keys: Keys::default(),
            sums: Vec::new(),
            distincts: Vec::new(),
            order_values: Vec::new(),
        }
    }

    /// Keys of the groups, by number.
    pub(crate) fn keys(&self) -> &[GroupKey] {
        self.keys.all()
    }

    /// The sums of a group.
    pub(crate) fn sums(&self, group: u32) -> &[i128] {
        let start = group as usize * self.width.sums;
        &self.sums[start..start + self.width.sums]
    }

    pub(crate) fn distinct(&self, group: u32, column: usize) -> &Distinct {
        &self.distincts[group as usize * self.width.distincts + column]
    }

    pub(crate) fn order_values(&self, group: u32) -> &Quantiles {
        &self.order_values[group as usize]
    }

    fn read(self, quantiles: &[u32]) -> Groups {
        let of_group = |values: &Quantiles| {
            quantiles
                .iter()
                .map(|at| values.quantile(*at))
                .collect::<Vec<_>>()
        };
        Groups {
            width: self.width,
            keys: self.keys,
            sums: self.sums,
            estimates: self.distincts.iter().map(Distinct::estimate).collect(),
            order_values: self.order_values.iter().flat_map(of_group).collect(),
        }
    }

    fn group(&mut self, key: GroupKey) -> Result<usize, QueryError> {
        if let Some(group) = self.keys.find(key) {
            return Ok(group as usize);
        }
        let group = self.keys.all().len();
        self.keys.add(key)?;
        self.sums.resize(self.sums.len() + self.width.sums, 0);
        self.distincts.resize_with(
            self.distincts.len() + self.width.distincts,
            Distinct::default,
        );
        if self.width.order_values > 0 {
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
) -> Result<MergedSets, QueryError> {
    let mut sets = MergedSets::new(plan);
    for source in &plan.sources {
        let table = live.shared.cube(source.id).read();
        let merged = sets.part(source.part);
        Gathering::new(live, (plan, source), shift, merged).gather(&table, span, None)?;
    }
    Ok(sets)
}

/// Merges the rows of each step; a group's window is then the number of its step.
pub(crate) fn gather_steps(
    live: &LiveTables,
    plan: &Plan,
    steps: &Steps,
) -> Result<MergedSets, QueryError> {
    let mut sets = MergedSets::new(plan);
    for source in &plan.sources {
        let table = live.shared.cube(source.id).read();
        let merged = sets.part(source.part);
        let mut gathering = Gathering::new(live, (plan, source), None, merged);
        let Some(filled) = gathering.filled(&table) else {
            continue;
        };
        for (step, span) in steps.spans() {
            if span.from <= filled.to && filled.from < span.to {
                gathering.gather(&table, span, Some(step))?;
            }
        }
    }
    Ok(sets)
}

struct Gathering<'a> {
    plan: &'a Plan,
    source: &'a Source,
    shift: Option<Shift>,
    merged: &'a mut Merged,
    grains: Vec<Grain>,
    resting: Option<Resting<'a>>,
}

impl<'a> Gathering<'a> {
    fn new(
        live: &'a LiveTables,
        (plan, source): (&'a Plan, &'a Source),
        shift: Option<Shift>,
        merged: &'a mut Merged,
    ) -> Gathering<'a> {
        let bounds = [plan.granularity, plan.of_window.map(|of| of.coarsest())];
        let suits = |grain: &Grain| bounds.iter().flatten().all(|bound| grain <= bound);
        Gathering {
            plan,
            source,
            shift,
            merged,
            grains: source.cube.grains.iter().copied().filter(suits).collect(),
            resting: Resting::of(live, plan, source),
        }
    }

    /// From the first window that holds a row to the start of the last.
    fn filled(&self, table: &CubeTable) -> Option<Span> {
        let slices = self
            .grains
            .iter()
            .filter_map(|grain| table.slice(self.plan.store, *grain));
        let here = slices.filter_map(Slice::bounds);
        let resting = self.resting.iter();
        let resting = resting.flat_map(|resting| resting.bounds(&self.grains));
        here.chain(resting)
            .map(|(from, to)| Span { from, to })
            .reduce(|one, other| Span {
                from: one.from.min(other.from),
                to: one.to.max(other.to),
            })
    }

    fn gather(
        &mut self,
        table: &CubeTable,
        span: Span,
        step: Option<usize>,
    ) -> Result<(), QueryError> {
        let of_window = self.plan.of_window;
        for tile in tiles(&self.plan.calendar, &self.grains, span) {
            let slice = table.slice(self.plan.store, tile.grain);
            self.gather_at_rest(slice, &tile, step)?;
            let Some(slice) = slice else {
                continue;
            };
            for (start, window) in slice.windows(tile.span.from..tile.span.to) {
                let of_window = of_window.map(|of| of.at(&self.plan.calendar, start));
                let group = match step {
                    Some(step) => step as i64,
                    None => self.group_window(tile.grain, start),
                };
                self.merge_window(slice, window, (group, of_window))?;
            }
        }
        Ok(())
    }

    /// Merges rows of a tile that are not in memory.
    fn gather_at_rest(
        &mut self,
        slice: Option<&Slice>,
        tile: &Tile,
        step: Option<usize>,
    ) -> Result<(), QueryError> {
        let Some(mut resting) = self.resting.take() else {
            return Ok(());
        };
        let (plan, of_window) = (self.plan, self.plan.of_window);
        let read = resting.read(slice, tile, |key, row| {
            let of_window = of_window.map(|of| of.at(&plan.calendar, row.window));
            if let (Some(values), Some(value)) = (&plan.values, of_window)
                && !values.contains(&value)
            {
                return Ok(());
            }
            let group = match step {
                Some(step) => step as i64,
                None => self.group_window(tile.grain, row.window),
            };
            self.merge_row((group, of_window), key, row)
        });
        self.resting = Some(resting);
        read
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
        let group = self.merged.group(GroupKey {
            window,
            value: of_window.unwrap_or(key.value),
            currency,
        })?;
        self.merged.merge(group, self.source, row);
        Ok(())
    }
}
