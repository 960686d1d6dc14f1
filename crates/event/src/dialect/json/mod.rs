//! JSON events: our own and the seed generator's, one object or many, whole bodies or files window by window.

mod decode;
mod habit;
mod keys;
mod members;
mod reader;
mod scan;
mod split;
mod text;

pub use decode::{JsonDialect, decode_object};
pub use habit::Habits;
pub use reader::{Objects, Read, read_body};
pub use scan::DEPTH_MAX;
pub use split::{Piece, Splitter};
pub(super) use text::{push_member, write_string};

#[cfg(test)]
mod tests;
