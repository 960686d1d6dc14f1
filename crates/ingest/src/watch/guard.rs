//! A file under guard: reading tells when what it reads is not the file that was opened any more.
//! A file that shrinks, is written over or grows while it is read ends with a finding and never with half a row.

use super::scan::{FileKey, Version};
use parking_lot::Mutex;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

/// Bytes before the place reached that are looked at again before a growing file is read on.
const TAIL_BYTES: usize = 256;

/// What happened to a file while it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Finding {
    /// It is shorter than what was read of it.
    #[error("the file shrank from {from} to {to} bytes while it was read")]
    Shrank { from: u64, to: u64 },
    /// It grew behind a reader that wants it whole.
    #[error("the file grew from {from} to {to} bytes while it was read")]
    Grew { from: u64, to: u64 },
    /// It was written over.
    #[error("the file was written over while it was read")]
    Rewritten,
}

/// Tells the two apart: a file that has to stand still, and one that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Whole,
    Follow,
}

/// What the reader of a guarded file has noticed.
#[derive(Debug, Default)]
struct Notes {
    finding: Option<Finding>,
    bytes_read: u64,
    /// The version at which its end was last reached.
    at_end: Option<Version>,
}

/// Says what was noticed while the file itself is in the hands of its reader.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    notes: Arc<Mutex<Notes>>,
    /// Which file was opened.
    pub key: FileKey,
    /// As it was opened.
    pub opened: Version,
}

impl Guard {
    pub(super) fn finding(&self) -> Option<Finding> {
        self.notes.lock().finding
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.notes.lock().bytes_read
    }

    /// The version whose end was reached last.
    pub(super) fn at_end(&self) -> Option<Version> {
        self.notes.lock().at_end
    }
}

/// The file, for its reader.
pub(super) struct GuardedFile {
    file: File,
    guard: Guard,
    manner: Manner,
    at: u64,
    /// The last bytes that were read.
    tail: Vec<u8>,
    /// The end was reached; before reading on, what was read must still be there.
    paused: bool,
}

/// Opens a file, without waiting for the other end of a pipe that took its name.
pub(super) fn open(path: &Path, manner: Manner) -> io::Result<(GuardedFile, Guard)> {
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(nonblocking)
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "it is no file"));
    }
    let guard = Guard {
        notes: Arc::default(),
        key: FileKey::of(&metadata),
        opened: Version::of(&metadata),
    };
    let guarded = GuardedFile {
        file,
        guard: guard.clone(),
        manner,
        at: 0,
        tail: Vec::new(),
        paused: false,
    };
    Ok((guarded, guard))
}

impl GuardedFile {
    fn found(&self, finding: Finding) -> io::Error {
        self.guard.notes.lock().finding = Some(finding);
        io::Error::other(finding)
    }

    /// What was read must still be there before more is taken for its continuation.
    fn look_back(&mut self) -> io::Result<()> {
        let bytes = self.file.metadata()?.len();
        if bytes < self.at {
            return Err(self.found(Finding::Shrank {
                from: self.at,
                to: bytes,
            }));
        }
        let mut again = vec![0; self.tail.len()];
        let from = self.at - self.tail.len() as u64;
        match self.file.read_exact_at(&mut again, from) {
            Ok(()) if again == self.tail => Ok(()),
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
            _ => Err(self.found(Finding::Rewritten)),
        }
    }

    /// A file that has to stand still has done so if it is as it was opened.
    fn look_around(&mut self) -> io::Result<()> {
        let version = Version::of(&self.file.metadata()?);
        let (from, to) = (self.guard.opened.bytes, version.bytes);
        if self.manner == Manner::Whole && version != self.guard.opened {
            return Err(self.found(match to.cmp(&from) {
                std::cmp::Ordering::Less => Finding::Shrank { from, to },
                std::cmp::Ordering::Greater => Finding::Grew { from, to },
                std::cmp::Ordering::Equal => Finding::Rewritten,
            }));
        }
        self.guard.notes.lock().at_end = Some(Version {
            // Bytes that came since the last read are not read yet.
            bytes: self.at,
            ..version
        });
        Ok(())
    }

    fn remember(&mut self, read: &[u8]) {
        self.at += read.len() as u64;
        self.guard.notes.lock().bytes_read = self.at;
        let kept = TAIL_BYTES.saturating_sub(read.len()).min(self.tail.len());
        self.tail.drain(..self.tail.len() - kept);
        self.tail
            .extend_from_slice(&read[read.len() - read.len().min(TAIL_BYTES)..]);
    }
}

impl Read for GuardedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if std::mem::take(&mut self.paused) {
            self.look_back()?;
        }
        let read = self.file.read(buffer)?;
        if read > 0 {
            self.remember(&buffer[..read]);
        } else if !buffer.is_empty() {
            self.paused = self.manner == Manner::Follow;
            self.look_around()?;
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a file of ten bytes, lets something happen to it, reads on.
    fn check(manner: Manner, happens: impl FnOnce(&Path), expected: Result<&str, Finding>) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.csv");
        std::fs::write(&path, "0123456789").expect("a file");
        let (mut file, guard) = open(&path, manner).expect("opens");
        let mut text = String::new();
        let mut first = file
            .by_ref()
            .take(if manner == Manner::Whole { 4 } else { 20 });
        first.read_to_string(&mut text).expect("stands still");
        happens(&path);
        text.clear();
        let rest = file.read_to_string(&mut text).map(|_| text.as_str());
        assert_eq!(rest.map_err(|_| guard.finding().expect("found")), expected);
    }

    fn append(path: &Path, text: &str) {
        use std::io::Write;
        let mut file = OpenOptions::new().append(true).open(path).expect("opens");
        file.write_all(text.as_bytes()).expect("is written");
    }

    fn cut(path: &Path, bytes: u64) {
        let file = OpenOptions::new().write(true).open(path).expect("opens");
        file.set_len(bytes).expect("is cut");
    }

    #[test]
    fn a_file_that_stands_still_is_read_to_its_end_even_under_another_name_or_none() {
        check(Manner::Whole, |_| {}, Ok("456789"));
        let remove = |path: &Path| std::fs::remove_file(path).expect("is removed");
        check(Manner::Whole, remove, Ok("456789"));
        let rename = |path: &Path| std::fs::rename(path, path.with_extension("1")).expect("is");
        check(Manner::Whole, rename, Ok("456789"));
    }

    #[test]
    fn a_file_that_does_not_stand_still_says_so() {
        let shrank = Finding::Shrank { from: 10, to: 6 };
        check(Manner::Whole, |path| cut(path, 6), Err(shrank));
        let grew = Finding::Grew { from: 10, to: 12 };
        check(Manner::Whole, |path| append(path, "ab"), Err(grew));
    }

    #[test]
    fn a_followed_file_goes_on_until_what_was_read_is_gone() {
        check(Manner::Follow, |path| append(path, "ab"), Ok("ab"));
        let shrank = Finding::Shrank { from: 10, to: 0 };
        check(Manner::Follow, |path| cut(path, 0), Err(shrank));
        let other = |path: &Path| {
            cut(path, 0);
            append(path, "other text, longer");
        };
        check(Manner::Follow, other, Err(Finding::Rewritten));
    }
}
