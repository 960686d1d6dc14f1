//! What was judged goes on to an archive that keeps it for good: in the order of the log, whole frames, each with what does
//! not count. The archive may lag or fail for hours: nobody waits for it, and it is given again what it lost from the log.

mod archivist;
mod ledger;

pub use archivist::{ArchiveProgress, CommitRules};
pub(crate) use archivist::{Sender, Watched, channel};
pub use ledger::{Aside, Verdicts};
pub(crate) use ledger::{Ledger, SharedLedger};

use event::EventBatch;
use eventlog::LogPosition;

/// How much of the log an archive holds, and of which folding of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// Stands for the imports that are undone: with others what counts is judged anew, from the beginning. 0 is none.
    pub generation: u64,
    /// Everything below.
    pub position: LogPosition,
}

/// Why an archive could not do it.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub struct ArchiveError {
    /// Whether the same may work later without anybody's help.
    pub may_pass: bool,
    /// Why.
    #[source]
    pub cause: Box<dyn std::error::Error + Send + Sync>,
}

/// A frame of the log and what became of its events.
#[derive(Debug, Clone)]
pub struct JudgedFrame {
    /// The frame's events.
    pub events: EventBatch,
    /// Of the first.
    pub first_offset: u64,
    /// Where the log goes on.
    pub end: LogPosition,
}

/// Keeps judged events for good. What it is given is part of it only after a commit; a commit is whole or nothing.
pub trait Archive: Send {
    /// What is safe.
    fn held(&self) -> Held;

    /// Takes a frame's events but those aside.
    fn take(&mut self, frame: &JudgedFrame, aside: &Aside) -> Result<(), ArchiveError>;

    /// Makes what was taken safe.
    fn commit(&mut self) -> Result<(), ArchiveError>;

    /// Forgets what was taken and is not safe; it will be given again.
    fn let_go(&mut self);

    /// What it holds is no longer so. The next commit puts what is given from now on in its place, as of this generation.
    fn begin_again(&mut self, generation: u64);
}
