//! A file's bytes, as a window that moves over them: readers of rows see it, say how much they are done with, and see more.

use std::io::{self, Read};

/// Bytes looked at to begin with, and read at a time.
const WINDOW_BYTES: usize = 1 << 20;

/// The window.
pub(super) struct Window {
    read: Box<dyn Read + Send>,
    bytes: Vec<u8>,
    at: usize,
    is_complete: bool,
    /// The end of what there is is not the end of the file.
    is_growing: bool,
    failure: Option<io::Error>,
}

impl Window {
    pub(super) fn new(read: Box<dyn Read + Send>) -> Window {
        Window {
            read,
            bytes: Vec::new(),
            at: 0,
            is_complete: false,
            is_growing: false,
            failure: None,
        }
    }

    /// A window on a file that is still written to.
    pub(super) fn growing(read: Box<dyn Read + Send>) -> Window {
        Window {
            is_growing: true,
            ..Window::new(read)
        }
    }

    /// Whether more may come behind the end of what there is.
    pub(super) fn is_growing(&self) -> bool {
        self.is_growing
    }

    /// From now on the end of what there is is the file's.
    pub(super) fn stop_growing(&mut self) {
        self.is_growing = false;
    }

    /// What is to be read next.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Whether the file ends with the window.
    pub(super) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Done with the first bytes.
    pub(super) fn consume(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Adds to the window, a part of its size each time, so that a long row is not searched over and over; how many bytes came.
    /// A failed read shows once everything before it is done with.
    pub(super) fn grow(&mut self) -> io::Result<usize> {
        if self.is_complete {
            return Ok(0);
        }
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        self.bytes.drain(..self.at);
        self.at = 0;
        let before = self.bytes.len();
        let more = WINDOW_BYTES.max(before);
        match self
            .read
            .by_ref()
            .take(more as u64)
            .read_to_end(&mut self.bytes)
        {
            Ok(read) => self.is_complete = read < more && !self.is_growing,
            Err(failure) => self.failure = Some(failure),
        }
        let came = self.bytes.len() - before;
        if came == 0 {
            match self.failure.take() {
                Some(failure) => return Err(failure),
                // It may be long until more comes: a file that waits keeps no mebibyte.
                None => self.bytes.shrink_to_fit(),
            }
        }
        Ok(came)
    }
}
