//! Results as upserts: every published number is a full row with a version, never an increment.
//! Live tables, SQL, sinks and other nodes are readers of this one stream; nothing here knows what a row means.

mod at_rest;
mod row;

pub use at_rest::{AtRest, AtRestError, RestingRow, TablePart};
pub use row::{Change, ChangeBatch, Progress, Value};

use parking_lot::Mutex;
use std::sync::Arc;

/// A reader of results. Called in order, on the publisher's thread: it must be quick and must not fail.
pub trait Outlet: Send {
    /// Takes in a batch; the last version of a key wins.
    fn apply(&mut self, batch: &ChangeBatch);

    /// Learns that rows up to a version lie on disk and can be asked for there.
    fn rest(&mut self, _at_rest: &Arc<dyn AtRest>) {}

    /// Whether it asks there for rows that it was not told: then a start need not read all of them to it.
    fn asks_at_rest(&self) -> bool {
        false
    }
}

/// The stream of results: whoever joins late first gets every row as it stands, then follows.
#[derive(Clone, Default)]
pub struct Changelog {
    readers: Arc<Mutex<Readers>>,
}

#[derive(Default)]
struct Readers {
    following: Vec<Box<dyn Outlet>>,
    joining: Vec<Box<dyn Outlet>>,
    /// Whether anything was published.
    has_begun: bool,
}

impl Changelog {
    /// Adds a reader; with the next publication it gets the snapshot, then every change.
    pub fn attach(&self, outlet: Box<dyn Outlet>) {
        self.readers.lock().joining.push(outlet);
    }

    /// Whether a reader waits for a snapshot.
    #[must_use]
    pub fn wants_snapshot(&self) -> bool {
        !self.readers.lock().joining.is_empty()
    }

    /// Tells every reader what lies at rest now. Before the first publication nothing but that was published, so whoever
    /// asks there follows from here on and needs no snapshot.
    pub fn rest(&self, at_rest: &Arc<dyn AtRest>) {
        let mut readers = self.readers.lock();
        let Readers {
            following,
            joining,
            has_begun,
        } = &mut *readers;
        (following.iter_mut().chain(joining.iter_mut())).for_each(|reader| reader.rest(at_rest));
        if !*has_begun {
            following.extend(joining.extract_if(.., |reader| reader.asks_at_rest()));
        }
    }

    /// Hands a batch to every reader; `snapshot` (all rows as they stand after the batch) is made only where somebody joins.
    pub fn publish<E>(
        &self,
        batch: &ChangeBatch,
        snapshot: impl FnOnce() -> Result<ChangeBatch, E>,
    ) -> Result<(), E> {
        let mut readers = self.readers.lock();
        readers.has_begun = true;
        readers
            .following
            .iter_mut()
            .for_each(|reader| reader.apply(batch));
        if readers.joining.is_empty() {
            return Ok(());
        }
        let snapshot = snapshot()?;
        let mut joining = std::mem::take(&mut readers.joining);
        joining
            .iter_mut()
            .for_each(|reader| reader.apply(&snapshot));
        readers.following.append(&mut joining);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(Clone, Default)]
    struct Seen(Arc<Mutex<BTreeMap<i64, i64>>>);

    impl Outlet for Seen {
        fn apply(&mut self, batch: &ChangeBatch) {
            for change in &batch.changes {
                let (Value::Int(key), Some(Value::Int(value))) = (
                    &change.key[0],
                    change.values.as_ref().map(|values| &values[0]),
                ) else {
                    panic!("the test publishes integers")
                };
                self.0.lock().insert(*key, *value);
            }
        }
    }

    fn batch(rows: &[(i64, i64)]) -> ChangeBatch {
        let change = |(key, value): &(i64, i64)| Change {
            table: "t",
            key: Box::new([Value::Int(*key)]),
            values: Some(Box::new([Value::Int(*value)])),
            version: 1,
        };
        ChangeBatch {
            changes: rows.iter().map(change).collect(),
            progress: Progress::default(),
        }
    }

    #[test]
    fn who_joins_late_gets_every_row_and_then_follows() {
        let changelog = Changelog::default();
        let (early, late) = (Seen::default(), Seen::default());
        changelog.attach(Box::new(early.clone()));
        let publish = |rows: &[(i64, i64)], all: &[(i64, i64)]| {
            let published = changelog.publish(&batch(rows), || Ok::<_, ()>(batch(all)));
            published.expect("a snapshot");
        };
        publish(&[(1, 10)], &[(1, 10)]);
        changelog.attach(Box::new(late.clone()));
        assert!(changelog.wants_snapshot());
        publish(&[(2, 20)], &[(1, 10), (2, 20)]);
        publish(&[(1, 11)], &[]);
        let expected = BTreeMap::from([(1, 11), (2, 20)]);
        assert_eq!((&*early.0.lock(), &*late.0.lock()), (&expected, &expected));
    }

    /// Asks for what lies at rest, of which there is nothing in these tests.
    struct Asking(Seen);

    impl Outlet for Asking {
        fn apply(&mut self, batch: &ChangeBatch) {
            self.0.apply(batch);
        }

        fn asks_at_rest(&self) -> bool {
            true
        }
    }

    struct Nothing;

    impl AtRest for Nothing {
        fn version(&self) -> i64 {
            0
        }

        fn texts(&self, _: &mut dyn FnMut(&Arc<str>)) {}

        fn bounds(&self, _: &TablePart<'_>) -> Option<(i64, i64)> {
            None
        }

        fn rows(
            &self,
            _: &TablePart<'_>,
            _: std::ops::Range<i64>,
            _: Option<&[Option<Arc<str>>]>,
            _: &mut dyn FnMut(RestingRow<'_>),
        ) -> Result<(), AtRestError> {
            Ok(())
        }
    }

    /// One row is published at the start, of a snapshot of three; returns what this reader sees of it.
    fn seen_at_start(reader: impl FnOnce(Seen) -> Box<dyn Outlet>, is_told: bool) -> usize {
        let (changelog, seen) = (Changelog::default(), Seen::default());
        changelog.attach(reader(seen.clone()));
        if is_told {
            let at_rest: Arc<dyn AtRest> = Arc::new(Nothing);
            changelog.rest(&at_rest);
        }
        let all = || Ok::<_, ()>(batch(&[(1, 10), (2, 20), (3, 30)]));
        changelog
            .publish(&batch(&[(3, 30)]), all)
            .expect("a snapshot");
        seen.0.lock().len()
    }

    #[test]
    fn at_a_start_only_who_does_not_ask_at_rest_is_read_what_lies_there() {
        assert_eq!(seen_at_start(|seen| Box::new(Asking(seen)), true), 1);
        assert_eq!(seen_at_start(|seen| Box::new(Asking(seen)), false), 3);
        assert_eq!(seen_at_start(|seen| Box::new(seen), true), 3);
    }

    #[test]
    fn who_asks_at_rest_but_joins_late_gets_every_row() {
        let changelog = Changelog::default();
        let publish = |rows: &[(i64, i64)], all: &[(i64, i64)]| {
            let published = changelog.publish(&batch(rows), || Ok::<_, ()>(batch(all)));
            published.expect("a snapshot");
        };
        publish(&[(1, 10)], &[(1, 10)]);
        let late = Seen::default();
        changelog.attach(Box::new(Asking(late.clone())));
        let at_rest: Arc<dyn AtRest> = Arc::new(Nothing);
        changelog.rest(&at_rest);
        publish(&[(2, 20)], &[(1, 10), (2, 20)]);
        assert_eq!(*late.0.lock(), BTreeMap::from([(1, 10), (2, 20)]));
    }
}
