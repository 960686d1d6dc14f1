//! The identities one shard has seen, by the hour their senders wrote: the newest in memory, older ones at rest.
//! It says whether an id is new, repeated, or used again for something else; what becomes of the event is the shard's decision.

#[cfg(test)]
mod tests;

use crate::home::ShardId;
use crate::rest::RestError;
use checkpoint::{Folder, Run, RunWriter, Table};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use std::collections::BTreeMap;

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

/// Ids by hour; half of 128 bits at a time, so that an entry takes 24 bytes and not 32.
type Hours = BTreeMap<i32, HashMap<[u64; 2], u64, FixedState>>;

/// The index of one shard.
#[derive(Debug)]
pub struct Seen {
    shard: ShardId,
    /// Since they were last written.
    fresh: Hours,
}

/// Hour, shard, identity: the runs of an index that follows the clock hardly overlap, so most need no look.
type MarkKey = [u8; 21];

fn key(shard: ShardId, hour: i32, id: u128) -> MarkKey {
    let mut key = [0; 21];
    key[..4].copy_from_slice(&(hour ^ i32::MIN).to_be_bytes());
    key[4] = shard.0;
    key[5..].copy_from_slice(&id.to_be_bytes());
    key
}

impl Seen {
    /// An empty index.
    #[must_use]
    pub fn new(shard: ShardId) -> Seen {
        Seen {
            shard,
            fresh: Hours::new(),
        }
    }

    /// Looks a mark up, here and at rest, and remembers it if it is new.
    pub fn insert(&mut self, mark: Mark, at_rest: &Table) -> Result<Verdict, RestError> {
        let id = halves(mark.id);
        let place = match self.fresh.entry(mark.hour).or_default().entry(id) {
            Entry::Occupied(known) => return Ok(verdict(*known.get(), mark.content)),
            Entry::Vacant(place) => place,
        };
        if !at_rest.is_empty()
            && let Some(known) = at_rest.get(&key(self.shard, mark.hour, mark.id))?
        {
            let known = <[u8; 8]>::try_from(known.as_slice());
            let known = known.map_err(|_| RestError::unknown("an identity"))?;
            return Ok(verdict(u64::from_le_bytes(known), mark.content));
        }
        place.insert(mark.content);
        Ok(Verdict::New)
    }

    fn fresh(&self) -> impl Iterator<Item = (MarkKey, u64)> {
        let shard = self.shard;
        let of_hour = move |(hour, ids): (&i32, &HashMap<[u64; 2], u64, FixedState>)| {
            let hour = *hour;
            let mark =
                move |(id, content): (&[u64; 2], &u64)| (key(shard, hour, whole(*id)), *content);
            ids.iter().map(mark).collect::<Vec<_>>()
        };
        self.fresh.iter().flat_map(of_hour)
    }

    /// What is fresh was written, and is looked up there from now on.
    pub fn rest(&mut self) {
        self.fresh = Hours::new();
    }
}

/// Writes what several shards have seen since the last checkpoint; nothing where there is nothing.
pub fn write<'a>(
    shards: impl Iterator<Item = &'a Seen>,
    folder: &Folder,
) -> Result<Option<Run>, RestError> {
    let mut marks: Vec<(MarkKey, u64)> = shards.flat_map(Seen::fresh).collect();
    if marks.is_empty() {
        return Ok(None);
    }
    marks.sort_unstable();
    let mut writer = RunWriter::create(folder, marks.len() as u64)?;
    for (key, content) in marks {
        writer.push(&key, Some(&content.to_le_bytes()))?;
    }
    Ok(Some(writer.finish()?))
}

fn verdict(known: u64, content: u64) -> Verdict {
    if known == content {
        Verdict::Repeat
    } else {
        Verdict::Conflict
    }
}

fn halves(id: u128) -> [u64; 2] {
    [(id >> 64) as u64, id as u64]
}

fn whole(halves: [u64; 2]) -> u128 {
    u128::from(halves[0]) << 64 | u128::from(halves[1])
}
