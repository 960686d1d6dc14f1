//! Cells in memory over cells at rest. What changed lately is here; older windows lie in the checkpoint and come back one
//! cell at a time when somebody is late. A cell leaves memory only when a checkpoint that stands has it.

use crate::rest::cells::{KEY_BYTES, RestingCell, SliceKey, write, write_key};
use crate::rest::{AtRest, RestError};
use analytics::cell::{Cell, CellKey, CellMap, Delta};
use analytics::window::{Ages, Grain};
use checkpoint::{Folder, Run, RunWriter};
use foldhash::fast::FixedState;
use hashbrown::hash_map::Entry;
use hashbrown::{HashMap, HashSet};
use std::sync::Arc;

/// A cell in memory.
#[derive(Debug)]
pub struct Kept {
    /// What it says.
    pub cell: Cell,
    /// Of its last publication.
    pub version: i64,
    /// Whether it changed since then.
    is_changed: bool,
    /// Whether no checkpoint has it as it is.
    is_unsaved: bool,
}

/// First and last window of a slice, and up to where some of its cells may be at rest only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SliceBounds {
    /// The oldest window that ever held a cell.
    pub first: i64,
    /// The newest.
    pub last: i64,
    /// Windows that begin before this may have cells that are not in memory.
    pub at_rest_to: i64,
}

/// Cells of every grain.
#[derive(Debug)]
pub struct Cells {
    kept: [CellMap<Kept>; Grain::ALL.len()],
    slices: HashMap<SliceKey, SliceBounds, FixedState>,
    /// Cells that were removed since the last checkpoint.
    removed: HashSet<(Grain, CellKey), FixedState>,
    /// Those whose removal a checkpoint takes that does not stand yet.
    removed_resting: HashSet<(Grain, CellKey), FixedState>,
    at_rest: Arc<AtRest>,
    unsaved: usize,
}

impl Default for Cells {
    fn default() -> Self {
        Cells {
            kept: std::array::from_fn(|_| CellMap::default()),
            slices: HashMap::default(),
            removed: HashSet::default(),
            removed_resting: HashSet::default(),
            at_rest: Arc::default(),
            unsaved: 0,
        }
    }
}

impl Cells {
    /// Nothing in memory, these slices at rest.
    #[must_use]
    pub fn restore(
        slices: HashMap<SliceKey, SliceBounds, FixedState>,
        at_rest: Arc<AtRest>,
    ) -> Cells {
        Cells {
            slices,
            at_rest,
            ..Cells::default()
        }
    }

    /// Adds to a cell; whether it was unchanged since its last publication.
    pub fn add(
        &mut self,
        grain: Grain,
        key: CellKey,
        delta: &mut Delta,
    ) -> Result<bool, RestError> {
        let kept = match self.kept[grain as usize].entry(key) {
            Entry::Occupied(kept) => kept.into_mut(),
            Entry::Vacant(place) => {
                let bounds = self.slices.entry(SliceKey::of(grain, &key));
                let window = key.window.0;
                let bounds = bounds.or_insert(SliceBounds {
                    first: window,
                    last: window,
                    at_rest_to: i64::MIN,
                });
                let kept = if window < bounds.at_rest_to {
                    bring(&self.at_rest, grain, &key)?
                } else {
                    None
                };
                (bounds.first, bounds.last) = (bounds.first.min(window), bounds.last.max(window));
                place.insert(kept.unwrap_or_else(|| Kept::new(&key)))
            }
        };
        kept.cell.apply(delta);
        self.unsaved += usize::from(!std::mem::replace(&mut kept.is_unsaved, true));
        Ok(!std::mem::replace(&mut kept.is_changed, true))
    }

    /// The cell, which is published now with this version.
    pub fn publish(&mut self, grain: Grain, key: &CellKey, version: i64) -> Option<&Cell> {
        let kept = self.kept[grain as usize].get_mut(key)?;
        (kept.is_changed, kept.version) = (false, version);
        Some(&kept.cell)
    }

    /// Forgets a cell for good, here and at rest.
    pub fn remove(&mut self, grain: Grain, key: CellKey) {
        if let Some(kept) = self.kept[grain as usize].remove(&key) {
            self.unsaved -= usize::from(kept.is_unsaved);
        }
        self.removed.insert((grain, key));
    }

    /// Puts a cell of the checkpoint into memory.
    pub fn load(&mut self, grain: Grain, key: CellKey, cell: Cell, version: i64) {
        let kept = Kept {
            cell,
            version,
            is_changed: false,
            is_unsaved: false,
        };
        self.kept[grain as usize].insert(key, kept);
    }

    /// Cells in memory.
    pub fn in_memory(&self) -> impl Iterator<Item = (Grain, &CellKey, &Kept)> {
        let of = |grain: Grain| {
            let kept = self.kept[grain as usize].iter();
            kept.map(move |(key, kept)| (grain, key, kept))
        };
        Grain::ALL.into_iter().flat_map(of)
    }

    /// Cells in memory by the key they have at rest.
    pub fn in_memory_by_key(&self) -> impl Iterator<Item = ([u8; KEY_BYTES], &Kept)> {
        let cells = self.in_memory();
        cells.map(|(grain, key, kept)| (write_key(grain, key), kept))
    }

    /// Whether a cell at rest is out of date: it stands in memory, or it was removed.
    #[must_use]
    pub fn is_above(&self, grain: Grain, key: &CellKey) -> bool {
        let place = (grain, *key);
        self.holds(grain, key)
            || self.removed.contains(&place)
            || self.removed_resting.contains(&place)
    }

    /// Whether a cell is in memory.
    #[must_use]
    pub fn holds(&self, grain: Grain, key: &CellKey) -> bool {
        self.kept[grain as usize].contains_key(key)
    }

    /// How many are in memory.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.iter().map(CellMap::len).sum()
    }

    /// How many no checkpoint has.
    #[must_use]
    pub fn unsaved(&self) -> usize {
        self.unsaved
    }

    /// What is known of each slice.
    #[must_use]
    pub fn slices(&self) -> &HashMap<SliceKey, SliceBounds, FixedState> {
        &self.slices
    }

    /// A checkpoint stands: what it has need not stay in memory.
    pub fn set_at_rest(&mut self, at_rest: Arc<AtRest>) {
        self.at_rest = at_rest;
        self.removed_resting.clear();
    }

    /// What lies at rest.
    #[must_use]
    pub fn at_rest(&self) -> &Arc<AtRest> {
        &self.at_rest
    }

    /// Writes what no checkpoint has.
    pub fn rest(&mut self, folder: &Folder) -> Result<Option<Run>, RestError> {
        if self.unsaved == 0 && self.removed.is_empty() {
            return Ok(None);
        }
        let mut rows = Vec::with_capacity(self.unsaved + self.removed.len());
        for (grain, key, kept) in self.in_memory().filter(|(_, _, kept)| kept.is_unsaved) {
            rows.push((write_key(grain, key), Some(kept)));
        }
        let removed = self.removed.iter();
        let removed = removed.filter(|(grain, key)| !self.holds(*grain, key));
        rows.extend(removed.map(|(grain, key)| (write_key(*grain, key), None)));
        rows.sort_unstable_by_key(|row| row.0);
        rows.dedup_by_key(|row| row.0);
        let mut writer = RunWriter::create(folder, rows.len() as u64)?;
        let mut bytes = Vec::new();
        for (key, kept) in rows {
            bytes.clear();
            let kept = kept.filter(|kept| !kept.cell.is_empty());
            if let Some(kept) = kept {
                write(&kept.cell, kept.version, &mut bytes);
            }
            writer.push(&key, kept.is_some().then_some(&bytes))?;
        }
        let run = writer.finish()?;
        self.removed_resting = std::mem::take(&mut self.removed);
        self.unsaved = 0;
        for kept in self.kept.iter_mut().flat_map(CellMap::values_mut) {
            kept.is_unsaved = false;
        }
        Ok(Some(run))
    }

    /// Lets go of the oldest cells at rest until about so many are left; `newest` is the time of the newest event. Asked
    /// before [`Cells::rest`], while all that is saved stands in the checkpoint.
    pub fn let_go(&mut self, cells_max: usize, newest: i64) {
        if self.len() <= cells_max {
            return;
        }
        let mut ages = Ages::before(newest);
        for (grain, key, kept) in self.in_memory() {
            if may_go(key, kept) {
                ages.count(grain, key.window.0, 1);
            } else {
                ages.count_staying(1);
            }
        }
        let Some(ended_by) = ages.go_if_ended_by(cells_max) else {
            return;
        };
        for grain in Grain::ALL {
            let slices = &mut self.slices;
            self.kept[grain as usize].retain(|key, kept| {
                let has_ended = key.window.0 + grain.micros() <= ended_by;
                let goes = has_ended && may_go(key, kept);
                if goes && let Some(bounds) = slices.get_mut(&SliceKey::of(grain, key)) {
                    bounds.at_rest_to = bounds.at_rest_to.max(key.window.0 + 1);
                }
                !goes
            });
            self.kept[grain as usize].shrink_to_fit();
        }
    }
}

/// Whether a cell lies at rest as it is. Windows that pass are never let go of.
fn may_go(key: &CellKey, kept: &Kept) -> bool {
    !kept.is_unsaved && key.cube.cube().kept_micros.is_none()
}

impl Kept {
    fn new(key: &CellKey) -> Kept {
        Kept {
            cell: Cell::of(key.cube.cube()),
            version: 0,
            is_changed: false,
            is_unsaved: false,
        }
    }
}

fn bring(at_rest: &AtRest, grain: Grain, key: &CellKey) -> Result<Option<Kept>, RestError> {
    let Some(bytes) = at_rest.cells.get(&write_key(grain, key))? else {
        return Ok(None);
    };
    let cube = key.cube.cube();
    let resting = RestingCell::read(cube, &bytes)?;
    Ok(Some(Kept {
        cell: resting.cell(cube)?,
        version: resting.version,
        is_changed: false,
        is_unsaved: false,
    }))
}

/// Where windows that pass begin, of the cells of a slice at rest.
pub fn passing(
    at_rest: &AtRest,
    slice: SliceKey,
    mut take: impl FnMut(CellKey, Cell, i64),
) -> Result<(), RestError> {
    let from = slice.seek(i64::MIN, analytics::cell::NameId(0));
    let to = slice.seek(i64::MAX, analytics::cell::NameId(u32::MAX));
    let mut rows = at_rest.cells.scan(&from, Some(&to));
    let cube = slice.cube.cube();
    while let Some((key, bytes)) = rows.next()? {
        let (_, key) = crate::rest::cells::read_key(key)?;
        let resting = RestingCell::read(cube, bytes)?;
        take(key, resting.cell(cube)?, resting.version);
    }
    Ok(())
}
