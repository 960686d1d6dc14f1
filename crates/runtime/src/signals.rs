//! What the operating system asks of us: SIGINT and SIGTERM stop in order, a second SIGINT stops at once.
//! How tasks are stopped is not here; this only cancels the token.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What a shell reports for a process that SIGINT ended: 128 + 2.
const EXIT_INTERRUPTED: i32 = 130;

pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Never returns: after the first signal it waits for the impatient second.
    #[expect(
        clippy::disallowed_methods,
        reason = "who asks twice wants out, synced or not"
    )]
    pub(crate) async fn obey(mut self, stop: CancellationToken) {
        let name = tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        };
        // First the stop, then the word: a pipe that nobody empties may hold up the word for good.
        stop.cancel();
        tracing::info!(signal = name, "stopping");
        self.interrupt.recv().await;
        tracing::warn!("second SIGINT: stopping at once");
        std::process::exit(EXIT_INTERRUPTED);
    }
}
