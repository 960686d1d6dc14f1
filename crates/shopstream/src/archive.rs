//! Joins the line's archive to the lake: one speaks of places in the log, the other of how much of it a table holds.

use eventlog::LogPosition;
use lake::{EventArchive, Judged, LakeError, Reached};
use stream::{Archive, ArchiveError, Aside, Held, JudgedFrame};
use tokio::runtime::Handle;

/// The lake as the line sees it. Its thread waits for the lake; nobody else does.
pub struct LakeArchive {
    events: EventArchive,
    tasks: Handle,
}

impl LakeArchive {
    /// To be called where tasks run.
    pub fn new(events: EventArchive) -> LakeArchive {
        LakeArchive {
            events,
            tasks: Handle::current(),
        }
    }
}

fn held(reached: Reached) -> Held {
    Held {
        generation: reached.generation,
        position: LogPosition {
            offset: reached.offset,
            frame: reached.frame,
        },
    }
}

fn failed(error: LakeError) -> ArchiveError {
    ArchiveError {
        may_pass: error.may_pass(),
        cause: Box::new(error),
    }
}

impl Archive for LakeArchive {
    fn held(&self) -> Held {
        held(self.events.reached())
    }

    fn take(&mut self, frame: &JudgedFrame, aside: &Aside) -> Result<(), ArchiveError> {
        let judged = Judged {
            events: &frame.events,
            first_offset: frame.first_offset,
            aside: &aside.uncounted,
            adding: &aside.adding,
            to: Reached {
                generation: 0,
                frame: frame.end.frame,
                offset: frame.end.offset,
            },
        };
        self.tasks
            .block_on(self.events.take(judged))
            .map_err(failed)
    }

    fn commit(&mut self) -> Result<(), ArchiveError> {
        self.tasks.block_on(self.events.commit()).map_err(failed)
    }

    fn let_go(&mut self) {
        self.tasks.block_on(self.events.let_go());
    }

    fn begin_again(&mut self, generation: u64) {
        self.tasks.block_on(self.events.begin_again(generation));
    }
}
