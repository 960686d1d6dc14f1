//! The door: requests and files become checked events in the log.
//! Decoding is `event`'s, remembering is `eventlog`'s; here they meet.

pub mod checks;
mod decode;
mod door;
pub mod file;
mod import;
mod known;
pub mod mappings;
pub mod preview;
mod quality;
pub mod quarantine;

pub use door::{
    Dedupe, Door, DoorConfig, EncodeError, FrameMaker, Outcome, Receipt, Refused, Request,
    StoreDefaults, StoreLookup,
};
pub use import::{
    ImportCounts, ImportError, ImportListener, ImportPlan, Milestone, Milestones, import, import_as,
};
pub use known::milestones;
pub use quality::{Breach, OnBreach, QualityConfig};
