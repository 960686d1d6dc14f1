//! The log: frames of bytes, remembered in the order in which they were accepted, durable before anyone hears so.
//! It knows offsets, checksums and disks; it does not know events, sources or what a payload means.
//!
//! A caller encodes whole requests into an [`EncodedFrame`] on its own thread and appends it through a [`LogWriter`].
//! One thread writes everything that queued meanwhile, syncs once and answers all. A [`LogReader`] follows behind and
//! never sees what is not durable.

mod commit;
mod config;
mod disk;
mod error;
mod fence;
mod format;
mod frame;
mod lock;
mod log;
mod look;
mod mark;
mod metrics;
mod queue;
mod reader;
mod recover;
mod reserve;
mod scan;
mod segment;
mod shared;
mod tail;
mod takeover;
mod writer;

#[cfg(test)]
mod tests;

pub use config::{DiskReserve, Durability, LogConfig};
pub use error::{LogError, Remedy};
pub use fence::{Fence, Fenced};
pub use frame::{EncodedFrame, FRAME_BYTES_MAX, Frame, FrameEncoder, LogPosition, Tallies};
pub use log::EventLog;
pub use look::{LogLook, look};
pub use reader::LogReader;
pub use recover::LogRecovered;
pub use writer::{Appended, LogWriter};
