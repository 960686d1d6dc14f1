//! The door: requests and files become checked events in the log.
//! Decoding is `event`'s, remembering is `eventlog`'s; here they meet.

mod act;
pub mod checks;
mod decode;
mod door;
mod enrich;
#[cfg(test)]
mod enrich_tests;
pub mod file;
mod geo;
#[cfg(test)]
mod geo_tests;
mod import;
mod known;
pub mod mappings;
mod metrics;
mod plain;
pub mod preview;
mod quality;
pub mod quarantine;
mod ticks;
mod undo;
pub mod watch;

pub use act::{ActError, act};
pub use door::{
    Dedupe, Door, DoorQueue, DoorSettings, EncodeError, FrameMaker, Outcome, Receipt, Refused,
    Request, StoreDefaults, StoreLookup,
};
pub use enrich::{Enricher, Enrichment};
pub use geo::{GeoDatabase, GeoError};
pub use import::{
    ImportCounts, ImportError, ImportListener, ImportPlan, Milestone, Milestones, import, import_as,
};
pub use known::milestones;
pub use plain::{PlainRow, PlainTable, PlainTableError};
pub use quality::{Breach, OnBreach, QualityConfig};
pub use ticks::{TickError, Ticks};
pub use undo::{UndoError, undo};
