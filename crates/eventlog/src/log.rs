//! The log as a whole: open, hand out writers and readers, close.
//! It owns the folder's lock and the writer thread.

use std::sync::Arc;

use parking_lot::Mutex;
use runtime::NamedThread;

use crate::commit::Committer;
use crate::config::LogConfig;
use crate::disk::{MachineDisk, SharedDisk};
use crate::error::LogError;
use crate::fence::Fence;
use crate::frame::LogPosition;
use crate::lock::DirectoryLock;
use crate::reader::LogReader;
use crate::recover::{LogRecovered, recover};
use crate::shared::{Published, Shared};
use crate::writer::LogWriter;

/// An open log. Dropping it closes it.
pub struct EventLog {
    shared: Arc<Shared>,
    disk: SharedDisk,
    config: LogConfig,
    recovered: LogRecovered,
    fence: Fence,
    thread: Mutex<Option<NamedThread<()>>>,
    _lock: DirectoryLock,
}

impl EventLog {
    /// Locks the folder, raises its epoch, repairs what a crash left and starts the writer thread. Blocks for as long
    /// as reading one segment takes, and writing it once more if the process before did not close the log.
    pub fn open(config: LogConfig) -> Result<Self, LogError> {
        Self::open_on(Arc::new(MachineDisk), config)
    }

    pub(crate) fn open_on(disk: SharedDisk, config: LogConfig) -> Result<Self, LogError> {
        disk.create_dir(&config.dir)
            .map_err(LogError::io("create", &config.dir))?;
        let lock = DirectoryLock::take(&config.dir)?;
        let recovery = recover(&disk, &config)?;
        let recovered = recovery.report.clone();
        let fence = recovery.fence.clone();
        let published = Published {
            segments: recovery.segments.clone(),
            position: recovery.position,
            end: recovery.next,
            ended: None,
        };
        let shared = Arc::new(Shared::new(published, config.queue_bytes_max));
        let (to_disk, to_shared) = (Arc::clone(&disk), Arc::clone(&shared));
        let committer = Committer::new(to_shared, to_disk, config.clone(), recovery);
        let thread = NamedThread::spawn("log writer", move || committer.run());
        let thread = thread.map_err(LogError::io("start the writer thread of", &config.dir))?;
        let thread = Mutex::new(Some(thread));
        Ok(Self {
            shared,
            disk,
            config,
            recovered,
            fence,
            thread,
            _lock: lock,
        })
    }

    /// Why nothing is taken in for now, if the disk has no room; reading goes on.
    pub fn shortage(&self) -> Option<LogError> {
        self.shared.shortage()
    }

    /// What was found and repaired when it was opened.
    pub fn recovered(&self) -> &LogRecovered {
        &self.recovered
    }

    /// How often the folder was opened: each process that writes has a larger number than all before it.
    pub fn epoch(&self) -> u64 {
        self.fence.epoch()
    }

    /// Tells whether the folder is still this process's own, for whoever writes beside the log.
    pub fn fence(&self) -> Fence {
        self.fence.clone()
    }

    /// A handle to append with.
    pub fn writer(&self) -> LogWriter {
        LogWriter::new(Arc::clone(&self.shared))
    }

    /// Reads from the frame that holds this offset on, and frames without rows that stand right at it. `end()` is the
    /// highest offset that can be asked for.
    pub fn reader(&self, from_offset: u64) -> LogReader {
        self.reader_at(LogPosition {
            offset: from_offset,
            frame: 0,
        })
    }

    /// Reads on after a frame whose `end()` was remembered: none comes twice, not even those without rows.
    pub fn reader_at(&self, from: LogPosition) -> LogReader {
        let (shared, disk) = (Arc::clone(&self.shared), Arc::clone(&self.disk));
        LogReader::new(shared, disk, self.config.dir.clone(), from)
    }

    /// Offset of the oldest row that is kept.
    pub fn first_offset(&self) -> u64 {
        self.shared.first_offset()
    }

    /// One past the newest durable row: the offset that the next row will get, unless frames are on their way.
    pub fn end(&self) -> u64 {
        self.end_position().offset
    }

    /// As `end`, with the number of the next frame.
    pub fn end_position(&self) -> LogPosition {
        self.shared.view().end
    }

    /// Resolves when the log has failed and the process must end; never otherwise.
    pub fn failed(&self) -> impl Future<Output = LogError> + Send + use<> {
        let mut failure = self.shared.failure();
        async move {
            let seen = failure
                .wait_for(Option::is_some)
                .await
                .map(|seen| seen.clone());
            match seen {
                Ok(Some(error)) => error,
                _ => std::future::pending().await,
            }
        }
    }

    /// Refuses new frames, writes and syncs those that wait, and lets readers run out. Blocks until that is done.
    pub fn close(&self) {
        self.shared.queue.close(LogError::Closed);
        let thread = self.thread.lock().take();
        if let Some(Err(panicked)) = thread.map(NamedThread::join) {
            tracing::error!(%panicked, "log writer");
        }
    }
}

impl Drop for EventLog {
    fn drop(&mut self) {
        self.close();
    }
}
