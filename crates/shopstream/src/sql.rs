//! SQL behind the counter: the desk hands each question to a process of its own, with a snapshot of what is judged. What the
//! question means is decided in `query`.

mod desk;
mod hand;

pub use desk::Desk;
pub use hand::serve;
