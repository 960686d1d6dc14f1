//! The appenders' side of the log: hand over a frame, wait until it is safe.
//! The writing itself is in `commit.rs`.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use tokio::sync::oneshot;

use crate::error::LogError;
use crate::frame::EncodedFrame;
use crate::queue::{Answer, Pending};
use crate::shared::Shared;

/// A frame is in the log, as safe as the log's durability promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Offset of the frame's first row.
    pub first_offset: u64,
}

/// Appends frames; clones append to the same log and may be used from any thread.
#[derive(Clone)]
pub struct LogWriter {
    shared: Arc<Shared>,
}

impl LogWriter {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Appends and waits without holding a thread. Dropping the future gives up the answer, not always the frame.
    pub async fn append(&self, frame: EncodedFrame) -> Result<Appended, LogError> {
        let (tell, told) = oneshot::channel();
        let answer: Answer = Box::new(move |result| {
            // Nobody waits any more: the frame counts all the same.
            let _ = tell.send(result);
        });
        self.shared.queue.push(Pending::new(frame, answer)).await;
        told.await.unwrap_or_else(|_| Err(self.shared.end_reason()))
    }

    /// Appends and waits on this thread; never call it from async code.
    pub fn append_blocking(&self, frame: EncodedFrame) -> Result<Appended, LogError> {
        let (tell, told) = sync_channel(1);
        self.append_with(frame, move |result| {
            let _ = tell.send(result);
        });
        told.recv()
            .unwrap_or_else(|_| Err(self.shared.end_reason()))
    }

    /// Appends and answers later, so that one thread keeps many frames on their way. Waits on this thread while the
    /// queue is full. `answer` runs once, usually on the writer thread, where everybody waits for it: be quick.
    pub fn append_with(
        &self,
        frame: EncodedFrame,
        answer: impl FnOnce(Result<Appended, LogError>) + Send + 'static,
    ) {
        self.shared
            .queue
            .push_blocking(Pending::new(frame, Box::new(answer)));
    }

    /// Bytes of frames that wait for the writer thread; a door that is asked for more than it can write sees it here.
    pub fn queued_bytes(&self) -> usize {
        self.shared.queue.bytes()
    }
}
