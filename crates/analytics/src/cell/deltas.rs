//! Where folds write: the changed cells of the base grain, found by their keys again and again. What a cell adds up to is not
//! decided here.

use super::{CellKey, CellMap, CubeId, Delta, NameId};
use event::EventTime;

/// Where folds write: cells of the base grain that changed since they were last taken.
#[derive(Debug, Default)]
pub struct Deltas {
    places: CellMap<u32>,
    cells: Vec<(CellKey, Delta)>,
    /// Cells asked for lately, by a few bits of their keys: events of one minute ask for the same few again and again.
    recent: Recent,
}

#[derive(Debug)]
struct Recent(Box<[u32; RECENT_MAX]>);

const RECENT_MAX: usize = 1_024;

impl Default for Recent {
    fn default() -> Recent {
        Recent(Box::new([u32::MAX; RECENT_MAX]))
    }
}

impl Recent {
    fn slot(&mut self, key: &CellKey) -> &mut u32 {
        let minute = (key.window.0 / event::time::SECOND) as u32;
        let mixed = (key.value.0 ^ minute.rotate_left(16))
            .wrapping_add(u32::from(key.cube.0) << 27)
            .wrapping_mul(0x9E37_79B1);
        &mut self.0[(mixed >> 22) as usize]
    }
}

impl Deltas {
    /// The delta of a cell; `time` is cut to the cube's base window.
    pub fn at(
        &mut self,
        cube: CubeId,
        store: NameId,
        currency: NameId,
        value: NameId,
        time: EventTime,
    ) -> &mut Delta {
        let declaration = cube.cube();
        let window = EventTime(time.0 - time.0.rem_euclid(declaration.base.micros()));
        let key = CellKey {
            cube,
            store,
            currency,
            value,
            window,
        };
        let recent = self.recent.slot(&key);
        let is_recent =
            |place: u32| (self.cells.get(place as usize)).is_some_and(|(recent, _)| *recent == key);
        if !is_recent(*recent) {
            let cells = &mut self.cells;
            *recent = *self.places.entry(key).or_insert_with(|| {
                cells.push((key, Delta::of(declaration)));
                u32::try_from(cells.len() - 1).expect("2^32 cells do not fit in memory")
            });
        }
        &mut self.cells[*recent as usize].1
    }

    /// How many cells changed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether none changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Hands the changed cells over and keeps the room the index took.
    pub fn take(&mut self) -> Vec<(CellKey, Delta)> {
        self.places.clear();
        std::mem::take(&mut self.cells)
    }
}
