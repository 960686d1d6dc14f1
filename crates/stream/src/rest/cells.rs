//! Cells at rest: a key in the order of cube, grain, store and window, so that a question reads one stretch; values as varints.

use super::RestError;
use analytics::cell::{Cell, CellKey, Cube, CubeId, NameId, Sketches};
use analytics::window::Grain;
use analytics::{Distinct, Quantiles};
use checkpoint::{Decoder, Encoder};
use event::EventTime;

/// Cube and grain one byte each, store, window, value, currency.
pub const KEY_BYTES: usize = 22;

/// Cells of one cube, grain and store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SliceKey {
    /// The cube.
    pub cube: CubeId,
    /// The windows' length.
    pub grain: Grain,
    /// The store.
    pub store: NameId,
}

impl SliceKey {
    /// The slice of a cell.
    pub fn of(grain: Grain, key: &CellKey) -> SliceKey {
        SliceKey {
            cube: key.cube,
            grain,
            store: key.store,
        }
    }

    /// Where the slice's keys of this window begin.
    pub fn seek(self, window: i64, value: NameId) -> [u8; KEY_BYTES] {
        let key = CellKey {
            cube: self.cube,
            store: self.store,
            currency: NameId(0),
            value,
            window: EventTime(window),
        };
        write_key(self.grain, &key)
    }
}

/// A cell's key; bytes sort as the numbers do.
pub fn write_key(grain: Grain, key: &CellKey) -> [u8; KEY_BYTES] {
    let mut bytes = [0; KEY_BYTES];
    bytes[0] = key.cube.0;
    bytes[1] = grain as u8;
    bytes[2..6].copy_from_slice(&key.store.0.to_be_bytes());
    bytes[6..14].copy_from_slice(&(key.window.0 ^ i64::MIN).to_be_bytes());
    bytes[14..18].copy_from_slice(&key.value.0.to_be_bytes());
    bytes[18..].copy_from_slice(&key.currency.0.to_be_bytes());
    bytes
}

/// Reads [`write_key`].
pub fn read_key(bytes: &[u8]) -> Result<(Grain, CellKey), RestError> {
    let unreadable = || RestError::unknown("the key of a cell");
    let bytes: &[u8; KEY_BYTES] = bytes.try_into().map_err(|_| unreadable())?;
    let word = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|byte| bytes[at + byte]));
    let window = u64::from(word(6)) << 32 | u64::from(word(10));
    let grain = Grain::ALL.get(usize::from(bytes[1]));
    let cube = CubeId::all().nth(usize::from(bytes[0]));
    let (Some(grain), Some(cube)) = (grain, cube) else {
        return Err(unreadable());
    };
    let key = CellKey {
        cube,
        store: NameId(word(2)),
        currency: NameId(word(18)),
        value: NameId(word(14)),
        window: EventTime(window as i64 ^ i64::MIN),
    };
    Ok((*grain, key))
}

/// Writes a cell and the version it was published with.
pub fn write(cell: &Cell, version: i64, bytes: &mut Vec<u8>) {
    let mut out = Encoder(bytes);
    out.i64(version);
    cell.sums.iter().for_each(|sum| out.i128(*sum));
    let Some(sketches) = &cell.sketches else {
        return;
    };
    for sketch in &sketches.distincts {
        out.bytes(&sketch.to_bytes());
    }
    if let Some(sketch) = &sketches.order_values {
        out.bytes(&sketch.to_bytes());
    }
}

/// A cell as it lies at rest: its sketches as bytes.
pub struct RestingCell<'a> {
    /// The version it was published with.
    pub version: i64,
    /// In the order of the cube's fields.
    pub sums: Vec<i128>,
    /// Distinct counts, then order values, where the cube has them.
    pub sketches: Vec<&'a [u8]>,
}

impl<'a> RestingCell<'a> {
    /// Reads [`write`].
    pub fn read(cube: &Cube, bytes: &'a [u8]) -> Result<RestingCell<'a>, RestError> {
        let mut read = Decoder::new(bytes);
        let version = read.i64().map_err(RestError::of("a cell"))?;
        Ok(RestingCell {
            version,
            ..RestingCell::read_content(cube, read.rest())?
        })
    }

    /// Reads what [`write`] wrote behind the version.
    pub fn read_content(cube: &Cube, bytes: &'a [u8]) -> Result<RestingCell<'a>, RestError> {
        let mut read = Decoder::new(bytes);
        let mut decode = || {
            let sums = (cube.fields.iter().map(|_| read.i128())).collect::<Result<_, _>>()?;
            let sketches = cube.distincts.len() + usize::from(cube.has_order_value);
            let sketches = (0..sketches).map(|_| read.bytes());
            let sketches = sketches.collect::<Result<_, _>>()?;
            Ok(RestingCell {
                version: 0,
                sums,
                sketches,
            })
        };
        decode().map_err(RestError::of("a cell"))
    }

    /// The cell, to be added to.
    pub fn cell(&self, cube: &Cube) -> Result<Cell, RestError> {
        let unreadable = |_| RestError::unknown("a sketch");
        let (distincts, order_values) = self.sketches.split_at(cube.distincts.len());
        let distincts = (distincts.iter())
            .map(|bytes| Distinct::from_bytes(bytes))
            .collect::<Result<_, _>>()
            .map_err(unreadable)?;
        let order_values = (order_values.first())
            .map(|bytes| Quantiles::from_bytes(bytes))
            .transpose()
            .map_err(unreadable)?;
        let has_sketches = !self.sketches.is_empty();
        let sketches = Sketches {
            distincts,
            order_values,
        };
        Ok(Cell {
            sums: self.sums.as_slice().into(),
            sketches: has_sketches.then(|| Box::new(sketches)),
        })
    }
}
