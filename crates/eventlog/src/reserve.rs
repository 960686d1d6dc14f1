//! Room that is kept on the disk: below it nothing new is taken in, so that what runs can go on and end in order.
//! A ballast file holds a part of it against other programs and gives way when the disk is all but full.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::DiskReserve;
use crate::disk::{SharedDisk, Space};
use crate::error::LogError;
use crate::metrics;
use crate::shared::Shared;

/// In the folder of the log. Whoever needs room at once may delete it.
const BALLAST_NAME: &str = "ballast";

pub(crate) struct Reserve {
    disk: SharedDisk,
    shared: Arc<Shared>,
    dir: PathBuf,
    config: DiskReserve,
    has_ballast: bool,
    /// It gave way, and takes its room back before anything else may.
    owes_ballast: bool,
    is_short: bool,
}

impl Reserve {
    /// Takes over the ballast that an earlier process left.
    pub(crate) fn open(
        disk: &SharedDisk,
        shared: &Arc<Shared>,
        dir: &Path,
        config: DiskReserve,
    ) -> Self {
        let mut reserve = Self {
            disk: Arc::clone(disk),
            shared: Arc::clone(shared),
            dir: dir.to_owned(),
            config,
            has_ballast: disk.open(&dir.join(BALLAST_NAME)).is_ok(),
            owes_ballast: false,
            is_short: false,
        };
        if config.ballast_bytes == 0 {
            reserve.give_way();
        }
        // Whoever appends first is told; here it is only looked at.
        let _ = reserve.check();
        reserve
    }

    /// Whether new frames may be taken. One look at the file system, about a microsecond.
    pub(crate) fn check(&mut self) -> Result<(), LogError> {
        // A file system that does not say how full it is will say so when it is full.
        let Ok(space) = self.disk.space(&self.dir) else {
            return Ok(());
        };
        metrics::disk_free(space.free_bytes);
        let (free_bytes, reserve_bytes) = (self.free_bytes(space), self.reserve_bytes(space));
        if free_bytes >= reserve_bytes {
            self.has_room(free_bytes - reserve_bytes);
            return Ok(());
        }
        if space.free_bytes < self.config.ballast_bytes {
            self.give_way();
        }
        let error = LogError::DiskNearlyFull {
            dir: self.dir.clone(),
            free_bytes,
            reserve_bytes,
        };
        if !self.is_short {
            self.is_short = true;
            tracing::warn!(%error, "no more events are taken until there is room");
        }
        self.shared.set_shortage(Some(error.clone()));
        Err(error)
    }

    /// What the ballast will take back is not free.
    fn free_bytes(&self, space: Space) -> u64 {
        let owed_bytes = u64::from(self.owes_ballast) * self.config.ballast_bytes;
        space.free_bytes.saturating_sub(owed_bytes)
    }

    fn reserve_bytes(&self, space: Space) -> u64 {
        let share = space.total_bytes / 100 * self.config.percent;
        share.min(self.config.bytes_max)
    }

    fn has_room(&mut self, spare_bytes: u64) {
        if self.is_short {
            self.is_short = false;
            self.shared.set_shortage(None);
            tracing::info!("there is room again: events are taken");
        }
        // Twice as much, so that taking it does not make the disk nearly full.
        let is_wanted = !self.has_ballast && self.config.ballast_bytes > 0;
        if self.owes_ballast || (is_wanted && spare_bytes >= 2 * self.config.ballast_bytes) {
            self.has_ballast = self.take_ballast();
            self.owes_ballast = false;
        }
    }

    fn take_ballast(&self) -> bool {
        let path = self.dir.join(BALLAST_NAME);
        let taken =
            (self.disk.create(&path)).and_then(|file| file.allocate(self.config.ballast_bytes));
        if let Err(error) = &taken {
            tracing::debug!(%error, "no ballast");
            let _ = self.disk.remove(&path);
        }
        taken.is_ok()
    }

    fn give_way(&mut self) {
        if self.has_ballast && self.disk.remove(&self.dir.join(BALLAST_NAME)).is_ok() {
            self.has_ballast = false;
            self.owes_ballast = self.config.ballast_bytes > 0;
            tracing::warn!("the ballast file gave way: the disk is full");
        }
    }
}
