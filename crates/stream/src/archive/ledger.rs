//! Verdicts that are not yet safe in the archive: the few events that do not count as they came. With them whatever the
//! archive lacks can be read from the log again, after a restart too.

use checkpoint::{DecodeError, Decoder, Encoder};
use eventlog::LogPosition;
use parking_lot::Mutex;
use std::sync::Arc;

/// Events that do not count as they came, by offset.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aside {
    /// They count nowhere: repeats, conflicts, what was undone.
    pub uncounted: Vec<u64>,
    /// Later states of orders of a file: they add lines to what is known under the same id.
    pub adding: Vec<u64>,
}

impl Aside {
    /// Takes in another worker's.
    pub(crate) fn absorb(&mut self, other: &Aside) {
        self.uncounted.extend(&other.uncounted);
        self.adding.extend(&other.adding);
    }

    pub(crate) fn sort(&mut self) {
        self.uncounted.sort_unstable();
        self.adding.sort_unstable();
    }

    /// Those of these offsets.
    pub(crate) fn of(&self, from: u64, to: u64) -> Aside {
        let range = |offsets: &[u64]| {
            let (first, last) = (
                offsets.partition_point(|offset| *offset < from),
                offsets.partition_point(|offset| *offset < to),
            );
            offsets[first..last].to_vec()
        };
        Aside {
            uncounted: range(&self.uncounted),
            adding: range(&self.adding),
        }
    }

    fn forget_below(&mut self, offset: u64) {
        for offsets in [&mut self.uncounted, &mut self.adding] {
            let kept = offsets.partition_point(|known| *known < offset);
            offsets.drain(..kept);
        }
    }
}

/// The verdicts of all offsets from one on, up to where the line has folded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Ledger {
    /// Of which folding of the log.
    pub(crate) generation: u64,
    from: u64,
    aside: Aside,
    /// Up to where events are judged.
    pub(crate) judged: LogPosition,
    /// What is judged anew is whole from here on.
    pub(crate) whole_at: LogPosition,
    /// Somebody waits until events below this offset are safe.
    pub(crate) wanted: u64,
}

/// What is judged at a moment: for whoever reads what the archive lacks from the log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdicts {
    /// Of which folding of the log; an archive of another one does not go with them.
    pub generation: u64,
    /// They are known from this offset on.
    pub from: u64,
    /// Events that do not count as they came.
    pub aside: Aside,
    /// Up to where events are judged.
    pub judged: LogPosition,
    /// What is judged anew is whole from here on.
    pub whole_at: LogPosition,
}

/// What the line writes and the archivist reads.
pub(crate) type SharedLedger = Arc<Mutex<Ledger>>;

impl Ledger {
    /// Takes in the verdicts of a round, in the order of the log.
    pub(crate) fn judge(&mut self, aside: &Aside, to: LogPosition) {
        self.aside.absorb(aside);
        self.judged = to;
    }

    /// What lies below is safe.
    pub(crate) fn forget_below(&mut self, offset: u64) {
        if offset > self.from && offset <= self.judged.offset {
            self.from = offset;
            self.aside.forget_below(offset);
        }
    }

    /// All is judged anew from the log's beginning, and whole again at this place.
    pub(crate) fn begin(generation: u64, beginning: LogPosition, whole_at: LogPosition) -> Ledger {
        Ledger {
            generation,
            from: beginning.offset,
            judged: beginning,
            whole_at,
            wanted: 0,
            aside: Aside::default(),
        }
    }

    /// Verdicts of these offsets.
    pub(crate) fn of(&self, from: u64, to: u64) -> Aside {
        self.aside.of(from, to)
    }

    /// All of them.
    pub(crate) fn verdicts(&self) -> Verdicts {
        Verdicts {
            generation: self.generation,
            from: self.from,
            aside: self.aside.clone(),
            judged: self.judged,
            whole_at: self.whole_at,
        }
    }

    /// Whether an archive that holds so much can be given the rest.
    pub(crate) fn can_serve(&self, held: super::Held, log_begins: u64) -> bool {
        match held.generation == self.generation {
            true => self.from <= held.position.offset,
            false => self.from <= log_begins,
        }
    }

    /// As bytes for a checkpoint.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut out = Encoder(&mut bytes);
        out.u64(self.generation);
        out.u64(self.from);
        for place in [self.judged, self.whole_at] {
            out.u64(place.offset);
            out.u64(place.frame);
        }
        for offsets in [&self.aside.uncounted, &self.aside.adding] {
            out.u64(offsets.len() as u64);
            let mut before = self.from;
            for offset in offsets {
                out.u64(offset - before);
                before = *offset;
            }
        }
        bytes
    }

    /// Reads [`Ledger::encode`].
    pub(crate) fn decode(bytes: &[u8]) -> Result<Ledger, DecodeError> {
        let mut read = Decoder::new(bytes);
        let (generation, from) = (read.u64()?, read.u64()?);
        let mut place = || {
            Ok::<_, DecodeError>(LogPosition {
                offset: read.u64()?,
                frame: read.u64()?,
            })
        };
        let mut ledger = Ledger {
            generation,
            from,
            judged: place()?,
            whole_at: place()?,
            wanted: 0,
            aside: Aside::default(),
        };
        for offsets in [&mut ledger.aside.uncounted, &mut ledger.aside.adding] {
            let mut offset = ledger.from;
            for _ in 0..read.count()? {
                offset = offset.saturating_add(read.u64()?);
                offsets.push(offset);
            }
        }
        Ok(ledger)
    }
}
