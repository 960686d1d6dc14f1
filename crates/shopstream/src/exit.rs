//! Exit codes and the one line that says what went wrong, why, and how to mend it.

use std::io::Write;
use std::process::ExitCode;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// A check found problems.
    ProblemsFound = 3,
    /// The key was not accepted.
    Authentication = 4,
    /// The server cannot be reached.
    Unreachable = 5,
    /// The log ended: the disk did not keep its word, and a restart recovers; or another process took the log over.
    DiskFailed = 70,
    /// Interrupted.
    Interrupted = 130,
    /// Ended after a graceful drain.
    Drained = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// An error whose remedy is known: what, why, how to mend it, and the exit code.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Problem {
    /// What could not be done, and why.
    pub what: String,
    /// How to mend it.
    pub mend: String,
    /// The exit code.
    pub exit: Exit,
}

impl Problem {
    /// A wrong command line or configuration.
    pub fn usage(what: impl Into<String>, mend: impl Into<String>) -> Problem {
        Problem {
            what: what.into(),
            mend: mend.into(),
            exit: Exit::Usage,
        }
    }

    /// Something that failed.
    pub fn failed(what: impl Into<String>, mend: impl Into<String>) -> Problem {
        Problem {
            what: what.into(),
            mend: mend.into(),
            exit: Exit::Failed,
        }
    }
}

/// Prints an error on standard error and picks the exit code.
pub fn explain(error: &anyhow::Error) -> Exit {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    let mut said: Vec<&str> = Vec::new();
    for cause in &causes {
        if !said.iter().any(|before| before.contains(cause.as_str())) {
            said.push(cause);
        }
    }
    // `eprintln` would panic where nobody reads any more, and the exit code would be lost.
    let mut out = std::io::stderr().lock();
    let _ = writeln!(out, "shopstream: {}", said.join(": "));
    // A problem given as context is found by anyhow itself, one further down by the chain.
    let problem = error.downcast_ref::<Problem>().or_else(|| {
        error
            .chain()
            .find_map(|cause| cause.downcast_ref::<Problem>())
    });
    if let Some(problem) = problem {
        let _ = writeln!(out, "  {}", problem.mend);
    }
    problem.map_or(Exit::Failed, |problem| problem.exit)
}
