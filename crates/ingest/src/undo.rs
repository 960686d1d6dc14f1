//! Undoing an import: one frame that says so. What its events had brought is taken back by whoever folds the log.

use crate::door::FrameMaker;
use event::frame::FrameBuilder;
use event::import::ImportKey;
use eventlog::{EventLog, LogError};

/// Why an import could not be undone.
#[derive(Debug, thiserror::Error)]
#[error("write to the log that the import is undone")]
pub struct UndoError(#[source] pub LogError);

/// Says in the log that an import is undone; durable when this returns.
pub fn undo(log: &EventLog, import: ImportKey) -> Result<(), UndoError> {
    let mut builder = FrameBuilder::new();
    builder.undo(import);
    let frame = FrameMaker::default().make(&builder.finish());
    let frame = frame.expect("a frame of one note is small");
    log.writer().append_blocking(frame).map_err(UndoError)?;
    Ok(())
}
