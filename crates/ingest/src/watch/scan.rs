//! One look at a folder: its files with what tells them apart and what tells whether they have changed. Nothing is opened.

use super::names::{Names, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Files of one folder that are looked at; a folder with more of them shows in its health.
pub(super) const FILES_MAX: usize = 1_000_000;

/// Which file it is, whatever it is called.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub(super) struct FileKey {
    pub device: u64,
    pub inode: u64,
}

/// What changes when a file is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Version {
    pub bytes: u64,
    /// Time of the last write in nanoseconds since 1970, by the clock of the disk.
    pub modified_ns: i64,
}

impl FileKey {
    pub(super) fn of(metadata: &Metadata) -> FileKey {
        FileKey {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }
}

impl Version {
    pub(super) fn of(metadata: &Metadata) -> Version {
        Version {
            bytes: metadata.len(),
            modified_ns: (metadata.mtime().saturating_mul(1_000_000_000))
                .saturating_add(metadata.mtime_nsec()),
        }
    }
}

/// A file that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub path: PathBuf,
    pub name: String,
    pub version: Version,
}

/// What one look found.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Files to take.
    pub files: BTreeMap<FileKey, Listed>,
    /// Files that are not finished, by their names.
    pub unfinished: Vec<FileKey>,
    /// Files that could not be looked at, and why.
    pub unreadable: Vec<(String, io::Error)>,
    /// There are more than are looked at.
    pub is_cut: bool,
}

/// Looks at a folder. Folders, pipes and devices in it are passed over; of two names of one file the first counts.
pub(super) fn list(folder: &Path, names: &Names) -> io::Result<Listing> {
    let mut listing = Listing::default();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let verdict = names.judge(&name);
        if verdict == Verdict::Ignored {
            continue;
        }
        // Through links: a link to a file stands for the file.
        let metadata = match std::fs::metadata(entry.path()) {
            Ok(metadata) if metadata.is_file() => metadata,
            Ok(_) => continue,
            // It went away between two calls.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                listing.unreadable.push((name, error));
                continue;
            }
        };
        let key = FileKey::of(&metadata);
        if verdict == Verdict::Unfinished {
            listing.unfinished.push(key);
        } else {
            if listing.files.len() == FILES_MAX {
                listing.is_cut = true;
                break;
            }
            let listed = Listed {
                path: entry.path(),
                name,
                version: Version::of(&metadata),
            };
            let first = listing.files.entry(key).or_insert_with(|| listed.clone());
            if listed.name < first.name {
                *first = listed;
            }
        }
    }
    Ok(listing)
}

#[cfg(test)]
mod tests {
    use super::super::config::FolderSettings;
    use super::*;

    #[test]
    fn files_are_found_by_what_they_are_and_nothing_else_is() {
        let dir = tempfile::tempdir().expect("a folder");
        let at = |name: &str| dir.path().join(name);
        for name in ["b.csv", "a.csv.part", ".hidden"] {
            std::fs::write(at(name), "x").expect("a file");
        }
        std::fs::create_dir(at("done")).expect("a folder");
        std::fs::hard_link(at("b.csv"), at("a.csv")).expect("a second name");
        std::os::unix::fs::symlink(at("nothing"), at("broken.csv")).expect("a link");
        let names = Names::of(&FolderSettings::default());
        let listing = list(dir.path(), &names).expect("can be read");
        let found: Vec<&str> = listing.files.values().map(|it| it.name.as_str()).collect();
        assert_eq!(found, ["a.csv"]);
        assert_eq!(listing.unfinished.len(), 2);
        assert!(list(&at("gone"), &names).is_err());
    }
}
