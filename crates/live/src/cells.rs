//! The rows of one cube, by store and grain, indexed by window: a range query touches only its windows.
//! A row's numbers lie side by side as `i64`, the rare wider ones aside; sketches stay bytes until somebody asks.
//! Rows of older windows may have been let go of: those lie at rest, and a row here stands above one there.

use crate::texts::TextId;
use analytics::cell::Cube;
use analytics::window::Grain;
use changelog::Value;
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::Arc;

/// Beyond this many rows a window gets a hash table; below, a walk is quicker and smaller.
const FEW_ROWS_MAX: usize = 8;
/// Stands in the column where the sum is too wide for it.
const WIDE: i64 = i64::MIN;

/// What tells rows of one window apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct RowKey {
    /// The dimension's value.
    pub(crate) value: TextId,
    /// The currency's code.
    pub(crate) currency: TextId,
}

/// Where a row lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CellAddress {
    pub(crate) store: TextId,
    pub(crate) grain: Grain,
    pub(crate) window: i64,
    pub(crate) key: RowKey,
}

/// All rows of a cube.
#[derive(Debug)]
pub(crate) struct CubeTable {
    pub(crate) cube: &'static Cube,
    slices: HashMap<(TextId, Grain), Slice, FixedState>,
}

impl CubeTable {
    pub(crate) fn new(cube: &'static Cube) -> CubeTable {
        CubeTable {
            cube,
            slices: HashMap::default(),
        }
    }

    /// Applies a change of a row; an older version than the row's changes nothing. Of a slice that is new here,
    /// `at_rest_to` says up to which window it has rows at rest.
    pub(crate) fn apply(
        &mut self,
        at: CellAddress,
        row: Option<&[Value]>,
        stamp: Stamp,
        at_rest_to: impl FnOnce() -> i64,
    ) {
        let slice = self.slices.entry((at.store, at.grain));
        let slice = slice.or_insert_with(|| Slice::new(self.cube, at_rest_to()));
        match row {
            Some(values) => slice.upsert(at.window, at.key, values, stamp),
            None => slice.remove(at.window, at.key, stamp),
        }
    }

    /// The rows of one store and grain.
    pub(crate) fn slice(&self, store: TextId, grain: Grain) -> Option<&Slice> {
        self.slices.get(&(store, grain))
    }

    /// Stores with rows.
    pub(crate) fn stores(&self) -> impl Iterator<Item = TextId> {
        self.slices.keys().map(|(store, _)| *store)
    }

    /// Forgets windows that begin before `from`.
    pub(crate) fn forget_before(&mut self, from: i64) {
        self.slices
            .values_mut()
            .for_each(|slice| slice.forget_before(from));
    }

    /// How many rows of each window are in memory.
    pub(crate) fn rows_in_memory(&self) -> impl Iterator<Item = (Grain, i64, usize)> {
        self.slices.iter().flat_map(|((_, grain), slice)| {
            let windows = slice.windows.iter();
            windows.map(move |(start, window)| (*grain, *start, window.len()))
        })
    }

    /// Lets go of rows at rest, those up to `version`, of windows that ended before `ended`.
    pub(crate) fn let_go(&mut self, ended: i64, version: i64) {
        for ((_, grain), slice) in &mut self.slices {
            slice.let_go(ended.saturating_sub(grain.micros()), version);
        }
    }

    /// Rows up to this version lie at rest as they are, so what was removed up to there is removed there too.
    pub(crate) fn settle(&mut self, version: i64) {
        for slice in self.slices.values_mut() {
            slice.removed.retain(|_, removed| *removed > version);
        }
    }
}

/// When a row was published and when it came in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp {
    /// The publisher's version.
    pub(crate) version: i64,
    /// The count of batches taken in, this one included.
    pub(crate) batch: u64,
}

/// Rows of one cube, store and grain.
#[derive(Debug)]
pub(crate) struct Slice {
    windows: BTreeMap<i64, Window>,
    currencies: SmallVec<[TextId; 4]>,
    fields: usize,
    sketches_a_row: usize,
    /// Of each row its version, then its sums: they are always needed together.
    numbers: Vec<i64>,
    wide: HashMap<usize, i128, FixedState>,
    sketches: Vec<Option<Arc<[u8]>>>,
    rows: u32,
    free: Vec<u32>,
    /// Windows that begin before this may have rows that are at rest only.
    at_rest_to: i64,
    /// Rows of such windows that were removed, with the version: at rest they may still stand.
    removed: HashMap<(i64, RowKey), i64, FixedState>,
}

impl Slice {
    fn new(cube: &Cube, at_rest_to: i64) -> Slice {
        Slice {
            windows: BTreeMap::new(),
            currencies: SmallVec::new(),
            fields: cube.fields.len(),
            sketches_a_row: cube.distincts.len() + usize::from(cube.has_order_value),
            numbers: Vec::new(),
            wide: HashMap::default(),
            sketches: Vec::new(),
            rows: 0,
            free: Vec::new(),
            at_rest_to,
            removed: HashMap::default(),
        }
    }

    /// Windows that begin before this may have rows that are at rest only.
    pub(crate) fn at_rest_to(&self) -> i64 {
        self.at_rest_to
    }

    /// Whether a row at rest is out of date: another stands here, or it was removed.
    pub(crate) fn is_above(&self, window: i64, key: RowKey) -> bool {
        let row = self.windows.get(&window).and_then(|rows| rows.find(key));
        row.is_some() || self.removed.contains_key(&(window, key))
    }

    /// Windows that begin within the range.
    pub(crate) fn windows(&self, range: Range<i64>) -> impl Iterator<Item = (i64, &Window)> {
        self.windows
            .range(range)
            .map(|(start, window)| (*start, window))
    }

    /// First and last window.
    pub(crate) fn bounds(&self) -> Option<(i64, i64)> {
        let (first, _) = self.windows.first_key_value()?;
        let (last, _) = self.windows.last_key_value()?;
        Some((*first, *last))
    }

    /// Currencies of its rows, `NONE` where the cube has none.
    pub(crate) fn currencies(&self) -> &[TextId] {
        &self.currencies
    }

    /// A sum of a row.
    pub(crate) fn sum(&self, row: RowNumber, field: usize) -> i128 {
        let at = self.start(row) + 1 + field;
        match self.numbers[at] {
            WIDE => self.wide[&at],
            sum => i128::from(sum),
        }
    }

    /// A sketch of a row, in its canonical bytes.
    pub(crate) fn sketch(&self, row: RowNumber, index: usize) -> Option<&[u8]> {
        self.sketches[row.0 as usize * self.sketches_a_row + index].as_deref()
    }

    /// Where a row's numbers begin.
    fn start(&self, row: RowNumber) -> usize {
        row.0 as usize * (1 + self.fields)
    }

    fn upsert(&mut self, start: i64, key: RowKey, values: &[Value], stamp: Stamp) {
        let known = self.windows.get(&start).and_then(|window| window.find(key));
        if known.is_some_and(|row| stamp.version < self.numbers[self.start(row)]) {
            return;
        }
        let row = known.unwrap_or_else(|| self.new_row());
        if !self.removed.is_empty() {
            self.removed.remove(&(start, key));
        }
        let window = self.windows.entry(start).or_default();
        if known.is_none() {
            window.insert(key, row);
        }
        window.changed = stamp.batch;
        if !self.currencies.contains(&key.currency) {
            self.currencies.push(key.currency);
        }
        self.write(row, values, stamp.version);
    }

    fn new_row(&mut self) -> RowNumber {
        if let Some(row) = self.free.pop() {
            return RowNumber(row);
        }
        let row = RowNumber(self.rows);
        self.rows = self
            .rows
            .checked_add(1)
            .expect("2^32 rows do not fit in memory");
        self.numbers.resize(self.numbers.len() + 1 + self.fields, 0);
        self.sketches
            .resize(self.sketches.len() + self.sketches_a_row, None);
        row
    }

    fn write(&mut self, row: RowNumber, values: &[Value], version: i64) {
        let start = self.start(row);
        self.numbers[start] = version;
        for (field, value) in values[..self.fields].iter().enumerate() {
            self.write_sum(start + 1 + field, value);
        }
        let sketches = &mut self.sketches[row.0 as usize * self.sketches_a_row..];
        for (sketch, value) in sketches.iter_mut().zip(&values[self.fields..]) {
            *sketch = match value {
                Value::Sketch(bytes) => Some(Arc::clone(bytes)),
                _ => None,
            };
        }
    }

    fn write_sum(&mut self, at: usize, value: &Value) {
        let sum = match value {
            Value::Int(count) => i128::from(*count),
            Value::Decimal(amount) => *amount,
            _ => 0,
        };
        if self.numbers[at] == WIDE {
            self.wide.remove(&at);
        }
        self.numbers[at] = i64::try_from(sum).unwrap_or(WIDE);
        if self.numbers[at] == WIDE {
            self.wide.insert(at, sum);
        }
    }

    fn remove(&mut self, start: i64, key: RowKey, stamp: Stamp) {
        if start < self.at_rest_to {
            self.removed.insert((start, key), stamp.version);
        }
        let known = self.windows.get(&start).and_then(|window| window.find(key));
        let Some(row) = known.filter(|row| stamp.version >= self.numbers[self.start(*row)]) else {
            return;
        };
        if let Some(window) = self.windows.get_mut(&start) {
            window.remove(key);
            window.changed = stamp.batch;
            if window.len() == 0 {
                self.windows.remove(&start);
            }
        }
        self.release(row);
    }

    fn release(&mut self, row: RowNumber) {
        let at = row.0 as usize * self.sketches_a_row;
        self.sketches[at..at + self.sketches_a_row].fill(None);
        self.free.push(row.0);
    }

    fn let_go(&mut self, before: i64, version: i64) {
        let mut gone = Vec::new();
        let (numbers, columns) = (&self.numbers, 1 + self.fields);
        for window in self.windows.range_mut(..before).map(|(_, window)| window) {
            let is_at_rest = |row: RowNumber| numbers[row.0 as usize * columns] <= version;
            window.let_go(is_at_rest, &mut gone);
        }
        gone.into_iter().for_each(|row| self.release(row));
        let is_left = |start: &i64, window: &mut Window| *start >= before || window.len() > 0;
        self.windows.retain(is_left);
        self.at_rest_to = self.at_rest_to.max(before);
    }

    fn forget_before(&mut self, from: i64) {
        let kept = self.windows.split_off(&from);
        for window in std::mem::replace(&mut self.windows, kept).into_values() {
            for (_, row) in window.rows() {
                self.release(row);
            }
        }
    }
}

/// Position of a row in its slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowNumber(u32);

/// The rows of one window.
#[derive(Debug, Default)]
pub(crate) struct Window {
    rows: Rows,
    /// The batch that changed it last.
    pub(crate) changed: u64,
}

#[derive(Debug)]
enum Rows {
    Few(SmallVec<[(RowKey, RowNumber); 2]>),
    Many(HashTable<(RowKey, RowNumber)>),
}

impl Default for Rows {
    fn default() -> Self {
        Rows::Few(SmallVec::new())
    }
}

fn hash(key: &RowKey) -> u64 {
    FixedState::default().hash_one(key)
}

impl Window {
    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        match &self.rows {
            Rows::Few(rows) => rows.len(),
            Rows::Many(rows) => rows.len(),
        }
    }

    /// The row of a key.
    pub(crate) fn find(&self, key: RowKey) -> Option<RowNumber> {
        let found = match &self.rows {
            Rows::Few(rows) => rows.iter().find(|(known, _)| *known == key),
            Rows::Many(rows) => rows.find(hash(&key), |(known, _)| *known == key),
        };
        found.map(|(_, row)| *row)
    }

    /// Every row, in no particular order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (RowKey, RowNumber)> {
        let (few, many) = match &self.rows {
            Rows::Few(rows) => (Some(rows.iter()), None),
            Rows::Many(rows) => (None, Some(rows.iter())),
        };
        let few = few.into_iter().flatten();
        few.chain(many.into_iter().flatten()).copied()
    }

    fn insert(&mut self, key: RowKey, row: RowNumber) {
        match &mut self.rows {
            Rows::Few(rows) if rows.len() < FEW_ROWS_MAX => rows.push((key, row)),
            Rows::Few(rows) => {
                let mut table = HashTable::with_capacity(2 * FEW_ROWS_MAX);
                for (key, row) in rows.drain(..).chain([(key, row)]) {
                    table.insert_unique(hash(&key), (key, row), |(key, _)| hash(key));
                }
                self.rows = Rows::Many(table);
            }
            Rows::Many(rows) => {
                rows.insert_unique(hash(&key), (key, row), |(key, _)| hash(key));
            }
        }
    }

    fn let_go(&mut self, goes: impl Fn(RowNumber) -> bool, gone: &mut Vec<RowNumber>) {
        let mut stays = |(_, row): &mut (RowKey, RowNumber)| {
            let goes = goes(*row);
            gone.extend(goes.then_some(*row));
            !goes
        };
        match &mut self.rows {
            Rows::Few(rows) => rows.retain(stays),
            Rows::Many(rows) => rows.retain(|row| stays(row)),
        }
    }

    fn remove(&mut self, key: RowKey) {
        match &mut self.rows {
            Rows::Few(rows) => rows.retain(|(known, _)| *known != key),
            Rows::Many(rows) => {
                if let Ok(entry) = rows.find_entry(hash(&key), |(known, _)| *known == key) {
                    entry.remove();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use analytics::cell::cubes;

    const STORE: TextId = TextId(1);

    fn address(window: i64, value: u32) -> CellAddress {
        let key = RowKey {
            value: TextId(value),
            currency: TextId::NONE,
        };
        CellAddress {
            store: STORE,
            grain: Grain::Minute,
            window,
            key,
        }
    }

    fn row(events: i128) -> Vec<Value> {
        let mut values = vec![Value::Int(0); 4];
        values[0] = Value::Decimal(events);
        values
    }

    fn stamp(version: i64) -> Stamp {
        Stamp { version, batch: 1 }
    }

    /// Events of every row, by window and value.
    fn shown(table: &CubeTable) -> String {
        let Some(slice) = table.slice(STORE, Grain::Minute) else {
            return String::new();
        };
        let mut rows: Vec<(i64, u32, i128)> = slice
            .windows(i64::MIN..i64::MAX)
            .flat_map(|(start, window)| {
                window
                    .rows()
                    .map(move |(key, row)| (start, key.value.0, row))
            })
            .map(|(start, value, row)| (start, value, slice.sum(row, 0)))
            .collect();
        rows.sort_unstable();
        let rows: Vec<String> = rows
            .iter()
            .map(|(start, value, sum)| format!("{start}/{value}={sum}"))
            .collect();
        rows.join(" ")
    }

    fn table() -> CubeTable {
        CubeTable::new(cubes::ACTIVITY_BY_TYPE.cube())
    }

    #[test]
    fn a_row_applied_twice_or_late_changes_nothing() {
        let mut table = table();
        table.apply(address(0, 1), Some(&row(5)), stamp(2), || i64::MIN);
        table.apply(address(0, 1), Some(&row(5)), stamp(2), || i64::MIN);
        table.apply(address(0, 1), Some(&row(3)), stamp(1), || i64::MIN);
        table.apply(address(0, 1), None, stamp(1), || i64::MIN);
        assert_eq!(shown(&table), "0/1=5");
    }

    #[test]
    fn a_removed_row_is_gone_and_its_room_is_used_again() {
        let mut table = table();
        (0..20).for_each(|value| {
            table.apply(
                address(0, value),
                Some(&row(i128::from(value))),
                stamp(1),
                || i64::MIN,
            )
        });
        (0..19).for_each(|value| table.apply(address(0, value), None, stamp(2), || i64::MIN));
        assert_eq!(shown(&table), "0/19=19");
        table.apply(address(60, 7), Some(&row(70)), stamp(3), || i64::MIN);
        assert_eq!(shown(&table), "0/19=19 60/7=70");
        assert_eq!(table.slice(STORE, Grain::Minute).expect("rows").rows, 20);
    }

    #[test]
    fn sums_wider_than_a_column_are_kept_whole() {
        let mut table = table();
        let wide = [
            i128::from(i64::MAX) + 1,
            i128::from(i64::MIN),
            i128::MIN,
            -1,
        ];
        for (value, sum) in (0..).zip(wide) {
            table.apply(address(0, value), Some(&row(sum)), stamp(1), || i64::MIN);
        }
        let expected: Vec<String> = (0..)
            .zip(wide)
            .map(|(value, sum): (u32, _)| format!("0/{value}={sum}"))
            .collect();
        assert_eq!(shown(&table), expected.join(" "));
        table.apply(address(0, 0), Some(&row(1)), stamp(2), || i64::MIN);
        assert!(shown(&table).starts_with("0/0=1 "));
    }

    #[test]
    fn forgotten_windows_give_their_rows_back() {
        let mut table = table();
        (0..10).for_each(|minute| {
            table.apply(address(minute, 1), Some(&row(1)), stamp(1), || i64::MIN)
        });
        table.forget_before(8);
        assert_eq!(shown(&table), "8/1=1 9/1=1");
        assert_eq!(
            table.slice(STORE, Grain::Minute).expect("rows").free.len(),
            8
        );
    }
}
