//! Where files go when they are done with: into another folder, never over a file that is there, with a word beside a failed one.

use super::names::REASON_ENDING;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::io;
use std::path::{Path, PathBuf};

/// Names tried before giving up: `a.csv`, `a.csv.1`, `a.csv.2` and so on.
const NAMES_MAX: u32 = 10_000;

/// Moves a file into a folder, which is made if it is not there. Its place there.
pub(super) fn put(file: &Path, folder: &Path) -> io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    for number in 0..NAMES_MAX {
        let place = match number {
            0 => folder.join(&*name),
            number => folder.join(format!("{name}.{number}")),
        };
        match rename(file, &place) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                if !place.exists() {
                    return carry(file, &place).map(|()| place);
                }
            }
            Err(error) => return Err(error),
            Ok(()) => return Ok(place),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// The word beside a failed file.
pub(super) fn put_reason(file: &Path, text: &str) -> io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(REASON_ENDING);
    std::fs::write(name, text)
}

/// Fails where there is a file of the new name.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // A disk that does not know this: look, then rename. Nobody else is meant to write there.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            if to.exists() {
                Err(io::ErrorKind::AlreadyExists.into())
            } else {
                std::fs::rename(from, to)
            }
        }
        renamed => Ok(renamed?),
    }
}

/// To another disk: the old one goes when the new one is safe.
fn carry(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::copy(from, to)?;
    std::fs::File::open(to)?.sync_all()?;
    std::fs::remove_file(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_never_takes_the_place_of_another() {
        let dir = tempfile::tempdir().expect("a folder");
        let (file, done) = (dir.path().join("a.csv"), dir.path().join("done"));
        for number in 0..3 {
            std::fs::write(&file, number.to_string()).expect("a file");
            put(&file, &done).expect("is moved");
        }
        for (name, text) in [("a.csv", "0"), ("a.csv.1", "1"), ("a.csv.2", "2")] {
            let found = std::fs::read_to_string(done.join(name)).expect("is there");
            assert_eq!(found, text);
        }
        assert!(!file.exists());
    }

    #[test]
    fn a_file_that_is_gone_is_an_error_and_leaves_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let error = put(&dir.path().join("a.csv"), &dir.path().join("done"));
        assert_eq!(error.expect_err("gone").kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn the_reason_stands_beside_the_file() {
        let dir = tempfile::tempdir().expect("a folder");
        put_reason(&dir.path().join("a.csv"), "it is empty").expect("is written");
        assert!(dir.path().join("a.csv.reason.txt").exists());
    }
}
