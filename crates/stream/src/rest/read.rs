//! Cells at rest as readers of results see them: by the names of table, store and grain, values named again.

use super::cells::{KEY_BYTES, RestingCell, SliceKey, read_key};
use super::{AtRest, RestError};
use crate::results::SliceBounds;
use analytics::catalogue::Dimension;
use analytics::cell::{CellKey, CubeId, NameId};
use analytics::window::Grain;
use changelog::{AtRestError, RestingRow, TablePart};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// The cells of one checkpoint.
pub struct CellsAtRest {
    at_rest: Arc<AtRest>,
    names: Vec<Arc<str>>,
    products: Vec<Option<Arc<str>>>,
    bounds: HashMap<SliceKey, (i64, i64), FixedState>,
}

impl CellsAtRest {
    /// The cells of a checkpoint, with the names as they are known now.
    pub fn new(
        at_rest: Arc<AtRest>,
        names: Vec<Arc<str>>,
        products: Vec<Option<Arc<str>>>,
        slices: &HashMap<SliceKey, SliceBounds, FixedState>,
    ) -> CellsAtRest {
        let bounds = slices.iter();
        let bounds = bounds.map(|(slice, bounds)| (*slice, (bounds.first, bounds.last)));
        CellsAtRest {
            at_rest,
            names,
            products,
            bounds: bounds.collect(),
        }
    }

    fn slice(&self, part: &TablePart<'_>) -> Option<SliceKey> {
        let cube = CubeId::all().find(|id| id.cube().table == part.table)?;
        let store = self.names.iter().position(|name| **name == *part.store)?;
        Some(SliceKey {
            cube,
            grain: Grain::parse(part.grain)?,
            store: NameId(store as u32),
        })
    }

    fn is_by_product(slice: SliceKey) -> bool {
        slice.cube.cube().dimension == Some(Dimension::Product)
    }

    fn name(&self, slice: SliceKey, id: NameId) -> Option<&Arc<str>> {
        if id == NameId(0) {
            None
        } else if Self::is_by_product(slice) {
            self.products.get(id.0 as usize)?.as_ref()
        } else {
            self.names.get(id.0 as usize)
        }
    }

    /// The numbers of values, in order; two stores may have products of one id.
    fn ids(&self, slice: SliceKey, values: &[Option<Arc<str>>]) -> Vec<NameId> {
        let is_wanted = |name: &Arc<str>| values.iter().flatten().any(|value| value == name);
        let wanted = |(at, name): (usize, Option<&Arc<str>>)| {
            name.is_some_and(is_wanted).then_some(NameId(at as u32))
        };
        let mut ids: Vec<NameId> = if Self::is_by_product(slice) {
            let names = self.products.iter().map(Option::as_ref);
            names.enumerate().filter_map(wanted).collect()
        } else {
            let names = self.names.iter().map(Some);
            names.enumerate().filter_map(wanted).collect()
        };
        if values.contains(&None) {
            ids.insert(0, NameId(0));
        }
        ids.dedup();
        ids
    }

    fn hand_over(
        &self,
        slice: SliceKey,
        (key, bytes): (&CellKey, &[u8]),
        take: &mut dyn FnMut(RestingRow<'_>),
    ) -> Result<(), RestError> {
        let cell = RestingCell::read(slice.cube.cube(), bytes)?;
        let currency = (key.currency != NameId(0)).then(|| self.names.get(key.currency.0 as usize));
        take(RestingRow {
            window: key.window.0,
            value: self.name(slice, key.value),
            currency: currency.flatten(),
            sums: &cell.sums,
            sketches: &cell.sketches,
        });
        Ok(())
    }

    fn all_rows(
        &self,
        slice: SliceKey,
        windows: Range<i64>,
        take: &mut dyn FnMut(RestingRow<'_>),
    ) -> Result<(), RestError> {
        let from = slice.seek(windows.start, NameId(0));
        let to = slice.seek(windows.end, NameId(0));
        let mut rows = self.at_rest.cells.scan(&from, Some(&to));
        while let Some((key, bytes)) = rows.next()? {
            let (_, key) = read_key(key)?;
            self.hand_over(slice, (&key, bytes), take)?;
        }
        Ok(())
    }

    /// Leaps from value to value and from window to window: of a quarter of a million products one is wanted.
    fn rows_of(
        &self,
        slice: SliceKey,
        windows: Range<i64>,
        ids: &[NameId],
        take: &mut dyn FnMut(RestingRow<'_>),
    ) -> Result<(), RestError> {
        let mut window = windows.start;
        let end = slice.seek(windows.end, NameId(0));
        while let Some(next) = self.next_window(&slice.seek(window, NameId(0)), &end)? {
            for id in ids {
                let from = slice.seek(next, *id);
                let to = slice.seek(next, NameId(id.0.saturating_add(1)));
                let mut rows = self.at_rest.cells.scan(&from, Some(&to));
                while let Some((key, bytes)) = rows.next()? {
                    let (_, key) = read_key(key)?;
                    self.hand_over(slice, (&key, bytes), take)?;
                }
            }
            window = next + 1;
        }
        Ok(())
    }

    fn next_window(
        &self,
        from: &[u8; KEY_BYTES],
        to: &[u8; KEY_BYTES],
    ) -> Result<Option<i64>, RestError> {
        match self.at_rest.cells.scan(from, Some(to)).next()? {
            Some((key, _)) => Ok(Some(read_key(key)?.1.window.0)),
            None => Ok(None),
        }
    }
}

impl changelog::AtRest for CellsAtRest {
    fn version(&self) -> i64 {
        self.at_rest.version
    }

    fn texts(&self, take: &mut dyn FnMut(&Arc<str>)) {
        let products = self.products.iter().flatten();
        self.names.iter().skip(1).chain(products).for_each(take);
    }

    fn bounds(&self, part: &TablePart<'_>) -> Option<(i64, i64)> {
        self.bounds.get(&self.slice(part)?).copied()
    }

    fn rows(
        &self,
        part: &TablePart<'_>,
        windows: Range<i64>,
        values: Option<&[Option<Arc<str>>]>,
        take: &mut dyn FnMut(RestingRow<'_>),
    ) -> Result<(), AtRestError> {
        let Some(slice) = self.slice(part).filter(|_| !windows.is_empty()) else {
            return Ok(());
        };
        let read = match values {
            Some(values) => self.rows_of(slice, windows, &self.ids(slice, values), take),
            None => self.all_rows(slice, windows, take),
        };
        read.map_err(|error| AtRestError(Box::new(error)))
    }
}
