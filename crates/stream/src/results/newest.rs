//! Rows of lists of which only the newest are shown: recent orders, sessions, carts. Whoever joins late sees them too.

use crate::rest::{self, RestError};
use changelog::{Change, Value};
use checkpoint::{Decoder, Encoder};
use event::EventTime;
use std::collections::BTreeMap;

/// Rows remembered for readers who join late; at most twice as many before old ones go.
pub const REMEMBERED_ROWS_MAX: usize = 1_000;

/// All such lists.
#[derive(Debug, Default)]
pub struct Lists {
    /// By when they were placed.
    pub orders: Newest,
    /// By when they started.
    pub sessions: Newest,
    /// By when the first thing was put in.
    pub carts: Newest,
}

impl Lists {
    fn all(&self) -> [&Newest; 3] {
        [&self.orders, &self.sessions, &self.carts]
    }

    /// Every row that is remembered.
    pub fn rows(&self) -> impl Iterator<Item = &Change> {
        self.all().into_iter().flat_map(Newest::rows)
    }

    /// Writes them for a checkpoint.
    pub fn write(&self, out: &mut Encoder<'_>) {
        for list in self.all() {
            out.u64(list.0.len() as u64);
            list.0.values().for_each(|(time, _)| out.i64(time.0));
            rest::rows::write(list.rows(), out);
        }
    }

    /// Reads [`Lists::write`].
    pub fn read(read: &mut Decoder<'_>) -> Result<Lists, RestError> {
        Ok(Lists {
            orders: Newest::read("orders", read)?,
            sessions: Newest::read("sessions", read)?,
            carts: Newest::read("carts", read)?,
        })
    }
}

/// The newest rows of one table.
#[derive(Debug, Default)]
pub struct Newest(BTreeMap<Box<[Value]>, (EventTime, Change)>);

impl Newest {
    /// Of a flood only the newest rows are told, and those that were told before. Returns what is told.
    pub fn remember<R>(
        &mut self,
        rows: &[R],
        time: impl Fn(&R) -> EventTime,
        change: impl Fn(&R) -> Option<Change>,
    ) -> Vec<Change> {
        let mut times: Vec<EventTime> = rows.iter().map(&time).collect();
        times.sort_unstable();
        let told_from = times
            .get(times.len().saturating_sub(REMEMBERED_ROWS_MAX))
            .copied()
            .unwrap_or_default();
        let mut changes = Vec::new();
        for row in rows {
            let Some((time, change)) = Some(time(row)).zip(change(row)) else {
                continue;
            };
            if time >= told_from || self.0.contains_key(&change.key) {
                self.insert(time, change.clone());
                changes.push(change);
            }
        }
        self.forget_old();
        changes
    }

    fn read(table: &'static str, read: &mut Decoder<'_>) -> Result<Newest, RestError> {
        let count = read.count().map_err(RestError::of("a list of rows"))?;
        let times = (0..count).map(|_| Ok(EventTime(read.i64()?)));
        let times = times.collect::<Result<Vec<_>, _>>();
        let times = times.map_err(RestError::of("a list of rows"))?;
        let mut list = Newest::default();
        for (time, row) in times.into_iter().zip(rest::rows::read(read, &[table])?) {
            list.insert(time, row);
        }
        Ok(list)
    }

    fn insert(&mut self, time: EventTime, change: Change) {
        self.0.insert(change.key.clone(), (time, change));
    }

    fn forget_old(&mut self) {
        if self.0.len() <= 2 * REMEMBERED_ROWS_MAX {
            return;
        }
        let mut times: Vec<EventTime> = self.0.values().map(|(time, _)| *time).collect();
        times.sort_unstable();
        let kept_from = times[times.len() - REMEMBERED_ROWS_MAX];
        self.0.retain(|_, (time, _)| *time >= kept_from);
    }

    fn rows(&self) -> impl ExactSizeIterator<Item = &Change> {
        self.0.values().map(|(_, change)| change)
    }
}
