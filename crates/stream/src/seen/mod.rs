//! The identities one shard has seen, by the hour their senders wrote: the newest in memory, older ones in sorted runs on disk.
//! It says whether an id is new, repeated, or used again for something else; what becomes of the event is the shard's decision.

mod filter;
mod run;
#[cfg(test)]
mod tests;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use run::{Run, RunWriter};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// An event as the index knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The hour its sender wrote, counted from 1970.
    pub hour: i32,
    /// Its identity within its store.
    pub id: u128,
    /// A hash of what it says: the same id with another is no repeat.
    pub content: u64,
}

/// What the index says of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Never seen; it is now.
    New,
    /// Seen before with the same content.
    Repeat,
    /// Seen before with another content; the first stays.
    Conflict,
}

/// Runs of about one size are merged when there are so many: each id is then written about once more for every eightfold growth.
const RUNS_OF_A_SIZE_MAX: usize = 8;

/// Ids by hour; half of 128 bits at a time, so that an entry takes 24 bytes and not 32.
type Hour = HashMap<[u64; 2], u64, FixedState>;

/// The index of one shard.
#[derive(Debug)]
pub struct Seen {
    hours: BTreeMap<i32, Hour>,
    in_memory: usize,
    in_memory_max: usize,
    runs: Vec<Run>,
    /// Where runs lie; without it everything stays in memory.
    dir: Option<PathBuf>,
    next_run: u64,
}

impl Seen {
    /// An empty index that keeps its newest `in_memory_max` ids in memory and older ones below `dir`, which is emptied.
    pub fn new(dir: Option<&Path>, in_memory_max: usize) -> io::Result<Seen> {
        if let Some(dir) = dir {
            if dir.exists() {
                std::fs::remove_dir_all(dir)?;
            }
            std::fs::create_dir_all(dir)?;
        }
        Ok(Seen {
            hours: BTreeMap::new(),
            in_memory: 0,
            in_memory_max: in_memory_max.max(1),
            runs: Vec::new(),
            dir: dir.map(Path::to_owned),
            next_run: 0,
        })
    }

    /// Looks a mark up and remembers it if it is new.
    pub fn insert(&mut self, mark: Mark) -> io::Result<Verdict> {
        let id = halves(mark.id);
        let place = match self.hours.entry(mark.hour).or_default().entry(id) {
            Entry::Occupied(known) => return Ok(verdict(*known.get(), mark.content)),
            Entry::Vacant(place) => place,
        };
        for run in &self.runs {
            if let Some(content) = run.find(mark.hour, mark.id)? {
                return Ok(verdict(content, mark.content));
            }
        }
        place.insert(mark.content);
        self.in_memory += 1;
        if self.in_memory > self.in_memory_max && self.dir.is_some() {
            self.spill()?;
        }
        Ok(Verdict::New)
    }

    /// Writes the older half to disk: what comes next is most likely new, and its hour is the newest.
    fn spill(&mut self) -> io::Result<()> {
        let mut marks = Vec::with_capacity(self.in_memory_max);
        while self.in_memory - marks.len() > self.in_memory_max / 2
            && let Some((hour, ids)) = self.hours.pop_first()
        {
            marks.extend(ids.into_iter().map(|(id, content)| Mark {
                hour,
                id: whole(id),
                content,
            }));
        }
        self.in_memory -= marks.len();
        marks.sort_unstable();
        let mut writer = self.writer(marks.len() as u64)?;
        marks.iter().try_for_each(|mark| writer.push(*mark))?;
        self.runs.push(writer.finish()?);
        self.merge_small()
    }

    /// Merges runs until fewer than [`RUNS_OF_A_SIZE_MAX`] are of about one size.
    fn merge_small(&mut self) -> io::Result<()> {
        while let Some(size) = crowded_size(&self.runs) {
            let (merged, kept): (Vec<Run>, Vec<Run>) = std::mem::take(&mut self.runs)
                .into_iter()
                .partition(|run| size_class(run) <= size);
            let mut writer = self.writer(merged.iter().map(Run::len).sum())?;
            run::merge(&merged, &mut writer)?;
            self.runs = kept;
            self.runs.push(writer.finish()?);
            merged.into_iter().try_for_each(Run::delete)?;
        }
        Ok(())
    }

    fn writer(&mut self, marks: u64) -> io::Result<RunWriter> {
        let dir = self
            .dir
            .as_ref()
            .expect("only what has a folder is spilled");
        let path = dir.join(format!("{:08}.ids", self.next_run));
        self.next_run += 1;
        RunWriter::create(path, marks)
    }
}

fn verdict(known: u64, content: u64) -> Verdict {
    if known == content {
        Verdict::Repeat
    } else {
        Verdict::Conflict
    }
}

/// Eightfold sizes: runs of a class are merged together.
fn size_class(run: &Run) -> u32 {
    run.len().max(1).ilog2() / 3
}

fn crowded_size(runs: &[Run]) -> Option<u32> {
    let mut counts = BTreeMap::new();
    for run in runs {
        *counts.entry(size_class(run)).or_insert(0) += 1;
    }
    (counts.into_iter())
        .find(|(_, count)| *count >= RUNS_OF_A_SIZE_MAX)
        .map(|(size, _)| size)
}

fn halves(id: u128) -> [u64; 2] {
    [(id >> 64) as u64, id as u64]
}

fn whole(halves: [u64; 2]) -> u128 {
    u128::from(halves[0]) << 64 | u128::from(halves[1])
}
