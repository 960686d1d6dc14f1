//! The long memory: open tables on a folder or an object store, which Spark, DuckDB and Polars read as well as we do.
//! It takes what was judged and says how much of it is safe. Where it came from and who asks for it is not known here.

mod columns;
mod error;
mod events;
mod look;
mod place;
mod store_day;
mod synced;
mod table;
mod tail;

pub use columns::EVENTS;
pub use error::LakeError;
pub use events::{EventArchive, Judged, Limits};
pub use look::{AsOf, EventsLook};
pub use place::{Place, PlaceError};
pub use store_day::Zones;
pub use table::Reached;
pub use tail::{Tail, events_schema};

#[cfg(test)]
mod tests;
