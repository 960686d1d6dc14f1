//! Rows of several runs in one order: of a key the newest run's row counts. Scans hide removed rows; merges write what
//! they see into a new run. When a merge is due is decided in `table.rs`.

use std::cmp::Ordering;
use std::ops::Range;

use crate::block::Block;
use crate::error::StateError;
use crate::folder::Folder;
use crate::run::Run;
use crate::write::RunWriter;

/// Key and value, lent.
pub type Row<'a> = (&'a [u8], &'a [u8]);

/// The rows of a table in the order of their keys. It sees the table as it was when it began.
#[derive(Debug)]
pub struct Scan {
    rows: Rows,
    to: Option<Vec<u8>>,
}

impl Scan {
    pub(crate) fn new(runs: &[Run], from: &[u8], to: Option<&[u8]>) -> Scan {
        Scan {
            rows: Rows::new(runs, from),
            to: to.map(<[u8]>::to_vec),
        }
    }

    /// The next row, lent until the one after is asked for. After an error the same error comes again.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend")]
    pub fn next(&mut self) -> Result<Option<Row<'_>>, StateError> {
        loop {
            if !self.rows.step()? {
                return Ok(None);
            }
            let (key, value) = self.rows.row();
            if self.to.as_deref().is_some_and(|to| key >= to) {
                self.rows.end();
                return Ok(None);
            }
            if value.is_some() {
                break;
            }
        }
        let (key, value) = self.rows.row();
        Ok(value.map(|value| (key, value)))
    }
}

/// Work that makes a table quicker to read: some neighbouring runs become one. It may be done on any thread, while
/// the table goes on and new runs come on top.
#[derive(Debug)]
pub struct Merge {
    runs: Vec<Run>,
    /// Nothing lies below, so a removed row has nothing to hide.
    is_lowest: bool,
}

/// A merge that was done; the table has to adopt it.
#[derive(Debug)]
pub struct Merged {
    pub(crate) replaces: Vec<Run>,
    pub(crate) run: Run,
}

impl Merge {
    pub(crate) fn new(runs: &[Run], is_lowest: bool) -> Merge {
        Merge {
            runs: runs.to_vec(),
            is_lowest,
        }
    }

    /// Rows that will be read.
    pub fn rows(&self) -> u64 {
        self.runs.iter().map(Run::rows).sum()
    }

    /// Writes the new run. If that fails nothing has changed and nothing is left behind.
    pub fn run(self, folder: &Folder) -> Result<Merged, StateError> {
        let mut writer = RunWriter::create(folder, self.rows())?;
        let mut rows = Rows::new(&self.runs, &[]);
        while rows.step()? {
            let (key, value) = rows.row();
            if value.is_some() || !self.is_lowest {
                writer.push(key, value)?;
            }
        }
        Ok(Merged {
            run: writer.finish()?,
            replaces: self.runs,
        })
    }
}

/// Cursors over runs as a heap: the first stands at the smallest key, the newest of those that stand there.
#[derive(Debug)]
struct Rows {
    cursors: Vec<Cursor>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// No file was read yet.
    Before(Vec<u8>),
    On,
    Failed(StateError),
}

impl Rows {
    /// All rows from this key on. Runs come oldest first.
    fn new(runs: &[Run], from: &[u8]) -> Rows {
        Rows {
            cursors: (runs.iter().enumerate())
                .map(|(age, run)| Cursor::new(run, age))
                .collect(),
            state: State::Before(from.to_vec()),
        }
    }

    /// Goes to the next key; says whether there is one.
    fn step(&mut self) -> Result<bool, StateError> {
        let stepped = match &mut self.state {
            State::Failed(error) => return Err(error.clone()),
            State::Before(from) => {
                let from = std::mem::take(from);
                self.state = State::On;
                self.open(&from)
            }
            State::On if self.cursors.is_empty() => return Ok(false),
            State::On => self.advance(0),
        };
        let stepped = stepped.and_then(|()| self.skip_hidden());
        if let Err(error) = stepped {
            self.state = State::Failed(error.clone());
            return Err(error);
        }
        Ok(!self.cursors.is_empty())
    }

    /// The row at which it stands; no value for a removed one.
    fn row(&self) -> (&[u8], Option<&[u8]>) {
        self.cursors[0].row()
    }

    /// No rows follow.
    fn end(&mut self) {
        self.cursors.clear();
    }

    fn open(&mut self, from: &[u8]) -> Result<(), StateError> {
        for mut cursor in std::mem::take(&mut self.cursors) {
            if cursor.seek(from)? {
                self.cursors.push(cursor);
            }
        }
        for at in (0..self.cursors.len() / 2).rev() {
            self.sink(at);
        }
        Ok(())
    }

    /// Goes past the rows of older runs that have the key of the first. Whatever has it stands right below the first.
    fn skip_hidden(&mut self) -> Result<(), StateError> {
        while let Some(hidden) =
            (1..self.cursors.len().min(3)).find(|at| self.cursors[*at].key == self.cursors[0].key)
        {
            self.advance(hidden)?;
        }
        Ok(())
    }

    /// Moves one cursor on and puts it where it now belongs. Only for the first and those right below it: what takes
    /// the place of an ended cursor is never smaller than the first.
    fn advance(&mut self, at: usize) -> Result<(), StateError> {
        if !self.cursors[at].advance()? {
            self.cursors.swap_remove(at);
        }
        self.sink(at);
        Ok(())
    }

    fn sink(&mut self, mut at: usize) {
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            let mut first = at;
            for child in [left, right] {
                if child < self.cursors.len() && self.cursors[child].is_before(&self.cursors[first])
                {
                    first = child;
                }
            }
            if first == at {
                return;
            }
            self.cursors.swap(at, first);
            at = first;
        }
    }
}

/// A place in one run.
#[derive(Debug)]
struct Cursor {
    run: Run,
    /// Larger for a newer run.
    age: usize,
    next_block: usize,
    block: Block,
    /// Where in the block the next row begins.
    next_row: usize,
    key: Vec<u8>,
    value: Option<Range<usize>>,
}

impl Cursor {
    fn new(run: &Run, age: usize) -> Cursor {
        Cursor {
            run: run.clone(),
            age,
            next_block: 0,
            block: Block::default(),
            next_row: 0,
            key: Vec::new(),
            value: None,
        }
    }

    /// Goes to the first row with this key or a larger one, if there is one.
    fn seek(&mut self, key: &[u8]) -> Result<bool, StateError> {
        self.next_block = self.run.block_for(key);
        if !key.is_empty() && self.read_block()? {
            self.next_row =
                (self.block.start_before(key)).map_err(|problem| self.damaged(problem))?;
        }
        while self.advance()? {
            if &*self.key >= key {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn advance(&mut self) -> Result<bool, StateError> {
        loop {
            let row = self.block.row(self.next_row);
            if let Some(row) = row.map_err(|problem| self.damaged(problem))? {
                if row.shared > self.key.len() {
                    return Err(self.damaged("a row shares more than there is"));
                }
                self.key.truncate(row.shared);
                self.key.extend_from_slice(self.block.part(row.rest));
                (self.value, self.next_row) = (row.value, row.end);
                return Ok(true);
            }
            if !self.read_block()? {
                return Ok(false);
            }
        }
    }

    fn read_block(&mut self) -> Result<bool, StateError> {
        if self.next_block == self.run.blocks() {
            return Ok(false);
        }
        self.run.read_block(self.next_block, &mut self.block)?;
        self.next_block += 1;
        self.next_row = 0;
        Ok(true)
    }

    fn damaged(&self, problem: &'static str) -> StateError {
        self.run.damaged(self.next_block.saturating_sub(1), problem)
    }

    fn row(&self) -> (&[u8], Option<&[u8]>) {
        let value = self.value.clone().map(|value| self.block.part(value));
        (&self.key, value)
    }

    fn is_before(&self, other: &Cursor) -> bool {
        match self.key.cmp(&other.key) {
            Ordering::Equal => self.age > other.age,
            order => order.is_lt(),
        }
    }
}
