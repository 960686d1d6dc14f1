//! Real data beside the checkout. Where it is missing, a test says that it was skipped.

use std::path::{Path, PathBuf};

/// A file of the fixtures, or nothing with a word on standard error.
#[must_use]
pub fn fixture(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/fixtures")
        .join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: the fixture {name} is not on this machine");
    None
}
