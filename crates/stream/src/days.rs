//! When the cut points of customers' scores are due: with the frame by which a store's day begins, and with one that ends an
//! import. It looks at frames as they come, ahead of the fold, in the order of the log alone; what is fixed then is not
//! known here.

#[cfg(test)]
mod tests;

use crate::round::FrameSide;
use crate::watermarks::Watermarks;
use analytics::cell::NameId;
use analytics::window::{Calendar, Grain};
use checkpoint::{DecodeError, Decoder, Encoder};
use event::import::{ImportKey, ImportState};
use event::time::{DAY, SECOND};
use event::{EventBatch, EventTime};
use std::collections::{BTreeMap, BTreeSet};

/// Between two days of a store lie so many seconds of its records: a year that is sent within a minute has seven days, not
/// 365, each of which would end a round and publish.
const PAUSE: i64 = 10 * SECOND;
/// For so long from its first record a store has nothing yet that its scores could be steady by.
const YOUNG: i64 = DAY;

/// What is known of a store's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreDay {
    /// The first instant of the next one.
    until: EventTime,
    /// The newest record when it began, and the first one of the store.
    begun_at: Option<EventTime>,
    met_at: Option<EventTime>,
}

/// A store whose cut points are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// Which.
    pub store: NameId,
    /// The instant in whose day they are to stand.
    pub as_of: EventTime,
    day: StoreDay,
}

/// Days of all stores.
#[derive(Debug, Default)]
pub struct Days {
    /// With every frame that was looked at, folded or not.
    ahead: Watermarks,
    days: BTreeMap<NameId, StoreDay>,
    /// Stores whose day is over, with a pause to wait for.
    waiting: BTreeSet<NameId>,
    /// As of the last frame that was folded; this is what a checkpoint takes.
    folded: BTreeMap<NameId, StoreDay>,
}

/// Whether cut points are due.
enum Due {
    Now,
    Later,
    Not,
}

impl Days {
    /// Takes in a frame and says whose day begins with it.
    pub fn look(
        &mut self,
        (frame, events): (&FrameSide, &EventBatch),
        undone: &BTreeSet<ImportKey>,
        calendar: impl Fn(NameId) -> Calendar,
    ) -> Vec<Begun> {
        self.ahead.observe(frame, events, undone);
        let ended = ended_imports(frame, undone);
        let mut looked = self.ahead.take_changed();
        looked.append(&mut self.waiting);
        looked.extend(&ended);
        let mut begun = Vec::new();
        for store in looked {
            let Some((watermark, as_of)) = self.ahead.of(store) else {
                continue;
            };
            let due = match watermark {
                _ if ended.contains(&store) => Due::Now,
                Some(watermark) => self.due(store, watermark),
                // An import under way is not looked at in the middle.
                None => Due::Not,
            };
            match due {
                Due::Now => begun.push(self.begin(store, as_of, &calendar(store))),
                Due::Later => drop(self.waiting.insert(store)),
                Due::Not => {}
            }
        }
        begun
    }

    /// Follows from watermarks and records alone, so that a restart need not know who was looked at last.
    fn due(&self, store: NameId, watermark: EventTime) -> Due {
        let Some(day) = self.days.get(&store) else {
            return Due::Now;
        };
        let passed = |since: Option<EventTime>| {
            let (now, since) = (self.ahead.now()?, since?);
            Some(now.0.saturating_sub(since.0))
        };
        let is_over = watermark >= day.until;
        let is_young = passed(day.met_at).is_none_or(|age| age < YOUNG);
        if !is_over && !is_young {
            Due::Not
        } else if passed(day.begun_at).is_none_or(|pause| pause >= PAUSE) {
            Due::Now
        } else {
            Due::Later
        }
    }

    fn begin(&mut self, store: NameId, as_of: EventTime, calendar: &Calendar) -> Begun {
        let met_at = self.days.get(&store).and_then(|known| known.met_at);
        let today = calendar.window_start(Grain::Day, as_of);
        let day = StoreDay {
            until: calendar.next_window(Grain::Day, today),
            begun_at: self.ahead.now(),
            met_at: met_at.or(self.ahead.now()),
        };
        self.days.insert(store, day);
        if self.waits(store) {
            self.waiting.insert(store);
        }
        Begun { store, as_of, day }
    }

    /// The frame by which these began is folded.
    pub fn fold(&mut self, begun: &[Begun]) {
        let days = begun.iter().map(|begun| (begun.store, begun.day));
        self.folded.extend(days);
    }

    /// All of it as of the last frame folded, but for the watermarks.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut out = Encoder(&mut bytes);
        out.u64(self.folded.len() as u64);
        for (store, day) in &self.folded {
            out.u64(store.0.into());
            out.i64(day.until.0);
            for time in [day.begun_at, day.met_at] {
                out.bool(time.is_some());
                out.i64(time.map_or(0, |time| time.0));
            }
        }
        bytes
    }

    /// What was encoded, with the watermarks of the same frame.
    pub fn decode(bytes: &[u8], watermarks: &Watermarks) -> Result<Days, DecodeError> {
        let mut read = Decoder::new(bytes);
        let mut days = BTreeMap::new();
        for _ in 0..read.count()? {
            let store = NameId(read.u32()?);
            let until = EventTime(read.i64()?);
            let mut time = || {
                let is_there = read.bool()?;
                Ok(Some(EventTime(read.i64()?)).filter(|_| is_there))
            };
            let (begun_at, met_at) = (time()?, time()?);
            let day = StoreDay {
                until,
                begun_at,
                met_at,
            };
            days.insert(store, day);
        }
        let mut ahead = watermarks.clone();
        ahead.take_changed();
        let mut restored = Days {
            ahead,
            folded: days.clone(),
            days,
            waiting: BTreeSet::new(),
        };
        let waiting = restored.days.keys().copied();
        restored.waiting = waiting.filter(|store| restored.waits(*store)).collect();
        Ok(restored)
    }

    /// Whether cut points of this store are due, if not yet.
    fn waits(&self, store: NameId) -> bool {
        let watermark = self.ahead.of(store).and_then(|(watermark, _)| watermark);
        watermark.is_some_and(|watermark| !matches!(self.due(store, watermark), Due::Not))
    }
}

/// Stores with an import that ended with this frame. What it brought counts from here on as if it had always been there.
fn ended_imports(frame: &FrameSide, undone: &BTreeSet<ImportKey>) -> BTreeSet<NameId> {
    let ended = frame.notes.imports.iter().filter(|note| {
        !note.is_live && note.state != ImportState::Running && !undone.contains(&note.key)
    });
    let sources = ended.filter_map(|note| frame.sources.get(note.source as usize));
    sources.map(|source| source.store).collect()
}
