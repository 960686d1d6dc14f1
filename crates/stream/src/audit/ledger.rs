//! The law as lines: what each source brought for each store in each hour of receipt, and what became of it.
//! Every line obeys the law by itself, because whatever moves an event moves both sides of the line it came in by.

use super::key::{AuditKey, MINUTES};
use super::receipts::Receipts;
use super::rows::{self, count};
use analytics::cell::NameId;
use changelog::{Change, Value};
use checkpoint::{DecodeError, Decoder, Encoder};
use event::import::ImportKey;
use event::time::HOUR;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Hours kept one by one; what is older stands in one line, "before".
pub(super) const HOURS_KEPT: i32 = 31 * 24;
/// Lines of hours of all sources together. Beyond it the oldest hours of all go to "before", sooner than after 31 days.
/// With 10,000 sources three hours of each are left.
const HOURS_MAX: usize = 30_000;
/// Sources told one by one. Beyond it those that have been silent the longest go into one line a store, "older sources".
const SOURCES_MAX: usize = 10_000;
/// How many sources leave at once: looking for the oldest costs a look at all.
const SOURCES_LEAVING: usize = SOURCES_MAX / 10;
/// The line of sources that are no longer told one by one has no identity of its own.
const OLDER_SOURCES: &str = "";
const OLDER_SOURCES_NAME: &str = "older sources";

/// What came in and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Rows of files.
    pub rows: u64,
    /// Events that came in.
    pub received: u64,
    /// Accepted and neither a repeat nor a conflict.
    pub accepted: u64,
    /// Came before.
    pub duplicate: u64,
    /// Set aside with a reason.
    pub quarantined: u64,
    /// Folded into every number they belong to.
    pub counted: u64,
    /// Waiting for their day to be folded again.
    pub late: u64,
    /// Accepted by an import that was undone since: they count nowhere.
    pub retracted: u64,
}

impl Tally {
    fn counts(&self) -> [u64; 8] {
        [
            self.rows,
            self.received,
            self.accepted,
            self.duplicate,
            self.quarantined,
            self.counted,
            self.late,
            self.retracted,
        ]
    }

    fn of_counts(counts: [u64; 8]) -> Tally {
        let [
            rows,
            received,
            accepted,
            duplicate,
            quarantined,
            counted,
            late,
            retracted,
        ] = counts;
        Tally {
            rows,
            received,
            accepted,
            duplicate,
            quarantined,
            counted,
            late,
            retracted,
        }
    }

    fn absorb(&mut self, other: &Tally) {
        let (own, others) = (self.counts(), other.counts());
        *self = Tally::of_counts(std::array::from_fn(|at| own[at].saturating_add(others[at])));
    }

    fn encode(&self, out: &mut Encoder<'_>) {
        self.counts().into_iter().for_each(|count| out.u64(count));
    }

    fn decode(read: &mut Decoder<'_>) -> Result<Tally, DecodeError> {
        let mut counts = [0; 8];
        for count in &mut counts {
            *count = read.u64()?;
        }
        Ok(Tally::of_counts(counts))
    }
}

/// A source and the store it brings events for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineKey {
    /// The source's identity.
    pub source: Arc<str>,
    /// The store.
    pub store: Arc<str>,
}

impl LineKey {
    /// Whether it stands for sources that are no longer told one by one.
    pub fn is_of_older_sources(&self) -> bool {
        &*self.source == OLDER_SOURCES
    }
}

#[derive(Debug, Clone, Default)]
struct Line {
    name: Arc<str>,
    total: Tally,
    /// Of hours that are no longer told one by one.
    before: Tally,
    hours: BTreeMap<i32, Tally>,
    /// The newest hour in which it brought something.
    newest_hour: i32,
}

/// Which line an id means, and which import it came by.
#[derive(Debug, Clone)]
struct Meant {
    line: LineKey,
    import: Option<ImportKey>,
}

/// All lines.
#[derive(Debug, Default)]
pub struct Ledger {
    total: Tally,
    lines: BTreeMap<LineKey, Line>,
    meant: HashMap<(NameId, NameId), Meant, FixedState>,
    stores: HashMap<NameId, Arc<str>, FixedState>,
    newest_hour: i32,
    /// Hours before this stand in "before".
    hours_from: i32,
    hours: usize,
    changed: BTreeSet<LineKey>,
    changed_hours: BTreeSet<(LineKey, Option<i32>)>,
    /// What stores received and set aside since this was last taken.
    pub receipts: Receipts,
}

impl Ledger {
    /// Says what the ids of a source and its store mean from now on.
    pub fn open(
        &mut self,
        (source, store): (NameId, NameId),
        line: &LineKey,
        name: &str,
        import: Option<ImportKey>,
    ) {
        self.stores
            .entry(store)
            .or_insert_with(|| Arc::clone(&line.store));
        let known = self.lines.entry(line.clone()).or_default();
        if *known.name != *name {
            known.name = Arc::from(name);
        }
        self.changed.insert(line.clone());
        let meant = Meant {
            line: line.clone(),
            import,
        };
        self.meant.insert((source, store), meant);
    }

    /// The newest hour a line has.
    pub fn newest_hour(&self, line: &LineKey) -> Option<i32> {
        let line = self.lines.get(line)?;
        (line.total != Tally::default()).then_some(line.newest_hour)
    }

    /// The line an event stands in. Sources that are not told one by one any more stand together.
    pub fn line_of(&self, key: AuditKey) -> LineKey {
        match self.meant.get(&(key.source, key.store)) {
            Some(meant) => meant.line.clone(),
            None => older_sources(self.stores.get(&key.store).cloned().unwrap_or_default()),
        }
    }

    /// The import that events of this id came by last, if any.
    pub fn import_of(&self, key: AuditKey) -> Option<ImportKey> {
        self.meant.get(&(key.source, key.store))?.import
    }

    /// Moves the numbers of the hour in which something came in, of its line, and of all.
    pub fn change(&mut self, line: &LineKey, minute: i32, change: impl Fn(&mut Tally)) {
        let before = self.total;
        change(&mut self.total);
        let hour = minute.div_euclid(MINUTES);
        self.receipts.add((&line.store, hour), &before, &self.total);
        if !self.lines.contains_key(line) {
            let name = Arc::from(OLDER_SOURCES_NAME);
            let older = Line {
                name,
                ..Line::default()
            };
            self.lines.insert(line.clone(), older);
        }
        let known = self.lines.get_mut(line).expect("just looked after");
        change(&mut known.total);
        self.changed.insert(line.clone());
        if hour < self.hours_from {
            change(&mut known.before);
            self.changed_hours.insert((line.clone(), None));
            return;
        }
        known.newest_hour = known.newest_hour.max(hour);
        self.newest_hour = self.newest_hour.max(hour);
        let kept = known.hours.len();
        change(known.hours.entry(hour).or_default());
        self.hours += known.hours.len() - kept;
        self.changed_hours.insert((line.clone(), Some(hour)));
    }

    /// Folds what is too much: old hours, then sources. Between rounds only, so that no verdict misses its line.
    /// Says which lines are gone.
    pub fn trim(&mut self, gone: &mut Vec<Change>) -> Vec<LineKey> {
        let from = self.newest_hour.saturating_sub(HOURS_KEPT - 1);
        self.fold_hours(from.max(self.hours_from), gone);
        while self.hours > HOURS_MAX {
            let oldest = self
                .lines
                .values()
                .filter_map(|line| line.hours.keys().next());
            let Some(oldest) = oldest
                .min()
                .copied()
                .filter(|oldest| *oldest < self.newest_hour)
            else {
                break;
            };
            self.fold_hours(oldest + 1, gone);
        }
        self.let_sources_go(gone)
    }

    fn fold_hours(&mut self, from: i32, gone: &mut Vec<Change>) {
        if from <= self.hours_from {
            return;
        }
        self.hours_from = from;
        for (key, line) in &mut self.lines {
            if line
                .hours
                .keys()
                .next()
                .is_none_or(|oldest| *oldest >= from)
            {
                continue;
            }
            let kept = line.hours.split_off(&from);
            for (hour, tally) in std::mem::replace(&mut line.hours, kept) {
                line.before.absorb(&tally);
                self.hours -= 1;
                self.changed_hours.remove(&(key.clone(), Some(hour)));
                gone.push(rows::gone("audit_hours", hour_key(key, Some(hour))));
            }
            self.changed_hours.insert((key.clone(), None));
        }
    }

    fn let_sources_go(&mut self, gone: &mut Vec<Change>) -> Vec<LineKey> {
        if self.lines.len() <= SOURCES_MAX {
            return Vec::new();
        }
        let surplus = self.lines.len() - (SOURCES_MAX - SOURCES_LEAVING);
        let mut by_age: Vec<(i32, LineKey)> = (self.lines.iter())
            .filter(|(key, _)| !key.is_of_older_sources())
            .map(|(key, line)| (line.newest_hour, key.clone()))
            .collect();
        by_age.sort_unstable();
        by_age.truncate(surplus);
        let leaving: BTreeSet<LineKey> = by_age.into_iter().map(|(_, key)| key).collect();
        self.meant.retain(|_, meant| !leaving.contains(&meant.line));
        leaving.iter().for_each(|key| self.let_go(key, gone));
        leaving.into_iter().collect()
    }

    fn let_go(&mut self, key: &LineKey, gone: &mut Vec<Change>) {
        let Some(line) = self.lines.remove(key) else {
            return;
        };
        self.hours -= line.hours.len();
        self.changed.remove(key);
        gone.push(rows::gone("sources", line_key(key)));
        for hour in line.hours.keys().map(|hour| Some(*hour)).chain([None]) {
            self.changed_hours.remove(&(key.clone(), hour));
            gone.push(rows::gone("audit_hours", hour_key(key, hour)));
        }
        let older = older_sources(Arc::clone(&key.store));
        let kept = self.lines.entry(older.clone()).or_insert_with(|| Line {
            name: Arc::from(OLDER_SOURCES_NAME),
            ..Line::default()
        });
        kept.total.absorb(&line.total);
        kept.before.absorb(&line.total);
        self.changed.insert(older.clone());
        self.changed_hours.insert((older, None));
    }

    /// Rows that changed since this was last asked: sources, hours, totals.
    pub fn take_changes(&mut self) -> Vec<Change> {
        let sources = std::mem::take(&mut self.changed).into_iter();
        let sources = sources.filter_map(|key| Some(line_row(&key, self.lines.get(&key)?)));
        let mut changes: Vec<Change> = sources.collect();
        let hours = std::mem::take(&mut self.changed_hours).into_iter();
        changes.extend(hours.filter_map(|(key, hour)| {
            let line = self.lines.get(&key)?;
            let tally = hour.map_or(Some(&line.before), |hour| line.hours.get(&hour))?;
            let counts = tally.counts().into_iter().map(count).collect();
            Some(rows::row("audit_hours", hour_key(&key, hour), counts))
        }));
        let totals = &self.total.counts()[1..];
        changes.push(rows::row(
            "totals",
            Box::from([]),
            totals.iter().copied().map(count).collect(),
        ));
        changes
    }

    /// Everything, for a checkpoint. Ids are those given out at that moment.
    pub fn encode(&self, out: &mut Encoder<'_>) {
        self.total.encode(out);
        out.i64(i64::from(self.newest_hour));
        out.i64(i64::from(self.hours_from));
        out.u64(self.lines.len() as u64);
        for (key, line) in &self.lines {
            encode_line_key(key, out);
            out.text(&line.name);
            line.total.encode(out);
            line.before.encode(out);
            out.i64(i64::from(line.newest_hour));
            out.u64(line.hours.len() as u64);
            for (hour, tally) in &line.hours {
                out.i64(i64::from(*hour));
                tally.encode(out);
            }
        }
        let stores: BTreeMap<NameId, &Arc<str>> =
            self.stores.iter().map(|(id, name)| (*id, name)).collect();
        out.u64(stores.len() as u64);
        for (id, name) in stores {
            out.u64(u64::from(id.0));
            out.text(name);
        }
        let meant: BTreeMap<_, _> = self.meant.iter().collect();
        out.u64(meant.len() as u64);
        for ((source, store), meant) in meant {
            out.u64(u64::from(source.0));
            out.u64(u64::from(store.0));
            encode_line_key(&meant.line, out);
            out.bool(meant.import.is_some());
            out.u64(meant.import.map_or(0, |import| import.0));
        }
    }

    /// What was encoded, with every row told as changed.
    pub fn decode(read: &mut Decoder<'_>) -> Result<Ledger, DecodeError> {
        let mut ledger = Ledger {
            total: Tally::decode(read)?,
            newest_hour: read.i32()?,
            hours_from: read.i32()?,
            ..Ledger::default()
        };
        for _ in 0..read.count()? {
            let key = decode_line_key(read)?;
            let mut line = Line {
                name: Arc::from(read.text()?),
                total: Tally::decode(read)?,
                before: Tally::decode(read)?,
                newest_hour: read.i32()?,
                hours: BTreeMap::new(),
            };
            for _ in 0..read.count()? {
                line.hours.insert(read.i32()?, Tally::decode(read)?);
            }
            ledger.hours += line.hours.len();
            ledger.changed.insert(key.clone());
            if line.before != Tally::default() {
                ledger.changed_hours.insert((key.clone(), None));
            }
            let hours = line.hours.keys().map(|hour| (key.clone(), Some(*hour)));
            ledger.changed_hours.extend(hours);
            ledger.lines.insert(key, line);
        }
        for _ in 0..read.count()? {
            let id = NameId(read.u32()?);
            ledger.stores.insert(id, Arc::from(read.text()?));
        }
        for _ in 0..read.count()? {
            let ids = (NameId(read.u32()?), NameId(read.u32()?));
            let line = decode_line_key(read)?;
            let (has_import, import) = (read.bool()?, ImportKey(read.u64()?));
            let import = has_import.then_some(import);
            ledger.meant.insert(ids, Meant { line, import });
        }
        Ok(ledger)
    }
}

fn older_sources(store: Arc<str>) -> LineKey {
    LineKey {
        source: Arc::from(OLDER_SOURCES),
        store,
    }
}

pub(super) fn encode_line_key(key: &LineKey, out: &mut Encoder<'_>) {
    out.text(&key.source);
    out.text(&key.store);
}

pub(super) fn decode_line_key(read: &mut Decoder<'_>) -> Result<LineKey, DecodeError> {
    Ok(LineKey {
        source: Arc::from(read.text()?),
        store: Arc::from(read.text()?),
    })
}

pub(super) fn line_key(key: &LineKey) -> Box<[Value]> {
    Box::from([
        Value::Text(Arc::clone(&key.source)),
        Value::Text(Arc::clone(&key.store)),
    ])
}

fn hour_key(key: &LineKey, hour: Option<i32>) -> Box<[Value]> {
    let [source, store] = [&key.source, &key.store].map(|name| Value::Text(Arc::clone(name)));
    let hour = hour.map_or(Value::Null, |hour| Value::Time(i64::from(hour) * HOUR));
    Box::from([source, store, hour])
}

fn line_row(key: &LineKey, line: &Line) -> Change {
    let name = [Value::Text(Arc::clone(&line.name))];
    let counts = line.total.counts().into_iter().map(count);
    rows::row(
        "sources",
        line_key(key),
        name.into_iter().chain(counts).collect(),
    )
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
