//! JSON events: our own and the seed generator's, one object or many, whole bodies or files window by window.

mod decode;
mod detect;
mod dialect;
mod foreign;
mod habit;
mod keys;
mod members;
mod reader;
mod scan;
mod split;
mod text;

pub use decode::decode_object;
pub use detect::{Detection, detect};
pub use dialect::JsonDialect;
pub use foreign::decode_object_as;
pub use habit::Habits;
pub use reader::{Objects, Read, read_body, read_body_as};
pub use scan::DEPTH_MAX;
pub use split::{Piece, Splitter};
pub(super) use text::{push_member, write_string};

#[cfg(test)]
mod bad_input_tests;
#[cfg(test)]
mod mutation_tests;
#[cfg(test)]
mod tests;
