//! A sorted run of marks on disk: written once, never changed. A filter and every hundredth mark stay in memory,
//! so that a look-up reads one block or nothing.

use super::Mark;
use super::filter::Filter;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// Hour, id and content.
const MARK_BYTES: usize = 28;
/// Marks read at a look-up: 3.5 kB, within one page of the cache.
const BLOCK_MARKS: usize = 128;

type Key = (i32, u128);

/// A run.
#[derive(Debug)]
pub struct Run {
    path: PathBuf,
    file: File,
    filter: Filter,
    /// The first key of each block.
    fences: Vec<Key>,
    last: Key,
    marks: u64,
}

impl Run {
    /// The content kept for an id, if the run holds it.
    pub fn find(&self, hour: i32, id: u128) -> io::Result<Option<u64>> {
        let key = (hour, id);
        if self.fences.first().is_none_or(|first| key < *first)
            || key > self.last
            || !self.filter.may_hold(id)
        {
            return Ok(None);
        }
        let block = self.fences.partition_point(|fence| *fence <= key) - 1;
        let from = block * BLOCK_MARKS;
        let marks = BLOCK_MARKS.min(self.marks as usize - from);
        let mut bytes = [0; BLOCK_MARKS * MARK_BYTES];
        let bytes = &mut bytes[..marks * MARK_BYTES];
        self.file.read_exact_at(bytes, (from * MARK_BYTES) as u64)?;
        let (marks, _) = bytes.as_chunks::<MARK_BYTES>();
        let found = marks.binary_search_by_key(&key, |mark| {
            let mark = decode(mark);
            (mark.hour, mark.id)
        });
        Ok(found.ok().map(|at| decode(&marks[at]).content))
    }

    /// How many marks it holds.
    pub fn len(&self) -> u64 {
        self.marks
    }

    /// Every mark, in order.
    fn marks(&self) -> io::Result<impl Iterator<Item = io::Result<Mark>>> {
        let mut read = BufReader::with_capacity(1 << 16, File::open(&self.path)?);
        Ok((0..self.marks).map(move |_| {
            let mut bytes = [0; MARK_BYTES];
            read.read_exact(&mut bytes)?;
            Ok(decode(&bytes))
        }))
    }

    /// Removes the file.
    pub fn delete(self) -> io::Result<()> {
        std::fs::remove_file(self.path)
    }
}

/// A run while it is written, mark by mark in order.
pub struct RunWriter {
    path: PathBuf,
    file: BufWriter<File>,
    filter: Filter,
    fences: Vec<Key>,
    last: Key,
    marks: u64,
}

impl RunWriter {
    /// Begins a run of so many marks.
    pub fn create(path: PathBuf, marks: u64) -> io::Result<RunWriter> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)?;
        Ok(RunWriter {
            file: BufWriter::with_capacity(1 << 16, file),
            path,
            filter: Filter::for_ids(marks),
            fences: Vec::new(),
            last: (i32::MIN, 0),
            marks: 0,
        })
    }

    /// Appends a mark, which must not be smaller than the one before.
    pub fn push(&mut self, mark: Mark) -> io::Result<()> {
        let key = (mark.hour, mark.id);
        debug_assert!(self.last < key, "marks come in order, each once");
        if self.marks.is_multiple_of(BLOCK_MARKS as u64) {
            self.fences.push(key);
        }
        self.filter.insert(mark.id);
        self.file.write_all(&encode(mark))?;
        self.last = key;
        self.marks += 1;
        Ok(())
    }

    /// The finished run.
    pub fn finish(self) -> io::Result<Run> {
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        Ok(Run {
            path: self.path,
            file,
            filter: self.filter,
            fences: self.fences,
            last: self.last,
            marks: self.marks,
        })
    }
}

/// Writes the marks of several runs in order. An id stands in one run only: it was looked up in all before it was written.
pub fn merge(runs: &[Run], writer: &mut RunWriter) -> io::Result<()> {
    let mut sides = Vec::with_capacity(runs.len());
    for run in runs {
        let mut marks = run.marks()?;
        if let Some(first) = marks.next() {
            sides.push((first?, marks));
        }
    }
    while let Some(at) = (0..sides.len()).min_by_key(|at| sides[*at].0) {
        let (mark, marks) = &mut sides[at];
        writer.push(*mark)?;
        match marks.next() {
            Some(next) => *mark = next?,
            None => drop(sides.swap_remove(at)),
        }
    }
    Ok(())
}

fn encode(mark: Mark) -> [u8; MARK_BYTES] {
    let mut bytes = [0; MARK_BYTES];
    bytes[..4].copy_from_slice(&mark.hour.to_le_bytes());
    bytes[4..20].copy_from_slice(&mark.id.to_le_bytes());
    bytes[20..].copy_from_slice(&mark.content.to_le_bytes());
    bytes
}

fn decode(bytes: &[u8; MARK_BYTES]) -> Mark {
    let part = |from: usize, to: usize| &bytes[from..to];
    Mark {
        hour: i32::from_le_bytes(part(0, 4).try_into().expect("four bytes")),
        id: u128::from_le_bytes(part(4, 20).try_into().expect("sixteen bytes")),
        content: u64::from_le_bytes(part(20, 28).try_into().expect("eight bytes")),
    }
}
