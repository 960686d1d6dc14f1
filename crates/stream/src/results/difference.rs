//! What changes for readers when the log was folded again: row by row the results of before against those of now.
//! Both number names alike, so keys can be compared as they lie at rest.

use super::cells::{Cells, Kept};
use super::{Outlived, Results};
use crate::publish;
use crate::rest::RestError;
use crate::rest::cells::{KEY_BYTES, RestingCell, read_key, write};
use crate::watch::Known;
use changelog::{Change, Value};
use checkpoint::{Decoder, Scan};
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::sync::Arc;
use std::vec;

type Key = [u8; KEY_BYTES];

/// Cells in the order of their keys, in memory and at rest together.
struct Sorted<'a> {
    cells: &'a Cells,
    here: Peekable<vec::IntoIter<(Key, &'a Kept)>>,
    at_rest: Scan,
    /// The next row at rest that nothing in memory stands above.
    resting: Option<(Key, Vec<u8>)>,
}

/// A cell's key and its content without the version.
type Row = (Key, Vec<u8>);

impl<'a> Sorted<'a> {
    fn new(cells: &'a Cells) -> Result<Sorted<'a>, RestError> {
        let mut here: Vec<(Key, &Kept)> = cells.in_memory_by_key().collect();
        here.sort_unstable_by_key(|(key, _)| *key);
        let mut sorted = Sorted {
            cells,
            here: here.into_iter().peekable(),
            at_rest: cells.at_rest().cells.scan(&[], None),
            resting: None,
        };
        sorted.step_at_rest()?;
        Ok(sorted)
    }

    fn step_at_rest(&mut self) -> Result<(), RestError> {
        self.resting = None;
        while let Some((key, bytes)) = self.at_rest.next()? {
            let (grain, cell) = read_key(key)?;
            if !self.cells.is_above(grain, &cell) {
                let key =
                    Key::try_from(key).map_err(|_| RestError::unknown("the key of a cell"))?;
                self.resting = Some((key, content(bytes)?.to_vec()));
                break;
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Row>, RestError> {
        loop {
            let resting = self.resting.as_ref().map(|(key, _)| *key);
            let here = self.here.peek().map(|(key, _)| *key);
            if here.is_some_and(|here| resting.is_none_or(|resting| here < resting)) {
                let (key, kept) = self.here.next().expect("just looked at");
                if kept.cell.is_empty() {
                    continue;
                }
                let mut bytes = Vec::new();
                write(&kept.cell, 0, &mut bytes);
                return Ok(Some((key, content(&bytes)?.to_vec())));
            }
            let row = self.resting.take();
            if row.is_some() {
                self.step_at_rest()?;
            }
            return Ok(row);
        }
    }
}

/// A cell's bytes behind its version.
fn content(bytes: &[u8]) -> Result<&[u8], RestError> {
    let mut read = Decoder::new(bytes);
    let of = RestError::of("a cell");
    read.i64().map_err(&of)?;
    Ok(read.rest())
}

impl Results {
    /// Results of the same names with nothing in them, for a log that is folded again.
    #[must_use]
    pub fn start_again(&self) -> Results {
        let mut again = Results::new(self.stores.clone());
        again.names.clone_from(&self.names);
        again.products.clone_from(&self.products);
        (again.products.iter_mut().flatten()).for_each(|product| product.name = None);
        let known = Known {
            names: &again.names,
            products: &again.products,
        };
        again.watch.learn(known, 1);
        let seen = self.outlived.as_ref();
        let seen = seen.map(|outlived| (&outlived.at_rest, &outlived.slices));
        let (at_rest, slices) = seen.unwrap_or((self.cells.at_rest(), self.cells.slices()));
        again.outlived = Some(Outlived {
            at_rest: Arc::clone(at_rest),
            slices: slices.clone(),
            until: i64::MAX,
        });
        again
    }

    /// The changes that make a reader of `before` a reader of these results, which are seen from now on.
    pub fn differing_from(&mut self, before: &Results) -> Result<Vec<Change>, RestError> {
        if let Some(outlived) = &mut self.outlived {
            outlived.until = self.version;
        }
        self.differences(before)
    }

    fn differences(&self, before: &Results) -> Result<Vec<Change>, RestError> {
        let mut changes = self.cells_differing_from(before)?;
        for (at, product) in self.products.iter().enumerate() {
            let known = before.products.get(at).and_then(Option::as_ref);
            if let Some(product) = product
                && known.and_then(|known| known.name.as_ref()) != product.name.as_ref()
            {
                changes.push(self.product_row_or_gone(product));
            }
        }
        changes.extend(
            self.inventory
                .differing_from(&before.inventory, self.version)?,
        );
        let lists = |results: &Results| -> BTreeMap<_, _> {
            let rows = results.lists.rows();
            rows.map(|row| ((row.table, row.key.clone()), row.clone()))
                .collect()
        };
        self.push_differing(lists(before), lists(self), &mut changes);
        let audit = |results: &Results| results.audit.clone();
        self.push_differing(audit(before), audit(self), &mut changes);
        let rejections = |results: &Results| results.rejections.clone();
        self.push_differing(rejections(before), rejections(self), &mut changes);
        Ok(changes)
    }

    fn push_differing<K: Ord>(
        &self,
        before: BTreeMap<K, Change>,
        now: BTreeMap<K, Change>,
        changes: &mut Vec<Change>,
    ) {
        let gone = before.into_iter().filter(|(key, _)| !now.contains_key(key));
        let gone = gone.map(|(_, change)| Change {
            values: None,
            ..change
        });
        let gone: Vec<Change> = gone.collect();
        let all = gone.into_iter().chain(now.into_values());
        changes.extend(all.map(|change| Change {
            version: self.version,
            ..change
        }));
    }

    fn cells_differing_from(&self, before: &Results) -> Result<Vec<Change>, RestError> {
        let mut changes = Vec::new();
        let (mut old, mut new) = (Sorted::new(&before.cells)?, Sorted::new(&self.cells)?);
        let (mut was, mut is) = (old.next()?, new.next()?);
        loop {
            let order = match (&was, &is) {
                (None, None) => return Ok(changes),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some((was, _)), Some((is, _))) => was.cmp(is),
            };
            if order.is_lt() {
                let (key, _) = was.expect("the older row is there");
                changes.push(self.row_at(&key, None)?);
                was = old.next()?;
                continue;
            }
            let (key, now) = is.expect("the newer row is there");
            is = new.next()?;
            if order.is_eq() {
                let same = was.is_some_and(|(_, content)| content == now);
                was = old.next()?;
                if same {
                    continue;
                }
            }
            changes.push(self.row_at(&key, Some(&now))?);
        }
    }

    fn row_at(&self, key: &Key, content: Option<&[u8]>) -> Result<Change, RestError> {
        let (grain, key) = read_key(key)?;
        let cube = key.cube.cube();
        let values: Option<Box<[Value]>> = match content {
            Some(content) => {
                let cell = RestingCell::read_content(cube, content)?.cell(cube)?;
                publish::cell_values(cube, &cell)
            }
            None => None,
        };
        Ok(self.cell_row(grain, &key, values))
    }
}
