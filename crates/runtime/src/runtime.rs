//! Named tasks and threads: nothing runs without a name, nothing fails unseen, and all of it stops in reverse order.
//! It restarts nothing: a task that fails brings the process down in order, because a half-running shop counts wrong.

use std::error::Error;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::signals::Signals;
use crate::thread::{NamedThread, Panicked, catch};

/// How a task ended.
pub type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// What a task may return: nothing, or a `Result` with any error.
pub trait IntoOutcome {
    /// The common form.
    fn into_outcome(self) -> Outcome;
}

impl IntoOutcome for () {
    fn into_outcome(self) -> Outcome {
        Ok(())
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> IntoOutcome for Result<(), E> {
    fn into_outcome(self) -> Outcome {
        self.map_err(Into::into)
    }
}

/// Why a run did not end well.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// A task returned an error or panicked; everything else was stopped because of it.
    #[error("task {name} failed")]
    TaskFailed {
        /// The name given to `spawn`.
        name: String,
        /// The task's own error, or `Panicked`.
        #[source]
        cause: TaskError,
    },
    /// Tasks did not stop in time and were left behind.
    #[error("still running after {deadline:?}: {}", names.join(", "))]
    Overdue {
        /// Tasks in the order in which they were waited for.
        names: Vec<String>,
        /// The time they were given together.
        deadline: Duration,
    },
}

/// A task's error, shared between those who are told of it.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub struct TaskError(Arc<dyn Error + Send + Sync>);

impl TaskError {
    /// The task's error itself, for a caller that knows its type and picks the exit code by it.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }
}

/// Starts tasks, notices their end and stops them. Clones share everything.
#[derive(Clone)]
pub struct Runtime(Arc<Shared>);

struct Shared {
    clock: Clock,
    handle: Handle,
    stop: CancellationToken,
    tasks: Mutex<Vec<Task>>,
    first_failure: Mutex<Option<(String, TaskError)>>,
}

struct Task {
    name: String,
    ended: watch::Receiver<bool>,
    abort: Option<tokio::task::AbortHandle>,
}

impl Runtime {
    /// Takes the surrounding tokio runtime; call it inside one.
    pub fn new(clock: Clock) -> Self {
        Self(Arc::new(Shared {
            clock,
            handle: Handle::current(),
            stop: CancellationToken::new(),
            tasks: Mutex::default(),
            first_failure: Mutex::default(),
        }))
    }

    /// The clock all parts of this process share.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Cancelled when the process is to stop; every task that waits must also wait for this.
    pub fn stop_token(&self) -> CancellationToken {
        self.0.stop.clone()
    }

    /// Asks everything to stop and returns at once.
    pub fn request_stop(&self) {
        self.0.stop.cancel();
    }

    /// Starts a task; its error or panic stops the process.
    pub fn spawn<F>(&self, name: impl Into<String>, future: F)
    where
        F: Future<Output: IntoOutcome + Send> + Send + 'static,
    {
        let (name, (end, ended)) = (name.into(), watch::channel(false));
        let work = self
            .0
            .handle
            .spawn(async move { future.await.into_outcome() });
        let abort = Some(work.abort_handle());
        let (runtime, task_name) = (self.clone(), name.clone());
        self.0.handle.spawn(async move {
            match work.await {
                Ok(outcome) => runtime.finished(task_name, outcome),
                Err(error) if error.is_cancelled() => {}
                Err(error) => {
                    let panicked = Panicked::from_payload(error.into_panic());
                    runtime.finished(task_name, Err(panicked.into()));
                }
            }
            end.send_replace(true);
        });
        self.remember(Task { name, ended, abort });
    }

    /// Starts a thread for work that blocks or computes; its error or panic stops the process.
    pub fn spawn_thread<R: IntoOutcome>(
        &self,
        name: impl Into<String>,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> io::Result<()> {
        let (name, (end, ended)) = (name.into(), watch::channel(false));
        let (runtime, task_name) = (self.clone(), name.clone());
        NamedThread::spawn(name.clone(), move || {
            let outcome = catch(|| work().into_outcome());
            let outcome = outcome.unwrap_or_else(|panicked| Err(panicked.into()));
            runtime.finished(task_name, outcome);
            end.send_replace(true);
        })?;
        self.remember(Task {
            name,
            ended,
            abort: None,
        });
        Ok(())
    }

    /// From now on SIGINT and SIGTERM stop in order, and a second SIGINT at once.
    pub fn obey_signals(&self) -> io::Result<()> {
        let _inside = self.0.handle.enter();
        let signals = Signals::listen()?;
        // Not remembered: it has no end of its own, and nobody waits for it.
        self.0.handle.spawn(signals.obey(self.stop_token()));
        Ok(())
    }

    /// Waits until somebody asks for the end (a signal, a failed task, `request_stop`), then stops all.
    pub async fn run(&self, deadline: Duration) -> Result<(), RuntimeError> {
        self.0.stop.cancelled().await;
        self.stop(deadline).await
    }

    /// Stops all: waits for tasks in reverse order of their start, `deadline` for all together, then aborts what is left.
    pub async fn stop(&self, deadline: Duration) -> Result<(), RuntimeError> {
        self.request_stop();
        let timeout = tokio::time::sleep(deadline);
        tokio::pin!(timeout);
        let mut names = Vec::new();
        while let Some(mut task) = self.last_task() {
            let in_time = tokio::select! {
                biased;
                _ = task.ended.wait_for(|ended| *ended) => true,
                () = &mut timeout, if !timeout.is_elapsed() => false,
                () = std::future::ready(()), if timeout.is_elapsed() => false,
            };
            if !in_time {
                tracing::warn!(task = task.name, "did not stop in time");
                task.abort.inspect(|abort| abort.abort());
                names.push(task.name);
            }
        }
        self.verdict(names, deadline)
    }

    fn verdict(&self, names: Vec<String>, deadline: Duration) -> Result<(), RuntimeError> {
        if let Some((name, cause)) = locked(&self.0.first_failure).take() {
            return Err(RuntimeError::TaskFailed { name, cause });
        }
        if names.is_empty() {
            Ok(())
        } else {
            Err(RuntimeError::Overdue { names, deadline })
        }
    }

    fn finished(&self, name: String, outcome: Outcome) {
        let Err(error) = outcome else {
            return tracing::debug!(task = name, "task ended");
        };
        let cause = TaskError(Arc::from(error));
        locked(&self.0.first_failure).get_or_insert((name, cause));
        self.request_stop();
    }

    fn remember(&self, task: Task) {
        let mut tasks = locked(&self.0.tasks);
        tasks.retain(|task| !*task.ended.borrow());
        tasks.push(task);
    }

    fn last_task(&self) -> Option<Task> {
        locked(&self.0.tasks).pop()
    }
}

/// No code that panics runs under these locks, so a poisoned one still holds good data.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "runtime_tests.rs"]
mod tests;
