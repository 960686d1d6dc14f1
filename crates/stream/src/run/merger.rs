//! The thread that merges: harvests become results, results become changes that are published, and what changed is handed
//! to the keeper of checkpoints.

use super::{Again, Reached};
use crate::line::{Harvest, LineRuns};
use crate::rest::RestError;
use crate::rest::keeper::{Order, Parts, Shelf, Wanted};
use crate::results::Results;
use changelog::{AtRest, ChangeBatch, Changelog};
use checkpoint::Folder;
use crossbeam_channel::{Receiver, Sender};
use eventlog::LogPosition;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::watch;

/// Makes results and publishes them.
pub(super) struct Merger {
    pub(super) results: Results,
    /// What readers see while the log is folded again.
    pub(super) before: Option<Results>,
    /// The keeper's orders before this one were of results that are folded again.
    pub(super) at_rest_from: u64,
    pub(super) changelog: Changelog,
    pub(super) published: watch::Sender<u64>,
    pub(super) rest: Option<Merging>,
}

/// The merger's share of making checkpoints.
pub(super) struct Merging {
    pub(super) folder: Folder,
    pub(super) shelf: Arc<Shelf>,
    pub(super) orders: Sender<Order>,
    pub(super) cells_max: usize,
    pub(super) unsaved_cells: Arc<AtomicUsize>,
}

impl Merger {
    /// Works until the feeder ends.
    pub(super) fn run(
        mut self,
        restored: Harvest,
        at_start: u64,
        harvests: &Receiver<Reached>,
    ) -> Result<(), RestError> {
        self.publish_restored(restored)?;
        self.published.send_replace(at_start);
        for reached in harvests {
            self.look_at_rest();
            let mut batch = self.results.apply(reached.harvest)?;
            if reached.again == Again::Ends
                && let Some(before) = self.before.take()
            {
                batch.changes = self.results.differing_from(&before)?;
            }
            if self.before.is_none() {
                metrics::histogram!("shopstream_published_rows").record(batch.changes.len() as f64);
                self.publish(&batch)?;
                // The frame that undoes an import is in the results only once all is folded again.
                if !matches!(reached.again, Again::Begins(_)) {
                    self.published.send_replace(reached.position.frame);
                }
            }
            if let Some((number, line)) = reached.checkpoint {
                self.checkpoint(number, line, reached.position);
            }
            if let Again::Begins(order) = reached.again {
                self.start_again(order);
            }
            if let Some(rest) = &self.rest {
                rest.unsaved_cells
                    .store(self.results.unsaved(), Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// From now on harvests make new results; readers keep what they have until those are whole.
    fn start_again(&mut self, order: Option<u64>) {
        let again = self.results.start_again();
        let before = std::mem::replace(&mut self.results, again);
        // Of two imports undone one upon the other readers still see what was before both.
        self.before.get_or_insert(before);
        self.at_rest_from = order.unwrap_or(0);
        if let (Some(rest), Some(number)) = (&self.rest, order) {
            let what = Wanted::StartAgain;
            // The keeper ends only after this thread.
            let _ = rest.orders.send(Order { number, what });
        }
    }

    /// Publishes what the checkpoint brought back, before anything new.
    fn publish_restored(&mut self, restored: Harvest) -> Result<(), RestError> {
        let (rest, changelog) = (&self.rest, &self.changelog);
        let mut is_first = true;
        self.results.restored(restored, |results, batch| {
            if std::mem::take(&mut is_first) && rest.is_some() {
                let at_rest: Arc<dyn AtRest> = Arc::new(results.seen_at_rest());
                changelog.rest(&at_rest);
            }
            changelog.publish(batch, || results.snapshot())
        })
    }

    fn publish(&self, batch: &ChangeBatch) -> Result<(), RestError> {
        let results = &self.results;
        self.changelog.publish(batch, || results.snapshot())
    }

    /// Passes on what lies at rest since the last look.
    fn look_at_rest(&mut self) {
        let Some(rest) = &self.rest else { return };
        let at_rest = rest.shelf.at_rest();
        let is_of_these = at_rest.number >= self.at_rest_from;
        if is_of_these && !Arc::ptr_eq(&at_rest, self.results.at_rest()) {
            let at_rest: Arc<dyn AtRest> = Arc::new(self.results.set_at_rest(at_rest));
            if self.before.is_none() {
                self.changelog.rest(&at_rest);
            }
        }
    }

    fn checkpoint(&mut self, number: u64, line: LineRuns, position: LogPosition) {
        let Some(rest) = &self.rest else { return };
        let results = self.results.rest(&rest.folder, rest.cells_max);
        let results = results.inspect_err(|error| tracing::warn!(%error, "write cells"));
        let parts = Box::new(Parts {
            line,
            results: results.ok(),
            position,
        });
        let what = match self.before {
            None => Wanted::Checkpoint(parts),
            Some(_) => Wanted::Further(parts),
        };
        // The keeper ends only after this thread.
        let _ = rest.orders.send(Order { number, what });
    }
}
