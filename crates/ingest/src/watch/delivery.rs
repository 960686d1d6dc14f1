//! Frames on their way from a folder's files to the disk: a few at a time, each answered once.
//! Whose they were and what follows from the answer is the folder's business.

use super::known::SourceKey;
use crate::door::{EncodeError, FrameMaker};
use crossbeam_channel::{Receiver, Sender, bounded};
use event::frame::{FrameBody, RowSpan};
use eventlog::{Appended, LogError, LogWriter};

/// Frames of one folder on their way: enough to keep the disk busy, few enough to bound memory.
pub(super) const FRAMES_ON_THE_WAY_MAX: usize = 8;

/// What a frame brings.
#[derive(Debug, Clone)]
pub(super) struct Load {
    /// The reading it came from.
    pub reading: u64,
    /// The file and its rows; nothing where it brought no row.
    pub rows: Option<(SourceKey, RowSpan)>,
    /// Rows of the log it takes.
    pub log_rows: u64,
}

/// The answer to a frame.
pub(super) type Answer = (Load, Result<Appended, LogError>);

/// The way to the log.
pub(super) struct Delivery {
    log: LogWriter,
    maker: FrameMaker,
    tell: Sender<Answer>,
    told: Receiver<Answer>,
    on_the_way: usize,
}

impl Delivery {
    pub(super) fn new(log: LogWriter) -> Delivery {
        let (tell, told) = bounded(FRAMES_ON_THE_WAY_MAX);
        Delivery {
            log,
            maker: FrameMaker::default(),
            tell,
            told,
            on_the_way: 0,
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.on_the_way < FRAMES_ON_THE_WAY_MAX
    }

    pub(super) fn is_idle(&self) -> bool {
        self.on_the_way == 0
    }

    /// Makes a frame and hands it over. Ask `has_room` before.
    pub(super) fn send(&mut self, load: Load, body: &FrameBody) -> Result<(), EncodeError> {
        let frame = self.maker.make(body)?;
        let tell = self.tell.clone();
        self.on_the_way += 1;
        self.log.append_with(frame, move |result| {
            // Room for every answer is kept; nobody waits only when the folder is given up.
            drop(tell.try_send((load, result)));
        });
        Ok(())
    }

    /// An answer that has come.
    pub(super) fn hear(&mut self) -> Option<Answer> {
        let answer = self.told.try_recv().ok()?;
        self.on_the_way -= 1;
        Some(answer)
    }

    /// Waits for the next answer; for the end of a folder only.
    pub(super) fn wait(&mut self) -> Option<Answer> {
        if self.is_idle() {
            return None;
        }
        let answer = self.told.recv().ok()?;
        self.on_the_way -= 1;
        Some(answer)
    }

    /// Where answers come, to wait for them among other things.
    pub(super) fn answers(&self) -> &Receiver<Answer> {
        &self.told
    }
}
