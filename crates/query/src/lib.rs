//! SQL over the lake and what is not there yet: one snapshot, one statement, one answer. It reads and never writes; who may
//! ask, over which door, and in which process this runs is not known here.

mod answer;
mod ask;
mod functions;
mod guard;
mod refusal;
mod session;
mod snapshot;
mod tail_table;
mod views;
mod worker;

#[cfg(test)]
mod tests;

pub use answer::Format;
pub use ask::{Ask, Judgement, LakePlace, Limits};
pub use refusal::{Refusal, SqlState};
pub use session::{Answer, Session};
pub use snapshot::Snapshot;
pub use worker::{Part, read_part, run, write_ask};
