//! Access logs of web servers: each line of Apache or nginx, common or combined, is a page view.
//! Which visitor is a robot and what a user agent says is not told here.

mod line;
mod page_view;
mod query;
mod reader;
#[cfg(test)]
mod tests;

pub use line::Layout;
pub use reader::{AccessLog, LogGuess};

/// The dialect's name in tables.
pub const NAME: &str = "access_log";
