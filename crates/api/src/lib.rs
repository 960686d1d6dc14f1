//! The counter: routes, wire types, keys, sessions, the stream of changes and the embedded dashboard.
//! It shows what `live` knows and hands what comes in to the door; it counts and judges nothing itself.

mod app;
mod auth;
mod body;
mod config;
mod dashboard;
mod decompress;
mod door;
mod host;
mod hub;
mod keys;
mod metrics;
mod params;
mod problem;
mod routes;
mod server;
mod sql;
mod state;
#[cfg(test)]
mod tests;
mod trace;
mod wire;

pub use app::router;
pub use config::{ApiConfig, Tls};
pub use door::{
    DoorProblem, DoorRequest, EventDoor, ImportCounts, ImportMoney, ImportProblem, ImportProgress,
    ImportRemedy, ImportSummary, ItemOutcome, ItemResult, KeptEvent, Receipt, Refused,
    ReplayMapping, ReplayRequest, ReplaySummary, Upload,
};
pub use keys::{KeyError, KeyRing, NewKey, Scope};
pub use server::{BindError, Bound, bind, serve};
pub use sql::{SqlAsk, SqlBody, SqlDoor, SqlFormat, SqlRefused};
pub use state::{ApiState, Readiness};
