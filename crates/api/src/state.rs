//! What the counter is built from: handles to the parts of the process it shows or calls.

use crate::door::EventDoor;
use crate::keys::KeyRing;
use crate::sql::SqlDoor;
use analytics::quality::Thresholds;
use live::LiveTables;
use runtime::Clock;
use std::sync::Arc;

/// The parts of the process behind the counter.
#[derive(Clone)]
pub struct ApiState {
    /// Results.
    pub live: LiveTables,
    /// Where events go in.
    pub door: Arc<dyn EventDoor>,
    /// Who answers SQL.
    pub sql: Arc<dyn SqlDoor>,
    /// Keys, sessions and login tokens.
    pub keys: KeyRing,
    /// Above what something about the data is told.
    pub thresholds: Thresholds,
    /// The process's clock.
    pub clock: Clock,
    /// The offset after the last durable event.
    pub log_end: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// Whether the process is ready, asked anew each time.
    pub readiness: Arc<dyn Fn() -> Readiness + Send + Sync>,
    /// The page a Prometheus server reads.
    pub render_metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

/// Whether the process can serve, and why not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Readiness {
    /// Every part is ready.
    pub is_ready: bool,
    /// What each part says, by name: `("stream", "replaying 45 %")`.
    pub checks: Vec<(&'static str, String)>,
}
