//! What every running process shares: a clock, named tasks and threads, shutdown, telemetry.
//! It knows nothing of shops, logs or HTTP, and it is the only crate that may ask the machine for the time or start a task.

mod clock;
mod runtime;
mod signals;
pub mod telemetry;
mod thread;

pub use clock::{Clock, SimulatedTime, UnixMicros};
pub use runtime::{IntoOutcome, Outcome, Runtime, RuntimeError, TaskError};
pub use thread::{NamedThread, Panicked};
/// Cancelled once when the process is asked to stop; clone it freely.
pub use tokio_util::sync::CancellationToken;
