//! A thread with a name whose end, and whose panic, somebody sees.
//! Whether a failed thread stops the process is decided in `runtime.rs`.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;

/// A running thread; dropping the handle lets it run on.
#[derive(Debug)]
pub struct NamedThread<T> {
    name: String,
    handle: JoinHandle<T>,
}

impl<T: Send + 'static> NamedThread<T> {
    /// Starts `work`; fails only if the machine has no thread left to give.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place that names threads"
    )]
    pub fn spawn(
        name: impl Into<String>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<Self> {
        let name = name.into();
        let handle = std::thread::Builder::new().name(name.clone()).spawn(work)?;
        Ok(Self { name, handle })
    }

    /// The name it was started with, as debuggers and panics show it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the work is over, so that `join` would not wait.
    pub fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }

    /// Waits for the end and gives back what the work returned.
    pub fn join(self) -> Result<T, Panicked> {
        self.handle.join().map_err(Panicked::from_payload)
    }
}

/// A panic that was caught, with what it said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("panicked: {message}")]
pub struct Panicked {
    /// The text given to `panic!`.
    pub message: String,
}

impl Panicked {
    pub(crate) fn from_payload(payload: Box<dyn std::any::Any + Send>) -> Self {
        let text = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Self {
            message: text.unwrap_or_else(|| "no message".to_owned()),
        }
    }
}

pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(work)).map_err(Panicked::from_payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_carries_its_name_and_hands_back_its_result() {
        let thread = NamedThread::spawn("counter", || {
            std::thread::current().name().map(str::to_owned)
        });
        let name = thread.expect("a thread is to be had").join();
        assert_eq!(name, Ok(Some("counter".to_owned())));
    }

    #[test]
    fn joining_a_panicked_thread_says_what_it_said() {
        let thread = NamedThread::spawn("doomed", || panic!("shelf {} fell", 7));
        let end: Result<(), _> = thread.expect("a thread is to be had").join();
        assert_eq!(
            end,
            Err(Panicked {
                message: "shelf 7 fell".to_owned()
            })
        );
    }
}
