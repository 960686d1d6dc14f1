//! A table: sorted runs over one another, of which the newest that knows a key is right.
//! It decides when runs are merged; rows that are not in a run yet are the caller's.

use crate::block::{Block, Lookup};
use crate::error::StateError;
use crate::filter::hash;
use crate::folder::Folder;
use crate::merge::{Merge, Merged, Scan};
use crate::run::Run;

/// Runs of about one size are merged when there are so many: a row is then written about once more for every eightfold
/// growth, and a table has at most seven runs of each size.
const RUNS_OF_A_SIZE_MAX: usize = 8;

/// Rows by key. A clone is a view that stays as it is and stays readable, whatever is pushed, merged or deleted.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Oldest first.
    runs: Vec<Run>,
}

impl Table {
    pub(crate) fn of(runs: Vec<Run>) -> Table {
        Table { runs }
    }

    /// The value of a key. Reads one block where a filter lets the key through, most often in one run only.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        if self.runs.is_empty() {
            return Ok(None);
        }
        let hash = hash(key);
        let mut block = Block::default();
        for run in self.runs.iter().rev() {
            match run.find(key, hash, &mut block)? {
                Lookup::Absent => {}
                Lookup::Removed => return Ok(None),
                Lookup::Value(value) => return Ok(Some(value.to_vec())),
            }
        }
        Ok(None)
    }

    /// All rows from a key on, up to but without another.
    pub fn scan(&self, from: &[u8], to: Option<&[u8]>) -> Scan {
        Scan::new(&self.runs, from, to)
    }

    /// Lays a run over the others: its rows count from now on.
    pub fn push(&mut self, run: Run) {
        if run.rows() > 0 {
            self.runs.push(run);
        }
    }

    /// Merges runs if there are too many of about one size, and says whether it did; then more may be due. It takes as
    /// long as the rows take to be written; [`Table::merge_due`] is the way to let another thread do that.
    pub fn merge(&mut self, folder: &Folder) -> Result<bool, StateError> {
        match self.merge_due() {
            Some(merge) => Ok(self.adopt(merge.run(folder)?)),
            None => Ok(false),
        }
    }

    /// The merge that is due, if there are too many runs of about one size.
    pub fn merge_due(&self) -> Option<Merge> {
        let first = self.crowded_from()?;
        Some(Merge::new(&self.runs[first..], first == 0))
    }

    /// Puts the result of a merge in the place of what was merged. Says no, and changes nothing, if that is no longer
    /// part of the table.
    pub fn adopt(&mut self, merged: Merged) -> bool {
        let is_replaced = |runs: &[Run]| {
            (runs.iter())
                .zip(&merged.replaces)
                .all(|(run, replaced)| run.is(replaced))
        };
        let count = merged.replaces.len();
        let Some(first) = self.runs.windows(count).position(is_replaced) else {
            return false;
        };
        let new = (merged.run.rows() > 0).then_some(merged.run);
        self.runs.splice(first..first + count, new);
        true
    }

    /// Whether it has no rows at all, not even removed ones.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Rows of all runs: as many as there can be at most.
    pub fn rows_max(&self) -> u64 {
        self.runs.iter().map(Run::rows).sum()
    }

    /// How many runs lie over one another.
    pub fn runs(&self) -> usize {
        self.runs.len()
    }

    /// Size of the files.
    pub fn bytes(&self) -> u64 {
        self.runs.iter().map(Run::bytes).sum()
    }

    pub(crate) fn layers(&self) -> &[Run] {
        &self.runs
    }

    /// Where the runs begin that are too many: those of the smallest crowded size, and all newer ones. A run counts as
    /// at least as large as any newer one, so that sizes fall from old to new and neighbours are of one size.
    fn crowded_from(&self) -> Option<usize> {
        let (mut size, mut count) = (0, 0);
        for (at, run) in self.runs.iter().enumerate().rev() {
            let own_size = size_class(run);
            if own_size > size {
                if count >= RUNS_OF_A_SIZE_MAX {
                    return Some(at + 1);
                }
                (size, count) = (own_size, 0);
            }
            count += 1;
        }
        (count >= RUNS_OF_A_SIZE_MAX).then_some(0)
    }
}

/// Eightfold sizes: runs of a class are merged together.
fn size_class(run: &Run) -> u32 {
    run.rows().max(1).ilog2() / 3
}
