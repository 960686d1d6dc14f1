//! The door: requests and files become checked events in the log.
//! Decoding is `event`'s, remembering is `eventlog`'s; here they meet.

mod decode;
mod door;
pub mod file;
mod import;
mod metrics;
pub mod watch;

pub use door::{
    Dedupe, Door, EncodeError, FrameMaker, Outcome, Receipt, Refused, Request, StoreDefaults,
    StoreLookup,
};
pub use import::{ImportCounts, ImportError, ImportListener, import};
