//! A file of the disk that must not change under its reader: it may grow, but what was read has to stay.
//! A file that is renamed away or removed while it is read is read to its end; it is still the same file.

use super::error::Explained;
use std::fs::File;
use std::io::{self, Read};
use std::time::SystemTime;

/// How much of the beginning is looked at again: enough for a header and the first rows.
const HEAD_BYTES: usize = 4 * 1_024;

const AGAIN: &str = "repeat the import once nothing writes to it: rows that came in already are not counted twice; \
    to replace a file while it may be read, write the new one beside it and rename it";

/// The file.
#[derive(Debug)]
pub struct SteadyFile {
    file: File,
    /// Pipes and devices have neither a length nor a beginning to come back to.
    is_regular: bool,
    position: u64,
    length: u64,
    modified: Option<SystemTime>,
    head: Vec<u8>,
}

impl SteadyFile {
    /// Takes a file at its beginning.
    pub fn new(file: File) -> io::Result<SteadyFile> {
        let metadata = file.metadata()?;
        Ok(SteadyFile {
            file,
            is_regular: metadata.is_file(),
            position: 0,
            length: metadata.len(),
            modified: metadata.modified().ok(),
            head: Vec::new(),
        })
    }

    /// Whether everything read so far is still there.
    fn check(&mut self, is_end: bool) -> io::Result<()> {
        let metadata = self.file.metadata()?;
        let modified = metadata.modified().ok();
        let is_shorter = metadata.len() < self.position.max(self.length);
        if is_shorter {
            let what = format!(
                "it became shorter while it was read, {} bytes of {}",
                metadata.len(),
                self.position.max(self.length)
            );
            return Err(Explained::error(&what, AGAIN));
        }
        if modified != self.modified || is_end {
            self.modified = modified;
            self.check_head()?;
        }
        Ok(())
    }

    fn check_head(&self) -> io::Result<()> {
        let mut now = vec![0; self.head.len()];
        let mut read = 0;
        while read < now.len() {
            match read_at(&self.file, &mut now[read..], read as u64)? {
                0 => break,
                more => read += more,
            }
        }
        if now[..read] != self.head[..] {
            return Err(Explained::error(
                "it was overwritten while it was read",
                AGAIN,
            ));
        }
        Ok(())
    }

    fn keep_head(&mut self, bytes: &[u8]) {
        let missing = HEAD_BYTES - self.head.len();
        self.head
            .extend_from_slice(&bytes[..bytes.len().min(missing)]);
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

impl Read for SteadyFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        if !self.is_regular {
            return Ok(read);
        }
        self.position += read as u64;
        if self.head.len() < HEAD_BYTES {
            self.keep_head(&buffer[..read]);
        }
        // Before the bytes are handed on: what a writer left behind in the middle is no row.
        self.check(read == 0)?;
        Ok(read)
    }
}
