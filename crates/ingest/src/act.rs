//! What a person did about an alert: one frame that says so. What follows from it is decided by whoever folds the log.

use crate::door::FrameMaker;
use event::act::ActNote;
use event::frame::FrameBuilder;
use eventlog::{EventLog, LogError};

/// Why it could not be written down.
#[derive(Debug, thiserror::Error)]
#[error("write to the log what was done about an alert")]
pub struct ActError(#[source] pub LogError);

/// Says in the log what a person did about an alert; durable when this returns.
pub fn act(log: &EventLog, act: ActNote) -> Result<(), ActError> {
    let mut builder = FrameBuilder::new();
    builder.act(act);
    let frame = FrameMaker::default().make(&builder.finish());
    let frame = frame.expect("a frame of one note is small");
    log.writer().append_blocking(frame).map_err(ActError)?;
    Ok(())
}
